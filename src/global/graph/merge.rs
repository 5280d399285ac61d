//! Merging of states that behave alike, by partition refinement.
//!
//! `classes` refines any partition of a deterministic automaton (Valmari, *Fast brief practical DFA minimization*,
//! IPL 2012: each split handles the smaller part, so m log n). `bisimilar` merges the states of a global automaton.
//! Is not: a merger of places. Edges that stand in different places of the source stay apart, because their guard
//! annotations may differ, and so do the insides of different nests, because what follows them may.

use indexmap::IndexSet;

use crate::base::id::StateId;
use crate::global::graph::{Edge, End, Graph};

/// One transition: from, label, to.
pub type Transition = (u32, u32, u32);

/// The coarsest partition of `0..count` that refines `initial` (a class for each state) and is closed under
/// `transitions`. The result numbers classes in order of their first state.
#[must_use]
pub fn classes(count: usize, initial: &[u32], transitions: &[Transition]) -> Vec<u32> {
    let mut blocks = Partition::of(count, initial);
    let labels: Vec<u32> = transitions.iter().map(|(_, label, _)| *label).collect();
    let mut cords = Partition::of(transitions.len(), &labels);
    let mut into = Incoming::of(count, transitions);
    let (mut block, mut cord) = (0, 0);
    while cord < cords.sets() {
        for at in cords.members(cord) {
            if let Some((from, ..)) = transitions.get(at as usize) {
                blocks.mark(*from);
            }
        }
        blocks.split();
        cord += 1;
        while block < blocks.sets() {
            for state in blocks.members(block) {
                for at in into.edges(state) {
                    cords.mark(*at);
                }
            }
            cords.split();
            block += 1;
        }
    }
    first_seen(&blocks.set)
}

/// The automaton with bisimilar states merged. The entry and the order of what is left are kept.
#[must_use]
pub(super) fn bisimilar(graph: Graph) -> Graph {
    let mut labels = IndexSet::new();
    let mut transitions = Vec::new();
    for (from, state) in graph.states.iter().enumerate() {
        for edge in &state.edges {
            let (label, _) = labels.insert_full((edge.act.clone(), edge.site));
            transitions.push((from as u32, label as u32, edge.to.0));
        }
    }
    let classes = classes(graph.states.len(), &regions(&graph), &transitions);
    let merged = classes.iter().max().map_or(0, |max| *max as usize + 1);
    if merged == graph.states.len() {
        return graph;
    }
    let class = |state: StateId| StateId(classes.get(state.index()).copied().unwrap_or(state.0));
    let mut states = Vec::with_capacity(merged);
    for (at, mut state) in graph.states.into_iter().enumerate() {
        if class(StateId::at(at)).index() == states.len() {
            state.edges.iter_mut().for_each(|edge: &mut Edge| edge.to = class(edge.to));
            states.push(state);
        }
    }
    let mut nests = graph.nests;
    for nest in &mut nests {
        nest.inside.move_entries(class);
    }
    Graph { entry: graph.entry.map(class), states, nests, weak: graph.weak }
}

/// The inside that each state belongs to and how it ends, as one number.
fn regions(graph: &Graph) -> Vec<u32> {
    let mut region = vec![0_u32; graph.states.len()];
    let mut next = 0;
    for nest in &graph.nests {
        for entry in nest.inside.entries() {
            next += 1;
            let mut stack = vec![entry];
            while let Some(state) = stack.pop() {
                let Some(slot) = region.get_mut(state.index()) else { continue };
                if *slot != next {
                    *slot = next;
                    let edges = graph.states.get(state.index()).map_or(&[][..], |state| &state.edges);
                    stack.extend(edges.iter().map(|edge| edge.to));
                }
            }
        }
    }
    for (region, state) in region.iter_mut().zip(&graph.states) {
        *region = *region * 4
            + match state.end {
                None => 0,
                Some(End::Done) => 1,
                Some(End::Aborted) => 2,
                Some(End::Never) => 3,
            };
    }
    region
}

/// Classes renumbered in order of first occurrence.
fn first_seen(classes: &[u32]) -> Vec<u32> {
    let mut seen: IndexSet<u32> = IndexSet::new();
    classes.iter().map(|class| seen.insert_full(*class).0 as u32).collect()
}

/// The transitions into each state.
struct Incoming {
    first: Vec<u32>,
    edges: Vec<u32>,
}

impl Incoming {
    fn of(count: usize, transitions: &[Transition]) -> Self {
        let mut first = vec![0_u32; count + 1];
        for (_, _, to) in transitions {
            if let Some(slot) = first.get_mut(*to as usize + 1) {
                *slot += 1;
            }
        }
        let mut sum = 0;
        for slot in &mut first {
            sum += *slot;
            *slot = sum;
        }
        let mut fill = first.clone();
        let mut edges = vec![0_u32; transitions.len()];
        for (at, (_, _, to)) in transitions.iter().enumerate() {
            if let Some(next) = fill.get_mut(*to as usize) {
                if let Some(slot) = edges.get_mut(*next as usize) {
                    *slot = at as u32;
                }
                *next += 1;
            }
        }
        Self { first, edges }
    }

    fn edges(&mut self, state: u32) -> &[u32] {
        let start = self.first.get(state as usize).copied().unwrap_or(0) as usize;
        let end = self.first.get(state as usize + 1).copied().unwrap_or(0) as usize;
        self.edges.get(start..end).unwrap_or(&[])
    }
}

/// A partition that can be refined: marked elements of a set are split off, the smaller part gets the new number.
struct Partition {
    /// Elements, set after set.
    elements: Vec<u32>,
    /// Where each element stands.
    place: Vec<u32>,
    /// The set of each element.
    set: Vec<u32>,
    /// Where each set begins and ends.
    first: Vec<u32>,
    past: Vec<u32>,
    /// How many of each set are marked; they stand first.
    marked: Vec<u32>,
    touched: Vec<u32>,
}

#[expect(clippy::indexing_slicing, reason = "elements and sets are numbered by the partition itself")]
impl Partition {
    fn of(count: usize, initial: &[u32]) -> Self {
        let initial = first_seen(initial);
        let sets = initial.iter().max().map_or(0, |max| *max as usize + 1);
        let mut past = vec![0_u32; sets];
        initial.iter().for_each(|set| past[*set as usize] += 1);
        let mut sum = 0;
        let mut first = Vec::with_capacity(sets);
        for slot in &mut past {
            first.push(sum);
            sum += *slot;
            *slot = sum;
        }
        let mut fill = first.clone();
        let (mut elements, mut place) = (vec![0; count], vec![0; count]);
        for (element, set) in initial.iter().enumerate() {
            let at = fill[*set as usize];
            elements[at as usize] = element as u32;
            place[element] = at;
            fill[*set as usize] += 1;
        }
        Self { elements, place, set: initial, first, past, marked: vec![0; sets], touched: Vec::new() }
    }

    fn sets(&self) -> usize {
        self.first.len()
    }

    fn members(&self, set: usize) -> Vec<u32> {
        self.elements[self.first[set] as usize..self.past[set] as usize].to_vec()
    }

    fn mark(&mut self, element: u32) {
        let set = self.set[element as usize] as usize;
        let (at, front) = (self.place[element as usize], self.first[set] + self.marked[set]);
        if at < front {
            return;
        }
        let other = self.elements[front as usize];
        self.elements.swap(at as usize, front as usize);
        self.place[other as usize] = at;
        self.place[element as usize] = front;
        if self.marked[set] == 0 {
            self.touched.push(set as u32);
        }
        self.marked[set] += 1;
    }

    fn split(&mut self) {
        while let Some(set) = self.touched.pop() {
            let set = set as usize;
            let (first, past) = (self.first[set], self.past[set]);
            let middle = first + self.marked[set];
            self.marked[set] = 0;
            if middle == past {
                continue;
            }
            let (new_first, new_past) = if middle - first <= past - middle {
                self.first[set] = middle;
                (first, middle)
            } else {
                self.past[set] = middle;
                (middle, past)
            };
            let new = self.first.len() as u32;
            for at in new_first..new_past {
                self.set[self.elements[at as usize] as usize] = new;
            }
            self.first.push(new_first);
            self.past.push(new_past);
            self.marked.push(0);
        }
    }
}
