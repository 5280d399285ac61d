//! The guard chain: an intent to send becomes a cleared effect, or a denial.
//!
//! Nothing leaves unguarded, by type: the engine delivers and hands out only what a [`Cleared`] names, and only this
//! module can make one. The chain of today allows what no rule of a scenario denies; `budget` stands beside it.
//! Is not: an actor. It looks at what it is given and answers.

pub mod budget;
mod chain;
mod intent;

#[cfg(test)]
mod tests;

pub use chain::{Chain, Cleared, Denied, Rule};
pub use intent::Intent;
