//! One agent runs until it needs something.
//!
//! Here are the instructions that move, wait and talk; what only computes is in `compute`. The verifier has proved
//! that every index is in range, that every slot that is read was written, and that threads nest.
//! Is not: a loop over agents; whoever drives picks the next one.

use crate::base::value::Value;
use crate::bytecode::instr::Instr;
use crate::bytecode::op::Op;
use crate::bytecode::program::Program;
use crate::machine::cast::{AgentId, Case, Cast, Channel, MANY, NO_SLOT, Part};
use crate::machine::compute::{self, Frame};
use crate::machine::mailbox::Mailbox;
use crate::machine::question::Offer;
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
    let Session { threads, slots, mailboxes, finished } = session;
    let slots = &mut slots[part.first_slot..part.first_slot + usize::from(program.slots)];
    let mut scene = Scene { threads, slots, mailboxes };
    let mut at = scene.threads[agent.index()].at;
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
                if mailbox.len() >= channel.capacity as usize {
                    thread.mailbox = to;
                    stop!(thread, at, Blocked, Waits);
                }
                let Some(right) = world.clear(&offer(channel, program, instr, scene.slots)) else {
                    stop!(thread, at, Offering, Offers);
                };
                put(mailbox, right, program, instr, scene.slots);
                at += 1;
                called(scene.threads, channel, to, world);
            }
            Op::Receive => {
                let thread = &mut scene.threads[agent.index()];
                pace!(fuel, thread, at);
                let Some(case) = arrived(part, instr.a, scene.mailboxes) else {
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
            Op::NoBranch | Op::Fail | Op::FailWith => return Stop::Fails(ending(part, instr)),
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
    instr: Instr,
    slots: &'a [Value],
) -> Offer<'a> {
    let payload = match instr.op {
        Op::SendConst => &program.constants[usize::from(instr.c)],
        Op::Select => &NOTHING,
        _ => &slots[usize::from(instr.c)],
    };
    let message = &program.messages[usize::from(instr.b)];
    Offer { from: channel.from, to: channel.to, lane: channel.lane, message, payload }
}

/// Puts what the instruction of a send offers into its mailbox, and uses up the right to do so.
#[inline]
#[expect(clippy::indexing_slicing, reason = "the verifier has proved every index of a linked program")]
pub(super) fn put<R>(mailbox: &mut Mailbox, _right: R, program: &Program, instr: Instr, slots: &mut [Value]) {
    let payload = match instr.op {
        Op::SendTake => std::mem::replace(&mut slots[usize::from(instr.c)], Value::None),
        Op::SendConst => program.constants[usize::from(instr.c)].clone(),
        Op::Select => Value::None,
        _ => slots[usize::from(instr.c)].clone(),
    };
    mailbox.put(u32::from(instr.b), payload);
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
pub(super) fn arrived<'a>(part: &'a Part, receive: u16, mailboxes: &[Mailbox]) -> Option<&'a Case> {
    let wait = part.waits.get(usize::from(receive))?;
    let cases = part.cases.get(wait.first as usize..wait.end as usize)?;
    cases
        .iter()
        .find(|case| mailboxes.get(case.channel as usize).is_some_and(|mailbox| mailbox.holds(case.label)))
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
    if let Some(sender) = scene.threads.get_mut(channel.sender.index())
        && sender.state == State::Blocked
        && sender.mailbox == case.channel
    {
        sender.state = State::Ready;
        sender.mailbox = 0;
        world.wake(channel.sender);
    }
    keep(scene.slots, case.slot, payload);
    case.to
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
    for branch in branches {
        let child = AgentId(part.first_agent + u32::from(branch.thread));
        let thread = &mut threads[child.index()];
        thread.at = branch.to;
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
    if waiting.children == 0 {
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

/// The trouble that an instruction makes.
#[cold]
fn ending(part: &Part, instr: Instr) -> Trouble {
    let program = &part.program;
    match instr.op {
        Op::NoBranch => {
            let name = program.decisions.get(usize::from(instr.a)).map(|decision| decision.name.clone());
            Trouble::NoBranch(name.unwrap_or_default())
        }
        _ => match program.constants.get(usize::from(instr.a)) {
            Some(Value::Text(cause)) => Trouble::Failed(cause.clone()),
            _ => Trouble::Failed("".into()),
        },
    }
}
