//! Slots of names: one for each name that is read.
//!
//! Branches of a `par` share nothing: where a thread writes a name that a thread beside it also uses, each thread that
//! writes it has a slot of its own.

use std::collections::BTreeMap;

use crate::base::id::VarId;
use crate::compile::survey::{Survey, Use};

/// Where names are.
pub(super) struct Slots {
    /// By name: the slot of each thread that has its own, or one slot under thread 0.
    places: BTreeMap<VarId, BTreeMap<u16, u16>>,
    /// The names of the slots.
    pub(super) names: Vec<VarId>,
}

impl Slots {
    pub(super) fn new(survey: &Survey) -> Self {
        let mut slots = Self { places: BTreeMap::new(), names: Vec::new() };
        for (var, uses) in &survey.uses {
            if !uses.values().any(|used| used.reads) {
                continue;
            }
            let owners: Vec<u16> = if apart(survey, uses) {
                uses.iter().filter(|(_, used)| used.writes).map(|(thread, _)| *thread).collect()
            } else {
                vec![0]
            };
            for owner in owners {
                let slot = slots.names.len() as u16;
                slots.names.push(*var);
                slots.places.entry(*var).or_default().insert(owner, slot);
            }
        }
        slots
    }

    /// The slot of a name as a thread sees it: its own, else that of the nearest thread around it, else that of a
    /// thread which it has joined.
    pub(super) fn slot(&self, survey: &Survey, var: VarId, thread: u16) -> Option<u16> {
        let owners = self.places.get(&var)?;
        let mut at = thread;
        loop {
            if let Some(slot) = owners.get(&at) {
                return Some(*slot);
            }
            if at == 0 {
                return owners.values().next().copied();
            }
            at = parent(survey, at);
        }
    }
}

/// Whether two threads of which neither is inside of the other use the name, and one of them writes it.
fn apart(survey: &Survey, uses: &BTreeMap<u16, Use>) -> bool {
    uses.iter().any(|(a, used)| {
        used.writes && uses.keys().any(|b| !within(survey, *a, *b) && !within(survey, *b, *a))
    })
}

fn within(survey: &Survey, inner: u16, outer: u16) -> bool {
    let mut at = inner;
    while at != outer && at != 0 {
        at = parent(survey, at);
    }
    at == outer
}

/// A thread is numbered after the one that starts it.
fn parent(survey: &Survey, thread: u16) -> u16 {
    survey.parents.get(usize::from(thread)).copied().unwrap_or(0)
}
