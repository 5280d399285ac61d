//! What is known without a declaration: types, annotations, attributes, functions.
//!
//! One table each, so that what a protocol may say without declaring it can be read here.
//! Is not: the built-in effects; those are `base::builtin`.

use crate::base::ty::Type;

/// The types that need no declaration and take no argument.
pub(crate) const TYPES: [(&str, Type); 20] = [
    ("String", Type::Text),
    ("Bool", Type::Bool),
    ("Int", Type::INT),
    ("Float", Type::Float),
    ("Decimal", Type::Decimal),
    ("Bytes", Type::Bytes),
    ("Uuid", Type::Uuid),
    ("Time", Type::Time),
    ("Duration", Type::Duration),
    ("Any", Type::Any),
    ("u8", Type::Int(0, u8::MAX as i64)),
    ("u16", Type::Int(0, u16::MAX as i64)),
    ("u32", Type::Int(0, u32::MAX as i64)),
    ("u64", Type::Int(0, i64::MAX)),
    ("i8", Type::Int(i8::MIN as i64, i8::MAX as i64)),
    ("i16", Type::Int(i16::MIN as i64, i16::MAX as i64)),
    ("i32", Type::Int(i32::MIN as i64, i32::MAX as i64)),
    ("i64", Type::INT),
    ("f32", Type::Float),
    ("f64", Type::Float),
];

/// The types that take arguments.
pub(crate) const GENERIC_TYPES: [&str; 4] = ["List", "Map", "Option", "Vec"];

/// Annotations with a meaning.
pub(crate) const ANNOTATIONS: [&str; 11] = [
    "cost",
    "critical",
    "flow_cost",
    "guard_capability",
    "journal_facts",
    "journal_merge",
    "leak",
    "leakage_budget",
    "priority",
    "retry",
    "timeout",
];

/// Attributes of a choreography with a meaning.
pub(crate) const ATTRIBUTES: [&str; 4] = ["amend", "fair", "namespace", "version"];

/// Functions that a text can call, most of them of a list.
pub(crate) const FUNCTIONS: [&str; 11] =
    ["all", "any", "count", "filter", "first", "last", "len", "map", "max", "min", "sum"];

/// The built-in type of this name.
pub(crate) fn plain_type(name: &str) -> Option<Type> {
    TYPES.iter().find(|(have, _)| *have == name).map(|(_, ty)| ty.clone())
}
