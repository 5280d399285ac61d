//! An instruction: an opcode and three small operands, eight bytes.
//!
//! An operand that needs more room is `wide`: it takes the place of `b` and `c`.
//! Is not: meaning. What an operand is, the table in `op` says.

use crate::bytecode::op::Op;

/// An instruction.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Instr {
    /// What to do.
    pub op: Op,
    /// The first operand.
    pub a: u16,
    /// The second operand, or the low half of the wide one.
    pub b: u16,
    /// The third operand, or the high half of the wide one.
    pub c: u16,
}

impl Instr {
    /// An instruction with three operands; those it does not have are 0.
    #[must_use]
    pub const fn new(op: Op, a: u16, b: u16, c: u16) -> Self {
        Self { op, a, b, c }
    }

    /// An instruction with a small and a wide operand.
    #[must_use]
    pub const fn with_wide(op: Op, a: u16, wide: u32) -> Self {
        Self { op, a, b: wide as u16, c: (wide >> 16) as u16 }
    }

    /// The wide operand.
    #[must_use]
    pub const fn wide(self) -> u32 {
        self.b as u32 | (self.c as u32) << 16
    }
}
