//! Every run of one cast, breadth first, so that a flaw is shown by a shortest run.
//!
//! A move runs one agent for one paced instruction, clears what it offers, or gives it one of the answers that the
//! oracle allows. States are sessions, together with what a [`Memory`] keeps of the way; equal ones are met once.
//! Moves that touch no mailbox commute with those of all other agents, so one agent's are enough (partial-order
//! reduction), unless they lead back to a state that is known: then nobody is left out.
//! Is not: timed. Nothing here waits.

use std::convert::Infallible;
use std::hash::Hash;

use indexmap::IndexMap;

use laban::base::id::{LaneId, RoleId};
use laban::bytecode::program::Decision;
use laban::machine::question::{Offer, Question, Reply};
use laban::machine::session::State;
use laban::machine::world::{Taken, World};
use laban::machine::{AgentId, Cast, Session, Stop, Trouble};

/// How far to go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// States to visit at most.
    pub(crate) states: usize,
}

/// What happened in one move, as one role lives it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Happening {
    /// It sent.
    Sent(RoleId, LaneId, String),
    /// It received.
    Received(RoleId, LaneId, String),
    /// It decided.
    Decided(String, String),
    /// An operation of an effect gave its outcome.
    Performed(String),
}

/// What is kept of the way to a state; runs that differ in it are told apart.
pub(crate) trait Memory: Clone + Eq + Hash {
    /// Something happened at a role. Gives false to leave this run here, unexplored.
    fn note(&mut self, role: RoleId, what: &Happening) -> bool;
}

/// Nothing is kept: only sessions are told apart.
impl Memory for () {
    fn note(&mut self, _: RoleId, _: &Happening) -> bool {
        true
    }
}

/// What exploration found.
#[derive(Clone, Debug)]
pub(crate) struct Explored<M> {
    /// States visited.
    pub(crate) states: usize,
    /// Whether every reachable state was visited.
    pub(crate) exhausted: bool,
    /// The first flaw met, with a shortest run that shows it.
    pub(crate) flaw: Option<(Flaw, Vec<(RoleId, Happening)>)>,
    /// The most messages that were seen in each mailbox.
    pub(crate) longest: Vec<usize>,
    /// What was kept of the runs that came to an end.
    pub(crate) ends: Vec<M>,
}

/// What must not happen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Flaw {
    /// Nobody can go on, and not everybody is done.
    Deadlock(Vec<RoleId>),
    /// Everybody is done, and a message is left in this mailbox.
    LeftOver(usize),
    /// A role cannot go on.
    Trouble(RoleId, Trouble),
}

/// Visits every state that `bounds` allow. `oracle` gives the answers that a question may get.
pub(crate) fn explore<M: Memory>(
    cast: &Cast,
    memory: M,
    bounds: Bounds,
    oracle: impl Fn(&Question<'_>) -> Vec<Reply>,
) -> Explored<M> {
    let mut found = Explored {
        states: 0,
        exhausted: true,
        flaw: None,
        longest: vec![0; cast.mailboxes()],
        ends: Vec::new(),
    };
    let mut seen: IndexMap<Node<M>, Way> = IndexMap::new();
    seen.insert(Node { session: Session::new(cast), memory }, Way::default());
    let mut at = 0;
    while let Some((node, _)) = seen.get_index(at) {
        let node = node.clone();
        found.states = at + 1;
        for (mailbox, longest) in found.longest.iter_mut().enumerate() {
            *longest = (*longest).max(node.session.waiting(mailbox));
        }
        let moves = moves(cast, &node, &seen, &oracle);
        let moved = !moves.is_empty();
        for step in moves {
            let way = Way { before: at, happenings: step.happenings };
            if let Some(trouble) = step.trouble {
                found.flaw = Some((Flaw::Trouble(step.role, trouble), run(&seen, way)));
                return found;
            }
            if step.followed {
                seen.entry(step.node).or_insert(way);
            }
        }
        if !moved {
            match flaw(cast, &node.session) {
                Some(flaw) => {
                    let way = Way { before: at, happenings: Vec::new() };
                    found.flaw = Some((flaw, run(&seen, way)));
                    return found;
                }
                None => found.ends.push(node.memory),
            }
        }
        at += 1;
        if seen.len() > bounds.states {
            found.exhausted = false;
            return found;
        }
    }
    found
}

/// A state: a session, and what is kept of the way to it.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Node<M> {
    session: Session,
    memory: M,
}

/// How a state was first reached.
#[derive(Default)]
struct Way {
    before: usize,
    happenings: Vec<(RoleId, Happening)>,
}

/// One move, and where it leads.
struct Step<M> {
    role: RoleId,
    node: Node<M>,
    happenings: Vec<(RoleId, Happening)>,
    trouble: Option<Trouble>,
    followed: bool,
    /// Whether it touches no mailbox.
    alone: bool,
}

/// The moves that have to be followed from a state.
fn moves<M: Memory>(
    cast: &Cast,
    node: &Node<M>,
    seen: &IndexMap<Node<M>, Way>,
    oracle: &impl Fn(&Question<'_>) -> Vec<Reply>,
) -> Vec<Step<M>> {
    let mut all = Vec::new();
    for agent in cast.agents() {
        let own = steps(cast, node, agent, oracle);
        if !own.is_empty() && own.iter().all(|step| step.alone && !seen.contains_key(&step.node)) {
            return own;
        }
        all.extend(own);
    }
    all
}

/// Every move of one agent.
fn steps<M: Memory>(
    cast: &Cast,
    node: &Node<M>,
    agent: AgentId,
    oracle: &impl Fn(&Question<'_>) -> Vec<Reply>,
) -> Vec<Step<M>> {
    let role = cast.role(agent);
    match node.session.state(agent) {
        State::Ready => {
            let mut waits = false;
            let mut step = step(node, role, |session, ears| match session.run(cast, agent, &mut 1, ears) {
                Stop::Fails(trouble) => Some(trouble),
                stop => {
                    waits = stop == Stop::Waits;
                    None
                }
            });
            let received = step.happenings.iter().any(|(_, what)| matches!(what, Happening::Received(..)));
            step.alone = !waits && !received;
            vec![step]
        }
        State::Offering => vec![step(node, role, |session, ears| {
            if let Some(offer) = session.offer(cast, agent) {
                let sent = Happening::Sent(offer.to, offer.lane, offer.message.name.to_string());
                ears.heard.push((offer.from, sent));
            }
            session.send(cast, agent, ears);
            None
        })],
        State::Asking | State::Observing => {
            let Some(question) = node.session.question(cast, agent) else { return Vec::new() };
            let answer = |reply: Reply| {
                let heard = heard(&question, &reply);
                let mut step = step(node, role, |session, ears| {
                    ears.heard.extend(heard.map(|what| (role, what)));
                    session.answer(cast, agent, reply, ears);
                    None
                });
                step.alone = node.session.state(agent) == State::Asking;
                step
            };
            oracle(&question).into_iter().map(answer).collect()
        }
        State::Idle
        | State::Blocked
        | State::Receiving
        | State::Joining
        | State::Supposing
        | State::Halted => Vec::new(),
    }
}

fn step<M: Memory>(
    node: &Node<M>,
    role: RoleId,
    act: impl FnOnce(&mut Session, &mut Ears) -> Option<Trouble>,
) -> Step<M> {
    let mut node = node.clone();
    let mut ears = Ears::default();
    let trouble = act(&mut node.session, &mut ears);
    let followed = ears.heard.iter().all(|(role, what)| node.memory.note(*role, what));
    Step { role, node, happenings: ears.heard, trouble, followed, alone: false }
}

/// What the answer to a question is in a role's life.
fn heard(question: &Question<'_>, reply: &Reply) -> Option<Happening> {
    match (question, reply) {
        (Question::Decide(decision), Reply::Label(label)) => {
            let label = decision.labels.get(usize::from(*label))?;
            Some(Happening::Decided(decision.name.to_string(), label.to_string()))
        }
        (Question::Perform(operation, _), _) => {
            Some(Happening::Performed(format!("{}.{}", operation.effect, operation.name)))
        }
        _ => None,
    }
}

/// What is wrong with a state in which nobody can move.
fn flaw(cast: &Cast, session: &Session) -> Option<Flaw> {
    if session.is_finished(cast) {
        return (0..cast.mailboxes()).find(|at| session.waiting(*at) > 0).map(Flaw::LeftOver);
    }
    if session.may_end(cast) {
        return None;
    }
    let mut stuck: Vec<RoleId> = cast
        .agents()
        .filter(|agent| session.state(*agent) != State::Idle)
        .map(|agent| cast.role(agent))
        .collect();
    stuck.dedup();
    Some(Flaw::Deadlock(stuck))
}

/// The run that ends with `last`.
fn run<M>(seen: &IndexMap<Node<M>, Way>, last: Way) -> Vec<(RoleId, Happening)> {
    let mut parts = vec![last.happenings];
    let mut at = last.before;
    while at > 0 {
        let Some((_, way)) = seen.get_index(at) else { break };
        parts.push(way.happenings.clone());
        at = way.before;
    }
    parts.into_iter().rev().flatten().collect()
}

/// Hears what an agent does while it runs.
#[derive(Default)]
struct Ears {
    heard: Vec<(RoleId, Happening)>,
}

impl World for Ears {
    type Right = Infallible;

    /// Every message is a move of its own.
    fn clear(&mut self, _: &Offer<'_>) -> Option<Infallible> {
        None
    }

    fn received(&mut self, taken: Taken<'_>) {
        let what = Happening::Received(taken.from, taken.lane, taken.message.name.to_string());
        self.heard.push((taken.to, what));
    }

    fn decided(&mut self, role: RoleId, decision: &Decision, label: u16) {
        let label = decision.labels.get(usize::from(label)).map(ToString::to_string).unwrap_or_default();
        self.heard.push((role, Happening::Decided(decision.name.to_string(), label)));
    }
}
