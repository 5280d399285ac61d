//! Built-in effects, generated payloads and choices, scripts.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;

use crate::base::builtin::OPERATIONS;
use crate::base::fit::fit;
use crate::base::json::{from_text, to_text};
use crate::base::limits::{
    CONSOLE_LINES_MAX, FACT_BYTES_MAX, FACTS_QUERIED_MAX, GENERATED_PARTS_MAX, RANDOM_BYTES_MAX,
    STORAGE_ENTRIES_MAX,
};
use crate::base::random::Random;
use crate::base::tests::types;
use crate::base::time::{Duration, Instant};
use crate::base::ty::{FieldType, Type};
use crate::base::value::Value;
use crate::config::script;
use crate::diag::source::SourceId;
use crate::effect::call::{Answer, FailureKind};
use crate::effect::facts::{self, Facts};
use crate::effect::generated::Generated;
use crate::effect::participant::Participant;
use crate::effect::payload::invent;
use crate::effect::scripted::Scripted;
use crate::effect::world::{Reply, Request, World};
use crate::journal::{Context, Device, Epoch, Journal, Name, Place, View};

proptest! {
    #[test]
    fn an_invented_value_fits_its_type(ty in types(), seed: u64) {
        let value = invent(&ty, &mut Random::new(seed)).unwrap();
        prop_assert_eq!(fit(value.clone(), &ty), Ok(value.clone()));
        prop_assert_eq!(invent(&ty, &mut Random::new(seed)), Some(value));
    }

    #[test]
    fn every_label_is_taken_in_the_end(seed: u64, count in 1..6usize) {
        let labels: Vec<Arc<str>> = (0..count).map(|at| Arc::from(format!("l{at}"))).collect();
        let mut generated = Generated::new(seed);
        let taken: BTreeSet<u16> = (0..3 + 4 * count).map(|_| match generated.decide(&Arc::from("A"), "c", &labels) {
            Answer::Label(label) => label,
            other => panic!("{other:?}"),
        }).collect();
        prop_assert_eq!(taken.len(), count);
    }
}

#[test]
fn a_type_whose_every_value_is_huge_has_no_invented_value() {
    let mut ty = Type::Bool;
    for _ in 0..40 {
        let field = |name: &str| FieldType { name: Arc::from(name), ty: ty.clone() };
        ty = Type::Record(Arc::new(vec![field("a"), field("b")]));
    }
    assert_eq!(invent(&ty, &mut Random::new(0)), None);
}

#[test]
fn roles_do_not_change_each_others_answers() {
    let (a, b) = (Arc::from("A"), Arc::from("B"));
    let mut alone = Generated::new(7);
    let mut beside = Generated::new(7);
    for _ in 0..5 {
        beside.produce(&b, "M", "A", &Type::Text);
        assert_eq!(alone.produce(&a, "M", "B", &Type::Text), beside.produce(&a, "M", "B", &Type::Text));
    }
}

/// The facts of one context, said by one device.
struct Shelf(Journal);

impl Shelf {
    fn context() -> &'static Context {
        static CONTEXT: std::sync::OnceLock<Context> = std::sync::OnceLock::new();
        CONTEXT.get_or_init(|| Context::new("x").unwrap())
    }
}

impl Facts for Shelf {
    fn append(&mut self, name: Name, data: Value) -> Result<(), String> {
        let place = Place { context: Self::context().clone(), namespace: name.namespace };
        let set = self.0.open(&place).unwrap();
        let device = Device::new("A").unwrap();
        let said = self.0.append(set, name.key, data, device, Epoch::default());
        said.map(|_| ()).map_err(|refusal| refusal.to_string())
    }

    fn view(&self) -> Option<View<'_>> {
        Some(self.0.of(Self::context()))
    }
}

/// One operation, its arguments as JSON, and its answer as JSON or the failure.
fn perform(world: &mut World, now: u64, call: &str, args: &str, result: &Type) -> String {
    perform_with(world, &mut Shelf(Journal::new()), now, call, args, result)
}

fn perform_with(
    world: &mut World,
    shelf: &mut Shelf,
    now: u64,
    call: &str,
    args: &str,
    result: &Type,
) -> String {
    let (effect, operation) = call.split_once('.').unwrap();
    let args = match from_text(args, &Type::Any).unwrap() {
        Value::Record(fields) => fields.to_vec(),
        other => vec![(Arc::from("0"), other)],
    };
    let args: Vec<_> = args
        .into_iter()
        .map(|(name, value)| match &value {
            Value::Text(text) if text.ends_with('s') && text.starts_with(|c: char| c.is_ascii_digit()) => {
                (name, Value::Duration(crate::base::json::duration(text).unwrap()))
            }
            _ => (name, value),
        })
        .collect();
    let role = Arc::from("A");
    let request = Request { role: &role, effect, operation, args: &args, result };
    let of_journal = facts::perform(shelf, &request).map(|answer| Reply { at: Instant(now), answer });
    match of_journal.or_else(|| world.perform(Instant(now), &request)) {
        None => "none".to_owned(),
        Some(reply) => {
            let later = if reply.at == Instant(now) {
                String::new()
            } else {
                format!(" at {}", Duration(reply.at.0))
            };
            match reply.answer {
                Answer::Value(value) => format!("{}{later}", to_text(&value)),
                Answer::Failed(failure) => format!("{:?}: {}", failure.kind, failure.reason),
                other => format!("{other:?}"),
            }
        }
    }
}

#[test]
fn built_in_effects_answer() {
    let mut world = World::new(0);
    let mut check = |call: &str, args: &str, expected: &str| {
        assert_eq!(perform(&mut world, 2_000_000_000, call, args, &Type::Any), expected, "{call} {args}");
    };
    check("time.now", "{}", "1767225602000");
    check("time.sleep", r#"{"span": "5s"}"#, "null at 7s");
    check("time.deadline", r#"{"0": "5s"}"#, "1767225607000");
    check("time.sleep", "{}", "Permanent: argument `span` of `time.sleep`: expected Duration, found none");
    check("time.noon", "{}", "Permanent: `time` has no operation `noon`");
    check("storage.get", r#"{"key": "k"}"#, "null");
    check("storage.put", r#"{"key": "k", "value": {"n": 1}}"#, "null");
    check("storage.get", r#"{"key": "k"}"#, r#"{"n":1}"#);
    check("storage.compare_and_swap", r#"{"key": "k", "expected": 2, "value": 3}"#, "false");
    check("storage.compare_and_swap", r#"{"key": "k", "expected": {"n": 1}, "value": 3}"#, "true");
    check("storage.put", r#"{"key": "kk", "value": 0}"#, "null");
    check("storage.put", r#"{"key": "l", "value": 0}"#, "null");
    check("storage.list", r#"{"prefix": "k"}"#, r#"["k","kk"]"#);
    check("storage.list", "{}", r#"["k","kk","l"]"#);
    check("storage.delete", r#"{"key": "l"}"#, "true");
    check("storage.delete", r#"{"key": "l"}"#, "false");
    check("crypto.hash", "\"\"", "\"af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262\"");
    check("crypto.sign", "\"x\"", "Permanent: E0420: `crypto.sign` is not there yet");
    check("random.int", r#"{"below": 1}"#, "0");
    check("random.int", "0", "Permanent: `random.int` needs `below` to be 1 or more");
    check("random.bytes", "-1", "Permanent: `random.bytes` gives from 0 to 65536 bytes");
    check("console.log", "\"two\\nlines\"", "null");
    check("console.log", "[1]", "null");
    check("approvals.evaluate", "{}", "none");
    let lines: Vec<&str> = world.lines().iter().map(|line| line.text.as_str()).collect();
    assert_eq!(lines, ["two lines", "[1]"]);
}

#[test]
fn facts_are_said_and_asked_for() {
    let (mut world, mut shelf) = (World::new(0), Shelf(Journal::new()));
    let mut check = |call: &str, args: &str, expected: &str| {
        let answer = perform_with(&mut world, &mut shelf, 0, call, args, &Type::Any);
        assert_eq!(answer, expected, "{call} {args}");
    };
    let (append, query) = ("journal.append", "journal.query");
    let fact = |key: &str, data: &str, order: u32| {
        format!(r#"{{"data":{data},"device":"A","epoch":0,"key":"{key}","order":{order}}}"#)
    };
    check(query, r#"{"namespace": "approval"}"#, "[]");
    check(append, r#"{"namespace": "approval/proposed", "data": {"id": 7}}"#, "null");
    check(append, r#"{"namespace": "approval/voted", "data": true}"#, "null");
    check(append, r#"{"namespace": "audit", "data": 1}"#, "null");
    check(append, r#"{"namespace": "approval", "data": 2}"#, "null");
    let (proposed, voted) = (fact("proposed", r#"{"id":7}"#, 1), fact("voted", "true", 2));
    let bare = fact("", "2", 3);
    check(query, r#"{"namespace": "approval"}"#, &format!("[{proposed},{voted},{bare}]"));
    check(query, r#"{"namespace": "approval/voted"}"#, &format!("[{voted}]"));
    check(query, r#"{"namespace": "approval/"}"#, &format!("[{bare}]"));
    check(query, r#"{"namespace": "audit"}"#, &format!("[{}]", fact("", "1", 1)));
    let name = "needs a name such as `approval` or `approval/proposed`: a name is empty";
    check(append, r#"{"namespace": "", "data": 1}"#, &format!("Permanent: `journal.append` {name}"));
    check(query, r#"{"namespace": "/x"}"#, &format!("Permanent: `journal.query` {name}"));
    let long = format!(r#"{{"namespace": "audit", "data": "{}"}}"#, "x".repeat(FACT_BYTES_MAX));
    check(append, &long, "Permanent: `journal.append`: a fact is larger than the limit");
    check(query, r#"{"namespace": "audit"}"#, &format!("[{}]", fact("", "1", 1)));
    check("journal.forget", "{}", "Permanent: `journal` has no operation `forget`");
    check(query, "{}", "Permanent: argument `namespace` of `journal.query`: expected String, found none");
}

#[test]
fn a_query_gives_only_so_much() {
    let mut shelf = Shelf(Journal::new());
    let role: Arc<str> = Arc::from("A");
    let mut call = |operation: &str, args: &[(Arc<str>, Value)]| {
        let request = Request { role: &role, effect: "journal", operation, args, result: &Type::Any };
        assert!(World::new(0).perform(Instant(0), &request).is_none(), "it is the engine's");
        facts::perform(&mut shelf, &request).unwrap()
    };
    let args = [(Arc::from("namespace"), Value::text("n/k")), (Arc::from("data"), Value::None)];
    for _ in 0..FACTS_QUERIED_MAX {
        assert!(matches!(call("append", &args), Answer::Value(_)));
    }
    let ask = [args[0].clone()];
    let all = call("query", &ask);
    assert!(matches!(&all, Answer::Value(Value::List(items)) if items.len() == FACTS_QUERIED_MAX), "{all:?}");
    call("append", &args);
    assert_eq!(
        shown(call("query", &ask)),
        format!("`journal.query` gives {FACTS_QUERIED_MAX} facts at most; ask for one key")
    );
    let few = [(Arc::from("namespace"), Value::text("n/other"))];
    assert_eq!(shown(call("query", &few)), "[]");
}

#[test]
fn the_world_keeps_only_so_much() {
    let mut world = World::new(0);
    let role: Arc<str> = Arc::from("A");
    let mut put = |key: usize| {
        let args = [(Arc::from("key"), Value::text(&key.to_string())), (Arc::from("value"), Value::None)];
        let request =
            Request { role: &role, effect: "storage", operation: "put", args: &args, result: &Type::Any };
        matches!(world.perform(Instant(0), &request).unwrap().answer, Answer::Value(_))
    };
    assert!((0..STORAGE_ENTRIES_MAX).all(&mut put));
    assert!(!put(STORAGE_ENTRIES_MAX));
    assert!(put(0), "what is there may be changed");
    for _ in 0..=CONSOLE_LINES_MAX {
        perform(&mut world, 0, "console.log", "1", &Type::Any);
    }
    assert_eq!((world.lines().len(), world.lines_lost()), (CONSOLE_LINES_MAX, 1));
    let bytes =
        |world: &mut World, count: usize| perform(world, 0, "random.bytes", &count.to_string(), &Type::Any);
    assert_eq!(bytes(&mut world, RANDOM_BYTES_MAX).len(), 2 * RANDOM_BYTES_MAX + 2);
    assert!(bytes(&mut world, RANDOM_BYTES_MAX + 1).starts_with("Permanent"));
}

#[test]
fn invented_values_have_only_so_many_parts() {
    let flat = |count: usize| {
        let fields = (0..count).map(|at| FieldType { name: Arc::from(format!("{at:05}")), ty: Type::Bool });
        invent(&Type::Record(Arc::new(fields.collect())), &mut Random::new(0)).is_some()
    };
    // The record itself is a part too.
    assert!(flat(GENERATED_PARTS_MAX - 1));
    assert!(!flat(GENERATED_PARTS_MAX));
}

#[test]
fn outcomes_fit_what_the_protocol_declares() {
    let mut world = World::new(0);
    perform(&mut world, 0, "storage.put", r#"{"key": "k", "value": "x"}"#, &Type::Any);
    let found = perform(&mut world, 0, "storage.get", r#"{"key": "k"}"#, &Type::INT);
    assert_eq!(found, "Permanent: the outcome of `storage.get`: expected Int, found String");
    assert_eq!(perform(&mut world, 0, "console.log", "1", &Type::empty()), "{}");
}

#[test]
fn every_operation_of_the_table_is_known_to_the_world() {
    let role: Arc<str> = Arc::from("A");
    for operation in OPERATIONS {
        let mut random = Random::new(1);
        let args: Vec<_> = operation
            .params
            .iter()
            .map(|(name, shape)| {
                let value = match *name {
                    "count" | "below" => Value::Int(3),
                    _ => invent(&shape.ty(), &mut random).unwrap(),
                };
                (Arc::from(*name), value)
            })
            .collect();
        let result = operation.result.ty();
        let request = Request {
            role: &role,
            effect: operation.effect,
            operation: operation.name,
            args: &args,
            result: &result,
        };
        let of_journal = facts::perform(&mut Shelf(Journal::new()), &request);
        let of_world = World::new(1).perform(Instant(0), &request).map(|reply| reply.answer);
        assert!(of_journal.is_none() || of_world.is_none(), "two answer {operation:?}");
        let answer = of_journal.or(of_world).unwrap();
        let there = matches!(answer, Answer::Value(_));
        assert_eq!(there, operation.there, "{operation:?}: {answer:?}");
    }
}

fn scripted(text: &str) -> Scripted {
    let (script, diagnostics) = script::read(SourceId(0), text, None);
    assert_eq!(diagnostics, []);
    Scripted::new(script.unwrap(), Generated::new(0))
}

fn shown(answer: Answer) -> String {
    match answer {
        Answer::Value(value) => to_text(&value),
        Answer::Label(at) => format!("label {at}"),
        Answer::Accepted => "accepted".to_owned(),
        Answer::Failed(failure) => {
            let again = if failure.kind == FailureKind::Recoverable { "retry: " } else { "" };
            format!("{again}{}", failure.reason)
        }
    }
}

#[test]
fn scripts_answer_one_after_another_and_say_where_they_end() {
    let mut script = scripted(
        "roles:\n  G[*]: { produce: { Vote: [{ ok: true }, !retry busy] }, decide: { again: no, \"G#1\": [bee, be] } }\n  \
         G[1]: { observe: { Ask: [accept, refuse] } }\neffects: { desk.open: [1, 2] }\n",
    );
    let (zero, one, two): (Arc<str>, Arc<str>, Arc<str>) =
        (Arc::from("G[0]"), Arc::from("G[1]"), Arc::from("G[2]"));
    let labels: Vec<Arc<str>> = ["a", "bee"].map(Arc::from).to_vec();
    let truth: Vec<Arc<str>> = ["true", "false"].map(Arc::from).to_vec();
    let any = Type::Any;
    assert_eq!(shown(script.produce(&zero, "Vote", "P", &any)), r#"{"ok":true}"#);
    assert_eq!(shown(script.produce(&two, "Vote", "P", &any)), r#"{"ok":true}"#);
    assert_eq!(shown(script.produce(&zero, "Vote", "P", &any)), "retry: busy");
    let end = "the script has run out: it gives `G[0]` 2 answers to produce `Vote`";
    assert_eq!(shown(script.produce(&zero, "Vote", "P", &any)), end);
    let missing = "the script has no answer for `G[0]` to produce `Vota`; it has `Vote`";
    assert_eq!(shown(script.produce(&zero, "Vota", "P", &any)), missing);
    assert_eq!(shown(script.produce(&two, "Vote", "P", &any)), "retry: busy");
    assert_eq!(shown(script.decide(&zero, "again", &truth)), "label 1");
    assert_eq!(shown(script.decide(&zero, "G#1", &labels)), "label 1");
    assert_eq!(shown(script.decide(&zero, "G#1", &labels)), "`G#1` has no label `be`; it has `bee`");
    assert_eq!(shown(script.observe(&one, "Ask", "P", &Value::None)), "accepted");
    assert_eq!(shown(script.observe(&one, "Ask", "P", &Value::None)), "the script refuses it");
    assert_eq!(shown(script.observe(&zero, "Ask", "P", &Value::None)), "accepted");
    let mut open = |role: &Arc<str>, result: &Type| {
        let request = Request { role, effect: "desk", operation: "open", args: &[], result };
        shown(script.perform(&request))
    };
    assert_eq!(open(&zero, &Type::INT), "1");
    assert_eq!(open(&two, &Type::Text), "the script's outcome of `desk.open`: expected String, found Int");
    assert_eq!(
        open(&zero, &Type::INT),
        "the script has run out: it gives `effects` 2 answers to perform `desk.open`"
    );
}

#[test]
fn roles_that_a_script_does_not_name_are_generated_unless_it_says_otherwise() {
    let role: Arc<str> = Arc::from("B");
    let produces =
        |text: &str| matches!(scripted(text).produce(&role, "M", "A", &Type::INT), Answer::Value(_));
    assert!(produces("roles: { A: {} }"));
    assert!(!produces("roles: { B: {} }"));
    assert!(produces("otherwise: generated\nroles: { B: {} }"));
    assert!(!produces("otherwise: fail\nroles: { A: {} }"));
}
