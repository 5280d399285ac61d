//! Verdicts as JSON, which `schemas/validate.schema.json` describes. These types are the border and change only
//! together with it.
//!
//! Is not: for people.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::check::replay::Run;
use crate::check::search::{Cut, Violation};
use crate::diag::render::json;
use crate::diag::source::Sources;
use crate::local::projection::Bound;
use crate::tools::guards;
use crate::tools::validate::{Judged, Row};

/// The rows as JSON: one array, a row a line.
#[must_use]
pub fn report(sources: &Sources, rows: &[Row]) -> String {
    json::lines(rows.iter().map(|row| Shown {
        file: &row.file,
        protocol: row.protocol.as_deref(),
        roles: &row.roles,
        ok: !row.is_wrong(),
        explored: row.judged.as_ref().map(explored),
        guards: row.guarded.as_ref().map(|guarded| guards::shown(&guarded.plan)),
        errors: row.errors.iter().map(|diagnostic| json::shown(sources, diagnostic)).collect(),
    }))
}

#[derive(Serialize)]
struct Shown<'a> {
    file: &'a str,
    protocol: Option<&'a str>,
    roles: &'a [String],
    ok: bool,
    explored: Option<Explored<'a>>,
    guards: Option<guards::Shown<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<json::Shown<'a>>,
}

#[derive(Serialize)]
struct Explored<'a> {
    states: usize,
    moves: usize,
    depth: u32,
    exhausted: bool,
    turns: bool,
    cut: Option<&'static str>,
    violation: Option<Wrong<'a>>,
    starving: Vec<Wrong<'a>>,
    possible: Vec<Wrong<'a>>,
    endless: Vec<Line<'a>>,
    unreached: Vec<Line<'a>>,
    queues: Vec<Held<'a>>,
    missing: Option<&'a [String]>,
    sent_max: BTreeMap<&'a str, Option<u64>>,
}

#[derive(Serialize)]
struct Wrong<'a> {
    kind: &'static str,
    message: &'a str,
    moves: Vec<String>,
}

#[derive(Serialize)]
struct Line<'a> {
    file: &'a str,
    line: usize,
}

#[derive(Serialize)]
struct Held<'a> {
    from: &'a str,
    to: &'a str,
    lane: &'a str,
    seen: usize,
    /// None where there is no bound.
    bound: Option<u32>,
    full: bool,
}

fn explored(judged: &Judged) -> Explored<'_> {
    Explored {
        states: judged.states,
        moves: judged.moves,
        depth: judged.depth,
        exhausted: judged.is_exhausted(),
        turns: judged.turns,
        cut: judged.cut.map(|cut| match cut {
            Cut::States => "states",
            Cut::Bytes => "memory",
            Cut::Depth => "depth",
            Cut::Violation => "violation",
        }),
        violation: judged.violation.as_ref().map(|(violation, sentence, run)| {
            let kind = match violation {
                Violation::Deadlock(_) => "deadlock",
                Violation::LeftOver(_) => "left over",
                Violation::Unexpected(_) => "unexpected",
                Violation::Trouble(..) => "trouble",
            };
            wrong(kind, sentence, run)
        }),
        starving: judged.starving.iter().map(|(role, run)| wrong("starving", role, run)).collect(),
        possible: judged.possible.iter().map(|(_, said, run)| wrong("trouble", said, run)).collect(),
        endless: judged.endless.iter().map(|at| Line { file: &at.file, line: at.line }).collect(),
        unreached: judged.unreached.iter().map(|at| Line { file: &at.file, line: at.line }).collect(),
        queues: judged
            .queues
            .iter()
            .map(|queue| Held {
                from: &queue.from,
                to: &queue.to,
                lane: &queue.lane,
                seen: queue.seen,
                bound: match queue.bound {
                    Bound::Messages(most) => Some(most),
                    Bound::Unbounded => None,
                },
                full: queue.full,
            })
            .collect(),
        missing: judged.missing.as_deref(),
        sent_max: judged.sent_max.iter().map(|(role, most)| (role.as_str(), *most)).collect(),
    }
}

fn wrong<'a>(kind: &'static str, message: &'a str, run: &Run) -> Wrong<'a> {
    Wrong { kind, message, moves: run.moves.iter().map(ToString::to_string).collect() }
}
