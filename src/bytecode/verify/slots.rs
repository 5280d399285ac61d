//! Slots: none is read before it was written, on any way; and no thread touches what one beside it writes.
//!
//! A forward analysis of the slots that are surely set. Sets are kept only where ways may meet; where they meet, what
//! both have is left. After a fork, a slot is set if the thread that writes it has set it.

use fixedbitset::FixedBitSet;

use crate::base::limits;
use crate::bytecode::instr::Instr;
use crate::bytecode::op::{Flow, Op, Operand};
use crate::bytecode::program::Program;
use crate::bytecode::rejection::Rejection;
use crate::bytecode::verify::flow::successors;
use crate::bytecode::verify::operands;
use crate::bytecode::verify::threads::Threads;
use crate::diag::code::Code;

pub(super) fn check(program: &Program, threads: &Threads) -> Result<(), Rejection> {
    let slots = usize::from(program.slots);
    let words = slots / 64 + 1;
    let mut analysis = Analysis {
        program,
        threads,
        leaders: leaders(program, threads),
        sets: vec![None; program.code.len()],
        joined: vec![None; usize::from(program.threads)],
        written: Vec::new(),
        inside: Vec::new(),
        open: vec![0],
        work: limits::VERIFY_WORK_MAX,
        words,
    };
    analysis.spend(2 * words * usize::from(program.threads))?;
    analysis.apart()?;
    analysis.insides()?;
    let mut first = FixedBitSet::with_capacity(slots);
    program.params.iter().filter_map(|param| param.slot).for_each(|slot| first.insert(usize::from(slot)));
    if let Some(set) = analysis.sets.first_mut() {
        *set = Some(first);
    }
    while let Some(at) = analysis.open.pop() {
        analysis.block(at)?;
    }
    Ok(())
}

struct Analysis<'a> {
    program: &'a Program,
    threads: &'a Threads,
    /// Where ways may meet: blocks begin here.
    leaders: FixedBitSet,
    /// What is surely set at the beginning of each block that was reached.
    sets: Vec<Option<FixedBitSet>>,
    /// What is surely set where each thread joins.
    joined: Vec<Option<FixedBitSet>>,
    /// What each thread writes or empties, the threads that it starts included.
    written: Vec<FixedBitSet>,
    /// What is written and what is emptied inside of each scope.
    inside: Vec<(FixedBitSet, FixedBitSet)>,
    /// Blocks to look at.
    open: Vec<u32>,
    /// What may still be done, in words.
    work: usize,
    words: usize,
}

impl Analysis<'_> {
    fn spend(&mut self, words: usize) -> Result<(), Rejection> {
        self.work = self.work.checked_sub(words).ok_or_else(|| {
            Rejection::new(Code::E0307, "the program has too many slots and ways to be analysed")
        })?;
        Ok(())
    }

    /// From the beginning of a block to its end.
    fn block(&mut self, first: u32) -> Result<(), Rejection> {
        let Some(Some(mut set)) = self.sets.get(first as usize).cloned() else { return Ok(()) };
        self.spend(self.words)?;
        let mut at = first;
        loop {
            let Some(instr) = self.program.code.get(at as usize).copied() else { return Ok(()) };
            self.spend(1)?;
            step(self.program, instr, &mut set).map_err(|slot| {
                Rejection::new(Code::E0304, format!("slot {slot} is read and may be unset")).at(at)
            })?;
            match instr.op.flow() {
                Flow::Next => {}
                Flow::Jump => return self.reach(instr.wide(), &set),
                Flow::Branch => self.reach(instr.wide(), &set)?,
                Flow::Skip => {
                    let mut skipped = set.clone();
                    write(instr, &mut skipped);
                    self.reach(at + 2, &skipped)?;
                }
                Flow::Halt => return self.halt(instr, at, &set),
                Flow::Table => return self.table(instr, at, &set),
                Flow::Fork => return self.fork(instr, at, &set),
                Flow::Enter => self.enter(instr, &set)?,
            }
            if instr.op.flow() != Flow::Skip {
                write(instr, &mut set);
            }
            at += 1;
            if self.leaders.contains(at as usize) {
                return self.reach(at, &set);
            }
        }
    }

    /// A way comes to `at` with these slots set.
    fn reach(&mut self, at: u32, set: &FixedBitSet) -> Result<(), Rejection> {
        self.spend(self.words)?;
        match self.sets.get_mut(at as usize) {
            Some(Some(have)) if have.is_subset(set) => {}
            Some(Some(have)) => {
                have.intersect_with(set);
                self.open.push(at);
            }
            Some(none) => {
                *none = Some(set.clone());
                self.open.push(at);
            }
            None => {}
        }
        Ok(())
    }

    fn table(&mut self, instr: Instr, at: u32, set: &FixedBitSet) -> Result<(), Rejection> {
        if instr.op != Op::Receive {
            let mut targets = Vec::new();
            successors(self.program, at, |to| targets.push(to));
            return targets.into_iter().try_for_each(|to| self.reach(to, set));
        }
        let Some(receive) = self.program.receives.get(usize::from(instr.a)) else { return Ok(()) };
        for case in &receive.cases {
            let mut bound = set.clone();
            if let Some(slot) = case.slot {
                bound.insert(usize::from(slot));
            }
            self.reach(case.to, &bound)?;
        }
        Ok(())
    }

    fn fork(&mut self, instr: Instr, at: u32, set: &FixedBitSet) -> Result<(), Rejection> {
        let Some(branches) = self.program.forks.get(instr.wide() as usize) else { return Ok(()) };
        let mut after = set.clone();
        let mut gained = FixedBitSet::with_capacity(after.len());
        let mut all = true;
        for branch in branches {
            self.reach(branch.to, set)?;
            self.spend(self.words)?;
            let thread = usize::from(branch.thread);
            let Some(written) = self.written.get(thread) else { continue };
            after.difference_with(written);
            match self.joined.get(thread) {
                Some(Some(joined)) => {
                    let mut own = joined.clone();
                    own.intersect_with(written);
                    gained.union_with(&own);
                }
                _ => all = false,
            }
        }
        after.union_with(&gained);
        if all { self.reach(at + 1, &after) } else { Ok(()) }
    }

    /// A scope begins. From anywhere inside a way leads to its exit and to its handlers: what was set before still is,
    /// unless something inside empties it. At the exit, which the role also comes to from the end of its part, what is
    /// set inside may hold none; the language sees to it that nothing looks there which was not bound.
    fn enter(&mut self, instr: Instr, set: &FixedBitSet) -> Result<(), Rejection> {
        let Some(scope) = self.program.scopes.get(usize::from(instr.a)) else { return Ok(()) };
        let Some((written, emptied)) = self.inside.get(usize::from(instr.a)) else { return Ok(()) };
        let mut kept = set.clone();
        kept.difference_with(emptied);
        let mut bound = kept.clone();
        bound.union_with(written);
        self.spend(2 * self.words)?;
        for handler in &scope.handlers {
            let Some(to) = handler.to else { continue };
            let mut kept = kept.clone();
            if let Some(slot) = handler.slot {
                kept.insert(usize::from(slot));
            }
            self.reach(to, &kept)?;
        }
        scope.exit.map_or(Ok(()), |to| self.reach(to, &bound))
    }

    /// What the instructions inside of each scope write, and what they empty.
    fn insides(&mut self) -> Result<(), Rejection> {
        let slots = usize::from(self.program.slots);
        let none = || FixedBitSet::with_capacity(slots);
        self.spend(2 * self.words * self.program.scopes.len())?;
        self.inside = (0..self.program.scopes.len()).map(|_| (none(), none())).collect();
        for (instr, within) in self.program.code.iter().zip(&self.threads.within) {
            let mut next = *within;
            while let Some(at) = next.map(usize::from) {
                self.work = self.work.saturating_sub(1);
                let Some((written, emptied)) = self.inside.get_mut(at) else { break };
                effects(self.program, *instr, |slot, writes| {
                    if writes {
                        written.insert(slot);
                    }
                });
                empties(self.program, *instr, |slot| emptied.insert(slot));
                next = self.program.scopes.get(at).and_then(|scope| scope.parent);
            }
        }
        Ok(())
    }

    /// A thread joins: what is after its fork may have changed.
    fn halt(&mut self, instr: Instr, at: u32, set: &FixedBitSet) -> Result<(), Rejection> {
        if instr.op != Op::Join {
            return Ok(());
        }
        self.spend(self.words)?;
        let Some(Some(thread)) = self.threads.of.get(at as usize) else { return Ok(()) };
        let Some(joined) = self.joined.get_mut(usize::from(*thread)) else { return Ok(()) };
        match joined {
            Some(have) if have.is_subset(set) => return Ok(()),
            Some(have) => have.intersect_with(set),
            None => *joined = Some(set.clone()),
        }
        if let Some(Some(fork)) = self.threads.started.get(usize::from(*thread)) {
            self.open.push(*fork);
        }
        Ok(())
    }

    /// No thread touches what one beside it writes.
    fn apart(&mut self) -> Result<(), Rejection> {
        let slots = usize::from(self.program.slots);
        let mut written = vec![FixedBitSet::with_capacity(slots); usize::from(self.program.threads)];
        let mut touched = written.clone();
        for (instr, thread) in self.program.code.iter().zip(&self.threads.of) {
            let Some(thread) = thread.map(usize::from) else { continue };
            let (Some(written), Some(touched)) = (written.get_mut(thread), touched.get_mut(thread)) else {
                continue;
            };
            effects(self.program, *instr, |slot, writes| {
                touched.insert(slot);
                if writes {
                    written.insert(slot);
                }
            });
        }
        for thread in self.threads.order.iter().rev().copied().map(usize::from) {
            let parent = usize::from(self.threads.facts.parents.get(thread).copied().unwrap_or(0));
            for table in [&mut written, &mut touched] {
                if let Ok([own, above]) = table.get_disjoint_mut([thread, parent]) {
                    above.union_with(own);
                }
            }
        }
        for fork in self
            .program
            .code
            .iter()
            .zip(&self.threads.of)
            .filter_map(|(instr, thread)| thread.filter(|_| instr.op == Op::Fork).map(|_| instr.wide()))
        {
            self.beside(fork, &written, &touched)?;
        }
        self.written = written;
        Ok(())
    }

    fn beside(
        &mut self,
        fork: u32,
        written: &[FixedBitSet],
        touched: &[FixedBitSet],
    ) -> Result<(), Rejection> {
        let slots = usize::from(self.program.slots);
        let (mut wrote, mut used) = (FixedBitSet::with_capacity(slots), FixedBitSet::with_capacity(slots));
        for branch in self.program.forks.get(fork as usize).into_iter().flatten() {
            self.spend(self.words)?;
            let thread = usize::from(branch.thread);
            let (Some(writes), Some(touches)) = (written.get(thread), touched.get(thread)) else { continue };
            if !wrote.is_disjoint(touches) || !used.is_disjoint(writes) {
                return Err(Rejection::new(Code::E0306, "two threads touch a slot that one of them writes"));
            }
            wrote.union_with(writes);
            used.union_with(touches);
        }
        Ok(())
    }
}

/// Where ways may meet: whatever is not only the next instruction of one other, and forks, which are looked at again.
fn leaders(program: &Program, threads: &Threads) -> FixedBitSet {
    let mut leaders = FixedBitSet::with_capacity(program.code.len() + 2);
    leaders.insert(0);
    for (at, (instr, thread)) in program.code.iter().zip(&threads.of).enumerate() {
        if thread.is_none() {
            continue;
        }
        successors(program, at as u32, |to| {
            if to as usize != at + 1 || matches!(instr.op.flow(), Flow::Jump | Flow::Table | Flow::Fork) {
                leaders.insert(to as usize);
            }
        });
        if instr.op.flow() == Flow::Fork {
            leaders.insert(at);
            for branch in program.forks.get(instr.wide() as usize).into_iter().flatten() {
                leaders.insert(branch.to as usize);
            }
        }
    }
    leaders
}

/// Reads what an instruction reads, and empties what it empties; gives the slot that is unset.
fn step(program: &Program, instr: Instr, set: &mut FixedBitSet) -> Result<(), usize> {
    for (operand, first) in slot_operands(instr) {
        let Some((first, count)) = operands::run(program, instr, operand, first) else { continue };
        if operand == Operand::Set {
            continue;
        }
        for slot in usize::from(first)..usize::from(first) + count {
            if !set.contains(slot) {
                return Err(slot);
            }
        }
    }
    empties(program, instr, |slot| set.remove(slot));
    Ok(())
}

/// Calls `visit` with each slot that an instruction empties.
fn empties(program: &Program, instr: Instr, mut visit: impl FnMut(usize)) {
    for (operand, first) in slot_operands(instr) {
        if let Some((first, count)) = operands::run(program, instr, operand, first)
            && matches!(operand, Operand::Take | Operand::Run | Operand::Fields | Operand::Arguments)
        {
            (usize::from(first)..usize::from(first) + count).for_each(&mut visit);
        }
    }
}

/// Sets what an instruction sets.
fn write(instr: Instr, set: &mut FixedBitSet) {
    for (operand, first) in slot_operands(instr) {
        if matches!(operand, Operand::Set | Operand::Edit) {
            set.insert(usize::from(first));
        }
    }
}

/// Calls `visit` with each slot that an instruction touches, and whether it changes it.
fn effects(program: &Program, instr: Instr, mut visit: impl FnMut(usize, bool)) {
    for (operand, first) in slot_operands(instr) {
        let Some((first, count)) = operands::run(program, instr, operand, first) else { continue };
        (usize::from(first)..usize::from(first) + count)
            .for_each(|slot| visit(slot, operand != Operand::Get));
    }
    if matches!(instr.op, Op::Enter | Op::EnterFor) {
        let scope = program.scopes.get(usize::from(instr.a));
        let handlers = scope.into_iter().flat_map(|scope| &scope.handlers);
        handlers.filter_map(|handler| handler.slot).for_each(|slot| visit(usize::from(slot), true));
    }
    if instr.op == Op::Receive {
        let receive = program.receives.get(usize::from(instr.a));
        let cases = receive.into_iter().flat_map(|receive| &receive.cases);
        cases.filter_map(|case| case.slot).for_each(|slot| visit(usize::from(slot), true));
    }
}

/// The operands with what stands in them; the second half of a wide one is none.
fn slot_operands(instr: Instr) -> impl Iterator<Item = (Operand, u16)> {
    let [a, b, c] = instr.op.operands();
    let c = if operands::is_wide(b) { Operand::Nothing } else { c };
    [(a, instr.a), (b, instr.b), (c, instr.c)].into_iter()
}
