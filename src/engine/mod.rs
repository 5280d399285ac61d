//! Sessions, scheduler, timers: a deterministic state machine that takes inputs and gives effects and events.
//!
//! `core` is the engine, `input` and `effect` are its two sides, `event` is what happened, `schedule` who
//! runs next, `denial` what follows a denied message, `speaker` what roles say to the journal,
//! `standing` is where a session waits, `kept` what is asked of an engine that was kept, `live` a session between inputs, `table` where sessions and calls are kept.
//! Is not: a driver. It has no clock, file, socket, thread or randomness; same inputs, same outputs.

mod answers;
mod core;
mod denial;
pub mod effect;
pub mod event;
pub mod input;
mod kept;
mod live;
mod opening;
mod schedule;
mod speaker;
pub mod standing;
mod table;
mod timers;

#[cfg(test)]
mod tests;

pub use self::core::Engine;
