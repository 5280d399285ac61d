//! How many messages each channel can hold at once.
//!
//! From each message of a channel the walk goes backwards with the agents that must have come so far; it counts the
//! channel's messages until the receiver is among these. The longest such way is the bound; a way round a loop that
//! counts and changes nothing has no bound. Is not: a policy; unbounded channels get back-pressure elsewhere.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use indexmap::IndexMap;

use crate::base::id::{LaneId, NestId, RoleId};
use crate::global::graph::Act;
use crate::local::available::Agents;
use crate::local::projection::Bound;
use crate::local::unfold::{Flat, FlatAct};
use crate::local::work::Work;

/// Sender, receiver, lane.
type Channel = (RoleId, RoleId, LaneId);

/// One edge, to be walked backwards.
struct Back {
    /// The position before it.
    before: u32,
    crossing: Crossing,
}

/// What an edge means for who is needed.
#[derive(Clone, Copy)]
enum Crossing {
    /// A message: the agents of sender and receiver, the channel.
    Message(u32, u32, u32),
    /// A message that may be dropped: its channel.
    Weak(u32),
    Fork(NestId),
    Join(NestId),
    /// Nothing.
    Other,
}

/// A point of a walk backwards.
struct Point {
    at: u32,
    count: u32,
    /// The point after it.
    after: Option<u32>,
    /// Whether the walk went round a loop.
    lapped: bool,
    /// Whether a better point of the same position has been found since.
    stale: bool,
}

/// Sets of agents of one width, in a row.
struct Sets {
    /// Words of a set.
    width: usize,
    words: Vec<u64>,
}

impl Sets {
    fn set(&self, index: u32) -> &[u64] {
        let first = index as usize * self.width;
        self.words.get(first..first + self.width).unwrap_or(&[])
    }
}

fn contains(set: &[u64], agent: usize) -> bool {
    set.get(agent / 64).is_some_and(|word| word & 1 << (agent % 64) != 0)
}

fn insert(set: &mut [u64], agent: usize) {
    if let Some(word) = set.get_mut(agent / 64) {
        *word |= 1 << (agent % 64);
    }
}

fn remove(set: &mut [u64], agent: usize) {
    if let Some(word) = set.get_mut(agent / 64) {
        *word &= !(1 << (agent % 64));
    }
}

fn is_subset(smaller: &[u64], larger: &[u64]) -> bool {
    smaller.iter().zip(larger).all(|(small, large)| small & !large == 0)
}

/// The walks of all channels, one after the other.
struct Walk<'a> {
    agents: &'a Agents,
    /// The edges into each position.
    into: Vec<Vec<Back>>,
    rank: Vec<u32>,
    channel: u32,
    points: Vec<Point>,
    /// For each point the agents that must have come to it before the last message was sent.
    needed: Sets,
    /// For each position the points that none is better than.
    fronts: Vec<Vec<u32>>,
    heap: BinaryHeap<(u32, u32, Reverse<u32>)>,
    most: u32,
}

/// The bound of every channel of an unfolding with loops (`Plan::Turns`). Where the work runs out, no bound is said.
pub(super) fn bounds(flat: &Flat, agents: &Agents, work: &mut Work) -> BTreeMap<Channel, Bound> {
    let mut starts: IndexMap<Channel, Vec<u32>> = IndexMap::new();
    let mut into: Vec<Vec<Back>> = Vec::new();
    into.resize_with(flat.states.len(), Vec::new);
    for (at, state) in flat.states.iter().enumerate() {
        for edge in &state.edges {
            let crossing = match edge.act {
                FlatAct::Act(Act::Exchange { from, to, lane, .. }) => {
                    let entry = starts.entry((from, to, lane));
                    let channel = entry.index() as u32;
                    entry.or_default().push(at as u32);
                    let agent = |role| agents.known((role, lane)) as u32;
                    if agents.is_weak(lane) {
                        Crossing::Weak(channel)
                    } else {
                        Crossing::Message(agent(from), agent(to), channel)
                    }
                }
                FlatAct::Fork(nest) => Crossing::Fork(nest),
                FlatAct::Join(nest) => Crossing::Join(nest),
                FlatAct::Act(_) | FlatAct::Silent => Crossing::Other,
            };
            if let Some(into) = into.get_mut(edge.to as usize) {
                into.push(Back { before: at as u32, crossing });
            }
        }
    }
    let mut walk = Walk {
        agents,
        into,
        rank: flat.order(),
        channel: 0,
        points: Vec::new(),
        needed: Sets { width: agents.count().div_ceil(64), words: Vec::new() },
        fronts: vec![Vec::new(); flat.states.len()],
        heap: BinaryHeap::new(),
        most: 0,
    };
    // In the order of channels, so that work runs out in that order.
    let mut channels: Vec<(Channel, u32)> = starts.keys().copied().zip(0..).collect();
    channels.sort_unstable();
    let mut bounds = BTreeMap::new();
    for (channel, index) in channels {
        walk.begin(index);
        let starts = starts.get(&channel).map_or(&[][..], |starts| starts);
        bounds.insert(channel, walk.bound(channel, starts, work));
    }
    bounds
}

impl Walk<'_> {
    /// Forgets the walk of the channel before.
    fn begin(&mut self, channel: u32) {
        for point in self.points.drain(..) {
            if let Some(front) = self.fronts.get_mut(point.at as usize) {
                front.clear();
            }
        }
        self.needed.words.clear();
        self.heap.clear();
        self.most = 0;
        self.channel = channel;
    }

    fn bound(&mut self, (from, to, lane): Channel, starts: &[u32], work: &mut Work) -> Bound {
        let receiver = self.agents.known((to, lane));
        let mut needed = vec![0; self.needed.width];
        insert(&mut needed, self.agents.known((from, lane)));
        for at in starts {
            self.push(*at, &needed, 1, None, false);
        }
        let rank = |walk: &Self, at: u32| walk.rank.get(at as usize).copied().unwrap_or(0);
        while let Some((_, _, Reverse(index))) = self.heap.pop() {
            work.spend(1);
            if !work.left() {
                return Bound::Unbounded;
            }
            let Some(point) = self.points.get(index as usize).filter(|point| !point.stale) else { continue };
            let (at, count, lapped) = (point.at, point.count, point.lapped);
            let ways = self.into.get(at as usize).map_or(0, Vec::len);
            for way in 0..ways {
                let Some(back) = self.into.get(at as usize).and_then(|into| into.get(way)) else { continue };
                let before = back.before;
                needed.copy_from_slice(self.needed.set(index));
                let counted = self.cross(back.crossing, &mut needed);
                if contains(&needed, receiver) {
                    continue;
                }
                let lapped = lapped || rank(self, before) >= rank(self, at);
                if counted && lapped && self.repeats(index, before, &needed) {
                    return Bound::Unbounded;
                }
                self.push(before, &needed, count + u32::from(counted), Some(index), lapped);
            }
        }
        Bound::Messages(self.most)
    }

    /// Goes back over one edge; whether it is a message of the channel.
    fn cross(&self, crossing: Crossing, needed: &mut [u64]) -> bool {
        match crossing {
            Crossing::Message(from, to, channel) => {
                if contains(needed, to as usize) {
                    insert(needed, from as usize);
                }
                return channel == self.channel;
            }
            Crossing::Weak(channel) => return channel == self.channel,
            Crossing::Fork(nest) => {
                for (outside, inside) in self.agents.pairs(nest) {
                    if contains(needed, *inside) {
                        insert(needed, *outside);
                    }
                }
                for (_, inside) in self.agents.pairs(nest) {
                    remove(needed, *inside);
                }
            }
            Crossing::Join(nest) => {
                for (outside, inside) in self.agents.pairs(nest) {
                    if contains(needed, *outside) {
                        insert(needed, *inside);
                    }
                }
            }
            Crossing::Other => {}
        }
        false
    }

    /// Whether this very point has been passed on the way: the way round counted and changed nothing.
    fn repeats(&self, index: u32, at: u32, needed: &[u64]) -> bool {
        let mut next = Some(index);
        while let Some((index, point)) =
            next.and_then(|index| Some((index, self.points.get(index as usize)?)))
        {
            if point.at == at && self.needed.set(index) == needed {
                return true;
            }
            next = point.after;
        }
        false
    }

    /// Adds a point unless one of the same position counts as much and needs no more.
    fn push(&mut self, at: u32, needed: &[u64], count: u32, after: Option<u32>, lapped: bool) {
        self.most = self.most.max(count);
        let index = self.points.len() as u32;
        let Some(front) = self.fronts.get_mut(at as usize) else { return };
        let better = |have: &u32| {
            self.points.get(*have as usize).is_some_and(|point| point.count >= count)
                && is_subset(self.needed.set(*have), needed)
        };
        if front.iter().any(better) {
            return;
        }
        front.retain(|have| {
            let Some(point) = self.points.get_mut(*have as usize) else { return false };
            point.stale = count >= point.count && is_subset(needed, self.needed.set(*have));
            !point.stale
        });
        front.push(index);
        self.needed.words.extend_from_slice(needed);
        self.points.push(Point { at, count, after, lapped, stale: false });
        let rank = self.rank.get(at as usize).copied().unwrap_or(0);
        self.heap.push((rank, count, Reverse(index)));
    }
}
