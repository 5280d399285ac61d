//! A role's execution, and a session of roles: threads, mailboxes, slots; inputs to intents.
//!
//! `cast` links the verified programs of all roles once; `session` is what changes; `run` executes one agent (one
//! thread of one role) until it needs something; `scope` and `gather` are what may end early; `compute` and the files
//! it uses are the operations on values; `packed` is a session that is kept.
//! The engine and the explorer drive the same thing: whoever drives picks the agent.
//! Is not: a scheduler, a guard or a judge of programs: what the verifier has proved is not looked at again.

mod arith;
pub mod arrival;
mod awaited;
pub mod cast;
mod compute;
#[cfg(test)]
pub(crate) mod drive;
mod gather;
mod link;
mod mailbox;
mod order;
pub mod packed;
mod path;
pub mod question;
mod rebase;
mod record;
mod run;
mod scope;
pub mod session;
mod text;
pub mod trouble;
pub mod unknown;
pub mod world;

#[cfg(test)]
mod tests;

pub use cast::{AgentId, Cast};
pub use run::Stop;
pub use session::Session;
pub use trouble::Trouble;
