//! `try at R within d { … } on cause { … }`

use nom::Parser;
use nom::combinator::cut;

use crate::diag::code::Code;
use crate::diag::{Applicability, Diagnostic, Edit, nearest};
use crate::syntax::parse::basic::{bind, clause, word};
use crate::syntax::parse::block::{block, done};
use crate::syntax::parse::expr::head;
use crate::syntax::parse::role::role;
use crate::syntax::parse::tokens::Tokens;
use crate::syntax::parse::trouble::{Outcome, missing, shortened};
use crate::syntax::token::Kind;
use crate::syntax::tree::{Cause, Handler, StmtKind, Try};

/// `try at R within d { … } on cause { … }`
pub(super) fn scope(input: Tokens<'_>) -> Outcome<'_, Box<StmtKind>> {
    let (mut input, (_, owner)) = (word("at", "`at` and a role"), role).parse(input.skip(1))?;
    let mut within = None;
    if input.word(0) == "within" {
        let (rest, span) = head(input.skip(1))?;
        (input, within) = (rest, Some(span));
    }
    let (mut input, body) = block(input)?;
    let mut handlers = Vec::new();
    while clause(input, "on") {
        let (rest, handler) = cut(handler).parse(input)?;
        handlers.push(handler);
        input = rest;
    }
    done(input, StmtKind::Try(Try { owner, within, body, handlers }))
}

fn handler(start: Tokens<'_>) -> Outcome<'_, Handler> {
    let (input, cause) = cause(start.skip(1))?;
    let (input, bind) = bind(input)?;
    let (rest, body) = block(input)?;
    Ok((rest, Handler { cause, bind, body, place: start.place(rest) }))
}

const CAUSES: [&str; 5] = ["timeout", "denied", "failed", "refused", "cancelled"];

fn cause(input: Tokens<'_>) -> Outcome<'_, Cause> {
    let word = input.word(0);
    if CAUSES.contains(&word) {
        return Ok(cause_of(input, word));
    }
    let Some(near) = nearest(word, CAUSES) else {
        return missing(input, "`timeout`, `denied`, `failed`, `refused` or `cancelled`");
    };
    let edits = vec![Edit { span: input.span(0), text: near.to_owned() }];
    input.report(
        Diagnostic::new(Code::E0011, input.span(0), format!("`{}` is no cause", shortened(word)))
            .here(format!("did you mean `{near}`?"))
            .fix(format!("write `{near}`"), Applicability::Unsafe, edits),
    );
    Ok(cause_of(input, near))
}

fn cause_of<'a>(input: Tokens<'a>, word: &str) -> (Tokens<'a>, Cause) {
    let rest = input.skip(1);
    let cause = match word {
        "timeout" => Cause::Timeout,
        "denied" => Cause::Denied,
        "refused" => Cause::Refused,
        "cancelled" => Cause::Cancelled,
        _ => {
            let binds = rest.word(0) == "as" && rest.kind(1) == Kind::Name;
            if rest.kind(0) != Kind::Name || binds {
                return (rest, Cause::Failed(None));
            }
            return (rest.skip(1), Cause::Failed(Some(rest.name())));
        }
    };
    (rest, cause)
}
