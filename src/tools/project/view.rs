//! A role's automaton with numbers and names for people: what the formats of `project` have in common.
//!
//! In go a protocol and one of its automata; out come states in the order in which they are met from the entry.
//! Is not: a format.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::base::cause::COMPLETED;
use crate::base::id::{ChoiceId, LaneId, RoleId, ScopeId, StepId};
use crate::diag::source::Sources;
use crate::global::graph::Label;
use crate::global::protocol::{Decision, Payload, Protocol, ScopeKind, Step};
use crate::local::automaton::{self, Automaton, Inside};
use crate::tools::project::expr;

/// An automaton with names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Local {
    /// The protocol.
    pub protocol: String,
    /// Whose.
    pub role: String,
    /// The states, the entry first.
    pub states: Vec<State>,
}

/// A state.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct State {
    /// What kind of state.
    pub kind: Kind,
    /// Whether the session may be complete while the role waits here.
    pub may_end: bool,
    /// The ways on, in order.
    pub edges: Vec<Edge>,
}

/// What kind of state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// The role sends.
    Send,
    /// The role waits for one of its edges.
    Receive,
    /// The role decides for one of its edges.
    Decide,
    /// The role does something by itself.
    Step,
    /// The role goes through an inside: a `par`, a counted loop or a scope.
    Nest,
    /// The role is done.
    End,
    /// A branch of a `par` is done.
    Join,
    /// A turn of a counted loop is done.
    Turn,
    /// The role is through a scope.
    Through,
    /// What it stands in is never complete: only the end of a scope or of the session leads on.
    Stay,
}

/// One way on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Edge {
    /// What.
    pub act: Act,
    /// The state after it.
    pub to: usize,
    /// The lines of the source that it comes from, from 1.
    pub lines: Vec<usize>,
}

/// What happens on the way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Act {
    /// Sends or receives one message.
    Message {
        /// Whether the role is its sender.
        sends: bool,
        /// The other role.
        peer: String,
        /// The message; of a selection `choice.label`.
        label: String,
        /// Whether it is a selection.
        selection: bool,
        /// The lane; empty for the trunk.
        lane: String,
        /// How the payload is made, where the role sends: `asked`, `expression` or `empty`.
        payload: Option<&'static str>,
    },
    /// Does a local step, as the language would write it.
    Step(String),
    /// Takes a label.
    Decide {
        /// Of this choice.
        choice: String,
        /// This one.
        label: String,
    },
    /// Goes through all of these at the same time: lanes and the states where they begin.
    Par(Vec<(String, usize)>),
    /// Goes through this so many times.
    Count {
        /// How many, as an expression.
        count: String,
        /// What the turn is called.
        turn: Option<String>,
        /// The state where a turn begins.
        body: usize,
    },
    /// Goes through this, which its owner may end early.
    Scope {
        /// Its name.
        name: String,
        /// The state where it begins.
        body: usize,
    },
}

impl Local {
    /// The view of an automaton.
    #[must_use]
    pub fn new(protocol: &Protocol, automaton: &Automaton, sources: &Sources) -> Self {
        let order = order(automaton);
        let numbers: BTreeMap<u32, usize> =
            order.iter().enumerate().map(|(number, at)| (*at, number)).collect();
        let names = Names { protocol, sources, numbers };
        let insides = insides(automaton);
        let mut trunk = BTreeSet::new();
        reach(automaton, automaton.entry, &mut trunk);
        let states = order
            .iter()
            .filter_map(|at| automaton.states.get(*at as usize).map(|state| (at, state)))
            .map(|(at, state)| {
                let edges: Vec<Edge> =
                    state.edges.iter().filter_map(|edge| names.edge(automaton, edge)).collect();
                // Minimised, the end of a branch and the end of all may be one state.
                let ended = if state.stays {
                    Kind::Stay
                } else if trunk.contains(at) {
                    Kind::End
                } else {
                    insides.get(at).copied().unwrap_or(Kind::End)
                };
                State {
                    kind: edges.first().map_or(ended, |edge| kind(&edge.act)),
                    may_end: state.may_end,
                    edges,
                }
            });
        Self { protocol: protocol.name.clone(), role: names.role(automaton.role), states: states.collect() }
    }
}

const fn kind(act: &Act) -> Kind {
    match act {
        Act::Message { sends: true, .. } => Kind::Send,
        Act::Message { .. } => Kind::Receive,
        Act::Step(_) => Kind::Step,
        Act::Decide { .. } => Kind::Decide,
        Act::Par(_) | Act::Count { .. } | Act::Scope { .. } => Kind::Nest,
    }
}

/// The states where the inside of an act begins.
fn inside_entries(automaton: &Automaton, act: &automaton::Act) -> Vec<u32> {
    let automaton::Act::Nest(nest) = act else { return Vec::new() };
    match automaton.nests.get(*nest as usize).map(|nest| &nest.inside) {
        Some(Inside::Par(branches)) => branches.iter().map(|(_, entry)| *entry).collect(),
        Some(Inside::Count { body, .. } | Inside::Scope { body, .. }) => vec![*body],
        None => Vec::new(),
    }
}

/// The states that can be reached, each branch to its end; the inside of a nest comes before what follows it.
fn order(automaton: &Automaton) -> Vec<u32> {
    let mut order = Vec::new();
    let mut seen = BTreeSet::new();
    let mut next = vec![automaton.entry];
    while let Some(at) = next.pop() {
        let Some(state) = automaton.states.get(at as usize) else { continue };
        if !seen.insert(at) {
            continue;
        }
        order.push(at);
        // The last one that is put there is met first.
        for edge in state.edges.iter().rev() {
            next.push(edge.to);
            next.extend(inside_entries(automaton, &edge.act).into_iter().rev());
        }
    }
    order
}

/// For each state inside of a nest how the inside ends: a branch, else a turn, else a scope, where it is in several.
fn insides(automaton: &Automaton) -> BTreeMap<u32, Kind> {
    let mut found = BTreeMap::new();
    for wanted in [Kind::Through, Kind::Turn, Kind::Join] {
        for nest in &automaton.nests {
            let (kind, entries) = match &nest.inside {
                Inside::Par(branches) => (Kind::Join, branches.iter().map(|(_, entry)| *entry).collect()),
                Inside::Count { body, .. } => (Kind::Turn, vec![*body]),
                Inside::Scope { body, .. } => (Kind::Through, vec![*body]),
            };
            if kind == wanted {
                let mut inside = BTreeSet::new();
                entries.into_iter().for_each(|entry| reach(automaton, entry, &mut inside));
                found.extend(inside.into_iter().map(|at| (at, kind)));
            }
        }
    }
    found
}

fn reach(automaton: &Automaton, entry: u32, seen: &mut BTreeSet<u32>) {
    let mut next = vec![entry];
    while let Some(at) = next.pop() {
        if seen.insert(at)
            && let Some(state) = automaton.states.get(at as usize)
        {
            next.extend(state.edges.iter().map(|edge| edge.to));
        }
    }
}

struct Names<'a> {
    protocol: &'a Protocol,
    sources: &'a Sources,
    numbers: BTreeMap<u32, usize>,
}

impl Names<'_> {
    fn number(&self, state: u32) -> usize {
        self.numbers.get(&state).copied().unwrap_or(0)
    }

    fn role(&self, role: RoleId) -> String {
        self.protocol.roles.get(role.index()).map_or_else(|| "?".to_owned(), |role| role.name.clone())
    }

    fn lane(&self, lane: LaneId) -> String {
        self.protocol.lanes.get(lane.index()).map_or_else(String::new, |lane| lane.name.to_string())
    }

    fn label(&self, label: Label) -> String {
        match label {
            Label::Message(message) => {
                self.protocol.messages.get(message.index()).map_or_else(String::new, |m| m.name.to_string())
            }
            Label::Select(choice, branch) => self.choice(choice, branch),
            Label::Done(scope) => format!("{}.through", self.scope(scope)),
            Label::Over(scope) => format!("{}.over", self.scope(scope)),
        }
    }

    fn scope(&self, scope: ScopeId) -> &str {
        self.protocol.scopes.get(scope.index()).map_or("?", |scope| &scope.name)
    }

    fn choice(&self, choice: ChoiceId, branch: u16) -> String {
        let Some(choice) = self.protocol.choices.get(choice.index()) else { return "?".to_owned() };
        let label = choice.labels.get(usize::from(branch)).map_or("?", AsRef::as_ref);
        format!("{}.{label}", choice.name)
    }

    fn edge(&self, automaton: &Automaton, edge: &automaton::Edge) -> Option<Edge> {
        let lines: BTreeSet<usize> = edge
            .sites
            .iter()
            .filter_map(|site| {
                let span = self.protocol.sites.get(site.index())?.span;
                Some(self.sources.source(span.source)?.line_column(span.start).0)
            })
            .collect();
        Some(Edge {
            act: self.act(automaton, &edge.act)?,
            to: self.number(edge.to),
            lines: lines.into_iter().collect(),
        })
    }

    fn act(&self, automaton: &Automaton, act: &automaton::Act) -> Option<Act> {
        Some(match act {
            automaton::Act::Send { to, lane, label, payload, .. } => Act::Message {
                sends: true,
                peer: self.role(*to),
                label: self.label(*label),
                selection: !matches!(label, Label::Message(_)),
                lane: self.lane(*lane),
                payload: Some(match (label, self.protocol.payloads.get(payload.index())) {
                    (Label::Message(_), Some(Payload::Asked)) => "asked",
                    (Label::Message(_), Some(Payload::Expr(_))) => "expression",
                    _ => "empty",
                }),
            },
            automaton::Act::Receive { from, lane, label, .. } => Act::Message {
                sends: false,
                peer: self.role(*from),
                label: self.label(*label),
                selection: !matches!(label, Label::Message(_)),
                lane: self.lane(*lane),
                payload: None,
            },
            automaton::Act::Step(step) => Act::Step(self.step(*step)),
            automaton::Act::Decide(decision, branch) => {
                let at = usize::from(*branch);
                let label = |labels: &[Arc<str>]| labels.get(at).map_or("?", AsRef::as_ref).to_owned();
                let (choice, label) = match self.protocol.decisions.get(decision.index())? {
                    Decision::Asked { name, labels } => (name.to_string(), label(labels)),
                    Decision::When { labels, conditions } => {
                        (self.condition(conditions.get(at)), label(labels))
                    }
                    Decision::Outcome(scope) => (self.scope(*scope).to_owned(), self.outcome(*scope, at)),
                };
                Act::Decide { choice, label }
            }
            automaton::Act::Nest(nest) => match &automaton.nests.get(*nest as usize)?.inside {
                Inside::Par(branches) => Act::Par(
                    branches.iter().map(|(lane, entry)| (self.lane(*lane), self.number(*entry))).collect(),
                ),
                Inside::Count { count, turn, body } => Act::Count {
                    count: expr::text(self.protocol, count),
                    turn: turn.map(|turn| expr::var(self.protocol, turn)),
                    body: self.number(*body),
                },
                Inside::Scope { scope, body, .. } => {
                    Act::Scope { name: self.scope(*scope).to_owned(), body: self.number(*body) }
                }
            },
        })
    }

    /// How a `try` ended, in its branch `at`.
    fn outcome(&self, scope: ScopeId, at: usize) -> String {
        let kind = self.protocol.scopes.get(scope.index()).map(|scope| &scope.kind);
        match (kind, at.checked_sub(1)) {
            (Some(ScopeKind::Try(handlers)), Some(at)) => {
                handlers.get(at).map_or_else(|| "?".to_owned(), |handler| handler.cause.to_string())
            }
            _ => COMPLETED.to_owned(),
        }
    }

    /// `when e`, or `otherwise` for the branch without a condition.
    fn condition(&self, condition: Option<&Option<crate::global::expr::Expr>>) -> String {
        match condition {
            Some(Some(condition)) => format!("when {}", expr::text(self.protocol, condition)),
            _ => "otherwise".to_owned(),
        }
    }

    fn step(&self, step: StepId) -> String {
        match self.protocol.steps.get(step.index()) {
            Some(Step::Let(var, value)) => {
                format!("let {} = {}", expr::var(self.protocol, *var), expr::text(self.protocol, value))
            }
            Some(Step::Does { effect, operation, args, bind, .. }) => {
                let args: Vec<String> = args
                    .iter()
                    .map(|(name, value)| format!("{name}: {}", expr::text(self.protocol, value)))
                    .collect();
                let bind =
                    bind.map(|var| format!(" as {}", expr::var(self.protocol, var))).unwrap_or_default();
                format!("does {effect}.{operation}({}){bind}", args.join(", "))
            }
            Some(Step::Fail(name, Some(with))) => {
                format!("fail {name} with {}", expr::text(self.protocol, with))
            }
            Some(Step::Fail(name, None)) => format!("fail {name}"),
            None => "?".to_owned(),
        }
    }
}
