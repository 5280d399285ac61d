//! The plan: every send with what holds of it, what a role spends toward each peer, and what would be denied.
//!
//! Is not: text.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::base::id::RoleId;
use crate::bytecode::program::{Kind, Program};
use crate::config::guards::Profile;
use crate::guard::Policy;
use crate::guard::budget::Observer;
use crate::guard::policy::{Origin, Terms, places};
use crate::tools::guards::worst::{Ways, Worst};

/// What holds of the sends of one protocol.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Plan {
    /// The protocol.
    pub protocol: String,
    /// The context that budgets and facts belong to.
    pub context: String,
    /// Each send once, role by role, in the order of the programs.
    pub sends: Vec<Send>,
    /// What is spent toward each peer.
    pub totals: Vec<Total>,
    /// Roles, and capabilities that their sends need and nobody grants them.
    pub ungranted: BTreeSet<(Arc<str>, Arc<str>)>,
    /// What is shown to whom.
    pub exposures: Vec<Exposure>,
}

/// One kind of send.
#[derive(Clone, PartialEq, Debug)]
pub struct Send {
    /// The sender.
    pub from: Arc<str>,
    /// The receiver.
    pub to: Arc<str>,
    /// The message, or `choice.label` of a selection.
    pub message: Arc<str>,
    /// Whether the compiler has inserted it.
    pub selection: bool,
    /// Whether one session may do it more than once.
    pub looped: bool,
    /// What holds.
    pub terms: Terms,
}

/// What a role spends toward a peer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Total {
    /// The sender.
    pub role: Arc<str>,
    /// The receiver.
    pub peer: Arc<str>,
    /// The most that one session spends.
    pub worst: Worst,
    /// The budget; none where the profile has none, which allows nothing.
    pub limit: Option<u64>,
    /// Whether sizes of payloads add to it.
    pub by_size: bool,
}

/// Whether a budget carries one session to its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Carries {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// As long as loops turn no more often than this.
    Turns(u64),
}

impl Total {
    /// Whether the budget carries one session to its end; sizes of payloads are left out.
    #[must_use]
    pub fn carries(&self) -> Carries {
        carries(self.limit, self.worst)
    }
}

/// What one session shows of a role's messages, at most, to a class of observers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exposure {
    /// Whose messages.
    pub role: Arc<str>,
    /// The class.
    pub observer: &'static str,
    /// How much.
    pub worst: Worst,
    /// How much may be shown; none where nothing may.
    pub limit: Option<u64>,
}

impl Exposure {
    /// Whether that much may be shown.
    #[must_use]
    pub fn carries(&self) -> Carries {
        carries(self.limit, self.worst)
    }
}

fn carries(limit: Option<u64>, worst: Worst) -> Carries {
    let Some(left) = limit.unwrap_or(0).checked_sub(worst.once) else { return Carries::No };
    left.checked_div(worst.turn).map_or(Carries::Yes, |more| Carries::Turns(more.saturating_add(1)))
}

impl Plan {
    /// The sends that neither the profile nor an annotation speaks of: they are denied.
    pub fn uncovered(&self) -> impl Iterator<Item = &Send> {
        self.sends.iter().filter(|send| send.terms.origin == Origin::Nothing)
    }

    /// Whether each budget, of flow and of leakage, carries one session to its end.
    pub fn carried(&self) -> impl Iterator<Item = Carries> + '_ {
        let flow = self.totals.iter().map(Total::carries);
        flow.chain(self.exposures.iter().map(Exposure::carries))
    }

    /// Whether nothing is denied that could be known before.
    #[must_use]
    pub fn is_fine(&self) -> bool {
        let carried = self.carried().all(|carries| carries != Carries::No);
        carried && self.ungranted.is_empty() && self.uncovered().next().is_none()
    }
}

/// The plan of a cast's programs, in the order of the roles.
#[must_use]
pub fn plan(programs: &[&Program], policy: &Policy) -> Plan {
    let fresh = Profile::fresh().defaults.unwrap_or_default();
    let mut plan = Plan { context: policy.context.to_string(), ..Plan::default() };
    for program in programs {
        plan.protocol = program.protocol.to_string();
        let name =
            |role: RoleId| program.roles.get(role.index()).map(|role| role.name.clone()).unwrap_or_default();
        let ways = Ways::new(program);
        let mut costs: BTreeMap<RoleId, BTreeMap<u32, u64>> = BTreeMap::new();
        let mut sized = BTreeSet::new();
        let mut leaks: BTreeMap<u32, [u64; 3]> = BTreeMap::new();
        for place in places(program) {
            let (from, to) = (name(place.from), name(place.to));
            let Some(terms) = policy.terms(&fresh, [&from, &to], place.message, place.exchange(program))
            else {
                continue;
            };
            costs.entry(place.to).or_default().insert(place.at, terms.cost);
            leaks.insert(place.at, terms.leakage);
            if terms.per_kib > 0 {
                sized.insert(place.to);
            }
            let granted = policy.grants.of(&from);
            let lacks =
                terms.capabilities.iter().filter(|name| !granted.iter().any(|have| **have == ***name));
            plan.ungranted.extend(lacks.map(|name| (from.clone(), name.clone())));
            let send = Send {
                from,
                to,
                message: place.message.name.clone(),
                selection: place.message.kind == Kind::Selection,
                looped: ways.is_looped(place.at),
                terms,
            };
            let alike = |have: &&mut Send| {
                (&have.from, &have.to, &have.message) == (&send.from, &send.to, &send.message)
                    && have.terms == send.terms
            };
            match plan.sends.iter_mut().rev().find(alike) {
                Some(have) => have.looped |= send.looped,
                None => plan.sends.push(send),
            }
        }
        let limits = policy.profile.shown(&policy.context).map(|(limits, _)| limits);
        for (class, observer) in Observer::ALL.into_iter().enumerate() {
            let leak = |at: u32| leaks.get(&at).and_then(|leak| leak.get(class)).copied().unwrap_or(0);
            let worst = ways.worst(&leak);
            if worst != Worst::default() {
                plan.exposures.push(Exposure {
                    role: Arc::from(program.role_name()),
                    observer: observer.name(),
                    worst,
                    limit: limits.and_then(|limits| limits.get(class).copied()),
                });
            }
        }
        for (to, costs) in costs {
            let peer = name(to);
            let budget = policy.profile.budget(&policy.context, &peer);
            plan.totals.push(Total {
                role: Arc::from(program.role_name()),
                worst: ways.worst(&|at| costs.get(&at).copied().unwrap_or(0)),
                limit: budget.map(|budget| budget.limit),
                by_size: sized.contains(&to),
                peer,
            });
        }
    }
    plan
}
