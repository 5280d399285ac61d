//! Whether every value of one type fits another: what a receiver of another version asks of a sender's type.
//!
//! In go two types; out comes nothing, or the first part by which some value of the one does not fit the other. It is
//! `fit`, judged for all values at once: what fits there by being converted is accepted here.
//! Is not: `global::fit`, which lets a part pass that is judged when the value arrives.

use std::fmt;
use std::sync::Arc;

use crate::base::fit::type_name;
use crate::base::limits::NESTING_MAX;
use crate::base::ty::{EnumType, FieldType, Type};

/// The first part that is not accepted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unlike {
    /// Names of fields and variants on the way there, outermost first; empty for the whole value.
    pub path: Vec<Arc<str>>,
    /// What is wrong there, one line.
    pub why: String,
}

impl fmt::Display for Unlike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "`{}`: ", self.path.join("."))?;
        }
        f.write_str(&self.why)
    }
}

impl Unlike {
    fn new(why: impl Into<String>) -> Self {
        Self { path: Vec::new(), why: why.into() }
    }

    fn within(mut self, name: &Arc<str>) -> Self {
        self.path.insert(0, name.clone());
        self
    }
}

/// Whether whoever wants `want` takes every value of `have`.
///
/// # Errors
/// The first part that it does not take.
pub fn accepts(want: &Type, have: &Type) -> Result<(), Unlike> {
    part(want, have, 0)
}

fn part(want: &Type, have: &Type, depth: usize) -> Result<(), Unlike> {
    let kinds = || Unlike::new(format!("{} where {} is expected", type_name(have), type_name(want)));
    if depth > NESTING_MAX {
        return Err(Unlike::new(format!("nested deeper than {NESTING_MAX}")));
    }
    match (want, have) {
        (Type::Any, _)
        | (Type::Time, Type::Int(..))
        | (Type::Float | Type::Decimal, Type::Int(..) | Type::Time)
        | (Type::Text, Type::Uuid) => Ok(()),
        (Type::Int(i64::MIN, i64::MAX), Type::Time) => Ok(()),
        (Type::Int(least, most), Type::Int(low, high)) if least <= low && high <= most => Ok(()),
        (Type::Optional(want), Type::Optional(have)) => part(want, have, depth + 1),
        (Type::Optional(want), have) => part(want, have, depth + 1),
        (Type::List(want), Type::List(have)) | (Type::Map(want), Type::Map(have)) => {
            part(want, have, depth + 1)
        }
        (Type::Map(want), Type::Record(have)) => have
            .iter()
            .try_for_each(|field| part(want, &field.ty, depth + 1).map_err(|why| why.within(&field.name))),
        (Type::Record(want), Type::Record(have)) => fields(want, have, depth),
        (Type::Enum(want), Type::Enum(have)) => variants(want, have, depth),
        (want, have) if want == have => Ok(()),
        _ => Err(kinds()),
    }
}

fn fields(want: &[FieldType], have: &[FieldType], depth: usize) -> Result<(), Unlike> {
    let of = |name: &Arc<str>, fields: &[FieldType]| fields.iter().position(|field| field.name == *name);
    if let Some(field) = have.iter().find(|field| of(&field.name, want).is_none()) {
        return Err(Unlike::new("a field that is not expected").within(&field.name));
    }
    want.iter().try_for_each(|field| {
        let sent = of(&field.name, have).and_then(|at| have.get(at));
        let judged = match sent {
            Some(sent) => part(&field.ty, &sent.ty, depth + 1),
            None if matches!(field.ty, Type::Optional(_) | Type::Any) => Ok(()),
            None => Err(Unlike::new("a field that is missing")),
        };
        judged.map_err(|why| why.within(&field.name))
    })
}

fn variants(want: &EnumType, have: &EnumType, depth: usize) -> Result<(), Unlike> {
    have.variants.iter().try_for_each(|(name, sent)| {
        let known = want.variants.iter().find(|(known, _)| known == name);
        let judged = match known {
            Some((_, known)) => fields(known, sent, depth + 1),
            None => Err(Unlike::new(format!("a variant that `{}` does not have", want.name))),
        };
        judged.map_err(|why| why.within(name))
    })
}
