//! The guard chain: an intent to send becomes a cleared effect, or a denial.
//!
//! Nothing leaves unguarded, by type: the engine delivers and hands out only what a [`Cleared`] names, and only this
//! module can make one. The chain of today has one guard, which allows.
//! Is not: an actor. It looks at what it is given and answers.

mod chain;
mod intent;

#[cfg(test)]
mod tests;

pub use chain::{Chain, Cleared, Denied};
pub use intent::Intent;
