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

use serde::{Deserialize, Serialize};

use crate::base::value::Value;
use crate::guard::budget::account::Budget;
use crate::guard::budget::leakage::{Leak, Leakage, Observer};
use crate::journal::{Device, Fact, Misnomer, Name, View};

/// The facts of this name grant flow.
const FLOW: &str = "budget/flow";
/// The facts of this name grant leakage.
const LEAKAGE: &str = "budget/leakage";

/// What a fact opens: the limits of the epoch that the fact is of.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
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
}

/// What newer facts of the same subject replace: who grants, and to whom; no peer is every peer.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Subject {
    granter: Device,
    of: Option<Option<Device>>,
}

/// The subject of a grant; none of a fact that opens nothing. A grant of an older epoch than another one of its subject
/// opens nothing that the other does not close again, so a set may forget it (`journal::Set::supersede`).
#[must_use]
pub fn subject(fact: &Fact) -> Option<Subject> {
    let of = match Opening::of(fact)? {
        Opening::Flow(peer, _) => Some(peer),
        Opening::Leakage(_) => None,
    };
    Some(Subject { granter: fact.device().clone(), of })
}

/// What one fact opens.
pub(in crate::guard) enum Opening {
    /// Flow toward a peer, or toward every one.
    Flow(Option<Device>, Budget),
    /// What observers of the context may see.
    Leakage(Box<Leakage>),
}

impl Opening {
    /// What a fact opens; none where it opens nothing.
    pub(in crate::guard) fn of(fact: &Fact) -> Option<Self> {
        Some(match Grant::read(fact)? {
            Grant::Flow { peer, limit } => Self::Flow(peer, Budget::new(fact.epoch(), limit)),
            Grant::Shared { peer, shares } => Self::Flow(peer, Budget::shared(fact.epoch(), shares).ok()?),
            Grant::Leakage(limits) => Self::Leakage(Box::new(Leakage::new(fact.epoch(), limits).ok()?)),
        })
    }
}

/// What the granters' facts of one context open: one walk over the facts, then a look-up for each peer.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(in crate::guard) struct Granted {
    every: Budget,
    toward: BTreeMap<Device, Budget>,
    leakage: Leakage,
}

impl Granted {
    /// What the facts of a context open, as far as these devices say them.
    pub(in crate::guard) fn of(facts: &View<'_>, granters: &BTreeSet<Device>) -> Self {
        let set = Name::parse(FLOW).ok().and_then(|name| facts.set(&name.namespace));
        let start = (Self::default(), granters.clone());
        let all = set.map(|set| {
            set.reduce(start, |(mut granted, granters), fact| {
                granted.heed(fact, &granters);
                (granted, granters)
            })
        });
        all.map_or_else(Self::default, |(granted, _)| granted)
    }

    /// Takes in one fact more.
    pub(in crate::guard) fn heed(&mut self, fact: &Fact, granters: &BTreeSet<Device>) {
        match granters.contains(fact.device()).then(|| Opening::of(fact)).flatten() {
            None => {}
            Some(Opening::Flow(None, budget)) => self.every.merge(&budget),
            Some(Opening::Flow(Some(peer), budget)) => self.toward.entry(peer).or_default().merge(&budget),
            Some(Opening::Leakage(leakage)) => self.leakage.merge(&leakage),
        }
    }

    /// The budget toward a peer; neutral where nothing is opened.
    pub(in crate::guard) fn flow(&self, peer: &Device) -> Budget {
        let mut budget = self.every.clone();
        if let Some(own) = self.toward.get(peer) {
            budget.merge(own);
        }
        budget
    }

    /// What observers may see; neutral where nothing is opened.
    pub(in crate::guard) const fn leakage(&self) -> &Leakage {
        &self.leakage
    }
}

fn amount(value: &Value) -> Option<u64> {
    match value {
        Value::Int(amount) => u64::try_from(*amount).ok(),
        _ => None,
    }
}
