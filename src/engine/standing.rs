//! Where a session stands: for each thread that is not over, what it waits for.
//!
//! Is not: a way to change anything.

use std::sync::Arc;

use crate::base::id::RoleId;
use crate::effect::call::SessionId;
use crate::engine::core::Engine;
use crate::machine::question::Question;
use crate::machine::session::State;

/// A thread of a role, and what it waits for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Standing {
    /// The role.
    pub role: RoleId,
    /// What it waits for.
    pub waits: Waits,
}

/// What a thread waits for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Waits {
    /// Its turn.
    Turn,
    /// One of these messages, each with its sender.
    Message(Vec<(Arc<str>, RoleId)>),
    /// That the receiver takes what was sent before.
    Room,
    /// That a guard allows what it sends.
    Guard,
    /// An answer: `produce Vote`, `decide Owner#1`, `store.put`.
    Answer(String),
    /// The threads that it started.
    Threads,
    /// The word of a scope's owner.
    Scope,
}

impl Engine {
    /// What each thread of a session waits for; nothing where it is over.
    #[must_use]
    pub fn standing(&self, session: SessionId) -> Vec<Standing> {
        let awaited = self.awaited(session);
        let Some((live, cast)) = self.live(session) else { return Vec::new() };
        let mut all = Vec::new();
        for agent in cast.agents() {
            let role = cast.role(agent);
            let waits = match live.state(agent) {
                State::Idle => continue,
                State::Ready => Waits::Turn,
                State::Offering => Waits::Guard,
                State::Blocked => Waits::Room,
                State::Receiving => {
                    let own = awaited.iter().filter(|(to, ..)| *to == role);
                    Waits::Message(own.map(|(_, label, from)| (label.clone(), *from)).collect())
                }
                State::Asking | State::Observing | State::Supposing => Waits::Answer(
                    live.question(cast, agent).map_or_else(String::new, |question| asked(&question)),
                ),
                State::Joining => Waits::Threads,
                State::Halted => Waits::Scope,
            };
            all.push(Standing { role, waits });
        }
        all
    }
}

/// A question in a few words.
fn asked(question: &Question<'_>) -> String {
    match question {
        Question::Produce { message, .. } => format!("produce {}", message.name),
        Question::Decide(decision) => format!("decide {}", decision.name),
        Question::Perform(operation, _) => format!("{}.{}", operation.effect, operation.name),
        Question::Observe { message, .. } => format!("observe {}", message.name),
    }
}
