//! The door: who comes in, and for how long.
//!
//! Every request names this host, so that a web page elsewhere cannot speak through a browser here; all but those that
//! need none bring the token. Is not: a judge of what is asked.

use std::error::Error;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::LengthLimitError;

use crate::base::limits::{BODY_SECONDS_MAX, REQUEST_BYTES_MAX, REQUEST_SECONDS_MAX};
use crate::diag::code::Code;
use crate::host::api::{ROUTES, Refused, Shared};
use crate::host::hub::Counts;

/// Lets a request in, or says why not.
pub(super) async fn enter(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let open = match judge(&shared, &request) {
        Ok(open) => open,
        Err(refused) => {
            Counts::add(&shared.board.counts.refused);
            return refused.into_response();
        }
    };
    // How the engine does can be asked however many are here.
    let place = if open { Ok(None) } else { shared.room.try_acquire().map(Some) };
    let Ok(_place) = place else {
        Counts::add(&shared.board.counts.refused);
        let message = "as many requests are under way as may; try again later";
        return Refused::new(StatusCode::SERVICE_UNAVAILABLE, Code::E0612, message).into_response();
    };
    let request = match whole(request).await {
        Ok(request) => request,
        Err(refused) => {
            Counts::add(&shared.board.counts.refused);
            // What may come of it yet is not waited for.
            return ([(header::CONNECTION, "close")], refused).into_response();
        }
    };
    match tokio::time::timeout(Duration::from_secs(REQUEST_SECONDS_MAX), next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let message = format!(
                "this took longer than {REQUEST_SECONDS_MAX} seconds; nothing is known of its outcome"
            );
            Refused::new(StatusCode::GATEWAY_TIMEOUT, Code::E0612, message).into_response()
        }
    }
}

/// Whether the route needs no token.
fn judge(shared: &Shared, request: &Request) -> Result<bool, Refused> {
    let headers = request.headers();
    let named = request.uri().host().is_none_or(|host| is_us(shared, host)) && names_us(shared, headers);
    if !named {
        let message = "the `Host` of this request is not the address of this engine";
        return Err(Refused::new(StatusCode::FORBIDDEN, Code::E0610, message));
    }
    let path = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    if declared(headers).is_some_and(|bytes| bytes > REQUEST_BYTES_MAX as u64) {
        return Err(too_large());
    }
    let open = ROUTES.iter().any(|(_, route, needs, _)| Some(*route) == path && !needs);
    if open || brings_token(shared, headers) {
        return Ok(open);
    }
    let message = "this needs the token of the directory: `Authorization: Bearer …`, from `.laban/token`";
    Err(Refused::new(StatusCode::UNAUTHORIZED, Code::E0610, message))
}

/// A request with its whole body, however that comes: neither bytes without end nor a byte now and then.
async fn whole(request: Request) -> Result<Request, Refused> {
    let (parts, body) = request.into_parts();
    let reading = to_bytes(body, REQUEST_BYTES_MAX);
    match tokio::time::timeout(Duration::from_secs(BODY_SECONDS_MAX), reading).await {
        Ok(Ok(bytes)) => Ok(Request::from_parts(parts, Body::from(bytes))),
        Ok(Err(error)) if error.source().is_some_and(|source| source.is::<LengthLimitError>()) => {
            Err(too_large())
        }
        Ok(Err(_)) => Err(Refused::malformed("the body of this request has no proper end")),
        Err(_) => {
            let message = format!("the body of this request was not there within {BODY_SECONDS_MAX} seconds");
            Err(Refused::new(StatusCode::REQUEST_TIMEOUT, Code::E0611, message))
        }
    }
}

fn too_large() -> Refused {
    let message = format!("a body has at most {} MiB", REQUEST_BYTES_MAX >> 20);
    Refused::new(StatusCode::PAYLOAD_TOO_LARGE, Code::E0611, message)
}

/// Whether the request is meant for this host: the address that it listens on, or a name of this machine.
fn names_us(shared: &Shared, headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    let Ok(host) = host.to_str() else { return false };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    is_us(shared, name)
}

fn is_us(shared: &Shared, name: &str) -> bool {
    let name = name.trim_start_matches('[').trim_end_matches(']');
    match name.parse::<IpAddr>() {
        // No name of another host leads to a number, so where all addresses are listened at each of them is this host.
        Ok(address) => {
            let own = shared.address.ip();
            address.is_loopback() || address == own || own.is_unspecified()
        }
        Err(_) => name.eq_ignore_ascii_case("localhost"),
    }
}

/// The bytes that the body is said to have: who says too much is not waited for.
fn declared(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

pub(super) fn brings_token(shared: &Shared, headers: &HeaderMap) -> bool {
    let given = headers.get(header::AUTHORIZATION).and_then(|given| given.to_str().ok());
    let token = given.and_then(|given| given.strip_prefix("Bearer "));
    token.is_some_and(|token| shared.token.is(token.trim()))
}
