//! What every layer stands on: ids, values and their types, named limits, time as data, seeded randomness.
//!
//! Is not: anything that knows of protocols, and nothing here reads a clock or a file.

pub mod accept;
pub mod builtin;
pub mod cause;
pub mod fit;
pub mod id;
pub mod json;
pub mod limits;
pub mod random;
#[cfg(test)]
pub(crate) mod tests;
pub mod time;
pub mod ty;
pub mod value;
pub mod weight;
