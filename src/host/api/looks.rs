//! How the engine is: health, readiness, status, budgets, journal.

use std::sync::Arc;

use axum::Json;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json_;

use crate::base::json;
use crate::base::limits::{FACTS_LISTED_MAX, SESSIONS_LISTED_MAX};
use crate::diag::code::Code;
use crate::host::api::{Answer, At, Refused};
use crate::host::generation::Status as Directory;
use crate::host::handlers::Offer;
use crate::host::shape;
use crate::host::shape::{Protocol, Spent};
use crate::journal::{Context, Set};
use crate::node::Node;

/// It runs.
pub(super) async fn health() -> &'static str {
    "ok\n"
}

/// Whether it takes work.
pub(super) async fn ready(at: At) -> Answer<&'static str> {
    let unready = |code, message: String| Refused::new(StatusCode::SERVICE_UNAVAILABLE, code, message);
    if *at.draining.borrow() {
        return Err(unready(Code::E0612, "the engine is stopping".to_owned()));
    }
    at.writable()?;
    // What the log knows takes sessions, whatever stands in the directory now.
    let takes = |node: &Node| node.lines().values().any(|line| line.active().is_some());
    if at.generations.status().generation == 0 && !at.look(takes).await? {
        return Err(unready(Code::E0609, "nothing of the directory was deployed yet".to_owned()));
    }
    Ok("ready\n")
}

/// How the engine is.
#[derive(Serialize, Debug)]
pub(super) struct Status {
    version: &'static str,
    node: String,
    listen: String,
    directory: String,
    deployed: Directory,
    sessions: u64,
    started: u64,
    calls: usize,
    protocols: Vec<Protocol>,
    /// What handlers are asked for and have said that they do not offer (E0614).
    unoffered: Vec<Unoffered>,
}

/// An operation that nobody offers.
#[derive(Serialize, Debug)]
struct Unoffered {
    protocol: Arc<str>,
    handler: Arc<str>,
    operation: String,
}

pub(super) async fn status(at: At) -> Answer<Json<Status>> {
    let seen = at.look(|node| {
        let protocols = node.lines().iter().map(|(name, line)| shape::protocol(name, line));
        let protocols: Vec<Protocol> = protocols.collect();
        let active = node.lines().iter().filter_map(|(name, line)| Some((name, line.active()?)));
        let asks: Vec<_> = active.map(|(name, edition)| (name.clone(), edition.asks())).collect();
        (node.id(), node.engine().sessions() as u64, node.started(), protocols, asks)
    });
    let (id, sessions, started, protocols, asks) = seen.await?;
    let asks = asks
        .into_iter()
        .flat_map(|(protocol, asks)| asks.into_iter().map(move |ask| (protocol.clone(), ask)));
    // Services say what they offer when they come, so that it is looked at now and not at the deployment.
    let unoffered = asks
        .filter(|(_, (handler, operation))| {
            matches!(at.handlers.offers(handler, operation), Offer::NotOffered | Offer::NoHandler)
        })
        .map(|(protocol, (handler, operation))| Unoffered { protocol, handler, operation });
    Ok(Json(Status {
        version: env!("CARGO_PKG_VERSION"),
        node: format!("{id:016x}"),
        listen: at.address.to_string(),
        directory: at.directory.display().to_string(),
        deployed: at.generations.status(),
        sessions,
        started,
        calls: at.board.calls(),
        protocols: protocols.into_iter().map(|one| at.generations.with_comparisons(one)).collect(),
        unoffered: unoffered.collect(),
    }))
}

/// The budgets of one session's roles.
#[derive(Serialize, Debug)]
pub(super) struct Budgets {
    protocol: Arc<str>,
    session: u64,
    budgets: Vec<Spent>,
}

pub(super) async fn budgets(at: At) -> Answer<Json<Vec<Budgets>>> {
    // Sessions of one protocol share their budgets, so that the newest of each tells them.
    let seen = at.look(|node| {
        let mut newest = std::collections::BTreeMap::new();
        for (id, record) in node.sessions().iter().rev().take(SESSIONS_LISTED_MAX) {
            if record.standing.word() == "running" {
                newest.entry(record.protocol.clone()).or_insert(*id);
            }
        }
        let all = newest.into_iter().filter_map(|(protocol, session)| {
            let budgets = shape::detail(node, session)?.budgets;
            Some(Budgets { protocol, session, budgets })
        });
        all.collect::<Vec<_>>()
    });
    Ok(Json(seen.await?))
}

/// Which facts are wanted.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    #[serde(default = "Which::local")]
    context: String,
    namespace: Option<String>,
}

impl Which {
    fn local() -> String {
        crate::guard::policy::CONTEXT.to_owned()
    }
}

/// A fact. Its data is what the profile or the role wrote down, so it is shown to whoever has the token and asks.
#[derive(Serialize, Debug)]
pub(super) struct Said {
    namespace: String,
    key: String,
    device: String,
    order: u64,
    data: Json_,
}

pub(super) async fn journal(at: At, which: Result<Query<Which>, QueryRejection>) -> Answer<Json<Vec<Said>>> {
    let Query(which) = which?;
    let context = Context::new(Arc::from(which.context.as_str()));
    let context = context.map_err(|_| Refused::malformed("`context` is no name"))?;
    let seen = at.look(move |node| {
        let view = node.engine().journal().of(&context);
        let wanted = |set: &&Set| {
            let name = set.place().namespace.text();
            which.namespace.as_deref().is_none_or(|namespace| **name == *namespace)
        };
        let facts = view.sets().filter(wanted).flat_map(|set| set.facts().rev());
        facts.take(FACTS_LISTED_MAX).cloned().collect::<Vec<_>>()
    });
    // Data is shared until here, and becomes text where nobody waits for it.
    let said = seen.await?.into_iter().map(|fact| Said {
        namespace: fact.place().namespace.text().to_string(),
        key: fact.key().text().to_string(),
        device: fact.device().text().to_string(),
        order: fact.order(),
        data: json::to_json(fact.data()),
    });
    Ok(Json(said.collect()))
}
