//! The judge of one replacement: every run of the mix, as far as states allow.
//!
//! In go the old programs and the new ones with the same numbers; out comes what is known of one role. What already
//! goes wrong where all roles have one version is not held against the mix.
//! Is not: exact about payloads that are converted on arrival; where that may matter it says *not proved*.

use std::sync::Arc;

use crate::base::id::RoleId;
use crate::bytecode::program::Program;
use crate::check::graph::{Shape, first_sends, shape};
use crate::check::replay::Run;
use crate::check::room::tight;
use crate::check::search::{Found, Options, Violation, search};
use crate::check::turn::Free;
use crate::check::upgrade::mix::{Misfit, fitted, misfits};
use crate::check::upgrade::{Clash, Replaced, Verdict};
use crate::check::watch::Abort;
use crate::diag::code::Code;
use crate::machine::{Cast, Trouble};

/// Judges one replacement after another.
pub(super) struct Judge<'a> {
    old: &'a [Program],
    new: &'a [Program],
    pub(super) options: Options,
    /// What goes wrong in either version by itself; looked at when something goes wrong.
    own: Option<Own>,
}

/// What goes wrong where all roles have one version.
#[derive(Default)]
struct Own {
    violated: bool,
    starving: Vec<RoleId>,
    forgotten: bool,
    troubles: Vec<Abort>,
}

/// A mix that was explored.
struct Explored {
    cast: Cast,
    found: Found,
    /// Whether channels without a bound had less room than they have.
    tight: bool,
}

impl<'a> Judge<'a> {
    pub(super) const fn new(old: &'a [Program], new: &'a [Program], options: Options) -> Self {
        Self { old, new, options, own: None }
    }

    /// Judges the new program of the role at this place.
    pub(super) fn replace(&mut self, at: usize, replaced: &mut Replaced) {
        let mut programs = self.old.to_vec();
        if let (Some(slot), Some(new)) = (programs.get_mut(at), self.new.get(at)) {
            slot.clone_from(new);
        }
        let misfits = misfits(&programs);
        let (fitted, converts) = fitted(&programs);
        let calm = Options { free: Free::NONE, ..self.options };
        // Most of what goes wrong does so without bad luck, which takes fewer states and shorter runs to see.
        for options in [calm, self.options] {
            let mix = match explore(&fitted, &options, replaced) {
                Ok(mix) => mix,
                Err(verdict) => {
                    // What cannot even be linked is better said by the message that nobody expects.
                    let first = misfits.first().map(|one| Clash { sentence: self.refused(one), run: None });
                    replaced.verdict = first.map_or(verdict, Verdict::Incompatible);
                    return;
                }
            };
            replaced.turns = mix.found.turns;
            let wrong = self.wrong(&mix, &misfits, converts);
            let sure = matches!(wrong, Some(Verdict::Incompatible(_)));
            if sure || options.free == self.options.free {
                replaced.verdict = wrong.unwrap_or_else(|| self.verdict(&mix, &misfits));
                return;
            }
        }
    }

    /// What is wrong with some run; none if nothing is, as far as was explored.
    fn wrong(&mut self, mix: &Explored, misfits: &[Misfit], converts: bool) -> Option<Verdict> {
        let Explored { cast, found, .. } = mix;
        // What is sent and not taken is the cause of whatever comes of it.
        for (role, at, to) in first_sends(found) {
            if let Some(misfit) = misfits.iter().find(|misfit| (misfit.role, misfit.at) == (role, at)) {
                return Some(clash(self.refused(misfit), found.run_to(cast, to)));
            }
        }
        found.violation().map(|violation| self.violated(mix, violation, converts))
    }

    /// What holds of all runs, of which none is wrong.
    fn verdict(&mut self, mix: &Explored, misfits: &[Misfit]) -> Verdict {
        let Explored { cast, found, tight } = mix;
        if found.cut.is_some() || *tight {
            let states = self.options.states;
            if let Some(misfit) = misfits.first() {
                let sentence = format!("{} (no run of {states} states comes to it)", self.refused(misfit));
                return Verdict::Incompatible(Clash { sentence, run: None });
            }
            return Verdict::NotProved(format!("nothing is wrong in {states} states, and there are more"));
        }
        let Shape { starving, forgotten, .. } = shape(cast, found);
        if !starving.is_empty() || !forgotten.is_empty() || !found.troubles(cast).is_empty() {
            let own = self.own();
            if let Some((role, at)) = starving.iter().find(|(role, _)| !own.starving.contains(role)) {
                let sentence = format!("{} waits for ever while others go on", name(cast, *role));
                return clash(sentence, found.run_to(cast, *at));
            }
            if let Some((mailbox, at)) = forgotten.first().filter(|_| !own.forgotten) {
                let (from, to) = cast
                    .mailbox(*mailbox)
                    .map_or_else(Default::default, |(from, to, ..)| (name(cast, from), name(cast, to)));
                let sentence = format!("{to} never takes a message of {from}, while the session goes on");
                return clash(sentence, found.run_to(cast, *at));
            }
            let fresh = found.troubles(cast).into_iter().find(|(abort, _)| !own.troubles.contains(abort));
            if let Some((abort, _)) = fresh {
                return Verdict::NotProved(format!(
                    "if nothing outside the protocol rules it out, {}",
                    failing(cast, abort.role, &abort.trouble)
                ));
            }
            // What a version does by itself may hide what only the mix does.
            let why = "one of the versions lets a role wait, or fails, by itself, and the mix does so too";
            return Verdict::NotProved(why.to_owned());
        }
        if found.turns {
            let why = "nobody knows how often a loop turns, and only up to two turns were explored";
            return Verdict::NotProved(why.to_owned());
        }
        Verdict::Compatible
    }

    /// A mix that violates what holds of every version by itself.
    fn violated(&mut self, mix: &Explored, violation: &Violation, converts: bool) -> Verdict {
        let Explored { cast, found, tight } = mix;
        let sentence = violation.sentence(cast);
        let unsure = if self.own().violated {
            Some("one of the versions does so by itself")
        } else if converts && matches!(violation, Violation::Trouble(..)) {
            Some("payloads that are converted on arrival may change that")
        } else if *tight && matches!(violation, Violation::Deadlock(_)) {
            Some("more room on channels without a bound may change that")
        } else {
            None
        };
        match unsure {
            Some(why) => Verdict::NotProved(format!("{sentence}; {why}")),
            None => Verdict::Incompatible(Clash { sentence, run: Some(found.run_of_violation(cast)) }),
        }
    }

    /// What goes wrong in either version by itself, as far as the same options show it.
    fn own(&mut self) -> &Own {
        let (old, new, options) = (self.old, self.new, self.options);
        self.own.get_or_insert_with(|| {
            let mut own = Own::default();
            for programs in [old, new] {
                let Ok(cast) = Cast::link(tight(programs.to_vec())) else { continue };
                let found = search(&cast, &options, &mut |_| {});
                own.violated |= found.violation().is_some();
                own.troubles.extend(found.troubles(&cast).into_iter().map(|(abort, _)| abort));
                if found.cut.is_none() {
                    let shape = shape(&cast, &found);
                    own.starving.extend(shape.starving.iter().map(|(role, _)| *role));
                    own.forgotten |= !shape.forgotten.is_empty();
                }
            }
            own
        })
    }

    /// What is wrong with a message that is not taken.
    fn refused(&self, misfit: &Misfit) -> String {
        let name = |role: RoleId| -> Arc<str> {
            self.old.get(role.index()).map_or_else(|| "?".into(), |program| program.role_name().into())
        };
        let Misfit { role, to, label, unlike, .. } = misfit;
        let (from, to) = (name(*role), name(*to));
        match unlike {
            Some(unlike) => format!("`{to}` does not take the `{label}` of `{from}`: {unlike}"),
            None => format!("`{from}` sends `{label}` to `{to}`, which does not know it"),
        }
    }
}

fn clash(sentence: String, run: Run) -> Verdict {
    Verdict::Incompatible(Clash { sentence, run: Some(run) })
}

/// Explores a mix; with less room where there is no bound, if that is too much.
fn explore(programs: &[Program], options: &Options, replaced: &mut Replaced) -> Result<Explored, Verdict> {
    let link = |programs| {
        Cast::link(programs).map_err(|why| match why.code {
            Code::E0308 => Verdict::Incompatible(Clash {
                sentence: format!("the roles do not fit together: {}", why.reason),
                run: None,
            }),
            _ => Verdict::NotProved(format!("they cannot be put together: {why}")),
        })
    };
    let smaller = tight(programs.to_vec());
    let narrow = smaller != programs;
    let cast = link(programs.to_vec())?;
    let found = search(&cast, options, &mut |_| {});
    replaced.states += found.states();
    if narrow && found.cut.is_some() && found.violation().is_none() {
        let cast = link(smaller)?;
        let found = search(&cast, options, &mut |_| {});
        return Ok(Explored { cast, found, tight: true });
    }
    Ok(Explored { cast, found, tight: false })
}

fn name(cast: &Cast, role: RoleId) -> String {
    format!("`{}`", cast.program(role).map_or("?", Program::role_name))
}

fn failing(cast: &Cast, role: RoleId, trouble: &Trouble) -> String {
    format!("{} cannot go on: {}: {trouble}", name(cast, role), trouble.code())
}
