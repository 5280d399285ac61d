//! The parser: tokens to a tree, with every mistake of the text reported in one go.
//!
//! Named parsers over a position in the tokens, joined by nom's combinators. A keyword commits: behind it nothing
//! else can be meant, so the error stands at the right token. Alternatives are told apart by a bounded look ahead
//! (brackets are passed over in one step), so the time is linear; depth is counted, so the stack is bounded.
//! Is not: recovering by nom, which knows no recovery. `block` and `file` go on at the next border.

mod atom;
mod basic;
mod block;
mod choice;
mod choreography;
mod control;
mod declaration;
mod exchange;
pub(super) mod expr;
mod file;
pub(super) mod number;
mod par;
mod role;
mod scope;
mod text;
mod tokens;
mod trouble;
mod types;

use std::cell::RefCell;

use crate::base::limits::{DIAGNOSTICS_MAX, SOURCE_BYTES_MAX};
use crate::diag::Diagnostic;
use crate::diag::code::Code;
use crate::diag::source::{SourceId, Span};
use crate::syntax::lexer::lex;
use crate::syntax::parse::tokens::{Found, Scene, Tokens};
use crate::syntax::tree::{File, Place};
use crate::syntax::{Comment, Parsed};

/// Reads a text.
pub(super) fn file(source: SourceId, text: &str) -> Parsed {
    if text.len() > SOURCE_BYTES_MAX {
        return too_large(source, text.len());
    }
    let lexed = lex(source, text);
    let lexical = lexed.diagnostics.iter().map(|diagnostic| diagnostic.primary.span.start).collect();
    let used = vec![false; lexed.comments.len()];
    let swallowed = lexed.diagnostics.iter().any(|one| matches!(one.code, Code::E0003 | Code::E0004));
    let found = RefCell::new(Found { lexical, swallowed, used, ..Found::default() });
    let scene = Scene { source, text, tokens: lexed.tokens, comments: lexed.comments, found };
    let items = file::items(Tokens { scene: &scene, at: 0, depth: 0, head: false });
    let comments = left_over(&scene);
    let mut diagnostics = lexed.diagnostics;
    diagnostics.append(&mut scene.found.into_inner().diagnostics);
    diagnostics.sort_by_key(|diagnostic| diagnostic.primary.span);
    diagnostics.truncate(DIAGNOSTICS_MAX);
    Parsed { file: File { items }, comments, diagnostics, text: text.to_owned() }
}

/// The comments that document nothing.
fn left_over(scene: &Scene<'_>) -> Vec<Comment> {
    let found = scene.found.borrow();
    let met = scene.comments.iter().zip(&found.used).filter(|(_, used)| !**used);
    met.map(|(met, _)| Comment {
        place: Place(Span::new(scene.source, met.start, met.end)),
        text: scene.text.get(met.start as usize..met.end as usize).unwrap_or("").to_owned(),
    })
    .collect()
}

fn too_large(source: SourceId, length: usize) -> Parsed {
    let message = format!("this file has {length} bytes; {SOURCE_BYTES_MAX} are allowed");
    let diagnostic = Diagnostic::new(Code::E0014, Span::new(source, 0, 0), message)
        .here("not read")
        .help("split it into files that `import` each other");
    Parsed { diagnostics: vec![diagnostic], ..Parsed::default() }
}
