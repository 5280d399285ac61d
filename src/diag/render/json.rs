//! Diagnostics as JSON: one array, an object a line, after `schemas/diagnostics.schema.json`.
//!
//! Lines and columns count from 1, columns in characters; `start` and `end` are bytes from 0.
//! The types here are the border: they change only together with the schema.

use serde::Serialize;

use crate::diag::Applicability;
use crate::diag::Diagnostic;
use crate::diag::render::{file, range, word};
use crate::diag::source::{Sources, Span};

/// A diagnostic as it crosses the border.
#[derive(Serialize, Debug)]
pub struct Shown<'a> {
    code: &'static str,
    severity: &'static str,
    message: &'a str,
    #[serde(flatten)]
    place: Place<'a>,
    label: &'a str,
    labels: Vec<Label<'a>>,
    notes: &'a [String],
    help: Option<&'a str>,
    fixes: Vec<Fix<'a>>,
    explain: String,
}

/// A range of a file.
#[derive(Serialize, Debug)]
struct Place<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    start: usize,
    end: usize,
}

/// A second place.
#[derive(Serialize, Debug)]
struct Label<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    text: &'a str,
}

/// A repair.
#[derive(Serialize, Debug)]
struct Fix<'a> {
    title: &'a str,
    applicability: &'static str,
    edits: Vec<Label<'a>>,
}

/// All of them: one array that ends with a line break.
#[must_use]
pub fn all(sources: &Sources, diagnostics: &[Diagnostic]) -> String {
    lines(diagnostics.iter().map(|d| shown(sources, d)))
}

/// An array with one item a line, so that it can be read as a whole and searched by line.
pub fn lines<T: Serialize>(items: impl IntoIterator<Item = T>) -> String {
    // What is written here (texts, numbers, lists, text-keyed maps) always has a JSON form.
    let rows: Vec<String> =
        items.into_iter().map(|item| serde_json::to_string(&item).unwrap_or_default()).collect();
    if rows.is_empty() { "[]\n".to_owned() } else { format!("[\n{}\n]\n", rows.join(",\n")) }
}

/// One diagnostic, ready to be written.
#[must_use]
pub fn shown<'a>(sources: &'a Sources, diagnostic: &'a Diagnostic) -> Shown<'a> {
    let label = |span, text: &'a str| Label { place: place(sources, span), text };
    Shown {
        code: diagnostic.code.name(),
        severity: word(diagnostic.severity),
        message: &diagnostic.message,
        place: place(sources, diagnostic.primary.span),
        label: &diagnostic.primary.text,
        labels: diagnostic.secondary.iter().map(|l| label(l.span, &l.text)).collect(),
        notes: &diagnostic.notes,
        help: diagnostic.help.as_deref(),
        fixes: diagnostic
            .fixes
            .iter()
            .map(|fix| Fix {
                title: &fix.title,
                applicability: match fix.applicability {
                    Applicability::Safe => "safe",
                    Applicability::Unsafe => "unsafe",
                    Applicability::Display => "display",
                },
                edits: fix.edits.iter().map(|edit| label(edit.span, &edit.text)).collect(),
            })
            .collect(),
        explain: format!("laban explain {}", diagnostic.code.name()),
    }
}

/// The place of a span.
fn place(sources: &Sources, span: Span) -> Place<'_> {
    let ((line, column), (end_line, end_column)) = range(sources, span);
    let bytes = sources.source(span.source).map_or(0..0, |source| source.clamp(span));
    Place {
        file: file(sources, span),
        line,
        column,
        end_line,
        end_column,
        start: bytes.start,
        end: bytes.end,
    }
}
