//! Code under construction: operands that are not numbers yet, labels that are not places yet.
//!
//! Each thread has temporary slots of its own, taken and given back like a stack; where they are is known only when
//! all code is there.

use std::sync::Arc;

use indexmap::IndexSet;

use crate::base::limits;
use crate::base::value::Value;
use crate::bytecode::instr::Instr;
use crate::bytecode::op::Op;
use crate::bytecode::program::Mark;
use crate::bytecode::rejection::Rejection;
use crate::diag::code::Code;
use crate::diag::source::Span;

/// An operand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Arg {
    /// A number, or the slot of a name.
    Is(u16),
    /// A temporary slot of the thread.
    Temp(u16),
}

/// No operand.
pub(super) const NONE: Arg = Arg::Is(0);

/// A place in the code that may not be known yet.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Label(usize);

/// The wide operand of a line, if it has one.
#[derive(Clone, Copy)]
enum Wide {
    No,
    Is(u32),
    To(Label),
}

struct Line {
    op: Op,
    thread: u16,
    args: [Arg; 3],
    wide: Wide,
}

/// Code under construction.
pub(super) struct Draft {
    lines: Vec<Line>,
    labels: Vec<u32>,
    pub(super) constants: IndexSet<Value>,
    pub(super) shapes: IndexSet<Vec<Arc<str>>>,
    pub(super) marks: Vec<Mark>,
    /// The thread that code is made for.
    pub(super) thread: u16,
    /// Temporary slots in use.
    temps: u16,
    /// The most temporary slots that each thread ever used.
    most: Vec<u16>,
    /// Set where something did not fit into an operand.
    pub(super) overflow: bool,
    /// Set where a table had no place for something that the automaton does.
    missing: bool,
}

impl Draft {
    pub(super) fn new(threads: usize) -> Self {
        Self {
            lines: Vec::new(),
            labels: Vec::new(),
            constants: IndexSet::new(),
            shapes: IndexSet::new(),
            marks: Vec::new(),
            thread: 0,
            temps: 0,
            most: vec![0; threads],
            overflow: false,
            missing: false,
        }
    }

    pub(super) fn put(&mut self, op: Op, a: Arg, b: Arg, c: Arg) {
        self.lines.push(Line { op, thread: self.thread, args: [a, b, c], wide: Wide::No });
    }

    pub(super) fn put_wide(&mut self, op: Op, a: Arg, wide: u32) {
        self.lines.push(Line { op, thread: self.thread, args: [a, NONE, NONE], wide: Wide::Is(wide) });
    }

    pub(super) fn put_jump(&mut self, op: Op, a: Arg, to: Label) {
        self.lines.push(Line { op, thread: self.thread, args: [a, NONE, NONE], wide: Wide::To(to) });
    }

    pub(super) fn label(&mut self) -> Label {
        self.labels.push(u32::MAX);
        Label(self.labels.len() - 1)
    }

    /// The label is here.
    pub(super) fn place(&mut self, label: Label) {
        let here = self.lines.len() as u32;
        if let Some(place) = self.labels.get_mut(label.0) {
            *place = here;
        }
    }

    pub(super) fn is_placed(&self, label: Label) -> bool {
        self.labels.get(label.0).is_some_and(|place| *place != u32::MAX)
    }

    /// Where a label is, when all code is there.
    pub(super) fn to(&self, label: Label) -> u32 {
        self.labels.get(label.0).copied().unwrap_or(u32::MAX)
    }

    /// What follows comes from this place in the source.
    pub(super) fn mark(&mut self, span: Span) {
        let at = self.lines.len() as u32;
        if self.marks.last().is_none_or(|mark| mark.span != span) {
            self.marks.push(Mark { at, span });
        }
    }

    /// A new temporary slot.
    pub(super) fn temp(&mut self) -> Arg {
        let temp = Arg::Temp(self.temps);
        self.overflow |= usize::from(self.temps) >= limits::SLOTS_MAX;
        self.temps = self.temps.saturating_add(1);
        if let Some(most) = self.most.get_mut(usize::from(self.thread)) {
            *most = (*most).max(self.temps);
        }
        temp
    }

    /// How many temporary slots are in use.
    pub(super) fn temps(&self) -> u16 {
        self.temps
    }

    /// Gives back the temporary slots above `mark`.
    pub(super) fn release(&mut self, mark: u16) {
        self.temps = mark;
    }

    pub(super) fn constant(&mut self, value: &Value) -> u32 {
        let at = self.constants.get_index_of(value);
        at.unwrap_or_else(|| self.constants.insert_full(value.clone()).0) as u32
    }

    /// A constant for an operand of 16 bits.
    pub(super) fn name(&mut self, name: &Arc<str>) -> Arg {
        let at = self.constant(&Value::Text(name.clone()));
        self.small(at as usize)
    }

    pub(super) fn shape(&mut self, names: Vec<Arc<str>>) -> Arg {
        let at = self.shapes.insert_full(names).0;
        self.small(at)
    }

    /// A number for an operand of 16 bits.
    pub(super) fn small(&mut self, number: usize) -> Arg {
        self.overflow |= number >= limits::TABLE_MAX;
        Arg::Is(number as u16)
    }

    /// The place of something in a table that was made of all that the automaton does. Where it has none, code that
    /// means something else must not come out, so nothing does.
    pub(super) fn known<T: Default>(&mut self, place: Option<T>) -> T {
        self.missing |= place.is_none();
        place.unwrap_or_default()
    }

    /// Whether there is more code than a program may have; whoever lays it out stops.
    pub(super) fn is_full(&self) -> bool {
        self.overflow || self.lines.len() > limits::INSTRUCTIONS_MAX
    }

    /// The code, and how many slots it needs beside the first `names`.
    pub(super) fn finish(&self, names: usize) -> Result<(Vec<Instr>, u16), Rejection> {
        let mut slots = names;
        let mut firsts = Vec::with_capacity(self.most.len());
        for most in &self.most {
            firsts.push(slots);
            slots += usize::from(*most);
        }
        if self.is_full() || slots > limits::SLOTS_MAX {
            return Err(Rejection::new(
                Code::E0307,
                "it has more code, names or constants than a program may have",
            ));
        }
        if self.missing {
            return Err(Rejection::new(
                Code::E0301,
                "its tables have no place for something that it does, which is a mistake of Laban",
            ));
        }
        let number = |line: &Line, at: usize| match line.args.get(at) {
            Some(Arg::Is(number)) => *number,
            Some(Arg::Temp(temp)) => {
                firsts.get(usize::from(line.thread)).map_or(u16::MAX, |first| *first as u16 + temp)
            }
            None => 0,
        };
        let instr = |line: &Line| match line.wide {
            Wide::No => Instr::new(line.op, number(line, 0), number(line, 1), number(line, 2)),
            Wide::Is(wide) => Instr::with_wide(line.op, number(line, 0), wide),
            Wide::To(label) => Instr::with_wide(line.op, number(line, 0), self.to(label)),
        };
        Ok((self.lines.iter().map(instr).collect(), slots as u16))
    }
}
