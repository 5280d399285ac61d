//! A driver for tests: picks agents at random, clears everything, answers at random.

use crate::base::random::Random;
use crate::base::value::Value;
use crate::bytecode::program::Program;
use crate::machine::question::{Question, Reply};
use crate::machine::session::State;
use crate::machine::{AgentId, Cast, Session};

/// Runs programs of one session for a while; whether they belong together at all.
pub(crate) fn drive(programs: Vec<Program>, random: &mut Random) -> bool {
    let Ok(cast) = Cast::link(programs) else { return false };
    let mut session = Session::new(&cast);
    for _ in 0..200 {
        let able: Vec<AgentId> = cast.agents().filter(|agent| able(&session, *agent)).collect();
        let Some(agent) = able.get(random.below(able.len() as u64) as usize).copied() else { break };
        if !act(&cast, &mut session, agent, random) {
            break;
        }
    }
    true
}

fn able(session: &Session, agent: AgentId) -> bool {
    matches!(session.state(agent), State::Ready | State::Offering | State::Asking | State::Observing)
}

/// One action of one agent; whether the session goes on.
fn act(cast: &Cast, session: &mut Session, agent: AgentId, random: &mut Random) -> bool {
    match session.state(agent) {
        State::Ready => {
            !matches!(session.run(cast, agent, &mut 100, &mut ()), crate::machine::Stop::Fails(_))
        }
        State::Offering => {
            assert!(session.offer(cast, agent).is_some(), "who stands at a send offers something");
            session.send(cast, agent, &mut ());
            true
        }
        _ => {
            let reply = match session.question(cast, agent) {
                Some(Question::Decide(decision)) => {
                    Reply::Label(random.below(decision.labels.len() as u64) as u16)
                }
                Some(Question::Observe { .. }) => Reply::Accepted,
                Some(_) => Reply::Value(value(random)),
                None => return false,
            };
            session.answer(cast, agent, reply, &mut ());
            assert_eq!(session.state(agent), State::Ready, "an answer that fits is taken");
            true
        }
    }
}

fn value(random: &mut Random) -> Value {
    match random.below(5) {
        0 => Value::None,
        1 => Value::Bool(random.below(2) == 0),
        2 => Value::text("text"),
        3 => Value::record([("n".into(), Value::Int(1))]),
        _ => Value::Int(random.bits() as i64),
    }
}
