//! The stage of a session: names for what events number, and which messages pass between whom.
//!
//! Is not: a protocol; it is read off linked programs.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::base::id::{LaneId, RoleId};
use crate::bytecode::program::{Kind, Program};

/// Names for what events number.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Stage {
    /// The roles, by id.
    pub roles: Vec<Arc<str>>,
    /// The lanes, by id: the path of branch numbers, empty for the trunk.
    pub lanes: Vec<Arc<str>>,
    /// What passes between whom: sender, receiver, label as it is drawn.
    pub messages: BTreeSet<(RoleId, RoleId, Arc<str>)>,
}

impl Stage {
    /// The stage of the programs of all roles. Lanes without a name here are shown by number.
    #[must_use]
    pub fn new<'a>(programs: impl IntoIterator<Item = &'a Program>, lanes: Vec<Arc<str>>) -> Self {
        let mut roles = Vec::new();
        let mut messages = BTreeSet::new();
        for program in programs {
            if roles.is_empty() {
                roles = program.roles.iter().map(|role| role.name.clone()).collect();
            }
            for case in program.receives.iter().flat_map(|receive| &receive.cases) {
                let channel = program.incoming.get(usize::from(case.channel));
                let message = program.messages.get(usize::from(case.message));
                if let (Some(channel), Some(message)) = (channel, message) {
                    let label = match message.kind {
                        Kind::Data => message.name.clone(),
                        Kind::Selection | Kind::Control => selection(&message.name),
                    };
                    messages.insert((channel.peer, RoleId(program.role), label));
                }
            }
        }
        Self { roles, lanes, messages }
    }

    /// The role's name.
    #[must_use]
    pub fn role(&self, role: RoleId) -> Arc<str> {
        self.roles.get(role.index()).cloned().unwrap_or_else(|| Arc::from("?"))
    }

    /// The lane's name; empty for the trunk.
    #[must_use]
    pub fn lane(&self, lane: LaneId) -> Arc<str> {
        match self.lanes.get(lane.index()) {
            Some(name) => name.clone(),
            None if lane == LaneId::TRUNK => Arc::from(""),
            None => Arc::from(lane.0.to_string()),
        }
    }
}

/// A selection's label as it is drawn.
#[must_use]
pub(super) fn selection(label: &str) -> Arc<str> {
    Arc::from(format!("⟨{label}⟩"))
}
