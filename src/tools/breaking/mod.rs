//! Compares two versions of protocols: whether roles of the new one can stand in sessions of the old one.
//!
//! In go the programs of both; out comes one [`Row`] a protocol, as text or as what `schemas/breaking.schema.json`
//! describes. `check::upgrade` judges, `show` and `json` write.
//! Is not: a comparison of texts; a comment, an order of declarations, a name of a variable are not in programs.

mod json;
mod show;

pub use self::json::report;
pub use self::show::show;

use std::sync::Arc;

use crate::base::limits::{EXPLORED_BYTES_MAX, EXPLORED_DEPTH_MAX, EXPLORED_STATES_MAX};
use crate::bytecode::program::Program;
use crate::check::search::{Options as Search, Orders};
use crate::check::turn::Free;
pub use crate::check::upgrade::Side;
use crate::check::upgrade::{Clash, Compared, Replaced, Verdict, compare};
use crate::diag::{Diagnostic, Severity};
use crate::pipeline::{Front, Options, has_errors};
use crate::tools::trace::{Stage, draw};

/// How far mixes are explored, unless somebody says otherwise.
#[must_use]
pub const fn limits() -> Search {
    Search {
        states: EXPLORED_STATES_MAX,
        bytes: EXPLORED_BYTES_MAX,
        depth: EXPLORED_DEPTH_MAX,
        orders: Orders::Few,
        free: Free::ALL,
    }
}

/// A protocol as a version has it.
#[derive(Clone, Debug)]
pub struct Made {
    /// Its name.
    pub protocol: String,
    /// The file that it stands in.
    pub file: String,
    /// One program a role.
    pub programs: Vec<Program>,
    /// The names of its lanes.
    pub lanes: Vec<Arc<str>>,
}

impl Made {
    /// The same for the judge.
    #[must_use]
    pub fn side(&self) -> Side<'_> {
        Side { programs: &self.programs, lanes: &self.lanes }
    }
}

/// The protocols of a version.
///
/// # Errors
/// What is said of them, if there is an error among it.
pub fn made(front: &Front, options: &Options) -> Result<Vec<Made>, Vec<Diagnostic>> {
    let mut said = front.diagnostics.clone();
    let mut all = Vec::new();
    for which in &front.choreographies {
        let mut built = front.build(which, options);
        said.append(&mut built.diagnostics);
        let Some(protocol) = built.protocol else { continue };
        let file = front.files.get(which.module).map_or_else(String::new, |file| file.name.clone());
        all.push(Made {
            protocol: protocol.name.clone(),
            file,
            programs: built.programs,
            lanes: protocol.lanes.iter().map(|lane| lane.name.clone()).collect(),
        });
    }
    if has_errors(&said) {
        said.retain(|one| one.severity == Severity::Error);
        return Err(said);
    }
    Ok(all)
}

/// One protocol.
#[derive(Debug)]
pub struct Row {
    /// Where it stands, in the new version if it is there.
    pub file: String,
    /// Its name.
    pub protocol: String,
    /// What became of it.
    pub said: Said,
}

/// What became of a protocol.
#[derive(Debug)]
pub enum Said {
    /// Only the old version has it.
    Removed,
    /// Only the new version has it.
    Added,
    /// Both have it.
    Compared(Box<Compared>, Stage),
}

impl Row {
    /// `compatible`, `incompatible`, `not proved`, `removed`, `added`
    #[must_use]
    pub fn word(&self) -> &'static str {
        match &self.said {
            Said::Removed => "removed",
            Said::Added => "added",
            Said::Compared(compared, _) => word(compared),
        }
    }

    /// Whether whoever uses the old version would notice the new one.
    #[must_use]
    pub fn is_breaking(&self) -> bool {
        matches!(self.word(), "removed" | "incompatible")
    }
}

/// The verdict on all roles in a word.
#[must_use]
pub fn word(compared: &Compared) -> &'static str {
    match (&compared.whole, compared.verdict()) {
        (Some(_), _) => "incompatible",
        (None, verdict) => verdict_word(verdict),
    }
}

const fn verdict_word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Compatible => "compatible",
        Verdict::Incompatible(_) => "incompatible",
        Verdict::NotProved(_) => "not proved",
    }
}

/// Names for the runs of a comparison.
#[must_use]
pub fn stage(old: &Side<'_>, compared: &Compared) -> Stage {
    Stage::new(old.programs.iter().chain(&compared.programs), compared.lanes.clone())
}

/// Compares protocols by name: those of the old version in their order, then those that are new.
#[must_use]
pub fn breaking(old: &[Made], new: &[Made], limits: &Search) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut met = vec![false; new.len()];
    for was in old {
        // Files of one directory may have protocols of one name: then they are taken in their order.
        let next = new.iter().zip(&mut met).find(|(is, met)| !**met && is.protocol == was.protocol);
        let is = next.map(|(is, met)| {
            *met = true;
            is
        });
        let said = is.map_or(Said::Removed, |is| {
            let compared = compare(&was.side(), &is.side(), limits);
            let stage = stage(&was.side(), &compared);
            Said::Compared(Box::new(compared), stage)
        });
        let file = is.map_or(&was.file, |is| &is.file).clone();
        rows.push(Row { file, protocol: was.protocol.clone(), said });
    }
    let fresh = new.iter().zip(met).filter(|(_, met)| !met);
    rows.extend(fresh.map(|(is, _)| Row {
        file: is.file.clone(),
        protocol: is.protocol.clone(),
        said: Said::Added,
    }));
    rows
}

/// What a comparison comes to, for a line of a log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// `compatible`, `incompatible`, `not proved`
    pub word: &'static str,
    /// The first role whose new program is the worst of them; none where all is well, or the whole is wrong.
    pub role: Option<Arc<str>>,
    /// Why it is not compatible, one line.
    pub reason: Option<String>,
    /// The shortest run that shows it, drawn; a line each.
    pub trace: Vec<String>,
}

/// Compares two versions of one protocol. Diagrams are so many columns wide.
#[must_use]
pub fn compared(old: &Side<'_>, new: &Side<'_>, limits: &Search, width: usize) -> Outcome {
    let compared = &compare(old, new, limits);
    let mut outcome = Outcome { word: word(compared), role: None, reason: None, trace: Vec::new() };
    if let Some(clash) = &compared.whole {
        outcome.reason = Some(clash.sentence.clone());
        return outcome;
    }
    let worst = compared.roles.iter().find(|one| verdict_word(&one.verdict) == outcome.word);
    let Some(Replaced { role, verdict, .. }) = worst else { return outcome };
    match verdict {
        Verdict::Compatible => return outcome,
        Verdict::NotProved(why) => outcome.reason = Some(why.clone()),
        Verdict::Incompatible(Clash { sentence, run }) => {
            outcome.reason = Some(sentence.clone());
            if let Some(run) = run {
                let mut out = |line: &str| outcome.trace.push(line.to_owned());
                draw(run, &stage(old, compared), width, sentence, &mut out);
            }
        }
    }
    outcome.role = Some(role.clone());
    outcome
}
