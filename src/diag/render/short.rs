//! One line for each diagnostic: `path:line:column: error[E0101]: message`.
//!
//! Is not: complete. Labels, notes and fixes are left out; a message stands alone.

use crate::diag::Diagnostic;
use crate::diag::render::{file, range, word};
use crate::diag::source::Sources;

/// The line, with its line break.
#[must_use]
pub fn one(sources: &Sources, diagnostic: &Diagnostic) -> String {
    let span = diagnostic.primary.span;
    let ((line, column), _) = range(sources, span);
    format!(
        "{}:{line}:{column}: {}[{}]: {}\n",
        file(sources, span),
        word(diagnostic.severity),
        diagnostic.code.name(),
        diagnostic.message
    )
}
