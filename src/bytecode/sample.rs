//! Programs for tests, put together by hand.

use std::sync::Arc;

use crate::base::cause::Cause;
use crate::base::id::{LaneId, RoleId};
use crate::base::time::Duration;
use crate::base::ty::Type;
use crate::base::value::Value;
use crate::bytecode::instr::Instr;
use crate::bytecode::op::Op;
use crate::bytecode::program::{
    Branch, Case, Channel, Decision, Handler, Kind, Member, Message, Operation, Param, Program, Receive,
    Repetition, Role, Scope, ScopeKind,
};

/// An instruction with three operands.
pub(crate) const fn op(op: Op, a: u16, b: u16, c: u16) -> Instr {
    Instr::new(op, a, b, c)
}

/// An instruction with a wide operand.
pub(crate) const fn wide(op: Op, a: u16, wide: u32) -> Instr {
    Instr::with_wide(op, a, wide)
}

/// The end of a role.
pub(crate) const END: Instr = op(Op::End, 0, 0, 0);

/// A role of `A` and `B` with the messages `M0` and `M1` and the selection `c.yes`, one channel each way on the trunk
/// and on lanes 1 to 3.
pub(crate) fn half(role: u16, code: Vec<Instr>, receives: Vec<Receive>) -> Program {
    let message = |name: &str, kind| Message { name: name.into(), kind, ty: Type::Any };
    let channel = |lane| Channel { peer: RoleId(1 - role), lane: LaneId(lane), capacity: 1 };
    Program {
        protocol: "Halves".into(),
        role,
        roles: ["A", "B"].map(|name| Role { name: name.into(), member: None }).to_vec(),
        code,
        constants: vec![Value::Int(1), Value::text("cause")],
        messages: vec![
            message("M0", Kind::Data),
            message("M1", Kind::Data),
            message("c.yes", Kind::Selection),
        ],
        outgoing: (0..4).map(channel).collect(),
        incoming: (0..4).map(channel).collect(),
        receives,
        slots: 4,
        threads: 1,
        ..Program::default()
    }
}

/// A place of waiting: channel, message, slot, target of each case.
pub(crate) fn wait(cases: &[(u16, u16, Option<u16>, u32)]) -> Receive {
    let case = |(channel, message, slot, to): &(u16, u16, Option<u16>, u32)| Case {
        channel: *channel,
        message: *message,
        slot: *slot,
        to: *to,
    };
    Receive { cases: cases.iter().map(case).collect(), may_end: false }
}

/// Two halves of which A uses every opcode that there is, in an order that the verifier accepts.
#[expect(clippy::too_many_lines, reason = "one program that has everything: a list")]
pub(crate) fn every_op() -> [Program; 2] {
    let mut code = vec![
        wide(Op::Const, 0, 0),
        op(Op::Copy, 1, 0, 0),
        op(Op::Move, 2, 1, 0),
        op(Op::Count, 1, 2, 0),
        wide(Op::Const, 3, 2),
        op(Op::Turn, 3, 1, 0),
        wide(Op::Jump, 0, 8),
        wide(Op::Jump, 0, 5),
    ];
    for binary in [Op::Add, Op::Subtract, Op::Multiply, Op::Divide, Op::Remainder, Op::Power] {
        code.push(op(binary, 4, 0, 1));
    }
    for test in [Op::Equal, Op::Unequal, Op::Less, Op::LessEqual] {
        code.push(op(test, 5, 0, 1));
    }
    code.extend([
        op(Op::Not, 5, 5, 0),
        op(Op::Negate, 4, 4, 0),
        wide(Op::JumpIf, 5, 23),
        wide(Op::JumpUnless, 5, 23),
        wide(Op::JumpSome, 4, 23),
        op(Op::List, 6, 0, 2),
        wide(Op::Const, 0, 0),
        op(Op::Append, 6, 0, 0),
        op(Op::In, 5, 0, 6),
        op(Op::Sum, 7, 6, 0),
        op(Op::Min, 7, 6, 0),
        op(Op::Max, 7, 6, 0),
        op(Op::Len, 7, 6, 0),
        op(Op::First, 7, 6, 0),
        op(Op::Last, 7, 6, 0),
        wide(Op::Const, 3, 2),
        op(Op::Index, 7, 6, 3),
        op(Op::Next, 7, 6, 3),
        wide(Op::Jump, 0, 38),
        wide(Op::Jump, 0, 35),
    ]);
    // A jump ahead, so that what stands above can be moved without counting again.
    let here = code.len() as u32;
    patch(&mut code, here);
    code.extend([
        wide(Op::Const, 0, 0),
        op(Op::Record, 8, 0, 0),
        op(Op::Merge, 8, 8, 8),
        op(Op::From, 8, 8, 3),
        op(Op::Field, 7, 8, 1),
        op(Op::Variant, 7, 8, 1),
        op(Op::Is, 5, 7, 1),
        op(Op::FieldsOf, 8, 7, 0),
        wide(Op::Const, 0, 0),
        op(Op::Text, 7, 0, 1),
        op(Op::Produce, 0, 0, 7),
        op(Op::Send, 0, 0, 7),
        op(Op::SendTake, 0, 1, 7),
        op(Op::SendConst, 0, 0, 0),
        op(Op::Select, 0, 2, 0),
        wide(Op::Const, 0, 0),
        op(Op::Perform, 0, 0, 7),
        op(Op::Decided, 0, 1, 0),
        wide(Op::Const, 3, 3),
        op(Op::EnterFor, 0, 3, 0),
        op(Op::Leave, 0, 0, 0),
        op(Op::Enter, 1, 0, 0),
        wide(Op::Const, 3, 4),
        op(Op::Gather, 1, 7, 3),
    ]);
    let heard = code.len() as u32 + 1;
    code.extend([
        wide(Op::Jump, 0, heard),
        op(Op::Pending, 5, 3, 0),
        op(Op::Missing, 1, 7, 3),
        op(Op::Leave, 1, 0, 0),
        wide(Op::Fork, 0, 0),
        op(Op::Receive, 0, 0, 0),
    ]);
    let after = code.len() as u32;
    code.extend([
        wide(Op::Decide, 0, 0),
        END,
        op(Op::NoBranch, 0, 0, 0),
        op(Op::Fail, 1, 0, 0),
        op(Op::FailWith, 1, 7, 0),
        op(Op::Stay, 0, 0, 0),
        op(Op::SendConst, 1, 0, 0),
        op(Op::Join, 0, 0, 0),
    ]);
    let mut a = half(0, code, vec![wait(&[(0, 0, Some(7), after), (0, 1, Some(7), after)])]);
    let second = Value::Duration(Duration(1_000_000_000));
    let unheard = Value::List(Arc::new(vec![Value::None]));
    a.constants = vec![Value::Int(1), Value::text("n"), Value::Int(0), second, unheard];
    a.scopes = scopes(0, after + 2);
    a.branches = vec![vec![after + 1, after + 2, after + 3, after + 4, after + 5]];
    a.decisions = vec![Decision { name: "c".into(), labels: ["v", "w", "x", "y", "z"].map(Arc::from).to_vec() }];
    a.forks = vec![vec![Branch { thread: 1, to: after + 6 }]];
    a.shapes = vec![vec!["n".into()]];
    a.operations = vec![Operation {
        effect: "console".into(),
        name: "log".into(),
        args: vec!["line".into()],
        result: Type::Any,
        repetition: Repetition::Once,
    }];
    a.params = vec![Param { name: "p".into(), ty: Type::INT, default: Some(Value::Int(7)), slot: Some(9) }];
    a.slots = 10;
    a.threads = 2;
    let mut b = half(
        1,
        vec![
            op(Op::Receive, 0, 0, 0),
            op(Op::Receive, 1, 0, 0),
            op(Op::Receive, 2, 0, 0),
            op(Op::Receive, 3, 0, 0),
            op(Op::Enter, 0, 0, 0),
            op(Op::Leave, 0, 0, 0),
            op(Op::Enter, 1, 0, 0),
            op(Op::SendConst, 3, 0, 0),
            op(Op::Leave, 1, 0, 0),
            op(Op::Receive, 4, 0, 0),
            op(Op::SendConst, 0, 1, 0),
            END,
        ],
        vec![
            wait(&[(0, 0, None, 1)]),
            wait(&[(0, 1, None, 2)]),
            wait(&[(0, 0, None, 3)]),
            wait(&[(0, 2, None, 4)]),
            wait(&[(1, 0, None, 10)]),
        ],
    );
    b.scopes = scopes(1, 9);
    b.params = a.params.clone();
    b.params.iter_mut().for_each(|param| param.slot = None);
    [a, b]
}

/// A `try` on lane 2 and a collection on lane 3, owned by `A`; where each role goes on when they are ended.
fn scopes(role: u16, to: u32) -> Vec<Scope> {
    let owns = role == 0;
    let scope = |name: &str, lane, kind, control| Scope {
        name: name.into(),
        lane: LaneId(lane),
        parent: None,
        owner: RoleId(0),
        kind,
        control: (!owns).then_some(control),
        exit: (!owns).then_some(to),
        handlers: Vec::new(),
        members: Vec::new(),
    };
    let mut tried = scope("A.try#1", 2, ScopeKind::Try, 0);
    for cause in [Cause::Timeout, Cause::Denied, Cause::Refused, Cause::Cancelled, Cause::failed("n")] {
        tried.handlers.push(Handler { cause, to: owns.then_some(to), slot: None });
    }
    tried.handlers.push(Handler {
        cause: Cause::Failed(None),
        to: owns.then_some(to),
        slot: owns.then_some(7),
    });
    let mut gathered = scope("A.collect#1", 3, ScopeKind::Collect, 3);
    if owns {
        gathered.members = vec![Member { channel: 3, message: 0, number: 4 }];
    }
    vec![tried, gathered]
}

/// Sends the jumps that leave the loops of [`every_op`] to the instruction after each loop.
fn patch(code: &mut [Instr], here: u32) {
    let last = code.len() - 2;
    code[last] = wide(Op::Jump, 0, here);
    code[last + 1] = wide(Op::Jump, 0, last as u32 - 1);
    for at in 0..last {
        if matches!(code[at].op, Op::JumpIf | Op::JumpUnless | Op::JumpSome) {
            let next = code[at..].iter().position(|instr| instr.op == Op::List).unwrap() + at;
            code[at] = wide(code[at].op, code[at].a, next as u32);
        }
    }
}
