//! Arithmetic on values: whole numbers, floats, exact decimals, spans of time; `+` also joins texts and lists.
//!
//! Mixed kinds: a whole number beside a decimal is a decimal, beside a float a float; a decimal beside a float is a
//! float. A moment is a whole number of milliseconds, so a span may be added to one.
//! Is not: wrapping. What does not fit is trouble with a code.

use rust_decimal::prelude::{Decimal, MathematicalOps, ToPrimitive};

use crate::base::limits;
use crate::base::time::Duration;
use crate::base::value::Value;
use crate::machine::compute::kind;
use crate::machine::record;
use crate::machine::text;
use crate::machine::trouble::Trouble;

const TOO_LARGE: Trouble = Trouble::OutOfRange("the number is too large");
const ZERO: Trouble = Trouble::OutOfRange("a number is divided by zero");
const NEGATIVE: Trouble = Trouble::OutOfRange("a span of time cannot be negative");
const NOT_FINITE: Trouble = Trouble::OutOfRange("the result is not a finite number");

/// Nanoseconds of a millisecond, the unit of moments.
const MILLISECOND: u64 = 1_000_000;

/// Two numbers of one kind.
pub(super) enum Pair {
    Ints(i64, i64),
    Decimals(Decimal, Decimal),
    Floats(f64, f64),
}

/// Two numbers, brought to one kind; none if one is not a number.
#[inline]
pub(super) fn pair(a: &Value, b: &Value) -> Option<Pair> {
    Some(match (a, b) {
        (Value::Int(a), Value::Int(b)) => Pair::Ints(*a, *b),
        (Value::Decimal(a), Value::Decimal(b)) => Pair::Decimals(*a, *b),
        (Value::Int(a), Value::Decimal(b)) => Pair::Decimals(Decimal::from(*a), *b),
        (Value::Decimal(a), Value::Int(b)) => Pair::Decimals(*a, Decimal::from(*b)),
        _ => Pair::Floats(float(a)?, float(b)?),
    })
}

fn float(value: &Value) -> Option<f64> {
    match value {
        Value::Int(whole) => Some(*whole as f64),
        Value::Float(float) => Some(*float),
        Value::Decimal(decimal) => decimal.to_f64(),
        _ => None,
    }
}

#[inline]
pub(super) fn add(a: &Value, b: &Value) -> Result<Value, Trouble> {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => int(a.checked_add(*b)),
        (Value::Text(a), Value::Text(b)) => text::concat(a, b),
        (Value::List(a), Value::List(b)) => record::concat(a, b),
        (Value::Duration(a), Value::Duration(b)) => span(a.0.checked_add(b.0)),
        (Value::Int(moment), Value::Duration(span)) | (Value::Duration(span), Value::Int(moment)) => {
            int(moment.checked_add_unsigned(span.0 / MILLISECOND))
        }
        _ => match numbers(a, b)? {
            Pair::Ints(a, b) => int(a.checked_add(b)),
            Pair::Decimals(a, b) => decimal(a.checked_add(b)),
            Pair::Floats(a, b) => finite(a + b),
        },
    }
}

pub(super) fn subtract(a: &Value, b: &Value) -> Result<Value, Trouble> {
    match (a, b) {
        (Value::Duration(a), Value::Duration(b)) => {
            a.0.checked_sub(b.0).map(Duration).map(Value::Duration).ok_or(NEGATIVE)
        }
        (Value::Int(moment), Value::Duration(span)) => int(moment.checked_sub_unsigned(span.0 / MILLISECOND)),
        _ => match numbers(a, b)? {
            Pair::Ints(a, b) => int(a.checked_sub(b)),
            Pair::Decimals(a, b) => decimal(a.checked_sub(b)),
            Pair::Floats(a, b) => finite(a - b),
        },
    }
}

pub(super) fn multiply(a: &Value, b: &Value) -> Result<Value, Trouble> {
    match (a, b) {
        (Value::Duration(a), Value::Int(times)) | (Value::Int(times), Value::Duration(a)) => {
            let times = u64::try_from(*times).map_err(|_| NEGATIVE)?;
            span(a.0.checked_mul(times))
        }
        _ => match numbers(a, b)? {
            Pair::Ints(a, b) => int(a.checked_mul(b)),
            Pair::Decimals(a, b) => decimal(a.checked_mul(b)),
            Pair::Floats(a, b) => finite(a * b),
        },
    }
}

pub(super) fn divide(a: &Value, b: &Value) -> Result<Value, Trouble> {
    match (a, b) {
        (Value::Duration(a), Value::Int(parts)) => {
            let parts = u64::try_from(*parts).map_err(|_| NEGATIVE)?;
            a.0.checked_div(parts).map(Duration).map(Value::Duration).ok_or(ZERO)
        }
        (Value::Duration(a), Value::Duration(b)) => {
            let times = a.0.checked_div(b.0).ok_or(ZERO)?;
            int(i64::try_from(times).ok())
        }
        _ => match numbers(a, b)? {
            Pair::Ints(_, 0) => Err(ZERO),
            Pair::Ints(a, b) => int(a.checked_div(b)),
            Pair::Decimals(_, b) if b.is_zero() => Err(ZERO),
            Pair::Decimals(a, b) => decimal(a.checked_div(b)),
            Pair::Floats(_, 0.0) => Err(ZERO),
            Pair::Floats(a, b) => finite(a / b),
        },
    }
}

pub(super) fn remainder(a: &Value, b: &Value) -> Result<Value, Trouble> {
    match numbers(a, b)? {
        Pair::Ints(_, 0) => Err(ZERO),
        Pair::Ints(a, b) => int(a.checked_rem(b)),
        Pair::Decimals(_, b) if b.is_zero() => Err(ZERO),
        Pair::Decimals(a, b) => decimal(a.checked_rem(b)),
        Pair::Floats(_, 0.0) => Err(ZERO),
        Pair::Floats(a, b) => finite(a % b),
    }
}

/// A power. An exponent of a whole number that is negative gives a float, as does one that is not whole.
pub(super) fn power(a: &Value, b: &Value) -> Result<Value, Trouble> {
    match numbers(a, b)? {
        Pair::Ints(a, b) => match u32::try_from(b) {
            Ok(exponent) => int(a.checked_pow(exponent)),
            Err(_) if b < 0 => finite((a as f64).powf(b as f64)),
            Err(_) => int(match a {
                0 | 1 => Some(a),
                -1 => Some(if b % 2 == 0 { 1 } else { -1 }),
                _ => None,
            }),
        },
        Pair::Decimals(a, b) => match b.to_i64() {
            Some(exponent) if b.is_integer() && exponent.unsigned_abs() <= limits::EXPONENT_MAX => {
                decimal(a.checked_powi(exponent))
            }
            _ => finite(a.to_f64().unwrap_or(f64::NAN).powf(b.to_f64().unwrap_or(f64::NAN))),
        },
        Pair::Floats(a, b) => finite(a.powf(b)),
    }
}

pub(super) fn negate(a: &Value) -> Result<Value, Trouble> {
    match a {
        Value::Int(a) => int(a.checked_neg()),
        Value::Decimal(a) => Ok(Value::Decimal(-*a)),
        Value::Float(a) => Ok(Value::Float(-*a)),
        other => Err(kind("a number", other)),
    }
}

/// The sum of a list; 0 of an empty one.
pub(super) fn sum(items: &[Value]) -> Result<Value, Trouble> {
    let Some((first, rest)) = items.split_first() else { return Ok(Value::Int(0)) };
    if !matches!(first, Value::Int(_) | Value::Float(_) | Value::Decimal(_) | Value::Duration(_)) {
        return Err(kind("a number", first));
    }
    rest.iter().try_fold(first.clone(), |sum, item| add(&sum, item))
}

fn numbers(a: &Value, b: &Value) -> Result<Pair, Trouble> {
    pair(a, b).ok_or_else(|| kind("a number", if float(a).is_none() { a } else { b }))
}

fn int(result: Option<i64>) -> Result<Value, Trouble> {
    result.map(Value::Int).ok_or(TOO_LARGE)
}

fn decimal(result: Option<Decimal>) -> Result<Value, Trouble> {
    result.map(Value::Decimal).ok_or(TOO_LARGE)
}

fn span(result: Option<u64>) -> Result<Value, Trouble> {
    result.map(|ns| Value::Duration(Duration(ns))).ok_or(TOO_LARGE)
}

fn finite(result: f64) -> Result<Value, Trouble> {
    if result.is_finite() { Ok(Value::Float(result)) } else { Err(NOT_FINITE) }
}
