//! What each replica has spent, and the sum of it: kept with the counts, so that who charges adds up nothing.
//!
//! Merge: of each replica's count the greater. A replica's seat is found once; only a merge or a new replica can move
//! it.
//! Invariants: sorted by replica, each there once; the sum is that of the counts, and saturates.
//! Is not: a limit.

use serde::{Deserialize, Serialize};

use crate::journal::Device;

/// Counts by replica.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Counts {
    rows: Vec<(Device, u64)>,
    sum: u64,
}

/// Where the count of a replica stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Seat(u32);

impl Counts {
    /// The sum; saturates.
    #[inline]
    pub(super) const fn sum(&self) -> u64 {
        self.sum
    }

    /// The count of a replica.
    pub(super) fn of(&self, replica: &Device) -> u64 {
        let found = self.find(replica).ok().and_then(|at| self.rows.get(at));
        found.map_or(0, |(_, count)| *count)
    }

    /// The seat of a replica; its count is 0 where it had none.
    pub(super) fn enter(&mut self, replica: &Device) -> Seat {
        let at = self.find(replica).unwrap_or_else(|at| {
            self.rows.insert(at, (replica.clone(), 0));
            at
        });
        Seat(at as u32)
    }

    /// Adds to a count; none if the number would be too large, or nobody sits there.
    #[inline]
    pub(super) fn add(&mut self, seat: Seat, amount: u64) -> Option<()> {
        let (_, count) = self.rows.get_mut(seat.0 as usize)?;
        *count = count.checked_add(amount)?;
        self.sum = self.sum.saturating_add(amount);
        Some(())
    }

    /// The greater of each pair of counts; one that is not there is less than any other.
    pub(super) fn join(&mut self, theirs: &Self) {
        for (replica, their) in &theirs.rows {
            let seat = self.enter(replica);
            if let Some((_, count)) = self.rows.get_mut(seat.0 as usize) {
                *count = (*count).max(*their);
            }
        }
        self.sum = self.rows.iter().fold(0, |sum, (_, count)| sum.saturating_add(*count));
    }

    fn find(&self, replica: &Device) -> Result<usize, usize> {
        self.rows.binary_search_by(|(have, _)| have.cmp(replica))
    }
}
