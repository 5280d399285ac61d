//! A call and its answer as JSON: what every handler outside of this process is told, and how its words are read.
//!
//! In goes a call; out come a method with parameters, and of a result the answer that it stands for. Processes and services
//! that connect get them as JSON-RPC 2.0, HTTP services as the body of a request.
//! Invariant: no failure that is made here holds a part of a payload.
//! Is not: a connection.

use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use crate::base::fit::{self, Misfit, Step, Trouble};
use crate::base::json;
use crate::base::limits::HANDLER_REASON_CHARS_MAX;
use crate::base::ty::{FieldType, Type};
use crate::config::vocabulary::label_at;
use crate::effect::call::{Answer, Ask, Failure, FailureKind};
use crate::host::handlers::Asked;

/// What JSON-RPC says of a method that nobody has.
const NO_SUCH_METHOD: i64 = -32_601;

/// The operation that is asked: `produce`, `decide`, `observe`, or `EFFECT.operation`.
#[must_use]
pub fn operation(ask: &Ask) -> String {
    match ask {
        Ask::Produce { .. } => "produce".to_owned(),
        Ask::Decide { .. } => "decide".to_owned(),
        Ask::Observe { .. } => "observe".to_owned(),
        Ask::Perform { effect, operation, .. } => format!("{effect}.{operation}"),
    }
}

/// What is said about a call.
#[must_use]
pub fn params(asked: &Asked) -> Map<String, Json> {
    let mut params = Map::new();
    let mut say = |name: &str, value: Json| {
        params.insert(name.to_owned(), value);
    };
    say("key", Json::from(asked.key.as_str()));
    say("protocol", Json::from(&*asked.protocol));
    say("session", Json::from(asked.session));
    say("role", Json::from(&*asked.role));
    say("config", asked.config.clone());
    match &asked.ask {
        Ask::Produce { message, to, .. } => {
            say("message", Json::from(&**message));
            say("to", Json::from(&**to));
        }
        Ask::Decide { choice, labels } => {
            say("choice", Json::from(&**choice));
            say("labels", labels.iter().map(|label| Json::from(&**label)).collect());
        }
        Ask::Observe { message, from, payload } => {
            say("message", Json::from(&**message));
            say("from", Json::from(&**from));
            say("payload", json::to_json(payload));
        }
        Ask::Perform { args, .. } => {
            let args = args.iter().map(|(name, value)| (name.to_string(), json::to_json(value)));
            say("args", Json::Object(args.collect()));
        }
    }
    params
}

/// A request of JSON-RPC 2.0 on one line.
#[must_use]
pub fn request(id: u64, asked: &Asked) -> String {
    let params = Json::Object(params(asked));
    json!({ "jsonrpc": "2.0", "id": id, "method": operation(&asked.ask), "params": params }).to_string()
}

/// The notification that nobody waits for an answer any longer, on one line.
#[must_use]
pub fn withdrawal(key: &str) -> String {
    json!({ "jsonrpc": "2.0", "method": "withdraw", "params": { "key": key } }).to_string()
}

/// The answer that a result stands for.
#[must_use]
pub fn answer(asked: &Asked, result: &Json) -> Answer {
    match &asked.ask {
        Ask::Produce { message, ty, .. } => value(result, ty, &format!("the payload of `{message}`")),
        Ask::Perform { effect, operation, result: ty, .. } => {
            value(result, ty, &format!("the outcome of `{effect}.{operation}`"))
        }
        Ask::Decide { choice, labels } => {
            let said = match result {
                Json::String(label) => Some(label.as_str()),
                Json::Bool(true) => Some("true"),
                Json::Bool(false) => Some("false"),
                _ => None,
            };
            let Some(said) = said else {
                return permanent(format!("a label of `{choice}` is text, not {}", json::kind(result)));
            };
            let at = label_at(labels, said).and_then(|at| u16::try_from(at).ok());
            at.map_or_else(|| permanent(format!("the choice `{choice}` has no such label")), Answer::Label)
        }
        Ask::Observe { message, .. } => match result {
            Json::Bool(true) => Answer::Accepted,
            Json::Bool(false) => permanent("the handler refuses it".to_owned()),
            Json::Object(fields) if fields.contains_key("refused") => {
                let why = fields.get("refused").and_then(Json::as_str).unwrap_or("the handler refuses it");
                permanent(line(why))
            }
            _ => permanent(format!(
                "`{message}` is answered by `true`, `false` or `{{\"refused\": why}}`, not by {}",
                json::kind(result)
            )),
        },
    }
}

/// The failure that an error of JSON-RPC stands for. One that does not say that trying again can help is permanent.
#[must_use]
pub fn failure(error: &Json) -> Failure {
    let field = |name: &str| error.get(name);
    let kind = match field("data").and_then(|data| data.get("kind")).and_then(Json::as_str) {
        Some("recoverable") => FailureKind::Recoverable,
        _ => FailureKind::Permanent,
    };
    let reason = match field("message").and_then(Json::as_str) {
        Some(message) if !message.trim().is_empty() => line(message),
        _ if field("code").and_then(Json::as_i64) == Some(NO_SUCH_METHOD) => {
            "the handler has no such operation".to_owned()
        }
        _ => "the handler does not say why".to_owned(),
    };
    Failure { kind, reason }
}

/// A failure for good.
#[must_use]
pub fn permanent(reason: String) -> Answer {
    Answer::Failed(Failure { kind: FailureKind::Permanent, reason })
}

fn value(result: &Json, ty: &Type, what: &str) -> Answer {
    match json::from_json(result, ty) {
        Ok(value) => Answer::Value(value),
        Err(misfit) => permanent(line(&format!("{what} does not fit: {}", wordless(misfit, ty)))),
    }
}

/// A misfit without the names that only the payload has: keys of maps, fields and variants that the type does not know.
fn wordless(misfit: Misfit, ty: &Type) -> String {
    let Misfit { mut path, trouble } = misfit;
    let said = match &trouble {
        Trouble::Variant { .. } => "no such variant".to_owned(),
        Trouble::Unknown(_) => {
            path.pop();
            "a field that its type does not have".to_owned()
        }
        _ => Misfit::new(trouble).to_string(),
    };
    let mut around = Inside::Of(ty);
    for step in &mut path {
        around = around.step(step);
    }
    let place = Misfit { path, trouble: Trouble::Missing }.place();
    if place.is_empty() { said } else { format!("`{place}`: {said}") }
}

/// What a step of a path leads out of.
#[derive(Clone, Copy)]
enum Inside<'a> {
    Of(&'a Type),
    Fields(&'a [FieldType]),
    Unknown,
}

impl<'a> Inside<'a> {
    /// Where a step leads; a name that no type has is hidden.
    fn step(self, step: &mut Step) -> Self {
        let ty = match self {
            Self::Of(Type::Optional(inner)) => inner.as_ref(),
            Self::Of(ty) => ty,
            Self::Fields(fields) => return Self::field(fields, step),
            Self::Unknown => &Type::Any,
        };
        match (ty, &*step) {
            (Type::Record(fields), Step::Field(_)) => Self::field(fields, step),
            (Type::List(inner), Step::Item(_)) => Self::Of(inner),
            (Type::Enum(of), Step::Variant(name)) => match fit::variant_fields(of, name) {
                Ok(fields) => Self::Fields(fields),
                Err(_) => Self::hide(step),
            },
            (Type::Map(inner), Step::Field(_)) => {
                Self::hide(step);
                Self::Of(inner)
            }
            (_, Step::Item(_)) => Self::Unknown,
            _ => Self::hide(step),
        }
    }

    fn field(fields: &'a [FieldType], step: &mut Step) -> Self {
        let known = match &*step {
            Step::Field(name) => fields.iter().find(|field| field.name == *name),
            _ => None,
        };
        known.map_or_else(|| Self::hide(step), |field| Self::Of(&field.ty))
    }

    fn hide(step: &mut Step) -> Self {
        *step = Step::Field(Arc::from("…"));
        Self::Unknown
    }
}

/// A text as one short line.
#[must_use]
pub fn line(text: &str) -> String {
    let plain = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut short: String = plain.take(HANDLER_REASON_CHARS_MAX).collect();
    if text.trim().chars().nth(HANDLER_REASON_CHARS_MAX).is_some() {
        short.push('…');
    }
    short
}
