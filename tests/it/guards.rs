//! Guards as users meet them: plans and traces by their schemas, annotations below the profile, loops, what is denied.
//!
//! Runs the built binary. Is not: a test of the chain (`src/guard/tests.rs`) or of the reader of profiles.

use std::path::Path;

use serde_json::Value;

use crate::command::{Place, Ran};

pub(crate) const TALK: &str = "\
choreography Talk {
    roles: A, B

    A[guard_capability = \"talk:begin\", flow_cost = 7] -> B: Hello
    loop {
        choice at A {
            more: {
                A -> B: Word(n: Int)
            }
            enough: {
                A -> B: Bye
                break
            }
        }
    }
}
";

/// Lines of JSON, each after a schema.
#[track_caller]
pub(crate) fn lines(ran: &Ran, schema: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas").join(schema);
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let lines: Vec<Value> = ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(!lines.is_empty());
    for line in &lines {
        let errors: Vec<String> = validator.iter_errors(line).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}\n{line}");
    }
    lines
}

fn plan(place: &Place, status: i32) -> Value {
    let ran = place.laban("guards plan talk.choreo --format json");
    lines(&ran.status(status), "guards-plan.schema.json").remove(0)
}

fn talk(name: &str, profile: &str) -> Place {
    let place = Place::new(name);
    place.write("talk.choreo", TALK);
    if !profile.is_empty() {
        place.write("talk.guards.yaml", profile);
    }
    place
}

#[test]
fn a_plan_counts_loops_by_the_turn_and_takes_annotations_below_the_profile() {
    let place = talk(
        "guards_loop",
        "protocol: Talk\ndefaults: { flow_cost: 1 }\nmessages:\n  Hello: { capabilities: [execute:choreography_send] }\n  \
         Word: { flow_cost: 10 }\nbudgets: [{ limit: 100 }]\n",
    );
    let plan = plan(&place, 0);
    // The capability of the entry stands above the annotation, the annotated cost above the defaults.
    assert_eq!(plan["sends"][0]["cost"], 7);
    assert_eq!(plan["sends"][0]["capabilities"][0], "execute:choreography_send");
    let total = &plan["totals"][0];
    // Hello and the loop once, with Bye behind it; each further turn a Word.
    assert_eq!((&total["once"], &total["turn"]), (&Value::from(18), &Value::from(10)));
    assert_eq!(total["turns"], 9);
}

#[test]
fn what_a_plan_says_is_denied_is_denied() {
    let place = talk("guards_ungranted", "");
    let plan = plan(&place, 1);
    assert_eq!(plan["ungranted"][0]["capability"], "talk:begin");
    let ran = place.laban("run talk.choreo --trace json");
    let told = lines(&ran.status(1), "trace.schema.json");
    assert_eq!((&told[0]["event"], &told[0]["guard"]), (&"denied".into(), &"capability".into()));
    assert_eq!(told[1]["code"], "E0518");
    assert_eq!(told.len(), 2, "without a profile beside the protocol, nothing tells of charges");
}

#[test]
fn a_message_that_no_profile_covers_is_denied() {
    let place =
        talk("guards_uncovered", "protocol: Talk\nmessages: { Hello: {} }\nbudgets: [{ limit: 100 }]\n");
    place.write(
        "talk.bindings.yaml",
        "protocol: Talk\nroles: { A: { capabilities: [execute:choreography_send, \"talk:begin\"] } }\n",
    );
    let plan = plan(&place, 1);
    assert_eq!(plan["uncovered"].as_array().unwrap().len(), 2);
    let ran = place.laban("run talk.choreo --trace json");
    let told = lines(&ran.status(1), "trace.schema.json");
    let denied = told.iter().find(|line| line["event"] == "denied").unwrap();
    assert_eq!(denied["code"], "E0521");
}

#[test]
fn an_epoch_that_begins_while_a_message_waits_lets_it_go() {
    let place = talk(
        "guards_epoch",
        "protocol: Talk\nmessages:\n  \"*\": { capabilities: [], on_denied: { retry: 9, backoff: 1s } }\nbudgets: [{ limit: 7, epoch: 1m }]\n",
    );
    place.write(
        "answers.yaml",
        "roles: { A: { produce: { Word: { n: 1 } }, decide: { \"A#1\": [more, enough] } } }\n",
    );
    let ran = place.laban("run talk.choreo --script answers.yaml --trace json");
    let told = lines(&ran.status(0), "trace.schema.json");
    let count = |event: &str| told.iter().filter(|line| line["event"] == event).count();
    // Waits of 1 s, 2 s, … are over 1 m after the sixth; then the next epoch has begun.
    assert_eq!((count("cleared"), count("denied")), (3, 6), "{told:?}");
    assert_eq!(told.last().unwrap()["event"], "completed");
}

#[test]
fn receipts_of_a_run_are_chained_by_the_pair_and_sum_up_to_what_is_spent() {
    let place = talk(
        "guards_receipts",
        "protocol: Talk\nmessages:\n  \"*\": { capabilities: [], flow_cost: 3, receipt: required }\nbudgets: [{ limit: 99 }]\n",
    );
    place.write(
        "answers.yaml",
        "roles: { A: { produce: { Word: { n: 1 } }, decide: { \"A#1\": [more, more, enough] } } }\n",
    );
    let run = "run talk.choreo --script answers.yaml --seed 5 --trace json";
    let ran = place.laban(run).status(0);
    let told = lines(&ran, "trace.schema.json");
    let receipts: Vec<&Value> = told.iter().filter(|line| line["event"] == "receipt").collect();
    let labels: Vec<&str> = receipts.iter().map(|line| line["label"].as_str().unwrap()).collect();
    assert_eq!(labels, ["Hello", "Word", "Word", "Bye"]);
    let accounts = told.iter().find(|line| line["event"] == "accounts").unwrap();
    let sum: u64 = receipts.iter().map(|line| line["cost"].as_u64().unwrap()).sum();
    assert_eq!(accounts["budgets"][0]["spent"], sum);
    for (at, pair) in receipts.windows(2).enumerate() {
        assert_eq!(pair[1]["prev"], pair[0]["hash"]);
        assert_eq!(pair[1]["nonce"], at + 2);
    }
    assert!(receipts.iter().all(|line| line.get("refused").is_none()));
    assert_eq!(told.last().unwrap()["event"], "completed");
    assert_eq!(place.laban(run).out, ran.out, "the same run gives the same bytes");
    let other = place.laban(&run.replace("--seed 5", "--seed 6"));
    assert_ne!(other.out, ran.out, "the keys are those of the seed");
}

#[test]
fn a_profile_for_another_protocol_is_not_taken() {
    let place = talk("guards_other", "protocol: Walk\n");
    place.laban("guards plan talk.choreo").talks("this profile is for `Walk`, not for `Talk`");
    place.laban("guards plan talk.choreo --guards talk.guards.yaml").status(1).says("E0440");
    place.laban("guards plan talk.choreo --guards none.yaml").status(1).says("E0053");
    place.write("talk.bindings.yaml", "protocol: Talk\nroles: 3\n");
    place.laban("guards plan talk.choreo").status(1).says("E0405");
}
