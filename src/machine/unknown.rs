//! Values that nobody knows: how they spread through expressions, where they stop an agent, and what they turn out to
//! be.
//!
//! Whoever explores every run gives them as answers. An operation on one gives another one, and the same operation on
//! the same ones always the same: so two roles that compute the same from the same cannot differ. What an agent
//! branches on is supposed to be this or that, everywhere at once (`Session::suppose`).
//! Invariant: nothing here runs in production; every entry is a cold path of an operation that has failed.
//! Is not: a solver. Two unknown values may be supposed to be what cannot be together.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::base::id::RoleId;
use crate::base::value::{Field, Value};
use crate::bytecode::instr::Instr;
use crate::bytecode::op::{Op, Operand};
use crate::machine::cast::{AgentId, Cast};
use crate::machine::mailbox::Mailbox;
use crate::machine::session::{Session, State};
use crate::machine::trouble::Trouble;

/// What an operation says that cannot know its outcome.
pub(super) const UNKNOWN: Trouble = Trouble::Kind { wanted: "something known", found: "unknown" };

/// The bits of a number that say more than which value it is: whether it is known not to be none; whether it stands
/// for any value, and not for the same one each time; how many operations it is away from what was given.
const SOME: u64 = 1;
const ANONYMOUS: u64 = 2;
const DEPTH: u64 = 4;
const DEPTHS: u64 = 7 * DEPTH;
const LAYOUT: u64 = SOME | ANONYMOUS | DEPTHS;

/// What an agent branches on and nobody knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Supposition {
    /// True or false.
    Truth,
    /// None or something.
    Presence,
    /// How many turns a loop has.
    Turns,
    /// How many items a list has.
    Items,
}

impl Session {
    /// What an agent branches on that nobody knows, and what is asked of it; none unless it waits to be told.
    #[must_use]
    pub fn supposition(&self, cast: &Cast, agent: AgentId) -> Option<(u64, Supposition)> {
        let (thread, part) = self.place(cast, agent)?;
        if thread.state != State::Supposing {
            return None;
        }
        let (slot, asked) = asked(*part.program.code.get(thread.at as usize)?)?;
        match self.slots.get(part.first_slot + usize::from(slot))? {
            Value::Opaque(id) => Some((*id, asked)),
            _ => None,
        }
    }

    /// Lets what an agent branches on be this, wherever in the session it is; the agent is ready to go on.
    pub fn suppose(&mut self, cast: &Cast, agent: AgentId, value: &Value) {
        let Some((id, _)) = self.supposition(cast, agent) else { return };
        let place = self.place(cast, agent).and_then(|(thread, part)| {
            let (slot, _) = asked(*part.program.code.get(thread.at as usize)?)?;
            Some(part.first_slot + usize::from(slot))
        });
        if is_anonymous(id) {
            // Whatever else has this number may be another value.
            if let Some(slot) = place.and_then(|place| self.slots.get_mut(place)) {
                *slot = value.clone();
            }
        } else {
            let values = self.slots.iter_mut();
            values
                .chain(self.mailboxes.iter_mut().flat_map(Mailbox::payloads))
                .for_each(|at| put(at, id, value));
        }
        // Others may have waited for the same.
        for thread in self.threads.iter_mut().filter(|thread| thread.state == State::Supposing) {
            thread.state = State::Ready;
        }
    }

    /// Forgets what is in slots: `is_wide` says of a role's slot and what it holds whether to.
    pub fn forget(&mut self, cast: &Cast, is_wide: impl Fn(RoleId, usize, &Value) -> bool) {
        for (role, part) in cast.parts.iter().enumerate() {
            let end = part.first_slot + usize::from(part.program.slots);
            let Some(slots) = self.slots.get_mut(part.first_slot..end) else { continue };
            for (at, slot) in slots.iter_mut().enumerate() {
                if is_wide(RoleId::at(role), at, slot) {
                    *slot = Value::Opaque(ANONYMOUS | SOME);
                }
            }
        }
    }

    /// Whether this very value is anywhere in the session.
    #[must_use]
    pub fn holds(&self, wanted: &Value) -> bool {
        let values = self.slots.iter();
        values.chain(self.mailboxes.iter().flat_map(Mailbox::carried)).any(|value| holds(value, wanted))
    }
}

fn holds(value: &Value, wanted: &Value) -> bool {
    match value {
        Value::Opaque(_) => value == wanted,
        Value::List(items) => items.iter().any(|item| holds(item, wanted)),
        Value::Record(fields) => fields.iter().any(|(_, field)| holds(field, wanted)),
        Value::Variant(of) => of.1.iter().any(|(_, field)| holds(field, wanted)),
        _ => false,
    }
}

/// The unknown value that stands for this and no other; `some` if it is known not to be none.
#[must_use]
pub fn named(what: impl Hash, some: bool) -> Value {
    let mut hasher = Fold(0x6f70_6171_7565_0001);
    what.hash(&mut hasher);
    Value::Opaque(hasher.finish() & !LAYOUT | u64::from(some))
}

/// The same value, known not to be none.
#[must_use]
pub const fn present(id: u64) -> Value {
    Value::Opaque(id | SOME)
}

/// A list of so many unknown items, as the unknown list `id` may turn out to be.
#[must_use]
pub fn listed(id: u64, items: usize) -> Value {
    Value::List(Arc::new((0..items).map(|at| named((id, at), true)).collect()))
}

/// Whether an unknown value is known not to be none.
pub(super) const fn is_some(id: u64) -> bool {
    id & SOME == SOME
}

/// Whether equal numbers say nothing.
const fn is_anonymous(id: u64) -> bool {
    id & ANONYMOUS == ANONYMOUS
}

/// How many operations lie between the value and what was given.
fn depth(value: &Value) -> u64 {
    match value {
        Value::Opaque(id) => (id & DEPTHS) / DEPTH,
        Value::List(items) => items.iter().map(depth).max().unwrap_or(0),
        Value::Record(fields) => fields.iter().map(|(_, value)| depth(value)).max().unwrap_or(0),
        Value::Variant(variant) => variant.1.iter().map(|(_, value)| depth(value)).max().unwrap_or(0),
        _ => 0,
    }
}

/// Whether anything in the value is unknown.
#[must_use]
pub fn within(value: &Value) -> bool {
    match value {
        Value::Opaque(_) => true,
        Value::List(items) => items.iter().any(within),
        Value::Record(fields) => fields.iter().any(|(_, value)| within(value)),
        Value::Variant(variant) => variant.1.iter().any(|(_, value)| within(value)),
        _ => false,
    }
}

/// Whether two values that are no numbers are equal; none where nobody knows.
pub(super) fn same(a: &Value, b: &Value) -> Option<bool> {
    match (a, b) {
        (Value::Opaque(a), Value::Opaque(b)) if a == b && !is_anonymous(*a) => Some(true),
        (Value::Opaque(id), Value::None) | (Value::None, Value::Opaque(id)) if is_some(*id) => Some(false),
        (Value::Opaque(_), _) | (_, Value::Opaque(_)) => None,
        (Value::List(a), Value::List(b)) if a.len() == b.len() => {
            all(a.iter().zip(b.iter()).map(|(a, b)| same(a, b)))
        }
        (Value::Record(a), Value::Record(b)) => same_fields(a, b),
        (Value::Variant(a), Value::Variant(b)) if a.0 == b.0 => same_fields(&a.1, &b.1),
        _ => Some(a == b),
    }
}

fn same_fields(a: &[Field], b: &[Field]) -> Option<bool> {
    if a.len() != b.len() {
        return Some(false);
    }
    all(a.iter().zip(b).map(|(a, b)| if a.0 == b.0 { same(&a.1, &b.1) } else { Some(false) }))
}

/// Whether all hold; one that does not decides, whatever is unknown.
fn all(parts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut whole = Some(true);
    for part in parts {
        match part {
            Some(true) => {}
            Some(false) => return Some(false),
            None => whole = None,
        }
    }
    whole
}

/// The outcome of an operation that has failed: unknown, if it failed on what nobody knows.
#[cold]
pub(super) fn spread(instr: Instr, slots: &mut [Value], trouble: Trouble) -> Result<(), Trouble> {
    if !matches!(trouble, Trouble::Kind { .. }) {
        return Err(trouble);
    }
    let [_, b, c] = instr.op.operands();
    let last = match (b, c) {
        (Operand::Run, Operand::Count) => instr.c,
        _ => 1,
    };
    let first = usize::from(instr.b);
    let mut operands: Vec<&Value> = slots.iter().skip(first).take(usize::from(last)).collect();
    operands.extend((c == Operand::Get).then(|| slots.get(usize::from(instr.c))).flatten());
    if matches!(instr.op, Op::Append) {
        operands.extend(slots.get(usize::from(instr.a)));
    }
    // Of most operations only what they look at can be why; of these, whatever is inside.
    let deep = matches!(
        instr.op,
        Op::Equal | Op::Unequal | Op::In | Op::Text | Op::Sum | Op::Min | Op::Max | Op::Less | Op::LessEqual
    );
    let blamed = |value: &&Value| matches!(value, Value::Opaque(_)) || deep && within(value);
    if !operands.iter().any(blamed) {
        return Err(trouble);
    }
    let outcome = match (instr.op, operands.first()) {
        // The number of turns is the number itself, so that every role that counts counts the same.
        (Op::Count, Some(value)) => (*value).clone(),
        _ => outcome(instr.op, &operands),
    };
    if let Some(slot) = slots.get_mut(usize::from(instr.a)) {
        *slot = outcome;
    }
    Ok(())
}

/// What an operation gives: the same of the same. Far away from what was given, it is any value: else a program that
/// counts would come to a new value with every turn.
fn outcome(op: Op, operands: &[&Value]) -> Value {
    let some = if certain(op) { SOME } else { 0 };
    let depth = operands.iter().map(|value| depth(value)).max().unwrap_or(0) + 1;
    let anonymous = |value: &&&Value| matches!(value, Value::Opaque(id) if is_anonymous(*id));
    if depth * DEPTH > DEPTHS || operands.iter().any(|value| anonymous(&value)) {
        return Value::Opaque(ANONYMOUS | some);
    }
    match named((op, operands), some == SOME) {
        Value::Opaque(id) => Value::Opaque(id | (depth * DEPTH)),
        other => other,
    }
}

/// Whether an operation never gives none.
const fn certain(op: Op) -> bool {
    !matches!(op, Op::Field | Op::Index | Op::Min | Op::Max | Op::First | Op::Last)
}

/// What an agent branches on, by the instruction it stands at: the slot, and what is asked of it.
const fn asked(instr: Instr) -> Option<(u16, Supposition)> {
    match instr.op {
        Op::JumpIf | Op::JumpUnless => Some((instr.a, Supposition::Truth)),
        Op::JumpSome => Some((instr.a, Supposition::Presence)),
        Op::Turn => Some((instr.b, Supposition::Turns)),
        Op::Next => Some((instr.b, Supposition::Items)),
        _ => None,
    }
}

/// Whether the instruction has failed because it branches on what nobody knows.
#[cold]
pub(super) fn stops(instr: Instr, slots: &[Value]) -> bool {
    asked(instr).is_some_and(|(slot, _)| matches!(slots.get(usize::from(slot)), Some(Value::Opaque(_))))
}

/// Lets an unknown value be this one, wherever in `value` it is.
fn put(value: &mut Value, id: u64, by: &Value) {
    match value {
        Value::Opaque(have) if *have == id => *value = by.clone(),
        _ if !within(value) => {}
        Value::List(items) => Arc::make_mut(items).iter_mut().for_each(|item| put(item, id, by)),
        Value::Record(fields) => Arc::make_mut(fields).iter_mut().for_each(|(_, field)| put(field, id, by)),
        Value::Variant(of) => Arc::make_mut(of).1.iter_mut().for_each(|(_, field)| put(field, id, by)),
        _ => {}
    }
}

/// FNV-1a: numbers that are the same in every process.
struct Fold(u64);

impl Hasher for Fold {
    fn finish(&self) -> u64 {
        let mixed = (self.0 ^ self.0 >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed ^ mixed >> 29
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}
