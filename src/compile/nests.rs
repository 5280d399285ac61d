//! Nests: branches side by side, and counted loops.

use crate::base::value::Value;
use crate::bytecode::op::Op;
use crate::compile::draft::{Arg, NONE};
use crate::compile::layout::{Context, Exit, Layout};
use crate::global::expr::Expr;
use crate::local::automaton::Inside;

impl Layout<'_> {
    /// A nest; what follows it, the state `next`, follows in the code.
    pub(super) fn nest(&mut self, nest: u32, next: u32, context: Context) {
        let automaton = self.automaton;
        match automaton.nests.get(nest as usize).map(|nest| &nest.inside) {
            Some(Inside::Par(branches)) => {
                let mut threads = Vec::with_capacity(branches.len());
                for (lane, entry) in branches {
                    let thread = self.draft.known(self.survey.threads.get(lane).copied());
                    let label = self.label(*entry, Context { thread, exit: Exit::Join });
                    threads.push((thread, label));
                }
                let table = self.forks.len() as u32;
                self.forks.push(threads);
                self.draft.put_wide(Op::Fork, NONE, table);
            }
            Some(Inside::Count { count, turn, body }) => {
                let turn = turn.and_then(|turn| self.slot(turn));
                self.count(count, turn, *body, context);
            }
            Some(Inside::Scope { scope, body, .. }) => self.scope(*scope, *body, next, context),
            None => {}
        }
    }

    /// A counted loop: the number of turns and the turn have slots of their own, which the body cannot touch.
    fn count(&mut self, count: &Expr, turn: Option<u16>, body: u32, context: Context) {
        let (turns, at) = (self.draft.temp(), self.draft.temp());
        let mark = self.draft.temps();
        let given = self.operand(count);
        self.draft.put(Op::Count, turns, given, NONE);
        self.draft.release(mark);
        let zero = self.draft.constant(&Value::Int(0));
        self.draft.put_wide(Op::Const, at, zero);
        let (head, exit) = (self.draft.label(), self.draft.label());
        self.draft.place(head);
        self.draft.put(Op::Turn, at, turns, NONE);
        self.draft.put_jump(Op::Jump, NONE, exit);
        if let Some(turn) = turn {
            self.draft.put(Op::Copy, Arg::Is(turn), at, NONE);
        }
        let body = self.label(body, Context { thread: context.thread, exit: Exit::Turn(head) });
        self.draft.put_jump(Op::Jump, NONE, body);
        self.draft.place(exit);
    }
}
