//! The parsers' input: a position in the tokens of one text, cheap to copy.
//!
//! It carries what a parser may need of the outside: the text, the comments, the diagnostics so far; and how deep
//! it stands, so that no text can exhaust the stack.
//! Is not: a nom `Input`. The parsers take tokens by kind and word, never by slice.

use std::cell::RefCell;

use crate::base::limits::DIAGNOSTICS_MAX;
use crate::diag::Diagnostic;
use crate::diag::source::{SourceId, Span};
use crate::syntax::lexer::opens;
use crate::syntax::token::{Kind, Met, Token};
use crate::syntax::tree::{Docs, Name, Place};

/// One text, as all parsers of it see it.
#[derive(Debug)]
pub(super) struct Scene<'a> {
    pub(super) source: SourceId,
    pub(super) text: &'a str,
    pub(super) tokens: Vec<Token>,
    pub(super) comments: Vec<Met>,
    /// What the parsers have changed: they run on shared inputs.
    pub(super) found: RefCell<Found>,
}

/// What the parsers of one text have found beside the tree.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Where the lexer has reported, in order; the parser says nothing more there.
    pub(super) lexical: Vec<u32>,
    /// Whether a text or a comment is not closed, and has perhaps swallowed brackets.
    pub(super) swallowed: bool,
    /// The token of the last report: two reports at one token are one mistake.
    pub(super) last: Option<usize>,
    /// For each comment, whether it documents a node.
    pub(super) used: Vec<bool>,
    /// Whether the text is given up.
    pub(super) over: bool,
}

/// A position.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tokens<'a> {
    pub(super) scene: &'a Scene<'a>,
    pub(super) at: usize,
    /// How many blocks, brackets and operators stand around it.
    pub(super) depth: usize,
    /// Whether a `{` here opens the block behind a head (`if e {`), and not the fields of a variant.
    pub(super) head: bool,
}

const END: Token = Token { kind: Kind::End, first: true, start: 0, end: 0, pair: 0 };

impl<'a> Tokens<'a> {
    /// The token `ahead` of this position; `End` behind the last.
    pub(super) fn token(self, ahead: usize) -> Token {
        let tokens = &self.scene.tokens;
        tokens.get(self.at + ahead).or(tokens.last()).copied().unwrap_or(END)
    }

    pub(super) fn kind(self, ahead: usize) -> Kind {
        self.token(ahead).kind
    }

    /// The text of the token `ahead`, if it is a word, else nothing.
    pub(super) fn word(self, ahead: usize) -> &'a str {
        let token = self.token(ahead);
        if token.kind == Kind::Name { self.text_of(token) } else { "" }
    }

    pub(super) fn text_of(self, token: Token) -> &'a str {
        self.scene.text.get(token.start as usize..token.end as usize).unwrap_or("")
    }

    /// The position `count` tokens on.
    pub(super) fn skip(self, count: usize) -> Self {
        Self { at: (self.at + count).min(self.scene.tokens.len()), ..self }
    }

    /// How far ahead the token behind the token or group `ahead` stands.
    pub(super) fn past(self, ahead: usize) -> usize {
        let token = self.token(ahead);
        let pair = token.pair as usize;
        if opens(token.kind) && pair > self.at + ahead { pair - self.at + 1 } else { ahead + 1 }
    }

    pub(super) fn ended(self) -> bool {
        self.kind(0) == Kind::End
    }

    pub(super) fn span(self, ahead: usize) -> Span {
        let token = self.token(ahead);
        Span::new(self.scene.source, token.start, token.end)
    }

    /// The empty place behind the last token before this position.
    pub(super) fn behind(self) -> Span {
        let before = self.at.checked_sub(1).and_then(|at| self.scene.tokens.get(at));
        let end = before.map_or(0, |token| token.end);
        Span::new(self.scene.source, end, end)
    }

    /// From this position to the last token before `end`.
    pub(super) fn place(self, end: Self) -> Place {
        let start = self.span(0);
        Place(Span { end: end.behind().end.max(start.start), ..start })
    }

    /// The word at this position as a name.
    pub(super) fn name(self) -> Name {
        Name { text: self.word(0).to_owned(), place: Place(self.span(0)) }
    }

    /// The documentation before the token at this position.
    pub(super) fn docs(self) -> Docs {
        let comments = &self.scene.comments;
        let first = comments.partition_point(|comment| (comment.before as usize) < self.at);
        let mut docs = Docs::new();
        for (index, comment) in comments.iter().enumerate().skip(first) {
            if comment.before as usize != self.at {
                break;
            }
            if comment.doc {
                let line =
                    self.scene.text.get(comment.start as usize + 3..comment.end as usize).unwrap_or("");
                docs.push(line.strip_prefix(' ').unwrap_or(line).to_owned());
                if let Some(used) = self.scene.found.borrow_mut().used.get_mut(index) {
                    *used = true;
                }
            }
        }
        docs
    }

    /// Adds what is wrong at this position, unless it has been said.
    pub(super) fn report(self, diagnostic: Diagnostic) {
        let mut found = self.scene.found.borrow_mut();
        if found.over || found.last == Some(self.at) || self.lexical(&found) {
            return;
        }
        found.last = Some(self.at);
        if found.diagnostics.len() < DIAGNOSTICS_MAX {
            found.diagnostics.push(diagnostic);
        }
    }

    /// Whether the last report was about this token.
    pub(super) fn reported(self) -> bool {
        self.scene.found.borrow().last == Some(self.at)
    }

    /// Gives the text up after a last word.
    pub(super) fn give_up(self, diagnostic: Diagnostic) {
        self.report(diagnostic);
        self.scene.found.borrow_mut().over = true;
    }

    pub(super) fn over(self) -> bool {
        self.scene.found.borrow().over
    }

    /// Whether the lexer has reported from the token before this position to its end.
    fn lexical(self, found: &Found) -> bool {
        let from =
            self.at.checked_sub(1).and_then(|at| self.scene.tokens.get(at)).map_or(0, |token| token.start);
        let next = found.lexical.partition_point(|at| *at < from);
        found.lexical.get(next).is_some_and(|at| *at <= self.token(0).end)
    }
}
