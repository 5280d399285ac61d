//! What an agent asks: read from where it stands, so nothing is stored for it.
//!
//! Is not: an effect; the engine gives it a number and a way out.

use crate::base::id::{LaneId, RoleId};
use crate::base::value::Value;
use crate::bytecode::program::{Decision, Message, Operation};

/// A message that waits for clearance.
#[derive(Clone, Copy, Debug)]
pub struct Offer<'a> {
    /// The sender.
    pub from: RoleId,
    /// The receiver.
    pub to: RoleId,
    /// On which lane.
    pub lane: LaneId,
    /// The instruction of the send.
    pub at: u32,
    /// What.
    pub message: &'a Message,
    /// What it carries.
    pub payload: &'a Value,
}

/// What an agent asks.
#[derive(Clone, Copy, Debug)]
pub enum Question<'a> {
    /// The payload of a message.
    Produce {
        /// Who will receive it.
        to: RoleId,
        /// Which message.
        message: &'a Message,
    },
    /// A label of a choice.
    Decide(&'a Decision),
    /// An operation of an effect, with its arguments.
    Perform(&'a Operation, &'a [Value]),
    /// Whether a payload is accepted.
    Observe {
        /// Who sent it.
        from: RoleId,
        /// Which message.
        message: &'a Message,
        /// What it carries.
        payload: &'a Value,
    },
}

/// An answer that fits its question: whoever gives it has checked that.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reply {
    /// A payload, or an outcome.
    Value(Value),
    /// The index of a label.
    Label(u16),
    /// The payload is accepted.
    Accepted,
}
