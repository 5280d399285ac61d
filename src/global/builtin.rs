//! What is known without a declaration: types, effects with their operations, annotations, attributes, functions.
//!
//! One table each, so that what a protocol may say without declaring it can be read here.
//! Is not: how a built-in effect works; that is `effect`.

use std::sync::Arc;

use crate::base::ty::Type;
use crate::syntax::tree::Repetition;

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

/// An operation of an effect: its name, what it takes, what it gives, what may be done when its outcome was lost.
#[derive(Debug)]
pub(crate) struct Operation {
    /// `uuid`
    pub name: Arc<str>,
    /// Names and types, in order.
    pub params: Vec<(Arc<str>, Type)>,
    /// `Any` where it gives nothing.
    pub result: Type,
    /// What a crash allows.
    pub repetition: Repetition,
}

/// A row of the table below: operation, parameters, result, repetition.
type Row = (&'static str, &'static [(&'static str, Type)], Gives, Repetition);

/// What a built-in gives; types with an inside cannot be constants.
enum Gives {
    /// This.
    Plain(Type),
    /// A value that may be absent.
    Maybe(Type),
    /// A list.
    Many(Type),
}

const NOTHING: Gives = Gives::Plain(Type::Any);

const TIME: &[Row] = &[
    ("now", &[], Gives::Plain(Type::Time), Repetition::Idempotent),
    ("sleep", &[("duration", Type::Duration)], NOTHING, Repetition::Idempotent),
    ("deadline", &[("within", Type::Duration)], Gives::Plain(Type::Time), Repetition::Idempotent),
];
const RANDOM: &[Row] = &[
    ("uuid", &[], Gives::Plain(Type::Uuid), Repetition::Idempotent),
    ("bytes", &[("count", Type::INT)], Gives::Plain(Type::Bytes), Repetition::Idempotent),
    ("int", &[("below", Type::INT)], Gives::Plain(Type::INT), Repetition::Idempotent),
];
const CRYPTO: &[Row] = &[
    ("hash", &[("data", Type::Any)], Gives::Plain(Type::Bytes), Repetition::Pure),
    ("sign", &[("data", Type::Any)], Gives::Plain(Type::Bytes), Repetition::Idempotent),
    (
        "verify",
        &[("data", Type::Any), ("signature", Type::Bytes), ("by", Type::Any)],
        Gives::Plain(Type::Bool),
        Repetition::Pure,
    ),
];
const STORAGE: &[Row] = &[
    ("get", &[("key", Type::Text)], Gives::Maybe(Type::Any), Repetition::Idempotent),
    ("put", &[("key", Type::Text), ("value", Type::Any)], NOTHING, Repetition::Idempotent),
    ("delete", &[("key", Type::Text)], NOTHING, Repetition::Idempotent),
    ("list", &[("prefix", Type::Text)], Gives::Many(Type::Text), Repetition::Idempotent),
    (
        "compare_and_swap",
        &[("key", Type::Text), ("expected", Type::Any), ("value", Type::Any)],
        Gives::Plain(Type::Bool),
        Repetition::Once,
    ),
];
const JOURNAL: &[Row] = &[
    ("append", &[("fact", Type::Any)], NOTHING, Repetition::Idempotent),
    ("query", &[("kind", Type::Text)], Gives::Many(Type::Any), Repetition::Idempotent),
];
const CONSOLE: &[Row] = &[("log", &[("text", Type::Any)], NOTHING, Repetition::Idempotent)];

/// The built-in effects.
pub(crate) const EFFECTS: [&str; 6] = ["console", "crypto", "journal", "random", "storage", "time"];

/// The operations of a built-in effect, or nothing if there is no such effect.
pub(crate) fn effect(name: &str) -> Option<Vec<Operation>> {
    let rows = match name {
        "console" => CONSOLE,
        "crypto" => CRYPTO,
        "journal" => JOURNAL,
        "random" => RANDOM,
        "storage" => STORAGE,
        "time" => TIME,
        _ => return None,
    };
    let operation = |(name, params, result, repetition): &Row| Operation {
        name: Arc::from(*name),
        params: params.iter().map(|(name, ty)| (Arc::from(*name), ty.clone())).collect(),
        result: match result {
            Gives::Plain(ty) => ty.clone(),
            Gives::Maybe(ty) => Type::Optional(Arc::new(ty.clone())),
            Gives::Many(ty) => Type::List(Arc::new(ty.clone())),
        },
        repetition: *repetition,
    };
    Some(rows.iter().map(operation).collect())
}

/// The built-in type of this name.
pub(crate) fn plain_type(name: &str) -> Option<Type> {
    TYPES.iter().find(|(have, _)| *have == name).map(|(_, ty)| ty.clone())
}
