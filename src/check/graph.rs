//! What the graph of states says of all runs: whether they end, who is left behind, how much is sent.
//!
//! States that reach each other form a component (Tarjan's strongly connected components); between components there is
//! no way back. A run that never ends stays in one of them; a component that nothing leads out of is where a session
//! ends up.
//! Is not: exact where the search was cut; whoever asks looks at that first.

use std::collections::BTreeSet;

use crate::base::id::RoleId;
use crate::check::found::{Edge, Found};
use crate::check::turn::State;
use crate::check::watch::Watch;
use crate::machine::Cast;
use crate::machine::session::State as Doing;

/// What holds of all runs.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Shape {
    /// Where runs may go on for ever: a role and an instruction of every move of such a run.
    pub endless: Vec<(RoleId, u32)>,
    /// Roles that are neither done nor move any more, in a part of the runs that is never left; with a state of it.
    pub starving: Vec<(RoleId, u32)>,
    /// Messages that are first in their mailbox for ever while others go on: the mailbox, and a state.
    pub forgotten: Vec<(usize, u32)>,
    /// The most messages that each role sends in one run; none where there is no bound.
    pub sent_max: Vec<Option<u64>>,
}

/// Reads off a search what holds of all runs.
#[must_use]
pub fn shape(cast: &Cast, found: &Found) -> Shape {
    let components = components(found);
    let mut shape = Shape::default();
    let count = components.iter().max().map_or(0, |last| *last as usize + 1);
    let mut looped = vec![false; count];
    let mut left = vec![false; count];
    for (from, edge) in edges(found) {
        let (from, to) = (component(&components, from), component(&components, edge.to));
        let flag = if from == to {
            looped.get_mut(from)
        } else if edge.bad_luck {
            None
        } else {
            left.get_mut(from)
        };
        if let Some(flag) = flag {
            *flag = true;
        }
    }
    for (from, edge) in edges(found) {
        let own = component(&components, from);
        if own == component(&components, edge.to) {
            shape.endless.push((RoleId(edge.role), edge.at));
        }
    }
    shape.endless.sort_unstable();
    shape.endless.dedup();
    left_behind(cast, found, (&components, &looped, &left), &mut shape);
    shape.sent_max = (0..cast.roles()).map(|role| sent_max(found, &components, count, role as u16)).collect();
    shape
}

/// Of each state its component; of each component whether runs go round in it, and whether they leave it.
type Parts<'a> = (&'a [u32], &'a [bool], &'a [bool]);

/// Roles that wait for ever while others go on, and messages that are never taken.
fn left_behind(cast: &Cast, found: &Found, (components, looped, left): Parts<'_>, shape: &mut Shape) {
    let mut members: Vec<Option<u32>> = vec![None; looped.len()];
    let mut moving: Vec<BTreeSet<(u16, u32)>> = vec![BTreeSet::new(); looped.len()];
    for (from, edge) in edges(found) {
        let own = component(components, from);
        let bottom = looped.get(own) == Some(&true) && left.get(own) == Some(&false);
        if bottom && own == component(components, edge.to) {
            if let Some(member) = members.get_mut(own) {
                member.get_or_insert(from);
            }
            if let Some(moving) = moving.get_mut(own) {
                moving.insert((edge.role, edge.at));
            }
        }
    }
    for (member, moving) in members.iter().zip(&moving) {
        let Some(at) = member else { continue };
        let Some(state) = state(cast, found, *at) else { continue };
        // Time ends it, also where nobody takes that: then the session is over.
        if !state.session.timed(cast).is_empty() {
            continue;
        }
        for agent in cast.trunks() {
            let role = cast.role(agent);
            let moves = moving.iter().any(|(moves, _)| *moves == role.0);
            let waits = state.session.state(agent) != Doing::Idle && !moves;
            if waits && !shape.starving.iter().any(|(have, _)| *have == role) {
                shape.starving.push((role, *at));
            }
        }
        for mailbox in 0..cast.mailboxes() {
            let taken = |(role, at): &(u16, u32)| state.session.would_take(cast, RoleId(*role), *at, mailbox);
            let waits = state.session.waiting(mailbox) > 0 && !moving.iter().any(taken);
            if waits && !shape.forgotten.iter().any(|(have, _)| *have == mailbox) {
                shape.forgotten.push((mailbox, *at));
            }
        }
    }
}

/// The first move of every instruction that sends: the role, the instruction, the state that it leads to. Those that
/// are nearer to the opening come first.
pub(super) fn first_sends(found: &Found) -> Vec<(RoleId, u32, u32)> {
    let mut seen = BTreeSet::new();
    let sends = edges(found).filter(|(_, edge)| edge.sent);
    let first = sends.filter(|(_, edge)| seen.insert((edge.role, edge.at)));
    first.map(|(_, edge)| (RoleId(edge.role), edge.at, edge.to)).collect()
}

/// The state with this number, made again.
fn state(cast: &Cast, found: &Found, at: u32) -> Option<State> {
    let mut watch = Watch::new(cast);
    let mut state = None;
    for pick in found.trail(at, None) {
        match &mut state {
            None => state = State::open(cast, pick.opening(), &mut watch).ok(),
            Some(state) => state.apply(cast, pick, &mut watch).ok()?,
        }
    }
    state
}

/// The most messages that a role sends on a way through the components; none where it sends in a loop.
fn sent_max(found: &Found, components: &[u32], count: usize, role: u16) -> Option<u64> {
    // Components are numbered so that edges lead to lower numbers: what lies ahead is known when it is needed.
    let mut order: Vec<(u32, u32, bool)> = Vec::new();
    for (from, edge) in edges(found) {
        let (own, next) = (component(components, from) as u32, component(components, edge.to) as u32);
        let sent = edge.sent && edge.role == role;
        if own == next && sent {
            return None;
        }
        if own != next {
            order.push((own, next, sent));
        }
    }
    order.sort_unstable();
    let mut most = vec![0_u64; count];
    for (own, next, sent) in order {
        let ahead = most.get(next as usize).copied().unwrap_or(0) + u64::from(sent);
        if let Some(most) = most.get_mut(own as usize) {
            *most = (*most).max(ahead);
        }
    }
    Some(most.into_iter().max().unwrap_or(0))
}

/// Every edge, with the state that it leads away from.
fn edges(found: &Found) -> impl Iterator<Item = (u32, &Edge)> {
    let ends = found.firsts.iter().skip(1).copied().chain(std::iter::once(found.edges.len()));
    let rows = found.firsts.iter().copied().zip(ends).enumerate();
    rows.flat_map(|(from, (first, end))| {
        found.edges.get(first..end).unwrap_or_default().iter().map(move |edge| (from as u32, edge))
    })
}

fn component(components: &[u32], state: u32) -> usize {
    components.get(state as usize).copied().unwrap_or(0) as usize
}

/// The component of each state; edges between components lead to lower numbers. Tarjan, without recursion.
fn components(found: &Found) -> Vec<u32> {
    const NEW: u32 = u32::MAX;
    let states = found.states();
    let row = |state: u32| -> &[Edge] {
        let first = found.firsts.get(state as usize).copied().unwrap_or(found.edges.len());
        let end = found.firsts.get(state as usize + 1).copied().unwrap_or(found.edges.len());
        found.edges.get(first..end).unwrap_or_default()
    };
    let mut component = vec![NEW; states];
    let mut index = vec![NEW; states];
    let mut low = vec![0_u32; states];
    let mut stack: Vec<u32> = Vec::new();
    let mut walk: Vec<(u32, usize)> = Vec::new();
    let (mut next, mut made) = (0, 0);
    for root in 0..states as u32 {
        if index.get(root as usize) != Some(&NEW) {
            continue;
        }
        walk.push((root, 0));
        while let Some((state, edge)) = walk.last().copied() {
            let here = state as usize;
            if edge == 0 && index.get(here) == Some(&NEW) {
                set(&mut index, here, next);
                set(&mut low, here, next);
                next += 1;
                stack.push(state);
            }
            if let Some(to) = row(state).get(edge).map(|edge| edge.to as usize) {
                if let Some(top) = walk.last_mut() {
                    top.1 += 1;
                }
                if index.get(to) == Some(&NEW) {
                    walk.push((to as u32, 0));
                } else if component.get(to) == Some(&NEW) {
                    let least = at(&low, here).min(at(&index, to));
                    set(&mut low, here, least);
                }
                continue;
            }
            walk.pop();
            if let Some((before, _)) = walk.last() {
                let least = at(&low, *before as usize).min(at(&low, here));
                set(&mut low, *before as usize, least);
            }
            if at(&low, here) == at(&index, here) {
                while let Some(member) = stack.pop() {
                    set(&mut component, member as usize, made);
                    if member == state {
                        break;
                    }
                }
                made += 1;
            }
        }
    }
    component
}

fn at(all: &[u32], place: usize) -> u32 {
    all.get(place).copied().unwrap_or(u32::MAX)
}

fn set(all: &mut [u32], place: usize, value: u32) {
    if let Some(place) = all.get_mut(place) {
        *place = value;
    }
}
