//! Texts: joining them, and showing a value inside of one.
//!
//! A text shows as itself; everything else as the language writes it. No text grows beyond
//! `limits::TEXT_BYTES_MAX`. What nobody knows shows as nothing: the whole is then unknown too.
//! Is not: JSON.

use std::fmt::Write;
use std::sync::Arc;

use crate::base::limits;
use crate::base::value::{Field, Value};
use crate::base::weight::Excess;
use crate::machine::trouble::Trouble;
use crate::machine::unknown;

const TOO_LONG: Trouble = Trouble::TooLarge(Excess::Text);

/// Two texts, one after the other.
pub(super) fn concat(a: &str, b: &str) -> Result<Value, Trouble> {
    if a.len() + b.len() > limits::TEXT_BYTES_MAX {
        return Err(TOO_LONG);
    }
    Ok(Value::Text(Arc::from([a, b].concat())))
}

/// The values, shown and joined.
pub(super) fn join(parts: &[Value]) -> Result<Value, Trouble> {
    let mut out = Bounded(String::new());
    for part in parts {
        let shown = match part {
            Value::Text(text) => out.write_str(text),
            other => show(other, 0, &mut out),
        };
        if shown.is_err() {
            return if parts.iter().any(unknown::within) { Err(unknown::UNKNOWN) } else { Err(TOO_LONG) };
        }
    }
    Ok(Value::Text(Arc::from(out.0)))
}

/// A string that refuses to grow beyond the limit.
struct Bounded(String);

impl Write for Bounded {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        if self.0.len() + text.len() > limits::TEXT_BYTES_MAX {
            return Err(std::fmt::Error);
        }
        self.0.push_str(text);
        Ok(())
    }
}

/// Values are at most `NESTING_MAX` deep wherever they come from; the bound here is only the last one.
fn show(value: &Value, depth: usize, out: &mut Bounded) -> std::fmt::Result {
    if depth > limits::NESTING_MAX {
        return Err(std::fmt::Error);
    }
    match value {
        Value::None => out.write_str("none"),
        Value::Bool(truth) => write!(out, "{truth}"),
        Value::Int(whole) => write!(out, "{whole}"),
        Value::Float(float) => write!(out, "{float}"),
        Value::Decimal(decimal) => write!(out, "{decimal}"),
        Value::Duration(span) => write!(out, "{span}"),
        Value::Text(text) => write!(out, "{text:?}"),
        Value::Bytes(bytes) => bytes.iter().try_for_each(|byte| write!(out, "{byte:02x}")),
        Value::List(items) => {
            out.write_str("[")?;
            for (at, item) in items.iter().enumerate() {
                out.write_str(if at == 0 { "" } else { ", " })?;
                show(item, depth + 1, out)?;
            }
            out.write_str("]")
        }
        Value::Record(fields) => show_fields(fields, depth, out),
        Value::Opaque(_) => Err(std::fmt::Error),
        Value::Variant(variant) => {
            out.write_str(&variant.0)?;
            if variant.1.is_empty() {
                return Ok(());
            }
            out.write_str(" ")?;
            show_fields(&variant.1, depth, out)
        }
    }
}

fn show_fields(fields: &[Field], depth: usize, out: &mut Bounded) -> std::fmt::Result {
    out.write_str("{")?;
    for (at, (name, value)) in fields.iter().enumerate() {
        out.write_str(if at == 0 { " " } else { ", " })?;
        write!(out, "{name}: ")?;
        show(value, depth + 1, out)?;
    }
    out.write_str(if fields.is_empty() { "}" } else { " }" })
}
