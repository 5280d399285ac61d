//! Steps that nobody wrote wait for their role's next own action, past what the role takes no part in.
//!
//! At the start of a branch such a step would be something that its role does before it has heard which branch it
//! is, and it would have to be told. A step reads and sets what its own role knows, and only that role's actions
//! change this; so it commutes with everything that the role takes no part in, and with a message that the role
//! receives under a name that the step neither reads nor sets.
//! Is not: a move into something that may run more than once, or not at all: loops, choices, branches of `par`.

use std::collections::BTreeSet;

use crate::base::id::{RoleId, VarId};
use crate::global::protocol::{Block, Ending, Label, Step, Stmt};
use crate::global::resolve::Resolver;
use crate::global::resolve::sweep::vars_of;

impl<'d> Resolver<'d> {
    /// The block with every silent step where its role acts next.
    pub(super) fn settle(&self, body: Block) -> Block {
        if self.tables.silent.is_empty() {
            return body;
        }
        self.placed(body, Vec::new())
    }

    /// A block that begins with these steps.
    fn placed(&self, block: Block, mut waiting: Block) -> Block {
        let mut out = Vec::with_capacity(block.len());
        for stmt in block {
            match stmt {
                Stmt::Step { site, .. } if self.tables.silent.contains(&site) => waiting.push(stmt),
                Stmt::Step { role, .. } => {
                    flush(&mut waiting, |of| of == role, &mut out);
                    out.push(stmt);
                }
                Stmt::Exchange { from, to, var, .. } => {
                    flush(&mut waiting, |of| of == from, &mut out);
                    if waiting.iter().any(|step| self.touches(step, to, var)) {
                        flush(&mut waiting, |of| of == to, &mut out);
                    }
                    out.push(stmt);
                    flush(&mut waiting, |of| of == to, &mut out);
                }
                // It runs once: its steps may wait inside.
                Stmt::Labelled(label, body)
                    if waiting.is_empty() || !jumps(&body, |to, again| again && to == label) =>
                {
                    out.push(Stmt::Labelled(label, self.placed(body, std::mem::take(&mut waiting))));
                }
                Stmt::Labelled(..)
                | Stmt::Choice { .. }
                | Stmt::Count { .. }
                | Stmt::Par(..)
                | Stmt::Scope { .. }
                | Stmt::Done { .. } => {
                    self.flush_busy(&mut waiting, &stmt, &mut out);
                    out.push(self.inside(stmt));
                }
                Stmt::Continue(..) | Stmt::Break(..) => {
                    flush(&mut waiting, |_| true, &mut out);
                    out.push(stmt);
                }
            }
        }
        flush(&mut waiting, |_| true, &mut out);
        out
    }

    /// A statement with its blocks settled, each on its own.
    fn inside(&self, stmt: Stmt) -> Stmt {
        let settle = |block: Block| self.placed(block, Vec::new());
        match stmt {
            Stmt::Labelled(label, body) => Stmt::Labelled(label, settle(body)),
            Stmt::Choice { choice, decision, branches, site } => {
                let branches = branches.into_iter().map(settle).collect();
                Stmt::Choice { choice, decision, branches, site }
            }
            Stmt::Count { count, zero, turn, body, site } => {
                Stmt::Count { count, zero, turn, body: settle(body), site }
            }
            Stmt::Par(branches, site) => {
                Stmt::Par(branches.into_iter().map(|(lane, body)| (lane, settle(body))).collect(), site)
            }
            Stmt::Scope { scope, body, ending, site } => {
                let ending = ending.map(|ending| Ending {
                    branches: ending.branches.into_iter().map(settle).collect(),
                    ..ending
                });
                Stmt::Scope { scope, body: settle(body), ending, site }
            }
            other => other,
        }
    }

    /// Whether a step of this role reads or sets the variable.
    fn touches(&self, step: &Stmt, role: RoleId, var: VarId) -> bool {
        let Stmt::Step { role: of, step, .. } = step else { return false };
        if *of != role {
            return false;
        }
        let Some(Step::Let(set, e)) = self.tables.step_of(*step) else { return true };
        let mut read = Vec::new();
        vars_of(e, &mut read);
        *set == var || read.contains(&var)
    }

    /// Puts down the steps of the roles that take part in a statement; of all, if it may jump over what follows it.
    fn flush_busy(&self, waiting: &mut Block, stmt: &Stmt, out: &mut Block) {
        if waiting.is_empty() {
            return;
        }
        let stmt = std::slice::from_ref(stmt);
        let mut busy = vec![false; self.tables.roles.len()];
        self.busy(stmt, &mut busy);
        let own = labels(stmt);
        let leaves = jumps(stmt, |to, _| !own.contains(&to));
        flush(waiting, |of| leaves || busy.get(of.index()).copied().unwrap_or(true), out);
    }
}

/// Puts down the steps of some roles, in order.
fn flush(waiting: &mut Block, whose: impl Fn(RoleId) -> bool, out: &mut Block) {
    let (now, later) = std::mem::take(waiting).into_iter().partition(|stmt| match stmt {
        Stmt::Step { role, .. } => whose(*role),
        _ => true,
    });
    let now: Block = now;
    *waiting = later;
    out.extend(now);
}

/// Whether a jump in these statements is wanted: by its label, and whether it starts the label's block again.
fn jumps(stmts: &[Stmt], wanted: impl Fn(Label, bool) -> bool) -> bool {
    let mut found = false;
    each(stmts, |stmt| match stmt {
        Stmt::Continue(to, _) => found |= wanted(*to, true),
        Stmt::Break(to, _) => found |= wanted(*to, false),
        _ => {}
    });
    found
}

/// The labels whose blocks stand in these statements.
fn labels(stmts: &[Stmt]) -> BTreeSet<Label> {
    let mut found = BTreeSet::new();
    each(stmts, |stmt| {
        if let Stmt::Labelled(label, _) = stmt {
            found.insert(*label);
        }
    });
    found
}

/// Visits the statements and all in them.
fn each(stmts: &[Stmt], mut visit: impl FnMut(&Stmt)) {
    let mut open = vec![stmts];
    while let Some(stmts) = open.pop() {
        for stmt in stmts {
            visit(stmt);
            match stmt {
                Stmt::Labelled(_, body) | Stmt::Count { body, .. } => open.push(body),
                Stmt::Choice { branches, .. } => open.extend(branches.iter().map(Vec::as_slice)),
                Stmt::Par(branches, _) => open.extend(branches.iter().map(|(_, body)| body.as_slice())),
                Stmt::Scope { body, ending, .. } => {
                    open.push(body);
                    open.extend(ending.iter().flat_map(|ending| &ending.branches).map(Vec::as_slice));
                }
                Stmt::Exchange { .. }
                | Stmt::Step { .. }
                | Stmt::Continue(..)
                | Stmt::Break(..)
                | Stmt::Done { .. } => {}
            }
        }
    }
}
