//! A plan as JSON, which `schemas/guards-plan.schema.json` describes. These types are the border.
//!
//! Is not: for people.

use serde::Serialize;

use crate::config::guards::{CLASSES, OnDenied, Receipt};
use crate::guard::policy::Origin;
use crate::tools::guards::{Carries, Plan};

/// A plan as it is written down.
#[derive(Serialize)]
pub struct Shown<'a> {
    protocol: &'a str,
    context: &'a str,
    ok: bool,
    sends: Vec<Send<'a>>,
    totals: Vec<Total<'a>>,
    ungranted: Vec<Lacking<'a>>,
    uncovered: Vec<String>,
}

#[derive(Serialize)]
struct Send<'a> {
    from: &'a str,
    to: &'a str,
    message: &'a str,
    selection: bool,
    looped: bool,
    capabilities: Vec<&'a str>,
    cost: u64,
    per_kib: u64,
    leakage: serde_json::Value,
    facts: Vec<String>,
    receipt: &'static str,
    on_denied: String,
    origin: String,
}

#[derive(Serialize)]
struct Total<'a> {
    role: &'a str,
    peer: &'a str,
    once: u64,
    turn: u64,
    by_size: bool,
    limit: Option<u64>,
    carries: bool,
    turns: Option<u64>,
}

#[derive(Serialize)]
struct Lacking<'a> {
    role: &'a str,
    capability: &'a str,
}

/// The plan as one JSON object on one line.
#[must_use]
pub fn report(plan: &Plan) -> String {
    // These types have no maps with strange keys, so they always are JSON.
    serde_json::to_string(&shown(plan)).unwrap_or_default() + "\n"
}

/// The plan, ready to be written.
#[must_use]
pub fn shown(plan: &Plan) -> Shown<'_> {
    let leakage =
        |of: [u64; 3]| CLASSES.iter().zip(of).map(|(class, n)| ((*class).to_owned(), n.into())).collect();
    let sends = plan.sends.iter().map(|send| Send {
        from: &send.from,
        to: &send.to,
        message: &send.message,
        selection: send.selection,
        looped: send.looped,
        capabilities: send.terms.capabilities.iter().map(AsRef::as_ref).collect(),
        cost: send.terms.cost,
        per_kib: send.terms.per_kib,
        leakage: serde_json::Value::Object(leakage(send.terms.leakage)),
        facts: send.terms.facts.iter().map(|fact| format!("{}/{}", fact.namespace, fact.key)).collect(),
        receipt: if send.terms.receipt == Receipt::Required { "required" } else { "none" },
        on_denied: on_denied(send.terms.on_denied),
        origin: origin(&send.terms.origin),
    });
    let totals = plan.totals.iter().map(|total| Total {
        role: &total.role,
        peer: &total.peer,
        once: total.worst.once,
        turn: total.worst.turn,
        by_size: total.by_size,
        limit: total.limit,
        carries: total.carries() != Carries::No,
        turns: match total.carries() {
            Carries::Turns(turns) => Some(turns),
            _ => None,
        },
    });
    Shown {
        protocol: &plan.protocol,
        context: &plan.context,
        ok: plan.is_fine(),
        sends: sends.collect(),
        totals: totals.collect(),
        ungranted: plan.ungranted.iter().map(|(role, capability)| Lacking { role, capability }).collect(),
        uncovered: plan
            .uncovered()
            .map(|send| format!("{} -> {}: {}", send.from, send.to, send.message))
            .collect(),
    }
}

/// `retry 3 from 100ms`, `raise`, `abort`
pub(super) fn on_denied(of: OnDenied) -> String {
    match of {
        OnDenied::Retry { max, backoff } => format!("retry {max} from {backoff}"),
        OnDenied::Raise => "raise".to_owned(),
        OnDenied::Abort => "abort".to_owned(),
    }
}

/// Where terms come from: the entry's pattern, or a word in brackets.
pub(super) fn origin(of: &Origin) -> String {
    match of {
        Origin::Entry(pattern) => pattern.clone(),
        Origin::Annotation => "(annotation)".to_owned(),
        Origin::Defaults => "(defaults)".to_owned(),
        Origin::Nothing => "(nothing)".to_owned(),
    }
}
