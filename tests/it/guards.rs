//! Guards as users meet them: plans and traces by their schemas, annotations below the profile, loops, what is denied.
//!
//! Runs the built binary. Is not: a test of the chain (`src/guard/tests.rs`) or of the reader of profiles.

use std::path::Path;
use std::sync::Arc;

use laban::base::time::Instant;
use laban::base::value::Value as Items;
use laban::engine::Engine;
use laban::engine::effect::{Effect, Outcome};
use laban::engine::event::What;
use laban::engine::input::{Input, Opening};
use laban::global::Sizes;
use laban::guard::{Policy, Table};
use laban::local::Amend;
use laban::machine::Cast;
use laban::pipeline::{Front, Options, Root};
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
fn a_plan_adds_up_the_turns_of_branches_side_by_side() {
    let place = Place::new("guards_beside");
    place.write(
        "talk.choreo",
        "choreography Talk(n: Int = 3) {\n    roles: A, B\n\n    par {\n        { loop (count: n) { A -> B: X } }\n        \
         { loop (count: n) { A -> B: Y } }\n    }\n}\n",
    );
    place.write(
        "talk.guards.yaml",
        "protocol: Talk\ndefaults: { capabilities: [], flow_cost: 10 }\nbudgets: [{ limit: 100 }]\n",
    );
    let total = plan(&place, 0)["totals"][0].clone();
    assert_eq!((&total["once"], &total["turn"], &total["turns"]), (&20.into(), &20.into(), &5.into()));
}

#[test]
fn a_plan_says_what_may_not_be_shown() {
    let talk = |limits: &str| {
        let place = talk(
            "guards_shown",
            &format!(
                "protocol: Talk\nmessages: {{ Hello: {{ capabilities: [], leakage: {{ neighbor: 20 }} }} }}\n\
                 defaults: {{ flow_cost: 1 }}\nbudgets: [{{ limit: 100 }}]\n{limits}"
            ),
        );
        place.laban("guards plan talk.choreo")
    };
    let denied = "denied: `A` may have to show 20 to `neighbor`";
    talk("leakage_limits: { external: 0, neighbor: 20, in_group: 20 }\n").status(0);
    talk("leakage_limits: { external: 0, neighbor: 10, in_group: 10 }\n").status(1).says(denied);
    talk("").status(1).says(denied);
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
fn facts_of_profiles_and_of_the_protocol_are_in_one_journal() {
    let place = Place::new("guards_journal");
    place.write(
        "note.choreo",
        "choreography Note {\n    roles A, B\n\n    A does journal.append(\"talk/said\", { n: 1 })\n    \
         A -> B: Word(n: Int)\n    B does journal.append(\"talk/heard\", { n: Word.n })\n    \
         B does journal.query(\"talk\") as facts\n    B does journal.query(\"budget/flow\") as grants\n    \
         B -> A: All(facts: Any, grants: Any) with { facts: facts, grants: grants }\n}\n",
    );
    place.write(
        "note.guards.yaml",
        "protocol: Note\ndefaults: {}\nmessages:\n  Word: { facts: [{ fact: talk/word, data: { n: \"{Word.n}\" } }] }\n\
         budgets: [{ limit: 9, epoch: 1h }]\n",
    );
    place.write("answers.yaml", "roles: { A: { produce: { Word: { n: 7 } } } }\n");
    let ran = place.laban("run note.choreo --script answers.yaml --trace json");
    let told = lines(&ran.status(0), "trace.schema.json");
    let all = told.iter().find(|line| line["event"] == "sent" && line["label"] == "All").unwrap();
    let seen: Vec<String> = all["payload"]["facts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fact| format!("{} {} {} {}", fact["device"], fact["key"], fact["data"]["n"], fact["order"]))
        .collect();
    assert_eq!(seen, [r#""A" "said" 1 1"#, r#""A" "word" 7 2"#, r#""B" "heard" 7 3"#]);
    // Who is sent to has a budget, which a fact of the engine has opened.
    let grants = all["payload"]["grants"].as_array().unwrap();
    assert_eq!(grants.len(), 2, "{grants:?}");
    assert!(grants.iter().all(|grant| grant["device"] == "@engine" && grant["data"]["limit"] == 9));
    let accounts = told.iter().find(|line| line.get("facts").is_some()).unwrap();
    assert_eq!(accounts["facts"].as_array().unwrap().len(), 3, "{accounts:?}");
}

#[test]
fn facts_stay_in_their_context() {
    let casts = |text: &str| {
        let root = Root { name: "p.choreo".to_owned(), text: Ok(text.to_owned()) };
        let front = Front::read(vec![root], &mut |path| unreachable!("{path}"));
        let built =
            front.build(&front.choreographies[0], &Options { sizes: Sizes::default(), amend: Amend::Auto });
        assert!(built.diagnostics.is_empty(), "{:?}", built.diagnostics);
        Arc::new(Cast::link(built.programs).unwrap())
    };
    let tells =
        casts("choreography P {\n    roles A, B\n\n    A does journal.append(\"p\", 1)\n    A -> B: M\n}\n");
    let asks = casts(
        "choreography P {\n    roles A, B\n\n    A does journal.query(\"p\") as all\n    \
         A -> B: M(all: Any) with { all }\n}\n",
    );
    let mut engine = Engine::new();
    engine.subscribe(true);
    let deploy = |engine: &mut Engine, cast: &Arc<Cast>, context: &str| {
        let policy = Policy { context: Arc::from(context), ..Policy::fresh() };
        let guards = Table::new(cast.programs(), &policy).unwrap();
        engine.deploy_under(cast.clone(), guards).unwrap()
    };
    let first = deploy(&mut engine, &tells, "x");
    let same = deploy(&mut engine, &asks, "x");
    let other = deploy(&mut engine, &asks, "y");
    let mut known = |cast| {
        engine.handle(Instant(0), Input::Open(Opening::new(0, cast)));
        while let Some(effect) = engine.poll_effect() {
            match effect {
                Effect::Call(call) => engine.handle(Instant(0), Input::Consult(call.id)),
                Effect::Closed { outcome, .. } => assert_eq!(outcome, Outcome::Completed),
                _ => {}
            }
        }
        let mut seen = None;
        while let Some(event) = engine.poll_event() {
            if let What::Performed { outcome: Items::List(items), .. } = event.what {
                seen = Some(items.len());
            }
        }
        seen
    };
    assert_eq!([known(first), known(same), known(other)], [None, Some(1), Some(0)]);
    assert_eq!([known(first), known(same), known(other)], [None, Some(2), Some(0)]);
}

/// The costs of a protocol's sends called `Done` and `Go`, by receiver, in the order of the plan.
fn costs(name: &str, body: &str, status: i32) -> Result<Vec<(String, u64)>, String> {
    let place = Place::new(name);
    place.write("p.choreo", format!("choreography P {{\n    roles A, B, C\n\n{body}}}\n"));
    let ran = place.laban("guards plan p.choreo --format json").status(status);
    if status != 0 {
        return Err(ran.out);
    }
    let plan = lines(&ran, "guards-plan.schema.json").remove(0);
    let sends = plan["sends"].as_array().unwrap().iter().filter(|send| send["message"] != "X");
    Ok(sends.map(|send| (send["to"].as_str().unwrap().to_owned(), send["cost"].as_u64().unwrap())).collect())
}

#[test]
fn one_statement_may_be_annotated_for_each_receiver() {
    let each = "    A -> B[flow_cost = 3], C[flow_cost = 9]: Done\n";
    assert_eq!(costs("guards_each", each, 0).unwrap(), [("B".to_owned(), 3), ("C".to_owned(), 9)]);
}

#[test]
fn what_follows_a_choice_keeps_its_own_annotations() {
    let body = |told: &str| {
        format!(
            "    choice at A {{\n        x: {{\n            A -> B: L\n            {told}A -> C: L\n            \
             B[flow_cost = 3] -> C: Done\n        }}\n        y: {{\n            {told}A -> B: R\n            A -> C: R\n            \
             B[flow_cost = 9] -> C: Done\n        }}\n    }}\n"
        )
    };
    let found = costs("guards_branches", &body(""), 0).unwrap();
    let mut own: Vec<u64> = found.iter().filter(|(_, cost)| *cost > 1).map(|(_, cost)| *cost).collect();
    own.sort_unstable();
    assert_eq!(own, [3, 9], "{found:?}");
}

#[test]
fn a_sender_that_cannot_tell_two_annotations_apart_is_refused() {
    let body = |cost: u32| {
        format!(
            "    choice at A {{\n        x: {{\n            A -> C: L\n            B[flow_cost = 3] -> C: Done\n        }}\n        \
             y: {{\n            A -> C: R\n            B[flow_cost = {cost}] -> C: Done\n        }}\n    }}\n"
        )
    };
    let refused = costs("guards_unequal", &body(9), 1).unwrap_err();
    assert!(refused.contains("E0448"), "{refused}");
    let found = costs("guards_equal", &body(3), 0).unwrap();
    assert_eq!(found.iter().filter(|(_, cost)| *cost == 3).count(), 1, "{found:?}");
}

/// The row of `validate --format json` for the talk, its guards after their own schema.
fn validated(place: &Place, status: i32) -> Value {
    let ran = place.laban("validate talk.choreo --format json").status(status);
    let mut rows: Value = serde_json::from_str(&ran.out).unwrap();
    let row = rows[0].take();
    if !row["guards"].is_null() {
        let guards = Ran { status: 0, out: format!("{}\n", row["guards"]), err: String::new() };
        lines(&guards, "guards-plan.schema.json");
    }
    row
}

#[test]
fn validate_lists_what_guards_will_ask() {
    let place = talk(
        "guards_validate",
        "protocol: Talk\nmessages: { Hello: {}, Word: { flow_cost: 60, facts: [{ fact: talk/word }] } }\n\
         defaults: {}\nbudgets: [{ limit: 50 }]\n",
    );
    let row = validated(&place, 0);
    let sends = row["guards"]["sends"].as_array().unwrap();
    let word = sends.iter().find(|send| send["message"] == "Word").unwrap();
    assert_eq!(
        (&word["cost"], &word["facts"][0], word["leakage"]["neighbor"].as_u64()),
        (&60.into(), &"talk/word".into(), Some(0))
    );
    assert_eq!(row["guards"]["ok"], false);
    assert_eq!(row["guards"]["ungranted"][0]["capability"], "talk:begin");
    assert_eq!(row["guards"]["totals"][0]["carries"], false);
    let told = place.laban("validate talk.choreo").status(0);
    let told = told
        .says("no binding grants `talk:begin` to `A`")
        .says("`A` may have to spend 68 toward `B`, and has 50");
    told.says("A -> B: Word").says("talk/word");
    // What is fine and says nothing of its own is a line.
    let place = Place::new("guards_validate_fresh");
    place.write("p.choreo", "choreography P {\n    roles: A, B\n\n    A -> B: M\n}\n");
    let told = place.laban("validate p.choreo").status(0);
    assert!(!told.says("nothing is denied, budgets carry a session: 1 kinds").out.contains("A -> B: M"));
}

#[test]
fn validate_refuses_files_and_annotations_with_errors() {
    let place = talk("guards_validate_wrong", "protocol: Talk\nmessages: { Hallo: {} }\n");
    assert!(validated(&place, 1)["guards"].is_null());
    place.laban("validate talk.choreo").status(1).talks("E0440").says("the files beside it have errors");
    place.write("talk.guards.yaml", "protocol: Talk\ndefaults: {}\nbudgets: [{ limit: 50 }]\n");
    place.write("talk.choreo", TALK.replace("flow_cost = 7", "flow_cost = 0"));
    place.laban("validate talk.choreo").status(1).talks("E0445");
    let names: Vec<String> = (0..129).map(|at| format!("\"t:{at}\"")).collect();
    place.write("talk.choreo", TALK);
    place.write(
        "talk.guards.yaml",
        format!("protocol: Talk\ndefaults: {{ capabilities: [{}] }}\n", names.join(", ")),
    );
    place.laban("validate talk.choreo").status(1).talks("E0447");
    // What no profile covers is known before it runs.
    place.write("talk.choreo", TALK);
    place.write("talk.guards.yaml", "protocol: Talk\nbudgets: [{ limit: 50 }]\n");
    place.laban("validate talk.choreo").status(0).says("no profile covers `A -> B: Word`");
}

#[test]
fn validate_takes_a_profile_that_is_named() {
    let place = talk("guards_validate_named", "protocol: Talk\ndefaults: {}\nbudgets: [{ limit: 50 }]\n");
    place.write("strict.yaml", "protocol: Talk\nmessages: { Hello: {} }\nbudgets: [{ limit: 50 }]\n");
    place
        .laban("validate talk.choreo --guards strict.yaml")
        .status(0)
        .says("no profile covers `A -> B: Word`");
    assert!(!place.laban("validate talk.choreo").status(0).out.contains("no profile covers"));
    // Beside several protocols it is for the one that it names.
    place.write("p.choreo", "choreography P {\n    roles: A, B\n\n    A -> B: M\n}\n");
    place.laban("validate . --guards strict.yaml").status(0).says("no profile covers `A -> B: Word`");
    place
        .laban("validate p.choreo --guards strict.yaml")
        .status(2)
        .talks("is for `Talk`, which is not among");
    place.write("wrong.yaml", "protocol: Talk\nmessages: { Hallo: {} }\n");
    place.laban("validate talk.choreo --guards wrong.yaml").status(1).talks("E0440");
    place.laban("validate talk.choreo --guards none.yaml").status(1).talks("E0053");
}

#[test]
fn a_byte_order_mark_is_no_part_of_a_profile() {
    let place = talk("guards_mark", "\u{feff}protocol: Talk\ndefaults: {}\nbudgets: [{ limit: 50 }]\n");
    let ran = place.laban("guards plan talk.choreo --format json");
    assert!(!ran.err.contains("E04"), "{}", ran.err);
    place.write("talk.guards.yaml", "\u{feff}protocol: Talk\nbudget: []\n");
    place
        .laban("guards plan talk.choreo")
        .status(1)
        .says("has no setting `budget`")
        .says("talk.guards.yaml:2:1");
}

/// What a scope has ended is offered no more: nothing of it stays due, and its denials are not counted any further.
#[test]
fn an_offer_that_a_scope_has_ended_is_not_due_any_more() {
    let text = "choreography P {\n    roles: A, B\n\n    try at A within 2s {\n        A -> B: Early with {}\n    } on timeout {\n        \
                A -> B: Late with {}\n    }\n    B -> A: Done(n: Int)\n}\n";
    let root = Root { name: "p.choreo".to_owned(), text: Ok(text.to_owned()) };
    let front = Front::read(vec![root], &mut |path| panic!("{path}"));
    let options = Options { sizes: Sizes::default(), amend: Amend::Auto };
    let built = front.build(&front.choreographies[0], &options);
    let cast = Cast::link(built.programs).unwrap();
    let profile = "protocol: P\ndefaults: { capabilities: [] }\nmessages:\n  Early: { flow_cost: 9, on_denied: { retry: 5, backoff: 1h } }\n\
                   budgets: [{ limit: 12 }]\n";
    let profile = laban::config::guards::read(laban::diag::source::SourceId(0), profile, None).0.unwrap();
    // The first session spends what the second one waits for.
    let policy = Policy { profile, ..Policy::fresh() };
    let table = Table::new(cast.programs(), &policy).unwrap();
    let mut engine = Engine::new();
    let at = engine.deploy_under(Arc::new(cast), table).unwrap();
    engine.handle(Instant(0), Input::Open(Opening::new(0, at)));
    engine.handle(Instant(1), Input::Open(Opening::new(1, at)));
    let second = 1_000_000_000;
    assert_eq!(engine.poll_timeout(), Some(Instant(2 * second + 1)), "the limit of the scope");
    engine.handle(Instant(2 * second + 1), Input::Tick);
    assert_eq!(engine.poll_timeout(), None, "nothing of the offer is due");
}

#[test]
fn scenarios_run_under_the_profile_beside_the_protocol() {
    let profile = "protocol: Talk\nmessages: { \"*\": { capabilities: [], flow_cost: 5, on_denied: raise } }\nbudgets: [{ limit: 12, epoch: 1m }]\n";
    let place = talk("guards_scenario", profile);
    let said =
        "protocol talk.choreo\nopen | A -> B: Hello\nanswer A decide A#1 more | A asked produce Word\n";
    let answer = "answer A produce Word {n: 1}";
    // Hello and the first word cost 10 of 12.
    place.write(
        "talk.scn",
        format!("{said}{answer} | A -> B: Word\nanswer A decide A#1 more\n{answer} | aborted E0519\n"),
    );
    place.laban("run talk.scn").status(0);
    place.write("rich.yaml", profile.replace("limit: 12", "limit: 99"));
    place.laban("run talk.scn --guards rich.yaml").status(1);
    place.write("talk.guards.yaml", "protocol: Talk\nmessages: 3\n");
    place.laban("run talk.scn").status(1).says("E0405");
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
