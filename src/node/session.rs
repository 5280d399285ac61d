//! A session as people know it: its number, where it stands, and what happened in it so far.
//!
//! Steps tell who sent which message to whom and never what it carried.
//! Is not: the session that runs; the engine has that.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::id::{LaneId, RoleId};
use crate::base::limits::{REASON_BYTES_MAX, TRAIL_STEPS_MAX};
use crate::base::time::Instant;
use crate::base::value::Value;
use crate::effect::call::SessionId;
use crate::engine::effect::{Outcome, Trouble};
use crate::engine::event::What;
use crate::node::entry::{Key, Player, Version};

/// A session.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Record {
    /// Its protocol.
    pub protocol: Arc<str>,
    /// The version that it is pinned to.
    pub version: Version,
    /// Where it stands.
    pub standing: Standing,
    /// When it began.
    pub started: Instant,
    /// When something last happened in it.
    pub touched: Instant,
    /// The key that it was started with.
    pub key: Option<Key>,
    /// How many messages, decisions and outcomes there were.
    pub steps: u64,
    /// The newest of what happened, oldest first.
    pub trail: VecDeque<Step>,
    /// Where the engine has it, while it runs.
    pub(super) place: Option<SessionId>,
    /// Other players than those of its version.
    pub(super) players: std::collections::BTreeMap<RoleId, Player>,
}

/// Where a session stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Standing {
    /// It is not over.
    Running,
    /// Every role has come to its end.
    Completed,
    /// It has failed.
    Aborted(Failing),
}

/// Why a session has failed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Failing {
    /// The code: `E05xx`.
    pub code: Arc<str>,
    /// At which role, if at one.
    pub role: Option<RoleId>,
    /// What happened, one line, without payloads.
    pub reason: Arc<str>,
}

impl Standing {
    /// `running`, `completed`, `aborted`
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Aborted(_) => "aborted",
        }
    }
}

impl From<Outcome> for Standing {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Completed => Self::Completed,
            Outcome::Aborted(Trouble { code, role, reason, .. }) => {
                let most = reason.len().min(REASON_BYTES_MAX);
                let end = (0..=most).rev().find(|at| reason.is_char_boundary(*at)).unwrap_or(0);
                let reason = reason.get(..end).unwrap_or_default();
                Self::Aborted(Failing { code: code.into(), role, reason: reason.into() })
            }
        }
    }
}

/// Something that happened in a session, without payloads.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of `engine::event::What`")]
pub enum Step {
    /// A message has left its sender.
    Sent { from: RoleId, to: RoleId, lane: LaneId, label: Arc<str> },
    /// A message was taken by its receiver.
    Received { from: RoleId, to: RoleId, lane: LaneId, label: Arc<str> },
    /// A guard has refused a message.
    Denied { role: RoleId, label: Arc<str>, guard: Arc<str>, code: Arc<str>, kind: Arc<str> },
    /// An inserted selection, or a word about a scope, was sent.
    Selected { from: RoleId, to: RoleId, lane: LaneId, label: Arc<str> },
    /// A role has decided.
    Decided { role: RoleId, choice: Arc<str>, label: Arc<str> },
    /// A cause was raised, and a scope takes it.
    Raised { role: RoleId, scope: Arc<str>, cause: Arc<str> },
    /// An effect's operation has given its outcome.
    Performed { role: RoleId, operation: Arc<str> },
    /// A role has come to its end.
    Finished { role: RoleId },
}

impl Step {
    /// What of an event is kept.
    #[must_use]
    pub fn of(what: &What) -> Option<Self> {
        Some(match what {
            What::Sent { from, to, lane, label, .. } => {
                Self::Sent { from: *from, to: *to, lane: *lane, label: label.clone() }
            }
            What::Received { from, to, lane, label, .. } => {
                Self::Received { from: *from, to: *to, lane: *lane, label: label.clone() }
            }
            What::Denied { role, label, guard, code, kind } => Self::Denied {
                role: *role,
                label: label.clone(),
                guard: Arc::from(guard.word()),
                code: Arc::from(*code),
                kind: Arc::from(kind.word()),
            },
            What::Selected { from, to, lane, label } => {
                Self::Selected { from: *from, to: *to, lane: *lane, label: label.clone() }
            }
            What::Decided { role, choice, label } => {
                Self::Decided { role: *role, choice: choice.clone(), label: label.clone() }
            }
            What::Raised { role, scope, cause } => {
                Self::Raised { role: *role, scope: scope.clone(), cause: Arc::from(cause.as_str()) }
            }
            What::Performed { role, operation, .. } => {
                Self::Performed { role: *role, operation: operation.clone() }
            }
            What::Finished { role } => Self::Finished { role: *role },
            What::Cleared { .. } | What::Accounts(_) | What::Completed | What::Aborted { .. } => return None,
        })
    }

    /// Does something with each name in it.
    pub(super) fn names(&mut self, one: &mut impl FnMut(&mut Arc<str>)) {
        match self {
            Self::Sent { label, .. } | Self::Received { label, .. } | Self::Selected { label, .. } => {
                one(label);
            }
            Self::Denied { label, guard, code, kind, .. } => {
                [label, guard, code, kind].into_iter().for_each(one);
            }
            Self::Decided { choice, label, .. } => [choice, label].into_iter().for_each(one),
            Self::Raised { scope, cause, .. } => [scope, cause].into_iter().for_each(one),
            Self::Performed { operation, .. } => one(operation),
            Self::Finished { .. } => {}
        }
    }

    /// Whether it counts as a step.
    const fn counts(&self) -> bool {
        matches!(
            self,
            Self::Sent { .. } | Self::Selected { .. } | Self::Decided { .. } | Self::Performed { .. }
        )
    }

    /// The event again, its payload left out.
    #[must_use]
    pub fn event(&self) -> Option<What> {
        let payload = Value::None;
        Some(match self.clone() {
            Self::Sent { from, to, lane, label } => What::Sent { from, to, lane, label, payload },
            Self::Received { from, to, lane, label } => What::Received { from, to, lane, label, payload },
            Self::Selected { from, to, lane, label } => What::Selected { from, to, lane, label },
            Self::Decided { role, choice, label } => What::Decided { role, choice, label },
            Self::Raised { role, scope, cause } => What::Raised { role, scope, cause: cause.to_string() },
            Self::Performed { role, operation } => What::Performed { role, operation, outcome: payload },
            Self::Finished { role } => What::Finished { role },
            Self::Denied { .. } => return None,
        })
    }
}

impl Record {
    /// Adds what happened; the oldest step goes where there are too many.
    pub(super) fn note(&mut self, now: Instant, what: &What) {
        self.touched = now;
        let Some(step) = Step::of(what) else { return };
        self.steps += u64::from(step.counts());
        if self.trail.len() >= TRAIL_STEPS_MAX {
            self.trail.pop_front();
        }
        self.trail.push_back(step);
    }
}
