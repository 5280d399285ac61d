//! The budgets of one device: flow by context and peer, leakage by context, found once and charged by number.
//!
//! Invariants: a charge is made whole or not at all; merging takes in rows of the same context and peer only.
//! Is not: durable; the commit that a charge belongs to is the chain's.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::base::limits::BUDGET_ROWS_MAX;
use crate::guard::budget::account::{Budget, Shortfall};
use crate::guard::budget::counts::Seat;
use crate::guard::budget::grant::Granted;
use crate::guard::budget::leakage::{Leak, Leakage, Observer};
use crate::journal::{Context, Device, Journal};

/// A row of flow: one context and peer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct FlowId(u32);

/// A row of leakage: one context.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct LeakageId(u32);

/// What one message costs, and where it is booked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Charge {
    /// The row of flow.
    pub flow: FlowId,
    /// What is spent there.
    pub cost: u64,
    /// The row of leakage; none where the context has none, and then nothing may be shown.
    pub leakage: Option<LeakageId>,
    /// What is shown.
    pub leak: Leak,
}

/// Where a charge falls short. Names neither peer nor context.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Short {
    /// The budget of flow allows less.
    Flow(Shortfall),
    /// A class of observers may see less.
    Leakage(Observer, Shortfall),
}

/// The budgets of one device.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ledger {
    replica: Device,
    flows: Vec<Flow>,
    peers: BTreeMap<Context, BTreeMap<Device, FlowId>>,
    leakages: Vec<Shown>,
    contexts: BTreeMap<Context, LeakageId>,
}

/// A budget of flow, and where the device's own count stands in it.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Flow {
    budget: Budget,
    seat: Seat,
}

impl Flow {
    /// Takes in a budget; a merge moves seats.
    fn merge(&mut self, budget: &Budget, replica: &Device) {
        self.budget.merge(budget);
        self.seat = self.budget.enter(replica);
    }
}

/// The same for the classes of observers.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Shown {
    budgets: Leakage,
    seats: [Seat; 3],
}

impl Shown {
    fn merge(&mut self, budgets: &Leakage, replica: &Device) {
        self.budgets.merge(budgets);
        self.seats = self.budgets.enter(replica);
    }
}

impl Ledger {
    /// The ledger of a device, without budgets: it allows nothing.
    #[must_use]
    pub const fn new(replica: Device) -> Self {
        Self {
            replica,
            flows: Vec::new(),
            peers: BTreeMap::new(),
            leakages: Vec::new(),
            contexts: BTreeMap::new(),
        }
    }

    /// The device that spends here.
    #[must_use]
    pub const fn replica(&self) -> &Device {
        &self.replica
    }

    /// The row of a context and peer, where there is one.
    #[must_use]
    pub fn flow(&self, context: &Context, peer: &Device) -> Option<FlowId> {
        self.peers.get(context)?.get(peer).copied()
    }

    /// The row of a context, where there is one.
    #[must_use]
    pub fn leakage(&self, context: &Context) -> Option<LeakageId> {
        self.contexts.get(context).copied()
    }

    /// Merges a budget into the row of a context and peer, which is made where it is not there yet. None if there
    /// are `limits::BUDGET_ROWS_MAX` others.
    pub fn open_flow(&mut self, context: &Context, peer: &Device, budget: &Budget) -> Option<FlowId> {
        let id = match self.flow(context, peer) {
            Some(id) => id,
            None if self.flows.len() >= BUDGET_ROWS_MAX => return None,
            None => {
                let id = FlowId(self.flows.len() as u32);
                let mut budget = Budget::default();
                let seat = budget.enter(&self.replica);
                self.flows.push(Flow { budget, seat });
                self.peers.entry(context.clone()).or_default().insert(peer.clone(), id);
                id
            }
        };
        self.flows.get_mut(id.0 as usize)?.merge(budget, &self.replica);
        Some(id)
    }

    /// Merges budgets into the row of a context, which is made where it is not there yet. None if there are
    /// `limits::BUDGET_ROWS_MAX` others.
    pub fn open_leakage(&mut self, context: &Context, leakage: &Leakage) -> Option<LeakageId> {
        let id = match self.leakage(context) {
            Some(id) => id,
            None if self.leakages.len() >= BUDGET_ROWS_MAX => return None,
            None => {
                let id = LeakageId(self.leakages.len() as u32);
                let mut budgets = Leakage::default();
                let seats = budgets.enter(&self.replica);
                self.leakages.push(Shown { budgets, seats });
                self.contexts.insert(context.clone(), id);
                id
            }
        };
        self.leakages.get_mut(id.0 as usize)?.merge(leakage, &self.replica);
        Some(id)
    }

    /// The budget of a row; none for a number of another ledger.
    #[must_use]
    #[inline]
    pub fn flow_budget(&self, id: FlowId) -> Option<&Budget> {
        self.flows.get(id.0 as usize).map(|row| &row.budget)
    }

    /// The budgets of a row; none for a number of another ledger.
    #[must_use]
    pub fn leakage_budgets(&self, id: LeakageId) -> Option<&Leakage> {
        self.leakages.get(id.0 as usize).map(|row| &row.budgets)
    }

    /// The budgets of flow, by context and peer.
    pub fn flows(&self) -> impl Iterator<Item = (&Context, &Device, &Budget)> {
        let rows = self.peers.iter().flat_map(|(context, peers)| peers.iter().map(move |row| (context, row)));
        rows.filter_map(|(context, (peer, id))| Some((context, peer, self.flow_budget(*id)?)))
    }

    /// The budgets of leakage, by context.
    pub fn leakages(&self) -> impl Iterator<Item = (&Context, &Leakage)> {
        self.contexts.iter().filter_map(|(context, id)| Some((context, self.leakage_budgets(*id)?)))
    }

    /// What this device may still spend in a row.
    #[inline]
    #[must_use]
    pub fn headroom(&self, id: FlowId) -> u64 {
        self.flow_budget(id).map_or(0, |budget| budget.headroom(&self.replica))
    }

    /// Whether a charge could be made now; flow is asked first, and leakage only where something is shown.
    ///
    /// # Errors
    /// The first budget that allows less.
    #[inline]
    pub fn review(&self, charge: &Charge) -> Result<(), Short> {
        self.review_flow(charge.flow, charge.cost).map_err(Short::Flow)?;
        self.review_leak(charge.leakage, charge.leak)
    }

    /// The part of it that is flow.
    pub(in crate::guard) fn review_flow(&self, flow: FlowId, cost: u64) -> Result<(), Shortfall> {
        self.flow_budget(flow).ok_or(Shortfall::Missing)?.review(&self.replica, cost)
    }

    /// The part of it that is leakage.
    #[inline]
    pub(in crate::guard) fn review_leak(&self, row: Option<LeakageId>, leak: Leak) -> Result<(), Short> {
        if leak.is_nothing() {
            return Ok(());
        }
        let missing = Short::Leakage(Observer::External, Shortfall::Missing);
        let leakage = row.and_then(|id| self.leakage_budgets(id)).ok_or(missing)?;
        leakage.review(&self.replica, leak).map_err(|(observer, why)| Short::Leakage(observer, why))
    }

    /// Makes a charge. Neither searches nor allocates.
    ///
    /// # Errors
    /// The first budget that allows less; then nothing is charged.
    #[inline]
    pub fn charge(&mut self, charge: &Charge) -> Result<(), Short> {
        self.review(charge)?;
        self.book_flow(charge.flow, charge.cost).map_err(Short::Flow)?;
        self.book_leak(charge.leakage, charge.leak)
    }

    /// Makes a charge of flow alone.
    pub(in crate::guard) fn charge_flow(&mut self, flow: FlowId, cost: u64) -> Result<(), Shortfall> {
        self.review_flow(flow, cost)?;
        self.book_flow(flow, cost)
    }

    #[inline]
    fn book_flow(&mut self, flow: FlowId, cost: u64) -> Result<(), Shortfall> {
        let row = self.flows.get_mut(flow.0 as usize).ok_or(Shortfall::Missing)?;
        row.budget.book(row.seat, cost)
    }

    /// Shows what was reviewed just before.
    #[inline]
    pub(in crate::guard) fn book_leak(&mut self, row: Option<LeakageId>, leak: Leak) -> Result<(), Short> {
        if leak.is_nothing() {
            return Ok(());
        }
        let missing = Short::Leakage(Observer::External, Shortfall::Missing);
        let row = row.and_then(|id| self.leakages.get_mut(id.0 as usize)).ok_or(missing)?;
        let shown = row.budgets.book(row.seats, leak);
        shown.map_err(|(observer, why)| Short::Leakage(observer, why))
    }

    /// Moves a part of what this device has left of its share to another.
    ///
    /// # Errors
    /// There are no shares, or less is left; then nothing is moved.
    pub fn move_share(&mut self, flow: FlowId, to: &Device, amount: u64) -> Result<(), Shortfall> {
        let row = self.flows.get_mut(flow.0 as usize).ok_or(Shortfall::Missing)?;
        row.budget.move_share(&self.replica, to, amount)
    }

    /// Takes in what another replica knows of one context. None if a row has no place any more; rows that have one
    /// are taken in.
    pub fn merge(&mut self, other: &Self, context: &Context) -> Option<()> {
        let mut full = false;
        for (of, peer, budget) in other.flows() {
            full |= of == context && self.open_flow(of, peer, budget).is_none();
        }
        if let Some(leakage) = other.leakage(context).and_then(|id| other.leakage_budgets(id)) {
            full |= self.open_leakage(context, leakage).is_none();
        }
        (!full).then_some(())
    }

    /// Opens the epochs that facts of the `granters` have opened: for each row, from the facts of its own context.
    /// Doing it again with the same facts changes nothing.
    pub fn replenish(&mut self, journal: &Journal, granters: &BTreeSet<Device>) {
        for (context, peers) in &self.peers {
            let granted = Granted::of(&journal.of(context), granters);
            for (peer, id) in peers {
                if let Some(row) = self.flows.get_mut(id.0 as usize) {
                    row.merge(&granted.flow(peer), &self.replica);
                }
            }
        }
        for (context, id) in &self.contexts {
            if let Some(row) = self.leakages.get_mut(id.0 as usize) {
                row.merge(Granted::of(&journal.of(context), granters).leakage(), &self.replica);
            }
        }
    }

    /// Merges a budget into a row.
    pub(in crate::guard) fn join_flow(&mut self, id: FlowId, budget: &Budget) {
        if let Some(row) = self.flows.get_mut(id.0 as usize) {
            row.merge(budget, &self.replica);
        }
    }

    /// Merges budgets into a row.
    pub(in crate::guard) fn join_leakage(&mut self, id: LeakageId, leakage: &Leakage) {
        if let Some(row) = self.leakages.get_mut(id.0 as usize) {
            row.merge(leakage, &self.replica);
        }
    }
}
