//! Bindings: which handler plays which role, and what the handlers are.
//!
//! In goes the text of a `*.bindings.yaml`, and the protocol's vocabulary where one is known; out come [`Bindings`]
//! and what is wrong. [`Bindings::script`] says what of them stands in a run without a network.
//! Is not: a connection to any handler.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::base::json;
use crate::base::time::Duration;
use crate::config::handler::handler;
pub use crate::config::handler::{Breaker, Handler, HandlerKind};
use crate::config::reader::Reader;
use crate::config::script::{self, RoleScript, Script};
use crate::config::trust::Trust;
use crate::config::vocabulary::Vocabulary;
use crate::config::yaml::{Document, Entry, Kind, Node};
use crate::diag::Diagnostic;
use crate::diag::code::Code;
use crate::diag::source::{SourceId, Span};

/// What a bindings file says.
#[derive(Clone, PartialEq, Debug)]
pub struct Bindings {
    /// For which protocol.
    pub protocol: String,
    /// By role, or by family: `Guardian[*]`.
    pub roles: Vec<RoleBinding>,
    /// By name.
    pub handlers: BTreeMap<String, Handler>,
    /// Whose tokens are believed.
    pub trust: Trust,
}

/// Who plays a role.
#[derive(Clone, PartialEq, Debug)]
pub struct RoleBinding {
    /// The role or family.
    pub role: String,
    /// Where it stands.
    pub place: Span,
    /// The handler's name; without one, a stand-in plays the role.
    pub handler: Option<String>,
    /// What the handler is told of the role.
    pub config: Json,
    /// How long an answer may take.
    pub deadline: Option<Duration>,
    /// Whether the handler sees what the role receives, and may refuse it.
    pub observes: bool,
    /// What the role may do, in runs and tests; what a fresh directory grants where nothing is said.
    pub capabilities: Option<Vec<String>>,
    /// The files of the tokens that the role holds, relative to the bindings; without `capabilities` they alone say what it
    /// may do, beside them only what both say.
    pub tokens: Option<Vec<String>>,
}

impl RoleBinding {
    /// A note of the settings that a run without a network has no use for.
    fn unused(&self, handler: &Handler) -> Option<Diagnostic> {
        let settings = [
            ("config", !self.config.is_null()),
            ("deadline", self.deadline.or(handler.deadline).is_some()),
            ("concurrency", handler.concurrency.is_some()),
            ("breaker", handler.breaker.is_some()),
        ];
        let names: Vec<String> =
            settings.iter().filter(|(_, given)| *given).map(|(name, _)| format!("`{name}`")).collect();
        (!names.is_empty()).then(|| {
            let message = format!("`run` does not use {} of `{}`", names.join(", "), self.role);
            Diagnostic::new(Code::E0413, self.place, message)
        })
    }
}

impl Bindings {
    /// The script files that handlers name, which whoever reads files gives to [`Self::script`].
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.handlers.values().filter_map(|handler| match &handler.kind {
            HandlerKind::ScriptFile(path) => Some(path.as_str()),
            _ => None,
        })
    }

    /// What the bindings say to a run without a network: a script, and a note for every stand-in it needs.
    #[must_use]
    pub fn script(&self, files: &BTreeMap<String, Script>) -> (Script, Vec<Diagnostic>) {
        let mut whole = Script::default();
        let mut notes = Vec::new();
        for role in &self.roles {
            let Some((name, handler)) =
                role.handler.as_ref().and_then(|name| self.handlers.get_key_value(name))
            else {
                continue;
            };
            if !handler.kind.is_elsewhere() {
                notes.extend(role.unused(handler));
            }
            match &handler.kind {
                HandlerKind::Scripted(script) => {
                    let script = RoleScript { retry: handler.retry, ..script.clone() };
                    whole.roles.push((role.role.clone(), script));
                }
                HandlerKind::ScriptFile(path) => {
                    if let Some(file) = files.get(path) {
                        let own = file.roles.iter().filter(|(have, _)| *have == role.role);
                        whole.roles.extend(own.map(|(name, script)| {
                            (name.clone(), RoleScript { retry: handler.retry, ..script.clone() })
                        }));
                        whole.effects.extend(file.effects.clone());
                    }
                }
                HandlerKind::Generated => {}
                other => {
                    let what = other.what();
                    let message = format!("handler `{name}` is {what}; `run` uses a generated stand-in");
                    notes.push(Diagnostic::new(Code::E0411, role.place, message));
                }
            }
        }
        (whole, notes)
    }
}

/// Reads bindings. With the vocabulary of the protocol that they name, their roles and answers are judged too.
#[must_use]
pub fn read(source: SourceId, text: &str, known: Option<&Vocabulary>) -> (Option<Bindings>, Vec<Diagnostic>) {
    let document = match Document::read(source, text) {
        Ok(document) => document,
        Err(diagnostic) => return (None, vec![*diagnostic]),
    };
    let mut reader = Reader::new(&document);
    let entries = reader.settings(
        &document.root,
        "a bindings file",
        &["protocol", "roles", "handlers", "authorities", "revoked"],
    );
    let at = |name: &str| entries.iter().find(|entry| entry.name == name).map(|entry| &entry.value);
    let protocol = match at("protocol") {
        Some(node) => reader.text(node, "`protocol`").unwrap_or_default().to_owned(),
        None => {
            reader.say(Code::E0409, document.root.number, "`protocol` is missing", |diagnostic| {
                diagnostic.help("add `protocol: NAME`, the protocol that these bindings are for")
            });
            String::new()
        }
    };
    let trust = Trust::read(&mut reader, at("authorities"), at("revoked"));
    let known = known.filter(|known| known.protocol == protocol);
    let mut handlers = BTreeMap::new();
    if let Some(node) = at("handlers") {
        for entry in reader.map(node, "`handlers`") {
            if let Some(read) = handler(&mut reader, entry, known) {
                handlers.insert(entry.name.clone(), read);
            }
        }
    }
    let mut roles = Vec::new();
    if let Some(node) = at("roles") {
        let names: Vec<&str> = match at("handlers").map(|node| &node.kind) {
            Some(Kind::Map(entries)) => entries.iter().map(|entry| entry.name.as_str()).collect(),
            _ => Vec::new(),
        };
        for entry in reader.map(node, "`roles`") {
            script::judge_role(&mut reader, entry, known);
            roles.push(role(&mut reader, entry, document.place(entry.number), &names));
        }
    }
    let diagnostics = reader.finish();
    let usable = diagnostics.is_empty();
    (usable.then_some(Bindings { protocol, roles, handlers, trust }), diagnostics)
}

fn role<'a>(reader: &mut Reader<'a>, entry: &'a Entry, place: Span, handlers: &[&str]) -> RoleBinding {
    let mut binding = RoleBinding {
        role: entry.name.clone(),
        place,
        handler: None,
        config: Json::Null,
        deadline: None,
        observes: false,
        capabilities: None,
        tokens: None,
    };
    let what = format!("`{}`", entry.name);
    for setting in reader.settings(&entry.value, &what, &ROLE) {
        let node = &setting.value;
        match setting.name.as_str() {
            "handler" => {
                let name = reader.text(node, "`handler`");
                if let Some(name) = name
                    && !handlers.contains(&name)
                {
                    let message = format!("no handler `{name}` is described under `handlers`");
                    reader.unknown(Code::E0410, node.number, message, name, handlers.iter().copied());
                }
                binding.handler = name.map(str::to_owned);
            }
            "config" => binding.config = node.to_json(),
            "deadline" => binding.deadline = span(reader, node, "`deadline`"),
            "observe" => binding.observes = reader.truth(node, "`observe`").unwrap_or(false),
            "capabilities" => binding.capabilities = Some(texts(reader, node, "`capabilities`")),
            _ => binding.tokens = Some(texts(reader, node, "`tokens`")),
        }
    }
    binding
}

/// Settings of a role.
const ROLE: [&str; 6] = ["handler", "config", "deadline", "observe", "capabilities", "tokens"];
pub(super) fn span(reader: &mut Reader<'_>, node: &Node, what: &str) -> Option<Duration> {
    let span = match &node.kind {
        Kind::Text(text) => json::duration(text),
        _ => None,
    };
    if span.is_none() {
        reader.wrong(node, what, "a span of time such as `250ms` or `2h`");
    }
    span
}

pub(super) fn count(reader: &mut Reader<'_>, node: &Node, what: &str) -> Option<u32> {
    let count = match &node.kind {
        Kind::Int(number) => u32::try_from(*number).ok(),
        _ => None,
    };
    if count.is_none() {
        reader.wrong(node, what, "a whole number from 0");
    }
    count
}

pub(super) fn texts<'a>(reader: &mut Reader<'a>, node: &'a Node, what: &str) -> Vec<String> {
    match &node.kind {
        Kind::List(items) => {
            items.iter().filter_map(|item| reader.text(item, what)).map(str::to_owned).collect()
        }
        _ => {
            reader.wrong(node, what, "a list of texts");
            Vec::new()
        }
    }
}
