//! `laban check`: findings on standard output, or a report there and the findings on standard error.
//!
//! Is not: the judge; `tools::check` is.

use std::path::Path;

use anyhow::{Context, Result};

use crate::cli::Exit;
use crate::cli::args::{Amend, Check, Form};
use crate::cli::source::{front, sizes, summary};
use crate::cli::terminal::{Stream, Terminal, style};
use crate::diag::render::{Format, render};
use crate::host::files;
use crate::local;
use crate::pipeline::{Front, Options};
use crate::tools::check::{Findings, check as judge, failed, report};
use crate::tools::fix;

/// Rounds of fixing: what overlapped in one is seen by the next.
const ROUNDS_MAX: usize = 8;

/// Checks, fixes if asked, and shows.
///
/// # Errors
/// For wrong usage, and for a file that cannot be rewritten.
pub fn check(args: &Check, terminal: &mut Terminal) -> Result<Exit> {
    let (mut front, mut findings) = judged(args)?;
    if args.fix {
        let mut fixes = 0;
        for _ in 0..ROUNDS_MAX {
            let applied = rewrite(&front, &findings)?;
            if applied == 0 {
                break;
            }
            fixes += applied;
            (front, findings) = judged(args)?;
        }
        terminal.say(&format!(
            "applied {}",
            if fixes == 1 { "1 fix".to_owned() } else { format!("{fixes} fixes") }
        ));
    }
    let stream = if args.report.is_some() { Stream::Err } else { Stream::Out };
    if args.report.is_some() {
        terminal.data(&report(&front.sources, &findings.rows));
    }
    let format = match args.format {
        Form::Human => Format::Human(style(stream)),
        Form::Short => Format::Short,
        Form::Json => Format::Json,
        Form::Github => Format::Github,
    };
    terminal.write(stream, &render(format, &front.sources, &findings.diagnostics));
    let files = front.files.iter().filter(|file| file.root).count();
    if files == 0 {
        terminal.say("there is no *.choreo file here");
    } else {
        summary(&findings.diagnostics, files, terminal);
        if findings.hidden > 0 {
            terminal.say(&format!("{} more are not shown", findings.hidden));
        }
    }
    Ok(if failed(&findings) { Exit::Errors } else { Exit::Fine })
}

/// Reads and judges everything that the arguments name.
fn judged(args: &Check) -> Result<(Front, Findings)> {
    let front = front(&args.paths);
    let amend = match args.amend {
        Amend::Auto => local::Amend::Auto,
        Amend::Deny => local::Amend::Deny,
    };
    let options = Options { sizes: sizes(&front, &args.sizes)?, amend };
    let findings = judge(&front, &options);
    Ok((front, findings))
}

/// Applies the safe fixes to the files that the user named; how many there were.
fn rewrite(front: &Front, findings: &Findings) -> Result<usize> {
    let mut count = 0;
    for fixed in fix::apply(&front.sources, &findings.diagnostics) {
        let named = front.files.iter().find(|file| file.source == fixed.source && file.root);
        if let Some(file) = named.filter(|file| file.name != "-") {
            files::replace(Path::new(&file.name), fixed.text.as_bytes())
                .with_context(|| format!("`{}` cannot be rewritten", file.name))?;
            count += fixed.fixes;
        }
    }
    Ok(count)
}
