//! The granter: an engine says in facts what may be spent and shown, when a profile is installed and each time that its
//! period has run over.
//!
//! In go limits, periods and the time; out come facts `budget/flow` and `budget/leakage`, which open epochs wherever they
//! are read (`budget::grant`). Budgets know no time, so a period opens nothing that no fact says.
//! Invariants: what the profiles of several casts say of one budget is the lesser limit and the longer period; a fact of a
//! new period is of the epoch after the one before; what lowers a limit is of the same epoch, what raises it of the next.
//! Is not: a budget, nor asked when a message passes.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::base::time::Instant;
use crate::guard::budget::grant::{Granted, subject};
use crate::guard::budget::{Grant, Leak, Observer};
use crate::journal::{Context, Device, Epoch, Fact, Journal, Place, Purpose, SetId};

/// What the engine is called as the author of facts. No role is called so: names begin with a letter.
const GRANTER: &str = "@engine";

/// Who says what may be spent.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Granter {
    /// The devices whose grants count: this one.
    granters: BTreeSet<Device>,
    /// By context and peer; without a peer it is leakage.
    periods: BTreeMap<Context, BTreeMap<Option<Device>, Period>>,
    /// Before this no period runs over.
    due: Option<Instant>,
    /// What the facts of contexts open, where that was looked at: many casts come at once.
    #[serde(skip)]
    opened: BTreeMap<Context, Granted>,
}

/// What the profile of a cast says of one budget.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Wish {
    pub(super) grant: Grant,
    /// In nanoseconds; 0 where it does not end.
    pub(super) length: u64,
}

/// What is said again and again.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Period {
    /// By cast.
    wishes: BTreeMap<u32, Wish>,
    /// Of all wishes the least, for the longest.
    all: Wish,
    due: Option<Instant>,
    /// Of the newest fact.
    epoch: Epoch,
}

impl Period {
    fn take(&mut self, now: Instant, all: Wish) {
        if self.all.length != all.length {
            self.due = end(now, all.length);
        }
        self.all = all;
    }

    /// Forgets what a cast wants; false where nobody wants anything any more.
    fn withdraw(&mut self, now: Instant, cast: u32) -> bool {
        let Some(wish) = self.wishes.remove(&cast) else { return true };
        let mut left = self.wishes.values();
        // Where another cast wants the same, so do all still.
        if left.clone().any(|other| *other == wish) {
            return true;
        }
        let Some(first) = left.next().cloned() else { return false };
        let all = left.fold(first, both);
        self.take(now, all);
        true
    }
}

impl Granter {
    pub(super) fn new() -> Self {
        Self { granters: Device::new(GRANTER).into_iter().collect(), ..Self::default() }
    }

    /// What the facts of a context open already; to be given back with what is said meanwhile.
    pub(super) fn granted(&mut self, journal: &Journal, context: &Context) -> Granted {
        let known = self.opened.remove(context);
        known.unwrap_or_else(|| Granted::of(&journal.of(context), &self.granters))
    }

    /// Keeps what the facts of a context open.
    pub(super) fn keep(&mut self, context: &Context, granted: Granted) {
        self.opened.insert(context.clone(), granted);
    }

    /// Has a profile's word on one budget: a fact where the journal does not say so yet, heeded in `granted`. None where
    /// nothing is said, or the journal does not take it; then nothing is granted.
    pub(super) fn promise(
        &mut self,
        (journal, now): (&mut Journal, Instant),
        (context, granted): (&Context, &mut Granted),
        (cast, wish): (u32, Wish),
    ) -> Option<Fact> {
        let (known, epoch) = known(granted, &wish.grant);
        let wanted = known.clone().map_or_else(|| wish.grant.clone(), |known| least(known, &wish.grant));
        let due = end(now, wish.length);
        let period = || Period { wishes: BTreeMap::new(), all: wish.clone(), due, epoch };
        let periods = self.periods.entry(context.clone()).or_default();
        let period = periods.entry(peer(&wish.grant)).or_insert_with(period);
        let all = both(period.all.clone(), &wish);
        period.take(now, all);
        self.due = self.due.into_iter().chain(period.due).min();
        period.wishes.insert(cast, wish);
        if known.as_ref() == Some(&wanted) {
            return None;
        }
        let fact = say(journal, context, &wanted, &self.granters, epoch)?.1;
        granted.heed(&fact, &self.granters);
        Some(fact)
    }

    /// A cast wants nothing toward these peers of its context any more, and not to show anything. What was granted stands
    /// until its period is over.
    pub(super) fn withdraw(
        &mut self,
        now: Instant,
        (cast, context): (u32, &Context),
        peers: impl Iterator<Item = Device>,
    ) {
        let Some(periods) = self.periods.get_mut(context) else { return };
        let mut moved = false;
        for peer in peers.map(Some).chain([None]) {
            let Some(period) = periods.get_mut(&peer) else { continue };
            let due = period.due;
            let stays = period.withdraw(now, cast);
            moved |= !stays || period.due != due;
            if !stays {
                periods.remove(&peer);
            }
        }
        if periods.is_empty() {
            self.periods.remove(context);
            self.opened.remove(context);
        }
        if moved {
            self.see_due();
        }
    }

    /// Whether a period has run over.
    #[inline]
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.due.is_some_and(|due| due <= now)
    }

    /// Opens the next epoch of every budget whose period has run over; gives the facts that do so. What they make void is
    /// forgotten, so that the months of an engine do not fill its journal.
    #[cold]
    pub(super) fn renew(&mut self, journal: &mut Journal, now: Instant) -> Vec<Fact> {
        let mut said = Vec::new();
        let mut sets: BTreeSet<SetId> = BTreeSet::new();
        for (context, periods) in &mut self.periods {
            for period in periods.values_mut() {
                if period.due.is_none_or(|due| due > now) {
                    continue;
                }
                period.due = end(now, period.all.length);
                let next = Epoch(period.epoch.0.saturating_add(1));
                // A journal that takes nothing grants nothing; the next period tries again.
                if let Some((set, fact)) = say(journal, context, &period.all.grant, &self.granters, next) {
                    period.epoch = next;
                    if let Some(granted) = self.opened.get_mut(context) {
                        granted.heed(&fact, &self.granters);
                    }
                    sets.insert(set);
                    said.push(fact);
                }
            }
        }
        sets.into_iter().for_each(|set| journal.supersede(set, subject));
        self.see_due();
        said
    }

    fn see_due(&mut self) {
        self.due = self.periods.values().flat_map(BTreeMap::values).filter_map(|period| period.due).min();
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

/// Of two wishes for one budget the lesser limit and the longer period.
fn both(one: Wish, other: &Wish) -> Wish {
    let endless = one.length == 0 || other.length == 0;
    let length = if endless { 0 } else { one.length.max(other.length) };
    Wish { grant: least(one.grant, &other.grant), length }
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

/// What is granted of the same budget already, and in which epoch.
fn known(granted: &Granted, wanted: &Grant) -> (Option<Grant>, Epoch) {
    match wanted {
        Grant::Flow { peer: Some(peer), .. } | Grant::Shared { peer: Some(peer), .. } => {
            let budget = granted.flow(peer);
            let limit = budget.limit();
            (limit.map(|limit| Grant::Flow { peer: Some(peer.clone()), limit }), budget.epoch())
        }
        Grant::Flow { peer: None, .. } | Grant::Shared { peer: None, .. } => (None, Epoch::default()),
        Grant::Leakage(_) => {
            let budgets = granted.leakage();
            let limits = Observer::ALL.map(|observer| budgets.budget(observer).limit());
            let [Some(external), Some(neighbor), Some(in_group)] = limits else {
                return (None, budgets.epoch());
            };
            (Some(Grant::Leakage(Leak { external, neighbor, in_group })), budgets.epoch())
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
) -> Option<(SetId, Fact)> {
    let name = grant.name().ok()?;
    let place = Place { context: context.clone(), namespace: name.namespace };
    let set = journal.open(&place).ok()?;
    let heading = journal.heading(set, name.key, granters.first()?.clone())?;
    let fact = journal.note_for(Purpose::Grant, set, &heading, grant.data(), epoch).ok()?;
    Some((set, fact.clone()))
}
