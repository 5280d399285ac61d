//! A handler that is an HTTP service: a `POST` a call, with the idempotency key as a header.
//!
//! In go calls; out come answers. `2xx` is a result, `4xx` a failure for good, but for `409`, `425` and `429`, after which trying
//! again can help; after `5xx` and broken connections nobody knows what was done.
//! Invariants: a response is bounded in bytes; no redirect is followed; addresses and secrets are not in what is said.
//! Is not: a judge of time. Whoever asks drops what takes too long.

use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration as Span;

use axum::body::Bytes;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use axum::http::{Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, ResponseFuture};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use serde_json::Value as Json;

use crate::base::limits::{HANDLER_CONNECT_MS, HANDLER_MESSAGE_BYTES_MAX, SECRET_BYTES_MAX};
use crate::effect::call::{Answer, Failure, FailureKind};
use crate::host::handlers::{Asked, Tried, bounded, wire};

/// A handler that is an HTTP service.
pub(super) struct Http {
    url: String,
    /// Made when it is first needed, because of the certificates.
    caller: OnceLock<Result<(Caller, Uri), &'static str>>,
    secret: Option<PathBuf>,
}

enum Caller {
    Plain(Client<HttpConnector, Full<Bytes>>),
    Tls(Client<HttpsConnector<HttpConnector>, Full<Bytes>>),
}

impl Http {
    pub(super) fn new(url: &str, secret: Option<PathBuf>) -> Self {
        Self { url: url.to_owned(), caller: OnceLock::new(), secret }
    }

    pub(super) async fn ask(&self, asked: &Asked, handed: &Arc<AtomicBool>) -> Tried {
        let caller = self.caller.get_or_init(|| {
            let uri = self.url.parse::<Uri>().map_err(|_| "its `url` is no address")?;
            Ok((Caller::of(&uri)?, uri))
        });
        let (caller, uri) = match caller {
            Ok(caller) => caller,
            Err(why) => return Tried::Answered(wire::permanent((*why).to_owned())),
        };
        let request = match self.request(uri, asked) {
            Ok(request) => request,
            Err(why) => return Tried::NotAsked(why.to_owned()),
        };
        handed.store(true, Ordering::Release);
        let response = match caller.request(request).await {
            Ok(response) => response,
            Err(error) if error.is_connect() => {
                handed.store(false, Ordering::Release);
                return Tried::NotAsked("it cannot be reached".to_owned());
            }
            Err(_) => return Tried::Lost("the connection broke before it answered".to_owned()),
        };
        let status = response.status();
        if status.is_server_error() {
            return Tried::Lost(format!("it has answered with HTTP {}", status.as_u16()));
        }
        let body = Limited::new(response.into_body(), HANDLER_MESSAGE_BYTES_MAX).collect().await;
        let body = match body {
            Ok(body) => body.to_bytes(),
            Err(error) if error.is::<http_body_util::LengthLimitError>() => {
                let bytes = HANDLER_MESSAGE_BYTES_MAX;
                return failed(
                    FailureKind::Permanent,
                    format!("it has answered with more than {bytes} bytes"),
                );
            }
            Err(_) => return Tried::Lost("the connection broke in its answer".to_owned()),
        };
        judge(asked, status, &body)
    }

    fn request(&self, uri: &Uri, asked: &Asked) -> Result<Request<Full<Bytes>>, &'static str> {
        let mut body = serde_json::Map::new();
        body.insert("method".to_owned(), Json::from(wire::operation(&asked.ask)));
        body.extend(wire::params(asked));
        let mut request = Request::new(Full::from(Json::Object(body).to_string()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = uri.clone();
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let key = HeaderValue::from_str(&asked.key).map_err(|_| "its idempotency key is no header")?;
        headers.insert("idempotency-key", key);
        if let Some(file) = &self.secret {
            let unread = "the file of `authorize` cannot be read, or holds no header";
            let text = secret(file).ok_or(unread)?;
            let mut value = HeaderValue::from_str(text.trim()).map_err(|_| unread)?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        Ok(request)
    }
}

impl Caller {
    /// Who calls this address. The certificates of the system are read only where one is needed: it takes a while.
    fn of(uri: &Uri) -> Result<Self, &'static str> {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(Span::from_millis(HANDLER_CONNECT_MS)));
        let mut builder = Client::builder(TokioExecutor::new());
        builder.pool_timer(TokioTimer::new());
        if uri.scheme_str() != Some("https") {
            return Ok(Self::Plain(builder.build(connector)));
        }
        connector.enforce_http(false);
        let tls = HttpsConnectorBuilder::new().with_native_roots();
        let tls = tls.map_err(|_| "this system has no certificates to know it by")?;
        Ok(Self::Tls(builder.build(tls.https_only().enable_http1().wrap_connector(connector))))
    }

    fn request(&self, request: Request<Full<Bytes>>) -> ResponseFuture {
        match self {
            Self::Plain(client) => client.request(request),
            Self::Tls(client) => client.request(request),
        }
    }
}

fn judge(asked: &Asked, status: StatusCode, body: &[u8]) -> Tried {
    if status.is_success() {
        return Tried::Answered(match bounded::read(body) {
            Some(result) => wire::answer(asked, &result),
            None => wire::permanent("it has answered with something else than JSON".to_owned()),
        });
    }
    let kind = match status.as_u16() {
        409 | 425 | 429 => FailureKind::Recoverable,
        _ => FailureKind::Permanent,
    };
    failed(kind, format!("it has answered with HTTP {}", status.as_u16()))
}

fn failed(kind: FailureKind, reason: String) -> Tried {
    Tried::Answered(Answer::Failed(Failure { kind, reason }))
}

/// The text of a small file. It is read for each call, so that a new secret needs no other change.
fn secret(file: &PathBuf) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "the host reads the files that bindings name")]
    let file = File::open(file).ok()?;
    let mut text = String::new();
    let most = SECRET_BYTES_MAX as u64 + 1;
    file.take(most).read_to_string(&mut text).ok()?;
    (text.len() <= SECRET_BYTES_MAX).then_some(text)
}
