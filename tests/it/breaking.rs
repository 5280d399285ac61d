//! Two versions of a protocol: what is said of each role, of small changes as people make them and of made-up ones.
//!
//! A case is two texts and a word for each role: `=` does the same, `+` compatible, `!` incompatible, `?` not proved.

use std::collections::BTreeMap;

use laban::base::random::Random;
use laban::bytecode::program::Program;
use laban::check::search::{Options, Orders};
use laban::check::turn::Free;
use laban::check::upgrade::{Compared, Side, Verdict, compare};
use laban::compile::programs;
use laban::global::Sizes;
use laban::global::protocol::{Block, Decision, Protocol, Stmt};
use laban::local::{Amend, project};
use laban::machine::Cast;
use laban::pipeline::{Front, Options as Build, Root, Unread};
use laban::tools::breaking::{Made, made};

use crate::command::Place;
use crate::explore::{Bounds, explore};
use crate::proof::oracle;
use crate::worlds::generate::protocol;

const LIMITS: Options =
    Options { states: 60_000, bytes: 1 << 28, depth: 10_000, orders: Orders::Few, free: Free::ALL };

#[track_caller]
fn version(text: &str) -> Made {
    let root = Root { name: "p.choreo".to_owned(), text: Ok(text.to_owned()) };
    let front = Front::read(vec![root], &mut |path| panic!("{path}: {:?}", None::<Unread>));
    let build = Build { sizes: Sizes::default(), amend: Amend::Auto };
    made(&front, &build).unwrap_or_else(|said| panic!("{text}\n{said:?}")).remove(0)
}

/// A word for each role, or what rules all out.
fn words(compared: &Compared) -> String {
    if let Some(clash) = &compared.whole {
        return clash.sentence.clone();
    }
    let word = |verdict: &Verdict, same| match verdict {
        Verdict::Compatible if same => "=",
        Verdict::Compatible => "+",
        Verdict::Incompatible(_) => "!",
        Verdict::NotProved(_) => "?",
    };
    let words = compared.roles.iter().map(|one| format!("{}{}", one.role, word(&one.verdict, one.same)));
    words.collect::<Vec<_>>().join(" ")
}

/// What is wrong, all of it.
fn reasons(compared: &Compared) -> String {
    let reason = |verdict: &Verdict| match verdict {
        Verdict::Compatible => String::new(),
        Verdict::Incompatible(clash) => {
            let moves = clash.run.as_ref().map(|run| run.moves.len());
            format!("{} (run of {moves:?})\n", clash.sentence)
        }
        Verdict::NotProved(why) => format!("{why}\n"),
    };
    compared.roles.iter().map(|one| reason(&one.verdict)).collect()
}

#[track_caller]
fn check(old: &str, new: &str, expected: &str, said: &str) {
    let (old, new) = (version(old), version(new));
    let compared = compare(&old.side(), &new.side(), &LIMITS);
    let reasons = reasons(&compared);
    assert_eq!(words(&compared), expected, "{reasons}");
    assert!(reasons.contains(said), "no {said:?} in\n{reasons}");
}

/// Three roles, and what they do.
fn three(body: &str) -> String {
    format!("choreography P {{\n roles: A, B, C\n {body}\n}}\n")
}

const CHOICE: &str = "choice at A { yes: { A -> B: Y  B -> C: Go }  no: { A -> B: N  B -> C: Stop } }";

#[test]
fn what_changes_nothing_is_the_same() {
    let old = three(CHOICE);
    check(&old, &old, "A= B= C=", "");
    check(&old, &format!("// said\n{}", old.replace("yes", " // yes\n yes")), "A= B= C=", "");
    // Neither is the order of roles, nor the numbers that follow from it.
    check(&old, &old.replace("A, B, C", "C, B, A"), "A= B= C=", "");
    let lanes = three("par { { A -> B: X(n: Int) } { C -> B: Z } }  par { { B -> A: V } { B -> C: Go } }");
    check(&lanes, &lanes.replace("A, B, C", "B, C, A"), "A= B= C=", "");
}

#[test]
fn a_branch_more_is_known_first_by_who_receives_it() {
    let more = CHOICE.replace("no:", "maybe: { A -> B: M  B -> C: Stop }  no:");
    let (old, new) = (three(CHOICE), three(&more));
    check(&old, &new, "A! B+ C=", "`A` sends `M` to `B`, which does not know it (run of Some(2))");
    check(&new, &old, "A+ B! C=", "`A` sends `M` to `B`, which does not know it");
    // Another name of a label is nobody's business.
    check(&old, &three(&CHOICE.replace("yes:", "well:")), "A+ B= C=", "");
}

#[test]
fn messages_are_sent_in_the_order_in_which_they_are_expected() {
    let (old, new) = (three("A -> B: X  A -> B: Y  B -> C: Z"), three("A -> B: Y  A -> B: X  B -> C: Z"));
    check(&old, &new, "A! B! C=", "does not expect the message that comes from `A`");
    // Of different senders they come in any order.
    let (old, new) = (three("A -> B: X  C -> B: Y"), three("C -> B: Y  A -> B: X"));
    check(&old, &new, "A= B+ C=", "");
    // Who waits for the other first, waits for ever if the other does too.
    let (old, new) = (three("A -> B: X  B -> A: Y"), three("B -> A: Y  A -> B: X"));
    check(&old, &new, "A! B+ C=", "nobody can go on");
}

#[test]
fn payloads_are_those_that_the_receiver_takes() {
    let with = |fields: &str| three(&format!("A -> B: X({fields})  B -> C: Z"));
    let number = with("n: Int");
    check(&number, &with("n: Int, m: Int"), "A! B! C=", "does not take the `X` of `A`: `m`: a field");
    check(&number, &with("n: u8"), "A+ B! C=", "`n`: Int where u8 is expected");
    check(&with("n: u8"), &number, "A! B+ C=", "`n`: Int where u8 is expected");
    check(&number, &with("n: Int, m: Int?"), "A! B+ C=", "`m`: a field that is not expected");
    check(&number, &with("n: String"), "A! B! C=", "`n`: String where Int is expected");
    // Where nobody ever sends it, nobody minds.
    let (old, new) = (with("n: u8"), three("A -> B: W  B -> C: Z"));
    check(&old, &new, "A! B! C=", "does not know it");
}

#[test]
fn what_only_many_turns_show_is_not_proved() {
    let turns = |rest: &str| {
        format!("choreography P(n: Int) {{\n roles: A, B\n loop (count: n) {{ A -> B: X {rest} }}\n}}\n")
    };
    check(&turns(""), &turns(""), "A= B=", "");
    check(&turns(""), &turns("  A let m = 1"), "A? B=", "only up to two turns were explored");
}

#[test]
fn other_roles_and_parameters_rule_everything_out() {
    let old = three("A -> B: X  B -> C: Y");
    check(&old, &old.replace('C', "D"), "it has other roles: no longer `C`, but `D`", "");
    check(
        &old,
        &old.replace("roles: A,", "roles: D, A,").replace("A ->", "A -> D: V  A ->"),
        "it has more roles: `D`",
        "",
    );
    let given = |params: &str| old.replace("choreography P", &format!("choreography P({params})"));
    check(&old, &given("n: Int"), "it has other parameters: `n` is new", "");
    check(&given("n: Int"), &old, "it has other parameters: `n` is gone", "");
    check(&given("n: Int"), &given("n: String"), "it has other parameters: `n` has another type", "");
    check(&given("n: Int = 1"), &given("n: Int = 2"), "it has other parameters: `n` has another default", "");
}

#[test]
fn loops_and_scopes_are_judged_by_what_comes_of_them() {
    let once = three("A -> B: X  B -> C: Z");
    let again = three("loop (count: 2) { A -> B: X }  B -> C: Z");
    check(&once, &again, "A! B! C=", "");
    let asked = |body: &str| three(&format!("loop (decides: A) {{ {body} }}  A -> B: End  B -> C: Z"));
    check(&asked("A -> B: X"), &asked("A -> B: X  A -> B: X"), "A+ B! C=", "");
    check(&asked("A -> B: X"), &asked("A -> B: W"), "A! B! C=", "does not know it");
    check(
        &once,
        &three("try at B { A -> B: X } on timeout { }  B -> C: Z").replace("at B {", "at B within 5s {"),
        "A! B! C=",
        "",
    );
}

#[test]
fn what_goes_on_for_ever_must_not_leave_anybody_behind() {
    let talk = "rec L { A -> B: X  B -> A: Y  continue L }";
    let (old, new) = (three(&format!("C -> B: Z  {talk}")), three(&format!("C -> B: Z  C -> B: W  {talk}")));
    check(&old, &new, "A= B! C!", "`C` sends `W` to `B`, which does not know it");
    // The message is known, and never taken.
    let twice = "B -> A: Y  C -> B: Z  rec L { A -> B: X  B -> A: Y  continue L }";
    let old = three(twice);
    let new = three(&twice.replace("C -> B: Z", "C -> B: Z  C -> B: Z"));
    check(&old, &new, "A= B! C!", "`B` never takes a message of `C`, while the session goes on");
}

#[test]
fn what_is_too_much_to_be_explored_is_not_proved() {
    let old = version(&three("loop (decides: A) { A -> B: X  B -> C: Y }  A -> B: E  B -> C: E"));
    let new = version(&three("loop (decides: A) { A -> B: X  B -> C: Y  B -> C: Y }  A -> B: E  B -> C: E"));
    let compared = compare(&old.side(), &new.side(), &Options { states: 4, ..LIMITS });
    assert_eq!(words(&compared), "A= B? C?");
    assert!(reasons(&compared).contains("nothing is wrong in 2 states, and there are more"));
}

/// Compiles what is accepted.
fn compiled(protocol: &Protocol) -> Option<Vec<Program>> {
    let (projection, _) = project(protocol, Amend::Auto);
    let projection = projection.filter(|projection| projection.liveness.starving.is_empty())?;
    let (programs, said) = programs(protocol, &projection);
    said.is_empty().then_some(programs)
}

/// Every block of a protocol, from the outside in.
fn blocks<'a>(block: &'a mut Block, each: &mut dyn FnMut(&mut Block)) {
    each(block);
    for stmt in block {
        match stmt {
            Stmt::Choice { branches, .. } => branches.iter_mut().for_each(|block| blocks(block, each)),
            Stmt::Labelled(_, block) | Stmt::Count { body: block, .. } => blocks(block, each),
            Stmt::Par(branches, _) => branches.iter_mut().for_each(|(_, block)| blocks(block, each)),
            _ => {}
        }
    }
}

/// The protocol with one thing changed, as somebody might.
fn changed(protocol: &Protocol, random: &mut Random) -> Protocol {
    let mut changed = protocol.clone();
    let mut body = std::mem::take(&mut changed.body);
    let mut count = 0;
    blocks(&mut body, &mut |_| count += 1);
    let (wanted, how) = (random.below(count), random.below(5));
    let mut at = 0;
    blocks(&mut body, &mut |block| {
        at += 1;
        if at - 1 != wanted || block.is_empty() {
            return;
        }
        let place = random.below(block.len() as u64) as usize;
        let jumps = |stmt: &Stmt| matches!(stmt, Stmt::Continue(..) | Stmt::Break(..));
        if how == 2 {
            if place > 0 && !jumps(&block[place]) {
                block.swap(place - 1, place);
            }
            return;
        }
        match (how, &mut block[place]) {
            (0, stmt) if !jumps(stmt) => drop(block.remove(place)),
            (1, stmt @ Stmt::Exchange { .. }) => {
                let twice = stmt.clone();
                block.insert(place, twice);
            }
            (3, Stmt::Exchange { message, var, .. }) => {
                message.0 = random.below(changed.messages.len() as u64) as u32;
                var.0 = message.0;
            }
            (_, Stmt::Choice { choice, decision, branches, .. }) if branches.len() > 1 => {
                branches.pop();
                let choice = &mut changed.choices[choice.index()];
                choice.labels.pop();
                choice.branches.pop();
                if let Decision::Asked { labels, .. } = &mut changed.decisions[decision.index()] {
                    labels.pop();
                }
            }
            _ => {}
        }
    });
    changed.body = body;
    changed
}

/// The old programs with one new one, and mailboxes that both ends allow.
fn mixed(old: &[Program], new: &[Program], role: usize) -> Vec<Program> {
    let mut programs = old.to_vec();
    programs[role] = new[role].clone();
    let mut room: BTreeMap<_, u32> = BTreeMap::new();
    for program in &programs {
        let ends = program.outgoing.iter().map(|end| ((program.role, end.peer.0, end.lane), end.capacity));
        let others = program.incoming.iter().map(|end| ((end.peer.0, program.role, end.lane), end.capacity));
        for (key, capacity) in ends.chain(others) {
            let least = room.entry(key).or_insert(capacity);
            *least = capacity.min(*least);
        }
    }
    for program in &mut programs {
        let role = program.role;
        program.outgoing.iter_mut().for_each(|end| end.capacity = room[&(role, end.peer.0, end.lane)]);
        program.incoming.iter_mut().for_each(|end| end.capacity = room[&(end.peer.0, role, end.lane)]);
    }
    programs
}

/// Seeds that are tried.
const SEEDS: u64 = 1_500;

#[test]
fn what_is_called_compatible_goes_well_in_every_run_of_the_mix() {
    let mut tally: BTreeMap<&str, usize> = BTreeMap::new();
    for seed in 0..SEEDS {
        let old = protocol(seed);
        let new = changed(&old, &mut Random::new(seed));
        let (Some(before), Some(after)) = (compiled(&old), compiled(&new)) else { continue };
        let lanes =
            |protocol: &Protocol| protocol.lanes.iter().map(|lane| lane.name.clone()).collect::<Vec<_>>();
        let (old_lanes, new_lanes) = (lanes(&old), lanes(&new));
        let (was, is) =
            (Side { programs: &before, lanes: &old_lanes }, Side { programs: &after, lanes: &new_lanes });
        let itself = compare(&was, &was, &LIMITS);
        assert!(itself.roles.iter().all(|one| one.same), "seed {seed}");
        let compared = compare(&was, &is, &LIMITS);
        assert_eq!(compared.whole, None, "seed {seed}");
        for (role, one) in compared.roles.iter().enumerate().filter(|(_, one)| !one.same) {
            let mix = Cast::link(mixed(&before, &compared.programs, role));
            let all = mix.ok().map(|cast| explore(&cast, (), Bounds { states: 8_000 }, oracle));
            let (exhausted, flaw) = all.map_or((true, true), |all| (all.exhausted, all.flaw.is_some()));
            let word = match (&one.verdict, flaw) {
                (Verdict::Compatible, true) => panic!("seed {seed}: {} breaks it", one.role),
                (Verdict::Compatible, false) => "compatible, and no flaw",
                (Verdict::Incompatible(_), true) => "incompatible, and a flaw",
                // Roles and messages that are left behind for ever, which are no flaw there.
                (Verdict::Incompatible(_), false) if exhausted => "incompatible, and no flaw",
                (Verdict::Incompatible(_), false) => "incompatible, not exhausted",
                (Verdict::NotProved(_), _) => "not proved",
            };
            *tally.entry(word).or_default() += 1;
        }
    }
    let count = |word: &str| tally.get(word).copied().unwrap_or(0);
    assert!(count("compatible, and no flaw") > 100, "{tally:?}");
    assert!(count("incompatible, and a flaw") > 100, "{tally:?}");
    assert!(count("incompatible, and no flaw") * 20 < count("incompatible, and a flaw"), "{tally:?}");
    assert!(count("not proved") * 20 < count("incompatible, and a flaw"), "{tally:?}");
}

fn json(text: &str) -> serde_json::Value {
    let read: serde_json::Value = serde_json::from_str(text).unwrap();
    let schema = include_str!("../../schemas/breaking.schema.json");
    let validator = jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap();
    let errors: Vec<String> = validator.iter_errors(&read).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}\n{text}");
    read
}

#[test]
fn the_command_says_which_role_breaks_and_shows_the_run() {
    let place = Place::new("breaking_command");
    let more = CHOICE.replace("no:", "maybe: { A -> B: M  B -> C: Stop }  no:");
    place.write("old.choreo", three(CHOICE)).write("new.choreo", three(&more));
    place
        .laban("breaking old.choreo old.choreo")
        .status(0)
        .says("old.choreo: P: compatible")
        .says("A  does the same");
    let ran = place.laban("breaking old.choreo new.choreo").status(1);
    let ran = ran.says("new.choreo: P: incompatible").says("B  compatible: ").says("C  does the same");
    ran.says("`A` new, all others old: `A` sends `M` to `B`, which does not know it:").says("├─ M ───▶│");
    let rows = json(&place.laban("breaking old.choreo new.choreo --format json").status(1).out);
    assert_eq!(rows[0]["verdict"], "incompatible");
    assert_eq!(rows[0]["roles"][0]["moves"].as_array().unwrap().len(), 2);
    assert_eq!(rows[0]["roles"][1]["verdict"], "compatible");
    // What was not explored to its end is no error, as in `validate`.
    let once = "loop (decides: A) { A -> B: X  B -> C: Y }  A -> B: E  B -> C: E";
    place.write("old.choreo", three(once));
    place.write("long.choreo", three(&once.replace("B -> C: Y", "B -> C: Y  B -> C: Y")));
    let ran = place.laban("breaking old.choreo long.choreo --states 4").status(0);
    ran.says("P: not proved").says("nothing is wrong in 2 states, and there are more");
}

#[test]
fn directories_are_matched_by_the_names_of_protocols() {
    let place = Place::new("breaking_directories");
    let named =
        |name: &str| three("A -> B: X  B -> C: Y").replace("choreography P", &format!("choreography {name}"));
    place.write("old/a.choreo", named("One") + &named("Two")).write("old/b.choreo", named("Three"));
    place.write("new/x.choreo", named("Two")).write("new/y.choreo", named("Three") + &named("Four"));
    let rows = json(&place.laban("breaking old new --format json").status(1).out);
    let said = |row: &serde_json::Value| {
        format!("{} {}", row["protocol"].as_str().unwrap(), row["verdict"].as_str().unwrap())
    };
    let said: Vec<String> = rows.as_array().unwrap().iter().map(said).collect();
    assert_eq!(said, ["One removed", "Two compatible", "Three compatible", "Four added"]);
    place.write("new/x.choreo", named("Two") + &named("One"));
    place.laban("breaking old new").status(0).says("new/x.choreo: One: compatible").says("Four: added");
    json(&place.laban("breaking new old --format json").status(1).out);
}

#[test]
fn what_cannot_be_compared_is_said() {
    let place = Place::new("breaking_wrong");
    place
        .write("a.choreo", three("A -> B: X  B -> C: Y"))
        .write("b.choreo", "choreography P { roles: A, B  A -> C: X }\n");
    place.laban("breaking a.choreo b.choreo").status(1).talks("`C`");
    place.laban("breaking a.choreo none.choreo").status(1).talks("none.choreo");
    place.laban("breaking a.choreo a.choreo --size Nobody=3").status(2).talks("Nobody");
    place.laban("breaking a.choreo").status(2);
    place.write("f.choreo", "choreography P { roles: A, W[N]  A -> W[*]: X }\n");
    place.laban("breaking a.choreo f.choreo --size W=2").status(1).says("other roles").says("`W[1]`");
}
