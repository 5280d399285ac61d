//! The driver over an engine of this process: deterministic, on a virtual clock that only `tick` moves.
//!
//! A question stays open until it is answered if a later line answers it, or if nobody is to answer for its role;
//! every other one is answered at once, by the built-in world or by the generated participant of the seed. A failure
//! that trying again can help is asked again after a wait that doubles.
//! Invariant: the same table, seed and programs give the same outcomes.
//! Is not: `tools::run`, where the clock jumps by itself and nothing stays open.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::id::RoleId;
use crate::base::random::Random;
use crate::base::time::{Duration, Instant};
use crate::base::value::Value;
use crate::config::scenario::{Failure, Motion, Name, Placed, Question};
use crate::config::script::Retry;
use crate::config::vocabulary::label_at;
use crate::diag::source::Span;
use crate::effect::call::{self, Answer, Ask, Call, CallId, FailureKind, SessionId};
use crate::effect::generated::Generated;
use crate::effect::world::World;
use crate::effect::{participant, retry};
use crate::engine::Engine;
use crate::engine::effect::{Effect, Trouble};
use crate::engine::event::What;
use crate::engine::input::{CastId, Input, Opening};
use crate::guard::{Rule, Table};
use crate::machine::Cast;
use crate::tools::scenario::{Done, Driver, Given, Happening, Objection, Wait};
use crate::tools::trace::{Out, Stage, Trace};

/// Messages, decisions and outcomes of one action before it is said to have no end.
const STEPS_MAX: u32 = 10_000;
/// Inputs in a row of which nothing comes before an action is said to have no end.
const QUIET_MAX: u32 = 200;

/// What a stepper is made of.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The programs of all roles, verified and linked.
    pub cast: Arc<Cast>,
    /// Names for what events number.
    pub stage: Stage,
    /// What decides everything that is left open.
    pub seed: u64,
    /// The roles that are answered for where no line answers: `all`, `none`, their names or families.
    pub auto: Vec<String>,
    /// What sends need and cost; what a fresh directory says where none is given.
    pub guards: Option<Table>,
    /// How long nothing may happen before the session is given up; no limit where none is given.
    pub idle_timeout: Option<Duration>,
}

/// One session of an engine.
pub struct Stepper<'a> {
    engine: Engine,
    cast: CastId,
    session: Option<SessionId>,
    stage: Stage,
    world: World,
    stand_in: Generated,
    /// What is added to the waits before calls are made again.
    random: Random,
    auto: Vec<String>,
    idle_timeout: Option<Duration>,
    /// Answers that are still to come, by role and question.
    reserved: BTreeMap<(String, &'static str, String), u32>,
    /// Questions that are open, in the order in which they were asked, with how often they have failed.
    open: Vec<(Call, u32)>,
    /// By moment, then by the order in which it became known.
    due: BTreeMap<(Instant, u64), Due>,
    noted: u64,
    now: Instant,
    lost: Vec<Arc<str>>,
    happened: Vec<Happening>,
    over: bool,
    /// Steps and quiet inputs of this action.
    steps: u32,
    quiet: u32,
    trace: &'a mut dyn Trace,
    out: Out<'a>,
}

/// What is due at a moment.
enum Due {
    /// This answer is there.
    Answer(CallId, Answer),
    /// The engine's journal answers this call.
    Consult(CallId),
    /// This call is made again, for the so-manieth time.
    Again(Box<Call>, u32),
}

impl<'a> Stepper<'a> {
    /// A session that is not open yet; what happens in it is also written down.
    pub fn new(setup: Setup, trace: &'a mut dyn Trace, out: Out<'a>) -> Self {
        let Setup { cast, stage, seed, auto, idle_timeout, guards } = setup;
        let mut engine = Engine::new();
        engine.subscribe(true);
        // A new engine has room for a cast; if it had not, the opening would be refused with a code.
        let deployed = match guards {
            Some(guards) => engine.deploy_under(cast, guards),
            None => engine.deploy(cast),
        };
        let cast = deployed.unwrap_or(CastId(u32::MAX));
        Self {
            engine,
            cast,
            session: None,
            stage,
            world: World::new(seed),
            stand_in: Generated::new(seed),
            random: Random::new(seed),
            auto,
            idle_timeout,
            reserved: BTreeMap::new(),
            open: Vec::new(),
            due: BTreeMap::new(),
            noted: 0,
            now: Instant::default(),
            lost: Vec::new(),
            happened: Vec::new(),
            over: false,
            steps: 0,
            quiet: 0,
            trace,
            out,
        }
    }

    fn role(&self, name: &str) -> Result<RoleId, Objection> {
        let at = self.stage.roles.iter().position(|role| **role == *name);
        at.map(RoleId::at).ok_or_else(|| Objection(format!("there is no role `{name}`")))
    }

    /// The session, if it is neither over nor not there yet.
    fn session(&self) -> Result<SessionId, Objection> {
        match self.session {
            _ if self.over => Err(Objection("the session is over".to_owned())),
            Some(session) => Ok(session),
            None => Err(Objection("the session is not open".to_owned())),
        }
    }

    /// One input, and everything that comes of it by itself.
    fn input(&mut self, input: Input) {
        self.steps = 0;
        self.quiet = 0;
        self.handle(input);
        self.settle(self.now);
    }

    /// Does what is due, and lets the engine go on, up to a moment.
    fn settle(&mut self, until: Instant) {
        while !self.is_endless() {
            let first = self.due.first_key_value().map(|(key, _)| key.0);
            let timeout = self.engine.poll_timeout();
            let next = first.into_iter().chain(timeout).min();
            let Some(next) = next.filter(|next| *next <= until.max(self.now)) else { return };
            self.now = self.now.max(next);
            if first == Some(next) {
                match self.due.pop_first() {
                    Some((_, Due::Answer(call, answer))) => self.handle(Input::Answer { call, answer }),
                    Some((_, Due::Consult(call))) => self.handle(Input::Consult(call)),
                    Some((_, Due::Again(call, attempt))) => self.ask(*call, attempt),
                    None => {}
                }
            } else {
                self.handle(Input::Tick);
            }
        }
    }

    /// Whether the session goes on and on. It is then ended, and that is something that happens.
    fn is_endless(&mut self) -> bool {
        if self.steps <= STEPS_MAX && self.quiet <= QUIET_MAX {
            return false;
        }
        if !self.over {
            let reason = format!("the session does not come to rest in {STEPS_MAX} steps");
            self.trace.stopped(&reason, self.out);
            self.happened.push(Happening::Aborted { role: None, code: "E0421".to_owned(), reason });
            self.over = true;
        }
        true
    }

    fn handle(&mut self, input: Input) {
        self.engine.handle(self.now, input);
        // Nobody looks at receipts here.
        while self.engine.poll_booking().is_some() {}
        let effects: Vec<Effect> = std::iter::from_fn(|| self.engine.poll_effect()).collect();
        self.quiet = if effects.is_empty() { self.quiet + 1 } else { 0 };
        while let Some(event) = self.engine.poll_event() {
            self.quiet = 0;
            self.tell(&event.what);
        }
        for effect in effects {
            match effect {
                Effect::Call(call) => self.ask(call, 0),
                Effect::Withdraw(withdrawn) => {
                    self.open.retain(|(call, _)| call.id != withdrawn);
                    self.due.retain(|_, due| match due {
                        Due::Answer(call, _) | Due::Consult(call) => *call != withdrawn,
                        Due::Again(call, _) => call.id != withdrawn,
                    });
                }
                Effect::Opened { session, .. } => self.session = Some(session),
                Effect::Refused { trouble: Trouble { code, role, reason, .. }, .. } => {
                    self.tell(&What::Aborted { role, code, reason });
                }
                Effect::Closed { .. } => self.over = true,
            }
        }
    }

    /// Writes down what happened, with names.
    fn tell(&mut self, what: &What) {
        if self.over {
            return;
        }
        self.trace.event(what, self.out);
        self.steps += u32::from(!matches!(what, What::Received { .. } | What::Finished { .. }));
        let role = |role: RoleId| self.stage.role(role);
        let happening = match what {
            What::Sent { from, to, label, payload, .. } => Happening::Sent {
                from: role(*from),
                to: role(*to),
                message: label.clone(),
                payload: payload.clone(),
            },
            What::Received { from, to, label, .. } => {
                Happening::Taken { from: role(*from), to: role(*to), message: label.clone() }
            }
            What::Selected { from, to, label, .. } => {
                Happening::Told { from: role(*from), to: role(*to), label: label.clone() }
            }
            What::Decided { role: by, choice, label } => {
                Happening::Decided { role: role(*by), choice: choice.clone(), label: label.clone() }
            }
            What::Performed { role: by, operation, outcome } => Happening::Performed {
                role: role(*by),
                operation: operation.clone(),
                outcome: outcome.clone(),
            },
            What::Raised { role: by, cause, .. } => {
                Happening::Raised { role: role(*by), cause: cause.clone() }
            }
            // What a guard denies, a scenario sees by what follows.
            What::Denied { .. } | What::Cleared { .. } | What::Accounts(_) => return,
            What::Finished { role: by } => Happening::Done { role: role(*by) },
            What::Completed => Happening::Completed,
            What::Aborted { role: at, code, reason } => {
                Happening::Aborted { role: at.map(role), code: (*code).to_owned(), reason: reason.clone() }
            }
        };
        self.over |= happening.is_end();
        self.happened.push(happening);
    }

    /// Keeps a question open, or has it answered.
    fn ask(&mut self, call: Call, attempt: u32) {
        if self.over || self.lost.contains(&call.role_name) {
            return;
        }
        let question = question(&call.ask);
        let coming = self.reserved.get(&key(&call.role_name, &question)).copied().unwrap_or(0) as usize;
        let waiting = self
            .open
            .iter()
            .filter(|(have, _)| have.role_name == call.role_name && self::question(&have.ask) == question);
        // An observer is asked about everything; of that only what a line answers stays open.
        let answered_for = self.answers_for(&call.role_name) || matches!(call.ask, Ask::Observe { .. });
        if waiting.count() < coming || !(answered_for || is_built_in(&call.ask)) {
            self.happened.push(Happening::Asked { role: call.role_name.clone(), question });
            self.open.push((call, attempt));
            return;
        }
        if call.ask.is_of_journal() {
            return self.note(self.now, Due::Consult(call.id));
        }
        let (at, answer) = self.stand_in(&call);
        self.note(at, Due::Answer(call.id, answer));
    }

    fn answers_for(&self, role: &str) -> bool {
        self.auto.iter().any(|name| name == "all" || crate::config::vocabulary::means(name, role))
    }

    /// What the built-in world or the generated participant says, and when.
    fn stand_in(&mut self, call: &Call) -> (Instant, Answer) {
        let logged = self.world.lines().len();
        let answered = participant::answer_in(&mut self.world, &mut self.stand_in, self.now, call);
        for line in self.world.lines().iter().skip(logged) {
            self.trace.logged(&line.role, &line.text, self.out);
            self.happened.push(Happening::Logged { role: line.role.clone(), text: line.text.clone() });
        }
        answered
    }

    fn note(&mut self, at: Instant, due: Due) {
        self.noted += 1;
        self.due.insert((at, self.noted), due);
    }

    /// A failure: the call is made again where that can help, and not too often.
    fn failed(&mut self, call: Call, attempt: u32, failure: &Failure) {
        let Failure { recoverable, reason } = failure.clone();
        let kind = if recoverable { FailureKind::Recoverable } else { FailureKind::Permanent };
        let failure = call::Failure { kind, reason };
        match retry::again(Retry::default(), &call.ask, &failure, attempt + 1, &mut self.random) {
            Some(wait) => {
                self.note(self.now.after(wait), Due::Again(Box::new(call), attempt + 1));
                self.settle(self.now);
            }
            None => self.input(Input::Answer { call: call.id, answer: Answer::Failed(failure) }),
        }
    }
}

impl Driver for Stepper<'_> {
    fn reserve(&mut self, role: &str, question: &Question) {
        *self.reserved.entry(key(role, question)).or_insert(0) += 1;
    }

    fn open(&mut self, params: &[(Arc<str>, Value)]) -> Done {
        if self.session.is_some() || self.over {
            return Err(Objection("the session is open already".to_owned()));
        }
        let mut opening = Opening::new(0, self.cast);
        opening.params = params.to_vec();
        opening.idle_timeout = self.idle_timeout;
        let observes =
            |role: &str| self.reserved.keys().any(|(have, word, _)| have == role && *word == "observe");
        opening.observers = (0..self.stage.roles.len())
            .filter(|at| self.stage.roles.get(*at).is_some_and(|role| observes(role)))
            .map(RoleId::at)
            .collect();
        self.trace.begin(self.out);
        self.input(Input::Open(opening));
        Ok(())
    }

    fn answer(&mut self, role: &str, wanted: &Question, given: Given) -> Done {
        self.session()?;
        if let Some(left) = self.reserved.get_mut(&key(role, wanted)) {
            *left = left.saturating_sub(1);
        }
        let fits = |call: &Call| *call.role_name == *role && question(&call.ask) == *wanted;
        let Some(at) = self.open.iter().position(|(call, _)| fits(call)) else {
            return Err(Objection(format!("`{role}` is not asked {}", asked(wanted))));
        };
        let (call, attempt) = self.open.remove(at);
        let answer = match given {
            Given::Value(value) => Answer::Value(value),
            Given::Accept => Answer::Accepted,
            Given::Refuse => {
                let reason = "the scenario refuses it".to_owned();
                Answer::Failed(call::Failure { kind: FailureKind::Permanent, reason })
            }
            Given::Label(label) => {
                let Ask::Decide { labels, .. } = &call.ask else {
                    return Err(Objection(format!("`{role}` is asked no choice")));
                };
                let at = label_at(labels, &label)
                    .ok_or_else(|| Objection(format!("`{}` has no label `{label}`", wanted.name().it)))?;
                Answer::Label(at as u16)
            }
            Given::Fail(failure) => {
                self.failed(call, attempt, &failure);
                return Ok(());
            }
        };
        self.input(Input::Answer { call: call.id, answer });
        Ok(())
    }

    fn deny(&mut self, times: Option<u32>, from: &str, to: &str, message: &str) -> Done {
        let rule = Rule { from: self.role(from)?, to: self.role(to)?, message: message.into(), left: times };
        self.engine.deny(rule);
        Ok(())
    }

    fn cancel(&mut self) -> Done {
        let session = self.session()?;
        self.input(Input::Cancel(session));
        Ok(())
    }

    fn lose(&mut self, role: &str) -> Done {
        let session = self.session()?;
        let id = self.role(role)?;
        let Some(name) = self.stage.roles.get(id.index()).filter(|name| !self.lost.contains(name)) else {
            return Err(Objection(format!("the device of `{role}` is gone already")));
        };
        self.lost.push(name.clone());
        self.input(Input::Lose { session, role: id });
        Ok(())
    }

    fn tick(&mut self, span: Duration) -> Done {
        self.session()?;
        let until = self.now.after(span);
        self.steps = 0;
        self.quiet = 0;
        self.settle(until);
        self.now = until;
        Ok(())
    }

    fn step(&mut self, _place: &str, _motion: &Motion) -> Done {
        Err(Objection("everything moves by itself here".to_owned()))
    }

    fn happened(&mut self) -> Vec<Happening> {
        std::mem::take(&mut self.happened)
    }

    fn waits(&self) -> Vec<Wait> {
        let asked =
            self.open.iter().map(|(call, _)| Wait::Answer(call.role_name.to_string(), question(&call.ask)));
        let mut all: Vec<Wait> = asked.collect();
        if let Some(session) = self.session {
            let messages = self.engine.awaited(session).into_iter();
            all.extend(messages.map(|(role, message, from)| {
                let name = |role: RoleId| self.stage.role(role).to_string();
                Wait::Message(name(role), message.to_string(), name(from))
            }));
        }
        all
    }
}

/// What is asked, in words of a table.
fn question(ask: &Ask) -> Question {
    let name = |name: &str| -> Name { Placed { it: name.to_owned(), at: Span::default() } };
    match ask {
        Ask::Produce { message, .. } => Question::Produce(name(message)),
        Ask::Decide { choice, .. } => Question::Decide(name(choice)),
        Ask::Observe { message, .. } => Question::Observe(name(message)),
        Ask::Perform { effect, operation, .. } => Question::Perform(name(&format!("{effect}.{operation}"))),
    }
}

/// What is asked, as an infinitive.
fn asked(question: &Question) -> String {
    let verb = if question.word().is_empty() { "perform" } else { question.word() };
    format!("to {verb} `{}`", question.name().it)
}

fn key(role: &str, question: &Question) -> (String, &'static str, String) {
    (role.to_owned(), question.word(), question.name().it.clone())
}

/// Whether the built-in world answers, whoever answers for the role.
fn is_built_in(ask: &Ask) -> bool {
    matches!(ask, Ask::Perform { effect, .. } if crate::base::builtin::is_effect(effect))
}
