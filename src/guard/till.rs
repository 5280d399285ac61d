//! The tills of an engine: what may still be spent and shown in a context, counted where a message passes.
//!
//! A till is a plain counter with a number, so that a charge neither searches nor allocates. A sender has one toward each
//! receiver, and one for each class of observers; sessions and casts of one context share them by the names of the roles,
//! and the lower limit stands.
//! Invariants: what is spent never exceeds the limit; a charge is made whole or not at all.
//! Is not: the algebra of budgets. Replicas, shares and epochs that facts open are `budget`'s; an epoch of a till ends
//! with the engine's time.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::limits::CHARGES_KEPT;
use crate::base::time::Instant;

/// What may be spent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Till {
    pub(super) limit: u64,
    pub(super) spent: u64,
    /// Charges of this epoch.
    nonce: u64,
    /// Rows of this epoch that need a receipt.
    booked: u64,
    epoch: u64,
    /// The length of an epoch in nanoseconds; 0 where it does not end.
    length: u64,
}

impl Till {
    #[inline]
    pub(super) const fn headroom(&self) -> u64 {
        self.limit.saturating_sub(self.spent)
    }
}

/// A charge as it is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Charge {
    /// The till: a number of the chain.
    pub till: u32,
    /// Counts the charges of one till in one epoch.
    pub nonce: u64,
    /// What was spent.
    pub cost: u64,
    /// What is left.
    pub headroom: u64,
}

/// Whose till it is: context, sender, and receiver or class of observers.
type Key = (Arc<str>, Arc<str>, Arc<str>);

/// All tills, and the newest charges.
#[derive(Clone, Debug)]
pub(super) struct Tills {
    pub(super) all: Vec<Till>,
    numbers: BTreeMap<Key, u32>,
    /// A ring: the newest charges, of which the next overwrites the oldest.
    charges: Vec<Charge>,
    next: usize,
    /// Before this no epoch ends.
    due: Instant,
    now: Instant,
}

impl Default for Tills {
    fn default() -> Self {
        Self {
            all: Vec::new(),
            numbers: BTreeMap::new(),
            charges: vec![Charge::default(); CHARGES_KEPT],
            next: 0,
            due: Instant(u64::MAX),
            now: Instant(0),
        }
    }
}

impl Tills {
    /// The till of this key, made where it is not there yet.
    pub(super) fn open(&mut self, key: Key, limit: u64, length: u64) -> u32 {
        let next = self.all.len() as u32;
        let number = *self.numbers.entry(key).or_insert(next);
        let epoch = self.now.0.checked_div(length).unwrap_or(0);
        if number == next {
            self.all.push(Till { limit, length, epoch, ..Till::default() });
        } else if let Some(till) = self.all.get_mut(number as usize) {
            till.limit = till.limit.min(limit);
        }
        if let Some(end) =
            epoch.checked_add(1).and_then(|next| next.checked_mul(length)).filter(|end| *end > 0)
        {
            self.due = self.due.min(Instant(end));
        }
        number
    }

    /// Time has passed: epochs that are over begin again with nothing spent.
    #[inline]
    pub(super) fn pass(&mut self, now: Instant) {
        self.now = now;
        if now >= self.due {
            self.roll();
        }
    }

    #[cold]
    fn roll(&mut self) {
        self.due = Instant(u64::MAX);
        for till in self.all.iter_mut().filter(|till| till.length > 0) {
            let epoch = self.now.0 / till.length;
            if epoch > till.epoch {
                (till.epoch, till.spent, till.nonce, till.booked) = (epoch, 0, 0, 0);
            }
            let end = epoch.saturating_add(1).saturating_mul(till.length);
            self.due = self.due.min(Instant(end));
        }
    }

    /// The epoch of a till.
    pub(super) fn epoch(&self, till: u32) -> u64 {
        self.all.get(till as usize).map_or(0, |till| till.epoch)
    }

    #[inline]
    pub(super) fn headroom(&self, till: u32) -> u64 {
        self.all.get(till as usize).map_or(0, Till::headroom)
    }

    /// Spends what [`Self::headroom`] allows, and keeps the charge.
    #[inline]
    pub(super) fn charge(&mut self, number: u32, cost: u64) {
        let Some(till) = self.all.get_mut(number as usize) else { return };
        // Cannot be more than the limit, which is far below what the number holds.
        till.spent += cost;
        till.nonce += 1;
        let charge = Charge { till: number, nonce: till.nonce, cost, headroom: till.headroom() };
        if let Some(place) = self.charges.get_mut(self.next) {
            *place = charge;
        }
        self.next = (self.next + 1) % CHARGES_KEPT;
    }

    /// The number of the next row that needs a receipt.
    pub(super) fn book(&mut self, number: u32) -> u64 {
        let Some(till) = self.all.get_mut(number as usize) else { return 0 };
        till.booked += 1;
        till.booked
    }

    /// Adds to a till what is shown; no charge is kept of it.
    pub(super) fn show(&mut self, number: u32, amount: u64) {
        if let Some(till) = self.all.get_mut(number as usize) {
            till.spent += amount;
        }
    }

    /// The newest charge.
    pub(super) fn newest(&self) -> Charge {
        let at = (self.next + CHARGES_KEPT - 1) % CHARGES_KEPT;
        self.charges.get(at).copied().unwrap_or_default()
    }
}
