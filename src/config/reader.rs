//! Settings out of nodes: each method takes what it expects or says what is there instead.
//!
//! In goes a document; out come plain values and, in the end, the diagnostics, in the order of the reading.
//! Is not: a format. `bindings` and `script` say what stands where.

use std::collections::BTreeSet;

use crate::base::fit::{Misfit, Trouble};
use crate::base::json;
use crate::base::limits::DIAGNOSTICS_MAX;
use crate::base::ty::Type;
use crate::base::value::Value;
use crate::config::yaml::{Document, Entry, Kind, Node};
use crate::diag::code::Code;
use crate::diag::{Diagnostic, nearest};

/// Bytes that are read again, all in all, to find the places of diagnostics.
const PLACES_BYTES_MAX: usize = 8 << 20;

/// Reads one document.
pub(crate) struct Reader<'a> {
    document: &'a Document<'a>,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(document: &'a Document<'a>) -> Self {
        Self { document, diagnostics: Vec::new() }
    }

    /// How much was said so far.
    pub(crate) const fn said(&self) -> usize {
        self.diagnostics.len()
    }

    /// What was said.
    pub(crate) fn finish(self) -> Vec<Diagnostic> {
        self.diagnostics
    }

    /// Says something of a value or a name.
    pub(crate) fn say(
        &mut self,
        code: Code,
        number: u32,
        message: impl Into<String>,
        with: impl FnOnce(Diagnostic) -> Diagnostic,
    ) {
        // Each place is found by reading the text again: the larger it is, the fewer are told.
        let most = (PLACES_BYTES_MAX / self.document.text.len().max(1)).clamp(10, DIAGNOSTICS_MAX);
        if self.diagnostics.len() < most {
            let span = self.document.place(number);
            self.diagnostics.push(with(Diagnostic::new(code, span, message)));
        }
    }

    /// Says that a name is none of those known.
    pub(crate) fn unknown<'n>(
        &mut self,
        code: Code,
        number: u32,
        message: String,
        name: &str,
        known: impl IntoIterator<Item = &'n str>,
    ) {
        let known: Vec<&str> = known.into_iter().collect();
        let help = near(name, &known);
        self.say(code, number, message, |diagnostic| match help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        });
    }

    /// The entries of a map, doubled names said and left out; none, and said, if it is not a map.
    pub(crate) fn map(&mut self, node: &'a Node, what: &str) -> Vec<&'a Entry> {
        let entries = match &node.kind {
            Kind::Map(entries) => entries.as_slice(),
            Kind::None => &[],
            _ => {
                self.wrong(node, what, "a map");
                &[]
            }
        };
        let mut seen = BTreeSet::new();
        let mut kept = Vec::with_capacity(entries.len());
        for entry in entries {
            if seen.insert(entry.name.as_str()) {
                kept.push(entry);
            } else {
                let message = format!("`{}` is given twice", entry.name);
                self.say(Code::E0404, entry.number, message, |diagnostic| {
                    diagnostic.help("keep one of them")
                });
            }
        }
        kept
    }

    /// The entries of a map that has these names and no other.
    pub(crate) fn settings(&mut self, node: &'a Node, what: &str, names: &[&str]) -> Vec<&'a Entry> {
        let mut entries = self.map(node, what);
        entries.retain(|entry| {
            let known = names.contains(&entry.name.as_str());
            if !known {
                let message = format!("{what} has no setting `{}`", entry.name);
                self.unknown(Code::E0403, entry.number, message, &entry.name, names.iter().copied());
            }
            known
        });
        entries
    }

    /// A text; none, and said, if it is not.
    pub(crate) fn text(&mut self, node: &'a Node, what: &str) -> Option<&'a str> {
        match &node.kind {
            Kind::Text(text) => Some(text),
            _ => {
                self.wrong(node, what, "text");
                None
            }
        }
    }

    /// Reads `true` or `false`.
    pub(crate) fn truth(&mut self, node: &'a Node, what: &str) -> Option<bool> {
        match &node.kind {
            Kind::Bool(truth) => Some(*truth),
            _ => {
                self.wrong(node, what, "`true` or `false`");
                None
            }
        }
    }

    /// Says that a value is of another kind.
    pub(crate) fn wrong(&mut self, node: &Node, what: &str, expected: &str) {
        let message = format!("{what} is {expected}, not {}", node.what());
        let quote = expected == "text" && matches!(node.kind, Kind::Bool(_) | Kind::Int(_) | Kind::Float(_));
        self.say(Code::E0405, node.number, message, |diagnostic| {
            if quote { diagnostic.help("put it in quotes") } else { diagnostic }
        });
    }

    /// A value of a type; none, and said, if it does not fit.
    pub(crate) fn value(&mut self, node: &Node, ty: &Type, what: &str) -> Option<Value> {
        match json::from_json(&node.to_json(), ty) {
            Ok(value) => Some(value),
            Err(misfit) => {
                self.misfit(node, &misfit, what);
                None
            }
        }
    }

    fn misfit(&mut self, node: &Node, misfit: &Misfit, what: &str) {
        let number = node.follow(&misfit.path, matches!(misfit.trouble, Trouble::Unknown(_)));
        let help = advice(misfit);
        self.say(Code::E0408, number, format!("{what} does not fit: {misfit}"), |diagnostic| match help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        });
    }
}

/// What to do about a misfit.
pub(crate) fn advice(misfit: &Misfit) -> Option<String> {
    match &misfit.trouble {
        Trouble::Kind { expected, found } => {
            let quote = expected == "String" && matches!(*found, "Int" | "Float" | "Bool");
            let truth = expected == "Bool" && *found == "String";
            if quote {
                Some("put it in quotes".to_owned())
            } else if truth {
                Some("write `true` or `false`: YAML reads `yes` and `no` as text".to_owned())
            } else {
                None
            }
        }
        Trouble::Unknown(known) => {
            let name = misfit.path.last().map(|step| match step {
                crate::base::fit::Step::Field(name) | crate::base::fit::Step::Variant(name) => name.as_ref(),
                crate::base::fit::Step::Item(_) => "",
            });
            near(name?, &known.iter().map(AsRef::as_ref).collect::<Vec<_>>())
        }
        Trouble::Variant { found, known } => {
            near(found, &known.iter().map(AsRef::as_ref).collect::<Vec<_>>())
        }
        _ => None,
    }
}

/// An imperative with the near name, or with all names if they are few.
pub(crate) fn near(name: &str, known: &[&str]) -> Option<String> {
    const FEW: usize = 8;
    match nearest(name, known.iter().copied()) {
        Some(near) => Some(format!("write `{near}`")),
        None if known.is_empty() || known.len() > FEW => None,
        None => {
            let names: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
            Some(format!("use one of {}", names.join(", ")))
        }
    }
}
