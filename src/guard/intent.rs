//! What a role wants to send, before anybody has allowed it.
//!
//! Is not: a message. It only borrows what the machine holds.

use crate::base::id::{LaneId, RoleId};
use crate::base::value::Value;
use crate::bytecode::program::Message;

/// What a role wants to send.
#[derive(Clone, Copy, Debug)]
pub struct Intent<'a> {
    /// The sender.
    pub from: RoleId,
    /// The receiver.
    pub to: RoleId,
    /// On which lane.
    pub lane: LaneId,
    /// What.
    pub message: &'a Message,
    /// What it carries.
    pub payload: &'a Value,
}
