//! The log: entries in the order in which they were taken, durable before anything that follows from them leaves.
//!
//! [`Log`] is the seam: append a batch with its position. `segments` is the log of
//! a directory, `frame` the bytes of a batch, `encode` those of an entry, `examine` looks for damage and cuts there.
//! `snapshot` is what entries have led to, and `keeper` makes snapshots, so that neither the log nor a start grows without
//! end.
//! Is not: a judge of entries. What it gives back is what was appended, or a [`Trouble`] that says where it is damaged.

pub mod encode;
pub mod examine;
mod frame;
pub mod keeper;
pub mod segments;
pub mod snapshot;
#[cfg(test)]
mod tests;

use std::fmt;
use std::fs::File;
use std::io;
use std::path::Path;

use crate::diag::code::Code;

/// Something durable that entries are appended to.
pub trait Log: Send {
    /// Appends a batch of entries, the first of which has this position. When it returns, the batch is durable; when it
    /// fails, it is as if nothing was appended, and the same batch may be tried again.
    ///
    /// # Errors
    /// What the system says: a full disk, a disk that cannot be written.
    fn append(&mut self, first: u64, entries: u32, batch: &[u8]) -> io::Result<()>;
}

/// A log that forgets everything: `durability: none`. The directory is its engine's all the same.
#[derive(Debug)]
pub struct Nowhere {
    _lock: File,
}

impl Nowhere {
    /// Takes a directory; gives also whether there is a log that is not read.
    ///
    /// # Errors
    /// Another process has it (E0605), or the system does not let it be used (E0603).
    pub fn open(directory: &Path) -> Result<(Self, bool), Trouble> {
        segments::hold(directory).map(|(lock, unread)| (Self { _lock: lock }, unread))
    }
}

impl Log for Nowhere {
    fn append(&mut self, _: u64, _: u32, _: &[u8]) -> io::Result<()> {
        Ok(())
    }
}

/// Why a log cannot be opened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trouble {
    /// One of E0601 to E0605, or E0615.
    pub code: Code,
    /// What is wrong and where, one line.
    pub reason: String,
}

impl Trouble {
    pub(super) fn new(code: Code, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into() }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.name(), self.reason)
    }
}

impl std::error::Error for Trouble {}
