//! `laban project`: what each role does, as text, as a graph, as JSON.
//!
//! Several roles as JSON are one array. Is not: projection; that is `local`, and `tools::project` writes it down.

use anyhow::Result;

use crate::cli::Exit;
use crate::cli::args::{Drawing, Project};
use crate::cli::source::{built, one_of_roles};
use crate::cli::terminal::Terminal;
use crate::tools::project::{Format, project as written};

/// Prints the automaton of one role, or of all.
///
/// # Errors
/// For wrong usage: no or several protocols, an unknown role.
pub fn project(args: &Project, terminal: &mut Terminal) -> Result<Exit> {
    let Some(ready) = built(&args.choose, terminal)? else { return Ok(Exit::Errors) };
    let wanted = one_of_roles(&ready.protocol, args.role.as_deref())?;
    let format = match args.format {
        Drawing::Text => Format::Text,
        Drawing::Dot => Format::Dot,
        Drawing::Json => Format::Json,
    };
    let texts: Vec<String> = ready
        .projection
        .automata
        .iter()
        .filter(|automaton| wanted.contains(&automaton.role))
        .map(|automaton| written(&ready.protocol, automaton, &ready.front.sources, format))
        .collect();
    let whole = match format {
        Format::Json if args.role.is_none() => {
            let items: Vec<&str> = texts.iter().map(|text| text.trim_end()).collect();
            format!("[\n{}\n]\n", items.join(",\n"))
        }
        _ => texts.join("\n"),
    };
    terminal.data(&whole);
    Ok(Exit::Fine)
}
