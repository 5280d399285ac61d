//! Where control goes from an instruction, within one thread.

use crate::bytecode::op::{Flow, Op};
use crate::bytecode::program::Program;

/// Calls `visit` with each instruction that may run next in the same thread. One past the end is possible; whoever
/// walks first refuses it.
pub fn successors(program: &Program, at: u32, mut visit: impl FnMut(u32)) {
    let Some(instr) = program.code.get(at as usize) else { return };
    match instr.op.flow() {
        Flow::Next | Flow::Fork => visit(at + 1),
        Flow::Jump => visit(instr.wide()),
        Flow::Branch => {
            visit(at + 1);
            visit(instr.wide());
        }
        Flow::Skip => {
            visit(at + 1);
            visit(at + 2);
        }
        Flow::Halt => {}
        Flow::Enter => {
            visit(at + 1);
            if let Some(scope) = program.scopes.get(usize::from(instr.a)) {
                scope.exit.into_iter().for_each(&mut visit);
                scope.handlers.iter().filter_map(|handler| handler.to).for_each(&mut visit);
            }
        }
        Flow::Table if instr.op == Op::Receive => {
            let receive = program.receives.get(usize::from(instr.a));
            receive.into_iter().flat_map(|receive| &receive.cases).for_each(|case| visit(case.to));
        }
        Flow::Table => {
            let table = program.branches.get(instr.wide() as usize);
            table.into_iter().flatten().for_each(|to| visit(*to));
        }
    }
}
