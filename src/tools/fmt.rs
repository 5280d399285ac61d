//! The canonical form of a source.
//!
//! In comes a text; out comes the text as `laban fmt` writes it, or what is wrong with it.
//! Is not: allowed to touch a text that was not understood; such a text is left as it is.

use crate::config::scenario;
use crate::diag::Diagnostic;
use crate::diag::source::Sources;
use crate::pipeline::has_errors;
use crate::syntax;

/// What became of a text.
#[derive(Debug)]
pub enum Formatted {
    /// It is in the canonical form already.
    Same,
    /// This is its canonical form.
    Changed(String),
    /// It has mistakes of syntax.
    Refused(Sources, Vec<Diagnostic>),
}

/// The canonical form of `text`, which is shown as `name` if it is refused; scenarios where that ends in `.scn`.
#[must_use]
pub fn format(name: &str, text: &str) -> Formatted {
    let mut sources = Sources::default();
    let source = sources.add(name, text);
    if name.ends_with(".scn") {
        let (table, said) = scenario::read(source, text);
        let Some(table) = table else { return Formatted::Refused(sources, said) };
        return changed(text, table.to_string());
    }
    let parsed = syntax::parse(source, text);
    if has_errors(&parsed.diagnostics) {
        return Formatted::Refused(sources, parsed.diagnostics);
    }
    changed(text, syntax::format(&parsed))
}

fn changed(text: &str, canonical: String) -> Formatted {
    if canonical == text { Formatted::Same } else { Formatted::Changed(canonical) }
}
