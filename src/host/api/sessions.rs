//! Sessions: start, list, look at, cancel.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json_;

use crate::base::id::RoleId;
use crate::base::json;
use crate::base::limits::{NAME_BYTES_MAX, SESSIONS_LISTED_MAX, WAIT_SECONDS_MAX};
use crate::base::time::Duration as Span;
use crate::config::vocabulary::{indexed, means};
use crate::diag::code::Code;
use crate::diag::did_you_mean;
use crate::host::api::{Answer, At, Refused};
use crate::host::shape::{self, Detail, Summary};
use crate::node::Node;
use crate::node::entry::{Entry, Key, Player, Start};
use crate::node::order::Reply;
use crate::tools::run::params;
use crate::tools::trace::{Stage, for_people};

/// How a session is wanted.
#[derive(Deserialize, Serialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    protocol: String,
    #[serde(default)]
    input: BTreeMap<String, Json_>,
    #[serde(default)]
    roles: BTreeMap<String, Plays>,
    #[serde(default, skip_serializing)]
    wait: Wait,
    idle_timeout: Option<String>,
}

/// Who plays a role: a handler, or one with what it is told.
#[derive(Deserialize, Serialize, Clone, Debug)]
#[serde(
    untagged,
    deny_unknown_fields,
    expecting = "expected the name of a handler, or `handler` with `config`, `deadline`, `observe`"
)]
enum Plays {
    Handler(String),
    Told {
        handler: String,
        #[serde(default)]
        config: Json_,
        deadline: Option<String>,
        #[serde(default)]
        observe: bool,
    },
}

/// Whether the answer waits for the end of the session.
#[derive(Deserialize, Clone, Debug)]
#[serde(untagged, expecting = "expected `true`, `false` or a span of time such as `10s`")]
enum Wait {
    Whether(bool),
    Long(String),
}

impl Default for Wait {
    fn default() -> Self {
        Self::Whether(false)
    }
}

/// Which sessions are wanted.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    state: Option<String>,
    protocol: Option<String>,
    /// Only those with a greater number.
    #[serde(default)]
    after: u64,
    limit: Option<usize>,
}

pub(super) async fn start(
    at: At,
    headers: HeaderMap,
    wanted: Result<Json<Wanted>, JsonRejection>,
) -> Answer<impl IntoResponse> {
    let Json(wanted) = wanted?;
    let wait = waits(&wanted.wait)?;
    let key = key(&headers, &wanted)?;
    let (idle, most) = (at.idle_timeout, at.limits.sessions);
    // What was started already is given again, whatever has become of the protocol and of the room since.
    let make = move |node: &Node| match key.as_ref().and_then(|key| node.begun_by(key)) {
        Some(begun) => Err(begun.map_err(Refused::from)),
        None if node.engine().sessions() >= most => Err(Err(full(most))),
        None => prepared(node, &wanted, key, idle).map(Entry::Start).map_err(Err),
    };
    let id = match at.make(make).await? {
        Ok(Reply::Started(id)) => id,
        Ok(Reply::Refused(trouble)) => return Err(trouble.into()),
        Ok(Reply::Done) => return Err(Refused::malformed("this is not a start")),
        Err(begun) => begun?,
    };
    let over = match wait {
        Some(wait) => ended(&at, id, wait).await?,
        None => false,
    };
    let detail = detail(&at, id).await?;
    Ok((if over { StatusCode::OK } else { StatusCode::CREATED }, Json(detail)))
}

/// No more sessions run than may.
fn full(most: usize) -> Refused {
    let message = format!("{most} sessions run, as many as may; try again later");
    Refused::new(StatusCode::SERVICE_UNAVAILABLE, Code::E0514, message)
}

/// Waits for the end of a session, at most so long; whether it is over.
async fn ended(at: &At, id: u64, wait: Duration) -> Answer<bool> {
    let board = at.board.clone();
    let end = at.desk.look(move |node| {
        let running = node.sessions().get(&id).is_some_and(|record| record.standing.word() == "running");
        running.then(|| board.end_of(id))
    });
    let Some(end) = end.await? else { return Ok(true) };
    Ok(tokio::time::timeout(wait, end).await.is_ok())
}

fn waits(wait: &Wait) -> Answer<Option<Duration>> {
    let most = Duration::from_secs(WAIT_SECONDS_MAX);
    match wait {
        Wait::Whether(false) => Ok(None),
        Wait::Whether(true) => Ok(Some(most)),
        Wait::Long(text) => match json::duration(text).map(|span| Duration::from_nanos(span.0)) {
            Some(span) if span <= most => Ok(Some(span)),
            Some(_) => Err(Refused::malformed(format!("`wait` is at most `{WAIT_SECONDS_MAX}s`"))),
            None => Err(Refused::malformed("`wait` is `true`, `false` or a span of time such as `10s`")),
        },
    }
}

/// The key with which a start is told from another one.
fn key(headers: &HeaderMap, wanted: &Wanted) -> Answer<Option<Key>> {
    let Some(key) = headers.get("idempotency-key") else { return Ok(None) };
    match key.to_str() {
        Ok(key) if !key.is_empty() && key.len() <= NAME_BYTES_MAX => {
            let asked = serde_json::to_vec(wanted).unwrap_or_default();
            Ok(Some(Key { text: Arc::from(key), asked: *blake3::hash(&asked).as_bytes() }))
        }
        _ => Err(Refused::malformed(format!("`Idempotency-Key` is text of at most {NAME_BYTES_MAX} bytes"))),
    }
}

/// The start that is wanted, its names and values looked up.
fn prepared(node: &Node, wanted: &Wanted, key: Option<Key>, idle: Option<Span>) -> Answer<Start> {
    let protocol: Arc<str> = Arc::from(wanted.protocol.as_str());
    let idle_timeout =
        match &wanted.idle_timeout {
            None => idle,
            Some(text) => Some(json::duration(text).ok_or_else(|| {
                Refused::malformed("`idle_timeout` is a span of time such as `90s` or `2h`")
            })?),
        };
    let mut start = Start { protocol, params: Vec::new(), players: BTreeMap::new(), key, idle_timeout };
    // A protocol that is not there is refused by the node, with the names that are near.
    let Some(edition) = node.lines().get(&start.protocol).and_then(|line| line.active()) else {
        return Ok(start);
    };
    let known = params(edition.cast.programs());
    for (name, given) in &wanted.input {
        let Some(param) = known.iter().find(|param| *param.name == **name) else {
            let near = did_you_mean(name, known.iter().map(|param| param.name.as_ref()));
            return Err(Refused::malformed(format!("`input`: there is no parameter `{name}`{near}")));
        };
        let value = json::from_json(given, &param.ty);
        let value = value.map_err(|misfit| {
            Refused::malformed(format!("`input`: the parameter `{name}` does not fit: {misfit}"))
        })?;
        start.params.push((param.name.clone(), value));
    }
    let roles = edition.cast.programs().next().map_or(&[][..], |program| &program.roles);
    for (pattern, plays) in &wanted.roles {
        let meant = roles.iter().enumerate().filter(|(_, role)| means(pattern, &role.name));
        let meant: Vec<RoleId> = meant.map(|(at, _)| RoleId::at(at)).collect();
        if meant.is_empty() {
            let near = did_you_mean(pattern, roles.iter().map(|role| role.name.as_ref()));
            return Err(Refused::malformed(format!("`roles`: there is no role `{pattern}`{near}")));
        }
        let player = player(plays)?;
        start.players.extend(meant.into_iter().map(|role| {
            let name = roles.get(role.index()).map_or("", |role| &role.name);
            (role, Player { config: indexed(&player.config, name), ..player.clone() })
        }));
    }
    Ok(start)
}

fn player(plays: &Plays) -> Answer<Player> {
    let (handler, config, deadline, observes) = match plays.clone() {
        Plays::Handler(handler) => (handler, Json_::Null, None, false),
        Plays::Told { handler, config, deadline, observe } => (handler, config, deadline, observe),
    };
    let deadline = match deadline {
        None => None,
        Some(text) => Some(
            json::duration(&text)
                .ok_or_else(|| Refused::malformed("`deadline` is a span of time such as `250ms` or `2h`"))?,
        ),
    };
    Ok(Player { handler: Arc::from(handler), config, deadline, observes })
}

pub(super) async fn list(at: At, which: Result<Query<Which>, QueryRejection>) -> Answer<Json<Vec<Summary>>> {
    let Query(which) = which?;
    if let Some(state) = &which.state
        && !["running", "completed", "aborted"].contains(&state.as_str())
    {
        return Err(Refused::malformed("`state` is `running`, `completed` or `aborted`"));
    }
    let limit = which.limit.unwrap_or(SESSIONS_LISTED_MAX).min(SESSIONS_LISTED_MAX);
    let listed = at.look(move |node| {
        let all = node.sessions().range(which.after.saturating_add(1)..);
        let wanted = all.filter(|(_, record)| {
            which.state.as_deref().is_none_or(|state| record.standing.word() == state)
                && which.protocol.as_deref().is_none_or(|protocol| *record.protocol == *protocol)
        });
        wanted.take(limit).map(|(id, record)| shape::summary(node, *id, record)).collect::<Vec<_>>()
    });
    Ok(Json(listed.await?))
}

pub(super) async fn show(at: At, id: Result<Path<u64>, PathRejection>) -> Answer<Json<Detail>> {
    let id = number(id)?;
    let seen = at.look(move |node| shape::detail(node, id)).await?;
    seen.map(Json).ok_or_else(|| unknown(id))
}

pub(super) async fn cancel(at: At, id: Result<Path<u64>, PathRejection>) -> Answer<Json<Detail>> {
    let id = number(id)?;
    let over = move |node: &Node| match node.sessions().get(&id).map(|record| record.standing.word()) {
        None | Some("running") => Ok(Entry::Cancel(id)),
        Some(state) => Err(ended_before(id, state)),
    };
    match at.make(over).await? {
        Ok(Reply::Refused(trouble)) => Err(trouble.into()),
        Ok(_) => Ok(Json(detail(&at, id).await?)),
        Err(refused) => Err(refused),
    }
}

/// How wide a diagram may be.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct Columns {
    #[serde(default = "Columns::usual")]
    columns: usize,
}

impl Columns {
    const fn usual() -> usize {
        100
    }
}

pub(super) async fn diagram(
    at: At,
    id: Result<Path<u64>, PathRejection>,
    columns: Result<Query<Columns>, QueryRejection>,
) -> Answer<String> {
    let id = number(id)?;
    let Query(columns) = columns?;
    let width = columns.columns.clamp(40, 400);
    let drawn = at.look(move |node| {
        let record = node.sessions().get(&id).ok_or_else(|| unknown(id))?;
        let edition = node.edition_of(record).ok_or_else(|| {
            let message = format!("the version of session {id} is no longer kept, and with it its diagram");
            Refused::unknown(Code::E0608, message)
        })?;
        let stage = Stage::new(edition.cast.programs(), edition.package.lanes.clone());
        let mut trace = for_people(stage, width);
        let mut text = String::new();
        let mut out = |line: &str| {
            text.push_str(line);
            text.push('\n');
        };
        trace.begin(&mut out);
        for what in record.trail.iter().filter_map(|step| step.event()) {
            trace.event(&what, &mut out);
        }
        Ok(text)
    });
    drawn.await?
}

/// A session to which something was done: that is told also where the log can be written only later.
async fn detail(at: &At, id: u64) -> Answer<Detail> {
    at.desk.look(move |node| shape::detail(node, id)).await?.ok_or_else(|| unknown(id))
}

/// Nothing is left to be cancelled.
fn ended_before(id: u64, state: &str) -> Refused {
    let message = format!("session {id} is over: it is {state}");
    Refused::new(StatusCode::CONFLICT, Code::E0607, message)
}

fn unknown(id: u64) -> Refused {
    Refused::unknown(Code::E0607, format!("there is no session {id}"))
}

fn number(id: Result<Path<u64>, PathRejection>) -> Answer<u64> {
    id.map(|Path(id)| id).map_err(|_| Refused::unknown(Code::E0607, "a session is called by its number"))
}
