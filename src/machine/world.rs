//! What a driver hears while an agent runs, and its word on every message.
//!
//! Is not: a scheduler; which agent runs is decided outside.

use std::convert::Infallible;
use std::sync::Arc;

use crate::base::cause::Cause;
use crate::base::id::{LaneId, RoleId};
use crate::base::time::Duration;
use crate::base::value::Value;
use crate::bytecode::program::{Decision, Message};
use crate::machine::cast::AgentId;
use crate::machine::question::Offer;

/// A driver's ears. A driver that picks agents by itself needs none of it: `()` hears nothing and clears nothing.
pub trait World {
    /// The right to send one message. Nothing goes into a mailbox while an agent runs, unless one was given for it;
    /// a driver that clears elsewhere has none to give ([`Infallible`]).
    type Right;

    /// Judges what an agent offers. Without a right, the agent stops there.
    fn clear(&mut self, offer: &Offer<'_>) -> Option<Self::Right>;

    /// This agent can go on.
    fn wake(&mut self, agent: AgentId) {
        let _ = agent;
    }

    /// A role is at this instruction.
    #[inline(always)]
    fn reached(&mut self, role: RoleId, at: u32) {
        let _ = (role, at);
    }

    /// A message was taken by its receiver.
    fn received(&mut self, taken: Taken<'_>) {
        let _ = taken;
    }

    /// The owner or a member has entered a scope; an owner may have so much time for it.
    fn entered(&mut self, agent: AgentId, scope: u16, within: Option<Duration>) {
        let _ = (agent, scope, within);
    }

    /// A role is through with the scope that this agent entered, in whatever way.
    fn left(&mut self, agent: AgentId, scope: u16) {
        let _ = (agent, scope);
    }

    /// The answer that this agent waited for is no longer wanted, or what it offered is no longer meant.
    fn withdrawn(&mut self, agent: AgentId) {
        let _ = agent;
    }

    /// A cause was raised at a role, and the scope of this name takes it.
    fn raised(&mut self, role: RoleId, scope: &Arc<str>, cause: &Cause) {
        let _ = (role, scope, cause);
    }

    /// A condition has decided.
    fn decided(&mut self, role: RoleId, decision: &Decision, label: u16) {
        let _ = (role, decision, label);
    }
}

impl World for () {
    type Right = Infallible;

    fn clear(&mut self, _: &Offer<'_>) -> Option<Infallible> {
        None
    }
}

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
