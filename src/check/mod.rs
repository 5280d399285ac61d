//! Explores every run of the machines: the same sessions, the same programs as in production.
//!
//! `turn` says what may happen next in a state and makes it happen; `search` follows it, leaving out orders that show
//! nothing new; `graph` reads off what holds of all runs; `replay` and `redo` make runs again, as `moves`. `payload`,
//! `widen` keep states finite, `print` and `frontier` keep them small. `explore` is the plain exploration, without any of that: the
//! yardstick, and the proof that runs are exactly the global ones.
//! Is not: a second semantics; there is none.

pub mod explore;
mod frontier;
pub mod graph;
pub mod moves;
mod payload;
mod print;
pub mod redo;
pub mod replay;
pub mod search;
pub mod turn;
pub mod watch;
mod widen;

#[cfg(test)]
mod tests;

pub use explore::{Bounds, Explored, Flaw, Memory, explore};
