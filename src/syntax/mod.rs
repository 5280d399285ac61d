//! Text to tree and back: lexer, nom parsers with recovery, formatter.
//!
//! The grammar is in `tree`, one type per production. Nothing outside this module sees a token or a nom type.
//! Is not: a judge of meaning. A tree may name roles that nobody declared.

pub mod tree;
