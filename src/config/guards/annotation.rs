//! The guard annotations of an exchange, as a setting that lies below the profile.
//!
//! `guard_capability = "a:b, a:c"`, `flow_cost = 5`, `leak = "external, neighbor"` (1 to each class that is named),
//! `journal_facts = "sent"` (a fact without data; without a `/` its namespace is the protocol's name in lower case).
//! Is not: a place; whoever has the source says where a mistake stands.

use std::sync::Arc;

use crate::base::limits::FLOW_COST_MAX;
use crate::config::guards::fact::{self, Fact};
use crate::config::guards::judge::capability;
use crate::config::guards::{CLASSES, Setting};
use crate::diag::Diagnostic;
use crate::diag::code::Code;
use crate::diag::source::Span;

/// What annotations say of a send at a place, and what of them no guard can use; none if none is a guard's.
#[must_use]
pub fn annotation(
    protocol: &str,
    place: Span,
    annotations: &[(String, String)],
) -> (Option<Setting>, Vec<Diagnostic>) {
    let mut setting = Setting::default();
    let mut said = Vec::new();
    let mut any = false;
    for (name, value) in annotations {
        let list = || value.split(',').map(str::trim).filter(|part| !part.is_empty());
        any |= matches!(name.as_str(), "guard_capability" | "flow_cost" | "leak" | "journal_facts");
        match name.as_str() {
            "guard_capability" => {
                // One without a namespace was warned about where it stands (E0137), and is taken as it is.
                let strange = list().find(|name| name.contains(':') && capability(name).is_err());
                if let Some(name) = strange {
                    let message = format!("`{name}` is no name of a capability");
                    let help = capability(name).err().unwrap_or_default();
                    said.push(Diagnostic::new(Code::E0441, place, message).help(help));
                }
                setting.capabilities = Some(list().map(Arc::from).collect());
            }
            "flow_cost" => match value.parse() {
                Ok(cost) if (1..=FLOW_COST_MAX).contains(&cost) => setting.flow_cost = Some(cost),
                _ => {
                    let message = format!("`flow_cost` is from 1 to {FLOW_COST_MAX}, not `{value}`");
                    said.push(
                        Diagnostic::new(Code::E0445, place, message).help("write a whole number from 1"),
                    );
                }
            },
            "leak" => {
                setting.leakage = [Some(0); 3];
                for word in list() {
                    match CLASSES.iter().position(|class| *class == word) {
                        Some(at) => {
                            setting.leakage.iter_mut().skip(at).take(1).for_each(|slot| *slot = Some(1));
                        }
                        None => {
                            let message = format!("there is no class `{word}` that sees a message");
                            let help = "use `external`, `neighbor` or `in_group`";
                            said.push(Diagnostic::new(Code::E0445, place, message).help(help));
                        }
                    }
                }
            }
            "journal_facts" => setting.facts = Some(facts(protocol, place, list(), &mut said)),
            _ => {}
        }
    }
    (any.then_some(setting), said)
}

/// Facts without data.
fn facts<'a>(
    protocol: &str,
    place: Span,
    names: impl Iterator<Item = &'a str>,
    said: &mut Vec<Diagnostic>,
) -> Vec<Fact> {
    let own = protocol.to_ascii_lowercase();
    let mut facts = Vec::new();
    for text in names {
        let whole = if text.contains('/') { text.to_owned() } else { format!("{own}/{text}") };
        match fact::name(&whole) {
            Some((namespace, key)) => {
                let (namespace, key) = (Arc::from(namespace), Arc::from(key));
                facts.push(Fact { namespace, key, data: Vec::new() });
            }
            None => {
                let message = format!("`{text}` is no name of a fact");
                let help = "write `namespace/key` with letters from a to z, digits, `_`, `-` and `:`";
                said.push(Diagnostic::new(Code::E0446, place, message).help(help));
            }
        }
    }
    facts
}
