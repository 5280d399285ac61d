//! Choreographies: attributes, header, roles, nested choreographies, body.

use nom::Parser;
use nom::combinator::cut;

use crate::diag::code::Code;
use crate::diag::{Applicability, Diagnostic, Edit};
use crate::syntax::parse::basic::{BRACES, PARENS, deeper, expect, list, mark, name, role_led};
use crate::syntax::parse::block::{Ends, border, close, keyword_led, one};
use crate::syntax::parse::expr::expr;
use crate::syntax::parse::number::count;
use crate::syntax::parse::role::role;
use crate::syntax::parse::tokens::Tokens;
use crate::syntax::parse::trouble::{Outcome, report, unexpected};
use crate::syntax::parse::types::{default, record, ty};
use crate::syntax::token::Kind;
use crate::syntax::tree::{Attribute, Block, Choreography, Docs, Field, Param, Place, RoleDecl, Size, Stmt};

/// Whether a choreography begins here: its keyword and name, and what follows a name.
pub(super) fn begins_choreography(input: Tokens<'_>) -> bool {
    input.kind(0) == Kind::Attribute
        || matches!(input.word(0), "choreography" | "protocol")
            && input.kind(1) == Kind::Name
            && (matches!(input.kind(2), Kind::BraceOpen | Kind::ParenOpen) || input.word(2) == "returns")
}

/// `#[name = literal]` … and the documentation before each and before what follows.
pub(super) fn attributes(start: Tokens<'_>) -> Outcome<'_, (Docs, Vec<Attribute>)> {
    let (mut input, mut docs, mut attributes) = (start, start.docs(), Vec::new());
    while input.kind(0) == Kind::Attribute {
        let (rest, attribute) = cut(attribute).parse(input)?;
        attributes.push(attribute);
        docs.append(&mut rest.docs());
        input = rest;
    }
    Ok((input, (docs, attributes)))
}

fn attribute(start: Tokens<'_>) -> Outcome<'_, Attribute> {
    let attribute = (name("an attribute"), mark(Kind::Assign), expr, mark(Kind::BracketClose));
    let (rest, (name, _, value, _)) = { attribute }.parse(start.skip(1))?;
    Ok((rest, Attribute { name, value, place: start.place(rest) }))
}

/// A choreography with its keyword.
pub(super) fn choreography(start: Tokens<'_>) -> Outcome<'_, Choreography> {
    let (input, (docs, attributes)) = attributes(start)?;
    if !matches!(input.word(0), "choreography" | "protocol") {
        let (_, _) = cut(expect(Kind::Unknown, "`choreography` or `protocol`")).parse(input)?;
    }
    cut(|rest| named(input, rest, docs.clone(), attributes.clone())).parse(input.skip(1))
}

/// What follows the keyword, or stands without one in `choreography! { … }`.
pub(super) fn named<'a>(
    start: Tokens<'a>,
    input: Tokens<'a>,
    docs: Docs,
    attributes: Vec<Attribute>,
) -> Outcome<'a, Choreography> {
    let (mut input, name) = name("a name for the choreography").parse(input)?;
    let mut params = Vec::new();
    if input.kind(0) == Kind::ParenOpen {
        (input, params) = list(PARENS, "`,` or `)`", param)(input)?;
    }
    let (open, returns) = returns(input)?;
    let (rest, contents) = deeper(open, |open| contents(open, &name.text))?;
    let Contents { roles, nested, body } = contents;
    let place = start.place(rest);
    Ok((rest, Choreography { docs, attributes, name, params, returns, roles, nested, body, place }))
}

fn returns(input: Tokens<'_>) -> Outcome<'_, Option<Vec<Field>>> {
    if input.word(0) != "returns" {
        return Ok((input, None));
    }
    let (rest, fields) = cut(record).parse(input.skip(1))?;
    Ok((rest, Some(fields)))
}

/// `name: T = literal at ROLE`
fn param(input: Tokens<'_>) -> Outcome<'_, Param> {
    let (rest, (name, _, ty)) = (name("a parameter"), mark(Kind::Colon), ty).parse(input)?;
    let (rest, default) = default(rest)?;
    if rest.word(0) != "at" {
        return Ok((rest, Param { name, ty, default, at: None }));
    }
    let (rest, at) = role(rest.skip(1))?;
    Ok((rest, Param { name, ty, default, at: Some(at) }))
}

/// What stands between the braces of a choreography.
struct Contents {
    roles: Vec<RoleDecl>,
    nested: Vec<Choreography>,
    body: Block,
}

fn contents<'a>(open: Tokens<'a>, name: &str) -> Outcome<'a, Contents> {
    let (mut input, _) = expect(Kind::BraceOpen, "`{`").parse(open)?;
    let roles;
    (input, roles) = roles_or_report(input, name);
    let (mut nested, mut stmts): (Vec<Choreography>, Vec<Stmt>) = (Vec::new(), Vec::new());
    // Where a block around here was just found open, the choreography is not inside but the next one.
    let inside = |input: Tokens<'_>| begins_choreography(input) && !input.reported();
    loop {
        if input.kind(0) == Kind::Semicolon {
            input = input.skip(1);
        } else if input.over() {
            break;
        } else if inside(input) {
            match choreography(input) {
                Ok((rest, choreography)) => {
                    nested.push(choreography);
                    input = rest;
                }
                Err(error) => {
                    let at = report(input, error);
                    input = border(input, at.max(input.at + 1), Ends::BRACE);
                }
            }
        } else if Ends::BRACE.here(input) {
            break;
        } else {
            input = one(input, Ends::BRACE, &mut stmts);
        }
    }
    let rest = close(open, input);
    let body = Block { stmts, place: Place(open.span(0).to(rest.behind())) };
    Ok((rest, Contents { roles, nested, body }))
}

/// `roles: …`; roles that are missing are reported.
fn roles_or_report<'a>(input: Tokens<'a>, name: &str) -> (Tokens<'a>, Vec<RoleDecl>) {
    if input.word(0) != "roles" || role_led(input) {
        let said = Diagnostic::new(Code::E0013, input.span(0), format!("`{name}` names no roles"))
            .here("expected `roles:`")
            .help("begin with `roles: A, B`");
        input.report(said);
        return (input, Vec::new());
    }
    let after = input.skip(1);
    let after = if after.kind(0) == Kind::Colon { after.skip(1) } else { after };
    if after.kind(0) == Kind::BraceOpen && after.past(0) > 1 {
        return roles_in_braces(after);
    }
    let (mut input, mut roles) = (after, Vec::new());
    loop {
        match role_decl(input) {
            Ok((rest, role)) => {
                roles.push(role);
                input = rest;
            }
            Err(error) => {
                let at = report(input, error);
                return (border(input, at, Ends::BRACE), roles);
            }
        }
        if role_follows(input) {
            let edits = vec![Edit { span: input.behind(), text: ",".to_owned() }];
            input.report(unexpected(input, "`,`").fix("add the `,`", Applicability::Safe, edits));
            continue;
        }
        if input.kind(0) != Kind::Comma {
            return (input, roles);
        }
        input = input.skip(1);
        let ended =
            input.kind(0) != Kind::Name || role_led(input) || input.token(0).first && keyword_led(input);
        if ended {
            return (input, roles);
        }
    }
}

/// Whether a name stands here that can only be a role whose `,` was forgotten.
fn role_follows(input: Tokens<'_>) -> bool {
    input.kind(0) == Kind::Name
        && !input.token(0).first
        && !role_led(input)
        && !keyword_led(input)
        && !begins_choreography(input)
}

/// `{ A, B }` where the roles stand without braces: said, and read.
fn roles_in_braces(open: Tokens<'_>) -> (Tokens<'_>, Vec<RoleDecl>) {
    let close = open.skip(open.past(0) - 1);
    let edits = [open.span(0), close.span(0)].map(|span| Edit { span, text: String::new() });
    let said = Diagnostic::new(Code::E0001, open.span(0), "expected a role, found `{`")
        .here("roles stand without braces")
        .fix("take the braces away", Applicability::Safe, edits.to_vec());
    open.report(said);
    match list(BRACES, "`,` or `}`", role_decl)(open) {
        Ok((rest, roles)) => (rest, roles),
        Err(error) => {
            report(open, error);
            (close.skip(1), Vec::new())
        }
    }
}

/// `NAME [size]`
fn role_decl(input: Tokens<'_>) -> Outcome<'_, RoleDecl> {
    let docs = input.docs();
    let (rest, name) = name("a role").parse(input)?;
    if rest.kind(0) != Kind::BracketOpen {
        return Ok((rest, RoleDecl { docs, name, size: None }));
    }
    let (rest, size) = cut(size).parse(rest.skip(1))?;
    let (rest, _) = cut(mark(Kind::BracketClose)).parse(rest)?;
    Ok((rest, RoleDecl { docs, name, size: Some(size) }))
}

fn size(input: Tokens<'_>) -> Outcome<'_, Size> {
    match input.kind(0) {
        Kind::Star => Ok((input.skip(1), Size::Any)),
        Kind::Name => Ok((input.skip(1), Size::Named(input.name()))),
        Kind::Int => count.map(|count| Size::Count(count, Place(input.span(0)))).parse(input),
        _ => cut(expect(Kind::Unknown, "a number, a name or `*`")).map(|_| Size::Any).parse(input),
    }
}
