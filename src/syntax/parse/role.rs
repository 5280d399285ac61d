//! Roles where they act, the members of families, and annotations.

use nom::Parser;
use nom::combinator::cut;

use crate::syntax::parse::basic::{list, mark, name};
use crate::syntax::parse::expr::expr;
use crate::syntax::parse::tokens::Tokens;
use crate::syntax::parse::trouble::Outcome;
use crate::syntax::token::Kind;
use crate::syntax::tree::{Annotation, RoleRef, Selector};

/// A role, one member, or several, with annotations.
pub(super) fn role(start: Tokens<'_>) -> Outcome<'_, RoleRef> {
    let (mut input, name) = name("a role").parse(start)?;
    let mut place = start.place(input);
    let (mut selector, mut annotations) = (None, Vec::new());
    // All groups of a row belong to the same end, so one look ahead decides for all of them.
    let mut belong = None;
    loop {
        match input.kind(0) {
            Kind::BracketOpen if guards(input) => {
                let (rest, mut more) =
                    list((Kind::BracketOpen, Kind::BracketClose), BETWEEN, annotation)(input)?;
                annotations.append(&mut more);
                input = rest;
            }
            Kind::BracketOpen if selector.is_none() => {
                let (rest, which) = cut(self::selector).parse(input.skip(1))?;
                let (rest, _) = cut(mark(Kind::BracketClose)).parse(rest)?;
                selector = Some(which);
                place = start.place(rest);
                input = rest;
            }
            Kind::Annotate if *belong.get_or_insert_with(|| belongs(input)) => {
                let (rest, mut more) = self::annotations(input)?;
                annotations.append(&mut more);
                input = rest;
            }
            _ => return Ok((input, RoleRef { name, selector, annotations, place })),
        }
    }
}

/// Between two annotations.
const BETWEEN: &str = "`,` or `]`";

/// `[@name = value, …]`
pub(super) fn annotations(input: Tokens<'_>) -> Outcome<'_, Vec<Annotation>> {
    list((Kind::Annotate, Kind::BracketClose), BETWEEN, annotation)(input)
}

fn annotation(input: Tokens<'_>) -> Outcome<'_, Annotation> {
    let input = if input.kind(0) == Kind::At { input.skip(1) } else { input };
    let (rest, name) = name("an annotation").parse(input)?;
    if rest.kind(0) != Kind::Assign {
        return Ok((rest, Annotation { name, value: None }));
    }
    let (rest, value) = cut(expr).parse(rest.skip(1))?;
    Ok((rest, Annotation { name, value: Some(value) }))
}

/// Whether `[` opens guard annotations, `[name = …`, and not a selector.
fn guards(input: Tokens<'_>) -> bool {
    input.kind(1) == Kind::Name && input.kind(2) == Kind::Assign
}

/// Whether the annotations here belong to the role before them, and not to the statement behind them.
fn belongs(input: Tokens<'_>) -> bool {
    let mut ahead = input.past(0);
    while matches!(input.kind(ahead), Kind::Annotate | Kind::BracketOpen) && input.past(ahead) > ahead + 1 {
        ahead = input.past(ahead);
    }
    matches!(
        input.kind(ahead),
        Kind::Arrow
            | Kind::ArrowAll
            | Kind::Swap
            | Kind::Colon
            | Kind::Comma
            | Kind::BraceOpen
            | Kind::ParenClose
    ) || matches!(input.word(ahead), "does" | "let")
}

/// What stands between the brackets behind a family.
fn selector(input: Tokens<'_>) -> Outcome<'_, Selector> {
    if input.kind(0) == Kind::Star {
        return Ok((input.skip(1), Selector::All));
    }
    if input.word(0) == "in" && input.kind(1) != Kind::BracketClose {
        let (rest, of) = cut(expr).parse(input.skip(1))?;
        return Ok((rest, Selector::In(of)));
    }
    let (rest, first) = expr(input)?;
    if rest.kind(0) != Kind::Range {
        return Ok((rest, Selector::Index(first)));
    }
    let (rest, end) = cut(expr).parse(rest.skip(1))?;
    Ok((rest, Selector::Range(first, end)))
}
