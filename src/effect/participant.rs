//! Who answers for a role where the protocol leaves something open: a payload, a decision, whether to accept.
//!
//! The machine asks with a [`Call`]; [`answer`] hands it to a [`Participant`]. Stand-ins live in `scripted` and
//! `generated`; a person at the terminal is a `Participant` too, made by `cli`.
//! Is not: an effect handler. `Ask::Perform` goes to the built-in world first, and to `perform` where that has no such effect.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::time::Instant;
use crate::base::ty::Type;
use crate::base::value::Value;
use crate::config::script::Retry;
use crate::effect::call::{Answer, Ask, Call};
use crate::effect::world::{Request, World, permanent};

/// Answers for a role. Every operation has a default, so that a participant says only what it cares about.
pub trait Participant {
    /// The payload of a message, which must fit `ty`; or a failure.
    fn produce(&mut self, role: &Arc<str>, message: &str, _to: &str, _ty: &Type) -> Answer {
        permanent(format!("`{role}` has nobody who produces `{message}`"))
    }

    /// The index of one of the labels, of which there is at least one; or a failure.
    fn decide(&mut self, role: &Arc<str>, choice: &str, _labels: &[Arc<str>]) -> Answer {
        permanent(format!("`{role}` has nobody who decides `{choice}`"))
    }

    /// Whether the role wants to see what it receives; [`Self::observe`] is asked only then.
    fn observes(&self, _role: &str) -> bool {
        false
    }

    /// Whether a payload is accepted; a failure refuses it.
    fn observe(&mut self, _role: &Arc<str>, _message: &str, _from: &str, _payload: &Value) -> Answer {
        Answer::Accepted
    }

    /// How the role's calls are made again when they fail and may work the next time.
    fn retry(&self, _role: &str) -> Retry {
        Retry::default()
    }

    /// The outcome of an operation of an effect that is not built in; or a failure.
    fn perform(&mut self, request: &Request<'_>) -> Answer {
        permanent(format!("nobody handles `{}.{}`", request.effect, request.operation))
    }
}

/// Several participants, each for some roles.
pub struct Company<'a> {
    /// Who plays which role.
    pub players: BTreeMap<Arc<str>, Box<dyn Participant + 'a>>,
    /// Who plays the others.
    pub others: Box<dyn Participant + 'a>,
}

impl<'a> Company<'a> {
    fn player(&mut self, role: &str) -> &mut (dyn Participant + 'a) {
        self.players.get_mut(role).unwrap_or(&mut self.others).as_mut()
    }
}

impl Participant for Company<'_> {
    fn produce(&mut self, role: &Arc<str>, message: &str, to: &str, ty: &Type) -> Answer {
        self.player(role).produce(role, message, to, ty)
    }

    fn decide(&mut self, role: &Arc<str>, choice: &str, labels: &[Arc<str>]) -> Answer {
        self.player(role).decide(role, choice, labels)
    }

    fn observes(&self, role: &str) -> bool {
        self.players.get(role).unwrap_or(&self.others).observes(role)
    }

    fn observe(&mut self, role: &Arc<str>, message: &str, from: &str, payload: &Value) -> Answer {
        self.player(role).observe(role, message, from, payload)
    }

    fn retry(&self, role: &str) -> Retry {
        self.players.get(role).unwrap_or(&self.others).retry(role)
    }

    fn perform(&mut self, request: &Request<'_>) -> Answer {
        self.player(request.role).perform(request)
    }
}

/// Asks the built-in world, and the participant where that has no such effect: the answer, and when it is there.
pub fn answer_in(
    world: &mut World,
    participant: &mut dyn Participant,
    now: Instant,
    call: &Call,
) -> (Instant, Answer) {
    let built_in = match &call.ask {
        Ask::Perform { effect, operation, args, result, .. } => {
            world.perform(now, &Request { role: &call.role_name, effect, operation, args, result })
        }
        _ => None,
    };
    built_in.map_or_else(|| (now, answer(participant, call)), |reply| (reply.at, reply.answer))
}

/// Asks the participant what the call asks.
pub fn answer(participant: &mut dyn Participant, call: &Call) -> Answer {
    let role = &call.role_name;
    match &call.ask {
        Ask::Produce { message, to, ty } => participant.produce(role, message, to, ty),
        Ask::Decide { choice, labels } => participant.decide(role, choice, labels),
        Ask::Observe { message, from, payload } => participant.observe(role, message, from, payload),
        Ask::Perform { effect, operation, args, result, .. } => {
            participant.perform(&Request { role, effect, operation, args, result })
        }
    }
}
