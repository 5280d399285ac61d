//! From a role's sets of positions to its automaton, minimised.
//!
//! In: a coherent graph and a role. Out: the role's automaton; equal behaviour is one state, which keeps all its
//! positions and places. Is not: a judge; on an incoherent graph the result means nothing.

use indexmap::IndexSet;

use crate::base::id::{LaneId, NestId, RoleId, ScopeId, SiteId, StateId, VarId};
use crate::global::expr::Expr;
use crate::global::graph;
use crate::global::graph::merge::classes;
use crate::global::graph::{End, Graph};
use crate::local::automaton::{Act, Automaton, Edge, Inside, Nest, State};
use crate::local::subset::{Subsets, determinise};
use crate::local::view::{Insides, Meets, Nested, Positions, Seen};
use crate::local::work::Work;

/// A role's part of a protocol.
pub(super) struct Cut {
    /// Its automaton.
    pub(super) automaton: Automaton,
    /// A nest that the role would leave to act again, though others may go on inside for ever. Not a scope that has
    /// an end in time.
    pub(super) held: Option<SiteId>,
}

/// What is being made.
struct Cutter<'a> {
    view: Nested<'a>,
    automaton: Automaton,
    /// The nests met so far.
    known: IndexSet<NestId>,
    /// For each of them, whether it may never end although the role is through.
    endless: Vec<bool>,
    /// The nest that each part belongs to, with the nests met in it.
    inner: Vec<(usize, u32)>,
}

/// The automaton of one role; `known` are its sets of positions, if they are known, `terms` what each site is annotated
/// with, as a number. Nothing where the work runs out.
pub(super) fn cut(
    (graph, insides): (&Graph, &Insides),
    terms: &[u32],
    role: RoleId,
    known: Option<&Subsets>,
    work: &mut Work,
) -> Option<Cut> {
    let mut cutter = Cutter {
        view: Nested::new(graph, insides, role),
        automaton: Automaton { role, entry: 0, states: Vec::new(), nests: Vec::new() },
        known: IndexSet::new(),
        endless: Vec::new(),
        inner: Vec::new(),
    };
    match known {
        Some(subsets) => cutter.states(subsets, None),
        None => cutter.part(graph.entry?, None, work)?,
    };
    let mut at = 0;
    while let Some(id) = cutter.known.get_index(at).copied() {
        cutter.endless.push(false);
        let nest = graph.nests.get(id.index())?;
        let inside = match &nest.inside {
            graph::Inside::Par(branches) => {
                let mut mine: Vec<(LaneId, u32)> = Vec::new();
                for (branch, (lane, entry)) in branches.iter().enumerate() {
                    if insides.acts(id, branch, role) {
                        mine.push((*lane, cutter.part(*entry, Some(at), work)?));
                    }
                }
                Inside::Par(mine)
            }
            graph::Inside::Count { count, turn, body, .. } => {
                let body = cutter.part(*body, Some(at), work)?;
                Inside::Count { count: count.clone(), turn: *turn, body }
            }
            graph::Inside::Scope { scope, lane, body, .. } => {
                let body = cutter.part(*body, Some(at), work)?;
                Inside::Scope { scope: *scope, lane: *lane, body }
            }
        };
        cutter.automaton.nests.push(Nest { id, inside });
        at += 1;
    }
    let held = cutter.held();
    Some(Cut { automaton: minimise(cutter.automaton, terms), held })
}

impl Cutter<'_> {
    /// Adds the states that begin at `entry`, inside of a nest or outside of all; gives the first.
    fn part(&mut self, entry: StateId, nest: Option<usize>, work: &mut Work) -> Option<u32> {
        let subsets = determinise(&self.view, entry.0, work)?;
        Some(self.states(&subsets, nest))
    }

    /// Adds a state for each set; gives the first.
    fn states(&mut self, subsets: &Subsets, nest: Option<usize>) -> u32 {
        let first = self.automaton.states.len() as u32;
        let branch =
            nest.and_then(|nest| self.known.get_index(nest)).is_some_and(|nest| self.view.is_par(*nest));
        for (set, arcs) in subsets.sets.iter().zip(&subsets.edges) {
            let edges: Vec<Edge> = arcs
                .iter()
                .map(|arc| Edge {
                    act: self.act(arc.seen, nest),
                    to: first + arc.to,
                    sites: arc.sites.clone(),
                })
                .collect();
            let waits = edges.iter().any(|edge| matches!(edge.act, Act::Receive { .. }));
            let ends = |end: End| set.iter().any(|at| self.view.end(*at) == Some(end));
            let may_end = nest.is_none() && waits && ends(End::Done);
            let over = nest.is_some() && edges.is_empty() && !ends(End::Done);
            // A branch joins all the same: nothing follows the `par`.
            let stays = over && !branch;
            if let Some(endless) = nest.and_then(|nest| self.endless.get_mut(nest)) {
                *endless |= over && !ends(End::Aborted);
            }
            let positions = set.iter().map(|at| StateId(*at)).collect();
            self.automaton.states.push(State { edges, may_end, stays, positions });
        }
        first
    }

    fn act(&mut self, seen: Seen, outer: Option<usize>) -> Act {
        match seen {
            Seen::Send { to, lane, label, payload, var } => Act::Send { to, lane, label, payload, var },
            Seen::Receive { from, lane, label, var } => Act::Receive { from, lane, label, var },
            Seen::Step(step) => Act::Step(step),
            Seen::Decide(decision, branch) => Act::Decide(decision, branch),
            Seen::Nest(nest) => {
                debug_assert!(self.view.meets(nest) == Meets::Enters, "seen, so entered");
                let nest = self.known.insert_full(nest).0 as u32;
                self.inner.extend(outer.map(|outer| (outer, nest)));
                Act::Nest(nest)
            }
        }
    }

    /// Where the role would go on after a nest that may never end: a place for the complaint.
    fn held(&mut self) -> Option<SiteId> {
        let timed: Vec<bool> = self.known.iter().map(|nest| self.view.is_timed(*nest)).collect();
        let is_endless = |endless: &[bool], nest: u32| {
            let at = nest as usize;
            endless.get(at) == Some(&true) && timed.get(at) == Some(&false)
        };
        // An inner nest is met after the one around it.
        for (outer, inner) in self.inner.iter().rev() {
            let endless = is_endless(&self.endless, *inner);
            if let Some(outer) = self.endless.get_mut(*outer) {
                *outer |= endless;
            }
        }
        let acts = |state: u32| {
            self.automaton.states.get(state as usize).is_some_and(|state| !state.edges.is_empty())
        };
        let held = |edge: &&Edge| match edge.act {
            Act::Nest(nest) => {
                let counted = self.automaton.nests.get(nest as usize);
                is_endless(&self.endless, nest)
                    && (acts(edge.to) || matches!(counted, Some(Nest { inside: Inside::Count { .. }, .. })))
            }
            _ => false,
        };
        let mut edges = self.automaton.states.iter().flat_map(|state| &state.edges);
        edges.find(held).and_then(|edge| edge.sites.first()).copied()
    }
}

/// What is compared of an edge: the act, with what guards are told of a send, or what a nest is apart from where its
/// insides lead, or such an inside.
#[derive(PartialEq, Eq, Hash)]
enum Label {
    Act(Act, u32),
    Par(Vec<LaneId>),
    Count(Expr, Option<VarId>),
    Scope(ScopeId),
    Inside(usize),
}

/// Merges states of equal behaviour, and drops what the entry does not reach.
fn minimise(automaton: Automaton, terms: &[u32]) -> Automaton {
    let mut labels: IndexSet<Label> = IndexSet::new();
    let mut transitions = Vec::new();
    let mut label = |label: Label| labels.insert_full(label).0 as u32;
    for (from, state) in automaton.states.iter().enumerate() {
        for edge in &state.edges {
            let nest = match edge.act {
                Act::Nest(nest) => automaton.nests.get(nest as usize),
                _ => None,
            };
            let from = from as u32;
            let Some(nest) = nest else {
                let site = edge.sites.first().filter(|_| matches!(edge.act, Act::Send { .. }));
                let told = site.and_then(|site| terms.get(site.index())).copied().unwrap_or(0);
                transitions.push((from, label(Label::Act(edge.act.clone(), told)), edge.to));
                continue;
            };
            let (outside, entries) = match &nest.inside {
                Inside::Par(branches) => {
                    (Label::Par(branches.iter().map(|branch| branch.0).collect()), insides(&nest.inside))
                }
                Inside::Count { count, turn, .. } => {
                    (Label::Count(count.clone(), *turn), insides(&nest.inside))
                }
                Inside::Scope { scope, .. } => (Label::Scope(*scope), insides(&nest.inside)),
            };
            transitions.push((from, label(outside), edge.to));
            for (at, entry) in entries.into_iter().enumerate() {
                transitions.push((from, label(Label::Inside(at)), entry));
            }
        }
    }
    let ends = |state: &State| u32::from(state.may_end) + 2 * u32::from(state.stays);
    let initial: Vec<u32> = automaton.states.iter().map(ends).collect();
    let classes = classes(automaton.states.len(), &initial, &transitions);
    rebuild(automaton, &classes)
}

fn insides(inside: &Inside) -> Vec<u32> {
    match inside {
        Inside::Par(branches) => branches.iter().map(|(_, entry)| *entry).collect(),
        Inside::Count { body, .. } | Inside::Scope { body, .. } => vec![*body],
    }
}

/// One state for each class that is reached, numbered in breadth from the entry.
fn rebuild(automaton: Automaton, classes: &[u32]) -> Automaton {
    let class = |state: u32| classes.get(state as usize).copied().unwrap_or(0);
    let count = classes.iter().max().map_or(0, |max| *max as usize + 1);
    let mut merged: Vec<Option<State>> = vec![None; count];
    for (at, state) in automaton.states.into_iter().enumerate() {
        let Some(slot) = merged.get_mut(class(at as u32) as usize) else { continue };
        match slot {
            None => *slot = Some(state),
            Some(have) => {
                have.positions.extend(state.positions);
                for (edge, more) in have.edges.iter_mut().zip(state.edges) {
                    edge.sites.extend(more.sites);
                }
            }
        }
    }
    let mut order: IndexSet<u32> = IndexSet::from([class(automaton.entry)]);
    let mut nests: IndexSet<u32> = IndexSet::new();
    let mut states = Vec::new();
    let mut at = 0;
    while let Some(next) = order.get_index(at).copied() {
        at += 1;
        let mut state = merged.get_mut(next as usize).and_then(Option::take).unwrap_or_default();
        state.positions.sort_unstable();
        state.positions.dedup();
        for edge in &mut state.edges {
            edge.sites.sort_unstable();
            edge.sites.dedup();
            if let Act::Nest(nest) = &mut edge.act {
                if let Some(found) = automaton.nests.get(*nest as usize) {
                    order.extend(insides(&found.inside).into_iter().map(class));
                }
                *nest = nests.insert_full(*nest).0 as u32;
            }
            edge.to = order.insert_full(class(edge.to)).0 as u32;
        }
        states.push(state);
    }
    let number = |state: u32| order.get_index_of(&class(state)).unwrap_or(0) as u32;
    let nests = nests
        .into_iter()
        .filter_map(|nest| automaton.nests.get(nest as usize).cloned())
        .map(|mut nest| {
            match &mut nest.inside {
                Inside::Par(branches) => branches.iter_mut().for_each(|(_, entry)| *entry = number(*entry)),
                Inside::Count { body, .. } | Inside::Scope { body, .. } => *body = number(*body),
            }
            nest
        })
        .collect();
    Automaton { role: automaton.role, entry: 0, states, nests }
}
