//! Handlers as bindings describe them: what each is, how long it may take, how often it is tried.
//!
//! In goes an entry of `handlers`; out comes a [`Handler`] and what is wrong with it.
//! Is not: a connection to any handler; `host` makes those.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::base::time::Duration;
use crate::config::bindings::{count, span, texts};
use crate::config::reader::Reader;
use crate::config::script::{self, ROLE_SETTINGS, Retry, RoleScript};
use crate::config::vocabulary::Vocabulary;
use crate::config::yaml::{Entry, Node};
use crate::diag::code::Code;

/// A handler.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Handler {
    /// What it is.
    pub kind: HandlerKind,
    /// How long an answer may take.
    pub deadline: Option<Duration>,
    /// How many calls at once, at least 1.
    pub concurrency: Option<u32>,
    /// How often a failed call is tried again, and how long the first wait is.
    pub retry: Option<Retry>,
    /// When it is left alone for a while.
    pub breaker: Option<Breaker>,
    /// The hash of the files that its command names, where whoever reads files says so: with others it is another one.
    pub program: Option<[u8; 32]>,
}

/// When a handler that keeps failing is left alone, so that calls to it fail at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Breaker {
    /// After so many failures in a row, at least 1.
    pub failures: u32,
    /// For so long; then one call tries whether it is well again.
    pub pause: Duration,
}

impl Default for Breaker {
    /// After five failures, for half a minute.
    fn default() -> Self {
        Self { failures: 5, pause: Duration(30_000 * Duration::MS.0) }
    }
}

/// What a handler is.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum HandlerKind {
    /// Answers that are written here.
    Scripted(RoleScript),
    /// Answers in a script file, relative to the bindings; those of the roles that the handler plays.
    ScriptFile(String),
    /// Answers from a seed.
    Generated,
    /// A program that is started.
    Process(Vec<String>),
    /// A service that is called.
    Http {
        /// Where: `http://…` or `https://…`.
        url: String,
        /// The file whose text is sent as the header `authorization`, relative to the bindings.
        authorize: Option<String>,
    },
    /// A service that connects.
    WebSocket,
    /// Code that registers itself.
    Rust,
}

impl HandlerKind {
    /// Whether it needs more than this process, so that a run uses a stand-in.
    #[must_use]
    pub const fn is_elsewhere(&self) -> bool {
        matches!(self, Self::Process(_) | Self::Http { .. } | Self::WebSocket | Self::Rust)
    }

    /// What it is, for people: `a process`.
    #[must_use]
    pub const fn what(&self) -> &'static str {
        match self {
            Self::Scripted(_) | Self::ScriptFile(_) => "a script",
            Self::Generated => "generated",
            Self::Process(_) => "a process",
            Self::Http { .. } => "an HTTP service",
            Self::WebSocket => "a WebSocket service",
            Self::Rust => "Rust code",
        }
    }
}

/// Settings that every kind of handler has.
const COMMON: [&str; 5] = ["kind", "deadline", "concurrency", "retry", "breaker"];
/// The kinds of handlers, with the settings that are theirs.
const KINDS: [(&str, &[&str]); 6] = [
    ("scripted", &["answers", "script"]),
    ("generated", &[]),
    ("process", &["command"]),
    ("http", &["url", "authorize"]),
    ("websocket", &[]),
    ("rust", &[]),
];

/// Reads a handler; none, and said, if it is none.
pub(super) fn handler<'a>(
    reader: &mut Reader<'a>,
    entry: &'a Entry,
    known: Option<&Vocabulary>,
) -> Option<Handler> {
    let what = format!("handler `{}`", entry.name);
    let all = reader.map(&entry.value, &what);
    let Some(kind_entry) = all.iter().find(|setting| setting.name == "kind") else {
        reader.say(Code::E0409, entry.number, format!("{what} has no `kind`"), |diagnostic| {
            let names: Vec<String> = KINDS.iter().map(|(name, _)| format!("`{name}`")).collect();
            diagnostic.help(format!("add `kind:` with one of {}", names.join(", ")))
        });
        return None;
    };
    let name = reader.text(&kind_entry.value, "`kind`")?;
    let Some((_, own)) = KINDS.iter().find(|(kind, _)| *kind == name) else {
        let message = format!("there is no kind of handler `{name}`");
        let kinds = KINDS.iter().map(|(kind, _)| *kind);
        reader.unknown(Code::E0410, kind_entry.value.number, message, name, kinds);
        return None;
    };
    let names: Vec<&str> = COMMON.iter().chain(own.iter()).copied().collect();
    let mut handler = Handler {
        kind: HandlerKind::Rust,
        deadline: None,
        concurrency: None,
        retry: None,
        breaker: None,
        program: None,
    };
    let mut own = BTreeMap::new();
    for setting in reader.settings(&entry.value, &format!("a handler of kind `{name}`"), &names) {
        let node = &setting.value;
        match setting.name.as_str() {
            "kind" => {}
            "deadline" => handler.deadline = span(reader, node, "`deadline`"),
            "concurrency" => handler.concurrency = at_least_one(reader, node, "`concurrency`"),
            "retry" => handler.retry = retry(reader, node),
            "breaker" => handler.breaker = breaker(reader, node),
            other => {
                own.insert(other, node);
            }
        }
    }
    handler.kind = kind(reader, entry, name, &own, known)?;
    Some(handler)
}

fn kind<'a>(
    reader: &mut Reader<'a>,
    entry: &'a Entry,
    name: &str,
    own: &BTreeMap<&str, &'a Node>,
    known: Option<&Vocabulary>,
) -> Option<HandlerKind> {
    let mut missing = |setting: &str| {
        reader.say(
            Code::E0409,
            entry.number,
            format!("handler `{}` has no `{setting}`", entry.name),
            |diagnostic| diagnostic.help(format!("add `{setting}:`")),
        );
    };
    Some(match (name, own.get("command"), own.get("url"), own.get("answers"), own.get("script")) {
        ("process", Some(command), ..) => HandlerKind::Process(program(reader, command)?),
        ("process", ..) => {
            missing("command");
            return None;
        }
        ("http", _, Some(url), ..) => HandlerKind::Http {
            url: address(reader, url)?,
            authorize: match own.get("authorize") {
                Some(path) => Some(reader.text(path, "`authorize`")?.to_owned()),
                None => None,
            },
        },
        ("http", ..) => {
            missing("url");
            return None;
        }
        ("scripted", _, _, Some(answers), None) => {
            let what = format!("a script of {}", ROLE_SETTINGS.map(|name| format!("`{name}`")).join(", "));
            HandlerKind::Scripted(script::role_script(reader, answers, &what, known))
        }
        ("scripted", _, _, None, Some(path)) => {
            HandlerKind::ScriptFile(reader.text(path, "`script`")?.to_owned())
        }
        ("scripted", _, _, Some(_), Some(path)) => {
            let number = path.number;
            reader.say(
                Code::E0404,
                number,
                "`answers` and `script` say the same thing twice",
                |diagnostic| diagnostic.help("keep one of them"),
            );
            return None;
        }
        ("scripted", ..) => {
            missing("answers");
            return None;
        }
        ("generated", ..) => HandlerKind::Generated,
        ("websocket", ..) => HandlerKind::WebSocket,
        _ => HandlerKind::Rust,
    })
}

fn retry<'a>(reader: &mut Reader<'a>, node: &'a Node) -> Option<Retry> {
    let mut retry = Retry::default();
    for setting in reader.settings(node, "`retry`", &["max", "backoff"]) {
        match setting.name.as_str() {
            "max" => retry.max = count(reader, &setting.value, "`max`")?,
            _ => retry.backoff = span(reader, &setting.value, "`backoff`")?,
        }
    }
    Some(retry)
}

fn breaker<'a>(reader: &mut Reader<'a>, node: &'a Node) -> Option<Breaker> {
    let mut breaker = Breaker::default();
    for setting in reader.settings(node, "`breaker`", &["failures", "pause"]) {
        match setting.name.as_str() {
            "failures" => breaker.failures = at_least_one(reader, &setting.value, "`failures`")?,
            _ => breaker.pause = span(reader, &setting.value, "`pause`")?,
        }
    }
    Some(breaker)
}

fn at_least_one(reader: &mut Reader<'_>, node: &Node, what: &str) -> Option<u32> {
    let number = count(reader, node, what)?;
    if number == 0 {
        reader.say(
            Code::E0405,
            node.number,
            format!("{what} is a whole number from 1, not 0"),
            |diagnostic| diagnostic,
        );
    }
    (number > 0).then_some(number)
}

/// What is started: a program and its arguments.
fn program<'a>(reader: &mut Reader<'a>, node: &'a Node) -> Option<Vec<String>> {
    let said = reader.said();
    let command = texts(reader, node, "`command`");
    if said == reader.said() && command.first().is_none_or(String::is_empty) {
        let message = "`command` is a program and its arguments, not nothing";
        reader.say(Code::E0405, node.number, message, |diagnostic| {
            diagnostic.help("write the program first: `[python3, approvals.py]`")
        });
        return None;
    }
    (said == reader.said()).then_some(command)
}

/// Where a service is: only that it looks like an address of the web is judged here.
fn address<'a>(reader: &mut Reader<'a>, node: &'a Node) -> Option<String> {
    let url = reader.text(node, "`url`")?;
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
    let trouble = if host.is_empty() || url.contains(|c: char| c.is_whitespace() || c.is_control()) {
        "`url` begins with `http://` or `https://` and a host"
    } else if host.contains('@') {
        "`url` holds no name and no password"
    } else {
        return Some(url.to_owned());
    };
    reader.say(Code::E0405, node.number, trouble, |diagnostic| {
        diagnostic.help(
            "write it as `https://desk.example/calls`; what is secret goes into the file of `authorize`",
        )
    });
    None
}
