//! A role of a session, as the built-in `journal` knows it: what it says lands among the facts of the session's context.
//!
//! Is not: a way to send. What guards write down with a message, the chain writes.

use std::sync::Arc;

use crate::base::id::RoleId;
use crate::base::value::Value;
use crate::effect::call::{Answer, Ask};
use crate::effect::facts::{Facts, perform};
use crate::effect::world::Request;
use crate::guard::Chain;
use crate::journal::{Name, View};

/// Who says something, and where it is written.
pub(super) struct Speaker<'a> {
    pub(super) chain: &'a mut Chain,
    pub(super) cast: u32,
    /// As the chain numbers it.
    pub(super) session: u64,
    pub(super) role: RoleId,
}

impl Speaker<'_> {
    /// What the journal answers; none if it is not what is asked.
    pub(super) fn answer(&mut self, role: &Arc<str>, ask: &Ask) -> Option<Answer> {
        let Ask::Perform { effect, operation, args, result, .. } = ask else { return None };
        perform(self, &Request { role, effect, operation, args, result })
    }
}

impl Facts for Speaker<'_> {
    fn append(&mut self, name: Name, data: Value) -> Result<(), String> {
        self.chain.append(self.cast, self.session, self.role, name, data)
    }

    fn view(&self) -> Option<View<'_>> {
        self.chain.facts(self.cast)
    }
}
