//! Ways to open a session: the values that its parameters are tried with.
//!
//! Is not: a session; `turn` opens one.

use std::sync::Arc;

use crate::base::value::Value;
use crate::check::payload::abstracted;
use crate::machine::Cast;
use crate::machine::unknown;

/// The values that the parameters of a session may have: one list for each way to open it.
pub(super) fn openings(cast: &Cast) -> Vec<Vec<(Arc<str>, Value)>> {
    let mut all: Vec<Vec<(Arc<str>, Value)>> = vec![Vec::new()];
    for param in cast.programs().flat_map(|program| &program.params) {
        if all.iter().any(|one| one.iter().any(|(name, _)| *name == param.name)) {
            continue;
        }
        let mut values = abstracted(&param.ty, &("opening", &*param.name));
        if all.len() * values.len() > OPENINGS_MAX {
            values = vec![unknown::named(("opening", &*param.name), false)];
        }
        let with = |one: &Vec<(Arc<str>, Value)>, value: &Value| {
            let mut one = one.clone();
            one.push((param.name.clone(), value.clone()));
            one
        };
        all = all.iter().flat_map(|one| values.iter().map(|value| with(one, value))).collect();
    }
    all
}

/// Ways to open a session, at most.
const OPENINGS_MAX: usize = 16;
