//! Operands: each is what the opcode's row says, and in range.

use crate::base::value::Value;
use crate::bytecode::instr::Instr;
use crate::bytecode::op::{Op, Operand};
use crate::bytecode::program::{Kind, Program, ScopeKind};
use crate::bytecode::rejection::Rejection;
use crate::diag::code::Code;

pub(super) fn check(program: &Program) -> Result<(), Rejection> {
    for (at, instr) in program.code.iter().enumerate() {
        let [a, b, c] = instr.op.operands();
        let sound = operand(program, *instr, a, instr.a)
            && operand(program, *instr, b, instr.b)
            && (is_wide(b) || operand(program, *instr, c, instr.c))
            && kinds_agree(program, *instr);
        if !sound {
            let reason = format!("an operand of `{}` is out of range", instr.op.mnemonic());
            return Err(Rejection::new(Code::E0303, reason).at(at as u32));
        }
    }
    Ok(())
}

/// Whether an operand takes the place of two.
pub(in crate::bytecode) const fn is_wide(operand: Operand) -> bool {
    matches!(operand, Operand::WideConstant | Operand::Jump | Operand::Branches | Operand::Fork)
}

/// The run of slots that an operand names: first and count. A single slot is a run of one.
pub(in crate::bytecode) fn run(
    program: &Program,
    instr: Instr,
    operand: Operand,
    at: u16,
) -> Option<(u16, usize)> {
    let count = match operand {
        Operand::Get | Operand::Take | Operand::Set | Operand::Edit => 1,
        Operand::Run => usize::from(instr.c),
        Operand::Fields => program.shapes.get(usize::from(instr.c)).map_or(0, Vec::len),
        Operand::Arguments => {
            program.operations.get(usize::from(instr.a)).map_or(0, |operation| operation.args.len())
        }
        _ => return None,
    };
    Some((at, count))
}

fn operand(program: &Program, instr: Instr, operand: Operand, value: u16) -> bool {
    let at = usize::from(value);
    if let Some((first, count)) = run(program, instr, operand, value) {
        return usize::from(first) + count <= usize::from(program.slots);
    }
    match operand {
        Operand::Nothing => value == 0,
        Operand::Constant => at < program.constants.len(),
        Operand::Name => matches!(program.constants.get(at), Some(Value::Text(_))),
        Operand::Shape => at < program.shapes.len(),
        Operand::Message => at < program.messages.len(),
        Operand::Channel => at < program.outgoing.len(),
        Operand::Receive => at < program.receives.len(),
        Operand::Decision => at < program.decisions.len(),
        Operand::Label => {
            program.decisions.get(usize::from(instr.a)).is_some_and(|decision| at < decision.labels.len())
        }
        Operand::Operation => at < program.operations.len(),
        Operand::WideConstant => (instr.wide() as usize) < program.constants.len(),
        Operand::Jump => (instr.wide() as usize) < program.code.len(),
        Operand::Branches => branches(program, instr),
        Operand::Fork => (instr.wide() as usize) < program.forks.len(),
        Operand::Scope => at < program.scopes.len(),
        _ => true,
    }
}

/// A table of branches has one place for each label of its choice.
fn branches(program: &Program, instr: Instr) -> bool {
    let table = program.branches.get(instr.wide() as usize);
    let decision = program.decisions.get(usize::from(instr.a));
    table.zip(decision).is_some_and(|(table, decision)| table.len() == decision.labels.len())
}

/// Selections and words about scopes are selected, messages are sent; only a `collect` gathers.
fn kinds_agree(program: &Program, instr: Instr) -> bool {
    let kind = program.messages.get(usize::from(instr.b)).map(|message| message.kind);
    match instr.op {
        Op::Select => matches!(kind, Some(Kind::Selection | Kind::Control)),
        Op::Gather | Op::Missing => program
            .scopes
            .get(usize::from(instr.a))
            .is_some_and(|scope| scope.kind == ScopeKind::Collect && !scope.members.is_empty()),
        Op::Send | Op::SendTake | Op::SendConst | Op::Produce => kind == Some(Kind::Data),
        _ => true,
    }
}
