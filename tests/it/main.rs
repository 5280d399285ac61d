//! Every test that needs more than one layer, or the command itself.
#![expect(
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests read files, and fail by panicking"
)]

mod cli;
mod command;
mod corpus;
mod examples;
mod library;
mod limits;
mod mutants;
mod pages;
mod proof;
mod tidy;
mod verbs;
mod worlds;
