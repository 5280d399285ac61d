//! Invented payloads: a value of any type, decided by a stream of random numbers.
//!
//! In goes a type; out comes a value that fits it, short and readable, or none where the type itself is so large
//! that every value of it is (`limits::GENERATED_PARTS_MAX`).
//! Invariant: `fit(invent(ty), ty)` holds for every type.
//! Is not: a fuzzer. Values are plausible ones, not the worst ones.

use std::sync::Arc;

use rust_decimal::Decimal;

use crate::base::limits::{GENERATED_PARTS_MAX, NESTING_MAX};
use crate::base::random::Random;
use crate::base::time::Duration;
use crate::base::ty::{FieldType, Type};
use crate::base::value::{Fields, Value};
use crate::effect::world::{EPOCH_MS, int_between, uuid};

/// Words for invented texts: short, distinct at a glance.
const WORDS: [&str; 16] = [
    "amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heron", "iris", "jade", "kelp", "lotus",
    "maple", "north", "opal", "pine",
];

/// A value of the type, or none where its smallest values are too large or too deep.
#[must_use]
pub fn invent(ty: &Type, random: &mut Random) -> Option<Value> {
    Inventor { random, parts_left: GENERATED_PARTS_MAX }.value(ty, 0)
}

struct Inventor<'a> {
    random: &'a mut Random,
    parts_left: usize,
}

impl Inventor<'_> {
    fn value(&mut self, ty: &Type, depth: usize) -> Option<Value> {
        self.parts_left = self.parts_left.checked_sub(1)?;
        if depth > NESTING_MAX {
            return None;
        }
        Some(match ty {
            Type::Any => self.any(),
            Type::Bool => Value::Bool(self.random.below(2) == 1),
            Type::Int(least, most) => self.int(*least, *most),
            Type::Float => Value::Float(self.random.below(10_000) as f64 / 100.0),
            Type::Decimal => Value::Decimal(Decimal::new(self.random.below(100_000) as i64, 2)),
            Type::Text => self.text(),
            Type::Uuid => Value::Text(uuid(self.random)),
            Type::Bytes => {
                let count = 1 + self.random.below(8);
                let bytes: Vec<u8> = (0..count).map(|_| self.random.below(256) as u8).collect();
                Value::Bytes(Arc::from(bytes))
            }
            Type::Time => Value::Int(EPOCH_MS + self.random.below(86_400_000) as i64),
            Type::Duration => Value::Duration(Duration((1 + self.random.below(120)) * 500 * Duration::MS.0)),
            Type::Optional(inner) => self.optional(inner, depth)?,
            Type::List(inner) => {
                let count = self.count(depth);
                let items: Option<Vec<Value>> = (0..count).map(|_| self.value(inner, depth + 1)).collect();
                Value::List(Arc::new(items?))
            }
            Type::Map(inner) => {
                let mut entries = Fields::new();
                for _ in 0..self.count(depth) {
                    entries.push((self.word(), self.value(inner, depth + 1)?));
                }
                Value::record(entries)
            }
            Type::Record(types) => Value::Record(Arc::from(self.fields(types, depth)?)),
            Type::Enum(of) => {
                let at = self.random.below(of.variants.len() as u64) as usize;
                let (name, types) = of.variants.get(at)?;
                Value::Variant(Arc::new((name.clone(), self.fields(types, depth)?)))
            }
        })
    }

    fn fields(&mut self, types: &[FieldType], depth: usize) -> Option<Fields> {
        types.iter().map(|field| Some((field.name.clone(), self.value(&field.ty, depth + 1)?))).collect()
    }

    fn optional(&mut self, inner: &Type, depth: usize) -> Option<Value> {
        if self.random.below(4) == 0 || self.narrow(depth) {
            return Some(Value::None);
        }
        self.value(inner, depth + 1)
    }

    /// How many items a list or map gets: few, and none where it becomes deep or large.
    fn count(&mut self, depth: usize) -> u64 {
        if self.narrow(depth) { 0 } else { 1 + self.random.below(3) }
    }

    /// Whether what can be left out should be. Halving the budget keeps room for what cannot.
    const fn narrow(&self, depth: usize) -> bool {
        depth > 6 || self.parts_left < GENERATED_PARTS_MAX / 2
    }

    fn any(&mut self) -> Value {
        match self.random.below(3) {
            0 => Value::Int(self.random.below(100) as i64),
            1 => Value::Bool(self.random.below(2) == 1),
            _ => self.text(),
        }
    }

    /// Small numbers, where the bounds allow any.
    fn int(&mut self, least: i64, most: i64) -> Value {
        let low = least.max(0.min(most));
        let high = most.min(low.saturating_add(99));
        Value::Int(int_between(self.random, low, high))
    }

    fn text(&mut self) -> Value {
        Value::Text(self.word())
    }

    fn word(&mut self) -> Arc<str> {
        let at = self.random.below(WORDS.len() as u64) as usize;
        let word = WORDS.get(at).copied().unwrap_or_default();
        Arc::from(format!("{word}-{}", self.random.below(100)))
    }
}
