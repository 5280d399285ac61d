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

    /// Signs all rows that were taken, and has their receivers judge them.
    pub(super) fn settle(&mut self) -> Result<Vec<Judged>, Unsigned> {
        let rows = std::mem::take(&mut self.rows);
        let mut judged = Vec::with_capacity(rows.len());
        for batch in rows.chunks(RECEIPT_BATCH) {
            for (row, signed) in batch.iter().zip(sign(batch, &mut self.heads, &self.keys)?) {
                let verdict = self.judge(row, &signed);
                judged.push((signed, verdict));
            }
        }
        Ok(judged)
    }

    fn judge(&mut self, row: &Booking, signed: &Signed) -> Result<(), Refusal> {
        let receiver = self.receivers.get_mut(&row.dst).ok_or(Refusal::Foreign)?;
        // The engine's time is everybody's here, so the row tells the epoch.
        receiver.open(&row.context, &row.src, &row.dst, row.epoch).map_err(|_| Refusal::Foreign)?;
        let receipts = [signed.to_bytes()];
        let frame = Frame {
            context: &row.context,
            origin: &row.src,
            peer: &row.src,
            session: row.session,
            label: &row.label,
            payload: &row.payload,
            receipts: &receipts,
        };
        receiver.take(&frame, &self.view).map(|_| ())
    }
}
