//! How diagnostics look: for people, one line each, as JSON, as annotations of a build on GitHub.
//!
//! In come the sources and diagnostics in any order; out comes text. Same input, same bytes.
//! Is not: a printer. Whether there is a terminal, and where text goes, `cli` knows.

pub mod github;
pub mod human;
pub mod json;
pub mod short;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::base::limits::DIAGNOSTICS_MAX;
use crate::diag::Diagnostic;
use crate::diag::Severity;
use crate::diag::source::{SourceId, Sources, Span};

/// The form that diagnostics are given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// Excerpts of the source with carets.
    Human(Style),
    /// `path:line:column: error[E0101]: message`
    Short,
    /// One array, after `schemas/diagnostics.schema.json`.
    Json,
    /// `::error file=…,line=…::message`
    Github,
}

/// Whether text for people is coloured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Style {
    /// No escape sequences.
    Plain,
    /// With the escape sequences of terminals.
    Coloured,
}

/// How many of each severity.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Count {
    /// Errors.
    pub errors: usize,
    /// Warnings.
    pub warnings: usize,
    /// Notes.
    pub notes: usize,
}

impl Count {
    /// Counts `diagnostics`.
    #[must_use]
    pub fn of(diagnostics: &[Diagnostic]) -> Self {
        let of = |severity| diagnostics.iter().filter(|d| d.severity == severity).count();
        Self { errors: of(Severity::Error), warnings: of(Severity::Warning), notes: of(Severity::Note) }
    }

    /// `2 errors, 1 warning in 3 files`; `no mistakes in 3 files` where there is nothing.
    #[must_use]
    pub fn summary(self, files: usize) -> String {
        let parts: Vec<String> = [(self.errors, "error"), (self.warnings, "warning"), (self.notes, "note")]
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| plural(count, word))
            .collect();
        if parts.is_empty() {
            format!("no mistakes in {}", plural(files, "file"))
        } else {
            format!("{} in {}", parts.join(", "), plural(files, "file"))
        }
    }
}

/// The diagnostics as text that ends with a line break, or is empty (never for JSON).
#[must_use]
pub fn render(format: Format, sources: &Sources, diagnostics: &[Diagnostic]) -> String {
    match format {
        Format::Human(style) => diagnostics.iter().map(|d| human::one(sources, d, style)).collect(),
        Format::Short => diagnostics.iter().map(|d| short::one(sources, d)).collect(),
        Format::Json => json::all(sources, diagnostics),
        Format::Github => diagnostics.iter().map(|d| github::one(sources, d)).collect(),
    }
}

/// Sorts by file, place and severity, and drops repetitions: what is said twice of one place is said once.
pub fn arrange(sources: &Sources, diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.sort_by(|a, b| {
        let key = |d: &Diagnostic| (d.primary.span.start, d.severity, d.code, d.primary.span.end);
        file(sources, a.primary.span)
            .cmp(file(sources, b.primary.span))
            .then_with(|| key(a).cmp(&key(b)))
            .then_with(|| a.message.cmp(&b.message))
    });
    diagnostics.dedup_by(|later, first| {
        (later.code, later.primary.span, &later.message) == (first.code, first.primary.span, &first.message)
    });
}

/// Keeps at most `limits::DIAGNOSTICS_MAX` of each file, errors before others; how many were dropped.
pub fn cap(diagnostics: &mut Vec<Diagnostic>) -> usize {
    let before = diagnostics.len();
    let mut errors: BTreeMap<SourceId, usize> = BTreeMap::new();
    for diagnostic in diagnostics.iter().filter(|d| d.severity == Severity::Error) {
        *errors.entry(diagnostic.primary.span.source).or_default() += 1;
    }
    let mut kept: BTreeMap<(SourceId, bool), usize> = BTreeMap::new();
    diagnostics.retain(|diagnostic| {
        let source = diagnostic.primary.span.source;
        let error = diagnostic.severity == Severity::Error;
        let reserved = if error { 0 } else { errors.get(&source).copied().unwrap_or(0) };
        let count = kept.entry((source, error)).or_default();
        *count += 1;
        *count + reserved <= DIAGNOSTICS_MAX
    });
    before - diagnostics.len()
}

/// `error`, `warning` or `note`.
#[must_use]
pub const fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// `1 file`, `2 files`
#[must_use]
pub fn plural(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

/// The name of the source that a span lies in.
fn file(sources: &Sources, span: Span) -> &str {
    sources.source(span.source).map_or("", |source| source.name.as_str())
}

/// Line and column of both ends of a span, from 1; the end is the column after the last character.
fn range(sources: &Sources, span: Span) -> ((usize, usize), (usize, usize)) {
    sources.source(span.source).map_or(((1, 1), (1, 1)), |source| {
        let bytes = source.clamp(span);
        (source.line_column(bytes.start as u32), source.line_column(bytes.end as u32))
    })
}
