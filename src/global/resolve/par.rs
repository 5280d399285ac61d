//! `par`, `for` and `par for`: branches at the same time, and members one after another or side by side.
//!
//! Branches share nothing: each has variables of its own. What exactly one branch binds is known after the join.
//! Is not: lanes of messages; a lane is only numbered here.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::id::{LaneId, RoleId};
use crate::diag::Diagnostic;
use crate::diag::code::Code;
use crate::diag::source::Span;
use crate::global::expr::Expr;
use crate::global::protocol::{self, Block, Stmt};
use crate::global::resolve::Resolver;
use crate::global::resolve::frame::{Jump, Kind};
use crate::global::resolve::knowledge::{Delta, Key, Known, Parting};
use crate::global::resolve::roles::Target;
use crate::syntax::tree::{self, For, Par};

impl<'d> Resolver<'d> {
    /// `par { … }`: each branch begins with what is known before it, and none sees another.
    pub(super) fn par(&mut self, stmt: &'d tree::Stmt, par: &'d Par, out: &mut Block) {
        if par.bare {
            self.say(
                Diagnostic::new(Code::E0136, stmt.place.0, "a bare exchange is a branch of its own here")
                    .help("give each branch braces: `par { { … } { … } }`"),
            );
        }
        let mark = self.knowledge.mark();
        let (mut branches, mut deltas, mut joined) = (Vec::new(), Vec::new(), true);
        for (at, block) in par.branches.iter().enumerate() {
            let Some(lane) = self.lane(stmt.place.0, at) else { return };
            let walked = self.branch(lane, block.place.0, |walk, out| walk.statements(&block.stmts, out));
            joined &= self.reachable;
            self.reachable = true;
            deltas.push(self.knowledge.delta(mark));
            self.knowledge.undo(mark);
            branches.push((lane, walked));
        }
        self.join(stmt.place.0, branches, &deltas, out);
        self.reachable = joined;
    }

    /// Adds the branches, and gives names that one of them bound to all that follows.
    fn join(&mut self, span: Span, branches: Vec<(LaneId, Block)>, deltas: &[Delta], out: &mut Block) {
        let site = self.plain_site(span);
        out.push(Stmt::Par(branches, site));
        let mut bound: BTreeMap<Key, (usize, Option<Known>)> = BTreeMap::new();
        for delta in deltas {
            for (key, known) in delta {
                let before = self.knowledge.of(key.0, key.1);
                if known.map(|k| k.var) == before.map(|k| k.var) {
                    continue;
                }
                let entry = bound.entry(*key).or_insert((0, None));
                entry.0 += 1;
                entry.1 = known.or(entry.1);
            }
        }
        for (key, (branches, known)) in bound {
            match known {
                Some(known) if branches == 1 => {
                    let ty = self.tables.type_of(known.var);
                    let var = self.tables.var(key.0, self.var_lane(key.0), &ty);
                    if var != known.var {
                        self.silent_let(key.1, var, Expr::Var(known.var), known.span, out);
                    }
                    self.knowledge.set(key, Some(Known { var, span: known.span }));
                }
                Some(known) => {
                    self.knowledge.lose(key, known.span, Parting::Branches);
                    self.knowledge.set(key, None);
                }
                None => self.knowledge.set(key, None),
            }
        }
    }

    /// A new lane: branch `at` of a `par` in the present one.
    fn lane(&mut self, span: Span, at: usize) -> Option<LaneId> {
        self.new_lane(span, &(at + 1).to_string())
    }

    /// The lane of what is inside of a scope that begins here.
    pub(super) fn scope_lane(&mut self, span: Span, word: &'static str) -> Option<LaneId> {
        let number = self.tables.next_lane(self.lane, word);
        self.new_lane(span, &format!("{word}{number}"))
    }

    /// A new lane in the present one.
    fn new_lane(&mut self, span: Span, name: &str) -> Option<LaneId> {
        if self.tables.lanes.len() > usize::from(u16::MAX) {
            self.too_large(span, "it has too many branches of `par` and scopes");
            return None;
        }
        let outer = self.tables.lanes.get(self.lane.index()).map_or("", |lane| &lane.name);
        let name = if outer.is_empty() { name.to_owned() } else { format!("{outer}.{name}") };
        let lane = LaneId::at(self.tables.lanes.len());
        self.tables.lanes.push(protocol::Lane { parent: self.lane, name: Arc::from(name) });
        Some(lane)
    }

    /// Walks a branch in its lane.
    fn branch(&mut self, lane: LaneId, span: Span, walk: impl FnOnce(&mut Self, &mut Block)) -> Block {
        let outer = std::mem::replace(&mut self.lane, lane);
        let thread = std::mem::replace(&mut self.thread, (self.scopes.len(), lane));
        let tail = std::mem::replace(&mut self.tail_from, self.active.len());
        let label = self.tables.label();
        let mark = self.knowledge.mark();
        let kind = Kind::Lane;
        self.jumps.push(Jump { kind, name: None, label, mark, exits: Vec::new(), used: false, span });
        let mut out = Vec::new();
        walk(self, &mut out);
        self.jumps.pop();
        self.tail_from = tail;
        self.lane = outer;
        self.thread = thread;
        out
    }

    /// `for` and `par for`: the body once for each member, with its index as a number.
    pub(super) fn each(&mut self, stmt: &'d tree::Stmt, each: &'d For, out: &mut Block) {
        let Some(members) = self.family(each) else { return };
        let hops = self.frame.hops.last().map(|(_, count)| *count);
        if !each.par {
            let last = members.len().saturating_sub(1);
            for (turn, (index, _)) in members.into_iter().enumerate() {
                self.restart_hops(hops);
                self.frame.statics.push((&each.index.text, index));
                let tail = self.tail_from;
                if turn < last {
                    self.tail_from = self.active.len();
                }
                self.statements(&each.body.stmts, out);
                self.tail_from = tail;
                self.frame.statics.pop();
            }
            return;
        }
        let mark = self.knowledge.mark();
        let (mut branches, mut deltas, mut joined) = (Vec::new(), Vec::new(), true);
        for (at, (index, _)) in members.into_iter().enumerate() {
            self.restart_hops(hops);
            let Some(lane) = self.lane(stmt.place.0, at) else { return };
            self.frame.statics.push((&each.index.text, index));
            let walked =
                self.branch(lane, each.body.place.0, |walk, out| walk.statements(&each.body.stmts, out));
            self.frame.statics.pop();
            joined &= self.reachable;
            self.reachable = true;
            deltas.push(self.knowledge.delta(mark));
            self.knowledge.undo(mark);
            branches.push((lane, walked));
        }
        self.join(stmt.place.0, branches, &deltas, out);
        self.reachable = joined;
    }

    /// The members that a `for` goes through, with their indices.
    fn family(&mut self, each: &'d For) -> Option<Vec<(i64, RoleId)>> {
        let cast = self.cast(&each.family)?;
        let chosen = match &each.family.selector {
            None => cast.members.clone(),
            Some(_) => match self.target(&each.family)? {
                Target::Many(members) => members,
                Target::One(one) => vec![one],
                Target::Picked(_, e) | Target::Among(_, e) => {
                    let message = "the members of a `for` are known before the session starts";
                    self.say(
                        Diagnostic::new(Code::E0125, e.place.0, message)
                            .help("go through all members, and use `if … at R` inside"),
                    );
                    return None;
                }
            },
        };
        if !cast.family {
            let name = &each.family.name.text;
            self.say(
                Diagnostic::new(
                    Code::E0125,
                    each.family.place.0,
                    format!("`{name}` is one role, not a family"),
                )
                .help(format!("declare a family: `roles {name}[3]`")),
            );
            return None;
        }
        let indexed = cast.members.iter().enumerate().filter(|(_, role)| chosen.contains(role));
        Some(indexed.map(|(at, role)| (at as i64, *role)).collect())
    }
}
