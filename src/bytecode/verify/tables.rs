//! Tables: sizes within limits, entries within the tables that they point into, order where order is promised.

use std::sync::Arc;

use crate::base::id::LaneId;
use crate::base::limits;
use crate::base::value::Value;
use crate::base::weight;
use crate::bytecode::program::{Channel, Program, Receive, Scope, ScopeKind};
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
    for (at, one) in program.scopes.iter().enumerate() {
        scope(program, at, one)?;
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
    most(program.scopes.len(), limits::SCOPES_MAX, "scopes")?;
    for (have, what) in [
        (program.constants.len(), "constants"),
        (program.messages.len(), "messages"),
        (program.outgoing.len(), "outgoing channels"),
        (program.incoming.len(), "incoming channels"),
        (program.receives.len(), "places of waiting"),
        (program.branches.len(), "tables of branches"),
        (program.forks.len(), "forks"),
        (program.scopes.iter().map(|scope| scope.handlers.len()).max().unwrap_or(0), "handlers"),
        (program.scopes.iter().map(|scope| scope.members.len()).max().unwrap_or(0), "members"),
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

/// A scope stands after the one around it, on a lane of its own; what only its owner has, its owner has.
fn scope(program: &Program, at: usize, scope: &Scope) -> Result<(), Rejection> {
    let owns = scope.owner.0 == program.role;
    require(scope.owner.index() < program.roles.len(), "a scope has no owner")?;
    require(scope.lane != LaneId::TRUNK, "a scope is on the trunk")?;
    let before = program.scopes.get(..at).unwrap_or(&[]);
    require(before.iter().all(|other| other.lane != scope.lane), "two scopes are on one lane")?;
    require(
        scope.parent.is_none_or(|parent| usize::from(parent) < at),
        "a scope stands before the one around it",
    )?;
    let mut depth = 1;
    let mut next = scope.parent;
    while let Some(around) = next.and_then(|parent| before.get(usize::from(parent))) {
        depth += 1;
        require(around.kind == ScopeKind::Try, "a scope stands in a collection")?;
        next = around.parent;
    }
    require(depth <= limits::SCOPES_NESTED_MAX, "scopes are nested too deeply")?;
    require(scope.control.is_some() != owns, "the owner of a scope ends it, and the others hear of it")?;
    require(scope.exit.is_some() != owns, "the owner of a scope ends it, and the others leave it")?;
    require(owns || scope.members.is_empty(), "only the owner of a collection hears its members")?;
    if let Some(control) = scope.control {
        let channel = program.incoming.get(usize::from(control));
        require(
            channel.is_some_and(|channel| channel.peer == scope.owner),
            "a scope is ended on no channel of its owner",
        )?;
    }
    scope.exit.into_iter().try_for_each(|to| inside(program, to))?;
    for handler in &scope.handlers {
        require(handler.to.is_some() == owns, "a cause leads somewhere at the owner, and only there")?;
        handler.to.into_iter().try_for_each(|to| inside(program, to))?;
        slot(program, handler.slot)?;
    }
    for member in &scope.members {
        let channel = program.incoming.get(usize::from(member.channel));
        require(channel.is_some_and(|channel| channel.lane == scope.lane), "a member sends on another lane")?;
        require(usize::from(member.message) < program.messages.len(), "what a member sends is no message")?;
    }
    let mut channels: Vec<u16> = scope.members.iter().map(|member| member.channel).collect();
    channels.sort_unstable();
    channels.dedup();
    require(channels.len() == scope.members.len(), "a member of a collection stands twice")
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
