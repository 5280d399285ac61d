//! A mailbox: what one sender has sent on one lane and its receiver has not taken, first in, first out.
//!
//! The first message has a place of its own, so that a channel whose bound is 1 never allocates. It is no `Option`:
//! values move through here whole, which processors forward faster than a tag and its rest.
//! Invariant: where the first place is empty, `payload` is none and `rest` is empty.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::base::value::Value;

/// No message: what no sender's number is.
const EMPTY: u32 = u32::MAX;

/// Messages behind the first one for which a mailbox keeps its room when its session is over.
const KEPT: usize = 8;

/// A message behind the first one.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
struct Parcel {
    label: u32,
    payload: Value,
}

/// A queue of messages.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub(super) struct Mailbox {
    /// The first message, as its sender numbers it.
    label: u32,
    /// What it carries.
    payload: Value,
    rest: VecDeque<Parcel>,
}

impl Default for Mailbox {
    fn default() -> Self {
        Self { label: EMPTY, payload: Value::None, rest: VecDeque::new() }
    }
}

impl Mailbox {
    #[inline]
    pub(super) fn len(&self) -> usize {
        usize::from(self.label != EMPTY) + self.rest.len()
    }

    #[inline]
    pub(super) const fn is_empty(&self) -> bool {
        self.label == EMPTY
    }

    /// Whether this message is the first one.
    #[inline]
    pub(super) const fn holds(&self, label: u32) -> bool {
        self.label == label
    }

    /// What the first message carries; none where there is none.
    pub(super) const fn first(&self) -> &Value {
        &self.payload
    }

    #[inline(always)]
    pub(super) fn put(&mut self, label: u32, payload: Value) {
        if self.label == EMPTY {
            self.label = label;
            // What was there is none, and need not be looked at to be dropped.
            std::mem::forget(std::mem::replace(&mut self.payload, payload));
        } else {
            self.rest.push_back(Parcel { label, payload });
        }
    }

    /// Takes what the first message carries; none where there is none.
    #[inline(always)]
    pub(super) fn take(&mut self) -> Value {
        self.label = EMPTY;
        let taken = std::mem::replace(&mut self.payload, Value::None);
        if !self.rest.is_empty() {
            self.follow();
        }
        taken
    }

    fn follow(&mut self) {
        if let Some(next) = self.rest.pop_front() {
            self.label = next.label;
            self.payload = next.payload;
        }
    }

    /// The first message, as its sender numbers it.
    pub(super) fn head(&self) -> Option<u32> {
        (self.label != EMPTY).then_some(self.label)
    }

    /// What its messages carry, in order; one more where there is none.
    pub(super) fn carried(&self) -> impl Iterator<Item = &Value> {
        std::iter::once(&self.payload).chain(self.rest.iter().map(|parcel| &parcel.payload))
    }

    /// The bytes of the block behind the first message.
    pub(super) fn room(&self) -> usize {
        self.rest.capacity() * size_of::<Parcel>()
    }

    /// What its messages carry, in order; one more where there is none.
    pub(super) fn payloads(&mut self) -> impl Iterator<Item = &mut Value> {
        std::iter::once(&mut self.payload).chain(self.rest.iter_mut().map(|parcel| &mut parcel.payload))
    }

    pub(super) fn clear(&mut self) {
        self.label = EMPTY;
        self.payload = Value::None;
        self.rest.clear();
        self.rest.shrink_to(KEPT);
    }
}
