//! Linking: programs that belong together become a cast.
//!
//! A mailbox belongs to one sender, one receiver and one lane. Messages travel under their sender's number; every
//! case of a receiver is told that number once, here, and nothing is looked up by name later.

use std::collections::BTreeMap;

use crate::base::id::{LaneId, RoleId};
use crate::bytecode::program::Program;
use crate::bytecode::rejection::Rejection;
use crate::bytecode::verify::{self, Facts};
use crate::machine::cast::{Agent, AgentId, Case, Cast, Channel, MANY, NO_REGION, NO_SLOT, Part, Wait};

mod scopes;

/// Stands for a message that the sender does not have; no mailbox holds it.
const UNSENT: u32 = u32::MAX - 1;

pub(super) fn link(programs: Vec<Program>) -> Result<Cast, Rejection> {
    together(&programs)?;
    let facts = programs.iter().map(verify::verify).collect::<Result<Vec<_>, _>>()?;
    let mut cast = Cast {
        parts: Vec::new(),
        agents: Vec::new(),
        channels: Vec::new(),
        slots: 0,
        regions: 0,
        lanes: Vec::new(),
    };
    let mut regions = Vec::with_capacity(programs.len());
    let mut firsts = Vec::with_capacity(programs.len());
    for program in &programs {
        let role = RoleId(program.role);
        firsts.push(cast.agents.len() as u32);
        regions.push(cast.regions as u32);
        cast.regions += program.scopes.len();
        cast.agents.extend((0..program.threads).map(|thread| Agent { role, thread }));
    }
    let mailboxes = mailboxes(&programs, &facts, &firsts, &mut cast.channels)?;
    scopes::regions(&programs, &facts, &regions, &mut cast.channels)?;
    let mut parts = Vec::with_capacity(programs.len());
    for ((program, facts), (first, region)) in programs.iter().zip(&facts).zip(firsts.iter().zip(&regions)) {
        let mut part = part(program, facts, *first, &programs, &mailboxes)?;
        part.first_region = *region;
        part.scopes =
            scopes::link((program, facts), (*first, *region), &programs, (&mailboxes, &cast.channels))?;
        for wait in &mut part.waits {
            let cases = part.cases.get(wait.first as usize..wait.end as usize).unwrap_or(&[]);
            let scoped = |case: &Case| {
                let channel = cast.channels.get(case.channel as usize);
                channel.is_some_and(|channel| channel.to_region != NO_REGION)
            };
            wait.scoped = cases.iter().any(scoped);
        }
        for scope in part.scopes.iter().filter(|scope| scope.control != MANY) {
            if let Some(channel) = cast.channels.get_mut(scope.control as usize) {
                channel.controls = true;
            }
        }
        parts.push(part);
    }
    for (mut part, program) in parts.into_iter().zip(programs) {
        part.first_slot = cast.slots;
        cast.slots += usize::from(program.slots);
        part.program = program;
        cast.parts.push(part);
    }
    cast.lanes = scopes::lanes(&cast);
    Ok(cast)
}

pub(super) type Mailboxes = BTreeMap<(RoleId, RoleId, LaneId), u32>;

/// Programs of one protocol: equal names, all roles, in order.
fn together(programs: &[Program]) -> Result<(), Rejection> {
    let stray = |reason: String| Err(Rejection::stray(reason));
    let Some(first) = programs.first() else { return stray("there is no program".into()) };
    if programs.len() != first.roles.len() {
        return stray(format!("{} programs for {} roles", programs.len(), first.roles.len()));
    }
    for (at, program) in programs.iter().enumerate() {
        if usize::from(program.role) != at {
            return stray(format!("program {at} is of role {}", program.role));
        }
        if program.protocol != first.protocol || program.roles != first.roles {
            return stray(format!("`{}` and `{}` differ in their roles", first.protocol, program.protocol));
        }
    }
    Ok(())
}

/// One mailbox for each channel that somebody receives from; both ends must agree about its size.
fn mailboxes(
    programs: &[Program],
    facts: &[Facts],
    firsts: &[u32],
    channels: &mut Vec<Channel>,
) -> Result<Mailboxes, Rejection> {
    let mut found = Mailboxes::new();
    for ((program, facts), first) in programs.iter().zip(facts).zip(firsts) {
        let from = RoleId(program.role);
        for (channel, place) in program.outgoing.iter().zip(&facts.outgoing) {
            found.insert((from, channel.peer, channel.lane), channels.len() as u32);
            let sender = AgentId(first + place.map_or(0, |place| u32::from(place.thread)));
            channels.push(Channel {
                from,
                to: channel.peer,
                lane: channel.lane,
                sender,
                receiver: AgentId(MANY),
                capacity: channel.capacity,
                from_region: NO_REGION,
                to_region: NO_REGION,
                controls: false,
            });
        }
    }
    for ((program, facts), first) in programs.iter().zip(facts).zip(firsts) {
        let to = RoleId(program.role);
        for (channel, place) in program.incoming.iter().zip(&facts.incoming) {
            let key = (channel.peer, to, channel.lane);
            let at = *found.entry(key).or_insert(channels.len() as u32);
            let receiver = AgentId(first + place.map_or(0, |place| u32::from(place.thread)));
            match channels.get_mut(at as usize) {
                Some(have) if have.capacity == channel.capacity => have.receiver = receiver,
                Some(have) => {
                    let reason = format!("a mailbox of {} and of {}", have.capacity, channel.capacity);
                    return Err(Rejection::stray(reason));
                }
                // Nobody sends there, in any branch that was kept: a mailbox that stays empty.
                None => channels.push(Channel {
                    from: channel.peer,
                    to,
                    lane: channel.lane,
                    sender: AgentId(MANY),
                    receiver,
                    capacity: channel.capacity,
                    from_region: NO_REGION,
                    to_region: NO_REGION,
                    controls: false,
                }),
            }
        }
    }
    Ok(found)
}

fn part(
    program: &Program,
    facts: &Facts,
    first_agent: u32,
    programs: &[Program],
    mailboxes: &Mailboxes,
) -> Result<Part, Rejection> {
    let to = RoleId(program.role);
    let mailbox = |from, to, lane| mailboxes.get(&(from, to, lane)).copied().unwrap_or(MANY);
    let outgoing = program.outgoing.iter().map(|channel| mailbox(to, channel.peer, channel.lane)).collect();
    let mut waits = Vec::with_capacity(program.receives.len());
    let mut cases = Vec::new();
    for receive in &program.receives {
        let first = cases.len() as u32;
        let mut only = None;
        for case in &receive.cases {
            let Some(channel) = program.incoming.get(usize::from(case.channel)) else { continue };
            let at = mailbox(channel.peer, to, channel.lane);
            only = if only.is_none_or(|have| have == at) { Some(at) } else { Some(MANY) };
            cases.push(Case {
                channel: at,
                to: case.to,
                label: number(program, case.message, programs, channel.peer)?,
                message: case.message,
                slot: case.slot.unwrap_or(NO_SLOT),
            });
        }
        let channel = only.unwrap_or(MANY);
        waits.push(Wait { first, end: cases.len() as u32, channel, may_end: receive.may_end, scoped: false });
    }
    Ok(Part {
        program: Program::default(),
        first_slot: 0,
        first_agent,
        outgoing,
        waits,
        cases,
        parents: facts.parents.clone(),
        scopes: Vec::new(),
        first_region: 0,
    })
}

/// The number by which `peer` knows the receiver's message; both must mean the same by it.
pub(super) fn number(
    program: &Program,
    message: u16,
    programs: &[Program],
    peer: RoleId,
) -> Result<u32, Rejection> {
    let (Some(message), Some(sender)) =
        (program.messages.get(usize::from(message)), programs.get(peer.index()))
    else {
        return Ok(UNSENT);
    };
    let same =
        |have: &crate::bytecode::program::Message| have.name == message.name && have.kind == message.kind;
    let Some(at) = sender.messages.iter().position(same) else { return Ok(UNSENT) };
    if sender.messages.get(at).is_some_and(|have| have.ty != message.ty) {
        let reason = format!("`{}` has two types", message.name);
        return Err(Rejection::stray(reason));
    }
    Ok(at as u32)
}
