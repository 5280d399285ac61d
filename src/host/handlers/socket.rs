//! Services that connect: each says its token and what it offers, and takes calls until it leaves.
//!
//! In go WebSockets and calls; out come answers. A service says, each as one message of JSON:
//!
//! ```text
//! {"token": "…"}                                        first, unless the request for the socket has proved itself
//! {"offer": {"handler": "guardian", "operations": ["decide"]}}    without operations: it takes whatever comes
//! {"leave": {"handler": "guardian"}}                    no new calls; those that it has are still waited for
//! {"jsonrpc": "2.0", "id": 7, "result": …}              the answer to a call
//! ```
//!
//! and is told `{"offered": {"handler": …, "described": true}}`, calls, and `withdraw` for those that nobody waits for.
//! Of several services that offer the same handler, the one with the fewest calls under way is asked.
//! Invariant: who has not said the token hears nothing and offers nothing.
//! Is not: the handshake of HTTP; `upgrade` is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::{Sink, SinkExt as _, Stream, StreamExt as _};
use serde_json::{Value as Json, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::{interval, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::base::limits::{
    HANDLER_MESSAGE_BYTES_MAX, HANDLER_OFFERS_MAX, HANDLER_OPERATIONS_MAX, HANDLER_SOCKETS_MAX,
    NAME_BYTES_MAX,
};
use crate::host::handlers::counts::{Counts, Held};
use crate::host::handlers::endpoint::Link;
use crate::host::handlers::exchange::{Exchange, Taken};
use crate::host::handlers::status::Offer;
use crate::host::handlers::{Asked, Handlers, Pace, Tried, lock, wire};

/// What a service has to prove before it is listened to.
#[derive(Clone)]
pub enum Admission {
    /// Nothing more: the request for the socket had the token.
    Granted,
    /// Its first message must say this token.
    Token(Arc<str>),
}

/// The services that are connected. Clones are the same.
#[derive(Clone, Default)]
pub(super) struct Sockets(Arc<Inner>);

#[derive(Default)]
struct Inner {
    instances: Mutex<Vec<Arc<Instance>>>,
    changed: watch::Sender<u64>,
    connected: AtomicUsize,
    /// Counts the calls, so that of services with equal loads the one that was asked longest ago is asked.
    turns: AtomicU64,
}

/// One service.
struct Instance {
    exchange: Exchange,
    offers: Mutex<BTreeMap<String, Option<BTreeSet<String>>>>,
    asked_last: AtomicU64,
}

impl Instance {
    /// Whether it takes this operation of this handler.
    fn takes(&self, handler: &str, operation: &str) -> bool {
        lock(&self.offers)
            .get(handler)
            .is_some_and(|declared| declared.as_ref().is_none_or(|all| all.contains(operation)))
    }
}

impl Sockets {
    pub(super) fn any(&self) -> bool {
        self.0.connected.load(Ordering::Relaxed) > 0
    }

    /// How many services offer a handler.
    pub(super) fn count(&self, handler: &str) -> usize {
        let instances = lock(&self.0.instances);
        instances.iter().filter(|one| lock(&one.offers).contains_key(handler)).count()
    }

    /// Answers that came too late or twice, and messages that were no answers, of the services that offer a handler.
    pub(super) fn noise(&self, handler: &str) -> (u64, u64) {
        let instances = lock(&self.0.instances);
        let of = instances.iter().filter(|one| lock(&one.offers).contains_key(handler));
        of.map(|one| one.exchange.noise()).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
    }

    pub(super) fn offers(&self, handler: &str, operation: &str) -> Offer {
        let instances = lock(&self.0.instances);
        let mut known = Offer::Unknown;
        for instance in instances.iter() {
            match lock(&instance.offers).get(handler) {
                None => {}
                // It takes whatever comes, and nobody knows what it makes of it.
                Some(None) => return Offer::Unknown,
                Some(declared) => match Offer::of(declared.as_ref(), operation) {
                    Offer::Offered => return Offer::Offered,
                    other => known = other,
                },
            }
        }
        known
    }

    /// Asks one of the services that offer the handler, once there is one.
    pub(super) async fn ask(&self, asked: &Asked, handed: &Arc<AtomicBool>) -> Tried {
        let operation = wire::operation(&asked.ask);
        let mut changed = self.0.changed.subscribe();
        loop {
            if let Some(instance) = self.choose(&asked.handler, &operation) {
                match instance.exchange.ask(asked, handed).await {
                    // It went before it saw the call, which says nothing of the others.
                    Tried::NotAsked(_) => self.forget(&instance),
                    tried => return tried,
                }
            } else if changed.changed().await.is_err() {
                return Tried::NotAsked("the host ends".to_owned());
            }
        }
    }

    fn choose(&self, handler: &str, operation: &str) -> Option<Arc<Instance>> {
        let instances = lock(&self.0.instances);
        let chosen = instances
            .iter()
            .filter(|one| one.takes(handler, operation))
            .min_by_key(|one| (one.exchange.load(), one.asked_last.load(Ordering::Relaxed)))?;
        chosen.asked_last.store(1 + self.0.turns.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        Some(chosen.clone())
    }

    fn forget(&self, gone: &Arc<Instance>) {
        lock(&self.0.instances).retain(|one| !Arc::ptr_eq(one, gone));
        self.0.changed.send_modify(|count| *count += 1);
    }
}

/// Serves the socket of one service until it leaves, is silent for too long, or breaks the rules. The handshake is over.
pub async fn serve_socket<S>(handlers: &Handlers, io: S, admission: Admission)
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let sockets = handlers.0.sockets.clone();
    let mut closing = handlers.0.closing.subscribe();
    let Some(_connected) = Held::below(&sockets.0.connected, HANDLER_SOCKETS_MAX) else { return };
    let most = Some(HANDLER_MESSAGE_BYTES_MAX);
    let config =
        WebSocketConfig::default().max_message_size(most).max_frame_size(most).read_buffer_size(8 << 10);
    let socket = WebSocketStream::from_raw_socket(io, Role::Server, Some(config)).await;
    let (mut sink, mut stream) = socket.split();
    let pace = handlers.0.pace;
    if let Admission::Token(token) = admission {
        let first = timeout(pace.greeting, stream.next());
        let first = tokio::select! {
            first = first => first,
            _ = closing.wait_for(|closing| *closing) => return,
        };
        let said = matches!(&first, Ok(Some(Ok(message))) if says_token(message, &token));
        if !said {
            tracing::warn!("a service that connected did not say the token");
            return leave(&mut sink, pace, CloseCode::Policy, "say the token first").await;
        }
    }
    let instance = Arc::new(Instance {
        exchange: Exchange::new(Arc::new(Counts::default())),
        offers: Mutex::default(),
        asked_last: AtomicU64::new(0),
    });
    lock(&sockets.0.instances).push(instance.clone());
    let _leaving = Leaving { sockets: &sockets, instance: &instance };
    let why = tokio::select! {
        why = read(handlers, &instance, &mut stream, pace) => why,
        why = write(&instance.exchange, &mut sink, pace) => why,
        _ = closing.wait_for(|closing| *closing) => "the host ends",
    };
    tracing::info!(why, "a service that offered handlers has left");
    leave(&mut sink, pace, CloseCode::Normal, why).await;
}

/// Takes a service away and fails its calls, also where whoever serves it is dropped.
struct Leaving<'a> {
    sockets: &'a Sockets,
    instance: &'a Arc<Instance>,
}

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.sockets.forget(self.instance);
        self.instance.exchange.close();
    }
}

async fn leave<W: Sink<Message> + Unpin>(sink: &mut W, pace: Pace, code: CloseCode, why: &'static str) {
    let frame = CloseFrame { code, reason: why.into() };
    // Who does not listen any longer is not waited for.
    let closing = async {
        drop(sink.send(Message::Close(Some(frame))).await);
        drop(sink.close().await);
    };
    drop(timeout(pace.stop, closing).await);
}

/// Whether a message says the token. How long the comparison takes tells nothing of it.
fn says_token(message: &Message, token: &str) -> bool {
    let Ok(text) = message.to_text() else { return false };
    let Ok(said) = serde_json::from_str::<Json>(text) else { return false };
    let said = said.get("token").and_then(Json::as_str).unwrap_or_default();
    !token.is_empty() && blake3::hash(said.as_bytes()) == blake3::hash(token.as_bytes())
}

/// Takes what the service says, until it should be left: why.
async fn read<R>(handlers: &Handlers, instance: &Instance, stream: &mut R, pace: Pace) -> &'static str
where
    R: Stream<Item = Result<Message, Error>> + Unpin,
{
    loop {
        let message = match timeout(pace.silence, stream.next()).await {
            Err(_) => return "it was silent for too long",
            Ok(None | Some(Ok(Message::Close(_)))) => return "it has closed",
            Ok(Some(Err(Error::Capacity(_)))) => return "it has sent too large a message",
            Ok(Some(Err(_))) => return "its connection broke",
            Ok(Some(Ok(message))) => message,
        };
        // Pings are answered by the library, and pongs have done what they are for.
        if !matches!(message, Message::Text(_) | Message::Binary(_)) {
            continue;
        }
        let said = match instance.exchange.take(&message.into_data()) {
            Taken::Done => continue,
            Taken::Enough => return "it says too much that is no answer",
            Taken::Said(said) => said,
        };
        let trouble = if let Some(offer) = said.get("offer") {
            offered(handlers, instance, offer)
        } else if let Some(name) = said.get("leave").and_then(|leave| leave.get("handler")) {
            lock(&instance.offers).retain(|one, _| Some(one.as_str()) != name.as_str());
            None
        } else {
            None
        };
        if let Some(trouble) = trouble {
            return trouble;
        }
        handlers.0.sockets.0.changed.send_modify(|count| *count += 1);
    }
}

/// Notes an offer; or why it is too much.
fn offered(handlers: &Handlers, instance: &Instance, offer: &Json) -> Option<&'static str> {
    let Some(name) = offer.get("handler").and_then(Json::as_str).filter(|name| name.len() <= NAME_BYTES_MAX)
    else {
        return Some("an offer names its handler");
    };
    {
        let mut offers = lock(&instance.offers);
        offers.insert(name.to_owned(), declared(offer));
        if offers.len() > HANDLER_OFFERS_MAX {
            return Some("it offers too many handlers");
        }
    }
    let described = lock(&handlers.0.endpoints)
        .get(name)
        .is_some_and(|endpoint| matches!(endpoint.link, Link::Sockets(..)));
    tracing::info!(handler = name, described, "a service offers a handler");
    instance.exchange.say(json!({ "offered": { "handler": name, "described": described } }).to_string());
    None
}

/// The operations that an offer declares; none where it declares nothing.
pub(super) fn declared(offer: &Json) -> Option<BTreeSet<String>> {
    let all = offer.get("operations")?.as_array()?;
    let names = all.iter().filter_map(Json::as_str).filter(|name| name.len() <= NAME_BYTES_MAX);
    Some(names.take(HANDLER_OPERATIONS_MAX).map(str::to_owned).collect())
}

/// Writes calls and pings, until nobody reads them: why.
async fn write<W>(exchange: &Exchange, sink: &mut W, pace: Pace) -> &'static str
where
    W: Sink<Message, Error = Error> + Unpin,
{
    let mut pings = interval(pace.ping);
    loop {
        let message = tokio::select! {
            line = exchange.next() => Message::text(line),
            _ = pings.tick() => Message::Ping(Vec::new().into()),
        };
        match timeout(pace.silence, sink.send(message)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return "its connection broke",
            Err(_) => return "it does not read",
        }
    }
}
