//! What a role wants to send, before anybody has allowed it.
//!
//! Is not: a message. It only borrows what the machine holds.

use crate::base::id::{LaneId, RoleId};
use crate::base::value::Value;
use crate::bytecode::program::Message;

/// What a role wants to send.
#[derive(Clone, Copy, Debug)]
pub struct Intent<'a> {
    /// Which cast: the number of its table.
    pub cast: u32,
    /// Which session: a number of the caller, kept with the facts that the send causes.
    pub session: u64,
    /// The sender.
    pub from: RoleId,
    /// The receiver.
    pub to: RoleId,
    /// On which lane.
    pub lane: LaneId,
    /// The instruction at which the sender stands.
    pub at: u32,
    /// What.
    pub message: &'a Message,
    /// What it carries.
    pub payload: &'a Value,
}
