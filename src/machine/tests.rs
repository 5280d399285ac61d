//! The machine: the operations on values, and what a session does with them.

use std::sync::Arc;

use rust_decimal::Decimal;

use crate::base::id::{LaneId, RoleId};
use crate::base::limits;
use crate::base::time::Duration;
use crate::base::value::Value;
use crate::bytecode::instr::Instr;
use crate::bytecode::op::Op;
use crate::bytecode::program::{Member, Program, Role, Scope, ScopeKind};
use crate::bytecode::sample::{END, half, op, wide};
use crate::machine::mailbox::Mailbox;
use crate::machine::{AgentId, Cast, Session, Stop};

/// Runs code that finds `given` in its first slots; what is in slot 9 afterwards, or what went wrong.
fn run(given: &[Value], shapes: &[&[&str]], code: &[Instr]) -> Result<Value, String> {
    let mut all: Vec<Instr> = (0..given.len()).map(|at| wide(Op::Const, at as u16, at as u32)).collect();
    all.extend_from_slice(code);
    all.push(END);
    let mut constants = given.to_vec();
    constants.resize(20, Value::None);
    constants.push(Value::text("n"));
    let program = Program {
        protocol: "Alone".into(),
        roles: vec![Role { name: "A".into(), member: None }],
        code: all,
        constants,
        shapes: shapes.iter().map(|names| names.iter().map(|name| Arc::from(*name)).collect()).collect(),
        slots: 10,
        threads: 1,
        ..Program::default()
    };
    let cast = Cast::link(vec![program]).map_err(|rejection| rejection.to_string())?;
    let mut session = Session::new(&cast);
    match session.run(&cast, AgentId(0), &mut 1_000_000, &mut ()) {
        Stop::Finished => Ok(session.slots[9].clone()),
        Stop::Fails(trouble) => Err(format!("{} {trouble}", trouble.code())),
        other => Err(format!("{other:?}")),
    }
}

/// The constant `"n"` of [`run`].
const N: u16 = 20;

fn check(given: &[Value], instr: Instr, expected: &Value) {
    assert_eq!(run(given, &[&["n"]], &[instr]).as_ref(), Ok(expected), "{instr:?} of {given:?}");
}

fn fails(given: &[Value], instr: Instr, expected: &str) {
    assert_eq!(run(given, &[&["n"]], &[instr]), Err(expected.to_owned()), "{instr:?} of {given:?}");
}

fn int(whole: i64) -> Value {
    Value::Int(whole)
}

fn decimal(text: &str) -> Value {
    Value::Decimal(text.parse::<Decimal>().unwrap())
}

fn span(ms: u64) -> Value {
    Value::Duration(Duration(ms * 1_000_000))
}

fn list(items: &[Value]) -> Value {
    Value::List(Arc::new(items.to_vec()))
}

fn record(fields: &[(&str, Value)]) -> Value {
    Value::record(fields.iter().map(|(name, value)| (Arc::from(*name), value.clone())))
}

#[test]
fn arithmetic() {
    let float = Value::Float;
    let text = Value::text;
    for (operation, a, b, expected) in [
        (Op::Add, int(2), int(3), int(5)),
        (Op::Add, int(2), decimal("0.5"), decimal("2.5")),
        (Op::Add, int(2), float(0.5), float(2.5)),
        (Op::Add, decimal("0.5"), float(0.5), float(1.0)),
        (Op::Add, text("a"), text("b"), text("ab")),
        (Op::Add, list(&[int(1)]), list(&[int(2)]), list(&[int(1), int(2)])),
        (Op::Add, span(2), span(3), span(5)),
        (Op::Add, int(1_000), span(5), int(1_005)),
        (Op::Subtract, int(2), int(3), int(-1)),
        (Op::Subtract, span(3), span(2), span(1)),
        (Op::Subtract, int(1_000), span(5), int(995)),
        (Op::Multiply, int(4), int(3), int(12)),
        (Op::Multiply, span(2), int(3), span(6)),
        (Op::Divide, int(7), int(2), int(3)),
        (Op::Divide, int(-7), int(2), int(-3)),
        (Op::Divide, decimal("7"), int(2), decimal("3.5")),
        (Op::Divide, span(7), int(2), Value::Duration(Duration(3_500_000))),
        (Op::Divide, span(7), span(2), int(3)),
        (Op::Remainder, int(-7), int(2), int(-1)),
        (Op::Power, int(2), int(10), int(1_024)),
        (Op::Power, int(2), int(-1), float(0.5)),
        (Op::Power, int(-1), int(i64::MAX), int(-1)),
        (Op::Power, decimal("1.5"), int(2), decimal("2.25")),
    ] {
        check(&[a, b], op(operation, 9, 0, 1), &expected);
    }
    check(&[int(5)], op(Op::Negate, 9, 0, 0), &int(-5));
    check(&[Value::Bool(true)], op(Op::Not, 9, 0, 0), &Value::Bool(false));
}

#[test]
fn arithmetic_that_fails_says_so() {
    let large = "E0501 the number is too large";
    for (operation, a, b, expected) in [
        (Op::Add, int(i64::MAX), int(1), large),
        (Op::Subtract, int(i64::MIN), int(1), large),
        (Op::Multiply, int(i64::MAX), int(2), large),
        (Op::Divide, int(i64::MIN), int(-1), large),
        (Op::Power, int(2), int(63), large),
        (Op::Power, int(10), int(i64::MAX), large),
        (Op::Power, decimal("10"), int(29), large),
        (Op::Divide, int(1), int(0), "E0501 a number is divided by zero"),
        (Op::Remainder, int(1), int(0), "E0501 a number is divided by zero"),
        (Op::Divide, Value::Float(1.0), int(0), "E0501 a number is divided by zero"),
        (Op::Multiply, Value::Float(f64::MAX), int(2), "E0501 the result is not a finite number"),
        (Op::Subtract, span(1), span(2), "E0501 a span of time cannot be negative"),
        (Op::Add, int(1), Value::text("a"), "E0502 a number is needed, and this is String"),
    ] {
        fails(&[a, b], op(operation, 9, 0, 1), expected);
    }
    fails(&[int(i64::MIN)], op(Op::Negate, 9, 0, 0), large);
    fails(&[int(1)], op(Op::Not, 9, 0, 0), "E0502 a truth value is needed, and this is Int");
    fails(&[int(-1)], op(Op::Count, 9, 0, 0), "E0501 a loop cannot have a negative number of turns");
}

#[test]
fn comparison_and_membership() {
    let yes = Value::Bool(true);
    for (operation, a, b) in [
        (Op::Equal, int(1), decimal("1.0")),
        (Op::Equal, list(&[int(1)]), list(&[int(1)])),
        (Op::Unequal, int(1), Value::text("1")),
        (Op::Less, int(1), Value::Float(1.5)),
        (Op::Less, Value::text("a"), Value::text("b")),
        (Op::LessEqual, span(1), span(1)),
        (Op::In, int(1), list(&[int(0), int(1)])),
        (Op::In, Value::text("a"), record(&[("a", int(1))])),
        (Op::In, Value::text("b"), Value::text("abc")),
    ] {
        check(&[a, b], op(operation, 9, 0, 1), &yes);
    }
    let kinds = "E0502 something to compare with is needed, and this is String";
    fails(&[int(1), Value::text("a")], op(Op::Less, 9, 0, 1), kinds);
}

#[test]
fn lists_records_variants_and_texts() {
    let n = record(&[("n", int(1))]);
    let variant = Value::Variant(Arc::new(("n".into(), vec![("n".into(), int(1))])));
    let empty = list(&[]);
    let items = list(&[int(2), int(1), int(3)]);
    check(&[int(1), int(2)], op(Op::List, 9, 0, 2), &list(&[int(1), int(2)]));
    check(&[int(1)], op(Op::Record, 9, 0, 0), &n);
    check(
        &[n.clone(), record(&[("m", int(0)), ("n", int(2))])],
        op(Op::Merge, 9, 0, 1),
        &record(&[("m", int(0)), ("n", int(2))]),
    );
    check(std::slice::from_ref(&n), op(Op::Field, 9, 0, N), &int(1));
    check(std::slice::from_ref(&n), op(Op::Variant, 9, 0, N), &variant);
    check(std::slice::from_ref(&variant), op(Op::Is, 9, 0, N), &Value::Bool(true));
    check(std::slice::from_ref(&variant), op(Op::FieldsOf, 9, 0, 0), &n);
    check(std::slice::from_ref(&n), op(Op::From, 9, 0, 3), &record(&[("from", int(3)), ("n", int(1))]));
    check(&[int(5)], op(Op::From, 9, 0, 3), &record(&[("from", int(3)), ("value", int(5))]));
    check(&[items.clone(), int(1)], op(Op::Index, 9, 0, 1), &int(1));
    check(&[n.clone(), Value::text("n")], op(Op::Index, 9, 0, 1), &int(1));
    for (fold, expected) in [
        (Op::Sum, int(6)),
        (Op::Min, int(1)),
        (Op::Max, int(3)),
        (Op::Len, int(3)),
        (Op::First, int(2)),
        (Op::Last, int(3)),
    ] {
        check(std::slice::from_ref(&items), op(fold, 9, 0, 0), &expected);
    }
    check(std::slice::from_ref(&empty), op(Op::Sum, 9, 0, 0), &int(0));
    check(std::slice::from_ref(&empty), op(Op::Max, 9, 0, 0), &Value::None);
    check(&[Value::text("äb")], op(Op::Len, 9, 0, 0), &int(2));
    check(&[Value::text("n is "), variant], op(Op::Text, 9, 0, 2), &Value::text("n is n { n: 1 }"));
    fails(&[items, int(3)], op(Op::Index, 9, 0, 1), "E0502 there is no such item");
    fails(&[record(&[])], op(Op::Field, 9, 0, N), "E0502 there is no field `n`");
    fails(&[int(1)], op(Op::Field, 9, 0, N), "E0502 a record is needed, and this is Int");
}

#[test]
fn moves_jumps_and_loops() {
    check(&[int(4)], op(Op::Copy, 9, 0, 0), &int(4));
    check(&[int(4)], op(Op::Move, 9, 0, 0), &int(4));
    // for item in [1, 2]: total := total + item
    let given = [list(&[int(1), int(2)]), int(0), int(0)];
    let code = [
        op(Op::Next, 3, 0, 1),
        wide(Op::Jump, 0, 7),
        op(Op::Add, 2, 2, 3),
        wide(Op::Jump, 0, 3),
        op(Op::Move, 9, 2, 0),
    ];
    assert_eq!(run(&given, &[], &code), Ok(int(3)));
    // three turns
    let code = [
        op(Op::Count, 3, 0, 0),
        op(Op::Turn, 1, 3, 0),
        wide(Op::Jump, 0, 8),
        op(Op::Append, 2, 1, 0),
        wide(Op::Jump, 0, 4),
        op(Op::Move, 9, 2, 0),
    ];
    assert_eq!(run(&[int(3), int(0), list(&[])], &[], &code), Ok(list(&[int(1), int(2), int(3)])));
    for (jump, given, taken) in [
        (Op::JumpIf, Value::Bool(true), true),
        (Op::JumpUnless, Value::Bool(true), false),
        (Op::JumpSome, Value::None, false),
        (Op::JumpSome, int(0), true),
    ] {
        let code = [wide(jump, 0, 6), wide(Op::Const, 9, 1), wide(Op::Jump, 0, 7), wide(Op::Const, 9, 2)];
        assert_eq!(run(&[given, int(0), int(1)], &[], &code), Ok(int(i64::from(taken))), "{jump:?}");
    }
    let spin = [op(Op::Turn, 0, 1, 0), wide(Op::Jump, 0, 5), wide(Op::Jump, 0, 2)];
    assert_eq!(run(&[int(0), int(i64::MAX)], &[], &spin), Err("Spent".to_owned()));
}

#[test]
fn values_stay_within_limits() {
    let long = Value::text(&"x".repeat(limits::TEXT_BYTES_MAX - 1));
    check(&[long.clone(), Value::text("y")], op(Op::Len, 9, 0, 0), &int(limits::TEXT_BYTES_MAX as i64 - 1));
    assert!(run(&[long.clone(), Value::text("y")], &[], &[op(Op::Add, 9, 0, 1)]).is_ok());
    fails(&[long, Value::text("yy")], op(Op::Add, 9, 0, 1), "E0503 a text is longer than the limit");
    // A list of itself, again and again: 2^64 parts, if nobody looked; and as deep, if nobody counted.
    let double: Vec<Instr> = (0..64).flat_map(|_| [op(Op::Copy, 1, 0, 0), op(Op::List, 0, 0, 2)]).collect();
    assert_eq!(run(&[int(0)], &[], &double), Err("E0503 a value has more parts than the limit".to_owned()));
    let nest: Vec<Instr> = (0..limits::NESTING_MAX + 1).map(|_| op(Op::List, 0, 0, 1)).collect();
    assert!(run(&[int(0)], &[], &nest[..limits::NESTING_MAX]).is_ok());
    assert_eq!(run(&[int(0)], &[], &nest), Err("E0503 a value nests deeper than the limit".to_owned()));
}

#[test]
fn a_list_has_a_longest_length() {
    let items = |len| list(&vec![int(1); len]);
    let most = limits::LIST_ITEMS_MAX / 2;
    let joined = |a, b| run(&[items(a), items(b)], &[], &[op(Op::Add, 9, 0, 1), op(Op::Len, 9, 9, 0)]);
    assert_eq!(joined(most, most), Ok(int(limits::LIST_ITEMS_MAX as i64)));
    assert_eq!(joined(most, most + 1), Err("E0503 a list is longer than the limit".to_owned()));
}

#[test]
fn a_mailbox_gives_what_came_first() {
    let mut mailbox = Mailbox::default();
    for label in 1..=4 {
        mailbox.put(label, Value::Int(i64::from(label)));
    }
    assert_eq!(mailbox.len(), 4);
    for label in 1..=4 {
        assert!(mailbox.holds(label));
        assert_eq!(mailbox.take(), Value::Int(i64::from(label)));
    }
    assert!(mailbox.is_empty());
}

#[test]
fn what_nobody_knows_spreads_and_is_the_same_of_the_same() {
    let unknown = |name: &str| crate::machine::unknown::named(name, true);
    let (a, b) = (unknown("a"), unknown("b"));
    let of = |given: &[Value], instr: Instr| run(given, &[&["n"]], &[instr]).unwrap();
    let outcomes = |operation: Op, other: &Value| of(&[a.clone(), other.clone()], op(operation, 9, 0, 1));
    for operation in [Op::Add, Op::Subtract, Op::Divide, Op::Equal, Op::Unequal, Op::Less, Op::Index, Op::In]
    {
        for other in [int(1), b.clone()] {
            let outcome = outcomes(operation, &other);
            assert!(matches!(outcome, Value::Opaque(_)), "{operation:?}: {outcome:?}");
            assert_eq!(outcome, outcomes(operation, &other), "{operation:?}");
            assert_ne!(outcome, a);
        }
    }
    // What is known of it is known: it is itself, it is something, and a list without it lacks it.
    check(&[a.clone(), a.clone()], op(Op::Equal, 9, 0, 1), &Value::Bool(true));
    check(&[a.clone(), Value::None], op(Op::Equal, 9, 0, 1), &Value::Bool(false));
    let pair = |first: i64| list(&[int(first), a.clone()]);
    check(&[pair(1), pair(2)], op(Op::Equal, 9, 0, 1), &Value::Bool(false));
    check(&[int(1), pair(1)], op(Op::In, 9, 0, 1), &Value::Bool(true));
    assert!(matches!(of(&[int(3), pair(1)], op(Op::In, 9, 0, 1)), Value::Opaque(_)));
    assert!(matches!(of(&[pair(1)], op(Op::Text, 9, 0, 1)), Value::Opaque(_)));
    assert!(matches!(of(&[pair(1)], op(Op::Sum, 9, 0, 0)), Value::Opaque(_)));
    check(&[pair(1)], op(Op::Len, 9, 0, 0), &int(2));
    // A mistake that has nothing to do with it stays one.
    fails(&[record(&[("m", a.clone())])], op(Op::Field, 9, 0, N), "E0502 there is no field `n`");
    fails(&[int(1), int(0)], op(Op::Divide, 9, 0, 1), "E0501 a number is divided by zero");
    // Who branches on it has to be told.
    assert_eq!(run(&[a], &[], &[wide(Op::JumpIf, 0, 2)]), Err("Supposes".to_owned()));
}

/// A gathers from B, which sends this.
fn gathered(sent: Value) -> Session {
    let scope = |owns: bool| Scope {
        name: "A.collect#1".into(),
        lane: LaneId(3),
        parent: None,
        owner: RoleId(0),
        kind: ScopeKind::Collect,
        control: (!owns).then_some(3),
        exit: (!owns).then_some(3),
        handlers: Vec::new(),
        members: if owns { vec![Member { channel: 3, message: 0, number: 4 }] } else { Vec::new() },
    };
    let gathering = vec![
        op(Op::Enter, 0, 0, 0),
        wide(Op::Const, 3, 2),
        op(Op::List, 2, 0, 0),
        op(Op::Gather, 0, 1, 3),
        wide(Op::Jump, 0, 7),
        op(Op::Append, 2, 1, 0),
        wide(Op::Jump, 0, 3),
        op(Op::Missing, 0, 0, 3),
        op(Op::Leave, 0, 0, 0),
        END,
    ];
    let mut a = half(0, gathering, Vec::new());
    a.constants.push(Value::List(Arc::new(vec![Value::None])));
    a.scopes = vec![scope(true)];
    let sending = vec![op(Op::Enter, 0, 0, 0), op(Op::SendConst, 3, 0, 2), op(Op::Leave, 0, 0, 0), END];
    let mut b = half(1, sending, Vec::new());
    b.constants.push(sent);
    b.scopes = vec![scope(false)];
    let cast = Cast::link(vec![a, b]).unwrap();
    let mut session = Session::new(&cast);
    assert_eq!(session.run(&cast, AgentId(1), &mut 100, &mut ()), Stop::Offers);
    session.send(&cast, AgentId(1), &mut ());
    assert_eq!(session.run(&cast, AgentId(0), &mut 100, &mut ()), Stop::Finished);
    session
}

#[test]
fn a_member_whose_message_is_too_heavy_is_done_without() {
    let none = Value::List(Arc::new(Vec::new()));
    let session = gathered(int(7));
    let item = Value::record([("from".into(), int(4)), ("value".into(), int(7))]);
    assert_eq!(session.slots[..3], [none.clone(), item.clone(), Value::List(Arc::new(vec![item]))]);
    let heavy = Value::List(Arc::new(vec![int(0); limits::VALUE_PARTS_MAX - 1]));
    let session = gathered(heavy);
    let missing = Value::record([("cause".into(), Value::text("refused")), ("from".into(), int(4))]);
    assert_eq!(session.slots[0], Value::List(Arc::new(vec![missing])));
    assert_eq!(session.slots[2], none);
}
