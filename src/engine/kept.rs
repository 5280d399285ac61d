//! What an engine is asked when it was taken from where it is kept: its casts are given to it again, and it says which calls
//! wait for their answers.
//!
//! Is not: the keeping. All that an engine is derives `Serialize`, but for casts and what is empty between inputs.

use std::sync::Arc;

use crate::effect::call::{Call, CallId};
use crate::engine::answers;
use crate::engine::core::{Engine, Troupe, Waiting, id, parts};
use crate::engine::input::CastId;
use crate::machine::Cast;

impl Engine {
    /// The calls that wait for their answers, as they were made.
    pub fn unanswered(&self) -> impl Iterator<Item = Call> + '_ {
        self.calls.keys().map(|(place, generation)| id(place, generation)).filter_map(|id| self.call(id))
    }

    /// Gives a restored engine its casts; a place that none is given for was retired.
    pub fn recast(&mut self, casts: impl IntoIterator<Item = (CastId, Arc<Cast>)>) {
        self.casts.resize_with(self.chain.casts(), || Troupe { cast: Arc::default(), spare: Vec::new() });
        for (place, cast) in casts {
            if let Some(troupe) = self.casts.get_mut(place.0 as usize) {
                troupe.cast = cast;
            }
        }
    }

    /// A call that waits for its answer, as it was made; none where it was withdrawn.
    #[must_use]
    pub fn call(&self, id: CallId) -> Option<Call> {
        let (place, generation) = parts(id);
        let &Waiting { session, agent, .. } = self.calls.look(place, generation)?;
        let live = self.sessions.look(session.slot, session.generation)?;
        let cast = &*self.casts.get(live.cast as usize)?.cast;
        let role = cast.role(agent);
        let (question, program) = live.question(cast, agent).zip(cast.program(role))?;
        let ask = answers::ask(program, question);
        Some(Call { id, session, role, role_name: Arc::from(program.role_name()), ask })
    }
}
