//! Runs: how two positions that a role cannot tell apart are reached, and where the two ways part.
//!
//! Positions are searched in breadth, layer by layer of what the role sees, in one tree, so that the two ways share
//! what they can and part for good at one decision. Is not: text; `refusal` writes it.

use indexmap::IndexMap;

use crate::base::id::{ChoiceId, SiteId};
use crate::global::graph::Act;
use crate::local::coherence::Violation;
use crate::local::subset::Subsets;
use crate::local::view::{Positions, Seen};
use crate::local::work::Work;

/// One act of a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Taken {
    /// What happened; nothing where nobody acted, or for a whole nest.
    pub(super) act: Option<Act>,
    /// Where it stands in the source.
    pub(super) site: SiteId,
}

/// Two runs that look alike to a role.
#[derive(Clone, Debug)]
pub(super) struct Runs {
    /// One run.
    pub(super) one: Vec<Taken>,
    /// The other.
    pub(super) other: Vec<Taken>,
    /// How many acts both share.
    pub(super) shared: usize,
}

impl Runs {
    /// The choice at which the two part, with the branch of each that takes one.
    pub(super) fn origin(&self) -> Option<(ChoiceId, Option<u16>, Option<u16>)> {
        let branch = |run: &[Taken]| match run.get(self.shared).and_then(|taken| taken.act.as_ref()) {
            Some(Act::Decide { choice, branch, .. }) => Some((*choice, *branch)),
            _ => None,
        };
        let (one, other) = (branch(&self.one), branch(&self.other));
        let choice = one.or(other)?.0;
        Some((choice, one.map(|one| one.1), other.map(|other| other.1)))
    }
}

/// Layers of positions, each with the position before it: layer, place in the layer, and the act between.
type Layer = IndexMap<u32, Option<(usize, usize, Taken)>>;

/// Work of meeting a position in the search, in positions looked at: each is kept in a map.
const MEET_WORK: u64 = 16;

/// The two runs to the positions of a violation. Nothing where the work runs out.
pub(super) fn runs(
    view: &impl Positions,
    entry: u32,
    subsets: &Subsets,
    violation: &Violation,
    work: &mut Work,
) -> Option<Runs> {
    let word = subsets.word(violation.set);
    let mut layers: Vec<Layer> = Vec::with_capacity(word.len() + 1);
    let mut layer: Layer = IndexMap::from([(entry, None)]);
    for (index, next) in word.iter().map(Some).chain([None]).enumerate() {
        let mut following: Layer = IndexMap::new();
        let mut at = 0;
        while let Some((position, _)) = layer.get_index(at) {
            let position = *position;
            for (way, (seen, to, site)) in ways(view, position).into_iter().enumerate() {
                let into = match (seen, next) {
                    (None, _) => &mut layer,
                    (Some(seen), Some(next)) if seen == *next => &mut following,
                    _ => continue,
                };
                let taken = Taken { act: view.act(position, way).cloned(), site };
                into.entry(to).or_insert(Some((index, at, taken)));
            }
            at += 1;
        }
        work.spend(MEET_WORK * layer.len() as u64);
        if !work.left() {
            return None;
        }
        layers.push(std::mem::replace(&mut layer, following));
    }
    let (one, other) = (trace(&layers, violation.one.0), trace(&layers, violation.other.0));
    let shared = one.iter().zip(&other).take_while(|(a, b)| a.0 == b.0 && a.1 == b.1).count();
    let acts = |run: Vec<(usize, usize, Taken)>| run.into_iter().map(|(_, _, taken)| taken).collect();
    // Two ways out of one position differ in what was taken there.
    let (one, other): (Vec<Taken>, Vec<Taken>) = (acts(one), acts(other));
    let shared = one.iter().zip(&other).take(shared).take_while(|(a, b)| a == b).count();
    Some(Runs { one, other, shared })
}

fn ways(view: &impl Positions, at: u32) -> Vec<(Option<Seen>, u32, SiteId)> {
    let mut ways = Vec::new();
    view.ways(at, |seen, to, site| ways.push((seen, to, site)));
    ways
}

/// The way to a position of the last layer, as steps out of (layer, place).
fn trace(layers: &[Layer], position: u32) -> Vec<(usize, usize, Taken)> {
    let mut run = Vec::new();
    let mut at = layers.last().and_then(|layer| layer.get(&position)).cloned().flatten();
    while let Some(step) = at {
        at = layers
            .get(step.0)
            .and_then(|layer| layer.get_index(step.1))
            .and_then(|(_, before)| before.clone());
        run.push(step);
    }
    run.reverse();
    run
}
