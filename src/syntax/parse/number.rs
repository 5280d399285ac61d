//! Numbers and durations: digits to values, with a diagnostic where a value does not fit.

use crate::base::time::UNITS;
use crate::diag::Diagnostic;
use crate::diag::code::Code;
use crate::syntax::parse::tokens::Tokens;
use crate::syntax::parse::trouble::{Outcome, expected, shortened};
use crate::syntax::token::Kind;
use crate::syntax::tree::ExprKind;

/// A number or a duration. One that does not fit is reported here, if it was not by the lexer.
pub(super) fn number(input: Tokens<'_>) -> Outcome<'_, ExprKind> {
    let kind = input.kind(0);
    if !matches!(kind, Kind::Int | Kind::Float | Kind::Duration) {
        return expected(input, "a number");
    }
    let value = value(input.text_of(input.token(0)), kind).unwrap_or_else(|| {
        too_large(input);
        ExprKind::Damaged
    });
    Ok((input.skip(1), value))
}

/// What a spelling of this kind stands for, if it fits.
pub(in crate::syntax) fn value(text: &str, kind: Kind) -> Option<ExprKind> {
    let text = plain(text);
    match kind {
        Kind::Int => text.parse().ok().map(ExprKind::Int),
        Kind::Float => text.parse().ok().filter(|x: &f64| x.is_finite()).map(ExprKind::Float),
        _ => duration(&text).map(ExprKind::Duration),
    }
}

/// A whole number without a sign.
pub(super) fn count(input: Tokens<'_>) -> Outcome<'_, u64> {
    if input.kind(0) != Kind::Int {
        return expected(input, "a whole number");
    }
    let value = plain(input.text_of(input.token(0))).parse().unwrap_or_else(|_| {
        too_large(input);
        u64::MAX
    });
    Ok((input.skip(1), value))
}

/// Whether these digits are those of the least whole number.
pub(super) fn is_least(digits: &str) -> bool {
    plain(digits).parse::<u64>() == Ok(i64::MIN.unsigned_abs())
}

fn plain(text: &str) -> String {
    text.chars().filter(|c| *c != '_').collect()
}

fn duration(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (count, unit) = text.split_at_checked(digits)?;
    let (_, nanoseconds) = UNITS.iter().find(|(name, _)| *name == unit)?;
    count.parse::<u64>().ok()?.checked_mul(*nanoseconds)
}

fn too_large(input: Tokens<'_>) {
    let shown = shortened(input.text_of(input.token(0)));
    input.report(
        Diagnostic::new(Code::E0010, input.span(0), format!("`{shown}` is too large"))
            .here("does not fit")
            .help("whole numbers end at 9223372036854775807, durations at about 584 years"),
    );
}
