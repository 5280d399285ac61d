//! `call` with its roles and values, and `fail`.

use nom::Parser;
use nom::combinator::cut;

use crate::syntax::parse::atom::record;
use crate::syntax::parse::basic::{bind, mark, name, path, word};
use crate::syntax::parse::block::{done, habit};
use crate::syntax::parse::expr::expr;
use crate::syntax::parse::role::role;
use crate::syntax::parse::tokens::Tokens;
use crate::syntax::parse::trouble::{Outcome, missing, shortened};
use crate::syntax::token::Kind;
use crate::syntax::tree::{Call, Expr, Fail, Name, RoleRef, StmtKind};

/// `call path(A = B; x = e) as y`
pub(super) fn call(input: Tokens<'_>) -> Outcome<'_, Box<StmtKind>> {
    let (mut rest, path) = cut(path("a choreography")).parse(input.skip(1))?;
    let (mut roles, mut args) = (Vec::new(), Vec::new());
    if rest.kind(0) == Kind::ParenOpen {
        (rest, (roles, args)) = cut(call_arguments).parse(rest)?;
    }
    let (rest, bind) = bind(rest)?;
    done(rest, StmtKind::Call(Call { path, roles, args, bind }))
}

type CallArguments = (Vec<(Name, RoleRef)>, Vec<(Name, Expr)>);

/// `(ROLE = R, … ; NAME = expr, …)`
fn call_arguments(start: Tokens<'_>) -> Outcome<'_, CallArguments> {
    let mut input = start.skip(1);
    let (mut roles, mut args, mut values) = (Vec::new(), Vec::new(), false);
    loop {
        match input.kind(0) {
            Kind::ParenClose => return Ok((input.skip(1), (roles, args))),
            Kind::Semicolon if !values => {
                (input, values) = (input.skip(1), true);
                continue;
            }
            _ if values => {
                let (rest, (name, _, value)) =
                    (name("a parameter"), mark(Kind::Assign), expr).parse(input)?;
                args.push((name, value));
                input = rest;
            }
            Kind::Name if matches!(input.kind(1), Kind::Comma | Kind::ParenClose) => {
                let help = format!("say which role `{0}` plays: `R = {0}`", shortened(input.word(0)));
                return habit(input, "a role without the role that it plays", "plays which role?", help);
            }
            _ => {
                let player = |input| {
                    if input_is_value(input) {
                        missing(input, "a role; `;` before values")
                    } else {
                        role(input)
                    }
                };
                let (rest, (name, _, player)) = (name("a role"), mark(Kind::Assign), player).parse(input)?;
                roles.push((name, player));
                input = rest;
            }
        }
        match input.kind(0) {
            Kind::Comma => input = input.skip(1),
            Kind::ParenClose => {}
            Kind::Semicolon if !values => {}
            _ => return missing(input, if values { "`,` or `)`" } else { "`,`, `;` or `)`" }),
        }
    }
}

fn input_is_value(input: Tokens<'_>) -> bool {
    input.kind(0) != Kind::Name
}

/// `fail name with { … } at R`
pub(super) fn fail(input: Tokens<'_>) -> Outcome<'_, Box<StmtKind>> {
    let (mut rest, name) = cut(name("what fails")).parse(input.skip(1))?;
    let mut with = None;
    if rest.word(0) == "with" {
        let (next, record) = cut(record).parse(rest.skip(1))?;
        (rest, with) = (next, Some(record));
    }
    let (rest, _) = cut(word("at", "`at` and a role")).parse(rest)?;
    let (rest, at) = cut(role).parse(rest)?;
    done(rest, StmtKind::Fail(Fail { name, with, at }))
}
