//! What can happen next in a state, and what comes of it.
//!
//! A state is a session in which nobody can go on alone: every agent has been run up to where it needs something that
//! is a move. Those steps touch no mailbox, have one outcome and commute with whatever anybody else does, so that no
//! order of them is told from another. A move is then: a message sent, a message taken, an answer, a supposition.
//! Is not: a search; which of the moves are followed is decided in `search`.

use std::sync::Arc;

use crate::base::cause::{Cause, PARTICIPANT};
use crate::base::id::RoleId;
use crate::base::value::Value;
use crate::check::opening::openings;
use crate::check::payload::abstracted;
pub use crate::check::pick::Free;
use crate::check::pick::{Choice, NOBODY, Pick, Picks};
use crate::check::watch::{Abort, Heard, Watch, decided};
use crate::machine::question::{Question, Reply};
use crate::machine::session::State as Doing;
use crate::machine::unknown::{self, Supposition};
use crate::machine::{AgentId, Cast, Session, Stop};

/// Paced instructions that an agent runs before its going on is a move of its own: a long computation ends some day,
/// an endless one is seen as a loop.
const SETTLE_MAX: u32 = 10_000;
/// Values of one place that are told apart while earlier ones are still held.
const GENERATIONS_MAX: u32 = 4;
/// A number of turns or items that nobody knows is supposed to be each one below this.
pub(super) const TURNS_SUPPOSED: usize = 3;

/// A session on its way, as it is told apart from others.
#[derive(Clone, Hash, Debug)]
pub(super) struct State {
    pub(super) session: Session,
    /// Numbers of turns that were supposed: every role that counts the same counts as often.
    pub(super) counts: Vec<(u64, Value)>,
    /// Whether it was cancelled: that happens once.
    pub(super) cancelled: bool,
}

impl State {
    /// The session at its opening, settled: with so-manieth of the values that its parameters may have.
    pub(super) fn open(cast: &Cast, which: usize, watch: &mut Watch) -> Result<Self, Abort> {
        Self::given(cast, &openings(cast).into_iter().nth(which).unwrap_or_default(), watch)
    }

    /// The session that is opened with these values, settled.
    pub(super) fn given(cast: &Cast, values: &[(Arc<str>, Value)], watch: &mut Watch) -> Result<Self, Abort> {
        let mut session = Session::new(cast);
        for (at, program) in cast.programs().enumerate() {
            for param in &program.params {
                let Some(slot) = param.slot else { continue };
                if let Some((_, value)) = values.iter().find(|(name, _)| *name == param.name) {
                    session.give(cast, RoleId::at(at), slot, value.clone());
                }
            }
        }
        for (at, program) in cast.programs().enumerate() {
            if program.scopes.iter().any(|scope| scope.handlers.iter().any(|at| at.cause == Cause::Refused)) {
                session.observe(cast, RoleId::at(at));
            }
        }
        let mut state = Self { session, counts: Vec::new(), cancelled: false };
        state.settle(cast, watch)?;
        Ok(state)
    }

    /// The moves of one agent: its own, and what may happen to it.
    pub(super) fn picks(&self, cast: &Cast, agent: AgentId, free: Free) -> Picks {
        let mut all = self.own(cast, agent);
        if self.session.is_inside(agent) {
            let happens = match self.session.state(agent) {
                Doing::Offering if free.denials => Some(Choice::Deny),
                Doing::Asking if free.failures => Some(Choice::Fail),
                Doing::Observing if free.denials => Some(Choice::Refuse),
                _ => None,
            };
            let pick = happens.map(|choice| Pick { agent, choice });
            let pick = pick.filter(|pick| self.is_taken(cast, *pick));
            all.alone &= pick.is_none() && !self.session.is_owner_inside(cast, agent);
            all.picks.extend(pick);
        }
        all
    }

    /// What may happen to the session.
    pub(super) fn happens(&self, cast: &Cast, free: Free) -> Vec<Pick> {
        let mut picks = Vec::new();
        if free.timeouts {
            let timed = self.session.timed(cast).into_iter();
            picks.extend(timed.map(|(agent, scope)| Pick { agent, choice: Choice::Expire(scope) }));
        }
        if free.cancellations && !self.cancelled {
            picks.push(Pick { agent: NOBODY, choice: Choice::Cancel });
        }
        picks.retain(|pick| self.is_taken(cast, *pick));
        picks
    }

    /// Whether some scope takes what happens.
    fn is_taken(&self, cast: &Cast, pick: Pick) -> bool {
        self.clone().happen(cast, pick, &mut Watch::default())
    }

    /// What happens to an agent or to the session, not by an agent's own doing. Whether some scope takes it.
    fn happen(&mut self, cast: &Cast, Pick { agent, choice }: Pick, watch: &mut Watch) -> bool {
        let session = &mut self.session;
        match choice {
            Choice::Deny => session.raise(cast, agent, &Cause::Denied, watch),
            Choice::Refuse => session.raise(cast, agent, &Cause::Refused, watch),
            Choice::Fail => {
                let name = match session.question(cast, agent) {
                    Some(Question::Perform(operation, _)) => operation.effect.to_string(),
                    _ => PARTICIPANT.to_owned(),
                };
                session.raise(cast, agent, &Cause::failed(&name), watch)
            }
            Choice::Expire(scope) => session.expire(cast, agent, scope, watch),
            Choice::Cancel => {
                self.cancelled = true;
                session.cancel(cast, |_| false, watch)
            }
            _ => false,
        }
    }

    /// What an agent does by itself.
    fn own(&self, cast: &Cast, agent: AgentId) -> Picks {
        let of = |choices: &mut dyn Iterator<Item = Choice>| -> Vec<Pick> {
            choices.map(|choice| Pick { agent, choice }).collect()
        };
        let session = &self.session;
        match session.state(agent) {
            Doing::Ready => {
                let mut taken = session.arrivals(cast, agent).map(|mailbox| Choice::Take(mailbox as u32));
                let picks = of(&mut taken);
                if picks.is_empty() {
                    let alone = !session.is_outward(cast, agent);
                    return Picks { picks: of(&mut std::iter::once(Choice::Go)), alone };
                }
                Picks { picks, alone: session.waits_for_one(cast, agent) }
            }
            Doing::Offering => {
                let alone = !session.interrupts(cast, agent);
                Picks { picks: of(&mut std::iter::once(Choice::Send)), alone }
            }
            Doing::Asking | Doing::Observing => {
                let count = self.replies(cast, agent).len() as u32;
                Picks { picks: of(&mut (0..count).map(Choice::Answer)), alone: true }
            }
            Doing::Supposing => {
                let count = self.suppositions(cast, agent).len() as u32;
                Picks { picks: of(&mut (0..count).map(Choice::Suppose)), alone: true }
            }
            Doing::Idle | Doing::Blocked | Doing::Receiving | Doing::Joining | Doing::Halted => {
                Picks { picks: Vec::new(), alone: false }
            }
        }
    }

    /// Makes a move, and lets everybody go on up to the next one.
    pub(super) fn apply(&mut self, cast: &Cast, pick: Pick, watch: &mut Watch) -> Result<(), Abort> {
        let Pick { agent, choice } = pick;
        match choice {
            Choice::Open(_) => {}
            Choice::Go => {
                if let Some(abort) = self.go(cast, agent, watch) {
                    return Err(abort);
                }
            }
            Choice::Deny | Choice::Fail | Choice::Refuse | Choice::Expire(_) | Choice::Cancel => {
                self.happen(cast, pick, watch);
            }
            Choice::Take(mailbox) => {
                self.session.take(cast, agent, mailbox as usize, watch);
            }
            Choice::Send => {
                if let Some(offer) = self.session.offer(cast, agent) {
                    watch.hear(|| Heard::Sent {
                        from: offer.from,
                        to: offer.to,
                        lane: offer.lane,
                        label: offer.message.name.clone(),
                        kind: offer.message.kind,
                        payload: offer.payload.clone(),
                    });
                }
                self.session.send(cast, agent, watch);
            }
            Choice::Answer(at) => {
                if let Some(reply) = self.replies(cast, agent).into_iter().nth(at as usize) {
                    self.note(cast, agent, &reply, watch);
                    self.session.answer(cast, agent, reply, watch);
                }
            }
            Choice::Suppose(at) => {
                let id = self.session.supposition(cast, agent);
                if let (Some((id, asked)), Some(value)) =
                    (id, self.suppositions(cast, agent).into_iter().nth(at as usize))
                {
                    self.session.suppose(cast, agent, &value);
                    if asked == Supposition::Turns && !self.counts.iter().any(|(have, _)| *have == id) {
                        self.counts.push((id, value));
                        self.counts.sort_by_key(|(id, _)| *id);
                    }
                }
            }
        }
        self.settle(cast, watch)
    }

    /// The answers to what an agent asks.
    pub(super) fn replies(&self, cast: &Cast, agent: AgentId) -> Vec<Reply> {
        let values = |ty| {
            let place = |generation: u32| (cast.role(agent), self.session.at(agent), generation);
            let mut values = Vec::new();
            for generation in 0..GENERATIONS_MAX {
                values = abstracted(ty, &place(generation));
                if !values.iter().any(|value| self.holds(value)) {
                    break;
                }
            }
            values.into_iter().map(Reply::Value).collect()
        };
        match self.session.question(cast, agent) {
            Some(Question::Decide(decision)) => (0..decision.labels.len() as u16).map(Reply::Label).collect(),
            Some(Question::Produce { message, .. }) => values(&message.ty),
            Some(Question::Perform(operation, _)) => values(&operation.result),
            Some(Question::Observe { .. }) => vec![Reply::Accepted],
            None => Vec::new(),
        }
    }

    /// What an agent may suppose of what it branches on.
    pub(super) fn suppositions(&self, cast: &Cast, agent: AgentId) -> Vec<Value> {
        let Some((id, asked)) = self.session.supposition(cast, agent) else { return Vec::new() };
        match asked {
            Supposition::Truth => vec![Value::Bool(true), Value::Bool(false)],
            Supposition::Presence => vec![unknown::present(id), Value::None],
            Supposition::Items => (0..TURNS_SUPPOSED).map(|items| unknown::listed(id, items)).collect(),
            Supposition::Turns => match self.counts.iter().find(|(have, _)| *have == id) {
                Some((_, turns)) => vec![turns.clone()],
                None => (0..TURNS_SUPPOSED as i64).map(Value::Int).collect(),
            },
        }
    }

    /// Whether an unknown part of the value is still held somewhere.
    fn holds(&self, value: &Value) -> bool {
        match value {
            Value::Opaque(_) => self.session.holds(value),
            Value::Record(fields) => fields.iter().any(|(_, field)| self.holds(field)),
            Value::Variant(of) => of.1.iter().any(|(_, field)| self.holds(field)),
            _ => false,
        }
    }

    /// Gives an agent an answer that is none of those a search would try.
    pub(super) fn reply(
        &mut self,
        cast: &Cast,
        agent: AgentId,
        reply: Reply,
        watch: &mut Watch,
    ) -> Result<(), Abort> {
        self.note(cast, agent, &reply, watch);
        self.session.answer(cast, agent, reply, watch);
        self.settle(cast, watch)
    }

    /// Notes what an answer is in a role's life.
    fn note(&self, cast: &Cast, agent: AgentId, reply: &Reply, watch: &mut Watch) {
        let role = cast.role(agent);
        match (self.session.question(cast, agent), reply) {
            (Some(Question::Decide(decision)), Reply::Label(label)) => {
                watch.hear(|| decided(role, decision, *label));
            }
            (Some(Question::Perform(operation, _)), Reply::Value(outcome)) => watch.hear(|| {
                let operation = Arc::from(format!("{}.{}", operation.effect, operation.name));
                Heard::Performed { role, operation, outcome: outcome.clone() }
            }),
            _ => {}
        }
    }

    /// Lets everybody go on up to where a move is needed.
    fn settle(&mut self, cast: &Cast, watch: &mut Watch) -> Result<(), Abort> {
        let mut again = true;
        while again {
            again = false;
            for agent in cast.agents() {
                let mut left = SETTLE_MAX;
                while self.session.state(agent) == Doing::Ready && left > 0 {
                    // First what is not counted, up to a counted instruction; then that, if nobody sees it.
                    let mut stop = self.session.run(cast, agent, &mut 0, watch);
                    if stop == Stop::Spent {
                        if self.session.arrivals(cast, agent).next().is_some()
                            || self.session.is_outward(cast, agent)
                        {
                            break;
                        }
                        stop = self.session.run(cast, agent, &mut 1, watch);
                    }
                    left -= 1;
                    // Others may be ready now: threads that start, a thread whose threads have joined.
                    again |= matches!(stop, Stop::Waits | Stop::Joined);
                    if let Some(abort) = stopped(cast, agent, stop, watch) {
                        return Err(abort);
                    }
                }
            }
        }
        self.session.rebase(cast);
        self.session.forget(cast, |role, slot, value| watch.wide.is_wide(role, slot, value));
        Ok(())
    }

    /// One instruction of an agent that others may see.
    fn go(&mut self, cast: &Cast, agent: AgentId, watch: &mut Watch) -> Option<Abort> {
        let stop = self.session.run(cast, agent, &mut 1, watch);
        stopped(cast, agent, stop, watch)
    }
}

/// Notes why an agent has stopped; gives what ends the session.
fn stopped(cast: &Cast, agent: AgentId, stop: Stop, watch: &mut Watch) -> Option<Abort> {
    match stop {
        Stop::Fails(trouble) => return Some(Abort { role: cast.role(agent), trouble }),
        Stop::Finished => watch.hear(|| Heard::Finished { role: cast.role(agent) }),
        _ => {}
    }
    None
}
