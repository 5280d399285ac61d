//! The types of values: what a message's field, a parameter or a handler's answer may hold.
//!
//! Types are structural; names of types are resolved away, but for enums, whose name shows in messages.
//! Is not: a type of the language's text (`syntax::tree::TypeRef`).

use std::sync::Arc;

/// A type.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Type {
    /// Anything at all: what was never declared.
    Any,
    /// True or false.
    Bool,
    /// A whole number between these bounds, both included. `Int` is all of `i64`.
    Int(i64, i64),
    /// A binary floating-point number.
    Float,
    /// An exact decimal number.
    Decimal,
    /// Text.
    Text,
    /// Text that is a UUID.
    Uuid,
    /// Bytes.
    Bytes,
    /// A moment, in milliseconds since the Unix epoch.
    Time,
    /// A span of time.
    Duration,
    /// Nothing, or a value of the type.
    Optional(Arc<Type>),
    /// A list.
    List(Arc<Type>),
    /// A map from text.
    Map(Arc<Type>),
    /// A record.
    Record(Arc<Vec<FieldType>>),
    /// One of the variants of an enum.
    Enum(Arc<EnumType>),
}

/// A field of a record type; a record's fields are sorted by name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FieldType {
    /// Its name.
    pub name: Arc<str>,
    /// Its type.
    pub ty: Type,
}

/// An enum.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EnumType {
    /// Its name.
    pub name: Arc<str>,
    /// Its variants in order of declaration, with their fields sorted by name.
    pub variants: Vec<(Arc<str>, Vec<FieldType>)>,
}

impl Type {
    /// Every whole number that a value can hold.
    pub const INT: Self = Self::Int(i64::MIN, i64::MAX);

    /// The record without fields.
    #[must_use]
    pub fn empty() -> Self {
        Self::Record(Arc::new(Vec::new()))
    }

    /// Whether this is a record without fields: such a message is never asked for.
    #[must_use]
    pub fn is_empty_record(&self) -> bool {
        matches!(self, Self::Record(fields) if fields.is_empty())
    }
}
