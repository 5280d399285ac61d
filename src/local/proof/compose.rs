//! The composition of automata: what all roles together can do, with one queue for each channel.
//!
//! In: automata, a capacity. Out: the moves of a configuration, and what is wrong with it. Is not: the machine; there
//! are no values, and every decision is free.

use std::collections::{BTreeMap, VecDeque};

use crate::base::id::{LaneId, RoleId};
use crate::base::value::Value;
use crate::global::expr::Expr;
use crate::global::graph::Label;
use crate::local::automaton::{Act, Automaton, Inside};

pub(super) type Channel = (RoleId, RoleId, LaneId);

/// Where a role is.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Thread {
    At(u32),
    Par { after: u32, threads: Vec<Thread> },
    Count { after: u32, body: u32, left: i64, inner: Box<Thread> },
}

/// What a role has seen.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Event {
    Sent(RoleId, LaneId, Label),
    Received(RoleId, LaneId, Label),
    Step(u32),
    Decided(u32, u16),
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Config {
    pub(super) roles: Vec<Thread>,
    pub(super) queues: BTreeMap<Channel, VecDeque<Label>>,
}

/// Something that must not be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Trouble {
    Unexpected(Channel, Label),
    LeftOver(Channel),
    Deadlock(RoleId),
}

pub(super) struct Composition<'a> {
    pub(super) automata: &'a [Automaton],
    pub(super) capacity: usize,
}

impl Composition<'_> {
    pub(super) fn start(&self) -> Config {
        let roles = self.automata.iter().map(|a| settle(a, Thread::At(a.entry))).collect();
        Config { roles, queues: BTreeMap::new() }
    }

    /// Every move: who, what it sees, the configuration after it.
    pub(super) fn moves(&self, config: &Config) -> Vec<(RoleId, Event, Config)> {
        let mut moves = Vec::new();
        for (at, automaton) in self.automata.iter().enumerate() {
            let role = RoleId::at(at);
            for (act, thread) in ways(automaton, &config.roles[at]) {
                let Some((event, queues)) = self.apply(role, &act, &config.queues) else { continue };
                let mut next = Config { roles: config.roles.clone(), queues };
                next.roles[at] = settle(automaton, thread);
                moves.push((role, event, next));
            }
        }
        moves
    }

    fn apply(
        &self,
        role: RoleId,
        act: &Act,
        queues: &BTreeMap<Channel, VecDeque<Label>>,
    ) -> Option<(Event, BTreeMap<Channel, VecDeque<Label>>)> {
        match *act {
            Act::Send { to, lane, label, .. } => {
                let mut queues = queues.clone();
                let queue = queues.entry((role, to, lane)).or_default();
                if queue.len() >= self.capacity {
                    return None;
                }
                queue.push_back(label);
                Some((Event::Sent(to, lane, label), queues))
            }
            Act::Receive { from, lane, label, .. } => {
                let channel = (from, role, lane);
                if queues.get(&channel)?.front() != Some(&label) {
                    return None;
                }
                let mut queues = queues.clone();
                let queue = queues.get_mut(&channel)?;
                queue.pop_front();
                if queue.is_empty() {
                    queues.remove(&channel);
                }
                Some((Event::Received(from, lane, label), queues))
            }
            Act::Step(step) => Some((Event::Step(step.0), queues.clone())),
            Act::Decide(decision, branch) => Some((Event::Decided(decision.0, branch), queues.clone())),
            Act::Nest(_) => None,
        }
    }

    /// What is wrong here, given whether any move is left.
    pub(super) fn trouble(&self, config: &Config, moves: bool) -> Option<Trouble> {
        for (at, automaton) in self.automata.iter().enumerate() {
            let over = matches!(&config.roles[at], Thread::At(state)
                if automaton.states[*state as usize].edges.is_empty());
            let mut waiting = config.queues.keys().filter(|channel| channel.1.index() == at);
            if let (true, Some(channel)) = (over, waiting.next()) {
                return Some(Trouble::LeftOver(*channel));
            }
            let mut leaves = Vec::new();
            leaves_of(&config.roles[at], &mut leaves);
            for state in leaves {
                let mut due: BTreeMap<Channel, Vec<Label>> = BTreeMap::new();
                for edge in &automaton.states[state as usize].edges {
                    if let Act::Receive { from, lane, label, .. } = edge.act {
                        due.entry((from, RoleId::at(at), lane)).or_default().push(label);
                    }
                }
                // What is due on another channel may still come; a role whose every channel has begun with
                // something else waits in vain.
                let first = |channel: &Channel| config.queues.get(channel).and_then(|queue| queue.front());
                let wrong = |(channel, labels): (&Channel, &Vec<Label>)| {
                    first(channel).is_some_and(|first| !labels.contains(first))
                };
                if due.iter().all(wrong)
                    && let Some((channel, first)) = due.keys().find_map(|at| Some((*at, *first(at)?)))
                {
                    return Some(Trouble::Unexpected(channel, first));
                }
            }
        }
        if moves {
            return None;
        }
        if let Some((channel, _)) = config.queues.first_key_value() {
            return Some(Trouble::LeftOver(*channel));
        }
        let over = |(at, automaton): (usize, &Automaton)| match &config.roles[at] {
            Thread::At(state) => {
                let state = &automaton.states[*state as usize];
                state.edges.is_empty() || state.may_end
            }
            _ => false,
        };
        let stuck = self.automata.iter().enumerate().position(|role| !over(role))?;
        Some(Trouble::Deadlock(RoleId::at(stuck)))
    }
}

fn leaves_of(thread: &Thread, leaves: &mut Vec<u32>) {
    match thread {
        Thread::At(state) => leaves.push(*state),
        Thread::Par { threads, .. } => threads.iter().for_each(|thread| leaves_of(thread, leaves)),
        Thread::Count { inner, .. } => leaves_of(inner, leaves),
    }
}

/// Enters and leaves nests until the thread stands before an act or has ended.
fn settle(automaton: &Automaton, thread: Thread) -> Thread {
    let over = |thread: &Thread| matches!(thread, Thread::At(state) if automaton.states[*state as usize].edges.is_empty());
    match thread {
        Thread::At(state) => match automaton.states[state as usize].edges.as_slice() {
            [edge] => match edge.act {
                Act::Nest(nest) => match &automaton.nests[nest as usize].inside {
                    Inside::Par(branches) => {
                        let threads = branches.iter().map(|(_, at)| Thread::At(*at)).collect();
                        settle(automaton, Thread::Par { after: edge.to, threads })
                    }
                    Inside::Count { count: Expr::Const(Value::Int(turns)), body, .. } => {
                        if *turns == 0 {
                            return settle(automaton, Thread::At(edge.to));
                        }
                        let inner = Box::new(Thread::At(*body));
                        settle(automaton, Thread::Count { after: edge.to, body: *body, left: *turns, inner })
                    }
                    Inside::Count { .. } | Inside::Scope { .. } => Thread::At(state),
                },
                _ => Thread::At(state),
            },
            _ => Thread::At(state),
        },
        Thread::Par { after, threads } => {
            let threads: Vec<Thread> = threads.into_iter().map(|thread| settle(automaton, thread)).collect();
            if threads.iter().all(over) {
                settle(automaton, Thread::At(after))
            } else {
                Thread::Par { after, threads }
            }
        }
        Thread::Count { after, body, left, inner } => {
            let inner = settle(automaton, *inner);
            match (over(&inner), left) {
                (false, _) => Thread::Count { after, body, left, inner: Box::new(inner) },
                (true, ..=1) => settle(automaton, Thread::At(after)),
                (true, _) => {
                    let inner = Box::new(Thread::At(body));
                    settle(automaton, Thread::Count { after, body, left: left - 1, inner })
                }
            }
        }
    }
}

/// What a thread can do next, unsettled.
fn ways(automaton: &Automaton, thread: &Thread) -> Vec<(Act, Thread)> {
    match thread {
        Thread::At(state) => automaton.states[*state as usize]
            .edges
            .iter()
            .map(|edge| (edge.act.clone(), Thread::At(edge.to)))
            .collect(),
        Thread::Par { after, threads } => {
            let mut all = Vec::new();
            for (at, thread) in threads.iter().enumerate() {
                for (act, next) in ways(automaton, thread) {
                    let mut threads = threads.clone();
                    threads[at] = next;
                    all.push((act, Thread::Par { after: *after, threads }));
                }
            }
            all
        }
        Thread::Count { after, body, left, inner } => ways(automaton, inner)
            .into_iter()
            .map(|(act, next)| {
                (act, Thread::Count { after: *after, body: *body, left: *left, inner: Box::new(next) })
            })
            .collect(),
    }
}
