//! Whether a value from outside fits a type, and the value as the type has it.
//!
//! A whole number becomes a float or a decimal where one is needed, and an optional field that is missing becomes
//! none; nothing else is converted.
//! Is not: a check of values that a session made itself; those were proved.

use std::fmt;
use std::sync::Arc;

use rust_decimal::Decimal;

use crate::base::limits;
use crate::base::ty::{EnumType, FieldType, Type};
use crate::base::value::{Fields, Value};
use crate::bytecode::weight::{self, Excess};

/// Why a value does not fit. It never carries the value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Misfit {
    /// Something of this kind is needed at this place.
    Kind {
        /// Where: `items[2].price`, or nothing for the whole.
        path: String,
        /// What is needed.
        wanted: &'static str,
        /// What there is.
        found: &'static str,
    },
    /// A field that is needed is missing.
    Missing(String),
    /// There is no such field or variant.
    Unknown(String),
    /// It is too large.
    TooLarge(Excess),
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind { path, wanted, found } if path.is_empty() => {
                write!(f, "{wanted} is needed, and this is {found}")
            }
            Self::Kind { path, wanted, found } => write!(f, "`{path}` needs {wanted}, and this is {found}"),
            Self::Missing(path) => write!(f, "`{path}` is missing"),
            Self::Unknown(path) => write!(f, "`{path}` is unknown"),
            Self::TooLarge(excess) => f.write_str(excess.sentence()),
        }
    }
}

/// The value as the type has it.
///
/// # Errors
/// Where it does not fit.
pub fn fit(ty: &Type, value: Value) -> Result<Value, Misfit> {
    weight::weigh(&value, 0).map_err(Misfit::TooLarge)?;
    part(ty, value, &mut Path(Vec::new()))
}

/// The way from the whole to a part.
struct Path(Vec<Step>);

enum Step {
    Field(Arc<str>),
    Item(usize),
}

impl Path {
    fn shown(&self) -> String {
        let mut out = String::new();
        for step in &self.0 {
            match step {
                Step::Field(name) if out.is_empty() => out.push_str(name),
                Step::Field(name) => out.extend([".", name]),
                Step::Item(at) => out.push_str(&format!("[{at}]")),
            }
        }
        out
    }

    fn within<T>(
        &mut self,
        step: Step,
        then: impl FnOnce(&mut Self) -> Result<T, Misfit>,
    ) -> Result<T, Misfit> {
        self.0.push(step);
        let done = then(self)?;
        self.0.pop();
        Ok(done)
    }

    fn to(&self, name: &str) -> String {
        let mut shown = self.shown();
        shown.extend([if shown.is_empty() { "" } else { "." }, name]);
        shown
    }
}

fn part(ty: &Type, value: Value, path: &mut Path) -> Result<Value, Misfit> {
    Ok(match (ty, value) {
        (Type::Any, value) | (Type::Optional(_), value @ Value::None) => value,
        (Type::Optional(ty), value) => part(ty, value, path)?,
        (Type::Int(least, most), Value::Int(whole)) if (least..=most).contains(&&whole) => Value::Int(whole),
        (Type::Float, Value::Int(whole)) => Value::Float(whole as f64),
        (Type::Float, Value::Float(float)) if float.is_finite() => Value::Float(float),
        (Type::Decimal, Value::Int(whole)) => Value::Decimal(Decimal::from(whole)),
        (Type::Uuid, Value::Text(text)) if is_uuid(&text) => Value::Text(text),
        (Type::Bool, value @ Value::Bool(_))
        | (Type::Decimal, value @ Value::Decimal(_))
        | (Type::Text, value @ Value::Text(_))
        | (Type::Bytes, value @ Value::Bytes(_))
        | (Type::Time, value @ Value::Int(_))
        | (Type::Duration, value @ Value::Duration(_)) => value,
        (Type::List(ty), Value::List(items)) => list(ty, items, path)?,
        (Type::Map(ty), Value::Record(entries)) => map(ty, &entries, path)?,
        (Type::Record(types), Value::Record(values)) => {
            Value::Record(Arc::new(fields(types, &values, path)?))
        }
        (Type::Enum(ty), Value::Variant(have)) => variant(ty, &have, path)?,
        // A variant without fields may be written as its name.
        (Type::Enum(ty), Value::Text(name)) => variant(ty, &(name, Fields::new()), path)?,
        (ty, value) => {
            return Err(Misfit::Kind { path: path.shown(), wanted: wanted(ty), found: value.kind() });
        }
    })
}

fn list(ty: &Type, items: Arc<Vec<Value>>, path: &mut Path) -> Result<Value, Misfit> {
    if items.len() > limits::LIST_ITEMS_MAX {
        return Err(Misfit::TooLarge(Excess::List));
    }
    if *ty == Type::Any {
        return Ok(Value::List(items));
    }
    let fitted = items
        .iter()
        .enumerate()
        .map(|(at, item)| path.within(Step::Item(at), |path| part(ty, item.clone(), path)))
        .collect::<Result<_, _>>()?;
    Ok(Value::List(Arc::new(fitted)))
}

fn map(ty: &Type, entries: &Fields, path: &mut Path) -> Result<Value, Misfit> {
    let fitted = entries
        .iter()
        .map(|(name, value)| {
            path.within(Step::Field(name.clone()), |path| Ok((name.clone(), part(ty, value.clone(), path)?)))
        })
        .collect::<Result<_, _>>()?;
    Ok(Value::Record(Arc::new(fitted)))
}

/// Both rows are sorted by name.
fn fields(types: &[FieldType], values: &Fields, path: &mut Path) -> Result<Fields, Misfit> {
    let known = |name: &str| types.binary_search_by(|field| field.name.as_ref().cmp(name)).is_ok();
    if let Some((name, _)) = values.iter().find(|(name, _)| !known(name)) {
        return Err(Misfit::Unknown(path.to(name)));
    }
    let mut fitted = Fields::with_capacity(types.len());
    for field in types {
        let at = values.binary_search_by(|(name, _)| name.cmp(&field.name)).ok();
        let value = match at.and_then(|at| values.get(at)) {
            Some((_, value)) => value.clone(),
            None if matches!(field.ty, Type::Optional(_) | Type::Any) => Value::None,
            None => return Err(Misfit::Missing(path.to(&field.name))),
        };
        let value = path.within(Step::Field(field.name.clone()), |path| part(&field.ty, value, path))?;
        fitted.push((field.name.clone(), value));
    }
    Ok(fitted)
}

fn variant(ty: &EnumType, variant: &(Arc<str>, Fields), path: &mut Path) -> Result<Value, Misfit> {
    let Some((name, types)) = ty.variants.iter().find(|(name, _)| *name == variant.0) else {
        return Err(Misfit::Unknown(path.to(&variant.0)));
    };
    let fitted = fields(types, &variant.1, path)?;
    Ok(Value::Variant(Arc::new((name.clone(), fitted))))
}

/// What a type needs, in words.
const fn wanted(ty: &Type) -> &'static str {
    match ty {
        Type::Any => "anything",
        Type::Bool => "a truth value",
        Type::Int(..) => "a whole number in range",
        Type::Float => "a number",
        Type::Decimal => "a decimal number",
        Type::Text => "a text",
        Type::Uuid => "a UUID",
        Type::Bytes => "bytes",
        Type::Time => "a moment in milliseconds",
        Type::Duration => "a span of time",
        Type::Optional(_) => "something or nothing",
        Type::List(_) => "a list",
        Type::Map(_) => "a map",
        Type::Record(_) => "a record",
        Type::Enum(_) => "a variant of the enum",
    }
}

/// Eight, four, four, four and twelve hexadecimal digits.
fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
