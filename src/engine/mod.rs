//! Sessions, scheduler, timers: a deterministic state machine that takes inputs and gives effects and events.
//!
//! Is not: a driver. It has no clock, file, socket, thread or randomness; same inputs, same outputs.

pub mod event;
