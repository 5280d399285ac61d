//! Events as they happen, as server-sent events, without payloads.
//!
//! A listener that is too slow loses some and is told how many. Is not: a log; what was before is in each session's trail.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::Stream;
use serde::Deserialize;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};

use crate::base::limits::LISTENERS_MAX;
use crate::diag::code::Code;
use crate::host::api::{Answer, At, Refused, stopping};

/// Which events are wanted.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    session: Option<u64>,
}

/// The events that one listener has not heard yet.
struct Listening {
    next: Pin<Box<dyn Future<Output = Next> + Send>>,
}

/// What comes next, and where to go on listening.
type Next = Option<(Event, Ears)>;

struct Ears {
    events: broadcast::Receiver<Arc<str>>,
    draining: watch::Receiver<bool>,
    /// How an event of the session that is wanted begins.
    begins: Option<String>,
}

pub(super) async fn events(
    at: At,
    which: Result<Query<Which>, QueryRejection>,
) -> Answer<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    let Query(which) = which?;
    if at.board.events.receiver_count() >= LISTENERS_MAX {
        let message = format!("{LISTENERS_MAX} listen already; try again later");
        return Err(Refused::new(StatusCode::SERVICE_UNAVAILABLE, Code::E0612, message));
    }
    let begins = which.session.map(|session| format!("{{\"session\":{session},"));
    let ears = Ears { events: at.board.events.subscribe(), draining: at.draining.clone(), begins };
    Ok(Sse::new(Listening { next: Box::pin(ears.next()) }).keep_alive(KeepAlive::default()))
}

impl Ears {
    async fn next(mut self) -> Next {
        loop {
            let heard = tokio::select! {
                heard = self.events.recv() => heard,
                () = stopping(&mut self.draining) => return None,
            };
            match heard {
                Ok(line) if self.begins.as_ref().is_none_or(|begins| line.starts_with(begins.as_str())) => {
                    return Some((Event::default().data(&*line), self));
                }
                Ok(_) => {}
                Err(RecvError::Lagged(count)) => {
                    let line = format!("{{\"event\":\"lost\",\"count\":{count}}}");
                    return Some((Event::default().data(line), self));
                }
                Err(RecvError::Closed) => return None,
            }
        }
    }
}

impl Stream for Listening {
    type Item = Result<Event, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.next.as_mut().poll(context).map(|next| {
            let (event, ears) = next?;
            self.next = Box::pin(ears.next());
            Some(Ok(event))
        })
    }
}
