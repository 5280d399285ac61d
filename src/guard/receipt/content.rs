//! What a receipt says, the bytes that are signed, and the bytes that travel.
//!
//! The bytes are those of `journal::canon` under a domain of their own, so no receipt is ever read as a fact, or a fact as a
//! receipt. [`Signed::read`] takes exactly what [`Signed::to_bytes`] gives: one receipt has one form.
//! Is not: a judgement. What was read may be forged.

use std::fmt;
use std::sync::Arc;

use crate::base::limits::RECEIPT_BYTES_MAX;
use crate::base::value::Value;
use crate::guard::receipt::key::Signature;
use crate::guard::receipt::refusal::Refusal;
use crate::journal::canon::{Sink, number, text, value};
use crate::journal::{Context, Device, Epoch};

// Each tells its bytes from whatever else is hashed or signed; it changes with every change of what follows it.
const RECEIPT: &[u8] = b"laban receipt 1\n";
const CHAIN: &[u8] = b"laban receipt chain 1\n";
const PAYLOAD: &[u8] = b"laban payload 1\n";

/// A BLAKE3 hash: of a receipt, of the place where a chain begins, of a payload.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Hash(pub [u8; 32]);

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What was spent for one message: what the commit knows, and the receipt says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Charged {
    /// The relationship that the spending belongs to.
    pub context: Context,
    /// Who has spent.
    pub src: Device,
    /// Toward whom.
    pub dst: Device,
    /// The session, by a number of the engine.
    pub session: u64,
    /// The message.
    pub label: Arc<str>,
    /// The number of the hop, from 0.
    pub hop: u16,
    /// The epoch of the budget.
    pub epoch: Epoch,
    /// What was spent.
    pub cost: u64,
    /// Counts what needs a receipt, by context, sender, receiver and epoch, from 1: the receipts of one chain.
    pub nonce: u64,
}

/// What a device says that it has spent for one message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Receipt {
    /// What was spent.
    pub charge: Charged,
    /// The hash of the receipt before it in the chain; of the first one [`genesis`].
    pub prev: Hash,
    /// The hash of what the message carries: [`payload_hash`].
    pub payload: Hash,
}

/// A receipt, and its sender's word for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signed {
    /// What is said.
    pub receipt: Receipt,
    /// The signature over [`Receipt::bytes`].
    pub signature: Signature,
}

/// What the first receipt of a chain follows: every context, sender, receiver and epoch has a beginning of its own.
#[must_use]
pub fn genesis(context: &Context, src: &Device, dst: &Device, epoch: Epoch) -> Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.put(CHAIN);
    text(context.as_str(), &mut hasher);
    text(src.as_str(), &mut hasher);
    text(dst.as_str(), &mut hasher);
    number(epoch.0, &mut hasher);
    Hash(*hasher.finalize().as_bytes())
}

/// The hash of what a message carries.
#[must_use]
pub fn payload_hash(payload: &Value) -> Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.put(PAYLOAD);
    value(payload, &mut hasher);
    Hash(*hasher.finalize().as_bytes())
}

impl Receipt {
    /// The bytes that are signed and hashed.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let Charged { context, src, dst, session, label, hop, epoch, cost, nonce } = &self.charge;
        let mut out =
            Vec::with_capacity(signed_length([context.as_str(), src.as_str(), dst.as_str(), &**label]));
        out.put(RECEIPT);
        text(context.as_str(), &mut out);
        text(src.as_str(), &mut out);
        text(dst.as_str(), &mut out);
        number(*session, &mut out);
        text(label, &mut out);
        number(u64::from(*hop), &mut out);
        number(epoch.0, &mut out);
        number(*cost, &mut out);
        number(*nonce, &mut out);
        out.put(&self.prev.0);
        out.put(&self.payload.0);
        out
    }

    /// The hash that the next receipt of the chain names.
    #[must_use]
    pub fn hash(&self) -> Hash {
        hash_of(&self.bytes())
    }
}

/// The bytes of a signed receipt with these names: context, sender, receiver, message.
fn signed_length(names: [&str; 4]) -> usize {
    let names: usize = names.iter().map(|name| name.len() + 8).sum();
    RECEIPT.len() + names + 5 * 8 + 2 * 32 + Signature::BYTES
}

/// Whether a receipt with these names is no longer than `limits::RECEIPT_BYTES_MAX`.
#[must_use]
pub(in crate::guard) fn fits(names: [&str; 4]) -> bool {
    signed_length(names) <= RECEIPT_BYTES_MAX
}

/// The hash of a receipt with these bytes.
pub(super) fn hash_of(bytes: &[u8]) -> Hash {
    Hash(*blake3::hash(bytes).as_bytes())
}

impl Signed {
    /// The bytes that travel: those that are signed, then the signature.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.receipt.bytes();
        bytes.put(&self.signature.0);
        bytes
    }

    /// Reads what [`Self::to_bytes`] gives, and nothing else.
    ///
    /// # Errors
    /// [`Refusal::Unreadable`]: something is missing, left over, too long or no name.
    pub fn read(bytes: &[u8]) -> Result<Self, Refusal> {
        if bytes.len() > RECEIPT_BYTES_MAX {
            return Err(Refusal::Unreadable);
        }
        Reader(bytes).signed().ok_or(Refusal::Unreadable)
    }
}

/// What is left to read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn signed(&mut self) -> Option<Signed> {
        (self.take(RECEIPT.len())? == RECEIPT).then_some(())?;
        let charge = Charged {
            context: Context::new(self.text()?).ok()?,
            src: Device::new(self.text()?).ok()?,
            dst: Device::new(self.text()?).ok()?,
            session: self.number()?,
            label: self.text()?.into(),
            hop: u16::try_from(self.number()?).ok()?,
            epoch: Epoch(self.number()?),
            cost: self.number()?,
            nonce: self.number()?,
        };
        let receipt = Receipt { charge, prev: Hash(self.array()?), payload: Hash(self.array()?) };
        let signature = Signature(self.array()?);
        self.0.is_empty().then_some(Signed { receipt, signature })
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn number(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn text(&mut self) -> Option<&'a str> {
        let count = usize::try_from(self.number()?).ok()?;
        str::from_utf8(self.take(count)?).ok()
    }
}
