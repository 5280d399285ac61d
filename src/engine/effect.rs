//! What an engine wants of the world.
//!
//! Is not: an event. An effect must be carried out, each once and in order.

use crate::base::id::RoleId;
use crate::diag::source::Span;
use crate::effect::call::{Call, CallId, SessionId};

/// One effect.
#[derive(Clone, PartialEq, Debug)]
pub enum Effect {
    /// Ask somebody; the answer comes back as `Input::Answer`.
    Call(Call),
    /// The answer of this call is no longer wanted.
    Withdraw(CallId),
    /// A session has begun.
    Opened {
        /// The number of the opening.
        request: u64,
        /// The session.
        session: SessionId,
    },
    /// A session could not begin.
    Refused {
        /// The number of the opening.
        request: u64,
        /// Why.
        trouble: Trouble,
    },
    /// A session is over.
    Closed {
        /// The session.
        session: SessionId,
        /// How it ended.
        outcome: Outcome,
    },
}

/// How a session ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Every role has come to its end, or was released by the end of the others.
    Completed,
    /// It has failed.
    Aborted(Trouble),
}

/// A failure of the world, or of what came from it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trouble {
    /// Its code: `E05xx`.
    pub code: &'static str,
    /// At which role, if at one.
    pub role: Option<RoleId>,
    /// Where in the protocol, if at one place.
    pub place: Option<Span>,
    /// What happened, one line, without payloads.
    pub reason: String,
}
