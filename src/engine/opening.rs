//! Openings: parameters are looked up, checked against their types, and put where the roles find them.
//!
//! Is not: a place where sessions are kept.

use std::sync::Arc;

use crate::base::fit;
use crate::base::id::RoleId;
use crate::base::value::Value;
use crate::engine::effect::Trouble;
use crate::engine::input::Opening;
use crate::machine::{Cast, Session};

/// Whether an opening fits its cast.
pub(super) fn judge(cast: &Cast, opening: &Opening) -> Result<(), Trouble> {
    let misfit = |reason: String| Err(Trouble { code: "E0513", role: None, place: None, reason });
    for (at, (name, _)) in opening.params.iter().enumerate() {
        if opening.params.iter().take(at).any(|(before, _)| before == name) {
            return misfit(format!("the parameter `{name}` is given twice"));
        }
        if !cast.programs().any(|program| program.params.iter().any(|param| param.name == *name)) {
            return misfit(format!("there is no parameter `{name}`"));
        }
    }
    match opening.observers.iter().find(|role| role.index() >= cast.roles()) {
        Some(role) => misfit(format!("there is no role {}", role.0)),
        None => Ok(()),
    }
}

/// Gives a session what it is opened with.
pub(super) fn furnish(cast: &Cast, opening: &Opening, session: &mut Session) -> Result<(), Trouble> {
    for (at, program) in cast.programs().enumerate() {
        let role = RoleId::at(at);
        for param in &program.params {
            let value = given(opening, &param.name).or_else(|| param.default.clone());
            let Some(value) = value else {
                let reason = format!("the parameter `{}` is missing", param.name);
                return Err(Trouble { code: "E0513", role: None, place: None, reason });
            };
            let value = fit::fit(value, &param.ty).map_err(|misfit| Trouble {
                code: "E0506",
                role: None,
                place: None,
                reason: format!("the parameter `{}` does not fit: {misfit}", param.name),
            })?;
            if let Some(slot) = param.slot {
                session.give(cast, role, slot, value);
            }
        }
    }
    opening.observers.iter().for_each(|role| session.observe(cast, *role));
    Ok(())
}

fn given(opening: &Opening, name: &Arc<str>) -> Option<Value> {
    opening.params.iter().find(|(have, _)| have == name).map(|(_, value)| value.clone())
}
