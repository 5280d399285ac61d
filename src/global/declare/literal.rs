//! Literals as values: the defaults of fields and parameters.
//!
//! Is not: evaluation. What needs a name or an operator is not a literal.

use std::sync::Arc;

use rust_decimal::Decimal;

use crate::base::limits::NESTING_MAX;
use crate::base::time::Duration;
use crate::base::ty::{FieldType, Type};
use crate::base::value::Value;
use crate::syntax::tree::{Entry, Expr, ExprKind, TextPart, Unary};

/// The value of a literal; none if it is not one.
pub(crate) fn literal(e: &Expr) -> Option<Value> {
    read(e, 0)
}

/// The value of a literal at a depth.
fn read(e: &Expr, depth: usize) -> Option<Value> {
    if depth > NESTING_MAX {
        return None;
    }
    Some(match &e.kind {
        ExprKind::Int(n) => Value::Int(*n),
        ExprKind::Float(x) if x.is_finite() => Value::Float(*x),
        ExprKind::Duration(ns) => Value::Duration(Duration(*ns)),
        ExprKind::Bool(b) => Value::Bool(*b),
        ExprKind::None => Value::None,
        ExprKind::Text(parts) => match parts.as_slice() {
            [] => Value::text(""),
            [TextPart::Str(text)] => Value::text(text),
            _ => return None,
        },
        ExprKind::List(items) => {
            let items: Option<Vec<Value>> = items.iter().map(|item| read(item, depth + 1)).collect();
            Value::List(Arc::new(items?))
        }
        ExprKind::Record(entries) => Value::Record(Arc::from(fields(entries, depth)?)),
        ExprKind::Variant(path, entries) => {
            let name = path.segments.last()?;
            let fields = entries.as_ref().map_or(Some(Vec::new()), |entries| fields(entries, depth))?;
            Value::Variant(Arc::new((Arc::from(name.text.as_str()), fields)))
        }
        ExprKind::Unary(Unary::Negate, of) => match read(of, depth + 1)? {
            Value::Int(n) => Value::Int(n.checked_neg()?),
            Value::Float(x) => Value::Float(-x),
            _ => return None,
        },
        _ => return None,
    })
}

/// Fields of literals, sorted by name.
fn fields(entries: &[Entry], depth: usize) -> Option<Vec<(Arc<str>, Value)>> {
    let mut fields = Vec::new();
    for entry in entries {
        let Entry::Field(name, e) = entry else { return None };
        fields.push((Arc::from(name.text.as_str()), read(e, depth + 1)?));
    }
    fields.sort_by(|(a, _): &(Arc<str>, Value), (b, _)| a.cmp(b));
    fields.dedup_by(|(a, _), (b, _)| a == b);
    Some(fields)
}

/// The narrowest type of a value; a variant may be of any enum.
pub(crate) fn type_of_value(value: &Value) -> Type {
    match value {
        Value::None => Type::Optional(Arc::new(Type::Any)),
        Value::Bool(_) => Type::Bool,
        Value::Int(n) => Type::Int(*n, *n),
        Value::Float(_) => Type::Float,
        Value::Decimal(_) => Type::Decimal,
        Value::Duration(_) => Type::Duration,
        Value::Text(_) => Type::Text,
        Value::Bytes(_) => Type::Bytes,
        Value::List(items) => {
            let mut types = items.iter().map(type_of_value);
            let first = types.next().unwrap_or(Type::Any);
            Type::List(Arc::new(types.fold(first, |all, ty| crate::global::fit::join(all, &ty))))
        }
        Value::Record(fields) => Type::Record(Arc::new(
            fields
                .iter()
                .map(|(name, value)| FieldType { name: Arc::clone(name), ty: type_of_value(value) })
                .collect(),
        )),
        Value::Variant(_) | Value::Opaque(_) => Type::Any,
    }
}

/// The value as the wanted type writes it: `3` is `3.0` where a `Float` is wanted.
pub(crate) fn coerced(value: Value, want: &Type) -> Value {
    match (value, want) {
        (value, Type::Optional(want)) => coerced(value, want),
        (Value::Int(n), Type::Float) => Value::Float(n as f64),
        (Value::Int(n), Type::Decimal) => Value::Decimal(Decimal::from(n)),
        (Value::Float(x), Type::Decimal) => {
            // Through its shortest text, so that 0.1 is 0.1 exactly.
            x.to_string().parse().map_or(Value::Float(x), Value::Decimal)
        }
        (value, _) => value,
    }
}
