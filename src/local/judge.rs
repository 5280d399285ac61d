//! The judgement of a whole graph: every role on every unfolding, and on the nested graph for what only shows there.
//!
//! In: a graph. Out: the violations, with their runs. Is not: a repair; that is `amend`.

use std::collections::BTreeSet;

use crate::base::id::{NestId, RoleId, SiteId, StateId};
use crate::global::graph::{Graph, Inside};
use crate::local::available::Agents;
use crate::local::coherence::{self, Violation};
use crate::local::runs::{Runs, runs};
use crate::local::subset::{Subsets, determinise};
use crate::local::unfold::{Flat, Plan, Sight, unfold};
use crate::local::view::{Insides, Meets, Nested, Positions, Seen};
use crate::local::work::Work;

/// A violation and how its two positions are reached.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// Whose.
    pub(super) role: RoleId,
    /// Which condition, and what the role does in each position.
    pub(super) violation: Violation,
    /// How they are reached.
    pub(super) runs: Runs,
    /// Where the source has what the role does in each position.
    pub(super) sites: (Option<SiteId>, Option<SiteId>),
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub(super) struct Judgement {
    /// The violations, by role.
    pub(super) found: Vec<Found>,
    /// Roles that ever wait for more than one channel at once.
    pub(super) racy: BTreeSet<RoleId>,
    /// The base unfolding, for what follows.
    pub(super) base: Base,
}

/// The base unfolding, and what roles see of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Base {
    /// The unfolding by [`Plan::Base`].
    pub(super) flat: Flat,
    /// The sets of the roles judged, in order; the last ones are missing where the sets are large.
    pub(super) subsets: Vec<Subsets>,
}

/// Work of building a position, beside that of looking at it.
const STEP_WORK: u64 = 8;

/// Violations of one role on one unfolding whose runs are sought.
const FOLLOWED_MAX: usize = 64;

/// Positions in the sets that are kept.
const KEPT_MAX: usize = 1 << 22;

/// Which roles are judged, and how far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scope<'a> {
    /// The roles, in this order.
    pub(super) roles: &'a [RoleId],
    /// Whether one violation is enough.
    pub(super) first: bool,
}

/// Judges a graph. Nothing where it unfolds too far or the work runs out.
pub(super) fn judge(graph: &Graph, roles: usize, scope: Scope<'_>, work: &mut Work) -> Option<Judgement> {
    let insides = Insides::of(graph);
    let agents = Agents::of(graph, &insides, roles);
    let mut judgement = Judgement::default();
    let base = unfold(graph, Plan::Base)?;
    work.spend(STEP_WORK * base.states.len() as u64);
    let mut room = KEPT_MAX;
    let mut subsets = Vec::new();
    flat(&base, &agents, scope, &mut judgement, work, |own| {
        let size: usize = own.sets.iter().map(|set| set.len()).sum();
        room = room.saturating_sub(size);
        if room > 0 {
            subsets.push(own);
        }
    })?;
    judgement.base = Base { flat: base, subsets };
    if scope.first && !judgement.found.is_empty() {
        return Some(judgement);
    }
    if !graph.nests.is_empty() {
        for role in scope.roles {
            nested(graph, &insides, *role, &mut judgement, work)?;
        }
    }
    let racy: Vec<RoleId> =
        scope.roles.iter().copied().filter(|role| judgement.racy.contains(role)).collect();
    for (plan, all) in plans(graph) {
        if scope.first && !judgement.found.is_empty() {
            break;
        }
        let scope = Scope { roles: if all { scope.roles } else { &racy }, ..scope };
        if !scope.roles.is_empty() {
            let unfolding = unfold(graph, plan)?;
            work.spend(STEP_WORK * unfolding.states.len() as u64);
            flat(&unfolding, &agents, scope, &mut judgement, work, drop)?;
        }
    }
    Some(judgement)
}

/// The unfoldings beside the base, and whether every role must be judged on each. The order of branches changes
/// nothing for a role that never waits for two channels, unless a branch without an end hides the others.
pub(super) fn plans(graph: &Graph) -> Vec<(Plan, bool)> {
    let mut plans = Vec::new();
    for (at, nest) in graph.nests.iter().enumerate() {
        let id = NestId::at(at);
        if nest.can_be_passed() && !nest.completes {
            plans.push((Plan::Into(id), true));
            continue;
        }
        match &nest.inside {
            Inside::Par(branches) => {
                let endless = !nest.completes;
                plans.extend((1..branches.len()).map(|branch| (Plan::First(id, branch), endless)));
            }
            Inside::Count { zero: true, .. } => plans.push((Plan::Skip(id), true)),
            // What follows a scope may begin before anything of it has happened.
            Inside::Scope { .. } => plans.push((Plan::Skip(id), true)),
            Inside::Count { .. } => {}
        }
    }
    plans
}

fn flat(
    flat: &Flat,
    agents: &Agents,
    scope: Scope<'_>,
    judgement: &mut Judgement,
    work: &mut Work,
    mut keep: impl FnMut(Subsets),
) -> Option<()> {
    for role in scope.roles {
        let sight = Sight { flat, role: *role };
        let subsets = determinise(&sight, 0, work)?;
        let mut violations = coherence::judge(&sight, &subsets, false, false, scope.first);
        let races = coherence::races(flat, agents, &sight, &subsets, scope.first, work)?;
        violations.extend(races.found);
        if races.racy {
            judgement.racy.insert(*role);
        }
        add(judgement, *role, &sight, (0, &subsets), violations, work)?;
        keep(subsets);
        if scope.first && !judgement.found.is_empty() {
            break;
        }
    }
    Some(())
}

/// What only shows where nests are acts: whether the role knows that it meets one, and sees where its parts end.
fn nested(
    graph: &Graph,
    insides: &Insides,
    role: RoleId,
    judgement: &mut Judgement,
    work: &mut Work,
) -> Option<()> {
    let view = Nested::new(graph, insides, role);
    for (entry, inside) in roots(graph, &view) {
        let subsets: Subsets = determinise(&view, entry.0, work)?;
        let violations = coherence::judge(&view, &subsets, inside, true, false);
        add(judgement, role, &view, (entry.0, &subsets), violations, work)?;
    }
    Some(())
}

/// Where a role's automata begin: the entry, and the insides that it enters; whether it must see where each ends. A
/// role that waits in a scope need not: the owner's word ends the wait.
pub(super) fn roots(graph: &Graph, view: &Nested<'_>) -> Vec<(StateId, bool)> {
    let mut roots: Vec<(StateId, bool)> = graph.entry.map(|entry| (entry, false)).into_iter().collect();
    for (at, nest) in graph.nests.iter().enumerate() {
        if view.meets(NestId::at(at)) == Meets::Enters {
            let seen = !matches!(nest.inside, Inside::Scope { .. });
            roots.extend(nest.inside.entries().into_iter().map(|entry| (entry, seen)));
        }
    }
    roots
}

/// Adds violations that are not known yet: those of one role and condition that part at one choice are one. Only the
/// first ones are followed, whose runs are shortest; a repair of these leads to the next.
fn add(
    judgement: &mut Judgement,
    role: RoleId,
    view: &impl Positions,
    (entry, subsets): (u32, &Subsets),
    violations: Vec<Violation>,
    work: &mut Work,
) -> Option<()> {
    for violation in violations.into_iter().take(FOLLOWED_MAX) {
        let runs = runs(view, entry, subsets, &violation, work)?;
        let known = judgement.found.iter().any(|found| {
            found.role == role
                && found.violation.condition == violation.condition
                && found.runs.origin() == runs.origin()
        });
        if !known {
            let sites = (site(view, violation.one), site(view, violation.other));
            judgement.found.push(Found { role, violation, runs, sites });
        }
    }
    Some(())
}

fn site(view: &impl Positions, (at, seen): (u32, Option<Seen>)) -> Option<SiteId> {
    let mut found = None;
    view.ways(at, |have, _, site| {
        if have.is_some() && have == seen {
            found = found.or(Some(site));
        }
    });
    found
}
