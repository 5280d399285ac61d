//! The keeper of a log: makes snapshots of what its files hold, beside the engine, and removes the files that none needs.
//!
//! It replays files that are no longer written to, so the engine never waits for it: its state and that of the engine follow
//! from the same entries. A snapshot is made when as many bytes have come as the one before has, so a large state is not
//! written all the time.
//! Invariant: what is removed is behind two snapshots that are whole.
//! Is not: needed. Where it fails, that is told, the log stays as it is, and the next file makes it try again.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use crate::diag::code::Code;
use crate::host::clock;
use crate::host::log::segments::{self, SEGMENT, Sealed};
use crate::host::log::snapshot::{self, SNAPSHOT, Snapshot};
use crate::host::log::{Trouble, encode};
use crate::node::Node;

/// A keeper at work.
#[derive(Debug)]
pub struct Keeper {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Keeper {
    /// Keeps the log of a directory; `sealed` tells from which position on entries go to another file.
    #[expect(clippy::disallowed_methods, reason = "the host starts the threads")]
    #[must_use]
    pub fn start(directory: PathBuf, sealed: Sealed) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stops = stop.clone();
        let thread = thread::spawn(move || {
            while let Ok(until) = sealed.told.recv() {
                let until = sealed.told.try_iter().last().unwrap_or(until);
                if stops.load(Ordering::Relaxed) {
                    return;
                }
                if let Err(trouble) = keep(&directory, until, &stops) {
                    let code = trouble.code.name();
                    tracing::error!(code, "{}; the log grows until one can be made", trouble.reason);
                }
            }
        });
        Self { stop, thread }
    }

    /// Has it stop, and waits until it has: what it is about to write is written.
    pub fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.thread.join();
    }
}

/// Makes a snapshot of what stands before a position, if it is time for one, and removes what none needs any more.
pub(super) fn keep(directory: &Path, until: u64, stop: &AtomicBool) -> Result<(), Trouble> {
    let failed = |error: io::Error| {
        Trouble::new(Code::E0603, format!("a snapshot in `{}` cannot be made: {error}", directory.display()))
    };
    let last = segments::files(directory, SNAPSHOT).map_err(failed)?.pop();
    let from = last.as_ref().map_or(1, |(next, _)| *next);
    let before = last.map_or(0, |(_, path)| fs::metadata(path).map_or(0, |data| data.len()));
    let mut new = 0;
    for (_, path) in segments::between(directory, from, until).map_err(failed)? {
        new += fs::metadata(path).map_err(failed)?.len();
    }
    if until <= from || new < before {
        return Ok(());
    }
    let began = clock::now();
    let found = snapshot::newest(directory)?.found;
    let Some(node) = replayed(directory, found, until, stop)? else { return Ok(()) };
    let bytes = snapshot::write(directory, until, &node).map_err(failed)?;
    let removed = prune(directory).map_err(failed)?;
    let ms = clock::between(began, clock::now()).as_millis() as u64;
    tracing::info!(entries = until - 1, bytes, removed, ms, "a snapshot is made");
    Ok(())
}

/// The node that the entries before a position lead to; none if it is told to stop.
fn replayed(
    directory: &Path,
    found: Option<Snapshot>,
    until: u64,
    stop: &AtomicBool,
) -> Result<Option<Node>, Trouble> {
    let (mut node, from) = found.map_or_else(|| (Node::new(), 1), |found| (found.node, found.next));
    let mut next = from;
    let files = segments::between(directory, from, until);
    for (first, path) in files.map_err(|error| segments::unwritable(directory, &error))? {
        let bytes = segments::fs_read(&path).map_err(|error| segments::unwritable(directory, &error))?;
        if first > next {
            return Err(segments::gap(&path, first, next));
        }
        for frame in segments::scan(&bytes, first).frames {
            if stop.load(Ordering::Relaxed) {
                return Ok(None);
            }
            if frame.first == next {
                next += encode::replay(&mut node, frame.batch)
                    .map_err(|_| segments::damaged(&path, segments::START))?;
            }
        }
    }
    if next != until {
        let reason = format!("the log in `{}` has no entry {next} before {until}", directory.display());
        return Err(Trouble::new(Code::E0601, reason));
    }
    Ok(Some(node))
}

/// Removes all snapshots but two, and the files that stand before both of them; gives the number of files.
fn prune(directory: &Path) -> io::Result<usize> {
    let mut snapshots = segments::files(directory, SNAPSHOT)?;
    snapshots.truncate(snapshots.len().saturating_sub(1));
    let Some((needed, path)) = snapshots.pop() else { return Ok(0) };
    if !snapshot::is_whole(&path)? {
        return Ok(0);
    }
    // The oldest first: what is left has no gap, wherever it ends.
    let logs = segments::files(directory, SEGMENT)?;
    let behind = logs.iter().zip(logs.iter().skip(1)).filter(|(_, (after, _))| *after <= needed);
    let gone: Vec<PathBuf> = behind
        .map(|((_, path), _)| path.clone())
        .chain(snapshots.into_iter().map(|(_, path)| path))
        .collect();
    gone.iter().try_for_each(fs::remove_file)?;
    Ok(gone.len())
}
