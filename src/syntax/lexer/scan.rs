//! The scanner: a position in the text, and one method per family of tokens.
//!
//! Is not: allocating per token. A token is two offsets and a kind.

use crate::base::time::UNITS;
use crate::diag::code::Code;
use crate::diag::source::{SourceId, Span};
use crate::diag::{Applicability, Diagnostic, Edit};
use crate::syntax::lexer::Lexed;
use crate::syntax::lexer::marks;
use crate::syntax::token::{Kind, Met, Token};

/// Where the scanner stands, and what it has found.
pub(super) struct Scanner<'a> {
    source: SourceId,
    pub(super) text: &'a str,
    pub(super) at: usize,
    first: bool,
    /// For each hole that is open: how many braces are open inside it.
    pub(super) holes: Vec<usize>,
    lexed: Lexed,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(source: SourceId, text: &'a str) -> Self {
        let lexed = Lexed { tokens: Vec::new(), comments: Vec::new(), diagnostics: Vec::new() };
        let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Self { source, text, at, first: true, holes: Vec::new(), lexed }
    }

    pub(super) fn at_end(&self) -> bool {
        self.at >= self.text.len()
    }

    pub(super) fn finish(mut self) -> Lexed {
        self.holes.clear();
        self.push(Kind::End, self.text.len());
        self.lexed
    }

    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.source, start as u32, end as u32)
    }

    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        if self.lexed.diagnostics.len() < crate::base::limits::DIAGNOSTICS_MAX {
            self.lexed.diagnostics.push(diagnostic);
        }
    }

    /// Adds the token from `start` to where the scanner stands.
    pub(super) fn push(&mut self, kind: Kind, start: usize) {
        let pair = self.lexed.tokens.len() as u32;
        let token = Token { kind, first: self.first, start: start as u32, end: self.at as u32, pair };
        self.lexed.tokens.push(token);
        self.first = false;
    }

    /// One token, one comment or one run of white space.
    pub(super) fn token(&mut self) {
        let rest = self.rest();
        let Some(next) = rest.chars().next() else { return };
        if next.is_whitespace() {
            self.space();
        } else if self.holes.is_empty() && rest.starts_with("//") {
            self.line_comment();
        } else if self.holes.is_empty() && rest.starts_with("/*") {
            self.block_comment();
        } else if next.is_alphabetic() || next == '_' {
            let start = self.at;
            self.skip(|c| c.is_alphanumeric() || c == '_');
            self.push(Kind::Name, start);
        } else if next.is_ascii_digit() {
            self.number();
        } else if next == '"' {
            self.open_text();
        } else {
            self.mark(next);
        }
    }

    fn skip(&mut self, within: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.at += rest.find(|c| !within(c)).unwrap_or(rest.len());
    }

    fn space(&mut self) {
        let start = self.at;
        self.skip(char::is_whitespace);
        let line_ends = self.text.get(start..self.at).is_some_and(|space| space.contains('\n'));
        if line_ends {
            self.first = true;
            self.leave_holes(start);
        }
    }

    fn line_comment(&mut self) {
        let start = self.at;
        let line = self.rest();
        let length = line.find('\n').unwrap_or(line.len());
        let comment = line.get(..length).unwrap_or("").trim_end();
        let doc = comment.starts_with("///") && !comment.starts_with("////");
        self.at += comment.len();
        self.comment(start, doc);
    }

    fn block_comment(&mut self) {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut depth = 0_usize;
        while let Some(byte) = bytes.get(self.at) {
            let pair = (*byte, bytes.get(self.at + 1).copied().unwrap_or(0));
            match pair {
                (b'/', b'*') => (depth, self.at) = (depth + 1, self.at + 2),
                (b'*', b'/') => (depth, self.at) = (depth - 1, self.at + 2),
                _ => self.at += 1,
            }
            if depth == 0 {
                return self.comment(start, false);
            }
        }
        let opening = self.span(start, start + 2);
        self.report(
            Diagnostic::new(Code::E0004, opening, "this comment is not closed")
                .here("opened here")
                .help("close it with `*/`, once for each `/*` inside it and once for itself"),
        );
        self.comment(start, false);
    }

    fn comment(&mut self, start: usize, doc: bool) {
        let before = self.lexed.tokens.len() as u32;
        self.lexed.comments.push(Met { start: start as u32, end: self.at as u32, before, doc });
    }

    /// Digits, perhaps with `_`, a fraction, an exponent, or a unit of time.
    fn number(&mut self) {
        let start = self.at;
        let digits = |c: char| c.is_ascii_digit() || c == '_';
        let mut kind = Kind::Int;
        self.skip(digits);
        let digit_at = |text: &str, at: usize| text.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
        if self.rest().starts_with('.') && digit_at(self.rest(), 1) {
            self.at += 1;
            self.skip(digits);
            kind = Kind::Float;
        }
        let exponent = self.rest();
        if exponent.starts_with(['e', 'E']) {
            let sign = usize::from(exponent.get(1..).is_some_and(|rest| rest.starts_with(['+', '-'])));
            if digit_at(exponent, 1 + sign) {
                self.at += 1 + sign;
                self.skip(digits);
                kind = Kind::Float;
            }
        }
        let unit_start = self.at;
        self.skip(|c| c.is_alphanumeric() || c == '_');
        let unit = self.text.get(unit_start..self.at).unwrap_or("");
        if kind == Kind::Int && UNITS.iter().any(|(name, _)| *name == unit) {
            kind = Kind::Duration;
        } else if !unit.is_empty() {
            self.unknown_unit(unit_start, kind);
        }
        self.push(kind, start);
    }

    fn unknown_unit(&mut self, start: usize, kind: Kind) {
        let unit = self.text.get(start..self.at).unwrap_or("");
        let mut said =
            Diagnostic::new(Code::E0009, self.span(start, self.at), format!("`{unit}` is no unit of time"))
                .here("stands behind a number");
        said = if kind == Kind::Float && UNITS.iter().any(|(name, _)| *name == unit) {
            said.help("use a smaller unit: a duration is a whole number of `ms`, `s`, `m`, `h` or `d`")
        } else {
            said.help("write `ms`, `s`, `m`, `h` or `d`, or put a space after the number")
        };
        self.report(said);
    }

    fn mark(&mut self, next: char) {
        let start = self.at;
        if let Some((length, kind)) = marks::longest(self.rest().as_bytes()) {
            self.at += length;
            let kind = self.brace(kind);
            self.push(kind, start);
            if kind == Kind::HoleClose {
                self.resume_text();
            }
            return;
        }
        if next == '#' {
            return self.hash_comment();
        }
        if next == '\'' {
            self.single_quotes();
        } else if matches!(next, '→' | '⟶' | '⇒') {
            self.drawn_arrow(next);
            return self.push(Kind::Arrow, start);
        } else {
            self.unknown(next);
        }
        self.push(Kind::Unknown, start);
    }

    fn unknown(&mut self, next: char) {
        let start = self.at;
        let known =
            |c: char| c.is_whitespace() || c.is_alphanumeric() || "_\"'".contains(c) || marks::begins(c);
        self.at += next.len_utf8();
        self.skip(|c| !known(c));
        let what = self.text.get(start..self.at).unwrap_or("");
        let shown: String = what.chars().take(20).flat_map(char::escape_debug).collect();
        let said =
            Diagnostic::new(Code::E0002, self.span(start, self.at), format!("`{shown}` means nothing here"));
        self.report(said.here("no token begins like this"));
    }

    /// A comment as other languages write it: one mistake, whatever stands in it.
    fn hash_comment(&mut self) {
        let start = self.at;
        self.line_comment();
        let span = self.span(start, start + 1);
        let edits = vec![Edit { span, text: "//".to_owned() }];
        let said =
            Diagnostic::new(Code::E0002, span, "`#` means nothing here").here("no token begins like this");
        self.report(said.fix("begin a comment with `//`", Applicability::Safe, edits));
    }

    /// `→` where `->` is meant.
    fn drawn_arrow(&mut self, arrow: char) {
        let start = self.at;
        self.at += arrow.len_utf8();
        let span = self.span(start, self.at);
        let edits = vec![Edit { span, text: "->".to_owned() }];
        let said = Diagnostic::new(Code::E0002, span, format!("`{arrow}` means nothing here"));
        self.report(said.here("no token begins like this").fix("write `->`", Applicability::Safe, edits));
    }

    /// A text in single quotes, as other languages write it: one mistake, not two.
    fn single_quotes(&mut self) {
        let start = self.at;
        let line = self.rest().lines().next().unwrap_or("");
        let inside = line.get(1..).and_then(|rest| rest.find('\'').and_then(|end| rest.get(..end)));
        self.at += inside.map_or(1, |inside| inside.len() + 2);
        let span = self.span(start, self.at);
        let said = Diagnostic::new(Code::E0002, span, "`'` means nothing here")
            .here("a text stands in double quotes");
        self.report(match inside.filter(|inside| !inside.contains(['"', '{', '}', '\\'])) {
            Some(inside) => {
                let edits = vec![Edit { span, text: format!("\"{inside}\"") }];
                said.fix("write double quotes", Applicability::Safe, edits)
            }
            None => said.help("write it in double quotes"),
        });
    }
}
