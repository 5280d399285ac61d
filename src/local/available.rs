//! Availability: which messages may already be on their way to a role that has not moved.
//!
//! From a position the walk follows what others can still do while some agents are blocked (Li, Stutz, Wies,
//! Zufferey, CAV 2023, there for roles). An agent is a role on a lane: a role blocked in one branch of a `par` is not
//! blocked in another; a fork blocks all branches of what was blocked before it, a join makes them one again.
//! Is not: complete without a bound; for each position only subset-minimal blocked sets are kept.

use std::collections::{BTreeMap, BTreeSet};

use fixedbitset::FixedBitSet;

use crate::base::id::{LaneId, NestId, RoleId};
use crate::global::graph::{Act, Graph, Inside, Label};
use crate::local::unfold::{Flat, FlatAct, FlatState};
use crate::local::view::Insides;
use crate::local::work::Work;

/// A role on a lane.
pub(super) type Agent = (RoleId, LaneId);

/// The agents of a graph, numbered.
#[derive(Clone, Debug, Default)]
pub(super) struct Agents {
    ids: BTreeMap<Agent, usize>,
    /// The same as a table, role after role, where it is not too large.
    table: Vec<u32>,
    lanes: usize,
    /// For each `par` and each scope: an agent before it, and what that agent is in one of its insides.
    forks: Vec<Vec<(usize, usize)>>,
    /// Lanes on which messages may be dropped: nobody waits for them.
    weak: FixedBitSet,
}

impl Agents {
    /// Numbers the agents of a graph.
    pub(super) fn of(graph: &Graph, insides: &Insides, roles: usize) -> Self {
        let mut agents = Self::default();
        for edge in graph.states.iter().flat_map(|state| &state.edges) {
            match edge.act {
                Act::Exchange { from, to, lane, .. } => {
                    agents.id((from, lane));
                    agents.id((to, lane));
                }
                Act::Step { role, lane, .. } | Act::Decide { role, lane, .. } => {
                    agents.id((role, lane));
                }
                Act::Nest(_) => {}
            }
        }
        for (at, nest) in graph.nests.iter().enumerate() {
            let mut pairs = Vec::new();
            match &nest.inside {
                Inside::Par(branches) => {
                    for (branch, (lane, _)) in branches.iter().enumerate() {
                        let acting = |role: &RoleId| insides.acts(NestId::at(at), branch, *role);
                        for role in nest.members.ones().map(RoleId::at).filter(acting) {
                            pairs.push((agents.id((role, nest.lane)), agents.id((role, *lane))));
                        }
                    }
                }
                Inside::Scope { lane, .. } => {
                    for role in nest.members.ones().map(RoleId::at) {
                        pairs.push((agents.id((role, nest.lane)), agents.id((role, *lane))));
                    }
                }
                Inside::Count { .. } => {}
            }
            agents.forks.push(pairs);
        }
        agents.weak.clone_from(&graph.weak);
        agents.tabulate(roles);
        debug_assert!(agents.ids.keys().all(|(role, _)| role.index() < roles), "agents are roles");
        agents
    }

    fn id(&mut self, agent: Agent) -> usize {
        let next = self.ids.len();
        *self.ids.entry(agent).or_insert(next)
    }

    fn tabulate(&mut self, roles: usize) {
        const ENTRIES_MAX: usize = 1 << 20;
        self.lanes = self.ids.keys().map(|(_, lane)| lane.index() + 1).max().unwrap_or(0);
        if self.lanes.saturating_mul(roles) <= ENTRIES_MAX {
            self.table = vec![self.ids.len() as u32; self.lanes * roles];
            for ((role, lane), id) in &self.ids {
                if let Some(slot) = self.table.get_mut(role.index() * self.lanes + lane.index()) {
                    *slot = *id as u32;
                }
            }
        }
    }

    /// The number of an agent.
    pub(super) fn known(&self, agent: Agent) -> usize {
        if let Some(id) = self.table.get(agent.0.index() * self.lanes + agent.1.index()) {
            return *id as usize;
        }
        self.ids.get(&agent).copied().unwrap_or(self.ids.len())
    }

    /// Blocks whoever waits for a message of somebody who is blocked.
    fn block(&self, blocked: &mut FixedBitSet, receiver: Agent) {
        if !self.is_weak(receiver.1) {
            blocked.insert(self.known(receiver));
        }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.ids.len() + 1
    }

    /// Whether messages on a lane may be dropped: their receiver does not wait, and they hide nothing.
    pub(super) fn is_weak(&self, lane: LaneId) -> bool {
        self.weak.contains(lane.index())
    }

    /// The pairs of agents that a `par` or a scope makes two of, or one of again.
    pub(super) fn pairs(&self, nest: NestId) -> &[(usize, usize)] {
        self.forks.get(nest.index()).map_or(&[], |pairs| pairs)
    }
}

/// A channel: sender and lane; the receiver is the role in question.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Channel {
    pub(super) from: RoleId,
    pub(super) to: RoleId,
    pub(super) lane: LaneId,
}

impl Channel {
    /// The label of an act on this channel.
    fn carries(self, act: &Act) -> Option<Label> {
        match *act {
            Act::Exchange { from, to, lane, label, .. } if (Self { from, to, lane }) == self => Some(label),
            _ => None,
        }
    }
}

/// The positions from which a message on the channel can follow.
pub(super) fn upstream(flat: &Flat, into: &[Vec<u32>], channel: Channel, work: &mut Work) -> FixedBitSet {
    let mut reached = FixedBitSet::with_capacity(flat.states.len());
    let mut stack = Vec::new();
    for (at, state) in flat.states.iter().enumerate() {
        let carries = |act: &FlatAct| matches!(act, FlatAct::Act(act) if channel.carries(act).is_some());
        if state.edges.iter().any(|edge| carries(&edge.act)) && !reached.put(at) {
            stack.push(at as u32);
        }
    }
    work.spend(flat.states.len() as u64);
    while let Some(at) = stack.pop() {
        for before in into.get(at as usize).map_or(&[][..], |into| into) {
            if !reached.put(*before as usize) {
                stack.push(*before);
            }
        }
    }
    reached
}

/// The positions before each position; `after` says which positions follow one.
pub(super) fn into<'a, I: Iterator<Item = u32>>(
    flat: &'a Flat,
    after: impl Fn(&'a FlatState) -> I,
) -> Vec<Vec<u32>> {
    let mut into = vec![Vec::new(); flat.states.len()];
    for (at, state) in flat.states.iter().enumerate() {
        for to in after(state) {
            if let Some(into) = into.get_mut(to as usize) {
                into.push(at as u32);
            }
        }
    }
    into
}

/// The messages that can be first on `channel` when everyone but `blocked`, and who waits for it, goes on from
/// `start`. `upstream` bounds the walk. Nothing where the work runs out.
pub(super) fn available(
    (flat, agents): (&Flat, &Agents),
    start: u32,
    blocked: Agent,
    channel: Channel,
    upstream: &FixedBitSet,
    work: &mut Work,
) -> Option<BTreeSet<Label>> {
    let sender = agents.known((channel.from, channel.lane));
    let mut first = FixedBitSet::with_capacity(agents.count());
    first.insert(agents.known(blocked));
    let mut fronts: BTreeMap<u32, Vec<FixedBitSet>> = BTreeMap::new();
    let mut found = BTreeSet::new();
    let mut stack = vec![(start, first)];
    while let Some((at, blocked)) = stack.pop() {
        if blocked.contains(sender) || !upstream.contains(at as usize) {
            continue;
        }
        let front = fronts.entry(at).or_default();
        work.spend(1 + front.len() as u64);
        if !work.left() {
            return None;
        }
        if front.iter().any(|smaller| smaller.is_subset(&blocked)) {
            continue;
        }
        front.retain(|larger| !blocked.is_subset(larger));
        front.push(blocked.clone());
        let Some(state) = flat.states.get(at as usize) else { continue };
        stack.extend(state.beside.map(|(to, _)| (to, blocked.clone())));
        for edge in &state.edges {
            let mut blocked = blocked.clone();
            match &edge.act {
                FlatAct::Act(act) => {
                    if let Act::Exchange { from, to, lane, .. } = act
                        && blocked.contains(agents.known((*from, *lane)))
                    {
                        agents.block(&mut blocked, (*to, *lane));
                    } else if let Some(label) = channel.carries(act) {
                        found.insert(label);
                        // What is first hides what comes later on this channel, unless it may be dropped.
                        if !agents.is_weak(channel.lane) {
                            continue;
                        }
                    }
                }
                FlatAct::Fork(nest) => join_or_fork(&mut blocked, agents.pairs(*nest), true),
                FlatAct::Join(nest) => join_or_fork(&mut blocked, agents.pairs(*nest), false),
                FlatAct::Silent => {}
            }
            stack.push((edge.to, blocked));
        }
    }
    Some(found)
}

/// Messages to one role: sender, lane, label.
pub(super) type Messages = BTreeSet<(RoleId, LaneId, Label)>;

/// Every message that may come to `channel.to` on any channel when everyone but `blocked`, and who waits for it, goes
/// on from `start`, also behind others of its channel: at least what `available` finds. Nothing where that is a long
/// walk.
pub(super) fn possible_after(
    (flat, agents): (&Flat, &Agents),
    start: u32,
    blocked: Agent,
    fronts: &mut Fronts,
    work: &mut Work,
) -> Option<Messages> {
    let mut steps = flat.states.len() * 4;
    let receiver = blocked.0;
    let mut first = FixedBitSet::with_capacity(agents.count());
    first.insert(agents.known(blocked));
    let mut found = BTreeSet::new();
    let mut stack = vec![(start, first)];
    fronts.clear();
    while let Some((at, blocked)) = stack.pop() {
        if !fronts.smallest(at, &blocked) {
            continue;
        }
        work.spend(1);
        steps = steps.checked_sub(1)?;
        let Some(state) = flat.states.get(at as usize) else { continue };
        stack.extend(state.beside.map(|(to, _)| (to, blocked.clone())));
        for edge in &state.edges {
            let mut blocked = blocked.clone();
            match &edge.act {
                FlatAct::Act(Act::Exchange { from, to, lane, label, .. }) => {
                    if blocked.contains(agents.known((*from, *lane))) {
                        agents.block(&mut blocked, (*to, *lane));
                    } else if *to == receiver {
                        found.insert((*from, *lane, *label));
                    }
                }
                FlatAct::Fork(nest) => join_or_fork(&mut blocked, agents.pairs(*nest), true),
                FlatAct::Join(nest) => join_or_fork(&mut blocked, agents.pairs(*nest), false),
                FlatAct::Act(_) | FlatAct::Silent => {}
            }
            stack.push((edge.to, blocked));
        }
    }
    Some(found)
}

/// For each position the smallest sets of blocked agents that a walk came with; one table for many walks.
#[derive(Default)]
pub(super) struct Fronts {
    fronts: Vec<Vec<FixedBitSet>>,
    touched: Vec<u32>,
}

impl Fronts {
    /// For an unfolding of so many positions.
    pub(super) fn of(count: usize) -> Self {
        Self { fronts: vec![Vec::new(); count], touched: Vec::new() }
    }

    fn clear(&mut self) {
        for at in self.touched.drain(..) {
            if let Some(front) = self.fronts.get_mut(at as usize) {
                front.clear();
            }
        }
    }

    /// Takes note of a set; whether no smaller one is known.
    fn smallest(&mut self, at: u32, blocked: &FixedBitSet) -> bool {
        let Some(front) = self.fronts.get_mut(at as usize) else { return false };
        if front.iter().any(|smaller| smaller.is_subset(blocked)) {
            return false;
        }
        if front.is_empty() {
            self.touched.push(at);
        }
        front.retain(|larger| !blocked.is_subset(larger));
        front.push(blocked.clone());
        true
    }
}

fn join_or_fork(blocked: &mut FixedBitSet, pairs: &[(usize, usize)], fork: bool) {
    for (outside, inside) in pairs {
        let (from, to) = if fork { (*outside, *inside) } else { (*inside, *outside) };
        if blocked.contains(from) {
            blocked.insert(to);
        }
    }
}
