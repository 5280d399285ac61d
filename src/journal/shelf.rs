//! A shelf: facts in their order, in chunks, so that one more never moves the ones that are there.
//!
//! Invariants: sorted, each fact once, no chunk empty; a chunk has `CHUNK` facts at most.
//! Is not: a judge of which facts belong together; `set` is.

use crate::journal::fact::Fact;

/// Facts of one chunk: some tens of KiB, less than what the allocator asks the system for anew each time. Few in tests, so
/// that small sets have borders too.
const CHUNK: usize = if cfg!(test) { 4 } else { 1_024 };

/// Facts in their order.
#[derive(Clone, Debug, Default)]
pub(super) struct Shelf {
    chunks: Vec<Vec<Fact>>,
    len: usize,
}

impl Shelf {
    /// How many facts there are.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// The facts in their order.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Fact> + Clone {
        self.chunks.iter().flatten()
    }

    /// The greatest fact.
    #[inline]
    pub(super) fn last(&self) -> Option<&Fact> {
        self.chunks.last()?.last()
    }

    /// Adds a fact that is greater than all.
    #[inline]
    pub(super) fn push(&mut self, fact: Fact) -> Option<&Fact> {
        if self.chunks.last().is_none_or(|chunk| chunk.len() >= CHUNK) {
            self.begin();
        }
        let chunk = self.chunks.last_mut()?;
        chunk.push(fact);
        self.len += 1;
        chunk.last()
    }

    /// Begins a chunk. The first one grows, since most sets stay small.
    #[cold]
    fn begin(&mut self) {
        let room = if self.chunks.is_empty() { 0 } else { CHUNK };
        self.chunks.push(Vec::with_capacity(room));
    }

    /// Takes the greatest fact away.
    pub(super) fn pop(&mut self) -> Option<Fact> {
        let chunk = self.chunks.last_mut()?;
        let fact = chunk.pop();
        if chunk.is_empty() {
            self.chunks.pop();
        }
        self.len -= usize::from(fact.is_some());
        fact
    }

    /// Whether a fact is there.
    pub(super) fn has(&self, fact: &Fact) -> bool {
        self.chunk_of(fact)
            .and_then(|at| self.chunks.get(at))
            .is_some_and(|chunk| chunk.binary_search(fact).is_ok())
    }

    /// The chunk in which a fact stands or would stand; none where it comes after all.
    fn chunk_of(&self, fact: &Fact) -> Option<usize> {
        let at = self.chunks.partition_point(|chunk| chunk.last().is_some_and(|last| last < fact));
        (at < self.chunks.len()).then_some(at)
    }

    /// Adds a fact at its place; false if it is there.
    pub(super) fn insert(&mut self, fact: Fact) -> bool {
        let Some((at, chunk)) = self.chunk_of(&fact).and_then(|at| Some((at, self.chunks.get_mut(at)?)))
        else {
            self.push(fact);
            return true;
        };
        let Err(place) = chunk.binary_search(&fact) else { return false };
        chunk.insert(place, fact);
        self.len += 1;
        if chunk.len() > CHUNK {
            let rest = chunk.split_off(CHUNK / 2);
            self.chunks.insert(at + 1, rest);
        }
        true
    }

    /// Takes in facts that are sorted, and none of which is here.
    pub(super) fn join(&mut self, more: Self) {
        let after =
            |more: &Self| more.iter().next().zip(self.last()).is_none_or(|(first, last)| last < first);
        if after(&more) {
            more.into_facts().for_each(|fact| _ = self.push(fact));
            return;
        }
        let mut mine = std::mem::take(self).into_facts().peekable();
        for fact in more.into_facts() {
            while let Some(less) = mine.next_if(|mine| *mine < fact) {
                self.push(less);
            }
            self.push(fact);
        }
        mine.for_each(|fact| _ = self.push(fact));
    }

    /// Keeps the facts that `keep` says, which is asked once for each, in order.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(&Fact) -> bool) {
        let before = std::mem::take(self).into_facts();
        before.filter(|fact| keep(fact)).for_each(|fact| _ = self.push(fact));
    }

    fn into_facts(self) -> impl Iterator<Item = Fact> {
        self.chunks.into_iter().flatten()
    }
}

impl FromIterator<Fact> for Shelf {
    /// Of facts that are sorted.
    fn from_iter<I: IntoIterator<Item = Fact>>(facts: I) -> Self {
        let mut shelf = Self::default();
        facts.into_iter().for_each(|fact| _ = shelf.push(fact));
        shelf
    }
}

impl PartialEq for Shelf {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.iter().eq(other.iter())
    }
}

impl Eq for Shelf {}
