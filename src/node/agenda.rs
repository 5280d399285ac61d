//! What is due at a node, by time and by the call that it is for.
//!
//! In go answers and tries with their moments; out comes what is due by now, oldest first. A call that is withdrawn is found by
//! its number, however many others wait.
//! Is not: a clock. What a snapshot keeps of it is the list by time.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::base::time::Instant;
use crate::effect::call::{Answer, CallId};

/// What is due at a moment.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) enum Due {
    /// This answer is there.
    Answer(CallId, Answer),
    /// This call is made again, for the so-manieth time.
    Again(CallId, u32),
}

impl Due {
    const fn call(&self) -> CallId {
        match self {
            Self::Answer(call, _) | Self::Again(call, _) => *call,
        }
    }
}

/// When, and the how-manieth of all that was ever noted.
type Moment = (Instant, u64);

/// All that is due.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    moments: BTreeMap<Moment, Due>,
    /// Where each call stands: at one moment, for it is either answered or made again.
    calls: BTreeMap<CallId, Moment>,
}

impl Agenda {
    pub(super) fn note(&mut self, moment: Moment, due: Due) {
        self.calls.insert(due.call(), moment);
        self.moments.insert(moment, due);
    }

    /// The moment of the first thing that is due.
    pub(super) fn first(&self) -> Option<Instant> {
        self.moments.first_key_value().map(|((at, _), _)| *at)
    }

    /// The first thing that is due by now.
    pub(super) fn take(&mut self, now: Instant) -> Option<Due> {
        let first = self.moments.first_entry().filter(|first| first.key().0 <= now)?;
        let due = first.remove();
        self.calls.remove(&due.call());
        Some(due)
    }

    /// Nothing is due for this call any longer.
    pub(super) fn withdraw(&mut self, call: CallId) {
        if let Some(moment) = self.calls.remove(&call) {
            self.moments.remove(&moment);
        }
    }
}

impl Serialize for Agenda {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.moments.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Agenda {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let moments = BTreeMap::<Moment, Due>::deserialize(deserializer)?;
        let calls = moments.iter().map(|(moment, due)| (due.call(), *moment)).collect();
        Ok(Self { moments, calls })
    }
}
