//! `laban fmt`: rewrites files in the canonical form, or lists those that it would change.
//!
//! A file is replaced whole or not at all; one with mistakes of syntax is left alone and its findings are shown.
//! Is not: the formatter; `syntax` is.

use std::path::Path;

use anyhow::{Context, Result};

use crate::cli::Exit;
use crate::cli::args::Fmt;
use crate::cli::source::show;
use crate::cli::terminal::Terminal;
use crate::diag::render::plural;
use crate::host::files;
use crate::pipeline::Root;
use crate::tools::fmt::{Formatted, format};

/// Formats every file named.
///
/// # Errors
/// If a file cannot be rewritten.
pub fn fmt(args: &Fmt, terminal: &mut Terminal) -> Result<Exit> {
    let roots = files::roots(&args.paths);
    let mut exit = Exit::Fine;
    let mut changed = 0;
    let count = roots.len();
    for root in roots {
        match one(args, root, terminal)? {
            Outcome::Same => {}
            Outcome::Changed => changed += 1,
            Outcome::Refused => exit = Exit::Errors,
        }
    }
    if args.check && changed > 0 {
        exit = Exit::Errors;
    }
    let verb = if args.check { "would change" } else { "changed" };
    terminal.say(&format!("{verb} {changed} of {}", plural(count, "file")));
    Ok(exit)
}

/// What was done with a file.
enum Outcome {
    Same,
    Changed,
    Refused,
}

/// Formats one source: a file in place, standard input to standard output.
fn one(args: &Fmt, root: Root, terminal: &mut Terminal) -> Result<Outcome> {
    let stdin = root.name == "-";
    let text = match root.text {
        Ok(text) => text,
        Err(unread) => {
            let (sources, said) = unread.said(&root.name);
            show(&sources, said, terminal);
            return Ok(Outcome::Refused);
        }
    };
    match format(&root.name, &text) {
        Formatted::Refused(sources, said) => {
            show(&sources, said, terminal);
            Ok(Outcome::Refused)
        }
        Formatted::Same => {
            if stdin && !args.check {
                terminal.data(&text);
            }
            Ok(Outcome::Same)
        }
        Formatted::Changed(canonical) => {
            if args.check {
                terminal.data(&format!("{}\n", root.name));
            } else if stdin {
                terminal.data(&canonical);
            } else {
                files::replace(Path::new(&root.name), canonical.as_bytes())
                    .with_context(|| format!("`{}` cannot be rewritten", root.name))?;
            }
            Ok(Outcome::Changed)
        }
    }
}
