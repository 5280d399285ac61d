//! The watcher: says that something may have changed in a directory.
//!
//! What the system tells is taken as *look again* and nothing more, a little later, so that a burst of saves is one look;
//! that somebody reads, or that the engine writes its own files, is no such word: else every look would ask for the next.
//! and because systems forget to tell, one looks again from time to time all the same.
//! Is not: a reader of files.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecursiveMode, Watcher};
use tokio::sync::Notify;

use crate::host::desk::Away;
use crate::host::generation::{Anew, Generations};
use crate::host::serve::own;

/// How long after the first word one looks: editors write, rename and remove in one go.
const SETTLES: Duration = Duration::from_millis(30);
/// How long one waits for a word.
const PATIENCE: Duration = Duration::from_secs(2);

/// Looks again whenever something may have changed, for ever.
pub async fn watch(generations: Arc<Generations>) {
    let again = Arc::new(Notify::new());
    let word = again.clone();
    let own = own(generations.directory());
    let own = std::path::absolute(&own).unwrap_or(own);
    let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        if event.as_ref().map_or(true, |event| matters(event, &own)) {
            word.notify_one();
        }
    });
    // Without a watcher one still looks from time to time.
    let _watcher = match watcher {
        Ok(mut watcher) => {
            if let Err(error) = watcher.watch(Path::new(generations.directory()), RecursiveMode::Recursive) {
                tracing::warn!(%error, "the directory cannot be watched; it is looked at every two seconds");
            }
            Some(watcher)
        }
        Err(error) => {
            tracing::warn!(%error, "directories cannot be watched here; this one is looked at every two seconds");
            None
        }
    };
    loop {
        if tokio::time::timeout(PATIENCE, again.notified()).await.is_ok() {
            tokio::time::sleep(SETTLES).await;
        }
        // Where the node has no room for a new generation, one looks again a little later.
        if generations.look_again(Anew::No).await == Err(Away::Closed) {
            return;
        }
    }
}

/// Whether something may have changed that the engine does not change itself.
fn matters(event: &Event, own: &Path) -> bool {
    let read = matches!(event.kind, EventKind::Access(kind) if kind != AccessKind::Close(AccessMode::Write));
    let ours = !event.paths.is_empty() && event.paths.iter().all(|path| path.starts_with(own));
    !read && !ours
}
