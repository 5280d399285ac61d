//! One automaton per role: projection, coherence, liveness, bounds, amendment.
//!
//! `project` goes from a resolved protocol to a `Projection`, or to the diagnostics that say why there is none.
//! Is not: code. `compile` turns automata into programs.

mod amend;
pub mod automaton;
mod available;
mod bounds;
mod coherence;
mod cut;
mod judge;
mod liveness;
pub mod projection;
#[cfg(test)]
mod proof;
mod refusal;
mod runs;
mod subset;
mod unfold;
mod view;
mod work;

use crate::base::id::RoleId;
use crate::base::limits::JUDGE_WORK_MAX;
use crate::diag::code::Code;
use crate::diag::{Diagnostic, Severity};
use crate::global::graph::{Graph, Tellings, build};
use crate::global::protocol::Protocol;
use crate::local::amend::{Amended, amend};
use crate::local::available::Agents;
use crate::local::bounds::bounds;
use crate::local::cut::cut;
use crate::local::judge::{Base, Scope, judge, plans};
use crate::local::liveness::{Ground, Waiting};
use crate::local::projection::{Liveness, Projection, Selection};
use crate::local::refusal::{refusals, selections, too_much, waits};
use crate::local::subset::determinise;
use crate::local::unfold::{Plan, Sight, unfold};
use crate::local::view::Insides;
use crate::local::work::Work;

/// Whether selections may be inserted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Amend {
    /// Where they are needed; each is a note.
    Auto,
    /// Never: the protocol is judged as it is written.
    Deny,
}

/// Cuts a protocol into one automaton per role. Errors: what `graph::build` says; a role that cannot follow the
/// protocol as written, under [`Amend::Deny`] or `amend_denied` (`E0201` to `E0205`); a role that may wait for ever
/// (`E0212`); a protocol that is too large to judge (`E0209`). With an error there is no projection, except where
/// only liveness failed.
#[must_use]
pub fn project(protocol: &Protocol, mode: Amend) -> (Option<Projection>, Vec<Diagnostic>) {
    let (graph, diagnostics) = build(protocol, &Tellings::new());
    let Some(graph) = graph else { return (None, diagnostics) };
    let mut work = Work::of(JUDGE_WORK_MAX);
    let roles: Vec<RoleId> = (0..protocol.roles.len()).map(RoleId::at).collect();
    let scope = Scope { roles: &roles, first: false };
    let Some(judgement) = judge(&graph, roles.len(), scope, &mut work) else {
        return (None, vec![too_much(protocol)]);
    };
    let (graph, tellings, base) = if judgement.found.is_empty() {
        (graph, Tellings::new(), Some(judgement.base))
    } else if mode == Amend::Deny || protocol.amend_denied {
        return (None, refusals(protocol, &judgement.found));
    } else {
        match amend(protocol, judgement, &mut work) {
            Amended::Coherent(graph, tellings) => (graph, tellings, None),
            Amended::Refused(found) => return (None, refusals(protocol, &found)),
            Amended::TooMuch => return (None, vec![too_much(protocol)]),
        }
    };
    match finish(protocol, graph, &tellings, base, &mut work) {
        Some((projection, mut diagnostics)) => {
            let mut all = selections(protocol, &projection.selections);
            all.append(&mut diagnostics);
            (Some(projection), all)
        }
        None => (None, vec![too_much(protocol)]),
    }
}

/// What follows once the graph is coherent: automata, bounds, liveness.
fn finish(
    protocol: &Protocol,
    graph: Graph,
    tellings: &Tellings,
    base: Option<Base>,
    work: &mut Work,
) -> Option<(Projection, Vec<Diagnostic>)> {
    let insides = Insides::of(&graph);
    let agents = Agents::of(&graph, &insides, protocol.roles.len());
    let mut found = Waiting::default();
    let mut automata = Vec::with_capacity(protocol.roles.len());
    let base = match base {
        Some(base) => base,
        None => Base { flat: unfold(&graph, Plan::Base)?, subsets: Vec::new() },
    };
    let ground = Ground::of(&base.flat, &protocol.lanes);
    let terms = protocol.terms();
    for role in (0..protocol.roles.len()).map(RoleId::at) {
        let own;
        let subsets = match base.subsets.get(role.index()) {
            Some(known) => known,
            None => {
                own = determinise(&Sight { flat: &base.flat, role }, 0, work)?;
                &own
            }
        };
        // Without nests the unfolding is the graph itself.
        let known = graph.nests.is_empty().then_some(subsets);
        let cut = cut((&graph, &insides), &terms, role, known, work)?;
        found.starving.extend(cut.held.map(|site| (role, site)));
        automata.push(cut.automaton);
        ground.judge(role, subsets, &mut found, work);
    }
    let bounds = if graph.nests.is_empty() {
        bounds(&base.flat, &agents, work)
    } else {
        bounds(&unfold(&graph, Plan::Turns)?, &agents, work)
    };
    for (plan, endless) in plans(&graph) {
        if endless && matches!(plan, Plan::First(..) | Plan::Into(_)) {
            let flat = unfold(&graph, plan)?;
            let ground = Ground::of(&flat, &protocol.lanes);
            for role in (0..protocol.roles.len()).map(RoleId::at) {
                let subsets = determinise(&Sight { flat: &flat, role }, 0, work)?;
                ground.judge(role, &subsets, &mut found, work);
            }
        }
    }
    let liveness = Liveness {
        released: found.released.keys().copied().collect(),
        starving: found.starving.keys().copied().collect(),
        unfair: found.unfair.keys().copied().collect(),
    };
    let mut selections: Vec<Selection> = tellings
        .iter()
        .map(|(choice, branch, to)| Selection { choice: *choice, branch: *branch, to: *to })
        .collect();
    selections.sort_by_key(|told| {
        let source = protocol.choices.get(told.choice.index());
        (source.map(|choice| choice.span), *told)
    });
    let mut diagnostics = Vec::new();
    diagnostics.extend(waits(protocol, Code::E0211, Severity::Note, &found.released));
    diagnostics.extend(waits(protocol, Code::E0212, Severity::Error, &found.starving));
    let unfair = if protocol.fair { Severity::Warning } else { Severity::Error };
    diagnostics.extend(waits(protocol, Code::E0213, unfair, &found.unfair));
    Some((Projection { graph, automata, selections, bounds, liveness }, diagnostics))
}
