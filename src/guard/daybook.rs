//! The daybook of an engine: charges that need a receipt, from their commit until somebody signs them.
//!
//! A row is booked in the commit that charges it, by numbers, and gets its names when it is taken.
//! Invariant: no row is lost. A full daybook denies what would need another row.
//! Is not: a signer (`receipt::sign`), nor durable, and not a budget; what is spent stands in the ledgers of `budget`.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::base::id::RoleId;
use crate::base::limits::DAYBOOK_ROWS_MAX;
use crate::base::value::Value;
use crate::guard::intent::Intent;
use crate::guard::receipt::Booking;
use crate::journal::{Context, Device, Epoch};

/// A row, by numbers.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Entry {
    pub(super) cast: u32,
    pub(super) from: RoleId,
    pub(super) to: RoleId,
    session: u64,
    label: Arc<str>,
    epoch: Epoch,
    nonce: u64,
    cost: u64,
    payload: Value,
}

impl Entry {
    /// The row of a message that costs so much, with the epoch and the number of its receipt.
    pub(super) fn new(
        intent: &Intent<'_>,
        label: &Arc<str>,
        (epoch, nonce): (Epoch, u64),
        cost: u64,
    ) -> Self {
        Self {
            cast: intent.cast,
            from: intent.from,
            to: intent.to,
            session: intent.session,
            label: label.clone(),
            epoch,
            nonce,
            cost,
            payload: intent.payload.clone(),
        }
    }

    /// The row by names.
    pub(super) fn booking(self, context: Context, src: Device, dst: Device) -> Booking {
        let Self { session, label, epoch, nonce, cost, payload, .. } = self;
        Booking { context, src, dst, session, label, hop: 0, epoch, cost, nonce, payload }
    }
}

/// The rows that wait, the oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Daybook {
    rows: VecDeque<Entry>,
}

impl Daybook {
    /// Whether there is no room for another row.
    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.rows.len() >= DAYBOOK_ROWS_MAX
    }

    /// Enters a row, where it is not full.
    pub(super) fn enter(&mut self, row: Entry) {
        self.rows.push_back(row);
    }

    /// The oldest row.
    pub(super) fn pop(&mut self) -> Option<Entry> {
        self.rows.pop_front()
    }

    /// How many rows wait.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }
}
