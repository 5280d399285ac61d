//! A program to bytes.

use crate::base::cause::Cause;
use crate::bytecode::codec::value;
use crate::bytecode::codec::writer::Writer;
use crate::bytecode::instr::Instr;
use crate::bytecode::op::Operand;
use crate::bytecode::program::{Channel, Debug, Kind, Program, Receive, Repetition, Scope, ScopeKind};
use crate::bytecode::verify::is_wide;

pub(super) fn program(program: &Program, out: &mut Writer) {
    out.text(&program.protocol);
    out.number(u64::from(program.role));
    out.list(&program.roles, |out, role| {
        out.text(&role.name);
        out.option(role.member.as_ref(), |out, (family, index)| {
            out.text(family);
            out.number(u64::from(*index));
        });
    });
    out.list(&program.code, |out, instr| instruction(*instr, out));
    out.list(&program.constants, |out, constant| value::encode(constant, out));
    out.list(&program.messages, |out, message| {
        out.text(&message.name);
        out.byte(match message.kind {
            Kind::Data => 0,
            Kind::Selection => 1,
            Kind::Control => 2,
        });
        value::encode_type(&message.ty, out);
    });
    out.list(&program.outgoing, channel);
    out.list(&program.incoming, channel);
    out.list(&program.receives, receive);
    out.list(&program.branches, |out, table| out.list(table, |out, to| out.number(u64::from(*to))));
    out.list(&program.forks, |out, fork| {
        out.list(fork, |out, branch| {
            out.number(u64::from(branch.thread));
            out.number(u64::from(branch.to));
        });
    });
    out.list(&program.scopes, scope);
    out.list(&program.shapes, |out, shape| out.list(shape, |out, name| out.text(name)));
    out.list(&program.decisions, |out, decision| {
        out.text(&decision.name);
        out.list(&decision.labels, |out, label| out.text(label));
    });
    out.list(&program.operations, |out, operation| {
        out.text(&operation.effect);
        out.text(&operation.name);
        out.list(&operation.args, |out, name| out.text(name));
        value::encode_type(&operation.result, out);
        out.byte(match operation.repetition {
            Repetition::Pure => 0,
            Repetition::Idempotent => 1,
            Repetition::Once => 2,
        });
    });
    out.list(&program.params, |out, param| {
        out.text(&param.name);
        value::encode_type(&param.ty, out);
        out.option(param.default.as_ref(), |out, default| value::encode(default, out));
        slot(out, param.slot);
    });
    out.number(u64::from(program.slots));
    out.number(u64::from(program.threads));
}

pub(super) fn debug(debug: &Debug, out: &mut Writer) {
    out.list(&debug.marks, |out, mark| {
        out.number(u64::from(mark.at));
        out.number(u64::from(mark.span.source.0));
        out.number(u64::from(mark.span.start));
        out.number(u64::from(mark.span.end));
    });
    out.list(&debug.slots, |out, name| out.text(name));
}

/// An instruction: the opcode's number, then the operands that its row has.
fn instruction(instr: Instr, out: &mut Writer) {
    out.byte(instr.op as u8);
    let [a, b, c] = instr.op.operands();
    let mut operand = |operand: Operand, value: u32| {
        if operand != Operand::Nothing {
            out.number(u64::from(value));
        }
    };
    operand(a, u32::from(instr.a));
    if is_wide(b) {
        return operand(b, instr.wide());
    }
    operand(b, u32::from(instr.b));
    operand(c, u32::from(instr.c));
}

fn channel(out: &mut Writer, channel: &Channel) {
    out.number(u64::from(channel.peer.0));
    out.number(u64::from(channel.lane.0));
    out.number(u64::from(channel.capacity));
}

fn receive(out: &mut Writer, receive: &Receive) {
    out.list(&receive.cases, |out, case| {
        out.number(u64::from(case.channel));
        out.number(u64::from(case.message));
        slot(out, case.slot);
        out.number(u64::from(case.to));
    });
    out.byte(u8::from(receive.may_end));
}

fn scope(out: &mut Writer, scope: &Scope) {
    out.text(&scope.name);
    out.number(u64::from(scope.lane.0));
    slot(out, scope.parent);
    out.number(u64::from(scope.owner.0));
    out.byte(match scope.kind {
        ScopeKind::Try => 0,
        ScopeKind::Collect => 1,
    });
    slot(out, scope.control);
    out.option(scope.exit.as_ref(), |out, to| out.number(u64::from(*to)));
    out.list(&scope.handlers, |out, handler| {
        cause(out, &handler.cause);
        out.option(handler.to.as_ref(), |out, to| out.number(u64::from(*to)));
        slot(out, handler.slot);
    });
    out.list(&scope.members, |out, member| {
        out.number(u64::from(member.channel));
        out.number(u64::from(member.message));
        out.number(u64::from(member.number));
    });
}

fn cause(out: &mut Writer, cause: &Cause) {
    out.byte(match cause {
        Cause::Timeout => 0,
        Cause::Denied => 1,
        Cause::Refused => 2,
        Cause::Cancelled => 3,
        Cause::Failed(None) => 4,
        Cause::Failed(Some(_)) => 5,
    });
    if let Cause::Failed(Some(name)) = cause {
        out.text(name);
    }
}

fn slot(out: &mut Writer, slot: Option<u16>) {
    out.option(slot.as_ref(), |out, slot| out.number(u64::from(*slot)));
}
