//! The names at the top of one file, and the table made of them.
//!
//! Is not: a look into a choreography.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diag::Diagnostic;
use crate::diag::code::Code;
use crate::diag::source::Span;
use crate::global::declare::types::Types;
use crate::global::declare::{Enum, Message, Module, Table, effects};
use crate::syntax::tree;

/// What a name that may stand for a type was declared as.
#[derive(Clone, Copy)]
pub(crate) enum Declared<'m> {
    Alias(&'m tree::TypeAlias),
    Enum(&'m tree::Enum),
    Message(&'m tree::Message),
}

/// The names at the top of a file.
pub(crate) struct Index<'m> {
    pub module: &'m Module,
    /// Types, enums, and messages as the records that they carry.
    pub types: BTreeMap<&'m str, Declared<'m>>,
    pub imports: BTreeMap<&'m str, Option<usize>>,
}

impl<'m> Index<'m> {
    pub(crate) fn new(module: &'m Module, diagnostics: &mut Vec<Diagnostic>) -> Self {
        let mut seen: BTreeMap<(&str, &str), Span> = BTreeMap::new();
        let mut index = Self { module, types: BTreeMap::new(), imports: BTreeMap::new() };
        let mut messages = Vec::new();
        let mut imports = module.imports.iter();
        for item in &module.file.items {
            let (kind, name, span) = match item {
                tree::Item::Import(import) => {
                    let alias = import.alias.as_ref().map_or_else(|| stem(&import.path), |name| &name.text);
                    let to = imports.next().copied().flatten();
                    index.imports.entry(alias).or_insert(to);
                    ("import", alias, import.alias.as_ref().map_or(import.path_place.0, |name| name.place.0))
                }
                tree::Item::Const(item) => ("const", item.name.text.as_str(), item.name.place.0),
                tree::Item::Message(item) => {
                    messages.push(item);
                    ("message", item.name.text.as_str(), item.name.place.0)
                }
                tree::Item::Type(item) => {
                    index.types.entry(&item.name.text).or_insert(Declared::Alias(item));
                    ("type", item.name.text.as_str(), item.name.place.0)
                }
                tree::Item::Enum(item) => {
                    index.types.entry(&item.name.text).or_insert(Declared::Enum(item));
                    ("type", item.name.text.as_str(), item.name.place.0)
                }
                tree::Item::Effect(item) => ("effect", item.name.text.as_str(), item.name.place.0),
                tree::Item::Choreography(item) => {
                    ("choreography", item.name.text.as_str(), item.name.place.0)
                }
            };
            if let Some(first) = seen.get(&(kind, name)) {
                diagnostics.push(twice(kind, name, span, *first));
            } else {
                seen.insert((kind, name), span);
            }
        }
        for message in messages {
            index.types.entry(&message.name.text).or_insert(Declared::Message(message));
        }
        index
    }
}

/// The diagnostic for a name that stands twice.
pub(crate) fn twice(kind: &str, name: &str, span: Span, first: Span) -> Diagnostic {
    Diagnostic::new(Code::E0102, span, format!("{kind} `{name}` is declared twice"))
        .here("declared again here")
        .also(first, "first declared here")
        .help(format!("give one {kind} another name"))
}

/// The choreographies of a module, with the index of their item.
pub(crate) fn choreographies(
    modules: &[Module],
    module: usize,
) -> impl Iterator<Item = (usize, &tree::Choreography)> {
    let items = modules.get(module).map_or(&[][..], |module| &module.file.items);
    items.iter().enumerate().filter_map(|(at, item)| match item {
        tree::Item::Choreography(tree) => Some((at, tree)),
        _ => None,
    })
}

/// The table of a module, choreographies excepted.
pub(crate) fn table(types: &mut Types<'_>, module: usize) -> Table {
    let mut table = Table::default();
    let Some(index) = types.index(module) else { return table };
    table.imports = index.imports.iter().map(|(alias, to)| ((*alias).to_owned(), *to)).collect();
    for (at, item) in index.module.file.items.iter().enumerate() {
        match item {
            tree::Item::Const(item) => {
                table.consts.entry(item.name.text.clone()).or_insert(at);
            }
            tree::Item::Message(item) => {
                // The type first: fields are then read again, and nothing is said of them.
                let ty = types.declared(module, &item.name);
                let fields = types.message_fields(module, item);
                let name: Arc<str> = Arc::from(item.name.text.as_str());
                let message = Message { ty, name, fields, span: item.name.place.0 };
                table.messages.entry(item.name.text.clone()).or_insert(Arc::new(message));
            }
            tree::Item::Type(item) => {
                let ty = types.declared(module, &item.name);
                table.types.entry(item.name.text.clone()).or_insert(ty);
            }
            tree::Item::Enum(item) => {
                let ty = types.declared(module, &item.name);
                let variants = types.variants(module, item);
                table.types.entry(item.name.text.clone()).or_insert_with(|| ty.clone());
                table.enums.entry(item.name.text.clone()).or_insert(Enum { ty, variants });
            }
            tree::Item::Effect(item) => {
                let operations = effects::operations(types, module, item);
                table.effects.entry(item.name.text.clone()).or_insert(operations);
            }
            tree::Item::Import(_) | tree::Item::Choreography(_) => {}
        }
    }
    table
}

/// The last part of a path without its ending.
fn stem(path: &str) -> &str {
    let file = path.rsplit(['/', '\\']).next().unwrap_or(path);
    file.strip_suffix(".choreo").unwrap_or(file)
}
