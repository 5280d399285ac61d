//! The rough automaton: positions as the builder lays them out, some of them silent, made into a graph.
//!
//! In: positions and nests. Out: a graph without silent positions, numbered in breadth, or the jump that closes a
//! silent cycle (unguarded recursion). Is not: merged; that is `merge`.

use std::collections::BTreeSet;

use fixedbitset::FixedBitSet;

use crate::base::id::{NestId, SiteId, StateId};
use crate::global::graph::{Act, Edge, End, Graph, Inside, Nest, State};

/// A position that may still be silent.
#[derive(Clone, Debug)]
pub(super) enum Raw {
    /// Nothing happens: this is the position there.
    Silent(StateId, Option<SiteId>),
    /// What may happen.
    Edges(Vec<Edge>),
    /// Nothing more.
    End(End),
}

/// Positions and nests. A nest has a higher number than the one around it.
pub(super) struct Rough {
    /// Every position.
    pub(super) raw: Vec<Raw>,
    /// Every nest; of its members only the owner of a scope is known.
    pub(super) nests: Vec<Nest>,
}

impl Rough {
    /// Removes what is silent, and numbers what is left in breadth. Error: the jump that closes a way round on which
    /// nothing need happen.
    pub(super) fn finish(mut self, roles: usize, entry: StateId) -> Result<Graph, Option<SiteId>> {
        self.count_members(roles);
        for raw in &mut self.raw {
            let Raw::Edges(edges) = raw else { continue };
            let [edge] = edges.as_slice() else { continue };
            let Act::Nest(nest) = edge.act else { continue };
            if self.nests.get(nest.index()).is_some_and(|nest| nest.members.is_clear()) {
                *raw = Raw::Silent(edge.to, Some(edge.site));
            }
        }
        self.guarded()?;
        self.cut_what_is_never_reached();
        let resolved = self.resolve();
        Ok(number(self.raw, &self.nests, &resolved, entry))
    }

    /// Who does something inside of each nest, and which nest is around it; members are carried outwards.
    fn count_members(&mut self, roles: usize) {
        // Entries of insides, and the nest of each; positions reached from there belong to it.
        let mut members: Vec<FixedBitSet> = self.nests.iter().map(|nest| nest.members.clone()).collect();
        members.iter_mut().for_each(|members| members.grow(roles));
        let mut inner = vec![Vec::new(); self.nests.len()];
        let mut seen = FixedBitSet::with_capacity(self.raw.len());
        for (at, nest) in self.nests.iter().enumerate() {
            let mut stack: Vec<StateId> = nest.inside.entries();
            while let Some(state) = stack.pop() {
                if seen.put(state.index()) {
                    continue;
                }
                match self.raw.get(state.index()) {
                    Some(Raw::Silent(to, _)) => stack.push(*to),
                    Some(Raw::Edges(edges)) => {
                        for edge in edges {
                            stack.push(edge.to);
                            note(&edge.act, &mut members, &mut inner, at);
                        }
                    }
                    _ => {}
                }
            }
        }
        // A nest is made after the one around it: blocks are laid out from outside in.
        for at in (0..inner.len()).rev() {
            for child in inner.get(at).cloned().unwrap_or_default() {
                if let Some(nest) = self.nests.get_mut(child) {
                    nest.parent = Some(NestId::at(at));
                }
                let below = members.get(child).cloned().unwrap_or_default();
                if let Some(mine) = members.get_mut(at) {
                    mine.union_with(&below);
                }
            }
        }
        for (nest, members) in self.nests.iter_mut().zip(members) {
            nest.members = members;
        }
    }

    /// For each nest whether nothing may happen in it: a loop of no turns, or insides without acts on some way.
    fn passable(&self) -> Vec<bool> {
        let mut passable = vec![false; self.nests.len()];
        // Inner nests have higher numbers.
        for (at, nest) in self.nests.iter().enumerate().rev() {
            let through = |entry: StateId| {
                let (mut at, mut steps) = (entry, 0);
                while let Some((next, _)) = self.pass(at, &passable) {
                    (at, steps) = (next, steps + 1);
                    if steps > self.raw.len() {
                        return false;
                    }
                }
                matches!(self.raw.get(at.index()), Some(Raw::End(End::Done)))
            };
            // A scope is never silent: its owner tells how it ended, or at least decides.
            let zero = matches!(nest.inside, Inside::Count { zero: true, .. });
            let through = zero || nest.inside.entries().into_iter().all(through);
            if let Some(slot) = passable.get_mut(at) {
                *slot = through;
            }
        }
        passable
    }

    /// The position after one where nothing need happen.
    fn pass(&self, at: StateId, passable: &[bool]) -> Option<(StateId, Option<SiteId>)> {
        match self.raw.get(at.index())? {
            Raw::Silent(to, site) => Some((*to, *site)),
            Raw::Edges(edges) => match edges.as_slice() {
                [Edge { act: Act::Nest(nest), to, site }] if passable.get(nest.index()) == Some(&true) => {
                    Some((*to, Some(*site)))
                }
                _ => None,
            },
            Raw::End(_) => None,
        }
    }

    /// Refuses a way round on which nothing need happen.
    fn guarded(&self) -> Result<(), Option<SiteId>> {
        const OPEN: u32 = u32::MAX;
        let passable = self.passable();
        let mut walk = vec![0_u32; self.raw.len()];
        for start in 0..self.raw.len() {
            let (mut at, mut jump, mut path) = (StateId::at(start), None, Vec::new());
            while let Some(slot) = walk.get_mut(at.index()) {
                if *slot == OPEN {
                    return Err(jump);
                }
                if *slot != 0 {
                    break;
                }
                *slot = OPEN;
                path.push(at);
                let Some((next, site)) = self.pass(at, &passable) else { break };
                (at, jump) = (next, site.or(jump));
            }
            for state in path {
                if let Some(slot) = walk.get_mut(state.index()) {
                    *slot = 1;
                }
            }
        }
        Ok(())
    }

    /// Lets nothing follow what is never complete.
    fn cut_what_is_never_reached(&mut self) {
        let mut places = vec![None; self.nests.len()];
        for (at, raw) in self.raw.iter().enumerate() {
            if let Raw::Edges(edges) = raw
                && let [Edge { act: Act::Nest(nest), to, .. }] = *edges.as_slice()
                && let Some(place) = places.get_mut(nest.index())
            {
                *place = Some((at, to));
            }
        }
        let (failed, never) = (StateId::at(self.raw.len()), StateId::at(self.raw.len() + 1));
        self.raw.extend([Raw::End(End::Aborted), Raw::End(End::Never)]);
        // Inner nests have higher numbers; what follows them decides whether those around are complete.
        for (at, place) in places.into_iter().enumerate().rev() {
            let Some(entries) = self.nests.get(at).map(|nest| nest.inside.entries()) else { continue };
            let ends: Vec<_> = entries.into_iter().map(|entry| self.ends(entry)).collect();
            let completes = ends.iter().all(|ends| ends.contains(&End::Done));
            let Some(nest) = self.nests.get_mut(at) else { continue };
            nest.completes = completes;
            let fails = ends.iter().any(|ends| ends.contains(&End::Aborted));
            nest.endless = !completes && !fails && !matches!(nest.inside, Inside::Scope { timed: true, .. });
            if let (Some((place, after)), false) = (place, completes) {
                let mut passed = nest.can_be_passed();
                if matches!(nest.inside, Inside::Scope { .. })
                    && let Some(Raw::Edges(ways)) = self.raw.get_mut(after.index())
                {
                    ways.retain(|way| !matches!(way.act, Act::Decide { branch: 0, .. }));
                    passed = !ways.is_empty();
                }
                if !passed && let Some(Raw::Edges(edges)) = self.raw.get_mut(place) {
                    let to = if fails { failed } else { never };
                    edges.iter_mut().for_each(|edge| edge.to = to);
                }
            }
        }
    }

    /// How an inside can end; of its nests it is known whether they complete.
    fn ends(&self, entry: StateId) -> Vec<End> {
        let mut ends = Vec::new();
        let mut known = BTreeSet::from([entry]);
        let mut stack = vec![entry];
        while let Some(at) = stack.pop() {
            let mut follow = |to: StateId| {
                if known.insert(to) {
                    stack.push(to);
                }
            };
            match self.raw.get(at.index()) {
                Some(Raw::End(end)) => ends.push(*end),
                Some(Raw::Silent(to, _)) => follow(*to),
                Some(Raw::Edges(edges)) => edges.iter().for_each(|edge| follow(edge.to)),
                None => {}
            }
        }
        ends
    }

    /// For each position the first one that is not silent; no silent cycle is left.
    fn resolve(&self) -> Vec<StateId> {
        const UNKNOWN: StateId = StateId(u32::MAX);
        let mut to = vec![UNKNOWN; self.raw.len()];
        for start in 0..self.raw.len() {
            let (mut at, mut path) = (StateId::at(start), Vec::new());
            let found = loop {
                match to.get(at.index()) {
                    Some(known) if *known != UNKNOWN => break *known,
                    _ => path.push(at),
                }
                match self.raw.get(at.index()) {
                    Some(Raw::Silent(next, _)) => at = *next,
                    _ => break at,
                }
            };
            for state in path {
                if let Some(slot) = to.get_mut(state.index()) {
                    *slot = found;
                }
            }
        }
        to
    }
}

fn note(act: &Act, members: &mut [FixedBitSet], inner: &mut [Vec<usize>], at: usize) {
    let Some(mine) = members.get_mut(at) else { return };
    match act {
        Act::Exchange { from, to, .. } => {
            mine.insert(from.index());
            mine.insert(to.index());
        }
        Act::Step { role, .. } | Act::Decide { role, .. } => mine.insert(role.index()),
        Act::Nest(nest) => {
            if let Some(inner) = inner.get_mut(at) {
                inner.push(nest.index());
            }
        }
    }
}

/// What can be reached, numbered in breadth from the entry; the insides of a nest follow its state.
fn number(raw: Vec<Raw>, nests: &[Nest], resolved: &[StateId], entry: StateId) -> Graph {
    const NONE: u32 = u32::MAX;
    let mut ids = vec![NONE; raw.len()];
    let mut nest_ids = vec![NONE; nests.len()];
    let mut order: Vec<usize> = Vec::new();
    let mut nest_order: Vec<usize> = Vec::new();
    let mut id = |state: StateId, order: &mut Vec<usize>| -> StateId {
        let state = resolved.get(state.index()).copied().unwrap_or(state);
        let Some(slot) = ids.get_mut(state.index()) else { return state };
        if *slot == NONE {
            *slot = order.len() as u32;
            order.push(state.index());
        }
        StateId(*slot)
    };
    let mut graph = Graph { entry: Some(id(entry, &mut order)), ..Graph::default() };
    let mut raw: Vec<Option<Raw>> = raw.into_iter().map(Some).collect();
    let mut at = 0;
    while let Some(index) = order.get(at).copied() {
        at += 1;
        let state = match raw.get_mut(index).and_then(Option::take) {
            Some(Raw::Edges(mut edges)) => {
                for edge in &mut edges {
                    if let Act::Nest(nest) = &mut edge.act
                        && let Some(slot) = nest_ids.get_mut(nest.index())
                    {
                        *slot = nest_order.len() as u32;
                        nest_order.push(nest.index());
                        let entries = nests.get(nest.index()).map(|nest| nest.inside.entries());
                        for entry in entries.unwrap_or_default() {
                            id(entry, &mut order);
                        }
                        *nest = NestId(*slot);
                    }
                    edge.to = id(edge.to, &mut order);
                }
                State { edges, end: None }
            }
            Some(Raw::End(end)) => State { edges: Vec::new(), end: Some(end) },
            _ => State { edges: Vec::new(), end: Some(End::Done) },
        };
        graph.states.push(state);
    }
    for index in nest_order {
        let Some(mut nest) = nests.get(index).cloned() else { continue };
        nest.inside.move_entries(|at| id(at, &mut order));
        let number = |nest: NestId| nest_ids.get(nest.index()).copied().filter(|id| *id != NONE);
        nest.parent = nest.parent.and_then(number).map(NestId);
        graph.nests.push(nest);
    }
    graph
}
