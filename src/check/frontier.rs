//! The states that wait to be looked at, first in, first out, and the bytes that they hold.
//!
//! While there are few they are kept as they are; when they become many, each shares what it has in common with the
//! state that it was reached from, which takes a little longer and a small part of the room.
//! Invariant: `held` is the sum of what the waiting states held alone when they were put in, less what they held alone
//! when they were taken out; what is shared is given back by who holds it last.
//! Is not: a set; `search` knows which states are known.

use std::collections::VecDeque;

use crate::base::value::Value;
use crate::check::turn::State;
use crate::machine::packed::Packed;

/// Waiting states.
#[derive(Debug)]
pub(super) struct Frontier {
    waiting: VecDeque<(u32, Kept)>,
    held: usize,
    /// Bytes from which on states share.
    dense: usize,
}

/// A state that waits.
#[derive(Debug)]
enum Kept {
    Whole(State, usize),
    Packed(Flat),
}

/// A state in chunks.
#[derive(Debug)]
struct Flat {
    session: Packed,
    counts: Vec<(u64, Value)>,
    cancelled: bool,
}

impl Flat {
    fn new(state: State, like: Option<&Self>) -> Self {
        let State { session, counts, cancelled } = state;
        Self { session: session.pack(like.map(|like| &like.session)), counts, cancelled }
    }

    fn weight(&self) -> usize {
        self.session.weight() + self.counts.capacity() * size_of::<(u64, Value)>()
    }
}

/// A state that was taken out, and what those that are reached from it share with it.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) at: u32,
    pub(super) state: State,
    flat: Option<Flat>,
}

impl Frontier {
    /// Nobody waits; from so many bytes on, states share.
    pub(super) const fn new(dense: usize) -> Self {
        Self { waiting: VecDeque::new(), held: 0, dense }
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// The bytes that all of them hold.
    pub(super) fn held(&self) -> usize {
        self.held + self.waiting.capacity() * size_of::<(u32, Kept)>()
    }

    /// Puts a state behind the others; it was reached from `before`.
    pub(super) fn put(&mut self, at: u32, state: State, before: Option<&mut Taken>) {
        let kept = match before.filter(|_| self.held >= self.dense) {
            Some(before) => {
                let like = before.flat.get_or_insert_with(|| {
                    let flat = Flat::new(before.state.clone(), None);
                    self.held += flat.weight();
                    flat
                });
                let flat = Flat::new(state, Some(like));
                self.held += flat.weight();
                Kept::Packed(flat)
            }
            None => {
                let weight = state.session.weight();
                self.held += weight;
                Kept::Whole(state, weight)
            }
        };
        self.waiting.push_back((at, kept));
    }

    /// Takes the first one out; it has to be given back.
    pub(super) fn take(&mut self) -> Option<Taken> {
        let (at, kept) = self.waiting.pop_front()?;
        Some(match kept {
            Kept::Whole(state, weight) => {
                self.held -= weight;
                Taken { at, state, flat: None }
            }
            Kept::Packed(flat) => {
                let session = flat.session.unpack();
                let state = State { session, counts: flat.counts.clone(), cancelled: flat.cancelled };
                Taken { at, state, flat: Some(flat) }
            }
        })
    }

    /// Nothing more is reached from a state that was taken out.
    pub(super) fn done(&mut self, taken: Taken) {
        self.held = self.held.saturating_sub(taken.flat.map_or(0, |flat| flat.weight()));
    }
}
