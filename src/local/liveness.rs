//! Liveness: whether a role that waits can still act, and whether it can be put off for ever.
//!
//! Coherence is about safety only, so this is judged beside it, on the same sets. Released: the session may end while
//! the role waits, and its close releases it. Starving: others may go on for ever without it. Unfair: a chooser may
//! go round for ever without it. Is not: exact about `par`; loops of branches beside a role's own do not count.

use std::collections::BTreeMap;

use fixedbitset::FixedBitSet;

use crate::base::id::{LaneId, RoleId, SiteId};
use crate::global::graph::End;
use crate::global::protocol::Lane;
use crate::local::available::into;
use crate::local::subset::Subsets;
use crate::local::unfold::{Flat, FlatAct, Sight, lane};
use crate::local::view::{Positions, Seen};
use crate::local::work::Work;

/// What was found: roles, each with a place where it waits.
#[derive(Clone, Debug, Default)]
pub(super) struct Waiting {
    /// Roles that the close of the session releases.
    pub(super) released: BTreeMap<RoleId, SiteId>,
    /// Roles that may wait for ever.
    pub(super) starving: BTreeMap<RoleId, SiteId>,
    /// Roles that an unfair chooser may put off for ever.
    pub(super) unfair: BTreeMap<RoleId, SiteId>,
}

/// What is the same for all roles of one unfolding.
pub(super) struct Ground<'a> {
    flat: &'a Flat,
    lanes: &'a [Lane],
    /// The positions before each position.
    before: Vec<Vec<u32>>,
    rank: Vec<u32>,
    /// The positions from which an end can be reached.
    ends: FixedBitSet,
}

impl<'a> Ground<'a> {
    /// Looks at an unfolding once.
    pub(super) fn of(flat: &'a Flat, lanes: &'a [Lane]) -> Self {
        let before = into(flat, |state| state.edges.iter().map(|edge| edge.to).chain(state.late));
        let ends = backwards(&before, flat.states.len(), |at| {
            flat.states
                .get(at as usize)
                .is_some_and(|state| matches!(state.end, Some(End::Done | End::Aborted)))
        });
        Self { flat, lanes, before, rank: flat.order(), ends }
    }

    /// Judges one role, whose sets on this unfolding these are.
    pub(super) fn judge(&self, role: RoleId, subsets: &Subsets, found: &mut Waiting, work: &mut Work) {
        if !subsets.edges.iter().flatten().any(|arc| arc.seen.is_receive()) {
            return;
        }
        let sight = Sight { flat: self.flat, role };
        let acts = backwards(&self.before, self.flat.states.len(), |at| {
            let mut sees = false;
            sight.ways(at, |seen, _, _| sees |= seen.is_some());
            sees
        });
        work.spend(self.flat.states.len() as u64);
        role_waiting(&sight, (self.lanes, &self.rank), subsets, (&acts, &self.ends), found);
    }
}

fn role_waiting(
    sight: &Sight<'_>,
    (lanes, rank): (&[Lane], &[u32]),
    subsets: &Subsets,
    (acts, ends): (&FixedBitSet, &FixedBitSet),
    found: &mut Waiting,
) {
    let role = sight.role;
    for (set, arcs) in subsets.sets.iter().zip(&subsets.edges) {
        let mut waits = Vec::new();
        for arc in arcs {
            if let Seen::Receive { lane, .. } = arc.seen {
                waits.push(lane);
            }
        }
        let Some(site) = arcs.first().and_then(|arc| arc.sites.first()).filter(|_| !waits.is_empty()) else {
            continue;
        };
        if set.iter().any(|at| sight.end(*at) == Some(End::Done)) {
            found.released.entry(role).or_insert(*site);
        }
        let stuck = |at: &&u32| !acts.contains(**at as usize) && !ends.contains(**at as usize);
        if set.iter().find(stuck).is_some() {
            found.starving.entry(role).or_insert(*site);
        }
        if !found.unfair.contains_key(&role) && circles(sight, set, acts, (lanes, rank), &waits) {
            found.unfair.insert(role, *site);
        }
    }
}

/// Everything from which a position that holds can be reached.
fn backwards(before: &[Vec<u32>], count: usize, holds: impl Fn(u32) -> bool) -> FixedBitSet {
    let mut reached = FixedBitSet::with_capacity(count);
    let mut stack: Vec<u32> = (0..count as u32).filter(|at| holds(*at)).collect();
    stack.iter().for_each(|at| reached.insert(*at as usize));
    while let Some(at) = stack.pop() {
        for before in before.get(at as usize).map_or(&[][..], |before| before) {
            if !reached.put(*before as usize) {
                stack.push(*before);
            }
        }
    }
    reached
}

/// Whether the positions of a set that can still lead to an act of the role form a loop without it.
fn circles(
    sight: &Sight<'_>,
    set: &[u32],
    acts: &FixedBitSet,
    (lanes, rank): (&[Lane], &[u32]),
    waits: &[LaneId],
) -> bool {
    let rank = |at: u32| rank.get(at as usize).copied().unwrap_or(0);
    let mut edges: Vec<(usize, usize)> = Vec::new();
    let mut back = false;
    for (from, at) in set.iter().enumerate().filter(|(_, at)| acts.contains(**at as usize)) {
        let Some(state) = sight.flat.states.get(*at as usize) else { continue };
        let mut way = 0;
        sight.ways(*at, |seen, to, _| {
            let act = state.edges.get(way).map(|edge| &edge.act);
            way += 1;
            let on = match act {
                Some(FlatAct::Act(act)) => lane(act),
                _ => None,
            };
            let beside = on.is_some_and(|on| waits.iter().all(|wait| concurrent(lanes, on, *wait)));
            // A loop inside of a scope turns no longer than its time.
            let ends = state.late.is_some() && rank(to) <= rank(*at);
            if seen.is_none()
                && !beside
                && !ends
                && acts.contains(to as usize)
                && let Ok(index) = set.binary_search(&to)
            {
                back |= rank(to) <= rank(*at);
                edges.push((from, index));
            }
        });
    }
    // Without an edge back there is no loop; else take away, again and again, what nothing leads to.
    back && !sorts(set.len(), &edges)
}

fn sorts(count: usize, edges: &[(usize, usize)]) -> bool {
    let mut into = vec![0_u32; count];
    let mut out: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (from, to) in edges {
        if let (Some(into), Some(out)) = (into.get_mut(*to), out.get_mut(*from)) {
            *into += 1;
            out.push(*to);
        }
    }
    let mut stack: Vec<usize> = into.iter().enumerate().filter(|(_, n)| **n == 0).map(|(at, _)| at).collect();
    let mut sorted = 0;
    while let Some(at) = stack.pop() {
        sorted += 1;
        for to in out.get(at).map_or(&[][..], |out| out) {
            if let Some(into) = into.get_mut(*to) {
                *into -= 1;
                if *into == 0 {
                    stack.push(*to);
                }
            }
        }
    }
    sorted == count
}

/// Whether two lanes run side by side: neither stands in the other.
fn concurrent(lanes: &[Lane], one: LaneId, other: LaneId) -> bool {
    !within(lanes, one, other) && !within(lanes, other, one)
}

fn within(lanes: &[Lane], mut inner: LaneId, outer: LaneId) -> bool {
    loop {
        if inner == outer {
            return true;
        }
        match lanes.get(inner.index()) {
            Some(lane) if lane.parent != inner => inner = lane.parent,
            _ => return false,
        }
    }
}
