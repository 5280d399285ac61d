//! What the engine asks of the world, and the answers it takes.
//!
//! Is not: how a handler is found or retried.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::builtin;
use crate::base::id::RoleId;
use crate::base::ty::Type;
use crate::base::value::Value;
use crate::bytecode::program::Repetition;

/// A session of one engine: a place in its slab and the generation of that place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct SessionId {
    /// The place.
    pub slot: u32,
    /// How often the place was used before.
    pub generation: u32,
}

/// One call of one engine, never used again; also its idempotency key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct CallId(pub u64);

/// Something asked on behalf of one role.
#[derive(Clone, PartialEq, Debug)]
pub struct Call {
    /// Which call.
    pub id: CallId,
    /// For which session.
    pub session: SessionId,
    /// For which role.
    pub role: RoleId,
    /// The role's name: `Guardian[1]`.
    pub role_name: Arc<str>,
    /// What is asked.
    pub ask: Ask,
}

/// What is asked.
#[derive(Clone, PartialEq, Debug)]
pub enum Ask {
    /// The payload of a message.
    Produce {
        /// Which message.
        message: Arc<str>,
        /// Who will receive it.
        to: Arc<str>,
        /// What it must fit.
        ty: Type,
    },
    /// One label of a choice.
    Decide {
        /// The choice: its condition's text, or `R#n`.
        choice: Arc<str>,
        /// The labels, in order.
        labels: Vec<Arc<str>>,
    },
    /// Whether a payload is accepted.
    Observe {
        /// Which message.
        message: Arc<str>,
        /// Who sent it.
        from: Arc<str>,
        /// What it carries.
        payload: Value,
    },
    /// An operation of an effect.
    Perform {
        /// Which effect.
        effect: Arc<str>,
        /// Which operation.
        operation: Arc<str>,
        /// Names and values of the arguments.
        args: Vec<(Arc<str>, Value)>,
        /// What the outcome must fit.
        result: Type,
        /// Whether it may be asked again when it failed or its outcome was lost.
        repetition: Repetition,
    },
}

impl Ask {
    /// Whether what was asked, and perhaps done, may be asked again with the same key: not an operation declared `once`,
    /// nor about a payload that was seen.
    #[must_use]
    pub const fn is_repeatable(&self) -> bool {
        !matches!(self, Self::Observe { .. } | Self::Perform { repetition: Repetition::Once, .. })
    }

    /// Whether the engine's own journal can answer: see `engine::input::Input::Consult`.
    #[must_use]
    pub fn is_of_journal(&self) -> bool {
        matches!(self, Self::Perform { effect, .. } if **effect == *builtin::JOURNAL)
    }
}

/// What came back.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Answer {
    /// A payload, or an operation's outcome.
    Value(Value),
    /// The index of the chosen label.
    Label(u16),
    /// The payload is accepted.
    Accepted,
    /// It did not work.
    Failed(Failure),
}

/// Why an answer did not come.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Failure {
    /// Whether trying again can help.
    pub kind: FailureKind,
    /// What went wrong, one line, without payloads.
    pub reason: String,
}

/// Whether trying again can help.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum FailureKind {
    /// It can.
    Recoverable,
    /// It cannot.
    Permanent,
    /// Nobody knows whether it was done, and it may not be done twice: its outcome was lost, and it is declared `once`.
    Uncertain,
}
