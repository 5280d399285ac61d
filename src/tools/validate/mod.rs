//! Validates protocols: explores every run of their compiled programs and says what holds of all of them.
//!
//! In go sources that were read; out comes one [`Row`] a protocol, as text or as what `schemas/validate.schema.json`
//! describes. `judge` makes verdicts of what was explored, `offers` compares with handlers, `tools::guards` plans the guards, `show` and `json` write.
//! Is not: a second semantics; what runs is `machine`, and `check` picks the moves.

mod json;
mod judge;
mod offers;
mod saved;
mod show;

pub use self::json::report;
pub use self::judge::{Judged, Place, Queue, Trial};
pub use self::offers::Offers;
pub use self::saved::saved;
pub use self::show::show;

use crate::base::limits::{EXPLORED_BYTES_MAX, EXPLORED_DEPTH_MAX, EXPLORED_STATES_MAX};
use crate::bytecode::program::Program;
use crate::check::search::{Options as Search, Orders, Progress};
use crate::check::turn::Free;
use crate::config::vocabulary::Vocabulary;
use crate::diag::source::Sources;
use crate::diag::{Diagnostic, Severity};
use crate::pipeline::{Front, Options};
use crate::tools::guards::{Beside, Plan, plan, policy, table};
use crate::tools::run::vocabulary;

/// How protocols are validated.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// States of one protocol, at most.
    pub states: usize,
    /// Moves in a row, at most.
    pub depth: u32,
    /// What may happen from outside.
    pub free: Free,
}

impl Default for Setup {
    fn default() -> Self {
        Self { states: EXPLORED_STATES_MAX, depth: EXPLORED_DEPTH_MAX, free: Free::ALL }
    }
}

impl Setup {
    /// The options of a search that leaves out what shows nothing new.
    #[must_use]
    pub const fn search(&self) -> Search {
        let Self { states, depth, free } = *self;
        Search { states, bytes: EXPLORED_BYTES_MAX, depth, orders: Orders::Few, free }
    }
}

/// One protocol.
#[derive(Debug)]
pub struct Row {
    /// The file's path as shown.
    pub file: String,
    /// The protocol's name; none where the file was not understood.
    pub protocol: Option<String>,
    /// Its roles, families expanded.
    pub roles: Vec<String>,
    /// What was found; none where there were no programs.
    pub judged: Option<Judged>,
    /// What guards will ask of its sends; none where there were no programs, or files beside it have errors.
    pub guarded: Option<Guarded>,
    /// The errors that kept it from being compiled, or from being guarded.
    pub errors: Vec<Diagnostic>,
}

/// What guards will ask of the sends of one protocol.
#[derive(Debug)]
pub struct Guarded {
    /// Send by send.
    pub plan: Plan,
    /// What the profile is called.
    pub name: String,
    /// Whether there is a profile, or an annotation; without them all sends are alike.
    pub said: bool,
}

impl Row {
    /// Whether something is wrong.
    #[must_use]
    pub fn is_wrong(&self) -> bool {
        self.judged.as_ref().is_none_or(Judged::is_wrong) || self.guarded.is_none()
    }
}

/// The files beside a protocol that speak of guards, by its file and programs, and what its profile is called; none if
/// they have errors.
pub type Besides<'a> = dyn FnMut(&str, &[Program]) -> Option<(Beside, String)> + 'a;

/// Builds and explores every protocol of the roots. `offers` gives what handlers the protocol of a file has whose words
/// these are, `besides` its guards; `tell` hears how far an exploration is.
pub fn validate(
    front: &Front,
    options: &Options,
    setup: &Setup,
    offers: &mut dyn FnMut(&str, &Vocabulary) -> Option<Offers>,
    besides: &mut Besides<'_>,
    tell: &mut dyn FnMut(&str, Progress),
) -> Vec<Row> {
    let mut rows = Vec::new();
    for file in front.files.iter().filter(|file| file.root && !file.whole) {
        let here = |d: &&Diagnostic| d.severity == Severity::Error && d.primary.span.source == file.source;
        let errors = front.diagnostics.iter().filter(here).cloned().collect();
        let name = file.name.clone();
        rows.push(Row { file: name, protocol: None, roles: Vec::new(), judged: None, guarded: None, errors });
    }
    for which in &front.choreographies {
        let Some(file) = front.files.get(which.module).filter(|file| file.whole) else { continue };
        let built = front.build(which, options);
        let error = |d: &&Diagnostic| d.severity == Severity::Error;
        let here = |d: &&Diagnostic| error(d) && d.primary.span.source == file.source;
        let mut errors: Vec<Diagnostic> = front.diagnostics.iter().filter(here).cloned().collect();
        errors.extend(built.diagnostics.iter().filter(error).cloned());
        let mut row = Row {
            file: file.name.clone(),
            protocol: Some(which.name.clone()),
            roles: Vec::new(),
            judged: None,
            guarded: None,
            errors,
        };
        if let (Some(protocol), Some(projection), true) =
            (&built.protocol, &built.projection, row.errors.is_empty())
        {
            row.roles = protocol.roles.iter().map(|role| role.name.clone()).collect();
            let trial = Trial { protocol, projection, sources: &front.sources, setup };
            let offers = offers(&file.name, &vocabulary(&built.programs));
            if let Some((beside, name)) = besides(&file.name, &built.programs) {
                let (policy, mut said) = policy(protocol, projection, &beside);
                said.extend(table(&policy, protocol, &built.programs).err().map(|said| *said));
                let programs: Vec<&Program> = built.programs.iter().collect();
                let plan = plan(&programs, &policy);
                let any = beside.profile.is_some() || !policy.annotations.is_empty();
                row.guarded = said.is_empty().then_some(Guarded { plan, name, said: any });
                row.errors.extend(said);
            }
            let mut tell = |progress| tell(&which.name, progress);
            row.judged = trial.judge(built.programs, offers.as_ref(), &mut tell);
        }
        rows.push(row);
    }
    rows
}

/// The errors of all rows, in the order of their places.
#[must_use]
pub fn errors(sources: &Sources, rows: &[Row]) -> Vec<Diagnostic> {
    let mut errors: Vec<Diagnostic> = rows.iter().flat_map(|row| row.errors.iter().cloned()).collect();
    crate::diag::render::arrange(sources, &mut errors);
    crate::diag::render::cap(&mut errors);
    errors
}
