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

/// A clock that never goes back and never stands still, wherever the system's goes meanwhile: it follows that one forward, after
/// a machine has slept too, and counts by itself while that one is behind.
#[derive(Clone, Copy, Debug)]
pub struct Steady {
    last: Instant,
    read: time::Instant,
}

impl Steady {
    /// The clock of a node that has seen this moment.
    #[expect(clippy::disallowed_methods, reason = "this is the host's clock")]
    #[must_use]
    pub fn after(seen: Instant) -> Self {
        Self { last: seen, read: time::Instant::now() }
    }

    /// Now.
    #[expect(clippy::disallowed_methods, reason = "this is the host's clock")]
    pub fn now(&mut self) -> Instant {
        let read = time::Instant::now();
        let since = read.saturating_duration_since(self.read).as_nanos();
        let counted = self.last.0.saturating_add(u64::try_from(since).unwrap_or(u64::MAX));
        (self.last, self.read) = (now().max(Instant(counted)), read);
        self.last
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
