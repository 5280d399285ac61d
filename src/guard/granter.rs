//! The granter: an engine says in facts what may be spent and shown, when a profile is installed and each time that its
//! period has run over.
//!
//! In go limits, periods and the time; out come facts `budget/flow` and `budget/leakage`, which open epochs wherever they
//! are read (`budget::grant`). Budgets know no time, so a period opens nothing that no fact says.
//! Invariants: what two profiles of one context say of one budget is the lesser limit and the longer period; a fact of a
//! new period is of the epoch after the one before; what lowers a limit is of the same epoch.
//! Is not: a budget, nor asked when a message passes.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::time::Instant;
use crate::guard::budget::{Grant, Observer, grant};
use crate::journal::{Context, Device, Epoch, Fact, Journal, Place};

/// What the engine is called as the author of facts. No role is called so: names begin with a letter.
const GRANTER: &str = "@engine";

/// Who says what may be spent.
#[derive(Clone, Debug, Default)]
pub(super) struct Granter {
    /// The devices whose grants count: this one.
    pub(super) granters: BTreeSet<Device>,
    /// By context and peer; without a peer it is leakage.
    periods: BTreeMap<(Context, Option<Device>), Period>,
    /// Before this no period runs over.
    due: Option<Instant>,
}

/// What is said again and again.
#[derive(Clone, Debug)]
struct Period {
    grant: Grant,
    /// In nanoseconds; 0 where it does not end.
    length: u64,
    due: Option<Instant>,
    /// Of the newest fact.
    epoch: Epoch,
}

impl Granter {
    pub(super) fn new() -> Self {
        Self { granters: Device::new(GRANTER).into_iter().collect(), ..Self::default() }
    }

    /// Has a profile's word on one budget: a fact where the journal does not say so yet. None where nothing is said, or
    /// the journal does not take it; then nothing is granted.
    pub(super) fn promise(
        &mut self,
        (journal, now): (&mut Journal, Instant),
        context: &Context,
        grant: &Grant,
        length: u64,
    ) -> Option<Fact> {
        let key = (context.clone(), peer(grant));
        let (known, epoch) = known(journal, context, grant, &self.granters);
        let wanted = known.clone().map_or_else(|| grant.clone(), |known| least(known, grant));
        let due = end(now, length);
        let period =
            self.periods.entry(key).or_insert_with(|| Period { grant: grant.clone(), length, due, epoch });
        period.grant = least(period.grant.clone(), grant);
        if period.length != length {
            period.length = if period.length == 0 || length == 0 { 0 } else { period.length.max(length) };
            period.due = end(now, period.length);
        }
        self.due = self.periods.values().filter_map(|period| period.due).min();
        if known.as_ref() == Some(&wanted) {
            return None;
        }
        say(journal, context, &wanted, &self.granters, epoch)
    }

    /// Whether a period has run over.
    #[inline]
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.due.is_some_and(|due| due <= now)
    }

    /// Opens the next epoch of every budget whose period has run over; gives the facts that do so.
    #[cold]
    pub(super) fn renew(&mut self, journal: &mut Journal, now: Instant) -> Vec<Fact> {
        let mut said = Vec::new();
        for ((context, _), period) in &mut self.periods {
            if period.due.is_none_or(|due| due > now) {
                continue;
            }
            period.due = end(now, period.length);
            let next = Epoch(period.epoch.0.saturating_add(1));
            // A journal that takes nothing grants nothing; the next period tries again.
            if let Some(fact) = say(journal, context, &period.grant, &self.granters, next) {
                period.epoch = next;
                said.push(fact);
            }
        }
        self.due = self.periods.values().filter_map(|period| period.due).min();
        said
    }
}

/// The end of the period in which a moment lies; periods begin at the origin of the engine's time.
fn end(now: Instant, length: u64) -> Option<Instant> {
    let begun = now.0.checked_div(length)?;
    Some(Instant(begun.saturating_add(1).saturating_mul(length)))
}

/// The peer whose budget it is; none for leakage.
fn peer(grant: &Grant) -> Option<Device> {
    match grant {
        Grant::Flow { peer, .. } | Grant::Shared { peer, .. } => peer.clone(),
        Grant::Leakage(_) => None,
    }
}

/// The lesser of two grants of one budget.
fn least(one: Grant, other: &Grant) -> Grant {
    match (one, other) {
        (Grant::Flow { peer, limit }, Grant::Flow { limit: other, .. }) => {
            Grant::Flow { peer, limit: limit.min(*other) }
        }
        (Grant::Leakage(one), Grant::Leakage(other)) => Grant::Leakage(one.least(*other)),
        (one, _) => one,
    }
}

/// What facts grant of the same budget already, and in which epoch.
fn known(
    journal: &Journal,
    context: &Context,
    wanted: &Grant,
    granters: &BTreeSet<Device>,
) -> (Option<Grant>, Epoch) {
    let facts = journal.of(context);
    match wanted {
        Grant::Flow { peer: Some(peer), .. } | Grant::Shared { peer: Some(peer), .. } => {
            let budget = grant::flow(&facts, peer, granters);
            let limit = budget.limit();
            (limit.map(|limit| Grant::Flow { peer: Some(peer.clone()), limit }), budget.epoch())
        }
        Grant::Flow { peer: None, .. } | Grant::Shared { peer: None, .. } => (None, Epoch::default()),
        Grant::Leakage(_) => {
            let budgets = grant::leakage(&facts, granters);
            let limit = |observer| budgets.budget(observer).limit();
            let leak = match Observer::ALL.map(limit) {
                [Some(external), Some(neighbor), Some(in_group)] => {
                    Some(Grant::Leakage(crate::guard::budget::Leak { external, neighbor, in_group }))
                }
                _ => None,
            };
            (leak, budgets.epoch())
        }
    }
}

/// Writes a grant down.
fn say(
    journal: &mut Journal,
    context: &Context,
    grant: &Grant,
    granters: &BTreeSet<Device>,
    epoch: Epoch,
) -> Option<Fact> {
    let name = grant.name().ok()?;
    let place = Place { context: context.clone(), namespace: name.namespace };
    let set = journal.open(&place).ok()?;
    journal.append(set, name.key, grant.data(), granters.first()?.clone(), epoch).ok().cloned()
}
