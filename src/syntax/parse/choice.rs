//! `choice at R { label: … }`

use nom::Parser;
use nom::combinator::cut;

use crate::syntax::lexer::opens;
use crate::syntax::parse::basic::{begins_branch, bind, deeper, expect, name};
use crate::syntax::parse::block::{Ends, block, close, colon_before_block, done, habit, over, statements};
use crate::syntax::parse::exchange::parenthesised;
use crate::syntax::parse::expr::head;
use crate::syntax::parse::role::role;
use crate::syntax::parse::tokens::Tokens;
use crate::syntax::parse::trouble::{Outcome, report};
use crate::syntax::token::Kind;
use crate::syntax::tree::{Block, Branch, Choice, Expr, RoleRef, StmtKind};

/// `choice at R on e within d at O { … }`
pub(super) fn choice(input: Tokens<'_>) -> Outcome<'_, Box<StmtKind>> {
    let (mut input, owner) = owner(input.skip(1))?;
    if input.word(0) == "at" && input.kind(1) == Kind::BraceOpen {
        let help = format!("write `choice at {}`", owner.name.text);
        return habit(input, "`at` stands behind the owner", "stands before a role", help);
    }
    let mut on = None;
    if input.word(0) == "on" {
        let (rest, value) = head(input.skip(1))?;
        (input, on) = (rest, Some(value));
    }
    let (input, within) = within(input)?;
    let (rest, branches) = deeper(input, branches)?;
    done(rest, StmtKind::Choice(Choice { owner, on, within, branches }))
}

/// `at R`, or `R`; a role may itself be called `at`.
fn owner(input: Tokens<'_>) -> Outcome<'_, RoleRef> {
    let at = input.word(0) == "at" && (input.kind(1) == Kind::Name || input.kind(1) != Kind::BraceOpen);
    role(if at { input.skip(1) } else { input })
}

/// `within d at O`
fn within(input: Tokens<'_>) -> Outcome<'_, Option<(Expr, Option<RoleRef>)>> {
    if input.word(0) != "within" {
        return Ok((input, None));
    }
    let (rest, span) = head(input.skip(1))?;
    if rest.word(0) != "at" {
        return Ok((rest, Some((span, None))));
    }
    let (rest, waits) = role(rest.skip(1))?;
    Ok((rest, Some((span, Some(waits)))))
}

fn branches(open: Tokens<'_>) -> Outcome<'_, Vec<Branch>> {
    let (mut input, _) = expect(Kind::BraceOpen, "`{`").parse(open)?;
    let mut branches = Vec::new();
    loop {
        while matches!(input.kind(0), Kind::Semicolon | Kind::Comma) {
            input = input.skip(1);
        }
        if Ends::BRACE.here(input) || input.over() {
            return Ok((close(open, input), branches));
        }
        match branch(input) {
            Ok((rest, branch)) => {
                branches.push(branch);
                input = rest;
            }
            Err(error) => input = border(input, report(input, error)),
        }
    }
}

/// `label as x when (e): …`
fn branch(start: Tokens<'_>) -> Outcome<'_, Branch> {
    let docs = start.docs();
    let (input, label) = name("a label and `:`").parse(start)?;
    let (mut input, bind) = bind(input)?;
    let mut when = None;
    if input.word(0) == "when" {
        let (rest, condition) = cut(parenthesised).parse(input.skip(1))?;
        (input, when) = (rest, Some(condition));
    }
    let (input, ()) = colon_before_block(input, "`:` behind the label")?;
    let (rest, body) = body(input)?;
    Ok((rest, Branch { docs, label, bind, when, body }))
}

/// A block, or statements up to the next label.
fn body(input: Tokens<'_>) -> Outcome<'_, Block> {
    if input.kind(0) == Kind::BraceOpen {
        return block(input);
    }
    let (rest, stmts) = statements(input, Ends { label: true, pipe: false, otherwise: false });
    Ok((rest, Block { stmts, place: over(input, rest) }))
}

/// The next label behind the token `at`, where the branch that begins at `start` went wrong.
fn border<'a>(start: Tokens<'a>, at: usize) -> Tokens<'a> {
    let mut input = Tokens { at: at.max(start.at), ..start };
    loop {
        let begun = input.at > start.at;
        if Ends::BRACE.here(input) || begun && begins_branch(input) {
            return input;
        }
        input = if opens(input.kind(0)) { input.skip(input.past(0)) } else { input.skip(1) };
    }
}
