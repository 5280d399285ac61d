//! What came of the scenarios of a file, for people and for programs.
//!
//! The JSON is described by `schemas/scenarios.schema.json`. Findings are diagnostics and are rendered as such.
//! Is not: a trace; `tools::trace` draws what happened.

use serde::Serialize;

use crate::diag::render::plural;
use crate::diag::source::Sources;
use crate::tools::scenario::Played;

/// One scenario in a report.
#[derive(Serialize)]
struct Row {
    name: String,
    outcome: &'static str,
    actions: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    difference: Option<Difference>,
    happened: Vec<String>,
}

/// What differs, and where.
#[derive(Serialize)]
struct Difference {
    code: &'static str,
    line: usize,
    column: usize,
    message: String,
    notes: Vec<String>,
}

#[derive(Serialize)]
struct File<'a> {
    file: &'a str,
    scenarios: Vec<Row>,
}

/// One line a scenario, and a sum.
#[must_use]
pub fn human(file: &str, played: &[Played]) -> String {
    let mut text = String::new();
    for one in played {
        let mark = if one.difference.is_none() { "as expected" } else { "differs" };
        let name = if one.name.is_empty() { file } else { &one.name };
        text.push_str(&format!("{mark:11}  {name}\n"));
    }
    text
}

/// How many there are, and how many differ.
#[must_use]
pub fn summary(file: &str, played: &[Played]) -> String {
    let differ = played.iter().filter(|one| one.difference.is_some()).count();
    let all = plural(played.len(), "scenario");
    match differ {
        0 => format!("{file}: {all}, all as expected"),
        differ => format!("{file}: {all}, {differ} not as expected"),
    }
}

/// One JSON object in one line.
#[must_use]
pub fn json(file: &str, played: &[Played], sources: &Sources) -> String {
    let scenarios = played
        .iter()
        .map(|one| Row {
            name: one.name.clone(),
            outcome: if one.difference.is_none() { "as expected" } else { "differs" },
            actions: one.actions,
            difference: one.difference.as_ref().map(|found| {
                let span = found.primary.span;
                let place = sources.source(span.source).map(|source| source.line_column(span.start));
                let (line, column) = place.unwrap_or((1, 1));
                Difference {
                    code: found.code.name(),
                    line,
                    column,
                    message: found.message.clone(),
                    notes: found.notes.clone(),
                }
            }),
            happened: one.happened.iter().map(ToString::to_string).collect(),
        })
        .collect();
    serde_json::to_string(&File { file, scenarios }).unwrap_or_default()
}
