//! Time as data: an instant and a duration in nanoseconds, given to the core as arguments.
//!
//! Is not: a clock. `cli` and `host` read clocks; everything below takes `now`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A moment, in nanoseconds since an origin that the caller chose (the start of a run, the Unix epoch).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Instant(pub u64);

/// A span of time in nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Duration(pub u64);

impl Duration {
    /// A millisecond.
    pub const MS: Self = Self(1_000_000);
}

impl Instant {
    /// The moment `span` later; saturates at the end of time.
    #[must_use]
    pub const fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

/// The units a duration is written in, largest first: suffix and nanoseconds.
pub const UNITS: [(&str, u64); 5] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
];

/// Writes the largest unit that divides the span: `90s`, `2h`, `250ms`; what no unit divides is in `ns`.
impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = UNITS.iter().find(|(_, ns)| self.0 >= *ns && self.0.is_multiple_of(*ns));
        match whole {
            Some((unit, ns)) => write!(f, "{}{unit}", self.0 / ns),
            None if self.0 == 0 => f.write_str("0ms"),
            None => write!(f, "{}ns", self.0),
        }
    }
}
