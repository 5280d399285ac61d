//! The chain and its verdicts.
//!
//! Is not: a place where a message is kept; a verdict names the channel that it is for.

use std::sync::Arc;

use crate::base::id::{LaneId, RoleId};
use crate::guard::intent::Intent;

/// The guards that every message passes, in order.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Chain {
    rules: Vec<Rule>,
}

/// Denies one message from one role to another: what a scenario says where a guard would say no.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rule {
    /// The sender.
    pub from: RoleId,
    /// The receiver.
    pub to: RoleId,
    /// The message's name.
    pub message: Arc<str>,
    /// How often it still denies; always, where there is no number.
    pub left: Option<u32>,
}

/// The right to send one message from one role to another, on one lane. It is used up by the sending.
///
/// Only a chain makes one:
///
/// ```compile_fail,E0451
/// use laban::base::id::{LaneId, RoleId};
/// use laban::guard::Cleared;
/// let forged = Cleared { from: RoleId(0), to: RoleId(1), lane: LaneId(0) };
/// ```
///
/// and it cannot be used twice:
///
/// ```compile_fail,E0382
/// use laban::guard::Cleared;
/// fn twice(right: Cleared) -> (Cleared, Cleared) {
///     (right, right)
/// }
/// ```
#[derive(PartialEq, Eq, Debug)]
#[must_use = "a cleared message is meant to be sent"]
pub struct Cleared {
    from: RoleId,
    to: RoleId,
    lane: LaneId,
}

impl Cleared {
    /// The sender.
    #[must_use]
    pub const fn from(&self) -> RoleId {
        self.from
    }

    /// The receiver.
    #[must_use]
    pub const fn to(&self) -> RoleId {
        self.to
    }

    /// The lane.
    #[must_use]
    pub const fn lane(&self) -> LaneId {
        self.lane
    }
}

/// A guard has refused. It carries neither payload nor peer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Denied {
    /// The guard's name.
    pub guard: &'static str,
    /// The code of the refusal.
    pub code: &'static str,
}

impl Chain {
    /// Judges an intent.
    ///
    /// # Errors
    /// The first guard that refuses; nothing is charged then.
    #[inline]
    pub fn review(&mut self, intent: &Intent<'_>) -> Result<Cleared, Denied> {
        if !self.rules.is_empty() {
            self.rule(intent)?;
        }
        Ok(Cleared { from: intent.from, to: intent.to, lane: intent.lane })
    }

    /// Denies what this rule says from now on, after the rules that are there.
    pub fn deny(&mut self, rule: Rule) {
        self.rules.push(rule);
    }

    /// The first rule that denies is used up by one.
    #[cold]
    fn rule(&mut self, intent: &Intent<'_>) -> Result<(), Denied> {
        let denies = |rule: &&mut Rule| {
            (rule.from, rule.to) == (intent.from, intent.to)
                && rule.message == intent.message.name
                && rule.left != Some(0)
        };
        let Some(rule) = self.rules.iter_mut().find(denies) else { return Ok(()) };
        rule.left = rule.left.map(|left| left - 1);
        Err(Denied { guard: "rule", code: "E0515" })
    }
}
