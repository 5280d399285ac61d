//! The desk: one thread that has the node, and one that writes its log; what leaves, leaves behind the log.
//!
//! Whoever wants something puts it on the desk. Wants are taken in bunches: each is applied to the node and added
//! to a batch; the writer makes all batches that wait durable at once, and then lets go what came of them, in order: replies,
//! looks, orders, news. So nobody outside ever hears of what could be lost.
//! Is not: a judge of anything. The node says what comes of an entry; `Outside` carries it out.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time;

use tokio::sync::mpsc;

use crate::base::limits::{BATCH_BYTES, BATCHES_WAITING, ENTRY_BYTES_MAX, WANTS_PER_BATCH, WANTS_WAITING};
use crate::effect::call::{Answer, Failure, FailureKind};
use crate::effect::world::Line;
use crate::engine::effect::Trouble;
use crate::host::clock;
use crate::host::log::Log;
use crate::host::log::encode;
use crate::node::entry::{Deployment, Entry};
use crate::node::order::{News, Order, Reply};
use crate::node::{Node, Prepared};

/// What is done when all that it follows from is durable.
pub type Release = Box<dyn FnOnce() + Send>;

/// Takes what leaves a node, on the writer's thread. It must not wait for anything.
pub trait Outside: Send {
    /// An order is to be carried out.
    fn order(&mut self, order: Order);

    /// Something happened in a session, which belongs to this protocol.
    fn news(&mut self, news: Told);

    /// A role has logged a line, in a session.
    fn said(&mut self, session: u64, line: Line);

    /// The log could not be written; it is tried again. None: it could.
    fn log_fails(&mut self, reason: Option<String>);
}

/// News, with the text for those who listen to it, if somebody does.
#[derive(Clone, PartialEq, Debug)]
pub struct Told {
    /// What happened.
    pub news: News,
    /// It as JSON, without payloads, where somebody listens.
    pub text: Option<Arc<str>>,
}

/// Makes the text of news; none where nobody listens.
pub type Telling = Box<dyn FnMut(&Node, &News) -> Option<Arc<str>> + Send>;

/// What a look at a node has made.
enum Made {
    /// An entry, and who is told what came of it.
    Entry(Box<Entry>, Tell),
    /// Nothing to enter; this is said instead.
    Said(Release),
}

/// Tells somebody what came of an entry.
type Tell = Box<dyn FnOnce(Reply) + Send>;

/// Something wanted of a node.
enum Want {
    /// An entry, and who is told what came of it.
    Entry(Box<Entry>, Option<Tell>),
    /// An entry that is made of the node as it is then.
    Made(Box<dyn FnOnce(&Node) -> Made + Send>),
    /// A deployment that was prepared, the bytes of its entry, and who is told what came of it.
    Deploy(Prepared, Vec<u8>, Tell),
    /// A look at the node; what it gives is done when what was seen is durable.
    Look(Box<dyn FnOnce(&Node) -> Release + Send>),
    /// Nothing more is wanted.
    Stop,
}

/// The queue of a desk is full, or it is closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Away {
    /// As many wants wait as may; try again later.
    Full,
    /// The node has stopped.
    Closed,
}

/// Puts wants on a desk.
#[derive(Clone, Debug)]
pub struct Desk {
    wants: mpsc::Sender<Want>,
}

/// How a node's log is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Habits {
    /// The position that the next entry has.
    pub next: u64,
    /// One batch for each entry, and not for as many as there are.
    pub each: bool,
}

/// What waits to be written, and what may leave then.
struct Batch {
    first: u64,
    entries: u32,
    bytes: Vec<u8>,
    out: Vec<Out>,
}

/// Something that leaves.
enum Out {
    Release(Release),
    Order(Order),
    News(Told),
    Said(u64, Line),
}

/// The threads of a desk.
#[derive(Debug)]
pub struct Threads {
    node: JoinHandle<Node>,
    writer: JoinHandle<()>,
}

impl Desk {
    /// Starts the threads; these entries come before everything else, time included.
    #[expect(clippy::disallowed_methods, reason = "the host starts the threads")]
    #[must_use]
    pub fn start(
        node: Node,
        log: Box<dyn Log>,
        habits: Habits,
        first: Vec<Entry>,
        outside: Box<dyn Outside>,
        telling: Telling,
    ) -> (Self, Threads) {
        let (wants, waiting) = mpsc::channel(WANTS_WAITING);
        let (batches, written) = sync_channel(BATCHES_WAITING);
        let writer = thread::spawn(move || write(log, habits, &written, outside));
        let node = thread::spawn(move || {
            let clock = clock::Steady::after(node.now());
            let batch = Batch::new(habits.next);
            let mut table = Table { node, clock, batches, habits, telling, batch };
            first.into_iter().for_each(|entry| table.enter(entry, None));
            table.work(waiting);
            table.node
        });
        (Self { wants }, Threads { node, writer })
    }

    /// Puts an entry on the desk, and waits until it is durable.
    ///
    /// # Errors
    /// There is no room, or no node.
    pub async fn entry(&self, entry: Entry) -> Result<Reply, Away> {
        let (tell, told) = tokio::sync::oneshot::channel();
        let reply = Box::new(move |reply| drop(tell.send(reply)));
        self.wants.try_send(Want::Entry(Box::new(entry), Some(reply))).map_err(Away::from)?;
        told.await.map_err(|_| Away::Closed)
    }

    /// Has an entry made of the node as it is, with nothing in between, and waits until it is durable; or hears why there
    /// is none.
    ///
    /// # Errors
    /// There is no room, or no node.
    pub async fn make<T: Send + 'static>(
        &self,
        make: impl FnOnce(&Node) -> Result<Entry, T> + Send + 'static,
    ) -> Result<Result<Reply, T>, Away> {
        let (tell, told) = tokio::sync::oneshot::channel();
        let make = Box::new(move |node: &Node| match make(node) {
            Ok(entry) => Made::Entry(Box::new(entry), Box::new(move |reply| drop(tell.send(Ok(reply))))),
            Err(said) => Made::Said(Box::new(move || drop(tell.send(Err(said))))),
        });
        self.wants.try_send(Want::Made(make)).map_err(Away::from)?;
        told.await.map_err(|_| Away::Closed)
    }

    /// Puts a deployment on the desk, and waits until it is durable. All that takes time is done before, elsewhere.
    ///
    /// # Errors
    /// There is no room, or no node.
    pub async fn deploy(&self, deployment: Deployment) -> Result<Reply, Away> {
        let linked = self.look(|node| node.linked()).await?;
        let prepare = move || {
            let entry = Entry::Deploy(deployment);
            let bytes = encode::encoded(&entry).ok().filter(|bytes| bytes.len() < ENTRY_BYTES_MAX);
            let (Some(bytes), Entry::Deploy(deployment)) = (bytes, entry) else { return Err(too_large()) };
            Prepared::of(deployment, &linked).map(|prepared| (prepared, bytes))
        };
        let (prepared, bytes) = match tokio::task::spawn_blocking(prepare).await {
            Ok(Ok(done)) => done,
            Ok(Err(trouble)) => return Ok(Reply::Refused(trouble)),
            Err(_) => return Err(Away::Closed),
        };
        let (tell, told) = tokio::sync::oneshot::channel();
        let reply = Box::new(move |reply| drop(tell.send(reply)));
        self.wants.try_send(Want::Deploy(prepared, bytes, reply)).map_err(Away::from)?;
        told.await.map_err(|_| Away::Closed)
    }

    /// Puts an entry on the desk, as soon as there is room. Nobody is told what comes of it.
    ///
    /// # Errors
    /// There is no node.
    pub async fn push(&self, entry: Entry) -> Result<(), Away> {
        self.wants.send(Want::Entry(Box::new(entry), None)).await.map_err(|_| Away::Closed)
    }

    /// Looks at the node, and waits until what was seen is durable.
    ///
    /// # Errors
    /// There is no room, or no node.
    pub async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Node) -> T + Send + 'static,
    ) -> Result<T, Away> {
        let (tell, told) = tokio::sync::oneshot::channel();
        let look = Box::new(move |node: &Node| {
            let seen = look(node);
            Box::new(move || drop(tell.send(seen))) as Release
        });
        self.wants.try_send(Want::Look(look)).map_err(Away::from)?;
        told.await.map_err(|_| Away::Closed)
    }

    /// Waits until there is no node any more: it was stopped, or has failed, which is a mistake of ours.
    pub async fn closed(&self) {
        self.wants.closed().await;
    }

    /// Has the node stop when what is on the desk before this is done.
    pub async fn stop(&self) {
        let _ = self.wants.send(Want::Stop).await;
    }
}

impl From<mpsc::error::TrySendError<Want>> for Away {
    fn from(error: mpsc::error::TrySendError<Want>) -> Self {
        match error {
            mpsc::error::TrySendError::Full(_) => Self::Full,
            mpsc::error::TrySendError::Closed(_) => Self::Closed,
        }
    }
}

impl Threads {
    /// Waits until everything is written, and gives the node back; none if a thread has failed, which is a mistake of
    /// ours.
    #[must_use]
    pub fn join(self) -> Option<Node> {
        let node = self.node.join().ok();
        self.writer.join().ok()?;
        node
    }
}

impl Batch {
    const fn new(first: u64) -> Self {
        Self { first, entries: 0, bytes: Vec::new(), out: Vec::new() }
    }

    const fn is_empty(&self) -> bool {
        self.entries == 0 && self.out.is_empty()
    }
}

/// What the node's thread has.
struct Table {
    node: Node,
    clock: clock::Steady,
    batches: SyncSender<Batch>,
    habits: Habits,
    telling: Telling,
    batch: Batch,
}

impl Table {
    fn work(&mut self, mut waiting: mpsc::Receiver<Want>) {
        // The thread waits for wants or for time; nothing else runs on it.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let Ok(runtime) = runtime else { return };
        let mut wants = Vec::with_capacity(WANTS_PER_BATCH);
        loop {
            let now = self.clock.now();
            let wait = self.node.poll_timeout().map(|at| clock::between(now, at));
            let receive = waiting.recv_many(&mut wants, WANTS_PER_BATCH);
            let received = match wait {
                None => runtime.block_on(receive),
                Some(time::Duration::ZERO) => {
                    drop(receive);
                    while wants.len() < WANTS_PER_BATCH
                        && let Ok(want) = waiting.try_recv()
                    {
                        wants.push(want);
                    }
                    self.take(Want::Entry(Box::new(Entry::Tick), None));
                    wants.len().max(1)
                }
                Some(wait) => match runtime.block_on(async { tokio::time::timeout(wait, receive).await }) {
                    Ok(count) => count,
                    Err(_) => {
                        self.take(Want::Entry(Box::new(Entry::Tick), None));
                        1
                    }
                },
            };
            let stops = wants.drain(..).fold(received == 0, |stops, want| !self.take(want) || stops);
            if !self.pass_on() || stops {
                return;
            }
        }
    }

    /// Does what is wanted; false if nothing more is.
    fn take(&mut self, want: Want) -> bool {
        match want {
            Want::Entry(entry, tell) => self.enter(*entry, tell),
            Want::Made(make) => match make(&self.node) {
                Made::Entry(entry, tell) => self.enter(*entry, Some(tell)),
                Made::Said(said) => self.batch.out.push(Out::Release(said)),
            },
            Want::Deploy(prepared, bytes, tell) => {
                let now = self.clock.now();
                // What was encoded before is only copied; a time always has bytes.
                if encode::add_encoded(&mut self.batch.bytes, now, &bytes).is_ok() {
                    self.batch.entries += 1;
                    let reply = self.node.apply_prepared(now, prepared);
                    let waste = self.node.take_waste();
                    self.batch.out.push(Out::Release(Box::new(move || drop((waste, bytes)))));
                    self.leave(reply, Some(tell));
                }
            }
            Want::Look(look) => self.batch.out.push(Out::Release(look(&self.node))),
            Want::Stop => return false,
        }
        true
    }

    fn enter(&mut self, entry: Entry, tell: Option<Tell>) {
        let now = self.clock.now();
        let before = self.batch.bytes.len();
        let added = encode::add(&mut self.batch.bytes, now, &entry);
        if added.is_err() || self.batch.bytes.len() - before > ENTRY_BYTES_MAX {
            self.batch.bytes.truncate(before);
            self.refuse(&entry, tell);
            return;
        }
        self.batch.entries += 1;
        let reply = self.node.apply(now, entry);
        self.leave(reply, tell);
    }

    /// What has come of an entry leaves behind it.
    fn leave(&mut self, reply: Reply, tell: Option<Tell>) {
        if let Some(tell) = tell {
            self.batch.out.push(Out::Release(Box::new(move || tell(reply))));
        }
        let out = &mut self.batch.out;
        while let Some(news) = self.node.poll_news() {
            let text = (self.telling)(&self.node, &news);
            out.push(Out::News(Told { news, text }));
        }
        while let Some((session, line)) = self.node.poll_said() {
            out.push(Out::Said(session, line));
        }
        while let Some(order) = self.node.poll_order() {
            out.push(Out::Order(order));
        }
        if self.habits.each || self.batch.bytes.len() >= BATCH_BYTES {
            self.pass_on();
        }
    }

    /// An entry that is too large for the log is not taken. An answer is then a failure, which is small.
    fn refuse(&mut self, entry: &Entry, tell: Option<Tell>) {
        let trouble = too_large();
        if let Entry::Answer { call, .. } = *entry {
            let reason = format!("{}: {}", trouble.code, trouble.reason);
            let answer = Answer::Failed(Failure { kind: FailureKind::Permanent, reason });
            return self.enter(Entry::Answer { call, answer }, tell);
        }
        if let Some(tell) = tell {
            self.batch.out.push(Out::Release(Box::new(move || tell(Reply::Refused(trouble)))));
        }
    }

    /// Gives the batch to the writer; false if there is none any more.
    fn pass_on(&mut self) -> bool {
        if self.batch.is_empty() {
            return true;
        }
        let next = self.batch.first + u64::from(self.batch.entries);
        let batch = std::mem::replace(&mut self.batch, Batch::new(next));
        self.batches.send(batch).is_ok()
    }
}

/// An entry that the log does not take.
fn too_large() -> Trouble {
    let reason = format!("this is larger than the log takes, {} MiB", ENTRY_BYTES_MAX >> 20);
    Trouble { code: "E0612", role: None, place: None, reason }
}

/// Writes batches, all that wait at once unless each is to be by itself, and lets go what came of them.
fn write(mut log: Box<dyn Log>, habits: Habits, batches: &Receiver<Batch>, mut outside: Box<dyn Outside>) {
    while let Ok(mut batch) = batches.recv() {
        let mut outs = vec![std::mem::take(&mut batch.out)];
        while !habits.each
            && batch.bytes.len() < BATCH_BYTES
            && let Ok(mut more) = batches.try_recv()
        {
            batch.bytes.append(&mut more.bytes);
            batch.entries += more.entries;
            outs.push(std::mem::take(&mut more.out));
        }
        if batch.entries > 0 {
            append(log.as_mut(), &batch, outside.as_mut());
        }
        for out in outs.into_iter().flatten() {
            match out {
                Out::Release(release) => release(),
                Out::Order(order) => outside.order(order),
                Out::News(told) => outside.news(told),
                Out::Said(session, line) => outside.said(session, line),
            }
        }
    }
}

/// Appends a batch. A disk that refuses is asked again until it does not: nothing that was taken is given up, and
/// nothing new leaves meanwhile.
fn append(log: &mut dyn Log, batch: &Batch, outside: &mut dyn Outside) {
    let mut failed = false;
    while let Err(error) = log.append(batch.first, batch.entries, &batch.bytes) {
        failed = true;
        outside.log_fails(Some(error.to_string()));
        clock::rest(time::Duration::from_millis(500));
    }
    if failed {
        outside.log_fails(None);
    }
}
