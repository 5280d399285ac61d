//! Names in a profile: capabilities, messages, roles, and patterns that mean one send twice.
//!
//! Is not: the reader of the file.

use crate::config::guards::Entry;
use crate::config::guards::fact::Slip;
use crate::config::guards::pattern::{Pattern, role_rank};
use crate::config::reader::{Reader, near};
use crate::config::vocabulary::Vocabulary;
use crate::diag::code::Code;

/// Whether this is the name of a capability: `namespace:name`, of `[a-z0-9_:-]`.
///
/// # Errors
/// What to write.
pub fn capability(name: &str) -> Result<(), String> {
    let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | ':' | '-');
    let kept: String = name.to_ascii_lowercase().replace(' ', "_").chars().filter(|c| letter(*c)).collect();
    let kept = kept.trim_matches(':');
    if name.chars().all(letter) && name.contains(':') && name.split(':').all(|part| !part.is_empty()) {
        return Ok(());
    }
    Err(match kept {
        "" => "write it as `namespace:name`, such as `app:send`".to_owned(),
        kept if kept.contains(':') && !kept.contains("::") => format!("write `{kept}`"),
        kept => format!("write it with a namespace, such as `app:{}`", kept.replace(':', "_")),
    })
}

/// Whether the protocol has the roles and the message of a pattern, and a send that it means.
pub(super) fn pattern(reader: &mut Reader<'_>, number: u32, pattern: &Pattern, known: Option<&Vocabulary>) {
    let Some(known) = known else { return };
    let mut fine = true;
    if let Some((from, to)) = &pattern.ends {
        fine = role(reader, number, from, Some(known));
        fine &= role(reader, number, to, Some(known));
    }
    let begins = |name: &str| match pattern.message.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => name == pattern.message,
    };
    if !known.messages.keys().any(|name| begins(name)) {
        fine = false;
        let message = format!("`{}` has no message `{}`", known.protocol, pattern.message);
        let names = known.messages.keys().map(AsRef::as_ref);
        reader.unknown(Code::E0440, number, message, &pattern.message, names);
    }
    if !fine || known.passes.is_empty() {
        return;
    }
    let mut passes = known.passes.iter().map(|(from, to, message)| pattern.rank(from, to, message));
    if passes.all(|rank| rank.is_none()) {
        let message = format!("no send of `{}` is meant by `{pattern}`", known.protocol);
        let own = known.passes.iter().find(|(.., message)| **message == *pattern.message);
        reader.say(Code::E0440, number, message, |diagnostic| match own {
            Some((from, to, message)) => diagnostic.help(format!("write `{from} -> {to}: {message}`")),
            None => diagnostic.help("take it away"),
        });
    }
}

/// Whether the protocol has a role that is meant.
pub(super) fn role(reader: &mut Reader<'_>, number: u32, name: &str, known: Option<&Vocabulary>) -> bool {
    let Some(known) = known else { return true };
    // A member beyond the number of this run is a member all the same.
    let family = name.split_once('[').map(|(family, _)| family);
    let belongs =
        |role: &str| family.is_some_and(|family| role.split_once('[').is_some_and(|(of, _)| of == family));
    if known.roles.iter().any(|role| role_rank(name, role).is_some() || belongs(role)) {
        return true;
    }
    let message = format!("`{}` has no role `{name}`", known.protocol);
    let names = known.role_names();
    reader.unknown(Code::E0440, number, message, name, names.iter().map(String::as_str));
    false
}

/// Says of entries that mean one send with equal right.
pub(super) fn doubled(
    reader: &mut Reader<'_>,
    numbers: &[u32],
    entries: &[Entry],
    known: Option<&Vocabulary>,
) {
    for (at, (entry, number)) in entries.iter().zip(numbers).enumerate() {
        let both = |other: &&Entry| {
            let mut passes = known.into_iter().flat_map(|known| &known.passes);
            other.pattern == entry.pattern
                || passes.any(|(from, to, message)| {
                    let rank = entry.pattern.rank(from, to, message);
                    rank.is_some() && rank == other.pattern.rank(from, to, message)
                })
        };
        if let Some(other) = entries.iter().take(at).find(both) {
            let message = format!("`{}` and `{}` mean the same send", other.pattern, entry.pattern);
            let first = other.place;
            reader.say(Code::E0442, *number, message, |diagnostic| {
                diagnostic.also(first, "the other one").help("keep one of them, or let one name more")
            });
        }
    }
}

/// Says what a `{…}` in the data of a fact is not.
pub(super) fn slip(reader: &mut Reader<'_>, number: u32, slip: &Slip, message: Option<&str>) {
    let (text, help) = match slip {
        Slip::Form(text) => {
            (format!("`{text}` is no field of a message"), Some("write `{Message.field}`".to_owned()))
        }
        Slip::Other(inner) => (
            match message {
                Some(message) => format!("`{{{inner}}}` is not of `{message}`, which causes the fact"),
                None => format!("`{{{inner}}}` is of no message: several are meant here"),
            },
            Some(match message {
                Some(message) => format!("write `{{{message}.field}}`"),
                None => "name one message, or write a text without `{`".to_owned(),
            }),
        ),
        Slip::Field(path, known) => {
            let names: Vec<&str> = known.iter().map(AsRef::as_ref).collect();
            let last = path.rsplit('.').next().unwrap_or_default();
            (format!("there is no `{path}`"), near(last, &names))
        }
    };
    reader.say(Code::E0443, number, text, |diagnostic| match help {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    });
}
