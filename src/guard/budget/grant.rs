//! Replenishment: facts that open a new epoch, and the budgets that follow from them and from nothing else.
//!
//! A grant is a fact `budget/flow` with `{ peer?, limit }` or `{ peer?, shares }`, or a fact `budget/leakage` with
//! `{ external, neighbor, in_group }`; the epoch that it opens is the fact's own. Without `peer` it is for every peer
//! of the context. What is none of these grants nothing.
//! Invariant: the same facts give the same budgets, in whatever order they came; grants of one epoch merge as budgets
//! do, so the least counts.
//! Is not: a clock. Who lets an epoch begin writes the fact.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::base::value::Value;
use crate::guard::budget::account::Budget;
use crate::guard::budget::leakage::{Leak, Leakage, Observer};
use crate::journal::{Device, Epoch, Fact, Misnomer, Name, View};

/// The facts of this name grant flow.
const FLOW: &str = "budget/flow";
/// The facts of this name grant leakage.
const LEAKAGE: &str = "budget/leakage";

/// What a fact opens: the limits of the epoch that the fact is of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Grant {
    /// Flow toward a peer, or toward every peer of the context.
    Flow {
        /// The peer; none for every one.
        peer: Option<Device>,
        /// The limit.
        limit: u64,
    },
    /// Flow that replicas share; the limit is the sum.
    Shared {
        /// The peer; none for every one.
        peer: Option<Device>,
        /// What each replica may spend.
        shares: BTreeMap<Device, u64>,
    },
    /// Leakage of the context.
    Leakage(Leak),
}

impl Grant {
    /// The name of the facts that say such a thing.
    ///
    /// # Errors
    /// None: the names are names.
    pub fn name(&self) -> Result<Name, Misnomer> {
        Name::parse(if matches!(self, Self::Leakage(_)) { LEAKAGE } else { FLOW })
    }

    /// The grant as the data of a fact; amounts beyond what a whole number holds are cut to it.
    #[must_use]
    pub fn data(&self) -> Value {
        let amount = |amount: u64| Value::Int(i64::try_from(amount).unwrap_or(i64::MAX));
        let field = |name: &str, value| (Arc::from(name), value);
        let peer = |peer: &Option<Device>| {
            field("peer", peer.as_ref().map_or(Value::None, |peer| Value::Text(peer.text().clone())))
        };
        match self {
            Self::Flow { peer: to, limit } => Value::record([peer(to), field("limit", amount(*limit))]),
            Self::Shared { peer: to, shares } => {
                let shares = shares.iter().map(|(of, share)| (of.text().clone(), amount(*share)));
                Value::record([peer(to), field("shares", Value::record(shares))])
            }
            Self::Leakage(leak) => {
                Value::record(Observer::ALL.map(|observer| field(observer.name(), amount(leak.to(observer)))))
            }
        }
    }

    /// What a fact grants; none where it grants nothing.
    #[must_use]
    pub fn read(fact: &Fact) -> Option<Self> {
        let data = fact.data();
        match fact.key().as_str() {
            _ if fact.place().namespace.as_str() != "budget" => None,
            "flow" => {
                let peer = match data.field("peer") {
                    None | Some(Value::None) => None,
                    Some(Value::Text(peer)) => Some(Device::new(peer.clone()).ok()?),
                    Some(_) => return None,
                };
                match (data.field("limit"), data.field("shares")) {
                    (Some(limit), None) => Some(Self::Flow { peer, limit: amount(limit)? }),
                    (None, Some(Value::Record(shares))) => {
                        let share = |(of, share): &(Arc<str>, Value)| {
                            Some((Device::new(of.clone()).ok()?, amount(share)?))
                        };
                        Some(Self::Shared { peer, shares: shares.iter().map(share).collect::<Option<_>>()? })
                    }
                    _ => None,
                }
            }
            "leakage" => {
                let to = |observer: Observer| amount(data.field(observer.name())?);
                Some(Self::Leakage(Leak {
                    external: to(Observer::External)?,
                    neighbor: to(Observer::Neighbor)?,
                    in_group: to(Observer::InGroup)?,
                }))
            }
            _ => None,
        }
    }

    /// The budget of flow that it opens toward a peer; none where it is not for that peer.
    fn budget(self, epoch: Epoch, toward: &Device) -> Option<Budget> {
        match self {
            Self::Flow { peer, limit } if peer.as_ref().is_none_or(|peer| peer == toward) => {
                Some(Budget::new(epoch, limit))
            }
            Self::Shared { peer, shares } if peer.as_ref().is_none_or(|peer| peer == toward) => {
                Budget::shared(epoch, shares).ok()
            }
            _ => None,
        }
    }
}

/// What one fact opens toward a peer.
pub(super) fn flow_of(fact: &Fact, peer: &Device) -> Option<Budget> {
    Grant::read(fact)?.budget(fact.epoch(), peer)
}

/// What one fact opens for the observers of its context.
pub(super) fn leakage_of(fact: &Fact) -> Option<Leakage> {
    match Grant::read(fact)? {
        Grant::Leakage(limits) => Leakage::new(fact.epoch(), limits).ok(),
        _ => None,
    }
}

/// What the granters' facts of a context open toward a peer; neutral where they open nothing.
pub(in crate::guard) fn flow(facts: &View<'_>, peer: &Device, granters: &BTreeSet<Device>) -> Budget {
    let start = (Budget::default(), peer.clone(), granters.clone());
    reduce(facts, FLOW, start, |(mut budget, peer, granters), fact| {
        let named = granters.contains(fact.device());
        if let Some(opened) = named.then(|| flow_of(fact, &peer)).flatten() {
            budget.merge(&opened);
        }
        (budget, peer, granters)
    })
    .0
}

/// What the granters' facts of a context open for its observers; neutral where they open nothing.
pub(in crate::guard) fn leakage(facts: &View<'_>, granters: &BTreeSet<Device>) -> Leakage {
    let start = (Leakage::default(), granters.clone());
    reduce(facts, LEAKAGE, start, |(mut leakage, granters), fact| {
        let named = granters.contains(fact.device());
        if let Some(opened) = named.then(|| leakage_of(fact)).flatten() {
            leakage.merge(&opened);
        }
        (leakage, granters)
    })
    .0
}

fn reduce<S: Eq>(facts: &View<'_>, name: &str, start: S, step: fn(S, &Fact) -> S) -> S {
    let set = Name::parse(name).ok().and_then(|name| facts.set(&name.namespace));
    match set {
        Some(set) => set.reduce(start, step),
        None => start,
    }
}

fn amount(value: &Value) -> Option<u64> {
    match value {
        Value::Int(amount) => u64::try_from(*amount).ok(),
        _ => None,
    }
}
