//! The settings of a node: `laban.yaml` in its directory, all of it optional.
//!
//! ```yaml
//! listen: 127.0.0.1:7411        # the control interface
//! durability: group             # none: nothing is kept; each: one write for each entry
//! snapshot_every: 1000000       # entries of the log after which what they led to is kept, and they may go
//! idle_timeout: 30d             # sessions in which nothing happens for so long are given up
//! stand_ins: true               # roles that no binding names are played by stand-ins; false: that is a mistake
//! deploy: { require_compatible: true }   # a version that is not compatible with the active one is refused
//! sizes: { Guardian: 5 }        # how many members families have; 3 where nothing is said
//! limits: { sessions: 100000 }  # how much runs at once: sessions, requests, connections
//! ```
//!
//! In goes a text; out come [`Settings`] and what is wrong. Is not: read again while a node runs.

use core::net::SocketAddr;
use std::collections::BTreeMap;

use crate::base::limits::{CONNECTIONS_MAX, REQUESTS_MAX, SESSIONS_MAX, SNAPSHOT_ENTRIES};
use crate::base::time::Duration;
use crate::config::bindings::{count, span};
use crate::config::reader::Reader;
use crate::config::yaml::{Document, Kind, Node};
use crate::diag::Diagnostic;
use crate::diag::code::Code;
use crate::diag::source::SourceId;

/// What a node is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    /// Where the control interface listens.
    pub listen: SocketAddr,
    /// How entries are made durable.
    pub durability: Durability,
    /// Entries of the log after which a snapshot is made.
    pub snapshot_every: u64,
    /// How long nothing may happen in a session; no limit where none is given.
    pub idle_timeout: Option<Duration>,
    /// Whether roles that no binding names are played by stand-ins.
    pub stand_ins: bool,
    /// Whether a version that is not proved compatible with the active one is refused.
    pub require_compatible: bool,
    /// Members of families, by name.
    pub sizes: BTreeMap<String, u32>,
    /// How much there may be at once.
    pub limits: Limits,
}

/// How much of something a node takes at once; beyond it there is a coded refusal. None is above what `base::limits` says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Sessions that run.
    pub sessions: usize,
    /// Requests of the control interface that are under way, streams of events aside.
    pub requests: usize,
    /// Connections to the control interface.
    pub connections: usize,
}

/// The names of limits, each with what it may be at most.
const LIMITS: [(&str, usize); 3] =
    [("sessions", SESSIONS_MAX), ("requests", REQUESTS_MAX), ("connections", CONNECTIONS_MAX)];

impl Default for Limits {
    fn default() -> Self {
        Self { sessions: SESSIONS_MAX, requests: REQUESTS_MAX, connections: CONNECTIONS_MAX }
    }
}

/// How entries are made durable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Durability {
    /// Nothing is kept.
    None,
    /// All that wait are written at once.
    Group,
    /// One after another.
    Each,
}

/// The words of durability.
const DURABILITY: [(&str, Durability); 3] =
    [("none", Durability::None), ("group", Durability::Group), ("each", Durability::Each)];

/// The settings of the file, in the order in which people read them.
const SETTINGS: [&str; 8] =
    ["listen", "durability", "snapshot_every", "idle_timeout", "stand_ins", "deploy", "sizes", "limits"];

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 7411)),
            durability: Durability::Group,
            snapshot_every: SNAPSHOT_ENTRIES,
            idle_timeout: None,
            stand_ins: true,
            require_compatible: false,
            sizes: BTreeMap::new(),
            limits: Limits::default(),
        }
    }
}

/// Reads the settings of a node.
#[must_use]
pub fn read(source: SourceId, text: &str) -> (Settings, Vec<Diagnostic>) {
    let mut settings = Settings::default();
    let document = match Document::read(source, text) {
        Ok(document) => document,
        Err(diagnostic) => return (settings, vec![*diagnostic]),
    };
    let mut reader = Reader::new(&document);
    if matches!(document.root.kind, Kind::None) {
        return (settings, Vec::new());
    }
    for entry in reader.settings(&document.root, "`laban.yaml`", &SETTINGS) {
        let node = &entry.value;
        match entry.name.as_str() {
            "listen" => listen(&mut reader, node, &mut settings),
            "durability" => durability(&mut reader, node, &mut settings),
            "snapshot_every" => {
                let every = count(&mut reader, node, "`snapshot_every`");
                if every == Some(0) {
                    reader.wrong(node, "`snapshot_every`", "a number of entries from 1");
                }
                settings.snapshot_every = every.map_or(SNAPSHOT_ENTRIES, u64::from);
            }
            "idle_timeout" => settings.idle_timeout = span(&mut reader, node, "`idle_timeout`"),
            "stand_ins" => settings.stand_ins = reader.truth(node, "`stand_ins`").unwrap_or(true),
            "limits" => limits(&mut reader, node, &mut settings.limits),
            "deploy" => {
                for rule in reader.settings(node, "`deploy`", &["require_compatible"]) {
                    settings.require_compatible =
                        reader.truth(&rule.value, "`require_compatible`").unwrap_or(false);
                }
            }
            _ => {
                for family in reader.map(node, "`sizes`") {
                    if let Some(size) = count(&mut reader, &family.value, &format!("`{}`", family.name)) {
                        settings.sizes.insert(family.name.clone(), size);
                    }
                }
            }
        }
    }
    (settings, reader.finish())
}

fn listen<'a>(reader: &mut Reader<'a>, node: &'a Node, settings: &mut Settings) {
    let Some(text) = reader.text(node, "`listen`") else { return };
    match text.parse() {
        Ok(address) => settings.listen = address,
        Err(_) => reader.wrong(node, "`listen`", "an address and a port such as `127.0.0.1:7411`"),
    }
}

fn limits<'a>(reader: &mut Reader<'a>, node: &'a Node, limits: &mut Limits) {
    for entry in reader.settings(node, "`limits`", &LIMITS.map(|(name, _)| name)) {
        let what = format!("`{}`", entry.name);
        let most = LIMITS.iter().find(|(name, _)| *name == entry.name).map_or(0, |(_, most)| *most);
        let Some(count) = count(reader, &entry.value, &what) else { continue };
        let count = count as usize;
        if count == 0 || count > most {
            reader.wrong(&entry.value, &what, &format!("a number from 1 to {most}"));
            continue;
        }
        match entry.name.as_str() {
            "sessions" => limits.sessions = count,
            "requests" => limits.requests = count,
            _ => limits.connections = count,
        }
    }
}

fn durability<'a>(reader: &mut Reader<'a>, node: &'a Node, settings: &mut Settings) {
    let Some(text) = reader.text(node, "`durability`") else { return };
    match DURABILITY.iter().find(|(word, _)| *word == text) {
        Some((_, durability)) => settings.durability = *durability,
        None => {
            let message = format!("there is no durability `{text}`");
            let known = DURABILITY.iter().map(|(word, _)| *word);
            reader.unknown(Code::E0404, node.number, message, text, known);
        }
    }
}
