//! Bytes: round trips, refusals, and the promise that what is accepted runs.

use std::sync::Arc;

use proptest::prelude::{ProptestConfig, any, prop, proptest};

use crate::base::limits;
use crate::base::random::Random;
use crate::base::time::Duration;
use crate::base::ty::{EnumType, FieldType, Type};
use crate::base::value::Value;
use crate::bytecode::codec::{decode, encode, hash};
use crate::bytecode::program::{Mark, Message, Program};
use crate::bytecode::sample::every_op;
use crate::diag::source::{SourceId, Span};

/// A program with every opcode, every kind of value and every type.
fn rich() -> Program {
    let [mut program, _] = every_op();
    let field = |name: &str, ty| FieldType { name: name.into(), ty };
    let record =
        Type::Record(Arc::new(vec![field("a", Type::INT), field("b", Type::Optional(Arc::new(Type::Uuid)))]));
    let variants = vec![("None".into(), vec![]), ("Some".into(), vec![field("x", Type::Decimal)])];
    let types = [
        Type::Bool,
        Type::Int(-5, 300),
        Type::Float,
        Type::Text,
        Type::Bytes,
        Type::Time,
        Type::Duration,
        Type::List(Arc::new(record.clone())),
        Type::Map(Arc::new(Type::Any)),
        Type::Enum(Arc::new(EnumType { name: "E".into(), variants })),
    ];
    for (at, ty) in types.into_iter().enumerate() {
        let name = format!("T{at}").into();
        program.messages.push(Message { name, kind: program.messages[0].kind, ty });
    }
    program.constants.extend([
        Value::None,
        Value::Bool(false),
        Value::Bool(true),
        Value::Int(i64::MIN),
        Value::Float(-0.5),
        Value::Decimal("-1.50".parse().unwrap()),
        Value::Duration(Duration(u64::MAX)),
        Value::Bytes(Arc::from([0_u8, 255])),
        Value::List(Arc::new(vec![Value::Int(1), Value::text("ä")])),
        Value::record([(Arc::from("k"), Value::None)]),
        Value::Variant(Arc::new(("V".into(), vec![("f".into(), Value::Int(1))]))),
    ]);
    program.roles[1].member = Some(("B".into(), 7));
    program.debug.marks = vec![Mark { at: 0, span: Span::new(SourceId(1), 2, 300) }];
    program.debug.slots = vec!["x".into()];
    program
}

#[test]
fn what_is_encoded_decodes_to_the_same() {
    let program = rich();
    let bytes = encode(&program);
    assert_eq!(decode(&bytes), Ok(program.clone()));
    assert_eq!(encode(&program), bytes);
}

#[test]
fn the_hash_is_of_what_it_does() {
    let program = rich();
    let mut same = program.clone();
    same.debug.marks.clear();
    assert_eq!(hash(&same), hash(&program));
    let mut other = program.clone();
    other.messages[0].name = "Other".into();
    assert_ne!(hash(&other), hash(&program));
    assert_eq!(hash(&program).to_string().len(), 64);
}

#[test]
fn bytes_that_are_no_program_are_refused() {
    let bytes = encode(&rich());
    let check = |bytes: &[u8], expected: &str| {
        assert_eq!(decode(bytes).map_err(|rejection| rejection.to_string()), Err(expected.to_owned()));
    };
    check(b"", "E0301: this is no program");
    check(b"LABX\x01", "E0301: this is no program");
    check(b"LABN\x01", "E0302: the program has version 1, and version 2 is known");
    check(&bytes[..bytes.len() - 1], "E0301: the program is cut off");
    check(&[bytes.as_slice(), b"x"].concat(), "E0301: something follows the program");
    check(&vec![0; limits::PROGRAM_BYTES_MAX + 1], "E0307: 16777217 bytes, at most 16777216");
    // A length that is only claimed.
    check(b"LABN\x02\xff\xff\xff\xff\x0fx", "E0301: the program is cut off");
    // The same number, written longer.
    check(
        &[&bytes[..4], b"\x82\x00", &bytes[5..]].concat(),
        "E0301: the program is not encoded as this version does it",
    );
}

#[test]
fn every_cut_is_refused() {
    let bytes = encode(&rich());
    for end in 0..bytes.len() {
        assert!(decode(&bytes[..end]).is_err(), "{end}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = decode(&[b"LABN\x01", bytes.as_slice()].concat());
    }
}

/// Bytes are changed at random; what is still accepted is linked and run, with random answers.
#[test]
fn what_is_accepted_runs() {
    let [a, b] = every_op();
    let mut random = Random::new(1);
    let (mut accepted, mut ran) = (0_u32, 0_u32);
    for _ in 0..30_000 {
        let mut halves = [a.clone(), b.clone()];
        let at = random.below(2) as usize;
        let mut bytes = encode(&halves[at]);
        for _ in 0..=random.below(3) {
            let place = random.below(bytes.len() as u64) as usize;
            bytes[place] = if random.below(2) == 0 { random.bits() as u8 } else { random.below(12) as u8 };
        }
        let Ok(program) = decode(&bytes) else { continue };
        accepted += 1;
        halves[at] = program;
        ran += u32::from(crate::machine::drive::drive(halves.to_vec(), &mut random));
    }
    assert!(accepted > 1_000 && ran > 500, "{accepted} accepted, {ran} ran");
}
