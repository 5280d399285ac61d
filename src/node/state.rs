//! The node: an engine, the versions of its protocols, its sessions by number, and what is due.
//!
//! Is not: a judge of sessions; the engine is.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::id::RoleId;
use crate::base::limits::{INNER_PER_ENTRY, NAME_BYTES_MAX, SESSIONS_KEPT};
use crate::base::time::Instant;
use crate::config::bindings::Handler;
use crate::diag::did_you_mean;
use crate::effect::call::{CallId, SessionId};
use crate::effect::scripted::Scripted;
use crate::effect::world::{Line as Said, World};
use crate::engine::Engine;
use crate::engine::effect::{Effect, Outcome, Trouble};
use crate::engine::event::What;
use crate::engine::input::{CastId, Input, Opening};
use crate::engine::standing::Standing;
use crate::guard;
use crate::node::agenda::{Agenda, Due};
use crate::node::deploy::Prepared;
use crate::node::deploy::Waste;
use crate::node::entry::{Entry, Key, Start, Version};
use crate::node::order::{News, Order, Reply};
use crate::node::session::{self, Record};
use crate::node::version::{Cause, Edition, Life, Lines};

/// Everything that a log replays.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct Node {
    pub(super) engine: Engine,
    /// Tells nodes apart.
    pub(super) id: u64,
    /// Tells runs of the engine apart.
    pub(super) run: u64,
    /// What decides everything random here.
    pub(super) seed: u64,
    pub(super) lines: Lines,
    /// Who answers calls, by name.
    pub(super) handlers: BTreeMap<String, Handler>,
    /// Those of them that the directory describes.
    pub(super) described: BTreeSet<String>,
    /// Handlers that running sessions have named themselves, and how often.
    pub(super) own_players: BTreeMap<Arc<str>, u64>,
    /// Which version each cast of the engine is.
    pub(super) casts: BTreeMap<CastId, (Arc<str>, Version)>,
    pub(super) records: BTreeMap<u64, Record>,
    /// Sessions that are over, in the order of their ends.
    over: VecDeque<u64>,
    /// Sessions by the keys that they were started with.
    keys: BTreeMap<Arc<str>, u64>,
    /// The number of the newest session of each slot of the engine.
    numbers: Vec<u64>,
    /// How many sessions were started.
    started: u64,
    /// The built-in effects of each protocol.
    pub(super) worlds: BTreeMap<Arc<str>, World>,
    /// The stand-ins of sessions that have some.
    pub(super) stand_ins: BTreeMap<u64, Scripted>,
    due: Agenda,
    /// How many things were noted as due.
    noted: u64,
    /// What the engine is given next.
    pub(super) inner: VecDeque<Input>,
    /// Calls that a handler has, and the run in which they were made.
    pub(super) outside: BTreeMap<CallId, u64>,
    /// Drained between entries, and so are the three below.
    #[serde(skip)]
    pub(super) orders: VecDeque<Order>,
    #[serde(skip)]
    news: VecDeque<News>,
    #[serde(skip)]
    pub(super) said: VecDeque<(u64, Said)>,
    /// What came of the opening at hand.
    #[serde(skip)]
    opened: Option<Result<(), Trouble>>,
    /// What is of no use any more, for whoever takes it to drop.
    #[serde(skip)]
    pub(super) waste: Waste,
    pub(super) now: Instant,
}

impl Node {
    /// A node that nothing has happened to.
    #[must_use]
    pub fn new() -> Self {
        let mut node = Self::default();
        node.engine.subscribe(true);
        node
    }

    /// Takes one entry and does a bounded amount of work. Afterwards drain [`Self::poll_order`], [`Self::poll_news`] and
    /// [`Self::poll_said`], then ask [`Self::poll_timeout`].
    pub fn apply(&mut self, now: Instant, entry: Entry) -> Reply {
        self.begin(now);
        let reply = match entry {
            Entry::Found { id, seed } => {
                (self.id, self.seed) = (id, seed);
                Reply::Done
            }
            Entry::Deploy(deployment) => self.deploy(deployment),
            Entry::Activate { protocol, version } => self.activate(&protocol, version),
            Entry::Drain(protocol) => self.drain(&protocol),
            Entry::Start(start) => self.start(start),
            Entry::Answer { call, answer } => {
                if self.outside.remove(&call).is_some() {
                    self.feed(Input::Answer { call, answer });
                }
                Reply::Done
            }
            Entry::Cancel(number) => self.cancel(number),
            Entry::Tick => {
                self.feed(Input::Tick);
                Reply::Done
            }
            Entry::Begun { run } => {
                self.run = run;
                self.resume();
                Reply::Done
            }
        };
        self.end(reply)
    }

    /// Takes a deployment as [`Self::apply`] takes its entry, where the greater part was done before.
    pub fn apply_prepared(&mut self, now: Instant, prepared: Prepared) -> Reply {
        self.begin(now);
        let reply = self.take_over(prepared);
        self.end(reply)
    }

    fn begin(&mut self, now: Instant) {
        self.now = self.now.max(now);
        self.waste = Waste::default();
    }

    fn end(&mut self, reply: Reply) -> Reply {
        self.fire();
        self.settle();
        reply
    }

    /// What the last entry has made useless.
    pub fn take_waste(&mut self) -> Waste {
        std::mem::take(&mut self.waste)
    }

    /// The next thing that must leave.
    pub fn poll_order(&mut self) -> Option<Order> {
        self.orders.pop_front()
    }

    /// The next thing that happened.
    pub fn poll_news(&mut self) -> Option<News> {
        self.news.pop_front()
    }

    /// The next line that a role has logged to the console, and its session.
    pub fn poll_said(&mut self) -> Option<(u64, Said)> {
        self.said.pop_front()
    }

    /// When to apply [`Entry::Tick`]: now if work was left over, else when the first thing is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        if !self.inner.is_empty() {
            return Some(self.now);
        }
        match (self.due.first(), self.engine.poll_timeout()) {
            (Some(due), Some(engine)) => Some(due.min(engine)),
            (due, engine) => due.or(engine),
        }
    }

    /// The latest time that it has seen.
    #[must_use]
    pub const fn now(&self) -> Instant {
        self.now
    }

    /// Who the node is: 0 before it was founded.
    #[must_use]
    pub const fn id(&self) -> u64 {
        self.id
    }

    /// The engine, to be looked at.
    #[must_use]
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The protocols and their versions.
    #[must_use]
    pub const fn lines(&self) -> &Lines {
        &self.lines
    }

    /// The sessions by number: those that run, and the newest of those that are over.
    #[must_use]
    pub const fn sessions(&self) -> &BTreeMap<u64, Record> {
        &self.records
    }

    /// The version that a session is pinned to, while that is kept.
    #[must_use]
    pub fn edition_of(&self, record: &Record) -> Option<&Edition> {
        self.lines.get(&record.protocol)?.edition(record.version)
    }

    /// What each thread of a session waits for; nothing where it is over.
    #[must_use]
    pub fn standing(&self, session: u64) -> Vec<Standing> {
        let place = self.records.get(&session).and_then(|record| record.place);
        place.map_or_else(Vec::new, |place| self.engine.standing(place))
    }

    /// The budgets that a session spends, which others of its context share; none where it is over.
    #[must_use]
    pub fn accounts(&self, session: u64) -> Option<guard::State> {
        let place = self.records.get(&session)?.place?;
        self.engine.accounts(place)
    }

    /// How many sessions were started, ever.
    #[must_use]
    pub const fn started(&self) -> u64 {
        self.started
    }

    /// Calls that handlers have.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.outside.len()
    }

    fn start(&mut self, start: Start) -> Reply {
        if let Some(known) = start.key.as_ref().and_then(|key| self.begun_by(key)) {
            return known.map_or_else(Reply::Refused, Reply::Started);
        }
        let found = self.line_of(&start.protocol);
        let (cast, version) = match found {
            Ok(found) => found,
            Err(trouble) => return Reply::Refused(trouble),
        };
        let number = self.started + 1;
        let opening = Opening {
            request: number,
            cast,
            params: start.params,
            observers: self.observers(&start.protocol, &start.players),
            idle_timeout: start.idle_timeout,
        };
        // The record is there before anything happens in the session.
        let record = Record {
            protocol: start.protocol.clone(),
            version,
            standing: session::Standing::Running,
            started: self.now,
            touched: self.now,
            key: start.key.clone(),
            steps: 0,
            trail: VecDeque::new(),
            place: None,
            players: start.players,
        };
        for player in record.players.values() {
            *self.own_players.entry(player.handler.clone()).or_default() += 1;
        }
        self.records.insert(number, record);
        if let Some(edition) = self.lines.get_mut(&start.protocol).and_then(|line| line.edition_mut(version))
        {
            edition.sessions += 1;
        }
        self.feed(Input::Open(opening));
        match self.opened.take() {
            Some(Err(trouble)) => {
                let record = self.records.remove(&number);
                let players = record.iter().flat_map(|record| record.players.values());
                players.for_each(|player| self.let_go(&player.handler));
                self.released(&start.protocol, version);
                Reply::Refused(trouble)
            }
            _ => {
                self.started = number;
                if let Some(key) = start.key {
                    self.keys.insert(key.text, number);
                }
                Reply::Started(number)
            }
        }
    }

    /// The session that was started with this key, if one was and is still known.
    ///
    /// The inner error: it was started with something else than is asked now.
    #[must_use]
    pub fn begun_by(&self, key: &Key) -> Option<Result<u64, Trouble>> {
        let number = *self.keys.get(&key.text)?;
        let same = self.records.get(&number).and_then(|record| record.key.as_ref()) == Some(key);
        Some(if same { Ok(number) } else { Err(another(number)) })
    }

    /// Where the engine has the active version of a protocol.
    fn line_of(&self, protocol: &Arc<str>) -> Result<(CastId, Version), Trouble> {
        let refusal = |code, reason| Trouble { code, role: None, place: None, reason };
        let Some(line) = self.lines.get(protocol) else {
            let near = did_you_mean(protocol, self.lines.keys().map(AsRef::as_ref));
            return Err(refusal("E0606", format!("there is no protocol `{}`{near}", shortened(protocol))));
        };
        let active = line.active().and_then(|edition| Some((edition.place?, edition.package.version)));
        active.ok_or_else(|| refusal("E0606", format!("`{protocol}` takes no new sessions: it is draining")))
    }

    /// The roles whose players see what they receive.
    fn observers(&self, protocol: &str, own: &BTreeMap<RoleId, crate::node::entry::Player>) -> Vec<RoleId> {
        let Some(edition) = self.lines.get(protocol).and_then(|line| line.active()) else {
            return Vec::new();
        };
        let players = &edition.package.players;
        let names = edition.cast.programs().next().map_or(&[][..], |program| &program.roles);
        let observes = |(at, role): (usize, &crate::bytecode::program::Role)| {
            let id = RoleId::at(at);
            let bound = own.get(&id).or_else(|| players.roles.get(at)?.as_ref());
            let wants = match bound {
                Some(player) => player.observes,
                None => players.script.role(&role.name).is_some_and(|script| !script.observe.is_empty()),
            };
            wants.then_some(id)
        };
        names.iter().enumerate().filter_map(observes).collect()
    }

    fn cancel(&mut self, number: u64) -> Reply {
        let refusal =
            |reason: String| Reply::Refused(Trouble { code: "E0607", role: None, place: None, reason });
        let Some(record) = self.records.get(&number) else {
            return refusal(format!("there is no session {number}"));
        };
        let Some(place) = record.place else {
            return refusal(format!("session {number} is over: it {}", record.standing.word()));
        };
        self.feed(Input::Cancel(place));
        Reply::Done
    }

    /// The number of a session of the engine.
    pub(super) fn number(&self, session: SessionId) -> Option<u64> {
        self.numbers.get(session.slot as usize).copied()
    }

    /// Gives the engine one input, and takes what comes of it.
    pub(super) fn feed(&mut self, input: Input) {
        self.engine.handle(self.now, input);
        // News of a session are told while its number is known: after it was opened, before it is closed.
        let mut effects = Vec::new();
        while let Some(effect) = self.engine.poll_effect() {
            match effect {
                Effect::Opened { request, session } => self.seat(request, session),
                Effect::Refused { trouble, .. } => self.opened = Some(Err(trouble)),
                effect => effects.push(effect),
            }
        }
        while let Some(event) = self.engine.poll_event() {
            if let Some(session) = self.number(event.session) {
                self.note(session, event.what);
            }
        }
        while let Some(booking) = self.engine.poll_booking() {
            self.orders.push_back(Order::Book(Box::new(booking)));
        }
        for effect in effects {
            match effect {
                Effect::Call(call) => self.asked(&call),
                Effect::Withdraw(call) => self.withdrawn(call),
                Effect::Closed { session, outcome } => self.closed(session, outcome),
                Effect::Opened { .. } | Effect::Refused { .. } => {}
            }
        }
    }

    fn note(&mut self, session: u64, what: What) {
        if let Some(record) = self.records.get_mut(&session) {
            record.note(self.now, &what);
        }
        self.news.push_back(News { session, what });
    }

    fn seat(&mut self, number: u64, session: SessionId) {
        self.opened = Some(Ok(()));
        let slot = session.slot as usize;
        if self.numbers.len() <= slot {
            self.numbers.resize(slot + 1, 0);
        }
        if let Some(place) = self.numbers.get_mut(slot) {
            *place = number;
        }
        if let Some(record) = self.records.get_mut(&number) {
            record.place = Some(session);
        }
    }

    fn closed(&mut self, session: SessionId, outcome: Outcome) {
        let Some(number) = self.number(session) else { return };
        self.stand_ins.remove(&number);
        let Some(record) = self.records.get_mut(&number) else { return };
        record.place = None;
        let players = std::mem::take(&mut record.players);
        record.standing = session::Standing::from(outcome);
        let (protocol, version) = (record.protocol.clone(), record.version);
        players.values().for_each(|player| self.let_go(&player.handler));
        self.over.push_back(number);
        if self.over.len() > SESSIONS_KEPT
            && let Some(oldest) = self.over.pop_front()
            && let Some(record) = self.records.remove(&oldest)
            && let Some(key) = record.key
        {
            self.keys.remove(&key.text);
        }
        self.released(&protocol, version);
    }

    /// A session that has named this handler itself is over.
    fn let_go(&mut self, handler: &Arc<str>) {
        if let Some(count) = self.own_players.get_mut(handler) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.own_players.remove(handler);
            }
        }
    }

    /// A session of a version is over; the last one of a version that drains retires it.
    fn released(&mut self, protocol: &Arc<str>, version: Version) {
        let Some(line) = self.lines.get_mut(protocol) else { return };
        if let Some(edition) = line.edition_mut(version) {
            edition.sessions = edition.sessions.saturating_sub(1);
        }
        self.retire(protocol, version);
    }

    /// Retires a version that drains and has no sessions.
    pub(super) fn retire(&mut self, protocol: &Arc<str>, version: Version) {
        let Some(line) = self.lines.get_mut(protocol) else { return };
        let Some(edition) = line.edition_mut(version) else { return };
        if edition.sessions > 0 || edition.life != Life::Draining {
            return;
        }
        edition.life = edition.life.after(Cause::Empty);
        if let Some(place) = edition.place.take() {
            self.casts.remove(&place);
            self.waste.tables.extend(self.engine.retire(place));
        }
        self.waste.editions.extend(line.forget());
    }

    /// Notes when something is due.
    pub(super) fn note_due(&mut self, at: Instant, due: Due) {
        self.noted += 1;
        self.due.note((at, self.noted), due);
    }

    fn withdrawn(&mut self, call: CallId) {
        if self.outside.remove(&call).is_some() {
            self.orders.push_back(Order::Withdraw(call));
            return;
        }
        // What is on its way to the engine finds that nobody asks any longer.
        self.due.withdraw(call);
    }

    /// What is due by now, a bounded amount of it.
    fn fire(&mut self) {
        for _ in 0..INNER_PER_ENTRY {
            match self.due.take(self.now) {
                Some(Due::Answer(call, answer)) => self.inner.push_back(Input::Answer { call, answer }),
                Some(Due::Again(call, attempt)) => {
                    if let Some(call) = self.engine.call(call) {
                        self.stand_in(&call, attempt);
                    }
                }
                None => return,
            }
        }
    }

    /// Answers that are known here go to the engine, a bounded amount of them.
    fn settle(&mut self) {
        for _ in 0..INNER_PER_ENTRY {
            let Some(input) = self.inner.pop_front() else { return };
            self.feed(input);
        }
    }
}

/// A name that somebody gave, as it may be repeated: neither long nor with control characters.
fn shortened(name: &str) -> String {
    name.chars().take(NAME_BYTES_MAX).flat_map(char::escape_debug).collect()
}

/// What is said to a start with the key of another one.
fn another(number: u64) -> Trouble {
    let reason = format!("session {number} was started with this key, and with something else than this");
    Trouble { code: "E0611", role: None, place: None, reason }
}
