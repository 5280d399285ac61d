//! The budgets of one device: flow by context and peer, leakage by context, found once and charged by number.
//!
//! Invariants: a charge is made whole or not at all; merging takes in rows of the same context and peer only.
//! Is not: durable; the commit that a charge belongs to is the chain's.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::limits::BUDGET_ROWS_MAX;
use crate::guard::budget::account::{Budget, Shortfall};
use crate::guard::budget::grant;
use crate::guard::budget::leakage::{Leak, Leakage, Observer};
use crate::journal::{Context, Device, Journal};

/// A row of flow: one context and peer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FlowId(u32);

/// A row of leakage: one context.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LeakageId(u32);

/// What one message costs, and where it is booked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Charge {
    /// The row of flow.
    pub flow: FlowId,
    /// What is spent there.
    pub cost: u64,
    /// The row of leakage.
    pub leakage: LeakageId,
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
#[derive(Clone, Debug)]
pub struct Ledger {
    replica: Device,
    flows: Vec<Budget>,
    peers: BTreeMap<Context, BTreeMap<Device, FlowId>>,
    leakages: Vec<Leakage>,
    contexts: BTreeMap<Context, LeakageId>,
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
                self.flows.push(Budget::default());
                self.peers.entry(context.clone()).or_default().insert(peer.clone(), id);
                id
            }
        };
        let row = self.flows.get_mut(id.0 as usize)?;
        row.merge(budget);
        row.enter(&self.replica);
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
                self.leakages.push(Leakage::default());
                self.contexts.insert(context.clone(), id);
                id
            }
        };
        let row = self.leakages.get_mut(id.0 as usize)?;
        row.merge(leakage);
        row.enter(&self.replica);
        Some(id)
    }

    /// The budget of a row; none for a number of another ledger.
    #[must_use]
    pub fn flow_budget(&self, id: FlowId) -> Option<&Budget> {
        self.flows.get(id.0 as usize)
    }

    /// The budgets of a row; none for a number of another ledger.
    #[must_use]
    pub fn leakage_budgets(&self, id: LeakageId) -> Option<&Leakage> {
        self.leakages.get(id.0 as usize)
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

    /// Whether a charge could be made now; flow is asked first.
    ///
    /// # Errors
    /// The first budget that allows less.
    pub fn review(&self, charge: &Charge) -> Result<(), Short> {
        let flow = self.flow_budget(charge.flow).ok_or(Short::Flow(Shortfall::Missing))?;
        flow.review(&self.replica, charge.cost).map_err(Short::Flow)?;
        let missing = Short::Leakage(Observer::External, Shortfall::Missing);
        let leakage = self.leakage_budgets(charge.leakage).ok_or(missing)?;
        leakage.review(&self.replica, charge.leak).map_err(|(observer, why)| Short::Leakage(observer, why))
    }

    /// Makes a charge. Allocates nothing.
    ///
    /// # Errors
    /// The first budget that allows less; then nothing is charged.
    pub fn charge(&mut self, charge: &Charge) -> Result<(), Short> {
        self.review(charge)?;
        let missing = Short::Flow(Shortfall::Missing);
        let flow = self.flows.get_mut(charge.flow.0 as usize).ok_or(missing)?;
        flow.book(&self.replica, charge.cost).map_err(Short::Flow)?;
        let missing = Short::Leakage(Observer::External, Shortfall::Missing);
        let leakage = self.leakages.get_mut(charge.leakage.0 as usize).ok_or(missing)?;
        leakage.book(&self.replica, charge.leak).map_err(|(observer, why)| Short::Leakage(observer, why))
    }

    /// Moves a part of what this device has left of its share to another.
    ///
    /// # Errors
    /// There are no shares, or less is left; then nothing is moved.
    pub fn move_share(&mut self, flow: FlowId, to: &Device, amount: u64) -> Result<(), Shortfall> {
        let row = self.flows.get_mut(flow.0 as usize).ok_or(Shortfall::Missing)?;
        row.move_share(&self.replica, to, amount)
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
            for (peer, id) in peers {
                if let Some(row) = self.flows.get_mut(id.0 as usize) {
                    row.merge(&grant::flow(&journal.of(context), peer, granters));
                    row.enter(&self.replica);
                }
            }
        }
        for (context, id) in &self.contexts {
            if let Some(row) = self.leakages.get_mut(id.0 as usize) {
                row.merge(&grant::leakage(&journal.of(context), granters));
                row.enter(&self.replica);
            }
        }
    }
}
