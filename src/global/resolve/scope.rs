//! `try`: a body that its owner may end early, and what happens then.
//!
//! The body is on a lane of its own. What it binds anew has variables of its own until it is complete, so that a
//! handler finds every name as it was before the body.
//! Is not: who takes part and who reports; that is seen when the whole protocol is there.

use std::sync::Arc;

use crate::base::cause::{COMPLETED, Cause};
use crate::base::id::{LaneId, RoleId, ScopeId};
use crate::base::limits::{SCOPES_MAX, SCOPES_NESTED_MAX};
use crate::base::ty::Type;
use crate::diag::source::Span;
use crate::global::expr::Expr;
use crate::global::protocol::{self, Block, Decision, Ending, ScopeKind, Step, Stmt};
use crate::global::resolve::Resolver;
use crate::global::resolve::frame::{Jump, Kind};
use crate::global::resolve::knowledge::{Known, Mark};
use crate::global::resolve::tables::NameId;
use crate::syntax::tree::{self, Handler, Try};

/// A scope that is being walked.
pub(super) struct Open {
    pub id: ScopeId,
    pub lane: LaneId,
}

/// A scope as it is begun.
pub(super) struct Begun {
    pub owner: RoleId,
    pub within: Option<Expr>,
    /// `try`, `collect`, `choice`: how traces call it.
    pub word: &'static str,
    pub kind: ScopeKind,
}

impl<'d> Resolver<'d> {
    /// `try … on …`
    pub(super) fn scope(&mut self, stmt: &'d tree::Stmt, scope: &'d Try, out: &mut Block) {
        let span = stmt.place.0;
        let owner = self.single(&scope.owner);
        let within = scope.within.as_ref().map(|within| self.fitting(owner, within, &Type::Duration));
        let Some(owner) = owner else {
            self.scope_of_nobody(scope);
            return;
        };
        let choice = self.open_choice(span);
        let kind = ScopeKind::Try(Vec::new());
        let Some(id) = self.begin(Begun { owner, within, word: "try", kind }, span) else { return };
        let mut ways = self.part();
        let mut branches = Vec::with_capacity(scope.handlers.len() + 1);
        let body = self.body(id, span, |walk, out| walk.statements(&scope.body.stmts, out));
        branches.push(self.commit(id, ways.mark, span));
        self.way_ends(&mut ways);
        let (mut handlers, mut labels) = (Vec::new(), vec![(COMPLETED.to_owned(), scope.body.place.0)]);
        for handler in &scope.handlers {
            let cause = cause(&handler.cause);
            let mut block = Vec::new();
            let bind = self.carried(owner, handler);
            self.statements(&handler.body.stmts, &mut block);
            self.way_ends(&mut ways);
            labels.push((cause.to_string(), handler.place.0));
            handlers.push(protocol::Handler { cause, bind });
            branches.push(block);
        }
        self.meet(&ways);
        if let Some(scope) = self.tables.scopes.get_mut(id.index()) {
            scope.kind = ScopeKind::Try(handlers);
        }
        let name =
            self.tables.scopes.get(id.index()).map_or_else(|| Arc::from(""), |scope| scope.name.clone());
        let labels: Vec<(&str, Span)> = labels.iter().map(|(label, at)| (label.as_str(), *at)).collect();
        self.close_choice(choice, name, owner, &labels);
        let decision = self.tables.decision(Decision::Outcome(id));
        let site = self.plain_site(span);
        let ending = Some(Ending { choice, decision, branches });
        out.push(Stmt::Scope { scope: id, body, ending, site });
    }

    /// A `try` whose owner is wrong, which has been said: judged for the mistakes inside.
    fn scope_of_nobody(&mut self, scope: &'d Try) {
        let mut ways = self.part();
        self.block(&scope.body);
        self.way_ends(&mut ways);
        for handler in &scope.handlers {
            self.block(&handler.body);
            self.way_ends(&mut ways);
        }
        self.meet(&ways);
    }

    /// Adds a scope; none where there are too many.
    pub(super) fn begin(&mut self, begun: Begun, span: Span) -> Option<ScopeId> {
        if self.scopes.len() >= SCOPES_NESTED_MAX {
            self.too_large(span, &format!("more than {SCOPES_NESTED_MAX} scopes stand in one another"));
            return None;
        }
        if self.tables.scopes.len() >= SCOPES_MAX {
            self.too_large(span, &format!("it has more than {SCOPES_MAX} scopes"));
            return None;
        }
        let lane = self.scope_lane(span, begun.word)?;
        let id = ScopeId::at(self.tables.scopes.len());
        let name = self.tables.scope_name(begun.owner, begun.word, span);
        self.tables.scopes.push(protocol::Scope {
            name,
            owner: begun.owner,
            lane,
            parent: self.scopes.last().map(|scope| scope.id),
            within: begun.within,
            kind: begun.kind,
            span,
        });
        Some(id)
    }

    /// Walks what is inside of a scope, on its lane. What it knows at its end is there until the walk goes back.
    fn body(&mut self, id: ScopeId, span: Span, walk: impl FnOnce(&mut Self, &mut Block)) -> Block {
        let lane = self.tables.scopes.get(id.index()).map_or(self.lane, |scope| scope.lane);
        let outer = std::mem::replace(&mut self.lane, lane);
        let tail = std::mem::replace(&mut self.tail_from, self.active.len());
        let (label, mark) = (self.tables.label(), self.knowledge.mark());
        let kind = Kind::Scope;
        self.jumps.push(Jump { kind, name: None, label, mark, exits: Vec::new(), used: false, span });
        self.scopes.push(Open { id, lane });
        self.knowledge.remember();
        let mut out = Vec::new();
        walk(self, &mut out);
        self.knowledge.forget();
        self.scopes.pop();
        self.jumps.pop();
        self.tail_from = tail;
        self.lane = outer;
        out
    }

    /// What follows a complete body: names that it bound anew get what it gave them.
    fn commit(&mut self, id: ScopeId, mark: Mark, span: Span) -> Block {
        let mut out = Vec::new();
        let Some((owner, lane)) = self.tables.scopes.get(id.index()).map(|scope| (scope.owner, scope.lane))
        else {
            return out;
        };
        if !self.reachable {
            // No run comes here. The branch ends, so that nothing after it is taken to follow.
            let step = self.tables.step(Step::Fail(Arc::from("unreachable"), None));
            let site = self.plain_site(span);
            out.push(Stmt::Step { role: owner, step, site });
            return out;
        }
        for ((name, role), known) in self.knowledge.delta(mark) {
            let Some(known) = known.filter(|known| self.tables.lane_of(known.var) == Some(lane)) else {
                continue;
            };
            let (to, ty) = (self.var_lane(name), self.tables.type_of(known.var));
            let var = self.tables.var(name, to, &ty);
            self.silent_let(role, var, Expr::Var(known.var), known.span, &mut out);
            self.knowledge.set((name, role), Some(Known { var, span: known.span }));
        }
        out
    }

    /// The lane whose variable a name has here: that of the innermost scope around which somebody knew the name, so
    /// that its value outside stays as it was until the scope is complete.
    pub(super) fn var_lane(&self, name: NameId) -> LaneId {
        let (first, thread) = self.thread;
        let mut inner = self.scopes.iter().enumerate().skip(first).rev();
        let found = inner.find(|(level, _)| self.knowledge.knew(*level, name));
        found.map_or(thread, |(_, scope)| scope.lane)
    }

    /// What the owner calls what a failure carried.
    fn carried(&mut self, owner: RoleId, handler: &'d Handler) -> Option<crate::base::id::VarId> {
        let name = handler.bind.as_ref()?;
        Some(self.bind(owner, &name.text, &Type::Any, name.place.0))
    }
}

/// A cause as the source writes it.
fn cause(written: &tree::Cause) -> Cause {
    match written {
        tree::Cause::Timeout => Cause::Timeout,
        tree::Cause::Denied => Cause::Denied,
        tree::Cause::Failed(name) => Cause::Failed(name.as_ref().map(|name| Arc::from(name.text.as_str()))),
        tree::Cause::Refused => Cause::Refused,
        tree::Cause::Cancelled => Cause::Cancelled,
    }
}
