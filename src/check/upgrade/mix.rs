//! A session of several versions, put together: old programs, and the new one of one role.
//!
//! What is sent from one version to another is found here once: what its receiver does not know, or does not take. Then
//! programs are made that can be linked: a mailbox holds what both of its ends allow, and a receiver has a message as
//! its sender has it.
//! Is not: explored; `judge` does that.

use crate::base::accept::{Unlike, accepts};
use crate::base::id::RoleId;
use crate::base::ty::Type;
use crate::bytecode::op::Op;
use crate::bytecode::program::{Kind, Message, Program};

/// A message that its receiver cannot take, sent by an instruction of a role.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Misfit {
    /// The sender.
    pub(super) role: RoleId,
    /// The instruction that sends it.
    pub(super) at: u32,
    /// The receiver.
    pub(super) to: RoleId,
    /// The message's name.
    pub(super) label: std::sync::Arc<str>,
    /// What the receiver does not take of it; none where it does not know it at all.
    pub(super) unlike: Option<Unlike>,
}

/// What is sent that its receiver cannot take.
pub(super) fn misfits(programs: &[Program]) -> Vec<Misfit> {
    let mut found = Vec::new();
    for program in programs {
        for (at, instr) in program.code.iter().enumerate() {
            if !matches!(instr.op, Op::Send | Op::SendTake | Op::SendConst | Op::Select) {
                continue;
            }
            let channel = program.outgoing.get(usize::from(instr.a));
            let message = program.messages.get(usize::from(instr.b));
            let (Some(channel), Some(message)) = (channel, message) else { continue };
            // Words about a scope are heard by the machine, and those that nobody hears are left over.
            if message.kind == Kind::Control {
                continue;
            }
            let Some(peer) = programs.get(channel.peer.index()) else { continue };
            let known = heard(peer).find(|(from, index)| {
                let from = peer.incoming.get(usize::from(*from));
                from.is_some_and(|from| from.peer.0 == program.role && from.lane == channel.lane)
                    && peer.messages.get(usize::from(*index)).is_some_and(|have| is_same(have, message))
            });
            let taken = known.and_then(|(_, index)| peer.messages.get(usize::from(index)));
            let unlike = match taken {
                Some(taken) => match accepts(&taken.ty, &message.ty) {
                    Ok(()) => continue,
                    Err(unlike) => Some(unlike),
                },
                None => None,
            };
            let (role, to) = (RoleId(program.role), channel.peer);
            found.push(Misfit { role, at: at as u32, to, label: message.name.clone(), unlike });
        }
    }
    found
}

/// What a role receives: from which of its channels, which of its messages.
fn heard(program: &Program) -> impl Iterator<Item = (u16, u16)> + '_ {
    let cases = program.receives.iter().flat_map(|receive| &receive.cases);
    let members = program.scopes.iter().flat_map(|scope| &scope.members);
    cases.map(|case| (case.channel, case.message)).chain(members.map(|one| (one.channel, one.message)))
}

fn is_same(a: &Message, b: &Message) -> bool {
    a.name == b.name && a.kind == b.kind
}

/// The programs as they can be linked; whether payloads would be converted on the way, since types differ.
pub(super) fn fitted(programs: &[Program]) -> (Vec<Program>, bool) {
    let mut converts = false;
    let mut fitted = programs.to_vec();
    for program in &mut fitted {
        converts |= retyped(program, programs);
        let own = RoleId(program.role);
        for channel in &mut program.outgoing {
            let peer = programs.get(channel.peer.index());
            let end = peer.and_then(|peer| {
                peer.incoming.iter().find(|other| (other.peer, other.lane) == (own, channel.lane))
            });
            channel.capacity = end.map_or(channel.capacity, |end| end.capacity.min(channel.capacity));
        }
        for channel in &mut program.incoming {
            let peer = programs.get(channel.peer.index());
            let end = peer.and_then(|peer| {
                peer.outgoing.iter().find(|other| (other.peer, other.lane) == (own, channel.lane))
            });
            channel.capacity = end.map_or(channel.capacity, |end| end.capacity.min(channel.capacity));
        }
    }
    (fitted, converts)
}

/// Has a role receive messages with the types that their senders give them. What it sends stays as it is.
fn retyped(program: &mut Program, programs: &[Program]) -> bool {
    let Program { receives, scopes, messages, incoming, .. } = program;
    let mut other = |channel: u16, message: &mut u16| {
        let Some(ty) =
            sent(programs, incoming.get(usize::from(channel)).map(|from| from.peer), messages, *message)
        else {
            return false;
        };
        let Some(have) = messages.get(usize::from(*message)) else { return false };
        let retyped = Message { ty, ..have.clone() };
        let at = messages.iter().position(|known| *known == retyped).unwrap_or_else(|| {
            messages.push(retyped);
            messages.len() - 1
        });
        *message = at as u16;
        true
    };
    let mut any = false;
    for receive in receives {
        for case in &mut receive.cases {
            any |= other(case.channel, &mut case.message);
        }
        receive.cases.sort_by_key(|case| (case.channel, case.message));
    }
    for member in scopes.iter_mut().flat_map(|scope| &mut scope.members) {
        any |= other(member.channel, &mut member.message);
    }
    any
}

/// The type that a sender gives a message, if that is another than its receiver's.
fn sent(programs: &[Program], peer: Option<RoleId>, messages: &[Message], message: u16) -> Option<Type> {
    let have = messages.get(usize::from(message))?;
    let peer = programs.get(peer?.index())?;
    let ty = &peer.messages.iter().find(|known| is_same(known, have))?.ty;
    (*ty != have.ty).then(|| ty.clone())
}
