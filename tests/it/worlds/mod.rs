//! Invented protocols for tests of every layer.

pub(crate) mod build;
pub(crate) mod generate;
