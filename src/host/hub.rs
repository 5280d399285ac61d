//! The hub: takes what leaves a node, and hands it on: calls to handlers, news to those who listen, ends to those who
//! wait for them.
//!
//! It works on the writer's thread and never waits. Is not: a queue of its own; what may be lost (news to a listener that
//! is too slow) is lost and counted, what may not (a call, an end) is handed on once.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::runtime::Handle;
use tokio::sync::{broadcast, oneshot, watch};
use tokio::task::AbortHandle;

use crate::base::limits::EVENTS_WAITING;
use crate::effect::call::{Answer, CallId};
use crate::effect::world::Line;
use crate::engine::event::What;
use crate::host::desk::{Desk, Outside, Told};
use crate::node::entry::Entry;
use crate::node::order::{Errand, Order};

/// An answer that is under way.
pub type Answering = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// Makes the calls of a node: see `handlers`.
pub type Caller = Arc<dyn Fn(Errand) -> Answering + Send + Sync>;

/// What everybody may look at.
#[derive(Debug)]
pub struct Board {
    /// Events as lines of JSON.
    pub events: broadcast::Sender<Arc<str>>,
    /// Who waits for the end of a session.
    ends: Mutex<BTreeMap<u64, Vec<oneshot::Sender<()>>>>,
    /// Calls under way.
    running: Mutex<BTreeMap<CallId, AbortHandle>>,
    /// Why the log cannot be written, while it cannot.
    log_trouble: watch::Sender<Option<String>>,
    /// Whether the engine is about to stop.
    stopping: AtomicBool,
    /// What is counted.
    pub counts: Counts,
}

/// What is counted since the start.
#[derive(Debug, Default)]
#[expect(missing_docs, reason = "each is a metric, named and described in `api::metrics`")]
pub struct Counts {
    pub messages: AtomicU64,
    pub denials: AtomicU64,
    pub completed: AtomicU64,
    pub aborted: AtomicU64,
    pub calls: AtomicU64,
    pub receipts: AtomicU64,
    pub refused: AtomicU64,
    pub turned_away: AtomicU64,
}

impl Counts {
    /// One more.
    pub fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

impl Default for Board {
    fn default() -> Self {
        Self {
            events: broadcast::channel(EVENTS_WAITING).0,
            ends: Mutex::default(),
            running: Mutex::default(),
            log_trouble: watch::Sender::default(),
            stopping: AtomicBool::new(false),
            counts: Counts::default(),
        }
    }
}

impl Board {
    /// Tells when a session is over. Ask only for one that is not, while the node is looked at.
    pub fn end_of(&self, session: u64) -> oneshot::Receiver<()> {
        let (tell, told) = oneshot::channel();
        let mut ends = held(&self.ends);
        let waiting = ends.entry(session).or_default();
        waiting.retain(|waits| !waits.is_closed());
        waiting.push(tell);
        told
    }

    /// From now on failures are not answers: the engine stops.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Calls under way.
    #[must_use]
    pub fn calls(&self) -> usize {
        held(&self.running).len()
    }

    /// Why the log cannot be written, while it cannot.
    #[must_use]
    pub fn log_trouble(&self) -> Option<String> {
        self.log_trouble.borrow().clone()
    }

    /// Waits until the log cannot be written, and says why.
    pub async fn log_fails(&self) -> String {
        let mut trouble = self.log_trouble.subscribe();
        let came = trouble.wait_for(Option::is_some).await;
        came.ok().and_then(|trouble| trouble.clone()).unwrap_or_default()
    }
}

/// Carries out what a node orders.
pub struct Hub {
    board: Arc<Board>,
    caller: Caller,
    runtime: Handle,
    desk: Arc<OnceLock<Desk>>,
}

impl Hub {
    /// A hub whose answers go to the desk, once that is known.
    #[must_use]
    pub fn new(board: Arc<Board>, caller: Caller, runtime: Handle, desk: Arc<OnceLock<Desk>>) -> Self {
        Self { board, caller, runtime, desk }
    }

    /// Has a handler answer.
    fn call(&self, errand: Errand) {
        Counts::add(&self.board.counts.calls);
        let (board, desk, call) = (self.board.clone(), self.desk.clone(), errand.call);
        let answering = (self.caller)(errand);
        // Held until the handle is there, so that the call cannot be over before.
        let mut running = held(&self.board.running);
        let task = self.runtime.spawn(async move {
            let answer = answering.await;
            held(&board.running).remove(&call);
            // What fails because handlers stop with the engine is asked again at its next start.
            if board.stopping.load(Ordering::Relaxed) && matches!(answer, Answer::Failed(_)) {
                return;
            }
            if let Some(desk) = desk.get() {
                let _ = desk.push(Entry::Answer { call, answer }).await;
            }
        });
        running.insert(call, task.abort_handle());
    }
}

impl Outside for Hub {
    fn order(&mut self, order: Order) {
        match order {
            Order::Call(errand) => self.call(*errand),
            Order::Withdraw(call) => {
                if let Some(task) = held(&self.board.running).remove(&call) {
                    task.abort();
                }
            }
            Order::Book(_) => Counts::add(&self.board.counts.receipts),
        }
    }

    fn news(&mut self, told: Told) {
        let counts = &self.board.counts;
        match &told.news.what {
            What::Sent { .. } | What::Selected { .. } => Counts::add(&counts.messages),
            What::Denied { .. } => Counts::add(&counts.denials),
            What::Completed => Counts::add(&counts.completed),
            What::Aborted { .. } => Counts::add(&counts.aborted),
            _ => {}
        }
        if matches!(told.news.what, What::Completed | What::Aborted { .. }) {
            let waiting = held(&self.board.ends).remove(&told.news.session);
            waiting.into_iter().flatten().for_each(|waits| {
                let _ = waits.send(());
            });
        }
        if let Some(text) = told.text {
            let _ = self.board.events.send(text);
        }
    }

    fn said(&mut self, session: u64, line: Line) {
        tracing::info!(session, role = %line.role, bytes = line.text.len(), "a role has logged a line");
        tracing::debug!(session, role = %line.role, text = line.text, "console");
    }

    fn log_fails(&mut self, reason: Option<String>) {
        match &reason {
            Some(reason) => {
                tracing::error!(code = "E0603", reason, "the log cannot be written; it is tried again");
            }
            None => tracing::info!("the log can be written again"),
        }
        self.board.log_trouble.send_replace(reason);
    }
}

/// What a lock holds, also where a thread has failed with it: it is never left half changed.
fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}
