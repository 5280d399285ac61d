//! The resolved protocol: names, types, knowledge; families and calls expanded; and its automaton.
//!
//! `declare` reads what all files declare, once; `resolve` turns one choreography and the sizes of its families into
//! a `protocol`, whose expressions are in `expr`; `graph` is the automaton that projection works on; `dump` shows a
//! protocol as text.
//! Is not: a judge of whether roles can follow the protocol; that is `local`.

mod builtin;
mod declare;
pub mod dump;
pub mod expr;
pub(crate) mod fit;
pub mod graph;
pub mod protocol;
mod resolve;
mod spell;

#[cfg(test)]
mod tests;

pub use crate::global::declare::{ChoreographyRef, Declarations, Module, declare};
pub use crate::global::resolve::{Sizes, resolve};
