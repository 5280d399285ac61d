//! Fitting: a value as a type has it, or where the first part is that does not fit.
//!
//! In goes a value and a type; out comes the value, or a [`Misfit`] with its path:
//! `` `lines[2].amount`: expected Int, found String ``. A whole number becomes a float or a decimal where one is
//! needed, the name of a variant without fields becomes that variant, a field that may be none and is left out
//! becomes none; nothing else is converted.
//! Invariants: a misfit names kinds, fields and types, never a payload's content; neither the work nor what comes
//! out is more than `limits::VALUE_PARTS_MAX` parts.
//! Is not: a proof about expressions (`global` does that before a run), nor a reader of text (`json` is).

use std::fmt;
use std::sync::Arc;

use rust_decimal::Decimal;

use crate::base::limits::{LIST_ITEMS_MAX, NESTING_MAX, VALUE_PARTS_MAX};
use crate::base::ty::{EnumType, FieldType, Type};
use crate::base::value::{Field, Fields, Value};
use crate::base::weight::{self, Excess};

/// A step from a value to a part of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// Into a field of a record, or an entry of a map.
    Field(Arc<str>),
    /// Into an item of a list, from 0.
    Item(usize),
    /// Into the fields of a variant.
    Variant(Arc<str>),
}

/// The first part of a value that does not fit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Misfit {
    /// From the whole value to the part.
    pub path: Vec<Step>,
    /// What is wrong there.
    pub trouble: Trouble,
}

/// What is wrong with a part.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Trouble {
    /// It is of another kind.
    Kind {
        /// The type's name, as the language writes it.
        expected: String,
        /// The kind of what is there.
        found: &'static str,
    },
    /// A whole number outside of its type's bounds.
    Bounds(i64, i64),
    /// Text that is not what the type writes as text: `a UUID`, `a duration such as 5s`.
    Form(&'static str),
    /// A field that the type requires is not there; the path ends in it.
    Missing,
    /// A field that the type does not have; the path ends in it.
    Unknown(Vec<Arc<str>>),
    /// A variant that the enum does not have.
    Variant {
        /// What is there.
        found: String,
        /// What the enum has.
        known: Vec<Arc<str>>,
    },
    /// Nested deeper than `limits::NESTING_MAX`.
    Deep,
    /// Too large, as it came or with what was left out.
    Large(Excess),
}

impl Misfit {
    /// A misfit at the value itself.
    #[must_use]
    pub const fn new(trouble: Trouble) -> Self {
        Self { path: Vec::new(), trouble }
    }

    /// A value of another kind than `expected`.
    #[must_use]
    pub fn kind(expected: &Type, found: &'static str) -> Self {
        Self::new(Trouble::Kind { expected: type_name(expected), found })
    }

    /// The same misfit, seen from the value around.
    #[must_use]
    pub fn within(mut self, step: Step) -> Self {
        self.path.insert(0, step);
        self
    }

    /// The path as it is written: `lines[2].amount`; empty for the whole value.
    #[must_use]
    pub fn place(&self) -> String {
        let mut text = String::new();
        for step in &self.path {
            match step {
                Step::Field(name) | Step::Variant(name) => {
                    if !text.is_empty() {
                        text.push('.');
                    }
                    text.push_str(name);
                }
                Step::Item(at) => text.push_str(&format!("[{at}]")),
            }
        }
        text
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.place();
        if !place.is_empty() {
            write!(f, "`{place}`: ")?;
        }
        match &self.trouble {
            Trouble::Kind { expected, found } => write!(f, "expected {expected}, found {found}"),
            Trouble::Bounds(least, most) => write!(f, "expected a number from {least} to {most}"),
            Trouble::Form(form) => write!(f, "expected {form}"),
            Trouble::Missing => f.write_str("missing"),
            Trouble::Unknown(_) => f.write_str("no such field"),
            Trouble::Variant { found, .. } => write!(f, "no variant `{found}`"),
            Trouble::Deep => write!(f, "nested deeper than {NESTING_MAX}"),
            Trouble::Large(excess) => f.write_str(excess.sentence()),
        }
    }
}

/// The type as the language writes it; a record is `record`, an enum is its name.
#[must_use]
pub fn type_name(ty: &Type) -> String {
    let mut text = String::new();
    write_type(ty, 0, &mut text);
    text
}

/// The value as the type has it.
///
/// # Errors
/// The first part that does not fit, in the order of the type's fields and the value's items.
pub fn fit(value: Value, ty: &Type) -> Result<Value, Misfit> {
    weight::weigh(&value, 0).map_err(|excess| Misfit::new(Trouble::Large(excess)))?;
    Fitting { room: VALUE_PARTS_MAX }.part(value, ty, 0)
}

/// Whether `text` has the form of a UUID: 8-4-4-4-12 hexadecimal digits.
#[must_use]
pub fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// A walk that makes a value; what a type adds to it is counted, since a small value may leave much out.
struct Fitting {
    room: usize,
}

impl Fitting {
    fn part(&mut self, value: Value, ty: &Type, depth: usize) -> Result<Value, Misfit> {
        self.room = self.room.checked_sub(1).ok_or_else(|| Misfit::new(Trouble::Large(Excess::Parts)))?;
        if depth > NESTING_MAX {
            return Err(Misfit::new(Trouble::Deep));
        }
        Ok(match (ty, value) {
            (Type::Any, value)
            | (Type::Optional(_), value @ Value::None)
            | (Type::Bool, value @ Value::Bool(_))
            | (Type::Decimal, value @ Value::Decimal(_))
            | (Type::Text, value @ Value::Text(_))
            | (Type::Bytes, value @ Value::Bytes(_))
            | (Type::Time, value @ Value::Int(_))
            | (Type::Duration, value @ Value::Duration(_)) => value,
            (Type::Optional(inner), value) => self.part(value, inner, depth + 1)?,
            (Type::Int(least, most), Value::Int(number)) => {
                if !(least..=most).contains(&&number) {
                    return Err(Misfit::new(Trouble::Bounds(*least, *most)));
                }
                Value::Int(number)
            }
            (Type::Float, Value::Int(whole)) => Value::Float(whole as f64),
            (Type::Float, Value::Float(number)) => {
                if !number.is_finite() {
                    return Err(Misfit::new(Trouble::Form("a finite number")));
                }
                Value::Float(number)
            }
            (Type::Decimal, Value::Int(whole)) => Value::Decimal(Decimal::from(whole)),
            (Type::Uuid, Value::Text(text)) => {
                if !is_uuid(&text) {
                    return Err(Misfit::new(Trouble::Form("a UUID")));
                }
                Value::Text(text)
            }
            (Type::List(inner), Value::List(items)) => self.list(items, inner, depth)?,
            (Type::Map(inner), Value::Record(entries)) => self.map(&entries, inner, depth)?,
            (Type::Record(types), Value::Record(values)) => {
                Value::Record(Arc::from(self.fields(&values, types, depth)?))
            }
            (Type::Enum(of), Value::Variant(have)) => self.variant(&have.0, &have.1, of, depth)?,
            (Type::Enum(of), Value::Text(name)) => self.variant(&name, &Fields::new(), of, depth)?,
            (ty, value) => return Err(Misfit::kind(ty, value.kind())),
        })
    }

    fn list(&mut self, items: Arc<Vec<Value>>, inner: &Type, depth: usize) -> Result<Value, Misfit> {
        if items.len() > LIST_ITEMS_MAX {
            return Err(Misfit::new(Trouble::Large(Excess::List)));
        }
        if *inner == Type::Any {
            return Ok(Value::List(items));
        }
        let mut fitted = Vec::with_capacity(items.len());
        for (at, item) in items.iter().enumerate() {
            let item = self.part(item.clone(), inner, depth + 1);
            fitted.push(item.map_err(|misfit| misfit.within(Step::Item(at)))?);
        }
        Ok(Value::List(Arc::new(fitted)))
    }

    fn map(&mut self, entries: &[Field], inner: &Type, depth: usize) -> Result<Value, Misfit> {
        let mut fitted = Fields::with_capacity(entries.len());
        for (name, value) in entries {
            let value = self.part(value.clone(), inner, depth + 1);
            fitted.push((name.clone(), value.map_err(|misfit| misfit.within(Step::Field(name.clone())))?));
        }
        Ok(Value::Record(Arc::from(fitted)))
    }

    /// Both rows are sorted by name.
    fn fields(&mut self, values: &[Field], types: &[FieldType], depth: usize) -> Result<Fields, Misfit> {
        let known = |name: &str| types.binary_search_by(|field| field.name.as_ref().cmp(name)).is_ok();
        if let Some((name, _)) = values.iter().find(|(name, _)| !known(name)) {
            return Err(unknown_field(types, name));
        }
        let mut fitted = Fields::new();
        for field in types {
            let at = values.binary_search_by(|(name, _)| name.cmp(&field.name)).ok();
            let value = match at.and_then(|at| values.get(at)) {
                Some((_, value)) => Ok(value.clone()),
                None if matches!(field.ty, Type::Optional(_) | Type::Any) => Ok(Value::None),
                None => Err(Misfit::new(Trouble::Missing)),
            };
            let value = value.and_then(|value| self.part(value, &field.ty, depth + 1));
            let value = value.map_err(|misfit| misfit.within(Step::Field(field.name.clone())))?;
            fitted.push((field.name.clone(), value));
        }
        Ok(fitted)
    }

    fn variant(
        &mut self,
        name: &Arc<str>,
        values: &[Field],
        of: &EnumType,
        depth: usize,
    ) -> Result<Value, Misfit> {
        let types = variant_fields(of, name)?;
        let fitted = self.fields(values, types, depth);
        let fitted = fitted.map_err(|misfit| misfit.within(Step::Variant(name.clone())))?;
        Ok(Value::Variant(Arc::new((name.clone(), fitted))))
    }
}

/// The fields of a variant of `of`.
///
/// # Errors
/// A misfit with the names that there are.
pub fn variant_fields<'a>(of: &'a EnumType, name: &str) -> Result<&'a [FieldType], Misfit> {
    of.variants
        .iter()
        .find(|(have, _)| have.as_ref() == name)
        .map(|(_, fields)| fields.as_slice())
        .ok_or_else(|| unknown_variant(of, name))
}

/// The misfit for a variant that `of` does not have.
#[must_use]
pub fn unknown_variant(of: &EnumType, name: &str) -> Misfit {
    let known = of.variants.iter().map(|(name, _)| name.clone()).collect();
    Misfit::new(Trouble::Variant { found: name.to_owned(), known })
}

/// The misfit for a field that `types` do not have.
#[must_use]
pub fn unknown_field(types: &[FieldType], name: &Arc<str>) -> Misfit {
    let known = types.iter().map(|field| field.name.clone()).collect();
    Misfit::new(Trouble::Unknown(known)).within(Step::Field(name.clone()))
}

/// The names of the whole-number types that are narrower than `Int`.
const WIDTHS: [(&str, i64, i64); 7] = [
    ("u8", 0, u8::MAX as i64),
    ("u16", 0, u16::MAX as i64),
    ("u32", 0, u32::MAX as i64),
    ("u64", 0, i64::MAX),
    ("i8", i8::MIN as i64, i8::MAX as i64),
    ("i16", i16::MIN as i64, i16::MAX as i64),
    ("i32", i32::MIN as i64, i32::MAX as i64),
];

fn write_type(ty: &Type, depth: usize, text: &mut String) {
    if depth > NESTING_MAX {
        text.push('…');
        return;
    }
    match ty {
        Type::Any => text.push_str("Any"),
        Type::Bool => text.push_str("Bool"),
        Type::Int(i64::MIN, i64::MAX) => text.push_str("Int"),
        Type::Int(least, most) => match WIDTHS.iter().find(|(_, a, b)| a == least && b == most) {
            Some((name, ..)) => text.push_str(name),
            None => text.push_str(&format!("Int from {least} to {most}")),
        },
        Type::Float => text.push_str("Float"),
        Type::Decimal => text.push_str("Decimal"),
        Type::Text => text.push_str("String"),
        Type::Uuid => text.push_str("Uuid"),
        Type::Bytes => text.push_str("Bytes"),
        Type::Time => text.push_str("Time"),
        Type::Duration => text.push_str("Duration"),
        Type::Optional(inner) => {
            write_type(inner, depth + 1, text);
            text.push('?');
        }
        Type::List(inner) => {
            text.push_str("List<");
            write_type(inner, depth + 1, text);
            text.push('>');
        }
        Type::Map(inner) => {
            text.push_str("Map<String, ");
            write_type(inner, depth + 1, text);
            text.push('>');
        }
        Type::Record(_) => text.push_str("record"),
        Type::Enum(of) => text.push_str(&of.name),
    }
}
