//! Statements in a row: each to its own part of the walk, unreachable ones named, index names without a binder
//! gathered into one `for`.
//!
//! Is not: the meaning of any one statement.

use crate::base::limits::{NESTING_MAX, STATES_MAX};
use crate::diag::Diagnostic;
use crate::diag::code::Code;
use crate::diag::source::Span;
use crate::global::protocol::Block;
use crate::global::resolve::Resolver;
use crate::syntax::tree::{self, Receivers, RoleRef, Stmt, StmtKind};

/// Blocks and calls around a statement; more than the grammar nests, since calls nest too.
const DEPTH_MAX: usize = 2 * NESTING_MAX;

impl<'d> Resolver<'d> {
    /// Walks a block into a new one.
    pub(super) fn block(&mut self, block: &'d tree::Block) -> Block {
        let mut out = Vec::new();
        self.statements(&block.stmts, &mut out);
        out
    }

    /// Walks statements, appending what they become.
    pub(super) fn statements(&mut self, stmts: &'d [Stmt], out: &mut Block) {
        let Some(first) = stmts.first() else { return };
        if self.depth >= DEPTH_MAX {
            self.too_large(first.place.0, "it nests too deeply");
            return;
        }
        self.depth += 1;
        let mut start = 0;
        while let Some(stmt) = stmts.get(start)
            && !self.overflow
        {
            let grouped = self.unbound_of(stmt);
            let same = |stmt: &&'d Stmt| self.unbound_of(stmt) == grouped;
            let taken = match grouped {
                Some(_) => stmts.iter().skip(start).take_while(same).count(),
                None => 1,
            };
            // Only the last statement's end is the block's end.
            let tail = self.tail_from;
            if start + taken < stmts.len() {
                self.tail_from = self.active.len();
            }
            match grouped {
                Some((index, family)) => {
                    let group = stmts.get(start..start + taken).unwrap_or(&[]);
                    self.members_in_turn(index, family, group, out);
                }
                None => self.reached(stmt, out),
            }
            self.tail_from = tail;
            start += taken;
        }
        self.depth -= 1;
    }

    /// Walks a statement, or says that no run comes to it.
    fn reached(&mut self, stmt: &'d Stmt, out: &mut Block) {
        self.work += 1;
        if self.work > STATES_MAX {
            self.too_large(stmt.place.0, "with its families and calls expanded it has too many statements");
            return;
        }
        if self.reachable {
            self.statement(stmt, out);
            return;
        }
        self.say(
            Diagnostic::new(Code::E0117, stmt.place.0, "no run comes to this statement")
                .here("the statement before it never goes on")
                .help("take it away, or move it before the jump"),
        );
        // Judged all the same, for its own mistakes; whatever follows it is as unreachable, and said once.
        self.reachable = true;
        let (mark, mut nowhere) = (self.knowledge.mark(), Vec::new());
        self.statement(stmt, &mut nowhere);
        self.knowledge.undo(mark);
    }

    fn statement(&mut self, stmt: &'d Stmt, out: &mut Block) {
        match &stmt.kind {
            StmtKind::Exchange(exchange) => self.exchange(stmt, exchange, out),
            StmtKind::Relay(relay) => self.relay(stmt, relay, out),
            StmtKind::Does(does) => self.does(stmt, does, out),
            StmtKind::Let(binding) => self.binding(stmt, binding, out),
            StmtKind::Choice(choice) => self.choice(stmt, choice, out),
            StmtKind::If(cond) => self.cond(stmt, cond, out),
            StmtKind::Loop(turns) => self.turns(stmt, turns, out),
            StmtKind::Rec(rec) => self.rec(stmt, rec, out),
            StmtKind::Continue(label) => self.jump(stmt, label.as_ref(), true, out),
            StmtKind::Break(label) => self.jump(stmt, label.as_ref(), false, out),
            StmtKind::For(each) => self.each(stmt, each, out),
            StmtKind::Par(par) => self.par(stmt, par, out),
            StmtKind::Call(call) => self.call(stmt, call, out),
            StmtKind::Sub(sub) => self.sub(sub, out),
            StmtKind::Try(scope) => self.scope(stmt, scope),
            StmtKind::Fail(fail) => self.fail(stmt, fail, out),
            StmtKind::Return(value) => self.give_back(stmt, value, out),
        }
    }

    /// Says that a bound was met, and stops the walk.
    pub(super) fn too_large(&mut self, span: Span, why: &str) {
        if !self.overflow {
            self.say(
                Diagnostic::new(Code::E0128, span, format!("this protocol is too large: {why}"))
                    .help("choose smaller families, or split the protocol"),
            );
        }
        self.overflow = true;
    }

    /// The first index name of a statement that nothing binds, and its family.
    fn unbound_of(&self, stmt: &'d Stmt) -> Option<(&'d str, &'d str)> {
        let of = |role: &'d RoleRef| self.unbound(role).map(|index| (index, role.name.text.as_str()));
        match &stmt.kind {
            StmtKind::Exchange(exchange) => of(&exchange.from).or_else(|| match &exchange.to {
                Receivers::Listed(to) => to.iter().find_map(of),
                Receivers::Others => None,
            }),
            StmtKind::Relay(relay) => relay.hops.iter().find_map(of),
            StmtKind::Does(does) => of(&does.role),
            StmtKind::Let(binding) => of(&binding.role),
            StmtKind::Choice(choice) => of(&choice.owner),
            StmtKind::If(cond) => cond.at.as_ref().and_then(of),
            StmtKind::Call(call) => call.roles.iter().find_map(|(_, role)| of(role)),
            StmtKind::Fail(fail) => of(&fail.at),
            StmtKind::Try(scope) => of(&scope.owner),
            _ => None,
        }
    }

    /// Walks the statements once for each member of the family, the index being a number each time.
    fn members_in_turn(&mut self, index: &'d str, family: &'d str, stmts: &'d [Stmt], out: &mut Block) {
        let size = self.frame.roles.get(family).map_or(0, |cast| cast.members.len());
        let hops = self.frame.hops.last().map(|(_, count)| *count);
        for at in 0..size {
            self.restart_hops(hops);
            self.frame.statics.push((index, at as i64));
            let tail = self.tail_from;
            if at + 1 < size {
                self.tail_from = self.active.len();
            }
            self.statements(stmts, out);
            self.tail_from = tail;
            self.frame.statics.pop();
        }
    }

    /// Lets the hops without a name count from here again, so that each member's hops are named alike.
    pub(super) fn restart_hops(&mut self, count: Option<u32>) {
        if let (Some(count), Some(last)) = (count, self.frame.hops.last_mut()) {
            last.1 = count;
        }
    }
}
