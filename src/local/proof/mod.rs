//! Proofs by test: projection is sound and complete on small protocols, explored without end conditions.

#[path = "../../../tests/it/worlds/mod.rs"]
mod worlds;

mod cases;
mod compose;
mod explore;
mod small;
