//! Scopes: a part that its owner may end early, and what is gathered from several roles.
//!
//! A `try` is its body between `enter` and `leave`; how it ended is then received from the owner, or decided. The
//! owner's handlers begin where no code falls through to: the machine goes there. Of a `collect` each member has one
//! message between `enter` and `leave`, and the owner a loop that gathers.

use std::collections::BTreeSet;

use crate::base::id::{DecisionId, LaneId, RoleId, ScopeId};
use crate::base::value::Value;
use crate::bytecode::op::Op;
use crate::bytecode::program::{Handler, Member, Scope, ScopeKind};
use crate::compile::draft::{Arg, Draft, Label, NONE};
use crate::compile::layout::{Context, Exit, Layout};
use crate::global::graph;
use crate::global::protocol::{self, Collect};
use crate::local::automaton::{Act, Edge, State};

/// A scope whose targets are not known yet.
pub(super) struct DraftScope {
    /// Which.
    id: ScopeId,
    scope: Scope,
    exit: Option<Label>,
    /// Where the owner goes on for each handler.
    handlers: Vec<Label>,
}

impl DraftScope {
    /// The scope, when all code is there.
    pub(super) fn finish(&self, draft: &Draft) -> Scope {
        let mut scope = self.scope.clone();
        scope.exit = self.exit.map(|label| draft.to(label));
        for (handler, label) in scope.handlers.iter_mut().zip(&self.handlers) {
            handler.to = Some(draft.to(*label));
        }
        scope
    }
}

impl Layout<'_> {
    /// A scope as this role goes through it; the state `next` follows in the code.
    pub(super) fn scope(&mut self, id: ScopeId, body: u32, next: u32, context: Context) {
        let protocol = self.protocol;
        let Some(source) = protocol.scopes.get(id.index()) else { return };
        let owns = source.owner == self.automaton.role;
        let exit = (!owns).then(|| self.label(next, context));
        let at = self.draft.small(self.scopes.len());
        let scope = self.draft_scope(source, owns);
        self.scopes.push(DraftScope { id, scope, exit, handlers: Vec::new() });
        let mark = self.draft.temps();
        match (&source.within, owns) {
            (Some(within), true) => {
                let within = self.operand(within);
                self.draft.put(Op::EnterFor, at, within, NONE);
                self.draft.release(mark);
            }
            _ => self.draft.put(Op::Enter, at, NONE, NONE),
        }
        match &source.kind {
            protocol::ScopeKind::Collect(collect) if owns => self.gather(at, (id, source.lane), collect),
            _ => {
                let end = self.draft.label();
                let entry = self.label(body, Context { thread: context.thread, exit: Exit::Leave(end) });
                self.draft.put_jump(Op::Jump, NONE, entry);
                self.draft.place(end);
                if !self.completes(body) {
                    return;
                }
            }
        }
        self.draft.put(Op::Leave, at, NONE, NONE);
        self.draft.release(mark);
    }

    /// Whether the role can come to the end of what begins in this state.
    fn completes(&self, entry: u32) -> bool {
        let mut known = BTreeSet::from([entry]);
        let mut stack = vec![entry];
        while let Some(state) = stack.pop().and_then(|at| self.automaton.states.get(at as usize)) {
            if state.edges.is_empty() && !state.stays {
                return true;
            }
            stack.extend(state.edges.iter().map(|edge| edge.to).filter(|to| known.insert(*to)));
        }
        false
    }

    fn draft_scope(&mut self, source: &protocol::Scope, owns: bool) -> Scope {
        let around = source.parent.and_then(|parent| self.scopes.iter().position(|have| have.id == parent));
        let own_lane = source.lane;
        let outer = self.protocol.lanes.get(own_lane.index()).map_or(LaneId::TRUNK, |lane| lane.parent);
        let (kind, control_lane) = match source.kind {
            protocol::ScopeKind::Try(_) => (ScopeKind::Try, outer),
            protocol::ScopeKind::Collect(_) => (ScopeKind::Collect, own_lane),
        };
        let mut scope = Scope {
            name: source.name.clone(),
            lane: own_lane,
            parent: around.map(|at| at as u16),
            owner: source.owner,
            kind,
            control: (!owns).then(|| self.incoming(source.owner, control_lane)).flatten(),
            exit: None,
            handlers: Vec::new(),
            members: Vec::new(),
        };
        match &source.kind {
            protocol::ScopeKind::Try(handlers) => {
                for handler in handlers {
                    let slot = handler.bind.filter(|_| owns).and_then(|var| self.slot(var));
                    scope.handlers.push(Handler { cause: handler.cause.clone(), to: None, slot });
                }
            }
            protocol::ScopeKind::Collect(collect) if owns => {
                let message = self.labels.get(&graph::Label::Message(collect.message)).copied().unwrap_or(0);
                for (at, member) in collect.members.iter().enumerate() {
                    let Some(channel) = self.incoming(*member, own_lane) else { continue };
                    let number = collect.numbers.get(at).copied().unwrap_or(at as u32);
                    scope.members.push(Member { channel, message, number });
                }
            }
            protocol::ScopeKind::Collect(_) => {}
        }
        scope
    }

    fn incoming(&self, peer: RoleId, lane: LaneId) -> Option<u16> {
        let at = self.incoming.iter().position(|channel| (channel.peer, channel.lane) == (peer, lane))?;
        Some(at as u16)
    }

    /// The owner's part of a `collect`: takes what comes until it has enough, then tells those who are late.
    fn gather(&mut self, scope: Arg, (id, lane): (ScopeId, LaneId), collect: &Collect) {
        let (roster, item) = (self.draft.temp(), self.draft.temp());
        let list = self.slot(collect.list).map_or_else(|| self.draft.temp(), Arg::Is);
        let unheard = Value::List(std::sync::Arc::new(vec![Value::None; collect.members.len()]));
        let unheard = self.draft.constant(&unheard);
        self.draft.put_wide(Op::Const, roster, unheard);
        self.draft.put(Op::List, list, NONE, NONE);
        let (head, done) = (self.draft.label(), self.draft.label());
        self.draft.place(head);
        self.draft.put(Op::Gather, scope, item, roster);
        self.draft.put_jump(Op::Jump, NONE, done);
        self.draft.put(Op::Append, list, item, NONE);
        match &collect.until {
            Some(until) => self.unless(until, head),
            None => self.draft.put_jump(Op::Jump, NONE, head),
        }
        self.draft.place(done);
        if let Some(missing) = self.slot(collect.missing) {
            self.draft.put(Op::Missing, scope, Arg::Is(missing), roster);
        }
        let over = Arg::Is(self.labels.get(&graph::Label::Over(id)).copied().unwrap_or(0));
        let pending = self.draft.temp();
        for (at, member) in collect.members.iter().enumerate() {
            let next = self.draft.label();
            let place = self.draft.small(at);
            self.draft.put(Op::Pending, pending, roster, place);
            self.draft.put_jump(Op::JumpUnless, pending, next);
            let to = self.outgoing.iter().position(|to| (to.peer, to.lane) == (*member, lane));
            let to = self.draft.small(to.unwrap_or(0));
            self.draft.put(Op::Select, to, over, NONE);
            self.draft.place(next);
        }
    }

    /// How a `try` ended, at its owner: completed where the code comes from its end, else where the machine goes.
    pub(super) fn outcome(&mut self, decision: DecisionId, id: ScopeId, state: &State, context: Context) {
        let protocol = self.protocol;
        let Some(protocol::ScopeKind::Try(handlers)) =
            protocol.scopes.get(id.index()).map(|scope| &scope.kind)
        else {
            return;
        };
        let labels: Vec<_> = std::iter::once(crate::base::cause::COMPLETED.into())
            .chain(handlers.iter().map(|handler| handler.cause.to_string().into()))
            .collect();
        let at = self.decision(decision, &labels);
        let mut entries = Vec::with_capacity(handlers.len());
        let is =
            |edge: &Edge, branch: usize| matches!(edge.act, Act::Decide(_, at) if usize::from(at) == branch);
        for branch in 0..labels.len() {
            let Some(edge) = state.edges.iter().find(|edge| is(edge, branch)) else { continue };
            if branch > 0 {
                let entry = self.draft.label();
                self.draft.place(entry);
                entries.push(entry);
            }
            let label = self.draft.small(branch);
            self.draft.put(Op::Decided, at, label, NONE);
            let to = self.label(edge.to, context);
            self.draft.put_jump(Op::Jump, NONE, to);
        }
        if let Some(scope) = self.scopes.iter_mut().find(|scope| scope.id == id) {
            scope.handlers = entries;
        }
    }
}
