//! How a handler does, for people and for the control interface.
//!
//! Is not: what was asked or answered; no payload comes here.

use std::sync::Arc;

/// How one handler does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Status {
    /// Its name in the bindings.
    pub name: Arc<str>,
    /// Its kind, as bindings write it: `process`.
    pub kind: &'static str,
    /// Whether it can be asked.
    pub state: State,
    /// Services that are connected and offer it; for other kinds 1 where it is there, else 0.
    pub instances: usize,
    /// Calls that have room: somebody is asked, or they wait for the handler to come back.
    pub in_flight: usize,
    /// Calls that wait for room, or for the next try.
    pub waiting: usize,
    /// Calls since the host has begun.
    pub calls: u64,
    /// Calls of these that have failed.
    pub failures: u64,
    /// How often its process was started again.
    pub restarts: u64,
    /// Answers that came too late or twice; of services, those of the ones that are connected.
    pub strays: u64,
    /// Messages that were no answers; of services, those of the ones that are connected.
    pub garbage: u64,
    /// What went wrong last, one line, in words of ours.
    pub last_trouble: Option<String>,
}

/// Whether a handler can be asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// It can.
    Ready,
    /// Its process is being started for the first time.
    Starting,
    /// Nobody is there: calls wait.
    Away,
    /// It has failed so often that it is left alone: calls fail at once.
    Broken,
}

impl State {
    /// As one word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Starting => "starting",
            Self::Away => "away",
            Self::Broken => "broken",
        }
    }
}

/// Whether an operation is offered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Offer {
    /// Whoever is there says so.
    Offered,
    /// Whoever is there has said what it offers, and this is not in it.
    NotOffered,
    /// Nobody has said.
    Unknown,
    /// There is no handler of this name.
    NoHandler,
}

impl Offer {
    /// What somebody who has declared `operations`, or none, offers.
    pub(super) fn of<'a>(declared: Option<impl IntoIterator<Item = &'a String>>, operation: &str) -> Self {
        let Some(declared) = declared else { return Self::Unknown };
        if declared.into_iter().any(|one| one == operation) { Self::Offered } else { Self::NotOffered }
    }
}
