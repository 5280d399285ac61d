//! A program as text: labelled, with names for what operands point at, and the source lines beside the code.
//!
//! Is not: read back. The bytes are the format; this is for people.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::base::value::Value;
use crate::bytecode::codec;
use crate::bytecode::instr::Instr;
use crate::bytecode::op::{Flow, Op, Operand};
use crate::bytecode::program::{Channel, Program};
use crate::bytecode::verify::is_wide;
use crate::diag::source::Sources;

/// The text of a program. With sources, each place in them stands above the code that comes from it.
#[must_use]
pub fn text(program: &Program, sources: Option<&Sources>) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = head(program, &mut out).and_then(|()| code(program, sources, &mut out));
    out
}

/// The page of the docs: a table of all opcodes.
#[must_use]
pub fn page() -> String {
    let mut out = String::from("| opcode | operands | what it does |\n| --- | --- | --- |\n");
    for op in Op::ALL {
        let operands: Vec<String> = op
            .operands()
            .iter()
            .filter(|operand| **operand != Operand::Nothing)
            .map(|operand| format!("{operand:?}").to_lowercase())
            .collect();
        let _ = writeln!(out, "| `{}` | {} | {} |", op.mnemonic(), operands.join(", "), op.sentence());
    }
    out
}

fn head(program: &Program, out: &mut String) -> std::fmt::Result {
    writeln!(out, "program {} role {}", program.protocol, program.role_name())?;
    writeln!(out, "hash    {}", codec::hash(program))?;
    writeln!(out, "slots   {}  threads {}", program.slots, program.threads)?;
    for param in &program.params {
        let place = param.slot.map_or_else(|| "unused".to_owned(), |at| slot(program, at));
        writeln!(out, "param   {} in {place}", param.name)?;
    }
    for (way, channels) in [("to", &program.outgoing), ("from", &program.incoming)] {
        for channel in channels {
            writeln!(out, "channel {way} {}, holds {}", end(program, channel), channel.capacity)?;
        }
    }
    Ok(())
}

fn code(program: &Program, sources: Option<&Sources>, out: &mut String) -> std::fmt::Result {
    let labels = labels(program);
    let mut line = None;
    for (at, instr) in program.code.iter().enumerate() {
        if let Some(label) = labels.get(&(at as u32)) {
            writeln!(out, "{label}:")?;
        }
        let place = program.debug.span(at as u32).and_then(|span| {
            let source = sources?.source(span.source)?;
            Some((source.name.clone(), source.line_column(span.start).0, span))
        });
        if let Some((name, number, span)) = place
            && line != Some((span.source, number))
        {
            line = Some((span.source, number));
            let text = sources.map_or("", |sources| sources.snippet(span));
            writeln!(out, "    ; {name}:{number}  {}", text.lines().next().unwrap_or("").trim())?;
        }
        let line = format!("    {:<12} {}", instr.op.mnemonic(), operands(program, *instr, &labels));
        writeln!(out, "{}", line.trim_end())?;
        table(program, *instr, &labels, out)?;
    }
    Ok(())
}

type Labels = BTreeMap<u32, String>;

/// A label for every instruction that something leads to, in order.
fn labels(program: &Program) -> Labels {
    let mut places = BTreeMap::new();
    let mut place = |at: u32| {
        places.insert(at, String::new());
    };
    for instr in &program.code {
        if matches!(instr.op.flow(), Flow::Jump | Flow::Branch) {
            place(instr.wide());
        }
    }
    program.receives.iter().flat_map(|receive| &receive.cases).for_each(|case| place(case.to));
    program.branches.iter().flatten().for_each(|to| place(*to));
    program.forks.iter().flatten().for_each(|branch| place(branch.to));
    for scope in &program.scopes {
        scope.exit.into_iter().for_each(&mut place);
        scope.handlers.iter().filter_map(|handler| handler.to).for_each(&mut place);
    }
    for (number, label) in places.values_mut().enumerate() {
        *label = format!("L{number}");
    }
    places
}

fn label(labels: &Labels, at: u32) -> &str {
    labels.get(&at).map_or("?", String::as_str)
}

fn operands(program: &Program, instr: Instr, labels: &Labels) -> String {
    let [a, b, c] = instr.op.operands();
    let mut shown = vec![operand(program, instr, a, instr.a, labels)];
    shown.push(operand(program, instr, b, instr.b, labels));
    if !is_wide(b) {
        shown.push(operand(program, instr, c, instr.c, labels));
    }
    shown.retain(|text| !text.is_empty());
    shown.join(", ")
}

fn operand(program: &Program, instr: Instr, kind: Operand, value: u16, labels: &Labels) -> String {
    let at = usize::from(value);
    let found = match kind {
        Operand::Nothing => Some(String::new()),
        Operand::Get | Operand::Take | Operand::Set | Operand::Edit => Some(slot(program, value)),
        Operand::Run | Operand::Fields | Operand::Arguments => Some(format!("{}..", slot(program, value))),
        Operand::Count => Some(value.to_string()),
        Operand::Constant | Operand::Name => program.constants.get(at).map(constant),
        Operand::WideConstant => program.constants.get(instr.wide() as usize).map(constant),
        Operand::Shape => program.shapes.get(at).map(|shape| format!("{{{}}}", shape.join(", "))),
        Operand::Message => program.messages.get(at).map(|message| message.name.to_string()),
        Operand::Channel => program.outgoing.get(at).map(|channel| format!("-> {}", end(program, channel))),
        Operand::Receive | Operand::Branches | Operand::Fork => Some(String::new()),
        Operand::Decision => program.decisions.get(at).map(|decision| format!("`{}`", decision.name)),
        Operand::Label => {
            let decision = program.decisions.get(usize::from(instr.a));
            decision.and_then(|decision| decision.labels.get(at)).map(ToString::to_string)
        }
        Operand::Operation => {
            program.operations.get(at).map(|operation| format!("{}.{}", operation.effect, operation.name))
        }
        Operand::Scope => program.scopes.get(at).map(|scope| scope.name.to_string()),
        Operand::Jump => Some(label(labels, instr.wide()).to_owned()),
    };
    found.unwrap_or_else(|| "?".to_owned())
}

/// The lines of the table that an instruction points at.
fn table(program: &Program, instr: Instr, labels: &Labels, out: &mut String) -> std::fmt::Result {
    match instr.op {
        Op::Receive => {
            let Some(receive) = program.receives.get(usize::from(instr.a)) else { return Ok(()) };
            for case in &receive.cases {
                let from = program.incoming.get(usize::from(case.channel));
                let from = from.map_or_else(String::new, |channel| end(program, channel));
                let message = program.messages.get(usize::from(case.message));
                let message = message.map_or("?", |message| message.name.as_ref());
                let bound = case.slot.map_or_else(String::new, |at| format!(" in {}", slot(program, at)));
                writeln!(out, "      <- {from}: {message}{bound} => {}", label(labels, case.to))?;
            }
            if receive.may_end { writeln!(out, "      or the session ends") } else { Ok(()) }
        }
        Op::Decide => {
            let names =
                program.decisions.get(usize::from(instr.a)).map_or(&[][..], |decision| &decision.labels);
            let table = program.branches.get(instr.wide() as usize).map_or(&[][..], Vec::as_slice);
            names
                .iter()
                .zip(table)
                .try_for_each(|(name, to)| writeln!(out, "      {name} => {}", label(labels, *to)))
        }
        Op::Fork => {
            let fork = program.forks.get(instr.wide() as usize).map_or(&[][..], Vec::as_slice);
            fork.iter().try_for_each(|branch| {
                writeln!(out, "      thread {} => {}", branch.thread, label(labels, branch.to))
            })
        }
        Op::Enter | Op::EnterFor => {
            let Some(scope) = program.scopes.get(usize::from(instr.a)) else { return Ok(()) };
            if let Some(exit) = scope.exit {
                writeln!(out, "      ended => {}", label(labels, exit))?;
            }
            scope.handlers.iter().try_for_each(|handler| match handler.to {
                Some(to) => writeln!(out, "      on {} => {}", handler.cause, label(labels, to)),
                None => writeln!(out, "      on {}", handler.cause),
            })
        }
        _ => Ok(()),
    }
}

/// A slot: what the source calls it, or its number.
fn slot(program: &Program, at: u16) -> String {
    match program.debug.slots.get(usize::from(at)) {
        Some(name) if !name.is_empty() => format!("${name}.{at}"),
        _ => format!("${at}"),
    }
}

/// The other end of a channel: the role, and the lane unless it is the trunk.
fn end(program: &Program, channel: &Channel) -> String {
    let role = program.roles.get(channel.peer.index()).map_or("?", |role| role.name.as_ref());
    match channel.lane.0 {
        0 => role.to_owned(),
        lane => format!("{role} lane {lane}"),
    }
}

fn constant(value: &Value) -> String {
    match value {
        Value::None => "none".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Int(whole) => whole.to_string(),
        Value::Float(float) => format!("{float:?}"),
        Value::Decimal(decimal) => decimal.to_string(),
        Value::Duration(span) => span.to_string(),
        Value::Text(text) => format!("{:?}", text.as_ref()),
        Value::Bytes(bytes) => format!("bytes({})", bytes.len()),
        Value::List(items) => format!("[{}]", items.iter().map(constant).collect::<Vec<_>>().join(", ")),
        Value::Record(fields) => record(fields),
        Value::Opaque(_) => "?".to_owned(),
        Value::Variant(variant) if variant.1.is_empty() => variant.0.to_string(),
        Value::Variant(variant) => format!("{} {}", variant.0, record(&variant.1)),
    }
}

fn record(fields: &[(std::sync::Arc<str>, Value)]) -> String {
    let shown: Vec<String> =
        fields.iter().map(|(name, value)| format!("{name}: {}", constant(value))).collect();
    format!("{{{}}}", shown.join(", "))
}
