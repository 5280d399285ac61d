//! Facts: what is written down with a send, its data made of what the message carries.
//!
//! A text may hold `{Message.path}`, of the message itself and of nothing else; a text that is nothing but that is the
//! value there, with its type. Is not: a journal.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::json;
use crate::base::limits::NAME_BYTES_MAX;
use crate::base::ty::Type;
use crate::base::value::Value;

/// A fact that a send causes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Fact {
    /// What stands before the `/` of its name.
    pub namespace: Arc<str>,
    /// What stands behind it.
    pub key: Arc<str>,
    /// Its data, by name.
    pub data: Vec<(Arc<str>, Datum)>,
}

/// Where a value of a fact comes from.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Datum {
    /// It is written in the profile.
    Value(Value),
    /// It is in the payload.
    Path(Vec<Arc<str>>),
    /// A text with parts of the payload in it.
    Text(Vec<Piece>),
}

/// A part of a text.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Piece {
    /// As it is written.
    Plain(Arc<str>),
    /// What the payload has there.
    Path(Vec<Arc<str>>),
}

/// What a `{…}` is not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Slip {
    /// It is not closed, or is no `Message.path`.
    Form(String),
    /// It names another message.
    Other(String),
    /// The message has no such field; these it has.
    Field(String, Vec<Arc<str>>),
}

impl Fact {
    /// Its data for a payload.
    #[must_use]
    pub fn of(&self, payload: &Value) -> Value {
        let value = |datum: &Datum| match datum {
            Datum::Value(value) => value.clone(),
            Datum::Path(path) => at(payload, path).clone(),
            Datum::Text(pieces) => {
                let mut text = String::new();
                for piece in pieces {
                    match piece {
                        Piece::Plain(plain) => text.push_str(plain),
                        Piece::Path(path) => match at(payload, path) {
                            Value::Text(inner) => text.push_str(inner),
                            other => text.push_str(&json::to_text(other)),
                        },
                    }
                }
                Value::text(&text)
            }
        };
        Value::record(self.data.iter().map(|(name, datum)| (name.clone(), value(datum))))
    }
}

/// Where a fact of this name is written: namespace and key; none for another form.
#[must_use]
pub fn name(text: &str) -> Option<(&str, &str)> {
    let (namespace, key) = text.split_once('/')?;
    let fine = |part: &str| {
        !part.is_empty()
            && part.len() <= NAME_BYTES_MAX
            && part
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-' | b':'))
    };
    (fine(namespace) && fine(key)).then_some((namespace, key))
}

/// Reads a text with `{Message.path}` in it. `message` is the one that is meant, with its type where that is known;
/// none where several are meant.
///
/// # Errors
/// The first `{…}` that is none of the message's.
pub fn template(text: &str, message: Option<(&str, Option<&Type>)>) -> Result<Datum, Slip> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((plain, inside)) = rest.split_once('{') {
        let Some((inner, after)) = inside.split_once('}') else {
            return Err(Slip::Form(format!("{{{inside}")));
        };
        if !plain.is_empty() {
            pieces.push(Piece::Plain(Arc::from(plain)));
        }
        pieces.push(Piece::Path(path(inner, message)?));
        rest = after;
    }
    if pieces.is_empty() {
        return Ok(Datum::Value(Value::text(text)));
    }
    match (pieces.as_slice(), rest) {
        ([Piece::Path(path)], "") => Ok(Datum::Path(path.clone())),
        _ => {
            if !rest.is_empty() {
                pieces.push(Piece::Plain(Arc::from(rest)));
            }
            Ok(Datum::Text(pieces))
        }
    }
}

fn path(inner: &str, message: Option<(&str, Option<&Type>)>) -> Result<Vec<Arc<str>>, Slip> {
    let mut steps = inner.trim().split('.');
    let first = steps.next().unwrap_or_default();
    let Some((name, ty)) = message.filter(|(name, _)| *name == first) else {
        return Err(Slip::Other(inner.to_owned()));
    };
    let path: Vec<Arc<str>> = steps.map(Arc::from).collect();
    if path.is_empty() || path.iter().any(|step| step.is_empty()) {
        return Err(Slip::Form(format!("{{{inner}}}")));
    }
    let mut here = ty;
    let mut walked = name.to_owned();
    for step in &path {
        let plain = match here {
            Some(Type::Optional(inner)) => Some(inner.as_ref()),
            other => other,
        };
        here = match plain {
            Some(Type::Record(fields)) => match fields.iter().find(|field| field.name == *step) {
                Some(field) => Some(&field.ty),
                None => {
                    let known = fields.iter().map(|field| field.name.clone()).collect();
                    return Err(Slip::Field(format!("{walked}.{step}"), known));
                }
            },
            None | Some(Type::Any | Type::Map(_)) => None,
            Some(_) => return Err(Slip::Field(format!("{walked}.{step}"), Vec::new())),
        };
        walked = format!("{walked}.{step}");
    }
    Ok(path)
}

/// What a payload has at a path; nothing where it has nothing.
fn at<'a>(payload: &'a Value, path: &[Arc<str>]) -> &'a Value {
    path.iter().try_fold(payload, |value, step| value.field(step)).unwrap_or(&Value::None)
}
