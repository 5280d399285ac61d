//! The driver over a session of the machine itself, where nothing moves unless a line says so.
//!
//! A move is one of `check::moves`, so that what the explorer has found can be written as a scenario, and is played
//! again to the same end. Values that nobody knows are written `"?"`.
//! Is not: timed, and answers nothing by itself.

use std::sync::Arc;

use serde_json::Value as Json;

use crate::base::id::RoleId;
use crate::base::json::{from_json, to_json};
use crate::base::time::Duration;
use crate::base::ty::Type;
use crate::base::value::Value;
use crate::bytecode::program::Kind;
use crate::check::moves::{Act, Move};
use crate::check::redo::{End, Redo};
use crate::check::turn::{Abort, Heard};
use crate::config::scenario::{Action, Head, Motion, Name, Placed, Question, Row, Standing, Table};
use crate::diag::source::Span;
use crate::machine::Cast;
use crate::tools::scenario::{Done, Driver, Given, Happening, Objection, Wait};
use crate::tools::trace::Stage;

/// A session whose moves are made one at a time.
#[derive(Debug)]
pub struct Manual {
    cast: Arc<Cast>,
    stage: Stage,
    session: Option<Redo>,
    happened: Vec<Happening>,
    over: bool,
}

impl Manual {
    /// A session that is not open yet.
    #[must_use]
    pub const fn new(cast: Arc<Cast>, stage: Stage) -> Self {
        Self { cast, stage, session: None, happened: Vec::new(), over: false }
    }

    fn make(&mut self, one: &Move) -> Done {
        let Some(session) = self.session.as_mut().filter(|_| !self.over) else {
            return Err(Objection("the session is not open".to_owned()));
        };
        let end = session.make(one).map_err(|reason| {
            let able: Vec<String> = session.moves().iter().map(|one| format!("`{one}`")).collect();
            let able = if able.is_empty() { "nothing can".to_owned() } else { able.join(", ") };
            Objection(format!("{reason}; what can be done: {able}"))
        })?;
        self.tell(end);
        Ok(())
    }

    /// Notes what has happened, and the end if it has come.
    fn tell(&mut self, end: Option<End>) {
        let heard = self.session.as_mut().map_or_else(Vec::new, Redo::heard);
        let happened = heard.into_iter().filter_map(|one| self.happening(one)).collect::<Vec<_>>();
        self.happened.extend(happened);
        let Some(end) = end else { return };
        self.over = true;
        let role = |role: RoleId| self.stage.role(role);
        self.happened.push(match end {
            End::Completed => Happening::Completed,
            End::Abort(Abort { role: at, trouble }) => Happening::Aborted {
                role: Some(role(at)),
                code: trouble.code().to_owned(),
                reason: trouble.to_string(),
            },
            End::Untaken(at, code, what) => {
                Happening::Aborted { role: at.map(role), code: code.to_owned(), reason: what.to_owned() }
            }
            End::Stuck(at) => Happening::Aborted {
                role: at.map(role),
                code: "E0512".to_owned(),
                reason: "every role that is left waits, and nothing is under way".to_owned(),
            },
        });
    }

    fn happening(&self, heard: Heard) -> Option<Happening> {
        let role = |role: RoleId| self.stage.role(role);
        Some(match heard {
            Heard::Sent { from, to, label, kind: Kind::Data, payload, .. } => {
                Happening::Sent { from: role(from), to: role(to), message: label, payload }
            }
            Heard::Sent { from, to, label, .. } => Happening::Told { from: role(from), to: role(to), label },
            Heard::Received { from, to, label, .. } => {
                let program = self.cast.program(to)?;
                let data = |message: &crate::bytecode::program::Message| {
                    message.name == label && message.kind == Kind::Data
                };
                program.messages.iter().any(data).then(|| Happening::Taken {
                    from: role(from),
                    to: role(to),
                    message: label.clone(),
                })?
            }
            Heard::Decided { role: by, choice, label } => {
                Happening::Decided { role: role(by), choice, label }
            }
            Heard::Performed { role: by, operation, outcome } => {
                Happening::Performed { role: role(by), operation, outcome }
            }
            Heard::Finished { role: by } => Happening::Done { role: role(by) },
            Heard::Raised { role: by, cause, .. } => Happening::Raised { role: role(by), cause },
        })
    }
}

const BY_ITSELF: &str = "in a `manual` scenario everything is a step";

impl Driver for Manual {
    fn reserve(&mut self, _role: &str, _question: &Question) {}

    fn open(&mut self, params: &[(Arc<str>, Value)]) -> Done {
        let (session, end) = Redo::open(self.cast.clone(), params);
        self.session = Some(session);
        self.tell(end);
        Ok(())
    }

    fn answer(&mut self, _role: &str, _question: &Question, _given: Given) -> Done {
        Err(Objection(BY_ITSELF.to_owned()))
    }

    fn deny(&mut self, _times: Option<u32>, _from: &str, _to: &str, _message: &str) -> Done {
        Err(Objection(BY_ITSELF.to_owned()))
    }

    fn cancel(&mut self) -> Done {
        self.make(&Move { role: "".into(), thread: 0, act: Act::Cancel })
    }

    fn lose(&mut self, _role: &str) -> Done {
        Err(Objection(BY_ITSELF.to_owned()))
    }

    fn tick(&mut self, _span: Duration) -> Done {
        Err(Objection(
            "there is no clock in a `manual` scenario; `step ROLE expire N` ends a scope".to_owned(),
        ))
    }

    fn step(&mut self, place: &str, motion: &Motion) -> Done {
        let (role, thread) = place.split_once('/').unwrap_or((place, "0"));
        let thread = thread.parse().map_err(|_| Objection(format!("`{thread}` is no number of a thread")))?;
        let value = |json: &Json| {
            from_json(json, &Type::Any)
                .map_err(|misfit| Objection(format!("the value does not fit: {misfit}")))
        };
        let act = match motion {
            Motion::Go => Act::Step,
            Motion::Take(from) => Act::Take(from.it.as_str().into()),
            Motion::Send => Act::Send,
            Motion::Deny => Act::Deny,
            Motion::Decide(label) => Act::Decide(label.it.as_str().into()),
            Motion::Give(given) => Act::Give(value(&given.it)?),
            Motion::Accept => Act::Accept,
            Motion::Refuse => Act::Refuse,
            Motion::Fail(name) => Act::Fail(name.it.as_str().into()),
            Motion::Suppose(supposed) => Act::Suppose(value(&supposed.it)?),
            Motion::Expire(scope) => Act::Expire(*scope),
        };
        self.make(&Move { role: role.into(), thread, act })
    }

    fn happened(&mut self) -> Vec<Happening> {
        std::mem::take(&mut self.happened)
    }

    fn waits(&self) -> Vec<Wait> {
        let Some(session) = self.session.as_ref().filter(|_| !self.over) else { return Vec::new() };
        let name = |role: RoleId| self.stage.role(role).to_string();
        let messages = session.awaited().into_iter();
        messages
            .map(|(role, message, from)| Wait::Message(name(role), message.to_string(), name(from)))
            .collect()
    }
}

/// What is kept of a run, so that it can be made again.
#[derive(Clone, Copy, Debug)]
pub struct Kept<'a> {
    /// What the run shows.
    pub name: &'a str,
    /// The path of the protocol's file, from where the table is kept.
    pub file: &'a str,
    /// The protocol.
    pub protocol: &'a str,
    /// Members of families.
    pub sizes: &'a [(String, u32)],
    /// The values of the parameters. One that nobody knows is left out.
    pub params: &'a [(Arc<str>, Value)],
    /// The moves after the opening.
    pub moves: &'a [Move],
    /// How things stand after the last move, if that is to be held.
    pub standing: Option<&'a Standing>,
}

/// The table that makes a run again.
#[must_use]
pub fn table(kept: &Kept<'_>) -> Table {
    let placed = |row| Placed { it: row, at: Span::default() };
    let name = |text: &str| -> Name { Placed { it: text.to_owned(), at: Span::default() } };
    let mut rows = vec![placed(Row::Head(Head::Protocol(name(kept.file), Some(name(kept.protocol)))))];
    if !kept.sizes.is_empty() {
        let sizes = kept.sizes.iter().map(|(family, count)| (name(family), *count));
        rows.push(placed(Row::Head(Head::Size(sizes.collect()))));
    }
    rows.extend([Row::Blank, Row::Scenario(kept.name.to_owned()), Row::Head(Head::Manual)].map(placed));
    let params = kept.params.iter().filter(|(_, value)| is_known(&to_json(value)));
    let params =
        params.map(|(param, value)| (name(param), Placed { it: to_json(value), at: Span::default() }));
    rows.push(placed(Row::Act(Action::Open(params.collect()), Vec::new())));
    rows.extend(kept.moves.iter().map(|one| placed(Row::Act(action(one), Vec::new()))));
    if let Some(standing) = kept.standing {
        let standing = Placed { it: standing.clone(), at: Span::default() };
        rows.push(placed(Row::Act(Action::Expect(standing), Vec::new())));
    }
    Table { rows }
}

/// Whether no part of a value is one that nobody knows.
fn is_known(json: &Json) -> bool {
    match json {
        Json::String(text) => text != UNKNOWN,
        Json::Array(items) => items.iter().all(is_known),
        Json::Object(fields) => fields.values().all(is_known),
        _ => true,
    }
}

/// How a value that nobody knows is written.
const UNKNOWN: &str = "?";

/// The line that is a move.
#[must_use]
pub fn action(one: &Move) -> Action {
    let name = |text: &str| -> Name { Placed { it: text.to_owned(), at: Span::default() } };
    let value = |value: &Value| -> Placed<Json> { Placed { it: to_json(value), at: Span::default() } };
    let motion = match &one.act {
        Act::Cancel => return Action::Cancel,
        Act::Step => Motion::Go,
        Act::Take(from) => Motion::Take(name(from)),
        Act::Send => Motion::Send,
        Act::Deny => Motion::Deny,
        Act::Decide(label) => Motion::Decide(name(label)),
        Act::Give(given) => Motion::Give(value(given)),
        Act::Accept => Motion::Accept,
        Act::Refuse => Motion::Refuse,
        Act::Fail(failure) => Motion::Fail(name(failure)),
        Act::Suppose(supposed) => Motion::Suppose(value(supposed)),
        Act::Expire(scope) => Motion::Expire(*scope),
    };
    let place = match one.thread {
        0 => one.role.to_string(),
        thread => format!("{}/{thread}", one.role),
    };
    Action::Step(name(&place), motion)
}
