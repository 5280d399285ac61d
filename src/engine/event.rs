//! What happened, for people, tests and traces.
//!
//! Is not: an effect. Nothing depends on whether events are read; they are made only while somebody subscribes.

use std::sync::Arc;

use crate::base::id::{LaneId, RoleId};
use crate::base::value::Value;
use crate::effect::call::SessionId;
use crate::guard::{Guard, Kind, State};

/// One thing that happened in one session.
#[derive(Clone, PartialEq, Debug)]
pub struct Event {
    /// Where.
    pub session: SessionId,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Clone, PartialEq, Debug)]
pub enum What {
    /// A message has left its sender.
    Sent {
        /// The sender.
        from: RoleId,
        /// The receiver.
        to: RoleId,
        /// On which lane.
        lane: LaneId,
        /// The message.
        label: Arc<str>,
        /// What it carries.
        payload: Value,
    },
    /// A message was taken by its receiver.
    Received {
        /// The sender.
        from: RoleId,
        /// The receiver.
        to: RoleId,
        /// On which lane.
        lane: LaneId,
        /// The message.
        label: Arc<str>,
        /// What it carries.
        payload: Value,
    },
    /// A message or selection was allowed, and charged; told only where somebody asked for it.
    Cleared {
        /// The sender.
        role: RoleId,
        /// The message.
        label: Arc<str>,
        /// What was spent.
        cost: u64,
        /// What is left toward the receiver.
        headroom: u64,
    },
    /// A guard has refused a message.
    Denied {
        /// The sender.
        role: RoleId,
        /// The message.
        label: Arc<str>,
        /// Which guard.
        guard: Guard,
        /// The code of the refusal.
        code: &'static str,
        /// Whether time can heal it.
        kind: Kind,
    },
    /// What is spent, shown and said at the end of the session; told only where somebody asked for it.
    Accounts(Box<State>),
    /// An inserted selection, or a word about a scope, has left the role that decided.
    Selected {
        /// The decider.
        from: RoleId,
        /// Who is told.
        to: RoleId,
        /// On which lane.
        lane: LaneId,
        /// `choice.label`, `scope.completed`
        label: Arc<str>,
    },
    /// A role has decided.
    Decided {
        /// Who.
        role: RoleId,
        /// The choice.
        choice: Arc<str>,
        /// What was chosen.
        label: Arc<str>,
    },
    /// A cause was raised, and a scope takes it.
    Raised {
        /// At which role.
        role: RoleId,
        /// The scope.
        scope: Arc<str>,
        /// `timeout`, `failed store`
        cause: String,
    },
    /// An effect's operation has given its outcome.
    Performed {
        /// Who.
        role: RoleId,
        /// `effect.operation`
        operation: Arc<str>,
        /// The outcome.
        outcome: Value,
    },
    /// A role has come to its end.
    Finished {
        /// Who.
        role: RoleId,
    },
    /// Every role has come to its end, or is released by the end of the others.
    Completed,
    /// The session has failed.
    Aborted {
        /// At which role, if at one.
        role: Option<RoleId>,
        /// The code of the failure: `E05xx`.
        code: &'static str,
        /// What happened, one line, without payloads.
        reason: String,
    },
}
