//! The driver of one session: an engine, a virtual clock, and answers that come when they are due.
//!
//! The clock stands still while anything can happen and then jumps to the next moment at which something does. A
//! failure that trying again can help is tried again as the participant says (`effect::retry`), unless it is of an
//! operation declared `once`.
//! Invariant: answers due at one moment are given in the order of their calls.
//! Is not: the host, which does the same with real clocks and handlers.

use std::collections::BTreeMap;

use crate::base::id::RoleId;
use crate::base::random::Random;
use crate::base::time::Instant;
use crate::effect::call::{Answer, Call, CallId};
use crate::effect::participant::{Participant, answer_in};
use crate::effect::retry;
use crate::effect::world::World;
use crate::engine::Engine;
use crate::engine::effect::{Effect, Outcome, Trouble};
use crate::engine::event::What;
use crate::engine::input::{CastId, Input, Opening};
use crate::tools::run::receipts::Devices;
use crate::tools::run::{Ending, Report, Setup};
use crate::tools::trace::{Out, Trace};

/// Inputs in a row of which nothing comes before a run is stopped: a role computes, some ten million instructions.
const QUIET_MAX: u32 = 200;

/// Runs one session to its end, or until `setup.steps_max` steps are made. Lines of the trace go to `out`.
pub fn run(setup: &Setup, participant: &mut dyn Participant, trace: &mut dyn Trace, out: Out<'_>) -> Report {
    let mut engine = Engine::new();
    engine.subscribe(true);
    // A new engine has room for a cast; if it had not, the opening would be refused with a code.
    engine.show_charges(setup.charges);
    let deployed = match &setup.guards {
        Some(guards) => engine.deploy_under(setup.cast.clone(), guards.clone()),
        None => engine.deploy(setup.cast.clone()),
    };
    let cast = deployed.unwrap_or(CastId(u32::MAX));
    let mut opening = Opening::new(0, cast);
    opening.params.clone_from(&setup.inputs);
    opening.observers = observers(setup, participant);
    opening.idle_timeout = setup.idle_timeout;
    let mut driver = Driver {
        engine,
        world: World::new(setup.seed),
        random: Random::new(setup.seed),
        participant,
        trace,
        due: BTreeMap::new(),
        calls: 0,
        now: Instant::default(),
        steps: 0,
        steps_max: setup.steps_max,
        quiet: 0,
        ending: None,
        devices: Devices::new(setup),
    };
    driver.trace.begin(out);
    driver.input(Input::Open(opening), out);
    let ending = loop {
        if let Some(ending) = driver.ending.take() {
            break ending;
        }
        if !driver.advance(out) {
            // The engine ends sessions in which nothing can happen, so this is a mistake of ours; say so and stop.
            let reason = "nothing is due and the session is not over".to_owned();
            break Ending::Aborted(Trouble { code: "E0422", role: None, place: None, reason });
        }
    };
    Report { ending, steps: driver.steps, clock: driver.now, lines: driver.world.lines().to_vec() }
}

/// The roles whose participant wants to see what they receive.
fn observers(setup: &Setup, participant: &dyn Participant) -> Vec<RoleId> {
    let first = setup.cast.programs().next();
    let roles = first.map(|program| program.roles.iter().enumerate()).into_iter().flatten();
    roles.filter(|(_, role)| participant.observes(&role.name)).map(|(at, _)| RoleId::at(at)).collect()
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

struct Driver<'a> {
    engine: Engine,
    world: World,
    random: Random,
    participant: &'a mut dyn Participant,
    trace: &'a mut dyn Trace,
    /// By moment, then by the order in which it became known.
    due: BTreeMap<(Instant, u64), Due>,
    calls: u64,
    now: Instant,
    steps: u64,
    steps_max: u64,
    /// Inputs in a row of which nothing came.
    quiet: u32,
    ending: Option<Ending>,
    devices: Devices,
}

impl Driver<'_> {
    /// Does the next thing that is due, or lets the engine go on; false if there is neither.
    fn advance(&mut self, out: Out<'_>) -> bool {
        let timeout = self.engine.poll_timeout();
        let first = self.due.first_key_value().map(|(key, _)| *key);
        match (first, timeout) {
            (Some((at, _)), timeout) if timeout.is_none_or(|timeout| at <= timeout.max(self.now)) => {
                self.now = self.now.max(at);
                match self.due.pop_first() {
                    Some((_, Due::Answer(call, answer))) => self.input(Input::Answer { call, answer }, out),
                    Some((_, Due::Consult(call))) => self.input(Input::Consult(call), out),
                    Some((_, Due::Again(call, attempt))) => self.ask(*call, attempt, out),
                    None => {}
                }
                true
            }
            (_, Some(timeout)) => {
                self.now = self.now.max(timeout);
                self.input(Input::Tick, out);
                true
            }
            (_, None) => false,
        }
    }

    /// One input, and everything that comes of it: what happened is told before anybody is asked anything.
    fn input(&mut self, input: Input, out: Out<'_>) {
        self.engine.handle(self.now, input);
        let batch = self.devices.book(&mut self.engine);
        let effects: Vec<Effect> = std::iter::from_fn(|| self.engine.poll_effect()).collect();
        self.quiet = if effects.is_empty() { self.quiet + 1 } else { 0 };
        while let Some(event) = self.engine.poll_event() {
            self.quiet = 0;
            if self.ending.is_none() {
                self.tell(&event.what, out);
            }
        }
        if batch {
            self.settle(out);
        }
        if self.quiet >= QUIET_MAX {
            self.settle(out);
            self.trace.stopped("a role computes without end", out);
            self.end(Ending::Stopped(self.steps));
        }
        for effect in effects {
            match effect {
                Effect::Call(call) if self.ending.is_none() => self.ask(call, 0, out),
                Effect::Call(_) | Effect::Opened { .. } => {}
                Effect::Withdraw(withdrawn) => self.due.retain(|_, due| match due {
                    Due::Answer(call, _) | Due::Consult(call) => *call != withdrawn,
                    Due::Again(call, _) => call.id != withdrawn,
                }),
                Effect::Refused { trouble, .. } => {
                    let Trouble { code, role, reason, .. } = trouble.clone();
                    self.trace.event(&What::Aborted { role, code, reason }, out);
                    self.end(Ending::Aborted(trouble));
                }
                Effect::Closed { outcome: Outcome::Completed, .. } => self.end(Ending::Completed),
                Effect::Closed { outcome: Outcome::Aborted(trouble), .. } => {
                    self.end(Ending::Aborted(trouble));
                }
            }
        }
    }

    /// The first ending stands.
    fn end(&mut self, ending: Ending) {
        if self.ending.is_none() {
            self.ending = Some(ending);
        }
    }

    fn tell(&mut self, what: &What, out: Out<'_>) {
        let step = matches!(
            what,
            What::Sent { .. } | What::Selected { .. } | What::Decided { .. } | What::Performed { .. }
        );
        if step && self.steps >= self.steps_max {
            self.settle(out);
            self.trace.stopped(&format!("{} steps were made", self.steps), out);
            self.end(Ending::Stopped(self.steps));
            return;
        }
        self.steps += u64::from(step);
        if matches!(what, What::Completed | What::Aborted { .. }) {
            self.settle(out);
        }
        self.trace.event(what, out);
    }

    /// Shows the receipts of what was booked.
    fn settle(&mut self, out: Out<'_>) {
        let (judged, unsigned) = self.devices.settle();
        judged.iter().for_each(|(signed, verdict)| self.trace.receipt(signed, *verdict, out));
        // Every role has a key and every row follows the one before it, so this is a mistake of ours; say so and stop.
        if let Some(unsigned) = unsigned {
            let trouble = Trouble { code: "E0524", role: None, place: None, reason: unsigned.to_string() };
            self.end(Ending::Aborted(trouble));
        }
    }

    /// Asks, and notes when the answer is there.
    fn ask(&mut self, call: Call, attempt: u32, out: Out<'_>) {
        if call.ask.is_of_journal() {
            return self.note(self.now, Due::Consult(call.id));
        }
        let logged = self.world.lines().len();
        let (at, given) = answer_in(&mut self.world, self.participant, self.now, &call);
        for line in self.world.lines().iter().skip(logged) {
            self.trace.logged(&line.role, &line.text, out);
        }
        let retry = self.participant.retry(&call.role_name);
        let again = match &given {
            Answer::Failed(failure) => retry::again(retry, &call.ask, failure, attempt + 1, &mut self.random),
            _ => None,
        };
        match again {
            Some(wait) => self.note(self.now.after(wait), Due::Again(Box::new(call), attempt + 1)),
            None => self.note(at, Due::Answer(call.id, given)),
        }
    }

    fn note(&mut self, at: Instant, due: Due) {
        self.calls += 1;
        self.due.insert((at, self.calls), due);
    }
}
