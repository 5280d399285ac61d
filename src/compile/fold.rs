//! Constants of defaults: what can be known without running.

use std::sync::Arc;

use crate::base::value::Value;
use crate::global::expr::{Expr, Part, Unary};

/// The value of an expression made of constants alone.
pub(super) fn constant(expr: &Expr) -> Option<Value> {
    Some(match expr {
        Expr::Const(value) => value.clone(),
        Expr::List(items) => Value::List(Arc::new(items.iter().map(constant).collect::<Option<_>>()?)),
        Expr::Record(parts) => record(parts)?,
        Expr::Variant(name, parts) => match record(parts)? {
            Value::Record(fields) => Value::Variant(Arc::new((name.clone(), fields.to_vec()))),
            _ => return None,
        },
        Expr::Unary(Unary::Negate, inner) => match constant(inner)? {
            Value::Int(whole) => Value::Int(whole.checked_neg()?),
            Value::Float(float) => Value::Float(-float),
            Value::Decimal(decimal) => Value::Decimal(-decimal),
            _ => return None,
        },
        _ => return None,
    })
}

fn record(parts: &[Part]) -> Option<Value> {
    let field = |part: &Part| match part {
        Part::Field(name, expr) => Some((name.clone(), constant(expr)?)),
        Part::Spread(_) => None,
    };
    Some(Value::record(parts.iter().map(field).collect::<Option<Vec<_>>>()?))
}
