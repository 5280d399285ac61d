//! Subset construction: the sets of positions that a role cannot tell apart.
//!
//! In: an automaton as one role sees it, and where to begin. Out: its determinisation, with for each set the shortest
//! word of acts that leads there. (Li, Stutz, Wies, Zufferey, CAV 2023: this automaton is the role's only candidate.)
//! Is not: judged; that is `coherence`.

use fixedbitset::FixedBitSet;
use indexmap::IndexMap;

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
    let mut closer = Closer { marks: FixedBitSet::with_capacity(view.count()) };
    let mut result = Subsets::default();
    let mut known: IndexMap<Box<[u32]>, ()> = IndexMap::new();
    known.insert(closer.close(view, vec![entry], work), ());
    result.before.push(None);
    let mut at = 0;
    while let Some((set, ())) = known.get_index(at) {
        if !work.left() {
            return None;
        }
        let mut targets: IndexMap<Seen, (Vec<u32>, Vec<SiteId>)> = IndexMap::new();
        for position in set {
            view.ways(*position, |seen, to, site| {
                if let Some(seen) = seen {
                    let (kernel, sites) = targets.entry(seen).or_default();
                    kernel.push(to);
                    sites.push(site);
                }
            });
        }
        targets.sort_unstable_keys();
        let mut edges = Vec::with_capacity(targets.len());
        for (seen, (kernel, mut sites)) in targets {
            let (to, ()) = {
                let (index, old) = known.insert_full(closer.close(view, kernel, work), ());
                (index as u32, old.unwrap_or(()))
            };
            if to as usize == result.before.len() {
                result.before.push(Some((at as u32, seen)));
            }
            sites.sort_unstable();
            sites.dedup();
            edges.push(Arc { seen, to, sites });
        }
        result.edges.push(edges);
        at += 1;
    }
    result.sets = known.into_keys().collect();
    Some(result)
}

/// Follows what a role does not see.
struct Closer {
    marks: FixedBitSet,
}

impl Closer {
    fn close(&mut self, view: &impl Positions, mut stack: Vec<u32>, work: &mut Work) -> Box<[u32]> {
        let marks = &mut self.marks;
        stack.sort_unstable();
        stack.dedup();
        let mut set = stack.clone();
        set.iter().for_each(|at| marks.insert(*at as usize));
        while let Some(at) = stack.pop() {
            view.ways(at, |seen, to, _| {
                if seen.is_none() && !marks.put(to as usize) {
                    set.push(to);
                    stack.push(to);
                }
            });
        }
        set.iter().for_each(|at| marks.remove(*at as usize));
        set.sort_unstable();
        work.spend(set.len() as u64);
        set.into_boxed_slice()
    }
}
