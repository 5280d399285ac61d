//! The global automaton: states are positions of the protocol, edges are what one role does next.
//!
//! An edge is one exchange, one local step, one branch of a decision, or a *nest*: a `par` or a counted loop, which
//! is one edge outside and an automaton inside. Silent steps are gone. All edges of a state have one sender.
//! Is not: a role's view; that is `local::automaton`.

mod build;
pub mod merge;
mod rough;

use std::collections::BTreeSet;

use fixedbitset::FixedBitSet;

use crate::base::id::{
    ChoiceId, DecisionId, LaneId, MessageId, NestId, PayloadId, RoleId, ScopeId, SiteId, StateId, StepId,
    VarId,
};
use crate::global::expr::Expr;

pub use crate::global::graph::build::build;

/// The selections to insert: `(choice, branch, role)` has the choice's owner tell the role that it took the branch.
pub type Tellings = BTreeSet<(ChoiceId, u16, RoleId)>;

/// The automaton of a protocol. Insides of nests share the table of states.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// Where it begins.
    pub entry: Option<StateId>,
    /// Every state.
    pub states: Vec<State>,
    /// Every nest.
    pub nests: Vec<Nest>,
    /// Lanes of `collect`: what is sent there may be dropped, and nobody waits for it.
    pub weak: FixedBitSet,
}

/// A position of the protocol.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// What may happen next; nothing where it ends.
    pub edges: Vec<Edge>,
    /// Set where nothing happens next.
    pub end: Option<End>,
}

/// How a state without edges ends.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum End {
    /// The protocol, or the inside of a nest, is complete.
    Done,
    /// The session has failed; whoever waits is released.
    Aborted,
    /// No run comes here: what stands before goes on for ever.
    Never,
}

/// What may happen next.
#[derive(Clone, Debug)]
pub struct Edge {
    /// What.
    pub act: Act,
    /// The position after it.
    pub to: StateId,
    /// Where it stands in the source.
    pub site: SiteId,
}

/// What happens on an edge.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Act {
    /// One message.
    Exchange {
        /// The sender.
        from: RoleId,
        /// The receiver.
        to: RoleId,
        /// Which message.
        label: Label,
        /// How its payload is made; of no meaning for a selection.
        payload: PayloadId,
        /// What both call it; none for a selection.
        var: Option<VarId>,
        /// On which lane.
        lane: LaneId,
    },
    /// One local step.
    Step {
        /// Whose.
        role: RoleId,
        /// Which.
        step: StepId,
        /// On which lane.
        lane: LaneId,
    },
    /// One branch of a decision.
    Decide {
        /// Who decides.
        role: RoleId,
        /// Which choice of the source.
        choice: ChoiceId,
        /// By which rule.
        decision: DecisionId,
        /// Which branch.
        branch: u16,
        /// On which lane.
        lane: LaneId,
    },
    /// Everything inside of a nest.
    Nest(NestId),
}

/// What a receiver sees of a message before its payload.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Label {
    /// A message of the protocol.
    Message(MessageId),
    /// A selection `⟨choice.label⟩`, inserted or the owner's word on how a scope ended.
    Select(ChoiceId, u16),
    /// A role's word to the owner of a `try` that it is through.
    Done(ScopeId),
    /// The owner's word to a member of a `collect` that it is late. Never on an edge of the graph: only programs have it.
    Over(ScopeId),
}

impl Inside {
    /// Where its parts begin.
    #[must_use]
    pub fn entries(&self) -> Vec<StateId> {
        match self {
            Self::Par(branches) => branches.iter().map(|(_, entry)| *entry).collect(),
            Self::Count { body, .. } | Self::Scope { body, .. } => vec![*body],
        }
    }

    /// Gives each of its parts another beginning.
    pub fn move_entries(&mut self, mut to: impl FnMut(StateId) -> StateId) {
        match self {
            Self::Par(branches) => branches.iter_mut().for_each(|(_, entry)| *entry = to(*entry)),
            Self::Count { body, .. } | Self::Scope { body, .. } => *body = to(*body),
        }
    }
}

/// One edge outside, an automaton inside.
#[derive(Clone, Debug)]
pub struct Nest {
    /// What is inside.
    pub inside: Inside,
    /// The roles that do something inside.
    pub members: FixedBitSet,
    /// The lane it stands in.
    pub lane: LaneId,
    /// The nest around it.
    pub parent: Option<NestId>,
    /// Whether what is inside can be complete. Where it cannot, nothing follows a `par` or a loop that must turn, and a
    /// scope only what its owner does about a cause.
    pub completes: bool,
    /// Whether it may go on for ever, and nothing else ends it: no time, no failure.
    pub endless: bool,
}

impl Nest {
    /// Whether something follows it: what is inside can be complete, or need not happen.
    #[must_use]
    pub const fn can_be_passed(&self) -> bool {
        self.completes || matches!(self.inside, Inside::Count { zero: true, .. } | Inside::Scope { .. })
    }
}

/// What is inside of a nest.
#[derive(Clone, Debug)]
pub enum Inside {
    /// Branches at the same time.
    Par(Vec<(LaneId, StateId)>),
    /// So many turns of the body.
    Count {
        /// How many.
        count: Expr,
        /// Whether it may be 0.
        zero: bool,
        /// What the turn is called, from 1.
        turn: Option<VarId>,
        /// Where a turn begins.
        body: StateId,
    },
    /// A part that its owner may end early; every member enters it, the owner always is one.
    Scope {
        /// Which.
        scope: ScopeId,
        /// On which lane.
        lane: LaneId,
        /// Whether its time is limited.
        timed: bool,
        /// Where it begins.
        body: StateId,
    },
}
