//! The lexer: text to spanned tokens, with comments kept beside them.
//!
//! It never fails: what no token begins with becomes `Unknown` and a diagnostic. Runs of unknown characters are
//! one token. Block comments nest, so that text with comments in it can be commented out.
//! Is not: a judge of words. Every word is a `Name`; the parser knows where one is a keyword.
//! Invariant: every loop consumes at least one character, so the time is linear in the text.

mod marks;
mod pairs;
mod scan;
mod text;

use crate::diag::Diagnostic;
use crate::diag::source::SourceId;
use crate::syntax::token::{Kind, Met, Token};

/// What a text was cut into.
#[derive(Debug)]
pub(super) struct Lexed {
    /// In order; the last is `End`.
    pub(super) tokens: Vec<Token>,
    /// In order.
    pub(super) comments: Vec<Met>,
    /// What was wrong.
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// Cuts a text, which is at most `SOURCE_BYTES_MAX` long, into tokens.
pub(super) fn lex(source: SourceId, text: &str) -> Lexed {
    let mut scanner = scan::Scanner::new(source, text);
    while !scanner.at_end() {
        scanner.token();
    }
    let mut lexed = scanner.finish();
    pairs::pair(&mut lexed.tokens);
    lexed
}

/// Whether a token is a bracket that opens.
pub(super) const fn opens(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::BraceOpen
            | Kind::ParenOpen
            | Kind::BracketOpen
            | Kind::Annotate
            | Kind::Attribute
            | Kind::HoleOpen
            | Kind::TextOpen
    )
}
