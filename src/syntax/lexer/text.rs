//! Texts in the scanner: `"some {hole} and more"` becomes quote, chunk, hole, tokens, hole's end, chunk, quote.
//!
//! A text ends on its line, whether its quote is there or not, so a forgotten quote spoils one line. Inside a hole
//! there are no comments, and a text may stand in it.
//! Is not: the place where escapes are resolved; `parse::text` does that.

use crate::diag::code::Code;
use crate::diag::{Applicability, Diagnostic, Edit};
use crate::syntax::lexer::scan::Scanner;
use crate::syntax::token::Kind;

impl Scanner<'_> {
    pub(super) fn open_text(&mut self) {
        let start = self.at;
        self.at += 1;
        self.push(Kind::TextOpen, start);
        self.chunk();
    }

    /// The characters up to a hole, the closing quote or the end of the line.
    fn chunk(&mut self) {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let stop = loop {
            match (bytes.get(self.at), bytes.get(self.at + 1)) {
                (Some(b'{'), Some(b'{')) | (Some(b'\\'), Some(b'"' | b'\\' | b'{' | b'}')) => self.at += 2,
                (stop @ (None | Some(b'"' | b'{' | b'\n')), _) => break stop,
                _ => self.at += 1,
            }
        };
        if self.at > start {
            self.push(Kind::Chunk, start);
        }
        let here = self.at;
        match stop {
            Some(b'"') => {
                self.at += 1;
                self.push(Kind::TextClose, here);
            }
            Some(b'{') => {
                self.at += 1;
                self.push(Kind::HoleOpen, here);
                self.holes.push(0);
            }
            _ => {
                self.holes.clear();
                self.unclosed(here);
            }
        }
    }

    /// Counts the braces inside a hole; the one that closes it goes back to the text around it.
    pub(super) fn brace(&mut self, kind: Kind) -> Kind {
        match (kind, self.holes.last_mut()) {
            (Kind::BraceOpen, Some(open)) => *open += 1,
            (Kind::BraceClose, Some(0)) => return Kind::HoleClose,
            (Kind::BraceClose, Some(open)) => *open -= 1,
            _ => {}
        }
        kind
    }

    /// After the brace that closes a hole.
    pub(super) fn resume_text(&mut self) {
        self.holes.pop();
        self.chunk();
    }

    /// A line has ended: so have the texts on it.
    pub(super) fn leave_holes(&mut self, at: usize) {
        if !self.holes.is_empty() {
            self.holes.clear();
            self.unclosed(at);
        }
    }

    fn unclosed(&mut self, at: usize) {
        let end = self.text.get(..at).map_or(at, |before| before.trim_end().len());
        let place = self.span(end, end);
        self.report(
            Diagnostic::new(Code::E0003, place, "this text is not closed")
                .here("a text ends on its line")
                .help("close it with `\"`; a line break inside a text is `\\n`")
                .fix(
                    "add the closing quote",
                    Applicability::Unsafe,
                    vec![Edit { span: place, text: "\"".into() }],
                ),
        );
    }
}
