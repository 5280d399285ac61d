//! One agent runs until it needs something.
//!
//! Here are the instructions that move, wait and talk; what only computes is in `compute`. The verifier has proved
//! that every index is in range, that every slot that is read was written, and that threads nest.
//! Is not: a loop over agents; whoever drives picks the next one.

use crate::base::value::Value;
use crate::bytecode::op::Op;
use crate::machine::cast::{AgentId, Case, Cast, Part};
use crate::machine::compute::{self, Frame};
use crate::machine::mailbox::Mailbox;
use crate::machine::session::{Session, State};
use crate::machine::trouble::Trouble;
use crate::machine::world::{Taken, World};

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

/// Runs an agent that is ready.
#[expect(clippy::indexing_slicing, reason = "the verifier has proved every index of a linked program")]
#[expect(clippy::too_many_lines, reason = "one arm an opcode: a call for each would cost half of the speed")]
pub(super) fn run(
    session: &mut Session,
    cast: &Cast,
    agent: AgentId,
    fuel: &mut u32,
    world: &mut impl World,
) -> Stop {
    let info = &cast.agents[agent.index()];
    let part = &cast.parts[info.role.index()];
    let program = &part.program;
    let code = program.code.as_slice();
    let slots = part.first_slot..part.first_slot + usize::from(program.slots);
    let mut at = session.threads[agent.index()].at;
    loop {
        let instr = code[at as usize];
        let thread = &mut session.threads[agent.index()];
        match instr.op {
            Op::Send | Op::SendTake | Op::SendConst | Op::Select => {
                pace!(fuel, thread, at);
                let mailbox = part.outgoing[usize::from(instr.a)];
                let capacity = cast.channels[mailbox as usize].capacity as usize;
                if session.mailboxes[mailbox as usize].len() >= capacity {
                    thread.mailbox = mailbox;
                    stop!(thread, at, Blocked, Waits);
                }
                stop!(thread, at, Offering, Offers);
            }
            Op::Receive => {
                pace!(fuel, thread, at);
                let Some(case) = arrived(part, instr.a, &session.mailboxes) else {
                    thread.mailbox = part.waits[usize::from(instr.a)].channel;
                    stop!(thread, at, Receiving, Waits);
                };
                if Session::shows(part, case.message, thread) {
                    stop!(thread, at, Observing, Asks);
                }
                at = take(session, cast, part, case, world);
            }
            Op::Produce | Op::Decide | Op::Perform => {
                pace!(fuel, thread, at);
                stop!(thread, at, Asking, Asks);
            }
            Op::Fork => {
                pace!(fuel, thread, at);
                fork(session, part, agent, at, world);
                return Stop::Waits;
            }
            Op::End => {
                session.finished += 1;
                stop!(thread, 0, Idle, Finished);
            }
            Op::Join => {
                thread.state = State::Idle;
                join(session, part, agent, info.thread, world);
                return Stop::Joined;
            }
            Op::Jump => at = instr.wide(),
            Op::Turn | Op::Next => {
                pace!(fuel, thread, at);
                match compute::advance(instr, &mut session.slots[slots.clone()]) {
                    Ok(true) => at += 2,
                    Ok(false) => at += 1,
                    Err(trouble) => return Stop::Fails(trouble),
                }
            }
            Op::Sum | Op::Min | Op::Max => {
                pace!(fuel, thread, at);
                let frame = Frame { program, slots: &mut session.slots[slots.clone()] };
                if let Err(trouble) = compute::compute(instr, frame) {
                    return Stop::Fails(trouble);
                }
                at += 1;
            }
            Op::JumpIf | Op::JumpUnless | Op::JumpSome => {
                match compute::jumps(instr, &session.slots[part.first_slot + usize::from(instr.a)]) {
                    Ok(true) => at = instr.wide(),
                    Ok(false) => at += 1,
                    Err(trouble) => return Stop::Fails(trouble),
                }
            }
            Op::Decided => {
                world.decided(info.role, &program.decisions[usize::from(instr.a)], instr.b);
                at += 1;
            }
            Op::NoBranch | Op::Fail | Op::FailWith => return Stop::Fails(ending(part, instr)),
            _ => {
                let frame = Frame { program, slots: &mut session.slots[slots.clone()] };
                if let Err(trouble) = compute::compute(instr, frame) {
                    return Stop::Fails(trouble);
                }
                at += 1;
            }
        }
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

/// Takes what has arrived, wakes a sender that waits for the room, and says where the program goes on.
#[inline]
pub(super) fn take(
    session: &mut Session,
    cast: &Cast,
    part: &Part,
    case: &Case,
    world: &mut impl World,
) -> u32 {
    let Some(channel) = cast.channels.get(case.channel as usize) else { return case.to };
    let Some(mailbox) = session.mailboxes.get_mut(case.channel as usize) else { return case.to };
    let payload = mailbox.take();
    if let Some(message) = part.program.messages.get(usize::from(case.message)) {
        let (from, to, lane) = (channel.from, channel.to, channel.lane);
        world.received(Taken { from, to, lane, message, payload: &payload });
    }
    if let Some(sender) = session.threads.get_mut(channel.sender.index())
        && sender.state == State::Blocked
        && sender.mailbox == case.channel
    {
        sender.state = State::Ready;
        sender.mailbox = 0;
        world.wake(channel.sender);
    }
    session.keep(part, case.slot, payload);
    case.to
}

/// Starts the threads of a fork. Its table is never empty, and its threads are idle: they have joined.
#[expect(clippy::indexing_slicing, reason = "the verifier has proved every index of a linked program")]
fn fork(session: &mut Session, part: &Part, agent: AgentId, at: u32, world: &mut impl World) {
    let branches = &part.program.forks[part.program.code[at as usize].wide() as usize];
    let thread = &mut session.threads[agent.index()];
    thread.children = branches.len() as u16;
    thread.at = at + 1;
    thread.state = State::Joining;
    for branch in branches {
        let child = AgentId(part.first_agent + u32::from(branch.thread));
        let thread = &mut session.threads[child.index()];
        thread.at = branch.to;
        thread.state = State::Ready;
        world.wake(child);
    }
}

/// Ends a thread; the last one of its fork wakes the thread that started it.
#[expect(clippy::indexing_slicing, reason = "the verifier has proved that threads nest")]
fn join(session: &mut Session, part: &Part, agent: AgentId, thread: u16, world: &mut impl World) {
    let parent = AgentId(part.first_agent + u32::from(part.parents[usize::from(thread)]));
    session.threads[agent.index()].at = 0;
    let waiting = &mut session.threads[parent.index()];
    waiting.children -= 1;
    if waiting.children == 0 {
        waiting.state = State::Ready;
        world.wake(parent);
    }
}

/// The trouble that an instruction makes.
#[cold]
fn ending(part: &Part, instr: crate::bytecode::instr::Instr) -> Trouble {
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
