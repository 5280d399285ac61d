//! Patterns: which sends an entry of a profile means, by message, or by sender, receiver and message.
//!
//! `*` stands for any rest of a name at its end: `Guardian* -> Proposer: Approval*`. `Guardian[*]` and `Guardian` are all
//! members of a family. Of two patterns for one send the one that names more counts.
//! Is not: a regular expression.

use serde::{Deserialize, Serialize};

use crate::config::vocabulary::means;

/// Which sends are meant.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Pattern {
    /// The message, or a beginning and `*`.
    pub message: String,
    /// Sender and receiver, where they are named.
    pub ends: Option<(String, String)>,
}

impl Pattern {
    /// Reads `Message` or `Sender -> Receiver: Message`; none for another form.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (ends, message) = match text.split_once("->") {
            None => (None, text),
            Some((from, rest)) => {
                let (to, message) = rest.rsplit_once(':')?;
                (Some((name(from, true)?, name(to, true)?)), message)
            }
        };
        Some(Self { message: name(message, false)?, ends })
    }

    /// How much of a send it names; none if it does not mean it.
    #[must_use]
    pub fn rank(&self, from: &str, to: &str, message: &str) -> Option<u8> {
        let own = name_rank(&self.message, message)?;
        let ends = match &self.ends {
            None => 0,
            Some((sender, receiver)) => 1 + role_rank(sender, from)? + role_rank(receiver, to)?,
        };
        // What is said of a message by its name counts more than what is said of a role.
        Some(own * 10 + ends)
    }

    /// Whether it is one name, without `*`.
    #[must_use]
    pub fn is_one_message(&self) -> bool {
        !self.message.ends_with('*')
    }
}

/// As it is written in a profile.
impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.ends {
            None => f.write_str(&self.message),
            Some((from, to)) => write!(f, "{from} -> {to}: {}", self.message),
        }
    }
}

/// How much of a role's name a pattern names; none if it does not mean it.
#[must_use]
pub fn role_rank(pattern: &str, role: &str) -> Option<u8> {
    let family = || role.split_once('[').is_some_and(|(family, _)| family == pattern);
    if pattern == role {
        Some(3)
    } else if means(pattern, role) || family() {
        Some(2)
    } else {
        name_rank(pattern, role).filter(|rank| *rank < 2)
    }
}

/// 2 for the name itself, 1 for a beginning of it and `*`, 0 for `*`; none if it is not meant.
fn name_rank(pattern: &str, name: &str) -> Option<u8> {
    match pattern.strip_suffix('*') {
        Some("") => Some(0),
        Some(beginning) => name.starts_with(beginning).then_some(1),
        None => (pattern == name).then_some(2),
    }
}

/// A name as patterns have it: with brackets only where it is a role's, `*` only at its end.
fn name(text: &str, role: bool) -> Option<String> {
    let text = text.trim();
    let plain = text.strip_suffix(['*']).unwrap_or(text);
    let plain = if role { plain.strip_suffix("[*]").unwrap_or(plain) } else { plain };
    let letter = |c: char| c.is_alphanumeric() || c == '_' || (role && matches!(c, '[' | ']'));
    let whole = role && text.ends_with("[*]");
    let fine = !text.is_empty() && (whole || plain.chars().all(letter));
    fine.then(|| text.to_owned())
}
