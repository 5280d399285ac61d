//! The worst case of a program: the most that one run of a role spends toward a peer, each loop turned once, and how much
//! every further turn of all loops adds.
//!
//! The instructions and what may follow each are a graph; its cycles are taken as one node, whose sends count once; the
//! most expensive way through the rest is found from the end. A scope that is ended early may have done all of its body
//! before a handler begins, so that is charged on the way to the handler. Both numbers are upper bounds.
//! Is not: an exploration; conditions and other roles are not looked at.

use std::collections::BTreeSet;

use crate::bytecode::op::Op;
use crate::bytecode::program::Program;
use crate::bytecode::verify::successors;

/// What a role spends at most.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Worst {
    /// With every loop turned once.
    pub once: u64,
    /// What a further turn of every loop adds.
    pub turn: u64,
}

/// The ways through one program.
#[derive(Debug)]
pub struct Ways<'a> {
    program: &'a Program,
    next: Vec<Vec<u32>>,
    /// The node of each instruction; whatever follows a node has a smaller number.
    node: Vec<usize>,
    members: Vec<Vec<u32>>,
}

impl<'a> Ways<'a> {
    /// The ways through a program that the verifier has accepted.
    #[must_use]
    pub fn new(program: &'a Program) -> Self {
        let count = program.code.len();
        let mut next = vec![Vec::new(); count];
        for (at, to) in (0_u32..).zip(&mut next) {
            successors(program, at, |after| to.push(after));
            to.extend(branches(program, at));
            to.retain(|after| (*after as usize) < count);
        }
        let (node, members) = components(&next);
        Self { program, next, node, members }
    }

    /// Whether an instruction may run twice in one session.
    #[must_use]
    pub fn is_looped(&self, at: u32) -> bool {
        let members = self.node.get(at as usize).and_then(|node| self.members.get(*node));
        members.is_some_and(|members| self.turns(members))
    }

    /// The most that is spent where each instruction costs what `cost` says.
    pub fn worst(&self, cost: &dyn Fn(u32) -> u64) -> Worst {
        let mut best: Vec<Worst> = Vec::with_capacity(self.members.len());
        for (number, members) in self.members.iter().enumerate() {
            let own = members.iter().fold(0_u64, |sum, at| sum.saturating_add(cost(*at)));
            let (mut once, mut turn, mut beside) = (0, 0, Worst::default());
            for at in members {
                let forked: Vec<u32> = branches(self.program, *at).collect();
                for after in self.next.get(*at as usize).into_iter().flatten() {
                    let to = self.node.get(*after as usize).copied().unwrap_or(number);
                    let Some(rest) = best.get(to).filter(|_| to != number) else { continue };
                    if forked.contains(after) {
                        beside.once = beside.once.saturating_add(rest.once);
                        beside.turn = beside.turn.saturating_add(rest.turn);
                    } else {
                        let body = if self.ends_early(*at, *after) {
                            self.body(*at, cost)
                        } else {
                            Worst::default()
                        };
                        once = once.max(rest.once.saturating_add(body.once));
                        turn = turn.max(rest.turn.saturating_add(body.turn));
                    }
                }
            }
            let own = own.saturating_add(beside.once);
            let again = if self.turns(members) { own } else { 0 };
            let turn = turn.saturating_add(beside.turn).saturating_add(again);
            best.push(Worst { once: own.saturating_add(once), turn });
        }
        let first = self.node.first().and_then(|node| best.get(*node));
        first.copied().unwrap_or_default()
    }

    /// Whether this is the step from the beginning of a scope to one of its handlers.
    fn ends_early(&self, at: u32, after: u32) -> bool {
        let instr = self.program.code.get(at as usize);
        instr.is_some_and(|instr| matches!(instr.op, Op::Enter | Op::EnterFor)) && after != at + 1
    }

    /// All that is spent inside of the scope that begins here.
    fn body(&self, at: u32, cost: &dyn Fn(u32) -> u64) -> Worst {
        let mut sum = Worst::default();
        let Some(scope) = self.program.code.get(at as usize).map(|instr| instr.a) else { return sum };
        let mut seen = BTreeSet::new();
        let mut left = vec![at + 1];
        while let Some(at) = left.pop() {
            let leaves = |instr: &&crate::bytecode::instr::Instr| instr.op == Op::Leave && instr.a == scope;
            if self.program.code.get(at as usize).is_none_or(|instr| leaves(&instr)) || !seen.insert(at) {
                continue;
            }
            sum.once = sum.once.saturating_add(cost(at));
            if self.is_looped(at) {
                sum.turn = sum.turn.saturating_add(cost(at));
            }
            left.extend(self.next.get(at as usize).into_iter().flatten());
        }
        sum
    }

    /// Whether these instructions go round.
    fn turns(&self, members: &[u32]) -> bool {
        let own = |at: &u32| self.next.get(*at as usize).is_some_and(|next| next.contains(at));
        members.len() > 1 || members.iter().any(own)
    }
}

/// Where the branches begin that a fork starts.
fn branches(program: &Program, at: u32) -> impl Iterator<Item = u32> {
    let fork = program.code.get(at as usize).filter(|instr| instr.op == Op::Fork);
    let branches = fork.and_then(|instr| program.forks.get(usize::from(instr.a)));
    branches.into_iter().flatten().map(|branch| branch.to)
}

/// The strongly connected components, each after those that follow it (Tarjan, SIAM J. Comput. 1972), without recursion.
fn components(next: &[Vec<u32>]) -> (Vec<usize>, Vec<Vec<u32>>) {
    const UNSEEN: usize = usize::MAX;
    let count = next.len();
    let (mut order, mut low, mut node) = (vec![UNSEEN; count], vec![0; count], vec![UNSEEN; count]);
    let (mut stack, mut members, mut seen) = (Vec::new(), Vec::new(), 0);
    let mut walk: Vec<(usize, usize)> = Vec::new();
    for root in 0..count {
        if order.get(root) != Some(&UNSEEN) {
            continue;
        }
        walk.push((root, 0));
        while let Some((at, step)) = walk.pop() {
            if step == 0 {
                put(&mut order, at, seen);
                put(&mut low, at, seen);
                seen += 1;
                stack.push(at as u32);
            }
            match next.get(at).and_then(|next| next.get(step)).map(|to| *to as usize) {
                Some(to) => {
                    walk.push((at, step + 1));
                    if look(&order, to) == UNSEEN {
                        walk.push((to, 0));
                    } else if look(&node, to) == UNSEEN {
                        let least = look(&low, at).min(look(&order, to));
                        put(&mut low, at, least);
                    }
                }
                None => {
                    if let Some((before, _)) = walk.last() {
                        let least = look(&low, *before).min(look(&low, at));
                        put(&mut low, *before, least);
                    }
                    if look(&low, at) == look(&order, at) {
                        let first = stack.iter().rposition(|of| *of as usize == at).unwrap_or(0);
                        let of = stack.split_off(first);
                        of.iter().for_each(|at| put(&mut node, *at as usize, members.len()));
                        members.push(of);
                    }
                }
            }
        }
    }
    (node, members)
}

fn look(of: &[usize], at: usize) -> usize {
    of.get(at).copied().unwrap_or(usize::MAX)
}

fn put(of: &mut [usize], at: usize, value: usize) {
    if let Some(slot) = of.get_mut(at) {
        *slot = value;
    }
}
