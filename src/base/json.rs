//! Values as JSON and back, guided by a type where JSON alone does not say enough.
//!
//! | value | JSON |
//! | --- | --- |
//! | none, Bool, Int, Float, String, List | null, true, 1, 1.5, "text", [ ] |
//! | Decimal | its digits as text, "12.50"; a number is read too |
//! | Duration | text with a unit, "5s" "250ms" "17ns" |
//! | Bytes | lower-case hexadecimal text, "00ff" |
//! | Time | a number: milliseconds since the Unix epoch |
//! | record, map | an object, its names sorted |
//! | what nobody knows | the text "?"; never read back |
//! | variant | "Name" without fields, {"Name": { fields }} with them |
//!
//! Invariants: the same value gives the same text; what fits a type without `Any` in it comes back as it was;
//! optional fields that are left out come back as none. Whole numbers beyond 64 bits are refused.
//! Is not: a format between versions of Laban; frames and logs have types of their own.

use std::str::FromStr;
use std::sync::Arc;

use rust_decimal::Decimal;
use serde_json::{Map, Number, Value as Json};

use crate::base::fit::{self, Misfit, Step, Trouble};
use crate::base::limits::NESTING_MAX;
use crate::base::time::{Duration, UNITS};
use crate::base::ty::{EnumType, FieldType, Type};
use crate::base::value::{Field, Fields, Value};

/// Why a text is not a value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unread {
    /// It is not JSON: what is wrong, with the line and column, both from 1.
    Syntax {
        /// What is wrong.
        reason: String,
        /// Line, from 1.
        line: usize,
        /// Column in bytes, from 1.
        column: usize,
    },
    /// It is JSON, but does not fit the type.
    Misfit(Misfit),
}

/// The value as JSON. Parts nested deeper than `limits::NESTING_MAX` become the text `…`.
#[must_use]
pub fn to_json(value: &Value) -> Json {
    write_at(value, 0)
}

/// The value as one line of JSON text.
#[must_use]
pub fn to_text(value: &Value) -> String {
    to_json(value).to_string()
}

/// The value of type `ty` that this JSON is. `Any` takes what JSON says: a text stays a text.
///
/// # Errors
/// The first part that does not fit.
pub fn from_json(json: &Json, ty: &Type) -> Result<Value, Misfit> {
    read_at(json, ty, 0)
}

/// The value of type `ty` that this text is.
///
/// # Errors
/// The text is not JSON, or does not fit.
pub fn from_text(text: &str, ty: &Type) -> Result<Value, Unread> {
    let json: Json = serde_json::from_str(text).map_err(|error| {
        let whole = error.to_string();
        let reason = whole.split(" at line ").next().unwrap_or_default().to_owned();
        Unread::Syntax { reason, line: error.line(), column: error.column() }
    })?;
    from_json(&json, ty).map_err(Unread::Misfit)
}

/// The span that a text such as `250ms` says: a whole number and a unit.
#[must_use]
pub fn duration(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    let number: u64 = number.parse().ok()?;
    let ns = match unit {
        "ns" => 1,
        _ => UNITS.iter().find(|(name, _)| *name == unit)?.1,
    };
    number.checked_mul(ns).map(Duration)
}

/// Bytes as lower-case hexadecimal text.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes that a hexadecimal text says, in either case.
#[must_use]
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    text.as_bytes()
        .chunks(2)
        .map(|pair| std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok()))
        .collect()
}

fn write_at(value: &Value, depth: usize) -> Json {
    if depth > NESTING_MAX {
        return Json::from("…");
    }
    match value {
        Value::None => Json::Null,
        Value::Bool(x) => Json::Bool(*x),
        Value::Int(x) => Json::from(*x),
        Value::Float(x) => Number::from_f64(*x).map_or(Json::Null, Json::Number),
        Value::Decimal(x) => Json::from(x.to_string()),
        Value::Duration(x) => Json::from(x.to_string()),
        Value::Text(x) => Json::from(x.as_ref()),
        Value::Bytes(x) => Json::from(hex(x)),
        Value::List(items) => items.iter().map(|item| write_at(item, depth + 1)).collect(),
        Value::Record(fields) => write_fields(fields, depth),
        Value::Opaque(_) => Json::from("?"),
        Value::Variant(variant) => {
            let (name, fields) = variant.as_ref();
            if fields.is_empty() {
                return Json::from(name.as_ref());
            }
            let one = std::iter::once((name.to_string(), write_fields(fields, depth + 1)));
            Json::Object(one.collect())
        }
    }
}

fn write_fields(fields: &[Field], depth: usize) -> Json {
    let entries = fields.iter().map(|(name, value)| (name.to_string(), write_at(value, depth + 1)));
    Json::Object(entries.collect())
}

fn read_at(json: &Json, ty: &Type, depth: usize) -> Result<Value, Misfit> {
    if depth > NESTING_MAX {
        return Err(Misfit::new(Trouble::Deep));
    }
    match (ty, json) {
        (Type::Any, json) => read_any(json, depth),
        (Type::Optional(_), Json::Null) => Ok(Value::None),
        (Type::Optional(inner), json) => read_at(json, inner, depth + 1),
        (Type::Bool, Json::Bool(x)) => Ok(Value::Bool(*x)),
        (Type::Int(..) | Type::Time, Json::Number(number)) => read_int(number, ty),
        (Type::Float, Json::Number(number)) => read_float(number),
        (Type::Decimal, Json::Number(number)) => read_decimal(&number.to_string()),
        (Type::Decimal, Json::String(text)) => read_decimal(text),
        (Type::Text, Json::String(text)) => Ok(Value::text(text)),
        (Type::Uuid, Json::String(text)) if fit::is_uuid(text) => Ok(Value::text(text)),
        (Type::Uuid, Json::String(_)) => Err(form("a UUID")),
        (Type::Bytes, Json::String(text)) => unhex(text)
            .map(|bytes| Value::Bytes(Arc::from(bytes)))
            .ok_or_else(|| form("an even number of hexadecimal digits")),
        (Type::Duration, Json::String(text)) => {
            duration(text).map(Value::Duration).ok_or_else(|| form("a duration such as 5s"))
        }
        (Type::List(inner), Json::Array(items)) => read_list(items, inner, depth),
        (Type::Map(inner), Json::Object(entries)) => read_map(entries, inner, depth),
        (Type::Record(types), Json::Object(entries)) => {
            Ok(Value::Record(Arc::from(read_fields(entries, types, depth)?)))
        }
        (Type::Enum(of), json) => read_variant(json, of, ty, depth),
        (ty, json) => Err(Misfit::kind(ty, kind(json))),
    }
}

fn form(expected: &'static str) -> Misfit {
    Misfit::new(Trouble::Form(expected))
}

fn read_any(json: &Json, depth: usize) -> Result<Value, Misfit> {
    match json {
        Json::Null => Ok(Value::None),
        Json::Bool(x) => Ok(Value::Bool(*x)),
        Json::Number(number) if number.is_f64() => read_float(number),
        Json::Number(number) => read_int(number, &Type::INT),
        Json::String(text) => Ok(Value::text(text)),
        Json::Array(items) => read_list(items, &Type::Any, depth),
        Json::Object(entries) => read_map(entries, &Type::Any, depth),
    }
}

fn read_int(number: &Number, ty: &Type) -> Result<Value, Misfit> {
    let (least, most) = match ty {
        Type::Int(least, most) => (*least, *most),
        _ => (i64::MIN, i64::MAX),
    };
    match number.as_i64() {
        Some(x) if (least..=most).contains(&x) => Ok(Value::Int(x)),
        None if number.is_f64() => Err(Misfit::kind(ty, "Float")),
        _ => Err(Misfit::new(Trouble::Bounds(least, most))),
    }
}

fn read_float(number: &Number) -> Result<Value, Misfit> {
    match number.as_f64() {
        Some(x) if x.is_finite() => Ok(Value::Float(x)),
        _ => Err(form("a finite number")),
    }
}

fn read_decimal(text: &str) -> Result<Value, Misfit> {
    Decimal::from_str(text)
        .or_else(|_| Decimal::from_scientific(text))
        .map(Value::Decimal)
        .map_err(|_| form("a decimal number such as 12.50"))
}

fn read_list(items: &[Json], inner: &Type, depth: usize) -> Result<Value, Misfit> {
    let mut values = Vec::with_capacity(items.len());
    for (at, item) in items.iter().enumerate() {
        values.push(read_at(item, inner, depth + 1).map_err(|misfit| misfit.within(Step::Item(at)))?);
    }
    Ok(Value::List(Arc::new(values)))
}

fn read_map(entries: &Map<String, Json>, inner: &Type, depth: usize) -> Result<Value, Misfit> {
    let mut fields = Vec::with_capacity(entries.len());
    for (name, item) in entries {
        let name: Arc<str> = Arc::from(name.as_str());
        let value =
            read_at(item, inner, depth + 1).map_err(|misfit| misfit.within(Step::Field(name.clone())))?;
        fields.push((name, value));
    }
    Ok(Value::record(fields))
}

fn read_fields(entries: &Map<String, Json>, types: &[FieldType], depth: usize) -> Result<Fields, Misfit> {
    if let Some(extra) = entries.keys().find(|key| !types.iter().any(|field| *field.name == **key)) {
        return Err(fit::unknown_field(types, &Arc::from(extra.as_str())));
    }
    let mut fields = Fields::with_capacity(types.len());
    for field in types {
        let value = match entries.get(field.name.as_ref()) {
            Some(json) => read_at(json, &field.ty, depth + 1),
            None if matches!(field.ty, Type::Optional(_)) => Ok(Value::None),
            None => Err(Misfit::new(Trouble::Missing)),
        };
        fields.push((
            field.name.clone(),
            value.map_err(|misfit| misfit.within(Step::Field(field.name.clone())))?,
        ));
    }
    Ok(fields)
}

fn read_variant(json: &Json, of: &EnumType, ty: &Type, depth: usize) -> Result<Value, Misfit> {
    let nothing = Map::new();
    let (name, entries) = match json {
        Json::String(name) => (name, &nothing),
        Json::Object(one) if one.len() == 1 => match one.iter().next() {
            Some((name, Json::Object(entries))) => (name, entries),
            Some((name, Json::Null)) => (name, &nothing),
            _ => return Err(Misfit::kind(ty, "record")),
        },
        json => return Err(Misfit::kind(ty, kind(json))),
    };
    let types = fit::variant_fields(of, name)?;
    let name: Arc<str> = Arc::from(name.as_str());
    let fields = read_fields(entries, types, depth + 1)
        .map_err(|misfit| misfit.within(Step::Variant(name.clone())))?;
    Ok(Value::Variant(Arc::new((name, fields))))
}

/// What kind of value the JSON looks like, as a word of the language.
#[must_use]
pub fn kind(json: &Json) -> &'static str {
    match json {
        Json::Null => "none",
        Json::Bool(_) => "Bool",
        Json::Number(number) => {
            if number.is_f64() {
                "Float"
            } else {
                "Int"
            }
        }
        Json::String(_) => "String",
        Json::Array(_) => "List",
        Json::Object(_) => "record",
    }
}

/// JSON inside of what is serialized, as its text: for formats that must know beforehand what comes.
pub mod as_text {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};
    use serde_json::Value as Json;

    /// Writes the text.
    ///
    /// # Errors
    /// What the serializer says.
    pub fn serialize<S: Serializer>(json: &Json, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&json.to_string())
    }

    /// Reads the text.
    ///
    /// # Errors
    /// It is no text, or not JSON.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Json, D::Error> {
        let text = String::deserialize(deserializer)?;
        serde_json::from_str(&text).map_err(D::Error::custom)
    }
}
