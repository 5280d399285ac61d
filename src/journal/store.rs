//! All facts that one device holds: a set per context and namespace, read one context at a time.
//!
//! Invariant: a [`View`] of a context reaches that context's facts and no others; a merge takes the facts of one
//! context into the same one.
//! Is not: durable.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::limits::{CONTEXT_BYTES_MAX, FACT_SETS_MAX, JOURNAL_BYTES_MAX, JOURNAL_BYTES_RESERVED};
use crate::base::value::Value;
use crate::journal::fact::{Epoch, Fact, Heading, Place};
use crate::journal::name::{Context, Device, Key, Namespace};
use crate::journal::set::{Purpose, Refusal, Set};

/// A set of one journal, for who appends to it often: found once, by its place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct SetId(u32);

/// Facts by context and namespace.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    sets: Vec<Set>,
    /// For each set the number of its context in `held`.
    contexts: Vec<u32>,
    /// The bytes of each context.
    held: Vec<usize>,
    places: BTreeMap<Context, BTreeMap<Namespace, SetId>>,
    bytes: usize,
}

/// The facts of one context.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    journal: &'a Journal,
    context: &'a Context,
}

impl Journal {
    /// The journal without facts.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The set of a place; made, without facts, where it is not there yet.
    ///
    /// # Errors
    /// There are `limits::FACT_SETS_MAX` others.
    pub fn open(&mut self, place: &Place) -> Result<SetId, Refusal> {
        if let Some(id) = self.find(&place.context, &place.namespace) {
            return Ok(id);
        }
        if self.sets.len() >= FACT_SETS_MAX {
            return Err(Refusal::Sets);
        }
        Ok(self.add(Set::new(Arc::new(place.clone()))))
    }

    /// The journal of these sets, each of which has another place.
    pub(super) fn of_sets(sets: Vec<Set>) -> Self {
        let mut journal = Self::new();
        sets.into_iter().for_each(|set| _ = journal.add(set));
        journal
    }

    /// Adds a set whose place is not there yet.
    fn add(&mut self, set: Set) -> SetId {
        let id = SetId(self.sets.len() as u32);
        let place = set.place().clone();
        let beside = self.places.get(&place.context).and_then(|sets| sets.values().next());
        let context = beside.and_then(|id| self.contexts.get(id.0 as usize)).copied();
        let context = context.unwrap_or(self.held.len() as u32);
        self.held.resize(self.held.len().max(context as usize + 1), 0);
        if let Some(held) = self.held.get_mut(context as usize) {
            *held += set.bytes();
        }
        self.bytes += set.bytes();
        self.contexts.push(context);
        self.sets.push(set);
        self.places.entry(place.context.clone()).or_default().insert(place.namespace.clone(), id);
        id
    }

    /// The sets of all contexts, in the order in which they were opened.
    pub(super) fn sets(&self) -> &[Set] {
        &self.sets
    }

    /// The heading of what a device says about a key in a set; none for a number of another journal.
    #[must_use]
    pub fn heading(&self, set: SetId, key: Key, device: Device) -> Option<Arc<Heading>> {
        let place = self.sets.get(set.0 as usize)?.place().clone();
        Some(Arc::new(Heading::new(place, key, device)))
    }

    /// Adds what `device` says to a set, after every fact that is there.
    ///
    /// # Errors
    /// The data is too large or not known, or the journal is full.
    pub fn append(
        &mut self,
        set: SetId,
        key: Key,
        data: Value,
        device: Device,
        epoch: Epoch,
    ) -> Result<&Fact, Refusal> {
        let heading = self.heading(set, key, device).ok_or(Refusal::Context)?;
        self.note(set, &heading, data, epoch)
    }

    /// The same under a heading that was made before. Beyond the fact it allocates only where the set's room grows.
    ///
    /// # Errors
    /// As for [`Self::append`]; or the heading is that of another set.
    #[inline]
    pub fn note(
        &mut self,
        set: SetId,
        heading: &Arc<Heading>,
        data: Value,
        epoch: Epoch,
    ) -> Result<&Fact, Refusal> {
        self.note_for(Purpose::Record, set, heading, data, epoch)
    }

    /// The same for a purpose.
    ///
    /// # Errors
    /// As for [`Self::note`].
    #[inline]
    pub fn note_for(
        &mut self,
        purpose: Purpose,
        set: SetId,
        heading: &Arc<Heading>,
        data: Value,
        epoch: Epoch,
    ) -> Result<&Fact, Refusal> {
        // Ids come from `open` of this journal; another one's number may be out of range here.
        let at = set.0 as usize;
        let set = self.sets.get_mut(at).ok_or(Refusal::Context)?;
        let context = self.contexts.get(at).ok_or(Refusal::Context)?;
        let held = self.held.get_mut(*context as usize).ok_or(Refusal::Context)?;
        let (all, own) = match purpose {
            Purpose::Record => (JOURNAL_BYTES_MAX - JOURNAL_BYTES_RESERVED, CONTEXT_BYTES_MAX),
            Purpose::Grant => (JOURNAL_BYTES_MAX, JOURNAL_BYTES_MAX),
        };
        let (all, own) = (all.saturating_sub(self.bytes), own.saturating_sub(*held));
        let said = set.append_within((purpose, all.min(own)), heading, data, epoch);
        let fact = said.map_err(|refusal| match refusal {
            Refusal::Full if own < all => Refusal::Share,
            refusal => refusal,
        })?;
        *held += fact.bytes();
        self.bytes += fact.bytes();
        Ok(fact)
    }

    /// Forgets in a set what newer facts have made void: [`Set::supersede`].
    pub fn supersede<S: Ord>(&mut self, set: SetId, subject: fn(&Fact) -> Option<S>) {
        let free = self.sets.get_mut(set.0 as usize).map_or(0, |set| set.supersede(subject));
        self.release(set, free);
    }

    /// Has so many bytes of a set free again.
    fn release(&mut self, set: SetId, bytes: usize) {
        self.bytes -= bytes;
        let context = self.contexts.get(set.0 as usize);
        if let Some(held) = context.and_then(|at| self.held.get_mut(*at as usize)) {
            *held -= bytes;
        }
    }

    /// Adds several facts, all or none.
    ///
    /// # Errors
    /// One of them is too large or not known, or the journal is full; then none is there.
    #[inline]
    pub fn note_all<'a>(
        &mut self,
        facts: impl Iterator<Item = (SetId, &'a Arc<Heading>, Value)> + Clone,
        epoch: Epoch,
    ) -> Result<(), Refusal> {
        for (done, (set, heading, data)) in facts.clone().enumerate() {
            if let Err(refusal) = self.note(set, heading, data, epoch) {
                self.take_back(facts.take(done).map(|(set, ..)| set));
                return Err(refusal);
            }
        }
        Ok(())
    }

    /// Takes away what was added in one call: it stands last in its set, and nobody has seen it.
    #[cold]
    fn take_back(&mut self, sets: impl Iterator<Item = SetId>) {
        for id in sets {
            let bytes = self.sets.get_mut(id.0 as usize).map_or(0, Set::take_back);
            self.release(id, bytes);
        }
    }

    /// The facts of one context.
    #[must_use]
    pub const fn of<'a>(&'a self, context: &'a Context) -> View<'a> {
        View { journal: self, context }
    }

    /// Takes every fact of a view into the view's own context. Gives the number of facts that are new.
    ///
    /// # Errors
    /// The union would be too large; then nothing is taken.
    pub fn merge(&mut self, from: &View<'_>) -> Result<usize, Refusal> {
        let mut deltas = Vec::new();
        let (mut sets, mut new_bytes) = (self.sets.len(), 0);
        for set in from.sets() {
            let place = set.place();
            let delta = match self.of(&place.context).set(&place.namespace) {
                Some(mine) => set.delta(mine)?,
                None => {
                    sets += 1;
                    set.clone()
                }
            };
            new_bytes += delta.bytes();
            deltas.push(delta);
        }
        if sets > FACT_SETS_MAX {
            return Err(Refusal::Sets);
        }
        if self.bytes + new_bytes > JOURNAL_BYTES_MAX {
            return Err(Refusal::Full);
        }
        let held: usize = self.of(from.context).sets().map(Set::bytes).sum();
        if held + new_bytes > CONTEXT_BYTES_MAX + JOURNAL_BYTES_RESERVED {
            return Err(Refusal::Share);
        }
        let full = |delta: &Set| {
            let place = delta.place();
            self.of(&place.context).set(&place.namespace).is_some_and(|mine| mine.room_for(delta).is_err())
        };
        if deltas.iter().any(full) {
            return Err(Refusal::Full);
        }
        let mut new = 0;
        for delta in deltas {
            let id = self.open(delta.place())?;
            let Some(set) = self.sets.get_mut(id.0 as usize) else { continue };
            new += set.merge(&delta)?;
            let context = self.contexts.get(id.0 as usize);
            if let Some(held) = context.and_then(|at| self.held.get_mut(*at as usize)) {
                *held += delta.bytes();
            }
        }
        self.bytes += new_bytes;
        Ok(new)
    }

    fn find(&self, context: &Context, namespace: &Namespace) -> Option<SetId> {
        self.places.get(context)?.get(namespace).copied()
    }
}

impl<'a> View<'a> {
    /// The context.
    #[must_use]
    pub const fn context(&self) -> &'a Context {
        self.context
    }

    /// The facts of a namespace; none where nobody has opened it.
    #[must_use]
    pub fn set(&self, namespace: &Namespace) -> Option<&'a Set> {
        let id = self.journal.find(self.context, namespace)?;
        self.journal.sets.get(id.0 as usize)
    }

    /// The sets of the context, by namespace.
    pub fn sets(&self) -> impl Iterator<Item = &'a Set> {
        let places = self.journal.places.get(self.context).into_iter().flatten();
        places.filter_map(|(_, id)| self.journal.sets.get(id.0 as usize))
    }
}
