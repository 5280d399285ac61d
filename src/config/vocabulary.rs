//! The names of one protocol that bindings and scripts may use, with what they stand for.
//!
//! Whoever has a protocol fills it in; `config` looks names up in it and finds near ones.
//! Is not: the protocol. What is not asked of participants is not here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value as Json;

use crate::base::ty::Type;

/// The names of a protocol.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    /// The protocol's name.
    pub protocol: String,
    /// The roles, members of families one by one: `Guardian[0]`.
    pub roles: Vec<Arc<str>>,
    /// What each message carries.
    pub messages: BTreeMap<Arc<str>, Type>,
    /// The labels of each choice that a participant is asked for.
    pub choices: BTreeMap<Arc<str>, Vec<Arc<str>>>,
    /// The outcome of each operation that the protocol uses, by `effect.operation`.
    pub operations: BTreeMap<Arc<str>, Type>,
    /// What passes between whom: sender, receiver, message.
    pub passes: BTreeSet<(Arc<str>, Arc<str>, Arc<str>)>,
}

impl Vocabulary {
    /// The names by which a role may be meant: `Guardian[1]`, and `Guardian[*]` for all of a family.
    #[must_use]
    pub fn role_names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for role in &self.roles {
            if let Some((family, _)) = role.split_once('[') {
                let all = format!("{family}[*]");
                if !names.contains(&all) {
                    names.push(all);
                }
            }
            names.push(role.to_string());
        }
        names
    }
}

/// Whether `pattern` (`Guardian[*]`, or a role's own name) means the role `name`.
#[must_use]
pub fn means(pattern: &str, name: &str) -> bool {
    pattern == name
        || pattern
            .strip_suffix("[*]")
            .is_some_and(|family| name.strip_prefix(family).is_some_and(|rest| rest.starts_with('[')))
}

/// What the settings of a family say to one of its members: `{index}` in a text is the member's index, and alone it is a
/// number. Other roles are told what stands there.
#[must_use]
pub fn indexed(config: &Json, role: &str) -> Json {
    let Some(index) = role.split_once('[').and_then(|(_, rest)| rest.strip_suffix(']')) else {
        return config.clone();
    };
    match config {
        Json::String(text) if text == INDEX => index.parse::<u32>().map_or_else(|_| index.into(), Json::from),
        Json::String(text) => Json::from(text.replace(INDEX, index)),
        Json::Array(items) => items.iter().map(|item| indexed(item, role)).collect(),
        Json::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), indexed(value, role))).collect()
        }
        other => other.clone(),
    }
}

/// Stands for the index of a family's member.
const INDEX: &str = "{index}";

/// The label that a YAML answer means: itself, or the other spelling of yes and no.
///
/// `yes` is text in YAML and `true` is not; a choice may call its branches either way.
#[must_use]
pub fn label_at(labels: &[Arc<str>], answer: &str) -> Option<usize> {
    const SAME: [[&str; 4]; 2] = [["yes", "true", "then", "on"], ["no", "false", "else", "off"]];
    let exact = labels.iter().position(|label| **label == *answer);
    exact.or_else(|| {
        let folded = answer.to_ascii_lowercase();
        let names = SAME.iter().find(|names| names.contains(&folded.as_str()))?;
        labels.iter().position(|label| names.contains(&label.to_ascii_lowercase().as_str()))
    })
}
