//! Scenarios as they are run: a driver does what the lines of a table say, and what comes of it is held against them.
//!
//! [`Driver`] is the seam: actions are its methods, what comes of them are values with names in them and no numbers of
//! an engine, so that the same table runs wherever there is a driver. `stepper` is the one over an engine of this
//! process and a virtual clock, `manual` the one in which every move is a line, `compare` holds outcomes against a
//! table, `play` runs a scenario and says what differs, `report` writes that down.
//! Is not: the language of tables; `config::scenario` is.

pub mod compare;
mod happening;
pub mod manual;
pub mod play;
pub mod report;
pub mod stepper;
#[cfg(test)]
mod tests;

pub use self::happening::Happening;
pub use self::manual::Manual;
pub use self::play::{About, Played, play};
pub use self::stepper::Stepper;

use std::sync::Arc;

use crate::base::time::Duration;
use crate::base::value::Value;
use crate::config::scenario::{Failure, Motion, Question};

/// Why an action cannot be done, one line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Objection(pub String);

/// Whether an action was done.
pub type Done = Result<(), Objection>;

/// What a question is answered with.
#[derive(Clone, PartialEq, Debug)]
pub enum Given {
    /// A payload or an outcome, of the type that is asked for.
    Value(Value),
    /// A label.
    Label(String),
    /// The message is accepted.
    Accept,
    /// The message is refused.
    Refuse,
    /// It did not work.
    Fail(Failure),
}

/// What a role waits for.
#[derive(Clone, PartialEq, Debug)]
pub enum Wait {
    /// An answer.
    Answer(String, Question),
    /// A message: who waits, which message, and from whom.
    Message(String, String, String),
}

/// One session that is driven from outside. Roles are named one by one, never as families.
///
/// Every action is followed by everything that comes of it by itself, up to the next thing that needs an action or
/// time; then [`Driver::happened`] gives it.
pub trait Driver {
    /// A later action answers this question of this role: it is to stay open until then. Called before `open`, once
    /// for every answer.
    fn reserve(&mut self, role: &str, question: &Question);

    /// Begins the session.
    ///
    /// # Errors
    /// If it is open already. An opening that is refused is something that happens.
    fn open(&mut self, params: &[(Arc<str>, Value)]) -> Done;

    /// Answers what a role is asked, the oldest question of those that fit.
    ///
    /// # Errors
    /// If it is not asked that.
    fn answer(&mut self, role: &str, question: &Question, given: Given) -> Done;

    /// Has messages denied from now on: so many, or all of them.
    ///
    /// # Errors
    /// If there are no such roles.
    fn deny(&mut self, times: Option<u32>, from: &str, to: &str, message: &str) -> Done;

    /// Ends the session from outside.
    ///
    /// # Errors
    /// If it is over.
    fn cancel(&mut self) -> Done;

    /// Takes the device of a role away.
    ///
    /// # Errors
    /// If there is no such role, or it is away.
    fn lose(&mut self, role: &str) -> Done;

    /// Lets time pass.
    ///
    /// # Errors
    /// If this driver has no clock.
    fn tick(&mut self, span: Duration) -> Done;

    /// One move of one thread: `Worker[0]`, `Worker[0]/1`.
    ///
    /// # Errors
    /// If it cannot move, or everything moves by itself here.
    fn step(&mut self, place: &str, motion: &Motion) -> Done;

    /// What has happened since it was last asked, in order.
    fn happened(&mut self) -> Vec<Happening>;

    /// What the roles wait for.
    fn waits(&self) -> Vec<Wait>;
}
