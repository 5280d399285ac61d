//! What the handlers beside a protocol offer, compared with what its roles will ask.
//!
//! Asked are every payload and decision that the text leaves open, and every operation of an effect that is not built
//! in. A handler outside of this process answers whatever it is asked, as far as can be known here.
//! Is not: a connection to any handler.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::builtin;
use crate::bytecode::op::Op;
use crate::bytecode::program::Program;
use crate::config::bindings::{Bindings, HandlerKind, RoleBinding};
use crate::config::script::Script;
use crate::config::vocabulary::means;

/// What is offered.
#[derive(Clone, PartialEq, Debug)]
pub struct Offers {
    /// Who plays which role.
    pub bindings: Bindings,
    /// The script files that handlers name.
    pub scripts: BTreeMap<String, Script>,
}

/// What a role asks of its handler.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Asked {
    Produce,
    Decide,
    Effect,
}

impl Offers {
    /// What roles ask and nobody offers, one sentence each.
    pub(super) fn missing<'a>(&self, programs: impl Iterator<Item = &'a Program>) -> Vec<String> {
        let mut missing = BTreeSet::new();
        for program in programs {
            let role = program.role_name();
            for (asked, name) in asked(program) {
                let what = match asked {
                    Asked::Produce => format!("the payload of `{name}`"),
                    Asked::Decide => format!("the choice `{name}`"),
                    Asked::Effect => format!("the outcome of `{name}`"),
                };
                match self.binding(role) {
                    None => {
                        missing.insert(format!("`{role}` is asked for {what}, and no handler plays it"));
                    }
                    Some(binding) if !self.answers(binding, asked, &name) => {
                        let handler = binding.handler.as_deref().unwrap_or("its stand-in");
                        missing.insert(format!(
                            "`{role}` is asked for {what}, and `{handler}` does not offer it"
                        ));
                    }
                    Some(_) => {}
                }
            }
        }
        missing.into_iter().collect()
    }

    /// A role's own entry comes before its family's.
    fn binding(&self, role: &str) -> Option<&RoleBinding> {
        let roles = &self.bindings.roles;
        roles.iter().find(|one| one.role == role).or_else(|| roles.iter().find(|one| means(&one.role, role)))
    }

    fn answers(&self, binding: &RoleBinding, asked: Asked, name: &str) -> bool {
        // Without a handler, a stand-in plays the role; it offers nothing that anybody should rely on.
        let Some(handler) = binding.handler.as_ref().and_then(|name| self.bindings.handlers.get(name)) else {
            return false;
        };
        match &handler.kind {
            HandlerKind::Scripted(script) => match asked {
                Asked::Produce => script.produce.contains_key(name),
                Asked::Decide => script.decide.contains_key(name),
                Asked::Effect => script.effects.contains_key(name),
            },
            HandlerKind::ScriptFile(path) => self.scripts.get(path).is_some_and(|file| {
                let own = file.roles.iter().filter(|(role, _)| *role == binding.role);
                let mut own = own.map(|(_, script)| script);
                match asked {
                    Asked::Produce => own.any(|script| script.produce.contains_key(name)),
                    Asked::Decide => own.any(|script| script.decide.contains_key(name)),
                    Asked::Effect => {
                        file.effects.contains_key(name) || own.any(|script| script.effects.contains_key(name))
                    }
                }
            }),
            HandlerKind::Generated
            | HandlerKind::Process(_)
            | HandlerKind::Http { .. }
            | HandlerKind::WebSocket
            | HandlerKind::Rust => true,
        }
    }
}

/// What a program asks of its participant and of effects that are not built in.
fn asked(program: &Program) -> Vec<(Asked, String)> {
    let mut all = Vec::new();
    for instr in &program.code {
        match instr.op {
            Op::Produce => {
                let message = program.messages.get(usize::from(instr.b));
                all.extend(message.map(|message| (Asked::Produce, message.name.to_string())));
            }
            Op::Decide => {
                let decision = program.decisions.get(usize::from(instr.a));
                all.extend(decision.map(|decision| (Asked::Decide, decision.name.to_string())));
            }
            _ => {}
        }
    }
    let outside = program.operations.iter().filter(|operation| !builtin::is_effect(&operation.effect));
    all.extend(outside.map(|operation| (Asked::Effect, format!("{}.{}", operation.effect, operation.name))));
    all
}
