//! One automaton per role: projection, coherence, liveness, bounds, amendment.
//!
//! `project` goes from a resolved protocol to a `Projection`, or to the diagnostics that say why there is none.
//! Is not: code. `compile` turns automata into programs.

pub mod automaton;
pub mod projection;
