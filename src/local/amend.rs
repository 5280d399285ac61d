//! Amendment: the compiler tells the uninformed.
//!
//! In: a protocol. Out: the graph with the fewest selections that these steps find, and these selections. Each
//! violation tells its role the choice at which its two runs part; then whole tellings, and single branches, are
//! taken away again where the rest stays coherent, those in the deepest loops first, then by place in the source.
//! Is not: optimal always; for large protocols what cannot be tried within `PRUNE_WORK_MAX` stays.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::base::id::{ChoiceId, RoleId};
use crate::base::limits::PRUNE_WORK_MAX;
use crate::global::graph::{Graph, Tellings, build};
use crate::global::protocol::Protocol;
use crate::local::judge::{Found, Judgement, Scope, judge};
use crate::local::work::Work;

/// Work of building and merging a position, in positions looked at.
const BUILD_WORK: u64 = 32;

/// How the amendment ended.
pub(super) enum Amended {
    /// Coherent with these selections.
    Coherent(Graph, Tellings),
    /// No selection helps here.
    Refused(Vec<Found>),
    /// The work ran out, or the graph grew too large.
    TooMuch,
}

/// Tells and judges until the protocol is coherent, beginning with what was found of it as written.
pub(super) fn amend(protocol: &Protocol, mut judgement: Judgement, work: &mut Work) -> Amended {
    let roles: Vec<RoleId> = (0..protocol.roles.len()).map(RoleId::at).collect();
    let mut tellings = Tellings::new();
    loop {
        let known = tellings.len();
        for found in &judgement.found {
            let Some((choice, ..)) = found.runs.origin() else { continue };
            let Some(source) = protocol.choices.get(choice.index()) else { continue };
            if source.owner != found.role {
                let branches = 0..source.labels.len() as u16;
                tellings.extend(branches.map(|branch| (choice, branch, found.role)));
            }
        }
        if tellings.len() == known {
            return Amended::Refused(judgement.found);
        }
        let (Some(graph), _) = build(protocol, &tellings) else { return Amended::TooMuch };
        work.spend(BUILD_WORK * graph.states.len() as u64);
        let scope = Scope { roles: &roles, first: false };
        let Some(next) = judge(&graph, roles.len(), scope, work) else { return Amended::TooMuch };
        judgement = next;
        if judgement.found.is_empty() {
            let mut work = Work::of(PRUNE_WORK_MAX);
            let (graph, tellings) = prune(protocol, (graph, tellings), &judgement.racy, &mut work);
            return Amended::Coherent(graph, tellings);
        }
    }
}

/// Takes away what is not needed.
fn prune(
    protocol: &Protocol,
    (mut graph, mut tellings): (Graph, Tellings),
    racy: &BTreeSet<RoleId>,
    work: &mut Work,
) -> (Graph, Tellings) {
    let order = |choice: ChoiceId| {
        let source = protocol.choices.get(choice.index());
        let depth = source.map_or(0, |source| source.depth);
        (Reverse(depth), source.map(|source| source.span), choice)
    };
    let mut wholes: Vec<(ChoiceId, RoleId)> =
        tellings.iter().map(|(choice, _, role)| (*choice, *role)).collect();
    wholes.sort_by_key(|(choice, role)| (order(*choice), *role));
    wholes.dedup();
    for (choice, role) in wholes {
        let rest = tellings.iter().copied().filter(|(c, _, r)| (*c, *r) != (choice, role)).collect();
        if let Some(better) = coherent(protocol, &rest, (choice, role), racy, work) {
            (graph, tellings) = (better, rest);
        }
    }
    let mut singles: Vec<(ChoiceId, u16, RoleId)> = tellings.iter().copied().collect();
    singles.sort_by_key(|(choice, branch, role)| (order(*choice), *branch, *role));
    for single in singles {
        let mut rest = tellings.clone();
        rest.remove(&single);
        if let Some(better) = coherent(protocol, &rest, (single.0, single.2), racy, work) {
            (graph, tellings) = (better, rest);
        }
    }
    (graph, tellings)
}

/// The graph with these tellings, if it is coherent. Only the role that is no longer told, the choice's owner, and
/// roles whose messages can race see a difference.
fn coherent(
    protocol: &Protocol,
    tellings: &Tellings,
    (choice, role): (ChoiceId, RoleId),
    racy: &BTreeSet<RoleId>,
    work: &mut Work,
) -> Option<Graph> {
    if !work.left() {
        return None;
    }
    let owner = protocol.choices.get(choice.index())?.owner;
    let mut roles = vec![role, owner];
    roles.extend(racy.iter().copied().filter(|other| *other != role && *other != owner));
    let graph = build(protocol, tellings).0?;
    work.spend(BUILD_WORK * graph.states.len() as u64);
    let judgement = judge(&graph, protocol.roles.len(), Scope { roles: &roles, first: true }, work)?;
    judgement.found.is_empty().then_some(graph)
}
