//! Traces: what happened in a session, line by line, as JSON for programs or as a diagram for people.
//!
//! In go the events of one session in order; out come lines without line ends. `json` is described by
//! `schemas/trace.schema.json`; `diagram` draws roles as columns, `list` writes one message a line where there are
//! too many of them.
//! Invariant: the same events give the same lines.
//! Is not: a printer, nor a judge of what happened.

pub mod diagram;
pub mod json;
pub mod list;
mod replayed;
mod stage;
#[cfg(test)]
mod tests;
pub mod text;

pub use self::replayed::draw;
pub use self::stage::Stage;

use std::sync::Arc;

use crate::engine::event::What;
use crate::guard::receipt::{Refusal, Signed};

/// Takes lines, one at a time.
pub type Out<'a> = &'a mut dyn FnMut(&str);

/// Writes one session down.
pub trait Trace {
    /// What comes before the first event.
    fn begin(&mut self, _out: Out<'_>) {}

    /// One thing that happened.
    fn event(&mut self, what: &What, out: Out<'_>);

    /// A line that a role has logged to the console.
    fn logged(&mut self, _role: &Arc<str>, _line: &str, _out: Out<'_>) {}

    /// A receipt that was made, and what its receiver thinks of it.
    fn receipt(&mut self, _signed: &Signed, _verdict: Result<(), Refusal>, _out: Out<'_>) {}

    /// The run was stopped before the session was over.
    fn stopped(&mut self, reason: &str, out: Out<'_>);
}

/// Writes nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Trace for Silent {
    fn event(&mut self, _what: &What, _out: Out<'_>) {}

    fn stopped(&mut self, _reason: &str, _out: Out<'_>) {}
}

/// The trace for people: a diagram where the columns of the roles are few enough, a list where they are not.
#[must_use]
pub fn for_people(stage: Stage, width: usize) -> Box<dyn Trace> {
    if stage.roles.len() > diagram::ROLES_MAX {
        Box::new(list::List::new(stage, width))
    } else {
        Box::new(diagram::Diagram::new(stage, width))
    }
}
