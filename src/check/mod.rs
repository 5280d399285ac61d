//! Explores every run of the machines: the same sessions, the same programs as in production.
//!
//! `explore` goes through every order in which agents can run and every answer that an oracle allows.
//! Is not: a second semantics (there is none), nor the verb `validate`, which does not exist yet.

pub mod explore;
pub mod graph;
pub mod moves;
mod payload;
mod print;
pub mod redo;
pub mod replay;
pub mod search;
pub mod turn;
mod widen;

pub use explore::{Bounds, Explored, Flaw, Memory, explore};
