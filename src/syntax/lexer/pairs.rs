//! Which bracket closes which: one pass over the tokens, so that the parser can look behind a group in one step.
//!
//! `}` closes the nearest open `{` and gives up whatever stands open inside it; `)` and `]` close only what was
//! opened last. So one forgotten `)` spoils no more than the block around it.
//! Is not: a reporter. The parser says what is missing, where it misses it.

use crate::syntax::lexer::opens;
use crate::syntax::token::{Kind, Token};

/// Sets `pair` of every matched bracket.
pub(super) fn pair(tokens: &mut [Token]) {
    let mut open: Vec<(usize, Kind)> = Vec::new();
    let mut braces = 0_usize;
    for index in 0..tokens.len() {
        let Some(kind) = tokens.get(index).map(|token| token.kind) else { break };
        if opens(kind) {
            braces += usize::from(kind == Kind::BraceOpen);
            open.push((index, kind));
        } else if kind == Kind::BraceClose && braces > 0 {
            braces -= 1;
            while let Some((at, opener)) = open.pop() {
                if opener == Kind::BraceOpen {
                    join(tokens, at, index);
                    break;
                }
            }
        } else if let Some((at, opener)) = open.last().copied()
            && closes(kind, opener)
        {
            open.pop();
            join(tokens, at, index);
        }
    }
}

const fn closes(closer: Kind, opener: Kind) -> bool {
    matches!(
        (closer, opener),
        (Kind::ParenClose, Kind::ParenOpen)
            | (Kind::BracketClose, Kind::BracketOpen | Kind::Annotate | Kind::Attribute)
            | (Kind::HoleClose, Kind::HoleOpen)
            | (Kind::TextClose, Kind::TextOpen)
    )
}

fn join(tokens: &mut [Token], open: usize, close: usize) {
    for (at, other) in [(open, close), (close, open)] {
        if let Some(token) = tokens.get_mut(at) {
            token.pair = other as u32;
        }
    }
}
