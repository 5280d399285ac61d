//! Counting anew: a loop of scopes comes back to the same state, although its instances have other numbers.
//!
//! Only differences between the numbers of one scope matter: who is ahead of whom, and what belongs to which instance.
//! So where every role is in the same instance of the scope around it, all numbers may be lowered alike. For whoever
//! compares sessions; a session that runs never needs it. Is not: a change that any role could notice.

use crate::machine::cast::Cast;
use crate::machine::path::Path;
use crate::machine::scope::Scopes;

/// The scopes of one lane, at all roles.
#[derive(Clone, Debug, Default)]
pub(super) struct Lane {
    /// How many scopes are around it.
    pub(super) depth: u32,
    /// The regions of the roles.
    pub(super) regions: Vec<u32>,
    /// The mailboxes on it.
    pub(super) mailboxes: Vec<u32>,
    /// The lanes of the scopes inside, however deep: places in the list of lanes.
    pub(super) below: Vec<usize>,
}

/// Lowers the numbers of every scope as far as nobody can tell.
pub(super) fn rebase(cast: &Cast, scopes: &mut Scopes) {
    for (at, lane) in cast.lanes.iter().enumerate() {
        let paths = || lane.regions.iter().map(|region| scopes.region(*region).path);
        let Some(around) = paths().next().map(|path| path.around(lane.depth)) else { continue };
        let together = paths().all(|path| path.around(lane.depth) == around);
        let least = paths().map(|path| path.number(lane.depth)).min().unwrap_or(0);
        if !together || least < 2 || least == Path::PAST {
            continue;
        }
        let lower = |path: &mut Path| {
            if path.around(lane.depth) == around {
                *path = path.lowered(lane.depth, least - 1);
            }
        };
        for lane in std::iter::once(at).chain(lane.below.iter().copied()).filter_map(|at| cast.lanes.get(at))
        {
            for region in &lane.regions {
                if let Some(region) = scopes.regions.get_mut(*region as usize) {
                    lower(&mut region.path);
                }
            }
            for mailbox in &lane.mailboxes {
                scopes.tags.get_mut(*mailbox as usize).into_iter().flatten().for_each(lower);
            }
            for report in scopes.reports.iter_mut().filter(|report| lane.regions.contains(&report.region)) {
                lower(&mut report.path);
            }
        }
    }
}
