//! The programs that are measured: compiled from their text, or put together by hand where one instruction matters.

use std::sync::Arc;

use laban::base::id::{LaneId, RoleId};
use laban::base::ty::Type;
use laban::base::value::Value;
use laban::bytecode::instr::Instr;
use laban::bytecode::op::Op;
use laban::bytecode::program::{Case, Channel, Kind, Message, Program, Receive, Role};
use laban::config::bindings;
use laban::config::guards::{Grants, read};
use laban::diag::code::Code;
use laban::diag::source::SourceId;
use laban::guard::{Policy, Table};
use laban::local::Amend;
use laban::machine::Cast;
use laban::pipeline::{Front, Options, Root, Unread};

/// A role of two, with one message each way; what it receives goes to slot 1 and on to `to`.
fn role(role: u16, code: Vec<Instr>, to: u32) -> Program {
    let message = |name: &str| Message { name: name.into(), kind: Kind::Data, ty: Type::Any };
    let channel = Channel { peer: RoleId(1 - role), lane: LaneId::TRUNK, capacity: 1 };
    let case = Case { channel: 0, message: 1 - role, slot: Some(1), to };
    Program {
        protocol: "PingPong".into(),
        role,
        roles: ["A", "B"].map(|name| Role { name: name.into(), member: None }).to_vec(),
        code,
        constants: vec![Value::Int(0), Value::Int(1), Value::text("n")],
        messages: vec![message("Ping"), message("Pong")],
        outgoing: vec![channel],
        incoming: vec![channel],
        receives: vec![Receive { cases: vec![case], may_end: false }],
        shapes: vec![vec![Arc::from("n")]],
        slots: 4,
        threads: 1,
        ..Program::default()
    }
}

fn cast(a: (Vec<Instr>, u32), b: (Vec<Instr>, u32)) -> Arc<Cast> {
    match Cast::link(vec![role(0, a.0, a.1), role(1, b.0, b.1)]) {
        Ok(cast) => Arc::new(cast),
        Err(rejection) => {
            println!("a program of the bench is refused: {rejection}");
            std::process::exit(1);
        }
    }
}

const fn op(op: Op, a: u16, b: u16, c: u16) -> Instr {
    Instr::new(op, a, b, c)
}

/// A counts and sends the number; B sends it back one higher; for ever.
pub(crate) fn ping_pong() -> Arc<Cast> {
    let a = vec![Instr::with_wide(Op::Const, 1, 0), op(Op::SendTake, 0, 0, 1), op(Op::Receive, 0, 0, 0)];
    let b = vec![
        Instr::with_wide(Op::Const, 2, 1),
        op(Op::Receive, 0, 0, 0),
        op(Op::Add, 3, 1, 2),
        op(Op::SendTake, 0, 1, 3),
        Instr::with_wide(Op::Jump, 0, 1),
    ];
    cast((a, 1), (b, 2))
}

/// What the facts of [`guarded`] say.
#[derive(Clone, Copy)]
pub(crate) enum Said {
    /// Always the same.
    Words,
    /// A field of the message.
    Field,
}

impl Said {
    pub(crate) const ALL: [Self; 2] = [Self::Words, Self::Field];
}

/// What each message of the ping-pong needs and costs, where its profile says everything that one can say.
pub(crate) fn guarded(cast: &Cast, said: Said) -> Table {
    let entry = |message: &str| {
        let data = match said {
            Said::Words => "by: bench".to_owned(),
            Said::Field => format!("n: \"{{{message}.n}}\""),
        };
        format!(
            "  {message}:\n    capabilities: [execute:choreography_send, bench:play]\n    flow_cost: 3\n    \
             leakage: {{ external: 0, neighbor: 1, in_group: 2 }}\n    \
             facts: [{{ fact: bench/played, data: {{ {data} }} }}]\n"
        )
    };
    let profile = format!(
        "protocol: PingPong\nmessages:\n{}{}budgets: [{{ limit: 1000000000, epoch: 1h }}]\n\
         leakage_limits: {{ external: 0, neighbor: 1000000000, in_group: 1000000000 }}\n",
        entry("Ping"),
        entry("Pong"),
    );
    let granted = "protocol: PingPong\nroles: { A: { capabilities: [execute:choreography_send, \"bench:play\"] }, \
                   B: { capabilities: [execute:choreography_send, \"bench:play\"] } }\n";
    let (Some(profile), Some(bindings)) =
        (read(SourceId(0), &profile, None).0, bindings::read(SourceId(0), granted, None).0)
    else {
        println!("the profile of the bench is refused");
        std::process::exit(1);
    };
    let grants = Grants::fresh().with(&bindings.roles);
    match Table::new(cast.programs(), &Policy { profile, grants, ..Policy::fresh() }) {
        Ok(table) => table,
        Err(_) => std::process::exit(1),
    }
}

/// The same with records `{ n }`, as messages with a field have them.
pub(crate) fn ping_pong_of_records() -> Arc<Cast> {
    let a = vec![
        Instr::with_wide(Op::Const, 3, 1),
        Instr::with_wide(Op::Const, 2, 0),
        op(Op::Record, 0, 2, 0),
        op(Op::SendTake, 0, 0, 0),
        op(Op::Receive, 0, 0, 0),
        op(Op::Field, 2, 1, 2),
        op(Op::Add, 2, 2, 3),
        Instr::with_wide(Op::Jump, 0, 2),
    ];
    let b = vec![
        op(Op::Receive, 0, 0, 0),
        op(Op::Field, 2, 1, 2),
        op(Op::Record, 0, 2, 0),
        op(Op::SendTake, 0, 1, 0),
        Instr::with_wide(Op::Jump, 0, 0),
    ];
    cast((a, 5), (b, 1))
}

/// The programs of a choreography, by the whole way from its text.
fn compiled(text: &str) -> Arc<Cast> {
    let root = Root { name: "bench.choreo".into(), text: Ok(text.into()) };
    let front = Front::read(vec![root], &mut |path| Err(Unread::new(Code::E0053, path)));
    let options = Options { sizes: Default::default(), amend: Amend::Auto };
    let built = front.choreographies.first().map(|which| front.build(which, &options));
    let programs = built.map(|built| built.programs).unwrap_or_default();
    match Cast::link(programs) {
        Ok(cast) => Arc::new(cast),
        Err(rejection) => {
            println!("a choreography of the bench is refused: {rejection}");
            std::process::exit(1);
        }
    }
}

/// A is ready, B gives a number; for ever. What the peers compiled from session types do.
pub(crate) fn ready_value() -> Arc<Cast> {
    compiled(
        "message Ready {} message Value { n: Int }
        choreography Stream { roles A, B loop { A -> B: Ready  B -> A: Value with { n: 7 } } }",
    )
}

/// A asks, B answers, both are done.
pub(crate) fn request_response() -> Arc<Cast> {
    compiled(
        "message Ask { n: Int } message Reply { n: Int }
        choreography Once { roles A, B A -> B: Ask with { n: 7 } B -> A: Reply with { n: Ask.n } }",
    )
}

/// The same, but A's participant makes the request: until it has, the session is parked.
pub(crate) fn parked() -> Arc<Cast> {
    compiled(
        "message Ask { n: Int } message Reply { n: Int }
        choreography Asked { roles A, B A -> B: Ask B -> A: Reply with { n: Ask.n } }",
    )
}
