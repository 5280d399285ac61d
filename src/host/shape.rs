//! The JSON of the control interface: sessions, protocols, events, refusals. `schemas/openapi.json` describes it.
//!
//! Payloads are in none of it. Is not: the state itself; these are copies for those outside.

use std::sync::Arc;

use serde::Serialize;

use crate::base::fit;
use crate::base::id::RoleId;
use crate::base::time::Instant;
use crate::engine::event::What;
use crate::engine::standing::{Standing as Stands, Waits};
use crate::guard::State;
use crate::host::compare::Compared;
use crate::machine::Cast;
use crate::node::Node;
use crate::node::entry::Version;
use crate::node::order::News;
use crate::node::session::{Record, Standing, Step};
use crate::node::version::{Edition, Line};

/// A refusal: what every status of 400 and above carries.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Refusal {
    /// The code; `laban explain` says more.
    pub code: String,
    /// What is wrong, one line.
    pub message: String,
    /// What is said of a file, where that is what is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diagnostics: Option<serde_json::Value>,
}

/// A session in a list.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Summary {
    /// Its number.
    pub id: u64,
    /// Its protocol.
    pub protocol: Arc<str>,
    /// The version that it is pinned to.
    pub version: String,
    /// `running`, `completed`, `aborted`
    pub state: &'static str,
    /// Milliseconds since 1970.
    pub started: u64,
    /// When something last happened.
    pub touched: u64,
    /// Messages, decisions and outcomes so far.
    pub steps: u64,
    /// Why it was aborted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

/// Why a session was aborted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Failure {
    /// The code: `E05xx`.
    pub code: Arc<str>,
    /// At which role, if at one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Arc<str>>,
    /// What happened, one line.
    pub reason: Arc<str>,
}

/// A session by itself.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Detail {
    /// What a list says of it.
    #[serde(flatten)]
    pub summary: Summary,
    /// The key that it was started with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Arc<str>>,
    /// Where each role waits, and for what; none of a session that is over.
    pub waiting: Vec<Waiting>,
    /// The newest of what happened, oldest first.
    pub trail: Vec<Told>,
    /// What was spent toward whom.
    pub budgets: Vec<Spent>,
    /// What was shown to whom.
    pub leakage: Vec<Shown>,
}

/// Where a thread of a role waits.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Waiting {
    /// The role.
    pub role: Arc<str>,
    /// `turn`, `message`, `room`, `guard`, `answer`, `threads`, `scope`
    pub waits: &'static str,
    /// The messages, each with its sender, or the question.
    #[serde(rename = "for", skip_serializing_if = "Vec::is_empty")]
    pub wanted: Vec<String>,
}

/// What was spent.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are those of a budget")]
pub struct Spent {
    pub from: Arc<str>,
    pub to: Arc<str>,
    pub spent: u64,
    pub limit: u64,
}

/// What was shown.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are those of a budget")]
pub struct Shown {
    pub role: Arc<str>,
    pub observer: &'static str,
    pub spent: u64,
    pub limit: u64,
}

/// Something that happened, without payloads.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
#[expect(missing_docs, reason = "the fields are those of an event, as in `schemas/trace.schema.json`")]
pub struct Told {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<Arc<str>>,
    pub event: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub choice: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guard: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Arc<str>>,
}

/// A protocol and its versions.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Protocol {
    /// Its name.
    pub name: Arc<str>,
    /// The version that new sessions take, if it takes any.
    pub active: Option<String>,
    /// The file that it stands in.
    pub file: Option<Arc<str>>,
    /// Its roles.
    pub roles: Vec<Arc<str>>,
    /// What a session of it is given.
    pub input: Vec<Input>,
    /// The versions that are kept, oldest first.
    pub versions: Vec<Kept>,
}

/// A parameter of a protocol.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Input {
    /// Its name.
    pub name: Arc<str>,
    /// What it fits, as the language writes it.
    #[serde(rename = "type")]
    pub ty: String,
    /// Whether it must be given.
    pub required: bool,
}

/// A version.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Kept {
    /// The hash of the programs of all roles.
    pub version: String,
    /// `active`, `draining`, `retired`
    pub state: &'static str,
    /// When it was deployed first, in milliseconds since 1970.
    pub since: u64,
    /// Sessions that are not over.
    pub sessions: u64,
    /// How it compares with the version before, if it was deployed in the place of one since the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compared: Option<Compared>,
}

/// A time in milliseconds.
#[must_use]
pub const fn millis(at: Instant) -> u64 {
    at.0 / 1_000_000
}

/// A version as people write it.
#[must_use]
pub fn short(version: Version) -> String {
    let mut text = version.to_string();
    text.truncate(12);
    text
}

/// The name of a role.
#[must_use]
pub fn name(cast: Option<&Cast>, role: RoleId) -> Arc<str> {
    let program = cast.and_then(|cast| cast.programs().next());
    let role = program.and_then(|program| program.roles.get(role.index()));
    role.map_or_else(|| Arc::from("?"), |role| role.name.clone())
}

/// A session as a list says it.
#[must_use]
pub fn summary(node: &Node, id: u64, record: &Record) -> Summary {
    let cast = node.edition_of(record).map(|edition| &*edition.cast);
    let failure = match &record.standing {
        Standing::Aborted(failing) => Some(Failure {
            code: failing.code.clone(),
            role: failing.role.map(|role| name(cast, role)),
            reason: failing.reason.clone(),
        }),
        _ => None,
    };
    Summary {
        id,
        protocol: record.protocol.clone(),
        version: short(record.version),
        state: record.standing.word(),
        started: millis(record.started),
        touched: millis(record.touched),
        steps: record.steps,
        failure,
    }
}

/// A session by itself; none if there is none of this number.
#[must_use]
pub fn detail(node: &Node, id: u64) -> Option<Detail> {
    let accounts = node.accounts(id).unwrap_or_default();
    let record = node.sessions().get(&id)?;
    let cast = node.edition_of(record).map(|edition| &*edition.cast);
    let State { budgets, leakage, .. } = accounts;
    let spent = budgets.into_iter().filter(|(_, _, spent, _)| *spent > 0);
    Some(Detail {
        summary: summary(node, id, record),
        key: record.key.as_ref().map(|key| key.text.clone()),
        waiting: node.standing(id).iter().map(|standing| waiting(cast, standing)).collect(),
        trail: record.trail.iter().map(|step| told(cast, step)).collect(),
        budgets: spent
            .map(|(from, to, spent, limit)| Spent {
                from: name(cast, from),
                to: name(cast, to),
                spent,
                limit,
            })
            .collect(),
        leakage: leakage
            .into_iter()
            .map(|(role, observer, spent, limit)| Shown { role: name(cast, role), observer, spent, limit })
            .collect(),
    })
}

fn waiting(cast: Option<&Cast>, standing: &Stands) -> Waiting {
    let (waits, wanted) = match &standing.waits {
        Waits::Turn => ("turn", Vec::new()),
        Waits::Message(messages) => {
            let said = messages.iter().map(|(label, from)| format!("{label} from {}", name(cast, *from)));
            ("message", said.collect())
        }
        Waits::Room => ("room", Vec::new()),
        Waits::Guard => ("guard", Vec::new()),
        Waits::Answer(question) => ("answer", vec![question.clone()]),
        Waits::Threads => ("threads", Vec::new()),
        Waits::Scope => ("scope", Vec::new()),
    };
    Waiting { role: name(cast, standing.role), waits, wanted }
}

/// A step in words.
#[must_use]
pub fn told(cast: Option<&Cast>, step: &Step) -> Told {
    let role = |role: &RoleId| Some(name(cast, *role));
    let none = Told::default();
    match step {
        Step::Sent { from, to, label, .. } => {
            Told { event: "sent", from: role(from), to: role(to), label: Some(label.clone()), ..none }
        }
        Step::Received { from, to, label, .. } => {
            Told { event: "received", from: role(from), to: role(to), label: Some(label.clone()), ..none }
        }
        Step::Selected { from, to, label, .. } => {
            Told { event: "selected", from: role(from), to: role(to), label: Some(label.clone()), ..none }
        }
        Step::Denied { role: who, label, guard, code, kind } => Told {
            event: "denied",
            role: role(who),
            label: Some(label.clone()),
            guard: Some(guard.clone()),
            code: Some(code.clone()),
            kind: Some(kind.clone()),
            ..none
        },
        Step::Decided { role: who, choice, label } => Told {
            event: "decided",
            role: role(who),
            choice: Some(choice.clone()),
            label: Some(label.clone()),
            ..none
        },
        Step::Raised { role: who, scope, cause } => Told {
            event: "raised",
            role: role(who),
            scope: Some(scope.clone()),
            cause: Some(cause.clone()),
            ..none
        },
        Step::Performed { role: who, operation } => {
            Told { event: "performed", role: role(who), operation: Some(operation.clone()), ..none }
        }
        Step::Finished { role: who } => Told { event: "finished", role: role(who), ..none },
    }
}

/// News as one line of JSON.
#[must_use]
pub fn line(node: &Node, news: &News) -> Option<Arc<str>> {
    let record = node.sessions().get(&news.session)?;
    let cast = node.edition_of(record).map(|edition| &*edition.cast);
    let none = Told::default();
    let said = match &news.what {
        What::Completed => Told { event: "completed", ..none },
        What::Aborted { role, code, reason } => Told {
            event: "aborted",
            role: role.map(|role| name(cast, role)),
            code: Some(Arc::from(*code)),
            reason: Some(Arc::from(reason.as_str())),
            ..none
        },
        what => told(cast, &Step::of(what)?),
    };
    let said = Told { session: Some(news.session), protocol: Some(record.protocol.clone()), ..said };
    serde_json::to_string(&said).ok().map(Arc::from)
}

/// A protocol and its versions.
#[must_use]
pub fn protocol(name: &Arc<str>, line: &Line) -> Protocol {
    let active = line.active();
    let shown = active.or_else(|| line.editions.last());
    let first = shown.and_then(|edition| edition.cast.programs().next());
    Protocol {
        name: name.clone(),
        active: active.map(|edition| short(edition.package.version)),
        file: shown.map(|edition| edition.package.file.clone()),
        roles: first
            .map(|program| program.roles.iter().map(|role| role.name.clone()).collect())
            .unwrap_or_default(),
        input: shown.map(inputs).unwrap_or_default(),
        versions: line
            .editions
            .iter()
            .map(|edition| Kept {
                version: short(edition.package.version),
                state: edition.life.word(),
                since: millis(edition.since),
                sessions: edition.sessions,
                compared: None,
            })
            .collect(),
    }
}

fn inputs(edition: &Edition) -> Vec<Input> {
    let params = crate::tools::run::params(edition.cast.programs());
    let shown = |param: crate::config::input::Param| Input {
        name: param.name,
        ty: fit::type_name(&param.ty),
        required: !param.optional,
    };
    params.into_iter().map(shown).collect()
}
