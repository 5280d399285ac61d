//! Handlers in Rust, by the name under which they were registered.
//!
//! Is not: a judgement of what they do. One that panics fails its call.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::effect::call::Answer;
use crate::host::handlers::{Asked, Handler, Tried, lock};

/// A task that ends when this is dropped.
struct Abort(JoinHandle<Answer>);

impl Drop for Abort {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What is registered.
#[derive(Clone, Default)]
pub(super) struct Registry(Arc<Inner>);

#[derive(Default)]
struct Inner {
    handlers: Mutex<BTreeMap<String, Arc<dyn Handler>>>,
    changed: watch::Sender<u64>,
}

impl Registry {
    pub(super) fn insert(&self, name: &str, handler: Arc<dyn Handler>) {
        lock(&self.0.handlers).insert(name.to_owned(), handler);
        self.0.changed.send_modify(|count| *count += 1);
    }

    pub(super) fn find(&self, name: &str) -> Option<Arc<dyn Handler>> {
        lock(&self.0.handlers).get(name).cloned()
    }

    /// Asks the code of this name, once there is some.
    pub(super) async fn ask(&self, asked: &Asked, handed: &Arc<AtomicBool>) -> Tried {
        let mut changed = self.0.changed.subscribe();
        let handler = loop {
            if let Some(handler) = self.find(&asked.handler) {
                break handler;
            }
            if changed.changed().await.is_err() {
                return Tried::NotAsked("the host ends".to_owned());
            }
        };
        handed.store(true, Ordering::Release);
        let asked = asked.clone();
        // In a task of its own, so that a panic ends the call and not whoever has made it.
        let mut answering = Abort(tokio::spawn(async move { handler.call(&asked).await }));
        match (&mut answering.0).await {
            Ok(answer) => Tried::Answered(answer),
            Err(_) => Tried::Lost("its code has panicked".to_owned()),
        }
    }
}
