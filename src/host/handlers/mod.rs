//! Handlers: who answers the calls of sessions, registered, replaced and taken away while sessions run.
//!
//! In go the handlers of bindings, services that connect, code that registers itself, and calls; out come answers. A call waits
//! for room and for whoever is away, is tried again as its handler's rule says, and ends by its deadline whatever happens.
//! `endpoint` is what stands behind one name; `process`, `http`, `socket` and `native` ask, each in its way; `wire` says what is
//! said, `exchange` keeps the calls of one connection.
//! Invariants: an operation declared `once` that somebody may have seen is not asked again; no payload and no secret is in
//! a log line or a failure; nothing that a handler does makes this hang or grow.
//! Is not: durable. Whoever calls again after a restart gives the same key.

mod bounded;
mod breaker;
mod counts;
mod endpoint;
mod exchange;
mod http;
mod lines;
mod native;
mod process;
mod socket;
mod status;
#[cfg(test)]
mod tests;
mod upgrade;
pub mod wire;

use std::collections::BTreeMap;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration as Span;

use serde_json::Value as Json;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout_at};

use crate::base::limits::{
    HANDLER_CALLS_MAX, HANDLER_DEADLINE_MS, HANDLER_GREETING_MS, HANDLER_LIVED_MS, HANDLER_PING_MS,
    HANDLER_RESTART_MS, HANDLER_RESTART_MS_MAX, HANDLER_SILENCE_MS, HANDLER_STOP_MS,
};
use crate::base::time::Duration;
use crate::config::bindings;
use crate::effect::call::{Answer, Ask, Failure, FailureKind};
use crate::host::handlers::counts::{Counts, Held};
use crate::host::handlers::endpoint::Endpoint;
use crate::host::handlers::socket::Sockets;
pub use crate::host::handlers::socket::{Admission, serve_socket};
pub use crate::host::handlers::status::{Offer, State, Status};
pub use crate::host::handlers::upgrade::connect;
use crate::node::order::Errand;

/// One call, as a handler is told of it.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Its idempotency key: the same for every try, and after a restart.
    pub key: String,
    /// The handler's name in the bindings.
    pub handler: Arc<str>,
    /// The protocol's name.
    pub protocol: Arc<str>,
    /// The session's number.
    pub session: u64,
    /// The role's name: `Guardian[1]`.
    pub role: Arc<str>,
    /// What the bindings say to the handler about the role.
    pub config: Json,
    /// How long the answer may take: the role's own; else the handler's, else `limits::HANDLER_DEADLINE_MS`.
    pub deadline: Option<Duration>,
    /// What is asked.
    pub ask: Ask,
}

impl From<Errand> for Asked {
    fn from(errand: Errand) -> Self {
        let Errand { call: _, key, handler, protocol, session, role, config, deadline, ask } = errand;
        Self { key, handler, protocol, session, role, config, deadline, ask }
    }
}

/// An answer that is on its way.
pub type Answering<'a> = Pin<Box<dyn Future<Output = Answer> + Send + 'a>>;

/// A handler in Rust.
pub trait Handler: Send + Sync {
    /// Answers a call. Its future is dropped when nobody waits for the answer any longer.
    fn call<'a>(&'a self, asked: &'a Asked) -> Answering<'a>;

    /// The operations that it offers (`produce`, `desk.open`), where it says so.
    fn operations(&self) -> Option<Vec<String>> {
        None
    }
}

/// Spans of time in which handlers are watched; the defaults are in `base::limits`.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Before a process that has ended is started again; doubles.
    pub restart: Span,
    /// Before such a start, at most.
    pub restart_most: Span,
    /// A process that lived so long worked.
    pub lived: Span,
    /// What a process has to end by itself.
    pub stop: Span,
    /// What a service that connects has to say its token.
    pub greeting: Span,
    /// Between two pings.
    pub ping: Span,
    /// What comes from a service at least once in.
    pub silence: Span,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            restart: Span::from_millis(HANDLER_RESTART_MS),
            restart_most: Span::from_millis(HANDLER_RESTART_MS_MAX),
            lived: Span::from_millis(HANDLER_LIVED_MS),
            stop: Span::from_millis(HANDLER_STOP_MS),
            greeting: Span::from_millis(HANDLER_GREETING_MS),
            ping: Span::from_millis(HANDLER_PING_MS),
            silence: Span::from_millis(HANDLER_SILENCE_MS),
        }
    }
}

/// How one try of a call has ended.
#[derive(Debug)]
enum Tried {
    /// With this answer.
    Answered(Answer),
    /// Nobody has seen the call.
    NotAsked(String),
    /// Somebody may have seen it; no answer came.
    Lost(String),
    /// The handler was replaced before anybody saw the call.
    Moved,
}

/// All handlers of one host. Clones are the same.
#[derive(Clone)]
pub struct Handlers(Arc<Shared>);

struct Shared {
    endpoints: Mutex<BTreeMap<Arc<str>, Arc<Endpoint>>>,
    counts: Mutex<BTreeMap<Arc<str>, Arc<Counts>>>,
    native: native::Registry,
    sockets: Sockets,
    /// Counts the changes of `endpoints`.
    changed: watch::Sender<u64>,
    closing: watch::Sender<bool>,
    processes: process::Alive,
    pace: Pace,
}

impl Default for Handlers {
    fn default() -> Self {
        Self::new(Pace::default())
    }
}

impl std::fmt::Debug for Handlers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Handlers")
    }
}

impl Handlers {
    /// No handlers yet.
    #[must_use]
    pub fn new(pace: Pace) -> Self {
        Self(Arc::new(Shared {
            endpoints: Mutex::default(),
            counts: Mutex::default(),
            native: native::Registry::default(),
            sockets: Sockets::default(),
            changed: watch::Sender::new(0),
            closing: watch::Sender::new(false),
            processes: process::Alive::default(),
            pace,
        }))
    }

    /// Makes these handlers the ones that there are: starts what is new, keeps what is the same, and stops what is gone
    /// when its calls in flight have ended. Files and programs are relative to `directory`. Scripted and generated ones are
    /// passed over. To be called within a tokio runtime.
    pub fn apply(&self, wanted: &BTreeMap<String, bindings::Handler>, directory: &Path) {
        let mut endpoints = lock(&self.0.endpoints);
        let mut before = std::mem::take(&mut *endpoints);
        for (name, settings) in wanted {
            let name: Arc<str> = Arc::from(name.as_str());
            let old = before.remove(&name);
            if let Some(old) = &old
                && old.is_as(settings, directory)
            {
                endpoints.insert(name, old.clone());
                continue;
            }
            let new = Endpoint::open(&self.0, &name, settings, directory, old.as_deref());
            if let Some(new) = new {
                endpoints.insert(name, Arc::new(new));
            }
            if let Some(old) = old {
                old.retire();
            }
        }
        before.values().for_each(|endpoint| endpoint.retire());
        // Counts of what is gone are forgotten when nobody calls it any longer.
        lock(&self.0.counts)
            .retain(|name, counts| endpoints.contains_key(name) || Arc::strong_count(counts) > 1);
        drop(endpoints);
        self.0.changed.send_modify(|count| *count += 1);
    }

    /// Registers code for the handlers of kind `rust` with this name, in place of what was registered before.
    pub fn register(&self, name: &str, handler: Arc<dyn Handler>) {
        self.0.native.insert(name, handler);
    }

    /// Asks a handler, and gives its answer: by the deadline, with a recoverable failure where none came (an uncertain one where
    /// the operation is declared `once` and may have been done). Dropping the future withdraws the call.
    pub async fn call(&self, asked: Asked) -> Answer {
        let counts = self.counts(&asked.handler);
        let Some(_under_way) = Held::below(&counts.under_way, HANDLER_CALLS_MAX) else {
            let reason =
                format!("E0530: {HANDLER_CALLS_MAX} calls to `{}` are under way already", asked.handler);
            return Answer::Failed(Failure { kind: FailureKind::Recoverable, reason });
        };
        counts.call();
        let begun = Instant::now();
        let mut changed = self.0.changed.subscribe();
        let default = Duration(HANDLER_DEADLINE_MS * Duration::MS.0);
        let mut failed = 0;
        let answer = loop {
            let endpoint = lock(&self.0.endpoints).get(&asked.handler).cloned();
            let span = asked.deadline.or_else(|| endpoint.as_ref()?.deadline()).unwrap_or(default);
            let deadline = begun + Span::from_nanos(span.0);
            let Some(endpoint) = endpoint else {
                if timeout_at(deadline, changed.changed()).await.is_err() {
                    let reason = format!("nobody has described a handler `{}` for {span}", asked.handler);
                    break Answer::Failed(Failure { kind: FailureKind::Recoverable, reason });
                }
                continue;
            };
            match endpoint.attempt(&asked, deadline, span, &mut failed).await {
                endpoint::Step::Done(answer) => break answer,
                endpoint::Step::Again(wait, failure) => {
                    // What would come too late is not tried: the failure that is known says more than the time.
                    if Instant::now() + wait >= deadline {
                        break Answer::Failed(failure);
                    }
                    sleep(wait).await;
                }
                endpoint::Step::Moved => {}
            }
        };
        if matches!(answer, Answer::Failed(_)) {
            counts.failure();
        }
        answer
    }

    /// Whether a handler offers an operation (`produce`, `desk.open`), as far as anybody knows.
    #[must_use]
    pub fn offers(&self, handler: &str, operation: &str) -> Offer {
        match lock(&self.0.endpoints).get(handler) {
            None => Offer::NoHandler,
            Some(endpoint) => endpoint.link.offers(operation),
        }
    }

    /// Every handler that is described, by name.
    #[must_use]
    pub fn list(&self) -> Vec<Status> {
        let now = Instant::now();
        lock(&self.0.endpoints).values().map(|endpoint| endpoint.status(now)).collect()
    }

    /// Takes all handlers away, and waits until their calls and processes have ended, at most for `grace`; what is then
    /// left is killed. Services are told that the connection ends.
    pub async fn close(&self, grace: Span) {
        const LOOK: Span = Span::from_millis(5);
        let until = Instant::now() + grace;
        self.apply(&BTreeMap::new(), Path::new(""));
        let busy = || lock(&self.0.counts).values().any(|counts| counts.in_flight() > 0);
        while (busy() || self.0.processes.any()) && Instant::now() < until {
            sleep(LOOK).await;
        }
        self.0.closing.send_replace(true);
        while (self.0.processes.any() || self.0.sockets.any()) && Instant::now() < until + LOOK * 100 {
            sleep(LOOK).await;
        }
    }

    fn counts(&self, name: &Arc<str>) -> Arc<Counts> {
        lock(&self.0.counts).entry(name.clone()).or_default().clone()
    }
}

/// What a lock guards. Whoever panicked with it has left it whole: nothing is changed in two steps.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
