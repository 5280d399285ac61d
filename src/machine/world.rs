//! What a driver hears while an agent runs.
//!
//! Is not: asked anything; the machine goes on whatever is done here.

use crate::base::id::{LaneId, RoleId};
use crate::base::value::Value;
use crate::bytecode::program::{Decision, Message};
use crate::machine::cast::AgentId;

/// A driver's ears. A driver that picks agents by itself needs none of it: `()` hears nothing.
pub trait World {
    /// This agent can go on.
    fn wake(&mut self, agent: AgentId) {
        let _ = agent;
    }

    /// A message was taken by its receiver.
    fn received(&mut self, taken: Taken<'_>) {
        let _ = taken;
    }

    /// A condition has decided.
    fn decided(&mut self, role: RoleId, decision: &Decision, label: u16) {
        let _ = (role, decision, label);
    }
}

impl World for () {}

/// A message that is taken by its receiver.
#[derive(Clone, Copy, Debug)]
pub struct Taken<'a> {
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
