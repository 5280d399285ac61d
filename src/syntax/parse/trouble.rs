//! What a parser says when it cannot go on, and how that becomes a diagnostic.
//!
//! A trouble is small, because every alternative that does not match makes one; the diagnostic is made only when
//! the trouble is reported.

use nom::error::{ErrorKind, ParseError};

use crate::base::limits::NESTING_MAX;
use crate::diag::Diagnostic;
use crate::diag::code::Code;
use crate::syntax::parse::tokens::Tokens;
use crate::syntax::token::Kind;

/// Why a parser stopped, and at which token.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) at: usize,
    pub(super) why: Why,
}

/// Why a parser stopped.
#[derive(Debug)]
pub(super) enum Why {
    /// This was expected.
    Expected(&'static str),
    /// This was expected, in a bracket opened by the token with this index.
    Inside(&'static str, usize),
    /// Beyond `NESTING_MAX`.
    Deep,
    /// Something particular.
    Said(Box<Diagnostic>),
}

/// What a parser gives.
pub(super) type Outcome<'a, T> = nom::IResult<Tokens<'a>, T, Trouble>;

impl<'a> ParseError<Tokens<'a>> for Trouble {
    fn from_error_kind(input: Tokens<'a>, _: ErrorKind) -> Self {
        Self { at: input.at, why: Why::Expected("something else") }
    }

    fn append(_: Tokens<'a>, _: ErrorKind, other: Self) -> Self {
        other
    }

    /// Of two alternatives, the one that came further knows more.
    fn or(self, other: Self) -> Self {
        if self.at > other.at { self } else { other }
    }
}

/// This was expected here; other alternatives may be tried.
pub(super) fn expected<'a, T>(input: Tokens<'a>, what: &'static str) -> Outcome<'a, T> {
    Err(nom::Err::Error(Trouble { at: input.at, why: Why::Expected(what) }))
}

/// This was expected here, and nothing else can be meant.
pub(super) fn missing<'a, T>(input: Tokens<'a>, what: &'static str) -> Outcome<'a, T> {
    Err(nom::Err::Failure(Trouble { at: input.at, why: Why::Expected(what) }))
}

/// Something particular is wrong here.
pub(super) fn said<'a, T>(input: Tokens<'a>, diagnostic: Diagnostic) -> Outcome<'a, T> {
    Err(nom::Err::Failure(Trouble { at: input.at, why: Why::Said(Box::new(diagnostic)) }))
}

/// Too deep to go on.
pub(super) fn deep<'a, T>(input: Tokens<'a>) -> Outcome<'a, T> {
    Err(nom::Err::Failure(Trouble { at: input.at, why: Why::Deep }))
}

/// Reports an error and gives the index of the token where it arose.
pub(super) fn report(input: Tokens<'_>, error: nom::Err<Trouble>) -> usize {
    let trouble = match error {
        nom::Err::Error(trouble) | nom::Err::Failure(trouble) => trouble,
        nom::Err::Incomplete(_) => Trouble { at: input.at, why: Why::Expected("more") },
    };
    let at = Tokens { at: trouble.at, ..input };
    match trouble.why {
        Why::Expected(what) => at.report(unexpected(at, what)),
        Why::Inside(what, open) => {
            let opener = Tokens { at: open, ..input };
            at.report(unexpected(at, what).also(opener.span(0), "opened here"));
        }
        Why::Deep => at.give_up(too_deep(at)),
        Why::Said(diagnostic) => at.report(*diagnostic),
    }
    trouble.at
}

/// `expected a role, found …`
pub(super) fn unexpected(at: Tokens<'_>, what: &'static str) -> Diagnostic {
    let found = found(at);
    let span = if at.ended() { at.behind() } else { at.span(0) };
    Diagnostic::new(Code::E0001, span, format!("expected {what}, found {found}"))
        .here(format!("expected {what}"))
}

/// The token at a position as a message shows it.
pub(super) fn found(at: Tokens<'_>) -> String {
    let token = at.token(0);
    match token.kind {
        Kind::Name | Kind::Int | Kind::Float | Kind::Duration => {
            format!("`{}`", shortened(at.text_of(token)))
        }
        kind => kind.text().to_owned(),
    }
}

/// A word of the user's, cut where it would fill the screen.
pub(super) fn shortened(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((cut, _)) => format!("{}…", text.get(..cut).unwrap_or("")),
        None => text.to_owned(),
    }
}

fn too_deep(at: Tokens<'_>) -> Diagnostic {
    Diagnostic::new(Code::E0005, at.span(0), format!("nested deeper than {NESTING_MAX}"))
        .here("this is one level too many")
        .help("give the inner part a choreography of its own and `call` it, or a name with `let`")
}
