//! Loops, recursion, jumps, and `for`.
//!
//! A loop is a labelled block that ends by starting again; falling off its end leaves it.
//! Is not: a `par for`, but for its members.

use std::sync::Arc;

use crate::base::cause::EXHAUSTED;
use crate::base::id::RoleId;
use crate::base::ty::Type;
use crate::base::value::Value;
use crate::diag::source::Span;
use crate::global::expr::Expr;
use crate::global::protocol::{Block, Decision, Label, Step, Stmt};
use crate::global::resolve::Resolver;
use crate::global::resolve::conditions::Condition;
use crate::global::resolve::frame::{Jump, Kind};
use crate::global::resolve::knowledge::{Delta, Parting};
use crate::global::spell;
use crate::syntax::tree::{self, Binary, Loop, LoopHead, Rec};

/// What is there of a loop once its body has been walked.
struct Walked {
    label: Label,
    body: Block,
    exits: Vec<Delta>,
    used: bool,
}

impl<'d> Resolver<'d> {
    /// A loop of any kind but a counted one: a label, what is done at its head, a choice, a body, and again.
    pub(super) fn turns(&mut self, stmt: &'d tree::Stmt, turns: &'d Loop, out: &mut Block) {
        if let LoopHead::Count(count) = &turns.head {
            self.counted(stmt, turns, count, out);
            return;
        }
        let mut head = Vec::new();
        if let Some(turn) = &turns.turn {
            self.count_turns(turn, &mut head, out);
        }
        let choice = match &turns.head {
            LoopHead::Bare | LoopHead::Count(_) => None,
            _ => Some(self.open_choice(stmt.place.0)),
        };
        if let Some(entry) = choice.and_then(|choice| self.tables.choices.get_mut(choice.index())) {
            // It is decided at each turn.
            entry.depth += 1;
        }
        if let LoopHead::Decides(role) = &turns.head
            && let Some(owner) = self.single(role)
        {
            // Numbered before the choices inside, so that numbers follow the source.
            self.tables.choice_name(owner, stmt.place.0);
        }
        let mark = self.knowledge.mark();
        let mut walked = self.turn(turns.label.as_ref(), stmt.place.0, &turns.body);
        if self.reachable {
            let site = self.plain_site(stmt.place.0);
            walked.body.push(Stmt::Continue(walked.label, site));
        }
        self.knowledge.undo(mark);
        self.guarded(&walked.body, walked.label, stmt.place.0);
        let owner = self.loop_owner(stmt, turns, &walked.body);
        let mut ends = walked.exits;
        let body = match (&turns.head, choice, owner) {
            (LoopHead::Bare, ..) => walked.body,
            (LoopHead::Max(limit), Some(choice), Some(owner)) => {
                self.at_most(stmt, limit, (choice, owner), walked.body, &mut head, out)
            }
            (_, Some(choice), Some(owner)) => {
                ends.push(Delta::new());
                self.again(stmt, turns, (choice, owner), walked.body)
            }
            _ => {
                ends.push(Delta::new());
                walked.body
            }
        };
        head.extend(body);
        out.push(Stmt::Labelled(walked.label, head));
        self.reachable = !ends.is_empty();
        self.knowledge.merge(&ends, Parting::Branches);
        if let Some(turn) = &turns.turn {
            self.unbind(&turn.text);
        }
    }

    /// Walks one turn.
    fn turn(&mut self, name: Option<&'d tree::Name>, span: Span, body: &'d tree::Block) -> Walked {
        let tail = std::mem::replace(&mut self.tail_from, self.active.len());
        self.loops += 1;
        let walked = self.labelled(Kind::Turns, name, span, body);
        self.loops -= 1;
        self.tail_from = tail;
        walked
    }

    /// Walks a block that jumps can aim at.
    fn labelled(
        &mut self,
        kind: Kind,
        name: Option<&'d tree::Name>,
        span: Span,
        body: &'d tree::Block,
    ) -> Walked {
        let label = self.tables.label();
        self.jumps.push(Jump {
            kind,
            name: name.map(|name| name.text.as_str()),
            label,
            mark: self.knowledge.mark(),
            exits: Vec::new(),
            used: false,
            span,
        });
        let body = self.block(body);
        let (exits, used) = self.jumps.pop().map_or((Vec::new(), false), |jump| (jump.exits, jump.used));
        Walked { label, body, exits, used }
    }

    /// Who decides on another turn.
    fn loop_owner(&mut self, stmt: &'d tree::Stmt, turns: &'d Loop, body: &Block) -> Option<RoleId> {
        let named = match &turns.head {
            LoopHead::Bare | LoopHead::Count(_) => return None,
            LoopHead::Decides(role) | LoopHead::While(_, Some(role)) => return self.single(role),
            LoopHead::Max(_) | LoopHead::While(_, None) | LoopHead::Custom(..) => self.first_sender(body),
        };
        if named.is_none() {
            self.nobody(stmt.place.0, "loop", "loop (while: … at R)");
        }
        named
    }

    /// The body behind a choice at its start: another turn, or no more.
    fn again(
        &mut self,
        stmt: &'d tree::Stmt,
        turns: &'d Loop,
        (choice, owner): (crate::base::id::ChoiceId, RoleId),
        body: Block,
    ) -> Block {
        let mut out = Vec::new();
        let labels = [("again", turns.body.place.0), ("done", stmt.place.0)];
        let span = stmt.place.0;
        match &turns.head {
            LoopHead::While(e, _) => {
                let condition = self.condition(owner, e);
                let decision = (owner, spell::expr(e), condition);
                self.two_way(choice, decision, labels, [body, Vec::new()], span, &mut out);
            }
            LoopHead::Custom(text, place) if let Some(e) = self.custom(place.0) => {
                let condition = self.condition(owner, e);
                let decision = (owner, text.clone(), condition);
                self.two_way(choice, decision, labels, [body, Vec::new()], span, &mut out);
            }
            LoopHead::Custom(text, place) => {
                self.asked_by_text(owner, text, place.0);
                let decision = (owner, text.clone(), Condition::Asked);
                self.two_way(choice, decision, labels, [body, Vec::new()], span, &mut out);
            }
            _ => {
                let name = self.tables.choice_name(owner, span);
                let labels = self.close_choice(choice, Arc::clone(&name), owner, &labels);
                self.decide(choice, Decision::Asked { name, labels }, vec![body, Vec::new()], span, &mut out);
            }
        }
        out
    }

    /// The condition of a text, if it is one whose names mean something.
    fn custom(&self, span: Span) -> Option<&'d tree::Expr> {
        let e = self.declarations.customs.get(&span)?;
        self.undefined(e).is_none().then_some(e)
    }

    /// Warns that a text is no condition.
    fn asked_by_text(&mut self, owner: RoleId, text: &str, span: Span) {
        use crate::diag::Diagnostic;
        use crate::diag::code::Code;
        let message = format!("`{text}` is asked of `{}` at each turn", self.role_name(owner));
        self.say(
            Diagnostic::new(Code::E0129, span, message)
                .here("a yes-or-no decision of its participant")
                .help("write the condition itself: `loop (while: …)`"),
        );
    }

    /// The body behind a counter: one turn too many ends the session.
    fn at_most(
        &mut self,
        stmt: &'d tree::Stmt,
        limit: &'d tree::Expr,
        (choice, owner): (crate::base::id::ChoiceId, RoleId),
        body: Block,
        head: &mut Block,
        out: &mut Block,
    ) -> Block {
        let span = stmt.place.0;
        let (bound, ty) = self.expr(Some(owner), limit);
        self.expect(limit, &ty, &Type::INT);
        let turn = self.hidden(&format!("turn${}", self.loops), &Type::INT);
        let site = self.plain_site(span);
        let zero = self.tables.step(Step::Let(turn, Expr::Const(Value::Int(0))));
        out.push(Stmt::Step { role: owner, step: zero, site });
        let next = self.tables.step(Step::Let(turn, plus_one(turn)));
        head.push(Stmt::Step { role: owner, step: next, site });
        self.exhausts(owner, span);
        let fail = self.tables.step(Step::Fail(Arc::from(EXHAUSTED), None));
        let ended = vec![Stmt::Step { role: owner, step: fail, site }];
        let over = Expr::Binary(Binary::Greater, Box::new(Expr::Var(turn)), Box::new(bound));
        let labels = [("exhausted", limit.place.0), ("next", stmt.place.0)];
        let text = format!("turn > {}", spell::expr(limit));
        let mut block = Vec::new();
        let decision = (owner, text, Condition::Expr(over));
        self.two_way(choice, decision, labels, [ended, body], span, &mut block);
        block
    }

    /// Counts turns for everybody here; who does not use the number does not count, in the end.
    fn count_turns(&mut self, turn: &'d tree::Name, head: &mut Block, out: &mut Block) {
        let span = turn.place.0;
        for role in self.everybody() {
            let var = self.bind(role, &turn.text, &Type::INT, span);
            self.silent_let(role, var, Expr::Const(Value::Int(0)), span, out);
            self.silent_let(role, var, plus_one(var), span, head);
        }
    }

    /// A loop of so many turns, counted by every role in it.
    fn counted(&mut self, stmt: &'d tree::Stmt, turns: &'d Loop, count: &'d tree::Expr, out: &mut Block) {
        let span = stmt.place.0;
        let mark = self.knowledge.mark();
        let mut number = None;
        if let Some(turn) = &turns.turn {
            for role in self.everybody() {
                number = Some(self.bind(role, &turn.text, &Type::INT, turn.place.0));
            }
        }
        let tail = std::mem::replace(&mut self.tail_from, self.active.len());
        self.loops += 1;
        let mut walked = self.labelled(Kind::Counted, turns.label.as_ref(), span, &turns.body);
        self.loops -= 1;
        self.tail_from = tail;
        if self.reachable {
            walked.exits.push(self.knowledge.delta(mark));
        }
        self.knowledge.undo(mark);
        let count_of = self.count_of(count, &walked.body, span);
        let zero = !matches!(&count_of, Expr::Const(Value::Int(n)) if *n > 0);
        if zero {
            walked.exits.push(Delta::new());
        }
        self.reachable = !walked.exits.is_empty();
        self.knowledge.merge(&walked.exits, Parting::Branches);
        if let Some(turn) = &turns.turn {
            self.unbind(&turn.text);
        }
        let site = self.plain_site(span);
        let body = if walked.used { vec![Stmt::Labelled(walked.label, walked.body)] } else { walked.body };
        out.push(Stmt::Count { count: count_of, zero, turn: number, body, site });
    }

    /// The count, which everybody who does something in the body knows.
    fn count_of(&mut self, count: &'d tree::Expr, body: &Block, span: Span) -> Expr {
        let mut busy = vec![false; self.tables.roles.len()];
        self.busy(body, &mut busy);
        let members: Vec<RoleId> =
            busy.iter().enumerate().filter(|(_, busy)| **busy).map(|(at, _)| RoleId::at(at)).collect();
        if members.is_empty() {
            self.silent_turn(span);
        }
        let mut all = members.into_iter();
        let (value, ty) = self.expr(all.next(), count);
        self.expect(count, &ty, &Type::INT);
        if !matches!(value, Expr::Const(_)) {
            for role in all {
                self.expr(Some(role), count);
            }
        }
        value
    }

    /// `rec L { … }`: a block that `continue L` starts again; its end leaves it.
    pub(super) fn rec(&mut self, stmt: &'d tree::Stmt, rec: &'d Rec, out: &mut Block) {
        let mark = self.knowledge.mark();
        self.loops += 1;
        let mut walked = self.labelled(Kind::Turns, Some(&rec.label), stmt.place.0, &rec.body);
        self.loops -= 1;
        if self.reachable {
            walked.exits.push(self.knowledge.delta(mark));
        }
        self.knowledge.undo(mark);
        self.guarded(&walked.body, walked.label, stmt.place.0);
        self.reachable = !walked.exits.is_empty();
        self.knowledge.merge(&walked.exits, Parting::Branches);
        if walked.used {
            out.push(Stmt::Labelled(walked.label, walked.body));
        } else {
            out.extend(walked.body);
        }
    }
}

/// The next number.
fn plus_one(var: crate::base::id::VarId) -> Expr {
    Expr::Binary(Binary::Add, Box::new(Expr::Var(var)), Box::new(Expr::Const(Value::Int(1))))
}
