//! A mailbox: what one sender has sent on one lane and its receiver has not taken, first in, first out.
//!
//! The first message has a place of its own, so that a channel whose bound is 1 never allocates.
//! Invariant: where `first` is empty, `rest` is.

use std::collections::VecDeque;

use crate::base::value::Value;

/// A message under way.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Parcel {
    /// Which message, as its sender numbers it.
    pub(super) label: u16,
    /// What it carries.
    pub(super) payload: Value,
}

/// A queue of messages.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Mailbox {
    first: Option<Parcel>,
    rest: VecDeque<Parcel>,
}

impl Mailbox {
    #[inline]
    pub(super) fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.rest.len()
    }

    #[inline]
    pub(super) const fn first(&self) -> Option<&Parcel> {
        self.first.as_ref()
    }

    #[inline]
    pub(super) fn put(&mut self, parcel: Parcel) {
        if self.first.is_none() {
            self.first = Some(parcel);
        } else {
            self.rest.push_back(parcel);
        }
    }

    #[inline]
    pub(super) fn take(&mut self) -> Option<Parcel> {
        let taken = self.first.take();
        if !self.rest.is_empty() {
            self.first = self.rest.pop_front();
        }
        taken
    }

    pub(super) fn clear(&mut self) {
        self.first = None;
        self.rest.clear();
    }
}
