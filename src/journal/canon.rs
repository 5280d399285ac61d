//! Canonical bytes, of facts here and of receipts in `guard`: equal facts have equal bytes, different facts different ones.
//!
//! Each part is its kind (one byte) and its content; what has no fixed length is preceded by it (eight bytes, least
//! first), so no part can be read as the beginning of another. Decimals are written without trailing zeros, since
//! `1.0` and `1.00` are equal.
//! Is not: a format of exchange; nothing reads the bytes of a fact back.

use crate::base::value::{Fields, Value};
use crate::journal::fact::{Fact, Place};

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

/// The bytes of a fact that stands at `place`.
pub(super) fn fact(fact: &Fact, place: &Place, out: &mut impl Sink) {
    out.put(DOMAIN);
    text(place.context.as_str(), out);
    text(place.namespace.as_str(), out);
    text(fact.key().as_str(), out);
    text(fact.device().as_str(), out);
    number(fact.epoch().0, out);
    number(fact.order(), out);
    value(fact.data(), out);
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
        // `Fact::new` refuses what nobody knows; the number keeps two of them apart all the same.
        Value::Opaque(at) => {
            out.put(&[12]);
            number(*at, out);
        }
    }
}

fn fields(of: &Fields, out: &mut impl Sink) {
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
