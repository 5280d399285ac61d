//! Punctuation: the longest mark that a text begins with.
//!
//! Is not: a table that is searched. The compiler makes a jump of the match, and marks are half of all tokens.

use crate::syntax::token::Kind;

/// The length and kind of the longest mark at the start of `rest`.
pub(super) fn longest(rest: &[u8]) -> Option<(usize, Kind)> {
    let byte = |at: usize| rest.get(at).copied().unwrap_or(0);
    let found = match (byte(0), byte(1), byte(2)) {
        (b'-', b'>', b'*') => (3, Kind::ArrowAll),
        (b'<', b'-', b'>') => (3, Kind::Swap),
        (b'-', b'>', _) => (2, Kind::Arrow),
        (b'<', b'=', _) => (2, Kind::LessEqual),
        (b'>', b'=', _) => (2, Kind::GreaterEqual),
        (b'=', b'>', _) => (2, Kind::FatArrow),
        (b'=', b'=', _) => (2, Kind::Equal),
        (b'!', b'=', _) => (2, Kind::NotEqual),
        (b':', b':', _) => (2, Kind::PathSep),
        (b'?', b'?', _) => (2, Kind::Otherwise),
        (b'.', b'.', _) => (2, Kind::Range),
        (b'|', b'|', _) => (2, Kind::Or),
        (b'&', b'&', _) => (2, Kind::And),
        (b'*', b'*', _) => (2, Kind::Power),
        (b'[', b'@', _) => (2, Kind::Annotate),
        (b'#', b'[', _) => (2, Kind::Attribute),
        (first, _, _) => (1, single(first)?),
    };
    Some(found)
}

/// Whether a mark may begin with `c`.
pub(super) fn begins(c: char) -> bool {
    u8::try_from(c).is_ok_and(|byte| single(byte).is_some())
}

const fn single(byte: u8) -> Option<Kind> {
    Some(match byte {
        b'{' => Kind::BraceOpen,
        b'}' => Kind::BraceClose,
        b'(' => Kind::ParenOpen,
        b')' => Kind::ParenClose,
        b'[' => Kind::BracketOpen,
        b']' => Kind::BracketClose,
        b':' => Kind::Colon,
        b';' => Kind::Semicolon,
        b',' => Kind::Comma,
        b'.' => Kind::Dot,
        b'?' => Kind::Question,
        b'|' => Kind::Pipe,
        b'!' => Kind::Not,
        b'=' => Kind::Assign,
        b'<' => Kind::Less,
        b'>' => Kind::Greater,
        b'+' => Kind::Plus,
        b'-' => Kind::Minus,
        b'*' => Kind::Star,
        b'/' => Kind::Slash,
        b'%' => Kind::Percent,
        b'@' => Kind::At,
        _ => return None,
    })
}
