//! Shares of a limit: each replica spends from its own, so that all together cannot spend more than there is.
//!
//! A replica's share is what it was given when the epoch was opened, and what others moved to it, less what it moved
//! to others. Only the giver writes what it gives, so two replicas never write the same number (the bounded counter
//! of Balegas and others, SRDS 2015).
//! Invariant: shares that were opened alike everywhere sum to the limit, whatever is moved and in whatever order it
//! becomes known.
//! Is not: a limit. `account` keeps that, and asks both.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::journal::Device;

/// The shares of one epoch. The neutral element has none: then replicas spend from the limit itself.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Escrow {
    /// What each replica was given at the opening; nobody else has a share.
    opened: Option<BTreeMap<Device, u64>>,
    /// By giver and receiver, all that was moved in this epoch.
    moved: BTreeMap<(Device, Device), u64>,
}

impl Escrow {
    /// These shares, none of them moved.
    #[must_use]
    pub const fn new(shares: BTreeMap<Device, u64>) -> Self {
        Self { opened: Some(shares), moved: BTreeMap::new() }
    }

    /// The share of a replica, used or not; none where there are no shares. Saturates at both ends.
    #[must_use]
    #[inline]
    pub fn share(&self, replica: &Device) -> Option<u64> {
        self.opened.as_ref().map(|opened| self.moved_share(opened, replica))
    }

    #[cold]
    fn moved_share(&self, opened: &BTreeMap<Device, u64>, replica: &Device) -> u64 {
        let opened = opened.get(replica).copied().unwrap_or(0);
        let sum = |count: &dyn Fn(&(Device, Device)) -> bool| -> u64 {
            let counted = self.moved.iter().filter(|(way, _)| count(way));
            counted.fold(0, |sum, (_, amount)| sum.saturating_add(*amount))
        };
        let (given, taken) = (sum(&|way| way.0 == *replica), sum(&|way| way.1 == *replica));
        opened.saturating_add(taken).saturating_sub(given)
    }

    /// Notes that `from` has given `amount` of its share to `to`; none if the number would be too large.
    pub(super) fn give(&mut self, from: &Device, to: &Device, amount: u64) -> Option<()> {
        let moved = self.moved.entry((from.clone(), to.clone())).or_default();
        *moved = moved.checked_add(amount)?;
        Some(())
    }

    /// What both know: of two openings the smaller shares, of what was moved the later count.
    pub(super) fn merge(&mut self, other: &Self) {
        match (&mut self.opened, &other.opened) {
            (_, None) => {}
            (mine @ None, theirs) => mine.clone_from(theirs),
            (Some(mine), Some(theirs)) => mine.retain(|replica, share| {
                theirs.get(replica).map(|their| *share = (*share).min(*their)).is_some()
            }),
        }
        join(&mut self.moved, &other.moved);
    }
}

/// The greater of each pair of counts; one that is not there is less than any other.
fn join<K: Clone + Ord>(mine: &mut BTreeMap<K, u64>, theirs: &BTreeMap<K, u64>) {
    for (key, their) in theirs {
        match mine.get_mut(key) {
            Some(count) => *count = (*count).max(*their),
            None => _ = mine.insert(key.clone(), *their),
        }
    }
}
