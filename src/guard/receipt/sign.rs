//! Receipts out of booked rows: hash, chain, signature, in batches and away from the way of messages.
//!
//! In go rows in the order of their commits, the newest receipt of each chain, and keys; out come signed receipts and the
//! new heads of the chains. Pure: however the rows are cut into batches, the receipts are the same.
//! Is not: a judge of whether the spending was right; the commit that booked the row was.

use std::collections::BTreeMap;
use std::fmt;

use crate::base::limits::RECEIPT_BYTES_MAX;
use crate::base::value::Value;
use crate::guard::receipt::content::{Charged, Hash, Receipt, Signed, genesis, hash_of, payload_hash};
use crate::guard::receipt::key::{Key, Signature};
use crate::journal::{Context, Device, Epoch};

/// A row: what a commit has written down of a message that needs a receipt.
#[derive(Clone, PartialEq, Debug)]
pub struct Booking {
    /// What was spent.
    pub charge: Charged,
    /// What the message carries.
    pub payload: Value,
}

/// Who signs.
#[derive(Clone, Debug, Default)]
pub struct Keys(BTreeMap<Device, Key>);

impl Keys {
    /// Has a device sign with this key.
    pub fn enter(&mut self, device: Device, key: Key) {
        self.0.insert(device, key);
    }
}

type Ends = (Context, Device, Device);

/// The newest receipt of each chain.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Heads(BTreeMap<Ends, Head>);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Head {
    epoch: Epoch,
    nonce: u64,
    hash: Hash,
}

/// Why rows were not signed. Names neither peer nor payload.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unsigned {
    /// There is no key of a sender.
    Key,
    /// A row does not follow the newest one of its chain.
    Gap,
    /// A receipt would be longer than `limits::RECEIPT_BYTES_MAX`.
    Large,
}

impl fmt::Display for Unsigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Key => "there is no key to sign with",
            Self::Gap => "a row does not follow the one before it",
            Self::Large => "a receipt is longer than the limit",
        })
    }
}

/// Signs rows, in their order.
///
/// # Errors
/// A row cannot be signed; then none is, and the heads are as they were.
pub fn sign(rows: &[Booking], heads: &mut Heads, keys: &Keys) -> Result<Vec<Signed>, Unsigned> {
    let mut moved: BTreeMap<Ends, Head> = BTreeMap::new();
    let mut signed = Vec::with_capacity(rows.len());
    for row in rows {
        let charge = &row.charge;
        let ends = (charge.context.clone(), charge.src.clone(), charge.dst.clone());
        let prev = follows(charge, moved.get(&ends).or_else(|| heads.0.get(&ends)))?;
        let key = keys.0.get(&charge.src).ok_or(Unsigned::Key)?;
        let receipt = Receipt { charge: charge.clone(), prev, payload: payload_hash(&row.payload) };
        let bytes = receipt.bytes();
        if bytes.len() + Signature::BYTES > RECEIPT_BYTES_MAX {
            return Err(Unsigned::Large);
        }
        moved.insert(ends, Head { epoch: charge.epoch, nonce: charge.nonce, hash: hash_of(&bytes) });
        signed.push(Signed { signature: key.sign(&bytes), receipt });
    }
    heads.0.append(&mut moved);
    Ok(signed)
}

/// What a row's receipt names as the one before it.
fn follows(row: &Charged, head: Option<&Head>) -> Result<Hash, Unsigned> {
    match head {
        Some(head) if head.epoch == row.epoch => {
            let next = head.nonce.checked_add(1) == Some(row.nonce);
            if next { Ok(head.hash) } else { Err(Unsigned::Gap) }
        }
        // An epoch that is over stays over.
        Some(head) if head.epoch > row.epoch => Err(Unsigned::Gap),
        _ if row.nonce == 1 => Ok(genesis(&row.context, &row.src, &row.dst, row.epoch)),
        _ => Err(Unsigned::Gap),
    }
}
