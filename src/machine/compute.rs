//! Instructions that only compute: from slots to a slot.
//!
//! Operands are in range and were written (the verifier); what kind of value they hold is known only here, because
//! payloads may be `Any`. Of what nobody knows (`Value::Opaque`) the outcome is unknown: each operation fails on it,
//! as it does on a value of a wrong kind, and only then is looked whether that is why.
//! Is not: typed evaluation; a value of the wrong kind is trouble for the session, with a code.

use std::sync::Arc;

use crate::base::value::Value;
use crate::bytecode::instr::Instr;
use crate::bytecode::op::Op;
use crate::bytecode::program::Program;
use crate::machine::arith;
use crate::machine::order;
use crate::machine::record;
use crate::machine::text;
use crate::machine::trouble::Trouble;
use crate::machine::unknown;

/// The slots of one role, and its tables.
pub(super) struct Frame<'a> {
    pub(super) program: &'a Program,
    pub(super) slots: &'a mut [Value],
}

/// One instruction.
#[inline]
pub(super) fn compute(instr: Instr, frame: Frame<'_>) -> Result<(), Trouble> {
    let Frame { program, slots } = frame;
    match evaluate(instr, program, slots) {
        Ok(()) => Ok(()),
        Err(trouble) => unknown::spread(instr, slots, trouble),
    }
}

#[expect(clippy::indexing_slicing, reason = "the verifier has proved every index of a linked program")]
fn evaluate(instr: Instr, program: &Program, slots: &mut [Value]) -> Result<(), Trouble> {
    let (a, b, c) = (usize::from(instr.a), usize::from(instr.b), usize::from(instr.c));
    let value = match instr.op {
        Op::Const => program.constants[instr.wide() as usize].clone(),
        Op::Copy => slots[b].clone(),
        Op::Move => empty(&mut slots[b]),
        Op::Count => count(&slots[b])?,
        Op::Add => arith::add(&slots[b], &slots[c])?,
        Op::Subtract => arith::subtract(&slots[b], &slots[c])?,
        Op::Multiply => arith::multiply(&slots[b], &slots[c])?,
        Op::Divide => arith::divide(&slots[b], &slots[c])?,
        Op::Remainder => arith::remainder(&slots[b], &slots[c])?,
        Op::Power => arith::power(&slots[b], &slots[c])?,
        Op::Negate => arith::negate(&slots[b])?,
        Op::Not => Value::Bool(!truth(&slots[b])?),
        Op::Equal => Value::Bool(order::equal(&slots[b], &slots[c]).ok_or(unknown::UNKNOWN)?),
        Op::Unequal => Value::Bool(!order::equal(&slots[b], &slots[c]).ok_or(unknown::UNKNOWN)?),
        Op::Less => Value::Bool(order::compare(&slots[b], &slots[c])?.is_lt()),
        Op::LessEqual => Value::Bool(order::compare(&slots[b], &slots[c])?.is_le()),
        Op::In => Value::Bool(order::holds(&slots[c], &slots[b])?),
        Op::Text => {
            let joined = text::join(&slots[b..b + c])?;
            taken(&mut slots[b..b + c]).for_each(drop);
            joined
        }
        Op::List => record::list(taken(&mut slots[b..b + c]).collect())?,
        Op::Record => {
            let shape = &program.shapes[c];
            record::record(shape, taken(&mut slots[b..b + shape.len()]))?
        }
        Op::Merge => record::merge(&slots[b], &slots[c])?,
        Op::Variant => record::variant(name(program, c)?.clone(), &slots[b])?,
        Op::Field => record::field(&slots[b], name(program, c)?)?,
        Op::Index => record::index(&slots[b], &slots[c])?,
        Op::Is => Value::Bool(record::is(&slots[b], name(program, c)?)?),
        Op::FieldsOf => record::fields_of(&slots[b])?,
        Op::From => record::from(&slots[b], i64::from(instr.c))?,
        Op::Append => {
            let item = slots[b].clone();
            return record::append(&mut slots[a], item);
        }
        Op::Sum | Op::Min | Op::Max | Op::Len | Op::First | Op::Last => fold(instr.op, &slots[b])?,
        _ => return Ok(()),
    };
    slots[a] = value;
    Ok(())
}

/// The instructions that skip: one more turn, or one more item. Whether there is one.
#[expect(clippy::indexing_slicing, reason = "the verifier has proved every index of a linked program")]
pub(super) fn advance(instr: Instr, slots: &mut [Value]) -> Result<bool, Trouble> {
    let (a, b, c) = (usize::from(instr.a), usize::from(instr.b), usize::from(instr.c));
    if instr.op == Op::Turn {
        let (turn, turns) = (whole(&slots[a])?, whole(&slots[b])?);
        if turn < turns {
            slots[a] = Value::Int(turn + 1);
        }
        return Ok(turn < turns);
    }
    let index = whole(&slots[c])?;
    let item = match &slots[b] {
        Value::List(items) => usize::try_from(index).ok().and_then(|at| items.get(at)).cloned(),
        other => return Err(kind("a list", other)),
    };
    let Some(item) = item else { return Ok(false) };
    slots[c] = Value::Int(index.saturating_add(1));
    slots[a] = item;
    Ok(true)
}

/// Whether a conditional jump is taken.
pub(super) fn jumps(instr: Instr, value: &Value) -> Result<bool, Trouble> {
    match instr.op {
        Op::JumpIf => truth(value),
        Op::JumpUnless => truth(value).map(|truth| !truth),
        _ => match value {
            Value::None => Ok(false),
            Value::Opaque(id) if !unknown::is_some(*id) => Err(unknown::UNKNOWN),
            _ => Ok(true),
        },
    }
}

/// A value of another kind than the operation needs.
#[cold]
pub(super) fn kind(wanted: &'static str, found: &Value) -> Trouble {
    Trouble::Kind { wanted, found: found.kind() }
}

fn truth(value: &Value) -> Result<bool, Trouble> {
    match value {
        Value::Bool(truth) => Ok(*truth),
        other => Err(kind("a truth value", other)),
    }
}

fn whole(value: &Value) -> Result<i64, Trouble> {
    match value {
        Value::Int(whole) => Ok(*whole),
        other => Err(kind("a whole number", other)),
    }
}

fn count(value: &Value) -> Result<Value, Trouble> {
    match whole(value)? {
        turns if turns < 0 => Err(Trouble::OutOfRange("a loop cannot have a negative number of turns")),
        turns => Ok(Value::Int(turns)),
    }
}

fn fold(op: Op, value: &Value) -> Result<Value, Trouble> {
    if op == Op::Len {
        return length(value).map(Value::Int);
    }
    let Value::List(items) = value else { return Err(kind("a list", value)) };
    match op {
        Op::Sum => arith::sum(items),
        Op::Min => order::extreme(items, std::cmp::Ordering::Less),
        Op::Max => order::extreme(items, std::cmp::Ordering::Greater),
        Op::First => Ok(items.first().cloned().unwrap_or(Value::None)),
        _ => Ok(items.last().cloned().unwrap_or(Value::None)),
    }
}

/// The values of slots that hold nothing afterwards.
fn taken(slots: &mut [Value]) -> impl Iterator<Item = Value> {
    slots.iter_mut().map(empty)
}

fn empty(slot: &mut Value) -> Value {
    std::mem::replace(slot, Value::None)
}

/// A constant that the verifier knows to be a text.
fn name(program: &Program, at: usize) -> Result<&Arc<str>, Trouble> {
    match program.constants.get(at) {
        Some(Value::Text(name)) => Ok(name),
        other => Err(kind("a text", other.unwrap_or(&Value::None))),
    }
}

/// How many items, characters, bytes or fields there are.
fn length(value: &Value) -> Result<i64, Trouble> {
    let length = match value {
        Value::List(items) => items.len(),
        Value::Text(text) => text.chars().count(),
        Value::Bytes(bytes) => bytes.len(),
        Value::Record(fields) => fields.len(),
        other => return Err(kind("a list, a text, bytes or a map", other)),
    };
    Ok(length as i64)
}
