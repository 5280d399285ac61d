//! Bindings to be filled in: every role with what it will be asked, what it may do, and who could answer.
//!
//! Is not: a choice of handlers. Stand-ins play the roles until somebody writes another name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::base::builtin;
use crate::base::id::RoleId;
use crate::bytecode::op::Op;
use crate::bytecode::program::{Kind, Operation, Program, Repetition};
use crate::config::guards::Grants;
use crate::global::fit::show;
use crate::guard::Policy;
use crate::guard::policy::places;
use crate::tools::guards::plan;
use crate::tools::init::{family, list, meant, scalar};

/// What is known of a role, or of all members of a family.
#[derive(Default)]
struct Part {
    /// What its handler is asked, a line each.
    asked: BTreeSet<String>,
    /// What it receives, and from whom.
    receives: BTreeSet<String>,
    /// What it must be able to do.
    capabilities: BTreeSet<Arc<str>>,
}

/// The text of bindings for a protocol.
#[must_use]
pub fn bindings(programs: &[&Program], policy: &Policy) -> String {
    let mut names: Vec<String> = Vec::new();
    let mut parts: BTreeMap<String, Part> = BTreeMap::new();
    let mut effects: BTreeMap<Arc<str>, BTreeSet<String>> = BTreeMap::new();
    let fresh = Grants::fresh();
    for program in programs {
        let name = meant(program, RoleId(program.role));
        if !names.contains(&name) {
            names.push(name.clone());
        }
        let part = parts.entry(name.clone()).or_default();
        part.asked.extend(asked(program));
        part.capabilities.extend(fresh.of(program.role_name()).iter().map(|name| Arc::from(name.as_str())));
        for operation in outside(program) {
            effects.entry(operation.effect.clone()).or_default().insert(called(operation));
        }
        for place in places(program).filter(|place| place.message.kind == Kind::Data) {
            let to = parts.entry(meant(program, place.to)).or_default();
            to.receives.insert(format!("{} from {name}", place.message.name));
        }
    }
    for send in plan(programs, policy).sends {
        parts.entry(family(&send.from)).or_default().capabilities.extend(send.terms.capabilities);
    }
    let protocol = programs.first().map_or("", |program| &program.protocol);
    let mut text = format!(
        "\
# Who answers for the roles of {protocol}. Handlers are scripted, generated, process, http, websocket or rust;
# schemas/bindings.schema.json has all of their settings, and examples/handlers has a program and a service.
protocol: {}
roles:
",
        scalar(protocol)
    );
    let mut stands_in = false;
    for name in &names {
        let Some(part) = parts.get(name) else { continue };
        text.push_str(&role(name, part));
        stands_in |= !part.asked.is_empty();
    }
    text.push_str(&handlers(stands_in, &effects));
    text
}

/// A role with what is known of it.
fn role(name: &str, part: &Part) -> String {
    let mut text = String::new();
    if part.asked.is_empty() {
        text.push_str("  # Nothing is asked of it: the text says all that it does.\n");
    } else {
        text.push_str("  # It is asked to\n");
        part.asked.iter().for_each(|line| text.push_str(&format!("  #   {line}\n")));
    }
    if !part.receives.is_empty() {
        let receives: Vec<&str> = part.receives.iter().map(String::as_str).collect();
        text.push_str(&format!("  # With `observe: true` its handler sees {}.\n", receives.join(", ")));
    }
    text.push_str(&format!("  {}:\n", scalar(name)));
    if !part.asked.is_empty() {
        text.push_str("    handler: stand_in\n");
        text.push_str("    # config: { limit: 500 }    # what the handler is told with every call\n");
        text.push_str("    # deadline: 30s             # how long an answer may take\n");
    }
    text.push_str(&format!("    capabilities: {}\n", list(&part.capabilities)));
    text
}

/// The handlers: the stand-in where it is named, and who could be there.
fn handlers(stands_in: bool, effects: &BTreeMap<Arc<str>, BTreeSet<String>>) -> String {
    let mut text = String::new();
    if stands_in {
        text.push_str("handlers:\n  # It makes its answers up.\n  stand_in:\n    kind: generated\n");
        text.push_str("  # A program that `laban serve` starts, to be named above instead:\n");
        text.push_str(&program("desk"));
    } else if !effects.is_empty() {
        text.push_str("# handlers:\n");
    }
    for (effect, operations) in effects {
        text.push_str(&format!("  # A handler called `{effect}` does, for whichever role calls it:\n"));
        operations.iter().for_each(|operation| text.push_str(&format!("  #   {operation}\n")));
        text.push_str(&program(effect));
    }
    text
}

fn program(name: &str) -> String {
    format!(
        "  # {name}:\n  #   kind: process\n  #   command: [python3, {name}.py]\n  #   retry: {{ max: 3, backoff: 100ms }}\n"
    )
}

/// What a program asks of whoever plays its role, a line each.
fn asked(program: &Program) -> Vec<String> {
    let mut all = Vec::new();
    for instr in &program.code {
        match instr.op {
            Op::Produce => {
                let Some(message) = program.messages.get(usize::from(instr.b)) else { continue };
                let channel = program.outgoing.get(usize::from(instr.a));
                let to = channel.map_or_else(String::new, |channel| meant(program, channel.peer));
                all.push(format!("produce {} for {to}: {}", message.name, show(&message.ty)));
            }
            Op::Decide => {
                let Some(choice) = program.decisions.get(usize::from(instr.a)) else { continue };
                let labels: Vec<&str> = choice.labels.iter().map(AsRef::as_ref).collect();
                all.push(format!("decide {}: {}", choice.name, labels.join(" or ")));
            }
            _ => {}
        }
    }
    all.extend(outside(program).map(|operation| format!("perform {}", called(operation))));
    all
}

/// The operations that are not built in.
fn outside(program: &Program) -> impl Iterator<Item = &Operation> {
    program.operations.iter().filter(|operation| !builtin::is_effect(&operation.effect))
}

/// An operation as it is called.
fn called(operation: &Operation) -> String {
    let args: Vec<&str> = operation.args.iter().map(AsRef::as_ref).collect();
    let repetition = match operation.repetition {
        Repetition::Pure => "pure",
        Repetition::Idempotent => "idempotent",
        Repetition::Once => "once",
    };
    let (effect, name, args) = (&operation.effect, &operation.name, args.join(", "));
    format!("{effect}.{name}({args}) -> {} : {repetition}", show(&operation.result))
}
