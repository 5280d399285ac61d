//! The engine: sessions from opening to end.

use std::sync::Arc;

use crate::base::id::{LaneId, RoleId};
use crate::base::limits;
use crate::base::time::Instant;
use crate::base::ty::Type;
use crate::base::value::Value;
use crate::bytecode::instr::Instr;
use crate::bytecode::op::Op;
use crate::bytecode::program::{Case, Channel, Kind, Message, Program, Receive, Role};
use crate::engine::Engine;
use crate::engine::effect::Effect;
use crate::engine::event::What;
use crate::engine::input::{Input, Opening};
use crate::machine::Cast;

/// A role of `A` and `B` that sends `Ping` and `Pong` to each other.
fn program(role: u16, code: Vec<Instr>, to: u32) -> Program {
    let message = |name: &str| Message { name: name.into(), kind: Kind::Data, ty: Type::Any };
    let channel = Channel { peer: RoleId(1 - role), lane: LaneId::TRUNK, capacity: 1 };
    Program {
        protocol: "PingPong".into(),
        role,
        roles: ["A", "B"].map(|name| Role { name: name.into(), member: None }).to_vec(),
        code,
        constants: vec![Value::Int(1)],
        messages: vec![message("Ping"), message("Pong")],
        outgoing: vec![channel],
        incoming: vec![channel],
        receives: vec![Receive {
            cases: vec![Case { channel: 0, message: 1 - role, slot: None, to }],
            may_end: false,
        }],
        threads: 1,
        ..Program::default()
    }
}

fn send(message: u16) -> Instr {
    Instr::new(Op::SendConst, 0, message, 0)
}

fn receive() -> Instr {
    Instr::new(Op::Receive, 0, 0, 0)
}

fn end() -> Instr {
    Instr::new(Op::End, 0, 0, 0)
}

fn engine(programs: [Program; 2]) -> Engine {
    let cast = Cast::link(programs.to_vec()).unwrap();
    let mut engine = Engine::new();
    engine.subscribe(true);
    let cast = engine.deploy(Arc::new(cast)).unwrap();
    engine.handle(Instant(0), Input::Open(Opening::new(7, cast)));
    engine
}

fn told(engine: &mut Engine) -> Vec<String> {
    let line = |what| match what {
        What::Sent { label, .. } => format!("sent {label}"),
        What::Received { label, .. } => format!("received {label}"),
        What::Finished { role } => format!("finished {}", role.0),
        What::Completed => "completed".to_owned(),
        other => format!("{other:?}"),
    };
    std::iter::from_fn(|| engine.poll_event()).map(|event| line(event.what)).collect()
}

#[test]
fn two_roles_exchange_two_messages() {
    let a = program(0, vec![send(0), receive(), end()], 2);
    let b = program(1, vec![receive(), send(1), end()], 1);
    let mut engine = engine([a, b]);
    assert_eq!(
        told(&mut engine),
        ["sent Ping", "received Ping", "sent Pong", "finished 1", "received Pong", "finished 0", "completed"]
    );
    let effects: Vec<_> = std::iter::from_fn(|| engine.poll_effect()).collect();
    assert!(matches!(effects.as_slice(), [Effect::Opened { request: 7, .. }, Effect::Closed { .. }]));
    assert_eq!((engine.sessions(), engine.poll_timeout()), (0, None));
}

#[test]
fn ping_pong_without_end_uses_its_budget_and_asks_for_more() {
    let again = Instr::with_wide(Op::Jump, 0, 0);
    let a = program(0, vec![send(0), receive(), again], 2);
    let b = program(1, vec![receive(), send(1), again], 1);
    let mut engine = engine([a, b]);
    assert_eq!(engine.poll_timeout(), Some(Instant(0)));
    let messages = told(&mut engine).len();
    assert!(messages as u32 > limits::STEPS_PER_HANDLE / 4, "{messages}");
}
