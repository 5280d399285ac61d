//! The engine.
//!
//! Is not: done.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::base::time::Instant;
use crate::engine::effect::Effect;
use crate::engine::event::Event;
use crate::engine::input::{CastId, Input};
use crate::guard::Chain;
use crate::machine::cast::Cast;

/// Sessions and who runs next.
#[derive(Debug, Default)]
pub struct Engine {
    casts: Vec<Arc<Cast>>,
    effects: VecDeque<Effect>,
    events: VecDeque<Event>,
    subscribed: bool,
    chain: Chain,
}

impl Engine {
    /// An engine without sessions.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a cast known, so that sessions of it can be opened.
    pub fn deploy(&mut self, cast: Arc<Cast>) -> CastId {
        self.casts.push(cast);
        CastId(self.casts.len() as u32 - 1)
    }

    /// Whether events are made. They are not, unless somebody wants them.
    pub fn subscribe(&mut self, wanted: bool) {
        self.subscribed = wanted;
    }

    /// Takes one input and does a bounded amount of work. Afterwards drain [`Self::poll_effect`], then
    /// [`Self::poll_event`], then ask [`Self::poll_timeout`].
    pub fn handle(&mut self, now: Instant, input: Input) {
        let _ = (now, input, &self.chain);
    }

    /// The next thing to be carried out.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// The next thing that happened.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// When to call [`Self::handle`] with [`Input::Tick`]: now if work was left over, never if nothing waits for time.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        None
    }
}
