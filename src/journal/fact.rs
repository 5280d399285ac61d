//! One fact: what a device said, when in the order of its set, and the id that its content decides.
//!
//! Is not: a claim that it is true, or that the device may say it.

use std::cmp::Ordering;
use std::fmt;
use std::sync::{Arc, OnceLock};

use crate::base::limits::{FACT_BYTES_MAX, FACT_ORDER_MAX};
use crate::base::value::Value;
use crate::base::weight;
use crate::journal::canon;
use crate::journal::name::{Context, Device, Key, Namespace};
use crate::journal::set::Refusal;

/// A period of a context's budgets and facts, counted up; it is told by facts, never by a clock.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Epoch(pub u64);

/// Where a fact belongs: to one set, and to no other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Place {
    /// The context.
    pub context: Context,
    /// The namespace within it.
    pub namespace: Namespace,
}

/// The BLAKE3 hash of a fact's canonical bytes (`journal::canon`), its place included.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FactId(pub [u8; 32]);

impl fmt::Display for FactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for FactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A fact. Equality is by content, and so by id; the order is that of [`Fact::order`], then devices, then ids.
#[derive(Clone, Debug)]
pub struct Fact {
    place: Arc<Place>,
    key: Key,
    data: Value,
    device: Device,
    epoch: Epoch,
    order: u64,
    /// Length of the canonical bytes.
    bytes: usize,
    /// Made when it is first asked for: a hash costs more than an append to a set in memory should.
    id: OnceLock<Box<FactId>>,
}

impl Fact {
    /// The fact of these parts.
    ///
    /// # Errors
    /// Its data is too large or not known, or its order is beyond `limits::FACT_ORDER_MAX`.
    pub fn new(
        place: Arc<Place>,
        key: Key,
        data: Value,
        device: Device,
        epoch: Epoch,
        order: u64,
    ) -> Result<Self, Refusal> {
        if order > FACT_ORDER_MAX {
            return Err(Refusal::Order);
        }
        // Bounds the depth too, so that the walks below need only a small stack.
        weight::weigh(&data, 0).map_err(Refusal::Large)?;
        if !known(&data) {
            return Err(Refusal::Unknown);
        }
        let mut fact = Self { place, key, data, device, epoch, order, bytes: 0, id: OnceLock::new() };
        let mut bytes = 0;
        canon::fact(&fact, &fact.place, &mut bytes);
        if bytes > FACT_BYTES_MAX {
            return Err(Refusal::Bytes);
        }
        fact.bytes = bytes;
        Ok(fact)
    }

    /// The set that it belongs to.
    #[must_use]
    pub const fn place(&self) -> &Arc<Place> {
        &self.place
    }

    /// What it is about, within its namespace.
    #[must_use]
    pub const fn key(&self) -> &Key {
        &self.key
    }

    /// What it says.
    #[must_use]
    pub const fn data(&self) -> &Value {
        &self.data
    }

    /// Who said it.
    #[must_use]
    pub const fn device(&self) -> &Device {
        &self.device
    }

    /// In which epoch.
    #[must_use]
    pub const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Its place in its set: one more than the greatest that the device had seen there. Two devices may use one
    /// number.
    #[must_use]
    pub const fn order(&self) -> u64 {
        self.order
    }

    /// Length of its canonical bytes.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> FactId {
        **self.id.get_or_init(|| {
            let mut hasher = blake3::Hasher::new();
            canon::fact(self, &self.place, &mut hasher);
            Box::new(FactId(*hasher.finalize().as_bytes()))
        })
    }
}

impl PartialEq for Fact {
    fn eq(&self, other: &Self) -> bool {
        let key = |fact: &Self| (fact.order, fact.epoch);
        key(self) == key(other)
            && self.device == other.device
            && self.key == other.key
            && self.data == other.data
            && self.place == other.place
    }
}

impl Eq for Fact {}

impl PartialOrd for Fact {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Fact {
    fn cmp(&self, other: &Self) -> Ordering {
        self.order
            .cmp(&other.order)
            .then_with(|| self.device.cmp(&other.device))
            // A device that uses a number twice is rare, so ids are rarely made here.
            .then_with(|| if self == other { Ordering::Equal } else { self.id().cmp(&other.id()) })
    }
}

/// Whether no part of a value is one that nobody knows.
fn known(value: &Value) -> bool {
    match value {
        Value::Opaque(_) => false,
        Value::List(items) => items.iter().all(known),
        Value::Record(fields) => fields.iter().all(|(_, value)| known(value)),
        Value::Variant(variant) => variant.1.iter().all(|(_, value)| known(value)),
        _ => true,
    }
}
