//! Why a part of a session ends before it is complete: the closed set of causes, the same from the text to the wire.
//!
//! A scope *takes* causes: `on failed` takes every failure, `on failed store` only that one.
//! Is not: a sentence for people, and never carries a payload.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A cause, as it is raised and as a scope takes it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Cause {
    /// The owner's time is up.
    Timeout,
    /// A guard refused a send, for good.
    Denied,
    /// An effect, a participant or a `fail` of this name failed, for good. A scope that names none takes all.
    Failed(Option<Arc<str>>),
    /// An `observe` refused a payload.
    Refused,
    /// From outside.
    Cancelled,
}

/// What a failure of a participant that was asked for a payload or a decision is called.
pub const PARTICIPANT: &str = "participant";
/// What the failure of a loop that turned more often than its `max` is called.
pub const EXHAUSTED: &str = "exhausted";
/// What the failure of an effect whose outcome was lost is called.
pub const UNCERTAIN: &str = "uncertain";

/// How the outcome of a scope is called that no cause ended.
pub const COMPLETED: &str = "completed";

impl Cause {
    /// The failure of this name.
    #[must_use]
    pub fn failed(name: &str) -> Self {
        Self::Failed(Some(Arc::from(name)))
    }

    /// Whether a scope that names `self` takes `raised`.
    #[must_use]
    pub fn takes(&self, raised: &Self) -> bool {
        matches!((self, raised), (Self::Failed(None), Self::Failed(_))) || self == raised
    }

    /// Its first word: `timeout`, `failed`.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Denied => "denied",
            Self::Failed(_) => "failed",
            Self::Refused => "refused",
            Self::Cancelled => "cancelled",
        }
    }
}

/// As the source writes it: `timeout`, `failed store`.
impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())?;
        match self {
            Self::Failed(Some(name)) => write!(f, " {name}"),
            _ => Ok(()),
        }
    }
}
