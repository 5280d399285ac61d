//! What is compared and how; and runs of the search that are kept as tables and made again to the same end.

use std::sync::Arc;

use crate::base::value::Value;
use crate::check::search::{Options as Search, Orders, search};
use crate::check::turn::{Free, Heard};
use crate::config::scenario::read;
use crate::diag::code::Code;
use crate::diag::source::SourceId;
use crate::global::Sizes;
use crate::local::Amend;
use crate::machine::Cast;
use crate::pipeline::{Front, Options, Root, Unread};
use crate::tools::choose;
use crate::tools::run::{params, vocabulary};
use crate::tools::scenario::compare::{Unmet, compare};
use crate::tools::scenario::manual::{Kept, Manual, table};
use crate::tools::scenario::{About, Happening, play};
use crate::tools::trace::Stage;

/// A protocol, built and linked.
#[track_caller]
fn cast(text: &str) -> Arc<Cast> {
    let root = Root { name: "x.choreo".to_owned(), text: Ok(text.to_owned()) };
    let front = Front::read(vec![root], &mut |_| Err(Unread::new(Code::E0053, "there is none".to_owned())));
    let which = choose::protocol(&front, None).unwrap();
    let built = front.build(which, &Options { sizes: Sizes::default(), amend: Amend::Auto });
    let said: Vec<&str> = built.diagnostics.iter().map(|one| one.message.as_str()).collect();
    assert!(!built.programs.is_empty(), "{said:?}");
    Arc::new(Cast::link(built.programs).unwrap())
}

/// What was sent, in order: as the search heard it, and as a driver tells it.
fn sent_in_search(cast: &Cast, heard: &[Heard]) -> Vec<String> {
    let name = |role| cast.program(role).unwrap().role_name().to_owned();
    let sent = |one: &Heard| match one {
        Heard::Sent { from, to, label, .. } => Some(format!("{} {} {label}", name(*from), name(*to))),
        _ => None,
    };
    heard.iter().filter_map(sent).collect()
}

fn sent_again(happened: &[Happening]) -> Vec<String> {
    let sent = |one: &Happening| match one {
        Happening::Sent { from, to, message: label, .. } | Happening::Told { from, to, label } => {
            Some(format!("{from} {to} {label}"))
        }
        _ => None,
    };
    happened.iter().filter_map(sent).collect()
}

/// Makes the run to every state of the search again, from the text of a table.
#[track_caller]
fn made_again(text: &str) {
    let cast = cast(text);
    let stage = Stage::new(cast.programs(), Vec::new());
    let about = About { words: vocabulary(cast.programs()), params: params(cast.programs()) };
    let options = Search { states: 3_000, bytes: 1 << 30, depth: 200, orders: Orders::All, free: Free::ALL };
    let found = search(&cast, &options, &mut |_| ());
    assert!(found.states() > 10, "there is something to be made again");
    for state in 0..found.states().min(400) as u32 {
        let run = found.run_to(&cast, state);
        let kept = Kept {
            name: "a run",
            file: "x.choreo",
            protocol: &about.words.protocol,
            sizes: &[],
            params: &[],
            moves: &run.moves,
            standing: None,
        };
        let written = table(&kept).to_string();
        let (again, said) = read(SourceId(0), &written);
        let again = again.unwrap_or_else(|| panic!("{said:?}\n{written}"));
        let scenarios = again.scenarios();
        let mut driver = Manual::new(cast.clone(), stage.clone());
        let played = play(&scenarios[0], &about, &mut driver);
        assert_eq!(played.difference, None, "{written}");
        assert_eq!(sent_again(&played.happened), sent_in_search(&cast, &run.heard), "{written}");
    }
}

#[test]
fn runs_of_the_search_are_made_again_as_they_are_written() {
    made_again(
        "effect desk { open() -> Int }\nchoreography Run {\n    roles: A, B, C\n\n    A -> B: Ask(n: Int)\n    \
         B does desk.open() as n\n    choice at B {\n        yes when (n > Ask.n): { B -> A: Yes\n B -> C: Yes }\n        \
         no: { B -> A: No(why: String)\n B -> C: No }\n    }\n    par {\n        { A -> C: Left\n C -> A: Back }\n        \
         { B -> C: Right }\n    }\n    choice at C {\n        more: { C -> A: More\n C -> B: More }\n        less: { C -> A: Less\n C -> B: Less }\n    }\n}\n",
    );
}

#[test]
fn causes_and_time_limits_are_made_again_too() {
    made_again(
        "choreography Run {\n    roles: A, B\n\n    try at A within 5s {\n        A -> B: Ask(n: Int)\n        B -> A: Reply(n: Int)\n    } \
         on timeout {\n        A -> B: Late\n    } on failed {\n        A -> B: Sorry\n    } on cancelled {\n        A -> B: Stop\n    }\n}\n",
    );
}

#[test]
fn outcomes_are_a_part_of_what_happens_in_their_order() {
    let sent = |from: &str, to: &str, message: &str, n: i64| Happening::Sent {
        from: from.into(),
        to: to.into(),
        message: message.into(),
        payload: Value::record([("n".into(), Value::Int(n)), ("t".into(), Value::text("2.50"))]),
    };
    let found = [
        sent("M", "W[0]", "Task", 1),
        Happening::Decided { role: "M".into(), choice: "M#1".into(), label: "more".into() },
        sent("M", "W[1]", "Task", 2),
        Happening::Completed,
    ];
    let held = |expected: &str| {
        let (table, said) = read(SourceId(0), &format!("open | {expected}"));
        let table = table.unwrap_or_else(|| panic!("{said:?}"));
        let scenarios = table.scenarios();
        compare(scenarios[0].acts[0].expected, &found)
    };
    for fine in [
        "M -> W[0]: Task; M -> W[1]: Task",
        "2 times M -> W[*]: Task; completed",
        "0 times M -> W[2]: Task",
        "M -> W[*]: Task {n: 2}; 0 times M -> W[*]: Task",
        "M -> W[*]: Task {n: 2.0, t: 2.5}",
        "M decides M#1 more",
    ] {
        assert_eq!(held(fine), Ok(()), "{fine}");
    }
    for (bad, at, times) in [
        ("M -> W[1]: Task; M -> W[0]: Task", 1, 0),
        ("1 time M -> W[*]: Task", 0, 2),
        ("completed; 2 times M -> W[*]: Task", 1, 0),
        ("M -> W[0]: Task {n: 2}", 0, 0),
        ("M -> W[0]: Task {m: 1}", 0, 0),
        ("M decides M#1 less", 0, 0),
        ("aborted", 0, 0),
        ("nothing", 0, 4),
    ] {
        assert_eq!(held(bad), Err(Unmet { at, found: times }), "{bad}");
    }
}
