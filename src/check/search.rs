//! Every state that a cast can come to, breadth first, so that what is wrong is shown by a shortest run.
//!
//! Sessions are kept only while they wait to be looked at (`frontier`); of what was looked at, `found` keeps the way.
//!
//! Not every order is followed (partial-order reduction). Where all moves of one agent are *alone*, only they are
//! followed, because whatever the others do first leaves them possible, with the same outcome:
//! - an answer, a supposition, a step of a computation touch no mailbox;
//! - a message is put at the end of a mailbox that has room, of which the agent is the only sender: nobody else can
//!   take the room, and whoever takes the first message does not see the last;
//! - the first message of the only mailbox that the agent waits for is taken: nobody else takes from it, and what is
//!   put behind it does not change it.
//!
//! In a scope the owner's word may end what a member does; then what it has sent there, taken there or been answered is
//! dropped with the scope. So a run in which the word comes first shows nothing that one does not in which it comes
//! after, and the member's moves stay alone. Not alone are: moves of the owner, which may complete the scope, so that
//! time can no longer be up; what raises a cause, which reaches the owner at once; the owner's word, where its receiver
//! is still inside; what is gathered in the order of arrival; anything where a cancellation would be taken.
//!
//! A receive from several mailboxes is not alone: what arrives meanwhile is a choice. Each arrived message is followed
//! as one, since networks keep no order between channels; so it does not matter that a send goes first.
//! No move is put off for ever: where one agent's moves lead back to a state that was looked at before, everybody's
//! are followed there (the cycle proviso, in the form for breadth-first search).
//! Is not: a judge; `graph` reads off what was found here.

use indexmap::map::Entry;

use crate::base::id::RoleId;
pub use crate::check::found::{Cut, Found, Violation};
use crate::check::found::{Edge, Way};
use crate::check::frontier::{Frontier, Taken};
use crate::check::opening::openings;
use crate::check::pick::{Choice, Free, NOBODY, Pick, Picks};
use crate::check::print::{Print, print};
use crate::check::turn::{State, TURNS_SUPPOSED};
use crate::check::watch::{Abort, Watch};
use crate::machine::arrival::Stuck;
use crate::machine::session::State as Doing;
use crate::machine::{AgentId, Cast, Trouble};

/// How far to go, and how.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// States to know at most.
    pub states: usize,
    /// Bytes to hold at most, about.
    pub bytes: usize,
    /// Moves in a row at most.
    pub depth: u32,
    /// Which orders of moves are followed.
    pub orders: Orders,
    /// What may happen from outside.
    pub free: Free,
}

/// Which orders of moves are followed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Orders {
    /// As few as show everything.
    Few,
    /// All of them: the yardstick of the reduction.
    All,
}

/// How far a search has come.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// States that are known.
    pub states: usize,
    /// Of them, those that wait to be looked at.
    pub waiting: usize,
    /// Moves from the beginning.
    pub depth: u32,
}

/// States looked at between two reports of progress.
const REPORT_EVERY: usize = 4_096;
/// Different troubles that are kept.
const TROUBLES_MAX: usize = 8;
/// Of the bytes that are allowed, the part from which on waiting states are kept small.
const DENSE: usize = 64;

/// Looks at every state that the options allow, and tells from time to time how far it is.
#[must_use]
pub fn search(cast: &Cast, options: &Options, tell: &mut dyn FnMut(Progress)) -> Found {
    let mut search = Search::new(cast, *options);
    search.open();
    let mut looked = 0;
    while let Some(mut taken) = search.frontier.take() {
        if looked % REPORT_EVERY == REPORT_EVERY - 1 {
            let depth = search.found.depth;
            tell(Progress { states: search.found.ways.len(), waiting: search.frontier.len(), depth });
        }
        looked += 1;
        search.look(&mut taken);
        search.frontier.done(taken);
        if search.found.violation.is_some() {
            search.found.cut = Some(Cut::Violation);
        }
        if search.found.cut.is_some_and(|cut| cut != Cut::Depth) {
            break;
        }
    }
    search.found.reached = std::mem::take(&mut search.watch.reached);
    search.found
}

struct Search<'a> {
    cast: &'a Cast,
    options: Options,
    frontier: Frontier,
    watch: Watch,
    found: Found,
}

/// A move that was made, and what came of it.
struct Step {
    edge: Edge,
    pick: Pick,
    next: Result<(Print, State), Abort>,
}

impl<'a> Search<'a> {
    fn new(cast: &'a Cast, options: Options) -> Self {
        let frontier = Frontier::new(options.bytes / DENSE);
        Self { cast, options, frontier, watch: Watch::new(cast), found: Found::new(cast) }
    }

    /// Every way in which a session can begin.
    fn open(&mut self) {
        for which in 0..openings(self.cast).len() {
            let pick = Pick { agent: NOBODY, choice: Choice::Open(which as u32) };
            let way = Way { before: u32::MAX, pick, depth: 0 };
            match State::open(self.cast, which, &mut self.watch) {
                Ok(state) => {
                    self.reach(print(&state), state, way, None);
                }
                Err(abort) => self.aborted(abort, u32::MAX, pick),
            }
        }
    }

    /// Judges one state and follows its moves.
    fn look(&mut self, taken: &mut Taken) {
        let cast = self.cast;
        let (at, state) = (taken.at, &taken.state);
        let session = &state.session;
        for mailbox in 0..cast.mailboxes() {
            if let Some(longest) = self.found.longest.get_mut(mailbox) {
                *longest = (*longest).max(session.waiting(mailbox));
            }
        }
        for mailbox in session.blocked() {
            if let Some(full) = self.found.full.get_mut(mailbox) {
                *full = true;
            }
        }
        if let Some(stuck) = session.stuck(cast) {
            let violation = match stuck {
                Stuck::LeftOver(mailbox) => Violation::LeftOver(mailbox),
                Stuck::Unexpected(mailbox) => Violation::Unexpected(mailbox),
            };
            self.found.violation = Some((violation, at, None));
            return;
        }
        let depth = self.found.ways.get_index(at as usize).map_or(0, |(_, way)| way.depth);
        self.found.firsts.push(self.found.edges.len());
        if depth >= self.options.depth {
            self.found.cut = Some(Cut::Depth);
            return;
        }
        let steps = self.steps(at, state);
        if steps.is_empty() {
            return self.halted(at, state);
        }
        for Step { mut edge, pick, next } in steps {
            match next {
                Ok((print, state)) => {
                    let way = Way { before: at, pick, depth: depth + 1 };
                    edge.to = self.reach(print, state, way, Some(taken));
                    self.found.edges.push(edge);
                }
                Err(abort) => self.aborted(abort, at, pick),
            }
        }
    }

    /// The moves that have to be followed from a state, made.
    fn steps(&mut self, at: u32, state: &State) -> Vec<Step> {
        let mut all = Vec::new();
        let free = self.options.free;
        let happens = state.happens(self.cast, free);
        // Whether a cancellation is taken depends on where everybody is.
        let calm =
            self.options.orders == Orders::Few && !happens.iter().any(|pick| pick.choice == Choice::Cancel);
        for agent in self.cast.agents() {
            let Picks { picks, alone } = state.picks(self.cast, agent, free);
            if picks.is_empty() {
                continue;
            }
            self.found.turns |= picks.len() >= TURNS_SUPPOSED
                && matches!(picks.first(), Some(Pick { choice: Choice::Suppose(_), .. }));
            let mut own = Vec::with_capacity(picks.len());
            for pick in picks {
                own.push(self.step(state, pick));
            }
            let back = |step: &Step| match &step.next {
                Ok((print, _)) => {
                    self.found.ways.get_index_of(print).is_some_and(|known| known <= at as usize)
                }
                Err(_) => false,
            };
            if calm && alone && !own.iter().any(back) {
                return own;
            }
            all.append(&mut own);
        }
        // Where nobody moves, time alone may not be the way out.
        if !all.is_empty() {
            all.extend(happens.into_iter().map(|pick| self.step(state, pick)));
        }
        all
    }

    fn step(&mut self, state: &State, pick: Pick) -> Step {
        let role = self.cast.role(pick.agent).0;
        let sent = pick.choice == Choice::Send;
        let bad_luck = pick.is_bad_luck();
        let edge = Edge { to: 0, at: state.session.at(pick.agent), role, sent, bad_luck };
        let mut next = state.clone();
        let outcome = next.apply(self.cast, pick, &mut self.watch);
        Step { edge, pick, next: outcome.map(|()| (print(&next), next)) }
    }

    /// The number of a state; it waits to be looked at, if it is new.
    fn reach(&mut self, print: Print, state: State, way: Way, before: Option<&mut Taken>) -> u32 {
        let known = self.found.ways.len();
        match self.found.ways.entry(print) {
            Entry::Occupied(entry) => entry.index() as u32,
            Entry::Vacant(entry) => {
                self.found.depth = self.found.depth.max(way.depth);
                entry.insert(way);
                self.frontier.put(known as u32, state, before);
                if known >= self.options.states {
                    self.found.cut = Some(Cut::States);
                } else if self.found.held() + self.frontier.held() > self.options.bytes {
                    self.found.cut = Some(Cut::Bytes);
                }
                known as u32
            }
        }
    }

    /// A session that is over before its roles are done: because the protocol says so, or because it may go wrong.
    fn aborted(&mut self, abort: Abort, at: u32, pick: Pick) {
        if matches!(abort.trouble, Trouble::Failed(_)) {
            self.found.ends += 1;
        } else if self.found.supposed(at, pick) {
            let known = self.found.troubles.iter().any(|(have, ..)| *have == abort);
            if !known && self.found.troubles.len() < TROUBLES_MAX {
                self.found.troubles.push((abort, at, pick));
            }
        } else if self.found.violation.is_none() {
            let violation = Violation::Trouble(abort.role, abort.trouble);
            self.found.violation = Some((violation, at, Some(pick)));
        }
    }

    /// A state in which nobody can move.
    fn halted(&mut self, at: u32, state: &State) {
        let session = &state.session;
        if session.is_finished(self.cast) {
            self.found.ends += 1;
            return;
        }
        if session.may_end(self.cast) {
            self.found.ends += 1;
            self.found.released = true;
            return;
        }
        let waits = |agent: &AgentId| session.state(*agent) != Doing::Idle;
        let mut stuck: Vec<RoleId> =
            self.cast.agents().filter(waits).map(|agent| self.cast.role(agent)).collect();
        stuck.dedup();
        self.found.violation = Some((Violation::Deadlock(stuck), at, None));
    }
}
