//! Lists, records and variants: made, read and joined.
//!
//! Fields stay sorted by name, each name once. What is made is weighed first.
//! Is not: a copy where none is needed: a list that nobody else holds grows in place.

use std::sync::Arc;

use crate::base::limits;
use crate::base::value::{Field, Fields, Value};
use crate::base::weight::{self, Excess};
use crate::machine::compute::kind;
use crate::machine::trouble::Trouble;

const TOO_LONG: Trouble = Trouble::TooLarge(Excess::List);

pub(super) fn list(items: Vec<Value>) -> Result<Value, Trouble> {
    weight::fits(items.iter())?;
    Ok(Value::List(Arc::new(items)))
}

/// A record of a shape, whose names are sorted.
pub(super) fn record(shape: &[Arc<str>], values: impl Iterator<Item = Value>) -> Result<Value, Trouble> {
    let fields: Arc<[Field]> = shape.iter().cloned().zip(values).collect();
    weight::fits(fields.iter().map(|(_, value)| value))?;
    Ok(Value::Record(fields))
}

/// Both records; the fields of the second one stand.
pub(super) fn merge(a: &Value, b: &Value) -> Result<Value, Trouble> {
    let (Value::Record(under), Value::Record(over)) = (a, b) else {
        return Err(kind("a record", if matches!(a, Value::Record(_)) { b } else { a }));
    };
    let mut fields = Fields::with_capacity(under.len() + over.len());
    let (mut left, mut right) = (under.iter().peekable(), over.iter().peekable());
    loop {
        let next = match (left.peek(), right.peek()) {
            (Some(a), Some(b)) if a.0 < b.0 => left.next(),
            (Some(a), Some(b)) => {
                if a.0 == b.0 {
                    left.next();
                }
                right.next()
            }
            (Some(_), None) => left.next(),
            (None, _) => right.next(),
        };
        let Some(field) = next else { break };
        fields.push(field.clone());
    }
    weight::fits(fields.iter().map(|(_, value)| value))?;
    Ok(Value::Record(Arc::from(fields)))
}

/// A variant with the fields of a record.
pub(super) fn variant(name: Arc<str>, fields: &Value) -> Result<Value, Trouble> {
    let Value::Record(fields) = fields else { return Err(kind("a record", fields)) };
    Ok(Value::Variant(Arc::new((name, fields.to_vec()))))
}

pub(super) fn field(value: &Value, name: &Arc<str>) -> Result<Value, Trouble> {
    match value {
        Value::Record(_) | Value::Variant(_) => {
            value.field(name).cloned().ok_or_else(|| Trouble::NoField(name.clone()))
        }
        other => Err(kind("a record", other)),
    }
}

/// The item of a list by number, from 0; the field of a record by name.
pub(super) fn index(value: &Value, at: &Value) -> Result<Value, Trouble> {
    match (value, at) {
        (Value::List(items), Value::Int(at)) => {
            usize::try_from(*at).ok().and_then(|at| items.get(at)).cloned().ok_or(Trouble::NoItem)
        }
        (Value::Record(_), Value::Text(name)) => {
            value.field(name).cloned().ok_or_else(|| Trouble::NoField(name.clone()))
        }
        (Value::List(_), other) => Err(kind("a whole number", other)),
        (Value::Record(_), other) => Err(kind("a text", other)),
        (other, _) => Err(kind("a list or a map", other)),
    }
}

/// Whether a value is this variant.
pub(super) fn is(value: &Value, name: &str) -> Result<bool, Trouble> {
    match value {
        Value::Variant(variant) => Ok(variant.0.as_ref() == name),
        other => Err(kind("a variant of an enum", other)),
    }
}

pub(super) fn fields_of(value: &Value) -> Result<Value, Trouble> {
    match value {
        Value::Variant(variant) => Ok(Value::Record(Arc::from(variant.1.as_slice()))),
        other => Err(kind("a variant of an enum", other)),
    }
}

/// The record with a field `from`; what is no record becomes the field `value` of one.
pub(super) fn from(value: &Value, member: i64) -> Result<Value, Trouble> {
    let mut fields = match value {
        Value::Record(fields) => fields.to_vec(),
        other => {
            weight::fits(std::iter::once(other))?;
            vec![(Arc::from("value"), other.clone())]
        }
    };
    let name = "from";
    match fields.binary_search_by(|(have, _)| have.as_ref().cmp(name)) {
        Ok(at) => {
            if let Some(field) = fields.get_mut(at) {
                field.1 = Value::Int(member);
            }
        }
        Err(at) => fields.insert(at, (Arc::from(name), Value::Int(member))),
    }
    Ok(Value::Record(Arc::from(fields)))
}

/// Adds an item to a list, in place where nobody else holds it. The longer the list, the lighter its items must be:
/// so the whole stays bounded without being weighed again for each of them.
pub(super) fn append(list: &mut Value, item: Value) -> Result<(), Trouble> {
    let Value::List(items) = list else { return Err(kind("a list", list)) };
    let weight = weight::weigh(&item, 1)?;
    if items.len() >= limits::LIST_ITEMS_MAX || weight.saturating_mul(items.len()) > limits::VALUE_PARTS_MAX {
        return Err(TOO_LONG);
    }
    Arc::make_mut(items).push(item);
    Ok(())
}

/// Two lists, one after the other.
pub(super) fn concat(a: &[Value], b: &[Value]) -> Result<Value, Trouble> {
    if a.len() + b.len() > limits::LIST_ITEMS_MAX {
        return Err(TOO_LONG);
    }
    list(a.iter().chain(b).cloned().collect())
}
