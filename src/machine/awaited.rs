//! What roles wait for, for people who ask how things stand.
//!
//! Is not: part of a run; nothing here changes a session.

use std::sync::Arc;

use crate::base::id::RoleId;
use crate::base::value::Value;
use crate::bytecode::op::Op;
use crate::bytecode::program::Kind;
use crate::machine::cast::Cast;
use crate::machine::session::{Session, State};

impl Session {
    /// The messages that threads wait for: whose thread, which message, from whom. Selections are left out.
    #[must_use]
    pub fn awaited(&self, cast: &Cast) -> Vec<(RoleId, Arc<str>, RoleId)> {
        let mut all = Vec::new();
        for (thread, agent) in self.threads.iter().zip(&cast.agents) {
            let Some(part) = cast.parts.get(agent.role.index()) else { continue };
            let Some(instr) = part.program.code.get(thread.at as usize) else { continue };
            if thread.state != State::Receiving {
                continue;
            }
            if instr.op == Op::Gather {
                // Of a collection, those that have not come: whose word or message is known is not waited for.
                let members = part.scopes.get(usize::from(instr.a)).map_or(&[][..], |scope| &scope.members);
                let roster = self.slots.get(part.first_slot + usize::from(instr.c));
                for (at, member) in members.iter().enumerate() {
                    let known = match roster {
                        Some(Value::List(known)) => known.get(at).is_some_and(|known| *known != Value::None),
                        _ => false,
                    };
                    let message = part.program.messages.get(usize::from(member.message));
                    all.extend(
                        message.filter(|_| !known).map(|one| (agent.role, one.name.clone(), member.role)),
                    );
                }
                continue;
            }
            let wait = part.waits.get(usize::from(instr.a));
            let cases = wait.and_then(|wait| part.cases.get(wait.first as usize..wait.end as usize));
            for case in cases.into_iter().flatten() {
                let message = part.program.messages.get(usize::from(case.message));
                let channel = cast.channels.get(case.channel as usize);
                if let (Some(message), Some(channel)) = (message, channel)
                    && message.kind == Kind::Data
                {
                    all.push((agent.role, message.name.clone(), channel.from));
                }
            }
        }
        all
    }
}
