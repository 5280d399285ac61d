//! The verifier: what it accepts, the machine runs without looking again.
//!
//! In order: every table is sane (`tables`), every operand is what the opcode's row says (`operands`), control stays
//! inside and threads nest (`threads`), no loop keeps its turn for ever (`pace`), no slot is read unset and no two
//! threads touch what one of them writes (`slots`). Each may rely on those before it.
//! Is not: a type checker; values of the wrong kind are found where they are used.

mod flow;
mod operands;
mod pace;
mod slots;
mod tables;
mod threads;

#[cfg(test)]
mod tests;

pub use flow::successors;
pub(in crate::bytecode) use operands::is_wide;

use crate::bytecode::program::Program;
use crate::bytecode::rejection::Rejection;

/// What was found on the way, for whoever links.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Facts {
    /// The thread that starts each thread; the trunk starts itself.
    pub parents: Vec<u16>,
    /// Who sends on each outgoing channel; none where nobody does.
    pub outgoing: Vec<Option<Place>>,
    /// Who receives on each incoming channel.
    pub incoming: Vec<Option<Place>>,
    /// The thread that enters each scope.
    pub scopes: Vec<u16>,
    /// The scope in which each thread is started.
    pub within: Vec<Option<u16>>,
}

/// Where a channel is used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// The thread.
    pub thread: u16,
    /// The innermost scope.
    pub within: Option<u16>,
}

/// Judges a program.
///
/// # Errors
/// The first rule that it breaks.
pub fn verify(program: &Program) -> Result<Facts, Rejection> {
    tables::check(program)?;
    operands::check(program)?;
    let threads = threads::check(program)?;
    pace::check(program, &threads)?;
    slots::check(program, &threads)?;
    Ok(threads.facts)
}
