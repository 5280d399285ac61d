//! The calls of one connection: requests that go out on lines, and the answers that come back for them.
//!
//! In go calls and the messages of the other side; out come lines to write, and to each call its answer. A call whose
//! asker has gone is forgotten, and the other side told if it had seen it.
//! Invariants: a call is answered once; nothing that the other side says makes this grow.
//! Is not: a connection; whoever has one takes lines from here and brings messages.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Map, Value as Json};
use tokio::sync::{Notify, oneshot};

use crate::base::limits::{HANDLER_CALLS_MAX, HANDLER_GARBAGE_MAX};
use crate::effect::call::Answer;
use crate::host::handlers::counts::Counts;
use crate::host::handlers::{Asked, Tried, bounded, lock, wire};

/// The calls of one connection.
pub(super) struct Exchange {
    table: Mutex<Table>,
    work: Notify,
    counts: Arc<Counts>,
}

struct Table {
    open: bool,
    next: u64,
    calls: BTreeMap<u64, Waiting>,
    /// Calls that nobody has taken to be written.
    queue: VecDeque<u64>,
    /// Lines that need no answer.
    notices: VecDeque<String>,
    garbage: u32,
    answered: bool,
}

struct Waiting {
    line: String,
    handed: Arc<AtomicBool>,
    reply: oneshot::Sender<Reply>,
}

enum Reply {
    Result(Json),
    Error(Json),
}

/// What the other side may say of itself.
const SAID: [&str; 3] = ["offer", "leave", "token"];

/// What a message was.
#[derive(PartialEq, Debug)]
pub(super) enum Taken {
    /// An answer, the answer to a call that nobody waits for any longer, or something that nobody needs.
    Done,
    /// One of [`SAID`].
    Said(Map<String, Json>),
    /// Too many messages in a row were no answers: the connection should end.
    Enough,
}

impl Exchange {
    pub(super) fn new(counts: Arc<Counts>) -> Self {
        let table = Table {
            open: true,
            next: 1,
            calls: BTreeMap::new(),
            queue: VecDeque::new(),
            notices: VecDeque::new(),
            garbage: 0,
            answered: false,
        };
        Self { table: Mutex::new(table), work: Notify::new(), counts }
    }

    /// How many calls are under way.
    pub(super) fn load(&self) -> usize {
        lock(&self.table).calls.len()
    }

    /// Answers that came too late or twice, and messages that were no answers.
    pub(super) fn noise(&self) -> (u64, u64) {
        self.counts.noise()
    }

    /// Whether a call was ever answered.
    pub(super) fn has_answered(&self) -> bool {
        lock(&self.table).answered
    }

    /// Asks, and waits for the answer. `handed` becomes true when the other side may have seen the call.
    pub(super) async fn ask(&self, asked: &Asked, handed: &Arc<AtomicBool>) -> Tried {
        let (reply, answer) = oneshot::channel();
        let id = {
            let mut table = lock(&self.table);
            if !table.open {
                return Tried::NotAsked("it has just gone".to_owned());
            }
            let id = table.next;
            table.next += 1;
            let waiting = Waiting { line: wire::request(id, asked), handed: handed.clone(), reply };
            table.calls.insert(id, waiting);
            table.queue.push_back(id);
            id
        };
        self.work.notify_one();
        let _withdraw = Withdraw { exchange: self, id, key: &asked.key };
        match answer.await {
            Ok(Reply::Result(result)) => Tried::Answered(wire::answer(asked, &result)),
            Ok(Reply::Error(error)) => Tried::Answered(Answer::Failed(wire::failure(&error))),
            Err(_) if handed.load(Ordering::Acquire) => Tried::Lost("it went before it answered".to_owned()),
            Err(_) => Tried::NotAsked("it went before it was asked".to_owned()),
        }
    }

    /// The next line to write. The other side counts as having seen it from now on.
    pub(super) async fn next(&self) -> String {
        loop {
            if let Some(line) = lock(&self.table).line() {
                return line;
            }
            self.work.notified().await;
        }
    }

    /// Takes a message of the other side.
    pub(super) fn take(&self, message: &[u8]) -> Taken {
        if message.trim_ascii().is_empty() {
            return Taken::Done;
        }
        let Some(Json::Object(mut fields)) = bounded::read(message) else {
            return self.garbage();
        };
        let reply = match (fields.remove("result"), fields.remove("error")) {
            (_, Some(error @ Json::Object(_))) => Some(Reply::Error(error)),
            (Some(result), None | Some(Json::Null)) => Some(Reply::Result(result)),
            _ => None,
        };
        match (reply, fields.get("id")) {
            // What is said of a notification needs no answer, and gets none.
            (Some(_), None | Some(Json::Null)) => Taken::Done,
            (Some(reply), Some(id)) => self.answer(id.as_u64(), reply),
            (None, None) if SAID.iter().any(|name| fields.contains_key(*name)) => Taken::Said(fields),
            (None, _) => self.garbage(),
        }
    }

    fn answer(&self, id: Option<u64>, reply: Reply) -> Taken {
        let mut table = lock(&self.table);
        let Some(id) = id.filter(|id| *id < table.next) else {
            drop(table);
            return self.garbage();
        };
        // Nobody can answer what was not written yet, only guess its number.
        let is_written = table.calls.get(&id).is_some_and(|call| call.handed.load(Ordering::Acquire));
        let call = if is_written { table.calls.remove(&id) } else { None };
        match call {
            Some(call) => {
                table.garbage = 0;
                table.answered = true;
                drop(table);
                // Who asked may have gone this very moment.
                drop(call.reply.send(reply));
            }
            None => self.counts.stray(),
        }
        Taken::Done
    }

    fn garbage(&self) -> Taken {
        self.counts.garbage();
        let mut table = lock(&self.table);
        table.garbage = table.garbage.saturating_add(1);
        if table.garbage >= HANDLER_GARBAGE_MAX { Taken::Enough } else { Taken::Done }
    }

    /// Says something that needs no answer; left out where too much waits to be said.
    pub(super) fn say(&self, line: String) {
        let mut table = lock(&self.table);
        if table.open && table.notices.len() < HANDLER_CALLS_MAX {
            table.notices.push_back(line);
            drop(table);
            self.work.notify_one();
        }
    }

    /// The connection is gone: every call is told.
    pub(super) fn close(&self) {
        let mut table = lock(&self.table);
        table.open = false;
        table.queue.clear();
        table.notices.clear();
        let calls = std::mem::take(&mut table.calls);
        drop(table);
        drop(calls);
    }
}

impl Table {
    fn line(&mut self) -> Option<String> {
        if let Some(notice) = self.notices.pop_front() {
            return Some(notice);
        }
        while let Some(id) = self.queue.pop_front() {
            // Calls that were withdrawn before anybody saw them are not there any longer.
            if let Some(call) = self.calls.get_mut(&id) {
                call.handed.store(true, Ordering::Release);
                return Some(std::mem::take(&mut call.line));
            }
        }
        None
    }
}

/// Forgets a call when its asker goes.
struct Withdraw<'a> {
    exchange: &'a Exchange,
    id: u64,
    key: &'a str,
}

impl Drop for Withdraw<'_> {
    fn drop(&mut self) {
        let mut table = lock(&self.exchange.table);
        let Some(left) = table.calls.remove(&self.id) else { return };
        if !left.handed.load(Ordering::Acquire) {
            table.queue.retain(|id| *id != self.id);
            return;
        }
        drop(table);
        self.exchange.say(wire::withdrawal(self.key));
    }
}
