//! Who answers a call: the journal, a built-in effect or a stand-in, here and at once; or a handler, outside.
//!
//! Is not: the handlers; an [`Errand`] says what one has to know.

use serde_json::Value as Json;

use crate::base::builtin;
use crate::base::random::Random;
use crate::bytecode::program::Repetition;
use crate::effect::call::{Answer, Ask, Call, CallId, Failure, FailureKind};
use crate::effect::generated::Generated;
use crate::effect::participant::{Participant, answer};
use crate::effect::retry;
use crate::effect::scripted::Scripted;
use crate::effect::world::{Request, World};
use crate::engine::input::Input;
use crate::node::agenda::Due;
use crate::node::order::{Errand, Order};
use crate::node::state::Node;

/// What was under way when a node stopped.
#[derive(Debug, Default)]
pub(super) struct Unanswered {
    /// Calls that are made again, with the keys that they had.
    pub(super) again: Vec<Errand>,
    /// Calls that cannot or must not be made again, and how they are answered.
    pub(super) over: Vec<(CallId, Answer)>,
}

impl Node {
    /// The engine asks.
    pub(super) fn asked(&mut self, call: &Call) {
        if call.ask.is_of_journal() {
            self.inner.push_back(Input::Consult(call.id));
            return;
        }
        if self.built_in(call) {
            return;
        }
        match self.errand(call) {
            Some(errand) => {
                self.outside.insert(call.id, self.run);
                self.orders.push_back(Order::Call(Box::new(errand)));
            }
            None => self.stand_in(call, 0),
        }
    }

    /// Answers by a built-in effect, if one is asked.
    fn built_in(&mut self, call: &Call) -> bool {
        let Ask::Perform { effect, operation, args, result, .. } = &call.ask else { return false };
        if !builtin::is_effect(effect) {
            return false;
        }
        let Some(number) = self.number(call.session) else { return false };
        let Some(protocol) = self.records.get(&number).map(|record| record.protocol.clone()) else {
            return false;
        };
        let seed = self.seed ^ fingerprint(&protocol);
        let world = self.worlds.entry(protocol).or_insert_with(|| World::since_1970(seed));
        let request = Request { role: &call.role_name, effect, operation, args, result };
        let Some(reply) = world.perform(self.now, &request) else { return false };
        self.said.extend(world.take_lines().into_iter().map(|line| (number, line)));
        if reply.at <= self.now {
            self.inner.push_back(Input::Answer { call: call.id, answer: reply.answer });
        } else {
            self.note_due(reply.at, Due::Answer(call.id, reply.answer));
        }
        true
    }

    /// What a handler has to know of a call, if a handler answers it.
    fn errand(&self, call: &Call) -> Option<Errand> {
        let number = self.number(call.session)?;
        let record = self.records.get(&number)?;
        let players = &self.edition_of(record)?.package.players;
        let (handler, config, deadline) = match &call.ask {
            Ask::Perform { effect, .. } => (players.effects.get(effect)?.clone(), Json::Null, None),
            _ => {
                let own = record.players.get(&call.role);
                let player = own.or_else(|| players.roles.get(call.role.index())?.as_ref())?;
                (player.handler.clone(), player.config.clone(), player.deadline)
            }
        };
        let run = self.outside.get(&call.id).copied().unwrap_or(self.run);
        Some(Errand {
            call: call.id,
            key: format!("{:016x}-{run:x}-{:x}", self.id, call.id.0),
            handler,
            protocol: record.protocol.clone(),
            session: number,
            role: call.role_name.clone(),
            config,
            deadline,
            ask: call.ask.clone(),
        })
    }

    /// A stand-in answers; a failure that trying again can help is tried again later.
    pub(super) fn stand_in(&mut self, call: &Call, attempt: u32) {
        let Some(number) = self.number(call.session) else { return };
        if !self.stand_ins.contains_key(&number) {
            let edition = self.records.get(&number).and_then(|record| self.edition_of(record));
            let script = edition.map(|edition| edition.package.players.script.clone()).unwrap_or_default();
            let seed = self.seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            self.stand_ins.insert(number, Scripted::new(script, Generated::new(seed)));
        }
        let Some(player) = self.stand_ins.get_mut(&number) else { return };
        let given = answer(player, call);
        let rule = player.retry(&call.role_name);
        let mut random = Random::new(self.seed ^ call.id.0 ^ u64::from(attempt));
        let again = match &given {
            Answer::Failed(failure) => retry::again(rule, &call.ask, failure, attempt + 1, &mut random),
            _ => None,
        };
        match again {
            Some(wait) => self.note_due(self.now.after(wait), Due::Again(call.id, attempt + 1)),
            None => self.inner.push_back(Input::Answer { call: call.id, answer: given }),
        }
    }

    /// What handlers have not answered. An operation that is declared `once` is never asked for again: nobody knows whether it
    /// was carried out.
    pub(super) fn unanswered(&self) -> Unanswered {
        let mut all = Unanswered::default();
        for call in self.engine.unanswered().filter(|call| self.outside.contains_key(&call.id)) {
            if matches!(call.ask, Ask::Perform { repetition: Repetition::Once, .. }) {
                all.over.push((call.id, uncertain()));
                continue;
            }
            match self.errand(&call) {
                Some(errand) => all.again.push(errand),
                None => all.over.push((call.id, nobody())),
            }
        }
        all
    }

    /// Takes up what was under way when the engine stopped.
    pub(super) fn resume(&mut self) {
        let Unanswered { again, over } = self.unanswered();
        self.orders.extend(again.into_iter().map(|errand| Order::Call(Box::new(errand))));
        for (call, answer) in over {
            self.outside.remove(&call);
            self.feed(Input::Answer { call, answer });
        }
    }
}

/// The outcome of a call whose role or effect is no longer a handler's.
fn nobody() -> Answer {
    let reason = "whoever was asked before the engine stopped is no longer bound to it";
    Answer::Failed(Failure { kind: FailureKind::Recoverable, reason: reason.to_owned() })
}

/// The outcome of an operation that is not asked for again.
fn uncertain() -> Answer {
    let reason = "the engine stopped before the outcome was known, and it is declared `once`";
    Answer::Failed(Failure { kind: FailureKind::Uncertain, reason: reason.to_owned() })
}

/// A number that a name decides.
fn fingerprint(name: &str) -> u64 {
    let hash = blake3::hash(name.as_bytes());
    hash.as_bytes().iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}
