//! The formatter: a tree and its comments to the canonical text.
//!
//! `format(parse(format(x)))` is `format(x)`, the tree of `format(x)` is the tree of `x`, and every comment of `x`
//! is in it once. Numbers keep their spelling and paragraphs stay apart by one empty line.
//! Is not: a judge. It prints any tree.

mod doc;
mod exchange;
mod expr;
mod item;
mod list;
mod printer;
mod stmt;

use crate::syntax::Parsed;
use crate::syntax::format::printer::Printer;

/// The canonical text.
pub(super) fn file(parsed: &Parsed) -> String {
    let mut printer = Printer::new(&parsed.text, &parsed.comments);
    printer.items(&parsed.file.items);
    printer.finish()
}
