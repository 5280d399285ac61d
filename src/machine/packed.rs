//! A session that waits: packed into chunks, which it shares with the session it came from, and what that weighs.
//!
//! A move changes few places, so most chunks of a session are those of the one before it. What a session weighs is what
//! its allocations take, values that several places share counted at each of them: never less than it is.
//! Is not: on the way of a session that runs; whoever explores keeps sessions so.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::base::cause::Cause;
use crate::base::value::{Field, Value};
use crate::machine::mailbox::Mailbox;
use crate::machine::path::Path;
use crate::machine::scope::{Region, Report, Scopes};
use crate::machine::session::{Session, Thread};

/// Things of one chunk.
const CHUNK: usize = 16;
/// What the allocator adds to a block, about.
const BLOCK: usize = 16;
/// What stands before the content of what is shared: two counts.
const COUNTS: usize = 16;

/// A session in chunks.
#[derive(Debug)]
pub struct Packed {
    threads: Row<Thread>,
    slots: Row<Value>,
    mailboxes: Row<Mailbox>,
    scopes: Option<PackedScopes>,
    finished: u32,
}

#[derive(Debug)]
struct PackedScopes {
    regions: Row<Region>,
    tags: Row<VecDeque<Path>>,
    arrivals: Row<(u32, u32)>,
    reports: Row<Report>,
}

impl Session {
    /// Packs the session; what is the same in `like` is shared with it.
    #[must_use]
    pub fn pack(self, like: Option<&Packed>) -> Packed {
        let beside = like.and_then(|like| like.scopes.as_ref());
        Packed {
            threads: Row::pack(self.threads, like.map(|like| &like.threads)),
            slots: Row::pack(self.slots, like.map(|like| &like.slots)),
            mailboxes: Row::pack(self.mailboxes, like.map(|like| &like.mailboxes)),
            scopes: self.scopes.map(|scopes| PackedScopes {
                regions: Row::pack(scopes.regions, beside.map(|like| &like.regions)),
                tags: Row::pack(scopes.tags, beside.map(|like| &like.tags)),
                arrivals: Row::pack(scopes.arrivals.into(), beside.map(|like| &like.arrivals)),
                reports: Row::pack(scopes.reports, beside.map(|like| &like.reports)),
            }),
            finished: self.finished,
        }
    }

    /// The bytes that the session holds.
    #[must_use]
    pub fn weight(&self) -> usize {
        let scopes = self.scopes.as_deref().map_or(0, |scopes| {
            size_of::<Scopes>()
                + BLOCK
                + row(&scopes.regions)
                + row(&scopes.tags)
                + block(scopes.arrivals.capacity() * size_of::<(u32, u32)>())
                + row(&scopes.reports)
        });
        row(&self.threads) + row(&self.slots) + row(&self.mailboxes) + scopes
    }
}

impl Packed {
    /// The session that was packed.
    #[must_use]
    pub fn unpack(&self) -> Session {
        Session {
            threads: self.threads.unpack(),
            slots: self.slots.unpack(),
            mailboxes: self.mailboxes.unpack(),
            scopes: self.scopes.as_ref().map(|scopes| {
                Box::new(Scopes {
                    regions: scopes.regions.unpack(),
                    tags: scopes.tags.unpack(),
                    arrivals: scopes.arrivals.unpack().into(),
                    reports: scopes.reports.unpack(),
                })
            }),
            finished: self.finished,
        }
    }

    /// The bytes that it alone holds: what packing it has taken, or what dropping it would give back.
    #[must_use]
    pub fn weight(&self) -> usize {
        let scopes = self.scopes.as_ref().map_or(0, |scopes| {
            scopes.regions.weight()
                + scopes.tags.weight()
                + scopes.arrivals.weight()
                + scopes.reports.weight()
        });
        self.threads.weight() + self.slots.weight() + self.mailboxes.weight() + scopes
    }
}

/// A row of things in chunks.
#[derive(Debug)]
struct Row<T>(Vec<Arc<[T]>>);

impl<T: Clone + Eq + Weigh> Row<T> {
    fn pack(things: Vec<T>, like: Option<&Self>) -> Self {
        let mut chunks = Vec::with_capacity(things.len().div_ceil(CHUNK));
        let mut things = things.into_iter();
        while let Some(now) = things.as_slice().chunks(CHUNK).next() {
            let before = like.and_then(|like| like.0.get(chunks.len())).filter(|before| ***before == *now);
            match before {
                Some(before) => {
                    chunks.push(before.clone());
                    things.by_ref().take(CHUNK).for_each(drop);
                }
                None => chunks.push(things.by_ref().take(CHUNK).collect()),
            }
        }
        Self(chunks)
    }

    fn unpack(&self) -> Vec<T> {
        let mut things = Vec::with_capacity(self.0.iter().map(|chunk| chunk.len()).sum());
        self.0.iter().for_each(|chunk| things.extend_from_slice(chunk));
        things
    }

    fn weight(&self) -> usize {
        let own = self.0.iter().filter(|chunk| Arc::strong_count(chunk) == 1);
        let own = own.map(|chunk| COUNTS + BLOCK + size_of_val(&**chunk) + behind(chunk));
        BLOCK + self.0.capacity() * size_of::<Arc<[T]>>() + own.sum::<usize>()
    }
}

/// What a row of things takes that stand in one block.
fn row<T: Weigh>(things: &Vec<T>) -> usize {
    BLOCK + things.capacity() * size_of::<T>() + behind(things)
}

fn behind<T: Weigh>(things: &[T]) -> usize {
    things.iter().map(Weigh::behind).sum()
}

/// What holds something outside of itself.
trait Weigh {
    /// The bytes of that.
    fn behind(&self) -> usize {
        0
    }
}

impl Weigh for Thread {}
impl Weigh for Region {}
impl Weigh for (u32, u32) {}

impl Weigh for VecDeque<Path> {
    fn behind(&self) -> usize {
        block(self.capacity() * size_of::<Path>())
    }
}

impl Weigh for Report {
    fn behind(&self) -> usize {
        match &self.cause {
            Cause::Failed(Some(name)) => COUNTS + BLOCK + name.len(),
            _ => 0,
        }
    }
}

impl Weigh for Mailbox {
    fn behind(&self) -> usize {
        block(self.room()) + self.carried().map(Weigh::behind).sum::<usize>()
    }
}

impl Weigh for Value {
    fn behind(&self) -> usize {
        match self {
            Self::Text(text) => COUNTS + BLOCK + text.len(),
            Self::Bytes(bytes) => COUNTS + BLOCK + bytes.len(),
            Self::List(items) => COUNTS + BLOCK + size_of::<Vec<Self>>() + row(items),
            Self::Record(fields) => COUNTS + BLOCK + named(fields),
            Self::Variant(of) => {
                let spare = (of.1.capacity() - of.1.len()) * size_of::<Field>();
                COUNTS + BLOCK + size_of_val(&**of) + BLOCK + spare + named(&of.1)
            }
            _ => 0,
        }
    }
}

/// Fields; their names are those of the program.
fn named(fields: &[Field]) -> usize {
    size_of_val(fields) + fields.iter().map(|(_, value)| value.behind()).sum::<usize>()
}

/// What a block of so many bytes takes; nothing where there is none.
const fn block(bytes: usize) -> usize {
    if bytes == 0 { 0 } else { bytes + BLOCK }
}
