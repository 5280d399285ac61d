//! A role's execution, and a session of roles: threads, mailboxes, slots; inputs to intents.
//!
//! `cast` links the verified programs of all roles once; `session` is what changes; `run` executes one agent (one
//! thread of one role) until it needs something. The engine and the explorer drive the same thing.
//! Is not: a scheduler, a guard or a judge of programs: what the verifier has proved is not looked at again.

pub mod cast;
