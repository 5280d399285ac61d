//! Every test that needs more than one layer, or the command itself.
#![expect(
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests read files, and fail by panicking"
)]

mod api;
mod bites;
mod bound;
mod breaking;
mod chain;
mod cli;
mod command;
mod corpus;
mod crowd;
mod desk;
mod effects;
mod engine;
mod examples;
mod explore;
mod guards;
mod handlers;
mod hostile;
mod kills;
mod library;
mod limits;
mod load;
mod logs;
mod made;
mod mutants;
mod pages;
mod proof;
mod readme;
mod reduction;
mod reload;
mod room;
mod scenarios;
mod scopes;
mod tidy;
mod tokens;
mod upgrade;
mod validate;
mod verbs;
#[expect(dead_code, reason = "unit tests of `local` use the rest of it")]
mod worlds;
