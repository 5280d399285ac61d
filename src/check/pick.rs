//! Moves: what agents do and what may happen to them, small enough to be kept for each state.
//!
//! Is not: made here; `turn` says which can be made in a state, and makes them.

use crate::machine::AgentId;

/// What may happen to a session from outside, besides answers. Only what some scope takes is followed: anything else
/// ends the session, which everybody is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Free {
    /// The time of a scope is up, at any moment.
    pub timeouts: bool,
    /// Participants and effects fail.
    pub failures: bool,
    /// Messages are denied by a guard, and refused by who observes them.
    pub denials: bool,
    /// The session is cancelled, once.
    pub cancellations: bool,
}

impl Free {
    /// Everything may happen.
    pub const ALL: Self = Self { timeouts: true, failures: true, denials: true, cancellations: true };
    /// Nothing does.
    pub const NONE: Self = Self { timeouts: false, failures: false, denials: false, cancellations: false };
}

/// A move, small enough to be kept for each state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Pick {
    pub(super) agent: AgentId,
    pub(super) choice: Choice,
}

/// Who moves where no agent does.
pub(super) const NOBODY: AgentId = AgentId(u32::MAX);

impl Pick {
    /// Whether it happens for no reason of the protocol's, and need not happen.
    pub(super) const fn is_bad_luck(&self) -> bool {
        matches!(self.choice, Choice::Deny | Choice::Fail | Choice::Refuse | Choice::Cancel)
    }

    /// The number of the opening, of the first move of a run.
    pub(super) const fn opening(&self) -> usize {
        match self.choice {
            Choice::Open(which) => which as usize,
            _ => 0,
        }
    }
}

/// What an agent does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Choice {
    /// The session is opened, with so-manieth of the values that its parameters may have.
    Open(u32),
    /// It goes on computing.
    Go,
    /// It takes what is first in this mailbox.
    Take(u32),
    /// What it offers is sent.
    Send,
    /// It is given so-manieth of the answers to its question.
    Answer(u32),
    /// What it branches on is supposed to be so-manieth of what it may be.
    Suppose(u32),
    /// What it offers is denied.
    Deny,
    /// Its question fails.
    Fail,
    /// What it is shown is refused.
    Refuse,
    /// The time of this scope is up.
    Expire(u16),
    /// The session is cancelled.
    Cancel,
}

/// The moves of one agent.
pub(super) struct Picks {
    pub(super) picks: Vec<Pick>,
    /// Whether they are all that has to be looked at: whatever others do before does not change them, and they do not
    /// change what others can do but to add to it.
    pub(super) alone: bool,
}
