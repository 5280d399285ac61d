//! Scopes of one role, linked: what ends with each, who hears of it, and where its owner has it.

use std::collections::BTreeMap;

use crate::base::id::{LaneId, RoleId};
use crate::bytecode::op::Op;
use crate::bytecode::program::{Program, Scope};
use crate::bytecode::rejection::Rejection;
use crate::bytecode::verify::Facts;
use crate::machine::cast::{self, AgentId, Cast, Channel, MANY, Member, NO_REGION};
use crate::machine::link::{Mailboxes, number};
use crate::machine::rebase;

/// Finds the mailboxes of what happens inside of scopes; both ends must be inside of the same one.
pub(super) fn regions(
    programs: &[Program],
    facts: &[Facts],
    regions: &[u32],
    channels: &mut [Channel],
) -> Result<(), Rejection> {
    for channel in channels {
        let from = end(programs, facts, (channel.from, channel.to, channel.lane), true);
        let to = end(programs, facts, (channel.to, channel.from, channel.lane), false);
        let region = |role: RoleId, scope: Option<u16>| match (regions.get(role.index()), scope) {
            (Some(first), Some(scope)) => first + u32::from(scope),
            _ => NO_REGION,
        };
        if let (Some((_, sent)), Some((_, heard))) = (from, to)
            && sent != heard
        {
            return Err(Rejection::stray("a message is sent in one scope and received in another"));
        }
        channel.from_region = region(channel.from, from.and_then(|(scope, _)| scope));
        channel.to_region = region(channel.to, to.and_then(|(scope, _)| scope));
    }
    Ok(())
}

/// The scope that a role uses its end of a channel in, and that scope's lane; none where it does not use it.
fn end(
    programs: &[Program],
    facts: &[Facts],
    (role, peer, lane): (RoleId, RoleId, LaneId),
    sends: bool,
) -> Option<(Option<u16>, Option<LaneId>)> {
    let (program, facts) = (programs.get(role.index())?, facts.get(role.index())?);
    let (channels, places) =
        if sends { (&program.outgoing, &facts.outgoing) } else { (&program.incoming, &facts.incoming) };
    let at = channels.iter().position(|channel| (channel.peer, channel.lane) == (peer, lane))?;
    let within = places.get(at).copied().flatten()?.within;
    let scope = within.and_then(|scope| program.scopes.get(usize::from(scope)));
    Some((within, scope.map(|scope| scope.lane)))
}

/// Where things are: the first agent and the first region of a role.
type Firsts = (u32, u32);
/// The mailboxes, by their ends and by number.
type Boxes<'a> = (&'a Mailboxes, &'a [Channel]);

/// The scopes of a program, in its order.
pub(super) fn link(
    (program, facts): (&Program, &Facts),
    firsts: Firsts,
    programs: &[Program],
    boxes: Boxes<'_>,
) -> Result<Vec<cast::Scope>, Rejection> {
    let scopes = program.scopes.iter().enumerate();
    let scopes = scopes.map(|(at, scope)| one((program, facts), (at, scope), firsts, programs, boxes));
    let mut scopes: Vec<cast::Scope> = scopes.collect::<Result<_, _>>()?;
    for instr in program.code.iter().filter(|instr| instr.op == Op::EnterFor) {
        if let Some(scope) = scopes.get_mut(usize::from(instr.a)) {
            scope.timed = true;
        }
    }
    Ok(scopes)
}

fn one(
    (program, facts): (&Program, &Facts),
    (at, scope): (usize, &Scope),
    (first_agent, first_region): Firsts,
    programs: &[Program],
    (mailboxes, channels): Boxes<'_>,
) -> Result<cast::Scope, Rejection> {
    let to = RoleId(program.role);
    let mailbox = |channel: u16| {
        let channel = program.incoming.get(usize::from(channel));
        channel.and_then(|channel| mailboxes.get(&(channel.peer, to, channel.lane))).copied().unwrap_or(MANY)
    };
    let same = |have: &Scope| have.lane == scope.lane && have.owner == scope.owner && have.kind == scope.kind;
    let owner = programs.get(scope.owner.index());
    let at_owner = owner
        .and_then(|owner| owner.scopes.iter().position(same))
        .ok_or_else(|| Rejection::stray(format!("the owner of `{}` does not know it", scope.name)))?;
    let is_inside = |inner: Option<u16>| program.around(inner).any(|around| usize::from(around) == at);
    let agent = |thread: usize| AgentId(first_agent + thread as u32);
    let mut members = Vec::with_capacity(scope.members.len());
    for member in &scope.members {
        let Some(channel) = program.incoming.get(usize::from(member.channel)) else { continue };
        members.push(Member {
            role: channel.peer,
            channel: mailbox(member.channel),
            label: number(program, member.message, programs, channel.peer)?,
            message: member.message,
            number: member.number,
        });
    }
    let region = first_region + at as u32;
    let inside = channels.iter().enumerate().filter(|(_, channel)| channel.to_region == region);
    Ok(cast::Scope {
        agent: agent(usize::from(facts.scopes.get(at).copied().unwrap_or(0))),
        depth: program.around(Some(at as u16)).count() as u32 - 1,
        control: scope.control.map_or(MANY, mailbox),
        mailboxes: inside.map(|(at, _)| at as u32).collect(),
        inner: (0..program.scopes.len())
            .filter(|inner| *inner != at && is_inside(Some(*inner as u16)))
            .map(|inner| inner as u16)
            .collect(),
        threads: (0..usize::from(program.threads))
            .filter(|thread| is_inside(facts.within.get(*thread).copied().flatten()))
            .map(agent)
            .collect(),
        at_owner: at_owner as u16,
        members,
        timed: false,
    })
}

/// The lanes of scopes with what is on each, outermost first.
pub(super) fn lanes(cast: &Cast) -> Vec<rebase::Lane> {
    let mut found: BTreeMap<(u32, LaneId), rebase::Lane> = BTreeMap::new();
    let mut inside: Vec<(LaneId, LaneId)> = Vec::new();
    for part in &cast.parts {
        for (at, (code, scope)) in part.program.scopes.iter().zip(&part.scopes).enumerate() {
            let lane = found.entry((scope.depth, code.lane)).or_default();
            lane.depth = scope.depth;
            lane.regions.push(part.first_region + at as u32);
            let inner = scope.inner.iter().filter_map(|inner| part.program.scopes.get(usize::from(*inner)));
            inside.extend(inner.map(|inner| (code.lane, inner.lane)));
        }
    }
    for lane in found.values_mut() {
        let on_it = |(_, channel): &(usize, &Channel)| lane.regions.contains(&channel.to_region);
        lane.mailboxes = cast.channels.iter().enumerate().filter(on_it).map(|(at, _)| at as u32).collect();
    }
    let order: Vec<LaneId> = found.keys().map(|(_, lane)| *lane).collect();
    for ((_, id), lane) in &mut found {
        let below = |inner: &LaneId| inside.contains(&(*id, *inner));
        lane.below = (0..order.len()).filter(|at| order.get(*at).is_some_and(below)).collect();
    }
    found.into_values().collect()
}
