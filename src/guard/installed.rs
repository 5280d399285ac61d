//! A table at work: what the chain found for one cast when it was installed, so that a message finds it by number.
//!
//! Is not: what was spent; the tills keep that, and it outlives the table.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::base::id::RoleId;
use crate::guard::budget::Grant;
use crate::guard::daybook::Names;
use crate::guard::granter::Wish;
use crate::guard::intent::Intent;
use crate::guard::table::Table;
use crate::guard::till::Tills;
use crate::journal::{Context, Device, Journal};

/// No till: there is no room for its budget, or a message is not let through by numbers alone.
pub(super) const NO_TILL: u32 = u32::MAX;

/// A table, and the tills that it uses.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Installed {
    /// None where it was uninstalled: then nothing is allowed.
    pub(super) table: Option<Table>,
    /// None if it is no name: then nothing is granted.
    pub(super) context: Option<Context>,
    /// The till of each purse.
    pub(super) flow: Vec<u32>,
    /// Where the instructions of each role begin in `passes`.
    firsts: Vec<u32>,
    /// For each instruction what its send takes from which till, where there is no more to it: what a role may do was
    /// looked at when this was made. [`NO_TILL`] where there is.
    passes: Vec<(u64, u32)>,
    /// What each role is called as a device.
    pub(super) devices: Vec<Option<Device>>,
}

impl Installed {
    /// Has a cast's table at work.
    pub(super) fn new(cast: u32, mut table: Table, journal: &mut Journal, tills: &mut Tills) -> Self {
        let devices: Vec<Option<Device>> =
            table.roles.iter().map(|role| Device::new(role.clone()).ok()).collect();
        table.open_sets(journal, &devices);
        let context = Context::new(table.context.clone()).ok();
        let mut flow = vec![NO_TILL; table.purses.len()];
        if let Some(context) = &context {
            let device = |role: RoleId| devices.get(role.index()).cloned().flatten();
            let ends: Vec<_> =
                table.purses.iter().map(|purse| device(purse.from).zip(device(purse.to))).collect();
            let shown = table.shown.map(|(limits, length)| Wish { grant: Grant::Leakage(limits), length });
            let spent = table.purses.iter().zip(&ends).filter_map(|(purse, ends)| {
                let peer = ends.as_ref().map(|(_, to)| to.clone())?;
                Some(Wish {
                    grant: Grant::Flow { peer: Some(peer), limit: purse.limit? },
                    length: purse.epoch,
                })
            });
            let opened = tills.install(journal, (cast, context), shown.into_iter().chain(spent), &ends);
            flow = opened.into_iter().map(|till| till.unwrap_or(NO_TILL)).collect();
        }
        let firsts = table.firsts().to_vec();
        let till = |purse: u32| flow.get(purse as usize).copied().unwrap_or(NO_TILL);
        let pass = |pass: Option<(u64, u32)>| pass.map_or((0, NO_TILL), |(cost, purse)| (cost, till(purse)));
        let mut passes = Vec::with_capacity(table.instructions());
        passes.extend(table.passes().map(pass));
        Self { table: Some(table), context, flow, firsts, passes, devices }
    }

    /// What a send takes from which till, if there is no more to it.
    #[inline]
    pub(super) fn pass(&self, intent: &Intent<'_>) -> Option<(u64, u32)> {
        let first = self.firsts.get(intent.from.index())?;
        self.passes.get((first + intent.at) as usize).copied()
    }

    /// What a role is called, where its table is at work.
    pub(super) fn speaker(&self, role: RoleId) -> Option<(&Device, &Context)> {
        self.table.as_ref()?;
        self.devices.get(role.index())?.as_ref().zip(self.context.as_ref())
    }

    /// The names of a row: context, sender, receiver.
    pub(super) fn names(&self, from: RoleId, to: RoleId) -> Option<Names> {
        let device = |role: RoleId| self.devices.get(role.index()).cloned().flatten();
        Some((self.context.clone()?, device(from)?, device(to)?))
    }

    /// The devices toward which it wants budgets.
    pub(super) fn peers(&self) -> impl Iterator<Item = Device> {
        let purses = self.table.iter().flat_map(|table| &table.purses);
        let peers: BTreeSet<RoleId> = purses.map(|purse| purse.to).collect();
        peers.into_iter().filter_map(|role| self.devices.get(role.index())?.clone())
    }

    /// Allows nothing any more; gives the table back. The names stay, for rows that wait for their receipts.
    pub(super) fn clear(&mut self) -> Option<Table> {
        (self.flow, self.firsts, self.passes) = (Vec::new(), Vec::new(), Vec::new());
        self.table.take()
    }
}
