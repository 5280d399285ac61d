//! Values and types to bytes and back.
//!
//! What nests deeper than `limits::NESTING_MAX` is refused, so neither way needs more than a small stack.

use std::sync::Arc;

use rust_decimal::Decimal;

use crate::base::limits::{LIST_ITEMS_MAX, NESTING_MAX, TABLE_MAX};
use crate::base::time::Duration;
use crate::base::ty::{EnumType, FieldType, Type};
use crate::base::value::{Field, Fields, Value};
use crate::bytecode::codec::reader::{Reader, damaged};
use crate::bytecode::codec::writer::Writer;
use crate::bytecode::rejection::Rejection;

type Read<T> = Result<T, Rejection>;

pub(super) fn encode(value: &Value, out: &mut Writer) {
    match value {
        Value::None => out.byte(0),
        Value::Bool(truth) => out.byte(if *truth { 2 } else { 1 }),
        Value::Int(whole) => {
            out.byte(3);
            out.signed(*whole);
        }
        Value::Float(float) => {
            out.byte(4);
            out.bytes.extend_from_slice(&float.to_bits().to_le_bytes());
        }
        Value::Decimal(decimal) => {
            out.byte(5);
            out.bytes.extend_from_slice(&decimal.serialize());
        }
        Value::Duration(span) => {
            out.byte(6);
            out.number(span.0);
        }
        Value::Text(text) => {
            out.byte(7);
            out.text(text);
        }
        Value::Bytes(bytes) => {
            out.byte(8);
            out.raw(bytes);
        }
        Value::List(items) => {
            out.byte(9);
            out.list(items, |out, item| encode(item, out));
        }
        Value::Record(fields) => {
            out.byte(10);
            encode_fields(fields, out);
        }
        Value::Variant(variant) => {
            out.byte(11);
            out.text(&variant.0);
            encode_fields(&variant.1, out);
        }
        // No program holds one; if it did, nobody would read it back.
        Value::Opaque(_) => out.byte(u8::MAX),
    }
}

pub(super) fn decode(from: &mut Reader<'_>) -> Read<Value> {
    value(from, 0)
}

pub(super) fn encode_type(ty: &Type, out: &mut Writer) {
    match ty {
        Type::Any => out.byte(0),
        Type::Bool => out.byte(1),
        Type::Int(least, most) => {
            out.byte(2);
            out.signed(*least);
            out.signed(*most);
        }
        Type::Float => out.byte(3),
        Type::Decimal => out.byte(4),
        Type::Text => out.byte(5),
        Type::Uuid => out.byte(6),
        Type::Bytes => out.byte(7),
        Type::Time => out.byte(8),
        Type::Duration => out.byte(9),
        Type::Optional(inner) => {
            out.byte(10);
            encode_type(inner, out);
        }
        Type::List(inner) => {
            out.byte(11);
            encode_type(inner, out);
        }
        Type::Map(inner) => {
            out.byte(12);
            encode_type(inner, out);
        }
        Type::Record(fields) => {
            out.byte(13);
            out.list(fields, encode_field);
        }
        Type::Enum(ty) => {
            out.byte(14);
            out.text(&ty.name);
            out.list(&ty.variants, |out, (name, fields)| {
                out.text(name);
                out.list(fields, encode_field);
            });
        }
    }
}

pub(super) fn decode_type(from: &mut Reader<'_>) -> Read<Type> {
    ty(from, 0)
}

fn encode_fields(fields: &[Field], out: &mut Writer) {
    out.list(fields, |out, (name, value)| {
        out.text(name);
        encode(value, out);
    });
}

fn encode_field(out: &mut Writer, field: &FieldType) {
    out.text(&field.name);
    encode_type(&field.ty, out);
}

fn deeper(depth: usize) -> Read<usize> {
    if depth < NESTING_MAX { Ok(depth + 1) } else { Err(damaged("something nests too deep")) }
}

fn value(from: &mut Reader<'_>, depth: usize) -> Read<Value> {
    Ok(match from.byte()? {
        0 => Value::None,
        1 => Value::Bool(false),
        2 => Value::Bool(true),
        3 => Value::Int(from.signed()?),
        4 => {
            let float = f64::from_bits(u64::from_le_bytes(array(from)?));
            if !float.is_finite() {
                return Err(damaged("a number is not finite"));
            }
            Value::Float(float)
        }
        5 => Value::Decimal(Decimal::deserialize(array(from)?)),
        6 => Value::Duration(Duration(from.number()?)),
        7 => Value::Text(from.text()?),
        8 => Value::Bytes(Arc::from(from.raw()?)),
        9 => {
            let depth = deeper(depth)?;
            Value::List(Arc::new(from.list(LIST_ITEMS_MAX, |from| value(from, depth))?))
        }
        10 => Value::Record(Arc::from(fields(from, depth)?)),
        11 => Value::Variant(Arc::new((from.text()?, fields(from, depth)?))),
        _ => return Err(damaged("a value is of no known kind")),
    })
}

fn fields(from: &mut Reader<'_>, depth: usize) -> Read<Fields> {
    let depth = deeper(depth)?;
    let fields = from.list(TABLE_MAX, |from| Ok((from.text()?, value(from, depth)?)))?;
    if fields.is_sorted_by(|a, b| a.0 < b.0) { Ok(fields) } else { Err(damaged("fields are not sorted")) }
}

fn array<const N: usize>(from: &mut Reader<'_>) -> Read<[u8; N]> {
    <[u8; N]>::try_from(from.take(N)?).map_err(|_| damaged("the program is cut off"))
}

fn ty(from: &mut Reader<'_>, depth: usize) -> Read<Type> {
    let inner = |from: &mut Reader<'_>| Ok(Arc::new(ty(from, deeper(depth)?)?));
    Ok(match from.byte()? {
        0 => Type::Any,
        1 => Type::Bool,
        2 => Type::Int(from.signed()?, from.signed()?),
        3 => Type::Float,
        4 => Type::Decimal,
        5 => Type::Text,
        6 => Type::Uuid,
        7 => Type::Bytes,
        8 => Type::Time,
        9 => Type::Duration,
        10 => Type::Optional(inner(from)?),
        11 => Type::List(inner(from)?),
        12 => Type::Map(inner(from)?),
        13 => Type::Record(Arc::new(field_types(from, depth)?)),
        14 => {
            let name = from.text()?;
            let variants = from.list(TABLE_MAX, |from| Ok((from.text()?, field_types(from, depth)?)))?;
            Type::Enum(Arc::new(EnumType { name, variants }))
        }
        _ => return Err(damaged("a type is of no known kind")),
    })
}

fn field_types(from: &mut Reader<'_>, depth: usize) -> Read<Vec<FieldType>> {
    let depth = deeper(depth)?;
    let fields = from.list(TABLE_MAX, |from| Ok(FieldType { name: from.text()?, ty: ty(from, depth)? }))?;
    if fields.is_sorted_by(|a, b| a.name < b.name) {
        Ok(fields)
    } else {
        Err(damaged("fields are not sorted"))
    }
}
