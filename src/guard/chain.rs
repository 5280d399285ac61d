//! The chain and its verdicts.
//!
//! Capability, flow headroom, leakage headroom, and then one commit: facts, which may be refused and are written all or
//! none, then charges, which cannot be. A denial leaves no trace. That is [`Chain::judge`]; a send that is allowed and only
//! costs goes past it, by what was looked at when its table was installed.
//! Is not: a place where a message is kept; a verdict names the channel that it is for.

use std::sync::Arc;

use crate::base::id::{LaneId, RoleId};
use crate::base::time::Instant;
use crate::base::value::Value;
use crate::config::guards::OnDenied;
use crate::guard::budget::{Grant, Observer, Short};
use crate::guard::daybook::{Daybook, Entry};
use crate::guard::intent::Intent;
use crate::guard::receipt::Booking;
use crate::guard::state::{Book, State};
use crate::guard::table::{Found, Row, Table};
use crate::guard::till::{Charge, Tills};
use crate::journal::{Context, Device, Epoch, Journal, Name, Place, View};

/// No till: there is no room for its budget.
const NO_TILL: u32 = u32::MAX;

/// The guards that every message passes, in order.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Chain {
    rules: Vec<Rule>,
    casts: Vec<Installed>,
    tills: Tills,
    journal: Journal,
    daybook: Daybook,
    /// The facts of sessions, where somebody wants to see them at the end.
    books: Option<Vec<Book>>,
}

/// A table, and the tills that it uses.
#[derive(Clone, Debug)]
struct Installed {
    table: Table,
    /// None if it is no name: then nothing is granted.
    context: Option<Context>,
    /// The till of each purse.
    flow: Vec<u32>,
    /// Where the instructions of each role begin in `passes`.
    firsts: Vec<u32>,
    /// For each instruction what its send takes from which till, where there is no more to it: what a role may do was
    /// looked at when this was made. [`NO_TILL`] where there is.
    passes: Vec<(u64, u32)>,
    /// What each role is called as a device.
    devices: Vec<Option<Device>>,
}

impl Installed {
    /// What a send takes from which till, if there is no more to it.
    #[inline]
    fn pass(&self, intent: &Intent<'_>) -> Option<(u64, u32)> {
        let first = self.firsts.get(intent.from.index())?;
        self.passes.get((first + intent.at) as usize).copied()
    }
}

/// Denies one message from one role to another: what a scenario says where a guard would say no.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rule {
    /// The sender.
    pub from: RoleId,
    /// The receiver.
    pub to: RoleId,
    /// The message's name.
    pub message: Arc<str>,
    /// How often it still denies; always, where there is no number.
    pub left: Option<u32>,
}

/// The right to send one message from one role to another, on one lane. It is used up by the sending.
///
/// Only a chain makes one:
///
/// ```compile_fail,E0451
/// use laban::base::id::{LaneId, RoleId};
/// use laban::guard::Cleared;
/// let forged = Cleared { from: RoleId(0), to: RoleId(1), lane: LaneId(0) };
/// ```
///
/// and it cannot be used twice:
///
/// ```compile_fail,E0382
/// use laban::guard::Cleared;
/// fn twice(right: Cleared) -> (Cleared, Cleared) {
///     (right, right)
/// }
/// ```
#[derive(PartialEq, Eq, Debug)]
#[must_use = "a cleared message is meant to be sent"]
pub struct Cleared {
    from: RoleId,
    to: RoleId,
    lane: LaneId,
}

impl Cleared {
    /// The sender.
    #[must_use]
    pub const fn from(&self) -> RoleId {
        self.from
    }

    /// The receiver.
    #[must_use]
    pub const fn to(&self) -> RoleId {
        self.to
    }

    /// The lane.
    #[must_use]
    pub const fn lane(&self) -> LaneId {
        self.lane
    }

    /// What a word about a scope gets: it costs nothing, so that who may say nothing more can still say that it stops.
    const fn control(intent: &Intent<'_>) -> Self {
        Self { from: intent.from, to: intent.to, lane: intent.lane }
    }
}

/// Whether time can heal a denial.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// It may be allowed later: a budget is used up.
    Recoverable,
    /// It will not be allowed.
    Permanent,
}

impl Kind {
    /// `recoverable`, `permanent`
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Recoverable => "recoverable",
            Self::Permanent => "permanent",
        }
    }
}

/// A guard has refused. It carries neither payload nor peer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Denied {
    /// The guard's name: `capability`, `flow`, `leakage`, `commit`; `rule` where a scenario said no.
    pub guard: &'static str,
    /// The code of the refusal.
    pub code: &'static str,
    /// Whether time can heal it.
    pub kind: Kind,
    /// What follows.
    pub then: OnDenied,
}

impl Chain {
    /// Gives the next cast its table. Budgets of one context are shared with the casts before it.
    pub fn install(&mut self, table: Table) {
        let installed = self.installed(table);
        self.casts.push(installed);
    }

    /// Gives a cast that is there another table: it counts from the next send on. What was spent stays spent.
    pub fn reinstall(&mut self, cast: u32, table: Table) {
        let installed = self.installed(table);
        if let Some(place) = self.casts.get_mut(cast as usize) {
            *place = installed;
        }
    }

    fn installed(&mut self, mut table: Table) -> Installed {
        table.open_sets(&mut self.journal);
        let devices: Vec<Option<Device>> =
            table.roles.iter().map(|role| Device::new(role.clone()).ok()).collect();
        let context = Context::new(table.context.clone()).ok();
        let mut flow = vec![NO_TILL; table.purses.len()];
        if let Some(context) = &context {
            let (tills, journal) = (&mut self.tills, &mut self.journal);
            if let Some((limits, epoch)) = table.shown {
                tills.promise(journal, context, &Grant::Leakage(limits), epoch);
            }
            let device = |role: RoleId| devices.get(role.index())?.as_ref();
            for (purse, slot) in table.purses.iter().zip(&mut flow) {
                let (Some(from), Some(to)) = (device(purse.from), device(purse.to)) else { continue };
                if let Some(limit) = purse.limit {
                    let grant = Grant::Flow { peer: Some(to.clone()), limit };
                    tills.promise(journal, context, &grant, purse.epoch);
                }
                *slot = tills.open(journal, context, from, to).unwrap_or(NO_TILL);
            }
        }
        let firsts = table.firsts().to_vec();
        let till = |purse: u32| flow.get(purse as usize).copied().unwrap_or(NO_TILL);
        let pass = |pass: Option<(u64, u32)>| pass.map_or((0, NO_TILL), |(cost, purse)| (cost, till(purse)));
        let passes = table.passes().map(pass).collect();
        Installed { table, context, flow, firsts, passes, devices }
    }

    /// Time has passed: periods may have run over.
    #[inline]
    pub fn pass(&mut self, now: Instant) {
        self.tills.pass(&mut self.journal, now);
    }

    /// Judges an intent, and charges it.
    ///
    /// # Errors
    /// The first guard that refuses; nothing is charged then.
    #[inline]
    pub fn review(&mut self, intent: &Intent<'_>) -> Result<Cleared, Denied> {
        if let Some((cost, till)) = self.casts.get(intent.cast as usize).and_then(|cast| cast.pass(intent))
            && self.rules.is_empty()
            && self.tills.take(till, cost)
        {
            return Ok(Cleared { from: intent.from, to: intent.to, lane: intent.lane });
        }
        self.judge(intent)
    }

    /// The whole chain, step by step.
    #[inline(never)]
    fn judge(&mut self, intent: &Intent<'_>) -> Result<Cleared, Denied> {
        if !self.rules.is_empty() {
            self.rule(intent)?;
        }
        let Some(installed) = self.casts.get(intent.cast as usize) else { return Err(uncovered()) };
        let row = match installed.table.find(intent.from, intent.at) {
            Found::Row(row) => row,
            Found::Control => return Ok(Cleared::control(intent)),
            Found::Nothing => return Err(uncovered()),
        };
        let has = installed.table.grants.get(intent.from.index()).copied().unwrap_or(0);
        if row.need & !has != 0 {
            return Err(denied("capability", "E0518", Kind::Permanent, row));
        }
        let cost = row.cost_of(intent.payload);
        let till = installed.flow.get(row.purse as usize).copied().unwrap_or(NO_TILL);
        let Some(due) = self.tills.due(till, cost, row.leak) else {
            return Err(denied("flow", "E0519", Kind::Permanent, row));
        };
        self.tills.review(&due).map_err(|short| fell_short(short, row))?;
        if row.books && self.daybook.is_full() {
            return Err(denied("commit", "E0523", Kind::Recoverable, row));
        }
        if !row.facts.is_empty() {
            let device = installed.devices.get(intent.from.index()).and_then(Option::as_ref);
            let epoch = self.tills.epoch(&due);
            if write(&mut self.journal, &mut self.books, row, (device, epoch), intent).is_none() {
                return Err(denied("commit", "E0522", Kind::Recoverable, row));
            }
        }
        // What was reviewed can be booked: the count stays below a limit that is a number.
        if self.tills.book(&due).is_none() {
            return Err(denied("commit", "E0522", Kind::Permanent, row));
        }
        if row.books {
            let numbered = self.tills.number(&due).unwrap_or_default();
            self.daybook.enter(Entry::new(intent, &row.label, numbered, cost));
        }
        Ok(Cleared { from: intent.from, to: intent.to, lane: intent.lane })
    }

    /// The next charge that waits for its receipt, the oldest first.
    pub fn poll_booking(&mut self) -> Option<Booking> {
        let entry = self.daybook.pop()?;
        let installed = self.casts.get(entry.cast as usize)?;
        // Who has a till has a name, and so has the other end.
        let context = installed.context.clone()?;
        let device = |role: RoleId| installed.devices.get(role.index()).cloned().flatten();
        let (src, dst) = (device(entry.from)?, device(entry.to)?);
        Some(entry.booking(context, src, dst))
    }

    /// How many charges wait for their receipts.
    #[must_use]
    pub fn booked(&self) -> usize {
        self.daybook.len()
    }

    /// The facts of all sessions.
    #[must_use]
    pub const fn journal(&self) -> &Journal {
        &self.journal
    }

    /// The facts of the context of a cast; none where it has no context.
    #[must_use]
    pub fn facts(&self, cast: u32) -> Option<View<'_>> {
        let context = self.casts.get(cast as usize)?.context.as_ref()?;
        Some(self.journal.of(context))
    }

    /// Adds what a role says by itself, and not with a message, to the facts of its context.
    ///
    /// # Errors
    /// Why it is not taken, one line without the data.
    pub fn append(
        &mut self,
        cast: u32,
        session: u64,
        role: RoleId,
        name: Name,
        data: Value,
    ) -> Result<(), String> {
        let installed = self.casts.get(cast as usize);
        let device = installed.and_then(|installed| installed.devices.get(role.index())?.as_ref());
        let context = installed.and_then(|installed| installed.context.as_ref());
        let (Some(device), Some(context)) = (device, context) else {
            return Err("there is no context, or no device, to say it".to_owned());
        };
        let place = Place { context: context.clone(), namespace: name.namespace };
        let set = self.journal.open(&place).map_err(|refusal| refusal.to_string())?;
        let said = self.journal.append(set, name.key, data, device.clone(), Epoch::default());
        let fact = said.map_err(|refusal| refusal.to_string())?;
        if let Some(books) = &mut self.books {
            let (namespace, key) = (place.namespace.text().clone(), fact.key().text().clone());
            books.push(Book { cast, session, role, namespace, key, data: fact.data().clone() });
        }
        Ok(())
    }

    /// Whether the facts of each session are kept for [`Self::state`].
    pub fn keep_books(&mut self, wanted: bool) {
        self.books = wanted.then(Vec::new);
    }

    /// A session is over: its facts stay in the journal, and are shown no more.
    pub fn forget(&mut self, cast: u32, session: u64) {
        if let Some(books) = &mut self.books {
            books.retain(|book| (book.cast, book.session) != (cast, session));
        }
    }

    /// What the newest cleared message cost, and what is left.
    #[must_use]
    pub fn newest(&self) -> Charge {
        self.tills.charges().next_back().copied().unwrap_or_default()
    }

    /// The charges that are kept, the oldest first: `limits::CHARGES_KEPT` of them.
    pub fn charges(&self) -> impl DoubleEndedIterator<Item = &Charge> {
        self.tills.charges()
    }

    /// Denies what this rule says from now on, after the rules that are there.
    pub fn deny(&mut self, rule: Rule) {
        self.rules.push(rule);
    }

    /// The budgets of a cast as they are, and the facts of one of its sessions.
    #[must_use]
    pub fn state(&mut self, cast: u32, session: u64) -> State {
        self.tills.post();
        let Some(installed) = self.casts.get(cast as usize) else { return State::default() };
        let table = &installed.table;
        let mut state = State::default();
        for (purse, till) in table.purses.iter().zip(&installed.flow) {
            if let Some(budget) = self.tills.budget(*till) {
                let limit = budget.limit().unwrap_or(0);
                state.budgets.push((purse.from, purse.to, budget.spent(), limit));
            }
        }
        for (at, device) in installed.devices.iter().enumerate() {
            let Some((context, device)) = installed.context.as_ref().zip(device.as_ref()) else { continue };
            let Some(leakage) = self.tills.leakage(context, device) else { continue };
            for observer in Observer::ALL {
                let budget = leakage.budget(observer);
                if budget.spent() > 0 {
                    let limit = budget.limit().unwrap_or(0);
                    state.leakage.push((RoleId::at(at), observer.name(), budget.spent(), limit));
                }
            }
        }
        let own = |book: &&Book| book.cast == cast && book.session == session;
        state.facts = self.books.iter().flatten().filter(own).cloned().collect();
        state
    }

    /// The first rule that denies is used up by one.
    #[cold]
    fn rule(&mut self, intent: &Intent<'_>) -> Result<(), Denied> {
        let denies = |rule: &&mut Rule| {
            (rule.from, rule.to) == (intent.from, intent.to)
                && rule.message == intent.message.name
                && rule.left != Some(0)
        };
        let Some(rule) = self.rules.iter_mut().find(denies) else { return Ok(()) };
        rule.left = rule.left.map(|left| left - 1);
        Err(Denied { guard: "rule", code: "E0515", kind: Kind::Permanent, then: OnDenied::Raise })
    }
}

/// Writes down what a message says: all of its facts, or none.
#[inline(never)]
fn write(
    journal: &mut Journal,
    books: &mut Option<Vec<Book>>,
    row: &Row,
    (device, epoch): (Option<&Device>, Epoch),
    intent: &Intent<'_>,
) -> Option<()> {
    // A set that could not be opened is missing here, and then nothing is written.
    let device = device.filter(|_| row.places.len() == row.facts.len())?;
    let said = row.facts.iter().zip(&row.places);
    let said = said.map(|(fact, (set, key))| (*set, key.clone(), fact.of(intent.payload)));
    journal.append_all(said, device, epoch).ok()?;
    if let Some(books) = books {
        books.extend(row.facts.iter().map(|fact| Book {
            cast: intent.cast,
            session: intent.session,
            role: intent.from,
            namespace: fact.namespace.clone(),
            key: fact.key.clone(),
            data: fact.of(intent.payload),
        }));
    }
    Some(())
}

#[cold]
const fn denied(guard: &'static str, code: &'static str, kind: Kind, row: &Row) -> Denied {
    Denied { guard, code, kind, then: row.on_denied }
}

/// A budget does not allow it. What has no budget at all, no time heals.
#[cold]
const fn fell_short(short: Short, row: &Row) -> Denied {
    let (guard, code, why) = match short {
        Short::Flow(why) => ("flow", "E0519", why),
        Short::Leakage(_, why) => ("leakage", "E0520", why),
    };
    let kind = if why.is_recoverable() { Kind::Recoverable } else { Kind::Permanent };
    denied(guard, code, kind, row)
}

/// No profile says anything of this message.
#[cold]
const fn uncovered() -> Denied {
    Denied { guard: "capability", code: "E0521", kind: Kind::Permanent, then: OnDenied::Raise }
}
