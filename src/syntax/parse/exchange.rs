//! Statements that a role begins: exchanges, relays, local steps.

use nom::Parser;
use nom::combinator::cut;

use crate::diag::code::Code;
use crate::diag::source::Span;
use crate::diag::{Applicability, Diagnostic, Edit};
use crate::syntax::parse::atom::record;
use crate::syntax::parse::basic::{
    PARENS, begins_branch, bind, clause, expect, list, mark, name, path, role_led,
};
use crate::syntax::parse::block::{done, habit, keyword_led};
use crate::syntax::parse::expr::{expr, head};
use crate::syntax::parse::role::role;
use crate::syntax::parse::tokens::Tokens;
use crate::syntax::parse::trouble::{Outcome, missing, unexpected};
use crate::syntax::parse::types::{perhaps_typed, type_args};
use crate::syntax::token::Kind;
use crate::syntax::tree::{
    Arg, Collect, Declares, Does, Exchange, Expr, Let, Name, Path, Receivers, Relay, RoleRef, StmtKind,
};

/// `R does …`, `R let …`, `R -> …`
pub(super) fn role_statement(input: Tokens<'_>) -> Outcome<'_, Box<StmtKind>> {
    let (rest, role) = role(input)?;
    match (rest.kind(0), rest.word(0)) {
        (_, "does") => cut(|input| does(input, role.clone())).parse(rest.skip(1)),
        (_, "let") => cut(|input| bound(input, role.clone())).parse(rest.skip(1)),
        (Kind::Arrow, _) if rest.kind(1) == Kind::Star => others(rest.skip(2), role),
        (Kind::ArrowAll, _) => others(rest.skip(1), role),
        (Kind::Swap, _) => swap(rest.skip(1), role),
        (Kind::Arrow, _) => arrows(rest, role),
        (Kind::FatArrow | Kind::Greater | Kind::Minus | Kind::GreaterEqual, _) => slipped_arrow(rest, role),
        _ => missing(rest, "`->`, `does` or `let` behind the role"),
    }
}

/// `=>`, `>` or `- >` where `->` is meant: said, and read as `->`.
fn slipped_arrow(input: Tokens<'_>, from: RoleRef) -> Outcome<'_, Box<StmtKind>> {
    let split = input.kind(0) == Kind::Minus && input.kind(1) == Kind::Greater;
    if input.kind(usize::from(split) + 1) != Kind::Name {
        return missing(input, "`->`, `does` or `let` behind the role");
    }
    let span = if split { input.span(0).to(input.span(1)) } else { input.span(0) };
    let edits = vec![Edit { span, text: "->".to_owned() }];
    input.report(unexpected(input, "`->`").fix("write `->`", Applicability::Safe, edits));
    arrows_from(input.skip(usize::from(split)), from)
}

fn does(input: Tokens<'_>, role: RoleRef) -> Outcome<'_, Box<StmtKind>> {
    let (rest, (effect, _, operation)) =
        (name("an effect"), expect(Kind::Dot, "`.` and an operation"), name("an operation")).parse(input)?;
    let (rest, args) = if clause(rest, "as") && rest.kind(1) == Kind::Name {
        let edits = vec![Edit { span: rest.behind(), text: "()".to_owned() }];
        rest.report(unexpected(rest, "`(`").fix("add the parentheses", Applicability::Safe, edits));
        (rest, Vec::new())
    } else {
        list(PARENS, "`,` or `)`", argument)(rest)?
    };
    let (rest, bind) = bind(rest)?;
    done(rest, StmtKind::Does(Does { role, effect, operation, args, bind }))
}

fn argument(input: Tokens<'_>) -> Outcome<'_, Arg> {
    let named = input.kind(0) == Kind::Name && input.kind(1) == Kind::Colon;
    let (input, name) = if named { (input.skip(2), Some(input.name())) } else { (input, None) };
    let (rest, value) = expr(input)?;
    Ok((rest, Arg { name, value }))
}

fn bound(input: Tokens<'_>, role: RoleRef) -> Outcome<'_, Box<StmtKind>> {
    let (rest, (name, _, value)) = (name("a name"), mark(Kind::Assign), expr).parse(input)?;
    if rest.kind(0) == Kind::Question {
        let help = "write `if condition then this else that`";
        return habit(rest, "expected a statement, found `?`", "chooses nothing", help);
    }
    done(rest, StmtKind::Let(Let { role, name, value }))
}

/// `->* : M`
fn others(input: Tokens<'_>, from: RoleRef) -> Outcome<'_, Box<StmtKind>> {
    let (rest, _) = cut(expect(Kind::Colon, "`:` and a message")).parse(input)?;
    let (rest, (message, declares)) = message(rest)?;
    clauses(rest, from, Receivers::Others, message, declares)
}

/// `<-> B`, perhaps with a message
fn swap(input: Tokens<'_>, from: RoleRef) -> Outcome<'_, Box<StmtKind>> {
    let (rest, to) = cut(role).parse(input)?;
    relay(rest, vec![from, to], true)
}

/// `-> B …`
fn arrows(input: Tokens<'_>, from: RoleRef) -> Outcome<'_, Box<StmtKind>> {
    arrows_from(input, from)
}

/// What stands behind an arrow: one receiver or several, or further hops.
fn arrows_from(input: Tokens<'_>, from: RoleRef) -> Outcome<'_, Box<StmtKind>> {
    let (mut rest, first) = cut(role).parse(input.skip(1))?;
    if rest.kind(0) == Kind::Arrow {
        let mut hops = vec![from, first];
        while rest.kind(0) == Kind::Arrow {
            let (next, hop) = cut(role).parse(rest.skip(1))?;
            hops.push(hop);
            rest = next;
        }
        return relay(rest, hops, false);
    }
    let mut to = vec![first];
    while rest.kind(0) == Kind::Comma {
        let (next, receiver) = cut(role).parse(rest.skip(1))?;
        to.push(receiver);
        rest = next;
    }
    let several = to.len() > 1;
    if rest.kind(0) != Kind::Colon && !several && !colon_missing(rest) {
        to.insert(0, from);
        return relay(rest, to, false);
    }
    let (rest, ()) = colon(rest)?;
    let (rest, (message, declares)) = message(rest)?;
    clauses(rest, from, Receivers::Listed(to), message, declares)
}

/// Whether the name here can only be a message whose `:` was forgotten.
fn colon_missing(input: Tokens<'_>) -> bool {
    let next = input.token(0);
    next.kind == Kind::Name && !next.first && !begins_branch(input) && !role_led(input) && !keyword_led(input)
}

/// `:`; one that was forgotten before a message is said and supplied.
fn colon(input: Tokens<'_>) -> Outcome<'_, ()> {
    if input.kind(0) == Kind::Colon {
        return Ok((input.skip(1), ()));
    }
    if !colon_missing(input) {
        return missing(input, "`:` and a message");
    }
    let span = input.behind();
    let edits = vec![Edit { span, text: ":".to_owned() }];
    input.report(unexpected(input, "`:` and a message").fix("add the `:`", Applicability::Safe, edits));
    Ok((input, ()))
}

/// The message, and the fields that it is given here.
fn message(input: Tokens<'_>) -> Outcome<'_, (Path, Option<Declares>)> {
    if input.token(0).first && (role_led(input) || keyword_led(input)) {
        return missing(input, "a message");
    }
    let (rest, message) = cut(path("a message")).parse(input)?;
    let (rest, declares) = declares(rest)?;
    Ok((rest, (message, declares)))
}

fn declares(input: Tokens<'_>) -> Outcome<'_, Option<Declares>> {
    let value = |kind| matches!(kind, Kind::Int | Kind::Float | Kind::Duration | Kind::TextOpen);
    match input.kind(0) {
        Kind::ParenOpen if value(input.kind(1)) => habit(
            input.skip(1),
            "a value stands among the fields of a message",
            "fields have a name and a type here",
            "give values behind the message: `with { field: value }`",
        ),
        Kind::ParenOpen => {
            let (rest, fields) = list(PARENS, "`,` or `)`", perhaps_typed)(input)?;
            Ok((rest, Some(Declares::Fields(fields))))
        }
        Kind::Less => {
            let (rest, types) = type_args(input)?;
            if rest.kind(0) != Kind::ParenOpen {
                return Ok((rest, Some(Declares::Types(types, Vec::new()))));
            }
            let (rest, names) = list(PARENS, "`,` or `)`", |input| field_name(input))(rest)?;
            Ok((rest, Some(Declares::Types(types, names))))
        }
        _ if clause(input, "of") && input.kind(1) == Kind::Name => {
            let (rest, of) = cut(path("a type")).parse(input.skip(1))?;
            Ok((rest, Some(Declares::Of(of))))
        }
        _ => Ok((input, None)),
    }
}

fn field_name(input: Tokens<'_>) -> Outcome<'_, Name> {
    name("a name").parse(input)
}

/// A relay's message, if it has one.
fn relay(input: Tokens<'_>, hops: Vec<RoleRef>, swap: bool) -> Outcome<'_, Box<StmtKind>> {
    if input.kind(0) != Kind::Colon && !colon_missing(input) {
        return done(input, StmtKind::Relay(Relay { hops, swap, message: None, declares: None }));
    }
    let (rest, ()) = colon(input)?;
    let (rest, (message, declares)) = message(rest)?;
    if clause(rest, "with") || clause(rest, "collect") {
        rest.report(
            Diagnostic::new(Code::E0001, rest.span(0), format!("`{}` behind a relay", rest.word(0)))
                .here("a relay passes on what it got")
                .help("write the hops as exchanges of their own"),
        );
    }
    done(rest, StmtKind::Relay(Relay { hops, swap, message: Some(message), declares }))
}

/// `with { … }` and `collect …` behind an exchange.
fn clauses(
    input: Tokens<'_>,
    from: RoleRef,
    to: Receivers,
    message: Path,
    declares: Option<Declares>,
) -> Outcome<'_, Box<StmtKind>> {
    let (input, with) = if clause(input, "with") {
        let (rest, with) = cut(record).parse(input.skip(1))?;
        (rest, Some(with))
    } else if payload_without_with(input) {
        let span = input.behind();
        let edits = vec![Edit { span, text: " with".to_owned() }];
        input.report(unexpected(input, "`with` before the payload").fix(
            "add `with`",
            Applicability::Safe,
            edits,
        ));
        let (rest, with) = cut(record).parse(input)?;
        (rest, Some(with))
    } else {
        (input, None)
    };
    let (input, collect) = if clause(input, "collect") {
        let (rest, collect) = collect(input)?;
        (rest, Some(collect))
    } else {
        (input, None)
    };
    done(input, StmtKind::Exchange(Box::new(Exchange { from, to, message, declares, with, collect })))
}

/// Whether fields stand right behind a message, as the fields of a value do elsewhere.
fn payload_without_with(input: Tokens<'_>) -> bool {
    input.kind(0) == Kind::BraceOpen
        && !input.token(0).first
        && input.kind(1) == Kind::Name
        && matches!(input.kind(2), Kind::Colon | Kind::Comma | Kind::BraceClose | Kind::Assign)
}

/// `collect until (e) within d as x`
fn collect(start: Tokens<'_>) -> Outcome<'_, Collect> {
    let mut input = start.skip(1);
    let (mut until, mut within) = (None, None);
    if clause(input, "until") {
        let (rest, condition) = cut(parenthesised).parse(input.skip(1))?;
        (input, until) = (rest, Some(condition));
    }
    if clause(input, "within") {
        let (rest, span) = cut(expr).parse(input.skip(1))?;
        (input, within) = (rest, Some(span));
    }
    let (rest, bind) = bind(input)?;
    Ok((rest, Collect { until, within, bind, place: start.place(rest) }))
}

/// `(e)`, where the parentheses must stand.
pub(super) fn parenthesised(input: Tokens<'_>) -> Outcome<'_, Expr> {
    if matches!(input.kind(0), Kind::Name | Kind::Not) {
        // The condition is there, its parentheses are not.
        let (rest, condition) = cut(head).parse(input)?;
        let (open, close) = (input.span(0), rest.behind());
        let edits = vec![
            Edit { span: Span { end: open.start, ..open }, text: "(".to_owned() },
            Edit { span: close, text: ")".to_owned() },
        ];
        let said = unexpected(input, "`(` and a condition");
        input.report(said.fix("put the condition into parentheses", Applicability::Safe, edits));
        return Ok((rest, condition));
    }
    let (rest, _) = expect(Kind::ParenOpen, "`(` and a condition").parse(input)?;
    let (rest, condition) = cut(expr).parse(rest)?;
    let (rest, _) = cut(mark(Kind::ParenClose)).parse(rest)?;
    Ok((rest, condition))
}
