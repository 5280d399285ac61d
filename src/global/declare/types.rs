//! Types as written to types of values: names looked up across modules, aliases opened, cycles and bloat refused.
//!
//! Undeclared types are `Any`, with one warning per file that shows the declaration to write.
//! Is not: a judge of values, but for the defaults of fields.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::base::limits::NESTING_MAX;
use crate::base::ty::{EnumType, FieldType, Type};
use crate::base::value::Value;
use crate::diag::code::Code;
use crate::diag::source::Span;
use crate::diag::{Diagnostic, nearest};
use crate::global::builtin;
use crate::global::declare::index::{Declared, Index, twice};
use crate::global::declare::literal::{coerced, literal, type_of_value};
use crate::global::declare::{Field, Fields};
use crate::global::fit;
use crate::global::spell;
use crate::syntax::tree::{self, MessageShape, TypeKind, TypeRef, TypeShape};

/// Parts of one type after its names are opened; a few lines could otherwise say a type of a billion parts.
const PARTS_MAX: u32 = 4_096;

/// How far a declared type has come.
enum Slot {
    /// It is being read: whoever needs it now needs itself.
    Busy,
    /// Read, with the count of its parts.
    Done(Type, u32),
}

/// The reader of types.
pub(crate) struct Types<'m> {
    indices: &'m [Index<'m>],
    slots: BTreeMap<(usize, &'m str), Slot>,
    warned: BTreeSet<(usize, String)>,
    diagnostics: Vec<Diagnostic>,
    /// Parts of what is being read.
    parts: u32,
    depth: usize,
}

impl<'m> Types<'m> {
    pub(crate) fn new(indices: &'m [Index<'m>], diagnostics: Vec<Diagnostic>) -> Self {
        Self { indices, slots: BTreeMap::new(), warned: BTreeSet::new(), diagnostics, parts: 0, depth: 0 }
    }

    pub(crate) fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.diagnostics
    }

    pub(crate) fn say(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    pub(crate) fn index(&self, module: usize) -> Option<&'m Index<'m>> {
        self.indices.get(module)
    }

    /// Reads a type that stands in `module`.
    pub(crate) fn read(&mut self, module: usize, ty: &TypeRef) -> Type {
        self.parts = 0;
        self.inner(module, ty)
    }

    /// Reads a type inside of another.
    fn inner(&mut self, module: usize, ty: &TypeRef) -> Type {
        self.parts = self.parts.saturating_add(1);
        self.depth += 1;
        let read = if self.depth > 4 * NESTING_MAX || self.parts > PARTS_MAX {
            if !self.diagnostics.iter().any(|d| d.code == Code::E0128) {
                let message = "this type is too large";
                let said = Diagnostic::new(Code::E0128, ty.place.0, message)
                    .here(format!("with the types that it names it has more than {PARTS_MAX} parts"))
                    .help("use `Any` for a part of it");
                self.diagnostics.push(said);
            }
            Type::Any
        } else {
            match &ty.kind {
                TypeKind::Optional(of) => match self.inner(module, of) {
                    already @ Type::Optional(_) => already,
                    of => Type::Optional(Arc::new(of)),
                },
                TypeKind::Record(fields) => {
                    let fields = self.fields(module, fields);
                    record(&fields)
                }
                TypeKind::Named(path, args) => self.named(module, path, args),
            }
        };
        self.depth -= 1;
        read
    }

    /// A type by its name: built in, of this file, or imported.
    fn named(&mut self, module: usize, path: &tree::Path, args: &[TypeRef]) -> Type {
        let Some(name) = path.segments.last() else { return Type::Any };
        if path.segments.len() == 1 {
            let declared = self.indices.get(module).is_some_and(|i| i.types.contains_key(name.text.as_str()));
            if !declared && let Some(ty) = self.generic(module, path, &name.text, args) {
                return ty;
            }
        }
        if !args.is_empty() {
            self.diagnostics.push(
                Diagnostic::new(Code::E0121, path.place.0, format!("`{}` takes no argument", name.text))
                    .help("take the part between `<` and `>` away"),
            );
        }
        if path.segments.len() == 1 {
            if let Some(ty) = self.slot(module, name) {
                return ty;
            }
            if let Some(ty) = builtin::plain_type(&name.text) {
                return ty;
            }
            self.undeclared(module, name);
            return Type::Any;
        }
        match self.imported(module, path) {
            Some(Some(other)) => self.slot(other, name).unwrap_or_else(|| {
                self.undeclared(other, name);
                Type::Any
            }),
            _ => Type::Any,
        }
    }

    /// The built-in types with an argument.
    fn generic(&mut self, module: usize, path: &tree::Path, name: &str, args: &[TypeRef]) -> Option<Type> {
        let wanted = match name {
            "List" | "Vec" | "Option" => 1,
            "Map" => 2,
            _ => return None,
        };
        let read: Vec<Type> = args.iter().map(|arg| self.inner(module, arg)).collect();
        if read.len() != wanted {
            let example = if name == "Map" { "Map<String, T>" } else { "List<T>" };
            let message = format!("`{name}` takes {wanted} argument{}", if wanted == 1 { "" } else { "s" });
            self.diagnostics.push(
                Diagnostic::new(Code::E0121, path.place.0, message)
                    .help(format!("write it like `{example}`")),
            );
        }
        let last = Arc::new(read.into_iter().next_back().unwrap_or(Type::Any));
        Some(match name {
            "Map" => Type::Map(last),
            "Option" => Type::Optional(last),
            _ => Type::List(last),
        })
    }

    /// The module that a path leads into; the outer option is empty if there is no such import.
    pub(crate) fn imported(&mut self, module: usize, path: &tree::Path) -> Option<Option<usize>> {
        let alias = path.segments.first()?;
        let index = self.indices.get(module)?;
        if let Some(to) = index.imports.get(alias.text.as_str()) {
            return Some(*to);
        }
        let mut said =
            Diagnostic::new(Code::E0111, alias.place.0, format!("nothing is imported as `{}`", alias.text));
        said.help = Some(match nearest(&alias.text, index.imports.keys().copied()) {
            Some(near) => format!("write `{near}`"),
            None => format!("import a file: `import \"{0}.choreo\" as {0}`", alias.text),
        });
        self.diagnostics.push(said);
        None
    }

    /// Warns of an undeclared type, once a file.
    fn undeclared(&mut self, module: usize, name: &tree::Name) {
        if !self.warned.insert((module, name.text.clone())) {
            return;
        }
        let message = format!("type `{}` is not declared, so it may hold anything", name.text);
        let mut said = Diagnostic::new(Code::E0105, name.place.0, message).here("taken as `Any`");
        let known = self.indices.get(module).map(|index| index.types.keys().copied());
        let names = known.into_iter().flatten().chain(builtin::TYPES.iter().map(|(name, _)| *name));
        said.help = Some(match nearest(&name.text, names.chain(builtin::GENERIC_TYPES)) {
            Some(near) => format!("write `{near}`, or declare it: `type {} = {{ … }}`", name.text),
            None => format!("declare it: `type {} = {{ … }}`", name.text),
        });
        self.diagnostics.push(said);
    }

    /// The type that a declaration of `module` stands for.
    pub(crate) fn declared(&mut self, module: usize, name: &tree::Name) -> Type {
        self.parts = 0;
        self.slot(module, name).unwrap_or(Type::Any)
    }

    /// The type that a name of a module stands for; none if it is not declared there.
    fn slot(&mut self, module: usize, name: &tree::Name) -> Option<Type> {
        let (key, declared) = self.indices.get(module)?.types.get_key_value(name.text.as_str())?;
        match self.slots.get(&(module, *key)) {
            Some(Slot::Done(ty, parts)) => {
                self.parts = self.parts.saturating_add(*parts);
                return Some(ty.clone());
            }
            Some(Slot::Busy) => {
                let message = format!("type `{}` needs itself", name.text);
                let said = Diagnostic::new(Code::E0134, name.place.0, message)
                    .here("a value of it would have no end")
                    .help("use `Any` here");
                self.diagnostics.push(said);
                return Some(Type::Any);
            }
            None => {}
        }
        self.slots.insert((module, *key), Slot::Busy);
        let before = std::mem::take(&mut self.parts);
        let ty = self.open(module, *declared);
        self.slots.insert((module, *key), Slot::Done(ty.clone(), self.parts));
        self.parts = self.parts.saturating_add(before);
        Some(ty)
    }

    /// Reads what was declared.
    fn open(&mut self, module: usize, declared: Declared<'m>) -> Type {
        match declared {
            Declared::Alias(alias) => match &alias.shape {
                TypeShape::Type(ty) => self.inner(module, ty),
                TypeShape::Schema(path, place) => self.schema(path, place.0),
            },
            Declared::Message(message) => match &message.shape {
                MessageShape::Record(fields) => {
                    let fields = self.fields(module, fields);
                    record(&fields)
                }
                MessageShape::Schema(path, place) => self.schema(path, place.0),
            },
            Declared::Enum(of) => {
                let mut variants = Vec::new();
                let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
                for variant in &of.variants {
                    if let Some(first) = seen.insert(&variant.name.text, variant.name.place.0) {
                        let said = twice("variant", &variant.name.text, variant.name.place.0, first);
                        self.diagnostics.push(said);
                        continue;
                    }
                    let fields = self.fields(module, &variant.fields);
                    variants.push((Arc::from(variant.name.text.as_str()), field_types(&fields)));
                }
                Type::Enum(Arc::new(EnumType { name: Arc::from(of.name.text.as_str()), variants }))
            }
        }
    }

    /// Warns that a schema is not read.
    fn schema(&mut self, path: &str, span: Span) -> Type {
        let message = format!("the schema `{path}` is not checked yet, so this may hold anything");
        self.diagnostics.push(
            Diagnostic::new(Code::E0132, span, message)
                .here("taken as `Any`")
                .help("give it fields to have it checked: `{ name: Type }`"),
        );
        Type::Any
    }

    /// The fields of a declared message, none where it may carry anything.
    pub(crate) fn message_fields(&mut self, module: usize, message: &tree::Message) -> Option<Fields> {
        match &message.shape {
            MessageShape::Record(fields) => Some(self.quietly(|types| types.fields(module, fields))),
            MessageShape::Schema(..) => None,
        }
    }

    /// The fields of each variant of an enum.
    pub(crate) fn variants(&mut self, module: usize, of: &tree::Enum) -> BTreeMap<String, Fields> {
        self.quietly(|types| {
            let read = |variant: &tree::Variant, types: &mut Self| {
                (variant.name.text.clone(), types.fields(module, &variant.fields))
            };
            of.variants.iter().rev().map(|variant| read(variant, types)).collect()
        })
    }

    /// Reads what is judged elsewhere.
    fn quietly<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        let (said, warned) = (self.diagnostics.len(), self.warned.clone());
        self.parts = 0;
        let value = read(self);
        self.diagnostics.truncate(said);
        self.warned = warned;
        value
    }

    /// Reads fields; sorted by name.
    pub(crate) fn fields(&mut self, module: usize, fields: &[tree::Field]) -> Fields {
        let mut read = self.fields_in_order(module, fields);
        read.sort_by(|a, b| a.name.cmp(&b.name));
        read
    }

    /// Reads fields, in the order in which they stand.
    pub(crate) fn fields_in_order(&mut self, module: usize, fields: &[tree::Field]) -> Fields {
        let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
        let mut read = Vec::with_capacity(fields.len());
        for field in fields {
            if let Some(first) = seen.insert(&field.name.text, field.name.place.0) {
                self.diagnostics.push(twice("field", &field.name.text, field.name.place.0, first));
                continue;
            }
            let mut ty = field.ty.as_ref().map_or(Type::Any, |ty| self.inner(module, ty));
            if field.optional && !matches!(ty, Type::Optional(_)) {
                ty = Type::Optional(Arc::new(ty));
            }
            let default = field.default.as_ref().and_then(|e| self.default(e, &ty));
            read.push(Field { name: Arc::from(field.name.text.as_str()), ty, default });
        }
        read
    }

    /// The value of a default, which is a literal that fits.
    pub(crate) fn default(&mut self, e: &tree::Expr, want: &Type) -> Option<Value> {
        let Some(value) = literal(e) else {
            let message = format!("a default is a literal, and `{}` is not one", spell::expr(e));
            self.diagnostics.push(
                Diagnostic::new(Code::E0121, e.place.0, message)
                    .help("write a number, a text, `true`, `none` …"),
            );
            return None;
        };
        let value = coerced(value, want);
        let have = type_of_value(&value);
        let fits = match (&value, want) {
            (Value::Variant(variant), Type::Enum(of)) => {
                of.variants.iter().any(|(name, _)| *name == variant.0)
            }
            _ => fit::fits(&have, want),
        };
        if !fits {
            let message = format!("the default `{}` is not a `{}`", spell::expr(e), fit::show(want));
            self.diagnostics.push(Diagnostic::new(Code::E0121, e.place.0, message));
        }
        Some(value)
    }
}

/// The types of fields, which are sorted.
pub(crate) fn field_types(fields: &Fields) -> Vec<FieldType> {
    fields.iter().map(|field| FieldType { name: Arc::clone(&field.name), ty: field.ty.clone() }).collect()
}

/// The record of these fields.
pub(crate) fn record(fields: &Fields) -> Type {
    Type::Record(Arc::new(field_types(fields)))
}
