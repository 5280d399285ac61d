//! What comes of an entry: a reply to whoever made it, orders that must be carried out, and news for who listens.
//!
//! Is not: carried out here, nor before the entry is durable.

use std::sync::Arc;

use serde_json::Value as Json;

use crate::base::time::Duration;
use crate::effect::call::{Ask, CallId};
use crate::engine::effect::Trouble;
use crate::engine::event::What;
use crate::guard::receipt::Booking;

/// What whoever made an entry is told.
#[derive(Clone, PartialEq, Debug)]
pub enum Reply {
    /// It was taken.
    Done,
    /// The session has this number.
    Started(u64),
    /// It was refused; nothing has changed.
    Refused(Trouble),
}

/// Something that leaves the node, each once and in order.
#[derive(Clone, PartialEq, Debug)]
pub enum Order {
    /// Ask a handler; the answer comes back as `Entry::Answer`.
    Call(Box<Errand>),
    /// The answer of this call is no longer wanted.
    Withdraw(CallId),
    /// A message was charged, and its receipt is to be signed.
    Book(Box<Booking>),
}

/// A call, with what the handler has to know.
#[derive(Clone, PartialEq, Debug)]
pub struct Errand {
    /// Which call.
    pub call: CallId,
    /// The same for every try, and after a restart; another node has other keys.
    pub key: String,
    /// The handler's name.
    pub handler: Arc<str>,
    /// The protocol.
    pub protocol: Arc<str>,
    /// The session's number.
    pub session: u64,
    /// The role's name.
    pub role: Arc<str>,
    /// What the handler is told of the role.
    pub config: Json,
    /// How long an answer may take, if the role says so.
    pub deadline: Option<Duration>,
    /// What is asked.
    pub ask: Ask,
}

/// Something that happened in a session.
#[derive(Clone, PartialEq, Debug)]
pub struct News {
    /// The session's number.
    pub session: u64,
    /// What happened.
    pub what: What,
}
