//! A table: what the chain looks at for one cast, by sender and instruction, so that nothing is searched on the way of a
//! message.
//!
//! A capability is a bit of a word, a budget a number that the chain gives; a word about a scope is a mark of its own.
//! Made of a [`Policy`] and the programs; never changes.
//! Is not: state.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::id::RoleId;
use crate::base::json;
use crate::base::limits::CAPABILITIES_MAX;
use crate::base::value::Value;
use crate::bytecode::program::Program;
use crate::config::guards::fact::Fact;
use crate::config::guards::{OnDenied, Profile, Receipt};
use crate::guard::budget::Leak;
use crate::guard::policy::{Origin, Policy, places};
use crate::guard::receipt::fits;
use crate::journal::{Context, Device, Heading, Journal, Key, Namespace, Place, SetId};

/// No rule: the message is denied.
const NOTHING: u32 = u32::MAX;
/// A word about a scope: it passes.
const CONTROL: u32 = u32::MAX - 1;

/// What the chain looks at for one cast.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Table {
    /// Where the instructions of each role begin in `places`.
    firsts: Vec<u32>,
    /// The row of each instruction.
    places: Vec<u32>,
    pub(super) rows: Vec<Row>,
    /// What each role may do, as bits.
    pub(super) grants: Vec<u128>,
    pub(super) context: Arc<str>,
    /// The roles, by id.
    pub(super) roles: Vec<Arc<str>>,
    /// Sender and receiver of each budget, by its number here, with its limit and epoch.
    pub(super) purses: Vec<Purse>,
    /// What may be shown, and for how long: nanoseconds, 0 where that has no end.
    pub(super) shown: Option<(Leak, u64)>,
}

/// A budget that a cast needs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Purse {
    pub(super) from: RoleId,
    pub(super) to: RoleId,
    /// None where the profile has no budget.
    pub(super) limit: Option<u64>,
    /// The length of an epoch in nanoseconds; 0 where it does not end.
    pub(super) epoch: u64,
}

/// What is needed and charged for one kind of send.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Row {
    pub(super) need: u128,
    pub(super) cost: u64,
    pub(super) per_kib: u64,
    pub(super) leak: Leak,
    /// The budget: a number in `purses`.
    pub(super) purse: u32,
    pub(super) from: RoleId,
    pub(super) facts: Arc<[Fact]>,
    /// How each fact is written, once the journal is known.
    pub(super) entries: Vec<Entry>,
    /// Whether the commit books a row for a receipt.
    pub(super) books: bool,
    /// Whether that receipt is short enough to be signed.
    pub(super) signable: bool,
    pub(super) on_denied: OnDenied,
    pub(super) label: Arc<str>,
}

/// How a fact is written into a journal.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) set: SetId,
    pub(super) heading: Arc<Heading>,
    /// Its data, where that is the same with every message.
    data: Option<Value>,
}

impl Entry {
    /// What the fact says with this payload.
    #[inline]
    pub(super) fn data(&self, fact: &Fact, payload: &Value) -> Value {
        self.data.clone().unwrap_or_else(|| fact.of(payload))
    }
}

impl Row {
    /// Whether all that is to be done is to charge a cost that is always the same.
    fn only_costs(&self) -> bool {
        let alike = self.per_kib == 0 && self.cost > 0;
        alike && self.leak.is_nothing() && self.facts.is_empty() && !self.books
    }

    /// What the message costs with this payload.
    #[inline]
    pub(super) fn cost_of(&self, payload: &Value) -> u64 {
        if self.per_kib == 0 { self.cost } else { self.weighed(payload) }
    }

    /// What it costs where its size counts: its text as JSON, in KiB that are begun.
    #[cold]
    fn weighed(&self, payload: &Value) -> u64 {
        let kib = json::to_text(payload).len().div_ceil(1024) as u64;
        self.cost.saturating_add(self.per_kib.saturating_mul(kib))
    }
}

/// What a place holds.
pub(super) enum Found<'a> {
    Row(&'a Row),
    Control,
    Nothing,
}

/// More capabilities than `limits::CAPABILITIES_MAX`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TooMany;

impl Table {
    /// The table of a cast's programs, in the order of the roles.
    ///
    /// # Errors
    /// The policy names too many capabilities.
    pub fn new<'a>(
        programs: impl IntoIterator<Item = &'a Program>,
        policy: &Policy,
    ) -> Result<Self, TooMany> {
        let fresh = Profile::fresh().defaults.unwrap_or_default();
        let mut draft = Draft::default();
        let mut table = Self {
            context: policy.context.clone(),
            shown: policy.profile.shown(&policy.context).map(|(limits, epoch)| (Leak::of(limits), epoch)),
            ..Self::default()
        };
        for program in programs {
            if table.roles.is_empty() {
                table.roles = program.roles.iter().map(|role| role.name.clone()).collect();
            }
            let first = table.places.len();
            table.firsts.push(first as u32);
            table.places.resize(first + program.code.len(), NOTHING);
            for place in places(program) {
                let name = |role: RoleId| table.roles.get(role.index()).map_or("", AsRef::as_ref);
                let ends = [name(place.from), name(place.to)];
                let terms = policy.terms(&fresh, ends, place.message, place.exchange(program));
                let number = match terms {
                    None => CONTROL,
                    Some(terms) if terms.origin == Origin::Nothing => NOTHING,
                    Some(terms) => {
                        let budget = policy.profile.budget(&policy.context, ends[1]);
                        let purse = draft.purse(Purse {
                            from: place.from,
                            to: place.to,
                            limit: budget.map(|budget| budget.limit),
                            epoch: budget.and_then(|budget| budget.epoch).map_or(0, |epoch| epoch.0),
                        });
                        let row = Row {
                            need: draft.bits(terms.capabilities.iter().map(AsRef::as_ref))?,
                            cost: terms.cost,
                            per_kib: terms.per_kib,
                            leak: Leak::of(terms.leakage),
                            purse,
                            from: place.from,
                            facts: terms.facts.into(),
                            entries: Vec::new(),
                            books: terms.receipt == Receipt::Required,
                            signable: fits([&*policy.context, ends[0], ends[1], &*place.message.name]),
                            on_denied: terms.on_denied,
                            label: place.message.name.clone(),
                        };
                        draft.row(row)
                    }
                };
                if let Some(slot) = table.places.get_mut(first + place.at as usize) {
                    *slot = number;
                }
            }
        }
        // What nobody asks for needs no bit.
        let bit = |name: &String| draft.bits.get(name.as_str()).map_or(0, |at| 1 << at);
        let of = |role: &Arc<str>| policy.grants.of(role).iter().map(bit).fold(0, |all, bit: u128| all | bit);
        table.grants = table.roles.iter().map(of).collect();
        table.rows = draft.rows;
        table.purses = draft.purses;
        Ok(table)
    }

    /// Finds the set of each fact. Where one cannot be opened, or its sender has no name, the message will be denied by
    /// the commit.
    pub(super) fn open_sets(&mut self, journal: &mut Journal, devices: &[Option<Device>]) {
        let Ok(context) = Context::new(self.context.clone()) else { return };
        for row in &mut self.rows {
            let device = devices.get(row.from.index()).and_then(Option::as_ref);
            let entries = row.facts.iter().map(|fact| {
                let namespace = Namespace::new(fact.namespace.clone()).ok()?;
                let set = journal.open(&Place { context: context.clone(), namespace }).ok()?;
                let heading = journal.heading(set, Key::new(fact.key.clone()).ok()?, device?.clone())?;
                Some(Entry { set, heading, data: fact.constant() })
            });
            row.entries = entries.collect::<Option<_>>().unwrap_or_default();
        }
    }

    /// The table of a fresh directory.
    #[must_use]
    pub fn fresh<'a>(programs: impl IntoIterator<Item = &'a Program>) -> Self {
        // It names one capability; if it could not be made, everything would be denied.
        Self::new(programs, &Policy::fresh()).unwrap_or_default()
    }

    /// How many instructions all roles have together.
    pub(super) const fn instructions(&self) -> usize {
        self.places.len()
    }

    /// Where the instructions of each role begin among [`Self::passes`].
    pub(super) fn firsts(&self) -> &[u32] {
        &self.firsts
    }

    /// For each instruction of each role what its send is charged, where it is allowed and nothing else is to be done:
    /// the cost and the budget.
    pub(super) fn passes(&self) -> impl Iterator<Item = Option<(u64, u32)>> + '_ {
        let ends = self.firsts.iter().skip(1).copied().chain([self.places.len() as u32]);
        let ranges = self.firsts.iter().zip(ends).enumerate();
        ranges.flat_map(move |(role, (first, end))| {
            let has = self.grants.get(role).copied().unwrap_or(0);
            let places = self.places.get(*first as usize..end as usize).unwrap_or(&[]);
            places.iter().map(move |row| {
                let row = self.rows.get(*row as usize)?;
                (row.need & !has == 0 && row.only_costs()).then_some((row.cost, row.purse))
            })
        })
    }

    /// What holds of what a role sends at an instruction.
    pub(super) fn find(&self, from: RoleId, at: u32) -> Found<'_> {
        let first = self.firsts.get(from.index()).copied().unwrap_or(0);
        let number = self.places.get((first + at) as usize).copied().unwrap_or(NOTHING);
        match self.rows.get(number as usize) {
            Some(row) => Found::Row(row),
            None if number == CONTROL => Found::Control,
            None => Found::Nothing,
        }
    }
}

/// A table while it is made: what is equal is there once.
#[derive(Debug, Default)]
struct Draft {
    bits: BTreeMap<String, usize>,
    rows: Vec<Row>,
    purses: Vec<Purse>,
    by_ends: BTreeMap<(RoleId, RoleId), u32>,
    by_label: BTreeMap<(u32, Arc<str>), Vec<u32>>,
}

impl Draft {
    fn bits<'a>(&mut self, names: impl Iterator<Item = &'a str>) -> Result<u128, TooMany> {
        let mut all = 0;
        for name in names {
            let next = self.bits.len();
            let at = *self.bits.entry(name.to_owned()).or_insert(next);
            if at >= CAPABILITIES_MAX {
                return Err(TooMany);
            }
            all |= 1 << at;
        }
        Ok(all)
    }

    fn purse(&mut self, purse: Purse) -> u32 {
        let next = self.purses.len() as u32;
        let number = *self.by_ends.entry((purse.from, purse.to)).or_insert(next);
        if number == next {
            self.purses.push(purse);
        }
        number
    }

    fn row(&mut self, row: Row) -> u32 {
        let alike = self.by_label.entry((row.purse, row.label.clone())).or_default();
        let have = alike.iter().find(|number| self.rows.get(**number as usize) == Some(&row));
        if let Some(number) = have {
            return *number;
        }
        let number = self.rows.len() as u32;
        alike.push(number);
        self.rows.push(row);
        number
    }
}
