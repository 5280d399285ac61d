//! Times at which something is due: of scopes that have a limit, of messages that are offered again, and of sessions in
//! which nothing happens.
//!
//! A scope of a session has one time at most; setting it again moves it. Is not: a clock.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize, Serializer};

use crate::base::time::Instant;
use crate::effect::call::SessionId;
use crate::machine::AgentId;

/// What is due.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub(super) enum Due {
    /// The scope that this agent is in.
    Scope(AgentId, u16),
    /// What this agent offers is reviewed again.
    Offer(AgentId),
    /// The session, unless something happened meanwhile.
    Idle,
}

/// The times that are set.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "Times")]
pub(super) struct Timers {
    /// The same, by time.
    order: BTreeSet<(Instant, SessionId, Due)>,
    times: Times,
}

impl Serialize for Timers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.times.serialize(serializer)
    }
}

type Times = BTreeMap<(SessionId, Due), Instant>;

impl From<Times> for Timers {
    fn from(times: Times) -> Self {
        let order = times.iter().map(|((session, due), at)| (*at, *session, *due)).collect();
        Self { order, times }
    }
}

impl Timers {
    /// The first time that is set.
    pub(super) fn first(&self) -> Option<Instant> {
        self.order.first().map(|(at, ..)| *at)
    }

    pub(super) fn set(&mut self, session: SessionId, due: Due, at: Instant) {
        self.clear(session, due);
        self.order.insert((at, session, due));
        self.times.insert((session, due), at);
    }

    pub(super) fn clear(&mut self, session: SessionId, due: Due) {
        if let Some(at) = self.times.remove(&(session, due)) {
            self.order.remove(&(at, session, due));
        }
    }

    /// Forgets the scopes that this agent is in, and what it offers.
    pub(super) fn silence(&mut self, session: SessionId, agent: AgentId) {
        let of = (session, Due::Scope(agent, 0))..=(session, Due::Scope(agent, u16::MAX));
        let set: Vec<Due> = self.times.range(of).map(|((_, due), _)| *due).collect();
        set.into_iter().for_each(|due| self.clear(session, due));
        self.clear(session, Due::Offer(agent));
    }

    /// Forgets everything of a session.
    pub(super) fn forget(&mut self, session: SessionId) {
        while let Some((key, _)) = self.times.range((session, Due::Scope(AgentId(0), 0))..).next()
            && key.0 == session
        {
            let (session, due) = *key;
            self.clear(session, due);
        }
    }

    /// Whether something of the session has a time: a scope, or a message that is offered again.
    pub(super) fn has_any(&self, session: SessionId) -> bool {
        let mut of = self.times.range((session, Due::Scope(AgentId(0), 0))..(session, Due::Idle));
        of.next().is_some()
    }

    /// Takes what is due first, if its time has come.
    pub(super) fn take(&mut self, now: Instant) -> Option<(SessionId, Due)> {
        let (at, session, due) = *self.order.first()?;
        if at > now {
            return None;
        }
        self.clear(session, due);
        Some((session, due))
    }
}
