//! Texts: chunks with their escapes resolved, and holes that hold expressions.

use nom::Parser;
use nom::combinator::cut;

use crate::diag::Diagnostic;
use crate::diag::code::Code;
use crate::diag::source::Span;
use crate::syntax::parse::basic::expect;
use crate::syntax::parse::expr::grown;
use crate::syntax::parse::tokens::Tokens;
use crate::syntax::parse::trouble::{Outcome, expected};
use crate::syntax::token::Kind;
use crate::syntax::tree::{Place, TextPart};

/// A text and the height of its highest hole. A quote that is missing has been reported by the lexer.
pub(super) fn text(start: Tokens<'_>) -> Outcome<'_, (Vec<TextPart>, usize)> {
    let mut input = Tokens { head: false, ..start.skip(1) };
    let (mut parts, mut below) = (Vec::new(), 0);
    loop {
        match input.kind(0) {
            Kind::Chunk => {
                parts.push(TextPart::Str(unescaped(input)));
                input = input.skip(1);
            }
            Kind::HoleOpen => {
                let (rest, hole) = cut(grown).parse(input.skip(1))?;
                let (rest, _) = cut(expect(Kind::HoleClose, "`}` behind the expression")).parse(rest)?;
                below = below.max(hole.height);
                parts.push(TextPart::Hole(hole.expr));
                input = rest;
            }
            Kind::TextClose => {
                return Ok((Tokens { head: start.head, ..input.skip(1) }, (parts, below)));
            }
            _ => return Ok((Tokens { head: start.head, ..input }, (parts, below))),
        }
    }
}

/// A text that must be known as it stands, and so has no holes.
pub(super) fn plain_text<'a>(input: Tokens<'a>, what: &'static str) -> Outcome<'a, (String, Place)> {
    if input.kind(0) != Kind::TextOpen {
        return expected(input, what);
    }
    let (rest, (parts, _)) = text(input)?;
    let mut plain = String::new();
    for part in parts {
        match part {
            TextPart::Str(piece) => plain.push_str(&piece),
            TextPart::Hole(hole) => input.report(
                Diagnostic::new(
                    Code::E0008,
                    hole.place.0,
                    "a hole in a text that must be known as it stands",
                )
                .here("computed only in a session")
                .help("write `{{` and `}}` where braces are meant"),
            ),
        }
    }
    Ok((rest, (plain, input.place(rest))))
}

/// A chunk with its escapes resolved; an unknown one is reported and stands for itself.
fn unescaped(input: Tokens<'_>) -> String {
    let raw = input.text_of(input.token(0));
    let mut text = String::with_capacity(raw.len());
    let mut chars = raw.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '{' | '}' => {
                chars.next_if(|(_, next)| *next == c);
                text.push(c);
            }
            '\\' => match chars.next() {
                Some((_, 'n')) => text.push('\n'),
                Some((_, 't')) => text.push('\t'),
                Some((_, 'r')) => text.push('\r'),
                Some((_, '0')) => text.push('\0'),
                Some((_, next @ ('"' | '\\' | '{' | '}'))) => text.push(next),
                next => {
                    let next = next.map_or(String::new(), |(_, next)| next.to_string());
                    unknown_escape(input, at, &next);
                    text.push_str(&next);
                }
            },
            c => text.push(c),
        }
    }
    text
}

fn unknown_escape(input: Tokens<'_>, at: usize, next: &str) {
    let chunk = input.span(0);
    let start = chunk.start + at as u32;
    let span = Span { start, end: start + 1 + next.len() as u32, ..chunk };
    let shown = next.escape_debug();
    input.report(
        Diagnostic::new(Code::E0007, span, format!("`\\{shown}` is no escape"))
            .here("means nothing in a text")
            .help("write `\\n`, `\\t`, `\\r`, `\\0`, `\\\"`, `\\\\`, `{{` or `}}`; a backslash is `\\\\`"),
    );
}
