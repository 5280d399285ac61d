//! The proof by test: what is accepted runs as it is written, on the compiled programs, in the real machine.
//!
//! Small protocols from seeds are projected, compiled, linked and explored exhaustively. Each must show no deadlock,
//! no left-over message, no queue longer than its bound and some queue as long, and exactly the global runs: the sets of
//! what each role lives, over all complete runs, are equal.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use laban::base::id::{LaneId, RoleId, StateId};
use laban::base::value::Value;
use laban::bytecode::program::Program;
use laban::compile::programs;
use laban::global::expr::Expr;
use laban::global::graph::{Act, Graph, Inside, Label};
use laban::global::protocol::{Decision, Protocol, Step};
use laban::local::projection::{Bound, Projection};
use laban::local::{Amend, project};
use laban::machine::Cast;
use laban::machine::question::{Question, Reply};

use crate::explore::{Bounds, Happening, Memory, explore};
use crate::worlds::generate::protocol;

/// Seeds that are tried.
const SEEDS: u64 = 10_000;
/// Happenings of a run that is compared; longer ones are left out on both sides.
const HAPPENINGS_MAX: u32 = 16;
/// Messages that a channel without a bound holds here.
const ROOM: u32 = 2;
/// States of one exploration.
const STATES_MAX: usize = 8_000;

/// What each role lives on each lane, and how each choice and operation goes in turn: a hash of each row.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
struct Lives {
    lives: BTreeMap<(RoleId, u64), u64>,
    happenings: u32,
}

/// Equal in every process: the keys of this hasher are constant.
fn hash(what: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

impl Lives {
    fn add(&mut self, role: RoleId, key: impl Hash, what: impl Hash) -> bool {
        let life = self.lives.entry((role, hash(key))).or_default();
        *life = hash((*life, what));
        self.happenings += 1;
        self.happenings <= HAPPENINGS_MAX
    }

    fn sent(&mut self, from: RoleId, to: RoleId, lane: LaneId, label: &str) -> bool {
        self.add(from, lane, ("!", to, label))
    }

    fn received(&mut self, from: RoleId, to: RoleId, lane: LaneId, label: &str) -> bool {
        self.add(to, lane, ("?", from, label))
    }

    fn decided(&mut self, role: RoleId, choice: &str, label: &str) -> bool {
        self.add(role, choice, label)
    }

    fn performed(&mut self, role: RoleId, operation: &str) -> bool {
        self.add(role, operation, ())
    }
}

impl Memory for Lives {
    fn note(&mut self, role: RoleId, what: &Happening) -> bool {
        match what {
            Happening::Sent(to, lane, label) => self.sent(role, *to, *lane, label),
            Happening::Received(from, lane, label) => self.received(*from, role, *lane, label),
            Happening::Decided(choice, label) => self.decided(role, choice, label),
            Happening::Performed(operation) => self.performed(role, operation),
        }
    }
}

/// Every complete global run that is short enough, as the lives of its roles.
struct Runs<'a> {
    protocol: &'a Protocol,
    graph: &'a Graph,
    found: BTreeSet<Lives>,
}

/// What is left to do when an inside is complete.
#[derive(Clone)]
enum Rest {
    /// Go on here.
    Go(StateId),
    /// So many more turns from here, then the rest before this one.
    Turns(i64, StateId),
}

impl Runs<'_> {
    fn walk(&mut self, at: StateId, rest: &[Rest], lives: &Lives) {
        let state = &self.graph.states[at.index()];
        if state.end.is_some() {
            return self.resume(rest, lives);
        }
        for edge in &state.edges {
            let mut lives = lives.clone();
            let fits = match &edge.act {
                Act::Exchange { from, to, label, lane, .. } => {
                    let label = self.label(*label);
                    lives.sent(*from, *to, *lane, &label) && lives.received(*from, *to, *lane, &label)
                }
                Act::Step { role, step, .. } => match &self.protocol.steps[step.index()] {
                    Step::Does { effect, operation, .. } => {
                        lives.performed(*role, &format!("{effect}.{operation}"))
                    }
                    _ => true,
                },
                Act::Decide { role, decision, branch, .. } => {
                    let (name, labels) = match &self.protocol.decisions[decision.index()] {
                        Decision::Asked { name, labels } => (name, labels),
                        Decision::When { .. } | Decision::Outcome(_) => {
                            unreachable!("generated decisions are asked")
                        }
                    };
                    lives.decided(*role, name, &labels[usize::from(*branch)])
                }
                Act::Nest(nest) => {
                    let mut rest = rest.to_vec();
                    rest.push(Rest::Go(edge.to));
                    match &self.graph.nests[nest.index()].inside {
                        Inside::Par(branches) => {
                            rest.extend(branches.iter().rev().map(|(_, entry)| Rest::Go(*entry)));
                        }
                        Inside::Count { count: Expr::Const(Value::Int(turns)), body, .. } => {
                            rest.push(Rest::Turns(*turns, *body));
                        }
                        Inside::Count { .. } => unreachable!("generated counts are literal"),
                        Inside::Scope { .. } => unreachable!("these worlds have no scopes"),
                    }
                    self.resume(&rest, &lives);
                    continue;
                }
            };
            if fits {
                self.walk(edge.to, rest, &lives);
            }
        }
    }

    fn resume(&mut self, rest: &[Rest], lives: &Lives) {
        match rest.split_last() {
            None => {
                self.found.insert(lives.clone());
            }
            Some((Rest::Go(to), before)) => self.walk(*to, before, lives),
            Some((Rest::Turns(0, _), before)) => self.resume(before, lives),
            Some((Rest::Turns(turns, body), before)) => {
                let mut rest = before.to_vec();
                rest.push(Rest::Turns(turns - 1, *body));
                self.walk(*body, &rest, lives);
            }
        }
    }

    fn label(&self, label: Label) -> String {
        match label {
            Label::Message(message) => self.protocol.messages[message.index()].name.to_string(),
            Label::Select(choice, branch) => {
                let choice = &self.protocol.choices[choice.index()];
                format!("{}.{}", choice.name, choice.labels[usize::from(branch)])
            }
            Label::Done(_) | Label::Over(_) => unreachable!("these worlds have no scopes"),
        }
    }
}

/// The programs with room for one message more than proved, so that a wrong bound would show.
fn roomy(programs: Vec<Program>, projection: &Projection) -> Vec<Program> {
    programs
        .into_iter()
        .map(|mut program| {
            let role = RoleId(program.role);
            for channel in &mut program.outgoing {
                channel.capacity = room(projection, role, channel.peer, channel.lane);
            }
            for channel in &mut program.incoming {
                channel.capacity = room(projection, channel.peer, role, channel.lane);
            }
            program
        })
        .collect()
}

fn room(projection: &Projection, from: RoleId, to: RoleId, lane: LaneId) -> u32 {
    match projection.bounds.get(&(from, to, lane)) {
        Some(Bound::Messages(most)) => most + 1,
        _ => ROOM,
    }
}

/// The answers that a participant may give: every label; anything else is nothing.
pub(crate) fn oracle(question: &Question<'_>) -> Vec<Reply> {
    match question {
        Question::Decide(decision) => (0..decision.labels.len() as u16).map(Reply::Label).collect(),
        Question::Observe { .. } => vec![Reply::Accepted],
        Question::Produce { .. } | Question::Perform(..) => vec![Reply::Value(Value::None)],
    }
}

#[derive(Default, Debug)]
struct Tally {
    refused: usize,
    accepted: usize,
    amended: usize,
    exhausted: usize,
    compared: usize,
    runs: usize,
    longest: usize,
}

fn prove(seed: u64, tally: &mut Tally) {
    let protocol = protocol(seed);
    let (projection, _) = project(&protocol, Amend::Auto);
    let Some(projection) = projection else {
        tally.refused += 1;
        return;
    };
    if !projection.liveness.starving.is_empty() {
        tally.refused += 1;
        return;
    }
    tally.accepted += 1;
    tally.amended += usize::from(!projection.selections.is_empty());
    let (code, said) = programs(&protocol, &projection);
    assert!(said.is_empty(), "seed {seed}: {said:?}");
    let cast = Cast::link(roomy(code, &projection)).unwrap_or_else(|why| panic!("seed {seed}: {why:?}"));

    let bounds = Bounds { states: STATES_MAX };
    let all = explore(&cast, (), bounds, oracle);
    assert!(all.flaw.is_none(), "seed {seed}: {:?}", all.flaw);
    for (at, longest) in all.longest.iter().enumerate() {
        let (from, to, lane, _) = cast.mailbox(at).unwrap();
        if let Some(Bound::Messages(most)) = projection.bounds.get(&(from, to, lane)) {
            let most = *most as usize;
            assert!(*longest <= most, "seed {seed}: {from:?} to {to:?} held {longest}, its bound is {most}");
            assert!(!all.exhausted || *longest == most, "seed {seed}: {from:?} to {to:?} never held {most}");
            tally.longest = tally.longest.max(*longest);
        }
    }
    tally.exhausted += usize::from(all.exhausted);

    let told = explore(&cast, Lives::default(), bounds, oracle);
    if told.exhausted && told.flaw.is_none() {
        let shown: BTreeSet<Lives> = told.ends.into_iter().collect();
        let mut runs = Runs { protocol: &protocol, graph: &projection.graph, found: BTreeSet::new() };
        let entry = projection.graph.entry.unwrap();
        runs.walk(entry, &[], &Lives::default());
        assert_eq!(shown, runs.found, "seed {seed}");
        tally.compared += 1;
        tally.runs += shown.len();
    }
}

/// Every second seed, so that two cores share the work.
#[expect(clippy::print_stdout, reason = "the figures of the proof are its result")]
fn half(first: u64) {
    let mut tally = Tally::default();
    for seed in (first..SEEDS).step_by(2) {
        prove(seed, &mut tally);
    }
    println!("{tally:?}");
    let seeds = SEEDS as usize / 2;
    assert_eq!(tally.accepted + tally.refused, seeds);
    assert!(tally.accepted * 10 > seeds * 9, "{tally:?}");
    assert!(tally.amended * 2 > seeds, "{tally:?}");
    assert!(tally.exhausted * 20 > tally.accepted * 19, "{tally:?}");
    assert!(tally.compared * 20 > tally.accepted * 19, "{tally:?}");
    assert!(tally.longest > 2, "{tally:?}");
}

#[test]
fn what_is_accepted_runs_as_it_is_written_even_seeds() {
    half(0);
}

#[test]
fn what_is_accepted_runs_as_it_is_written_odd_seeds() {
    half(1);
}
