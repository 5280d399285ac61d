//! The chain and its verdicts.
//!
//! Capability, flow headroom, leakage headroom, and then one commit: facts, which may be refused and are written all or
//! none, then charges, which cannot be. A denial leaves no trace. That is [`Chain::judge`]; a send that is allowed and only
//! costs goes past it, by what was looked at when its table was installed.
//! Is not: a place where a message is kept; a verdict names the channel that it is for.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::id::{LaneId, RoleId};
use crate::base::time::Instant;
use crate::base::value::Value;
use crate::guard::budget::{Observer, Short, Shortfall};
use crate::guard::daybook::{Daybook, Entry};
use crate::guard::denied::Denied;
use crate::guard::installed::{Installed, NO_TILL};
use crate::guard::intent::Intent;
use crate::guard::receipt::Booking;
use crate::guard::state::{Book, State};
use crate::guard::table::{Found, Row, Table};
use crate::guard::till::{Charge, Tills};
use crate::journal::{Epoch, Journal, Name, Place, Refusal, View};

/// The guards that every message passes, in order.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Chain {
    /// Of a scenario, so that no restored chain has some.
    #[serde(skip)]
    rules: Vec<Rule>,
    casts: Vec<Installed>,
    tills: Tills,
    journal: Journal,
    daybook: Daybook,
    /// The facts of sessions, where somebody wants to see them at the end.
    #[serde(skip)]
    books: Option<Vec<Book>>,
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

impl Chain {
    /// Gives the next cast its table. Budgets of one context are shared with the casts before it.
    pub fn install(&mut self, table: Table) {
        let cast = self.casts.len() as u32;
        self.casts.push(Installed::new(cast, table, &mut self.journal, &mut self.tills));
    }

    /// Gives a cast another table, which counts from the next send on; false if there is no such cast. What was spent stays
    /// spent, and so do facts. Of a budget a lower limit counts at once and a higher one from the next epoch on; a cast that
    /// was uninstalled is at work again.
    pub fn reinstall(&mut self, cast: u32, table: Table) -> bool {
        self.uninstall(cast);
        let Some(old) = self.casts.get(cast as usize) else { return false };
        // A row that waits for its receipt is of the names under which it was charged.
        self.daybook.name(cast, |from, to| old.names(from, to));
        let installed = Installed::new(cast, table, &mut self.journal, &mut self.tills);
        self.casts.get_mut(cast as usize).map(|old| *old = installed).is_some()
    }

    /// Takes a cast's table away: what it offers from now on is denied, and what it wanted of budgets counts no more when
    /// they are filled again. What was spent stays spent, facts stay, rows still get their receipts. Gives the table back.
    pub fn uninstall(&mut self, cast: u32) -> Option<Table> {
        let installed = self.casts.get_mut(cast as usize)?;
        if let Some(context) = &installed.context {
            self.tills.withdraw((cast, context), installed.peers());
        }
        installed.clear()
    }

    /// How many casts were given tables, ever.
    #[must_use]
    pub const fn casts(&self) -> usize {
        self.casts.len()
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
        let installed = self.casts.get(intent.cast as usize);
        let Some((installed, table)) = installed.and_then(|at| Some((at, at.table.as_ref()?))) else {
            return Err(Denied::uncovered());
        };
        let row = match table.find(intent.from, intent.at) {
            Found::Row(row) => row,
            Found::Control => return Ok(Cleared::control(intent)),
            Found::Nothing => return Err(Denied::uncovered()),
        };
        let has = table.grants.get(intent.from.index()).copied().unwrap_or(0);
        if row.need & !has != 0 {
            return Err(Denied::capability(row));
        }
        let cost = row.cost_of(intent.payload);
        let till = installed.flow.get(row.purse as usize).copied().unwrap_or(NO_TILL);
        self.tills.review(till, cost, row.leak).map_err(|short| Denied::short(short, row))?;
        if row.books && (!row.signable || self.daybook.is_full()) {
            return Err(Denied::unbooked(row));
        }
        if !row.facts.is_empty() {
            let epoch = self.tills.epoch(till);
            write(&mut self.journal, &mut self.books, row, epoch, intent)
                .map_err(|refusal| Denied::unwritten(refusal, row))?;
        }
        // What was reviewed can be booked: the count stays below a limit that is a number.
        if self.tills.book(till, cost, row.leak).is_none() {
            return Err(Denied::short(Short::Flow(Shortfall::Overflow), row));
        }
        if row.books {
            let numbered = self.tills.number(till).unwrap_or_default();
            self.daybook.enter(Entry::new(intent, &row.label, numbered, cost));
        }
        Ok(Cleared { from: intent.from, to: intent.to, lane: intent.lane })
    }

    /// The next charge that waits for its receipt, the oldest first.
    pub fn poll_booking(&mut self) -> Option<Booking> {
        let entry = self.daybook.pop()?;
        // Who has a till has a name, and so has the other end.
        entry.booking(|entry| self.casts.get(entry.cast as usize)?.names(entry.from, entry.to))
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
        let speaker = self.casts.get(cast as usize).and_then(|installed| installed.speaker(role));
        let Some((device, context)) = speaker else {
            return Err("there is no context, or no device, to say it".to_owned());
        };
        let unwritten = |refusal: Refusal| format!("E0522: {refusal}");
        let place = Place { context: context.clone(), namespace: name.namespace };
        let set = self.journal.open(&place).map_err(unwritten)?;
        let said = self.journal.append(set, name.key, data, device.clone(), Epoch::default());
        let fact = said.map_err(unwritten)?;
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
    pub fn state(&self, cast: u32, session: u64) -> State {
        let installed = self.casts.get(cast as usize);
        let Some((installed, table)) = installed.and_then(|at| Some((at, at.table.as_ref()?))) else {
            return State::default();
        };
        let mut state = State::default();
        for (purse, till) in table.purses.iter().zip(&installed.flow) {
            if let Some((spent, limit)) = self.tills.account(*till) {
                state.budgets.push((purse.from, purse.to, spent, limit));
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
        Err(Denied::ruled())
    }
}

/// Writes down what a message says: all of its facts, or none.
#[inline(never)]
fn write(
    journal: &mut Journal,
    books: &mut Option<Vec<Book>>,
    row: &Row,
    epoch: Epoch,
    intent: &Intent<'_>,
) -> Result<(), Refusal> {
    // A set that could not be opened is missing here, and then nothing is written.
    if row.entries.len() != row.facts.len() {
        return Err(Refusal::Sets);
    }
    let said = row.facts.iter().zip(&row.entries);
    let said = said.map(|(fact, entry)| (entry.set, &entry.heading, entry.data(fact, intent.payload)));
    journal.note_all(said, epoch)?;
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
    Ok(())
}
