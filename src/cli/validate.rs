//! `laban validate`: verdicts on standard output, findings and progress on standard error.
//!
//! Is not: the judge; `tools::validate` is.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::bytecode::program::Program;
use crate::check::search::Progress;
use crate::check::turn::Free;
use crate::cli::Exit;
use crate::cli::args::{Validate, Verdicts, Without};
use crate::cli::source::{front, sizes};
use crate::cli::terminal::{Stream, Terminal, columns, style};
use crate::config::vocabulary::Vocabulary;
use crate::diag::render::{Format, render};
use crate::diag::source::Sources;
use crate::diag::{Diagnostic, Severity};
use crate::host::beside::{self, Bound, bound};
use crate::host::files;
use crate::local::Amend;
use crate::pipeline::{Options, has_errors};
use crate::tools::run::vocabulary;
use crate::tools::validate::{Offers, Row, Setup, errors, report, saved, show, validate as explore};

/// The time between two lines of progress, and before the first one.
const PATIENCE: Duration = Duration::from_secs(1);

/// Explores and shows.
///
/// # Errors
/// For wrong usage.
pub fn validate(args: &Validate, terminal: &mut Terminal) -> Result<Exit> {
    let front = front(&args.paths);
    let options = Options { sizes: sizes(&front, &args.sizes)?, amend: Amend::Auto };
    let default = Setup::default();
    let setup = Setup {
        states: args.states.unwrap_or(default.states),
        depth: args.depth.unwrap_or(default.depth),
        free: free(&args.without),
    };
    let mut told = clock();
    let talk = RefCell::new(terminal);
    let mut tell = |name: &str, progress: Progress| {
        if told.elapsed() >= PATIENCE {
            told = clock();
            let Progress { states, waiting, depth } = progress;
            talk.borrow_mut()
                .say(&format!("{name}: {states} states so far, {waiting} to look at, depth {depth}"));
        }
    };
    let mut besides = |file: &str, programs: &[Program]| {
        let mut sources = Sources::default();
        let mut say = |line: &str| talk.borrow_mut().say(line);
        let found = beside::beside(None, file, &vocabulary(programs), &mut sources, &mut say);
        let shown = |said: Vec<Diagnostic>| render(Format::Human(style(Stream::Err)), &sources, &said);
        found.map_err(|said| talk.borrow_mut().write(Stream::Err, &shown(said))).ok()
    };
    let mut beside = Beside::default();
    let mut offers = |file: &str, words: &Vocabulary| beside.offers(file, words);
    let rows = explore(&front, &options, &setup, &mut offers, &mut besides, &mut tell);
    let terminal = talk.into_inner();
    let findings = errors(&front.sources, &rows);
    let format = Format::Human(style(Stream::Err));
    terminal.write(Stream::Err, &render(format, &front.sources, &findings));
    terminal.write(Stream::Err, &render(format, &beside.sources, &beside.said));
    match args.format {
        Verdicts::Json => terminal.data(&report(&front.sources, &rows)),
        Verdicts::Human => {
            let texts: Vec<String> = rows.iter().map(|row| show(row, columns())).collect();
            terminal.data(&texts.join("\n"));
        }
    }
    if rows.is_empty() {
        terminal.say("there is no protocol here");
    }
    if let Some(path) = &args.save {
        // A table names its protocol from where it stands itself.
        let beside = path.parent().is_none_or(|parent| parent.as_os_str().is_empty());
        let name = |file: &str| match std::path::absolute(file) {
            Ok(whole) if !beside => whole.to_string_lossy().into_owned(),
            _ => file.to_owned(),
        };
        match saved(&rows, &args.sizes, &name) {
            Some(table) => files::write(path, table.as_bytes())
                .with_context(|| format!("`{}` cannot be written", path.display()))?,
            None => terminal.say("nothing is wrong, so there is no run to be kept"),
        }
    }
    Ok(if rows.iter().any(Row::is_wrong) || has_errors(&beside.said) { Exit::Errors } else { Exit::Fine })
}

fn free(without: &[Without]) -> Free {
    Free {
        timeouts: !without.contains(&Without::Timeouts),
        failures: !without.contains(&Without::Failures),
        denials: !without.contains(&Without::Denials),
        cancellations: !without.contains(&Without::Cancellations),
    }
}

/// The handlers beside protocols, and what is wrong with their files.
#[derive(Default)]
struct Beside {
    sources: Sources,
    said: Vec<Diagnostic>,
    /// Files that could not be used, which is said once.
    refused: BTreeSet<PathBuf>,
}

impl Beside {
    /// The handlers beside a protocol, if there are any.
    fn offers(&mut self, file: &str, words: &Vocabulary) -> Option<Offers> {
        let path = Path::new(file).with_extension("bindings.yaml");
        if !path.is_file() || self.refused.contains(&path) {
            return None;
        }
        let (bound, mut said) = bound(&path, words, &mut self.sources);
        // Notes are about what `run` does with them.
        said.retain(|one| one.severity != Severity::Note);
        self.said.append(&mut said);
        let Some(Bound { bindings, scripts }) = bound else {
            self.refused.insert(path);
            return None;
        };
        (bindings.protocol == words.protocol).then_some(Offers { bindings, scripts })
    }
}

#[expect(clippy::disallowed_methods, reason = "progress is shown by the time that people wait")]
fn clock() -> Instant {
    Instant::now()
}
