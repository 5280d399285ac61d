//! The verbs `bindings init` and `guards init`: the settings of a protocol, to be filled in.
//!
//! In go linked programs and the policy that holds; out comes the text of a `*.bindings.yaml` or a `*.guards.yaml` that
//! says what holds already, with comments about what could be said.
//! Invariant: what comes out is read without a finding, and no send is denied that was not denied before.
//! Is not: a writer of files.

mod bindings;
mod guards;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::base::id::RoleId;
use crate::bytecode::program::Program;

pub use self::bindings::bindings;
pub use self::guards::guards;

/// The name by which settings mean a role: its own, or that of its whole family, `Guardian[*]`.
fn meant(program: &Program, role: RoleId) -> String {
    match program.roles.get(role.index()) {
        Some(role) => match &role.member {
            Some((family, _)) => format!("{family}[*]"),
            None => role.name.to_string(),
        },
        None => String::new(),
    }
}

/// The same for a role's own name.
fn family(name: &str) -> String {
    name.split_once('[').map_or_else(|| name.to_owned(), |(family, _)| format!("{family}[*]"))
}

/// A text as YAML has it: in quotes unless it is a plain word.
fn scalar(text: &str) -> String {
    const TAKEN: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let letter = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | ':');
    let begins = text.starts_with(|c: char| c.is_alphabetic() || c == '_');
    let plain = begins && !text.ends_with(':') && text.chars().all(letter);
    if plain && !TAKEN.contains(&text.to_lowercase().as_str()) {
        text.to_owned()
    } else {
        format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

/// A list as YAML has it, on one line.
fn list<'a>(items: impl IntoIterator<Item = &'a Arc<str>>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| scalar(item)).collect();
    format!("[{}]", items.join(", "))
}
