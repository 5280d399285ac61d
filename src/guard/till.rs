//! The tills of an engine: the ledgers of its devices, and the rows that charges leave.
//!
//! In one engine a role is a device, with a ledger of its own (`budget::Ledger`): one for all sessions, casts and contexts
//! in which a role is called so. A till is one budget of one ledger by number, so that a charge neither searches nor
//! allocates, and counts its charges. It knows what its budget leaves, and takes from that at once; what it took is posted
//! to the ledger before a budget changes, and counted with it where somebody looks.
//! Invariants: nothing is spent but what a ledger leaves; once posted, what a till's rows cost in an epoch is what its
//! budget has spent.
//! Is not: the algebra of budgets, nor who grants them (`granter`).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::base::limits::CHARGES_KEPT;
use crate::base::time::Instant;
use crate::guard::budget::grant::{Granted, Opening};
use crate::guard::budget::{Budget, FlowId, Leak, Leakage, LeakageId, Ledger, Short, Shortfall};
use crate::guard::granter::{Granter, Wish};
use crate::journal::{Context, Device, Epoch, Fact, Journal};

/// One budget of one device.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Till {
    ledger: u32,
    flow: FlowId,
    leakage: Option<LeakageId>,
    /// What the budget leaves.
    left: u64,
    /// What was taken and is not posted yet.
    taken: u64,
    /// Charges of this epoch.
    nonce: u64,
    /// Charges of this epoch that need a receipt.
    receipts: u64,
    epoch: Epoch,
}

impl Till {
    /// Has its ledger know of what was taken. A budget refuses only what it did not leave, and that was not taken.
    fn post(&mut self, ledgers: &mut [Ledger]) {
        if self.taken == 0 {
            return;
        }
        let (flow, cost) = (self.flow, std::mem::take(&mut self.taken));
        let posted = ledgers.get_mut(self.ledger as usize).map(|ledger| ledger.charge_flow(flow, cost));
        debug_assert_eq!(posted, Some(Ok(())), "what is left can be spent");
    }
}

/// A charge as it is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Charge {
    /// The till: a number of the chain.
    pub till: u32,
    /// The epoch of its budget.
    pub epoch: Epoch,
    /// Counts the charges of one till in one epoch, from 1.
    pub nonce: u64,
    /// What was spent.
    pub cost: u64,
    /// What is left.
    pub headroom: u64,
}

/// What stands in one context: where a grant goes.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Room {
    /// The tills toward each peer.
    toward: BTreeMap<Device, Vec<u32>>,
    /// What each ledger shows.
    shown: BTreeMap<u32, LeakageId>,
}

/// All tills, and the newest charges.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Tills {
    ledgers: Vec<Ledger>,
    devices: BTreeMap<Device, u32>,
    tills: Vec<Till>,
    numbers: BTreeMap<(u32, FlowId), u32>,
    rooms: BTreeMap<Context, Room>,
    granter: Granter,
    /// A ring: the newest charges, of which the next overwrites the oldest.
    charges: Vec<Charge>,
    /// How many charges there were.
    count: u64,
    now: Instant,
}

impl Default for Tills {
    fn default() -> Self {
        Self {
            ledgers: Vec::new(),
            devices: BTreeMap::new(),
            tills: Vec::new(),
            numbers: BTreeMap::new(),
            rooms: BTreeMap::new(),
            granter: Granter::new(),
            charges: vec![Charge::default(); CHARGES_KEPT],
            count: 0,
            now: Instant(0),
        }
    }
}

impl Tills {
    /// Has a cast's word on budgets of a context, and opens its tills: one for each sender and receiver, none where there
    /// are too many. The facts are looked at once, whatever the cast wants.
    pub(super) fn install(
        &mut self,
        journal: &mut Journal,
        (cast, context): (u32, &Context),
        wishes: impl IntoIterator<Item = Wish>,
        ends: &[Option<(Device, Device)>],
    ) -> Vec<Option<u32>> {
        let mut granted = self.granter.granted(journal, context);
        let mut said = Vec::new();
        for wish in wishes {
            let (when, what) = ((&mut *journal, self.now), (context, &mut granted));
            said.extend(self.granter.promise(when, what, (cast, wish)));
        }
        let open = |ends: &Option<(Device, Device)>| {
            let (from, to) = ends.as_ref()?;
            self.open(context, from, to, &granted)
        };
        let tills = ends.iter().map(open).collect();
        self.granter.keep(context, granted);
        self.heed(&said);
        tills
    }

    /// A cast is no more, or wants something else than what it wanted toward these peers. What was granted and spent stands.
    pub(super) fn withdraw(&mut self, (cast, context): (u32, &Context), peers: impl Iterator<Item = Device>) {
        self.granter.withdraw(self.now, (cast, context), peers);
    }

    /// The till of a device toward another, made where it is not there yet with what was granted so far. None if there
    /// are too many.
    fn open(&mut self, context: &Context, from: &Device, to: &Device, granted: &Granted) -> Option<u32> {
        let number = self.ledger(from);
        let leakage = self.shown(context, number, granted);
        let ledger = self.ledgers.get_mut(number as usize)?;
        let flow = match ledger.flow(context, to) {
            Some(flow) => flow,
            None => ledger.open_flow(context, to, &granted.flow(to))?,
        };
        let next = self.tills.len() as u32;
        let till = *self.numbers.entry((number, flow)).or_insert(next);
        if till == next {
            self.tills.push(Till {
                ledger: number,
                flow,
                leakage,
                left: 0,
                taken: 0,
                nonce: 0,
                receipts: 0,
                epoch: Epoch::default(),
            });
            let room = self.rooms.entry(context.clone()).or_default();
            room.toward.entry(to.clone()).or_default().push(till);
            self.look(till);
        }
        Some(till)
    }

    /// The row of what a ledger shows in a context, made where it is not there yet.
    fn shown(&mut self, context: &Context, number: u32, granted: &Granted) -> Option<LeakageId> {
        let ledger = self.ledgers.get_mut(number as usize)?;
        if let Some(row) = ledger.leakage(context) {
            return Some(row);
        }
        let row = ledger.open_leakage(context, granted.leakage())?;
        self.rooms.entry(context.clone()).or_default().shown.insert(number, row);
        Some(row)
    }

    fn ledger(&mut self, device: &Device) -> u32 {
        let next = self.ledgers.len() as u32;
        let number = *self.devices.entry(device.clone()).or_insert(next);
        if number == next {
            self.ledgers.push(Ledger::new(device.clone()));
        }
        number
    }

    /// Time has passed: where a period has run over, facts say so, and open epochs.
    #[inline]
    pub(super) fn pass(&mut self, journal: &mut Journal, now: Instant) {
        self.now = now;
        if self.granter.is_due(now) {
            let said = self.granter.renew(journal, now);
            self.heed(&said);
        }
    }

    /// Has the rows that they are for know of grants that count.
    #[cold]
    fn heed(&mut self, said: &[Fact]) {
        for fact in said {
            let Some(room) = self.rooms.get(&fact.place().context) else { continue };
            let (peer, budget) = match Opening::of(fact) {
                None => continue,
                Some(Opening::Leakage(leakage)) => {
                    for (ledger, row) in &room.shown {
                        let ledger = self.ledgers.get_mut(*ledger as usize);
                        ledger.into_iter().for_each(|ledger| ledger.join_leakage(*row, &leakage));
                    }
                    continue;
                }
                Some(Opening::Flow(peer, budget)) => (peer, budget),
            };
            let tills: Vec<u32> = match peer {
                Some(peer) => room.toward.get(&peer).cloned().unwrap_or_default(),
                None => room.toward.values().flatten().copied().collect(),
            };
            for number in tills {
                let Some(till) = self.tills.get_mut(number as usize) else { continue };
                till.post(&mut self.ledgers);
                let (ledger, flow) = (self.ledgers.get_mut(till.ledger as usize), till.flow);
                ledger.into_iter().for_each(|ledger| ledger.join_flow(flow, &budget));
                self.look(number);
            }
        }
    }

    /// Has a till know what its budget leaves and in which epoch.
    fn look(&mut self, till: u32) {
        let Some(till) = self.tills.get_mut(till as usize) else { return };
        till.post(&mut self.ledgers);
        let Some(ledger) = self.ledgers.get(till.ledger as usize) else { return };
        till.left = ledger.headroom(till.flow);
        let epoch = ledger.flow_budget(till.flow).map_or(till.epoch, Budget::epoch);
        if till.epoch != epoch {
            (till.epoch, till.nonce, till.receipts) = (epoch, 0, 0);
        }
    }

    /// Takes a cost if the budget of a till leaves it.
    #[inline]
    pub(super) fn take(&mut self, till: u32, cost: u64) -> bool {
        let Some(at) = self.tills.get_mut(till as usize) else { return false };
        if cost > at.left {
            return false;
        }
        at.left -= cost;
        at.taken += cost;
        at.nonce += 1;
        let charge = Charge { till, epoch: at.epoch, nonce: at.nonce, cost, headroom: at.left };
        self.keep(charge);
        true
    }

    #[inline]
    fn keep(&mut self, charge: Charge) {
        if let Some(place) = self.charges.get_mut(self.count as usize % CHARGES_KEPT) {
            *place = charge;
        }
        self.count += 1;
    }

    /// Whether this can be taken from a till, and shown by its device.
    ///
    /// # Errors
    /// The first budget that allows less; none is known where there is no such till.
    #[inline]
    pub(super) fn review(&mut self, till: u32, cost: u64, leak: Leak) -> Result<(), Short> {
        let missing = Short::Flow(Shortfall::Missing);
        let at = self.tills.get_mut(till as usize).ok_or(missing)?;
        let ledger = self.ledgers.get(at.ledger as usize).ok_or(missing)?;
        // What costs nothing needs a limit all the same, which only the ledger knows.
        if cost > at.left || cost == 0 {
            at.post(&mut self.ledgers);
            let ledger = self.ledgers.get(at.ledger as usize).ok_or(missing)?;
            ledger.review_flow(at.flow, cost).map_err(Short::Flow)?;
            return ledger.review_leak(at.leakage, leak);
        }
        ledger.review_leak(at.leakage, leak)
    }

    /// The epoch in which a till charges.
    pub(super) fn epoch(&self, till: u32) -> Epoch {
        self.tills.get(till as usize).map_or(Epoch::default(), |till| till.epoch)
    }

    /// Charges what was reviewed just before, and keeps the row.
    #[inline]
    pub(super) fn book(&mut self, till: u32, cost: u64, leak: Leak) -> Option<()> {
        let at = self.tills.get(till as usize)?;
        self.ledgers.get_mut(at.ledger as usize)?.book_leak(at.leakage, leak).ok()?;
        self.take(till, cost).then_some(())
    }

    /// The epoch and the number of the receipt that the charge just booked at a till needs.
    pub(super) fn number(&mut self, till: u32) -> Option<(Epoch, u64)> {
        let till = self.tills.get_mut(till as usize)?;
        till.receipts += 1;
        Some((till.epoch, till.receipts))
    }

    /// The charges that are kept, the oldest first.
    pub(super) fn charges(&self) -> impl DoubleEndedIterator<Item = &Charge> {
        let kept = self.count.min(CHARGES_KEPT as u64);
        let at = |number: u64| self.charges.get(number as usize % CHARGES_KEPT);
        (self.count - kept..self.count).filter_map(at)
    }

    /// What was spent of a till's budget, posted or not, and its limit.
    pub(super) fn account(&self, till: u32) -> Option<(u64, u64)> {
        let till = self.tills.get(till as usize)?;
        let budget = self.ledgers.get(till.ledger as usize)?.flow_budget(till.flow)?;
        Some((budget.spent().saturating_add(till.taken), budget.limit().unwrap_or(0)))
    }

    /// The budgets of what a device shows in a context.
    pub(super) fn leakage(&self, context: &Context, device: &Device) -> Option<&Leakage> {
        let number = self.devices.get(device)?;
        let ledger = self.ledgers.get(*number as usize)?;
        ledger.leakage_budgets(ledger.leakage(context)?)
    }
}
