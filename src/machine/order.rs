//! Equality, order and membership of values.
//!
//! Numbers of different kinds are compared as numbers; texts by their characters, bytes by their bytes.
//! Is not: a total order; lists, records and variants are only equal or not.

use std::cmp::Ordering;

use crate::base::value::Value;
use crate::machine::arith::{Pair, pair};
use crate::machine::compute::kind;
use crate::machine::trouble::Trouble;
use crate::machine::unknown;

/// Whether two values are equal; 1 and 1.0 are. None where nobody knows.
pub(super) fn equal(a: &Value, b: &Value) -> Option<bool> {
    match pair(a, b) {
        Some(numbers) => Some(numeric(&numbers) == Some(Ordering::Equal)),
        None => unknown::same(a, b),
    }
}

/// Which of two values of one ordered kind is less.
pub(super) fn compare(a: &Value, b: &Value) -> Result<Ordering, Trouble> {
    match (a, b) {
        (Value::Text(a), Value::Text(b)) => Ok(a.cmp(b)),
        (Value::Bytes(a), Value::Bytes(b)) => Ok(a.cmp(b)),
        (Value::Duration(a), Value::Duration(b)) => Ok(a.cmp(b)),
        (Value::Bool(a), Value::Bool(b)) => Ok(a.cmp(b)),
        _ => {
            let other = if pair(a, a).is_some() { b } else { a };
            pair(a, b)
                .and_then(|numbers| numeric(&numbers))
                .ok_or_else(|| kind("something to compare with", other))
        }
    }
}

/// Whether a list holds the item, a record the name, a text the part.
pub(super) fn holds(whole: &Value, part: &Value) -> Result<bool, Trouble> {
    match (whole, part) {
        (Value::List(items), part) => among(items, part),
        (Value::Record(fields), Value::Text(name)) => {
            Ok(fields.binary_search_by(|(have, _)| have.as_ref().cmp(name)).is_ok())
        }
        (Value::Text(text), Value::Text(part)) => Ok(text.contains(part.as_ref())),
        (Value::Record(_) | Value::Text(_), part) => Err(kind("a text", part)),
        (whole, _) => Err(kind("a list, a map or a text", whole)),
    }
}

/// Whether one of the items equals the part.
fn among(items: &[Value], part: &Value) -> Result<bool, Trouble> {
    let mut known = true;
    for item in items {
        match equal(item, part) {
            Some(true) => return Ok(true),
            Some(false) => {}
            None => known = false,
        }
    }
    if known { Ok(false) } else { Err(unknown::UNKNOWN) }
}

/// The least or greatest item, the first of equals; none of an empty list.
pub(super) fn extreme(items: &[Value], wanted: Ordering) -> Result<Value, Trouble> {
    let Some((mut best, rest)) = items.split_first() else { return Ok(Value::None) };
    for item in rest {
        if compare(item, best)? == wanted {
            best = item;
        }
    }
    Ok(best.clone())
}

fn numeric(numbers: &Pair) -> Option<Ordering> {
    match numbers {
        Pair::Ints(a, b) => Some(a.cmp(b)),
        Pair::Decimals(a, b) => Some(a.cmp(b)),
        Pair::Floats(a, b) => a.partial_cmp(b),
    }
}
