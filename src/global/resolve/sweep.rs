//! Steps that nobody wrote are taken away where nothing uses what they bind.
//!
//! Lists of a family's messages, turns, arguments and results are kept by steps; a role that never looks at one
//! keeps none, so that sugar costs nothing and adds no decision that a role would have to be told of.
//! Is not: an optimisation of what somebody wrote.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::id::{RoleId, VarId};
use crate::global::expr::{Expr, Part};
use crate::global::protocol::{Block, Collect, Decision, Ending, Payload, ScopeKind, Step, Stmt};
use crate::global::resolve::Resolver;

/// A variable of a role.
type Use = (RoleId, VarId);

/// What is used, and what would be used by a silent step if its variable were.
#[derive(Default)]
struct Uses {
    used: Vec<Use>,
    silent: BTreeMap<Use, BTreeSet<VarId>>,
}

impl<'d> Resolver<'d> {
    /// The block without silent steps that nothing needs.
    pub(super) fn sweep(&self, body: Block) -> Block {
        if self.tables.silent.is_empty() {
            return body;
        }
        let mut uses = Uses::default();
        self.uses(&body, &mut uses);
        let mut needed: BTreeSet<Use> = BTreeSet::new();
        while let Some((role, var)) = uses.used.pop() {
            if needed.insert((role, var))
                && let Some(more) = uses.silent.get(&(role, var))
            {
                uses.used.extend(more.iter().map(|var| (role, *var)));
            }
        }
        self.keep(body, &needed)
    }

    /// Gathers what is used, block by block.
    fn uses(&self, block: &Block, uses: &mut Uses) {
        let mut vars = Vec::new();
        for stmt in block {
            vars.clear();
            match stmt {
                Stmt::Exchange { from, payload, .. } => {
                    if let Some(Payload::Expr(e)) = self.tables.payload_of(*payload) {
                        vars_of(e, &mut vars);
                    }
                    uses.used.extend(vars.iter().map(|var| (*from, *var)));
                }
                Stmt::Step { role, step, site } => match self.tables.step_of(*step) {
                    Some(Step::Let(var, e)) if self.tables.silent.contains(site) => {
                        vars_of(e, &mut vars);
                        uses.silent.entry((*role, *var)).or_default().extend(vars.iter().copied());
                    }
                    Some(step) => {
                        vars_of_step(step, &mut vars);
                        uses.used.extend(vars.iter().map(|var| (*role, *var)));
                    }
                    None => {}
                },
                Stmt::Choice { choice, decision, branches, .. } => {
                    if let (Some(Decision::When { conditions, .. }), Some(choice)) =
                        (self.tables.decision_of(*decision), self.tables.choices.get(choice.index()))
                    {
                        conditions.iter().flatten().for_each(|e| vars_of(e, &mut vars));
                        uses.used.extend(vars.iter().map(|var| (choice.owner, *var)));
                    }
                    branches.iter().for_each(|branch| self.uses(branch, uses));
                }
                Stmt::Labelled(_, body) => self.uses(body, uses),
                Stmt::Count { count, body, .. } => {
                    vars_of(count, &mut vars);
                    if !vars.is_empty() {
                        let mut busy = vec![false; self.tables.roles.len()];
                        self.busy(body, &mut busy);
                        let counting = busy.iter().enumerate().filter(|(_, busy)| **busy);
                        for (at, _) in counting {
                            uses.used.extend(vars.iter().map(|var| (RoleId::at(at), *var)));
                        }
                    }
                    self.uses(body, uses);
                }
                Stmt::Par(branches, _) => branches.iter().for_each(|(_, body)| self.uses(body, uses)),
                Stmt::Scope { scope, body, ending, .. } => {
                    if let Some(scope) = self.tables.scopes.get(scope.index()) {
                        scope.within.iter().for_each(|e| vars_of(e, &mut vars));
                        if let ScopeKind::Collect(Collect { until: Some(e), .. }) = &scope.kind {
                            vars_of(e, &mut vars);
                        }
                        uses.used.extend(vars.iter().map(|var| (scope.owner, *var)));
                    }
                    self.uses(body, uses);
                    let branches = ending.iter().flat_map(|ending| &ending.branches);
                    branches.for_each(|branch| self.uses(branch, uses));
                }
                Stmt::Continue(..) | Stmt::Break(..) | Stmt::Done { .. } => {}
            }
        }
    }

    /// The block without what is not needed.
    fn keep(&self, block: Block, needed: &BTreeSet<Use>) -> Block {
        let mut kept = Vec::with_capacity(block.len());
        for stmt in block {
            kept.push(match stmt {
                Stmt::Step { role, step, site } => {
                    let silent = self.tables.silent.contains(&site);
                    let unused = match self.tables.step_of(step) {
                        Some(Step::Let(var, _)) => !needed.contains(&(role, *var)),
                        _ => false,
                    };
                    if silent && unused {
                        continue;
                    }
                    Stmt::Step { role, step, site }
                }
                Stmt::Choice { choice, decision, branches, site } => {
                    let branches = branches.into_iter().map(|branch| self.keep(branch, needed)).collect();
                    Stmt::Choice { choice, decision, branches, site }
                }
                Stmt::Labelled(label, body) => Stmt::Labelled(label, self.keep(body, needed)),
                Stmt::Count { count, zero, turn, body, site } => {
                    Stmt::Count { count, zero, turn, body: self.keep(body, needed), site }
                }
                Stmt::Par(branches, site) => {
                    let branches = branches.into_iter().map(|(lane, body)| (lane, self.keep(body, needed)));
                    Stmt::Par(branches.collect(), site)
                }
                Stmt::Scope { scope, body, ending, site } => {
                    let ending = ending.map(|ending| Ending {
                        branches: ending
                            .branches
                            .into_iter()
                            .map(|branch| self.keep(branch, needed))
                            .collect(),
                        ..ending
                    });
                    Stmt::Scope { scope, body: self.keep(body, needed), ending, site }
                }
                other => other,
            });
        }
        kept
    }
}

/// Every variable that a step reads.
fn vars_of_step(step: &Step, out: &mut Vec<VarId>) {
    match step {
        Step::Let(_, e) | Step::Fail(_, Some(e)) => vars_of(e, out),
        Step::Does { args, .. } => args.iter().for_each(|(_, e)| vars_of(e, out)),
        Step::Fail(_, None) => {}
    }
}

/// Every variable of an expression, parameters of its lambdas included.
pub(super) fn vars_of(e: &Expr, out: &mut Vec<VarId>) {
    let parts = |parts: &Vec<Part>, out: &mut Vec<VarId>| {
        for part in parts {
            match part {
                Part::Field(_, e) | Part::Spread(e) => vars_of(e, out),
            }
        }
    };
    match e {
        Expr::Const(_) => {}
        Expr::Var(var) => out.push(*var),
        Expr::Text(items) | Expr::List(items) => items.iter().for_each(|e| vars_of(e, out)),
        Expr::Record(fields) | Expr::Variant(_, fields) => parts(fields, out),
        Expr::Field(of, _)
        | Expr::Unary(_, of)
        | Expr::Fold(_, of)
        | Expr::Is(of, _)
        | Expr::FieldsOf(of)
        | Expr::From(of, _) => vars_of(of, out),
        Expr::Index(a, b) | Expr::Binary(_, a, b) | Expr::Append(a, b) | Expr::Each(_, a, _, b) => {
            vars_of(a, out);
            vars_of(b, out);
        }
        Expr::If(a, b, c) => {
            vars_of(a, out);
            vars_of(b, out);
            vars_of(c, out);
        }
    }
}
