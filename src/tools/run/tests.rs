//! Runs of one hand-made cast: its participants and settings, and the trace and ending that they give.
//!
//! The client asks; the server decides `Server#1` for `again`, and then is asked again, or for `found`, and then
//! sleeps five seconds, logs, opens the desk and answers.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::id::{LaneId, RoleId};
use crate::base::time::Duration;
use crate::base::ty::{FieldType, Type};
use crate::base::value::Value;
use crate::bytecode::instr::Instr;
use crate::bytecode::op::Op;
use crate::bytecode::program::{
    Case, Channel, Decision, Kind, Message, Operation, Param, Program, Receive, Repetition, Role,
};
use crate::config::script;
use crate::diag::source::SourceId;
use crate::effect::generated::Generated;
use crate::effect::participant::{Company, Participant};
use crate::effect::scripted::Scripted;
use crate::machine::cast::Cast;
use crate::tools::run::{Ending, Setup, invent_missing, outside_effects, params, run, vocabulary};
use crate::tools::trace::json::Lines;
use crate::tools::trace::{Silent, Stage};

fn base(role: u16, messages: Vec<Message>) -> Program {
    let channel = Channel { peer: RoleId(1 - role), lane: LaneId::TRUNK, capacity: 1 };
    Program {
        protocol: "Fetch".into(),
        role,
        roles: ["Client", "Server"].map(|name| Role { name: name.into(), member: None }).to_vec(),
        messages,
        outgoing: vec![channel],
        incoming: vec![channel],
        threads: 1,
        ..Program::default()
    }
}

fn messages() -> Vec<Message> {
    let path = FieldType { name: "path".into(), ty: Type::Text };
    let ask = Type::Record(Arc::new(vec![path]));
    [("Ask", ask), ("Again", Type::empty()), ("Found", Type::Any)]
        .map(|(name, ty)| Message { name: name.into(), kind: Kind::Data, ty })
        .to_vec()
}

fn operation(effect: &str, name: &str, args: &[&str], result: Type) -> Operation {
    let args = args.iter().map(|name| Arc::from(*name)).collect();
    Operation { effect: effect.into(), name: name.into(), args, result, repetition: Repetition::Idempotent }
}

fn client() -> Program {
    let case = |message, to| Case { channel: 0, message, slot: None, to };
    Program {
        code: vec![
            Instr::new(Op::Produce, 0, 0, 0),
            Instr::new(Op::SendTake, 0, 0, 0),
            Instr::new(Op::Receive, 0, 0, 0),
            Instr::new(Op::End, 0, 0, 0),
        ],
        receives: vec![Receive { cases: vec![case(1, 0), case(2, 3)], may_end: false }],
        slots: 1,
        params: vec![
            Param { name: "limit".into(), ty: Type::INT, default: None, slot: None },
            Param { name: "who".into(), ty: Type::Text, default: Some(Value::text("Ann")), slot: None },
        ],
        ..base(0, messages())
    }
}

fn server() -> Program {
    let case = Case { channel: 0, message: 0, slot: Some(0), to: 1 };
    let nothing = Type::Optional(Arc::new(Type::Any));
    Program {
        code: vec![
            Instr::new(Op::Receive, 0, 0, 0),
            Instr::with_wide(Op::Decide, 0, 0),
            Instr::new(Op::SendConst, 0, 1, 0),
            Instr::with_wide(Op::Jump, 0, 0),
            Instr::with_wide(Op::Const, 1, 1),
            Instr::new(Op::Perform, 1, 1, 3),
            Instr::with_wide(Op::Const, 1, 2),
            Instr::new(Op::Perform, 2, 1, 3),
            Instr::new(Op::Perform, 0, 1, 2),
            Instr::new(Op::SendTake, 0, 2, 2),
            Instr::new(Op::End, 0, 0, 0),
        ],
        constants: vec![Value::record([]), Value::Duration(Duration(5_000_000_000)), Value::text("slept")],
        receives: vec![Receive { cases: vec![case], may_end: false }],
        branches: vec![vec![2, 4]],
        decisions: vec![Decision {
            name: "Server#1".into(),
            labels: ["again", "found"].map(Arc::from).to_vec(),
        }],
        operations: vec![
            operation("desk", "open", &[], Type::INT),
            operation("time", "sleep", &["span"], nothing.clone()),
            operation("console", "log", &["text"], nothing),
        ],
        slots: 4,
        ..base(1, messages())
    }
}

fn setup() -> Setup {
    let cast = Cast::link(vec![client(), server()]).unwrap();
    let mut setup = Setup::new(Arc::new(cast));
    setup.inputs = vec![(Arc::from("limit"), Value::Int(3))];
    setup
}

fn traced(setup: &Setup, participant: &mut dyn Participant) -> (Vec<String>, Ending) {
    let mut lines = Vec::new();
    let stage = Stage::new(setup.cast.programs(), Vec::new());
    let report = run(setup, participant, &mut Lines::new(stage), &mut |line| lines.push(line.to_owned()));
    (lines, report.ending)
}

fn scripted(text: &str) -> Scripted {
    let words = vocabulary(&[client(), server()]);
    let (script, diagnostics) = script::read(SourceId(0), text, Some(&words));
    assert_eq!(diagnostics, []);
    Scripted::new(script.unwrap(), Generated::new(0))
}

const ANSWERS: &str = "roles:\n  Client: { produce: { Ask: [{ path: /a }, { path: /b }] } }\n  \
                       Server: { decide: { Server#1: [again, found] } }\neffects: { desk.open: [!retry busy, 7] }\n";

#[test]
fn a_scripted_session_runs_to_its_end() {
    let mut out = Vec::new();
    let setup = setup();
    let mut lines = Lines::new(Stage::new(setup.cast.programs(), Vec::new()));
    let report = run(&setup, &mut scripted(ANSWERS), &mut lines, &mut |line| out.push(line.to_owned()));
    let expected = [
        r#"{"event":"sent","from":"Client","to":"Server","label":"Ask","lane":"","payload":{"path":"/a"}}"#,
        r#"{"event":"received","from":"Client","to":"Server","label":"Ask","lane":"","payload":{"path":"/a"}}"#,
        r#"{"event":"decided","role":"Server","choice":"Server#1","label":"again"}"#,
        r#"{"event":"sent","from":"Server","to":"Client","label":"Again","lane":"","payload":{}}"#,
        r#"{"event":"received","from":"Server","to":"Client","label":"Again","lane":"","payload":{}}"#,
        r#"{"event":"sent","from":"Client","to":"Server","label":"Ask","lane":"","payload":{"path":"/b"}}"#,
        r#"{"event":"received","from":"Client","to":"Server","label":"Ask","lane":"","payload":{"path":"/b"}}"#,
        r#"{"event":"decided","role":"Server","choice":"Server#1","label":"found"}"#,
        r#"{"event":"effect","role":"Server","label":"time.sleep","payload":null}"#,
        r#"{"event":"logged","role":"Server","text":"slept"}"#,
        r#"{"event":"effect","role":"Server","label":"console.log","payload":null}"#,
        r#"{"event":"effect","role":"Server","label":"desk.open","payload":7}"#,
        r#"{"event":"sent","from":"Server","to":"Client","label":"Found","lane":"","payload":7}"#,
        r#"{"event":"received","from":"Server","to":"Client","label":"Found","lane":"","payload":7}"#,
        r#"{"event":"completed"}"#,
    ];
    assert_eq!(out, expected);
    assert_eq!((report.ending, report.steps), (Ending::Completed, 9));
    // Five seconds of sleep, and a tenth of a second until the desk was tried again, or up to a quarter more.
    assert!((5_100_000_000..=5_125_000_000).contains(&report.clock.0), "{}", report.clock.0);
    assert_eq!(report.lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>(), ["slept"]);
}

#[test]
fn generated_sessions_end_and_are_the_same_for_a_seed() {
    for seed in 0..20 {
        let mut setup = setup();
        setup.seed = seed;
        let first = traced(&setup, &mut Generated::new(seed));
        assert_eq!(first.1, Ending::Completed, "{seed}");
        assert_eq!(traced(&setup, &mut Generated::new(seed)), first);
    }
}

/// How a run with this script ends, in words.
fn ending(text: &str) -> String {
    match traced(&setup(), &mut scripted(text)).1 {
        Ending::Aborted(trouble) => format!("{}: {}", trouble.code, trouble.reason),
        other => format!("{other:?}"),
    }
}

#[test]
fn failures_end_a_session_with_a_code() {
    let check = |text: &str, expected: &str| assert_eq!(ending(text), expected);
    check(
        "roles: { Client: { produce: { Ask: [] } } }",
        "E0508: the script has run out: it gives `Client` 0 answers to produce `Ask`",
    );
    check(
        "roles: { Server: { observe: { Ask: refuse } } }",
        "E0510: `Ask` was refused: the script refuses it",
    );
    check(
        "roles: { Server: { decide: { Server#1: found } } }\neffects: { desk.open: !retry busy }",
        "E0509: `desk.open` failed: busy",
    );
    check("roles: { Server: { decide: { Server#1: !fail asleep } } }", "E0508: asleep");
}

#[test]
fn a_run_stops_after_so_many_steps() {
    let mut setup = setup();
    setup.steps_max = 5;
    let (lines, ending) = traced(&setup, &mut scripted("roles: { Server: { decide: { Server#1: again } } }"));
    assert_eq!(ending, Ending::Stopped(5));
    assert_eq!(lines.last().unwrap(), r#"{"event":"aborted","code":"E0421","reason":"5 steps were made"}"#);
    let steps = lines.iter().filter(|line| line.contains("\"sent\"") || line.contains("\"decided\""));
    assert_eq!(steps.count(), 5);
}

#[test]
fn an_opening_that_does_not_fit_is_an_ending() {
    let mut setup = setup();
    setup.inputs.clear();
    let (lines, ending) = traced(&setup, &mut Generated::new(0));
    assert!(matches!(ending, Ending::Aborted(trouble) if trouble.code == "E0513"));
    assert_eq!(lines, [r#"{"event":"aborted","code":"E0513","reason":"the parameter `limit` is missing"}"#]);
}

#[test]
fn several_participants_share_a_session() {
    let mut company = Company {
        players: BTreeMap::from([(Arc::from("Server"), Box::new(scripted(ANSWERS)) as Box<dyn Participant>)]),
        others: Box::new(Generated::new(1)),
    };
    let report = run(&setup(), &mut company, &mut Silent, &mut |_| {});
    assert_eq!(report.ending, Ending::Completed);
}

#[test]
fn a_cast_says_what_it_needs() {
    let programs = [client(), server()];
    let words = vocabulary(&programs);
    assert_eq!(words.protocol, "Fetch");
    assert_eq!(words.messages.keys().map(AsRef::as_ref).collect::<Vec<_>>(), ["Again", "Ask", "Found"]);
    assert_eq!(words.choices.len(), 1);
    assert_eq!(words.operations.len(), 3);
    assert_eq!(outside_effects(&programs).into_iter().collect::<Vec<_>>(), [Arc::from("desk")]);
    let mut given = BTreeMap::new();
    let params = params(&programs);
    assert_eq!(invent_missing(&params, &mut given, 0), [Arc::from("limit")]);
    assert_eq!(given.len(), 1);
    assert_eq!(invent_missing(&params, &mut given, 0), [] as [Arc<str>; 0]);
}
