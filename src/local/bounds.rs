//! How many messages each channel can hold at once.
//!
//! From each message of a channel the walk goes backwards with the agents that must have come so far; it counts the
//! channel's messages until the receiver is among these. The longest such way is the bound; a way round a loop that
//! counts and changes nothing has no bound. Is not: a policy; unbounded channels get back-pressure elsewhere.

use std::collections::{BTreeMap, BinaryHeap};

use fixedbitset::FixedBitSet;

use crate::base::id::{LaneId, RoleId};
use crate::global::graph::Act;
use crate::local::available::Agents;
use crate::local::projection::Bound;
use crate::local::unfold::{Flat, FlatAct};
use crate::local::work::Work;

/// Sender, receiver, lane.
type Channel = (RoleId, RoleId, LaneId);

/// A point of a walk backwards.
struct Point {
    at: u32,
    /// The agents that must have come to this point before the last message was sent.
    needed: FixedBitSet,
    count: u32,
    /// The point after it.
    after: Option<u32>,
    /// Whether the walk went round a loop.
    lapped: bool,
    /// Whether a better point of the same position has been found since.
    stale: bool,
}

struct Walk<'a> {
    flat: &'a Flat,
    agents: &'a Agents,
    into: &'a [Vec<(u32, u32)>],
    rank: &'a [u32],
    channel: Channel,
    points: Vec<Point>,
    fronts: BTreeMap<u32, Vec<u32>>,
    heap: BinaryHeap<(u32, u32, std::cmp::Reverse<u32>)>,
    most: u32,
}

/// The bound of every channel of an unfolding with loops (`Plan::Turns`). Where the work runs out, no bound is said.
pub(super) fn bounds(flat: &Flat, agents: &Agents, work: &mut Work) -> BTreeMap<Channel, Bound> {
    let mut starts: BTreeMap<Channel, Vec<u32>> = BTreeMap::new();
    let mut into = vec![Vec::new(); flat.states.len()];
    for (at, state) in flat.states.iter().enumerate() {
        for (way, edge) in state.edges.iter().enumerate() {
            if let Some(into) = into.get_mut(edge.to as usize) {
                into.push((at as u32, way as u32));
            }
            if let FlatAct::Act(Act::Exchange { from, to, lane, .. }) = edge.act {
                starts.entry((from, to, lane)).or_default().push(at as u32);
            }
        }
    }
    let rank = flat.order();
    let bound = |(channel, starts): (Channel, Vec<u32>)| {
        let mut walk = Walk {
            flat,
            agents,
            into: &into,
            rank: &rank,
            channel,
            points: Vec::new(),
            fronts: BTreeMap::new(),
            heap: BinaryHeap::new(),
            most: 0,
        };
        (channel, walk.bound(&starts, work))
    };
    starts.into_iter().map(bound).collect()
}

impl Walk<'_> {
    fn bound(&mut self, starts: &[u32], work: &mut Work) -> Bound {
        let (from, to, lane) = self.channel;
        let receiver = self.agents.known((to, lane));
        let mut first = FixedBitSet::with_capacity(self.agents.count());
        first.insert(self.agents.known((from, lane)));
        for at in starts {
            self.push(*at, first.clone(), 1, None, false);
        }
        while let Some((_, _, std::cmp::Reverse(index))) = self.heap.pop() {
            work.spend(1);
            if !work.left() {
                return Bound::Unbounded;
            }
            let Some(point) = self.points.get(index as usize).filter(|point| !point.stale) else { continue };
            let (at, count, lapped, needed) = (point.at, point.count, point.lapped, point.needed.clone());
            for (before, way) in self.into.get(at as usize).map_or(&[][..], |into| into) {
                let (mut needed, mut count) = (needed.clone(), count);
                let counted = self.cross(*before, *way, &mut needed);
                if needed.contains(receiver) {
                    continue;
                }
                count += u32::from(counted);
                let rank = |at: u32| self.rank.get(at as usize).copied().unwrap_or(0);
                let lapped = lapped || rank(*before) >= rank(at);
                if counted && lapped && self.repeats(index, *before, &needed) {
                    return Bound::Unbounded;
                }
                self.push(*before, needed, count, Some(index), lapped);
            }
        }
        Bound::Messages(self.most)
    }

    /// Goes back over one edge; whether it is a message of the channel.
    fn cross(&self, before: u32, way: u32, needed: &mut FixedBitSet) -> bool {
        let state = self.flat.states.get(before as usize);
        match state.and_then(|state| state.edges.get(way as usize)).map(|edge| &edge.act) {
            Some(FlatAct::Act(Act::Exchange { from, to, lane, .. })) => {
                if needed.contains(self.agents.known((*to, *lane))) {
                    needed.insert(self.agents.known((*from, *lane)));
                }
                (*from, *to, *lane) == self.channel
            }
            Some(FlatAct::Fork(nest)) => {
                for (outside, inside) in self.agents.pairs(*nest) {
                    if needed.contains(*inside) {
                        needed.insert(*outside);
                    }
                }
                for (_, inside) in self.agents.pairs(*nest) {
                    needed.remove(*inside);
                }
                false
            }
            Some(FlatAct::Join(nest)) => {
                for (outside, inside) in self.agents.pairs(*nest) {
                    if needed.contains(*outside) {
                        needed.insert(*inside);
                    }
                }
                false
            }
            _ => false,
        }
    }

    /// Whether this very point has been passed on the way: the way round counted and changed nothing.
    fn repeats(&self, index: u32, at: u32, needed: &FixedBitSet) -> bool {
        let mut next = Some(index);
        while let Some(point) = next.and_then(|index| self.points.get(index as usize)) {
            if point.at == at && point.needed == *needed {
                return true;
            }
            next = point.after;
        }
        false
    }

    /// Adds a point unless one of the same position counts as much and needs no more.
    fn push(&mut self, at: u32, needed: FixedBitSet, count: u32, after: Option<u32>, lapped: bool) {
        self.most = self.most.max(count);
        let index = self.points.len() as u32;
        let front = self.fronts.entry(at).or_default();
        let better = |have: &u32| {
            self.points
                .get(*have as usize)
                .is_some_and(|have| have.count >= count && have.needed.is_subset(&needed))
        };
        if front.iter().any(better) {
            return;
        }
        front.retain(|have| {
            let Some(have) = self.points.get_mut(*have as usize) else { return false };
            have.stale = count >= have.count && needed.is_subset(&have.needed);
            !have.stale
        });
        front.push(index);
        self.points.push(Point { at, needed, count, after, lapped, stale: false });
        let rank = self.rank.get(at as usize).copied().unwrap_or(0);
        self.heap.push((rank, count, std::cmp::Reverse(index)));
    }
}
