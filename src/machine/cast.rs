//! A cast: the verified programs of all roles of one protocol, linked.
//!
//! An agent is one thread of one role; agents, slots and mailboxes of all roles are numbered in one row, so that a
//! session is three flat arrays. Made by `link`; never changes.
//! Is not: state.

use serde::{Deserialize, Serialize};

use crate::base::id::{LaneId, RoleId};
use crate::bytecode::program::Program;
use crate::bytecode::rejection::Rejection;
use crate::machine::link;
use crate::machine::rebase;

/// One thread of one role in a session.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct AgentId(pub u32);

impl AgentId {
    /// The id as an index.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// The programs of all roles, linked: every outgoing channel knows the mailbox it leads to.
#[derive(Debug, Default)]
pub struct Cast {
    /// One for each role, in order.
    pub(super) parts: Vec<Part>,
    /// Whose thread each agent is.
    pub(super) agents: Vec<Agent>,
    /// Every mailbox.
    pub(super) channels: Vec<Channel>,
    /// Slots of all roles.
    pub(super) slots: usize,
    /// Scopes of all roles; each has a region in a session.
    pub(super) regions: usize,
    /// The lanes of scopes, each after those around it.
    pub(super) lanes: Vec<rebase::Lane>,
}

/// Whose thread an agent is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Agent {
    pub(super) role: RoleId,
    /// The number of the thread; 0 is the trunk.
    pub(super) thread: u16,
}

/// The program of one role and where its things are in a session.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) program: Program,
    pub(super) first_slot: usize,
    pub(super) first_agent: u32,
    /// The mailbox of each outgoing channel.
    pub(super) outgoing: Vec<u32>,
    /// What may arrive at each place of waiting: a range of `cases`.
    pub(super) waits: Vec<Wait>,
    pub(super) cases: Vec<Case>,
    /// The thread that starts each thread; the trunk starts itself.
    pub(super) parents: Vec<u16>,
    /// Its scopes, as its program numbers them.
    pub(super) scopes: Vec<Scope>,
    pub(super) first_region: u32,
}

/// A scope of one role, and what ends with it.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    /// The thread that enters it.
    pub(super) agent: AgentId,
    /// How many scopes are around it.
    pub(super) depth: u32,
    /// The mailbox on which its owner says that it is over, or [`MANY`] at the owner.
    pub(super) control: u32,
    /// The mailboxes of what comes to the role inside.
    pub(super) mailboxes: Vec<u32>,
    /// The role's scopes inside, however deep.
    pub(super) inner: Vec<u16>,
    /// The threads that are started inside, however deep.
    pub(super) threads: Vec<AgentId>,
    /// The scope as its owner numbers it.
    pub(super) at_owner: u16,
    /// Whom the owner of a collection hears.
    pub(super) members: Vec<Member>,
    /// Whether it has a time limit here.
    pub(super) timed: bool,
}

/// A role that is heard.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    /// Whose message.
    pub(super) role: RoleId,
    /// The mailbox.
    pub(super) channel: u32,
    /// The message as its sender numbers it.
    pub(super) label: u32,
    /// The message as the owner numbers it.
    pub(super) message: u16,
    /// What becomes the `from` of what it sent.
    pub(super) number: u32,
}

/// A place of waiting.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wait {
    pub(super) first: u32,
    pub(super) end: u32,
    /// The mailbox, if there is only one; otherwise [`MANY`].
    pub(super) channel: u32,
    pub(super) may_end: bool,
    /// Whether a mailbox is on the lane of a scope, so that the instance must be looked at.
    pub(super) scoped: bool,
}

/// Stands for more than one mailbox.
pub(super) const MANY: u32 = u32::MAX;
/// Stands for no region: the lane is none of a scope.
pub(super) const NO_REGION: u32 = u32::MAX;
/// Stands for no slot.
pub(super) const NO_SLOT: u16 = u16::MAX;

/// One thing that may arrive.
#[derive(Clone, Copy, Debug)]
pub(super) struct Case {
    /// The mailbox.
    pub(super) channel: u32,
    /// Where the program goes on.
    pub(super) to: u32,
    /// The message as its sender numbers it.
    pub(super) label: u32,
    /// The message as the receiver numbers it.
    pub(super) message: u16,
    /// The slot that takes it, or [`NO_SLOT`].
    pub(super) slot: u16,
}

/// A mailbox and who stands at its ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Channel {
    pub(super) from: RoleId,
    pub(super) to: RoleId,
    pub(super) lane: LaneId,
    pub(super) sender: AgentId,
    pub(super) receiver: AgentId,
    pub(super) capacity: u32,
    /// The regions of the scope whose lane this is, at the sender and at the receiver, or [`NO_REGION`].
    pub(super) from_region: u32,
    pub(super) to_region: u32,
    /// Whether what comes here may end a scope of the receiver.
    pub(super) controls: bool,
}

impl Channel {
    /// Whether the mailbox is more than a queue: its messages belong to instances of a scope, or end one.
    #[inline]
    pub(super) const fn is_special(&self) -> bool {
        self.controls || self.to_region != NO_REGION
    }
}

impl Cast {
    /// Verifies and links the programs of all roles of one protocol, in the order of its roles.
    ///
    /// # Errors
    /// A program that the verifier refuses, or programs that do not belong together.
    pub fn link(programs: Vec<Program>) -> Result<Self, Rejection> {
        link::link(programs)
    }

    /// The programs, in the order of the roles.
    pub fn programs(&self) -> impl ExactSizeIterator<Item = &Program> {
        self.parts.iter().map(|part| &part.program)
    }

    /// The program of a role.
    #[must_use]
    pub fn program(&self, role: RoleId) -> Option<&Program> {
        self.parts.get(role.index()).map(|part| &part.program)
    }

    /// How many roles there are.
    #[must_use]
    pub fn roles(&self) -> usize {
        self.parts.len()
    }

    /// Every agent, role by role.
    pub fn agents(&self) -> impl Iterator<Item = AgentId> + use<> {
        (0..self.agents.len() as u32).map(AgentId)
    }

    /// The agents that run from the beginning: the trunk of each role.
    pub fn trunks(&self) -> impl Iterator<Item = AgentId> {
        self.parts.iter().map(|part| AgentId(part.first_agent))
    }

    /// The role that an agent of this cast belongs to.
    #[must_use]
    pub fn role(&self, agent: AgentId) -> RoleId {
        self.agents.get(agent.index()).map_or(RoleId(0), |agent| agent.role)
    }

    /// Which thread of its role an agent is; 0 is the trunk.
    #[must_use]
    pub fn thread(&self, agent: AgentId) -> u16 {
        self.agents.get(agent.index()).map_or(0, |agent| agent.thread)
    }

    /// How many mailboxes a session has.
    #[must_use]
    pub fn mailboxes(&self) -> usize {
        self.channels.len()
    }

    /// Sender, receiver, lane and capacity of a mailbox.
    #[must_use]
    pub fn mailbox(&self, at: usize) -> Option<(RoleId, RoleId, LaneId, u32)> {
        self.channels.get(at).map(|channel| (channel.from, channel.to, channel.lane, channel.capacity))
    }
}
