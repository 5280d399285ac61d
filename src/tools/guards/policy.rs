//! The policy of a protocol: the profile and the bindings beside it, and the annotations in it.
//!
//! Annotations hold of sends, so they are looked up where roles send. A role may make one send of what stands in several
//! places, because it cannot tell them apart; then they must say the same.
//! Is not: a reader of files.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::id::{RoleId, SiteId};
use crate::bytecode::program::Program;
use crate::config::bindings::Bindings;
use crate::config::guards::{Grants, Profile, Setting, annotation};
use crate::diag::Diagnostic;
use crate::diag::code::Code;
use crate::diag::source::Span;
use crate::global::protocol::Protocol;
use crate::guard::policy::CONTEXT;
use crate::guard::{Policy, Table};
use crate::local::automaton::Act;
use crate::local::projection::Projection;
use crate::tools::guards::tokens::Held;

/// The files beside a protocol that speak of guards.
#[derive(Clone, Debug, Default)]
pub struct Beside {
    /// The profile; without one that of a fresh directory holds.
    pub profile: Option<Profile>,
    /// Who may do what; without them roles may do what a fresh directory grants.
    pub bindings: Option<Bindings>,
    /// The tokens that bindings name.
    pub held: Held,
}

/// The policy of a protocol, and what of its annotations no guard can use.
#[must_use]
pub fn policy(protocol: &Protocol, projection: &Projection, beside: &Beside) -> (Policy, Vec<Diagnostic>) {
    let mut said = Vec::new();
    let mut settings = Vec::with_capacity(protocol.sites.len());
    for site in &protocol.sites {
        let (setting, mut mistakes) = annotation(&protocol.name, site.span, &site.annotations);
        mistakes.retain(|mistake| !said.contains(mistake));
        said.append(&mut mistakes);
        settings.push((site.span, setting));
    }
    let annotations = annotations(protocol, projection, &settings, &mut said);
    let mut policy = Policy {
        context: Arc::from(CONTEXT),
        profile: beside.profile.clone().unwrap_or_else(Profile::fresh),
        grants: Grants::fresh().with(beside.bindings.as_ref().map_or(&[], |bindings| &bindings.roles)),
        annotations,
    };
    if let Some(bindings) = &beside.bindings {
        beside.held.grant(&mut policy, bindings, protocol.roles.iter().map(|role| role.name.as_str()));
    }
    (policy, said)
}

/// The table of a policy.
///
/// # Errors
/// It names more capabilities than a word has bits.
pub fn table(policy: &Policy, protocol: &Protocol, programs: &[Program]) -> Result<Table, Box<Diagnostic>> {
    Table::new(programs, policy).map_err(|_| {
        let message = format!("`{}` needs more capabilities than one word has bits", protocol.name);
        Box::new(Diagnostic::new(Code::E0447, protocol.span, message))
    })
}

/// What holds of the send at a place, by its ends.
type Annotations = BTreeMap<(Span, RoleId, RoleId), Setting>;

/// What the sites of each send say.
fn annotations(
    protocol: &Protocol,
    projection: &Projection,
    settings: &[(Span, Option<Setting>)],
    said: &mut Vec<Diagnostic>,
) -> Annotations {
    let mut all: BTreeMap<(Span, RoleId, RoleId), (Option<Setting>, SiteId)> = BTreeMap::new();
    for automaton in &projection.automata {
        for edge in automaton.states.iter().flat_map(|state| &state.edges) {
            let (Act::Send { to, .. }, Some(first)) = (&edge.act, edge.sites.first()) else { continue };
            let Some((span, setting)) = settings.get(first.index()) else { continue };
            let key = (*span, automaton.role, *to);
            let have = all.entry(key).or_insert_with(|| (setting.clone(), *first)).clone();
            let differs = |site: &&SiteId| settings.get(site.index()).is_some_and(|other| other.1 != have.0);
            if let Some(other) = edge.sites.iter().find(differs) {
                let found = unequal(protocol, (automaton.role, *to), [have.1, *other]);
                if !said.contains(&found) {
                    said.push(found);
                }
            }
        }
    }
    all.into_iter().filter_map(|(key, (setting, _))| Some((key, setting?))).collect()
}

/// A sender that cannot tell which of two annotations holds.
fn unequal(protocol: &Protocol, (from, to): (RoleId, RoleId), sites: [SiteId; 2]) -> Diagnostic {
    let name = |role: RoleId| protocol.roles.get(role.index()).map_or("", |role| role.name.as_str());
    let [one, other] =
        sites.map(|site| protocol.sites.get(site.index()).map_or(protocol.span, |site| site.span));
    let message = format!(
        "`{}` sends to `{}` here and elsewhere without a difference that it sees",
        name(from),
        name(to)
    );
    let mut found =
        Diagnostic::new(Code::E0448, other, message).here("its guard annotations say one thing here");
    if one != other {
        found = found.also(one, "and another here");
    }
    found.help("annotate both alike, or say it in the guard profile")
}
