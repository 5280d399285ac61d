//! Turns in which something happens, and who is the first to send.
//!
//! Is not: a check that loops end; they need not.

use crate::base::id::RoleId;
use crate::diag::Diagnostic;
use crate::diag::code::Code;
use crate::diag::source::Span;
use crate::global::protocol::{Block, Label, Stmt};
use crate::global::resolve::Resolver;

/// How a stretch of statements may be passed without anything happening.
enum Quiet {
    /// It cannot.
    No,
    /// To its end.
    Through,
    /// To a new turn of the loop that is judged.
    Turn,
}

impl<'d> Resolver<'d> {
    /// Says so if a turn of the loop can pass without a message or a step.
    pub(super) fn guarded(&mut self, body: &Block, label: Label, span: Span) {
        if matches!(self.quiet(body, label), Quiet::Turn) {
            self.silent_turn(span);
        }
    }

    /// Says that a turn may be silent.
    pub(super) fn silent_turn(&mut self, span: Span) {
        self.say(
            Diagnostic::new(Code::E0116, span, "a turn of this loop can pass without a message or a step")
                .here("it would spin for ever without anything to see")
                .help("exchange a message in every turn, or leave the loop"),
        );
    }

    /// How a block can be passed.
    fn quiet(&self, block: &Block, label: Label) -> Quiet {
        for stmt in block {
            match self.quiet_stmt(stmt, label) {
                Quiet::Through => {}
                other => return other,
            }
        }
        Quiet::Through
    }

    /// How a statement can be passed.
    fn quiet_stmt(&self, stmt: &Stmt, label: Label) -> Quiet {
        match stmt {
            Stmt::Exchange { .. } => Quiet::No,
            // A step that nobody wrote does not count.
            Stmt::Step { site, .. } => {
                if self.tables.silent.contains(site) {
                    Quiet::Through
                } else {
                    Quiet::No
                }
            }
            Stmt::Continue(to, _) if *to == label => Quiet::Turn,
            Stmt::Continue(..) => Quiet::No,
            // Another loop's end is near enough to going on.
            Stmt::Break(to, _) => {
                if *to == label {
                    Quiet::No
                } else {
                    Quiet::Through
                }
            }
            Stmt::Choice { branches, .. } => {
                let mut through = false;
                for branch in branches {
                    match self.quiet(branch, label) {
                        Quiet::Turn => return Quiet::Turn,
                        Quiet::Through => through = true,
                        Quiet::No => {}
                    }
                }
                if through { Quiet::Through } else { Quiet::No }
            }
            Stmt::Labelled(_, body) => self.quiet(body, label),
            Stmt::Count { body, zero, .. } => {
                if *zero {
                    Quiet::Through
                } else {
                    self.quiet(body, label)
                }
            }
            Stmt::Par(branches, _) => {
                let all = branches.iter().all(|(_, body)| matches!(self.quiet(body, label), Quiet::Through));
                if all { Quiet::Through } else { Quiet::No }
            }
            Stmt::Scope { .. } | Stmt::Done { .. } => Quiet::No,
        }
    }

    /// Who sends first in a block, or decides first.
    pub(super) fn first_sender(&self, block: &Block) -> Option<RoleId> {
        block.iter().find_map(|stmt| match stmt {
            Stmt::Exchange { from, .. } => Some(*from),
            Stmt::Choice { choice, .. } => self.tables.choices.get(choice.index()).map(|choice| choice.owner),
            Stmt::Labelled(_, body) | Stmt::Count { body, .. } => self.first_sender(body),
            Stmt::Scope { scope, .. } => self.tables.scopes.get(scope.index()).map(|scope| scope.owner),
            Stmt::Done { role, .. } => Some(*role),
            Stmt::Par(branches, _) => branches.iter().find_map(|(_, body)| self.first_sender(body)),
            Stmt::Step { .. } | Stmt::Continue(..) | Stmt::Break(..) => None,
        })
    }
}
