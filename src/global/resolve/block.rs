//! Statements in a row: each to its own part of the walk, unreachable ones named. Statements that share an index
//! are gathered: into one `for` where nothing binds it, into one choice where only the session knows it.
//!
//! Is not: the meaning of any one statement.

use crate::base::limits::{NESTING_MAX, STATES_MAX};
use crate::diag::Diagnostic;
use crate::diag::code::Code;
use crate::diag::source::Span;
use crate::global::protocol::Block;
use crate::global::resolve::Resolver;
use crate::syntax::tree::{self, Receivers, RoleRef, Selector, Stmt, StmtKind};

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
            let group = self.group_of(stmt);
            let taken = stmts.iter().skip(start).take_while(|stmt| self.belongs(stmt, &group)).count().max(1);
            // Only the last statement's end is the block's end.
            let tail = self.tail_from;
            if start + taken < stmts.len() {
                self.tail_from = self.active.len();
            }
            let together = stmts.get(start..start + taken).unwrap_or(&[]);
            match group {
                Some(Group::InTurn { index, family }) => self.members_in_turn(index, family, together, out),
                Some(Group::Picked { family, index, owner }) if taken > 1 => {
                    self.member_picked(family, index, owner, together, out);
                }
                _ => self.reached(stmt, out),
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
            StmtKind::Try(scope) => self.scope(stmt, scope, out),
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

    /// What a statement shares with those after it: the first index name that nothing binds, or the index by which
    /// one end of an exchange picks the other.
    fn group_of(&self, stmt: &'d Stmt) -> Option<Group<'d>> {
        let unbound = |role: &'d RoleRef| {
            self.unbound(role).map(|index| Group::InTurn { index, family: role.name.text.as_str() })
        };
        if let Some(group) = refs_of(stmt).into_iter().find_map(unbound) {
            return Some(group);
        }
        let StmtKind::Exchange(exchange) = &stmt.kind else { return None };
        let Receivers::Listed(to) = &exchange.to else { return None };
        let [to] = to.as_slice() else { return None };
        let picks = |picked: &'d RoleRef, owner: &'d RoleRef| {
            let Some(Selector::Index(index)) = &picked.selector else { return None };
            let family = picked.name.text.as_str();
            let open = !self.is_static(index) && self.frame.pick(family, index).is_none();
            (open && owner.selector.is_none()).then_some(Group::Picked { family, index, owner })
        };
        picks(to, &exchange.from).or_else(|| picks(&exchange.from, to))
    }

    /// Whether a statement goes with those before it.
    fn belongs(&self, stmt: &'d Stmt, group: &Option<Group<'d>>) -> bool {
        match group {
            None => false,
            Some(Group::InTurn { .. }) => self.group_of(stmt) == *group,
            Some(Group::Picked { family, index, .. }) => refs_of(stmt).into_iter().any(|role| {
                role.name.text == *family
                    && matches!(&role.selector, Some(Selector::Index(at)) if at == *index)
            }),
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

    /// Walks the statements in one branch for each member of the family; the owner evaluates the index.
    fn member_picked(
        &mut self,
        family: &'d str,
        index: &'d tree::Expr,
        owner: &'d RoleRef,
        stmts: &'d [Stmt],
        out: &mut Block,
    ) {
        let (Some(first), Some(owner)) = (stmts.first(), self.single(owner)) else { return };
        let members = self.frame.roles.get(family).map_or_else(Vec::new, |cast| cast.members.clone());
        let hops = self.frame.hops.last().map(|(_, count)| *count);
        self.picked(first, owner, members, index, out, |walk, member, out| {
            walk.restart_hops(hops);
            walk.frame.picks.push((family, index, member));
            walk.statements(stmts, out);
            walk.frame.picks.pop();
        });
    }

    /// Lets the hops without a name count from here again, so that each member's hops are named alike.
    pub(super) fn restart_hops(&mut self, count: Option<u32>) {
        if let (Some(count), Some(last)) = (count, self.frame.hops.last_mut()) {
            last.1 = count;
        }
    }
}

/// Statements in a row that share an index.
#[derive(Clone, Copy, PartialEq)]
enum Group<'d> {
    /// For each member of the family in turn.
    InTurn { index: &'d str, family: &'d str },
    /// For the one member that the owner picks by this index.
    Picked { family: &'d str, index: &'d tree::Expr, owner: &'d RoleRef },
}

/// The roles that a statement names itself, not in its blocks.
fn refs_of(stmt: &Stmt) -> Vec<&RoleRef> {
    match &stmt.kind {
        StmtKind::Exchange(exchange) => {
            let mut refs = vec![&exchange.from];
            if let Receivers::Listed(to) = &exchange.to {
                refs.extend(to);
            }
            refs
        }
        StmtKind::Relay(relay) => relay.hops.iter().collect(),
        StmtKind::Does(does) => vec![&does.role],
        StmtKind::Let(binding) => vec![&binding.role],
        StmtKind::Choice(choice) => vec![&choice.owner],
        StmtKind::If(cond) => cond.at.iter().collect(),
        StmtKind::Call(call) => call.roles.iter().map(|(_, role)| role).collect(),
        StmtKind::Fail(fail) => vec![&fail.at],
        StmtKind::Try(scope) => vec![&scope.owner],
        _ => Vec::new(),
    }
}
