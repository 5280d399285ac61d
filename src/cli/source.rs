//! From paths to a read front end, and findings to the terminal: what the verbs share.
//!
//! Is not: a verb.

use std::path::{Path, PathBuf};

use anyhow::{Error, Result, bail};

use crate::base::id::RoleId;
use crate::bytecode::program::Program;
use crate::cli::args::Choose;
use crate::cli::terminal::{Stream, Terminal, style};
use crate::config::vocabulary::means;
use crate::diag::Diagnostic;
use crate::diag::nearest;
use crate::diag::render::{Count, Format, arrange, cap, render};
use crate::diag::source::Sources;
use crate::global::Sizes;
use crate::global::protocol::Protocol;
use crate::host::files;
use crate::local::Amend;
use crate::local::projection::Projection;
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
    choose::families(front, names).map_err(Error::msg)?;
    Ok(Sizes(given.iter().cloned().collect()))
}

/// A protocol without errors.
#[derive(Debug)]
pub struct Ready {
    /// Where it comes from.
    pub front: Front,
    /// The path of the file that it stands in.
    pub file: String,
    /// Its names resolved.
    pub protocol: Protocol,
    /// Cut into roles.
    pub projection: Projection,
    /// One program a role.
    pub programs: Vec<Program>,
}

/// The one protocol that is meant, built; none if it has errors, which have then been shown.
///
/// # Errors
/// If it is not clear which is meant: wrong usage.
pub fn built(choose: &Choose, terminal: &mut Terminal) -> Result<Option<Ready>> {
    let front = front(std::slice::from_ref(&choose.path));
    if has_errors(&front.diagnostics) {
        show(&front.sources, front.diagnostics, terminal);
        return Ok(None);
    }
    let which = choose::protocol(&front, choose.protocol.as_deref()).map_err(Error::msg)?;
    let options = Options { sizes: sizes(&front, &choose.sizes)?, amend: Amend::Auto };
    let Built { protocol, projection, programs, diagnostics } = front.build(which, &options);
    match (protocol, projection) {
        (Some(protocol), Some(projection)) if !has_errors(&diagnostics) => {
            let file = front.files.get(which.module).map_or_else(String::new, |file| file.name.clone());
            Ok(Some(Ready { front, file, protocol, projection, programs }))
        }
        _ => {
            show(&front.sources, diagnostics, terminal);
            Ok(None)
        }
    }
}

/// The roles that a name means: one role, all of a family (`Worker[*]`), every role where none is given.
///
/// # Errors
/// If no role is called so: wrong usage.
pub fn one_of_roles(protocol: &Protocol, wanted: Option<&str>) -> Result<Vec<RoleId>> {
    let names = protocol.roles.iter().map(|role| role.name.as_str());
    let found: Vec<RoleId> = names
        .clone()
        .enumerate()
        .filter(|(_, name)| wanted.is_none_or(|wanted| means(wanted, name)))
        .map(|(index, _)| RoleId::at(index))
        .collect();
    match wanted {
        Some(wanted) if found.is_empty() => {
            let near = match nearest(wanted, names.clone()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!(
                    "there are {}",
                    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
                ),
            };
            bail!("no role is called `{wanted}`; {near}")
        }
        _ => Ok(found),
    }
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
