//! Declarations: constants, messages, types, enums, effects.

use nom::Parser;
use nom::combinator::cut;

use crate::diag::nearest;
use crate::syntax::parse::basic::{BRACES, PARENS, expect, list, mark, name};
use crate::syntax::parse::block::close;
use crate::syntax::parse::expr::expr;
use crate::syntax::parse::text::plain_text;
use crate::syntax::parse::tokens::Tokens;
use crate::syntax::parse::trouble::{Outcome, missing};
use crate::syntax::parse::types::{field, record, ty};
use crate::syntax::token::Kind;
use crate::syntax::tree::{
    Const, Effect, Enum, Message, MessageShape, Operation, Place, Repetition, TypeAlias, TypeShape, Variant,
};

/// `const NAME = expr`
pub(super) fn constant(start: Tokens<'_>) -> Outcome<'_, Const> {
    let docs = start.docs();
    let (rest, (name, _, value)) = (name("a name"), mark(Kind::Assign), expr).parse(start.skip(1))?;
    Ok((rest, Const { docs, name, value, place: start.place(rest) }))
}

/// `message NAME { … }` or `message NAME = schema "file"`
pub(super) fn message(start: Tokens<'_>) -> Outcome<'_, Message> {
    let docs = start.docs();
    let (input, name) = name("a name").parse(start.skip(1))?;
    let (rest, shape) = match input.kind(0) {
        Kind::BraceOpen => record.map(MessageShape::Record).parse(input)?,
        Kind::Assign if is_schema(input.skip(1)) => {
            let (rest, (file, place)) = schema(input.skip(1))?;
            (rest, MessageShape::Schema(file, place))
        }
        Kind::Assign => missing(input.skip(1), "`schema` and a file in quotes")?,
        _ => missing(input, "the fields in braces, or `= schema` and a file")?,
    };
    Ok((rest, Message { docs, name, shape, place: start.place(rest) }))
}

/// `type NAME = T` or `type NAME = schema "file"`
pub(super) fn type_alias(start: Tokens<'_>) -> Outcome<'_, TypeAlias> {
    let docs = start.docs();
    let (input, (name, _)) = (name("a name"), mark(Kind::Assign)).parse(start.skip(1))?;
    let (rest, shape) = if is_schema(input) {
        let (rest, (file, place)) = schema(input)?;
        (rest, TypeShape::Schema(file, place))
    } else {
        ty.map(TypeShape::Type).parse(input)?
    };
    Ok((rest, TypeAlias { docs, name, shape, place: start.place(rest) }))
}

fn is_schema(input: Tokens<'_>) -> bool {
    input.word(0) == "schema" && input.kind(1) == Kind::TextOpen
}

fn schema(input: Tokens<'_>) -> Outcome<'_, (String, Place)> {
    plain_text(input.skip(1), "a file in quotes")
}

/// `enum NAME { A, B { x: Int } }`
pub(super) fn enumeration(start: Tokens<'_>) -> Outcome<'_, Enum> {
    let docs = start.docs();
    let (input, name) = name("a name").parse(start.skip(1))?;
    let (rest, variants) = list(BRACES, "`,` or `}`", variant)(input)?;
    Ok((rest, Enum { docs, name, variants, place: start.place(rest) }))
}

fn variant(start: Tokens<'_>) -> Outcome<'_, Variant> {
    let docs = start.docs();
    let (rest, name) = name("a variant").parse(start)?;
    let (rest, fields) = if rest.kind(0) == Kind::BraceOpen { record(rest)? } else { (rest, Vec::new()) };
    Ok((rest, Variant { docs, name, fields, place: start.place(rest) }))
}

/// `effect NAME { op(x: Int) -> T : pure }`
pub(super) fn effect(start: Tokens<'_>) -> Outcome<'_, Effect> {
    let docs = start.docs();
    let (open, name) = name("a name").parse(start.skip(1))?;
    let (mut input, _) = expect(Kind::BraceOpen, "`{`").parse(open)?;
    let mut operations = Vec::new();
    loop {
        match input.kind(0) {
            Kind::Semicolon | Kind::Comma => input = input.skip(1),
            Kind::BraceClose | Kind::End => break,
            _ => {
                let (rest, operation) = cut(operation).parse(input)?;
                operations.push(operation);
                input = rest;
            }
        }
    }
    let rest = close(open, input);
    Ok((rest, Effect { docs, name, operations, place: start.place(rest) }))
}

fn operation(start: Tokens<'_>) -> Outcome<'_, Operation> {
    let docs = start.docs();
    let (rest, name) = name("an operation").parse(start)?;
    let (mut input, params) = list(PARENS, "`,` or `)`", field)(rest)?;
    let (mut result, mut repetition) = (None, None);
    if input.kind(0) == Kind::Arrow {
        let (rest, ty) = ty(input.skip(1))?;
        (input, result) = (rest, Some(ty));
    }
    if input.kind(0) == Kind::Colon {
        let (rest, how) = self::repetition(input.skip(1))?;
        (input, repetition) = (rest, Some(how));
    }
    Ok((input, Operation { docs, name, params, result, repetition, place: start.place(input) }))
}

fn repetition(input: Tokens<'_>) -> Outcome<'_, Repetition> {
    let how = match input.word(0) {
        "pure" => Repetition::Pure,
        "idempotent" => Repetition::Idempotent,
        "once" => Repetition::Once,
        other => match nearest(other, ["pure", "idempotent", "once"]) {
            Some("pure") => return missing(input, "`pure`"),
            Some("idempotent") => return missing(input, "`idempotent`"),
            Some("once") => return missing(input, "`once`"),
            _ => return missing(input, "`pure`, `idempotent` or `once`"),
        },
    };
    Ok((input.skip(1), how))
}
