//! What expressions are made of: literals, names, lists, records, applications, and what stands behind them.

use nom::Parser;
use nom::combinator::cut;

use crate::diag::{Applicability, Edit};
use crate::syntax::parse::basic::{BRACES, BRACKETS, PARENS, list, mark, name, path, role_led};
use crate::syntax::parse::block::habit;
use crate::syntax::parse::expr::{Grown, grown, node};
use crate::syntax::parse::file::begins_item;
use crate::syntax::parse::number;
use crate::syntax::parse::text::text;
use crate::syntax::parse::tokens::Tokens;
use crate::syntax::parse::trouble::{Outcome, expected, unexpected};
use crate::syntax::token::Kind;
use crate::syntax::tree::{Entry, Expr, ExprKind, Spelling};

/// An atom and any `.field`, `.method(…)` and `[index]` behind it.
pub(super) fn postfix(start: Tokens<'_>) -> Outcome<'_, Grown> {
    let (mut input, mut left) = atom(start)?;
    loop {
        (input, left) = match input.kind(0) {
            Kind::Dot => member(start, input.skip(1), left)?,
            Kind::BracketOpen => index(start, input.skip(1), left)?,
            _ => return Ok((input, left)),
        };
    }
}

/// The least whole number, whose digits alone are beyond the greatest.
pub(super) fn least_int(start: Tokens<'_>) -> Option<Outcome<'_, Grown>> {
    let digits = start.token(1);
    let tight = !matches!(start.kind(2), Kind::Power | Kind::Dot | Kind::BracketOpen);
    (digits.kind == Kind::Int && tight && number::is_least(start.text_of(digits)))
        .then(|| node(start, start.skip(2), ExprKind::Int(i64::MIN), 0))
}

fn member<'a>(start: Tokens<'a>, input: Tokens<'a>, of: Grown) -> Outcome<'a, Grown> {
    let (rest, field) = cut(name("a field or function")).parse(input)?;
    if rest.kind(0) != Kind::ParenOpen {
        return node(start, rest, ExprKind::Field(Box::new(of.expr), field), of.height);
    }
    let (rest, args) = arguments(rest)?;
    let below = highest(&args).max(of.height);
    let all = std::iter::once(of).chain(args).map(|grown| grown.expr).collect();
    node(start, rest, ExprKind::Apply(field, all, Spelling::Method), below)
}

fn index<'a>(start: Tokens<'a>, input: Tokens<'a>, of: Grown) -> Outcome<'a, Grown> {
    let (rest, at) = cut(grown).parse(Tokens { head: false, ..input })?;
    let (rest, _) = cut(mark(Kind::BracketClose)).parse(rest)?;
    let below = of.height.max(at.height);
    let rest = Tokens { head: start.head, ..rest };
    node(start, rest, ExprKind::Index(Box::new(of.expr), Box::new(at.expr)), below)
}

fn atom(start: Tokens<'_>) -> Outcome<'_, Grown> {
    match start.kind(0) {
        Kind::Int | Kind::Float | Kind::Duration => {
            let (rest, kind) = number::number(start)?;
            node(start, rest, kind, 0)
        }
        Kind::TextOpen => {
            let (rest, (parts, below)) = text(start)?;
            node(start, rest, ExprKind::Text(parts), below)
        }
        Kind::ParenOpen => parenthesised(start),
        Kind::BracketOpen => {
            let (rest, items) = list(BRACKETS, "`,` or `]`", grown)(start)?;
            let below = highest(&items);
            node(start, rest, ExprKind::List(items.into_iter().map(|item| item.expr).collect()), below)
        }
        Kind::BraceOpen if !start.head => {
            let (rest, (entries, below)) = entries(start)?;
            node(start, rest, ExprKind::Record(entries), below)
        }
        Kind::Name => named(start),
        _ => expected(start, "an expression"),
    }
}

/// `(e)`: the tree keeps no parentheses, but the place does.
fn parenthesised(start: Tokens<'_>) -> Outcome<'_, Grown> {
    let (rest, mut inner) = cut(grown).parse(Tokens { head: false, ..start.skip(1) })?;
    let (rest, _) = cut(mark(Kind::ParenClose)).parse(rest)?;
    inner.expr.place = start.place(rest);
    Ok((Tokens { head: start.head, ..rest }, inner))
}

/// A word of the language, a name, a variant, or a function with its arguments.
fn named(start: Tokens<'_>) -> Outcome<'_, Grown> {
    // What begins the next line as only a statement or declaration does, is not what is missing on this one.
    if start.token(0).first && (role_led(start) || begins_item(start)) {
        return expected(start, "an expression");
    }
    let constant = match start.word(0) {
        "true" => Some(ExprKind::Bool(true)),
        "false" => Some(ExprKind::Bool(false)),
        "none" => Some(ExprKind::None),
        _ => None,
    };
    if let Some(kind) = constant {
        return node(start, start.skip(1), kind, 0);
    }
    match start.kind(1) {
        Kind::PathSep => variant(start),
        Kind::ParenOpen => {
            let (rest, args) = arguments(start.skip(1))?;
            let below = highest(&args);
            let args = args.into_iter().map(|grown| grown.expr).collect();
            node(start, rest, ExprKind::Apply(start.name(), args, Spelling::Function), below)
        }
        _ => node(start, start.skip(1), ExprKind::Name(start.name()), 0),
    }
}

fn variant(start: Tokens<'_>) -> Outcome<'_, Grown> {
    let (rest, path) = path("a name").parse(start)?;
    if rest.kind(0) != Kind::BraceOpen || rest.head {
        return node(start, rest, ExprKind::Variant(path, None), 0);
    }
    let (rest, (entries, below)) = entries(rest)?;
    node(start, rest, ExprKind::Variant(path, Some(entries)), below)
}

fn arguments(input: Tokens<'_>) -> Outcome<'_, Vec<Grown>> {
    list(PARENS, "`,` or `)`", argument)(input)
}

/// An expression, or `x => e`.
fn argument(start: Tokens<'_>) -> Outcome<'_, Grown> {
    if start.kind(0) != Kind::Name || start.kind(1) != Kind::FatArrow {
        return grown(start);
    }
    let (rest, body) = cut(grown).parse(start.skip(2))?;
    node(start, rest, ExprKind::Lambda(start.name(), Box::new(body.expr)), body.height)
}

/// `{ a: e, b, ..c }` as an expression.
pub(super) fn record(start: Tokens<'_>) -> Outcome<'_, Expr> {
    if start.kind(0) == Kind::ParenOpen {
        return habit(
            start,
            "expected a record in braces, found `(`",
            "fields stand in braces",
            "write `{ field: value }`",
        );
    }
    if start.kind(0) != Kind::BraceOpen {
        return expected(start, "a record in braces");
    }
    let (rest, (entries, below)) = entries(start)?;
    let (rest, grown) = node(start, rest, ExprKind::Record(entries), below)?;
    Ok((rest, grown.expr))
}

/// `{ a: e, b, ..c }` and the height of its highest part.
fn entries(start: Tokens<'_>) -> Outcome<'_, (Vec<Entry>, usize)> {
    let mut below = 0;
    let (rest, entries) = list(BRACES, "`,` or `}`", |input| {
        let (rest, (entry, height)) = entry(input)?;
        below = below.max(height);
        Ok((rest, entry))
    })(start)?;
    Ok((rest, (entries, below)))
}

fn entry(input: Tokens<'_>) -> Outcome<'_, (Entry, usize)> {
    if input.kind(0) == Kind::Range {
        let (rest, of) = cut(grown).parse(input.skip(1))?;
        return Ok((rest, (Entry::Spread(of.expr), of.height)));
    }
    let (rest, field) = name("a field").parse(input)?;
    if rest.kind(0) == Kind::Assign {
        let edits = vec![Edit { span: rest.behind().to(rest.span(0)), text: ":".to_owned() }];
        rest.report(unexpected(rest, "`:`").fix("write `:`", Applicability::Safe, edits));
    } else if rest.kind(0) != Kind::Colon {
        return Ok((rest, (Entry::Short(field), 0)));
    }
    let (rest, value) = cut(grown).parse(rest.skip(1))?;
    Ok((rest, (Entry::Field(field, value.expr), value.height)))
}

fn highest(parts: &[Grown]) -> usize {
    parts.iter().map(|part| part.height).max().unwrap_or(0)
}
