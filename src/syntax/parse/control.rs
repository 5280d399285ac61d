//! `if`, loops, recursion, jumps, `for`, and sub-protocols.

use nom::Parser;
use nom::combinator::cut;

use crate::diag::{Applicability, Edit, nearest};
use crate::syntax::parse::atom::record;
use crate::syntax::parse::basic::{begins_branch, clause, deeper, expect, mark, name, role_led, word};
use crate::syntax::parse::block::{alone, block, block_before_else, done, habit, keyword_led};
use crate::syntax::parse::expr::{expr, head};
use crate::syntax::parse::role::role;
use crate::syntax::parse::text::plain_text;
use crate::syntax::parse::tokens::Tokens;
use crate::syntax::parse::trouble::{Outcome, missing, shortened, unexpected};
use crate::syntax::token::Kind;
use crate::syntax::tree::{Block, For, If, Loop, LoopHead, Name, Rec, RoleRef, Stmt, StmtKind, Sub};

/// `if e at R { … } else { … }`
pub(super) fn conditional(input: Tokens<'_>) -> Outcome<'_, Box<StmtKind>> {
    let first = input.skip(1);
    // A condition may begin with a name that is called `at`.
    let goes_on = matches!(first.word(1), "and" | "or" | "in" | "at");
    if first.word(0) == "at" && first.kind(1) == Kind::Name && first.kind(2) == Kind::Name && !goes_on {
        let help = format!("write `if … at {} {{`", shortened(first.word(1)));
        return habit(
            first,
            "the owner of an `if` stands behind its condition",
            "stands before the condition",
            help,
        );
    }
    let (rest, condition) = head(first)?;
    let (rest, at) = at(rest)?;
    let (rest, then) = block_before_else(rest)?;
    let (rest, otherwise) = if clause(rest, "else") {
        let (rest, block) = otherwise(rest.skip(1))?;
        (rest, Some(block))
    } else if matches!(rest.word(0), "elif" | "elseif" | "elsif") && !role_led(rest) {
        let edits = vec![Edit { span: rest.span(0), text: "else if".to_owned() }];
        let said = unexpected(rest, "`else if`").fix("write `else if`", Applicability::Safe, edits);
        rest.report(said);
        let (rest, block) = another(rest)?;
        (rest, Some(block))
    } else {
        (rest, None)
    };
    done(rest, StmtKind::If(If { condition, at, then, otherwise }))
}

/// `at R`, if it stands here.
fn at(input: Tokens<'_>) -> Outcome<'_, Option<RoleRef>> {
    if input.word(0) != "at" {
        return Ok((input, None));
    }
    let (rest, at) = cut(role).parse(input.skip(1))?;
    Ok((rest, Some(at)))
}

/// A block, or another `if`, which is a block of one statement.
fn otherwise(start: Tokens<'_>) -> Outcome<'_, Block> {
    if start.word(0) == "if" { another(start) } else { block(start) }
}

/// The `if` behind an `else`.
fn another(start: Tokens<'_>) -> Outcome<'_, Block> {
    let (rest, kind) = deeper(start, conditional)?;
    let stmt = Stmt { docs: Vec::new(), annotations: Vec::new(), kind: *kind, place: start.place(rest) };
    Ok((rest, alone(stmt)))
}

/// `loop L (…) as n { … }`
pub(super) fn repeated(input: Tokens<'_>) -> Outcome<'_, Box<StmtKind>> {
    let mut input = input.skip(1);
    let (mut label, mut turn, mut head) = (None, None, LoopHead::Bare);
    let turn_here = |input: Tokens<'_>| input.word(0) == "as" && input.kind(1) == Kind::Name;
    if input.kind(0) == Kind::Name && !turn_here(input) {
        (input, label) = (input.skip(1), Some(input.name()));
    }
    if input.kind(0) == Kind::ParenOpen {
        let (rest, what) = loop_head(input.skip(1))?;
        let (rest, _) = mark(Kind::ParenClose).parse(rest)?;
        (input, head) = (rest, what);
    }
    if turn_here(input) {
        (input, turn) = (input.skip(2), Some(input.skip(1).name()));
    }
    let (rest, body) = block(input)?;
    done(rest, StmtKind::Loop(Loop { label, head, turn, body }))
}

const HEADS: [&str; 5] = ["count", "max", "decides", "while", "custom"];

fn loop_head(input: Tokens<'_>) -> Outcome<'_, LoopHead> {
    let kind = HEADS.iter().find(|head| **head == input.word(0));
    let Some(kind) = kind else {
        return match nearest(input.word(0), HEADS) {
            Some("count") => missing(input, "`count`"),
            Some("decides") => missing(input, "`decides`"),
            Some("while") => missing(input, "`while`"),
            Some("custom") => missing(input, "`custom`"),
            _ => missing(input, "`count`, `max`, `decides`, `while` or `custom`"),
        };
    };
    let (rest, _) = expect(Kind::Colon, "`:`").parse(input.skip(1))?;
    match *kind {
        "count" => expr.map(LoopHead::Count).parse(rest),
        "max" => expr.map(LoopHead::Max).parse(rest),
        "decides" => role.map(LoopHead::Decides).parse(rest),
        "while" => (expr, at).map(|(condition, at)| LoopHead::While(condition, at)).parse(rest),
        _ => {
            let (rest, (text, place)) = plain_text(rest, "a condition in quotes")?;
            Ok((rest, LoopHead::Custom(text, place)))
        }
    }
}

/// `rec L { … }`
pub(super) fn rec(input: Tokens<'_>) -> Outcome<'_, Box<StmtKind>> {
    let (rest, (label, body)) = (name("a label"), block).parse(input.skip(1))?;
    done(rest, StmtKind::Rec(Rec { label, body }))
}

/// `continue L`
pub(super) fn go_on(input: Tokens<'_>) -> Outcome<'_, Box<StmtKind>> {
    jump(input, StmtKind::Continue)
}

/// `break L`
pub(super) fn leave(input: Tokens<'_>) -> Outcome<'_, Box<StmtKind>> {
    jump(input, StmtKind::Break)
}

fn jump(input: Tokens<'_>, make: fn(Option<Name>) -> StmtKind) -> Outcome<'_, Box<StmtKind>> {
    let input = input.skip(1);
    // A label is the last word of its block; behind it nothing but the block's or branch's end makes sense.
    let labelled = input.kind(0) == Kind::Name && !clause_begins(input) && !keyword_led(input);
    let (rest, label) = if labelled { (input.skip(1), Some(input.name())) } else { (input, None) };
    done(rest, make(label))
}

/// Whether a branch or a statement of a role begins here.
fn clause_begins(input: Tokens<'_>) -> bool {
    begins_branch(input) || role_led(input)
}

/// `for i in W[…] { … }`
pub(super) fn each(input: Tokens<'_>) -> Outcome<'_, Box<StmtKind>> {
    members(input, false)
}

/// `par for i in W[…] { … }`
pub(super) fn par_each(input: Tokens<'_>) -> Outcome<'_, Box<StmtKind>> {
    members(input.skip(1), true)
}

fn members(input: Tokens<'_>, par: bool) -> Outcome<'_, Box<StmtKind>> {
    let (rest, (index, _, family)) = (name("a name"), word("in", "`in`"), role).parse(input.skip(1))?;
    let (rest, body) = block(rest)?;
    done(rest, StmtKind::For(For { par, index, family, body }))
}

/// `sub_protocol NAME { … }`
pub(super) fn sub(input: Tokens<'_>) -> Outcome<'_, Box<StmtKind>> {
    let (rest, (name, body)) = (name("a name"), block).parse(input.skip(1))?;
    done(rest, StmtKind::Sub(Sub { name, body }))
}

/// `return { … }`
pub(super) fn give(input: Tokens<'_>) -> Outcome<'_, Box<StmtKind>> {
    let (rest, value) = record(input.skip(1))?;
    done(rest, StmtKind::Return(value))
}
