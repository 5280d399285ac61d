//! From paths to a read front end, and findings to the terminal: what the verbs share.
//!
//! Is not: a verb.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::cli::args::Choose;
use crate::cli::files;
use crate::cli::terminal::{Stream, Terminal, style};
use crate::diag::Diagnostic;
use crate::diag::render::{Count, Format, arrange, cap, render};
use crate::diag::source::Sources;
use crate::global::Sizes;
use crate::local::Amend;
use crate::pipeline::{Built, Front, Options, has_errors};
use crate::tools::choose;

/// Reads what the paths mean, and what that imports.
#[must_use]
pub fn front(paths: &[PathBuf]) -> Front {
    Front::read(files::roots(paths), &mut |path| files::text(Path::new(path)))
}

/// The sizes given on the command line, if every name is one of a family.
///
/// # Errors
/// For a name that is none: wrong usage.
pub fn sizes(front: &Front, given: &[(String, u32)]) -> Result<Sizes> {
    let names = given.iter().map(|(name, _)| name.as_str());
    choose::families(front, names).map_err(|unchosen| anyhow::anyhow!("{unchosen}"))?;
    Ok(Sizes(given.iter().cloned().collect()))
}

/// The one protocol that is meant, built; none if it has errors, which have then been shown.
///
/// # Errors
/// If it is not clear which is meant: wrong usage.
pub fn built(choose: &Choose, terminal: &mut Terminal) -> Result<Option<(Front, Built)>> {
    let front = front(std::slice::from_ref(&choose.path));
    if has_errors(&front.diagnostics) {
        show(&front.sources, front.diagnostics, terminal);
        return Ok(None);
    }
    let which = choose::protocol(&front, choose.protocol.as_deref())
        .map_err(|unchosen| anyhow::anyhow!("{unchosen}"))?;
    let options = Options { sizes: sizes(&front, &choose.sizes)?, amend: Amend::Auto };
    let built = front.build(which, &options);
    if has_errors(&built.diagnostics) || built.projection.is_none() {
        show(&front.sources, built.diagnostics, terminal);
        return Ok(None);
    }
    Ok(Some((front, built)))
}

/// Shows findings that stop a verb, on standard output, and their number on standard error.
pub fn show(sources: &Sources, mut diagnostics: Vec<Diagnostic>, terminal: &mut Terminal) {
    arrange(sources, &mut diagnostics);
    cap(&mut diagnostics);
    terminal.data(&render(Format::Human(style(Stream::Out)), sources, &diagnostics));
    summary(&diagnostics, 1, terminal);
}

/// Says how many findings there are, and where to read on.
pub fn summary(diagnostics: &[Diagnostic], files: usize, terminal: &mut Terminal) {
    let mut line = Count::of(diagnostics).summary(files);
    let worst = diagnostics.iter().min_by_key(|diagnostic| diagnostic.severity);
    if let Some(worst) = worst {
        line.push_str(&format!("; `laban explain {}` says more", worst.code.name()));
    }
    terminal.say(&line);
}
