//! The step from an HTTP request to a WebSocket, on the port of the control interface.
//!
//! In goes a request of axum; out comes the response: `101` for a WebSocket of version 13, else what is wrong with it.
//! Is not: an authority. Whoever routes here says what the request has proved already.

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{
    CONNECTION, HeaderMap, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use axum::http::{Method, StatusCode};
use axum::response::Response;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::host::handlers::{Admission, Handlers, serve_socket};

/// Answers `GET /v1/handlers/connect`: with `101`, after which the service's socket is served in a task of its own; with `400`,
/// `405` or `426` where the request is no WebSocket's. To be called within a tokio runtime.
pub fn connect(handlers: &Handlers, admission: Admission, mut request: Request) -> Response {
    if request.method() != Method::GET {
        return refusal(StatusCode::METHOD_NOT_ALLOWED);
    }
    let headers = request.headers();
    if !has(headers, &CONNECTION, "upgrade") || !has(headers, &UPGRADE, "websocket") {
        return refusal(StatusCode::UPGRADE_REQUIRED);
    }
    if !has(headers, &SEC_WEBSOCKET_VERSION, "13") {
        return refusal(StatusCode::BAD_REQUEST);
    }
    let Some(accept) = headers
        .get(SEC_WEBSOCKET_KEY)
        .and_then(|key| HeaderValue::from_str(&derive_accept_key(key.as_bytes())).ok())
    else {
        return refusal(StatusCode::BAD_REQUEST);
    };
    let Some(upgrade) = request.extensions_mut().remove::<OnUpgrade>() else {
        return refusal(StatusCode::UPGRADE_REQUIRED);
    };
    let handlers = handlers.clone();
    tokio::spawn(async move {
        // Who asks for a socket and goes before it is there has none.
        if let Ok(socket) = upgrade.await {
            serve_socket(&handlers, TokioIo::new(socket), admission).await;
        }
    });
    let mut response = refusal(StatusCode::SWITCHING_PROTOCOLS);
    response.headers_mut().insert(SEC_WEBSOCKET_ACCEPT, accept);
    response
}

/// Whether one of the words of a header is this one.
fn has(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|one| one.trim().eq_ignore_ascii_case(word))
}

/// A response without a body, which says what is spoken here.
fn refusal(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    if status != StatusCode::SWITCHING_PROTOCOLS {
        headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    }
    response
}
