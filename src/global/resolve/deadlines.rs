//! Time limits of scopes that are constants: more than nothing, each shorter than the one around it, and not too short
//! for a wait inside.
//!
//! Is not: a measure of real time; what depends on values is not judged.

use crate::base::time::Duration;
use crate::base::value::Value;
use crate::diag::Diagnostic;
use crate::diag::code::Code;
use crate::diag::source::Span;
use crate::global::expr::Expr;
use crate::global::protocol::{Block, Step, Stmt};
use crate::global::resolve::{Resolver, fold};

/// A time limit as a constant, and where it stands.
pub(super) type Limit = (Duration, Span);

/// The longest wait on any way through something, and the longest single one.
#[derive(Clone, Copy, Default)]
struct Wait {
    all: u64,
    longest: Option<(u64, Span)>,
}

impl Wait {
    fn then(self, next: Self) -> Self {
        Self { all: self.all.saturating_add(next.all), longest: self.longest.max(next.longest) }
    }

    fn or(self, other: Self) -> Self {
        if other.all > self.all { other } else { self }
    }
}

/// The value of a limit that is a constant; nothing where it would be less.
pub(super) fn limit(within: Option<&(Expr, Span)>) -> Option<Limit> {
    match within {
        Some((Expr::Const(Value::Duration(limit)), span)) => Some((*limit, *span)),
        Some((e, span)) if fold::is_negative(e) => Some((Duration(0), *span)),
        _ => None,
    }
}

impl<'d> Resolver<'d> {
    /// Says so if a limit leaves no time, or is not shorter than the one around it.
    pub(super) fn nests_in_time(&mut self, (inner, span): Limit) {
        if inner.0 == 0 {
            let message = "the time limit is nothing or less";
            self.say(
                Diagnostic::new(Code::E0149, span, message)
                    .here("has run out before anything can happen")
                    .help("write a span that is longer than `0s`"),
            );
            return;
        }
        let Some((outer, at)) = self.scopes.iter().rev().find_map(|scope| scope.limit) else { return };
        if inner < outer {
            return;
        }
        let message = format!("{inner} is not shorter than {outer}, the time limit around it");
        self.say(
            Diagnostic::new(Code::E0144, span, message)
                .here("never runs out: the one around it does so first")
                .also(at, "the time limit around it")
                .help("make it shorter, or leave it out"),
        );
    }

    /// Warns of a limit that runs out while somebody inside only waits.
    pub(super) fn covers_a_wait(&mut self, (limit, span): Limit, body: &Block) {
        let wait = self.wait(body);
        let Some((longest, at)) = wait.longest.filter(|_| limit.0 > 0 && wait.all >= limit.0) else { return };
        let message = format!("{limit} also covers a wait of {}", Duration(wait.all));
        self.say(
            Diagnostic::new(Code::E0145, span, message)
                .here("runs out while somebody only waits")
                .also(at, format!("{} are waited here", Duration(longest)))
                .help(format!(
                    "wait before the `try`, or limit only the decision: `choice at R within {limit} {{ … }}`"
                )),
        );
    }

    /// The longest wait on any way through the block, loops taken once.
    fn wait(&self, block: &[Stmt]) -> Wait {
        block.iter().fold(Wait::default(), |so_far, stmt| so_far.then(self.wait_of(stmt)))
    }

    fn wait_of(&self, stmt: &Stmt) -> Wait {
        let longest = |blocks: &mut dyn Iterator<Item = &Block>| {
            blocks.fold(Wait::default(), |so_far, block| so_far.or(self.wait(block)))
        };
        match stmt {
            Stmt::Step { step, site, .. } => {
                let span = self.tables.span_of(*site);
                match self.tables.step_of(*step) {
                    Some(Step::Does { effect, operation, args, .. })
                        if (&**effect, &**operation) == ("time", "sleep") =>
                    {
                        match args.first() {
                            Some((_, Expr::Const(Value::Duration(span_of)))) => {
                                Wait { all: span_of.0, longest: Some((span_of.0, span)) }
                            }
                            _ => Wait::default(),
                        }
                    }
                    _ => Wait::default(),
                }
            }
            Stmt::Choice { branches, .. } => longest(&mut branches.iter()),
            Stmt::Labelled(_, body) => self.wait(body),
            Stmt::Count { count, body, .. } => {
                let turn = self.wait(body);
                let turns = match count {
                    Expr::Const(Value::Int(turns)) => u64::try_from(*turns).unwrap_or(0),
                    _ => 1,
                };
                Wait { all: turn.all.saturating_mul(turns), ..turn }
            }
            Stmt::Par(branches, _) => longest(&mut branches.iter().map(|(_, body)| body)),
            Stmt::Scope { scope, body, ending, .. } => {
                let mut inside = self.wait(body);
                let within = self.tables.scopes.get(scope.index()).and_then(|scope| scope.within.as_ref());
                if let Some(Expr::Const(Value::Duration(limit))) = within {
                    inside.all = inside.all.min(limit.0);
                }
                let after = longest(&mut ending.iter().flat_map(|ending| &ending.branches));
                inside.then(after)
            }
            Stmt::Exchange { .. } | Stmt::Continue(..) | Stmt::Break(..) | Stmt::Done { .. } => {
                Wait::default()
            }
        }
    }
}
