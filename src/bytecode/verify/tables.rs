//! Tables: sizes within limits, entries within the tables that they point into, order where order is promised.

use std::sync::Arc;

use crate::base::limits;
use crate::base::value::Value;
use crate::base::weight;
use crate::bytecode::program::{Channel, Program, Receive};
use crate::bytecode::rejection::Rejection;
use crate::diag::code::Code;

pub(super) fn check(program: &Program) -> Result<(), Rejection> {
    sizes(program)?;
    require(usize::from(program.role) < program.roles.len(), "the role is none of the roles")?;
    require(program.threads >= 1, "there is no trunk")?;
    channels(program, &program.outgoing)?;
    channels(program, &program.incoming)?;
    program.receives.iter().try_for_each(|receive| waiting(program, receive))?;
    for table in &program.branches {
        require(!table.is_empty(), "a table of branches is empty")?;
        table.iter().try_for_each(|to| inside(program, *to))?;
    }
    for fork in &program.forks {
        require(!fork.is_empty(), "a fork starts nothing")?;
        for branch in fork {
            require((1..program.threads).contains(&branch.thread), "a fork starts a thread that is none")?;
            inside(program, branch.to)?;
        }
    }
    for shape in &program.shapes {
        require(sorted(shape), "the names of a record are not sorted")?;
    }
    for decision in &program.decisions {
        require(!decision.labels.is_empty(), "a choice has no labels")?;
    }
    for param in &program.params {
        slot(program, param.slot)?;
        param.default.iter().try_for_each(light)?;
    }
    program.constants.iter().try_for_each(light)
}

fn sizes(program: &Program) -> Result<(), Rejection> {
    let most = |have: usize, most: usize, what: &str| {
        if have <= most {
            Ok(())
        } else {
            Err(Rejection::new(Code::E0307, format!("{have} {what}, at most {most}")))
        }
    };
    most(program.code.len(), limits::INSTRUCTIONS_MAX, "instructions")?;
    most(program.roles.len(), limits::ROLES_MAX, "roles")?;
    most(usize::from(program.slots), limits::SLOTS_MAX, "slots")?;
    for (have, what) in [
        (program.constants.len(), "constants"),
        (program.messages.len(), "messages"),
        (program.outgoing.len(), "outgoing channels"),
        (program.incoming.len(), "incoming channels"),
        (program.receives.len(), "places of waiting"),
        (program.branches.len(), "tables of branches"),
        (program.forks.len(), "forks"),
        (program.shapes.len(), "shapes"),
        (program.decisions.len(), "choices"),
        (program.operations.len(), "operations"),
        (program.params.len(), "parameters"),
        (program.receives.iter().map(|receive| receive.cases.len()).max().unwrap_or(0), "cases"),
        (program.branches.iter().map(Vec::len).max().unwrap_or(0), "branches"),
        (program.forks.iter().map(Vec::len).max().unwrap_or(0), "threads of a fork"),
        (program.decisions.iter().map(|decision| decision.labels.len()).max().unwrap_or(0), "labels"),
    ] {
        most(have, limits::TABLE_MAX, what)?;
    }
    Ok(())
}

fn channels(program: &Program, channels: &[Channel]) -> Result<(), Rejection> {
    for channel in channels {
        require(channel.peer.index() < program.roles.len(), "a channel leads to no role")?;
        require(channel.peer.0 != program.role, "a channel leads to its own role")?;
        require(
            (1..=limits::MAILBOX_MAX).contains(&channel.capacity),
            "a mailbox is too small or too large",
        )?;
    }
    let ordered = channels.is_sorted_by(|a, b| (a.peer, a.lane) < (b.peer, b.lane));
    require(ordered, "channels are not sorted")
}

fn waiting(program: &Program, receive: &Receive) -> Result<(), Rejection> {
    require(!receive.cases.is_empty(), "a place of waiting waits for nothing")?;
    let ordered = receive.cases.is_sorted_by(|a, b| (a.channel, a.message) < (b.channel, b.message));
    require(ordered, "what may arrive is not sorted")?;
    for case in &receive.cases {
        require(usize::from(case.channel) < program.incoming.len(), "a message arrives on no channel")?;
        require(usize::from(case.message) < program.messages.len(), "what arrives is no message")?;
        slot(program, case.slot)?;
        inside(program, case.to)?;
    }
    Ok(())
}

fn inside(program: &Program, to: u32) -> Result<(), Rejection> {
    require((to as usize) < program.code.len(), "a table leads outside of the program")
}

fn slot(program: &Program, slot: Option<u16>) -> Result<(), Rejection> {
    require(slot.is_none_or(|slot| slot < program.slots), "a table names a slot that is none")
}

/// A constant that a session could have made itself.
fn light(value: &Value) -> Result<(), Rejection> {
    weight::weigh(value, 0).map(|_| ()).map_err(|excess| Rejection::new(Code::E0307, excess.sentence()))
}

fn sorted(names: &[Arc<str>]) -> bool {
    names.is_sorted_by(|a, b| a < b)
}

fn require(holds: bool, otherwise: &str) -> Result<(), Rejection> {
    if holds { Ok(()) } else { Err(Rejection::new(Code::E0303, otherwise)) }
}
