//! Values: what messages carry and expressions compute. JSON and bytes, with exact decimals and time spans.
//!
//! A value is cheap to clone: what is large is shared. Equality and hashing are by content, floats by their bits,
//! so that values can be constants of a program and parts of a hashed state.
//! `Opaque` is a value that nobody knows: only whoever explores every run makes it, and it leaves nowhere.
//! Is not: typed. `global` proves types before a run; `bytecode` carries them for what arrives from outside.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::base::time::Duration;

/// A field of a record: its name, and what it holds.
pub type Field = (Arc<str>, Value);

/// The fields of a record or a variant, sorted by name, each name once.
pub type Fields = Vec<Field>;

/// A value.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Value {
    /// Nothing: the absence in `T?`, JSON's null.
    None,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A binary floating-point number; never NaN or infinite.
    Float(f64),
    /// An exact decimal number.
    Decimal(Decimal),
    /// A span of time.
    Duration(Duration),
    /// Text.
    Text(Arc<str>),
    /// Bytes.
    Bytes(Arc<[u8]>),
    /// A list.
    List(Arc<Vec<Value>>),
    /// A record or a map from text; sorted by name.
    Record(Arc<[Field]>),
    /// A variant of an enum, with its fields.
    Variant(Arc<(Arc<str>, Fields)>),
    /// What nobody knows; what its number says, `machine::unknown` knows.
    Opaque(u64),
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::None, Self::None) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => a.to_bits() == b.to_bits(),
            (Self::Decimal(a), Self::Decimal(b)) => a == b,
            (Self::Duration(a), Self::Duration(b)) => a == b,
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            (Self::List(a), Self::List(b)) => a == b,
            (Self::Record(a), Self::Record(b)) => a == b,
            (Self::Variant(a), Self::Variant(b)) => a == b,
            (Self::Opaque(a), Self::Opaque(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Value {}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        match self {
            Self::None => {}
            Self::Bool(x) => x.hash(state),
            Self::Int(x) => x.hash(state),
            Self::Float(x) => x.to_bits().hash(state),
            Self::Decimal(x) => x.hash(state),
            Self::Duration(x) => x.hash(state),
            Self::Text(x) => x.hash(state),
            Self::Bytes(x) => x.hash(state),
            Self::List(x) => x.hash(state),
            Self::Record(x) => x.hash(state),
            Self::Variant(x) => x.hash(state),
            Self::Opaque(x) => x.hash(state),
        }
    }
}

impl Value {
    /// A text.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self::Text(Arc::from(text))
    }

    /// A record of these fields; the last of two fields with one name stands.
    #[must_use]
    pub fn record(fields: impl IntoIterator<Item = (Arc<str>, Self)>) -> Self {
        // Of as many fields as the iterator knows to have, this is one allocation.
        let fields: Arc<[Field]> = fields.into_iter().collect();
        if fields.is_sorted_by(|(one, _), (next, _)| one < next) {
            return Self::Record(fields);
        }
        let sorted: std::collections::BTreeMap<Arc<str>, Self> = fields.iter().cloned().collect();
        Self::Record(sorted.into_iter().collect())
    }

    /// The field `name` of a record or of a variant.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Self> {
        let fields = match self {
            Self::Record(fields) => fields,
            Self::Variant(variant) => variant.1.as_slice(),
            _ => return None,
        };
        let at = fields.binary_search_by(|(have, _)| have.as_ref().cmp(name)).ok()?;
        fields.get(at).map(|(_, value)| value)
    }

    /// What kind of value this is, as a word of the language: `Int`, `List`, `record`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Bool(_) => "Bool",
            Self::Int(_) => "Int",
            Self::Float(_) => "Float",
            Self::Decimal(_) => "Decimal",
            Self::Duration(_) => "Duration",
            Self::Text(_) => "String",
            Self::Bytes(_) => "Bytes",
            Self::List(_) => "List",
            Self::Record(_) => "record",
            Self::Variant(_) => "variant",
            Self::Opaque(_) => "unknown",
        }
    }
}
