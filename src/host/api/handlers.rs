//! Handlers: how they do, and the door for services that connect as one.

use std::sync::Arc;

use axum::Json;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::diag::code::Code;
use crate::host::api::door::brings_token;
use crate::host::api::{At, Refused};
use crate::host::handlers::{Admission, Status, connect as connected};

/// How a handler does.
#[derive(Serialize, Debug)]
pub(super) struct Shown {
    name: Arc<str>,
    kind: &'static str,
    state: &'static str,
    instances: usize,
    in_flight: usize,
    waiting: usize,
    calls: u64,
    failures: u64,
    restarts: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_trouble: Option<String>,
}

pub(super) async fn list(at: At) -> Json<Vec<Shown>> {
    Json(at.handlers.list().into_iter().map(shown).collect())
}

fn shown(status: Status) -> Shown {
    Shown {
        name: status.name,
        kind: status.kind,
        state: status.state.name(),
        instances: status.instances,
        in_flight: status.in_flight,
        waiting: status.waiting,
        calls: status.calls,
        failures: status.failures,
        restarts: status.restarts,
        last_trouble: status.last_trouble,
    }
}

/// A service connects. It brings the token in its request, or says it first.
pub(super) async fn connect(at: At, request: Request) -> Response {
    let admission = if brings_token(&at, request.headers()) {
        Admission::Granted
    } else {
        Admission::Token(at.token.text())
    };
    let response = connected(&at.handlers, admission, request);
    if !response.status().is_client_error() {
        return response;
    }
    let refused =
        Refused::new(response.status(), Code::E0611, "only services that speak WebSocket connect here");
    (response.headers().clone(), refused).into_response()
}
