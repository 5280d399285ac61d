//! Text to tree and back: lexer, nom parsers with recovery, formatter.
//!
//! The grammar is in `tree`, one type per production. Nothing outside this module sees a token or a nom type.
//! Parsing never fails: what cannot be read is a diagnostic, and the tree holds the rest.
//! Is not: a judge of meaning. A tree may name roles that nobody declared.

mod format;
mod lexer;
mod parse;
mod token;
pub mod tree;

#[cfg(test)]
mod tests;

use crate::diag::Diagnostic;
use crate::diag::source::SourceId;

/// A comment that is not a node's documentation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Comment {
    /// Where it stands.
    pub place: tree::Place,
    /// As written, with its slashes, without white space behind it.
    pub text: String,
}

/// What a text says.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// The tree; where there is an error, without what could not be read.
    pub file: tree::File,
    /// The comments that are not in the tree, in order.
    pub comments: Vec<Comment>,
    /// Every mistake of the text, in order of place.
    pub diagnostics: Vec<Diagnostic>,
    /// The text, for the spelling of literals and the empty lines that `format` keeps.
    text: String,
}

/// Reads a text. Takes time linear in its length and a bounded stack, whatever it says.
#[must_use]
pub fn parse(source: SourceId, text: &str) -> Parsed {
    parse::file(source, text)
}

/// The canonical text of a tree with its comments: four spaces, braces always, one statement a line.
///
/// Meant for a text without errors: what could not be read is not in the tree.
#[must_use]
pub fn format(parsed: &Parsed) -> String {
    format::file(parsed)
}
