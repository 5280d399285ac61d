//! Why a program is refused, as a value.
//!
//! Is not: a diagnostic; a program that was decoded has no source to point into.

use std::fmt;

use crate::diag::code::Code;

/// Why a program, or a cast of programs, is refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rejection {
    /// Which rule: `E03xx`.
    pub code: Code,
    /// The instruction, if it is one.
    pub at: Option<u32>,
    /// What is wrong, one line.
    pub reason: String,
}

impl Rejection {
    /// A refusal of the program as a whole.
    #[must_use]
    pub fn new(code: Code, reason: impl Into<String>) -> Self {
        Self { code, at: None, reason: reason.into() }
    }

    /// Programs that do not belong together.
    #[must_use]
    pub fn stray(reason: impl Into<String>) -> Self {
        Self::new(Code::E0308, reason)
    }

    /// The refusal, at instruction `at`.
    #[must_use]
    pub fn at(mut self, at: u32) -> Self {
        self.at = Some(at);
        self
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.name(), self.reason)?;
        self.at.map_or(Ok(()), |at| write!(f, " (instruction {at})"))
    }
}
