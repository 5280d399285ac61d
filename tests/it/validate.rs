//! `laban validate` as a user runs it: what it says of protocols that are right, and of what it was told not to do.

use crate::command::Place;

const LOOP: &str = "message M {}\nmessage N { n: Int }\nmessage Stop {}\nchoreography P {\n    roles: A, B\n\n    \
                    loop (decides: A) {\n        A -> B: M\n        B -> A: N\n    }\n    A -> B: Stop\n}\n";
const DEAD: &str = "message M {}\nmessage N {}\nchoreography P {\n    roles: A, B\n\n    A let x = 1\n    choice at A {\n        \
                    yes when (x < 2): { A -> B: M }\n        no: { A -> B: N }\n    }\n}\n";
const OPEN: &str = "message M { n: Int }\nmessage Y {}\nmessage N {}\nchoreography P {\n    roles: A, B\n\n    A -> B: M\n    \
                    choice at A {\n        few when (M.n < 2): { A -> B: Y }\n        many when (M.n > 2): { A -> B: N }\n    }\n}\n";

fn json(text: &str) -> serde_json::Value {
    let read: serde_json::Value = serde_json::from_str(text).unwrap();
    let schema = include_str!("../../schemas/validate.schema.json");
    let schema: serde_json::Value = serde_json::from_str(schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(&read).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}\n{text}");
    read
}

const EACH: &str = "choreography P {\n    roles: A, B, W[2]\n\n    par for i in W {\n        try at B within 5s {\n            \
                    A -> W[i]: M\n        }\n    }\n}\n";

const FAILS: &str = "effect bank { pay(n: Int): once }\nchoreography P {\n    roles: A, B, C\n\n    choice at C {\n        \
                     bad: { C -> B: No  fail y at B }\n        good: { A does bank.pay(1)  A -> C: Paid }\n    }\n}\n";

#[test]
fn nobody_acts_in_a_branch_that_was_not_taken_because_the_other_fails() {
    let place = Place::new("validate_fails");
    place.write("p.choreo", FAILS);
    place.laban("check p.choreo").status(0).says("`C` tells `A` that it took `good` of `C#1`");
    place.laban("validate p.choreo").status(0).says("every run explored").says("or left over, nobody fails");
}

#[test]
fn the_members_of_a_par_each_hear_of_their_own_scope() {
    let place = Place::new("validate_each");
    place.write("p.choreo", EACH);
    place.laban("validate p.choreo").status(0).says("every run explored").says("nobody gets stuck");
}

#[test]
fn a_loop_that_somebody_decides_is_right_and_may_go_on_for_ever() {
    let place = Place::new("validate_loop");
    place.write("p.choreo", LOOP);
    let ran = place.laban("validate p.choreo").status(0);
    ran.says("every run explored").says("a run may go on for ever: line 7").says("A unbounded, B unbounded");
    let rows = json(&place.laban("validate p.choreo --format json").status(0).out);
    assert_eq!(rows[0]["ok"], true);
    assert_eq!(rows[0]["explored"]["exhausted"], true);
    assert_eq!(rows[0]["explored"]["queues"][0]["seen"], 1);
}

#[test]
fn a_branch_that_known_values_rule_out_is_not_reached() {
    let place = Place::new("validate_dead");
    place.write("p.choreo", DEAD);
    place.laban("validate p.choreo").status(0).says("no run reaches line 9");
    let rows = json(&place.laban("validate p.choreo --format json").status(0).out);
    assert_eq!(rows[0]["explored"]["unreached"][0]["line"], 9);
}

#[test]
fn conditions_on_what_nobody_knows_are_tried_both_ways() {
    let place = Place::new("validate_open");
    place.write("p.choreo", OPEN);
    let ran = place.laban("validate p.choreo").status(0);
    ran.says("this can happen if nothing outside the protocol rules it out").says("E0504");
    let rows = json(&place.laban("validate p.choreo --format json").status(0).out);
    assert_eq!(rows[0]["explored"]["possible"][0]["kind"], "trouble");
}

#[test]
fn limits_are_kept_and_told() {
    let place = Place::new("validate_limits");
    place.write("p.choreo", LOOP);
    place.laban("validate p.choreo --states 2").status(0).says("not exhausted, --states allows more");
    place.laban("validate p.choreo --depth 2").status(0).says("not exhausted, --depth allows more");
}

#[test]
fn files_with_errors_and_several_protocols_each_have_a_row() {
    let place = Place::new("validate_rows");
    place.write("a/bad.choreo", "choreography Bad { roles: A, B  A -> C: M }\n");
    place.write("a/good.choreo", LOOP);
    place.write("a/good.bindings.yaml", "protocol: P\nroles:\n  B:\n    handler: b\nhandlers:\n  b:\n    kind: scripted\n    answers:\n      produce: {}\n");
    let ran = place.laban("validate a --format json").status(1);
    let rows = json(&ran.out);
    assert_eq!(rows.as_array().unwrap().len(), 2);
    assert_eq!(rows[0]["ok"], false);
    let missing = rows[1]["explored"]["missing"].as_array().unwrap();
    assert!(
        missing.iter().any(|line| line.as_str().unwrap().contains("`B` is asked for the payload of `N`")),
        "{missing:?}"
    );
    assert!(
        missing.iter().any(|line| line.as_str().unwrap().contains("`A` is asked for the choice")),
        "{missing:?}"
    );
}

#[test]
fn mistakes_in_the_handlers_beside_a_protocol_are_said() {
    let place = Place::new("validate_bindings");
    place.write("p.choreo", LOOP);
    let bind = |text: &str| {
        place.write("p.bindings.yaml", text);
        place.laban("validate p.choreo")
    };
    bind("protocol: P\nroles:\n  C:\n    handler: b\nhandlers:\n  b: {kind: generated}\n")
        .status(1)
        .talks("error[E0406]")
        .talks("p.bindings.yaml:3:3");
    bind("protocol: P\nhandlers: [\n").status(1).talks("error[E0401]");
    bind("protocol: P\nroles:\n  B: {handler: b}\nhandlers:\n  b: {kind: scripted, script: no.yaml}\n")
        .status(1)
        .talks("error[E0053]");
    bind("protocol: Other\nroles:\n  C: {handler: b}\nhandlers:\n  b: {kind: generated}\n").status(0);
}

#[test]
fn a_run_that_is_kept_is_made_again_to_the_same_end() {
    let place = Place::new("validate_save");
    place.write("p.choreo", OPEN);
    place.laban("validate p.choreo --save p.scn").status(0);
    let table = place.read("p.scn");
    assert!(table.contains("E0504") && table.contains("manual"), "{table}");
    let ran = place.laban("run p.scn");
    assert_eq!(ran.status, 0, "{table}\n--- out\n{}\n--- err\n{}", ran.out, ran.err);
}
