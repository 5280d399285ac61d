//! What grows without end is forgotten at some point, so that a protocol that counts its turns has finitely many states.
//!
//! A number beyond all that the programs write, and a list longer than any family could fill, become unknown: what was
//! decided by it is then decided both ways. Counters of loops stay: the loop ends by them.
//! Is not: exact. A flaw that needs a number that large and no other may be shown although it cannot be.

use crate::base::id::RoleId;
use crate::base::value::Value;
use crate::bytecode::op::Op;
use crate::bytecode::program::Program;
use crate::machine::Cast;

/// Numbers beyond the largest one that is written which are still told apart.
const NUMBERS: i64 = 16;
/// Numbers larger than this do not count as written: they are limits of something else.
const WRITTEN_MAX: i64 = 1_000;

/// What is too much to be told apart.
#[derive(Debug, Default)]
pub(super) struct Wide {
    number_max: i64,
    items_max: usize,
    /// Slots that loops count in, by role.
    counters: Vec<Vec<bool>>,
}

impl Wide {
    pub(super) fn new(cast: &Cast) -> Self {
        let constants = cast.programs().flat_map(|program| &program.constants);
        let written = constants.filter_map(|value| match value {
            Value::Int(number) => number.checked_abs().filter(|number| *number <= WRITTEN_MAX),
            _ => None,
        });
        Self {
            number_max: written.max().unwrap_or(0) + NUMBERS,
            items_max: cast.roles() + NUMBERS as usize,
            counters: cast.programs().map(counters).collect(),
        }
    }

    pub(super) fn is_wide(&self, role: RoleId, slot: usize, value: &Value) -> bool {
        let wide = match value {
            Value::Int(number) => *number > self.number_max || *number < -self.number_max,
            Value::List(items) => items.len() > self.items_max,
            _ => false,
        };
        wide && self.counters.get(role.index()).and_then(|slots| slots.get(slot)) != Some(&true)
    }
}

fn counters(program: &Program) -> Vec<bool> {
    let mut counters = vec![false; usize::from(program.slots)];
    for instr in &program.code {
        let slots = match instr.op {
            Op::Turn => [instr.a, instr.b],
            Op::Next => [instr.b, instr.c],
            Op::Count => [instr.a, instr.b],
            Op::Gather => [instr.c, instr.c],
            _ => continue,
        };
        for slot in slots {
            if let Some(counter) = counters.get_mut(usize::from(slot)) {
                *counter = true;
            }
        }
    }
    counters
}
