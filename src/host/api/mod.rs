//! The control interface: HTTP on one address, everything under `/v1/` for whoever has the directory's token.
//!
//! [`ROUTES`] is the one table of what there is; `schemas/openapi.json` describes the same, and a test holds them together.
//! `door` decides who comes in, `sessions`, `protocols` and `looks` answer, `events` streams, `metrics` counts.
//! Bounds: connections, requests at once, bytes and seconds of a request (`base::limits`).
//! Is not: a place where state is kept.

mod door;
mod events;
mod handlers;
mod looks;
mod metrics;
mod protocols;
mod sessions;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection, StringRejection};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{self, MethodRouter};
use axum::{Json, http::StatusCode};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

use crate::base::limits::HEADER_SECONDS_MAX;
use crate::config::node::Limits;
use crate::diag::code::Code;
use crate::engine::effect::Trouble;
use crate::host::desk::{Away, Desk};
use crate::host::generation::Generations;
use crate::host::handlers::Handlers;
use crate::host::hub::{Board, Counts};
use crate::host::secret::Token;
use crate::host::shape::Refusal;
use crate::node::Node;
use crate::node::entry::Entry;
use crate::node::order::Reply;

/// What the interface answers from.
#[derive(Debug)]
pub struct Shared {
    /// The node.
    pub desk: Desk,
    /// Events, ends, counts.
    pub board: Arc<Board>,
    /// The directory as it was read last.
    pub generations: Arc<Generations>,
    /// The token that lets in.
    pub token: Token,
    /// Who answers for roles.
    pub handlers: Handlers,
    /// Where it listens.
    pub address: SocketAddr,
    /// The directory.
    pub directory: PathBuf,
    /// How long nothing may happen in a session that does not say so itself.
    pub idle_timeout: Option<crate::base::time::Duration>,
    /// How much there may be at once.
    pub limits: Limits,
    /// Requests at once.
    pub room: Semaphore,
    /// Whether the engine is about to stop.
    pub draining: watch::Receiver<bool>,
}

impl Shared {
    /// A log that cannot be written: then nothing is taken.
    fn writable(&self) -> Answer<()> {
        self.board.log_trouble().map_or(Ok(()), |trouble| Err(Refused::unwritable(&trouble)))
    }

    /// Looks at the node. What is seen leaves behind the log, so where that cannot be written there is nothing to wait for.
    async fn look<T: Send + 'static>(&self, look: impl FnOnce(&Node) -> T + Send + 'static) -> Answer<T> {
        tokio::select! {
            biased;
            trouble = self.board.log_fails() => Err(Refused::unwritable(&trouble)),
            seen = self.desk.look(look) => Ok(seen?),
        }
    }

    /// Puts an entry on the desk. Once it is there it is done as soon as the log can be written, so that is waited for.
    async fn entry(&self, entry: Entry) -> Answer<Reply> {
        self.writable()?;
        Ok(self.desk.entry(entry).await?)
    }

    /// Has an entry made of the node as it is, and waits like `entry`; or hears why there is none.
    async fn make<T: Send + 'static>(
        &self,
        make: impl FnOnce(&Node) -> Result<Entry, T> + Send + 'static,
    ) -> Answer<Result<Reply, T>> {
        self.writable()?;
        Ok(self.desk.make(make).await?)
    }
}

/// What a handler of a route has at hand.
type At = axum::extract::State<Arc<Shared>>;

/// A refusal, with its status.
#[derive(Debug)]
pub struct Refused(StatusCode, Box<Refusal>);

/// The answer of a route.
type Answer<T> = Result<T, Refused>;

impl Refused {
    fn new(status: StatusCode, code: Code, message: impl Into<String>) -> Self {
        let (code, message) = (code.name().to_owned(), message.into());
        Self(status, Box::new(Refusal { code, message, diagnostics: None }))
    }

    /// Whether this is what is refused by that code.
    fn is(&self, code: Code) -> bool {
        self.1.code == code.name()
    }

    /// The log cannot be written.
    fn unwritable(trouble: &str) -> Self {
        let message = format!("the log cannot be written: {trouble}");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, Code::E0603, message)
    }

    /// Nothing of this name or number.
    fn unknown(code: Code, message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }

    /// The request is not what the path takes.
    fn malformed(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Code::E0611, message)
    }

    /// The request cannot be read. What is said names the place and shows no value, which may be nobody's business.
    fn unread(status: StatusCode, said: &str) -> Self {
        let said =
            said.strip_prefix("Failed to deserialize the JSON body into the target type: ").unwrap_or(said);
        let shown = ["invalid type: ", "invalid value: "].iter().find_map(|kind| said.split_once(kind));
        let (place, wrong) =
            match shown.and_then(|(place, shown)| Some((place, shown.rfind(", expected ")?, shown))) {
                Some((place, at, shown)) => (place, shown.get(at + 2..).unwrap_or_default()),
                None => ("", said),
            };
        let mut letters = wrong.chars();
        let first = letters.next().map(|first| first.to_ascii_lowercase());
        let message: String = place.chars().chain(first).chain(letters).collect();
        Self::new(status, Code::E0611, message)
    }
}

/// What axum refuses to read.
macro_rules! unread {
    ($($rejection:ty),*) => {
        $(impl From<$rejection> for Refused {
            fn from(rejection: $rejection) -> Self {
                Self::unread(rejection.status(), &rejection.body_text())
            }
        })*
    };
}

unread!(JsonRejection, PathRejection, QueryRejection, StringRejection);

impl From<Away> for Refused {
    fn from(away: Away) -> Self {
        let message = match away {
            Away::Full => "as many requests wait for the engine as may; try again later",
            Away::Closed => "the engine is stopping",
        };
        Self::new(StatusCode::SERVICE_UNAVAILABLE, Code::E0612, message)
    }
}

impl From<Trouble> for Refused {
    fn from(trouble: Trouble) -> Self {
        let status = match trouble.code {
            "E0606" | "E0607" | "E0608" => StatusCode::NOT_FOUND,
            "E0514" => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        let refusal = Refusal { code: trouble.code.to_owned(), message: trouble.reason, diagnostics: None };
        Self(status, Box::new(refusal))
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, Json(self.1)).into_response()
    }
}

/// A route: its method, its path, whether the token is needed, and who answers.
pub type Route = (&'static str, &'static str, bool, fn() -> MethodRouter<Arc<Shared>>);

/// What there is: the method, the path, whether the token is needed, and who answers.
pub const ROUTES: [Route; 22] = [
    ("get", "/healthz", false, || routing::get(looks::health)),
    ("get", "/readyz", false, || routing::get(looks::ready)),
    ("get", "/metrics", false, || routing::get(metrics::metrics)),
    ("get", "/v1/status", true, || routing::get(looks::status)),
    ("get", "/v1/sessions", true, || routing::get(sessions::list)),
    ("post", "/v1/sessions", true, || routing::post(sessions::start)),
    ("get", "/v1/sessions/{id}", true, || routing::get(sessions::show)),
    ("delete", "/v1/sessions/{id}", true, || routing::delete(sessions::cancel)),
    ("get", "/v1/sessions/{id}/diagram", true, || routing::get(sessions::diagram)),
    ("get", "/v1/protocols", true, || routing::get(protocols::list)),
    ("get", "/v1/protocols/{name}", true, || routing::get(protocols::show)),
    ("put", "/v1/protocols/{name}", true, || routing::put(protocols::put)),
    ("get", "/v1/protocols/{name}/versions", true, || routing::get(protocols::versions)),
    ("post", "/v1/protocols/{name}/rollback", true, || routing::post(protocols::rollback)),
    ("post", "/v1/protocols/{name}/drain", true, || routing::post(protocols::drain)),
    ("post", "/v1/deploy", true, || routing::post(protocols::deploy)),
    ("get", "/v1/diagnostics", true, || routing::get(protocols::diagnostics)),
    ("get", "/v1/handlers", true, || routing::get(handlers::list)),
    ("get", "/v1/handlers/connect", false, || routing::get(handlers::connect)),
    ("get", "/v1/budgets", true, || routing::get(looks::budgets)),
    ("get", "/v1/journal", true, || routing::get(looks::journal)),
    ("get", "/v1/events", true, || routing::get(events::events)),
];

/// The routes, behind the door.
pub fn router(shared: Arc<Shared>) -> Router {
    let mut router = Router::new();
    for (_, path, _, answers) in ROUTES {
        router = router.route(path, answers());
    }
    router
        .fallback(|| async {
            Refused::unknown(Code::E0611, "there is no such path; `schemas/openapi.json` has them all")
        })
        .method_not_allowed_fallback(|| async {
            Refused::new(StatusCode::METHOD_NOT_ALLOWED, Code::E0611, "this path does not take that method")
        })
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn_with_state(shared.clone(), door::enter))
        .with_state(shared)
}

/// Answers those who connect, until the engine stops.
pub async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let service = router(shared.clone());
    let room = Arc::new(Semaphore::new(shared.limits.connections));
    let mut draining = shared.draining.clone();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopping(&mut draining) => return,
        };
        let Ok((stream, _)) = accepted else {
            // No more files may be open, or the like: those who are here leave in time.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        // Beyond the bound nobody is answered, and whoever connects sees it at once.
        let Ok(place) = room.clone().try_acquire_owned() else {
            Counts::add(&shared.board.counts.turned_away);
            continue;
        };
        let service = TowerToHyperService::new(service.clone());
        let mut draining = draining.clone();
        tokio::spawn(async move {
            let mut server = http1::Builder::new();
            server.timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(HEADER_SECONDS_MAX));
            let connection = server.serve_connection(TokioIo::new(stream), service).with_upgrades();
            tokio::pin!(connection);
            tokio::select! {
                _ = connection.as_mut() => {}
                () = stopping(&mut draining) => {
                    connection.as_mut().graceful_shutdown();
                    let _ = tokio::time::timeout(Duration::from_secs(5), connection).await;
                }
            }
            drop(place);
        });
    }
}

/// Waits until the engine stops.
async fn stopping(draining: &mut watch::Receiver<bool>) {
    let _ = draining.wait_for(|draining| *draining).await;
}
