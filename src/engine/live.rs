//! A session between inputs, and the gate in it: a message goes into a mailbox only with its clearance, because agents
//! run only in a world whose right to send is one.
//!
//! Is not: scheduled here. Whoever holds it counts who can go on.

use crate::effect::call::CallId;
use crate::guard::Cleared;
use crate::machine::question::{Question, Reply};
use crate::machine::session::State;
use crate::machine::world::World;
use crate::machine::{AgentId, Cast, Session, Stop};

/// No call.
pub(super) const NO_CALL: CallId = CallId(u64::MAX);

/// A session of an engine.
#[derive(Debug)]
pub(super) struct Live {
    /// Reached only through the methods here, so that `send`, which asks for no clearance, cannot be called.
    session: Session,
    /// Which cast.
    pub(super) cast: u32,
    /// Agents that can go on, or whose answers are under way. At 0 nothing will ever happen again.
    pub(super) active: u32,
    /// The newest of its calls, a chain in the table of calls.
    pub(super) calls: CallId,
}

impl Live {
    pub(super) const fn new(session: Session, cast: u32, active: u32) -> Self {
        Self { session, cast, active, calls: NO_CALL }
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
