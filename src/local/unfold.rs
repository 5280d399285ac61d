//! Unfoldings: the global automaton with its nests written out, so that coherence is judged on one flat automaton.
//!
//! A `par` becomes the sequence of its branches between a fork and a join (one that begins with each branch is
//! enough), a counted loop `body; body; rest`, or `rest` alone, a scope its body, or what follows a cause alone. Beside
//! its edges a position keeps where others may be meanwhile: past a nest that begins there, or out of a scope in time.
//! Acts keep their lanes, so that an agent (role, lane) can be told from another. Is not: what runs; roles run their branches side by side.

use std::collections::BTreeSet;

use fixedbitset::FixedBitSet;

use crate::base::id::{LaneId, NestId, RoleId, SiteId, StateId};
use crate::base::limits::{TURNS_UNROLLED_MAX, UNFOLDED_MAX};
use crate::base::value::Value;
use crate::global::expr::Expr;
use crate::global::graph::{Act, Edge, End, Graph, Inside};
use crate::local::view::{Positions, Seen, seen};

/// An unfolding.
#[derive(Clone, Debug, Default)]
pub(super) struct Flat {
    /// Every position; the first is the entry.
    pub(super) states: Vec<FlatState>,
    /// The roles that do something in each nest that goes on for ever; none of another nest.
    pub(super) members: Vec<Option<FixedBitSet>>,
}

/// A position of an unfolding.
#[derive(Clone, Debug, Default)]
pub(super) struct FlatState {
    /// What may happen next.
    pub(super) edges: Vec<FlatEdge>,
    /// How it ends, if nothing happens next.
    pub(super) end: Option<End>,
    /// Where others may go on as if nothing had happened of the nest that begins here: on an earlier or later way round
    /// it may not have; with the nest. No way of who does something there.
    pub(super) beside: Option<(u32, NestId)>,
    /// Where it goes on when the time of the innermost scope around that has a limit is up.
    pub(super) late: Option<u32>,
}

impl FlatState {
    /// The positions after this one, for whoever asks what others may do.
    pub(super) fn after(&self) -> impl Iterator<Item = u32> + '_ {
        self.edges.iter().map(|edge| edge.to).chain(self.beside.map(|(to, _)| to))
    }
}

/// What may happen next.
#[derive(Clone, Debug)]
pub(super) struct FlatEdge {
    /// What.
    pub(super) act: FlatAct,
    /// The position after it.
    pub(super) to: u32,
    /// Where it stands in the source.
    pub(super) site: SiteId,
}

/// What happens in an unfolding.
#[derive(Clone, Debug)]
pub(super) enum FlatAct {
    /// An act of the global automaton; never a nest.
    Act(Act),
    /// The branches of this `par` begin.
    Fork(NestId),
    /// The branches of this `par` have ended.
    Join(NestId),
    /// Nothing.
    Silent,
}

/// Which unfolding. In each of them nothing happens of a nest that cannot be complete, but for what the plan is about
/// and what stands around that: else what follows would never be judged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Plan {
    /// Branches in order, two turns of each loop.
    Base,
    /// What is inside of this nest, which cannot be complete.
    Into(NestId),
    /// This branch of this `par` first.
    First(NestId, usize),
    /// No turn of this loop, or nothing of this scope: it was ended by a cause.
    Skip(NestId),
    /// For counting: as many turns as are written, or a cycle where that is not known or too many.
    Turns,
}

/// A region to be copied: what begins at `root`, between two positions of the unfolding.
struct Task {
    root: StateId,
    entry: u32,
    exit: u32,
    /// Where what is copied goes on when its time is up.
    late: Option<u32>,
}

struct Unfolder<'a> {
    graph: &'a Graph,
    plan: Plan,
    /// The nests that the plan goes into although they cannot be complete.
    into: BTreeSet<NestId>,
    flat: Flat,
    tasks: Vec<Task>,
    site: SiteId,
    /// Where what is copied goes on when its time is up.
    late: Option<u32>,
    /// The copy of each state in the region at hand, or `u32::MAX`.
    copies: Vec<u32>,
}

/// The unfolding of a graph by a plan; nothing if it grows beyond its bound.
pub(super) fn unfold(graph: &Graph, plan: Plan) -> Option<Flat> {
    if graph.nests.is_empty() {
        debug_assert!(graph.entry == Some(StateId(0)), "numbered from the entry");
        return Some(same(graph));
    }
    let mut unfolder = Unfolder {
        graph,
        plan,
        into: into(graph, plan),
        flat: Flat {
            states: Vec::new(),
            members: graph.nests.iter().map(|nest| nest.endless.then(|| nest.members.clone())).collect(),
        },
        tasks: Vec::new(),
        site: SiteId(0),
        late: None,
        copies: vec![u32::MAX; graph.states.len()],
    };
    let entry = unfolder.place(None);
    let exit = unfolder.place(Some(End::Done));
    unfolder.tasks.push(Task { root: graph.entry?, entry, exit, late: None });
    while let Some(task) = unfolder.tasks.pop() {
        unfolder.copy(&task);
        if unfolder.flat.states.len() > UNFOLDED_MAX {
            return None;
        }
    }
    Some(unfolder.flat)
}

/// What the plan is about and the nests around it.
fn into(graph: &Graph, plan: Plan) -> BTreeSet<NestId> {
    let about = match plan {
        Plan::Into(nest) | Plan::First(nest, _) | Plan::Skip(nest) => Some(nest),
        Plan::Base | Plan::Turns => None,
    };
    let parent = |nest: &NestId| graph.nests.get(nest.index())?.parent;
    std::iter::successors(about, parent).collect()
}

/// A graph without nests as it is: every position keeps its number.
fn same(graph: &Graph) -> Flat {
    let edge = |edge: &Edge| FlatEdge { act: FlatAct::Act(edge.act.clone()), to: edge.to.0, site: edge.site };
    let states = graph.states.iter().map(|state| FlatState {
        edges: state.edges.iter().map(edge).collect(),
        end: state.end,
        ..FlatState::default()
    });
    Flat { states: states.collect(), members: Vec::new() }
}

impl Unfolder<'_> {
    fn place(&mut self, end: Option<End>) -> u32 {
        self.flat.states.push(FlatState { end, late: self.late, ..FlatState::default() });
        self.flat.states.len() as u32 - 1
    }

    fn edge(&mut self, from: u32, act: FlatAct, to: u32, site: SiteId) {
        if let Some(state) = self.flat.states.get_mut(from as usize) {
            state.edges.push(FlatEdge { act, to, site });
        }
    }

    /// Copies the region of a task; the insides of its nests become tasks of their own.
    fn copy(&mut self, task: &Task) {
        let graph = self.graph;
        self.late = task.late;
        if let Some(entry) = self.flat.states.get_mut(task.entry as usize) {
            entry.late = task.late;
        }
        self.remember(task.root, task.entry);
        let mut order = vec![task.root];
        let mut next = 0;
        while let Some(at) = order.get(next).copied() {
            next += 1;
            let (Some(state), Some(copy)) = (graph.states.get(at.index()), self.copied(at)) else {
                continue;
            };
            match state.end {
                Some(End::Done) => self.edge(copy, FlatAct::Silent, task.exit, self.site),
                end => {
                    if let Some(state) = self.flat.states.get_mut(copy as usize) {
                        state.end = end;
                    }
                }
            }
            for edge in &state.edges {
                self.site = edge.site;
                match &edge.act {
                    Act::Nest(nest) => {
                        let to = self.target(task, edge.to, &mut order);
                        let passed = self.passed(task, *nest, (edge.to, to), &mut order);
                        match passed {
                            Some(passed) if self.skips(*nest) => {
                                self.edge(copy, FlatAct::Silent, passed, edge.site);
                            }
                            _ => {
                                self.nest(*nest, copy, to, passed);
                                if let Some(state) = self.flat.states.get_mut(copy as usize) {
                                    state.beside = passed.map(|to| (to, *nest));
                                }
                            }
                        }
                    }
                    act => {
                        let to = self.target(task, edge.to, &mut order);
                        self.edge(copy, FlatAct::Act(act.clone()), to, edge.site);
                    }
                }
            }
        }
        for at in order {
            self.remember(at, u32::MAX);
        }
    }

    /// The copy of a position of the region; it is copied later if it is new.
    fn target(&mut self, task: &Task, at: StateId, order: &mut Vec<StateId>) -> u32 {
        if let Some(copy) = self.copied(at) {
            return copy;
        }
        // The end of a region is its exit, without a position of its own.
        if self.graph.states.get(at.index()).is_some_and(|state| state.end == Some(End::Done)) {
            return task.exit;
        }
        let copy = self.place(None);
        self.remember(at, copy);
        order.push(at);
        copy
    }

    /// Where it goes on after nothing has happened of a nest, whose end leads to `after`, copied to `to`; nothing where
    /// it must happen. A scope cannot be complete then: its ways on are those of its causes.
    fn passed(
        &mut self,
        task: &Task,
        nest: NestId,
        (after, to): (StateId, u32),
        order: &mut Vec<StateId>,
    ) -> Option<u32> {
        let graph = self.graph;
        if self.plan == Plan::Turns {
            return None;
        }
        match graph.nests.get(nest.index())?.inside {
            Inside::Count { zero, .. } => zero.then_some(to),
            // What follows a collection does not begin with how it ended.
            Inside::Scope { lane, .. } if graph.weak.contains(lane.index()) => Some(to),
            Inside::Scope { .. } => {
                let passed = self.place(None);
                for edge in &graph.states.get(after.index())?.edges {
                    let to = self.target(task, edge.to, order);
                    if !matches!(edge.act, Act::Decide { branch: 0, .. }) {
                        self.edge(passed, FlatAct::Act(edge.act.clone()), to, edge.site);
                    }
                }
                Some(passed)
            }
            Inside::Par(_) => None,
        }
    }

    /// Whether nothing happens of a nest in this plan.
    fn skips(&self, nest: NestId) -> bool {
        let completes = self.graph.nests.get(nest.index()).is_none_or(|nest| nest.completes);
        self.plan == Plan::Skip(nest) || !completes && !self.into.contains(&nest)
    }

    fn remember(&mut self, at: StateId, copy: u32) {
        if let Some(slot) = self.copies.get_mut(at.index()) {
            *slot = copy;
        }
    }

    fn copied(&self, at: StateId) -> Option<u32> {
        self.copies.get(at.index()).copied().filter(|copy| *copy != u32::MAX)
    }

    fn nest(&mut self, id: NestId, from: u32, to: u32, passed: Option<u32>) {
        let late = self.late;
        let Some(nest) = self.graph.nests.get(id.index()) else { return };
        match &nest.inside {
            Inside::Par(branches) => {
                let mut order: Vec<StateId> = branches.iter().map(|(_, entry)| *entry).collect();
                if let Plan::First(first, branch) = self.plan
                    && first == id
                    && branch < order.len()
                {
                    let first = order.remove(branch);
                    order.insert(0, first);
                }
                let mut entry = self.place(None);
                self.edge(from, FlatAct::Fork(id), entry, self.site);
                for root in order {
                    let exit = self.place(None);
                    self.tasks.push(Task { root, entry, exit, late });
                    entry = exit;
                }
                self.edge(entry, FlatAct::Join(id), to, self.site);
            }
            Inside::Count { count, zero, body, .. } => self.count(*body, count, *zero, from, to),
            Inside::Scope { body, timed, .. } => {
                let late = if *timed { passed } else { late };
                let (entry, exit) = (self.place(None), self.place(None));
                self.edge(from, FlatAct::Fork(id), entry, self.site);
                self.tasks.push(Task { root: *body, entry, exit, late });
                self.edge(exit, FlatAct::Join(id), to, self.site);
                // Its owner may go on as if nothing had happened inside.
                if self.plan == Plan::Turns {
                    self.edge(from, FlatAct::Silent, to, self.site);
                }
            }
        }
    }

    fn count(&mut self, root: StateId, count: &Expr, zero: bool, from: u32, to: u32) {
        let turns = match (self.plan, count) {
            (Plan::Turns, Expr::Const(Value::Int(turns))) if *turns <= TURNS_UNROLLED_MAX => (*turns).max(0),
            (Plan::Turns, _) => {
                let (entry, exit) = (self.place(None), self.place(None));
                self.edge(from, FlatAct::Silent, entry, self.site);
                if zero {
                    self.edge(from, FlatAct::Silent, to, self.site);
                }
                self.tasks.push(Task { root, entry, exit, late: self.late });
                self.edge(exit, FlatAct::Silent, entry, self.site);
                self.edge(exit, FlatAct::Silent, to, self.site);
                return;
            }
            _ => 2,
        };
        let mut entry = from;
        for turn in 0..turns {
            if turn == 0 {
                entry = self.place(None);
                self.edge(from, FlatAct::Silent, entry, self.site);
            }
            let exit = self.place(None);
            self.tasks.push(Task { root, entry, exit, late: self.late });
            entry = exit;
        }
        self.edge(entry, FlatAct::Silent, to, self.site);
    }
}

impl Flat {
    /// Positions in an order in which, but for the edges back of loops, every edge leads onwards.
    pub(super) fn order(&self) -> Vec<u32> {
        let mut rank = vec![0_u32; self.states.len()];
        let mut seen = FixedBitSet::with_capacity(self.states.len());
        let mut next = self.states.len() as u32;
        let mut stack = vec![(0_u32, 0_usize)];
        seen.insert(0);
        while let Some((at, way)) = stack.pop() {
            match self.states.get(at as usize).and_then(|state| state.edges.get(way)) {
                Some(edge) => {
                    stack.push((at, way + 1));
                    if !seen.put(edge.to as usize) {
                        stack.push((edge.to, 0));
                    }
                }
                None => {
                    next -= 1;
                    if let Some(slot) = rank.get_mut(at as usize) {
                        *slot = next;
                    }
                }
            }
        }
        rank
    }
}

/// An unfolding as one role sees it.
pub(super) struct Sight<'a> {
    /// Of what.
    pub(super) flat: &'a Flat,
    /// By whom.
    pub(super) role: RoleId,
}

impl Positions for Sight<'_> {
    fn count(&self) -> usize {
        self.flat.states.len()
    }

    fn ways(&self, at: u32, mut found: impl FnMut(Option<Seen>, u32, SiteId)) {
        let Some(state) = self.flat.states.get(at as usize) else { return };
        for edge in &state.edges {
            let seen = match &edge.act {
                FlatAct::Act(act) => seen(act, self.role),
                _ => None,
            };
            found(seen, edge.to, edge.site);
        }
        // Who does nothing in a nest that goes on for ever cannot tell whether anything happens there.
        if let Some((to, nest)) = state.beside
            && let Some(Some(members)) = self.flat.members.get(nest.index())
            && !members.contains(self.role.index())
        {
            found(None, to, state.edges.first().map_or(SiteId(0), |edge| edge.site));
        }
    }

    fn end(&self, at: u32) -> Option<End> {
        self.flat.states.get(at as usize)?.end
    }

    fn act(&self, at: u32, way: usize) -> Option<&Act> {
        match &self.flat.states.get(at as usize)?.edges.get(way)?.act {
            FlatAct::Act(act) => Some(act),
            _ => None,
        }
    }
}

/// The lane that an act is on.
pub(super) const fn lane(act: &Act) -> Option<LaneId> {
    match act {
        Act::Exchange { lane, .. } | Act::Step { lane, .. } | Act::Decide { lane, .. } => Some(*lane),
        Act::Nest(_) => None,
    }
}
