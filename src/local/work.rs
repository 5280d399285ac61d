//! A measure of work, so that no protocol can hold the checker up for long.
//!
//! Is not: a clock. The same protocol spends the same work on every machine.

/// Work that may still be done.
#[derive(Clone, Debug)]
pub(super) struct Work {
    left: u64,
}

impl Work {
    /// So much work, in positions looked at.
    pub(super) const fn of(left: u64) -> Self {
        Self { left }
    }

    /// Takes note of work that was done.
    pub(super) const fn spend(&mut self, done: u64) {
        self.left = self.left.saturating_sub(done);
    }

    /// Whether there is some left.
    pub(super) const fn left(&self) -> bool {
        self.left > 0
    }
}
