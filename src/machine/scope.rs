//! Scopes while they run: instances, what ends them, and what is dropped with them.
//!
//! A role is in an instance of a scope from `enter` until it leaves: at the end of its part, or because its owner's
//! word came, or, at the owner, because of a cause. Whatever interrupts a role ends the threads that it started
//! inside, and drops what belongs to the instance: what is in its mailboxes at once, what comes later on arrival
//! (`semantics.md`, *Scopes*). What belongs to a later instance waits. Words and causes act when they arrive, whatever
//! the role does: had it moved first, that would have been before they were sent.
//! Is not: a clock. Whoever drives says when time is up.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::base::cause::Cause;
use crate::base::id::{LaneId, RoleId};
use crate::base::time::Duration;
use crate::base::value::Value;
use crate::bytecode::program::ScopeKind;
use crate::machine::cast::{AgentId, Cast, Channel, MANY, NO_REGION, Part, Scope};
use crate::machine::mailbox::Mailbox;
use crate::machine::path::Path;
use crate::machine::run::{self, Scene};
use crate::machine::session::{State, Thread};
use crate::machine::trouble::Trouble;
use crate::machine::world::World;

/// What a session keeps of scopes; none where its cast has no scope.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub(super) struct Scopes {
    /// One for each scope of each role.
    pub(super) regions: Vec<Region>,
    /// For each mailbox on a lane of a scope the instances that its messages belong to, in order.
    pub(super) tags: Vec<VecDeque<Path>>,
    /// What has come to owners of collections, in order: the region and the mailbox.
    pub(super) arrivals: VecDeque<(u32, u32)>,
    /// Causes that have come before their owner has entered the instance, or that a collection has not looked at yet.
    pub(super) reports: Vec<Report>,
}

/// A scope of one role.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub(super) struct Region {
    /// The last instance that the role was in.
    pub(super) path: Path,
    /// Whether it still is.
    pub(super) inside: bool,
    /// Whether time is up for a collection.
    pub(super) expired: bool,
}

/// A cause on its way to the owner of a scope.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub(super) struct Report {
    /// The region of the owner.
    pub(super) region: u32,
    pub(super) path: Path,
    pub(super) from: RoleId,
    pub(super) cause: Cause,
}

impl Scopes {
    pub(super) fn region(&self, at: u32) -> Region {
        self.regions.get(at as usize).copied().unwrap_or_default()
    }

    fn region_mut(&mut self, at: u32) -> Option<&mut Region> {
        self.regions.get_mut(at as usize)
    }

    /// The instance that the first message of a mailbox belongs to.
    pub(super) fn tag(&self, mailbox: u32) -> Option<Path> {
        self.tags.get(mailbox as usize)?.front().copied()
    }

    /// Whether the first message of a mailbox belongs to the instance that its receiver is in.
    pub(super) fn is_due(&self, channel: &Channel, mailbox: u32) -> bool {
        channel.to_region == NO_REGION || self.tag(mailbox) == Some(self.region(channel.to_region).path)
    }

    /// Whether what the sender of a channel would send now belongs to an instance that its receiver is through with.
    pub(super) fn is_late(&self, channel: &Channel) -> bool {
        if channel.to_region == NO_REGION {
            return false;
        }
        let (tag, at) = (self.region(channel.from_region).path, self.region(channel.to_region));
        tag < at.path || tag == at.path && !at.inside
    }

    /// Forgets the first message of a mailbox that has been taken.
    pub(super) fn taken(&mut self, mailbox: u32) {
        if let Some(tags) = self.tags.get_mut(mailbox as usize) {
            tags.pop_front();
        }
        if let Some(at) = self.arrivals.iter().position(|(_, have)| *have == mailbox) {
            self.arrivals.remove(at);
        }
    }
}

/// Everything that a scope of any role may change.
pub(super) struct Reach<'a> {
    pub(super) cast: &'a Cast,
    pub(super) threads: &'a mut [Thread],
    pub(super) mailboxes: &'a mut [Mailbox],
    pub(super) scopes: &'a mut Scopes,
}

/// Where a role goes on after a cause.
pub(super) struct Way {
    role: RoleId,
    scope: u16,
    to: u32,
}

impl<'a> Reach<'a> {
    fn part(&self, role: RoleId) -> Option<&'a Part> {
        self.cast.parts.get(role.index())
    }

    fn scope(&self, role: RoleId, scope: u16) -> Option<&'a Scope> {
        self.part(role)?.scopes.get(usize::from(scope))
    }

    fn region_of(&self, role: RoleId, scope: u16) -> u32 {
        self.part(role).map_or(NO_REGION, |part| part.first_region + u32::from(scope))
    }

    /// The innermost scope around a thread.
    fn innermost(&self, agent: AgentId) -> Option<u16> {
        self.threads.get(agent.index()).and_then(|thread| thread.within())
    }

    /// Begins an instance: the next one in the instance of the scope around it. Gives where the thread goes on if the
    /// instance is over before the role has come to it.
    pub(super) fn enter(
        &mut self,
        agent: AgentId,
        scope: u16,
        within: Option<Duration>,
        world: &mut impl World,
    ) -> Result<Option<u32>, Trouble> {
        let role = self.cast.role(agent);
        let region = self.region_of(role, scope);
        let Some(part) = self.part(role) else { return Ok(None) };
        let (Some(code), Some(linked)) =
            (part.program.scopes.get(usize::from(scope)), part.scopes.get(usize::from(scope)))
        else {
            return Ok(None);
        };
        let (depth, control) = (linked.depth, linked.control);
        let outer = code
            .parent
            .map_or(Path::NONE, |parent| self.scopes.region(part.first_region + u32::from(parent)).path);
        let path =
            self.scopes.region(region).path.next(outer, depth).ok_or(Trouble::OutOfRange(
                "a scope was entered more often than its instances can be counted",
            ))?;
        if let Some(place) = self.scopes.region_mut(region) {
            *place = Region { path, inside: true, expired: false };
        }
        if let Some(thread) = self.threads.get_mut(agent.index()) {
            thread.enter(Some(scope));
        }
        self.purge(role, scope, |tag| tag < path, world);
        world.entered(agent, scope, within);
        if control != MANY {
            let ended = self.mailboxes.get(control as usize).is_some_and(|mailbox| !mailbox.is_empty())
                && self.cast.channels.get(control as usize).is_some_and(|at| self.scopes.is_due(at, control));
            return Ok(if ended { self.ended(role, scope, world) } else { None });
        }
        let reported = |report: &Report| report.region == region && report.path == path;
        let is_try = code.kind == ScopeKind::Try;
        match self.scopes.reports.iter().position(reported).filter(|_| is_try) {
            Some(at) => {
                let report = self.scopes.reports.remove(at);
                Ok(self.caught(role, scope, &report.cause, world))
            }
            None => Ok(None),
        }
    }

    /// Ends the instance of a scope at a role, and those inside of it.
    pub(super) fn leave(&mut self, role: RoleId, scope: u16, world: &mut impl World) {
        let Some(linked) = self.scope(role, scope) else { return };
        let (agent, depth) = (linked.agent, linked.depth);
        let region = self.region_of(role, scope);
        let path = self.scopes.region(region).path;
        for below in &linked.inner {
            self.quit(role, *below, path.past(depth + 1), world);
        }
        self.quit(role, scope, path, world);
        let parent = self.part(role).and_then(|part| part.program.scopes.get(usize::from(scope))?.parent);
        if let Some(thread) = self.threads.get_mut(agent.index()) {
            thread.enter(parent);
        }
    }

    /// A role is through with every instance up to `path`.
    fn quit(&mut self, role: RoleId, scope: u16, path: Path, world: &mut impl World) {
        let region = self.region_of(role, scope);
        let Some(place) = self.scopes.region_mut(region) else { return };
        let inside = place.inside;
        *place = Region { path, inside: false, expired: false };
        if let Some(linked) = self.scope(role, scope).filter(|_| inside) {
            world.left(linked.agent, scope);
        }
        self.scopes.reports.retain(|report| report.region != region || report.path > path);
        self.purge(role, scope, |tag| tag <= path, world);
    }

    /// Drops what has come to a role inside of a scope and belongs to instances that are over.
    fn purge(&mut self, role: RoleId, scope: u16, over: impl Fn(Path) -> bool, world: &mut impl World) {
        let Some(linked) = self.scope(role, scope) else { return };
        for at in linked.mailboxes.iter().copied() {
            let mut dropped = false;
            while self.scopes.tag(at).is_some_and(&over) {
                let Some(mailbox) = self.mailboxes.get_mut(at as usize) else { break };
                drop(mailbox.take());
                self.scopes.taken(at);
                dropped = true;
            }
            if let Some(channel) = self.cast.channels.get(at as usize).filter(|_| dropped) {
                run::room(self.threads, channel, at, world);
            }
        }
    }

    /// Ends a scope at a role from outside of its code: its threads inside stop, and it goes on at `to`.
    fn interrupt(&mut self, way: &Way, world: &mut impl World) {
        let Some(linked) = self.scope(way.role, way.scope) else { return };
        let agent = linked.agent;
        for thread in &linked.threads {
            self.stop(*thread, world);
        }
        self.leave(way.role, way.scope, world);
        let Some(thread) = self.threads.get_mut(agent.index()) else { return };
        let before = thread.state;
        thread.at = way.to;
        thread.mailbox = 0;
        thread.children = 0;
        thread.state = State::Ready;
        if matches!(before, State::Asking | State::Observing | State::Offering) {
            world.withdrawn(agent);
        }
        if before != State::Ready {
            world.wake(agent);
        }
    }

    /// Ends a thread that its role no longer needs.
    fn stop(&mut self, agent: AgentId, world: &mut impl World) {
        let Some(thread) = self.threads.get_mut(agent.index()) else { return };
        let before = thread.state;
        *thread = Thread { observed: thread.observed, ..Thread::default() };
        if matches!(before, State::Asking | State::Observing | State::Offering) {
            world.withdrawn(agent);
        }
    }

    /// The owner's word is there: where the role goes on.
    fn ended(&mut self, role: RoleId, scope: u16, world: &mut impl World) -> Option<u32> {
        let to = self.part(role)?.program.scopes.get(usize::from(scope))?.exit?;
        self.interrupt(&Way { role, scope, to }, world);
        Some(to)
    }

    /// Takes note of a message that was put into a mailbox: it may end a scope of its receiver.
    pub(super) fn arrived(&mut self, channel: &Channel, mailbox: u32, world: &mut impl World) {
        if channel.to_region != NO_REGION {
            self.scopes.arrivals.extend(self.gathers(channel).then_some((channel.to_region, mailbox)));
        }
        if !channel.controls || !self.scopes.is_due(channel, mailbox) {
            return;
        }
        let role = channel.to;
        let Some(part) = self.part(role) else { return };
        let ends = |scope: &u16| self.scope(role, *scope).is_some_and(|linked| linked.control == mailbox);
        let outermost = part.program.around(self.innermost(channel.receiver)).filter(ends).last();
        if let Some(scope) = outermost {
            self.ended(role, scope, world);
        }
    }

    /// Whether the receiver of a mailbox gathers from it.
    fn gathers(&self, channel: &Channel) -> bool {
        let Some(part) = self.part(channel.to) else { return false };
        let scope = part.scopes.get((channel.to_region - part.first_region) as usize);
        scope.is_some_and(|scope| !scope.members.is_empty())
    }

    /// A cause at an agent: the innermost scope around it that takes it is told. Whether there is one.
    pub(super) fn raise(&mut self, agent: AgentId, cause: &Cause, world: &mut impl World) -> Option<Raised> {
        self.raise_in(agent, self.innermost(agent), cause, world)
    }

    /// The same, from this scope outwards.
    fn raise_in(
        &mut self,
        agent: AgentId,
        innermost: Option<u16>,
        cause: &Cause,
        world: &mut impl World,
    ) -> Option<Raised> {
        let role = self.cast.role(agent);
        let part = self.part(role)?;
        let takes = |scope: &u16| {
            part.program.scopes.get(usize::from(*scope)).is_some_and(|scope| match scope.kind {
                ScopeKind::Collect => scope.owner != role,
                ScopeKind::Try => scope.handler(cause).is_some(),
            })
        };
        let scope = part.program.around(innermost).find(takes)?;
        let code = part.program.scopes.get(usize::from(scope))?;
        let (owner, kind, exit) = (code.owner, code.kind, code.exit);
        let at_owner = part.scopes.get(usize::from(scope))?.at_owner;
        let path = self.scopes.region(self.region_of(role, scope)).path;
        world.raised(role, &code.name, cause);
        if owner == role {
            let slot = code.handler(cause)?.slot;
            self.caught(role, scope, cause, world);
            return Some(Raised::Here(slot));
        }
        let report =
            Report { region: self.region_of(owner, at_owner), path, from: role, cause: cause.clone() };
        if kind == ScopeKind::Collect {
            // A member that fails goes on: the collector only does without it.
            let way = Way { role, scope, to: exit? };
            self.interrupt(&way, world);
        } else if let Some(thread) = self.threads.get_mut(agent.index()) {
            let before = std::mem::replace(&mut thread.state, State::Halted);
            if matches!(before, State::Asking | State::Observing | State::Offering) {
                world.withdrawn(agent);
            }
        }
        self.report(report, owner, at_owner, kind, world);
        Some(Raised::Elsewhere)
    }

    /// A cause comes to the owner of a scope.
    fn report(&mut self, report: Report, owner: RoleId, scope: u16, kind: ScopeKind, world: &mut impl World) {
        let at = self.scopes.region(report.region);
        if report.path < at.path || report.path == at.path && !at.inside {
            return;
        }
        if kind == ScopeKind::Try && report.path == at.path {
            self.caught(owner, scope, &report.cause, world);
            return;
        }
        self.scopes.reports.push(report);
        if let Some(agent) = self.scope(owner, scope).map(|linked| linked.agent) {
            self.nudge(agent, world);
        }
    }

    /// Wakes an owner that waits for what its collection hears.
    fn nudge(&mut self, agent: AgentId, world: &mut impl World) {
        if let Some(thread) = self.threads.get_mut(agent.index())
            && thread.state == State::Receiving
        {
            thread.state = State::Ready;
            thread.mailbox = 0;
            world.wake(agent);
        }
    }

    /// The owner of a `try` goes on with what the scope does about the cause.
    fn caught(&mut self, role: RoleId, scope: u16, cause: &Cause, world: &mut impl World) -> Option<u32> {
        let code = self.part(role)?.program.scopes.get(usize::from(scope))?;
        let to = code.handler(cause)?.to?;
        self.interrupt(&Way { role, scope, to }, world);
        Some(to)
    }

    /// The time of the instance that its owner is in is up. Whether a scope does something about it.
    pub(super) fn expire(&mut self, agent: AgentId, scope: u16, world: &mut impl World) -> bool {
        let role = self.cast.role(agent);
        let region = self.region_of(role, scope);
        if !self.scopes.region(region).inside {
            return true;
        }
        let Some(code) = self.part(role).and_then(|part| part.program.scopes.get(usize::from(scope))) else {
            return true;
        };
        if code.kind == ScopeKind::Collect {
            world.raised(role, &code.name, &Cause::Timeout);
            if let Some(region) = self.scopes.region_mut(region) {
                region.expired = true;
            }
            self.nudge(agent, world);
            return true;
        }
        self.raise_in(agent, Some(scope), &Cause::Timeout, world).is_some()
    }

    /// The session is cancelled from outside: the outermost instances that take this are ended, but for those whose
    /// owners are gone and would do nothing about it. Whether there is one.
    pub(super) fn cancel(&mut self, gone: impl Fn(RoleId) -> bool, world: &mut impl World) -> bool {
        let mut ended = Vec::new();
        for (role, part) in self.cast.parts.iter().enumerate().filter(|(role, _)| !gone(RoleId::at(*role))) {
            for (at, code) in part.program.scopes.iter().enumerate() {
                let region = self.scopes.region(part.first_region + at as u32);
                let takes = code.handlers.iter().any(|handler| handler.cause == Cause::Cancelled);
                if takes && region.inside && code.owner.index() == role {
                    ended.push((RoleId::at(role), at as u16, code.lane));
                }
            }
        }
        let lanes: Vec<LaneId> = ended.iter().map(|(_, _, lane)| *lane).collect();
        ended.retain(|(role, scope, _)| !self.outer_lanes(*role, *scope).any(|lane| lanes.contains(&lane)));
        for (role, scope, _) in &ended {
            self.caught(*role, *scope, &Cause::Cancelled, world);
        }
        !ended.is_empty()
    }

    /// The lanes of the scopes around a scope.
    fn outer_lanes(&self, role: RoleId, scope: u16) -> impl Iterator<Item = LaneId> + use<'a> {
        let program = self.part(role).map(|part| &part.program);
        program.into_iter().flat_map(move |program| {
            let lane = |at: u16| program.scopes.get(usize::from(at)).map(|scope| scope.lane);
            program.around(Some(scope)).skip(1).filter_map(lane)
        })
    }
}

/// What became of a cause that a scope takes.
pub(super) enum Raised {
    /// The role owns the scope, and goes on; this slot takes what the cause carried.
    Here(Option<u16>),
    /// Its owner was told; the agent waits, or has left.
    Elsewhere,
}

/// Puts what a cause carried where the handler finds it.
pub(super) fn carry(scene: &mut Scene<'_>, raised: &Raised, carried: Value) {
    if let Raised::Here(Some(slot)) = raised
        && let Some(place) = scene.slots.get_mut(usize::from(*slot))
    {
        *place = carried;
    }
}
