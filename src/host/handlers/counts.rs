//! What is counted about one handler, over all that ever stood behind its name.
//!
//! Is not: a judgement. `breaker` is one, of the failures in a row.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::host::handlers::lock;
use crate::host::handlers::status::{State, Status};

/// The counts of one handler.
#[derive(Default)]
pub(super) struct Counts {
    /// Calls under way, whatever they wait for.
    pub(super) under_way: AtomicUsize,
    /// Those of them that somebody is being asked.
    pub(super) in_flight: AtomicUsize,
    calls: AtomicU64,
    failures: AtomicU64,
    restarts: AtomicU64,
    strays: AtomicU64,
    garbage: AtomicU64,
    trouble: Mutex<Option<String>>,
}

impl Counts {
    /// An answer to a call that nobody waits for: late, or given twice.
    pub(super) fn stray(&self) {
        self.strays.fetch_add(1, Ordering::Relaxed);
    }

    /// A message that is no answer.
    pub(super) fn garbage(&self) {
        self.garbage.fetch_add(1, Ordering::Relaxed);
        self.trouble("it said something that is no answer of JSON-RPC".to_owned());
    }

    /// Notes what went wrong last: one line, in words of ours.
    pub(super) fn trouble(&self, trouble: String) {
        *lock(&self.trouble) = Some(trouble);
    }

    pub(super) fn call(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn failure(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn restart(&self) {
        self.restarts.fetch_add(1, Ordering::Relaxed);
    }

    /// Calls that somebody is being asked.
    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Answers that came too late or twice, and messages that were no answers.
    pub(super) fn noise(&self) -> (u64, u64) {
        (self.strays.load(Ordering::Relaxed), self.garbage.load(Ordering::Relaxed))
    }

    /// The counts, with what is said of the handler otherwise.
    pub(super) fn shown(
        &self,
        name: &Arc<str>,
        kind: &'static str,
        state: State,
        instances: usize,
    ) -> Status {
        let in_flight = self.in_flight();
        let (strays, garbage) = self.noise();
        Status {
            name: name.clone(),
            kind,
            state,
            instances,
            in_flight,
            waiting: self.under_way.load(Ordering::Relaxed).saturating_sub(in_flight),
            calls: self.calls.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
            restarts: self.restarts.load(Ordering::Relaxed),
            strays,
            garbage,
            last_trouble: lock(&self.trouble).clone(),
        }
    }
}

/// One more of something, until this is dropped.
pub(super) struct Held<'a>(&'a AtomicUsize);

impl<'a> Held<'a> {
    pub(super) fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }

    /// One more; none if there are `most` already.
    pub(super) fn below(count: &'a AtomicUsize, most: usize) -> Option<Self> {
        let held = Self::new(count);
        (count.load(Ordering::Relaxed) <= most).then_some(held)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
