//! What one role sees of an automaton of positions: its own acts, and nothing of the others'.
//!
//! Two automata are looked at in this way: the global one, where a nest is one act (`Graph`), and its unfoldings,
//! where nests are written out (`unfold::Flat`). Is not: determinised; that is `subset`.

use crate::base::id::{DecisionId, LaneId, NestId, PayloadId, RoleId, SiteId, StateId, StepId, VarId};
use crate::global::graph::{Act, End, Graph, Inside, Label};

/// An act as the role that does or suffers it sees it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Seen {
    /// A message to another role.
    Send { to: RoleId, lane: LaneId, label: Label, payload: PayloadId, var: Option<VarId> },
    /// A message from another role.
    Receive { from: RoleId, lane: LaneId, label: Label, var: Option<VarId> },
    /// A local step.
    Step(StepId),
    /// A branch of an own decision.
    Decide(DecisionId, u16),
    /// A part that the role goes through.
    Nest(NestId),
}

impl Seen {
    /// Whether the role waits for it, rather than does it.
    pub(super) const fn is_receive(self) -> bool {
        matches!(self, Self::Receive { .. })
    }
}

/// Positions and what leads from one to the next, as one role sees it.
pub(super) trait Positions {
    /// How many positions there are.
    fn count(&self) -> usize;
    /// Calls `found` for each way on from a position: what the role sees (nothing, if it is not concerned), the
    /// position after it, the place in the source.
    fn ways(&self, at: u32, found: impl FnMut(Option<Seen>, u32, SiteId));
    /// How a position without ways on ends.
    fn end(&self, at: u32) -> Option<End>;
    /// What happens on the ways on, in the order of `ways`; nothing where nobody acts.
    fn act(&self, at: u32, way: usize) -> Option<&Act>;
}

/// What `role` sees of one act that is not a nest.
#[inline]
pub(super) fn seen(act: &Act, role: RoleId) -> Option<Seen> {
    match *act {
        Act::Exchange { from, to, label, payload, var, lane } if from == role => {
            Some(Seen::Send { to, lane, label, payload, var })
        }
        Act::Exchange { from, to, label, var, lane, .. } if to == role => {
            Some(Seen::Receive { from, lane, label, var })
        }
        Act::Step { role: who, step, .. } if who == role => Some(Seen::Step(step)),
        Act::Decide { role: who, decision, branch, .. } if who == role => {
            Some(Seen::Decide(decision, branch))
        }
        _ => None,
    }
}

/// How one role meets a nest.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Meets {
    /// It does nothing inside.
    Not,
    /// It takes part in one branch of a `par`, and so sees none.
    Through(StateId),
    /// It goes through it, as one act.
    Enters,
}

/// Who acts in which branch of each `par`, and where each inside ends.
#[derive(Clone, Debug)]
pub(super) struct Insides {
    /// For each nest and each of its entries, the roles that act behind it.
    acting: Vec<Vec<fixedbitset::FixedBitSet>>,
    /// For each state inside of a nest that is the end of an inside: the nest and which entry.
    ends: std::collections::BTreeMap<StateId, (NestId, usize)>,
    /// For each nest, what follows it.
    after: Vec<Option<(StateId, SiteId)>>,
}

impl Insides {
    /// Looks at every inside of a graph once.
    pub(super) fn of(graph: &Graph) -> Self {
        let mut after = vec![None; graph.nests.len()];
        for edge in graph.states.iter().flat_map(|state| &state.edges) {
            if let Act::Nest(nest) = edge.act
                && let Some(slot) = after.get_mut(nest.index())
            {
                *slot = Some((edge.to, edge.site));
            }
        }
        let mut insides = Self { acting: Vec::new(), ends: std::collections::BTreeMap::new(), after };
        for (at, nest) in graph.nests.iter().enumerate() {
            let entries = nest.inside.entries();
            let acting = entries
                .iter()
                .enumerate()
                .map(|(branch, entry)| insides.walk(graph, *entry, (NestId::at(at), branch)))
                .collect();
            insides.acting.push(acting);
        }
        insides
    }

    fn walk(&mut self, graph: &Graph, entry: StateId, of: (NestId, usize)) -> fixedbitset::FixedBitSet {
        let mut roles = fixedbitset::FixedBitSet::new();
        let mut known = std::collections::BTreeSet::from([entry]);
        let mut stack = vec![entry];
        while let Some(at) = stack.pop() {
            let Some(state) = graph.states.get(at.index()) else { continue };
            if state.end == Some(End::Done) {
                self.ends.insert(at, of);
            }
            for edge in &state.edges {
                match edge.act {
                    Act::Exchange { from, to, .. } => {
                        roles.grow_and_insert(from.index());
                        roles.grow_and_insert(to.index());
                    }
                    Act::Step { role, .. } | Act::Decide { role, .. } => roles.grow_and_insert(role.index()),
                    Act::Nest(nest) => {
                        if let Some(nest) = graph.nests.get(nest.index()) {
                            roles.union_with(&nest.members);
                        }
                    }
                }
                if known.insert(edge.to) {
                    stack.push(edge.to);
                }
            }
        }
        roles
    }

    /// Whether the role acts behind entry `branch` of the nest.
    pub(super) fn acts(&self, nest: NestId, branch: usize, role: RoleId) -> bool {
        self.acting
            .get(nest.index())
            .and_then(|acting| acting.get(branch))
            .is_some_and(|roles| roles.contains(role.index()))
    }

    /// Whether a state is the end of an inside.
    pub(super) fn ended(&self, state: StateId) -> Option<(NestId, usize)> {
        self.ends.get(&state).copied()
    }

    /// How the role meets the nest.
    pub(super) fn meets(&self, graph: &Graph, nest: NestId, role: RoleId) -> Meets {
        let Some(found) = graph.nests.get(nest.index()) else { return Meets::Not };
        if !found.members.contains(role.index()) {
            return Meets::Not;
        }
        let Inside::Par(branches) = &found.inside else { return Meets::Enters };
        let mut mine = branches.iter().enumerate().filter(|(at, _)| self.acts(nest, *at, role));
        match (mine.next(), mine.next()) {
            (Some((_, (_, entry))), None) => Meets::Through(*entry),
            (Some(_), Some(_)) => Meets::Enters,
            _ => Meets::Not,
        }
    }
}

/// The global automaton as one role sees it.
pub(super) struct Nested<'a> {
    graph: &'a Graph,
    insides: &'a Insides,
    role: RoleId,
    /// How the role meets each nest.
    meets: Vec<Meets>,
}

impl<'a> Nested<'a> {
    /// The view of `role`.
    pub(super) fn new(graph: &'a Graph, insides: &'a Insides, role: RoleId) -> Self {
        let meets = (0..graph.nests.len()).map(|at| insides.meets(graph, NestId::at(at), role)).collect();
        Self { graph, insides, role, meets }
    }

    /// How the role meets a nest.
    pub(super) fn meets(&self, nest: NestId) -> Meets {
        self.meets.get(nest.index()).copied().unwrap_or(Meets::Not)
    }
}

impl Nested<'_> {
    /// Whether a nest is a scope whose time is limited.
    pub(super) fn is_timed(&self, nest: NestId) -> bool {
        let nest = self.graph.nests.get(nest.index());
        nest.is_some_and(|nest| matches!(nest.inside, Inside::Scope { timed: true, .. }))
    }

    /// Whether a nest is a `par`.
    pub(super) fn is_par(&self, nest: NestId) -> bool {
        self.graph.nests.get(nest.index()).is_some_and(|nest| matches!(nest.inside, Inside::Par(_)))
    }
}

impl Positions for Nested<'_> {
    fn count(&self) -> usize {
        self.graph.states.len()
    }

    fn ways(&self, at: u32, mut found: impl FnMut(Option<Seen>, u32, SiteId)) {
        let Some(state) = self.graph.states.get(at as usize) else { return };
        for edge in &state.edges {
            match edge.act {
                Act::Nest(nest) => match self.meets(nest) {
                    Meets::Not => found(None, edge.to.0, edge.site),
                    Meets::Through(entry) => found(None, entry.0, edge.site),
                    Meets::Enters => found(Some(Seen::Nest(nest)), edge.to.0, edge.site),
                },
                _ => found(seen(&edge.act, self.role), edge.to.0, edge.site),
            }
        }
        if state.end == Some(End::Done)
            && let Some((nest, _)) = self.insides.ended(StateId(at))
            && matches!(self.meets(nest), Meets::Through(_))
            && let Some(Some((to, site))) = self.insides.after.get(nest.index())
        {
            found(None, to.0, *site);
        }
    }

    fn end(&self, at: u32) -> Option<End> {
        let end = self.graph.states.get(at as usize)?.end?;
        let through = |(nest, _)| matches!(self.meets(nest), Meets::Through(_));
        if self.insides.ended(StateId(at)).is_some_and(through) { None } else { Some(end) }
    }

    fn act(&self, at: u32, way: usize) -> Option<&Act> {
        let act = &self.graph.states.get(at as usize)?.edges.get(way)?.act;
        if matches!(act, Act::Nest(_)) { None } else { Some(act) }
    }
}
