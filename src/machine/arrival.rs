//! What has arrived where an agent waits, and taking just that.
//!
//! A session that runs takes what has arrived in the order of its table; between channels a network keeps no order,
//! so whoever explores looks at all of it and chooses.
//! Is not: on the way of a session that runs.

use crate::base::id::RoleId;
use crate::bytecode::op::Op;
use crate::bytecode::program::Message;
use crate::machine::cast::{AgentId, Case, Cast, MANY};
use crate::machine::run::{self, Scene};
use crate::machine::session::{Session, State};
use crate::machine::world::World;

impl Session {
    /// The mailboxes whose first message an agent can take that is ready and stands at a receive; none elsewhere.
    pub fn arrivals<'a>(&'a self, cast: &'a Cast, agent: AgentId) -> impl Iterator<Item = usize> + 'a {
        let mut last = None;
        let fresh = move |case: &&Case| last.replace(case.channel) != Some(case.channel);
        self.arrived(cast, agent).filter(fresh).map(|case| case.channel as usize)
    }

    /// Whether an agent that stands at a receive waits for one mailbox alone.
    #[must_use]
    pub fn waits_for_one(&self, cast: &Cast, agent: AgentId) -> bool {
        let wait = self.place(cast, agent).and_then(|(thread, _)| self.wait(cast, cast.role(agent), &thread));
        wait.is_some_and(|wait| wait.channel != MANY)
    }

    /// Takes the first message of a mailbox where an agent that is ready can take it; if its participant is to see it
    /// first, the agent asks. Whether anything was taken or is shown.
    pub fn take(&mut self, cast: &Cast, agent: AgentId, mailbox: usize, world: &mut impl World) -> bool {
        let Some(case) = self.arrived(cast, agent).find(|case| case.channel as usize == mailbox).copied()
        else {
            return false;
        };
        let Some((thread, part)) = self.place(cast, agent) else { return false };
        let Self { threads, slots, mailboxes, scopes, .. } = self;
        if Self::shows(part, case.message, &thread) {
            if let Some(thread) = threads.get_mut(agent.index()) {
                thread.mailbox = case.channel;
                thread.state = State::Observing;
            }
            return true;
        }
        let Some(slots) = slots.get_mut(part.first_slot..) else { return false };
        let next = run::take(
            &mut Scene { threads: &mut *threads, slots, mailboxes, scopes },
            cast,
            part,
            &case,
            world,
        );
        if let Some(thread) = threads.get_mut(agent.index()) {
            thread.at = next;
        }
        true
    }

    /// The first message of a mailbox.
    #[must_use]
    pub fn head<'a>(&self, cast: &'a Cast, mailbox: usize) -> Option<&'a Message> {
        let label = self.mailboxes.get(mailbox)?.head()?;
        let from = cast.channels.get(mailbox)?.from;
        cast.parts.get(from.index())?.program.messages.get(label as usize)
    }

    /// Whether an instruction of a role takes what is first in a mailbox, when it comes to that.
    #[must_use]
    pub fn would_take(&self, cast: &Cast, role: RoleId, at: u32, mailbox: usize) -> bool {
        let Some(part) = cast.parts.get(role.index()) else { return false };
        let (Some(instr), Some(first)) = (part.program.code.get(at as usize), self.mailboxes.get(mailbox))
        else {
            return false;
        };
        match instr.op {
            Op::Receive => {
                let wait = part.waits.get(usize::from(instr.a));
                let cases = wait.and_then(|wait| part.cases.get(wait.first as usize..wait.end as usize));
                let takes = |case: &Case| case.channel as usize == mailbox && first.holds(case.label);
                cases.unwrap_or_default().iter().any(takes)
            }
            Op::Gather => {
                let members = part.scopes.get(usize::from(instr.a)).map(|scope| scope.members.iter());
                members.into_iter().flatten().any(|member| member.channel as usize == mailbox)
            }
            _ => false,
        }
    }

    /// Whether an agent is inside of a scope, so that its owner's word may end what it does.
    #[must_use]
    pub fn is_inside(&self, agent: AgentId) -> bool {
        self.threads.get(agent.index()).is_some_and(|thread| thread.within().is_some())
    }

    /// Whether an agent's role may end a scope that the agent is in by itself.
    #[must_use]
    pub fn is_owner_inside(&self, cast: &Cast, agent: AgentId) -> bool {
        let Some((thread, part)) = self.place(cast, agent) else { return false };
        let scope = |at: u16| part.program.scopes.get(usize::from(at));
        let mut around =
            std::iter::successors(thread.within(), |at| scope(*at).and_then(|scope| scope.parent));
        around.any(|at| scope(at).is_some_and(|scope| scope.owner == cast.role(agent)))
    }

    /// Whether what an agent that is ready does next may change what others do: it raises a cause in a scope, or takes
    /// what has come to its collection.
    #[must_use]
    pub fn is_outward(&self, cast: &Cast, agent: AgentId) -> bool {
        let Some((thread, part)) = self.place(cast, agent) else { return false };
        let Some(instr) = part.program.code.get(thread.at as usize) else { return false };
        match instr.op {
            Op::Fail | Op::FailWith => thread.within().is_some(),
            Op::Gather => self.scopes.as_deref().is_some_and(|scopes| {
                let at = part.first_region + u32::from(instr.a);
                let path = scopes.region(at).path;
                let here = |(to, mailbox): &(u32, u32)| *to == at && scopes.tag(*mailbox) == Some(path);
                scopes.arrivals.iter().any(here)
            }),
            _ => false,
        }
    }

    /// Whether it matters when an agent's message arrives: it may end a scope of a receiver that does not wait for it,
    /// or is gathered in the order of arrival.
    #[must_use]
    pub fn interrupts(&self, cast: &Cast, agent: AgentId) -> bool {
        let channel = self.place(cast, agent).and_then(|(thread, part)| {
            let instr = part.program.code.get(thread.at as usize)?;
            cast.channels.get(*part.outgoing.get(usize::from(instr.a))? as usize)
        });
        let Some(channel) = channel else { return false };
        // A collection sees the order of arrival.
        let gathers = cast.parts.get(channel.to.index()).is_some_and(|part| {
            let scope = channel.to_region.checked_sub(part.first_region);
            let scope = scope.and_then(|at| part.scopes.get(at as usize));
            scope.is_some_and(|scope| !scope.members.is_empty())
        });
        if gathers || !channel.controls {
            return gathers;
        }
        let waits = self.state(channel.receiver) == State::Receiving;
        !waits || self.is_inside(channel.receiver)
    }

    /// The mailboxes in which somebody waits for room.
    pub fn blocked(&self) -> impl Iterator<Item = usize> + '_ {
        let blocked = self.threads.iter().filter(|thread| thread.state == State::Blocked);
        blocked.map(|thread| thread.mailbox as usize)
    }

    /// A mailbox whose first message its receiver will never take: the receiver waits, and everything it waits for
    /// is behind something else, or it is at its end.
    #[must_use]
    pub fn stuck(&self, cast: &Cast) -> Option<Stuck> {
        let done = |role: RoleId| {
            let trunk = cast.parts.get(role.index()).map(|part| AgentId(part.first_agent));
            trunk.is_some_and(|trunk| self.state(trunk) == State::Idle)
        };
        for (at, channel) in cast.channels.iter().enumerate() {
            if self.waiting(at) > 0 && done(channel.to) {
                return Some(Stuck::LeftOver(at));
            }
        }
        for agent in cast.agents().filter(|agent| self.state(*agent) == State::Receiving) {
            let Some((thread, part)) = self.place(cast, agent) else { continue };
            let Some(wait) = self.wait(cast, cast.role(agent), &thread) else { continue };
            let cases = part.cases.get(wait.first as usize..wait.end as usize).unwrap_or_default();
            let full = |case: &Case| self.waiting(case.channel as usize) > 0;
            // On the lane of a scope the first message may belong to a later instance.
            if let Some(first) = cases.first()
                && !wait.scoped
                && cases.iter().all(full)
            {
                return Some(Stuck::Unexpected(first.channel as usize));
            }
        }
        None
    }

    /// What an agent that is ready and stands at a receive can take, in the order of its table.
    fn arrived<'a>(&'a self, cast: &'a Cast, agent: AgentId) -> impl Iterator<Item = &'a Case> {
        let place = self.place(cast, agent).filter(|(thread, part)| {
            let instr = part.program.code.get(thread.at as usize);
            thread.state == State::Ready && instr.is_some_and(|instr| instr.op == Op::Receive)
        });
        let cases = place.and_then(|(thread, part)| {
            let wait = self.wait(cast, cast.role(agent), &thread)?;
            part.cases.get(wait.first as usize..wait.end as usize)
        });
        let here = |case: &&Case| {
            self.mailboxes.get(case.channel as usize).is_some_and(|mailbox| mailbox.holds(case.label))
                && run::is_due(&self.scopes, cast, case.channel)
        };
        cases.unwrap_or_default().iter().filter(here)
    }
}

/// A message that nobody will ever take: in which mailbox.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stuck {
    /// Its receiver is at its end.
    LeftOver(usize),
    /// Its receiver waits for something else.
    Unexpected(usize),
}
