//! Threads: control stays inside of the program, every instruction belongs to one thread at most, every thread has one
//! fork that starts it, branches end in joins and the trunk does not, and every channel belongs to one thread.
//!
//! So threads form a tree, and a thread that is started is always idle: its fork has waited for it.

use crate::bytecode::instr::Instr;
use crate::bytecode::op::{Flow, Op};
use crate::bytecode::program::{Program, ScopeKind};
use crate::bytecode::rejection::Rejection;
use crate::bytecode::verify::flow::successors;
use crate::bytecode::verify::{Facts, Place};
use crate::diag::code::Code;

/// Which thread runs what.
pub(super) struct Threads {
    pub(super) facts: Facts,
    /// The thread of each instruction; none where nothing leads.
    pub(super) of: Vec<Option<u16>>,
    /// The instruction that starts each thread.
    pub(super) started: Vec<Option<u32>>,
    /// The threads that are started, each after the one that starts it.
    pub(super) order: Vec<u16>,
    /// The innermost scope around each instruction that is reached.
    pub(super) within: Vec<Option<u16>>,
}

pub(super) fn check(program: &Program) -> Result<Threads, Rejection> {
    let mut threads = Threads {
        facts: Facts {
            parents: vec![0; usize::from(program.threads)],
            outgoing: Vec::new(),
            incoming: Vec::new(),
            scopes: vec![0; program.scopes.len()],
            within: vec![None; usize::from(program.threads)],
        },
        of: vec![None; program.code.len()],
        started: vec![None; usize::from(program.threads)],
        order: Vec::new(),
        within: vec![None; program.code.len()],
    };
    walk(program, &mut threads)?;
    channels(program, &mut threads)?;
    Ok(threads)
}

fn walk(program: &Program, threads: &mut Threads) -> Result<(), Rejection> {
    let mut open = vec![(0_u32, 0_u16, None)];
    while let Some((at, thread, within)) = open.pop() {
        let Some(of) = threads.of.get_mut(at as usize) else {
            return Err(Rejection::new(Code::E0303, "control runs out of the program").at(at));
        };
        match of {
            Some(have) if *have != thread => {
                return Err(nesting("an instruction belongs to two threads", at));
            }
            Some(_) if threads.within.get(at as usize) == Some(&within) => continue,
            Some(_) => return Err(nesting("an instruction belongs to two scopes", at)),
            None => *of = Some(thread),
        }
        if let Some(place) = threads.within.get_mut(at as usize) {
            *place = within;
        }
        let Some(instr) = program.code.get(at as usize) else { continue };
        let inside = scopes(program, threads, at, (*instr, thread, within))?;
        let first = at + 1;
        successors(program, at, |next| {
            // Whoever enters a scope is inside only at the next instruction; exits and handlers are outside.
            open.push((next, thread, if next == first { inside } else { after(*instr, within, inside) }));
        });
        if instr.op.flow() != Flow::Fork {
            continue;
        }
        for branch in program.forks.get(instr.wide() as usize).into_iter().flatten() {
            let Some(started) = threads.started.get_mut(usize::from(branch.thread)) else { continue };
            if started.replace(at).is_some() {
                return Err(nesting("a thread is started in two places", at));
            }
            if let Some(parent) = threads.facts.parents.get_mut(usize::from(branch.thread)) {
                *parent = thread;
            }
            if let Some(place) = threads.facts.within.get_mut(usize::from(branch.thread)) {
                *place = within;
            }
            threads.order.push(branch.thread);
            open.push((branch.to, branch.thread, within));
        }
    }
    Ok(())
}

/// The scope around what follows an instruction.
fn scopes(
    program: &Program,
    threads: &mut Threads,
    at: u32,
    (instr, thread, within): (Instr, u16, Option<u16>),
) -> Result<Option<u16>, Rejection> {
    let started = |thread: u16| threads.facts.within.get(usize::from(thread)).copied().flatten();
    match instr.op {
        Op::End if thread != 0 => Err(nesting("a branch ends the role", at)),
        Op::End if within.is_some() => Err(nesting("a role ends inside of a scope", at)),
        Op::Join if thread == 0 => Err(nesting("the trunk joins", at)),
        Op::Join if within != started(thread) => Err(nesting("a branch ends inside of a scope", at)),
        Op::Enter | Op::EnterFor => {
            let parent = program.scopes.get(usize::from(instr.a)).and_then(|scope| scope.parent);
            if parent != within {
                return Err(nesting("a scope is entered outside of the one around it", at));
            }
            if ends_at(program, instr, at + 1) {
                return Err(nesting("a scope ends where it begins", at));
            }
            if let Some(place) = threads.facts.scopes.get_mut(usize::from(instr.a)) {
                *place = thread;
            }
            Ok(Some(instr.a))
        }
        Op::Leave | Op::Gather | Op::Missing if within != Some(instr.a) => {
            Err(nesting("a scope is left or heard outside of it", at))
        }
        Op::Leave | Op::Gather | Op::Missing
            if threads.facts.scopes.get(usize::from(instr.a)) != Some(&thread) =>
        {
            Err(nesting("a scope is left or heard by a thread that is started inside", at))
        }
        Op::Leave => Ok(program.scopes.get(usize::from(instr.a)).and_then(|scope| scope.parent)),
        _ => Ok(within),
    }
}

/// Whether the exit of the scope or one of its handlers is there.
fn ends_at(program: &Program, instr: Instr, at: u32) -> bool {
    program.scopes.get(usize::from(instr.a)).is_some_and(|scope| {
        scope.exit == Some(at) || scope.handlers.iter().any(|handler| handler.to == Some(at))
    })
}

/// The scope around a place that is not the next instruction.
const fn after(instr: Instr, within: Option<u16>, inside: Option<u16>) -> Option<u16> {
    match instr.op {
        Op::Enter | Op::EnterFor => within,
        _ => inside,
    }
}

/// Each channel is used by one thread, inside of one scope, so that a message wakes that thread and no other.
fn channels(program: &Program, threads: &mut Threads) -> Result<(), Rejection> {
    let mut outgoing = vec![None; program.outgoing.len()];
    let mut incoming = vec![None; program.incoming.len()];
    for ((at, instr), (thread, within)) in
        program.code.iter().enumerate().zip(threads.of.iter().zip(&threads.within))
    {
        let Some(thread) = *thread else { continue };
        let claim = |table: &mut [Option<Place>], channel: u16, within: Option<u16>| {
            let Some(place) = table.get_mut(usize::from(channel)) else { return Ok(()) };
            match *place {
                Some(have) if have.thread != thread => {
                    Err(nesting("a channel belongs to two threads", at as u32))
                }
                Some(have) if have.within != within => {
                    Err(nesting("a channel belongs to two scopes", at as u32))
                }
                _ => {
                    *place = Some(Place { thread, within });
                    Ok(())
                }
            }
        };
        match instr.op {
            Op::Send | Op::SendTake | Op::SendConst | Op::Select => {
                claim(&mut outgoing, instr.a, *within)?;
            }
            Op::Enter | Op::EnterFor => {
                let Some(scope) = program.scopes.get(usize::from(instr.a)) else { continue };
                if threads.facts.scopes.get(usize::from(instr.a)) != Some(&thread) {
                    return Err(nesting("a scope is entered by two threads", at as u32));
                }
                let inside = Some(instr.a);
                for member in &scope.members {
                    claim(&mut incoming, member.channel, inside)?;
                }
                if let Some(control) = scope.control {
                    claim(
                        &mut incoming,
                        control,
                        if scope.kind == ScopeKind::Collect { inside } else { *within },
                    )?;
                }
            }
            Op::Receive => {
                let receive = program.receives.get(usize::from(instr.a));
                for case in receive.into_iter().flat_map(|receive| &receive.cases) {
                    claim(&mut incoming, case.channel, *within)?;
                }
            }
            _ => {}
        }
    }
    (threads.facts.outgoing, threads.facts.incoming) = (outgoing, incoming);
    Ok(())
}

fn nesting(reason: &str, at: u32) -> Rejection {
    Rejection::new(Code::E0306, reason).at(at)
}
