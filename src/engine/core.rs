//! The engine: sessions in a table, calls in a table, one queue of agents that can go on.
//!
//! Is not: a judge. What a session does is decided by its machine, what may leave by the chain.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::id::RoleId;
use crate::base::limits;
use crate::base::time::{Duration, Instant};
use crate::effect::call::{Answer, Call, CallId, SessionId};
use crate::engine::answers;
use crate::engine::denial::{self, Verdict};
use crate::engine::effect::{Effect, Outcome, Trouble};
use crate::engine::event::{Event, What};
use crate::engine::input::{CastId, Input, Opening};
use crate::engine::live::{Live, NO_CALL};
use crate::engine::opening;
use crate::engine::schedule::{self, Ears, News, Turn, Word};
use crate::engine::speaker::Speaker;
use crate::engine::table::Table;
use crate::engine::timers::{Due, Timers};
use crate::guard::receipt::Booking;
use crate::guard::{self, Chain, Charge, Rule, Table as Guards};
use crate::journal::Journal;
use crate::machine::question::{Question, Reply};
use crate::machine::session::State;
use crate::machine::{AgentId, Cast, Session, Stop};

/// How much one engine holds; beyond it there is a coded refusal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    pub(super) sessions: usize,
    pub(super) calls: usize,
    pub(super) casts: usize,
    /// Sessions of one cast that are over and whose room is kept.
    pub(super) spare: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self {
            sessions: limits::SESSIONS_MAX,
            calls: limits::CALLS_WAITING_MAX,
            casts: limits::CASTS_MAX,
            spare: limits::SPARE_SESSIONS_MAX,
        }
    }
}

/// A deterministic state machine that runs sessions: inputs go in, effects and events come out.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Engine {
    #[serde(skip)]
    room: Room,
    /// Given again when an engine is restored: [`Self::recast`].
    #[serde(skip)]
    pub(super) casts: Vec<Troupe>,
    /// Places of casts that were retired.
    vacant: Vec<CastId>,
    pub(super) sessions: Table<Live>,
    pub(super) calls: Table<Waiting>,
    ready: VecDeque<Turn>,
    /// Empty between inputs, and so are the words below.
    #[serde(skip)]
    effects: VecDeque<Effect>,
    #[serde(skip)]
    news: News,
    pub(super) chain: Chain,
    timers: Timers,
    /// What was heard of scopes in the turn at hand.
    #[serde(skip)]
    words: Vec<Word>,
    /// The time of the newest input.
    now: Instant,
}

/// A cast, and the room of its sessions that are over.
#[derive(Debug)]
pub(super) struct Troupe {
    pub(super) cast: Arc<Cast>,
    pub(super) spare: Vec<Session>,
}

/// A call that waits for its answer.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Waiting {
    pub(super) session: SessionId,
    pub(super) agent: AgentId,
    /// An older call of the session, or [`NO_CALL`].
    older: CallId,
}

/// What comes after a turn.
enum After {
    /// Nothing.
    Rest,
    /// An agent of the session has come to rest: the session may be over.
    Quiet,
    /// The session is over.
    Over(Outcome),
}

impl Engine {
    /// An engine without sessions.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An engine that holds less, for tests of what is beyond.
    #[cfg(test)]
    pub(super) fn of(room: Room) -> Self {
        Self { room, ..Self::default() }
    }

    /// The sessions of a cast whose room is kept.
    #[cfg(test)]
    pub(super) fn spare(&self, cast: CastId) -> usize {
        self.casts.get(cast.0 as usize).map_or(0, |troupe| troupe.spare.len())
    }

    /// Makes a cast known, so that sessions of it can be opened under the profile of a fresh directory; none beyond
    /// `limits::CASTS_MAX`.
    pub fn deploy(&mut self, cast: Arc<Cast>) -> Option<CastId> {
        let guards = Guards::fresh(cast.programs());
        self.deploy_under(cast, guards)
    }

    /// The same under guards that were made for this cast.
    pub fn deploy_under(&mut self, cast: Arc<Cast>, guards: Guards) -> Option<CastId> {
        let troupe = Troupe { cast, spare: Vec::new() };
        if let Some(place) = self.vacant.pop() {
            self.chain.reinstall(place.0, guards);
            if let Some(vacant) = self.casts.get_mut(place.0 as usize) {
                *vacant = troupe;
            }
            return Some(place);
        }
        if self.casts.len() >= self.room.casts {
            return None;
        }
        self.chain.install(guards);
        self.casts.push(troupe);
        Some(CastId(self.casts.len() as u32 - 1))
    }

    /// Has the sends of a cast pass other guards from now on. What was spent stays spent.
    pub fn guard(&mut self, cast: CastId, guards: Guards) {
        self.chain.reinstall(cast.0, guards);
    }

    /// Forgets a cast of which no session is open; its id may be given to another one. Gives back what it was guarded by.
    pub fn retire(&mut self, cast: CastId) -> Option<Guards> {
        let troupe = self.casts.get_mut(cast.0 as usize)?;
        *troupe = Troupe { cast: Arc::default(), spare: Vec::new() };
        self.vacant.push(cast);
        self.chain.uninstall(cast.0)
    }

    /// Whether events are made. They are not, unless somebody wants them.
    pub fn subscribe(&mut self, wanted: bool) {
        self.news.wanted = wanted;
    }

    /// Whether events tell of messages that were allowed, and at the end what they cost.
    pub fn show_charges(&mut self, wanted: bool) {
        self.news.charges = wanted;
        self.chain.keep_books(wanted);
    }

    /// Has the chain deny what a rule says, from now on.
    pub fn deny(&mut self, rule: Rule) {
        self.chain.deny(rule);
    }

    /// The next charge that waits for its receipt. What nobody takes fills the daybook, and a full one denies what needs a
    /// receipt.
    pub fn poll_booking(&mut self) -> Option<Booking> {
        self.chain.poll_booking()
    }

    /// How many charges wait for their receipts.
    #[must_use]
    pub fn booked(&self) -> usize {
        self.chain.booked()
    }

    /// The messages that the roles of a session wait for: who, which message, from whom.
    #[must_use]
    pub fn awaited(&self, session: SessionId) -> Vec<(RoleId, Arc<str>, RoleId)> {
        self.live(session).map_or_else(Vec::new, |(live, cast)| live.awaited(cast))
    }

    /// A session that is open, and its cast.
    pub(super) fn live(&self, session: SessionId) -> Option<(&Live, &Cast)> {
        let live = self.sessions.look(session.slot, session.generation)?;
        Some((live, &*self.casts.get(live.cast as usize)?.cast))
    }

    /// The budgets of a session's cast as they are: see [`Accounts`](What::Accounts).
    #[must_use]
    pub fn accounts(&self, session: SessionId) -> Option<guard::State> {
        let cast = self.sessions.look(session.slot, session.generation)?.cast;
        Some(self.chain.state(cast, schedule::number(session)))
    }

    /// The facts of all contexts.
    #[must_use]
    pub const fn journal(&self) -> &Journal {
        self.chain.journal()
    }

    /// The newest charges, the oldest first: `limits::CHARGES_KEPT` of them.
    pub fn charges(&self) -> impl Iterator<Item = &Charge> {
        self.chain.charges()
    }

    /// How many sessions are open.
    #[must_use]
    pub const fn sessions(&self) -> usize {
        self.sessions.len()
    }

    /// Takes one input and does a bounded amount of work. Afterwards drain [`Self::poll_effect`], then
    /// [`Self::poll_event`], then ask [`Self::poll_timeout`].
    pub fn handle(&mut self, now: Instant, input: Input) {
        self.now = self.now.max(now);
        self.chain.pass(self.now);
        match input {
            Input::Open(opening) => self.open(&opening),
            Input::Answer { call, answer } => self.take_answer(call, answer),
            Input::Consult(call) => self.consult(call),
            Input::Cancel(session) => self.cancel(session),
            Input::Lose { session, role } => self.lose(session, role),
            Input::Tick => {}
        }
        self.fire();
        self.work();
    }

    /// The next thing to be carried out.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// The next thing that happened.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.news.events.pop_front()
    }

    /// When to call [`Self::handle`] with [`Input::Tick`]: now if work was left over, else when the first time limit is
    /// up, never if nothing waits for time.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.ready.is_empty() { self.timers.first() } else { Some(self.now) }
    }

    fn open(&mut self, opening: &Opening) {
        match self.opened(opening) {
            Ok(session) => self.effects.push_back(Effect::Opened { request: opening.request, session }),
            Err(trouble) => self.effects.push_back(Effect::Refused { request: opening.request, trouble }),
        }
    }

    fn opened(&mut self, opening: &Opening) -> Result<SessionId, Trouble> {
        let refusal =
            |code, reason: &str| Trouble { code, role: None, place: None, reason: reason.to_owned() };
        if self.sessions.len() >= self.room.sessions {
            return Err(refusal("E0514", "there are as many sessions as the engine holds"));
        }
        let Some(troupe) = self.casts.get_mut(opening.cast.0 as usize) else {
            return Err(refusal("E0513", "there is no such cast"));
        };
        let cast = &troupe.cast;
        opening::judge(cast, opening)?;
        let mut session = troupe.spare.pop().unwrap_or_default();
        session.reset(cast);
        opening::furnish(cast, opening, &mut session)?;
        let active = cast.roles() as u32;
        let mut live = Live::new(session, opening.cast.0, active);
        let idle = opening.idle_timeout.filter(|idle| *idle > Duration(0));
        (live.touched, live.idle) = (self.now, idle.unwrap_or_default());
        let (slot, generation) = self.sessions.insert(live);
        let session = SessionId { slot, generation };
        if let Some(idle) = idle {
            self.timers.set(session, Due::Idle, self.now.after(idle));
        }
        self.ready.extend(cast.trunks().map(|agent| Turn { session, agent }));
        Ok(session)
    }

    /// Runs agents that can go on, until none is left or the budget is used up.
    fn work(&mut self) {
        let mut budget = limits::STEPS_PER_HANDLE;
        while budget > 0 {
            let Some(turn) = self.ready.pop_front() else { break };
            // Every turn costs something, so that turns alone cannot keep the engine.
            budget -= 1;
            let fuel = budget.min(limits::STEPS_PER_TURN);
            budget -= fuel - self.turn(turn, fuel);
        }
    }

    /// Runs one agent until it waits; gives the fuel that is left.
    fn turn(&mut self, turn: Turn, mut fuel: u32) -> u32 {
        let Some(live) = self.sessions.find(turn.session.slot, turn.session.generation) else { return fuel };
        let Some(troupe) = self.casts.get(live.cast as usize) else { return fuel };
        let cast = &*troupe.cast;
        if live.has_lost() && live.is_lost(cast.role(turn.agent)) {
            live.active -= 1;
            self.rest(turn.session);
            return fuel;
        }
        live.touched = self.now;
        let denials = live.denials(turn.agent);
        let mut ears =
            Ears::new(turn.session, &mut self.ready, &mut self.news, &mut self.chain, &mut self.words);
        ears.cast = live.cast;
        let after = match live.run(cast, turn.agent, &mut fuel, &mut ears) {
            Stop::Waits | Stop::Joined | Stop::Idle => {
                live.active -= 1;
                After::Quiet
            }
            Stop::Finished => {
                live.active -= 1;
                ears.news.tell(turn.session, || What::Finished { role: cast.role(turn.agent) });
                After::Quiet
            }
            Stop::Asks => {
                if self.calls.len() < self.room.calls {
                    ask(cast, live, turn, &mut self.calls, &mut self.effects)
                } else {
                    let reason = "as many calls wait as the engine holds".to_owned();
                    After::Over(aborted("E0514", (cast, live, turn.agent), reason))
                }
            }
            Stop::Offers => match denial::judge(cast, live, turn.agent, &mut ears, denials) {
                Verdict::Over(outcome) => After::Over(outcome),
                heard => {
                    if let Verdict::Later(wait) = heard {
                        self.timers.set(turn.session, Due::Offer(turn.agent), self.now.after(wait));
                    }
                    live.active -= 1;
                    After::Quiet
                }
            },
            Stop::Fails(trouble) => {
                let code = trouble.code();
                After::Over(aborted(code, (cast, live, turn.agent), trouble.to_string()))
            }
            // Nobody gives the engine a value that nobody knows.
            Stop::Supposes => {
                let reason = "a branch depends on what nobody knows".to_owned();
                After::Over(aborted("E0502", (cast, live, turn.agent), reason))
            }
            Stop::Spent => {
                ears.ready.push_back(turn);
                After::Rest
            }
        };
        live.active += ears.woken;
        let quiet = live.active == 0;
        match after {
            After::Rest => self.settle(turn.session),
            After::Quiet if self.words.is_empty() && !quiet => {}
            After::Quiet => {
                self.settle(turn.session);
                self.rest(turn.session);
            }
            After::Over(outcome) => self.close(turn.session, outcome),
        }
        fuel
    }

    /// Sees to what was heard of scopes.
    #[inline]
    fn settle(&mut self, session: SessionId) {
        if !self.words.is_empty() {
            self.heard(session);
        }
    }

    fn heard(&mut self, session: SessionId) {
        let mut words = std::mem::take(&mut self.words);
        for word in words.drain(..) {
            match word {
                Word::Entered(agent, scope, within) => {
                    self.timers.set(session, Due::Scope(agent, scope), self.now.after(within));
                }
                Word::Left(agent, scope) => self.timers.clear(session, Due::Scope(agent, scope)),
                Word::Withdrawn(agent) => self.withdraw(session, agent),
            }
        }
        self.words = words;
    }

    /// The session is over if nothing will ever happen in it again.
    fn rest(&mut self, session: SessionId) {
        let Some(live) = self.sessions.find(session.slot, session.generation) else { return };
        let Some(troupe) = self.casts.get(live.cast as usize) else { return };
        if live.active > 0 {
            return;
        }
        let outcome = if live.is_finished(&troupe.cast) || live.may_end(&troupe.cast) {
            Outcome::Completed
        } else if self.timers.has_any(session) || live.has_lost() {
            return;
        } else {
            stuck(&troupe.cast, live)
        };
        self.close(session, outcome);
    }

    /// The question of an agent that a scope has ended is no longer asked, and what it offered is not offered again.
    fn withdraw(&mut self, session: SessionId, agent: AgentId) {
        let Some(live) = self.sessions.find(session.slot, session.generation) else { return };
        // What comes at the same place later is another offer, of which nothing was denied yet.
        live.denials(agent);
        self.timers.clear(session, Due::Offer(agent));
        let mut next = live.calls;
        while next != NO_CALL {
            let (place, generation) = parts(next);
            let Some(waiting) = self.calls.find(place, generation) else { return };
            if waiting.agent == agent {
                forget(&mut self.calls, live, next);
                live.active -= 1;
                self.effects.push_back(Effect::Withdraw(next));
                return;
            }
            next = waiting.older;
        }
    }

    /// What is due by now: scopes whose time is up, sessions in which nothing happens. What is more than a bounded amount
    /// of that stays due, as [`Self::poll_timeout`] says.
    fn fire(&mut self) {
        for _ in 0..limits::TIMERS_PER_HANDLE {
            let Some((session, due)) = self.timers.take(self.now) else { return };
            let Some(live) = self.sessions.find(session.slot, session.generation) else { continue };
            let Some(troupe) = self.casts.get(live.cast as usize) else { continue };
            match due {
                Due::Scope(agent, scope) => {
                    let cast = &*troupe.cast;
                    let over = timed_out((cast, live, agent), scope);
                    let mut ears =
                        Ears::new(session, &mut self.ready, &mut self.news, &mut self.chain, &mut self.words);
                    let taken = live.expire(cast, agent, scope, &mut ears);
                    live.active += ears.woken;
                    live.touched = self.now;
                    self.settle(session);
                    if taken {
                        self.rest(session);
                    } else {
                        self.close(session, over);
                    }
                }
                Due::Offer(agent) => {
                    if live.again(agent) {
                        live.active += 1;
                        self.ready.push_back(Turn { session, agent });
                    }
                }
                Due::Idle => {
                    let until = live.touched.after(live.idle);
                    if until > self.now {
                        self.timers.set(session, Due::Idle, until);
                    } else {
                        let outcome = idle(&troupe.cast, live);
                        self.close(session, outcome);
                    }
                }
            }
        }
    }

    /// The device of a role is gone: its agents never have a turn again, and what they are asked is withdrawn.
    fn lose(&mut self, session: SessionId, role: RoleId) {
        let Some(live) = self.sessions.find(session.slot, session.generation) else { return };
        let Some(troupe) = self.casts.get(live.cast as usize) else { return };
        let cast = troupe.cast.clone();
        live.lose(role);
        for agent in cast.agents().filter(|agent| cast.role(*agent) == role) {
            self.timers.silence(session, agent);
            self.withdraw(session, agent);
        }
        self.rest(session);
    }

    fn cancel(&mut self, session: SessionId) {
        let Some(live) = self.sessions.find(session.slot, session.generation) else { return };
        let Some(troupe) = self.casts.get(live.cast as usize) else { return };
        let mut ears = Ears::new(session, &mut self.ready, &mut self.news, &mut self.chain, &mut self.words);
        let taken = live.cancel(&troupe.cast, &mut ears);
        live.active += ears.woken;
        self.settle(session);
        if !taken {
            let reason = "the session was cancelled from outside".to_owned();
            let trouble = Trouble { code: "E0511", role: None, place: None, reason };
            self.close(session, Outcome::Aborted(trouble));
        }
    }

    /// The journal answers, if it is what is asked.
    fn consult(&mut self, call: CallId) {
        let Some(Call { session, role, role_name, ask, .. }) = self.call(call) else { return };
        let Some(live) = self.sessions.look(session.slot, session.generation) else { return };
        let number = schedule::number(session);
        let mut speaker = Speaker { chain: &mut self.chain, cast: live.cast, session: number, role };
        if let Some(answer) = speaker.answer(&role_name, &ask) {
            self.take_answer(call, answer);
        }
    }

    fn take_answer(&mut self, call: CallId, answer: Answer) {
        let (place, generation) = parts(call);
        let Some(waiting) = self.calls.find(place, generation) else { return };
        let (session, agent) = (waiting.session, waiting.agent);
        let Some(live) = self.sessions.find(session.slot, session.generation) else { return };
        let Some(troupe) = self.casts.get(live.cast as usize) else { return };
        let cast = &*troupe.cast;
        forget(&mut self.calls, live, call);
        live.touched = self.now;
        let Some(question) = live.question(cast, agent) else { return };
        let role = cast.role(agent);
        let reply = match answers::judge(question, answer) {
            Ok(reply) => reply,
            Err(refusal) => {
                let over = aborted(refusal.code, (cast, live, agent), refusal.reason);
                let mut ears =
                    Ears::new(session, &mut self.ready, &mut self.news, &mut self.chain, &mut self.words);
                let taken = live.raise(cast, agent, &refusal.cause, &mut ears);
                live.active -= 1;
                live.active += ears.woken;
                if taken {
                    self.settle(session);
                    self.rest(session);
                } else {
                    self.close(session, over);
                }
                return;
            }
        };
        tell(&mut self.news, session, role, question, &reply);
        let mut ears = Ears::new(session, &mut self.ready, &mut self.news, &mut self.chain, &mut self.words);
        live.answer(cast, agent, reply, &mut ears);
        debug_assert_eq!(live.state(agent), State::Ready, "an answer that was judged is taken");
        ears.ready.push_back(Turn { session, agent });
        live.active += ears.woken;
        self.settle(session);
    }

    /// A session is over: its calls are withdrawn, its room is kept.
    fn close(&mut self, session: SessionId, outcome: Outcome) {
        let Some(live) = self.sessions.remove(session.slot, session.generation) else { return };
        self.words.clear();
        self.timers.forget(session);
        let mut next = live.calls;
        while let Some(waiting) = remove(&mut self.calls, next) {
            self.effects.push_back(Effect::Withdraw(next));
            next = waiting.older;
        }
        if self.news.charges {
            let state = self.chain.state(live.cast, schedule::number(session));
            self.news.tell(session, || What::Accounts(Box::new(state)));
            self.chain.forget(live.cast, schedule::number(session));
        }
        self.news.tell(session, || match &outcome {
            Outcome::Completed => What::Completed,
            Outcome::Aborted(trouble) => {
                What::Aborted { role: trouble.role, code: trouble.code, reason: trouble.reason.clone() }
            }
        });
        if let Some(troupe) = self.casts.get_mut(live.cast as usize)
            && troupe.spare.len() < self.room.spare
        {
            troupe.spare.push(live.into_spare());
        }
        self.effects.push_back(Effect::Closed { session, outcome });
    }
}

/// What an agent asks becomes a call.
fn ask(
    cast: &Cast,
    live: &mut Live,
    turn: Turn,
    calls: &mut Table<Waiting>,
    effects: &mut VecDeque<Effect>,
) -> After {
    let role = cast.role(turn.agent);
    let (Some(question), Some(program)) = (live.question(cast, turn.agent), cast.program(role)) else {
        return After::Rest;
    };
    let ask = answers::ask(program, question);
    let role_name = program.roles.get(role.index()).map(|role| role.name.clone()).unwrap_or_default();
    let (place, generation) =
        calls.insert(Waiting { session: turn.session, agent: turn.agent, older: live.calls });
    let id = id(place, generation);
    live.calls = id;
    effects.push_back(Effect::Call(Call { id, session: turn.session, role, role_name, ask }));
    After::Rest
}

/// How a session ends in which nothing will ever happen again.
#[cold]
fn stuck(cast: &Cast, live: &Live) -> Outcome {
    let waits = |agent: &AgentId| live.state(*agent) != State::Idle && live.state(*agent) != State::Joining;
    let agent = cast.agents().find(waits);
    let role = agent.map(|agent| cast.role(agent));
    let reason = "every role that is left waits, and nothing is under way".to_owned();
    let place = agent.and_then(|agent| live.place(cast, agent));
    Outcome::Aborted(Trouble { code: "E0512", role, place, reason })
}

/// How a session ends in which nothing has happened for as long as it was given.
#[cold]
fn idle(cast: &Cast, live: &Live) -> Outcome {
    let waits = |agent: &AgentId| live.state(*agent) != State::Idle && live.state(*agent) != State::Joining;
    let agent = cast.agents().find(waits);
    let role = agent.map(|agent| cast.role(agent));
    let place = agent.and_then(|agent| live.place(cast, agent));
    let reason = format!("nothing has happened for {}", live.idle);
    Outcome::Aborted(Trouble { code: "E0517", role, place, reason })
}

/// How a session ends in which the time of a scope is up and no scope does anything about it.
fn timed_out((cast, live, agent): (&Cast, &Live, AgentId), scope: u16) -> Outcome {
    let program = cast.program(cast.role(agent));
    let name = program.and_then(|program| program.scopes.get(usize::from(scope)));
    let name = name.map_or("?", |scope| scope.name.as_ref());
    aborted("E0516", (cast, live, agent), format!("the time of `{name}` is up"))
}

pub(super) fn aborted(
    code: &'static str,
    (cast, live, agent): (&Cast, &Live, AgentId),
    reason: String,
) -> Outcome {
    let place = live.place(cast, agent);
    Outcome::Aborted(Trouble { code, role: Some(cast.role(agent)), place, reason })
}

/// Takes a call out of the calls of its session.
fn forget(calls: &mut Table<Waiting>, live: &mut Live, call: CallId) {
    let Some(removed) = remove(calls, call) else { return };
    if live.calls == call {
        live.calls = removed.older;
        return;
    }
    let mut next = live.calls;
    while next != NO_CALL {
        let (place, generation) = parts(next);
        let Some(newer) = calls.find(place, generation) else { return };
        if newer.older == call {
            newer.older = removed.older;
            return;
        }
        next = newer.older;
    }
}

fn remove(calls: &mut Table<Waiting>, call: CallId) -> Option<Waiting> {
    let (place, generation) = parts(call);
    calls.remove(place, generation)
}

/// The id of the call at a place.
pub(super) const fn id(place: u32, generation: u32) -> CallId {
    CallId((generation as u64) << 32 | place as u64)
}

/// Place and generation of a call.
pub(super) const fn parts(call: CallId) -> (u32, u32) {
    (call.0 as u32, (call.0 >> 32) as u32)
}

/// The event of an answer.
fn tell(news: &mut News, session: SessionId, role: RoleId, question: Question<'_>, reply: &Reply) {
    match (question, reply) {
        (Question::Decide(decision), Reply::Label(label)) => {
            news.tell(session, || schedule::decided(role, decision, *label));
        }
        (Question::Perform(operation, _), Reply::Value(outcome)) => news.tell(session, || What::Performed {
            role,
            operation: format!("{}.{}", operation.effect, operation.name).into(),
            outcome: outcome.clone(),
        }),
        _ => {}
    }
}
