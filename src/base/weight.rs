//! How large a value is, so that no program and no session holds one that is too large to walk.
//!
//! A value's weight is its number of parts (long texts count as several), its depth how far lists and records nest.
//! Is not: an exact number of bytes.

use crate::base::limits;
use crate::base::value::Value;

/// Bytes of text that weigh as much as one part.
const BYTES_PER_PART: usize = 64;

/// What is too much.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Excess {
    /// More parts than `limits::VALUE_PARTS_MAX`.
    Parts,
    /// Lists and records nest deeper than `limits::NESTING_MAX`.
    Depth,
    /// A text or bytes longer than `limits::TEXT_BYTES_MAX`.
    Text,
    /// A list longer than `limits::LIST_ITEMS_MAX`, or too heavy for its length.
    List,
}

impl Excess {
    /// What is said of it.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Parts => "a value has more parts than the limit",
            Self::Depth => "a value nests deeper than the limit",
            Self::Text => "a text is longer than the limit",
            Self::List => "a list is longer than the limit",
        }
    }
}

/// The weight of a value that stands `depth` deep in another one.
///
/// # Errors
/// It is too large.
pub fn weigh(value: &Value, depth: usize) -> Result<usize, Excess> {
    let mut room = limits::VALUE_PARTS_MAX;
    take(value, depth, &mut room)?;
    Ok(limits::VALUE_PARTS_MAX - room)
}

/// Whether these values may become the parts of one.
///
/// # Errors
/// They are too large together.
pub fn fits<'a>(parts: impl Iterator<Item = &'a Value>) -> Result<(), Excess> {
    let mut room = limits::VALUE_PARTS_MAX;
    for part in parts {
        take(part, 1, &mut room)?;
    }
    Ok(())
}

fn take(value: &Value, depth: usize, room: &mut usize) -> Result<(), Excess> {
    let bytes = match value {
        Value::Text(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        _ => 0,
    };
    if bytes > limits::TEXT_BYTES_MAX {
        return Err(Excess::Text);
    }
    *room = room.checked_sub(1 + bytes / BYTES_PER_PART).ok_or(Excess::Parts)?;
    if depth > limits::NESTING_MAX {
        return Err(Excess::Depth);
    }
    match value {
        Value::List(items) => items.iter().try_for_each(|item| take(item, depth + 1, room)),
        Value::Record(fields) => fields.iter().try_for_each(|(_, value)| take(value, depth + 1, room)),
        Value::Variant(variant) => variant.1.iter().try_for_each(|(_, value)| take(value, depth + 1, room)),
        _ => Ok(()),
    }
}
