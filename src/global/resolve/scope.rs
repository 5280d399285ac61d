//! Scopes: `try`, a body that its owner may end early, and what every scope has: a lane, a place among the others.
//!
//! The body is on a lane of its own. What it binds anew has variables of its own until it is complete, so that a
//! handler finds every name as it was before the body.
//! Is not: who takes part and who reports; that is seen when the whole protocol is there.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::base::cause::{COMPLETED, Cause};
use crate::base::id::{ChoiceId, LaneId, RoleId, ScopeId};
use crate::base::limits::{SCOPES_MAX, SCOPES_NESTED_MAX};
use crate::base::ty::Type;
use crate::diag::Diagnostic;
use crate::diag::code::Code;
use crate::diag::source::Span;
use crate::global::expr::Expr;
use crate::global::protocol::{self, Block, Decision, Ending, Handler, ScopeKind, Stmt};
use crate::global::resolve::Resolver;
use crate::global::resolve::causes::Taken;
use crate::global::resolve::deadlines::{self, Limit};
use crate::global::resolve::frame::{Jump, Kind};
use crate::global::resolve::knowledge::{Known, Mark};
use crate::global::resolve::tables::NameId;
use crate::syntax::tree::{self, Try};

/// A scope that is being walked.
pub(super) struct Open {
    pub id: ScopeId,
    pub lane: LaneId,
    pub takes: Vec<Taken>,
    /// Names of failures that went outwards from here.
    pub failures: BTreeSet<Arc<str>>,
    /// Whether nothing goes outwards: who fails in a `collect` is missing.
    pub gathers: bool,
    /// Whether its time is limited, and how, if that is a constant.
    pub limited: bool,
    pub limit: Option<Limit>,
}

/// A scope that was begun, with where its time limit stands.
#[derive(Clone, Copy)]
pub(super) struct Entered {
    pub id: ScopeId,
    within: Option<Span>,
    limit: Option<Limit>,
}

/// A scope as it is begun.
pub(super) struct Begun {
    pub owner: RoleId,
    pub within: Option<(Expr, Span)>,
    /// `try`, `collect`, `choice`: how traces call it.
    pub word: &'static str,
    pub kind: ScopeKind,
}

/// How a scope ended, as it comes together.
pub(super) struct Ways {
    pub handlers: Vec<Handler>,
    pub labels: Vec<(String, Span)>,
    pub branches: Vec<Block>,
}

impl<'d> Resolver<'d> {
    /// `try … on …`
    pub(super) fn scope(&mut self, stmt: &'d tree::Stmt, scope: &'d Try, out: &mut Block) {
        let span = stmt.place.0;
        let owner = self.single(&scope.owner);
        let within = scope
            .within
            .as_ref()
            .map(|within| (self.fitting(owner, within, &Type::Duration), within.place.0));
        let Some(owner) = owner else {
            self.scope_of_nobody(scope);
            return;
        };
        let choice = self.open_choice(span);
        let takes = self.takes(&scope.handlers);
        let kind = ScopeKind::Try(Vec::new());
        let Some(entered) = self.begin(Begun { owner, within, word: "try", kind }, span) else { return };
        let mut ways = self.part();
        let (body, takes) =
            self.within(entered, takes, span, |walk, out| walk.statements(&scope.body.stmts, out));
        if !self.reachable && scope.handlers.is_empty() {
            self.say(
                Diagnostic::new(Code::E0150, span, "nothing ends this `try`")
                    .here("its body is never complete, and it takes no cause")
                    .help("take the cause that ends it, as in `} on timeout { … }` or `} on failed x { … }`"),
            );
        }
        let mut ended = Ways {
            handlers: Vec::with_capacity(takes.len()),
            labels: vec![(COMPLETED.to_owned(), scope.body.place.0)],
            branches: vec![self.commit(entered.id, ways.mark)],
        };
        self.way_ends(&mut ways);
        for (handler, taken) in scope.handlers.iter().zip(&takes) {
            let bind = self.carried(owner, handler, taken);
            ended.branches.push(self.block(&handler.body));
            self.way_ends(&mut ways);
            ended.labels.push((taken.cause.to_string(), handler.place.0));
            ended.handlers.push(Handler { cause: taken.cause.clone(), bind });
        }
        self.meet_after_try(&ways);
        self.end(entered.id, choice, body, ended, span, out);
    }

    /// A `try` whose owner is wrong, which has been said: judged for the mistakes inside.
    fn scope_of_nobody(&mut self, scope: &'d Try) {
        let mut ways = self.part();
        self.block(&scope.body);
        self.way_ends(&mut ways);
        for handler in &scope.handlers {
            if let Some(name) = &handler.bind {
                for role in self.everybody() {
                    self.bind(role, &name.text, &Type::Any, name.place.0);
                }
            }
            self.block(&handler.body);
            self.way_ends(&mut ways);
        }
        self.meet(&ways);
    }

    /// Adds a scope; none where there are too many.
    pub(super) fn begin(&mut self, begun: Begun, span: Span) -> Option<Entered> {
        if self.scopes.len() >= SCOPES_NESTED_MAX {
            self.too_deep(span);
            return None;
        }
        if self.tables.scopes.len() >= SCOPES_MAX {
            self.too_large(span, &format!("it has more than {SCOPES_MAX} scopes"));
            return None;
        }
        let limit = deadlines::limit(begun.within.as_ref());
        if let Some(limit) = limit {
            self.nests_in_time(limit);
        }
        let within = begun.within.as_ref().map(|(_, at)| *at);
        let lane = self.scope_lane(span, begun.word)?;
        let id = ScopeId::at(self.tables.scopes.len());
        let name = self.tables.scope_name(begun.owner, begun.word, span);
        self.tables.scopes.push(protocol::Scope {
            name,
            owner: begun.owner,
            lane,
            parent: self.scopes.last().map(|scope| scope.id),
            within: begun.within.map(|(e, _)| e),
            kind: begun.kind,
            span,
        });
        Some(Entered { id, within, limit })
    }

    /// Says that too many scopes stand in one another, and stops the walk.
    fn too_deep(&mut self, span: Span) {
        let message = format!("more than {SCOPES_NESTED_MAX} scopes stand in one another here");
        self.say(
            Diagnostic::new(Code::E0128, span, message)
                .help("let one of them end before this one begins, or take its causes in one around it"),
        );
        self.overflow = true;
    }

    /// Walks what is inside of a scope, on its lane, and gives back what was raised there. What is known at its end
    /// is there until the walk goes back.
    pub(super) fn within(
        &mut self,
        Entered { id, within, limit }: Entered,
        takes: Vec<Taken>,
        span: Span,
        walk: impl FnOnce(&mut Self, &mut Block),
    ) -> (Block, Vec<Taken>) {
        let Some(scope) = self.tables.scopes.get(id.index()) else { return (Vec::new(), takes) };
        let (lane, owner, gathers) = (scope.lane, scope.owner, matches!(scope.kind, ScopeKind::Collect(_)));
        let outer = std::mem::replace(&mut self.lane, lane);
        let tail = std::mem::replace(&mut self.tail_from, self.active.len());
        let (label, mark) = (self.tables.label(), self.knowledge.mark());
        let kind = Kind::Scope;
        self.jumps.push(Jump { kind, name: None, label, mark, exits: Vec::new(), used: false, span });
        self.scopes.push(Open {
            id,
            lane,
            takes,
            failures: BTreeSet::new(),
            gathers,
            limited: within.is_some(),
            limit,
        });
        self.knowledge.remember();
        if let (Some(at), false) = (within, gathers) {
            self.raises(&Cause::Timeout, owner, at);
        }
        let mut out = Vec::new();
        walk(self, &mut out);
        self.knowledge.forget();
        let open = self.scopes.pop();
        self.jumps.pop();
        self.tail_from = tail;
        self.lane = outer;
        if let (Some(limit), false) = (limit, gathers) {
            self.covers_a_wait(limit, &out);
        }
        let (takes, failures) = open.map_or_else(Default::default, |open| (open.takes, open.failures));
        self.judge_taken(&takes, &failures);
        (out, takes)
    }

    /// What follows a complete body: names that it bound anew get what it gave them.
    pub(super) fn commit(&mut self, id: ScopeId, mark: Mark) -> Block {
        let mut out = Vec::new();
        let Some(lane) = self.tables.scopes.get(id.index()).map(|scope| scope.lane) else { return out };
        if !self.reachable {
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

    /// Adds a scope with its ways on.
    pub(super) fn end(
        &mut self,
        scope: ScopeId,
        choice: ChoiceId,
        body: Block,
        ended: Ways,
        span: Span,
        out: &mut Block,
    ) {
        let Some(entry) = self.tables.scopes.get_mut(scope.index()) else { return };
        entry.kind = ScopeKind::Try(ended.handlers);
        let (name, owner) = (entry.name.clone(), entry.owner);
        let labels: Vec<(&str, Span)> =
            ended.labels.iter().map(|(label, at)| (label.as_str(), *at)).collect();
        self.close_choice(choice, name, owner, &labels);
        let decision = self.tables.decision(Decision::Outcome(scope));
        let site = self.plain_site(span);
        let ending = Some(Ending { choice, decision, branches: ended.branches });
        out.push(Stmt::Scope { scope, body, ending, site });
    }

    /// The lane whose variable a name has here: that of the innermost scope around which somebody knew the name, so
    /// that its value outside stays as it was until the scope is complete.
    pub(super) fn var_lane(&self, name: NameId) -> LaneId {
        let (first, thread) = self.thread;
        let mut inner = self.scopes.iter().enumerate().skip(first).rev();
        let found = inner.find(|(level, _)| self.knowledge.knew(*level, name));
        found.map_or(thread, |(_, scope)| scope.lane)
    }
}
