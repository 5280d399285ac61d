//! The daybook of an engine: charges that need a receipt, from their commit until somebody signs them.
//!
//! A row is booked in the commit that charges it, by numbers, and gets its names when it is taken.
//! Invariant: no row is lost. A full daybook denies what would need another row.
//! Is not: a signer (`receipt::sign`), nor durable, and not a budget; what is spent stands in the ledgers of `budget`.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::id::RoleId;
use crate::base::limits::DAYBOOK_ROWS_MAX;
use crate::base::value::Value;
use crate::guard::intent::Intent;
use crate::guard::receipt::{Booking, Charged};
use crate::journal::{Context, Device, Epoch};

/// Context, sender and receiver of a row.
pub(super) type Names = (Context, Device, Device);

/// A row, by numbers.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
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
    /// Where the cast got other names since.
    names: Option<Box<Names>>,
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
            names: None,
        }
    }

    /// The row by names; `find` knows those of its cast.
    pub(super) fn booking(self, find: impl FnOnce(&Self) -> Option<Names>) -> Option<Booking> {
        let named = self.names.as_deref().cloned();
        let (context, src, dst) = named.or_else(|| find(&self))?;
        let Self { session, label, epoch, nonce, cost, payload, .. } = self;
        let charge = Charged { context, src, dst, session, label, hop: 0, epoch, cost, nonce };
        Some(Booking { charge, payload })
    }
}

/// The rows that wait, the oldest first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
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

    /// Gives the rows of a cast the names that they have until now.
    pub(super) fn name(&mut self, cast: u32, find: impl Fn(RoleId, RoleId) -> Option<Names>) {
        for row in self.rows.iter_mut().filter(|row| row.cast == cast && row.names.is_none()) {
            row.names = find(row.from, row.to).map(Box::new);
        }
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
