//! The journal: facts in grow-only sets, one set per context and namespace.
//!
//! `name` is what contexts, namespaces, keys and devices are called; `fact` one fact and its id; `canon` the bytes
//! that the id is the hash of; `set` the facts of one context and namespace, which merge by union, and `shelf` how they stand in
//! memory; `store` all sets of one device, read one context at a time; `keep` what a snapshot keeps of them.
//! Invariants: a fact never leaves its context; nothing is taken away but what newer facts have made void; equal sets give equal answers in equal order,
//! whatever way the facts came.
//! Is not: durable, and not a judge of who may say what: facts are taken from whom the caller trusts.

pub(crate) mod canon;
mod fact;
mod keep;
mod name;
mod set;
mod shelf;
mod store;
#[cfg(test)]
pub(crate) mod tests;

pub use fact::{Epoch, Fact, FactId, Heading, Place};
pub use name::{Context, Device, Key, Misnomer, Name, Namespace};
pub use set::{Purpose, Refusal, Set};
pub use store::{Journal, SetId, View};
