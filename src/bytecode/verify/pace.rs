//! Pace: every loop goes through an instruction that is counted, so an agent always comes to a stop.

use crate::bytecode::op::Pace;
use crate::bytecode::program::Program;
use crate::bytecode::rejection::Rejection;
use crate::bytecode::verify::flow::successors;
use crate::bytecode::verify::threads::Threads;
use crate::diag::code::Code;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    New,
    Open,
    Done,
}

/// Depth first through the free instructions alone: an edge to an open one closes a loop that nothing counts.
pub(super) fn check(program: &Program, threads: &Threads) -> Result<(), Rejection> {
    let free = |at: u32| program.code.get(at as usize).is_some_and(|instr| instr.op.pace() == Pace::Free);
    let mut marks = vec![Mark::New; program.code.len()];
    let mut path: Vec<(u32, bool)> = Vec::new();
    for root in 0..program.code.len() as u32 {
        if threads.of.get(root as usize).is_some_and(Option::is_some) && free(root) {
            path.push((root, false));
        }
        while let Some((at, left)) = path.pop() {
            let Some(mark) = marks.get_mut(at as usize) else { continue };
            match (*mark, left) {
                (_, true) => *mark = Mark::Done,
                (Mark::Done, false) => {}
                (Mark::Open, false) => {
                    return Err(Rejection::new(Code::E0305, "a loop gives nobody else a turn").at(at));
                }
                (Mark::New, false) => {
                    *mark = Mark::Open;
                    path.push((at, true));
                    successors(program, at, |next| {
                        if free(next) {
                            path.push((next, false));
                        }
                    });
                }
            }
        }
    }
    Ok(())
}
