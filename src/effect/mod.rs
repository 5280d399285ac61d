//! Handlers as data: what is asked, what is answered, pure built-ins, stand-in participants.
//!
//! `call` is what the engine asks and takes; `world` answers built-in effects, `facts` those of the journal;
//! `participant` is who answers for a role, `scripted` from a script, `generated` from a seed; `retry` is the rule by
//! which a call is made again.
//! Is not: connected to anything. `host` connects real handlers; here everything is a value or a pure function.

pub mod call;
pub mod facts;
pub mod generated;
pub mod participant;
pub mod payload;
pub mod retry;
pub mod scripted;
#[cfg(test)]
mod tests;
pub mod world;
