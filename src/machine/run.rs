//! One agent runs until it needs something.
//!
//! Here are the instructions that move, wait and talk; what only computes is in `compute`. The verifier has proved
//! that every index is in range, that every slot that is read was written, and that threads nest.
//! Is not: a loop over agents; whoever drives picks the next one.

use crate::base::cause::Cause;
use crate::base::time::Duration;
use crate::base::value::Value;
use crate::bytecode::instr::Instr;
use crate::bytecode::op::Op;
use crate::bytecode::program::Program;
use crate::machine::cast::{AgentId, Case, Cast, Channel, MANY, NO_REGION, NO_SLOT, Part};
use crate::machine::compute::{self, Frame};
use crate::machine::gather::{self, Heard};
use crate::machine::mailbox::Mailbox;
use crate::machine::question::Offer;
use crate::machine::scope::{self, Reach, Scopes};
use crate::machine::session::{Session, State, Thread};
use crate::machine::trouble::Trouble;
use crate::machine::unknown;
use crate::machine::world::{Taken, World};

/// What a message without a payload carries.
const NOTHING: Value = Value::None;

/// Why an agent stopped.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Stop {
    /// It offers a message that has to be cleared.
    Offers,
    /// It asks something.
    Asks,
    /// It waits for a message, for room, or for its threads.
    Waits,
    /// Its thread is at its end.
    Joined,
    /// Its role is at its end.
    Finished,
    /// The session cannot go on.
    Fails(Trouble),
    /// It branches on what nobody knows; only where somebody has given it such a value.
    Supposes,
    /// The fuel is used up; it is still ready.
    Spent,
    /// It had nothing to do: a scope has ended it meanwhile.
    Idle,
}

macro_rules! pace {
    ($fuel:ident, $thread:ident, $at:ident) => {
        if *$fuel == 0 {
            $thread.at = $at;
            return Stop::Spent;
        }
        *$fuel -= 1;
    };
}

macro_rules! stop {
    ($thread:ident, $at:expr, $state:ident, $stop:ident) => {{
        $thread.at = $at;
        $thread.state = State::$state;
        return Stop::$stop;
    }};
}

/// What an agent reaches of its session.
pub(super) struct Scene<'a> {
    pub(super) threads: &'a mut [Thread],
    /// Those of its role.
    pub(super) slots: &'a mut [Value],
    pub(super) mailboxes: &'a mut [Mailbox],
    pub(super) scopes: &'a mut Option<Box<Scopes>>,
}

impl Scene<'_> {
    /// What scopes reach; none where the cast has none.
    fn reach<'a>(&'a mut self, cast: &'a Cast) -> Option<Reach<'a>> {
        let scopes = self.scopes.as_deref_mut()?;
        Some(Reach { cast, threads: self.threads, mailboxes: self.mailboxes, scopes })
    }
}

/// Runs an agent that is ready.
#[expect(clippy::indexing_slicing, reason = "the verifier has proved every index of a linked program")]
#[expect(clippy::too_many_lines, reason = "a table: one arm an opcode, and none of them long")]
pub(super) fn run<W: World>(
    session: &mut Session,
    cast: &Cast,
    agent: AgentId,
    fuel: &mut u32,
    world: &mut W,
) -> Stop {
    let info = cast.agents[agent.index()];
    let part = &cast.parts[info.role.index()];
    let program = &part.program;
    let code = program.code.as_slice();
    let Session { threads, slots, mailboxes, scopes, finished } = session;
    let slots = &mut slots[part.first_slot..part.first_slot + usize::from(program.slots)];
    let mut scene = Scene { threads, slots, mailboxes, scopes };
    let thread = &scene.threads[agent.index()];
    if thread.state != State::Ready {
        // It was ended, or woken twice.
        return Stop::Idle;
    }
    let mut at = thread.at;
    loop {
        let instr = code[at as usize];
        world.reached(info.role, at);
        match instr.op {
            Op::Send | Op::SendTake | Op::SendConst | Op::Select => {
                let thread = &mut scene.threads[agent.index()];
                pace!(fuel, thread, at);
                let to = part.outgoing[usize::from(instr.a)];
                let channel = &cast.channels[to as usize];
                let mailbox = &mut scene.mailboxes[to as usize];
                if mailbox.len() >= channel.capacity as usize
                    && !waits_for_no_room(scene.scopes, part, channel)
                {
                    thread.mailbox = to;
                    stop!(thread, at, Blocked, Waits);
                }
                let Some(right) = world.clear(&offer(channel, program, (at, instr), scene.slots)) else {
                    stop!(thread, at, Offering, Offers);
                };
                if channel.is_special() {
                    deliver(&mut scene, cast, right, (program, instr), to, world);
                } else {
                    put(mailbox, right, program, instr, scene.slots);
                    called(scene.threads, channel, to, world);
                }
                at += 1;
            }
            Op::Receive => {
                let thread = &mut scene.threads[agent.index()];
                pace!(fuel, thread, at);
                let case = arrived(cast, part, instr.a, &scene);
                let thread = &mut scene.threads[agent.index()];
                let Some(case) = case else {
                    thread.mailbox = part.waits[usize::from(instr.a)].channel;
                    stop!(thread, at, Receiving, Waits);
                };
                if Session::shows(part, case.message, thread) {
                    thread.mailbox = case.channel;
                    stop!(thread, at, Observing, Asks);
                }
                at = take(&mut scene, cast, part, case, world);
            }
            Op::Produce | Op::Decide | Op::Perform => {
                let thread = &mut scene.threads[agent.index()];
                pace!(fuel, thread, at);
                stop!(thread, at, Asking, Asks);
            }
            Op::Fork => {
                let thread = &mut scene.threads[agent.index()];
                pace!(fuel, thread, at);
                fork(scene.threads, part, agent, at, world);
                return Stop::Waits;
            }
            Op::End => {
                let thread = &mut scene.threads[agent.index()];
                *finished += 1;
                stop!(thread, 0, Idle, Finished);
            }
            Op::Join => {
                join(scene.threads, part, agent, info.thread, world);
                return Stop::Joined;
            }
            Op::Jump => at = instr.wide(),
            Op::Turn | Op::Next => {
                let thread = &mut scene.threads[agent.index()];
                pace!(fuel, thread, at);
                match compute::advance(instr, scene.slots) {
                    Ok(true) => at += 2,
                    Ok(false) => at += 1,
                    Err(trouble) => return failed(&mut scene, agent, at, instr, trouble),
                }
            }
            Op::Sum | Op::Min | Op::Max => {
                let thread = &mut scene.threads[agent.index()];
                pace!(fuel, thread, at);
                let frame = Frame { program, slots: scene.slots };
                if let Err(trouble) = compute::compute(instr, frame) {
                    return Stop::Fails(trouble);
                }
                at += 1;
            }
            Op::JumpIf | Op::JumpUnless | Op::JumpSome => {
                match compute::jumps(instr, &scene.slots[usize::from(instr.a)]) {
                    Ok(true) => at = instr.wide(),
                    Ok(false) => at += 1,
                    Err(trouble) => return failed(&mut scene, agent, at, instr, trouble),
                }
            }
            Op::Decided => {
                world.decided(info.role, &program.decisions[usize::from(instr.a)], instr.b);
                at += 1;
            }
            Op::Enter | Op::EnterFor => {
                let thread = &mut scene.threads[agent.index()];
                pace!(fuel, thread, at);
                match enter(&mut scene, cast, agent, instr, world) {
                    Ok(Some(to)) => at = to,
                    Ok(None) => at += 1,
                    Err(trouble) => return Stop::Fails(trouble),
                }
            }
            Op::Leave => {
                if let Some(mut reach) = scene.reach(cast) {
                    reach.leave(info.role, instr.a, world);
                }
                at += 1;
            }
            Op::Gather => {
                let thread = &mut scene.threads[agent.index()];
                pace!(fuel, thread, at);
                match gathered(&mut scene, cast, part, (agent, at), world) {
                    Ok(next) => at = next,
                    Err(stop) => return stop,
                }
            }
            Op::Pending | Op::Missing => {
                if let Err(trouble) = known(&mut scene, part, instr) {
                    return Stop::Fails(trouble);
                }
                at += 1;
            }
            Op::Fail | Op::FailWith => {
                let thread = &mut scene.threads[agent.index()];
                pace!(fuel, thread, at);
                match fail(&mut scene, cast, part, (agent, instr), world) {
                    Ok(()) => match &scene.threads[agent.index()] {
                        Thread { state: State::Ready, at: to, .. } => at = *to,
                        Thread { state: State::Halted, .. } => return Stop::Waits,
                        _ => return Stop::Joined,
                    },
                    Err(trouble) => return Stop::Fails(trouble),
                }
            }
            Op::Stay => {
                let thread = &mut scene.threads[agent.index()];
                pace!(fuel, thread, at);
                stop!(thread, at, Halted, Waits);
            }
            Op::NoBranch => return Stop::Fails(no_branch(part, instr)),
            _ => {
                let frame = Frame { program, slots: scene.slots };
                if let Err(trouble) = compute::compute(instr, frame) {
                    return Stop::Fails(trouble);
                }
                at += 1;
            }
        }
    }
}

/// What the instruction of a send offers. `slots` are those of the role.
#[inline]
#[expect(clippy::indexing_slicing, reason = "the verifier has proved every index of a linked program")]
pub(super) fn offer<'a>(
    channel: &Channel,
    program: &'a Program,
    (at, instr): (u32, Instr),
    slots: &'a [Value],
) -> Offer<'a> {
    let payload = match instr.op {
        Op::SendConst => &program.constants[usize::from(instr.c)],
        Op::Select => &NOTHING,
        _ => &slots[usize::from(instr.c)],
    };
    let message = &program.messages[usize::from(instr.b)];
    Offer { from: channel.from, to: channel.to, lane: channel.lane, at, message, payload }
}

/// Puts what the instruction of a send offers into its mailbox, and uses up the right to do so.
#[inline]
pub(super) fn put<R>(mailbox: &mut Mailbox, _right: R, program: &Program, instr: Instr, slots: &mut [Value]) {
    mailbox.put(u32::from(instr.b), payload(program, instr, slots));
}

/// What the instruction of a send carries away.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "the verifier has proved every index of a linked program")]
fn payload(program: &Program, instr: Instr, slots: &mut [Value]) -> Value {
    match instr.op {
        Op::SendTake => std::mem::replace(&mut slots[usize::from(instr.c)], Value::None),
        Op::SendConst => program.constants[usize::from(instr.c)].clone(),
        Op::Select => Value::None,
        _ => slots[usize::from(instr.c)].clone(),
    }
}

/// Puts what the instruction of a send offers into a mailbox on the lane of a scope, or one that may end a scope. What
/// belongs to an instance that its receiver is through with is dropped.
#[cold]
pub(super) fn deliver<R>(
    scene: &mut Scene<'_>,
    cast: &Cast,
    _right: R,
    (program, instr): (&Program, Instr),
    to: u32,
    world: &mut impl World,
) {
    let Some(channel) = cast.channels.get(to as usize) else { return };
    let payload = payload(program, instr, scene.slots);
    let Some(mut reach) = scene.reach(cast) else { return };
    let Some(mailbox) = reach.mailboxes.get_mut(to as usize) else { return };
    if reach.scopes.is_late(channel) || mailbox.len() >= channel.capacity as usize {
        return;
    }
    mailbox.put(u32::from(instr.b), payload);
    if channel.to_region != NO_REGION {
        let path = reach.scopes.region(channel.from_region).path;
        if let Some(tags) = reach.scopes.tags.get_mut(to as usize) {
            tags.push_back(path);
        }
    }
    called(reach.threads, channel, to, world);
    reach.arrived(channel, to, world);
}

/// Whether a sender goes on although there is no room: what it sends is dropped, because its receiver is through with
/// the instance, or because it is an owner's word that a member is late, and that member has not heard many others.
fn waits_for_no_room(scopes: &Option<Box<Scopes>>, part: &Part, channel: &Channel) -> bool {
    channel.is_special()
        && (is_word(part, channel) || scopes.as_deref().is_some_and(|at| at.is_late(channel)))
}

/// Whether the sender gathers on the lane of a channel: then all that it sends there is that a member is late.
fn is_word(part: &Part, channel: &Channel) -> bool {
    let scope = channel.from_region.checked_sub(part.first_region);
    let scope = scope.and_then(|scope| part.scopes.get(scope as usize));
    channel.from_region != NO_REGION && scope.is_some_and(|scope| !scope.members.is_empty())
}

/// Wakes the receiver of a mailbox, if it waits for just this.
#[inline]
pub(super) fn called(threads: &mut [Thread], channel: &Channel, at: u32, world: &mut impl World) {
    if let Some(receiver) = threads.get_mut(channel.receiver.index())
        && receiver.state == State::Receiving
        && (receiver.mailbox == at || receiver.mailbox == MANY)
    {
        receiver.state = State::Ready;
        receiver.mailbox = 0;
        world.wake(channel.receiver);
    }
}

/// What has arrived at a place of waiting, in the order of its table.
#[inline]
pub(super) fn arrived<'a>(cast: &Cast, part: &'a Part, receive: u16, scene: &Scene<'_>) -> Option<&'a Case> {
    let wait = part.waits.get(usize::from(receive))?;
    let cases = part.cases.get(wait.first as usize..wait.end as usize)?;
    let holds = |case: &&Case| {
        scene.mailboxes.get(case.channel as usize).is_some_and(|mailbox| mailbox.holds(case.label))
    };
    if wait.scoped {
        return cases.iter().find(|case| holds(case) && is_due(scene.scopes, cast, case.channel));
    }
    cases.iter().find(holds)
}

/// Whether the first message of a mailbox belongs to the instance that its receiver is in.
pub(super) fn is_due(scopes: &Option<Box<Scopes>>, cast: &Cast, mailbox: u32) -> bool {
    let (Some(scopes), Some(channel)) = (scopes.as_deref(), cast.channels.get(mailbox as usize)) else {
        return true;
    };
    scopes.is_due(channel, mailbox)
}

/// What an observer is shown: it stays the same although other mailboxes fill meanwhile.
pub(super) fn shown<'a>(
    part: &'a Part,
    receive: u16,
    thread: &Thread,
    mailboxes: &[Mailbox],
) -> Option<&'a Case> {
    let wait = part.waits.get(usize::from(receive))?;
    let mailbox = mailboxes.get(thread.mailbox as usize)?;
    let mut cases = part.cases.get(wait.first as usize..wait.end as usize)?.iter();
    cases.find(|case| case.channel == thread.mailbox && mailbox.holds(case.label))
}

/// Takes what has arrived, wakes a sender that waits for the room, and says where the program goes on.
#[inline(always)]
pub(super) fn take(
    scene: &mut Scene<'_>,
    cast: &Cast,
    part: &Part,
    case: &Case,
    world: &mut impl World,
) -> u32 {
    let Some(channel) = cast.channels.get(case.channel as usize) else { return case.to };
    let Some(mailbox) = scene.mailboxes.get_mut(case.channel as usize) else { return case.to };
    let payload = mailbox.take();
    if let Some(message) = part.program.messages.get(usize::from(case.message)) {
        let (from, to, lane) = (channel.from, channel.to, channel.lane);
        world.received(Taken { from, to, lane, message, payload: &payload });
    }
    if channel.is_special()
        && let Some(scopes) = scene.scopes.as_deref_mut()
    {
        scopes.taken(case.channel);
    }
    room(scene.threads, channel, case.channel, world);
    keep(scene.slots, case.slot, payload);
    case.to
}

/// Wakes a sender that waits for room in a mailbox.
#[inline]
pub(super) fn room(threads: &mut [Thread], channel: &Channel, mailbox: u32, world: &mut impl World) {
    if let Some(sender) = threads.get_mut(channel.sender.index())
        && sender.state == State::Blocked
        && sender.mailbox == mailbox
    {
        sender.state = State::Ready;
        sender.mailbox = 0;
        world.wake(channel.sender);
    }
}

/// The owner of a collection hears what comes next: where it goes on, or why it stops.
#[cold]
fn gathered(
    scene: &mut Scene<'_>,
    cast: &Cast,
    part: &Part,
    (agent, at): (AgentId, u32),
    world: &mut impl World,
) -> Result<u32, Stop> {
    let Some(instr) = part.program.code.get(at as usize).copied() else { return Ok(at) };
    let heard = gather::hear(scene, part, instr).map_err(Stop::Fails)?;
    let Some(thread) = scene.threads.get_mut(agent.index()) else { return Ok(at) };
    let (mailbox, state, stop) = match heard {
        Heard::Message(member) if thread.observed => (member.channel, State::Observing, Stop::Asks),
        Heard::Message(member) => {
            let taken = gather::take(scene, cast, (part, instr), member, world).map_err(Stop::Fails)?;
            return Ok(if taken { at + 2 } else { at });
        }
        Heard::All => return Ok(at + 1),
        Heard::Nothing => (MANY, State::Receiving, Stop::Waits),
    };
    (thread.at, thread.mailbox, thread.state) = (at, mailbox, state);
    Err(stop)
}

/// Begins an instance of a scope; gives where the role goes on if it is over already.
#[cold]
fn enter(
    scene: &mut Scene<'_>,
    cast: &Cast,
    agent: AgentId,
    instr: Instr,
    world: &mut impl World,
) -> Result<Option<u32>, Trouble> {
    let within = match (instr.op, scene.slots.get(usize::from(instr.b))) {
        (Op::EnterFor, Some(Value::Duration(within))) => Some(*within),
        // Nobody knows how long; whoever explores says when.
        (Op::EnterFor, Some(Value::Opaque(_))) => Some(Duration(u64::MAX)),
        (Op::EnterFor, other) => return Err(compute::kind("a span of time", other.unwrap_or(&NOTHING))),
        _ => None,
    };
    scene.reach(cast).map_or(Ok(None), |mut reach| reach.enter(agent, instr.a, within, world))
}

/// What is known of the members of a collection.
#[cold]
fn known(scene: &mut Scene<'_>, part: &Part, instr: Instr) -> Result<(), Trouble> {
    let slot = |slots: &[Value], at: u16| slots.get(usize::from(at)).cloned().unwrap_or(Value::None);
    let (to, value) = if instr.op == Op::Pending {
        let pending = gather::is_pending(&slot(scene.slots, instr.b), instr.c)?;
        (instr.a, Value::Bool(pending))
    } else {
        let region = part.first_region + u32::from(instr.a);
        let expired = scene.scopes.as_deref().is_some_and(|scopes| scopes.region(region).expired);
        (instr.b, gather::missing(part, instr.a, &slot(scene.slots, instr.c), expired)?)
    };
    keep(scene.slots, to, value);
    Ok(())
}

/// A failure that the protocol raises. Trouble for the session where no scope takes it.
#[cold]
fn fail(
    scene: &mut Scene<'_>,
    cast: &Cast,
    part: &Part,
    (agent, instr): (AgentId, Instr),
    world: &mut impl World,
) -> Result<(), Trouble> {
    let name = match part.program.constants.get(usize::from(instr.a)) {
        Some(Value::Text(name)) => name.clone(),
        _ => "".into(),
    };
    let carried = match instr.op {
        Op::FailWith => {
            scene.slots.get_mut(usize::from(instr.b)).map(|slot| std::mem::replace(slot, NOTHING))
        }
        _ => None,
    };
    let cause = Cause::Failed(Some(name.clone()));
    let Some(raised) = scene.reach(cast).and_then(|mut reach| reach.raise(agent, &cause, world)) else {
        return Err(Trouble::Failed(name));
    };
    scope::carry(scene, &raised, carried.unwrap_or(NOTHING));
    Ok(())
}

/// Writes a slot, unless nobody looks at it.
#[inline]
pub(super) fn keep(slots: &mut [Value], slot: u16, value: Value) {
    if slot != NO_SLOT
        && let Some(place) = slots.get_mut(usize::from(slot))
    {
        *place = value;
    }
}

/// Starts the threads of a fork. Its table is never empty, and its threads are idle: they have joined.
#[expect(clippy::indexing_slicing, reason = "the verifier has proved every index of a linked program")]
fn fork(threads: &mut [Thread], part: &Part, agent: AgentId, at: u32, world: &mut impl World) {
    let branches = &part.program.forks[part.program.code[at as usize].wide() as usize];
    let thread = &mut threads[agent.index()];
    thread.children = branches.len() as u16;
    thread.at = at + 1;
    thread.state = State::Joining;
    let within = thread.within;
    for branch in branches {
        let child = AgentId(part.first_agent + u32::from(branch.thread));
        let thread = &mut threads[child.index()];
        thread.at = branch.to;
        thread.within = within;
        thread.state = State::Ready;
        world.wake(child);
    }
}

/// Ends a thread; the last one of its fork wakes the thread that started it.
#[expect(clippy::indexing_slicing, reason = "the verifier has proved that threads nest")]
fn join(threads: &mut [Thread], part: &Part, agent: AgentId, number: u16, world: &mut impl World) {
    let parent = AgentId(part.first_agent + u32::from(part.parents[usize::from(number)]));
    let thread = &mut threads[agent.index()];
    thread.at = 0;
    thread.state = State::Idle;
    let waiting = &mut threads[parent.index()];
    waiting.children -= 1;
    // One that has raised a cause meanwhile waits for its owner's word instead.
    if waiting.children == 0 && waiting.state == State::Joining {
        waiting.state = State::Ready;
        world.wake(parent);
    }
}

/// A branch that could not be taken: because nobody knows what it is on, or for good.
#[cold]
fn failed(scene: &mut Scene<'_>, agent: AgentId, at: u32, instr: Instr, trouble: Trouble) -> Stop {
    if let Some(thread) = scene.threads.get_mut(agent.index())
        && unknown::stops(instr, scene.slots)
    {
        stop!(thread, at, Supposing, Supposes);
    }
    Stop::Fails(trouble)
}

/// The trouble of a choice none of whose conditions holds.
#[cold]
fn no_branch(part: &Part, instr: Instr) -> Trouble {
    let name = part.program.decisions.get(usize::from(instr.a)).map(|decision| decision.name.clone());
    Trouble::NoBranch(name.unwrap_or_default())
}
