//! Messages that no item declares: declared by the first use that gives them fields; and uses that disagree.
//!
//! Is not: a judge of payloads.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::base::ty::Type;
use crate::diag::code::Code;
use crate::diag::source::Span;
use crate::diag::{Diagnostic, nearest, slip};
use crate::global::declare::scan;
use crate::global::declare::types::{Types, record};
use crate::global::declare::{Field, Fields, Message, Module, Signature, Table};
use crate::global::fit;
use crate::syntax::tree::{Choreography, Declares, Item, Path, StmtKind};

/// Reads every use of a message, and gives each choreography at the top of a file its own messages.
pub(crate) fn by_use(
    types: &mut Types<'_>,
    tables: &[Table],
    choreographies: &mut [Signature],
    modules: &[Module],
) {
    for signature in choreographies.iter_mut().filter(|signature| signature.parent.is_none()) {
        let Some(Item::Choreography(tree)) = signature
            .path
            .first()
            .and_then(|item| modules.get(signature.module).and_then(|module| module.file.items.get(*item)))
        else {
            continue;
        };
        let mut by_with = BTreeSet::new();
        let mut waiting: Vec<&Choreography> = vec![tree];
        while let Some(tree) = waiting.pop() {
            scan::each(&tree.body, &mut |stmt| match &stmt.kind {
                StmtKind::Exchange(exchange) => {
                    one(types, tables, signature, &exchange.message, exchange.declares.as_ref());
                    if let ([name], Some(_)) = (exchange.message.segments.as_slice(), &exchange.with) {
                        by_with.insert(name.text.clone());
                    }
                }
                StmtKind::Relay(relay) => {
                    if let Some(message) = &relay.message {
                        one(types, tables, signature, message, relay.declares.as_ref());
                    }
                }
                _ => {}
            });
            waiting.extend(tree.nested.iter().rev());
        }
        by_with.retain(|name| signature.messages.get(name).is_some_and(|message| mentioned_only(message)));
        signature.by_with = by_with;
        slips(types, tables.get(signature.module), &signature.messages);
        for message in signature.messages.values_mut() {
            if mentioned_only(message)
                && let Some(message) = Arc::get_mut(message)
            {
                message.fields = Some(Vec::new());
            }
        }
    }
}

/// Whether no use so far has said what the message carries.
fn mentioned_only(message: &Message) -> bool {
    message.fields.is_none() && message.ty.is_empty_record()
}

/// Warns of messages without fields whose names are almost those of messages that are declared.
fn slips(types: &mut Types<'_>, table: Option<&Table>, messages: &BTreeMap<String, Arc<Message>>) {
    let declared = || table.into_iter().flat_map(|table| table.messages.values());
    let known: Vec<&Arc<Message>> =
        declared().chain(messages.values().filter(|message| !mentioned_only(message))).collect();
    for message in messages.values().filter(|message| mentioned_only(message)) {
        let Some(near) = slip(&message.name, known.iter().map(|known| known.name.as_ref())) else { continue };
        let text = format!("message `{}` is not declared, and `{near}` is", message.name);
        let mut said = Diagnostic::new(Code::E0140, message.span, text)
            .here("taken as a message of its own, without fields");
        if let Some(other) = known.iter().find(|known| *known.name == *near) {
            said = said.also(other.span, format!("`{near}` is declared here"));
        }
        types.say(said.help(format!("write `{near}`, or declare it: `message {} {{}}`", message.name)));
    }
}

/// Reads one use.
fn one(
    types: &mut Types<'_>,
    tables: &[Table],
    signature: &mut Signature,
    path: &Path,
    declares: Option<&Declares>,
) {
    let Some(name) = path.segments.last() else { return };
    let module = signature.module;
    let given = declares.map(|declares| shape(types, module, declares));
    let declared = if path.segments.len() > 1 {
        let Some(Some(other)) = types.imported(module, path) else { return };
        let Some(table) = tables.get(other) else { return };
        let Some(message) = table.messages.get(&name.text) else {
            types.say(unknown(name.place.0, &name.text, table));
            return;
        };
        Some(message)
    } else {
        tables.get(module).and_then(|table| table.messages.get(&name.text))
    };
    let known = declared.or_else(|| signature.messages.get(&name.text));
    match (known, given) {
        (Some(known), Some((ty, _))) if known.ty != ty && (declared.is_some() || !mentioned_only(known)) => {
            types.say(disagrees(name.place.0, &name.text, &ty, known));
        }
        (known, Some((ty, fields))) if declared.is_none() && known.is_none_or(|k| mentioned_only(k)) => {
            let name_of: Arc<str> = Arc::from(name.text.as_str());
            let message = Message { name: name_of, ty, fields, span: name.place.0 };
            signature.messages.insert(name.text.clone(), Arc::new(message));
        }
        (None, None) => {
            let name_of: Arc<str> = Arc::from(name.text.as_str());
            let message = Message { name: name_of, ty: Type::empty(), fields: None, span: name.place.0 };
            signature.messages.insert(name.text.clone(), Arc::new(message));
        }
        _ => {}
    }
}

/// The payload that a use gives its message, and the fields.
fn shape(types: &mut Types<'_>, module: usize, declares: &Declares) -> (Type, Option<Fields>) {
    let plain = |name: String, ty: Type| Field { name: Arc::from(name), ty, default: None };
    let mut fields = match declares {
        Declares::Fields(fields) => types.fields(module, fields),
        Declares::Types(given, names) => {
            let mut fields = Vec::new();
            for (at, ty) in given.iter().enumerate() {
                let name = names.get(at).map_or_else(|| format!("_{at}"), |name| name.text.clone());
                fields.push(plain(name, types.read(module, ty)));
            }
            fields
        }
        Declares::Of(path) => {
            let place = path.place;
            let kind = crate::syntax::tree::TypeKind::Named(path.clone(), Vec::new());
            match types.read(module, &crate::syntax::tree::TypeRef { kind, place }) {
                Type::Record(of) => of.iter().map(|f| plain(f.name.to_string(), f.ty.clone())).collect(),
                Type::Any => return (Type::Any, None),
                other => vec![plain("_0".to_owned(), other)],
            }
        }
    };
    fields.sort_by(|a, b| a.name.cmp(&b.name));
    fields.dedup_by(|a, b| a.name == b.name);
    (record(&fields), Some(fields))
}

/// Says that an import declares no such message.
fn unknown(span: Span, name: &str, table: &Table) -> Diagnostic {
    let mut said = Diagnostic::new(Code::E0101, span, format!("message `{name}` is not declared there"));
    said.help = Some(match nearest(name, table.messages.keys().map(String::as_str)) {
        Some(near) => format!("write `{near}`"),
        None => format!("declare it in that file: `message {name} {{ … }}`"),
    });
    said
}

/// Says that two uses of a message do not agree.
fn disagrees(span: Span, name: &str, ty: &Type, known: &Message) -> Diagnostic {
    Diagnostic::new(Code::E0115, span, format!("message `{name}` is given two payloads"))
        .here(format!("here it carries `{}`", fit::show(ty)))
        .also(known.span, format!("here it carries `{}`", fit::show(&known.ty)))
        .help("use one payload in both places, or give one message another name")
}
