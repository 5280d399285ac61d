//! The receipts of a run: charges of the engine, signed in batches and shown to a receiver for each role.
//!
//! There is one engine and no network, so devices stand in: each role is one, with a key that the seed decides. What is
//! shown as a receipt was also judged, from its bytes, by whom it is for.
//! Is not: proof of anything outside of the run; everybody can make these keys.

use std::collections::BTreeMap;

use crate::base::limits::RECEIPT_BATCH;
use crate::engine::Engine;
use crate::guard::Table;
use crate::guard::receipt::{
    Booking, Directory, Frame, Heads, Key, Keys, Receiver, Refusal, Signed, Unsigned, sign,
};
use crate::journal::Device;
use crate::tools::run::Setup;

/// The devices of a run.
#[derive(Debug)]
pub(super) struct Devices {
    rows: Vec<Booking>,
    heads: Heads,
    keys: Keys,
    receivers: BTreeMap<Device, Receiver>,
    view: Table,
}

/// A receipt, and what its receiver thinks of it.
pub(super) type Judged = (Signed, Result<(), Refusal>);

impl Devices {
    /// One for each role.
    pub(super) fn new(setup: &Setup) -> Self {
        let (mut keys, mut directory) = (Keys::default(), Directory::new());
        let view = setup.guards.clone().unwrap_or_default();
        let first = setup.cast.programs().next();
        let roles = first.into_iter().flat_map(|program| &program.roles);
        let devices: Vec<Device> = roles.filter_map(|role| Device::new(role.name.clone()).ok()).collect();
        for device in &devices {
            let key = Key::stand_in(setup.seed, device);
            directory.enter(device.clone(), key.public());
            keys.enter(device.clone(), key);
        }
        let receiver = |device: Device| (device.clone(), Receiver::new(device, directory.clone()));
        let receivers = devices.into_iter().map(receiver).collect();
        Self { rows: Vec::new(), heads: Heads::default(), keys, receivers, view }
    }

    /// Takes what the engine has booked; whether there is enough for a batch.
    pub(super) fn book(&mut self, engine: &mut Engine) -> bool {
        self.rows.extend(std::iter::from_fn(|| engine.poll_booking()));
        self.rows.len() >= RECEIPT_BATCH
    }

    /// Signs all rows that were taken, and has their receivers judge them. A row that cannot be signed takes none with it
    /// but those that follow it in its chain; why the first one could not is said beside what was.
    pub(super) fn settle(&mut self) -> (Vec<Judged>, Option<Unsigned>) {
        let rows = std::mem::take(&mut self.rows);
        let (mut judged, mut unsigned) = (Vec::with_capacity(rows.len()), None);
        for batch in rows.chunks(RECEIPT_BATCH) {
            if self.sign(batch, &mut judged).is_ok() {
                continue;
            }
            // Something is wrong with one of them, so each is signed by itself.
            for row in batch {
                let one = self.sign(std::slice::from_ref(row), &mut judged);
                unsigned = unsigned.or(one.err());
            }
        }
        (judged, unsigned)
    }

    /// Signs a batch whole or not at all.
    fn sign(&mut self, batch: &[Booking], judged: &mut Vec<Judged>) -> Result<(), Unsigned> {
        for (row, signed) in batch.iter().zip(sign(batch, &mut self.heads, &self.keys)?) {
            let verdict = self.judge(row, &signed);
            judged.push((signed, verdict));
        }
        Ok(())
    }

    fn judge(&mut self, row: &Booking, signed: &Signed) -> Result<(), Refusal> {
        let receiver = self.receivers.get_mut(&row.charge.dst).ok_or(Refusal::Foreign)?;
        // The engine's time is everybody's here, so the row tells the epoch.
        receiver
            .open(&row.charge.context, &row.charge.src, &row.charge.dst, row.charge.epoch)
            .map_err(|_| Refusal::Foreign)?;
        let receipts = [signed.to_bytes()];
        let frame = Frame {
            context: &row.charge.context,
            origin: &row.charge.src,
            peer: &row.charge.src,
            session: row.charge.session,
            label: &row.charge.label,
            payload: &row.payload,
            receipts: &receipts,
        };
        receiver.take(&frame, &self.view).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::base::value::Value;
    use crate::guard::receipt::Charged;
    use crate::journal::{Context, Epoch};

    #[test]
    fn a_row_that_cannot_be_signed_loses_no_other() {
        let device = |name: &str| Device::new(name).unwrap();
        let mut keys = Keys::default();
        for name in ["A", "B"] {
            keys.enter(device(name), Key::stand_in(0, &device(name)));
        }
        let row = |src: &str, nonce, label: &str| {
            let (context, src, dst) = (Context::new("local").unwrap(), device(src), device("C"));
            let label = Arc::from(label);
            let charge =
                Charged { context, src, dst, session: 0, label, hop: 0, epoch: Epoch(0), cost: 1, nonce };
            Booking { charge, payload: Value::None }
        };
        let long = "x".repeat(5_000);
        let rows = vec![row("A", 1, "Ask"), row("B", 1, &long), row("A", 2, "Ask"), row("B", 2, "Ask")];
        let (heads, view) = (Heads::default(), Table::default());
        let mut devices = Devices { rows, heads, keys, receivers: BTreeMap::new(), view };
        let (judged, unsigned) = devices.settle();
        let said =
            |(signed, _): &Judged| (signed.receipt.charge.src.to_string(), signed.receipt.charge.nonce);
        assert_eq!(judged.iter().map(said).collect::<Vec<_>>(), [("A".to_owned(), 1), ("A".to_owned(), 2)]);
        assert_eq!(unsigned, Some(Unsigned::Large));
    }
}
