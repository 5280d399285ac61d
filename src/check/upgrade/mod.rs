//! Whether a version of a protocol can take the place of another one, role by role.
//!
//! In go the programs of both versions; out comes a [`Verdict`] for each role: its new program in a session whose other
//! roles have their old ones. `renumber` gives the new programs the old one's numbers, `mix` puts such a session
//! together, `judge` explores it. What is not explored to its end is not proved.
//! Is not: a judge of either version by itself; both were accepted before. Nor of what local handlers are asked.

mod judge;
mod mix;
mod renumber;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::bytecode::codec;
use crate::bytecode::program::{Param, Program, Role};
use crate::check::replay::Run;
use crate::check::search::Options;
use crate::check::upgrade::judge::Judge;
use crate::check::upgrade::renumber::Numbers;

/// One version of a protocol.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// One program a role, in the order of roles.
    pub programs: &'a [Program],
    /// The names of its lanes, by number.
    pub lanes: &'a [Arc<str>],
}

impl<'a> Side<'a> {
    fn roles(&self) -> &'a [Role] {
        self.programs.first().map_or(&[], |program| &program.roles)
    }

    fn params(&self) -> BTreeMap<&'a str, &'a Param> {
        self.programs.iter().flat_map(|program| &program.params).map(|param| (&*param.name, param)).collect()
    }
}

/// What is known of a replacement.
#[derive(Clone, PartialEq, Debug)]
pub enum Verdict {
    /// No run shows that anybody would notice.
    Compatible,
    /// Something goes wrong.
    Incompatible(Clash),
    /// Nobody knows, and why.
    NotProved(String),
}

/// What goes wrong.
#[derive(Clone, PartialEq, Debug)]
pub struct Clash {
    /// One line, with the roles that it is about.
    pub sentence: String,
    /// The shortest run that shows it, where a run shows it.
    pub run: Option<Run>,
}

/// A role whose program is new while those of all others are old.
#[derive(Clone, PartialEq, Debug)]
pub struct Replaced {
    /// The role.
    pub role: Arc<str>,
    /// Whether its new program does what its old one does; then there is nothing to explore.
    pub same: bool,
    /// Whether nobody notices.
    pub verdict: Verdict,
    /// States that were explored.
    pub states: usize,
    /// Whether a loop turns as often as nobody knows, so that 0 to 2 turns stand for all.
    pub turns: bool,
}

/// A version compared with the one before.
#[derive(Clone, PartialEq, Debug)]
pub struct Compared {
    /// What rules every replacement out: other roles, other parameters. Then no role is looked at.
    pub whole: Option<Clash>,
    /// The roles, in their old order.
    pub roles: Vec<Replaced>,
    /// The names of lanes in the runs, by number.
    pub lanes: Vec<Arc<str>>,
    /// The new programs with the numbers of the runs, in the old order of roles.
    pub programs: Vec<Program>,
}

impl Compared {
    /// What holds of all roles: incompatible if one is, else not proved if one is not.
    #[must_use]
    pub fn verdict(&self) -> &Verdict {
        let worst = self.roles.iter().max_by_key(|one| match one.verdict {
            Verdict::Compatible => 0,
            Verdict::NotProved(_) => 1,
            Verdict::Incompatible(_) => 2,
        });
        worst.map_or(&Verdict::Compatible, |one| &one.verdict)
    }
}

/// Compares two versions. The states of the options are shared by all roles.
#[must_use]
pub fn compare(old: &Side<'_>, new: &Side<'_>, options: &Options) -> Compared {
    let none = |whole| Compared { whole, roles: Vec::new(), lanes: old.lanes.to_vec(), programs: Vec::new() };
    let numbers = match Numbers::new(old, new) {
        Some(numbers) => numbers,
        None => return none(Some(other_roles(old, new))),
    };
    if let Some(clash) = other_params(old, new) {
        return none(Some(clash));
    }
    let mut programs: Vec<Program> = new.programs.iter().map(|program| numbers.applied(program)).collect();
    programs.sort_by_key(|program| program.role);
    let is_same = |(a, b): (&Program, &Program)| codec::hash(a) == codec::hash(b);
    let same: Vec<bool> = old.programs.iter().zip(&programs).map(is_same).collect();
    let mut left = options.states;
    let mut others = same.iter().filter(|same| !**same).count();
    let mut judge = Judge::new(old.programs, &programs, *options);
    let mut roles = Vec::with_capacity(same.len());
    for (at, same) in same.into_iter().enumerate() {
        let role = old.roles().get(at).map_or_else(|| Arc::from("?"), |role| role.name.clone());
        let mut replaced = Replaced { role, same, verdict: Verdict::Compatible, states: 0, turns: false };
        if !same {
            // What a role leaves unused is there for those after it.
            judge.options.states = left / others.max(1);
            judge.replace(at, &mut replaced);
            left = left.saturating_sub(replaced.states);
            others -= 1;
        }
        roles.push(replaced);
    }
    Compared { whole: None, roles, lanes: numbers.lanes, programs }
}

fn other_roles(old: &Side<'_>, new: &Side<'_>) -> Clash {
    let without = |these: &[Role], those: &[Role]| -> Vec<String> {
        let gone = these.iter().filter(|role| !those.contains(role));
        gone.map(|role| format!("`{}`", role.name)).collect()
    };
    let (gone, fresh) = (without(old.roles(), new.roles()), without(new.roles(), old.roles()));
    let sentence = match (gone.as_slice(), fresh.as_slice()) {
        ([], fresh) => format!("it has more roles: {}", fresh.join(", ")),
        (gone, []) => format!("it has fewer roles: no longer {}", gone.join(", ")),
        (gone, fresh) => {
            format!("it has other roles: no longer {}, but {}", gone.join(", "), fresh.join(", "))
        }
    };
    Clash { sentence, run: None }
}

fn other_params(old: &Side<'_>, new: &Side<'_>) -> Option<Clash> {
    let (before, after) = (old.params(), new.params());
    let gone = before.keys().find(|name| !after.contains_key(*name)).map(|name| (name, "is gone"));
    let fresh = after.keys().find(|name| !before.contains_key(*name)).map(|name| (name, "is new"));
    let changed = before.iter().find_map(|(name, have)| {
        let now = after.get(name)?;
        match (have.ty == now.ty, have.default == now.default) {
            (false, _) => Some((name, "has another type")),
            (_, false) => Some((name, "has another default")),
            _ => None,
        }
    });
    let (name, how) = gone.or(fresh).or(changed)?;
    Some(Clash { sentence: format!("it has other parameters: `{name}` {how}"), run: None })
}
