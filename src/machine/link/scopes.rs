//! Scopes of one role, linked: what ends with each, who hears of it, and where its owner has it.

use std::collections::BTreeMap;

use crate::base::id::{LaneId, RoleId};
use crate::bytecode::op::Op;
use crate::bytecode::program::{Program, Scope};
use crate::bytecode::rejection::Rejection;
use crate::bytecode::verify::Facts;
use crate::machine::cast::{self, AgentId, Cast, MANY, Member};
use crate::machine::link::{Mailboxes, number};
use crate::machine::rebase;

/// The region of the scope of `role` whose lane this is.
pub(super) fn region(programs: &[Program], regions: &[u32], role: RoleId, lane: LaneId) -> Option<u32> {
    let scopes = &programs.get(role.index())?.scopes;
    let at = scopes.iter().position(|scope| scope.lane == lane)?;
    Some(regions.get(role.index())? + at as u32)
}

/// The scopes of a program, in its order.
pub(super) fn link(
    program: &Program,
    facts: &Facts,
    first_agent: u32,
    programs: &[Program],
    mailboxes: &Mailboxes,
) -> Result<Vec<cast::Scope>, Rejection> {
    let scopes = program.scopes.iter().enumerate();
    scopes.map(|(at, scope)| one((program, facts), (at, scope), first_agent, programs, mailboxes)).collect()
}

fn one(
    (program, facts): (&Program, &Facts),
    (at, scope): (usize, &Scope),
    first_agent: u32,
    programs: &[Program],
    mailboxes: &Mailboxes,
) -> Result<cast::Scope, Rejection> {
    let to = RoleId(program.role);
    let mailbox = |channel: u16| {
        let channel = program.incoming.get(usize::from(channel));
        channel.and_then(|channel| mailboxes.get(&(channel.peer, to, channel.lane))).copied().unwrap_or(MANY)
    };
    let owner = programs.get(scope.owner.index());
    let at_owner = owner
        .and_then(|owner| owner.scopes.iter().position(|have| have.lane == scope.lane))
        .ok_or_else(|| Rejection::stray(format!("the owner of `{}` does not know it", scope.name)))?;
    let is_inside = |inner: Option<u16>| around(program, inner).any(|around| usize::from(around) == at);
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
    let on_lane =
        |channel: &usize| program.incoming.get(*channel).is_some_and(|channel| channel.lane == scope.lane);
    Ok(cast::Scope {
        agent: agent(usize::from(facts.scopes.get(at).copied().unwrap_or(0))),
        depth: around(program, Some(at as u16)).count() as u32 - 1,
        control: scope.control.map_or(MANY, mailbox),
        mailboxes: (0..program.incoming.len()).filter(on_lane).map(|at| mailbox(at as u16)).collect(),
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
        timed: program.code.iter().any(|instr| instr.op == Op::EnterFor && usize::from(instr.a) == at),
    })
}

/// A scope and those around it, innermost first. The verifier has seen to it that this ends.
fn around(program: &Program, scope: Option<u16>) -> impl Iterator<Item = u16> + '_ {
    std::iter::successors(scope, |at| program.scopes.get(usize::from(*at)).and_then(|scope| scope.parent))
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
    for ((_, id), lane) in &mut found {
        let on_it = |(_, channel): &(usize, &cast::Channel)| channel.lane == *id;
        lane.mailboxes = cast.channels.iter().enumerate().filter(on_it).map(|(at, _)| at as u32).collect();
    }
    let order: Vec<LaneId> = found.keys().map(|(_, lane)| *lane).collect();
    for ((_, id), lane) in &mut found {
        let below = |inner: &LaneId| inside.contains(&(*id, *inner));
        lane.below = (0..order.len()).filter(|at| order.get(*at).is_some_and(below)).collect();
    }
    found.into_values().collect()
}
