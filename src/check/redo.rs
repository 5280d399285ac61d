//! A session that makes moves one at a time, as they were kept: what a search has found is made again.
//!
//! Values that nobody knows are those of the search; a value that is written out is taken as it is.
//! Is not: a search, and moves nothing by itself but what `turn` settles after every move.

use std::sync::Arc;

use crate::base::id::RoleId;
use crate::base::json::{from_json, to_json};
use crate::base::value::Value;
use crate::check::moves::{Act, Move};
use crate::check::opening::openings;
use crate::check::pick::Free;
use crate::check::replay::named;
use crate::check::turn::State;
use crate::check::watch::{Abort, Heard, Watch};
use crate::machine::question::{Question, Reply};
use crate::machine::session::State as Doing;
use crate::machine::{AgentId, Cast};

/// A session on its way.
#[derive(Debug)]
pub struct Redo {
    cast: Arc<Cast>,
    state: Option<State>,
    watch: Watch,
}

/// How a session ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum End {
    /// Every role is at its end, or released.
    Completed,
    /// A role could not go on.
    Abort(Abort),
    /// What happened to a role, or to the session, was taken by no scope: its code, and what it was.
    Untaken(Option<RoleId>, &'static str, &'static str),
    /// Nobody can move, and not everybody is done.
    Stuck(Option<RoleId>),
}

impl Redo {
    /// A session that is opened with these parameters; what is not given is as a search would try it first.
    #[must_use]
    pub fn open(cast: Arc<Cast>, given: &[(Arc<str>, Value)]) -> (Self, Option<End>) {
        let mut watch = Watch { heard: Some(Vec::new()), ..Watch::new(&cast) };
        let same = |one: &Vec<(Arc<str>, Value)>| {
            given.iter().all(|(name, value)| {
                one.iter().any(|(have, tried)| have == name && to_json(tried) == to_json(value))
            })
        };
        let openings = openings(&cast);
        let mut values =
            openings.iter().find(|one| same(one)).or(openings.first()).cloned().unwrap_or_default();
        for (name, value) in &mut values {
            let written = given.iter().find(|(have, _)| have == name);
            if let Some((_, written)) = written.filter(|(_, written)| to_json(written) != to_json(value)) {
                *value = written.clone();
            }
        }
        match State::given(&cast, &values, &mut watch) {
            Ok(state) => {
                let redo = Self { cast, state: Some(state), watch };
                let end = redo.end();
                (redo, end)
            }
            Err(abort) => (Self { cast, state: None, watch }, Some(End::Abort(abort))),
        }
    }

    /// What has happened since it was last asked.
    pub fn heard(&mut self) -> Vec<Heard> {
        self.watch.heard.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// The moves that can be made.
    #[must_use]
    pub fn moves(&self) -> Vec<Move> {
        let Some(state) = &self.state else { return Vec::new() };
        let cast = &*self.cast;
        let own = cast.agents().flat_map(|agent| state.picks(cast, agent, Free::ALL).picks);
        let all = own.chain(state.happens(cast, Free::ALL));
        all.map(|pick| named(cast, state, pick)).collect()
    }

    /// Makes one move; gives the end if that was the last.
    ///
    /// # Errors
    /// If it cannot be made now.
    pub fn make(&mut self, one: &Move) -> Result<Option<End>, String> {
        let cast = self.cast.clone();
        let Some(state) = &mut self.state else { return Err("the session is over".to_owned()) };
        let own = cast.agents().flat_map(|agent| state.picks(&cast, agent, Free::ALL).picks);
        let mut all = own.chain(state.happens(&cast, Free::ALL));
        let pick = all.find(|pick| same(&named(&cast, state, *pick), one));
        drop(all);
        let made = match pick {
            Some(pick) => state.apply(&cast, pick, &mut self.watch),
            None => match written(&cast, state, one) {
                Some(Written::Reply(agent, reply)) => state.reply(&cast, agent, reply, &mut self.watch),
                Some(Written::Over(end)) => {
                    self.state = None;
                    return Ok(Some(end));
                }
                None => return Err(format!("`{one}` cannot be done now")),
            },
        };
        if let Err(abort) = made {
            self.state = None;
            return Ok(Some(End::Abort(abort)));
        }
        let end = self.end();
        if end.is_some() {
            self.state = None;
        }
        Ok(end)
    }

    /// The messages that roles wait for: who, which, from whom.
    #[must_use]
    pub fn awaited(&self) -> Vec<(RoleId, Arc<str>, RoleId)> {
        self.state.as_ref().map_or_else(Vec::new, |state| state.session.awaited(&self.cast))
    }

    fn end(&self) -> Option<End> {
        let state = self.state.as_ref()?;
        if state.session.is_finished(&self.cast) || state.session.may_end(&self.cast) {
            return Some(End::Completed);
        }
        // As in a search: time and what comes from outside alone are no way out.
        let cast = &*self.cast;
        if cast.agents().any(|agent| !state.picks(cast, agent, Free::NONE).picks.is_empty()) {
            return None;
        }
        let waits = |agent: &AgentId| !matches!(state.session.state(*agent), Doing::Idle | Doing::Joining);
        Some(End::Stuck(self.cast.agents().find(waits).map(|agent| self.cast.role(agent))))
    }
}

/// A move that no search would try.
enum Written {
    Reply(AgentId, Reply),
    /// What happens is taken by no scope, and ends the session.
    Over(End),
}

/// What a move means that is none of those a search would try: a value that is written out, or trouble outside of
/// every scope.
fn written(cast: &Cast, state: &State, one: &Move) -> Option<Written> {
    if one.act == Act::Cancel {
        let over = End::Untaken(None, "E0511", "the session was cancelled from outside");
        return Some(Written::Over(over));
    }
    let by_name = |agent: &AgentId| {
        cast.program(cast.role(*agent)).is_some_and(|program| program.role_name() == &*one.role)
            && cast.thread(*agent) == one.thread
    };
    let agent = cast.agents().find(by_name)?;
    let over = |code, what| Some(Written::Over(End::Untaken(Some(cast.role(agent)), code, what)));
    match (&one.act, state.session.state(agent), state.session.question(cast, agent)) {
        (Act::Give(value), _, Some(question)) => {
            let ty = match question {
                Question::Produce { message, .. } => &message.ty,
                Question::Perform(operation, _) => &operation.result,
                _ => return None,
            };
            let value = from_json(&to_json(value), ty).ok()?;
            Some(Written::Reply(agent, Reply::Value(value)))
        }
        (Act::Deny, Doing::Offering, _) => over("E0515", "what it offered was denied"),
        (Act::Refuse, Doing::Observing, _) => over("E0510", "what it was shown was refused"),
        (Act::Fail(_), Doing::Asking, Some(Question::Perform(..))) => over("E0509", "its effect failed"),
        (Act::Fail(_), Doing::Asking, _) => over("E0508", "its participant failed"),
        _ => None,
    }
}

/// Whether two moves are the same, values as they are written.
fn same(a: &Move, b: &Move) -> bool {
    let values = match (&a.act, &b.act) {
        (Act::Give(a), Act::Give(b)) | (Act::Suppose(a), Act::Suppose(b)) => to_json(a) == to_json(b),
        (a, b) => a == b,
    };
    values && a.role == b.role && a.thread == b.thread
}
