//! What a node keeps: versions of protocols, sessions by number, calls under way, as a function of what was logged.
//!
//! Entries (`entry`) go in with the time at which they were taken; orders and news (`order`) come out, which may leave
//! once their entry is durable. `state` applies entries, `version` is the life of versions, `session` what is known of a
//! session, `asked` who answers a call: a built-in effect or a stand-in here, at once, or a handler outside, `agenda` what is
//! due later;
//! `snapshot` is the state as it is kept instead of the entries that led to it.
//! Invariant: the same entries give the same state and the same orders, byte for byte, on any machine.
//! Is not: a process. It has no clock, file, thread, socket or randomness; `host` does.

mod agenda;
mod asked;
mod deploy;
pub mod entry;
pub mod order;
pub mod session;
mod snapshot;
mod state;
#[cfg(test)]
pub(crate) mod tests;
pub mod version;

pub use self::deploy::{Linked, Prepared, Waste};
pub use self::snapshot::FORMAT;
pub use self::state::Node;
