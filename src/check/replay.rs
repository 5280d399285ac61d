//! A run made again: from the moves that a search kept to what can be shown and saved.
//!
//! Is not: a search; nothing is chosen here.

use std::sync::Arc;

use crate::base::cause::PARTICIPANT;
use crate::base::value::Value;
use crate::check::found::Found;
use crate::check::moves::{Act, Move};
use crate::check::opening::openings;
use crate::check::pick::{Choice, Pick};
use crate::check::turn::State;
use crate::check::watch::{Abort, Heard, Watch};
use crate::machine::Cast;
use crate::machine::question::{Question, Reply};

/// A run as it can be shown and made again.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Run {
    /// The values of the parameters.
    pub params: Vec<(Arc<str>, Value)>,
    /// The moves after the opening, in order.
    pub moves: Vec<Move>,
    /// What happened, in order.
    pub heard: Vec<Heard>,
    /// What the run supposes of values that nobody knows, as moves.
    pub supposed: usize,
}

impl Found {
    /// The run that shows what is wrong; empty where nothing is.
    #[must_use]
    pub fn run_of_violation(&self, cast: &Cast) -> Run {
        match &self.violation {
            Some((_, at, last)) => replay(cast, &self.trail(*at, *last)),
            None => Run::default(),
        }
    }

    /// What may go wrong, where values that nobody knows are what they were supposed to be; each with a run.
    #[must_use]
    pub fn troubles(&self, cast: &Cast) -> Vec<(Abort, Run)> {
        let run = |at, pick| replay(cast, &self.trail(at, Some(pick)));
        self.troubles.iter().map(|(abort, at, pick)| (abort.clone(), run(*at, *pick))).collect()
    }

    /// The run to a state.
    #[must_use]
    pub fn run_to(&self, cast: &Cast, state: u32) -> Run {
        replay(cast, &self.trail(state, None))
    }
}

/// Makes moves again, from the opening on; ends early where a move ends the session.
fn replay(cast: &Cast, picks: &[Pick]) -> Run {
    let mut watch = Watch { heard: Some(Vec::new()), ..Watch::new(cast) };
    let mut run = Run::default();
    let opened = picks.first().map_or(0, Pick::opening);
    run.params = openings(cast).into_iter().nth(opened).unwrap_or_default();
    let mut state = State::open(cast, opened, &mut watch).ok();
    for pick in picks.iter().skip(1) {
        let Some(now) = &mut state else { break };
        run.moves.push(named(cast, now, *pick));
        run.supposed += usize::from(matches!(pick.choice, Choice::Suppose(_)));
        if now.apply(cast, *pick, &mut watch).is_err() {
            state = None;
        }
    }
    run.heard = watch.heard.unwrap_or_default();
    run
}

/// A move with names.
pub(super) fn named(cast: &Cast, state: &State, pick: Pick) -> Move {
    let Pick { agent, choice } = pick;
    let role = cast.role(agent);
    let name = |role: crate::base::id::RoleId| -> Arc<str> {
        cast.program(role).map_or_else(|| Arc::from(""), |program| Arc::from(program.role_name()))
    };
    let act = match choice {
        Choice::Open(_) | Choice::Go => Act::Step,
        Choice::Take(_) if state.session.waits_for_one(cast, agent) => Act::Step,
        Choice::Take(mailbox) => {
            cast.mailbox(mailbox as usize).map_or(Act::Step, |(from, ..)| Act::Take(name(from)))
        }
        Choice::Send => Act::Send,
        Choice::Answer(at) => {
            match (
                state.session.question(cast, agent),
                state.replies(cast, agent).into_iter().nth(at as usize),
            ) {
                (Some(Question::Decide(decision)), Some(Reply::Label(label))) => {
                    Act::Decide(decision.labels.get(usize::from(label)).cloned().unwrap_or_default())
                }
                (_, Some(Reply::Value(value))) => Act::Give(value),
                _ => Act::Accept,
            }
        }
        Choice::Deny => Act::Deny,
        Choice::Refuse => Act::Refuse,
        Choice::Fail => match state.session.question(cast, agent) {
            Some(Question::Perform(operation, _)) => Act::Fail(operation.effect.clone()),
            _ => Act::Fail(PARTICIPANT.into()),
        },
        Choice::Expire(scope) => Act::Expire(scope),
        Choice::Cancel => {
            return Move { role: "".into(), thread: 0, act: Act::Cancel };
        }
        Choice::Suppose(at) => match state.suppositions(cast, agent).into_iter().nth(at as usize) {
            Some(value) => Act::Suppose(value),
            None => Act::Step,
        },
    };
    Move { role: name(role), thread: cast.thread(agent), act }
}
