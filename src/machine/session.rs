//! A session: what changes while roles run. Three flat arrays, equal and hashed by content.
//!
//! It is driven from outside: somebody picks an agent that is ready and runs it (`run`), clears what it offers
//! (`send`), answers what it asks (`answer`). Nothing here is kept twice: what an agent offers or asks is read from
//! where it stands.
//! Is not: aware of time, of other sessions, or of who runs next.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::base::cause::Cause;
use crate::base::id::RoleId;
use crate::base::value::Value;
use crate::bytecode::op::Op;
use crate::bytecode::program::Kind;
use crate::machine::cast::{AgentId, Cast, Part};
use crate::machine::gather;
use crate::machine::mailbox::Mailbox;
use crate::machine::question::{Offer, Question, Reply};
use crate::machine::rebase;
use crate::machine::run::{self, Scene, Stop};
use crate::machine::scope::{Reach, Region, Scopes};
use crate::machine::world::World;

/// What an agent does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub enum State {
    /// It is not running: not started, or at its end.
    #[default]
    Idle,
    /// It can go on.
    Ready,
    /// It stands at a send that has to be cleared.
    Offering,
    /// It waits for room in a mailbox.
    Blocked,
    /// It waits for a message.
    Receiving,
    /// It waits for an answer.
    Asking,
    /// It waits for its participant to accept a message.
    Observing,
    /// It waits for the threads that it started.
    Joining,
    /// It branches on what nobody knows, and waits to be told what to suppose.
    Supposing,
    /// It has raised a cause and waits for the word of its scope's owner, or nothing else leads on.
    Halted,
}

/// One thread of one role.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub(super) struct Thread {
    /// The instruction it stands at.
    pub(super) at: u32,
    /// The mailbox it waits for or whose message is observed, if there is one.
    pub(super) mailbox: u32,
    /// How many threads it waits for.
    pub(super) children: u16,
    /// The innermost scope around it, counted from 1; 0 where there is none.
    pub(super) within: u16,
    /// Whether its participant sees what it receives.
    pub(super) observed: bool,
    pub(super) state: State,
}

impl Thread {
    /// The innermost scope around it.
    pub(super) const fn within(&self) -> Option<u16> {
        self.within.checked_sub(1)
    }

    /// It is now in this scope.
    pub(super) fn enter(&mut self, scope: Option<u16>) {
        self.within = scope.map_or(0, |scope| scope + 1);
    }
}

/// The running roles of one cast.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Session {
    pub(super) threads: Vec<Thread>,
    pub(super) slots: Vec<Value>,
    pub(super) mailboxes: Vec<Mailbox>,
    /// None where the cast has no scope: then nothing of it costs anything.
    pub(super) scopes: Option<Box<Scopes>>,
    /// Roles that have come to their end.
    pub(super) finished: u32,
}

impl Session {
    /// A session at its beginning: the trunk of every role is ready.
    #[must_use]
    pub fn new(cast: &Cast) -> Self {
        let mut session = Self::default();
        session.reset(cast);
        session
    }

    /// Makes this a session at its beginning, in the room it has.
    pub fn reset(&mut self, cast: &Cast) {
        // Exactly what is needed: most sessions wait, and what they hold is what they cost.
        self.threads.clear();
        self.threads.reserve_exact(cast.agents.len());
        self.threads.extend(cast.agents.iter().map(|agent| match agent.thread {
            0 => Thread { state: State::Ready, ..Thread::default() },
            _ => Thread::default(),
        }));
        self.slots.clear();
        self.slots.reserve_exact(cast.slots);
        self.slots.resize(cast.slots, Value::None);
        self.mailboxes.iter_mut().for_each(Mailbox::clear);
        self.mailboxes.reserve_exact(cast.channels.len().saturating_sub(self.mailboxes.len()));
        self.mailboxes.resize_with(cast.channels.len(), Mailbox::default);
        self.finished = 0;
        self.scopes = (cast.regions > 0).then(|| {
            Box::new(Scopes {
                regions: vec![Region::default(); cast.regions],
                tags: vec![VecDeque::new(); cast.channels.len()],
                ..Scopes::default()
            })
        });
    }

    /// Lets go of everything that was carried and computed, and of mailboxes that have grown: what is left is room for
    /// another session of the cast.
    pub fn clear(&mut self) {
        self.slots.clear();
        self.mailboxes.iter_mut().for_each(Mailbox::clear);
        self.scopes = None;
    }

    /// Puts a parameter where the role finds it.
    pub fn give(&mut self, cast: &Cast, role: RoleId, slot: u16, value: Value) {
        let Some(part) = cast.parts.get(role.index()) else { return };
        if let Some(place) = self.slots.get_mut(part.first_slot + usize::from(slot)) {
            *place = value;
        }
    }

    /// Has the role's participant asked about every message that the role receives.
    pub fn observe(&mut self, cast: &Cast, role: RoleId) {
        for (thread, agent) in self.threads.iter_mut().zip(&cast.agents) {
            thread.observed |= agent.role == role;
        }
    }

    /// What an agent does.
    #[must_use]
    pub fn state(&self, agent: AgentId) -> State {
        self.threads.get(agent.index()).map_or(State::Idle, |thread| thread.state)
    }

    /// The instruction that an agent stands at.
    #[must_use]
    pub fn at(&self, agent: AgentId) -> u32 {
        self.threads.get(agent.index()).map_or(0, |thread| thread.at)
    }

    /// How many messages are in a mailbox.
    #[must_use]
    pub fn waiting(&self, mailbox: usize) -> usize {
        self.mailboxes.get(mailbox).map_or(0, Mailbox::len)
    }

    /// Whether every role has come to its end.
    #[must_use]
    pub const fn is_finished(&self, cast: &Cast) -> bool {
        self.finished as usize == cast.parts.len()
    }

    /// Whether the session is complete although roles still wait: all of them where the protocol allows it, and no
    /// message under way.
    #[must_use]
    pub fn may_end(&self, cast: &Cast) -> bool {
        let released = |(thread, agent): (&Thread, &crate::machine::cast::Agent)| match thread.state {
            State::Idle => true,
            State::Receiving => self.wait(cast, agent.role, thread).is_some_and(|wait| wait.may_end),
            _ => false,
        };
        self.threads.iter().zip(&cast.agents).all(released) && self.mailboxes.iter().all(Mailbox::is_empty)
    }

    /// Runs an agent that is ready until it needs something, or until `fuel` paced instructions are done.
    #[inline]
    pub fn run(&mut self, cast: &Cast, agent: AgentId, fuel: &mut u32, world: &mut impl World) -> Stop {
        run::run(self, cast, agent, fuel, world)
    }

    /// The message that an agent offers; none unless it stands at a send.
    #[must_use]
    #[inline]
    pub fn offer<'a>(&'a self, cast: &'a Cast, agent: AgentId) -> Option<Offer<'a>> {
        let (thread, part) = self.place(cast, agent)?;
        if thread.state != State::Offering {
            return None;
        }
        let instr = *part.program.code.get(thread.at as usize)?;
        let channel = cast.channels.get(*part.outgoing.get(usize::from(instr.a))? as usize)?;
        let slots = self.slots.get(part.first_slot..)?;
        Some(run::offer(channel, &part.program, (thread.at, instr), slots))
    }

    /// Puts the message that an agent offers into its mailbox; the agent is ready to go on. Whoever calls this has had
    /// it cleared.
    pub fn send(&mut self, cast: &Cast, agent: AgentId, world: &mut impl World) {
        let Some((Thread { at, state: State::Offering, .. }, part)) = self.place(cast, agent) else { return };
        let Self { threads, slots, mailboxes, scopes, .. } = self;
        let Some(instr) = part.program.code.get(at as usize).copied() else { return };
        let Some(to) = part.outgoing.get(usize::from(instr.a)).copied() else { return };
        let Some(channel) = cast.channels.get(to as usize) else { return };
        let Some(slots) = slots.get_mut(part.first_slot..) else { return };
        if let Some(thread) = threads.get_mut(agent.index()) {
            thread.at += 1;
            thread.state = State::Ready;
        }
        if channel.is_special() {
            let mut scene = Scene { threads, slots, mailboxes, scopes };
            return run::deliver(&mut scene, cast, (), (&part.program, instr), to, world);
        }
        let Some(mailbox) = mailboxes.get_mut(to as usize) else { return };
        run::put(mailbox, (), &part.program, instr, slots);
        run::called(threads, channel, to, world);
    }

    /// An agent that offers a message is ready to offer it again. False where it no longer does.
    pub fn again(&mut self, agent: AgentId) -> bool {
        let thread = self.threads.get_mut(agent.index()).filter(|thread| thread.state == State::Offering);
        thread.is_some_and(|thread| {
            thread.state = State::Ready;
            true
        })
    }

    /// A cause at an agent: a message denied where it offers one, a question failed where it asks one, a payload refused
    /// where its participant looks at one. The innermost scope around it that takes this is told. False where none
    /// does: then nothing has changed, and the session cannot go on.
    pub fn raise(&mut self, cast: &Cast, agent: AgentId, cause: &Cause, world: &mut impl World) -> bool {
        let Some((thread, part)) = self.place(cast, agent) else { return false };
        let Self { threads, slots, mailboxes, scopes, .. } = self;
        let (Some(slots), Some(instr)) =
            (slots.get_mut(part.first_slot..), part.program.code.get(thread.at as usize).copied())
        else {
            return false;
        };
        // The owner of a collection does without what its participant refuses.
        if let (State::Observing, Op::Gather) = (thread.state, instr.op)
            && let Some(member) = gather::shown(part, instr.a, thread.mailbox)
        {
            let mut scene = Scene { threads, slots, mailboxes, scopes };
            let refused = gather::refuse(&mut scene, cast, (part, instr), member, world);
            if let Some(thread) = self.threads.get_mut(agent.index()) {
                thread.state = State::Ready;
                thread.mailbox = 0;
                world.wake(agent);
            }
            return refused.is_ok();
        }
        let Some(scopes) = scopes.as_deref_mut() else { return false };
        Reach { cast, threads, mailboxes, scopes }.raise(agent, cause, world).is_some()
    }

    /// The time of the instance that an owner is in is up. False where no scope does anything about it.
    pub fn expire(&mut self, cast: &Cast, agent: AgentId, scope: u16, world: &mut impl World) -> bool {
        self.reach(cast).is_none_or(|mut reach| reach.expire(agent, scope, world))
    }

    /// The session is cancelled from outside. False where no scope takes it whose owner is there: `gone` says of a role
    /// whether it will never act again.
    pub fn cancel(&mut self, cast: &Cast, gone: impl Fn(RoleId) -> bool, world: &mut impl World) -> bool {
        self.reach(cast).is_some_and(|mut reach| reach.cancel(gone, world))
    }

    /// The scopes whose owners are inside and have a time limit.
    #[must_use]
    pub fn timed(&self, cast: &Cast) -> Vec<(AgentId, u16)> {
        let Some(scopes) = self.scopes.as_deref() else { return Vec::new() };
        let mut timed = Vec::new();
        for part in &cast.parts {
            for (at, scope) in part.scopes.iter().enumerate().filter(|(_, scope)| scope.timed) {
                let region = scopes.region(part.first_region + at as u32);
                if region.inside && !region.expired {
                    timed.push((scope.agent, at as u16));
                }
            }
        }
        timed
    }

    /// Counts the instances of scopes anew where no role could notice, so that sessions that behave alike are equal.
    pub fn rebase(&mut self, cast: &Cast) {
        if let Some(scopes) = self.scopes.as_deref_mut() {
            rebase::rebase(cast, scopes);
        }
    }

    fn reach<'a>(&'a mut self, cast: &'a Cast) -> Option<Reach<'a>> {
        let scopes = self.scopes.as_deref_mut()?;
        Some(Reach { cast, threads: &mut self.threads, mailboxes: &mut self.mailboxes, scopes })
    }

    /// What an agent asks; none unless it waits for an answer.
    #[must_use]
    pub fn question<'a>(&'a self, cast: &'a Cast, agent: AgentId) -> Option<Question<'a>> {
        let (thread, part) = self.place(cast, agent)?;
        let program = &part.program;
        let instr = program.code.get(thread.at as usize)?;
        match (thread.state, instr.op) {
            (State::Asking, Op::Produce) => {
                let channel = program.outgoing.get(usize::from(instr.a))?;
                let message = program.messages.get(usize::from(instr.b))?;
                Some(Question::Produce { to: channel.peer, message })
            }
            (State::Asking, Op::Decide) => {
                Some(Question::Decide(program.decisions.get(usize::from(instr.a))?))
            }
            (State::Asking, Op::Perform) => {
                let operation = program.operations.get(usize::from(instr.a))?;
                let first = part.first_slot + usize::from(instr.b);
                let args = self.slots.get(first..first + operation.args.len())?;
                Some(Question::Perform(operation, args))
            }
            (State::Observing, Op::Receive | Op::Gather) => {
                let message = if instr.op == Op::Receive {
                    run::shown(part, instr.a, &thread, &self.mailboxes)?.message
                } else {
                    gather::shown(part, instr.a, thread.mailbox)?.message
                };
                let channel = cast.channels.get(thread.mailbox as usize)?;
                let message = program.messages.get(usize::from(message))?;
                let payload = self.mailboxes.get(thread.mailbox as usize)?.first();
                Some(Question::Observe { from: channel.from, message, payload })
            }
            _ => None,
        }
    }

    /// Gives an agent the answer to its question; it is ready to go on. An answer that fits no question is dropped.
    pub fn answer(&mut self, cast: &Cast, agent: AgentId, reply: Reply, world: &mut impl World) {
        let Some((thread, part)) = self.place(cast, agent) else { return };
        let Some(instr) = part.program.code.get(thread.at as usize).copied() else { return };
        let Self { threads, slots, mailboxes, scopes, .. } = self;
        let Some(slots) = slots.get_mut(part.first_slot..) else { return };
        let next = match (thread.state, instr.op, reply) {
            (State::Asking, Op::Produce, Reply::Value(value)) => {
                run::keep(slots, instr.c, value);
                thread.at + 1
            }
            (State::Asking, Op::Perform, Reply::Value(value)) => {
                let args = part.program.operations.get(usize::from(instr.a)).map_or(0, |op| op.args.len());
                slots.iter_mut().skip(usize::from(instr.b)).take(args).for_each(|slot| *slot = Value::None);
                run::keep(slots, instr.c, value);
                thread.at + 1
            }
            (State::Asking, Op::Decide, Reply::Label(label)) => {
                let table = part.program.branches.get(instr.wide() as usize);
                match table.and_then(|table| table.get(usize::from(label))) {
                    Some(to) => *to,
                    None => return,
                }
            }
            (State::Observing, Op::Receive, Reply::Accepted) => {
                match run::shown(part, instr.a, &thread, mailboxes) {
                    Some(case) => {
                        let mut scene = Scene { threads: &mut *threads, slots, mailboxes, scopes };
                        run::take(&mut scene, cast, part, case, world)
                    }
                    None => return,
                }
            }
            (State::Observing, Op::Gather, Reply::Accepted) => {
                let Some(member) = gather::shown(part, instr.a, thread.mailbox) else { return };
                let mut scene = Scene { threads: &mut *threads, slots, mailboxes, scopes };
                match gather::take(&mut scene, cast, (part, instr), member, world) {
                    Ok(true) => thread.at + 2,
                    Ok(false) => thread.at,
                    Err(_) => return,
                }
            }
            _ => return,
        };
        if let Some(thread) = threads.get_mut(agent.index()) {
            thread.at = next;
            thread.mailbox = 0;
            thread.state = State::Ready;
        }
    }

    /// Whether what an agent is about to receive is shown to its participant first.
    pub(super) fn shows(part: &Part, message: u16, thread: &Thread) -> bool {
        thread.observed
            && part
                .program
                .messages
                .get(usize::from(message))
                .is_some_and(|message| message.kind == Kind::Data)
    }

    pub(super) fn place<'a>(&self, cast: &'a Cast, agent: AgentId) -> Option<(Thread, &'a Part)> {
        let role = cast.agents.get(agent.index())?.role;
        Some((*self.threads.get(agent.index())?, cast.parts.get(role.index())?))
    }

    pub(super) fn wait<'a>(
        &self,
        cast: &'a Cast,
        role: RoleId,
        thread: &Thread,
    ) -> Option<&'a crate::machine::cast::Wait> {
        let part = cast.parts.get(role.index())?;
        let instr = part.program.code.get(thread.at as usize).filter(|instr| instr.op == Op::Receive)?;
        part.waits.get(usize::from(instr.a))
    }
}
