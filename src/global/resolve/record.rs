//! Records and variants: payloads judged field by field, defaults filled in.
//!
//! Is not: a judge of records that nobody has declared; they are what they are.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::base::id::RoleId;
use crate::base::ty::{FieldType, Type};
use crate::base::value::Value;
use crate::diag::code::Code;
use crate::diag::source::Span;
use crate::diag::{Diagnostic, nearest};
use crate::global::declare::{Enum, Field, Message};
use crate::global::expr::{Expr, Part};
use crate::global::fit::show;
use crate::global::resolve::choice::quoted;
use crate::global::resolve::expr::wrong;
use crate::global::resolve::{Resolver, Who};
use crate::syntax::tree::{self, Entry, ExprKind, Path};

/// What a record is to be: its fields, and what they are where none is given.
struct Wanted<'a> {
    /// What it is called in messages.
    name: String,
    fields: &'a [FieldType],
    defaults: BTreeMap<&'a str, &'a Value>,
}

impl<'d> Resolver<'d> {
    /// The payload of a message.
    pub(super) fn payload_expr(&mut self, from: RoleId, message: &Message, e: &'d tree::Expr) -> Expr {
        let (ExprKind::Record(entries), Type::Record(fields)) = (&e.kind, &message.ty) else {
            return self.fitting(Some(from), e, &message.ty);
        };
        let defaults = message.fields.as_deref().map_or_else(BTreeMap::new, defaults);
        let wanted = Wanted { name: message.name.to_string(), fields, defaults };
        self.wanted(Some(from), e.place.0, entries, &wanted)
    }

    /// A record where one of these fields is wanted.
    pub(super) fn record_for(
        &mut self,
        who: Who,
        span: Span,
        entries: &'d [Entry],
        fields: &Arc<Vec<FieldType>>,
    ) -> Expr {
        let wanted =
            Wanted { name: show(&Type::Record(Arc::clone(fields))), fields, defaults: BTreeMap::new() };
        self.wanted(who, span, entries, &wanted)
    }

    /// A record judged against what is wanted: each field once, all of them there, each fitting.
    fn wanted(&mut self, who: Who, span: Span, entries: &'d [Entry], wanted: &Wanted<'_>) -> Expr {
        let mut given: BTreeSet<&str> = BTreeSet::new();
        let mut open = false;
        let mut spread_names: BTreeSet<Arc<str>> = BTreeSet::new();
        let mut parts = Vec::new();
        for entry in entries {
            let (name, value) = match entry {
                Entry::Spread(e) => {
                    let (value, ty) = self.expr(who, e);
                    match ty {
                        Type::Record(of) => {
                            spread_names.extend(of.iter().map(|field| Arc::clone(&field.name)));
                        }
                        _ => open = true,
                    }
                    parts.push(Part::Spread(value));
                    continue;
                }
                Entry::Field(name, e) => (name, Some(e)),
                Entry::Short(name) => (name, None),
            };
            if !given.insert(&name.text) {
                let message = format!("field `{}` is given twice", name.text);
                self.say(Diagnostic::new(Code::E0122, name.place.0, message).help("take one of them away"));
            }
            let Some(field) = wanted.fields.iter().find(|field| *field.name == *name.text) else {
                let ty = value.map(|e| self.expr(who, e).1);
                // What was meant is not missing as well.
                given.extend(self.too_many(name, wanted, ty.as_ref()));
                continue;
            };
            let value = match value {
                Some(e) => self.fitting(who, e, &field.ty),
                None => {
                    let (value, ty) = self.name(who, name);
                    let e = tree::Expr { kind: ExprKind::None, place: name.place };
                    self.expect(&e, &ty, &field.ty);
                    value
                }
            };
            parts.push(Part::Field(Arc::clone(&field.name), value));
        }
        let absent: Vec<&FieldType> = wanted
            .fields
            .iter()
            .filter(|field| !given.contains(&*field.name) && !spread_names.contains(&field.name))
            .collect();
        let filled = self.filled(span, &absent, wanted, open);
        made(filled.into_iter().chain(parts).collect())
    }

    /// The fields that are not given: defaults, `none` for optional ones; said if there is neither.
    fn filled(&mut self, span: Span, absent: &[&FieldType], wanted: &Wanted<'_>, open: bool) -> Vec<Part> {
        let mut parts = Vec::new();
        let mut missing: Vec<&str> = Vec::new();
        for field in absent {
            let value = match (wanted.defaults.get(&*field.name), &field.ty) {
                (Some(default), _) => (*default).clone(),
                (None, Type::Optional(_)) => Value::None,
                (None, _) => {
                    missing.push(&field.name);
                    continue;
                }
            };
            parts.push(Part::Field(Arc::clone(&field.name), Expr::Const(value)));
        }
        if !missing.is_empty() && !open {
            let word = if missing.len() == 1 { "field" } else { "fields" };
            let message = format!("`{}` also has the {word} {}", wanted.name, quoted(&missing));
            self.say(
                Diagnostic::new(Code::E0122, span, message)
                    .here("not given here")
                    .help(format!("add {}", quoted(&missing))),
            );
        }
        parts
    }

    /// Says that a field is not wanted, and gives back the one that may be meant; `ty` is the type of its value.
    fn too_many<'w>(&mut self, name: &tree::Name, wanted: &Wanted<'w>, ty: Option<&Type>) -> Option<&'w str> {
        let message = format!("`{}` has no field `{}`", wanted.name, name.text);
        let mut said = Diagnostic::new(Code::E0122, name.place.0, message);
        let near = nearest(&name.text, wanted.fields.iter().map(|field| field.name.as_ref()));
        said.help = Some(match near {
            Some(near) => format!("write `{near}`"),
            // What has no fields at all was declared by its use: there the field can be declared.
            None if wanted.fields.is_empty() => {
                let ty = ty.map_or_else(|| "Any".to_owned(), show);
                format!("declare it: `{0}({1}: {ty}) with {{ {1}: … }}`", wanted.name, name.text)
            }
            None => format!("take it away, or declare it where `{}` is declared", wanted.name),
        });
        self.say(said);
        near
    }

    /// A record of whatever fields.
    pub(super) fn record(&mut self, who: Who, entries: &'d [Entry]) -> (Expr, Type) {
        let mut parts = Vec::new();
        let mut fields: Option<BTreeMap<Arc<str>, Type>> = Some(BTreeMap::new());
        for entry in entries {
            let (name, (value, ty)) = match entry {
                Entry::Field(name, e) => (name, self.expr(who, e)),
                Entry::Short(name) => (name, self.name(who, name)),
                Entry::Spread(e) => {
                    let (value, ty) = self.expr(who, e);
                    parts.push(Part::Spread(value));
                    match (&mut fields, ty) {
                        (Some(fields), Type::Record(of)) => {
                            fields.extend(of.iter().map(|f| (Arc::clone(&f.name), f.ty.clone())));
                        }
                        _ => fields = None,
                    }
                    continue;
                }
            };
            let key: Arc<str> = Arc::from(name.text.as_str());
            if let Some(fields) = &mut fields {
                fields.insert(Arc::clone(&key), ty);
            }
            parts.push(Part::Field(key, value));
        }
        let ty = fields.map_or(Type::Any, |fields| {
            let fields = fields.into_iter().map(|(name, ty)| FieldType { name, ty }).collect();
            Type::Record(Arc::new(fields))
        });
        (made(parts), ty)
    }

    /// `Enum::Variant { … }`, or a constant of an import.
    pub(super) fn variant(&mut self, who: Who, path: &'d Path, entries: Option<&'d [Entry]>) -> (Expr, Type) {
        let declarations = self.declarations;
        let (Some(last), [.., owner, _]) = (path.segments.last(), path.segments.as_slice()) else {
            return wrong();
        };
        let mut module = self.frame.module;
        let imports = declarations.tables.get(module).map(|table| &table.imports);
        if path.segments.len() > 2 {
            match path.segments.first().and_then(|alias| imports?.get(&alias.text)) {
                Some(Some(to)) => module = *to,
                Some(None) => return wrong(),
                None => {
                    self.no_enum(path, owner);
                    return wrong();
                }
            }
        }
        let table = declarations.tables.get(module);
        let of: Option<&'d Enum> = table.and_then(|table| table.enums.get(&owner.text));
        if let Some(of) = of {
            return self.variant_of(who, of, path, entries);
        }
        match imports.and_then(|imports| imports.get(&owner.text)).filter(|_| path.segments.len() == 2) {
            Some(Some(to)) => {
                if let Some(found) = self.constant(*to, &last.text) {
                    return found;
                }
                let message = format!("`{}` declares no constant `{}`", owner.text, last.text);
                self.say(Diagnostic::new(Code::E0101, last.place.0, message).help("declare it in that file"));
            }
            Some(None) => {}
            None => self.no_enum(path, owner),
        }
        wrong()
    }

    /// A variant of a known enum, with its fields.
    fn variant_of(
        &mut self,
        who: Who,
        of: &'d Enum,
        path: &'d Path,
        entries: Option<&'d [Entry]>,
    ) -> (Expr, Type) {
        let Some(name) = path.segments.last() else { return wrong() };
        let Some(fields) = of.variants.get(&name.text) else {
            let names: Vec<&str> = of.variants.keys().map(String::as_str).collect();
            let message = format!("enum `{}` has no variant `{}`", show(&of.ty), name.text);
            let mut said = Diagnostic::new(Code::E0109, name.place.0, message);
            said.help = Some(match nearest(&name.text, names.iter().copied()) {
                Some(near) => format!("write `{near}`"),
                None => format!("use one of {}", quoted(&names)),
            });
            self.say(said);
            return (Expr::Const(Value::None), Type::Any);
        };
        let types: Vec<FieldType> =
            fields.iter().map(|f| FieldType { name: Arc::clone(&f.name), ty: f.ty.clone() }).collect();
        let wanted = Wanted { name: name.text.clone(), fields: &types, defaults: defaults(fields) };
        let key: Arc<str> = Arc::from(name.text.as_str());
        let value = match self.wanted(who, path.place.0, entries.unwrap_or(&[]), &wanted) {
            Expr::Const(Value::Record(fields)) => {
                Expr::Const(Value::Variant(Arc::new((key, fields.to_vec()))))
            }
            Expr::Record(parts) => Expr::Variant(key, parts),
            _ => Expr::Variant(key, Vec::new()),
        };
        (value, of.ty.clone())
    }

    /// Says that there is no such enum.
    fn no_enum(&mut self, path: &Path, owner: &tree::Name) {
        let message = format!("no enum is called `{}`", owner.text);
        let mut said = Diagnostic::new(Code::E0109, owner.place.0, message);
        let table = self.declarations.tables.get(self.frame.module);
        let known = table.into_iter().flat_map(|table| table.enums.keys().chain(table.imports.keys()));
        said.help = Some(match (nearest(&owner.text, known.map(String::as_str)), path.segments.last()) {
            (Some(near), _) => format!("write `{near}`"),
            (None, Some(last)) => format!("declare it: `enum {} {{ {} }}`", owner.text, last.text),
            (None, None) => "declare it".to_owned(),
        });
        self.say(said);
    }
}

/// The defaults of fields, by name.
fn defaults(fields: &[Field]) -> BTreeMap<&str, &Value> {
    fields.iter().filter_map(|field| Some((field.name.as_ref(), field.default.as_ref()?))).collect()
}

/// The record of these parts; by name where no order matters, and a constant where all parts are.
fn made(mut parts: Vec<Part>) -> Expr {
    if parts.iter().any(|part| matches!(part, Part::Spread(_))) {
        return Expr::Record(parts);
    }
    parts.sort_by(|a, b| match (a, b) {
        (Part::Field(a, _), Part::Field(b, _)) => a.cmp(b),
        _ => std::cmp::Ordering::Equal,
    });
    let values: Option<Vec<(Arc<str>, Value)>> = parts
        .iter()
        .map(|part| match part {
            Part::Field(name, Expr::Const(value)) => Some((Arc::clone(name), value.clone())),
            _ => None,
        })
        .collect();
    match values {
        Some(values) => Expr::Const(Value::record(values)),
        None => Expr::Record(parts),
    }
}
