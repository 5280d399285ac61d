//! Comparisons as JSON, which `schemas/breaking.schema.json` describes. These types are the border and change only
//! together with it.
//!
//! Is not: for people.

use serde::Serialize;

use crate::check::upgrade::{Replaced, Verdict};
use crate::diag::render::json;
use crate::tools::breaking::{Row, Said, verdict_word};

/// The rows as JSON: one array, a row a line.
#[must_use]
pub fn report(rows: &[Row]) -> String {
    json::lines(rows.iter().map(|row| {
        let compared = match &row.said {
            Said::Compared(compared, _) => Some(compared),
            Said::Removed | Said::Added => None,
        };
        let whole = compared.and_then(|compared| compared.whole.as_ref());
        Shown {
            file: &row.file,
            protocol: &row.protocol,
            verdict: row.word(),
            reason: whole.map(|clash| clash.sentence.as_str()),
            roles: compared.map(|compared| compared.roles.iter().map(role).collect()).unwrap_or_default(),
        }
    }))
}

#[derive(Serialize)]
struct Shown<'a> {
    file: &'a str,
    protocol: &'a str,
    verdict: &'static str,
    /// What rules every role out.
    reason: Option<&'a str>,
    roles: Vec<Role<'a>>,
}

#[derive(Serialize)]
struct Role<'a> {
    role: &'a str,
    verdict: &'static str,
    same: bool,
    states: usize,
    turns: bool,
    reason: Option<&'a str>,
    /// None where no run shows it.
    moves: Option<Vec<String>>,
}

fn role(one: &Replaced) -> Role<'_> {
    let (reason, run) = match &one.verdict {
        Verdict::Compatible => (None, None),
        Verdict::Incompatible(clash) => (Some(clash.sentence.as_str()), clash.run.as_ref()),
        Verdict::NotProved(why) => (Some(why.as_str()), None),
    };
    Role {
        role: &one.role,
        verdict: verdict_word(&one.verdict),
        same: one.same,
        states: one.states,
        turns: one.turns,
        reason,
        moves: run.map(|run| run.moves.iter().map(ToString::to_string).collect()),
    }
}
