//! From a role's sets of positions to its automaton, minimised.
//!
//! In: a coherent graph and a role. Out: the role's automaton; equal behaviour is one state, which keeps all its
//! positions and places. Is not: a judge; on an incoherent graph the result means nothing.

use indexmap::IndexSet;

use crate::base::id::{LaneId, NestId, RoleId, StateId, VarId};
use crate::global::expr::Expr;
use crate::global::graph;
use crate::global::graph::merge::classes;
use crate::global::graph::{End, Graph};
use crate::local::automaton::{Act, Automaton, Edge, Inside, Nest, State};
use crate::local::subset::determinise;
use crate::local::view::{Insides, Meets, Nested, Positions, Seen};
use crate::local::work::Work;

/// The automaton of one role. Nothing where the work runs out.
pub(super) fn cut(graph: &Graph, insides: &Insides, role: RoleId, work: &mut Work) -> Option<Automaton> {
    let view = Nested::new(graph, insides, role);
    let mut automaton = Automaton { role, entry: 0, states: Vec::new(), nests: Vec::new() };
    let mut known: IndexSet<NestId> = IndexSet::new();
    part(&view, graph.entry?, true, &mut automaton, &mut known, work)?;
    let mut at = 0;
    while let Some(id) = known.get_index(at).copied() {
        at += 1;
        let nest = graph.nests.get(id.index())?;
        let inside = match &nest.inside {
            graph::Inside::Par(branches) => {
                let mut mine: Vec<(LaneId, u32)> = Vec::new();
                for (branch, (lane, entry)) in branches.iter().enumerate() {
                    if insides.acts(id, branch, role) {
                        mine.push((*lane, part(&view, *entry, false, &mut automaton, &mut known, work)?));
                    }
                }
                Inside::Par(mine)
            }
            graph::Inside::Count { count, turn, body, .. } => {
                let body = part(&view, *body, false, &mut automaton, &mut known, work)?;
                Inside::Count { count: count.clone(), turn: *turn, body }
            }
        };
        automaton.nests.push(Nest { id, inside });
    }
    Some(minimise(automaton))
}

/// Adds the states that begin at `entry`; gives the first.
fn part(
    view: &Nested<'_>,
    entry: StateId,
    outermost: bool,
    automaton: &mut Automaton,
    known: &mut IndexSet<NestId>,
    work: &mut Work,
) -> Option<u32> {
    let subsets = determinise(view, entry.0, work)?;
    let first = automaton.states.len() as u32;
    for (set, arcs) in subsets.sets.iter().zip(&subsets.edges) {
        let edges: Vec<Edge> = arcs
            .iter()
            .map(|arc| {
                let act = match arc.seen {
                    Seen::Send { to, lane, label, payload, var } => {
                        Act::Send { to, lane, label, payload, var }
                    }
                    Seen::Receive { from, lane, label, var } => Act::Receive { from, lane, label, var },
                    Seen::Step(step) => Act::Step(step),
                    Seen::Decide(decision, branch) => Act::Decide(decision, branch),
                    Seen::Nest(nest) => {
                        debug_assert!(view.meets(nest) == Meets::Enters, "seen, so entered");
                        Act::Nest(known.insert_full(nest).0 as u32)
                    }
                };
                Edge { act, to: first + arc.to, sites: arc.sites.clone() }
            })
            .collect();
        let waits = edges.iter().any(|edge| matches!(edge.act, Act::Receive { .. }));
        let may_end = outermost && waits && set.iter().any(|at| view.end(*at) == Some(End::Done));
        let positions = set.iter().map(|at| StateId(*at)).collect();
        automaton.states.push(State { edges, may_end, positions });
    }
    Some(first)
}

/// What is compared of an edge: the act, or what a nest is apart from where its insides lead, or such an inside.
#[derive(PartialEq, Eq, Hash)]
enum Label {
    Act(Act),
    Par(Vec<LaneId>),
    Count(Expr, Option<VarId>),
    Inside(usize),
}

/// Merges states of equal behaviour, and drops what the entry does not reach.
fn minimise(automaton: Automaton) -> Automaton {
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
                transitions.push((from, label(Label::Act(edge.act.clone())), edge.to));
                continue;
            };
            let (outside, entries) = match &nest.inside {
                Inside::Par(branches) => {
                    (Label::Par(branches.iter().map(|branch| branch.0).collect()), insides(&nest.inside))
                }
                Inside::Count { count, turn, .. } => {
                    (Label::Count(count.clone(), *turn), insides(&nest.inside))
                }
            };
            transitions.push((from, label(outside), edge.to));
            for (at, entry) in entries.into_iter().enumerate() {
                transitions.push((from, label(Label::Inside(at)), entry));
            }
        }
    }
    let initial: Vec<u32> = automaton.states.iter().map(|state| u32::from(state.may_end)).collect();
    let classes = classes(automaton.states.len(), &initial, &transitions);
    rebuild(automaton, &classes)
}

fn insides(inside: &Inside) -> Vec<u32> {
    match inside {
        Inside::Par(branches) => branches.iter().map(|(_, entry)| *entry).collect(),
        Inside::Count { body, .. } => vec![*body],
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
                Inside::Count { body, .. } => *body = number(*body),
            }
            nest
        })
        .collect();
    Automaton { role: automaton.role, entry: 0, states, nests }
}
