//! Functions of a list and a lambda: a loop over the list, in the same code as everything else.

use crate::base::id::VarId;
use crate::base::value::Value;
use crate::bytecode::op::Op;
use crate::compile::draft::{Arg, Label, NONE};
use crate::compile::layout::Layout;
use crate::global::expr::{Each, Expr};

impl Layout<'_> {
    /// Evaluates the body for each item; `to` holds what was gathered so far.
    pub(super) fn each(&mut self, each: Each, list: &Expr, item: VarId, body: &Expr, to: Arg) {
        let list = self.operand(list);
        let (index, held) = (self.draft.temp(), self.draft.temp());
        let one = (each == Each::Count).then(|| self.draft.temp());
        match each {
            Each::Map | Each::Filter => self.draft.put(Op::List, to, NONE, NONE),
            Each::Count => self.keep(&Value::Int(0), to),
            Each::Any => self.keep(&Value::Bool(false), to),
            Each::All => self.keep(&Value::Bool(true), to),
        }
        self.keep(&Value::Int(0), index);
        if let Some(one) = one {
            self.keep(&Value::Int(1), one);
        }
        let (head, exit) = (self.draft.label(), self.draft.label());
        self.draft.place(head);
        self.draft.put(Op::Next, held, list, index);
        self.draft.put_jump(Op::Jump, NONE, exit);
        self.locals.push((item, held));
        match each {
            Each::Map => {
                let mark = self.draft.temps();
                let made = self.operand(body);
                self.draft.put(Op::Append, to, made, NONE);
                self.draft.release(mark);
            }
            Each::Filter => {
                self.unless(body, head);
                self.draft.put(Op::Append, to, held, NONE);
            }
            Each::Count => {
                self.unless(body, head);
                self.draft.put(Op::Add, to, to, one.unwrap_or(NONE));
            }
            Each::Any => {
                self.unless(body, head);
                self.found(true, to, exit);
            }
            Each::All => {
                let mark = self.draft.temps();
                let holds = self.operand(body);
                self.draft.put_jump(Op::JumpIf, holds, head);
                self.draft.release(mark);
                self.found(false, to, exit);
            }
        }
        self.locals.pop();
        self.draft.put_jump(Op::Jump, NONE, head);
        self.draft.place(exit);
    }

    fn keep(&mut self, value: &Value, to: Arg) {
        let at = self.draft.constant(value);
        self.draft.put_wide(Op::Const, to, at);
    }

    /// The loop is decided.
    fn found(&mut self, truth: bool, to: Arg, exit: Label) {
        self.keep(&Value::Bool(truth), to);
        self.draft.put_jump(Op::Jump, NONE, exit);
    }
}
