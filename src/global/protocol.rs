//! A resolved protocol: tables of roles, names, messages, rules, and a body that uses only these.
//!
//! Families are expanded for one size, calls are expanded in place, sugar is gone. Rules (payloads, steps,
//! decisions) are interned by content: what one role must do in the same way in two places has one id.
//! Is not: checked for implementability.

use std::sync::Arc;

use indexmap::IndexSet;

use crate::base::cause::Cause;
use crate::base::id::{
    ChoiceId, DecisionId, LaneId, MessageId, PayloadId, RoleId, ScopeId, SiteId, StepId, VarId,
};
use crate::base::ty::Type;
use crate::diag::source::Span;
use crate::global::expr::Expr;
pub use crate::syntax::tree::Repetition;

/// A protocol, resolved for one size of each of its families.
#[derive(Clone, Debug, Default)]
pub struct Protocol {
    /// Its name.
    pub name: String,
    /// What documents it.
    pub docs: Vec<String>,
    /// Where its name stands.
    pub span: Span,
    /// `#[amend = "deny"]`: needed selections are errors.
    pub amend_denied: bool,
    /// Whether choosers are taken to be fair: under `#[fair = "no"]` a role that one can postpone for ever is an error.
    pub fair: bool,
    /// Every role; the members of a family stand together.
    pub roles: Vec<Role>,
    /// Every name that a role may know.
    pub vars: Vec<Var>,
    /// What a session is given at its start.
    pub params: Vec<Param>,
    /// The message types.
    pub messages: Vec<Message>,
    /// How payloads are made.
    pub payloads: Vec<Payload>,
    /// Local steps.
    pub steps: Vec<Step>,
    /// The choices as they stand in the source.
    pub choices: Vec<Choice>,
    /// How choices are decided.
    pub decisions: Vec<Decision>,
    /// The parts that an owner may end early, each after the one around it.
    pub scopes: Vec<Scope>,
    /// The branches of every `par` and the insides of every scope; the trunk is entry 0.
    pub lanes: Vec<Lane>,
    /// Places in the source.
    pub sites: Vec<Site>,
    /// What happens.
    pub body: Block,
}

/// A role, or one member of a family.
#[derive(Clone, Debug)]
pub struct Role {
    /// `Proposer`, or `Guardian[1]`.
    pub name: String,
    /// The family's name and this member's index.
    pub member: Option<(Arc<str>, u32)>,
    /// Its declaration.
    pub span: Span,
}

/// A name that a role may know.
#[derive(Clone, Debug)]
pub struct Var {
    /// As the source calls it.
    pub name: Arc<str>,
    /// Its type.
    pub ty: Type,
}

/// What a session is given at its start.
#[derive(Clone, Debug)]
pub struct Param {
    /// The variable that holds it.
    pub var: VarId,
    /// What it is if nothing is given.
    pub default: Option<Expr>,
    /// The only role that knows it; all do where none is named.
    pub at: Option<RoleId>,
    /// Its declaration.
    pub span: Span,
}

/// A message type.
#[derive(Clone, Debug)]
pub struct Message {
    /// Its name.
    pub name: Arc<str>,
    /// What it carries: a record, or `Any`.
    pub ty: Type,
    /// Its declaration, or its first use.
    pub span: Span,
}

/// How a payload is made.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Payload {
    /// The message has no fields.
    Empty,
    /// The sender's participant is asked.
    Asked,
    /// The sender evaluates this.
    Expr(Expr),
}

/// A local step of one role.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Step {
    /// `let x = e`
    Let(VarId, Expr),
    /// A call of an effect's operation.
    Does {
        /// Which effect.
        effect: Arc<str>,
        /// Which operation.
        operation: Arc<str>,
        /// Names and values of the arguments.
        args: Vec<(Arc<str>, Expr)>,
        /// What it gives; `Any` for an undeclared effect.
        result: Type,
        /// What its outcome is called.
        bind: Option<VarId>,
        /// What may be done when its outcome was lost.
        repetition: Repetition,
    },
    /// Raises this failure, which carries a value: a scope around it may take it, else the session ends.
    Fail(Arc<str>, Option<Expr>),
}

/// A choice as it stands in the source.
#[derive(Clone, Debug)]
pub struct Choice {
    /// Its name: the condition's text, or `R#n`.
    pub name: Arc<str>,
    /// Who decides.
    pub owner: RoleId,
    /// Its labels, in order.
    pub labels: Vec<Arc<str>>,
    /// Where each branch stands, in the order of the labels.
    pub branches: Vec<Span>,
    /// Roles that the owner tells of every branch, whether they need it or not: whoever takes part in the scope that
    /// the choice ends.
    pub told: Vec<RoleId>,
    /// How many loops stand around it.
    pub depth: u32,
    /// The whole statement.
    pub span: Span,
}

/// How a choice is decided.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Decision {
    /// The participant is asked for one of the labels.
    Asked {
        /// What is asked.
        name: Arc<str>,
        /// Its possible answers.
        labels: Vec<Arc<str>>,
    },
    /// The first branch whose condition holds; one without a condition is taken when none does.
    When {
        /// The labels.
        labels: Vec<Arc<str>>,
        /// The condition of each, in order; at most one is absent.
        conditions: Vec<Option<Expr>>,
    },
    /// How a `try` ended: branch 0 where it was completed, then one branch for each cause that it takes, in order.
    Outcome(ScopeId),
}

/// A part that its owner may end early. What happens inside is on a lane of its own.
#[derive(Clone, Debug)]
pub struct Scope {
    /// How traces call it: `Primary.try#1`, `Proposer.collect#1`.
    pub name: Arc<str>,
    /// Who ends it, and whose clock counts.
    pub owner: RoleId,
    /// The lane of what is inside.
    pub lane: LaneId,
    /// The scope around it.
    pub parent: Option<ScopeId>,
    /// How long the owner waits, evaluated by the owner when it enters.
    pub within: Option<Expr>,
    /// Which kind.
    pub kind: ScopeKind,
    /// The whole statement.
    pub span: Span,
}

/// The kinds of scopes.
#[derive(Clone, Debug)]
pub enum ScopeKind {
    /// A body that takes these causes, in the order of the branches of its outcome.
    Try(Vec<Handler>),
    /// One message from each of several roles, in the order of arrival.
    Collect(Collect),
}

/// What a `try` takes.
#[derive(Clone, Debug)]
pub struct Handler {
    /// Which cause.
    pub cause: Cause,
    /// What the owner calls what a `fail` of its own carried.
    pub bind: Option<VarId>,
}

/// What is gathered, as the owner sees it.
#[derive(Clone, Debug)]
pub struct Collect {
    /// Who sends, in the order of the family; each sends once, in [`Stmt::Scope::body`].
    pub members: Vec<RoleId>,
    /// The number of each, as the choreography counts that gathers: what its items have as `from`.
    pub numbers: Vec<u32>,
    /// What they send.
    pub message: MessageId,
    /// When the owner has enough; evaluated after each message, over `list`.
    pub until: Option<Expr>,
    /// The list of what has come; each item is the payload with its sender's number as `from`.
    pub list: VarId,
    /// The list of `{ from, cause }` of those who have not come when the owner goes on.
    pub missing: VarId,
}

/// A branch of a `par`.
#[derive(Clone, Debug)]
pub struct Lane {
    /// The lane that the `par` stands in; the trunk is its own parent.
    pub parent: LaneId,
    /// How traces call it: the path of branch numbers, `1.2`; empty for the trunk.
    pub name: Arc<str>,
}

impl Protocol {
    /// What each site is annotated with, as a number: equal where annotations are.
    #[must_use]
    pub fn terms(&self) -> Vec<u32> {
        let mut known: IndexSet<&[(String, String)]> = IndexSet::from([&[][..]]);
        self.sites.iter().map(|site| known.insert_full(&site.annotations).0 as u32).collect()
    }
}

/// A place in the source, and the guard annotations that stand there.
#[derive(Clone, Debug)]
pub struct Site {
    /// Where.
    pub span: Span,
    /// Annotations on the exchange, as names and values.
    pub annotations: Vec<(String, String)>,
}

/// A label that `Break` and `Continue` aim at; unique in the protocol.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Label(pub u32);

/// Statements in a row.
pub type Block = Vec<Stmt>;

/// A resolved statement.
#[derive(Clone, Debug)]
pub enum Stmt {
    /// One message from one role to another.
    Exchange {
        /// The sender.
        from: RoleId,
        /// The receiver, another role.
        to: RoleId,
        /// What.
        message: MessageId,
        /// How its payload is made.
        payload: PayloadId,
        /// What both call it from here on.
        var: VarId,
        /// Where.
        site: SiteId,
    },
    /// A local step.
    Step {
        /// Whose.
        role: RoleId,
        /// Which.
        step: StepId,
        /// Where.
        site: SiteId,
    },
    /// A choice.
    Choice {
        /// Which, and with which labels.
        choice: ChoiceId,
        /// How it is decided.
        decision: DecisionId,
        /// One block for each label.
        branches: Vec<Block>,
        /// Where.
        site: SiteId,
    },
    /// A block that `Continue` starts again and `Break` (like its end) leaves: loops, recursion, calls with `return`.
    Labelled(Label, Block),
    /// Starts the block of the label again.
    Continue(Label, SiteId),
    /// Leaves the block of the label.
    Break(Label, SiteId),
    /// So many turns, counted by every role in it without messages.
    Count {
        /// How many; every role of the loop knows it.
        count: Expr,
        /// Whether it may be 0.
        zero: bool,
        /// What the turn is called, from 1.
        turn: Option<VarId>,
        /// One turn.
        body: Block,
        /// Where.
        site: SiteId,
    },
    /// Branches that run at the same time, each in its lane.
    Par(Vec<(LaneId, Block)>, SiteId),
    /// A part that its owner may end early.
    Scope {
        /// Which.
        scope: ScopeId,
        /// What is tried; of a `collect` one exchange a member. No jump leaves it.
        body: Block,
        /// Of a `try` how it ended: a choice by [`Decision::Outcome`], whose branches stand after the body.
        ending: Option<Ending>,
        /// Where.
        site: SiteId,
    },
    /// A role tells the owner of the `try` around it that it is through: the owner could not know otherwise.
    Done {
        /// Which scope; its owner is the receiver, its lane the lane.
        scope: ScopeId,
        /// Who is through.
        role: RoleId,
        /// Where.
        site: SiteId,
    },
}

/// How a `try` ended, and what follows.
#[derive(Clone, Debug)]
pub struct Ending {
    /// The choice; its owner is the scope's.
    pub choice: ChoiceId,
    /// [`Decision::Outcome`] of the scope.
    pub decision: DecisionId,
    /// One block for each label; that of `completed` holds only what makes its names known, or of a choice with a
    /// time limit what was chosen.
    pub branches: Vec<Block>,
}
