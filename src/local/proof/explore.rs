//! Exhaustive exploration: of the composed automata, and of the global automaton, up to a number of acts.
//!
//! Is not: fast; it is for protocols of a dozen statements.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexSet;

use super::compose::{Channel, Composition, Config, Event, Trouble};
use crate::base::id::{LaneId, RoleId, StateId};
use crate::base::value::Value;
use crate::global::expr::Expr;
use crate::global::graph::{Act, Graph, Inside};

/// What each role has seen on each lane, and, apart from these, of its own steps. What a role sees on two lanes has
/// no order: messages on two lanes may arrive in another order than they were sent in.
pub(super) type Histories = BTreeMap<(RoleId, Option<LaneId>), Vec<Event>>;

fn add(histories: &mut Histories, role: RoleId, event: Event) {
    let lane = match event {
        Event::Sent(_, lane, _) | Event::Received(_, lane, _) => Some(lane),
        Event::Step(_) | Event::Decided(..) => None,
    };
    histories.entry((role, lane)).or_default().push(event);
}

/// Acts done; a message counts when it is sent.
fn done(histories: &Histories) -> usize {
    histories.values().flatten().filter(|event| !matches!(event, Event::Received(..))).count()
}

/// What an exploration found.
#[derive(Default)]
pub(super) struct Explored {
    /// The first trouble, with the configuration.
    pub(super) trouble: Option<(Trouble, Config)>,
    /// The most messages that each channel held.
    pub(super) longest: BTreeMap<Channel, usize>,
    /// Whether everything was seen.
    pub(super) complete: bool,
}

/// Every configuration that the composition reaches, but at most `most`.
pub(super) fn configurations(composition: &Composition<'_>, most: usize) -> Explored {
    let mut explored = Explored { complete: true, ..Explored::default() };
    let mut known: IndexSet<Config> = IndexSet::from([composition.start()]);
    let mut at = 0;
    while let Some(config) = known.get_index(at).cloned() {
        at += 1;
        let moves = composition.moves(&config);
        if let Some(trouble) = composition.trouble(&config, !moves.is_empty()) {
            explored.trouble = Some((trouble, config));
            return explored;
        }
        for (channel, queue) in &config.queues {
            let longest = explored.longest.entry(*channel).or_default();
            *longest = queue.len().max(*longest);
        }
        if known.len() > most {
            explored.complete = false;
            return explored;
        }
        known.extend(moves.into_iter().map(|(_, _, next)| next));
    }
    explored
}

/// The histories of all runs of the composition that end after at most `acts` acts; nothing if there are too many.
pub(super) fn composed(
    composition: &Composition<'_>,
    acts: usize,
    most: usize,
) -> Option<BTreeSet<Histories>> {
    let mut ended = BTreeSet::new();
    let mut known = IndexSet::from([(composition.start(), Histories::new())]);
    let mut at = 0;
    while let Some((config, histories)) = known.get_index(at).cloned() {
        at += 1;
        let moves = composition.moves(&config);
        if moves.is_empty() {
            ended.insert(histories);
            continue;
        }
        let done = done(&histories);
        for (role, event, next) in moves {
            if done == acts && !matches!(event, Event::Received(..)) {
                continue;
            }
            let mut histories = histories.clone();
            add(&mut histories, role, event);
            known.insert((next, histories));
        }
        if known.len() > most {
            return None;
        }
    }
    Some(ended)
}

/// Whether the composition comes, within few acts, where no global run can come: the histories so far are not
/// beginnings of those of any global run. For what never ends, so that `composed` sees nothing of it.
pub(super) fn strays(composition: &Composition<'_>, graph: &Graph) -> bool {
    const MOVES_MAX: usize = 40_000;
    let mut global = Vec::new();
    runs(graph, 14, MOVES_MAX, &mut |histories, _| global.push(histories.clone()));
    // Longest first: what is far on has the most beginnings.
    global.sort_by_key(|histories: &Histories| {
        std::cmp::Reverse(histories.values().map(Vec::len).sum::<usize>())
    });
    let begins = |histories: &Histories| {
        global.iter().any(|whole| {
            histories.iter().all(|(at, events)| whole.get(at).is_some_and(|whole| whole.starts_with(events)))
        })
    };
    let mut known = IndexSet::from([(composition.start(), Histories::new())]);
    let mut at = 0;
    while let Some((config, histories)) = known.get_index(at).cloned() {
        at += 1;
        if !begins(&histories) {
            return true;
        }
        if done(&histories) < 11 && known.len() < MOVES_MAX / 10 {
            for (role, event, next) in composition.moves(&config) {
                let mut histories = histories.clone();
                add(&mut histories, role, event);
                known.insert((next, histories));
            }
        }
    }
    false
}

/// Where a global run is.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Place {
    At(StateId),
    Par { after: StateId, places: Vec<Place> },
    Count { after: StateId, body: StateId, left: i64, inner: Box<Place> },
}

/// The histories of all global runs that end after at most `acts` acts; nothing if there are too many.
pub(super) fn global(graph: &Graph, acts: usize, most: usize) -> Option<BTreeSet<Histories>> {
    let mut ended = BTreeSet::new();
    let complete = runs(graph, acts, most, &mut |histories, end| {
        if end {
            ended.insert(histories.clone());
        }
    });
    complete.then_some(ended)
}

/// Shows the histories of all global runs of at most so many acts, and whether each has ended; whether all were shown.
fn runs(graph: &Graph, acts: usize, most: usize, shown: &mut dyn FnMut(&Histories, bool)) -> bool {
    let Some(entry) = graph.entry else { return false };
    let start = settle(graph, Place::At(entry));
    let mut known: IndexSet<(Place, Histories)> = IndexSet::from([(start, Histories::new())]);
    let mut at = 0;
    while let Some((place, histories)) = known.get_index(at).cloned() {
        at += 1;
        let ways = ways(graph, &place);
        shown(&histories, ways.is_empty());
        if done(&histories) == acts {
            continue;
        }
        for (act, next) in ways {
            let mut histories = histories.clone();
            match act {
                Act::Exchange { from, to, label, lane, .. } => {
                    add(&mut histories, from, Event::Sent(to, lane, label));
                    add(&mut histories, to, Event::Received(from, lane, label));
                }
                Act::Step { role, step, .. } => add(&mut histories, role, Event::Step(step.0)),
                Act::Decide { role, decision, branch, .. } => {
                    add(&mut histories, role, Event::Decided(decision.0, branch));
                }
                Act::Nest(_) => {}
            }
            known.insert((settle(graph, next), histories));
        }
        if known.len() > most {
            return false;
        }
    }
    true
}

fn settle(graph: &Graph, place: Place) -> Place {
    let over =
        |place: &Place| matches!(place, Place::At(state) if graph.states[state.index()].edges.is_empty());
    match place {
        Place::At(state) => match graph.states[state.index()].edges.as_slice() {
            [edge] => match edge.act {
                Act::Nest(nest) => match &graph.nests[nest.index()].inside {
                    Inside::Par(branches) => {
                        let places = branches.iter().map(|(_, at)| Place::At(*at)).collect();
                        settle(graph, Place::Par { after: edge.to, places })
                    }
                    Inside::Count { count: Expr::Const(Value::Int(turns)), body, .. } => {
                        if *turns == 0 {
                            return settle(graph, Place::At(edge.to));
                        }
                        let inner = Box::new(Place::At(*body));
                        settle(graph, Place::Count { after: edge.to, body: *body, left: *turns, inner })
                    }
                    Inside::Count { .. } | Inside::Scope { .. } => Place::At(state),
                },
                _ => Place::At(state),
            },
            _ => Place::At(state),
        },
        Place::Par { after, places } => {
            let places: Vec<Place> = places.into_iter().map(|place| settle(graph, place)).collect();
            if places.iter().all(over) {
                settle(graph, Place::At(after))
            } else {
                Place::Par { after, places }
            }
        }
        Place::Count { after, body, left, inner } => {
            let inner = settle(graph, *inner);
            match (over(&inner), left) {
                (false, _) => Place::Count { after, body, left, inner: Box::new(inner) },
                (true, ..=1) => settle(graph, Place::At(after)),
                (true, _) => {
                    let inner = Box::new(Place::At(body));
                    settle(graph, Place::Count { after, body, left: left - 1, inner })
                }
            }
        }
    }
}

fn ways(graph: &Graph, place: &Place) -> Vec<(Act, Place)> {
    match place {
        Place::At(state) => {
            let edges = &graph.states[state.index()].edges;
            edges.iter().map(|edge| (edge.act.clone(), Place::At(edge.to))).collect()
        }
        Place::Par { after, places } => {
            let mut all = Vec::new();
            for (at, place) in places.iter().enumerate() {
                for (act, next) in ways(graph, place) {
                    let mut places = places.clone();
                    places[at] = next;
                    all.push((act, Place::Par { after: *after, places }));
                }
            }
            all
        }
        Place::Count { after, body, left, inner } => ways(graph, inner)
            .into_iter()
            .map(|(act, next)| {
                (act, Place::Count { after: *after, body: *body, left: *left, inner: Box::new(next) })
            })
            .collect(),
    }
}
