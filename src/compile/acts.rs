//! Sends, receives, local steps and decisions.

use crate::base::id::{DecisionId, LaneId, PayloadId, RoleId, StepId, VarId};
use crate::bytecode::op::Op;
use crate::bytecode::program::{self, Case, Operation, Repetition};
use crate::compile::draft::{Arg, NONE};
use crate::compile::layout::{Context, Layout};
use crate::global::expr::Expr;
use crate::global::graph;
use crate::global::protocol;
use crate::global::protocol::{Decision, Payload, Step};
use crate::local::automaton::{Act, Edge, State};

impl Layout<'_> {
    /// A send. What is sent stays where it is if it has a name from here on, and moves into the mailbox if not.
    pub(super) fn send(
        &mut self,
        (to, lane): (RoleId, LaneId),
        label: graph::Label,
        payload: PayloadId,
        var: Option<VarId>,
    ) {
        let channel = self.outgoing.iter().position(|channel| (channel.peer, channel.lane) == (to, lane));
        let channel = self.draft.known(channel);
        let channel = self.draft.small(channel);
        let message = Arg::Is(self.draft.known(self.labels.get(&label).copied()));
        if !matches!(label, graph::Label::Message(_)) {
            return self.draft.put(Op::Select, channel, message, NONE);
        }
        let slot = var.and_then(|var| self.slot(var));
        let mark = self.draft.temps();
        let protocol = self.protocol;
        let constant = match protocol.payloads.get(payload.index()) {
            Some(Payload::Expr(Expr::Const(value))) => Some(value.clone()),
            Some(Payload::Empty) | None => Some(Self::empty()),
            _ => None,
        };
        let held = slot.map(Arg::Is);
        match (constant, protocol.payloads.get(payload.index())) {
            (Some(value), _) => {
                let at = self.draft.constant(&value) as usize;
                let constant = self.draft.small(at);
                if let Some(held) = held {
                    self.draft.put_wide(Op::Const, held, at as u32);
                }
                self.draft.put(Op::SendConst, channel, message, constant);
            }
            (None, Some(Payload::Expr(expr))) => {
                let from = match held {
                    Some(held) => {
                        self.assign(expr, held, var);
                        held
                    }
                    None => self.operand(expr),
                };
                let op = if matches!(from, Arg::Temp(_)) { Op::SendTake } else { Op::Send };
                self.draft.put(op, channel, message, from);
            }
            (None, _) => {
                let from = held.unwrap_or_else(|| self.draft.temp());
                self.draft.put(Op::Produce, channel, message, from);
                let op = if held.is_none() { Op::SendTake } else { Op::Send };
                self.draft.put(op, channel, message, from);
            }
        }
        self.draft.release(mark);
    }

    /// All receives of a state: one table.
    pub(super) fn receive(&mut self, state: &State, context: Context) {
        let mut cases = Vec::with_capacity(state.edges.len());
        for edge in &state.edges {
            let Act::Receive { from, lane, label, var } = &edge.act else { continue };
            let channel =
                self.incoming.iter().position(|channel| (channel.peer, channel.lane) == (*from, *lane));
            let channel = self.draft.known(channel) as u16;
            let message = self.draft.known(self.labels.get(label).copied());
            let slot = var.and_then(|var| self.slot(var));
            let to = self.label(edge.to, context);
            cases.push((Case { channel, message, slot, to: 0 }, to));
        }
        cases.sort_by_key(|(case, _)| (case.channel, case.message));
        let table = self.draft.small(self.receives.len());
        self.receives.push((cases, state.may_end));
        self.draft.put(Op::Receive, table, NONE, NONE);
    }

    /// A local step; whether anything follows.
    pub(super) fn step(&mut self, step: StepId) -> bool {
        let protocol = self.protocol;
        let mark = self.draft.temps();
        let follows = match protocol.steps.get(step.index()) {
            Some(Step::Let(var, expr)) => {
                // What is never read is computed all the same: it may fail.
                let to = self.slot(*var).map_or_else(|| self.draft.temp(), Arg::Is);
                self.assign(expr, to, Some(*var));
                true
            }
            Some(Step::Does { effect, operation, args, result, bind, repetition }) => {
                let first = self.run(args.iter().map(|(_, expr)| expr));
                let operation = Operation {
                    effect: effect.clone(),
                    name: operation.clone(),
                    args: args.iter().map(|(name, _)| name.clone()).collect(),
                    result: result.clone(),
                    repetition: match repetition {
                        protocol::Repetition::Pure => Repetition::Pure,
                        protocol::Repetition::Idempotent => Repetition::Idempotent,
                        protocol::Repetition::Once => Repetition::Once,
                    },
                };
                let at = self.operation(operation);
                let to = bind.and_then(|var| self.slot(var)).map_or_else(|| self.draft.temp(), Arg::Is);
                self.draft.put(Op::Perform, at, first, to);
                true
            }
            Some(Step::Fail(cause, value)) => {
                let cause = self.draft.name(cause);
                match value {
                    Some(expr) => {
                        let carried = self.draft.temp();
                        self.eval(expr, carried);
                        self.draft.put(Op::FailWith, cause, carried, NONE);
                    }
                    None => self.draft.put(Op::Fail, cause, NONE, NONE),
                }
                false
            }
            None => true,
        };
        self.draft.release(mark);
        follows
    }

    /// All branches of a decision.
    pub(super) fn decide(&mut self, decision: DecisionId, state: &State, context: Context) {
        let protocol = self.protocol;
        let edge = |branch: usize| -> Option<&Edge> {
            state
                .edges
                .iter()
                .find(|edge| matches!(edge.act, Act::Decide(_, at) if usize::from(at) == branch))
        };
        match protocol.decisions.get(decision.index()) {
            Some(Decision::Asked { labels, .. }) => {
                let at = self.decision(decision, labels);
                let mut table = Vec::with_capacity(labels.len());
                for branch in 0..labels.len() {
                    // Every label has its edge; the first one stands in where a table is broken.
                    let to = edge(branch).or(state.edges.first()).map_or(0, |edge| edge.to);
                    table.push(self.label(to, context));
                }
                let tables = self.branches.len() as u32;
                self.branches.push(table);
                self.draft.put_wide(Op::Decide, at, tables);
            }
            Some(Decision::When { labels, conditions }) => {
                let at = self.decision(decision, labels);
                let ordered = conditions.iter().enumerate().filter(|(_, condition)| condition.is_some());
                let otherwise = conditions.iter().enumerate().filter(|(_, condition)| condition.is_none());
                let mut open = true;
                for (branch, condition) in ordered.chain(otherwise) {
                    let Some(edge) = edge(branch) else { continue };
                    let next = self.draft.label();
                    if let Some(condition) = condition {
                        self.mark(edge);
                        self.unless(condition, next);
                    }
                    let label = self.draft.small(branch);
                    self.draft.put(Op::Decided, at, label, NONE);
                    let to = self.label(edge.to, context);
                    self.draft.put_jump(Op::Jump, NONE, to);
                    self.draft.place(next);
                    open = condition.is_some();
                }
                if open {
                    self.draft.put(Op::NoBranch, at, NONE, NONE);
                }
            }
            Some(Decision::Outcome(scope)) => self.outcome(decision, *scope, state, context),
            None => {}
        }
    }

    pub(super) fn decision(&mut self, id: DecisionId, labels: &[std::sync::Arc<str>]) -> Arg {
        let asked = match self.protocol.decisions.get(id.index()) {
            Some(Decision::Asked { name, .. }) => Some(name.clone()),
            _ => None,
        };
        if let Some(at) = self.decided.get(&id) {
            return Arg::Is(*at);
        }
        let at = self.decisions.len();
        let name = asked.unwrap_or_else(|| self.names.choice(id));
        self.decisions.push(program::Decision { name, labels: labels.to_vec() });
        self.decided.insert(id, at as u16);
        self.draft.small(at)
    }

    fn operation(&mut self, operation: Operation) -> Arg {
        let at = self.operations.iter().position(|have| *have == operation);
        let at = at.unwrap_or_else(|| {
            self.operations.push(operation);
            self.operations.len() - 1
        });
        self.draft.small(at)
    }
}
