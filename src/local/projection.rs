//! The result of projection: automata, and what was found on the way.
//!
//! Is not: how it is found.

use std::collections::BTreeMap;

use crate::base::id::{ChoiceId, LaneId, RoleId};
use crate::global::graph::Graph;
use crate::local::automaton::Automaton;

/// A protocol cut into roles.
#[derive(Clone, Debug)]
pub struct Projection {
    /// The global automaton, selections included.
    pub graph: Graph,
    /// One automaton for each role, in the order of the protocol's roles.
    pub automata: Vec<Automaton>,
    /// The selections that were inserted, by position in the source.
    pub selections: Vec<Selection>,
    /// How many messages a channel can hold at once; channels that are never used are absent.
    pub bounds: BTreeMap<(RoleId, RoleId, LaneId), Bound>,
    /// What was found of liveness.
    pub liveness: Liveness,
}

/// `from → to : ⟨choice.label⟩`, inserted at the start of a branch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Selection {
    /// Which choice.
    pub choice: ChoiceId,
    /// Which of its branches.
    pub branch: u16,
    /// Who is told, by the owner of the choice.
    pub to: RoleId,
}

/// The bound of a channel.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Bound {
    /// At most so many messages, and some run has that many.
    Messages(u32),
    /// No number is enough: back-pressure holds it.
    Unbounded,
}

/// What was found of liveness. Roles in order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Liveness {
    /// May still wait when the session ends, and are released by its close.
    pub released: Vec<RoleId>,
    /// May wait for ever: an error.
    pub starving: Vec<RoleId>,
    /// May be postponed for ever by an unfair chooser.
    pub unfair: Vec<RoleId>,
}
