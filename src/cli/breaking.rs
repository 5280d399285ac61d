//! `laban breaking`: verdicts on standard output, findings on standard error.
//!
//! Is not: the judge; `tools::breaking` is.

use anyhow::Result;

use crate::cli::Exit;
use crate::cli::args::{Breaking, Verdicts};
use crate::cli::source::{front, sizes};
use crate::cli::terminal::{Stream, Terminal, columns, style};
use crate::diag::render::{Format, arrange, cap, render};
use crate::global::Sizes;
use crate::local::Amend;
use crate::pipeline::{Front, Options};
use crate::tools::breaking::{Made, Row, breaking as compare, limits, made, report, show};

/// Compares and shows. What is not proved is no error, like what `validate` has not exhausted.
///
/// # Errors
/// For wrong usage.
pub fn breaking(args: &Breaking, terminal: &mut Terminal) -> Result<Exit> {
    let mut limits = limits();
    limits.states = args.states.unwrap_or(limits.states);
    let fronts = [front(std::slice::from_ref(&args.old)), front(std::slice::from_ref(&args.new))];
    let [old, new] = &fronts;
    // A family may be in one version only.
    let mut known = [Vec::new(), Vec::new()];
    for given in &args.sizes {
        let judged = fronts.each_ref().map(|front| sizes(front, std::slice::from_ref(given)));
        if let [Err(unknown), Err(_)] = judged {
            return Err(unknown);
        }
        for (known, _) in known.iter_mut().zip(&judged).filter(|(_, judged)| judged.is_ok()) {
            known.push(given.clone());
        }
    }
    let [before, after] = known.map(|sizes| Sizes(sizes.into_iter().collect()));
    let (old, new) = (versions(old, before, terminal), versions(new, after, terminal));
    let (Some(old), Some(new)) = (old, new) else { return Ok(Exit::Errors) };
    let rows = compare(&old, &new, &limits);
    match args.format {
        Verdicts::Json => terminal.data(&report(&rows)),
        Verdicts::Human => {
            let texts: Vec<String> = rows.iter().map(|row| show(row, columns())).collect();
            terminal.data(&texts.join("\n"));
        }
    }
    if rows.is_empty() {
        terminal.say("there is no protocol here");
    }
    Ok(if rows.iter().any(Row::is_breaking) { Exit::Errors } else { Exit::Fine })
}

/// The protocols of a version; none if they have errors, which have then been shown.
fn versions(front: &Front, sizes: Sizes, terminal: &mut Terminal) -> Option<Vec<Made>> {
    let options = Options { sizes, amend: Amend::Auto };
    let mut said = match made(front, &options) {
        Ok(made) => return Some(made),
        Err(said) => said,
    };
    arrange(&front.sources, &mut said);
    cap(&mut said);
    terminal.write(Stream::Err, &render(Format::Human(style(Stream::Err)), &front.sources, &said));
    None
}
