//! What a cast needs before it can run: the names that scripts may use, the inputs, the effects from outside.
//!
//! Is not: the run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::base::builtin;
use crate::base::id::RoleId;
use crate::base::random::Random;
use crate::base::value::Value;
use crate::bytecode::program::{Kind, Program};
use crate::config::input::{self, Param};
use crate::config::vocabulary::Vocabulary;
use crate::effect::payload::invent;
use crate::guard::policy::places;

/// The names of a cast that bindings and scripts may use.
#[must_use]
pub fn vocabulary<'a>(programs: impl IntoIterator<Item = &'a Program>) -> Vocabulary {
    let mut words = Vocabulary::default();
    for program in programs {
        if words.roles.is_empty() {
            words.protocol = program.protocol.to_string();
            words.roles = program.roles.iter().map(|role| role.name.clone()).collect();
        }
        let messages = program.messages.iter().filter(|message| message.kind == Kind::Data);
        words.messages.extend(messages.map(|message| (message.name.clone(), message.ty.clone())));
        let choices = program.decisions.iter();
        words.choices.extend(choices.map(|choice| (choice.name.clone(), choice.labels.clone())));
        let operations = program.operations.iter();
        let name =
            |role: RoleId| program.roles.get(role.index()).map(|role| role.name.clone()).unwrap_or_default();
        let data = places(program).filter(|place| place.message.kind == Kind::Data);
        words.passes.extend(data.map(|place| (name(place.from), name(place.to), place.message.name.clone())));
        words.operations.extend(operations.map(|operation| {
            (Arc::from(format!("{}.{}", operation.effect, operation.name)), operation.result.clone())
        }));
    }
    words
}

/// What a session of a cast is given at its start, by name.
#[must_use]
pub fn params<'a>(programs: impl IntoIterator<Item = &'a Program>) -> Vec<Param> {
    let mut all: BTreeMap<Arc<str>, Param> = BTreeMap::new();
    for param in programs.into_iter().flat_map(|program| &program.params) {
        let read =
            Param { name: param.name.clone(), ty: param.ty.clone(), optional: param.default.is_some() };
        all.entry(param.name.clone()).or_insert(read);
    }
    all.into_values().collect()
}

/// Adds a value for every parameter that has to be given and is not; gives their names.
///
/// A parameter whose type has no small value stays away, and the session is refused.
pub fn invent_missing(params: &[Param], given: &mut BTreeMap<Arc<str>, Value>, seed: u64) -> Vec<Arc<str>> {
    let mut random = Random::new(seed ^ 0x696e_7075_7473_0001);
    let missing: Vec<Param> = input::missing(params, given).cloned().collect();
    let mut invented = Vec::new();
    for param in missing {
        if let Some(value) = invent(&param.ty, &mut random) {
            given.insert(param.name.clone(), value);
            invented.push(param.name);
        }
    }
    invented
}

/// The effects of a cast that are not built in: their outcomes are the participants' affair.
#[must_use]
pub fn outside_effects<'a>(programs: impl IntoIterator<Item = &'a Program>) -> BTreeSet<Arc<str>> {
    let operations = programs.into_iter().flat_map(|program| &program.operations);
    let effects = operations.map(|operation| operation.effect.clone());
    effects.filter(|effect| !builtin::is_effect(effect)).collect()
}
