//! What is noted while moves are made: what happened, and which instructions were reached.
//!
//! Is not: on the way of a session that runs; a `World` of the search alone.

use std::convert::Infallible;
use std::sync::Arc;

use crate::base::cause::Cause;
use crate::base::id::{LaneId, RoleId};
use crate::base::value::Value;
use crate::bytecode::program::{Decision, Kind};
use crate::check::widen::Wide;
use crate::machine::question::Offer;
use crate::machine::world::{Taken, World};
use crate::machine::{Cast, Trouble};

/// Why a session is over before its roles are done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Abort {
    /// Where.
    pub role: RoleId,
    /// Why.
    pub trouble: Trouble,
}

/// What is noted while moves are made.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// Which instructions of each role were reached.
    pub(super) reached: Vec<Vec<bool>>,
    /// What happened, where somebody wants to know.
    pub(super) heard: Option<Vec<Heard>>,
    /// What is too much to be told apart.
    pub(super) wide: Wide,
}

/// What happened.
#[derive(Clone, PartialEq, Debug)]
#[expect(missing_docs, reason = "named like the events of the engine")]
pub enum Heard {
    Sent { from: RoleId, to: RoleId, lane: LaneId, label: Arc<str>, kind: Kind, payload: Value },
    Received { from: RoleId, to: RoleId, lane: LaneId, label: Arc<str>, payload: Value },
    Decided { role: RoleId, choice: Arc<str>, label: Arc<str> },
    Performed { role: RoleId, operation: Arc<str>, outcome: Value },
    Finished { role: RoleId },
    Raised { role: RoleId, scope: Arc<str>, cause: String },
}

impl Watch {
    pub(super) fn new(cast: &Cast) -> Self {
        let reached = cast.programs().map(|program| vec![false; program.code.len()]).collect();
        Self { reached, heard: None, wide: Wide::new(cast) }
    }

    pub(super) fn hear(&mut self, what: impl FnOnce() -> Heard) {
        if let Some(heard) = &mut self.heard {
            heard.push(what());
        }
    }
}

impl World for Watch {
    type Right = Infallible;

    /// Every message is a move of its own.
    fn clear(&mut self, _: &Offer<'_>) -> Option<Infallible> {
        None
    }

    fn reached(&mut self, role: RoleId, at: u32) {
        if let Some(reached) = self.reached.get_mut(role.index()).and_then(|code| code.get_mut(at as usize)) {
            *reached = true;
        }
    }

    fn received(&mut self, taken: Taken<'_>) {
        self.hear(|| Heard::Received {
            from: taken.from,
            to: taken.to,
            lane: taken.lane,
            label: taken.message.name.clone(),
            payload: taken.payload.clone(),
        });
    }

    fn raised(&mut self, role: RoleId, scope: &Arc<str>, cause: &Cause) {
        self.hear(|| Heard::Raised { role, scope: scope.clone(), cause: cause.to_string() });
    }

    fn decided(&mut self, role: RoleId, decision: &Decision, label: u16) {
        self.hear(|| decided(role, decision, label));
    }
}

/// What a decision is in a role's life.
pub(super) fn decided(role: RoleId, decision: &Decision, label: u16) -> Heard {
    let label = decision.labels.get(usize::from(label)).cloned().unwrap_or_default();
    Heard::Decided { role, choice: decision.name.clone(), label }
}
