//! Scripts: what scripted participants answer, role by role.
//!
//! ```yaml
//! otherwise: generated            # what the script leaves out; without it, roles named below fail, others are generated
//! roles:
//!   Client:
//!     produce: { DataRequest: [ { path: /a }, { path: /b } ] }     # a list gives one answer after another
//!     decide:  { "Backup#1": [retry, success], retry_requested: no } # anything else is given every time
//!     observe: { DataResponse: [accept, refuse] }
//!   Guardian[*]: { produce: { Vote: { yes: true } } }                # each member goes through lists by itself
//! effects:
//!   approvals.evaluate: [true, !fail "the desk is closed"]          # !retry fails, but trying again can help
//! ```
//!
//! In goes a text, and the protocol's vocabulary where one is known; out come a [`Script`] and what is wrong.
//! Is not: a participant. `effect::scripted` answers by it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::base::json;
use crate::base::time::Duration;
use crate::base::ty::Type;
use crate::config::reader::Reader;
use crate::config::vocabulary::{Vocabulary, label_at, means};
use crate::config::yaml::{Document, Entry, Kind, Node};
use crate::diag::Diagnostic;
use crate::diag::code::Code;
use crate::diag::source::SourceId;

/// What participants answer.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Script {
    /// What happens where nothing is said.
    pub otherwise: Otherwise,
    /// By role, or by family: `Guardian[*]`. A role's own entry comes before its family's.
    pub roles: Vec<(String, RoleScript)>,
    /// Outcomes by `effect.operation`, for every role.
    pub effects: BTreeMap<String, Answers>,
}

impl Script {
    /// What it says of a role: its own entry, or its family's.
    #[must_use]
    pub fn role(&self, role: &str) -> Option<&RoleScript> {
        let own = self.roles.iter().find(|(pattern, _)| pattern == role);
        own.or_else(|| self.roles.iter().find(|(pattern, _)| means(pattern, role))).map(|(_, script)| script)
    }

    /// Whether it says something of an operation of this effect, for all roles or for one.
    #[must_use]
    pub fn has_effect(&self, effect: &str) -> bool {
        let of = |name: &String| name.strip_prefix(effect).is_some_and(|rest| rest.starts_with('.'));
        self.effects.keys().any(of) || self.roles.iter().any(|(_, role)| role.effects.keys().any(of))
    }
}

/// What happens where a script says nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum Otherwise {
    /// Roles that the script names fail; the others are generated.
    #[default]
    Mixed,
    /// Everything left out is generated.
    Generated,
    /// Everything left out fails.
    Fail,
}

/// How a call that failed, and may work the next time, is made again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Retry {
    /// At most so often.
    pub max: u32,
    /// The wait before the first time; it doubles.
    pub backoff: Duration,
}

impl Default for Retry {
    /// Three times, first after 100 ms.
    fn default() -> Self {
        Self { max: 3, backoff: Duration(100 * Duration::MS.0) }
    }
}

/// What one role answers.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct RoleScript {
    /// Payloads by message.
    pub produce: BTreeMap<String, Answers>,
    /// Labels by choice.
    pub decide: BTreeMap<String, Answers>,
    /// Whether to accept, by message: `true` or a failure.
    pub observe: BTreeMap<String, Answers>,
    /// Outcomes by `effect.operation`, before the script's own.
    pub effects: BTreeMap<String, Answers>,
    /// How its calls are made again, where its handler says so.
    pub retry: Option<Retry>,
}

/// The answers to one question.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Answers {
    /// The same every time.
    Always(Given),
    /// One after another; then there are none.
    Each(Vec<Given>),
}

/// One answer.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Given {
    /// This. For a choice, its label as text.
    Value(#[serde(with = "json::as_text")] Json),
    /// A failure.
    Fail {
        /// Whether trying again can help.
        recoverable: bool,
        /// What went wrong.
        reason: String,
    },
}

/// The settings of a role, and those of an inline script.
pub(crate) const ROLE_SETTINGS: [&str; 4] = ["produce", "decide", "observe", "effects"];

/// Reads a script. With a vocabulary its names, labels and payloads are judged too.
#[must_use]
pub fn read(source: SourceId, text: &str, known: Option<&Vocabulary>) -> (Option<Script>, Vec<Diagnostic>) {
    let document = match Document::read(source, text) {
        Ok(document) => document,
        Err(diagnostic) => return (None, vec![*diagnostic]),
    };
    let mut reader = Reader::new(&document);
    let mut script = Script::default();
    for entry in reader.settings(&document.root, "a script", &["otherwise", "roles", "effects"]) {
        match entry.name.as_str() {
            "otherwise" => script.otherwise = otherwise(&mut reader, &entry.value),
            "roles" => {
                for role in reader.map(&entry.value, "`roles`") {
                    judge_role(&mut reader, role, known);
                    let what = format!("`{}`", role.name);
                    script
                        .roles
                        .push((role.name.clone(), role_script(&mut reader, &role.value, &what, known)));
                }
            }
            _ => script.effects = operations(&mut reader, &entry.value, known),
        }
    }
    let diagnostics = reader.finish();
    let usable = diagnostics.is_empty();
    (usable.then_some(script), diagnostics)
}

/// Says so if the name of an entry is no role.
pub(crate) fn judge_role<'a>(reader: &mut Reader<'a>, role: &'a Entry, known: Option<&Vocabulary>) {
    let Some(known) = known else { return };
    if !known.roles.iter().any(|name| means(&role.name, name)) {
        let names = known.role_names();
        let message = format!("`{}` has no role `{}`", known.protocol, role.name);
        reader.unknown(Code::E0406, role.number, message, &role.name, names.iter().map(String::as_str));
    }
}

/// Reads what one role answers; `what` is how the role is called in diagnostics.
pub(crate) fn role_script<'a>(
    reader: &mut Reader<'a>,
    node: &'a Node,
    what: &str,
    known: Option<&Vocabulary>,
) -> RoleScript {
    let mut script = RoleScript::default();
    for entry in reader.settings(node, what, &ROLE_SETTINGS) {
        let within = format!("`{}`", entry.name);
        match entry.name.as_str() {
            "produce" => {
                for message in reader.map(&entry.value, &within) {
                    let ty = message_type(reader, message, known);
                    script.produce.insert(message.name.clone(), values(reader, message, ty.as_ref()));
                }
            }
            "decide" => {
                for choice in reader.map(&entry.value, &within) {
                    script.decide.insert(choice.name.clone(), labels(reader, choice, known));
                }
            }
            "observe" => {
                for message in reader.map(&entry.value, &within) {
                    message_type(reader, message, known);
                    let answers = each(reader, &message.value, &mut verdict);
                    script.observe.insert(message.name.clone(), answers);
                }
            }
            _ => script.effects = operations(reader, &entry.value, known),
        }
    }
    script
}

fn otherwise(reader: &mut Reader<'_>, node: &Node) -> Otherwise {
    match &node.kind {
        Kind::Text(text) if text == "generated" => Otherwise::Generated,
        Kind::Text(text) if text == "fail" => Otherwise::Fail,
        _ => {
            reader.wrong(node, "`otherwise`", "`generated` or `fail`");
            Otherwise::Mixed
        }
    }
}

/// What a message carries, if it is known; says so if the protocol has no such message.
fn message_type(reader: &mut Reader<'_>, entry: &Entry, known: Option<&Vocabulary>) -> Option<Type> {
    let known = known?;
    let found = known.messages.get(entry.name.as_str());
    if found.is_none() {
        let message = format!("`{}` has no message `{}`", known.protocol, entry.name);
        let names = known.messages.keys().map(AsRef::as_ref);
        reader.unknown(Code::E0406, entry.number, message, &entry.name, names);
    }
    found.cloned()
}

fn operations<'a>(
    reader: &mut Reader<'a>,
    node: &'a Node,
    known: Option<&Vocabulary>,
) -> BTreeMap<String, Answers> {
    let mut all = BTreeMap::new();
    for entry in reader.map(node, "`effects`") {
        let ty = known.and_then(|known| known.operations.get(entry.name.as_str()));
        if let (Some(known), None) = (known, ty) {
            let message = format!("`{}` does not use an operation `{}`", known.protocol, entry.name);
            let names = known.operations.keys().map(AsRef::as_ref);
            reader.unknown(Code::E0406, entry.number, message, &entry.name, names);
        }
        all.insert(entry.name.clone(), values(reader, entry, ty));
    }
    all
}

fn values(reader: &mut Reader<'_>, entry: &Entry, ty: Option<&Type>) -> Answers {
    let what = format!("an answer for `{}`", entry.name);
    each(reader, &entry.value, &mut |reader, node| {
        if let Some(failure) = failure(reader, node) {
            return failure;
        }
        reader.value(node, ty.unwrap_or(&Type::Any), &what);
        Given::Value(node.to_json())
    })
}

fn labels(reader: &mut Reader<'_>, entry: &Entry, known: Option<&Vocabulary>) -> Answers {
    let choices = known.map(|known| &known.choices);
    let labels = choices.and_then(|choices| choices.get(entry.name.as_str()));
    if let (Some(choices), None) = (choices, labels) {
        let message = format!("no participant is asked for a choice `{}`", entry.name);
        reader.unknown(Code::E0406, entry.number, message, &entry.name, choices.keys().map(AsRef::as_ref));
    }
    each(reader, &entry.value, &mut |reader, node| {
        if let Some(failure) = failure(reader, node) {
            return failure;
        }
        let label = match node.to_json() {
            Json::String(text) => text,
            json @ (Json::Bool(_) | Json::Number(_)) => json.to_string(),
            _ => {
                reader.wrong(node, &format!("a label of `{}`", entry.name), "text");
                return Given::Value(Json::Null);
            }
        };
        if let Some(labels) = labels
            && label_at(labels, &label).is_none()
        {
            let message = format!("`{}` has no label `{label}`", entry.name);
            reader.unknown(Code::E0407, node.number, message, &label, labels.iter().map(AsRef::as_ref));
        }
        Given::Value(Json::String(label))
    })
}

/// `accept`, `refuse`, or a failure.
fn verdict(reader: &mut Reader<'_>, node: &Node) -> Given {
    if let Some(failure) = failure(reader, node) {
        return failure;
    }
    match &node.kind {
        Kind::Bool(true) => Given::Value(Json::Bool(true)),
        Kind::Text(text) if text == "accept" => Given::Value(Json::Bool(true)),
        Kind::Bool(false) => refused(),
        Kind::Text(text) if text == "refuse" => refused(),
        _ => {
            reader.wrong(node, "the answer to a payload", "`accept` or `refuse`");
            refused()
        }
    }
}

fn refused() -> Given {
    Given::Fail { recoverable: false, reason: "the script refuses it".to_owned() }
}

/// `!fail "reason"` or `!retry "reason"`.
fn failure(reader: &mut Reader<'_>, node: &Node) -> Option<Given> {
    let Kind::Tagged(tag, inner) = &node.kind else { return None };
    let recoverable = match tag.as_str() {
        "fail" => false,
        "retry" => true,
        _ => {
            let message = format!("a script has no tag `!{tag}`");
            reader.unknown(Code::E0403, node.number, message, tag, ["fail", "retry"]);
            return Some(refused());
        }
    };
    let reason = match &inner.kind {
        Kind::Text(text) => text.clone(),
        _ => "the script says so".to_owned(),
    };
    Some(Given::Fail { recoverable, reason })
}

fn each<'a>(
    reader: &mut Reader<'a>,
    node: &Node,
    one: &mut dyn FnMut(&mut Reader<'a>, &Node) -> Given,
) -> Answers {
    match &node.kind {
        Kind::List(items) => Answers::Each(items.iter().map(|item| one(reader, item)).collect()),
        _ => Answers::Always(one(reader, node)),
    }
}
