//! What a role's automaton uses: threads, channels, messages, and the names that each thread reads and writes.
//!
//! A name that is never read gets no slot, so that what is received and not looked at is dropped at once.
//! Is not: code.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::id::{LaneId, RoleId, ScopeId, VarId};
use crate::global::expr::{Expr, Part};
use crate::global::graph::Label;
use crate::global::protocol::{Decision, Payload, Protocol, ScopeKind, Step};
use crate::local::automaton::{Act, Automaton, Inside};

/// What one thread does with a name.
#[derive(Clone, Copy, Default)]
pub(super) struct Use {
    pub(super) reads: bool,
    pub(super) writes: bool,
}

/// What an automaton uses.
pub(super) struct Survey {
    /// The thread that starts each thread; the trunk, thread 0, starts itself.
    pub(super) parents: Vec<u16>,
    /// The thread of each branch of a `par` in which the role is in several.
    pub(super) threads: BTreeMap<LaneId, u16>,
    pub(super) outgoing: BTreeSet<(RoleId, LaneId)>,
    pub(super) incoming: BTreeSet<(RoleId, LaneId)>,
    pub(super) labels: BTreeSet<Label>,
    /// By name, by thread.
    pub(super) uses: BTreeMap<VarId, BTreeMap<u16, Use>>,
}

pub(super) fn survey(protocol: &Protocol, automaton: &Automaton) -> Survey {
    let mut survey = Survey {
        parents: vec![0],
        threads: BTreeMap::new(),
        outgoing: BTreeSet::new(),
        incoming: BTreeSet::new(),
        labels: BTreeSet::new(),
        uses: BTreeMap::new(),
    };
    let mut seen = BTreeSet::new();
    let mut open = vec![(automaton.entry, 0_u16)];
    while let Some((state, thread)) = open.pop() {
        if !seen.insert((state, thread)) {
            continue;
        }
        let Some(state) = automaton.states.get(state as usize) else { continue };
        for edge in &state.edges {
            survey.act(protocol, automaton, &edge.act, thread, &mut open);
            open.push((edge.to, thread));
        }
    }
    for param in &protocol.params {
        if let Some(uses) = survey.uses.get_mut(&param.var) {
            uses.entry(0).or_default().writes = true;
        }
    }
    survey
}

impl Survey {
    fn act(
        &mut self,
        protocol: &Protocol,
        automaton: &Automaton,
        act: &Act,
        thread: u16,
        open: &mut Vec<(u32, u16)>,
    ) {
        match act {
            Act::Send { to, lane, label, payload, var } => {
                self.outgoing.insert((*to, *lane));
                self.labels.insert(*label);
                if let Some(Payload::Expr(expr)) = protocol.payloads.get(payload.index()) {
                    self.reads(expr, thread);
                }
                self.writes(*var, thread);
            }
            Act::Receive { from, lane, label, var } => {
                self.incoming.insert((*from, *lane));
                self.labels.insert(*label);
                self.writes(*var, thread);
            }
            Act::Step(step) => match protocol.steps.get(step.index()) {
                Some(Step::Let(var, expr)) => {
                    self.reads(expr, thread);
                    self.writes(Some(*var), thread);
                }
                Some(Step::Does { args, bind, .. }) => {
                    args.iter().for_each(|(_, expr)| self.reads(expr, thread));
                    self.writes(*bind, thread);
                }
                Some(Step::Fail(_, value)) => value.iter().for_each(|expr| self.reads(expr, thread)),
                None => {}
            },
            Act::Decide(decision, _) => {
                if let Some(Decision::When { conditions, .. }) = protocol.decisions.get(decision.index()) {
                    conditions.iter().flatten().for_each(|expr| self.reads(expr, thread));
                }
            }
            Act::Nest(nest) => match automaton.nests.get(*nest as usize).map(|nest| &nest.inside) {
                Some(Inside::Par(branches)) => {
                    for (lane, entry) in branches {
                        let next = self.parents.len() as u16;
                        let child = *self.threads.entry(*lane).or_insert(next);
                        if child == next {
                            self.parents.push(thread);
                        }
                        open.push((*entry, child));
                    }
                }
                Some(Inside::Scope { scope, body, .. }) => {
                    self.scope(protocol, automaton.role, *scope, (*body, thread), open);
                }
                Some(Inside::Count { count, turn, body }) => {
                    self.reads(count, thread);
                    self.writes(*turn, thread);
                    open.push((*body, thread));
                }
                None => {}
            },
        }
    }

    /// A scope as its owner or a member uses it. The owner of a `collect` does not go through its body.
    fn scope(
        &mut self,
        protocol: &Protocol,
        role: RoleId,
        id: ScopeId,
        (body, thread): (u32, u16),
        open: &mut Vec<(u32, u16)>,
    ) {
        let Some(scope) = protocol.scopes.get(id.index()) else { return };
        let owns = scope.owner == role;
        if owns {
            scope.within.iter().for_each(|expr| self.reads(expr, thread));
        }
        match &scope.kind {
            ScopeKind::Try(handlers) => {
                if owns {
                    handlers.iter().for_each(|handler| self.writes(handler.bind, thread));
                }
                open.push((body, thread));
            }
            ScopeKind::Collect(collect) if owns => {
                for member in &collect.members {
                    self.incoming.insert((*member, scope.lane));
                    self.outgoing.insert((*member, scope.lane));
                }
                self.labels.extend([Label::Message(collect.message), Label::Over(id)]);
                self.writes(Some(collect.list), thread);
                self.writes(Some(collect.missing), thread);
                collect.until.iter().for_each(|expr| self.reads(expr, thread));
            }
            ScopeKind::Collect(_) => {
                self.incoming.insert((scope.owner, scope.lane));
                self.labels.insert(Label::Over(id));
                open.push((body, thread));
            }
        }
    }

    fn writes(&mut self, var: Option<VarId>, thread: u16) {
        if let Some(var) = var {
            self.uses.entry(var).or_default().entry(thread).or_default().writes = true;
        }
    }

    fn reads(&mut self, expr: &Expr, thread: u16) {
        mentioned(expr, &mut |var| self.uses.entry(var).or_default().entry(thread).or_default().reads = true);
    }
}

/// Calls `visit` with every name in an expression; the item of a lambda counts too.
pub(super) fn mentioned(expr: &Expr, visit: &mut impl FnMut(VarId)) {
    let mut open = vec![expr];
    while let Some(expr) = open.pop() {
        match expr {
            Expr::Const(_) => {}
            Expr::Var(var) => visit(*var),
            Expr::Text(parts) | Expr::List(parts) => open.extend(parts),
            Expr::Record(parts) | Expr::Variant(_, parts) => {
                open.extend(parts.iter().map(|part| match part {
                    Part::Field(_, expr) | Part::Spread(expr) => expr,
                }));
            }
            Expr::Field(expr, _)
            | Expr::Unary(_, expr)
            | Expr::Fold(_, expr)
            | Expr::Is(expr, _)
            | Expr::FieldsOf(expr)
            | Expr::From(expr, _) => open.push(expr),
            Expr::Index(a, b) | Expr::Binary(_, a, b) | Expr::Each(_, a, _, b) | Expr::Append(a, b) => {
                open.extend([a.as_ref(), b.as_ref()]);
            }
            Expr::If(a, b, c) => open.extend([a.as_ref(), b.as_ref(), c.as_ref()]),
        }
    }
}
