//! A session between inputs, and the gate in it: a message goes into a mailbox only with its clearance, because agents
//! run only in a world whose right to send is one.
//!
//! Is not: scheduled here. Whoever holds it counts who can go on.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::cause::Cause;
use crate::base::id::RoleId;
use crate::base::time::{Duration, Instant};
use crate::diag::source::Span;
use crate::effect::call::CallId;
use crate::guard::Cleared;
use crate::machine::question::{Question, Reply};
use crate::machine::session::State;
use crate::machine::world::World;
use crate::machine::{AgentId, Cast, Session, Stop};

/// No call.
pub(super) const NO_CALL: CallId = CallId(u64::MAX);

/// A session of an engine.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Live {
    /// Reached only through the methods here, so that `send`, which asks for no clearance, cannot be called.
    session: Session,
    /// Which cast.
    pub(super) cast: u32,
    /// Agents that can go on, or whose answers are under way. At 0 nothing will ever happen again.
    pub(super) active: u32,
    /// The newest of its calls, a chain in the table of calls.
    pub(super) calls: CallId,
    /// When something last happened.
    pub(super) touched: Instant,
    /// How long nothing may happen; no limit where it is 0.
    pub(super) idle: Duration,
    /// The roles whose devices are gone.
    lost: Vec<RoleId>,
    /// Agents whose messages were denied and are offered again: where, and how often so far.
    denied: Vec<(AgentId, u32, u32)>,
}

impl Live {
    pub(super) const fn new(session: Session, cast: u32, active: u32) -> Self {
        Self {
            session,
            cast,
            active,
            calls: NO_CALL,
            touched: Instant(0),
            idle: Duration(0),
            lost: Vec::new(),
            denied: Vec::new(),
        }
    }

    #[inline]
    pub(super) fn run(
        &mut self,
        cast: &Cast,
        agent: AgentId,
        fuel: &mut u32,
        world: &mut impl World<Right = Cleared>,
    ) -> Stop {
        self.session.run(cast, agent, fuel, world)
    }

    pub(super) fn question<'a>(&'a self, cast: &'a Cast, agent: AgentId) -> Option<Question<'a>> {
        self.session.question(cast, agent)
    }

    pub(super) fn answer(&mut self, cast: &Cast, agent: AgentId, reply: Reply, world: &mut impl World) {
        self.session.answer(cast, agent, reply, world);
    }

    pub(super) fn raise(
        &mut self,
        cast: &Cast,
        agent: AgentId,
        cause: &Cause,
        world: &mut impl World,
    ) -> bool {
        self.session.raise(cast, agent, cause, world)
    }

    /// An agent whose message was denied offers it again. False where it no longer does.
    pub(super) fn again(&mut self, agent: AgentId) -> bool {
        self.session.again(agent)
    }

    /// How often the message that an agent is about to offer was denied in a row; the count begins again.
    #[inline]
    pub(super) fn denials(&mut self, agent: AgentId) -> u32 {
        if self.denied.is_empty() { 0 } else { self.count(agent) }
    }

    #[cold]
    fn count(&mut self, agent: AgentId) -> u32 {
        let Some(at) = self.denied.iter().position(|(of, ..)| *of == agent) else { return 0 };
        let (_, place, count) = self.denied.swap_remove(at);
        if place == self.session.at(agent) { count } else { 0 }
    }

    /// The message that an agent offers was denied so often in a row, and will be offered again.
    pub(super) fn note_denial(&mut self, agent: AgentId, count: u32) {
        self.denied.push((agent, self.session.at(agent), count));
    }

    pub(super) fn expire(&mut self, cast: &Cast, agent: AgentId, scope: u16, world: &mut impl World) -> bool {
        self.session.expire(cast, agent, scope, world)
    }

    pub(super) fn cancel(&mut self, cast: &Cast, world: &mut impl World) -> bool {
        let lost = &self.lost;
        self.session.cancel(cast, |role| lost.contains(&role), world)
    }

    /// Where in the source an agent stands.
    pub(super) fn place(&self, cast: &Cast, agent: AgentId) -> Option<Span> {
        cast.program(cast.role(agent))?.debug.span(self.session.at(agent))
    }

    pub(super) fn is_lost(&self, role: RoleId) -> bool {
        !self.lost.is_empty() && self.lost.contains(&role)
    }

    /// Whether a device is gone: its silence is no proof that nothing will ever happen.
    pub(super) const fn has_lost(&self) -> bool {
        !self.lost.is_empty()
    }

    pub(super) fn lose(&mut self, role: RoleId) {
        if !self.is_lost(role) {
            self.lost.push(role);
        }
    }

    /// The messages that roles wait for, but for those that are gone.
    pub(super) fn awaited(&self, cast: &Cast) -> Vec<(RoleId, Arc<str>, RoleId)> {
        let mut all = self.session.awaited(cast);
        all.retain(|(role, ..)| !self.is_lost(*role));
        all
    }

    pub(super) fn state(&self, agent: AgentId) -> State {
        self.session.state(agent)
    }

    pub(super) const fn is_finished(&self, cast: &Cast) -> bool {
        self.session.is_finished(cast)
    }

    pub(super) fn may_end(&self, cast: &Cast) -> bool {
        self.session.may_end(cast)
    }

    /// The room of the session, for the next one. Nothing of this one stays in it.
    pub(super) fn into_spare(mut self) -> Session {
        self.session.clear();
        self.session
    }
}
