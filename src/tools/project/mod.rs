//! The verb `project`: one role's automaton for people and programs.
//!
//! `view` numbers the states and finds names for everything; `text`, `dot` and `json` write a view down, `expr` writes
//! resolved expressions. In go a protocol and an automaton of it; out comes a text.
//! Invariant: states are numbered from the entry in the order in which they are met, so equal automata look equal.
//! Is not: projection itself (`local`).

pub mod dot;
pub mod expr;
pub mod json;
#[cfg(test)]
mod tests;
pub mod text;
pub mod view;

use crate::diag::source::Sources;
use crate::global::protocol::Protocol;
use crate::local::automaton::Automaton;

/// How an automaton is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// A table of states for people.
    Text,
    /// A graph for Graphviz.
    Dot,
    /// JSON, described by `schemas/local.schema.json`.
    Json,
}

/// One role's automaton in a format, with a line end.
#[must_use]
pub fn project(protocol: &Protocol, automaton: &Automaton, sources: &Sources, format: Format) -> String {
    let local = view::Local::new(protocol, automaton, sources);
    match format {
        Format::Text => text::write(&local),
        Format::Dot => dot::write(&local),
        Format::Json => json::write(&local),
    }
}
