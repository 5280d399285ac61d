//! Workflow commands that make GitHub show a diagnostic beside the changed line.
//!
//! Source: GitHub, *Workflow commands*: properties escape `%`, line breaks, `:` and `,`; the message only the
//! first two. Is not: coloured or cut; GitHub does both.

use crate::diag::Diagnostic;
use crate::diag::Severity;
use crate::diag::render::{file, range};
use crate::diag::source::Sources;

/// The command, one line.
#[must_use]
pub fn one(sources: &Sources, diagnostic: &Diagnostic) -> String {
    let command = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let span = diagnostic.primary.span;
    let ((line, column), (end_line, end_column)) = range(sources, span);
    let mut body = diagnostic.message.clone();
    let label = Some(diagnostic.primary.text.as_str()).filter(|text| !text.is_empty());
    let notes = diagnostic.notes.iter().map(String::as_str);
    for more in label.into_iter().chain(notes).chain(diagnostic.help.as_deref()) {
        body.push('\n');
        body.push_str(more);
    }
    format!(
        "::{command} file={},line={line},col={column},endLine={end_line},endColumn={end_column},title={}::{}\n",
        property(file(sources, span)),
        property(&format!("{} {}", diagnostic.code.name(), diagnostic.code.title())),
        data(&body)
    )
}

/// Escapes a message.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes the value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
