//! Whether a value of one type may stand where another is wanted, and how a type is shown to people.
//!
//! `Any` fits everything and everything fits it: what was never declared is judged where it arrives.
//! Is not: a check of values.

use std::sync::Arc;

use crate::base::ty::{FieldType, Type};

/// Whether a value of type `have` may stand where `want` is wanted. Whole numbers fit where their ranges meet;
/// what is left open is judged where the value arrives.
pub(crate) fn fits(have: &Type, want: &Type) -> bool {
    match (have, want) {
        (Type::Any, _) | (_, Type::Any) => true,
        (Type::Int(a, b), Type::Int(c, d)) => a.max(c) <= b.min(d),
        (Type::Int(..), Type::Float | Type::Decimal) | (Type::Uuid, Type::Text) => true,
        (Type::Optional(have), Type::Optional(want)) => fits(have, want),
        (have, Type::Optional(want)) => fits(have, want),
        (Type::List(have), Type::List(want)) | (Type::Map(have), Type::Map(want)) => fits(have, want),
        (Type::Record(have), Type::Record(want)) => Arc::ptr_eq(have, want) || record_fits(have, want),
        (Type::Record(have), Type::Map(want)) => have.iter().all(|field| fits(&field.ty, want)),
        (Type::Enum(have), Type::Enum(want)) => have == want,
        (have, want) => have == want,
    }
}

/// The type that values of both types have: of two branches of an `if`, of two items of a list.
pub(crate) fn join(a: Type, b: &Type) -> Type {
    match (a, b) {
        (a, b) if a == *b => a,
        (Type::Int(a, b), Type::Int(c, d)) => Type::Int(a.min(*c), b.max(*d)),
        (Type::Int(..), number @ (Type::Float | Type::Decimal)) => number.clone(),
        (number @ (Type::Float | Type::Decimal), Type::Int(..)) => number,
        (Type::Optional(a), Type::Optional(b)) => Type::Optional(Arc::new(match (&*a, &**b) {
            (Type::Any, other) | (other, Type::Any) => other.clone(),
            (a, b) => join(a.clone(), b),
        })),
        (Type::Optional(a), b) if *a == Type::Any => Type::Optional(Arc::new(b.clone())),
        (a, Type::Optional(b)) if **b == Type::Any => Type::Optional(Arc::new(a)),
        (Type::Optional(a), b) if fits(b, &a) => Type::Optional(a),
        (a, Type::Optional(b)) if fits(&a, b) => Type::Optional(Arc::clone(b)),
        _ => Type::Any,
    }
}

/// The type without what a single value narrows: every whole number for a range.
pub(crate) fn widened(ty: Type) -> Type {
    match ty {
        Type::Int(..) => Type::INT,
        other => other,
    }
}

/// Like `widened`, inside and out: the type that somebody would have declared for such values.
pub(crate) fn widened_inside(ty: &Type) -> Type {
    let inner = |ty: &Arc<Type>| Arc::new(widened_inside(ty));
    match ty {
        Type::Int(..) => Type::INT,
        Type::Optional(of) => Type::Optional(inner(of)),
        Type::List(of) => Type::List(inner(of)),
        Type::Map(of) => Type::Map(inner(of)),
        Type::Record(fields) => {
            let field = |field: &FieldType| FieldType {
                name: Arc::clone(&field.name),
                ty: widened_inside(&field.ty),
            };
            Type::Record(Arc::new(fields.iter().map(field).collect()))
        }
        other => other.clone(),
    }
}

/// The type as the language writes it, shortened where it is deep.
pub(crate) fn show(ty: &Type) -> String {
    show_to(ty, 3)
}

/// A type down to a depth.
fn show_to(ty: &Type, depth: usize) -> String {
    if depth == 0 {
        return "…".to_owned();
    }
    match ty {
        Type::Any => "Any".to_owned(),
        Type::Bool => "Bool".to_owned(),
        Type::Int(low, high) => show_int(*low, *high),
        Type::Float => "Float".to_owned(),
        Type::Decimal => "Decimal".to_owned(),
        Type::Text => "String".to_owned(),
        Type::Uuid => "Uuid".to_owned(),
        Type::Bytes => "Bytes".to_owned(),
        Type::Time => "Time".to_owned(),
        Type::Duration => "Duration".to_owned(),
        Type::Optional(inner) if **inner == Type::Any => "none".to_owned(),
        Type::Optional(inner) => format!("{}?", show_to(inner, depth)),
        Type::List(item) => format!("List<{}>", show_to(item, depth - 1)),
        Type::Map(item) => format!("Map<String, {}>", show_to(item, depth - 1)),
        Type::Record(fields) if fields.is_empty() => "{}".to_owned(),
        Type::Record(fields) => {
            let shown: Vec<String> = fields
                .iter()
                .take(4)
                .map(|field| format!("{}: {}", field.name, show_to(&field.ty, depth - 1)))
                .collect();
            let more = if fields.len() > 4 { ", …" } else { "" };
            format!("{{ {}{more} }}", shown.join(", "))
        }
        Type::Enum(of) => of.name.to_string(),
    }
}

/// A range by its name; one without is some whole numbers.
fn show_int(low: i64, high: i64) -> String {
    let named = crate::global::builtin::TYPES.iter().find(|(_, ty)| *ty == Type::Int(low, high));
    named.map_or("Int", |(name, _)| name).to_owned()
}

/// Whether the fields are those that are wanted; optional ones may be absent.
fn record_fits(have: &[FieldType], want: &[FieldType]) -> bool {
    let of = |name: &Arc<str>, fields: &[FieldType]| {
        fields.iter().find(|field| field.name == *name).map(|field| field.ty.clone())
    };
    want.iter().all(|field| match of(&field.name, have) {
        Some(ty) => fits(&ty, &field.ty),
        None => matches!(field.ty, Type::Optional(_) | Type::Any),
    }) && have.iter().all(|field| of(&field.name, want).is_some())
}
