//! Expressions to code: from slots to a slot.
//!
//! An expression writes its target only when it has read all names that it mentions, or the target is a temporary
//! slot that nobody reads meanwhile.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::id::VarId;
use crate::bytecode::op::Op;
use crate::compile::draft::{Arg, Label, NONE};
use crate::compile::layout::Layout;
use crate::compile::survey::mentioned;
use crate::global::expr::{Binary, Expr, Fold, Part, Unary};

impl Layout<'_> {
    /// Evaluates into the slot of a name, which the expression may mention itself.
    pub(super) fn assign(&mut self, expr: &Expr, to: Arg, var: Option<VarId>) {
        if let Expr::Append(list, item) = expr
            && **list == var.map_or_else(|| Expr::List(Vec::new()), Expr::Var)
        {
            let mark = self.draft.temps();
            let item = self.operand(item);
            self.draft.put(Op::Append, to, item, NONE);
            return self.draft.release(mark);
        }
        let mut itself = false;
        mentioned(expr, &mut |name| itself |= Some(name) == var);
        if !itself {
            return self.eval(expr, to);
        }
        let mark = self.draft.temps();
        let temp = self.draft.temp();
        self.eval(expr, temp);
        self.draft.put(Op::Move, to, temp, NONE);
        self.draft.release(mark);
    }

    /// Where the value of an expression is: the slot of a name, or a temporary slot.
    pub(super) fn operand(&mut self, expr: &Expr) -> Arg {
        if let Expr::Var(var) = expr
            && let Some(held) = self.held(*var)
        {
            return held;
        }
        let temp = self.draft.temp();
        self.eval(expr, temp);
        temp
    }

    /// Evaluates expressions into slots in a row; the first of them.
    pub(super) fn run<'e>(&mut self, exprs: impl ExactSizeIterator<Item = &'e Expr>) -> Arg {
        let slots: Vec<Arg> = (0..exprs.len()).map(|_| self.draft.temp()).collect();
        for (expr, slot) in exprs.zip(&slots) {
            let mark = self.draft.temps();
            self.eval(expr, *slot);
            self.draft.release(mark);
        }
        slots.first().copied().unwrap_or(NONE)
    }

    /// Goes on if the condition holds, and to the label if not.
    pub(super) fn unless(&mut self, condition: &Expr, to: Label) {
        let mark = self.draft.temps();
        match condition {
            Expr::Binary(Binary::And, a, b) => {
                self.unless(a, to);
                self.unless(b, to);
            }
            Expr::Unary(Unary::Not, condition) => {
                let slot = self.operand(condition);
                self.draft.put_jump(Op::JumpIf, slot, to);
            }
            condition => {
                let slot = self.operand(condition);
                self.draft.put_jump(Op::JumpUnless, slot, to);
            }
        }
        self.draft.release(mark);
    }

    /// Evaluates an expression into a slot.
    pub(super) fn eval(&mut self, expr: &Expr, to: Arg) {
        let mark = self.draft.temps();
        match expr {
            Expr::Const(value) => {
                let at = self.draft.constant(value);
                self.draft.put_wide(Op::Const, to, at);
            }
            Expr::Var(var) => {
                let held = self.held(*var).unwrap_or(to);
                self.draft.put(Op::Copy, to, held, NONE);
            }
            Expr::Text(parts) => self.sequence(Op::Text, parts, to),
            Expr::List(items) => self.sequence(Op::List, items, to),
            Expr::Record(parts) => self.record(parts, to),
            Expr::Variant(name, parts) => {
                let fields = self.draft.temp();
                self.record(parts, fields);
                let name = self.draft.name(name);
                self.draft.put(Op::Variant, to, fields, name);
            }
            Expr::Field(whole, name) => self.named(Op::Field, whole, name, to),
            Expr::Is(whole, name) => self.named(Op::Is, whole, name, to),
            Expr::Index(whole, at) => self.both(Op::Index, whole, at, to),
            Expr::Unary(Unary::Negate, inner) => self.one(Op::Negate, inner, to),
            Expr::Unary(Unary::Not, inner) => self.one(Op::Not, inner, to),
            Expr::FieldsOf(inner) => self.one(Op::FieldsOf, inner, to),
            Expr::From(inner, member) => {
                let inner = self.operand(inner);
                let member = self.draft.small(*member as usize);
                self.draft.put(Op::From, to, inner, member);
            }
            Expr::Binary(op, a, b) => self.binary(*op, a, b, to),
            Expr::If(condition, then, otherwise) => {
                let (other, end) = (self.draft.label(), self.draft.label());
                self.unless(condition, other);
                self.eval(then, to);
                self.draft.put_jump(Op::Jump, NONE, end);
                self.draft.place(other);
                self.eval(otherwise, to);
                self.draft.place(end);
            }
            Expr::Fold(fold, list) => self.one(folded(*fold), list, to),
            Expr::Each(each, list, item, body) => self.each(*each, list, *item, body, to),
            Expr::Append(list, item) => {
                self.eval(list, to);
                let item = self.operand(item);
                self.draft.put(Op::Append, to, item, NONE);
            }
        }
        self.draft.release(mark);
    }

    /// Where a name is: inside of a lambda its item, else its slot.
    fn held(&self, var: VarId) -> Option<Arg> {
        let local = self.locals.iter().rev().find(|(name, _)| *name == var).map(|(_, held)| *held);
        local.or_else(|| self.slot(var).map(Arg::Is))
    }

    fn one(&mut self, op: Op, inner: &Expr, to: Arg) {
        let inner = self.operand(inner);
        self.draft.put(op, to, inner, NONE);
    }

    fn both(&mut self, op: Op, a: &Expr, b: &Expr, to: Arg) {
        let a = self.operand(a);
        let b = self.operand(b);
        self.draft.put(op, to, a, b);
    }

    fn named(&mut self, op: Op, whole: &Expr, name: &Arc<str>, to: Arg) {
        let whole = self.operand(whole);
        let name = self.draft.name(name);
        self.draft.put(op, to, whole, name);
    }

    fn sequence(&mut self, op: Op, parts: &[Expr], to: Arg) {
        let first = self.run(parts.iter());
        let count = self.draft.small(parts.len());
        self.draft.put(op, to, first, count);
    }

    fn binary(&mut self, op: Binary, a: &Expr, b: &Expr, to: Arg) {
        match op {
            Binary::Add => self.both(Op::Add, a, b, to),
            Binary::Subtract => self.both(Op::Subtract, a, b, to),
            Binary::Multiply => self.both(Op::Multiply, a, b, to),
            Binary::Divide => self.both(Op::Divide, a, b, to),
            Binary::Remainder => self.both(Op::Remainder, a, b, to),
            Binary::Power => self.both(Op::Power, a, b, to),
            Binary::Equal => self.both(Op::Equal, a, b, to),
            Binary::NotEqual => self.both(Op::Unequal, a, b, to),
            Binary::Less => self.both(Op::Less, a, b, to),
            Binary::LessEqual => self.both(Op::LessEqual, a, b, to),
            Binary::Greater => self.both(Op::Less, b, a, to),
            Binary::GreaterEqual => self.both(Op::LessEqual, b, a, to),
            Binary::In => self.both(Op::In, a, b, to),
            Binary::And => self.short(Op::JumpUnless, a, b, to),
            Binary::Or => self.short(Op::JumpIf, a, b, to),
            Binary::Otherwise => self.short(Op::JumpSome, a, b, to),
        }
    }

    /// The right side is evaluated only if the left one does not decide.
    fn short(&mut self, op: Op, a: &Expr, b: &Expr, to: Arg) {
        let end = self.draft.label();
        self.eval(a, to);
        self.draft.put_jump(op, to, end);
        self.eval(b, to);
        self.draft.place(end);
    }

    /// A record: fields that stand together are made at once, spreads are merged in order.
    fn record(&mut self, parts: &[Part], to: Arg) {
        // What was made here may be moved; what a spread names stays where it is.
        let (mut whole, mut made) = (None, true);
        if let [Part::Field(..), ..] = parts
            && parts.iter().all(|part| matches!(part, Part::Field(..)))
        {
            return self.fields(parts, to);
        }
        for group in parts.chunk_by(|a, b| matches!((a, b), (Part::Field(..), Part::Field(..)))) {
            let part = match group {
                [Part::Spread(expr)] => {
                    made = false;
                    self.operand(expr)
                }
                fields => {
                    let temp = self.draft.temp();
                    self.fields(fields, temp);
                    temp
                }
            };
            whole = Some(match whole {
                None => part,
                Some(under) => {
                    let both = self.draft.temp();
                    self.draft.put(Op::Merge, both, under, part);
                    made = true;
                    both
                }
            });
        }
        match whole {
            Some(temp) if made => self.draft.put(Op::Move, to, temp, NONE),
            Some(held) => self.draft.put(Op::Copy, to, held, NONE),
            None => self.fields(&[], to),
        }
    }

    /// Fields in the order of their names; the last of two with one name stands.
    pub(super) fn fields(&mut self, parts: &[Part], to: Arg) {
        let named: BTreeMap<&Arc<str>, &Expr> = parts
            .iter()
            .filter_map(|part| match part {
                Part::Field(name, expr) => Some((name, expr)),
                Part::Spread(_) => None,
            })
            .collect();
        let mark = self.draft.temps();
        let first = self.run(named.values().copied().collect::<Vec<_>>().into_iter());
        let shape = self.draft.shape(named.keys().map(|name| (*name).clone()).collect());
        self.draft.put(Op::Record, to, first, shape);
        self.draft.release(mark);
    }
}

const fn folded(fold: Fold) -> Op {
    match fold {
        Fold::Sum => Op::Sum,
        Fold::Min => Op::Min,
        Fold::Max => Op::Max,
        Fold::Len => Op::Len,
        Fold::First => Op::First,
        Fold::Last => Op::Last,
    }
}
