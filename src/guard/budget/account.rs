//! One budget: in one epoch, a limit and what each replica has spent of it.
//!
//! Merge: the higher epoch wins whole; in one epoch the lower limit stands, and of each replica's count the greater.
//! That is a join (associative, commutative, idempotent), and the neutral element, which has no limit, changes
//! nothing.
//! Invariants: a charge never brings what is spent beyond the limit that is known here, nor a replica beyond its
//! share; what was spent elsewhere without shares may do so when it becomes known, and then nothing more is allowed.
//! Is not: bound to a peer or a class of observers; `ledger` and `leakage` do that.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::guard::budget::counts::{Counts, Seat};
use crate::guard::budget::escrow::Escrow;
use crate::journal::{Device, Epoch};

/// A budget. [`Budget::default`] is the neutral element: no limit is known, so nothing may be spent.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Budget {
    epoch: Epoch,
    limit: Option<u64>,
    spent: Counts,
    escrow: Escrow,
}

/// Why nothing was spent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Shortfall {
    /// No limit is known: there is no budget.
    Missing,
    /// The cost is more than the whole limit: no new epoch of that limit helps.
    Whole,
    /// The cost is more than what the limit leaves.
    Limit,
    /// The cost is more than what this replica's share leaves.
    Share,
    /// A count would be too large for its number.
    Overflow,
}

impl Shortfall {
    /// Whether a new epoch or a moved share can help.
    #[must_use]
    pub const fn is_recoverable(self) -> bool {
        matches!(self, Self::Limit | Self::Share)
    }
}

impl Budget {
    /// The budget of an epoch in which nothing is spent, without shares.
    #[must_use]
    pub fn new(epoch: Epoch, limit: u64) -> Self {
        Self { epoch, limit: Some(limit), ..Self::default() }
    }

    /// The budget of an epoch that these replicas share; its limit is the sum.
    ///
    /// # Errors
    /// The sum is too large.
    pub fn shared(epoch: Epoch, shares: BTreeMap<Device, u64>) -> Result<Self, Shortfall> {
        let sum = shares.values().try_fold(0_u64, |sum, share| sum.checked_add(*share));
        let limit = Some(sum.ok_or(Shortfall::Overflow)?);
        Ok(Self { epoch, limit, spent: Counts::default(), escrow: Escrow::new(shares) })
    }

    /// The epoch.
    #[must_use]
    pub const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The limit; none where none is known.
    #[must_use]
    pub const fn limit(&self) -> Option<u64> {
        self.limit
    }

    /// What all replicas have spent in this epoch, as far as it is known here; saturates.
    #[must_use]
    #[inline]
    pub const fn spent(&self) -> u64 {
        self.spent.sum()
    }

    /// What one replica has spent in this epoch.
    #[must_use]
    pub fn spent_by(&self, replica: &Device) -> u64 {
        self.spent.of(replica)
    }

    /// The shares.
    #[must_use]
    pub const fn escrow(&self) -> &Escrow {
        &self.escrow
    }

    /// What a replica may still spend: the least of what the limit and its share leave; 0 where no limit is known.
    #[must_use]
    pub fn headroom(&self, replica: &Device) -> u64 {
        let left = self.limit.unwrap_or(0).saturating_sub(self.spent());
        self.share_left(replica).map_or(left, |share| share.min(left))
    }

    /// Whether a replica may spend `cost`; searches nothing, unless there are shares. A cost of 0 needs a limit, and no headroom.
    ///
    /// # Errors
    /// It may not.
    #[inline]
    pub fn review(&self, replica: &Device, cost: u64) -> Result<(), Shortfall> {
        let limit = self.limit.ok_or(Shortfall::Missing)?;
        if cost > limit.saturating_sub(self.spent()) {
            return Err(if cost > limit { Shortfall::Whole } else { Shortfall::Limit });
        }
        if self.share_left(replica).is_some_and(|left| cost > left) {
            return Err(Shortfall::Share);
        }
        Ok(())
    }

    /// Spends `cost` for a replica, which is this device: nobody else writes its count.
    ///
    /// # Errors
    /// It may not; then nothing is spent.
    pub fn charge(&mut self, replica: &Device, cost: u64) -> Result<(), Shortfall> {
        self.review(replica, cost)?;
        let seat = self.enter(replica);
        self.book(seat, cost)
    }

    /// Spends what was reviewed just before. Neither searches nor allocates.
    #[inline]
    pub(super) fn book(&mut self, seat: Seat, cost: u64) -> Result<(), Shortfall> {
        self.spent.add(seat, cost).ok_or(Shortfall::Overflow)
    }

    /// The seat of a replica, whose count is 0 where it had none; a merge may move it.
    pub(super) fn enter(&mut self, replica: &Device) -> Seat {
        self.spent.enter(replica)
    }

    /// Moves `amount` of what `from`, which is this device, has left of its share to `to`.
    ///
    /// # Errors
    /// There are no shares, or `from` has less left; then nothing is moved.
    pub fn move_share(&mut self, from: &Device, to: &Device, amount: u64) -> Result<(), Shortfall> {
        let left = self.share_left(from).ok_or(Shortfall::Missing)?;
        if amount > left {
            return Err(Shortfall::Share);
        }
        self.escrow.give(from, to, amount).ok_or(Shortfall::Overflow)
    }

    /// Takes in what another replica knows, or a new epoch.
    pub fn merge(&mut self, other: &Self) {
        if other.epoch < self.epoch {
            return;
        }
        if other.epoch > self.epoch {
            self.clone_from(other);
            return;
        }
        self.limit = match (self.limit, other.limit) {
            (Some(mine), Some(theirs)) => Some(mine.min(theirs)),
            (mine, theirs) => mine.or(theirs),
        };
        self.spent.join(&other.spent);
        self.escrow.merge(&other.escrow);
    }

    #[inline]
    fn share_left(&self, replica: &Device) -> Option<u64> {
        Some(self.escrow.share(replica)?.saturating_sub(self.spent_by(replica)))
    }
}
