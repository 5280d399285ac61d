//! Expressions, by precedence climbing. From loose to tight: `if`, `??`, `or`, `and`, `not`, comparisons and `in`,
//! `+ -`, `* / %`, unary `-`, `**` (to the right), postfix.
//!
//! Every parser here also gives the height of what it made, because a chain such as `a + a + …` grows a deep tree
//! without nesting; the tree that comes out is never deeper than `NESTING_MAX` (with the blocks around it).

use nom::Parser;
use nom::combinator::cut;

use crate::base::limits::NESTING_MAX;
use crate::diag::code::Code;
use crate::diag::{Applicability, Diagnostic, Edit};
use crate::syntax::parse::atom;
use crate::syntax::parse::basic::{acts, begins_branch, deeper, word};
use crate::syntax::parse::tokens::Tokens;
use crate::syntax::parse::trouble::{Outcome, deep};
use crate::syntax::token::Kind;
use crate::syntax::tree::{Binary, Expr, ExprKind, Unary};

/// An expression and the height of its tree.
pub(super) struct Grown {
    pub(super) expr: Expr,
    pub(super) height: usize,
}

/// An expression.
pub(super) fn expr(input: Tokens<'_>) -> Outcome<'_, Expr> {
    let head = input.head;
    let (rest, grown) = grown(Tokens { head: false, ..input })?;
    Ok((Tokens { head, ..rest }, grown.expr))
}

/// An expression before a block, whose `{` is never the fields of a variant.
pub(super) fn head(input: Tokens<'_>) -> Outcome<'_, Expr> {
    let (rest, grown) = grown(Tokens { head: true, ..input })?;
    Ok((Tokens { head: false, ..rest }, grown.expr))
}

/// An expression with its height.
pub(super) fn grown(input: Tokens<'_>) -> Outcome<'_, Grown> {
    binary(input, LOOSEST)
}

/// The node `kind` over parts of this height, from `start` to `end`.
pub(super) fn node<'a>(
    start: Tokens<'a>,
    end: Tokens<'a>,
    kind: ExprKind,
    below: usize,
) -> Outcome<'a, Grown> {
    let height = below + 1;
    if start.depth + height > NESTING_MAX {
        return deep(start);
    }
    Ok((end, Grown { expr: Expr { kind, place: start.place(end) }, height }))
}

/// How tight the operators bind.
pub(in crate::syntax) const LOOSEST: u8 = 1;
/// `not`
pub(in crate::syntax) const NOT: u8 = 4;
/// Comparisons, the loosest below `not`.
pub(in crate::syntax) const COMPARISON: u8 = 5;
/// Unary `-`.
pub(in crate::syntax) const NEGATE: u8 = 8;
/// `**`
pub(in crate::syntax) const POWER: u8 = 9;

/// How tight an operator binds, and whether it groups to the right.
pub(in crate::syntax) const fn binding(operator: Binary) -> (u8, bool) {
    match operator {
        Binary::Otherwise => (LOOSEST, true),
        Binary::Or => (2, false),
        Binary::And => (3, false),
        Binary::Equal
        | Binary::NotEqual
        | Binary::Less
        | Binary::LessEqual
        | Binary::Greater
        | Binary::GreaterEqual
        | Binary::In => (COMPARISON, false),
        Binary::Add | Binary::Subtract => (6, false),
        Binary::Multiply | Binary::Divide | Binary::Remainder => (7, false),
        Binary::Power => (POWER, true),
    }
}

/// Operands and operators that bind at least as tight as `loosest`.
fn binary(start: Tokens<'_>, loosest: u8) -> Outcome<'_, Grown> {
    let (mut input, mut left) = deeper(start, operand)?;
    while let Some(operator) = operator(input) {
        let (tight, to_the_right) = binding(operator);
        if tight < loosest {
            break;
        }
        let next = if to_the_right { tight } else { tight + 1 };
        let right_of = cut(|input| deeper(input, |input| binary(input, next)));
        let (rest, right) = { right_of }.parse(input.skip(1))?;
        let height = left.height.max(right.height);
        let kind = ExprKind::Binary(operator, Box::new(left.expr), Box::new(right.expr));
        (input, left) = node(start, rest, kind, height)?;
    }
    Ok((input, left))
}

fn operator(input: Tokens<'_>) -> Option<Binary> {
    Some(match input.kind(0) {
        Kind::Otherwise => Binary::Otherwise,
        Kind::Or => Binary::Or,
        Kind::And => Binary::And,
        Kind::Equal => Binary::Equal,
        Kind::Assign => {
            // Nothing may be set behind an operand: a comparison is meant.
            let edits = vec![Edit { span: input.span(0), text: "==".to_owned() }];
            let said = Diagnostic::new(Code::E0001, input.span(0), "`=` compares nothing");
            input.report(said.here("gives a name its value").fix(
                "compare with `==`",
                Applicability::Safe,
                edits,
            ));
            Binary::Equal
        }
        Kind::NotEqual => Binary::NotEqual,
        Kind::Less => Binary::Less,
        Kind::LessEqual => Binary::LessEqual,
        Kind::Greater => Binary::Greater,
        Kind::GreaterEqual => Binary::GreaterEqual,
        Kind::Plus => Binary::Add,
        Kind::Minus => Binary::Subtract,
        Kind::Star => Binary::Multiply,
        Kind::Slash => Binary::Divide,
        Kind::Percent => Binary::Remainder,
        Kind::Power => Binary::Power,
        Kind::Name if !begins_branch(input) => match input.word(0) {
            "and" if operand_follows(input) => Binary::And,
            "or" if operand_follows(input) => Binary::Or,
            "in" if operand_follows(input) => Binary::In,
            _ => return None,
        },
        _ => return None,
    })
}

/// Whether the word here is an operator, and not a role of that name that begins the next statement.
fn operand_follows(input: Tokens<'_>) -> bool {
    !matches!(input.kind(1), Kind::Arrow | Kind::ArrowAll | Kind::Swap | Kind::Annotate) && !acts(input, 1)
}

/// An operand with the operators before it.
fn operand(start: Tokens<'_>) -> Outcome<'_, Grown> {
    let (tight, unary) = match (start.kind(0), start.word(0)) {
        (Kind::Not, _) | (_, "not") => (COMPARISON, Unary::Not),
        (Kind::Minus, _) => (POWER, Unary::Negate),
        (_, "if") => return conditional(start),
        _ => return atom::postfix(start),
    };
    if unary == Unary::Negate
        && let Some(least) = atom::least_int(start)
    {
        return least;
    }
    let (rest, of) = cut(|input| binary(input, tight)).parse(start.skip(1))?;
    node(start, rest, ExprKind::Unary(unary, Box::new(of.expr)), of.height)
}

/// `if c then a else b`
fn conditional(start: Tokens<'_>) -> Outcome<'_, Grown> {
    let (rest, condition) = cut(grown).parse(start.skip(1))?;
    let (rest, _) = cut(word("then", "`then`")).parse(rest)?;
    let (rest, then) = cut(grown).parse(rest)?;
    let (rest, _) = cut(word("else", "`else`")).parse(rest)?;
    let (rest, other) = cut(grown).parse(rest)?;
    let height = condition.height.max(then.height).max(other.height);
    let kind = ExprKind::If(Box::new(condition.expr), Box::new(then.expr), Box::new(other.expr));
    node(start, rest, kind, height)
}
