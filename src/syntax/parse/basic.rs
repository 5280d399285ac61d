//! The smallest parsers: a mark, a word, a name, a path, a bracketed list.

use nom::Parser;
use nom::combinator::{cut, opt};
use nom::sequence::preceded;

use crate::base::limits::NESTING_MAX;
use crate::diag::{Applicability, Edit};
use crate::syntax::parse::tokens::Tokens;
use crate::syntax::parse::trouble::{Outcome, Trouble, Why, deep, expected, unexpected};
use crate::syntax::token::{Kind, Token};
use crate::syntax::tree::{Name, Path};

/// A token of this kind.
pub(super) fn mark<'a>(kind: Kind) -> impl Parser<Tokens<'a>, Output = Token, Error = Trouble> {
    expect(kind, kind.text())
}

/// A token of this kind, spoken of as `what`.
pub(super) fn expect<'a>(
    kind: Kind,
    what: &'static str,
) -> impl Parser<Tokens<'a>, Output = Token, Error = Trouble> {
    move |input: Tokens<'a>| {
        if input.kind(0) == kind { Ok((input.skip(1), input.token(0))) } else { expected(input, what) }
    }
}

/// This word; `what` is the word in backticks.
pub(super) fn word<'a>(
    text: &'static str,
    what: &'static str,
) -> impl Parser<Tokens<'a>, Output = Token, Error = Trouble> {
    move |input: Tokens<'a>| {
        if input.word(0) == text { Ok((input.skip(1), input.token(0))) } else { expected(input, what) }
    }
}

/// A name, spoken of as `what`.
pub(super) fn name<'a>(what: &'static str) -> impl Parser<Tokens<'a>, Output = Name, Error = Trouble> {
    move |input: Tokens<'a>| {
        if input.kind(0) == Kind::Name { Ok((input.skip(1), input.name())) } else { expected(input, what) }
    }
}

/// `a::b::c`
pub(super) fn path<'a>(what: &'static str) -> impl Parser<Tokens<'a>, Output = Path, Error = Trouble> {
    move |start: Tokens<'a>| {
        let (mut input, first) = name(what).parse(start)?;
        let mut segments = vec![first];
        while input.kind(0) == Kind::PathSep {
            let (rest, segment) = cut(name("a name behind `::`")).parse(input.skip(1))?;
            segments.push(segment);
            input = rest;
        }
        Ok((input, Path { segments, place: start.place(input) }))
    }
}

/// `as name`, where a name follows.
pub(super) fn bind(input: Tokens<'_>) -> Outcome<'_, Option<Name>> {
    if clause(input, "as") {
        opt(preceded(word("as", "`as`"), cut(name("a name")))).parse(input)
    } else {
        Ok((input, None))
    }
}

/// Whether this word stands here and begins a clause: not a statement of a role of that name, nor a branch.
pub(super) fn clause(input: Tokens<'_>, text: &str) -> bool {
    input.word(0) == text && !begins_branch(input) && !role_led(input)
}

/// Whether a branch of a choice begins here: a name that `:` or `when` follows, perhaps behind `as x`.
pub(super) fn begins_branch(input: Tokens<'_>) -> bool {
    let ends = |ahead: usize| {
        input.kind(ahead) == Kind::Colon
            || input.word(ahead) == "when"
                && matches!(input.kind(ahead + 1), Kind::ParenOpen | Kind::Name | Kind::Not)
    };
    input.kind(0) == Kind::Name
        && (ends(1) || input.word(1) == "as" && input.kind(2) == Kind::Name && ends(3))
}

/// Whether a statement of a role begins here: a role with its brackets, then an arrow, `does` or `let`.
pub(super) fn role_led(input: Tokens<'_>) -> bool {
    if input.kind(0) != Kind::Name {
        return false;
    }
    let mut ahead = 1;
    while matches!(input.kind(ahead), Kind::BracketOpen | Kind::Annotate) && input.past(ahead) > ahead + 1 {
        ahead = input.past(ahead);
    }
    match input.kind(ahead) {
        Kind::Arrow | Kind::ArrowAll | Kind::Swap => true,
        Kind::Name => acts(input, ahead),
        _ => false,
    }
}

/// Whether `does` or `let` stands here with what follows it in a statement of a role.
pub(super) fn acts(input: Tokens<'_>, ahead: usize) -> bool {
    match input.word(ahead) {
        "does" => input.kind(ahead + 1) == Kind::Name && input.kind(ahead + 2) == Kind::Dot,
        "let" => input.kind(ahead + 1) == Kind::Name && input.kind(ahead + 2) == Kind::Assign,
        _ => false,
    }
}

/// Runs a parser one level deeper; refuses beyond `NESTING_MAX`.
pub(super) fn deeper<'a, T>(
    input: Tokens<'a>,
    mut parser: impl FnMut(Tokens<'a>) -> Outcome<'a, T>,
) -> Outcome<'a, T> {
    if input.depth >= NESTING_MAX {
        return deep(input);
    }
    let (rest, value) = parser(Tokens { depth: input.depth + 1, ..input })?;
    Ok((Tokens { depth: input.depth, ..rest }, value))
}

/// `open item, … close`; a last comma is allowed. Once `open` has been seen, nothing else can be meant.
pub(super) fn list<'a, T>(
    (open, close): (Kind, Kind),
    between: &'static str,
    item: impl FnMut(Tokens<'a>) -> Outcome<'a, T>,
) -> impl FnMut(Tokens<'a>) -> Outcome<'a, Vec<T>> {
    let mut item = cut(item);
    move |start: Tokens<'a>| {
        let (rest, _) = mark(open).parse(start)?;
        let mut input = Tokens { head: false, ..rest };
        let mut items = Vec::new();
        while input.kind(0) != close {
            let (rest, value) = item.parse(input)?;
            items.push(value);
            input = rest;
            match input.kind(0) {
                Kind::Comma => input = input.skip(1),
                kind if kind == close => {}
                Kind::Name if field_follows(input) => {
                    let open = Tokens { at: start.at, ..input };
                    let edits = vec![Edit { span: input.behind(), text: ",".to_owned() }];
                    let said = unexpected(input, between).also(open.span(0), "opened here");
                    input.report(said.fix("add the `,`", Applicability::Safe, edits));
                }
                _ => {
                    let why = Why::Inside(between, start.at);
                    return Err(nom::Err::Failure(Trouble { at: input.at, why }));
                }
            }
        }
        Ok((Tokens { head: start.head, ..input.skip(1) }, items))
    }
}

/// Whether `name: …` begins here, and not a branch of a choice.
fn field_follows(input: Tokens<'_>) -> bool {
    let value = input.skip(2);
    input.kind(0) == Kind::Name
        && input.kind(1) == Kind::Colon
        && !role_led(value)
        && !(input.token(0).first && (value.kind(0) == Kind::BraceOpen || value.token(0).first))
}

/// `{ … }` as the brackets of a list.
pub(super) const BRACES: (Kind, Kind) = (Kind::BraceOpen, Kind::BraceClose);
/// `( … )`
pub(super) const PARENS: (Kind, Kind) = (Kind::ParenOpen, Kind::ParenClose);
/// `[ … ]`
pub(super) const BRACKETS: (Kind, Kind) = (Kind::BracketOpen, Kind::BracketClose);
/// `< … >`
pub(super) const ANGLES: (Kind, Kind) = (Kind::Less, Kind::Greater);
