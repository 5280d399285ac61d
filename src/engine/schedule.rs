//! Who runs next, and what is heard and cleared while they run.
//!
//! Agents that can go on stand in one queue, each at most once: a message touches the agent that waits for it and no
//! other. Turns of sessions that are over are skipped by their generation.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::cause::Cause;
use crate::base::id::RoleId;
use crate::base::time::Duration;
use crate::bytecode::program::{Decision, Kind};
use crate::effect::call::SessionId;
use crate::engine::event::{Event, What};
use crate::guard::{Chain, Cleared, Denied, Guard, Intent};
use crate::machine::AgentId;
use crate::machine::question::Offer;
use crate::machine::world::{Taken, World};

/// An agent that can go on.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Turn {
    pub(super) session: SessionId,
    pub(super) agent: AgentId,
}

/// What happened, if somebody wants to know.
#[derive(Debug, Default)]
pub(super) struct News {
    pub(super) wanted: bool,
    /// Whether what was allowed is told too.
    pub(super) charges: bool,
    pub(super) events: VecDeque<Event>,
}

impl News {
    #[inline]
    pub(super) fn tell(&mut self, session: SessionId, what: impl FnOnce() -> What) {
        if self.wanted {
            self.events.push_back(Event { session, what: what() });
        }
    }
}

/// The ears of an engine while an agent runs.
pub(super) struct Ears<'a> {
    pub(super) session: SessionId,
    pub(super) ready: &'a mut VecDeque<Turn>,
    pub(super) news: &'a mut News,
    pub(super) chain: &'a mut Chain,
    /// The number of the cast whose agent runs.
    pub(super) cast: u32,
    /// Whether a message was cleared.
    pub(super) cleared: bool,
    /// Agents that were woken.
    pub(super) woken: u32,
    /// What was heard of scopes and must be seen to after the turn.
    pub(super) words: &'a mut Vec<Word>,
    /// Why the message that the agent offers was not cleared.
    pub(super) denied: Option<(Denied, Arc<str>)>,
}

/// What the engine must see to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Word {
    /// An owner has so much time.
    Entered(AgentId, u16, Duration),
    /// A role is through with a scope.
    Left(AgentId, u16),
    /// The answer to this agent's question is no longer wanted, or what it has offered is no longer meant.
    Withdrawn(AgentId),
}

impl<'a> Ears<'a> {
    #[inline]
    pub(super) fn new(
        session: SessionId,
        ready: &'a mut VecDeque<Turn>,
        news: &'a mut News,
        chain: &'a mut Chain,
        words: &'a mut Vec<Word>,
    ) -> Self {
        Self { session, ready, news, chain, words, cast: 0, cleared: false, woken: 0, denied: None }
    }
}

impl World for Ears<'_> {
    type Right = Cleared;

    #[inline]
    fn clear(&mut self, offer: &Offer<'_>) -> Option<Cleared> {
        let intent = Intent {
            cast: self.cast,
            session: number(self.session),
            at: offer.at,
            from: offer.from,
            to: offer.to,
            lane: offer.lane,
            message: offer.message,
            payload: offer.payload,
        };
        match self.chain.review(&intent) {
            Ok(cleared) => {
                self.cleared = true;
                if self.news.charges {
                    charged(self.news, self.chain, self.session, offer);
                }
                sent(self.news, self.session, offer);
                Some(cleared)
            }
            Err(denied) => {
                refused(self.news, self.session, offer, denied);
                self.denied = Some((denied, offer.message.name.clone()));
                None
            }
        }
    }

    #[inline]
    fn wake(&mut self, agent: AgentId) {
        self.woken += 1;
        self.ready.push_back(Turn { session: self.session, agent });
    }

    #[inline]
    fn received(&mut self, taken: Taken<'_>) {
        // A selection is heard of where it is sent; its receipt is no news.
        if taken.message.kind == Kind::Data {
            self.news.tell(self.session, || What::Received {
                from: taken.from,
                to: taken.to,
                lane: taken.lane,
                label: taken.message.name.clone(),
                payload: taken.payload.clone(),
            });
        }
    }

    fn entered(&mut self, agent: AgentId, scope: u16, within: Option<Duration>) {
        self.words.extend(within.map(|within| Word::Entered(agent, scope, within)));
    }

    fn left(&mut self, agent: AgentId, scope: u16) {
        self.words.push(Word::Left(agent, scope));
    }

    fn withdrawn(&mut self, agent: AgentId) {
        self.words.push(Word::Withdrawn(agent));
    }

    fn raised(&mut self, role: RoleId, scope: &Arc<str>, cause: &Cause) {
        let tell = || What::Raised { role, scope: scope.clone(), cause: cause.to_string() };
        self.news.tell(self.session, tell);
    }

    fn decided(&mut self, role: RoleId, decision: &Decision, label: u16) {
        self.news.tell(self.session, || decided(role, decision, label));
    }
}

/// The event of a decision.
pub(super) fn decided(role: RoleId, decision: &Decision, label: u16) -> What {
    let label = decision.labels.get(usize::from(label)).cloned().unwrap_or_default();
    What::Decided { role, choice: decision.name.clone(), label }
}

/// A session as the chain numbers it.
#[inline]
pub(super) const fn number(session: SessionId) -> u64 {
    (session.generation as u64) << 32 | session.slot as u64
}

/// The event of a message that was allowed; a word about a scope costs nothing and has none.
#[cold]
fn charged(news: &mut News, chain: &Chain, session: SessionId, offer: &Offer<'_>) {
    if offer.message.kind != Kind::Control {
        let charge = chain.newest();
        news.tell(session, || What::Cleared {
            role: offer.from,
            label: offer.message.name.clone(),
            cost: charge.cost,
            headroom: charge.headroom,
        });
    }
}

/// The event of a message that was denied. What a scenario denies is its own line, and has none.
#[cold]
fn refused(news: &mut News, session: SessionId, offer: &Offer<'_>, denied: Denied) {
    if denied.guard != Guard::Rule {
        news.tell(session, || What::Denied {
            role: offer.from,
            label: offer.message.name.clone(),
            guard: denied.guard,
            code: denied.code,
            kind: denied.kind,
        });
    }
}

/// The event of a message that leaves its sender.
#[inline]
fn sent(news: &mut News, session: SessionId, offer: &Offer<'_>) {
    news.tell(session, || match offer.message.kind {
        Kind::Data => What::Sent {
            from: offer.from,
            to: offer.to,
            lane: offer.lane,
            label: offer.message.name.clone(),
            payload: offer.payload.clone(),
        },
        Kind::Selection | Kind::Control => What::Selected {
            from: offer.from,
            to: offer.to,
            lane: offer.lane,
            label: offer.message.name.clone(),
        },
    });
}
