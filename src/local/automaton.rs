//! A role's automaton: what one role does, sees and waits for.
//!
//! A state is a set of global positions that the role cannot tell apart. A state has either receives only, or what
//! the role does by itself: one send, one step, one nest, or the branches of one decision.
//! Is not: a program. Values and slots come with `compile`.

use crate::base::id::{
    DecisionId, LaneId, NestId, PayloadId, RoleId, ScopeId, SiteId, StateId, StepId, VarId,
};
use crate::global::expr::Expr;
use crate::global::graph::Label;

/// The automaton of one role, minimised. Insides of nests share the table of states.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Automaton {
    /// Whose.
    pub role: RoleId,
    /// Where it begins: an index into `states`.
    pub entry: u32,
    /// Every state.
    pub states: Vec<State>,
    /// The nests that this role takes part in.
    pub nests: Vec<Nest>,
}

/// What the role does next.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct State {
    /// Nothing where the role is done.
    pub edges: Vec<Edge>,
    /// Whether the session may be complete while the role waits here: its close releases the role.
    pub may_end: bool,
    /// Whether the role stays here, without a way on: what it stands in is never complete. Only the end of a scope or of
    /// the session leads on.
    pub stays: bool,
    /// The global positions that are this state.
    pub positions: Vec<StateId>,
}

/// One way on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Edge {
    /// What.
    pub act: Act,
    /// The state after it: an index into `states`.
    pub to: u32,
    /// The places in the source that this edge came from, in order.
    pub sites: Vec<SiteId>,
}

/// What a role does or sees.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Act {
    /// Sends.
    Send {
        /// To whom.
        to: RoleId,
        /// On which lane.
        lane: LaneId,
        /// Which message.
        label: Label,
        /// How its payload is made.
        payload: PayloadId,
        /// What it is called from here on.
        var: Option<VarId>,
    },
    /// Receives.
    Receive {
        /// From whom.
        from: RoleId,
        /// On which lane.
        lane: LaneId,
        /// Which message.
        label: Label,
        /// What it is called from here on.
        var: Option<VarId>,
    },
    /// Does a local step.
    Step(StepId),
    /// Takes one branch of a decision of its own.
    Decide(DecisionId, u16),
    /// Goes through a nest: an entry of [`Automaton::nests`].
    Nest(u32),
}

/// A nest as one role sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Nest {
    /// Which nest of the global automaton.
    pub id: NestId,
    /// What is inside.
    pub inside: Inside,
}

/// What is inside of a nest for one role. Each inside ends in states without edges.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Inside {
    /// At least two branches in which this role takes part; a role of one branch sees no `par`.
    Par(Vec<(LaneId, u32)>),
    /// So many turns of the body.
    Count {
        /// How many.
        count: Expr,
        /// What the turn is called, from 1.
        turn: Option<VarId>,
        /// Where a turn begins.
        body: u32,
    },
    /// A part that may be ended early. After it a member (not of a `collect`) receives the owner's word.
    Scope {
        /// Which.
        scope: ScopeId,
        /// On which lane.
        lane: LaneId,
        /// Where it begins.
        body: u32,
    },
}
