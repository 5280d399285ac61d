//! One fact: what a device said, when in the order of its set, and the id that its content decides.
//!
//! Is not: a claim that it is true, or that the device may say it.

use std::cmp::Ordering;
use std::fmt;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use crate::base::limits::{FACT_BYTES_MAX, FACT_ORDER_MAX};
use crate::base::value::Value;
use crate::journal::canon;
use crate::journal::name::{Context, Device, Key, Namespace};
use crate::journal::set::Refusal;

/// A period of a context's budgets and facts, counted up; it is told by facts, never by a clock.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Epoch(pub u64);

/// Where a fact belongs: to one set, and to no other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Place {
    /// The context.
    pub context: Context,
    /// The namespace within it.
    pub namespace: Namespace,
}

/// What many facts have alike: where they belong, what they are about, who says them. Made once, shared by all of them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Heading {
    place: Arc<Place>,
    key: Key,
    device: Device,
    /// Length of its canonical bytes.
    bytes: usize,
}

impl Heading {
    /// The heading of what `device` says about `key` at `place`.
    #[must_use]
    pub fn new(place: Arc<Place>, key: Key, device: Device) -> Self {
        let mut heading = Self { place, key, device, bytes: 0 };
        let mut bytes = 0;
        canon::heading(&heading, &mut bytes);
        heading.bytes = bytes;
        heading
    }

    /// The set that its facts belong to.
    #[must_use]
    pub const fn place(&self) -> &Arc<Place> {
        &self.place
    }

    /// What they are about, within their namespace.
    #[must_use]
    pub const fn key(&self) -> &Key {
        &self.key
    }

    /// Who says them.
    #[must_use]
    pub const fn device(&self) -> &Device {
        &self.device
    }
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
    heading: Arc<Heading>,
    data: Value,
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
    #[inline]
    pub fn new(heading: Arc<Heading>, data: Value, epoch: Epoch, order: u64) -> Result<Self, Refusal> {
        if order > FACT_ORDER_MAX {
            return Err(Refusal::Order);
        }
        let bytes = heading.bytes + canon::NUMBERS_BYTES;
        // Bounds the depth too, so that later walks need only a small stack.
        let bytes = bytes + canon::length(&data, FACT_BYTES_MAX.saturating_sub(bytes))?;
        Ok(Self { heading, data, epoch, order, bytes, id: OnceLock::new() })
    }

    /// What it has alike with others.
    #[must_use]
    pub const fn heading(&self) -> &Arc<Heading> {
        &self.heading
    }

    /// The set that it belongs to.
    #[must_use]
    pub fn place(&self) -> &Arc<Place> {
        &self.heading.place
    }

    /// What it is about, within its namespace.
    #[must_use]
    pub fn key(&self) -> &Key {
        &self.heading.key
    }

    /// What it says.
    #[must_use]
    pub const fn data(&self) -> &Value {
        &self.data
    }

    /// Who said it.
    #[must_use]
    pub fn device(&self) -> &Device {
        &self.heading.device
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
            canon::fact(self, &mut hasher);
            Box::new(FactId(*hasher.finalize().as_bytes()))
        })
    }
}

impl PartialEq for Fact {
    fn eq(&self, other: &Self) -> bool {
        let key = |fact: &Self| (fact.order, fact.epoch, fact.bytes);
        key(self) == key(other) && self.heading == other.heading && self.data == other.data
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
            .then_with(|| self.device().cmp(other.device()))
            // A device that uses a number twice is rare, so ids are rarely made here.
            .then_with(|| if self == other { Ordering::Equal } else { self.id().cmp(&other.id()) })
    }
}
