//! Subset construction: the sets of positions that a role cannot tell apart.
//!
//! In: an automaton as one role sees it, and where to begin. Out: its determinisation, with for each set the shortest
//! word of acts that leads there. (Li, Stutz, Wies, Zufferey, CAV 2023: this automaton is the role's only candidate.)
//! Is not: judged; that is `coherence`.

use fixedbitset::FixedBitSet;
use indexmap::IndexSet;

use crate::base::id::SiteId;
use crate::local::view::{Positions, Seen};
use crate::local::work::Work;

/// The determinised view of one role from one entry.
#[derive(Clone, Debug, Default)]
pub(super) struct Subsets {
    /// Each set of positions, sorted; the first is the entry's.
    pub(super) sets: Vec<Box<[u32]>>,
    /// What leads on from each set, sorted by act.
    pub(super) edges: Vec<Vec<Arc>>,
    /// For each set but the first: the set before it on a shortest way from the entry, and the act between.
    pub(super) before: Vec<Option<(u32, Seen)>>,
}

/// One way on from a set.
#[derive(Clone, Debug)]
pub(super) struct Arc {
    /// What the role does or sees.
    pub(super) seen: Seen,
    /// The set after it.
    pub(super) to: u32,
    /// Where it stands in the source, sorted.
    pub(super) sites: Vec<SiteId>,
}

impl Subsets {
    /// The acts of a shortest way to a set.
    pub(super) fn word(&self, set: u32) -> Vec<Seen> {
        let mut word = Vec::new();
        let mut at = set;
        while let Some(Some((before, seen))) = self.before.get(at as usize) {
            word.push(*seen);
            at = *before;
        }
        word.reverse();
        word
    }
}

/// Determinises `view` from `entry`. Nothing where the work runs out.
pub(super) fn determinise(view: &impl Positions, entry: u32, work: &mut Work) -> Option<Subsets> {
    let mut sets = Sets::of(view.count());
    let mut result = Subsets::default();
    sets.add(view, &[entry], work);
    result.before.push(None);
    let mut ways: Vec<(Seen, u32, SiteId)> = Vec::new();
    let mut kernel: Vec<u32> = Vec::new();
    let mut at = 0;
    while let Some(set) = sets.known.get_index(at) {
        if !work.left() {
            return None;
        }
        ways.clear();
        for position in set {
            view.ways(*position, |seen, to, site| {
                ways.extend(seen.map(|seen| (seen, to, site)));
            });
        }
        ways.sort_unstable();
        let mut edges = Vec::new();
        for same in ways.chunk_by(|one, other| one.0 == other.0) {
            let Some((seen, ..)) = same.first() else { continue };
            kernel.clear();
            kernel.extend(same.iter().map(|(_, to, _)| *to));
            kernel.dedup();
            let to = sets.add(view, &kernel, work);
            if to as usize == result.before.len() {
                result.before.push(Some((at as u32, *seen)));
            }
            let mut places: Vec<SiteId> = same.iter().map(|(_, _, site)| *site).collect();
            places.sort_unstable();
            places.dedup();
            edges.push(Arc { seen: *seen, to, sites: places });
        }
        result.edges.push(edges);
        at += 1;
    }
    result.sets = sets.known.into_iter().collect();
    Some(result)
}

/// A set with one in so many positions is read off its marks, which is faster than sorting it.
const DENSE: usize = 256;

/// The sets found so far, each closed under what a role does not see.
struct Sets {
    known: IndexSet<Box<[u32]>>,
    /// For each position the set that it alone leads to, or `u32::MAX`: most acts lead to one position.
    single: Vec<u32>,
    marks: FixedBitSet,
    stack: Vec<u32>,
    set: Vec<u32>,
}

impl Sets {
    fn of(count: usize) -> Self {
        Self {
            known: IndexSet::new(),
            single: vec![u32::MAX; count],
            marks: FixedBitSet::with_capacity(count),
            stack: Vec::new(),
            set: Vec::new(),
        }
    }

    /// The number of the set that these positions lead to.
    fn add(&mut self, view: &impl Positions, kernel: &[u32], work: &mut Work) -> u32 {
        let single = match kernel {
            [one] => Some(*one as usize),
            _ => None,
        };
        if let Some(known) = single.and_then(|one| self.single.get(one)).filter(|known| **known != u32::MAX) {
            return *known;
        }
        self.close(view, kernel);
        work.spend(self.set.len() as u64);
        let index = match self.known.get_index_of(self.set.as_slice()) {
            Some(index) => index,
            None => self.known.insert_full(self.set.as_slice().into()).0,
        } as u32;
        if let Some(slot) = single.and_then(|one| self.single.get_mut(one)) {
            *slot = index;
        }
        index
    }

    /// Follows what the role does not see, into `set`.
    fn close(&mut self, view: &impl Positions, kernel: &[u32]) {
        let Self { marks, stack, set, .. } = self;
        set.clear();
        set.extend_from_slice(kernel);
        stack.clear();
        stack.extend_from_slice(kernel);
        kernel.iter().for_each(|at| marks.insert(*at as usize));
        while let Some(at) = stack.pop() {
            view.ways(at, |seen, to, _| {
                if seen.is_none() && !marks.put(to as usize) {
                    set.push(to);
                    stack.push(to);
                }
            });
        }
        if set.len() * DENSE > view.count() {
            set.clear();
            set.extend(marks.ones().map(|at| at as u32));
            marks.clear();
        } else {
            set.iter().for_each(|at| marks.remove(*at as usize));
            set.sort_unstable();
        }
    }
}
