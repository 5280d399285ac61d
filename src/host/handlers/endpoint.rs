//! What stands behind one name: a way to ask, room for so many calls, rules for failures.
//!
//! In go calls with their deadlines; out comes of each try an answer, a failure, or how long to wait before the next.
//! An endpoint is never changed: new settings open a new one, which takes over the way to ask where that is the same.
//! Is not: the way to ask itself.

use std::hash::{BuildHasher as _, RandomState};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration as Span;

use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, timeout_at};

use crate::base::limits::HANDLER_CONCURRENCY;
use crate::base::random::Random;
use crate::base::time::Duration;
use crate::bytecode::program::Repetition;
use crate::config::bindings::{Handler as Settings, HandlerKind};
use crate::effect::call::{Answer, Ask, Failure, FailureKind};
use crate::effect::retry;
use crate::host::handlers::breaker::Breaker;
use crate::host::handlers::counts::{Counts, Held};
use crate::host::handlers::http::Http;
use crate::host::handlers::native::Registry;
use crate::host::handlers::process::Process;
use crate::host::handlers::socket::Sockets;
use crate::host::handlers::status::{Offer, State, Status};
use crate::host::handlers::{Asked, Shared, Tried, lock, wire};

/// What stands behind one name.
pub(super) struct Endpoint {
    name: Arc<str>,
    settings: Settings,
    directory: PathBuf,
    pub(super) link: Link,
    room: Semaphore,
    breaker: Mutex<Breaker>,
    counts: Arc<Counts>,
    retired: watch::Sender<bool>,
}

/// A way to ask.
#[derive(Clone)]
pub(super) enum Link {
    Process(Arc<Process>),
    Http(Arc<Http>),
    Sockets(Sockets, Arc<str>),
    Native(Registry, Arc<str>),
}

/// What comes of one try.
pub(super) enum Step {
    /// The call is over.
    Done(Answer),
    /// It is tried again after this time; or it has failed so.
    Again(Span, Failure),
    /// Somebody else is behind the name now.
    Moved,
}

impl Link {
    async fn ask(&self, asked: &Asked, handed: &Arc<AtomicBool>) -> Tried {
        match self {
            Self::Process(process) => process.ask(asked, handed).await,
            Self::Http(http) => http.ask(asked, handed).await,
            Self::Sockets(sockets, _) => sockets.ask(asked, handed).await,
            Self::Native(registry, _) => registry.ask(asked, handed).await,
        }
    }

    pub(super) fn offers(&self, operation: &str) -> Offer {
        match self {
            Self::Process(process) => Offer::of(process.operations().as_ref(), operation),
            Self::Http(_) => Offer::Unknown,
            Self::Sockets(sockets, name) => sockets.offers(name, operation),
            Self::Native(registry, name) => match registry.find(name) {
                None => Offer::Unknown,
                Some(handler) => Offer::of(handler.operations().as_ref(), operation),
            },
        }
    }

    /// Its kind, whether it can be asked, and how many are there.
    fn shown(&self) -> (&'static str, State, usize) {
        let there = |count: usize| if count > 0 { State::Ready } else { State::Away };
        match self {
            Self::Process(process) => {
                let state = process.state();
                ("process", state, usize::from(state == State::Ready))
            }
            Self::Http(_) => ("http", State::Ready, 1),
            Self::Sockets(sockets, name) => {
                let count = sockets.count(name);
                ("websocket", there(count), count)
            }
            Self::Native(registry, name) => {
                let count = usize::from(registry.find(name).is_some());
                ("rust", there(count), count)
            }
        }
    }
}

impl Endpoint {
    /// Opens an endpoint; none for what is a stand-in. It takes over the way to ask of `old` where that is the same.
    pub(super) fn open(
        shared: &Arc<Shared>,
        name: &Arc<str>,
        settings: &Settings,
        directory: &Path,
        old: Option<&Self>,
    ) -> Option<Self> {
        let counts = lock(&shared.counts).entry(name.clone()).or_default().clone();
        let same = old.filter(|old| {
            let own = (&old.settings.kind, old.settings.program, old.directory.as_path());
            own == (&settings.kind, settings.program, directory)
        });
        let link = match (same, &settings.kind) {
            (Some(old), _) => old.link.clone(),
            (None, HandlerKind::Process(command)) => Link::Process(Arc::new(Process::start(
                name,
                command,
                directory,
                counts.clone(),
                shared.pace,
                shared.closing.subscribe(),
                shared.processes.clone(),
            ))),
            (None, HandlerKind::Http { url, authorize }) => {
                let secret = authorize.as_ref().map(|file| directory.join(file));
                Link::Http(Arc::new(Http::new(url, secret)))
            }
            (None, HandlerKind::WebSocket) => Link::Sockets(shared.sockets.clone(), name.clone()),
            (None, HandlerKind::Rust) => Link::Native(shared.native.clone(), name.clone()),
            (None, HandlerKind::Scripted(_) | HandlerKind::ScriptFile(_) | HandlerKind::Generated) => {
                return None;
            }
        };
        let room = settings.concurrency.unwrap_or(HANDLER_CONCURRENCY) as usize;
        Some(Self {
            name: name.clone(),
            settings: settings.clone(),
            directory: directory.to_owned(),
            link,
            room: Semaphore::new(room.min(Semaphore::MAX_PERMITS)),
            breaker: Mutex::new(Breaker::new(settings.breaker)),
            counts,
            retired: watch::Sender::new(false),
        })
    }

    pub(super) fn is_as(&self, settings: &Settings, directory: &Path) -> bool {
        self.settings == *settings && self.directory == directory
    }

    pub(super) const fn deadline(&self) -> Option<Duration> {
        self.settings.deadline
    }

    /// Somebody else is behind the name from now on, or nobody: calls that nobody has seen go there.
    pub(super) fn retire(&self) {
        self.room.close();
        self.retired.send_replace(true);
    }

    pub(super) fn status(&self, now: Instant) -> Status {
        let (kind, state, instances) = self.link.shown();
        let rests = lock(&self.breaker).rests(now);
        let state = if rests { State::Broken } else { state };
        let mut status = self.counts.shown(&self.name, kind, state, instances);
        if let Link::Sockets(sockets, name) = &self.link {
            (status.strays, status.garbage) = sockets.noise(name);
        }
        status
    }

    /// Tries a call that has failed `failed` times before, until its deadline, which is `span` after its beginning.
    pub(super) async fn attempt(
        &self,
        asked: &Asked,
        deadline: Instant,
        span: Duration,
        failed: &mut u32,
    ) -> Step {
        let room = match timeout_at(deadline, self.room.acquire()).await {
            Ok(Ok(room)) => room,
            Ok(Err(_)) => return Step::Moved,
            Err(_) => return self.late(&format!("had no room for {span}")),
        };
        if let Err(left) = lock(&self.breaker).admit(Instant::now()) {
            let left = left.as_secs() + 1;
            let reason = format!("`{}` has failed too often and is left alone for {left} s", self.name);
            return self.again(asked, FailureKind::Recoverable, reason, failed, false);
        }
        let mut probe = Probe { breaker: &self.breaker, worked: None };
        let handed = Arc::new(AtomicBool::new(false));
        let tried = timeout_at(deadline, self.ask(asked, &handed)).await;
        drop(room);
        let seen = handed.load(Ordering::Acquire);
        probe.worked = match &tried {
            Ok(Tried::Moved) => None,
            // Nobody was there to be asked; that says nothing of how well they work.
            Err(_) if !seen => None,
            Ok(Tried::Answered(Answer::Failed(failure))) => Some(failure.kind == FailureKind::Permanent),
            Ok(Tried::Answered(_)) => Some(true),
            Ok(Tried::NotAsked(_) | Tried::Lost(_)) | Err(_) => Some(false),
        };
        drop(probe);
        let is_once = matches!(&asked.ask, Ask::Perform { repetition: Repetition::Once, .. });
        match tried {
            Ok(Tried::Moved) => Step::Moved,
            Ok(Tried::Answered(Answer::Failed(failure))) => {
                self.counts.trouble(format!("`{}` has failed", wire::operation(&asked.ask)));
                self.again(asked, failure.kind, failure.reason, failed, true)
            }
            Ok(Tried::Answered(answer)) => Step::Done(answer),
            Ok(Tried::NotAsked(why)) => {
                let reason = self.trouble(&why);
                self.again(asked, FailureKind::Recoverable, reason, failed, false)
            }
            Ok(Tried::Lost(why)) => {
                let reason = self.trouble(&why);
                if is_once {
                    return uncertain(asked, &reason);
                }
                self.again(asked, FailureKind::Recoverable, reason, failed, false)
            }
            Err(_) if !seen => self.late(&format!("was away for {span}")),
            Err(_) if is_once => {
                let reason = self.trouble(&format!("it did not answer within {span}"));
                uncertain(asked, &reason)
            }
            Err(_) => self.late(&format!("did not answer within {span}")),
        }
    }

    /// Asks; gives up when the endpoint is retired before anybody has seen the call.
    async fn ask(&self, asked: &Asked, handed: &Arc<AtomicBool>) -> Tried {
        let _in_flight = Held::new(&self.counts.in_flight);
        let mut retired = self.retired.subscribe();
        let mut asking = pin!(self.link.ask(asked, handed));
        tokio::select! {
            biased;
            tried = &mut asking => return tried,
            _ = retired.wait_for(|retired| *retired) => {}
        }
        if !handed.load(Ordering::Acquire) {
            return Tried::Moved;
        }
        asking.await
    }

    /// Notes what went wrong, in words of ours.
    fn trouble(&self, why: &str) -> String {
        self.counts.trouble(why.to_owned());
        tracing::debug!(handler = %self.name, trouble = why, "a call has failed");
        format!("`{}`: {why}", self.name)
    }

    fn late(&self, what: &str) -> Step {
        self.counts.trouble(format!("it {what}"));
        tracing::debug!(handler = %self.name, trouble = what, "a call has failed");
        let reason = format!("`{}` {what}", self.name);
        Step::Done(Answer::Failed(Failure { kind: FailureKind::Recoverable, reason }))
    }

    /// A failure, or the wait before the next try; `judged` says whether it is the handler's own word.
    fn again(
        &self,
        asked: &Asked,
        kind: FailureKind,
        reason: String,
        failed: &mut u32,
        judged: bool,
    ) -> Step {
        *failed = failed.saturating_add(1);
        let failure = Failure { kind, reason };
        let rule = self.settings.retry.unwrap_or_default();
        let mut random = Random::new(RandomState::new().hash_one(&asked.key));
        let wait = if judged {
            retry::again(rule, &asked.ask, &failure, *failed, &mut random)
        } else {
            retry::wait(rule, *failed, &mut random)
        };
        match wait {
            Some(wait) => Step::Again(Span::from_nanos(wait.0), failure),
            None => Step::Done(Answer::Failed(failure)),
        }
    }
}

/// The failure of an operation that is declared `once` and may have been done.
fn uncertain(asked: &Asked, reason: &str) -> Step {
    let what = wire::operation(&asked.ask);
    let reason = format!("uncertain: `{what}` may have been done, and is not asked twice: {reason}");
    Step::Done(Answer::Failed(Failure { kind: FailureKind::Uncertain, reason }))
}

/// Tells the breaker how a call has ended, also where its asker goes.
struct Probe<'a> {
    breaker: &'a Mutex<Breaker>,
    worked: Option<bool>,
}

impl Drop for Probe<'_> {
    fn drop(&mut self) {
        lock(self.breaker).settle(Instant::now(), self.worked);
    }
}
