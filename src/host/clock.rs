//! The clock of the host: nanoseconds since the first of January 1970, and waiting.
//!
//! The one place that reads time.

use std::thread;
use std::time::{self, Duration, SystemTime};

use crate::base::time::Instant;

/// Now.
#[expect(clippy::disallowed_methods, reason = "this is the host's clock")]
#[must_use]
pub fn now() -> Instant {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Instant(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}

/// A clock that never goes back, wherever the system's goes meanwhile: it begins at the later of now and a moment, and counts
/// from there.
#[derive(Clone, Copy, Debug)]
pub struct Steady {
    base: Instant,
    began: time::Instant,
}

impl Steady {
    /// The clock of a node that has seen this moment.
    #[expect(clippy::disallowed_methods, reason = "this is the host's clock")]
    #[must_use]
    pub fn after(seen: Instant) -> Self {
        Self { base: now().max(seen), began: time::Instant::now() }
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Instant {
        let since = u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        Instant(self.base.0.saturating_add(since))
    }
}

/// How long it is from one moment to another; nothing where that is past.
#[must_use]
pub const fn between(from: Instant, to: Instant) -> Duration {
    Duration::from_nanos(to.0.saturating_sub(from.0))
}

/// Has this thread do nothing for a while.
#[expect(clippy::disallowed_methods, reason = "a thread of the host waits for a disk that refuses")]
pub fn rest(span: Duration) {
    thread::sleep(span);
}
