//! Layout: states in a row, so that what follows falls through and everything is there once.
//!
//! A state is laid out once for each context: the thread that runs it, and what follows where it has no edges (the
//! role's end, a join, the next turn).

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::id::{DecisionId, RoleId, SiteId, VarId};
use crate::base::limits;
use crate::base::value::Value;
use crate::bytecode::op::Op;
use crate::bytecode::program::{
    Branch, Case, Channel, Debug, Decision, Message, Operation, Param, Program, Receive, Role,
};
use crate::bytecode::rejection::Rejection;
use crate::compile::draft::{Arg, Draft, Label, NONE};
use crate::compile::fold;
use crate::compile::names::Names;
use crate::compile::scopes::DraftScope;
use crate::compile::slots::Slots;
use crate::compile::survey::{self, Survey};
use crate::global::graph;
use crate::global::protocol::Protocol;
use crate::local::automaton::{Act, Automaton, Edge, State};
use crate::local::projection::{Bound, Projection};

/// Where code runs, and what follows where a state has no edges.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Context {
    pub(super) thread: u16,
    pub(super) exit: Exit,
}

/// What follows where a state has no edges.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Exit {
    /// The role is done.
    End,
    /// The thread joins.
    Join,
    /// The next turn of a loop.
    Turn(Label),
    /// The end of a scope.
    Leave(Label),
}

/// A case of a place of waiting whose target is not known yet.
pub(super) type DraftCase = (Case, Label);

/// The program of one role under construction.
pub(super) struct Layout<'a> {
    pub(super) protocol: &'a Protocol,
    pub(super) automaton: &'a Automaton,
    pub(super) names: &'a Names<'a>,
    pub(super) survey: Survey,
    pub(super) slots: Slots,
    pub(super) draft: Draft,
    /// Names that stand for an operand inside of a lambda.
    pub(super) locals: Vec<(VarId, Arg)>,
    pub(super) messages: Vec<Message>,
    pub(super) labels: BTreeMap<graph::Label, u16>,
    pub(super) outgoing: Vec<Channel>,
    pub(super) incoming: Vec<Channel>,
    pub(super) receives: Vec<(Vec<DraftCase>, bool)>,
    pub(super) branches: Vec<Vec<Label>>,
    pub(super) forks: Vec<Vec<(u16, Label)>>,
    /// The scopes laid out so far, each after the one around it.
    pub(super) scopes: Vec<DraftScope>,
    pub(super) decisions: Vec<Decision>,
    pub(super) decided: BTreeMap<DecisionId, u16>,
    pub(super) operations: Vec<Operation>,
    placed: BTreeMap<(u32, Context), Label>,
    open: Vec<(u32, Context)>,
}

impl<'a> Layout<'a> {
    pub(super) fn new(
        protocol: &'a Protocol,
        projection: &Projection,
        automaton: &'a Automaton,
        names: &'a Names<'a>,
    ) -> Self {
        let survey = survey::survey(protocol, automaton);
        let own = automaton.role;
        let capacity = |from, to, lane| match projection.bounds.get(&(from, to, lane)) {
            Some(Bound::Messages(bound)) => (*bound).clamp(1, limits::MAILBOX_MAX),
            Some(Bound::Unbounded) | None => limits::MAILBOX_UNBOUNDED,
        };
        let outgoing = survey.outgoing.iter().map(|(peer, lane)| Channel {
            peer: *peer,
            lane: *lane,
            capacity: capacity(own, *peer, *lane),
        });
        let incoming = survey.incoming.iter().map(|(peer, lane)| Channel {
            peer: *peer,
            lane: *lane,
            capacity: capacity(*peer, own, *lane),
        });
        Self {
            protocol,
            automaton,
            names,
            slots: Slots::new(&survey),
            draft: Draft::new(survey.parents.len()),
            locals: Vec::new(),
            messages: survey.labels.iter().map(|label| names.message(*label)).collect(),
            labels: survey.labels.iter().enumerate().map(|(at, label)| (*label, at as u16)).collect(),
            outgoing: outgoing.collect(),
            incoming: incoming.collect(),
            survey,
            receives: Vec::new(),
            branches: Vec::new(),
            forks: Vec::new(),
            scopes: Vec::new(),
            decisions: Vec::new(),
            decided: BTreeMap::new(),
            operations: Vec::new(),
            placed: BTreeMap::new(),
            open: Vec::new(),
        }
    }

    /// The whole program.
    pub(super) fn program(mut self) -> Result<Program, Rejection> {
        self.label(self.automaton.entry, Context { thread: 0, exit: Exit::End });
        while let Some((state, context)) = self.open.pop() {
            let label = self.label(state, context);
            if !self.draft.is_placed(label) {
                self.chain(state, context);
            }
            if self.draft.is_full() {
                break;
            }
        }
        self.finish()
    }

    /// The label of a state; whoever needs one has the state laid out.
    pub(super) fn label(&mut self, state: u32, context: Context) -> Label {
        if let Some(label) = self.placed.get(&(state, context)) {
            return *label;
        }
        let label = self.draft.label();
        self.placed.insert((state, context), label);
        self.open.push((state, context));
        label
    }

    /// States one after the other, as long as one falls through to the next.
    fn chain(&mut self, first: u32, context: Context) {
        let mut at = first;
        loop {
            let label = self.label(at, context);
            if self.draft.is_placed(label) {
                return self.draft.put_jump(Op::Jump, NONE, label);
            }
            if self.draft.is_full() {
                return;
            }
            self.draft.place(label);
            self.draft.thread = context.thread;
            let automaton = self.automaton;
            let Some(state) = automaton.states.get(at as usize) else { return };
            match self.state(state, context) {
                Some(next) => at = next,
                None => return,
            }
        }
    }

    /// One state; the state that it falls through to.
    fn state(&mut self, state: &State, context: Context) -> Option<u32> {
        let Some(edge) = state.edges.first() else {
            match context.exit {
                _ if state.stays => self.draft.put(Op::Stay, NONE, NONE, NONE),
                Exit::End => self.draft.put(Op::End, NONE, NONE, NONE),
                Exit::Join => self.draft.put(Op::Join, NONE, NONE, NONE),
                Exit::Turn(head) | Exit::Leave(head) => self.draft.put_jump(Op::Jump, NONE, head),
            }
            return None;
        };
        self.mark(edge);
        match &edge.act {
            Act::Receive { .. } => {
                self.receive(state, context);
                None
            }
            Act::Decide(decision, _) => {
                self.decide(*decision, state, context);
                None
            }
            Act::Send { to, lane, label, payload, var } => {
                self.send((*to, *lane), *label, *payload, *var);
                Some(edge.to)
            }
            Act::Step(step) => self.step(*step).then_some(edge.to),
            Act::Nest(nest) => {
                self.nest(*nest, edge.to, context);
                Some(edge.to)
            }
        }
    }

    pub(super) fn mark(&mut self, edge: &Edge) {
        let site = |site: &SiteId| self.protocol.sites.get(site.index());
        if let Some(site) = edge.sites.first().and_then(site) {
            self.draft.mark(site.span);
        }
    }

    /// The slot of a name in the thread that code is made for; none where nobody reads it.
    pub(super) fn slot(&self, var: VarId) -> Option<u16> {
        self.slots.slot(&self.survey, var, self.draft.thread)
    }

    fn finish(self) -> Result<Program, Rejection> {
        let (code, slots) = self.draft.finish(self.slots.names.len())?;
        let draft = &self.draft;
        let to = |label: &Label| draft.to(*label);
        let receives = self.receives.iter().map(|(cases, may_end)| Receive {
            cases: cases.iter().map(|(case, label)| Case { to: to(label), ..*case }).collect(),
            may_end: *may_end,
        });
        let fork = |fork: &Vec<(u16, Label)>| -> Vec<Branch> {
            fork.iter().map(|(thread, label)| Branch { thread: *thread, to: to(label) }).collect()
        };
        let roles = self
            .protocol
            .roles
            .iter()
            .map(|role| Role { name: Arc::from(role.name.as_str()), member: role.member.clone() });
        Ok(Program {
            protocol: Arc::from(self.protocol.name.as_str()),
            role: self.automaton.role.0,
            roles: roles.collect(),
            code,
            constants: draft.constants.iter().cloned().collect(),
            messages: self.messages.clone(),
            outgoing: self.outgoing.clone(),
            incoming: self.incoming.clone(),
            receives: receives.collect(),
            branches: self.branches.iter().map(|table| table.iter().map(to).collect()).collect(),
            forks: self.forks.iter().map(fork).collect(),
            scopes: self.scopes.iter().map(|scope| scope.finish(draft)).collect(),
            shapes: draft.shapes.iter().cloned().collect(),
            decisions: self.decisions.clone(),
            operations: self.operations.clone(),
            params: self.params(),
            slots,
            threads: self.survey.parents.len() as u16,
            debug: Debug { marks: draft.marks.clone(), slots: self.slot_names() },
        })
    }

    fn slot_names(&self) -> Vec<Arc<str>> {
        let name = |var: &VarId| self.protocol.vars.get(var.index()).map(|var| var.name.clone());
        self.slots.names.iter().map(|var| name(var).unwrap_or_default()).collect()
    }

    /// The parameters that this role knows.
    fn params(&self) -> Vec<Param> {
        let known = |at: Option<RoleId>| at.is_none_or(|role| role == self.automaton.role);
        let params = self.protocol.params.iter().filter(|param| known(param.at));
        params
            .filter_map(|param| {
                let var = self.protocol.vars.get(param.var.index())?;
                Some(Param {
                    name: var.name.clone(),
                    ty: var.ty.clone(),
                    default: param.default.as_ref().and_then(fold::constant),
                    slot: self.slots.slot(&self.survey, param.var, 0),
                })
            })
            .collect()
    }

    /// The empty record, which a message without fields carries.
    pub(super) fn empty() -> Value {
        Value::Record(Arc::default())
    }
}
