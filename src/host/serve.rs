//! An engine at work in a directory: its log replayed, its directory deployed and watched, its interface open.
//!
//! `.laban/` in the directory has the token, the log and the address at which it listens. The order is: address,
//! log, what was under way, directory, interface, so that nothing leaves where one of the first two fails; the other way round
//! when it stops.
//! Is not: a command; `cli::serve` prints, and hands over signals.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

use crate::config::bindings::Handler;
use crate::config::node::{Durability, Settings};
use crate::global::Sizes;
use crate::host::api::{self, Shared};
use crate::host::desk::{Desk, Habits, Threads};
use crate::host::generation::{Anew, Generations, Rules, Status};
use crate::host::handlers::{Asked, Handlers};
use crate::host::hub::{Board, Caller, Hub};
use crate::host::log::keeper::Keeper;
use crate::host::log::segments::{Held, Lengths, Segments};
use crate::host::log::{Log, Nowhere, encode};
use crate::host::secret::{self, Token};
use crate::host::watch::watch as watched;
use crate::host::{clock, shape};
use crate::node::Node;
use crate::node::entry::Entry;

/// An engine that runs.
#[derive(Debug)]
pub struct Running {
    /// Where its interface listens.
    pub address: SocketAddr,
    shared: Arc<Shared>,
    threads: Threads,
    keeper: Option<Keeper>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

/// What handlers have to end by themselves when the engine stops.
const GRACE: Duration = Duration::from_secs(2);

/// The engine's own place in a directory.
#[must_use]
pub fn own(directory: &Path) -> PathBuf {
    directory.join(".laban")
}

/// Starts an engine in a directory.
///
/// # Errors
/// The directory, the log or the address cannot be used: a sentence that says which and why.
pub async fn start(directory: &Path, settings: &Settings, handlers: Handlers) -> Result<Running> {
    let own = own(directory);
    let shown = own.display().to_string();
    private(&own).with_context(|| format!("E0603: `{shown}` cannot be made"))?;
    let token = secret::token(&own.join("token"))
        .with_context(|| format!("E0603: `{shown}/token` cannot be used"))?;
    let numbers = drawn().context("E0603: the system has no random numbers")?;
    let listener = TcpListener::bind(settings.listen).await;
    let listener = listener.with_context(|| format!("E0605: `{}` cannot be listened at", settings.listen))?;
    let address = listener.local_addr()?;
    let (log, held, keeper) = opened(&own.join("log"), settings)?;
    let (node, next) = replayed(held)?;
    note_address(directory, address)?;
    // From here on nothing fails: what is done now is seen outside.
    handlers.apply(&node.handlers(), directory);
    let board = Arc::new(Board::default());
    let called = handlers.clone();
    let caller: Caller = Arc::new(move |errand| {
        let handlers = called.clone();
        Box::pin(async move { handlers.call(Asked::from(errand)).await })
    });
    let known = Arc::new(OnceLock::new());
    let hub = Hub::new(board.clone(), caller, tokio::runtime::Handle::current(), known.clone());
    let listens = board.clone();
    let telling = Box::new(
        move |node: &Node, news: &crate::node::order::News| {
            if listens.events.receiver_count() == 0 { None } else { shape::line(node, news) }
        },
    );
    let habits = Habits { next, each: settings.durability == Durability::Each };
    let [id, seed, run] = numbers;
    let found = (next == 1).then_some(Entry::Found { id, seed });
    let first = found.into_iter().chain([Entry::Begun { run }]).collect();
    let (desk, threads) = Desk::start(node, log, habits, first, Box::new(hub), telling);
    let _ = known.set(desk.clone());
    let rules = Rules {
        sizes: Sizes(settings.sizes.clone()),
        stand_ins: settings.stand_ins,
        require_compatible: settings.require_compatible,
    };
    let directory = directory.to_owned();
    let (applied, below) = (handlers.clone(), directory.clone());
    let apply = Box::new(move |wanted: &BTreeMap<String, Handler>| applied.apply(wanted, &below));
    let generations = Arc::new(Generations::new(directory.clone(), rules, desk.clone(), apply));
    let _ = generations.look_again(Anew::No).await;
    let (stop, draining) = watch::channel(false);
    let shared = Arc::new(Shared {
        desk,
        board,
        generations: generations.clone(),
        token: Token::new(token),
        handlers,
        address,
        directory,
        idle_timeout: settings.idle_timeout,
        limits: settings.limits,
        room: Semaphore::new(settings.limits.requests),
        draining,
    });
    let tasks = vec![tokio::spawn(api::serve(listener, shared.clone())), tokio::spawn(watched(generations))];
    Ok(Running { address, shared, threads, keeper, stop, tasks })
}

/// The log of a directory, what it held, and who makes snapshots of it.
fn opened(log: &Path, settings: &Settings) -> Result<(Box<dyn Log>, Held, Option<Keeper>)> {
    if settings.durability == Durability::None {
        let (nowhere, unread) = Nowhere::open(log)?;
        if unread {
            tracing::warn!(
                "`durability: none`: the log of this directory is not read, and nothing is added to it"
            );
        }
        return Ok((Box::new(nowhere), Held::default(), None));
    }
    let lengths = Lengths { entries: settings.snapshot_every, ..Lengths::default() };
    let (mut segments, held) = Segments::open_with(log, lengths)?;
    let keeper = Keeper::start(log.to_owned(), segments.sealed());
    Ok((Box::new(segments), held, Some(keeper)))
}

/// Numbers that no other start has.
fn drawn() -> io::Result<[u64; 3]> {
    let bytes = secret::drawn::<24>()?;
    let mut parts = bytes.chunks_exact(8);
    Ok([(); 3].map(|()| {
        let part = parts.next().unwrap_or_default();
        part.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
    }))
}

/// The node as its log says, and the position of the next entry.
fn replayed(held: Held) -> Result<(Node, u64)> {
    if let Some(torn) = &held.torn {
        tracing::warn!(code = "E0602", "{torn}");
    }
    for damaged in &held.damaged {
        tracing::warn!(code = damaged.code.name(), "{}", damaged.reason);
    }
    let began = clock::now();
    let (mut node, from) = held.snapshot.map_or_else(|| (Node::new(), 1), |held| (held.node, held.next));
    let mut next = from;
    for (first, batch) in held.batches {
        let entries = encode::replay(&mut node, &batch);
        next += entries.with_context(|| format!("E0601: the entries from {first} on cannot be read"))?;
    }
    if next > 1 {
        let ms = clock::between(began, clock::now()).as_millis() as u64;
        let (entries, sessions) = (next - from, node.engine().sessions());
        tracing::info!(snapshot = from - 1, entries, sessions, ms, "the log is replayed");
    }
    Ok((node, next))
}

/// Makes a directory that only its owner looks into: payloads are in it.
fn private(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    fs::set_permissions(path, Permissions::from_mode(0o700))
}

/// Where `laban` finds the engine of a directory.
fn note_address(directory: &Path, address: SocketAddr) -> io::Result<()> {
    crate::host::files::write(&own(directory).join("address"), format!("{address}\n").as_bytes())
}

impl Running {
    /// How its directory stands.
    #[must_use]
    pub fn deployed(&self) -> Status {
        self.shared.generations.status()
    }

    /// The names of its protocols that take sessions, and whether a session of them needs inputs.
    pub async fn protocols(&self) -> Vec<(Arc<str>, bool)> {
        let look = |node: &Node| {
            let lines = node.lines().iter().filter(|(_, line)| line.active().is_some());
            let shown = lines.map(|(name, line)| shape::protocol(name, line));
            shown.map(|shown| (shown.name, shown.input.iter().any(|input| input.required))).collect()
        };
        self.shared.desk.look(look).await.unwrap_or_default()
    }

    /// Waits until its node is gone, which it never is but by a mistake of ours.
    pub async fn gone(&self) {
        self.shared.desk.closed().await;
    }

    /// Has it look at its directory again, also where nothing there has changed.
    pub fn look_again(&self) {
        let generations = self.shared.generations.clone();
        tokio::spawn(async move { generations.look_again(Anew::Yes).await });
    }

    /// Stops it: nothing new is taken, what was taken is written, then it is over.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        self.tasks.iter().for_each(JoinHandle::abort);
        // Those who are about to answer do; whom the end cuts off is asked again at the next start.
        self.shared.board.stop();
        self.shared.handlers.close(GRACE).await;
        self.shared.desk.stop().await;
        let (threads, keeper) = (self.threads, self.keeper);
        let end = move || {
            let _ = threads.join();
            keeper.map(Keeper::stop)
        };
        let _ = tokio::task::spawn_blocking(end).await;
        let _ = fs::remove_file(own(&self.shared.directory).join("address"));
    }
}
