//! Canonical bytes, of facts here and of receipts in `guard`: equal facts have equal bytes, different facts different ones.
//!
//! Each part is its kind (one byte) and its content; what has no fixed length is preceded by it (eight bytes, least
//! first), so no part can be read as the beginning of another. Decimals are written without trailing zeros, since
//! `1.0` and `1.00` are equal.
//! Is not: a format of exchange; nothing reads the bytes of a fact back.

use crate::base::limits::{FACT_BYTES_MAX, NESTING_MAX, TEXT_BYTES_MAX, VALUE_PARTS_MAX};
use crate::base::value::{Field, Value};
use crate::base::weight::Excess;
use crate::journal::fact::{Fact, Heading};
use crate::journal::set::Refusal;

/// Tells these bytes from whatever else is hashed; changes with every change of what follows it.
const DOMAIN: &[u8] = b"laban fact 1\n";

/// Where canonical bytes go.
pub(crate) trait Sink {
    /// Takes the next bytes.
    fn put(&mut self, bytes: &[u8]);
}

impl Sink for blake3::Hasher {
    fn put(&mut self, bytes: &[u8]) {
        self.update(bytes);
    }
}

/// Counts bytes.
impl Sink for usize {
    fn put(&mut self, bytes: &[u8]) {
        *self += bytes.len();
    }
}

impl Sink for Vec<u8> {
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

/// Bytes of the epoch and the order of a fact.
pub(super) const NUMBERS_BYTES: usize = 16;

/// The bytes of a fact.
pub(super) fn fact(fact: &Fact, out: &mut impl Sink) {
    heading(fact.heading(), out);
    number(fact.epoch().0, out);
    number(fact.order(), out);
    value(fact.data(), out);
}

/// The bytes with which all facts of a heading begin.
pub(super) fn heading(of: &Heading, out: &mut impl Sink) {
    out.put(DOMAIN);
    text(of.place().context.as_str(), out);
    text(of.place().namespace.as_str(), out);
    text(of.key().as_str(), out);
    text(of.device().as_str(), out);
}

// A part has a byte, so what is short enough to be a fact's data is also light enough to be a value.
const _: () = assert!(FACT_BYTES_MAX <= VALUE_PARTS_MAX && FACT_BYTES_MAX <= TEXT_BYTES_MAX);

/// How many bytes [`value`] writes of a fact's data, without writing them: a walk that ends where there are too many.
///
/// # Errors
/// They are more than `room`, the data nests too deeply, or a part of it is not known.
#[inline]
pub(super) fn length(data: &Value, room: usize) -> Result<usize, Refusal> {
    let mut left = room;
    measure(data, 0, &mut left)?;
    Ok(room - left)
}

fn measure(data: &Value, depth: usize, left: &mut usize) -> Result<(), Refusal> {
    let own = 1 + match data {
        Value::None | Value::Bool(_) => 0,
        Value::Int(_) | Value::Float(_) | Value::Duration(_) => 8,
        Value::Decimal(_) => 16,
        Value::Text(of) => 8 + of.len(),
        Value::Bytes(of) => 8 + of.len(),
        Value::List(_) | Value::Record(_) => 8,
        Value::Variant(of) => 16 + of.0.len(),
        Value::Opaque(_) => return Err(Refusal::Unknown),
    };
    *left = left.checked_sub(own).ok_or(Refusal::Bytes)?;
    if depth > NESTING_MAX {
        return Err(Refusal::Large(Excess::Depth));
    }
    let fields: &[Field] = match data {
        Value::List(items) => return items.iter().try_for_each(|item| measure(item, depth + 1, left)),
        Value::Record(fields) => fields,
        Value::Variant(of) => &of.1,
        _ => return Ok(()),
    };
    fields.iter().try_for_each(|(name, of)| {
        *left = left.checked_sub(8 + name.len()).ok_or(Refusal::Bytes)?;
        measure(of, depth + 1, left)
    })
}

/// Any value.
pub(crate) fn value(of: &Value, out: &mut impl Sink) {
    match of {
        Value::None => out.put(&[0]),
        Value::Bool(truth) => out.put(&[1 + u8::from(*truth)]),
        Value::Int(whole) => {
            out.put(&[3]);
            out.put(&whole.to_le_bytes());
        }
        Value::Float(float) => {
            out.put(&[4]);
            number(float.to_bits(), out);
        }
        Value::Decimal(decimal) => {
            out.put(&[5]);
            out.put(&decimal.normalize().serialize());
        }
        Value::Duration(span) => {
            out.put(&[6]);
            number(span.0, out);
        }
        Value::Text(of) => {
            out.put(&[7]);
            text(of, out);
        }
        Value::Bytes(of) => {
            out.put(&[8]);
            bytes(of, out);
        }
        Value::List(items) => {
            out.put(&[9]);
            number(items.len() as u64, out);
            items.iter().for_each(|item| value(item, out));
        }
        Value::Record(of) => {
            out.put(&[10]);
            fields(of, out);
        }
        Value::Variant(of) => {
            out.put(&[11]);
            text(&of.0, out);
            fields(&of.1, out);
        }
        // `length` refuses what nobody knows; the number keeps two of them apart all the same.
        Value::Opaque(at) => {
            out.put(&[12]);
            number(*at, out);
        }
    }
}

fn fields(of: &[Field], out: &mut impl Sink) {
    number(of.len() as u64, out);
    for (name, of) in of {
        text(name, out);
        value(of, out);
    }
}

/// A text, its length before it.
pub(crate) fn text(of: &str, out: &mut impl Sink) {
    bytes(of.as_bytes(), out);
}

fn bytes(of: &[u8], out: &mut impl Sink) {
    number(of.len() as u64, out);
    out.put(of);
}

/// A number: eight bytes, least first.
pub(crate) fn number(of: u64, out: &mut impl Sink) {
    out.put(&of.to_le_bytes());
}
