//! Who knows what at a point of the walk, with a trail by which a branch is undone.
//!
//! Cost follows what changes, not how many roles and names there are, so that a choice of two hundred branches among
//! two hundred roles stays cheap.
//! Is not: the values; it says which variable a name stands for.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::id::{RoleId, VarId};
use crate::diag::source::Span;
use crate::global::resolve::tables::NameId;

/// A name and the role that may know it.
pub(super) type Key = (NameId, RoleId);

/// What a role knows under a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Known {
    pub var: VarId,
    /// Where it came to know it.
    pub span: Span,
}

/// What changed since a mark, as it is now.
pub(super) type Delta = BTreeMap<Key, Option<Known>>;

/// Why several ways lead to one point.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Parting {
    /// Branches of a choice, turns of a loop, branches of a `par`.
    Branches,
    /// A `try` was completed, or ended by a cause.
    Try,
}

/// A point of the trail.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark(usize);

/// Who knows what.
#[derive(Default)]
pub(super) struct Knowledge {
    known: BTreeMap<Key, Known>,
    trail: Vec<(Key, Option<Known>)>,
    /// What was known in some branch only, and where it was bound there.
    lost: BTreeMap<Key, (Span, Parting)>,
    /// For each scope around the walk, outermost first: what has been set inside, and whether it was known before.
    scopes: Vec<BTreeMap<Key, bool>>,
}

impl Knowledge {
    pub(super) fn of(&self, name: NameId, role: RoleId) -> Option<Known> {
        self.known.get(&(name, role)).copied()
    }

    /// Everybody who knows the name.
    pub(super) fn who(&self, name: NameId) -> impl Iterator<Item = (RoleId, Known)> {
        let all = (name, RoleId(0))..=(name, RoleId(u16::MAX));
        self.known.range(all).map(|((_, role), known)| (*role, *known))
    }

    /// Where the role bound a name in a branch that is over.
    pub(super) fn lost(&self, name: NameId, role: RoleId) -> Option<(Span, Parting)> {
        self.lost.get(&(name, role)).copied()
    }

    pub(super) fn set(&mut self, key: Key, known: Option<Known>) {
        let before = match known {
            Some(known) => self.known.insert(key, known),
            None => self.known.remove(&key),
        };
        if let Some(scope) = self.scopes.last_mut() {
            scope.entry(key).or_insert(before.is_some());
        }
        self.trail.push((key, before));
    }

    /// Remembers from here on what was known: a scope begins.
    pub(super) fn remember(&mut self) {
        self.scopes.push(BTreeMap::new());
    }

    /// The innermost scope ends.
    pub(super) fn forget(&mut self) {
        let ended = self.scopes.pop().unwrap_or_default();
        if let Some(around) = self.scopes.last_mut() {
            for (key, before) in ended {
                around.entry(key).or_insert(before);
            }
        }
    }

    /// Whether anybody knew the name when the scope at this level began.
    pub(super) fn knew(&self, level: usize, name: NameId) -> bool {
        let all = (name, RoleId(0))..=(name, RoleId(u16::MAX));
        let mut first: BTreeMap<Key, bool> = BTreeMap::new();
        for scope in self.scopes.iter().skip(level) {
            for (key, before) in scope.range(all.clone()) {
                first.entry(*key).or_insert(*before);
            }
        }
        first.values().any(|before| *before) || self.known.range(all).any(|(key, _)| !first.contains_key(key))
    }

    pub(super) fn mark(&self) -> Mark {
        Mark(self.trail.len())
    }

    /// What changed since the mark.
    pub(super) fn delta(&self, mark: Mark) -> Delta {
        let keys: BTreeSet<Key> = self.trail.iter().skip(mark.0).map(|(key, _)| *key).collect();
        keys.into_iter().map(|key| (key, self.known.get(&key).copied())).collect()
    }

    /// Takes everything back since the mark.
    pub(super) fn undo(&mut self, mark: Mark) {
        while self.trail.len() > mark.0 {
            let Some((key, before)) = self.trail.pop() else { break };
            match before {
                Some(known) => self.known.insert(key, known),
                None => self.known.remove(&key),
            };
        }
    }

    /// Makes what changed on each of several ways to this point one: a name stays known where every way that comes
    /// here binds it to one variable. Nothing has changed yet since the ways parted.
    pub(super) fn merge(&mut self, ways: &[Delta], parting: Parting) {
        if let [only] = ways {
            for (key, known) in only {
                self.set(*key, *known);
            }
            return;
        }
        let keys: BTreeSet<Key> = ways.iter().flat_map(|way| way.keys().copied()).collect();
        for key in keys {
            let before = self.known.get(&key).copied();
            let mut all = ways.iter().map(|way| way.get(&key).copied().unwrap_or(before));
            let first = all.next().flatten();
            let one = first.is_some() && all.all(|known| known.map(|k| k.var) == first.map(|k| k.var));
            if one {
                self.set(key, first);
                continue;
            }
            let bound = ways.iter().find_map(|way| way.get(&key).copied().flatten());
            if let Some(bound) = bound {
                self.lose(key, bound.span, parting);
            }
            if before.is_some() {
                self.set(key, None);
            }
        }
    }

    /// Remembers that a name is not known any more, for the sake of the sentence that will say so.
    pub(super) fn lose(&mut self, key: Key, span: Span, parting: Parting) {
        self.lost.insert(key, (span, parting));
    }
}
