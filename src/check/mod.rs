//! Explores every run of the machines: the same sessions, the same programs as in production.
//!
//! `turn` says what may happen next in a state (a `pick`) and makes it happen; `search` follows it, leaving out orders
//! that show nothing new, into what is `found`; `graph` reads off what holds of all runs; `replay` and `redo` make runs
//! again, as `moves`; `upgrade` explores sessions of two versions. `payload`, `widen` keep states finite, `print` and `frontier` keep them small. The yardstick is the
//! plain exploration of `tests/it/explore.rs`, without any of that.
//! Is not: a second semantics; there is none.

mod found;
mod frontier;
pub mod graph;
pub mod moves;
mod opening;
mod payload;
mod pick;
mod print;
pub mod redo;
pub mod replay;
pub mod room;
pub mod search;
pub mod turn;
pub mod upgrade;
pub mod watch;
mod widen;

#[cfg(test)]
mod tests;
