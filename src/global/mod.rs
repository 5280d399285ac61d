//! The resolved protocol: names, types, knowledge; families and calls expanded; and its automaton.
//!
//! `protocol` holds the result, `expr` its expressions, `graph` the automaton that projection works on.
//! Is not: a judge of whether roles can follow the protocol; that is `local`.

pub mod expr;
pub mod graph;
pub mod protocol;
