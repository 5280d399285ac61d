//! Moves: what may happen next in a session, one thing at a time, as data.
//!
//! Whoever explores makes them, a scenario keeps them, a stepper makes them again: a session at its beginning and a
//! list of moves always give the same session. Roles go by name, their threads by number (0 is the trunk), so that a
//! list outlives the cast that it was found with.
//! Is not: what happened; one move may be a message sent and a decision told.

use std::fmt;
use std::sync::Arc;

use crate::base::value::Value;

/// One move of one agent, or of nobody (`Act::Cancel`).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Move {
    /// The role, as the programs name it; empty for what comes from outside.
    pub role: Arc<str>,
    /// Which of its threads.
    pub thread: u16,
    /// What.
    pub act: Act,
}

/// What an agent does, or what is done to it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Act {
    /// It goes on until it needs something: a message, room, clearance, an answer. If it stands at a receive, it takes
    /// one message first.
    Step,
    /// It takes the first message of this sender, where messages of several have arrived.
    Take(Arc<str>),
    /// What it offers is cleared and sent.
    Send,
    /// What it offers is denied, for good.
    Deny,
    /// Its participant decides for this label.
    Decide(Arc<str>),
    /// Its participant gives this payload, or its effect this outcome.
    Give(Value),
    /// Its participant accepts what it is shown.
    Accept,
    /// Its participant refuses what it is shown.
    Refuse,
    /// Its participant, or its effect, fails for good; by this name.
    Fail(Arc<str>),
    /// What it branches on, and what nobody knows, is this: a truth value, a number of turns, a list.
    Suppose(Value),
    /// The time of the scope it is in is up: an index into its program's scopes.
    Expire(u16),
    /// The session is cancelled from outside.
    Cancel,
}

/// `Buyer: send`, `Buyer/2: decide yes`, `cancel`.
impl fmt::Display for Move {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.role.is_empty(), self.thread) {
            (true, _) => {}
            (false, 0) => write!(f, "{}: ", self.role)?,
            (false, thread) => write!(f, "{}/{thread}: ", self.role)?,
        }
        match &self.act {
            Act::Step => f.write_str("step"),
            Act::Take(from) => write!(f, "take from {from}"),
            Act::Send => f.write_str("send"),
            Act::Deny => f.write_str("deny"),
            Act::Decide(label) => write!(f, "decide {label}"),
            Act::Give(value) => write!(f, "give {}", crate::base::json::to_text(value)),
            Act::Accept => f.write_str("accept"),
            Act::Refuse => f.write_str("refuse"),
            Act::Fail(name) => write!(f, "fail {name}"),
            Act::Suppose(value) => write!(f, "suppose {}", crate::base::json::to_text(value)),
            Act::Expire(scope) => write!(f, "expire {scope}"),
            Act::Cancel => f.write_str("cancel"),
        }
    }
}
