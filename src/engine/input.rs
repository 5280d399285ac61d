//! Everything that can change the state of an engine.
//!
//! Is not: trusted. What an input carries is checked when it is handled, and refused with a code.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::id::RoleId;
use crate::base::time::Duration;
use crate::base::value::Value;
use crate::effect::call::{Answer, CallId, SessionId};

/// A cast that was deployed to an engine: see [`Engine::deploy`](super::Engine::deploy).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct CastId(pub u32);

/// One input.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Input {
    /// Begins a session; `Effect::Opened` or `Effect::Refused` replies.
    Open(Opening),
    /// What came back from a call. A call that is not waited for is ignored.
    Answer {
        /// Which call.
        call: CallId,
        /// What came back.
        answer: Answer,
    },
    /// Has the engine's own journal answer a call of the built-in effect `journal`. Another call stays as it is.
    Consult(CallId),
    /// Ends a session from outside.
    Cancel(SessionId),
    /// The device of a role is gone: it does nothing any more, and what is sent to it is not read.
    Lose {
        /// In which session.
        session: SessionId,
        /// Which role.
        role: RoleId,
    },
    /// Time has passed, or work was left over.
    Tick,
}

/// How a session begins.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Opening {
    /// A number that the caller chose; the reply carries it.
    pub request: u64,
    /// The programs.
    pub cast: CastId,
    /// Names and values of the parameters, in any order; one that is missing takes its default.
    pub params: Vec<(Arc<str>, Value)>,
    /// The roles whose participants see what they receive and may refuse it.
    pub observers: Vec<RoleId>,
    /// How long nothing may happen in the session before it is given up; no limit where none is given, or 0.
    pub idle_timeout: Option<Duration>,
}

impl Opening {
    /// An opening without parameters and observers.
    #[must_use]
    pub const fn new(request: u64, cast: CastId) -> Self {
        Self { request, cast, params: Vec::new(), observers: Vec::new(), idle_timeout: None }
    }
}
