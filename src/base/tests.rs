//! Values and types against each other: fits, misfits, and JSON there and back.

use std::sync::Arc;

use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::base::accept::accepts;
use crate::base::fit::{fit, type_name};
use crate::base::json::{Unread, duration, from_text, hex, to_text, unhex};
use crate::base::time::Duration;
use crate::base::ty::{EnumType, FieldType, Type};
use crate::base::value::Value;

/// Any type but `Any`, which does not say what comes back.
pub(crate) fn types() -> impl Strategy<Value = Type> {
    let plain = prop_oneof![
        Just(Type::Bool),
        Just(Type::INT),
        Just(Type::Int(0, 255)),
        Just(Type::Float),
        Just(Type::Decimal),
        Just(Type::Text),
        Just(Type::Uuid),
        Just(Type::Bytes),
        Just(Type::Time),
        Just(Type::Duration),
    ];
    plain.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|ty| Type::Optional(Arc::new(ty))),
            inner.clone().prop_map(|ty| Type::List(Arc::new(ty))),
            inner.clone().prop_map(|ty| Type::Map(Arc::new(ty))),
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|types| Type::Record(Arc::new(fields(types)))),
            prop::collection::vec(prop::collection::vec(inner, 0..3), 1..4).prop_map(|variants| {
                let variants = variants.into_iter().enumerate();
                let variants = variants.map(|(at, types)| (Arc::from(format!("V{at}")), fields(types)));
                Type::Enum(Arc::new(EnumType { name: Arc::from("E"), variants: variants.collect() }))
            }),
        ]
    })
}

fn fields(types: Vec<Type>) -> Vec<FieldType> {
    types
        .into_iter()
        .enumerate()
        .map(|(at, ty)| FieldType { name: Arc::from(format!("f{at}")), ty })
        .collect()
}

/// Any value of a type.
pub(crate) fn values(ty: &Type) -> BoxedStrategy<Value> {
    match ty {
        Type::Any | Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::Int(least, most) => (*least..=*most).prop_map(Value::Int).boxed(),
        Type::Float => any::<f64>().prop_filter("finite", |x| x.is_finite()).prop_map(Value::Float).boxed(),
        Type::Decimal => {
            (any::<i64>(), 0u32..10).prop_map(|(n, scale)| Value::Decimal(Decimal::new(n, scale))).boxed()
        }
        Type::Text => any::<String>().prop_map(|text| Value::text(&text)).boxed(),
        Type::Uuid => Just(Value::text("123e4567-e89b-12d3-a456-426614174000")).boxed(),
        Type::Bytes => any::<Vec<u8>>().prop_map(|bytes| Value::Bytes(Arc::from(bytes))).boxed(),
        Type::Time => any::<i64>().prop_map(Value::Int).boxed(),
        Type::Duration => any::<u64>().prop_map(|ns| Value::Duration(Duration(ns))).boxed(),
        Type::Optional(inner) => prop_oneof![Just(Value::None), values(inner)].boxed(),
        Type::List(inner) => {
            prop::collection::vec(values(inner), 0..4).prop_map(|items| Value::List(Arc::new(items))).boxed()
        }
        Type::Map(inner) => prop::collection::vec((any::<String>(), values(inner)), 0..4)
            .prop_map(|entries| {
                Value::record(entries.into_iter().map(|(name, value)| (Arc::from(name), value)))
            })
            .boxed(),
        Type::Record(types) => records(types).prop_map(|fields| Value::Record(Arc::from(fields))).boxed(),
        Type::Enum(of) => {
            let of = of.clone();
            (0..of.variants.len())
                .prop_flat_map(move |at| {
                    let (name, types) = of.variants[at].clone();
                    records(&types).prop_map(move |fields| Value::Variant(Arc::new((name.clone(), fields))))
                })
                .boxed()
        }
    }
}

fn records(types: &[FieldType]) -> BoxedStrategy<Vec<(Arc<str>, Value)>> {
    let names: Vec<Arc<str>> = types.iter().map(|field| field.name.clone()).collect();
    let parts: Vec<BoxedStrategy<Value>> = types.iter().map(|field| values(&field.ty)).collect();
    parts.prop_map(move |parts| names.iter().cloned().zip(parts).collect()).boxed()
}

/// The type with one part wider or narrower, as a next version may have it.
fn altered(ty: &Type, how: u8) -> Type {
    let inner = |of: &Arc<Type>| Arc::new(altered(of, how));
    match (ty, how % 8) {
        (Type::Record(fields), 0) => {
            let mut fields = fields.to_vec();
            fields.push(FieldType { name: Arc::from("z"), ty: Type::Optional(Arc::new(Type::Text)) });
            Type::Record(Arc::new(fields))
        }
        (Type::Record(fields), 1) => Type::Record(Arc::new(fields.iter().skip(1).cloned().collect())),
        (Type::Record(fields), _) => {
            let field =
                |field: &FieldType| FieldType { name: field.name.clone(), ty: altered(&field.ty, how) };
            Type::Record(Arc::new(fields.iter().map(field).collect()))
        }
        (Type::Enum(of), 0 | 1) => {
            let variants = of.variants.iter().skip(usize::from(how % 8)).cloned().collect();
            Type::Enum(Arc::new(EnumType { name: Arc::from("F"), variants }))
        }
        (Type::List(of), _) => Type::List(inner(of)),
        (Type::Map(of), 3) => Type::List(inner(of)),
        (Type::Map(of), _) => Type::Map(inner(of)),
        (Type::Optional(of), 4) => Type::clone(of),
        (Type::Optional(of), _) => Type::Optional(inner(of)),
        (Type::Int(..), 5) => Type::Decimal,
        (Type::Int(..), 6) => Type::Int(0, 300),
        (Type::Time, 5) => Type::INT,
        (Type::Uuid, 5) => Type::Text,
        (Type::Text, 5) => Type::Uuid,
        (ty, 2) => Type::Optional(Arc::new(ty.clone())),
        (_, 7) => Type::Any,
        (ty, _) => ty.clone(),
    }
}

#[test]
fn a_type_accepts_another_by_its_values() {
    let number = |least, most| Type::Int(least, most);
    let record = |ty: &Type| Type::Record(Arc::new(fields(vec![ty.clone()])));
    for (want, have, expected) in [
        (Type::INT, number(0, 255), ""),
        (number(0, 255), Type::INT, "Int where u8 is expected"),
        (Type::Float, Type::INT, ""),
        (Type::INT, Type::Float, "Float where Int is expected"),
        (Type::Text, Type::Uuid, ""),
        (Type::Uuid, Type::Text, "String where Uuid is expected"),
        (Type::Any, Type::Bool, ""),
        (Type::Bool, Type::Any, "Any where Bool is expected"),
        (Type::Optional(Arc::new(Type::Bool)), Type::Bool, ""),
        (Type::Bool, Type::Optional(Arc::new(Type::Bool)), "Bool? where Bool is expected"),
        (record(&Type::INT), Type::empty(), "`f0`: a field that is missing"),
        (record(&Type::Optional(Arc::new(Type::INT))), Type::empty(), ""),
        (Type::empty(), record(&Type::INT), "`f0`: a field that is not expected"),
        (record(&Type::Text), record(&Type::INT), "`f0`: Int where String is expected"),
        (Type::Map(Arc::new(Type::INT)), record(&Type::INT), ""),
    ] {
        let said = accepts(&want, &have).err().map(|unlike| unlike.to_string()).unwrap_or_default();
        assert_eq!(said, expected, "{} from {}", type_name(&want), type_name(&have));
    }
}

proptest! {
    #[test]
    fn what_a_type_accepts_fits_it(
        (have, value, how) in (types(), any::<u8>()).prop_flat_map(|(ty, how)| {
            let of = values(&ty);
            (Just(ty), of, Just(how))
        })
    ) {
        let want = altered(&have, how);
        prop_assert_eq!(accepts(&have, &have), Ok(()));
        if accepts(&want, &have).is_ok() {
            prop_assert!(fit(value.clone(), &want).is_ok(), "{:?} from {:?}: {:?}", want, have, value);
        }
    }

    #[test]
    fn a_value_of_a_type_fits_it_and_comes_back_from_json(
        (ty, value) in types().prop_flat_map(|ty| { let of = values(&ty); (Just(ty), of) })
    ) {
        prop_assert_eq!(fit(value.clone(), &ty), Ok(value.clone()));
        let text = to_text(&value);
        let back = from_text(&text, &ty);
        prop_assert_eq!(back.as_ref(), Ok(&value), "{}", text);
        prop_assert_eq!(to_text(&back.unwrap()), text);
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,60}", ty in types()) {
        let _ = from_text(&text, &ty);
    }

    #[test]
    fn bytes_come_back_from_hexadecimal(bytes in any::<Vec<u8>>()) {
        prop_assert_eq!(unhex(&hex(&bytes)), Some(bytes));
    }
}

fn record(fields: &[(&str, Type)]) -> Type {
    let mut fields: Vec<FieldType> =
        fields.iter().map(|(name, ty)| FieldType { name: Arc::from(*name), ty: ty.clone() }).collect();
    fields.sort();
    Type::Record(Arc::new(fields))
}

fn verdict() -> Type {
    let reason = FieldType { name: Arc::from("reason"), ty: Type::Text };
    Type::Enum(Arc::new(EnumType {
        name: Arc::from("Verdict"),
        variants: vec![(Arc::from("Yes"), vec![]), (Arc::from("No"), vec![reason])],
    }))
}

/// What reading a text as a type gives: the value written again, or the misfit.
#[track_caller]
fn check(ty: &Type, text: &str, expected: &str) {
    let found = match from_text(text, ty) {
        Ok(value) => to_text(&value),
        Err(Unread::Misfit(misfit)) => misfit.to_string(),
        Err(Unread::Syntax { line, column, .. }) => format!("not JSON at {line}:{column}"),
    };
    assert_eq!(found, expected, "{text} as {}", type_name(ty));
}

#[test]
fn json_is_read_by_type() {
    let list = |ty| Type::List(Arc::new(ty));
    let optional = |ty| Type::Optional(Arc::new(ty));
    let line = record(&[("amount", Type::INT), ("note", optional(Type::Text))]);
    check(&Type::Any, r#"{"b": [1, 2.5, null], "a": "x"}"#, r#"{"a":"x","b":[1,2.5,null]}"#);
    check(&Type::Any, "9223372036854775807", "9223372036854775807");
    check(
        &Type::Any,
        "9223372036854775808",
        "expected a number from -9223372036854775808 to 9223372036854775807",
    );
    check(&Type::INT, "1.0", "expected Int, found Float");
    check(&Type::Int(0, 255), "256", "expected a number from 0 to 255");
    check(&Type::Float, "1", "1.0");
    check(&Type::Decimal, "\"12.50\"", "\"12.50\"");
    check(&Type::Decimal, "12.5", "\"12.5\"");
    check(&Type::Decimal, "\"twelve\"", "expected a decimal number such as 12.50");
    check(&Type::Duration, "\"90s\"", "\"90s\"");
    check(&Type::Duration, "5", "expected Duration, found Int");
    check(&Type::Duration, "\"5 parsecs\"", "expected a duration such as 5s");
    check(&Type::Bytes, "\"00FF\"", "\"00ff\"");
    check(&Type::Bytes, "\"0\"", "expected an even number of hexadecimal digits");
    check(&Type::Uuid, "\"x\"", "expected a UUID");
    check(&line, r#"{"amount": 1}"#, r#"{"amount":1,"note":null}"#);
    check(&line, r#"{"amount": "1"}"#, "`amount`: expected Int, found String");
    check(&line, "{}", "`amount`: missing");
    check(&line, r#"{"amount": 1, "nota": "x"}"#, "`nota`: no such field");
    check(&list(line), r#"[{"amount": 1}, {"amount": []}]"#, "`[1].amount`: expected Int, found List");
    check(&verdict(), "\"Yes\"", "\"Yes\"");
    check(&verdict(), r#"{"No": {"reason": "late"}}"#, r#"{"No":{"reason":"late"}}"#);
    check(&verdict(), "\"No\"", "`No.reason`: missing");
    check(&verdict(), "\"Maybe\"", "no variant `Maybe`");
    check(&verdict(), "[]", "expected Verdict, found List");
    check(
        &Type::Map(Arc::new(list(optional(Type::Int(0, 255))))),
        "3",
        "expected Map<String, List<u8?>>, found Int",
    );
    check(&Type::Text, "\n \"x", "not JSON at 2:3");
}

#[test]
fn deep_values_are_refused_not_followed() {
    let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    check(&Type::Any, &deep, &format!("`{}`: nested deeper than 64", "[0]".repeat(65)));
    let deeper = "[".repeat(100_000);
    assert!(matches!(from_text(&deeper, &Type::Any), Err(Unread::Syntax { .. })));
}

#[test]
fn durations_are_numbers_with_a_unit() {
    for (text, ns) in [
        ("0ms", Some(0)),
        ("17ns", Some(17)),
        ("2h", Some(7_200_000_000_000)),
        ("7d", Some(604_800_000_000_000)),
    ] {
        assert_eq!(duration(text).map(|span| span.0), ns);
        assert_eq!(duration(text).map(|span| span.to_string()).as_deref(), Some(text));
    }
    for text in ["", "5", "s", "5x", "-5s", "1.5s", "99999999999999999999s", "9999999999d"] {
        assert_eq!(duration(text), None, "{text}");
    }
}
