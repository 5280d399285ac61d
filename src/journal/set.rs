//! The facts of one context and namespace: a set that only grows, and merges by union.
//!
//! In go facts, made here or elsewhere; out come the same facts in an order that their contents decide, what another
//! set lacks, and states that are reduced from them.
//! Invariants: every fact is of the set's own place; facts are sorted and each is there once; a refusal changes
//! nothing.
//! What a newer fact says for good ([`Set::supersede`]) may be forgotten: a pure rule, after which merges are what they were.
//! Is not: bounded by time. Nothing else is ever taken away; what is full says so.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use crate::base::limits::{FACTS_MAX, FACTS_RESERVED, JOURNAL_BYTES_MAX};
use crate::base::value::Value;
use crate::base::weight::Excess;
use crate::journal::fact::{Epoch, Fact, FactId, Heading, Place};
use crate::journal::name::{Device, Key};
use crate::journal::shelf::Shelf;

/// Why facts are not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// They belong to another context.
    Context,
    /// They belong to another namespace of the same context.
    Namespace,
    /// The data of a fact is too large to be a value.
    Large(Excess),
    /// A fact has more than `limits::FACT_BYTES_MAX` bytes.
    Bytes,
    /// The data of a fact has a part that nobody knows.
    Unknown,
    /// The order of a fact is beyond `limits::FACT_ORDER_MAX`.
    Order,
    /// The context has used up its share of the journal: `limits::CONTEXT_BYTES_MAX`.
    Share,
    /// There are `limits::FACT_SETS_MAX` other sets, which stay.
    Sets,
    /// There would be more facts or bytes than `base::limits` allows.
    Full,
}

impl Refusal {
    /// What is said of it.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Context => "the facts belong to another context",
            Self::Namespace => "the facts belong to another namespace",
            Self::Large(excess) => excess.sentence(),
            Self::Bytes => "a fact is larger than the limit",
            Self::Unknown => "a fact says what nobody knows",
            Self::Order => "the places of a set of facts are used up",
            Self::Share => "the context has used up its share of the journal",
            Self::Sets => "the journal has no place for another set of facts",
            Self::Full => "the journal is full",
        }
    }

    /// Whether another fact, or this one at another time, may be taken: it is not the fact itself that is refused.
    #[must_use]
    pub const fn is_of_room(self) -> bool {
        matches!(self, Self::Share | Self::Full)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

/// What a fact is appended for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// Somebody wants it written down.
    Record,
    /// It opens a budget: for that a part of the room is reserved.
    Grant,
}

impl Purpose {
    /// How many facts a set may have for this.
    const fn facts_max(self) -> usize {
        match self {
            Self::Record => FACTS_MAX - FACTS_RESERVED,
            Self::Grant => FACTS_MAX,
        }
    }
}

/// The facts of one context and namespace.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Set {
    place: Arc<Place>,
    facts: Shelf,
    bytes: usize,
}

impl Set {
    /// The set of a place, without facts.
    #[must_use]
    pub fn new(place: Arc<Place>) -> Self {
        Self { place, facts: Shelf::default(), bytes: 0 }
    }

    /// Which facts belong here.
    #[must_use]
    pub const fn place(&self) -> &Arc<Place> {
        &self.place
    }

    /// The facts in their order: by [`Fact::order`], then by device, then by id.
    pub fn facts(&self) -> impl DoubleEndedIterator<Item = &Fact> + Clone {
        self.facts.iter()
    }

    /// How many facts there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.facts.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.facts.len() == 0
    }

    /// The facts of one key, in their order.
    pub fn of_key<'a>(&'a self, key: &'a Key) -> impl Iterator<Item = &'a Fact> {
        self.facts.iter().filter(move |fact| fact.key() == key)
    }

    /// Canonical bytes of all facts.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds what `device` says now, after every fact that is there. Makes no hash.
    ///
    /// # Errors
    /// The data is too large or not known, or the set is full.
    pub fn append(&mut self, key: Key, data: Value, device: Device, epoch: Epoch) -> Result<&Fact, Refusal> {
        let heading = Arc::new(Heading::new(self.place.clone(), key, device));
        self.append_within((Purpose::Record, JOURNAL_BYTES_MAX), &heading, data, epoch)
    }

    /// The same under a heading of this place, where the journal has only so many bytes left.
    #[inline]
    pub(super) fn append_within(
        &mut self,
        (purpose, room): (Purpose, usize),
        heading: &Arc<Heading>,
        data: Value,
        epoch: Epoch,
    ) -> Result<&Fact, Refusal> {
        self.same_place(heading.place())?;
        let order = self.facts.last().map_or(1, |last| last.order().saturating_add(1));
        let fact = Fact::new(heading.clone(), data, epoch, order)?;
        if fact.bytes() > room || self.facts.len() >= purpose.facts_max() {
            return Err(Refusal::Full);
        }
        self.bytes += fact.bytes();
        self.facts.push(fact).ok_or(Refusal::Full)
    }

    /// Takes away the fact that was added last, before anybody has seen it; gives its bytes.
    pub(super) fn take_back(&mut self) -> usize {
        let bytes = self.facts.pop().map_or(0, |fact| fact.bytes());
        self.bytes -= bytes;
        bytes
    }

    /// Takes a fact that came from elsewhere; false if it was there.
    ///
    /// # Errors
    /// It belongs to another place, or the set is full.
    pub fn insert(&mut self, fact: Fact) -> Result<bool, Refusal> {
        self.same_place(fact.place())?;
        let bytes = fact.bytes();
        if self.room(1, bytes).is_err() {
            // What is there already needs no room.
            return if self.facts.has(&fact) { Ok(false) } else { Err(Refusal::Full) };
        }
        let new = self.facts.insert(fact);
        self.bytes += if new { bytes } else { 0 };
        Ok(new)
    }

    /// Takes every fact of `other`: the union. Gives the number of facts that are new.
    ///
    /// # Errors
    /// `other` belongs to another place, or the union would be too large; then nothing is taken.
    pub fn merge(&mut self, other: &Self) -> Result<usize, Refusal> {
        let delta = other.delta(self)?;
        self.room_for(&delta)?;
        let new = delta.facts.len();
        self.bytes += delta.bytes;
        self.facts.join(delta.facts);
        Ok(new)
    }

    /// The facts that `other` lacks.
    ///
    /// # Errors
    /// `other` belongs to another place.
    pub fn delta(&self, other: &Self) -> Result<Self, Refusal> {
        self.same_place(&other.place)?;
        let mut theirs = other.facts.iter().peekable();
        Ok(self.only(|fact| {
            while theirs.next_if(|their| *their < fact).is_some() {}
            theirs.peek() != Some(&fact)
        }))
    }

    /// Forgets what newer facts have made void: of the facts that `subject` gives one subject those that are not of the
    /// newest epoch among them. Facts without a subject stay. Gives the bytes that are free then.
    ///
    /// Whether a fact goes depends on no more than the facts that are there, and what made it go stays. So it does not
    /// matter whether one forgets before a merge, after it, or both, here or elsewhere.
    pub fn supersede<S: Ord>(&mut self, subject: fn(&Fact) -> Option<S>) -> usize {
        let mut newest: BTreeMap<S, Epoch> = BTreeMap::new();
        for fact in self.facts() {
            if let Some(subject) = subject(fact) {
                let epoch = newest.entry(subject).or_default();
                *epoch = fact.epoch().max(*epoch);
            }
        }
        let mut free = 0;
        self.facts.retain(|fact| {
            let epoch = subject(fact).and_then(|subject| newest.get(&subject));
            let stays = epoch.is_none_or(|epoch| fact.epoch() >= *epoch);
            free += if stays { 0 } else { fact.bytes() };
            stays
        });
        self.bytes -= free;
        free
    }

    /// The facts whose ids are not among these: what one lacks who has told only ids.
    #[must_use]
    pub fn delta_of_ids(&self, ids: &BTreeSet<FactId>) -> Self {
        self.only(|fact| !ids.contains(&fact.id()))
    }

    /// The ids of the facts.
    #[must_use]
    pub fn ids(&self) -> BTreeSet<FactId> {
        self.facts.iter().map(Fact::id).collect()
    }

    /// A state reduced from the facts, one by one in their order.
    ///
    /// What makes it pure: `step` is a function without captured state, so it sees facts and nothing else, and a
    /// state that has an exact equality holds no bare float.
    ///
    /// ```compile_fail,E0277
    /// # fn of(set: &laban::journal::Set) -> f64 {
    /// set.reduce(0.0, |sum, _| sum + 0.1)
    /// # }
    /// ```
    #[must_use]
    pub fn reduce<S: Eq>(&self, start: S, step: fn(S, &Fact) -> S) -> S {
        self.facts.iter().fold(start, step)
    }

    /// # Errors
    /// The facts of `place` do not belong here.
    pub(super) fn same_place(&self, place: &Arc<Place>) -> Result<(), Refusal> {
        // Sets of one journal share their place, so most comparisons end at the pointer.
        if Arc::ptr_eq(&self.place, place) || self.place == *place {
            return Ok(());
        }
        Err(if self.place.context == place.context { Refusal::Namespace } else { Refusal::Context })
    }

    /// # Errors
    /// The facts of `delta`, none of which is here, have no room.
    pub(super) const fn room_for(&self, delta: &Self) -> Result<(), Refusal> {
        self.room(delta.facts.len(), delta.bytes)
    }

    fn only(&self, mut keep: impl FnMut(&Fact) -> bool) -> Self {
        let facts: Shelf = self.facts.iter().filter(|fact| keep(fact)).cloned().collect();
        let bytes = facts.iter().map(Fact::bytes).sum();
        Self { place: self.place.clone(), facts, bytes }
    }

    const fn room(&self, facts: usize, bytes: usize) -> Result<(), Refusal> {
        if self.facts.len() + facts > FACTS_MAX || self.bytes + bytes > JOURNAL_BYTES_MAX {
            return Err(Refusal::Full);
        }
        Ok(())
    }
}
