//! The engine: sessions from opening to end, answers, failures, waiting, limits.

use std::sync::Arc;

use crate::base::id::{LaneId, RoleId};
use crate::base::limits;
use crate::base::time::{Duration, Instant};
use crate::base::ty::Type;
use crate::base::value::Value;
use crate::bytecode::instr::Instr;
use crate::bytecode::op::Op;
use crate::bytecode::program::{Branch, Decision, Operation, Param, Program, Repetition, Scope, ScopeKind};
use crate::bytecode::sample::{END, half, op, wait, wide};
use crate::effect::call::{Answer, Ask, CallId, Failure, FailureKind};
use crate::engine::Engine;
use crate::engine::core::Room;
use crate::engine::effect::{Effect, Outcome};
use crate::engine::event::What;
use crate::engine::input::{CastId, Input, Opening};
use crate::machine::Cast;

const NOW: Instant = Instant(0);

fn deployed(a: Program, b: Program) -> (Engine, CastId) {
    let mut engine = Engine::new();
    engine.subscribe(true);
    let cast = engine.deploy(Arc::new(Cast::link(vec![a, b]).unwrap())).unwrap();
    (engine, cast)
}

fn opened(a: Program, b: Program) -> Engine {
    let (mut engine, cast) = deployed(a, b);
    engine.handle(NOW, Input::Open(Opening::new(7, cast)));
    engine
}

/// What happened, a line each.
fn told(engine: &mut Engine) -> Vec<String> {
    let line = |what| match what {
        What::Sent { label, lane, .. } => format!("sent {label}/{}", lane.0),
        What::Received { label, payload, .. } => format!("received {label} {}", payload.kind()),
        What::Selected { label, .. } => format!("selected {label}"),
        What::Decided { label, .. } => format!("decided {label}"),
        What::Raised { scope, cause, .. } => format!("raised {cause} in {scope}"),
        What::Performed { operation, .. } => format!("performed {operation}"),
        What::Cleared { label, cost, headroom, .. } => format!("cleared {label} for {cost}, left {headroom}"),
        What::Denied { label, guard, code, kind, .. } => {
            format!("denied {label} {} {code} {}", guard.word(), kind.word())
        }
        What::Accounts(state) => {
            format!("spent {}", state.budgets.iter().map(|(.., spent, _)| spent).sum::<u64>())
        }
        What::Finished { role } => format!("finished {}", role.0),
        What::Completed => "completed".to_owned(),
        What::Aborted { code, reason, .. } => format!("{code} {reason}"),
    };
    std::iter::from_fn(|| engine.poll_event()).map(|event| line(event.what)).collect()
}

fn check(a: Program, b: Program, expected: &[&str]) {
    assert_eq!(told(&mut opened(a, b)), expected);
}

/// The call that waits, and what it asks.
fn asked(engine: &mut Engine) -> (CallId, Ask) {
    std::iter::from_fn(|| engine.poll_effect())
        .find_map(|effect| match effect {
            Effect::Call(call) => Some((call.id, call.ask)),
            _ => None,
        })
        .unwrap()
}

fn outcome(engine: &mut Engine) -> Option<Outcome> {
    std::iter::from_fn(|| engine.poll_effect()).find_map(|effect| match effect {
        Effect::Closed { outcome, .. } => Some(outcome),
        _ => None,
    })
}

fn failed(reason: &str) -> Answer {
    Answer::Failed(Failure { kind: FailureKind::Permanent, reason: reason.to_owned() })
}

const SEND: Instr = op(Op::SendConst, 0, 0, 0);
const RECEIVE: Instr = op(Op::Receive, 0, 0, 0);

/// Sends `M0` and is done.
fn sender() -> Program {
    half(0, vec![SEND, END], vec![])
}

/// Receives `M0` and is done.
fn receiver() -> Program {
    half(1, vec![RECEIVE, END], vec![wait(&[(0, 0, Some(0), 1)])])
}

#[test]
fn two_roles_exchange_two_messages() {
    let a = half(0, vec![SEND, RECEIVE, END], vec![wait(&[(0, 1, None, 2)])]);
    let b = half(1, vec![RECEIVE, op(Op::SendConst, 0, 1, 0), END], vec![wait(&[(0, 0, None, 1)])]);
    let mut engine = opened(a, b);
    let expected = [
        "sent M0/0",
        "received M0 Int",
        "sent M1/0",
        "finished 1",
        "received M1 Int",
        "finished 0",
        "completed",
    ];
    assert_eq!(told(&mut engine), expected);
    let effects: Vec<_> = std::iter::from_fn(|| engine.poll_effect()).collect();
    assert!(matches!(effects.as_slice(), [Effect::Opened { request: 7, .. }, Effect::Closed { .. }]));
    assert_eq!((engine.sessions(), engine.poll_timeout()), (0, None));
}

#[test]
fn ping_pong_without_end_uses_its_budget_and_asks_for_more() {
    let again = wide(Op::Jump, 0, 0);
    let a = half(0, vec![SEND, RECEIVE, again], vec![wait(&[(0, 1, None, 2)])]);
    let b = half(1, vec![RECEIVE, op(Op::SendConst, 0, 1, 0), again], vec![wait(&[(0, 0, None, 1)])]);
    let mut engine = opened(a.clone(), b.clone());
    assert_eq!(engine.poll_timeout(), Some(NOW));
    let first = told(&mut engine);
    assert!(first.len() as u32 > limits::STEPS_PER_HANDLE / 4, "{}", first.len());
    assert_eq!(told(&mut opened(a, b)), first, "same inputs, same events");
}

#[test]
fn nothing_is_told_unless_somebody_listens() {
    let (mut engine, cast) = deployed(sender(), receiver());
    engine.subscribe(false);
    engine.handle(NOW, Input::Open(Opening::new(0, cast)));
    assert_eq!((told(&mut engine).len(), outcome(&mut engine)), (0, Some(Outcome::Completed)));
}

#[test]
fn a_full_mailbox_holds_its_sender_back() {
    let a = half(0, vec![SEND, SEND, SEND, END], vec![]);
    let waits = (1..4).map(|next| wait(&[(0, 0, None, next)])).collect();
    let code = vec![RECEIVE, op(Op::Receive, 1, 0, 0), op(Op::Receive, 2, 0, 0), END];
    let (sent, got) = ("sent M0/0", "received M0 Int");
    check(
        a,
        half(1, code, waits),
        &[sent, got, sent, got, sent, "finished 0", got, "finished 1", "completed"],
    );
}

#[test]
fn waiting_for_what_never_comes_is_an_end_or_a_failure() {
    let idle = half(0, vec![END], vec![]);
    let stuck = "E0512 every role that is left waits, and nothing is under way";
    check(idle.clone(), receiver(), &["finished 0", stuck]);
    let mut patient = receiver();
    patient.receives[0].may_end = true;
    check(idle, patient.clone(), &["finished 0", "completed"]);
    // Not while a message is under way.
    let other = half(0, vec![op(Op::SendConst, 0, 1, 0), END], vec![]);
    check(other, patient, &["sent M1/0", "finished 0", stuck]);
}

#[test]
fn threads_run_side_by_side_and_join() {
    let mut a = half(
        0,
        vec![
            wide(Op::Fork, 0, 0),
            END,
            SEND,
            op(Op::Join, 0, 0, 0),
            op(Op::SendConst, 1, 0, 0),
            op(Op::Join, 0, 0, 0),
        ],
        vec![],
    );
    a.forks = vec![vec![Branch { thread: 1, to: 2 }, Branch { thread: 2, to: 4 }]];
    a.threads = 3;
    let b = half(
        1,
        vec![op(Op::Receive, 1, 0, 0), RECEIVE, END],
        vec![wait(&[(0, 0, None, 2)]), wait(&[(1, 0, None, 1)])],
    );
    let got = "received M0 Int";
    check(a, b, &["sent M0/0", "sent M0/1", got, got, "finished 1", "finished 0", "completed"]);
}

#[test]
fn a_payload_is_asked_and_checked() {
    let mut a = half(0, vec![op(Op::Produce, 0, 0, 0), op(Op::SendTake, 0, 0, 0), END], vec![]);
    let mut b = receiver();
    for program in [&mut a, &mut b] {
        program.messages[0].ty = Type::Int(0, 9);
    }
    for (answer, expected) in [
        (Answer::Value(Value::Int(9)), "completed"),
        (
            Answer::Value(Value::Int(10)),
            "E0506 the payload of `M0` does not fit: expected a number from 0 to 9",
        ),
        (Answer::Label(0), "E0507 `M0` is answered by something else"),
        (failed("the desk is closed"), "E0508 the desk is closed"),
    ] {
        let mut engine = opened(a.clone(), b.clone());
        let (call, ask) = asked(&mut engine);
        assert_eq!(ask, Ask::Produce { message: "M0".into(), to: "B".into(), ty: Type::Int(0, 9) });
        engine.handle(NOW, Input::Answer { call, answer: answer.clone() });
        assert_eq!(told(&mut engine).last().map(String::as_str), Some(expected));
        // An answer that comes twice is not waited for.
        engine.handle(NOW, Input::Answer { call, answer });
        assert_eq!(told(&mut engine).len(), 0);
    }
}

#[test]
fn a_label_is_asked_and_checked() {
    let mut a = half(0, vec![wide(Op::Decide, 0, 0), SEND, END, op(Op::Fail, 1, 0, 0)], vec![]);
    a.decisions = vec![Decision { name: "c".into(), labels: vec!["yes".into(), "no".into()] }];
    a.branches = vec![vec![1, 3]];
    for (label, expected) in [
        (0, "completed"),
        (1, "E0505 the protocol failed: `cause`"),
        (2, "E0507 the choice `c` has no label 2"),
    ] {
        let mut engine = opened(a.clone(), receiver());
        let (call, ask) = asked(&mut engine);
        assert!(matches!(ask, Ask::Decide { .. }));
        engine.handle(NOW, Input::Answer { call, answer: Answer::Label(label) });
        assert_eq!(told(&mut engine).last().map(String::as_str), Some(expected));
    }
}

#[test]
fn an_operation_is_performed() {
    let mut a = half(
        0,
        vec![wide(Op::Const, 0, 0), op(Op::Perform, 0, 0, 1), op(Op::SendTake, 0, 0, 1), END],
        vec![],
    );
    a.operations = vec![Operation {
        effect: "clock".into(),
        name: "now".into(),
        args: vec!["zone".into()],
        result: Type::INT,
        repetition: Repetition::Pure,
    }];
    let mut engine = opened(a.clone(), receiver());
    let (call, ask) = asked(&mut engine);
    assert!(matches!(ask, Ask::Perform { args, .. } if args == [("zone".into(), Value::Int(1))]));
    engine.handle(NOW, Input::Answer { call, answer: Answer::Value(Value::Int(5)) });
    let expected =
        ["performed clock.now", "sent M0/0", "finished 0", "received M0 Int", "finished 1", "completed"];
    assert_eq!(told(&mut engine), expected);
    let mut engine = opened(a, receiver());
    let (call, _) = asked(&mut engine);
    engine.handle(NOW, Input::Answer { call, answer: failed("no clock") });
    assert_eq!(told(&mut engine), ["E0509 `clock.now` failed: no clock"]);
}

#[test]
fn an_observer_accepts_or_refuses_what_its_role_receives() {
    for (answer, expected) in [(Answer::Accepted, "completed"), (failed("no"), "E0510 `M0` was refused: no")]
    {
        let (mut engine, cast) = deployed(sender(), receiver());
        let opening = Opening { observers: vec![RoleId(1)], ..Opening::new(0, cast) };
        engine.handle(NOW, Input::Open(opening));
        let (call, ask) = asked(&mut engine);
        assert!(matches!(ask, Ask::Observe { payload: Value::Int(1), .. }));
        engine.handle(NOW, Input::Answer { call, answer });
        assert_eq!(told(&mut engine).last().map(String::as_str), Some(expected));
    }
}

#[test]
fn what_an_observer_accepted_is_what_is_received() {
    // The other mailbox, which stands first in the table, fills while the observer is asked.
    let sends = vec![op(Op::SendConst, 1, 0, 0), op(Op::Produce, 0, 1, 0), op(Op::SendTake, 0, 1, 0), END];
    let receives = vec![RECEIVE, op(Op::Receive, 1, 0, 0), END];
    let waits = vec![wait(&[(0, 1, None, 1), (1, 0, None, 1)]), wait(&[(0, 1, None, 2)])];
    let (mut engine, cast) = deployed(half(0, sends, vec![]), half(1, receives, waits));
    let opening = Opening { observers: vec![RoleId(1)], ..Opening::new(0, cast) };
    engine.handle(NOW, Input::Open(opening));
    let (payload, _) = asked(&mut engine);
    let (shown, ask) = asked(&mut engine);
    assert!(matches!(ask, Ask::Observe { message, .. } if &*message == "M0"));
    engine.handle(NOW, Input::Answer { call: payload, answer: Answer::Value(Value::Int(2)) });
    engine.handle(NOW, Input::Answer { call: shown, answer: Answer::Accepted });
    assert_eq!(told(&mut engine), ["sent M0/1", "sent M1/0", "finished 0", "received M0 Int"]);
}

#[test]
fn each_bound_of_an_engine_holds_and_one_more_is_refused() {
    let room = Room { sessions: 2, calls: 2, casts: 2, spare: 1 };
    let a = half(0, vec![op(Op::Produce, 0, 0, 0), op(Op::SendTake, 0, 0, 0), END], vec![]);
    let cast = Arc::new(Cast::link(vec![a, receiver()]).unwrap());
    let mut engine = Engine::of(room);
    let ids: Vec<_> = (0..3).map(|_| engine.deploy(cast.clone())).collect();
    assert_eq!(ids, [Some(CastId(0)), Some(CastId(1)), None]);
    let open = |engine: &mut Engine| {
        (0..3).for_each(|n| engine.handle(NOW, Input::Open(Opening::new(n, CastId(0)))));
    };
    let ends = |engine: &mut Engine| -> Vec<String> {
        std::iter::from_fn(|| engine.poll_effect())
            .filter_map(|effect| match effect {
                Effect::Refused { trouble, .. } => Some(format!("refused {}", trouble.code)),
                Effect::Closed { outcome: Outcome::Aborted(trouble), .. } => {
                    Some(format!("aborted {}", trouble.code))
                }
                _ => None,
            })
            .collect()
    };
    open(&mut engine);
    assert_eq!((ends(&mut engine), engine.sessions()), (vec!["refused E0514".to_owned()], 2));
    let mut engine = Engine::of(Room { sessions: 3, ..room });
    assert_eq!(engine.deploy(cast), Some(CastId(0)));
    open(&mut engine);
    assert_eq!((ends(&mut engine), engine.sessions()), (vec!["aborted E0514".to_owned()], 2));
    assert_eq!(engine.spare(CastId(0)), 1);
}

#[test]
fn what_a_session_carried_goes_when_it_is_over() {
    let text: Arc<str> = Arc::from("carried");
    let mut a = half(0, vec![op(Op::Send, 0, 0, 0), END], vec![]);
    a.params = vec![Param { name: "n".into(), ty: Type::Any, default: None, slot: Some(0) }];
    let (mut engine, cast) = deployed(a, receiver());
    engine.subscribe(false);
    let params = vec![("n".into(), Value::Text(text.clone()))];
    engine.handle(NOW, Input::Open(Opening { params, ..Opening::new(0, cast) }));
    assert_eq!((outcome(&mut engine), engine.spare(cast)), (Some(Outcome::Completed), 1));
    assert_eq!(Arc::strong_count(&text), 1);
}

#[test]
fn parameters_are_checked_when_a_session_opens() {
    let param = Param { name: "n".into(), ty: Type::INT, default: None, slot: Some(0) };
    let mut a = half(0, vec![op(Op::SendTake, 0, 0, 0), END], vec![]);
    a.params = vec![param];
    let n = |value| vec![(Arc::from("n"), value)];
    for (params, expected) in [
        (n(Value::Int(3)), None),
        (vec![], Some("E0513 the parameter `n` is missing")),
        (n(Value::text("3")), Some("E0506 the parameter `n` does not fit: expected Int, found String")),
        (vec![("m".into(), Value::None)], Some("E0513 there is no parameter `m`")),
        ([n(Value::Int(3)), n(Value::Int(3))].concat(), Some("E0513 the parameter `n` is given twice")),
    ] {
        let (mut engine, cast) = deployed(a.clone(), receiver());
        engine.handle(NOW, Input::Open(Opening { params, ..Opening::new(0, cast) }));
        let refused = match engine.poll_effect() {
            Some(Effect::Refused { trouble, .. }) => Some(format!("{} {}", trouble.code, trouble.reason)),
            _ => None,
        };
        assert_eq!(refused.as_deref(), expected);
        assert_eq!(engine.sessions(), 0);
    }
    let (mut engine, _) = deployed(sender(), receiver());
    engine.handle(NOW, Input::Open(Opening::new(0, CastId(9))));
    assert!(matches!(engine.poll_effect(), Some(Effect::Refused { trouble, .. }) if trouble.code == "E0513"));
}

#[test]
fn what_is_cancelled_withdraws_its_calls_and_nothing_else() {
    let a = half(0, vec![op(Op::Produce, 0, 0, 0), op(Op::SendTake, 0, 0, 0), END], vec![]);
    let (mut engine, cast) = deployed(a, receiver());
    for request in 0..2 {
        engine.handle(NOW, Input::Open(Opening::new(request, cast)));
    }
    let mut sessions = Vec::new();
    let mut calls = Vec::new();
    while let Some(effect) = engine.poll_effect() {
        match effect {
            Effect::Opened { session, .. } => sessions.push(session),
            Effect::Call(call) => calls.push(call.id),
            other => panic!("{other:?}"),
        }
    }
    engine.handle(NOW, Input::Cancel(sessions[0]));
    assert_eq!(engine.poll_effect(), Some(Effect::Withdraw(calls[0])));
    assert!(matches!(outcome(&mut engine), Some(Outcome::Aborted(trouble)) if trouble.code == "E0511"));
    engine.handle(NOW, Input::Answer { call: calls[0], answer: Answer::Value(Value::None) });
    engine.handle(NOW, Input::Answer { call: calls[1], answer: Answer::Value(Value::None) });
    assert_eq!((outcome(&mut engine), engine.sessions()), (Some(Outcome::Completed), 0));
    // A place is used again, an id is not.
    engine.handle(NOW, Input::Open(Opening::new(2, cast)));
    let Some(Effect::Opened { session, .. }) = engine.poll_effect() else { panic!("not opened") };
    assert!(sessions.iter().all(|before| *before != session));
    assert!(sessions.iter().any(|before| before.slot == session.slot));
}

#[test]
fn a_selection_is_told_where_it_is_made() {
    let a = half(0, vec![op(Op::Select, 0, 2, 0), END], vec![]);
    let b = half(1, vec![RECEIVE, END], vec![wait(&[(0, 2, None, 1)])]);
    check(a, b, &["selected c.yes", "finished 0", "finished 1", "completed"]);
}

#[test]
fn programs_that_do_not_belong_together_are_refused() {
    let refusal = |a: Program, b: Program| Cast::link(vec![a, b]).unwrap_err().to_string();
    let mut other = receiver();
    other.protocol = "Other".into();
    assert_eq!(refusal(sender(), other), "E0308: `Halves` and `Other` differ in their roles");
    let mut narrow = receiver();
    narrow.incoming[0].capacity = 2;
    assert_eq!(refusal(sender(), narrow), "E0308: a mailbox of 1 and of 2");
    let mut typed = receiver();
    typed.messages[0].ty = Type::Bool;
    assert_eq!(refusal(sender(), typed), "E0308: `M0` has two types");
    assert_eq!(refusal(receiver(), sender()), "E0308: program 0 is of role 1");
}

#[test]
fn every_code_of_a_session_is_in_the_table() {
    for code in ["E0501", "E0502", "E0503", "E0504", "E0505", "E0506", "E0507", "E0508", "E0509", "E0510"] {
        assert!(crate::diag::code::Code::parse(code).is_some(), "{code}");
    }
    for code in ["E0511", "E0512", "E0513", "E0514", "E0515"] {
        assert!(crate::diag::code::Code::parse(code).is_some(), "{code}");
    }
}

#[test]
fn only_the_gate_delivers() {
    // A message gets into a mailbox by `Session::send`, which the engine never calls, or while an agent runs, which it
    // does in one place, with a clearance as the right to send.
    let sources = [
        include_str!("core.rs"),
        include_str!("opening.rs"),
        include_str!("answers.rs"),
        include_str!("schedule.rs"),
        include_str!("live.rs"),
    ];
    assert!(sources.iter().all(|source| !source.contains(".send(")));
    assert_eq!(sources.map(|source| source.matches("session.run(").count()), [0, 0, 0, 0, 1]);
    assert!(include_str!("live.rs").contains("impl World<Right = Cleared>"));
}

#[test]
fn a_time_limit_that_frees_nobody_ends_a_session_that_is_stuck() {
    let scope = Scope {
        name: "A.collect#1".into(),
        lane: LaneId(1),
        parent: None,
        owner: RoleId(0),
        kind: ScopeKind::Collect,
        control: None,
        exit: None,
        handlers: Vec::new(),
        members: Vec::new(),
    };
    let send = op(Op::SendConst, 1, 0, 0);
    let (limit, enter, leave) = (wide(Op::Const, 0, 2), op(Op::EnterFor, 0, 0, 0), op(Op::Leave, 0, 0, 0));
    let mut a = half(0, vec![limit, enter, send, send, leave, END], vec![]);
    a.constants.push(Value::Duration(Duration(1_000)));
    a.scopes = vec![scope];
    let mut engine = opened(a, receiver());
    assert_eq!(told(&mut engine), ["sent M0/1"]);
    let up = engine.poll_timeout().unwrap();
    assert_eq!(up, Instant(1_000));
    engine.handle(up, Input::Tick);
    let stuck = "E0512 every role that is left waits, and nothing is under way";
    assert_eq!(told(&mut engine), ["raised timeout in A.collect#1", stuck]);
    assert_eq!((engine.sessions(), engine.poll_timeout()), (0, None));
}

#[test]
fn a_session_is_given_up_when_nothing_happens_for_as_long_as_it_says() {
    let open = |idle| {
        let asks = half(0, vec![op(Op::Produce, 0, 0, 0), op(Op::Send, 0, 0, 0), END], vec![]);
        let (mut engine, cast) = deployed(asks, receiver());
        let mut opening = Opening::new(0, cast);
        opening.idle_timeout = idle;
        engine.handle(NOW, Input::Open(opening));
        engine
    };
    for no_limit in [None, Some(Duration(0))] {
        let engine = open(no_limit);
        assert_eq!((engine.sessions(), engine.poll_timeout()), (1, None));
    }
    let mut engine = open(Some(Duration(1_000)));
    assert_eq!(engine.poll_timeout(), Some(Instant(1_000)));
    engine.handle(Instant(1_000), Input::Tick);
    assert_eq!(told(&mut engine), ["E0517 nothing has happened for 1000ns"]);
}

#[test]
fn time_limits_that_are_due_at_once_are_seen_to_a_bounded_number_at_a_time() {
    let asks = half(0, vec![op(Op::Produce, 0, 0, 0), op(Op::Send, 0, 0, 0), END], vec![]);
    let (mut engine, cast) = deployed(asks, receiver());
    for request in 0..limits::TIMERS_PER_HANDLE as u64 + 3 {
        let mut opening = Opening::new(request, cast);
        opening.idle_timeout = Some(Duration(1_000));
        engine.handle(NOW, Input::Open(opening));
    }
    let late = Instant(5_000);
    engine.handle(late, Input::Tick);
    assert_eq!(engine.sessions(), 3);
    assert!(engine.poll_timeout().unwrap() <= late);
    engine.handle(late, Input::Tick);
    assert_eq!((engine.sessions(), engine.poll_timeout()), (0, None));
}
