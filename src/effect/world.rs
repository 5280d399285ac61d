//! The built-in effects in memory: a pure function from a state, a moment and a call to an answer and a state.
//!
//! In goes an operation of `base::builtin::OPERATIONS` with its arguments; out comes an [`Reply`]. Storage belongs
//! to one role, as it would on that role's own device; randomness comes from the seed alone.
//! Invariants: the same calls in the same order give the same answers; what is kept is bounded by `base::limits`.
//! Is not: a clock. Moments are `now`, counted from the start of the run, which is [`EPOCH_MS`] for `time.now`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::builtin::{self, Operation};
use crate::base::fit;
use crate::base::json;
use crate::base::limits::{CONSOLE_LINES_MAX, RANDOM_BYTES_MAX, STORAGE_ENTRIES_MAX};
use crate::base::random::Random;
use crate::base::time::{Duration, Instant};
use crate::base::ty::Type;
use crate::base::value::Value;
use crate::effect::call::{Answer, Failure, FailureKind};

/// What `time.now` says at the origin of the virtual clock: the first of January 2026, UTC, in milliseconds.
pub const EPOCH_MS: i64 = 1_767_225_600_000;

/// The state behind the built-in effects of one run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct World {
    random: Random,
    /// What `time.now` says at the origin of the clock, in milliseconds.
    origin_ms: i64,
    storage: BTreeMap<(Arc<str>, Arc<str>), Value>,
    lines: Vec<Line>,
    lines_lost: u64,
}

/// A line that a role has logged.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Line {
    /// Who.
    pub role: Arc<str>,
    /// When, on the clock of the run.
    pub at: Instant,
    /// What, as one line of text.
    pub text: String,
}

/// An answer, and when it is there.
#[derive(Clone, PartialEq, Debug)]
pub struct Reply {
    /// The moment from which the answer may be given; `now`, but for `time.sleep`.
    pub at: Instant,
    /// The answer.
    pub answer: Answer,
}

/// One operation called by one role.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Who calls.
    pub role: &'a Arc<str>,
    /// Which effect.
    pub effect: &'a str,
    /// Which operation.
    pub operation: &'a str,
    /// Names and values of the arguments; arguments without the operation's names count by their place.
    pub args: &'a [(Arc<str>, Value)],
    /// What the outcome must fit.
    pub result: &'a Type,
}

impl World {
    /// The world of `seed`, with nothing stored, said or logged.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let random = Random::new(seed ^ 0x6c61_6261_6e00_0001);
        Self { random, origin_ms: EPOCH_MS, storage: BTreeMap::new(), lines: Vec::new(), lines_lost: 0 }
    }

    /// The same on a clock that counts from the first of January 1970, UTC.
    #[must_use]
    pub fn since_1970(seed: u64) -> Self {
        Self { origin_ms: 0, ..Self::new(seed) }
    }

    /// Does one operation; none if no built-in effect has that name, or if it is `journal`, which is the engine's.
    pub fn perform(&mut self, now: Instant, request: &Request<'_>) -> Option<Reply> {
        if !builtin::is_effect(request.effect) || request.effect == builtin::JOURNAL {
            return None;
        }
        let outcome = builtin::operation(request.effect, request.operation)
            .ok_or_else(|| format!("`{}` has no operation `{}`", request.effect, request.operation))
            .and_then(|operation| {
                let args = bind(operation, request.args)?;
                self.outcome(now, operation, request.role, &args)
            });
        let (at, outcome) = match outcome {
            Ok((at, value)) => (at, fitting(value, request)),
            Err(reason) => (now, Err(reason)),
        };
        let answer = outcome.map_or_else(permanent, Answer::Value);
        Some(Reply { at, answer })
    }

    /// What was logged, in order.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Takes what was logged, in order.
    pub fn take_lines(&mut self) -> Vec<Line> {
        std::mem::take(&mut self.lines)
    }

    /// How many lines were logged beyond `limits::CONSOLE_LINES_MAX`, and are lost.
    #[must_use]
    pub const fn lines_lost(&self) -> u64 {
        self.lines_lost
    }

    fn outcome(
        &mut self,
        now: Instant,
        operation: &Operation,
        role: &Arc<str>,
        args: &[Value],
    ) -> Result<(Instant, Value), String> {
        if !operation.there {
            return Err(format!("E0420: `{}.{}` is not there yet", operation.effect, operation.name));
        }
        let value = match (operation.effect, operation.name, args) {
            ("time", "now", _) => self.time_at(now),
            ("time", "sleep", [Value::Duration(span)]) => return Ok((now.after(*span), Value::None)),
            ("time", "deadline", [Value::Duration(span)]) => self.time_at(now.after(*span)),
            ("random", "uuid", _) => Value::Text(uuid(&mut self.random)),
            ("random", "bytes", [Value::Int(count)]) => self.bytes(*count)?,
            ("random", "int", [Value::Int(below)]) => self.int(*below)?,
            ("console", "log", [value]) => self.log(now, role, value),
            ("storage", "list", [prefix]) => self.list(role, prefix),
            ("storage", name, [Value::Text(key), rest @ ..]) => self.store(role, name, key, rest)?,
            ("crypto", "hash", [value]) => hash(value),
            // `bind` has checked the arguments, so only a row of the table without a line here comes this far.
            _ => return Err(format!("E0420: `{}.{}` is not there yet", operation.effect, operation.name)),
        };
        Ok((now, value))
    }

    fn time_at(&self, now: Instant) -> Value {
        let since = i64::try_from(now.0 / Duration::MS.0).unwrap_or(i64::MAX);
        Value::Int(self.origin_ms.saturating_add(since))
    }

    fn bytes(&mut self, count: i64) -> Result<Value, String> {
        let count = usize::try_from(count)
            .ok()
            .filter(|count| *count <= RANDOM_BYTES_MAX)
            .ok_or_else(|| format!("`random.bytes` gives from 0 to {RANDOM_BYTES_MAX} bytes"))?;
        let bytes: Vec<u8> = (0..count).map(|_| self.random.below(256) as u8).collect();
        Ok(Value::Bytes(Arc::from(bytes)))
    }

    fn int(&mut self, below: i64) -> Result<Value, String> {
        if below < 1 {
            return Err("`random.int` needs `below` to be 1 or more".to_owned());
        }
        Ok(Value::Int(int_between(&mut self.random, 0, below - 1)))
    }

    fn log(&mut self, now: Instant, role: &Arc<str>, value: &Value) -> Value {
        if self.lines.len() < CONSOLE_LINES_MAX {
            let text = match value {
                Value::Text(text) => text.replace(['\n', '\r'], " "),
                value => json::to_text(value),
            };
            self.lines.push(Line { role: role.clone(), at: now, text });
        } else {
            self.lines_lost += 1;
        }
        Value::None
    }

    fn list(&self, role: &Arc<str>, prefix: &Value) -> Value {
        let prefix = match prefix {
            Value::Text(prefix) => prefix.clone(),
            _ => Arc::from(""),
        };
        let keys = self
            .storage
            .range((role.clone(), prefix.clone())..)
            .take_while(|((owner, key), _)| owner == role && key.starts_with(prefix.as_ref()))
            .map(|((_, key), _)| Value::Text(key.clone()));
        Value::List(Arc::new(keys.collect()))
    }

    fn store(
        &mut self,
        role: &Arc<str>,
        name: &str,
        key: &Arc<str>,
        rest: &[Value],
    ) -> Result<Value, String> {
        let place = (role.clone(), key.clone());
        let full = self.storage.len() >= STORAGE_ENTRIES_MAX && !self.storage.contains_key(&place);
        let have = self.storage.get(&place).cloned().unwrap_or(Value::None);
        match (name, rest) {
            ("get", _) => Ok(have),
            ("delete", _) => Ok(Value::Bool(self.storage.remove(&place).is_some())),
            ("put" | "compare_and_swap", _) if full => {
                Err(format!("the storage is full: it holds {STORAGE_ENTRIES_MAX} entries"))
            }
            ("put", [value]) => {
                self.storage.insert(place, value.clone());
                Ok(Value::None)
            }
            ("compare_and_swap", [expected, value]) => {
                let same = have == *expected;
                if same {
                    self.storage.insert(place, value.clone());
                }
                Ok(Value::Bool(same))
            }
            _ => Err(format!("E0420: `storage.{name}` is not there yet")),
        }
    }
}

/// A random (version 4) UUID as text.
pub fn uuid(random: &mut Random) -> Arc<str> {
    let high = (random.bits() & !0xf000) | 0x4000;
    let low = (random.bits() & !(0b11 << 62)) | (0b10 << 62);
    let digits = format!("{high:016x}{low:016x}");
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| digits.get(part).unwrap_or_default());
    Arc::from(parts.join("-"))
}

/// A whole number between two, both included; `least` where they are the wrong way round.
pub fn int_between(random: &mut Random, least: i64, most: i64) -> i64 {
    let span = most.wrapping_sub(least) as u64;
    if least >= most {
        return least;
    }
    // The whole range of 64 bits has no bound that fits into 64 bits.
    let offset = match span.checked_add(1) {
        Some(bound) => random.below(bound),
        None => random.bits(),
    };
    least.wrapping_add(offset as i64)
}

/// A failure that trying again cannot help.
#[must_use]
pub fn permanent(reason: String) -> Answer {
    Answer::Failed(Failure { kind: FailureKind::Permanent, reason })
}

fn hash(value: &Value) -> Value {
    let hash = match value {
        Value::Bytes(bytes) => blake3::hash(bytes),
        Value::Text(text) => blake3::hash(text.as_bytes()),
        value => blake3::hash(json::to_text(value).as_bytes()),
    };
    Value::Bytes(Arc::from(hash.as_bytes().as_slice()))
}

/// The arguments in the operation's order, by name, or by place where the names are not the operation's.
pub(super) fn bind(operation: &Operation, args: &[(Arc<str>, Value)]) -> Result<Vec<Value>, String> {
    let call = || format!("{}.{}", operation.effect, operation.name);
    let known = |name: &str| operation.params.iter().any(|(have, _)| *have == name);
    if args.len() > operation.params.len() {
        return Err(format!("`{}` takes {} arguments, not {}", call(), operation.params.len(), args.len()));
    }
    let mut values = Vec::with_capacity(operation.params.len());
    for (at, (name, shape)) in operation.params.iter().enumerate() {
        let named = args.iter().find(|(have, _)| have.as_ref() == *name);
        let placed = args.get(at).filter(|(have, _)| !known(have));
        let value = named.or(placed).map_or(Value::None, |(_, value)| value.clone());
        let fitted = fit::fit(value, &shape.ty());
        values.push(fitted.map_err(|misfit| format!("argument `{name}` of `{}`: {misfit}", call()))?);
    }
    Ok(values)
}

/// The outcome, if it fits what the protocol declares; an outcome that is nothing fits the empty record.
pub(super) fn fitting(value: Value, request: &Request<'_>) -> Result<Value, String> {
    if matches!(value, Value::None) && request.result.is_empty_record() {
        return Ok(Value::record([]));
    }
    fit::fit(value, request.result)
        .map_err(|misfit| format!("the outcome of `{}.{}`: {misfit}", request.effect, request.operation))
}
