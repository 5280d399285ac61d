//! The verb `run`: one session of a cast, from its opening to its end, in an invented world.
//!
//! In go linked programs, a seed, inputs and a participant for every role; out come the lines of a trace and a
//! [`Report`]. `drive` moves the engine on a virtual clock, `prepare` says what a cast needs before it can run,
//! `receipts` signs what its messages have spent.
//! Invariant: the same setup gives the same lines and the same report.
//! Is not: a reader of files or terminals; a person who plays a role is a `Participant` that `cli` makes.

mod drive;
mod prepare;
mod receipts;
#[cfg(test)]
mod tests;

pub use self::drive::run;
pub use self::prepare::{invent_missing, outside_effects, params, vocabulary};

use std::sync::Arc;

use crate::base::time::{Duration, Instant};
use crate::base::value::Value;
use crate::effect::world::Line;
use crate::engine::effect::Trouble;
use crate::guard::Table;
use crate::machine::cast::Cast;

/// How many steps a run may take, unless somebody says otherwise.
pub const STEPS_MAX_DEFAULT: u64 = 10_000;

/// What is run.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The programs of all roles, verified and linked.
    pub cast: Arc<Cast>,
    /// Names and values of the parameters.
    pub inputs: Vec<(Arc<str>, Value)>,
    /// What decides everything random in the built-in effects.
    pub seed: u64,
    /// After so many messages, decisions and outcomes the run stops.
    pub steps_max: u64,
    /// How long nothing may happen before the session is given up; no limit where none is given.
    pub idle_timeout: Option<Duration>,
    /// What sends need and cost; what a fresh directory says where none is given.
    pub guards: Option<Table>,
    /// Whether the trace shows what was allowed, and at the end what it cost.
    pub charges: bool,
}

impl Setup {
    /// A run without inputs, with seed 0.
    #[must_use]
    pub const fn new(cast: Arc<Cast>) -> Self {
        Self {
            cast,
            inputs: Vec::new(),
            seed: 0,
            steps_max: STEPS_MAX_DEFAULT,
            idle_timeout: None,
            guards: None,
            charges: false,
        }
    }
}

/// How a run ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ending {
    /// The session is complete.
    Completed,
    /// The session has failed, or could not be opened.
    Aborted(Trouble),
    /// The run was stopped after so many steps.
    Stopped(u64),
}

/// What came of a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    /// How it ended.
    pub ending: Ending,
    /// How many messages, decisions and outcomes there were.
    pub steps: u64,
    /// How long it took on the virtual clock.
    pub clock: Instant,
    /// What the roles logged to the console.
    pub lines: Vec<Line>,
}
