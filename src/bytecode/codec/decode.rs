//! Bytes to a program, in the order in which `encode` writes it.

use crate::base::cause::Cause;
use crate::base::id::{LaneId, RoleId};
use crate::base::limits::{INSTRUCTIONS_MAX, ROLES_MAX, SLOTS_MAX, TABLE_MAX};
use crate::bytecode::codec::reader::{Reader, damaged};
use crate::bytecode::codec::value;
use crate::bytecode::instr::Instr;
use crate::bytecode::op::{Op, Operand};
use crate::bytecode::program::{
    Branch, Case, Channel, Debug, Decision, Handler, Kind, Mark, Member, Message, Operation, Param, Program,
    Receive, Repetition, Role, Scope, ScopeKind,
};
use crate::bytecode::rejection::Rejection;
use crate::bytecode::verify::is_wide;
use crate::diag::source::{SourceId, Span};

type Read<T> = Result<T, Rejection>;

pub(super) fn program(from: &mut Reader<'_>) -> Read<Program> {
    Ok(Program {
        protocol: from.text()?,
        role: from.small()?,
        roles: from.list(ROLES_MAX, role)?,
        code: from.list(INSTRUCTIONS_MAX, instruction)?,
        constants: from.list(TABLE_MAX, value::decode)?,
        messages: from.list(TABLE_MAX, message)?,
        outgoing: from.list(TABLE_MAX, channel)?,
        incoming: from.list(TABLE_MAX, channel)?,
        receives: from.list(TABLE_MAX, receive)?,
        branches: from.list(TABLE_MAX, |from| from.list(TABLE_MAX, Reader::wide))?,
        forks: from.list(TABLE_MAX, |from| from.list(TABLE_MAX, branch))?,
        scopes: from.list(TABLE_MAX, scope)?,
        shapes: from.list(TABLE_MAX, |from| from.list(TABLE_MAX, Reader::text))?,
        decisions: from.list(TABLE_MAX, |from| {
            Ok(Decision { name: from.text()?, labels: from.list(TABLE_MAX, Reader::text)? })
        })?,
        operations: from.list(TABLE_MAX, operation)?,
        params: from.list(TABLE_MAX, |from| {
            Ok(Param {
                name: from.text()?,
                ty: value::decode_type(from)?,
                default: from.option(value::decode)?,
                slot: from.option(Reader::small)?,
            })
        })?,
        slots: from.small()?,
        threads: from.small()?,
        debug: Debug {
            marks: from.list(INSTRUCTIONS_MAX, mark)?,
            slots: from.list(SLOTS_MAX, Reader::text)?,
        },
    })
}

fn role(from: &mut Reader<'_>) -> Read<Role> {
    Ok(Role { name: from.text()?, member: from.option(|from| Ok((from.text()?, from.wide()?)))? })
}

fn instruction(from: &mut Reader<'_>) -> Read<Instr> {
    let op = Op::numbered(from.byte()?).ok_or_else(|| damaged("an opcode is unknown"))?;
    let [a, b, c] = op.operands();
    let mut operand = |operand: Operand| match operand {
        Operand::Nothing => Ok(0),
        wide if is_wide(wide) => from.wide(),
        _ => from.small().map(u32::from),
    };
    let a = operand(a)? as u16;
    if is_wide(b) {
        return Ok(Instr::with_wide(op, a, operand(b)?));
    }
    let b = operand(b)? as u16;
    Ok(Instr::new(op, a, b, operand(c)? as u16))
}

fn message(from: &mut Reader<'_>) -> Read<Message> {
    let name = from.text()?;
    let kind = match from.byte()? {
        0 => Kind::Data,
        1 => Kind::Selection,
        2 => Kind::Control,
        _ => return Err(damaged("a message is of no known kind")),
    };
    Ok(Message { name, kind, ty: value::decode_type(from)? })
}

fn channel(from: &mut Reader<'_>) -> Read<Channel> {
    Ok(Channel { peer: RoleId(from.small()?), lane: LaneId(from.small()?), capacity: from.wide()? })
}

fn receive(from: &mut Reader<'_>) -> Read<Receive> {
    let cases = from.list(TABLE_MAX, |from| {
        Ok(Case {
            channel: from.small()?,
            message: from.small()?,
            slot: from.option(Reader::small)?,
            to: from.wide()?,
        })
    })?;
    match from.byte()? {
        may_end @ (0 | 1) => Ok(Receive { cases, may_end: may_end == 1 }),
        _ => Err(damaged("a place of waiting is of no known kind")),
    }
}

fn branch(from: &mut Reader<'_>) -> Read<Branch> {
    Ok(Branch { thread: from.small()?, to: from.wide()? })
}

fn scope(from: &mut Reader<'_>) -> Read<Scope> {
    Ok(Scope {
        name: from.text()?,
        lane: LaneId(from.small()?),
        parent: from.option(Reader::small)?,
        owner: RoleId(from.small()?),
        kind: match from.byte()? {
            0 => ScopeKind::Try,
            1 => ScopeKind::Collect,
            _ => return Err(damaged("a scope is of no known kind")),
        },
        control: from.option(Reader::small)?,
        exit: from.option(Reader::wide)?,
        handlers: from.list(TABLE_MAX, |from| {
            Ok(Handler {
                cause: cause(from)?,
                to: from.option(Reader::wide)?,
                slot: from.option(Reader::small)?,
            })
        })?,
        members: from.list(TABLE_MAX, |from| {
            Ok(Member { channel: from.small()?, message: from.small()?, number: from.wide()? })
        })?,
    })
}

fn cause(from: &mut Reader<'_>) -> Read<Cause> {
    Ok(match from.byte()? {
        0 => Cause::Timeout,
        1 => Cause::Denied,
        2 => Cause::Refused,
        3 => Cause::Cancelled,
        4 => Cause::Failed(None),
        5 => Cause::Failed(Some(from.text()?)),
        _ => return Err(damaged("a cause is of no known kind")),
    })
}

fn operation(from: &mut Reader<'_>) -> Read<Operation> {
    Ok(Operation {
        effect: from.text()?,
        name: from.text()?,
        args: from.list(TABLE_MAX, Reader::text)?,
        result: value::decode_type(from)?,
        repetition: match from.byte()? {
            0 => Repetition::Pure,
            1 => Repetition::Idempotent,
            2 => Repetition::Once,
            _ => return Err(damaged("an operation is of no known kind")),
        },
    })
}

fn mark(from: &mut Reader<'_>) -> Read<Mark> {
    let at = from.wide()?;
    Ok(Mark { at, span: Span::new(SourceId(from.wide()?), from.wide()?, from.wide()?) })
}
