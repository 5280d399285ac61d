//! Constants folded: what an expression of constants gives, where there is no doubt about it.
//!
//! What is left alone is evaluated when the session runs; overflow and division by zero fail there.
//! Is not: the evaluator of the machine.

use std::sync::Arc;

use crate::base::time::Duration;
use crate::base::value::Value;
use crate::global::expr::{Binary, Expr, Part, Unary};

/// The expression, folded at its top; its parts have been.
pub(super) fn folded(e: Expr) -> Expr {
    let value = match &e {
        Expr::Unary(op, of) => match of.as_ref() {
            Expr::Const(value) => unary(*op, value),
            _ => None,
        },
        Expr::Binary(op, a, b) => match (a.as_ref(), b.as_ref()) {
            (Expr::Const(a), Expr::Const(b)) => binary(*op, a, b),
            _ => None,
        },
        Expr::List(items) => {
            let values = items.iter().map(|item| match item {
                Expr::Const(value) => Some(value.clone()),
                _ => None,
            });
            values.collect::<Option<Vec<Value>>>().map(|values| Value::List(Arc::new(values)))
        }
        Expr::If(condition, yes, no) => match (condition.as_ref(), yes.as_ref(), no.as_ref()) {
            (Expr::Const(Value::Bool(true)), Expr::Const(value), _)
            | (Expr::Const(Value::Bool(false)), _, Expr::Const(value)) => Some(value.clone()),
            _ => None,
        },
        Expr::Field(of, name) => match of.as_ref() {
            Expr::Const(value @ Value::Record(_)) => value.field(name).cloned(),
            _ => None,
        },
        Expr::Text(parts) => {
            let texts = parts.iter().map(|part| match part {
                Expr::Const(Value::Text(text)) => Some(text.to_string()),
                Expr::Const(Value::Int(n)) => Some(n.to_string()),
                _ => None,
            });
            texts.collect::<Option<String>>().map(|text| Value::text(&text))
        }
        _ => None,
    };
    value.map_or(e, Expr::Const)
}

/// Takes the parts of an expression from what is left; none if they are more. Texts count by their length.
pub(super) fn weigh(e: &Expr, left: &mut usize) -> Option<()> {
    *left = left.checked_sub(1)?;
    match e {
        Expr::Const(value) => weigh_value(value, left),
        Expr::Var(_) => Some(()),
        Expr::Text(items) | Expr::List(items) => items.iter().try_for_each(|item| weigh(item, left)),
        Expr::Record(parts) | Expr::Variant(_, parts) => parts.iter().try_for_each(|part| {
            let (Part::Field(_, of) | Part::Spread(of)) = part;
            weigh(of, left)
        }),
        Expr::Field(of, _)
        | Expr::Unary(_, of)
        | Expr::Fold(_, of)
        | Expr::Is(of, _)
        | Expr::FieldsOf(of)
        | Expr::From(of, _) => weigh(of, left),
        Expr::Index(a, b) | Expr::Binary(_, a, b) | Expr::Each(_, a, _, b) | Expr::Append(a, b) => {
            weigh(a, left)?;
            weigh(b, left)
        }
        Expr::If(a, b, c) => [a, b, c].into_iter().try_for_each(|part| weigh(part, left)),
    }
}

fn weigh_value(value: &Value, left: &mut usize) -> Option<()> {
    let own = match value {
        Value::Text(text) => 1 + text.len() / 64,
        Value::Bytes(bytes) => 1 + bytes.len() / 64,
        _ => 1,
    };
    *left = left.checked_sub(own)?;
    match value {
        Value::List(items) => items.iter().try_for_each(|item| weigh_value(item, left)),
        Value::Record(fields) => fields.iter().try_for_each(|(_, field)| weigh_value(field, left)),
        Value::Variant(inner) => inner.1.iter().try_for_each(|(_, field)| weigh_value(field, left)),
        _ => Some(()),
    }
}

/// The value of an operator before a constant.
fn unary(op: Unary, value: &Value) -> Option<Value> {
    Some(match (op, value) {
        (Unary::Not, Value::Bool(b)) => Value::Bool(!b),
        (Unary::Negate, Value::Int(n)) => Value::Int(n.checked_neg()?),
        (Unary::Negate, Value::Float(x)) => Value::Float(-x),
        _ => return None,
    })
}

/// The value of an operator between constants; none where the machine should say.
fn binary(op: Binary, a: &Value, b: &Value) -> Option<Value> {
    Some(match (op, a, b) {
        (Binary::Add, Value::Int(a), Value::Int(b)) => Value::Int(a.checked_add(*b)?),
        (Binary::Subtract, Value::Int(a), Value::Int(b)) => Value::Int(a.checked_sub(*b)?),
        (Binary::Multiply, Value::Int(a), Value::Int(b)) => Value::Int(a.checked_mul(*b)?),
        // Only where rounding and signs cannot be seen differently.
        (Binary::Divide, Value::Int(a), Value::Int(b)) if *a >= 0 && *b > 0 && a % b == 0 => {
            Value::Int(a / b)
        }
        (Binary::Remainder, Value::Int(a), Value::Int(b)) if *a >= 0 && *b > 0 => Value::Int(a % b),
        (Binary::Power, Value::Int(a), Value::Int(b)) => Value::Int(a.checked_pow(u32::try_from(*b).ok()?)?),
        (Binary::Add, Value::Duration(a), Value::Duration(b)) => span(a.0.checked_add(b.0))?,
        (Binary::Subtract, Value::Duration(a), Value::Duration(b)) => span(a.0.checked_sub(b.0))?,
        (Binary::Multiply, Value::Duration(a), Value::Int(n))
        | (Binary::Multiply, Value::Int(n), Value::Duration(a)) => {
            span(a.0.checked_mul(u64::try_from(*n).ok()?))?
        }
        (Binary::Divide, Value::Duration(a), Value::Int(n)) => {
            span(a.0.checked_div(u64::try_from(*n).ok()?))?
        }
        (Binary::Add, Value::Text(a), Value::Text(b)) => Value::text(&format!("{a}{b}")),
        (Binary::Less, Value::Int(a), Value::Int(b)) => Value::Bool(a < b),
        (Binary::LessEqual, Value::Int(a), Value::Int(b)) => Value::Bool(a <= b),
        (Binary::Greater, Value::Int(a), Value::Int(b)) => Value::Bool(a > b),
        (Binary::GreaterEqual, Value::Int(a), Value::Int(b)) => Value::Bool(a >= b),
        (Binary::And, Value::Bool(a), Value::Bool(b)) => Value::Bool(*a && *b),
        (Binary::Or, Value::Bool(a), Value::Bool(b)) => Value::Bool(*a || *b),
        (Binary::Equal | Binary::NotEqual, a, b) if comparable(a, b) => {
            Value::Bool((a == b) == (op == Binary::Equal))
        }
        (Binary::In, a, Value::List(items)) if items.iter().all(|item| comparable(a, item)) => {
            Value::Bool(items.contains(a))
        }
        _ => return None,
    })
}

fn span(nanoseconds: Option<u64>) -> Option<Value> {
    nanoseconds.map(Duration).map(Value::Duration)
}

/// Whether a span of constants is below nothing, which is no span; the machine fails there.
pub(super) fn is_negative(e: &Expr) -> bool {
    let Expr::Binary(op, a, b) = e else { return false };
    match (op, a.as_ref(), b.as_ref()) {
        (Binary::Subtract, Expr::Const(Value::Duration(a)), Expr::Const(Value::Duration(b))) => a < b,
        (Binary::Multiply | Binary::Divide, Expr::Const(Value::Duration(_)), Expr::Const(Value::Int(n)))
        | (Binary::Multiply, Expr::Const(Value::Int(n)), Expr::Const(Value::Duration(_))) => *n < 0,
        (_, a, b) => is_negative(a) || is_negative(b),
    }
}

/// Whether equality of these two is equality of what they hold.
fn comparable(a: &Value, b: &Value) -> bool {
    matches!(
        (a, b),
        (Value::Int(_), Value::Int(_)) | (Value::Text(_), Value::Text(_)) | (Value::Bool(_), Value::Bool(_))
    )
}
