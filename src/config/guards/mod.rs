//! Guard profiles: what each message needs and costs, as a `*.guards.yaml` beside a protocol says it.
//!
//! In goes a text, and the protocol's vocabulary where one is known; out come a [`Profile`] and what is wrong. `read`
//! reads, `judge` knows the protocol's names, `pattern` says which sends an entry means, `fact` is a fact's data.
//! What a fresh directory has is data too: `default.guards.yaml` and `default.bindings.yaml` here.
//! Is not: a guard. `guard::Table` makes of a profile what the chain looks at.

mod annotation;
pub mod fact;
mod judge;
pub mod pattern;
mod read;
#[cfg(test)]
mod tests;

pub use self::annotation::annotation;
pub use self::judge::capability;
pub use self::read::read;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::time::Duration;
use crate::config::bindings::{self, RoleBinding};
use crate::config::guards::fact::Fact;
use crate::config::guards::pattern::{Pattern, role_rank};
use crate::diag::source::{SourceId, Span};

/// Who sees something: what a message shows to each is charged alone.
pub const CLASSES: [&str; 3] = ["external", "neighbor", "in_group"];

/// A guard profile.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Profile {
    /// For which protocol.
    pub protocol: String,
    /// What holds where no entry says otherwise; none where the file has no `defaults`.
    pub defaults: Option<Setting>,
    /// What holds of some sends.
    pub entries: Vec<Entry>,
    /// How much may be spent.
    pub budgets: Vec<Budget>,
    /// How much each class may see, in the order of [`CLASSES`]; none where nothing may be shown.
    pub leakage_limits: Option<[u64; 3]>,
    /// For how long; none where the file does not say.
    pub leakage_epoch: Option<Duration>,
}

/// What holds of the sends that a pattern means.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// Which sends.
    pub pattern: Pattern,
    /// What holds.
    pub setting: Setting,
    /// Where the pattern stands.
    pub place: Span,
}

/// What holds of a send, as far as it is said.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Setting {
    /// What its sender must be able to do.
    pub capabilities: Option<Vec<Arc<str>>>,
    /// What it costs, at least 1.
    pub flow_cost: Option<u64>,
    /// What each KiB of its payload costs beyond that.
    pub per_kib: Option<u64>,
    /// What it shows to each class, in the order of [`CLASSES`].
    pub leakage: [Option<u64>; 3],
    /// What is written down with it.
    pub facts: Option<Vec<Fact>>,
    /// Whether a receipt is asked for.
    pub receipt: Option<Receipt>,
    /// What follows a denial.
    pub on_denied: Option<OnDenied>,
}

/// Whether a send leaves a signed receipt.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Receipt {
    /// Only where it leaves the device.
    None,
    /// Always.
    Required,
}

/// What follows a denial.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum OnDenied {
    /// A denial that time can heal is reviewed again so often, the first time after this wait, which doubles; then, and
    /// at once where nothing can heal it, the protocol hears of it.
    Retry {
        /// How often.
        max: u32,
        /// The first wait.
        backoff: Duration,
    },
    /// The protocol hears of it: the innermost `try` that takes `denied`.
    Raise,
    /// The session is over.
    Abort,
}

/// How much may be spent toward a peer in a context.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Budget {
    /// Which context; `*` for all.
    pub context: String,
    /// Which role is sent to; `*` for all.
    pub peer: String,
    /// So much in one epoch.
    pub limit: u64,
    /// How long an epoch is; one without end where none is given.
    pub epoch: Option<Duration>,
}

impl Profile {
    /// The profile of a fresh directory.
    #[must_use]
    pub fn fresh() -> Self {
        // A test reads it; if it could not be read, there would be no budget, and nothing could be sent.
        read(SourceId(0), include_str!("default.guards.yaml"), None).0.unwrap_or_default()
    }

    /// What may be shown in a context, in the order of [`CLASSES`], and for how many nanoseconds, 0 where that has no
    /// end: as long as the file says, or else as the longest of the context's budgets.
    #[must_use]
    pub fn shown(&self, context: &str) -> Option<([u64; 3], u64)> {
        let limits = self.leakage_limits?;
        let nanos = |epoch: Option<Duration>| epoch.map_or(0, |epoch| epoch.0);
        let own =
            self.budgets.iter().filter(|budget| matches!(&*budget.context, "*") || budget.context == context);
        let lengths: Vec<u64> = own.map(|budget| nanos(budget.epoch)).collect();
        let longest = if lengths.contains(&0) { None } else { lengths.into_iter().max() };
        Some((limits, self.leakage_epoch.map_or(longest.unwrap_or(0), |epoch| epoch.0)))
    }

    /// The budget toward a peer: the entry that names most.
    #[must_use]
    pub fn budget(&self, context: &str, peer: &str) -> Option<&Budget> {
        let ranked = self.budgets.iter().filter_map(|budget| {
            let named = match budget.context.as_str() {
                "*" => 0,
                name if name == context => 1,
                _ => return None,
            };
            Some((role_rank(&budget.peer, peer)?, named, budget))
        });
        // Of equals the first, so that the order of the file decides.
        let best = |a: (u8, u8, &'_ Budget), b: (u8, u8, &'_ Budget)| (b.0, b.1) > (a.0, a.1);
        let mut found: Option<(u8, u8, &Budget)> = None;
        for next in ranked {
            if found.is_none_or(|have| best(have, next)) {
                found = Some(next);
            }
        }
        found.map(|(.., budget)| budget)
    }
}

impl Setting {
    /// This, and what `below` says where this says nothing.
    #[must_use]
    pub fn over(self, below: &Self) -> Self {
        let [external, neighbor, in_group] = self.leakage;
        let [below_external, below_neighbor, below_in_group] = below.leakage;
        Self {
            capabilities: self.capabilities.or_else(|| below.capabilities.clone()),
            flow_cost: self.flow_cost.or(below.flow_cost),
            per_kib: self.per_kib.or(below.per_kib),
            leakage: [external.or(below_external), neighbor.or(below_neighbor), in_group.or(below_in_group)],
            facts: self.facts.or_else(|| below.facts.clone()),
            receipt: self.receipt.or(below.receipt),
            on_denied: self.on_denied.or(below.on_denied),
        }
    }
}

/// What roles may do: the binding that names most decides for a role, also where it grants nothing.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Grants {
    of: Vec<(String, Vec<String>)>,
}

impl Grants {
    /// What the roles of a fresh directory may do.
    #[must_use]
    pub fn fresh() -> Self {
        let text = include_str!("default.bindings.yaml");
        let read = bindings::read(SourceId(0), text, None).0;
        read.map_or_else(Self::default, |bindings| Self::default().with(&bindings.roles))
    }

    /// These, and what bindings say of their roles. A binding that does not speak of capabilities changes nothing.
    #[must_use]
    pub fn with(mut self, roles: &[RoleBinding]) -> Self {
        let said = |role: &RoleBinding| Some((role.role.clone(), role.capabilities.clone()?));
        self.of.extend(roles.iter().filter_map(said));
        self
    }

    /// Has a role do exactly this, whatever bindings say of it.
    pub fn set(&mut self, role: &str, capabilities: Vec<String>) {
        self.of.push((role.to_owned(), capabilities));
    }

    /// What a role may do.
    #[must_use]
    pub fn of(&self, role: &str) -> &[String] {
        let ranked = self.of.iter().filter_map(|(pattern, set)| Some((role_rank(pattern, role)?, set)));
        ranked.max_by_key(|(rank, _)| *rank).map_or(&[], |(_, set)| set.as_slice())
    }
}
