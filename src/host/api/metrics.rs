//! Metrics, as Prometheus reads them: counts and sizes, no names of roles, no payloads.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::header;
use axum::response::IntoResponse;

use crate::diag::code::Code;
use crate::host::api::{Answer, At};
use crate::host::hub::Counts;

/// Name, kind, what it is, value.
type Row = (&'static str, &'static str, &'static str, u64);

pub(super) async fn metrics(at: At) -> Answer<impl IntoResponse> {
    // Who looks at the node waits for the log; where that cannot be written, this is told all the same.
    let of_node = match at.look(|node| (node.engine().sessions(), node.started())).await {
        Ok(seen) => Some(seen),
        Err(refused) if refused.is(Code::E0603) => None,
        Err(refused) => return Err(refused),
    };
    let directory = at.generations.status();
    let of_node = of_node.map(|(sessions, started)| {
        [
            ("laban_sessions", "gauge", "Sessions that run.", sessions as u64),
            ("laban_sessions_started_total", "counter", "Sessions that were started, ever.", started),
        ]
    });
    let rows: [Row; 4] = [
        ("laban_calls", "gauge", "Calls that handlers have.", at.board.calls() as u64),
        ("laban_listeners", "gauge", "Those who listen to events.", at.board.events.receiver_count() as u64),
        ("laban_generation", "gauge", "Generation of the directory that runs.", directory.generation),
        (
            "laban_log_ok",
            "gauge",
            "1 while the log can be written.",
            u64::from(at.board.log_trouble().is_none()),
        ),
    ];
    let mut text = String::new();
    for (name, kind, help, value) in
        of_node.into_iter().flatten().chain(counted(&at.board.counts)).chain(rows)
    {
        let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n");
    }
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text))
}

/// What is counted since the start.
fn counted(counts: &Counts) -> [Row; 8] {
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    [
        (
            "laban_sessions_completed_total",
            "counter",
            "Sessions that were completed, since the start.",
            count(&counts.completed),
        ),
        (
            "laban_sessions_aborted_total",
            "counter",
            "Sessions that were aborted, since the start.",
            count(&counts.aborted),
        ),
        (
            "laban_messages_total",
            "counter",
            "Messages and selections that were sent, since the start.",
            count(&counts.messages),
        ),
        (
            "laban_denials_total",
            "counter",
            "Messages that a guard has denied, since the start.",
            count(&counts.denials),
        ),
        ("laban_calls_total", "counter", "Calls to handlers, since the start.", count(&counts.calls)),
        (
            "laban_receipts_booked_total",
            "counter",
            "Charges that want a receipt, since the start.",
            count(&counts.receipts),
        ),
        (
            "laban_requests_refused_total",
            "counter",
            "Requests that were not let in, since the start.",
            count(&counts.refused),
        ),
        (
            "laban_connections_refused_total",
            "counter",
            "Connections that found no room, since the start.",
            count(&counts.turned_away),
        ),
    ]
}
