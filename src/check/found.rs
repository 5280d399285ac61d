//! What a search found: every state with the way that led to it, the edges between them, and what is wrong.
//!
//! Kept of a state are a fingerprint, how it was first reached, and its moves as edges. A run is made again from the moves
//! that led to it. Is not: read off here; `graph` says what holds of all runs, `replay` makes one again.

use std::hash::{BuildHasherDefault, Hasher};

use indexmap::IndexMap;

use crate::base::id::RoleId;
use crate::bytecode::program::Program;
use crate::check::pick::{Choice, Pick};
use crate::check::print::Print;
use crate::check::watch::Abort;
use crate::machine::{Cast, Trouble};

/// What ended the search early.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "named like the options")]
pub enum Cut {
    States,
    Bytes,
    Depth,
    /// Something is wrong; more was not looked for.
    Violation,
}

/// What must not happen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Violation {
    /// Nobody can go on, and these roles are not done.
    Deadlock(Vec<RoleId>),
    /// A role is done, and a message for it is left in this mailbox.
    LeftOver(usize),
    /// A role waits, and the first message of this mailbox is none that it waits for.
    Unexpected(usize),
    /// A role cannot go on.
    Trouble(RoleId, Trouble),
}

impl Violation {
    /// What is wrong, as a sentence.
    #[must_use]
    pub fn sentence(&self, cast: &Cast) -> String {
        let name = |role: &RoleId| format!("`{}`", cast.program(*role).map_or("?", Program::role_name));
        let ends = |mailbox: usize| {
            let ends = cast.mailbox(mailbox).map(|(from, to, ..)| (name(&from), name(&to)));
            ends.unwrap_or_default()
        };
        match self {
            Self::Deadlock(roles) => {
                let roles: Vec<String> = roles.iter().map(name).collect();
                format!("nobody can go on, and {} still wait", roles.join(", "))
            }
            Self::LeftOver(mailbox) => {
                let (from, to) = ends(*mailbox);
                format!("a message of {from} is left over: {to} is at its end")
            }
            Self::Unexpected(mailbox) => {
                let (from, to) = ends(*mailbox);
                format!("{to} does not expect the message that comes from {from}")
            }
            Self::Trouble(role, trouble) => {
                format!("{} cannot go on: {}: {trouble}", name(role), trouble.code())
            }
        }
    }
}

/// A move as an edge of the graph of states.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    pub(super) to: u32,
    /// The instruction at which the role moved.
    pub(super) at: u32,
    pub(super) role: u16,
    pub(super) sent: bool,
    /// Whether it need not happen, even in a run that is fair.
    pub(super) bad_luck: bool,
}

/// How a state was first reached.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    pub(super) before: u32,
    pub(super) pick: Pick,
    pub(super) depth: u32,
}

/// What the search found.
#[derive(Debug)]
pub struct Found {
    /// How each state was reached, in the order of their discovery.
    pub(super) ways: IndexMap<Print, Way, BuildHasherDefault<Pass>>,
    /// The edges, by the state that they lead away from.
    pub(super) edges: Vec<Edge>,
    /// Where the edges of each state begin; as many as were looked at.
    pub(super) firsts: Vec<usize>,
    /// Why not everything was looked at.
    pub cut: Option<Cut>,
    /// The longest of the shortest ways to a state.
    pub depth: u32,
    /// What is wrong, and the run that shows it: a state, and a move from there.
    pub(super) violation: Option<(Violation, u32, Option<Pick>)>,
    /// What may go wrong: troubles of roles, each with a run.
    pub(super) troubles: Vec<(Abort, u32, Pick)>,
    /// The most messages seen in each mailbox.
    pub longest: Vec<usize>,
    /// The mailboxes of which a sender had to wait for room.
    pub full: Vec<bool>,
    /// The instructions of each role that some run reaches.
    pub reached: Vec<Vec<bool>>,
    /// States in which a session is complete.
    pub ends: usize,
    /// Whether some session is complete while roles still wait, as the protocol allows.
    pub released: bool,
    /// Whether a loop turns as often as nobody knows, so that a few numbers of turns stand for all.
    pub turns: bool,
}

impl Found {
    /// Nothing yet.
    pub(super) fn new(cast: &Cast) -> Self {
        Self {
            ways: IndexMap::default(),
            edges: Vec::new(),
            firsts: Vec::new(),
            cut: None,
            depth: 0,
            violation: None,
            troubles: Vec::new(),
            longest: vec![0; cast.mailboxes()],
            full: vec![false; cast.mailboxes()],
            reached: Vec::new(),
            ends: 0,
            released: false,
            turns: false,
        }
    }

    /// How many states are known.
    #[must_use]
    pub fn states(&self) -> usize {
        self.ways.len()
    }

    /// How many moves were followed.
    #[must_use]
    pub const fn moves(&self) -> usize {
        self.edges.len()
    }

    /// What is wrong, if anything is.
    #[must_use]
    pub fn violation(&self) -> Option<&Violation> {
        self.violation.as_ref().map(|(violation, ..)| violation)
    }

    /// The moves to a state and one move more, from the opening on.
    pub(super) fn trail(&self, at: u32, last: Option<Pick>) -> Vec<Pick> {
        let mut picks: Vec<Pick> = last.into_iter().collect();
        let mut at = at;
        while let Some((_, way)) = self.ways.get_index(at as usize) {
            picks.push(way.pick);
            at = way.before;
        }
        picks.reverse();
        picks
    }

    /// The bytes that are held of states that are known: their places with a hash, the table over them, the edges.
    pub(super) fn held(&self) -> usize {
        let known = size_of::<(u64, Print, Way)>() + 2 * size_of::<usize>();
        self.ways.capacity() * known
            + self.edges.capacity() * size_of::<Edge>()
            + self.firsts.capacity() * size_of::<usize>()
    }

    /// Whether something was supposed on the way there: then it may be what cannot be.
    pub(super) fn supposed(&self, at: u32, last: Pick) -> bool {
        self.trail(at, Some(last)).iter().any(|pick| matches!(pick.choice, Choice::Suppose(_)))
    }
}

/// A fingerprint is its own hash.
#[derive(Default)]
pub(super) struct Pass(u64);

impl Hasher for Pass {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().take(8).fold(0, |word, byte| word << 8 | u64::from(*byte));
    }

    fn write_u128(&mut self, print: u128) {
        self.0 = print as u64;
    }
}
