//! The settings of a node: `laban.yaml` in its directory, all of it optional.
//!
//! ```yaml
//! listen: 127.0.0.1:7411        # the control interface
//! durability: group             # none: nothing is kept; each: one write for each entry
//! idle_timeout: 30d             # sessions in which nothing happens for so long are given up
//! stand_ins: true               # roles that no binding names are played by stand-ins; false: that is a mistake
//! deploy: { require_compatible: true }   # a version that is not compatible with the active one is refused
//! sizes: { Guardian: 5 }        # how many members families have; 3 where nothing is said
//! ```
//!
//! In goes a text; out come [`Settings`] and what is wrong. Is not: read again while a node runs.

use core::net::SocketAddr;
use std::collections::BTreeMap;

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
    /// How long nothing may happen in a session; no limit where none is given.
    pub idle_timeout: Option<Duration>,
    /// Whether roles that no binding names are played by stand-ins.
    pub stand_ins: bool,
    /// Whether a version that is not proved compatible with the active one is refused.
    pub require_compatible: bool,
    /// Members of families, by name.
    pub sizes: BTreeMap<String, u32>,
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
const SETTINGS: [&str; 6] = ["listen", "durability", "idle_timeout", "stand_ins", "deploy", "sizes"];

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 7411)),
            durability: Durability::Group,
            idle_timeout: None,
            stand_ins: true,
            require_compatible: false,
            sizes: BTreeMap::new(),
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
            "idle_timeout" => settings.idle_timeout = span(&mut reader, node, "`idle_timeout`"),
            "stand_ins" => settings.stand_ins = reader.truth(node, "`stand_ins`").unwrap_or(true),
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
