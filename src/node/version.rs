//! Versions of protocols: which new sessions take, which only end what they have begun, which are over.
//!
//! A version is a content hash. Its life is the table [`LIFE`], and nothing else moves it.
//! Is not: the sessions themselves; it knows how many are pinned to a version.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::limits::VERSIONS_KEPT;
use crate::base::time::Instant;
use crate::bytecode::op::Op;
use crate::engine::input::CastId;
use crate::machine::Cast;
use crate::node::entry::{Package, Version};

/// Where a version is in its life.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Life {
    /// New sessions take it.
    Active,
    /// It takes no new sessions, and has some that are not over.
    Draining,
    /// It has no sessions; its programs are out of the engine, and kept so that it can come back.
    Retired,
}

/// What moves a version.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Cause {
    /// New sessions shall take it: it was deployed, or rolled back to.
    Activate,
    /// Another version has taken its place, its file is gone, or somebody drains it.
    Replace,
    /// Its last session is over.
    Empty,
}

/// The life of a version: from where, by which cause, to where.
pub const LIFE: [(Life, Cause, Life); 5] = [
    (Life::Active, Cause::Activate, Life::Active),
    (Life::Active, Cause::Replace, Life::Draining),
    (Life::Draining, Cause::Activate, Life::Active),
    (Life::Draining, Cause::Empty, Life::Retired),
    (Life::Retired, Cause::Activate, Life::Active),
];

impl Life {
    /// `active`, `draining`, `retired`
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Draining => "draining",
            Self::Retired => "retired",
        }
    }

    /// Where a cause leads; it stays where the table does not say.
    #[must_use]
    pub fn after(self, cause: Cause) -> Self {
        LIFE.iter().find(|(from, by, _)| (*from, *by) == (self, cause)).map_or(self, |(.., to)| *to)
    }
}

/// A version of one protocol.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Edition {
    /// What it consists of.
    pub package: Package,
    /// Where it is in its life.
    pub life: Life,
    /// When it was deployed first.
    pub since: Instant,
    /// Sessions that are pinned to it and not over.
    pub sessions: u64,
    /// Its programs, linked.
    #[serde(skip)]
    pub cast: Arc<Cast>,
    /// Where the engine has it, unless it is retired.
    pub(super) place: Option<CastId>,
}

impl Edition {
    /// What its sessions may ask of handlers: each with an operation, as handlers declare them (`produce`, `desk.open`).
    #[must_use]
    pub fn asks(&self) -> BTreeSet<(Arc<str>, String)> {
        let players = &self.package.players;
        let mut asks = BTreeSet::new();
        for (at, program) in self.cast.programs().enumerate() {
            let has = |op: Op| program.code.iter().any(|instr| instr.op == op);
            if let Some(player) = players.roles.get(at).and_then(Option::as_ref) {
                let asked = [
                    ("produce", has(Op::Produce)),
                    ("decide", has(Op::Decide)),
                    ("observe", player.observes),
                ];
                let asked = asked.into_iter().filter(|(_, asked)| *asked);
                asks.extend(asked.map(|(operation, _)| (player.handler.clone(), operation.to_owned())));
            }
            for operation in &program.operations {
                if let Some(handler) = players.effects.get(&operation.effect) {
                    asks.insert((handler.clone(), format!("{}.{}", operation.effect, operation.name)));
                }
            }
        }
        asks
    }
}

/// The versions of one protocol.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Line {
    /// Oldest first.
    pub editions: Vec<Edition>,
    /// The version that the directory holds, if it holds one.
    pub deployed: Option<Version>,
}

impl Line {
    /// The version that new sessions take.
    #[must_use]
    pub fn active(&self) -> Option<&Edition> {
        self.editions.iter().find(|edition| edition.life == Life::Active)
    }

    /// The version whose file is the protocol's: the one that is deployed, else the active one, else the newest.
    #[must_use]
    pub fn shown(&self) -> Option<&Edition> {
        let deployed = self.deployed.and_then(|version| self.edition(version));
        deployed.or_else(|| self.active()).or_else(|| self.editions.last())
    }

    /// The version that was deployed before the active one; the newest where none is active.
    #[must_use]
    pub fn before(&self) -> Option<&Edition> {
        let active = self.editions.iter().position(|edition| edition.life == Life::Active);
        let before = active.unwrap_or(self.editions.len()).checked_sub(1)?;
        self.editions.get(before)
    }

    /// A version that is kept.
    #[must_use]
    pub fn edition(&self, version: Version) -> Option<&Edition> {
        self.editions.iter().find(|edition| edition.package.version == version)
    }

    pub(super) fn edition_mut(&mut self, version: Version) -> Option<&mut Edition> {
        self.editions.iter_mut().find(|edition| edition.package.version == version)
    }

    /// Moves a version by the table.
    pub(super) fn move_on(&mut self, version: Version, cause: Cause) {
        if let Some(edition) = self.edition_mut(version) {
            edition.life = edition.life.after(cause);
        }
    }

    /// Forgets the oldest of those that are over, beyond what is kept; which.
    pub(super) fn forget(&mut self) -> Vec<Edition> {
        let mut forgotten = Vec::new();
        let over = |edition: &Edition| edition.life == Life::Retired;
        while self.editions.iter().filter(|edition| over(edition)).count() > VERSIONS_KEPT {
            let Some(at) = self.editions.iter().position(over) else { break };
            forgotten.push(self.editions.remove(at));
        }
        forgotten
    }
}

/// All protocols of a node, by name.
pub type Lines = BTreeMap<Arc<str>, Line>;

/// The handlers that these versions name.
#[must_use]
pub fn handlers(lines: &Lines, which: impl Fn(&Edition) -> bool) -> BTreeSet<Arc<str>> {
    let all = lines.values().flat_map(|line| &line.editions).filter(|edition| which(edition));
    let named = all.flat_map(|edition| {
        let players = &edition.package.players;
        let roles = players.roles.iter().flatten().map(|player| player.handler.clone());
        roles.chain(players.effects.values().cloned())
    });
    named.collect()
}
