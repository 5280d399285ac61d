//! A program: the instructions of one role and the tables that they point into.
//!
//! Everything but [`struct@Debug`] is part of the content hash. Ids of roles and lanes are those of the protocol; every
//! other number is an index into a table of this program.
//! Is not: trusted. A `Program` may say anything; what runs has passed the verifier.

use std::sync::Arc;

use crate::base::cause::Cause;
use crate::base::id::{LaneId, RoleId};
use crate::base::ty::Type;
use crate::base::value::Value;
use crate::bytecode::instr::Instr;
use crate::diag::source::Span;

/// The program of one role.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Program {
    /// The protocol's name.
    pub protocol: Arc<str>,
    /// Whose: an index into `roles`.
    pub role: u16,
    /// Every role of the protocol, in order.
    pub roles: Vec<Role>,
    /// The instructions; the first is where the role begins.
    pub code: Vec<Instr>,
    /// Constants.
    pub constants: Vec<Value>,
    /// The messages and selections that this role sends or receives.
    pub messages: Vec<Message>,
    /// Where this role sends.
    pub outgoing: Vec<Channel>,
    /// Where this role receives.
    pub incoming: Vec<Channel>,
    /// What may arrive at each place of waiting.
    pub receives: Vec<Receive>,
    /// Where each label of a decision leads.
    pub branches: Vec<Vec<u32>>,
    /// What runs side by side.
    pub forks: Vec<Vec<Branch>>,
    /// Parts that their owners may end early, each after the one around it.
    pub scopes: Vec<Scope>,
    /// Field names of records, each sorted.
    pub shapes: Vec<Vec<Arc<str>>>,
    /// The choices that this role decides.
    pub decisions: Vec<Decision>,
    /// The operations of effects that this role calls.
    pub operations: Vec<Operation>,
    /// What a session is given at its start, as far as this role knows it.
    pub params: Vec<Param>,
    /// How many slots a role needs.
    pub slots: u16,
    /// How many threads a role needs: the trunk, and one for each branch of each `par`.
    pub threads: u16,
    /// Where the instructions come from; outside of the hash.
    pub debug: Debug,
}

/// A role, or one member of a family.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Role {
    /// `Proposer`, or `Guardian[1]`.
    pub name: Arc<str>,
    /// The family's name and this member's index.
    pub member: Option<(Arc<str>, u32)>,
}

/// What kind of message it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// A message of the protocol.
    Data,
    /// An inserted selection; it carries nothing.
    Selection,
    /// A word about a scope: how it ended, that a role is through, that a member is late. It carries nothing and costs
    /// nothing, so that who may say nothing more can still say that it stops.
    Control,
}

/// A message that is sent or received.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// Its name; of a selection `choice.label`.
    pub name: Arc<str>,
    /// What kind it is.
    pub kind: Kind,
    /// What it carries.
    pub ty: Type,
}

/// One direction between this role and another, on one lane.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Channel {
    /// The other role.
    pub peer: RoleId,
    /// The lane.
    pub lane: LaneId,
    /// How many messages it can hold; the sender waits for room. At least 1.
    pub capacity: u32,
}

/// A place of waiting.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Receive {
    /// What may arrive, ordered by channel and message, each pair once. Where several channels hold a message, the
    /// first case is taken. In programs of a coherent protocol only one channel ever does (`semantics.md`, 4,
    /// *receive*), so there the order decides nothing.
    pub cases: Vec<Case>,
    /// Whether the session may be complete while the role waits here.
    pub may_end: bool,
}

/// One thing that may arrive.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Case {
    /// From where: an index into `incoming`.
    pub channel: u16,
    /// What: an index into `messages`.
    pub message: u16,
    /// The slot that takes the payload.
    pub slot: Option<u16>,
    /// Where the program goes on.
    pub to: u32,
}

/// One branch of a `par`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Branch {
    /// The thread that runs it.
    pub thread: u16,
    /// Where it begins.
    pub to: u32,
}

/// A part that its owner may end early, as one role goes through it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Scope {
    /// Its name: `Primary.try#1`.
    pub name: Arc<str>,
    /// The lane of what is inside. Roles count the instances of a scope by it.
    pub lane: LaneId,
    /// The scope around it: an earlier entry.
    pub parent: Option<u16>,
    /// Who ends it.
    pub owner: RoleId,
    /// Which kind.
    pub kind: ScopeKind,
    /// The incoming channel on which the owner says that it is over; none at the owner. A `try` is over when something
    /// comes on it, which is then received outside; a `collect` has it on its own lane, and nobody receives it.
    pub control: Option<u16>,
    /// Where the role goes on when its owner has ended it; none at the owner.
    pub exit: Option<u32>,
    /// What it takes, in order; of a `collect` nothing is listed, because it takes every cause.
    pub handlers: Vec<Handler>,
    /// Whom the owner of a `collect` hears; empty elsewhere.
    pub members: Vec<Member>,
}

/// The kinds of scopes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ScopeKind {
    /// A body, and branches for causes.
    Try,
    /// One message from each of several roles.
    Collect,
}

/// A cause that a scope takes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Handler {
    /// Which.
    pub cause: Cause,
    /// Where the owner goes on; none elsewhere.
    pub to: Option<u32>,
    /// The slot of the owner that takes what a `fail` of its own carried.
    pub slot: Option<u16>,
}

/// A role that a `collect` hears.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Member {
    /// From where: an index into `incoming`.
    pub channel: u16,
    /// What: an index into `messages`.
    pub message: u16,
    /// Its number in its family, which becomes the `from` of what it sent.
    pub number: u32,
}

/// A choice.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    /// Its name.
    pub name: Arc<str>,
    /// Its labels, in order.
    pub labels: Vec<Arc<str>>,
}

/// What may be done when the outcome of a call was lost.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Repetition {
    /// It may be cached and run again.
    Pure,
    /// It may be issued again with the same key.
    Idempotent,
    /// It is never issued again.
    Once,
}

/// An operation of an effect.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Operation {
    /// Which effect.
    pub effect: Arc<str>,
    /// Which operation.
    pub name: Arc<str>,
    /// The names of its arguments, in order.
    pub args: Vec<Arc<str>>,
    /// What its outcome fits.
    pub result: Type,
    /// What may be done when the outcome was lost.
    pub repetition: Repetition,
}

/// What a session is given at its start.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Param {
    /// Its name.
    pub name: Arc<str>,
    /// What it fits.
    pub ty: Type,
    /// What it is if nothing is given.
    pub default: Option<Value>,
    /// The slot that holds it; none where the role never looks.
    pub slot: Option<u16>,
}

/// Where instructions come from.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Debug {
    /// Places, ordered by instruction; each holds up to the next.
    pub marks: Vec<Mark>,
    /// What the source calls a slot; empty for what the source does not name.
    pub slots: Vec<Arc<str>>,
}

/// From this instruction on, this is the place in the source.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mark {
    /// The first instruction.
    pub at: u32,
    /// The place.
    pub span: Span,
}

impl Debug {
    /// The place that instruction `at` comes from.
    #[must_use]
    pub fn span(&self, at: u32) -> Option<Span> {
        let next = self.marks.partition_point(|mark| mark.at <= at);
        self.marks.get(next.checked_sub(1)?).map(|mark| mark.span)
    }
}

impl Scope {
    /// What it does about a cause; none where it does not take it.
    #[must_use]
    pub fn handler(&self, cause: &Cause) -> Option<&Handler> {
        self.handlers.iter().find(|handler| handler.cause.takes(cause))
    }
}

impl Program {
    /// A scope and those around it, innermost first. It ends in a program that the verifier accepts.
    pub fn around(&self, scope: Option<u16>) -> impl Iterator<Item = u16> + '_ {
        std::iter::successors(scope, |at| self.scopes.get(usize::from(*at)).and_then(|scope| scope.parent))
    }

    /// The name of the role that the program belongs to.
    #[must_use]
    pub fn role_name(&self) -> &str {
        self.roles.get(usize::from(self.role)).map_or("", |role| role.name.as_ref())
    }
}
