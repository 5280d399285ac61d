//! Facts merge like sets, stay in their context, and have one id for one content.
//!
//! What is random: a few contexts, namespaces, keys and devices, so that facts often meet.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::base::limits::{FACT_BYTES_MAX, FACT_ORDER_MAX, NAME_BYTES_MAX, NESTING_MAX};
use crate::base::tests::{types, values};
use crate::base::value::Value;
use crate::base::weight::Excess;
use crate::journal::{
    Context, Device, Epoch, Fact, Heading, Journal, Key, Misnomer, Name, Namespace, Place, Refusal, Set,
    canon,
};

/// Cases of each named invariant.
const CASES: u32 = 2_000;

pub(crate) fn context(name: &str) -> Context {
    Context::new(name).unwrap()
}

pub(crate) fn device(name: &str) -> Device {
    Device::new(name).unwrap()
}

fn key(name: &str) -> Key {
    Key::new(name).unwrap()
}

fn place(context: &str, namespace: &str) -> Arc<Place> {
    let namespace = Namespace::new(namespace).unwrap();
    Arc::new(Place { context: Context::new(context).unwrap(), namespace })
}

fn heading(place: &Arc<Place>, key: Key, device: Device) -> Arc<Heading> {
    Arc::new(Heading::new(place.clone(), key, device))
}

fn at(name: &str, by: &str) -> Arc<Heading> {
    heading(&place("x", "m"), key(name), device(by))
}

/// Data of which no two are equal.
fn data() -> impl Strategy<Value = Value> {
    prop_oneof![
        (0..3_i64).prop_map(Value::Int),
        types()
            .prop_flat_map(|ty| values(&ty))
            .prop_filter("small", |data| { crate::base::weight::weigh(data, 0).is_ok() }),
    ]
}

/// A fact of a place, one of few.
fn facts_of(place: &Arc<Place>) -> impl Strategy<Value = Fact> + use<> {
    let place = place.clone();
    let parts = ("[a-c]?", data(), "[A-C]", 0..3_u64, 0..4_u64);
    parts.prop_map(move |(key, data, device, epoch, order)| {
        let (key, device) = (Key::new(key).unwrap(), Device::new(device).unwrap());
        Fact::new(heading(&place, key, device), data, Epoch(epoch), order).unwrap()
    })
}

fn facts() -> impl Strategy<Value = Fact> {
    ("[xy]", "[mn]").prop_flat_map(|(context, namespace)| facts_of(&place(&context, &namespace)))
}

fn set_of(facts: &[Fact]) -> Set {
    let mut set = Set::new(place("x", "m"));
    for fact in facts {
        set.insert(fact.clone()).unwrap();
    }
    set
}

fn sets() -> impl Strategy<Value = Set> {
    prop::collection::vec(facts_of(&place("x", "m")), 0..8).prop_map(|facts| set_of(&facts))
}

fn merged(a: &Set, b: &Set) -> Set {
    let mut union = a.clone();
    union.merge(b).unwrap();
    union
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn merges_of_facts_are_associative_commutative_idempotent(a in sets(), b in sets(), c in sets()) {
        prop_assert_eq!(merged(&a, &merged(&b, &c)), merged(&merged(&a, &b), &c));
        prop_assert_eq!(merged(&a, &b), merged(&b, &a));
        prop_assert_eq!(merged(&a, &a), a.clone());
        let union = merged(&a, &b);
        let ids: BTreeSet<_> = a.ids().union(&b.ids()).copied().collect();
        prop_assert_eq!(union.ids(), ids);
        prop_assert_eq!(union.len(), union.ids().len());
        prop_assert_eq!(union.bytes(), union.facts().map(Fact::bytes).sum::<usize>());
        prop_assert!(union.facts().is_sorted());
    }

    #[test]
    fn the_order_in_which_facts_come_does_not_matter(
        (facts, shuffled) in prop::collection::vec(facts_of(&place("x", "m")), 0..12)
            .prop_flat_map(|facts| (Just(facts.clone()), Just(facts).prop_shuffle()))
    ) {
        let (set, other) = (set_of(&facts), set_of(&shuffled));
        prop_assert_eq!(&set, &other);
        // What is reduced depends on the order of the steps, so this says that the order is the same.
        let ids = |set: &Set| set.reduce(Vec::new(), |mut ids, fact| { ids.push(fact.id()); ids });
        prop_assert_eq!(ids(&set), ids(&other));
    }

    /// However facts stand in chunks, a set is what it would be in one row.
    #[test]
    fn chunks_are_not_seen(
        said in prop::collection::vec((0..40_u64, "[A-C]", any::<bool>()), 0..80), drop in 0..4_u64,
    ) {
        let (mut set, mut row) = (Set::new(place("x", "m")), BTreeSet::new());
        for (order, by, append) in &said {
            if *append {
                row.insert(set.append(key("k"), Value::None, device(by), Epoch(0)).unwrap().clone());
            } else {
                let fact = Fact::new(at("k", by), Value::None, Epoch(order % 3), *order).unwrap();
                prop_assert_eq!(set.insert(fact.clone()), Ok(row.insert(fact)));
            }
            prop_assert!(set.facts().eq(&row));
            prop_assert_eq!(set.len(), row.len());
        }
        let (less, more): (Vec<_>, Vec<_>) = row.iter().cloned().partition(|fact| fact.order() % 4 < drop);
        prop_assert_eq!(&merged(&set_of(&less), &set_of(&more)), &set);
        let newest = row.iter().map(Fact::epoch).max().unwrap_or_default();
        set.supersede(|_| Some(()));
        prop_assert!(set.facts().eq(row.iter().filter(|fact| fact.epoch() == newest)));
    }

    #[test]
    fn a_delta_is_what_another_set_lacks(a in sets(), b in sets()) {
        let delta = a.delta(&b).unwrap();
        let lacks: BTreeSet<_> = a.ids().difference(&b.ids()).copied().collect();
        prop_assert_eq!(delta.ids(), lacks);
        prop_assert_eq!(&delta, &a.delta_of_ids(&b.ids()));
        prop_assert_eq!(merged(&b, &delta), merged(&a, &b));
        prop_assert_eq!(delta.bytes(), delta.facts().map(Fact::bytes).sum::<usize>());
    }

    #[test]
    fn facts_are_equal_where_their_bytes_and_ids_are(a in facts(), b in facts()) {
        let bytes = |fact: &Fact| {
            let mut bytes = Vec::new();
            canon::fact(fact, &mut bytes);
            bytes
        };
        prop_assert_eq!(a == b, bytes(&a) == bytes(&b));
        prop_assert_eq!(a == b, a.id() == b.id());
        prop_assert_eq!(a.bytes(), bytes(&a).len());
        prop_assert_eq!(a.clone().id(), a.id());
    }

    /// No cross-context fact: whatever is appended and merged, a view shows what was said in its context.
    #[test]
    fn no_fact_crosses_contexts(
        said in prop::collection::vec(("[xyz]", "[mn]", "[AB]", 0..5_i64, any::<bool>()), 0..24),
        exchanged in prop::collection::vec(("[xyz]", any::<bool>()), 0..6),
    ) {
        let (mut here, mut there) = (Journal::new(), Journal::new());
        for (context, namespace, by, number, at_here) in &said {
            let journal = if *at_here { &mut here } else { &mut there };
            let set = journal.open(&place(context, namespace)).unwrap();
            // The data says where it was said.
            let data = Value::text(&format!("{context}/{namespace}/{number}"));
            journal.append(set, key(""), data, device(by), Epoch(0)).unwrap();
        }
        for (name, to_here) in &exchanged {
            let (from, to) = if *to_here { (&there, &mut here) } else { (&here, &mut there) };
            to.merge(&from.of(&context(name))).unwrap();
        }
        for (journal, is_here) in [(&here, true), (&there, false)] {
            for name in ["x", "y", "z"] {
                let name = context(name);
                let view = journal.of(&name);
                let shown: Vec<&Fact> = view.sets().flat_map(Set::facts).collect();
                for fact in &shown {
                    prop_assert_eq!(&fact.place().context, &name);
                    let from = format!("{}/{}/", name, fact.place().namespace);
                    let Value::Text(data) = fact.data() else { panic!("{fact:?}") };
                    prop_assert!(data.starts_with(&from), "{} in {}", data, from);
                }
                let local = said.iter().filter(|(at, .., here)| *at == name.as_str() && *here == is_here);
                let came = exchanged.iter().any(|(at, here)| *at == name.as_str() && *here == is_here);
                prop_assert!(shown.len() == local.clone().count() || came);
                prop_assert!(shown.len() >= local.count());
            }
        }
    }

    #[test]
    fn sets_of_different_places_do_not_merge(
        a in prop::collection::vec(facts(), 1..4), b in prop::collection::vec(facts(), 1..4)
    ) {
        let set = |facts: &[Fact]| {
            let mut set = Set::new(facts[0].place().clone());
            let at = set.place().clone();
            for fact in facts {
                let expected = if fact.place().context != at.context {
                    Some(Refusal::Context)
                } else if fact.place() != &at {
                    Some(Refusal::Namespace)
                } else {
                    None
                };
                assert_eq!(set.insert(fact.clone()).err(), expected);
            }
            assert!(set.facts().all(|fact| fact.place() == &at));
            set
        };
        let (a, b) = (set(&a), set(&b));
        let mut union = a.clone();
        let expected = match (a.place() == b.place(), a.place().context == b.place().context) {
            (true, _) => None,
            (false, true) => Some(Refusal::Namespace),
            (false, false) => Some(Refusal::Context),
        };
        prop_assert_eq!(union.merge(&b).err(), expected);
        prop_assert_eq!(a.delta(&b).err(), expected);
        if expected.is_some() {
            prop_assert_eq!(union, a);
        }
    }
}

#[test]
fn an_appended_fact_comes_after_what_its_device_has_seen() {
    let mut set = Set::new(place("x", "m"));
    let say = |set: &mut Set, by: &str, number| {
        set.append(key("k"), Value::Int(number), device(by), Epoch(1)).unwrap().order()
    };
    assert_eq!((say(&mut set, "B", 1), say(&mut set, "B", 2)), (1, 2));
    let mut other = set.clone();
    assert_eq!((say(&mut set, "B", 3), say(&mut other, "A", 4), say(&mut other, "A", 5)), (3, 3, 4));
    assert_eq!(set.merge(&other), Ok(2));
    assert_eq!(say(&mut set, "A", 6), 5);
    let numbers: Vec<_> = set.facts().map(Fact::data).cloned().collect();
    assert_eq!(numbers, [1, 2, 4, 3, 5, 6].map(Value::Int));
    assert_eq!(set.merge(&other), Ok(0));
    assert_eq!(set.of_key(&key("k")).count(), 6);
    assert_eq!(set.of_key(&key("")).count(), 0);
}

#[test]
fn an_id_is_the_same_in_every_version() {
    let data = Value::record([(Arc::from("n"), Value::Decimal(Decimal::new(150, 2)))]);
    let fact = Fact::new(at("k", "A"), data, Epoch(1), 2).unwrap();
    assert_eq!(fact.id().to_string(), "ecdf85328f0d8365a761730a433c0fcb95928737331ee620cc45603d4573045e");
    let data = Value::record([(Arc::from("n"), Value::Decimal(Decimal::new(15, 1)))]);
    let same = Fact::new(at("k", "A"), data, Epoch(1), 2).unwrap();
    assert_eq!((&same, same.id()), (&fact, fact.id()));
    // No part can take a letter from the next one.
    let fact = |key_name: &str, by: &str| Fact::new(at(key_name, by), Value::None, Epoch(0), 1).unwrap().id();
    assert_ne!(fact("ab", "c"), fact("a", "bc"));
}

#[test]
fn what_is_too_large_or_unknown_is_no_fact() {
    let fact = |data, order| Fact::new(at("k", "A"), data, Epoch(0), order).err();
    let text = |bytes: usize| Value::text(&"x".repeat(bytes));
    let least = Fact::new(at("k", "A"), text(0), Epoch(0), 1).unwrap().bytes();
    assert_eq!(fact(text(FACT_BYTES_MAX - least), 1), None);
    assert_eq!(fact(text(FACT_BYTES_MAX - least + 1), 1), Some(Refusal::Bytes));
    let deep = |depth| (0..depth).fold(Value::None, |inner, _| Value::List(Arc::new(vec![inner])));
    assert_eq!(fact(deep(NESTING_MAX), 1), None);
    assert_eq!(fact(deep(NESTING_MAX + 1), 1), Some(Refusal::Large(Excess::Depth)));
    assert_eq!(fact(Value::Opaque(1), 1), Some(Refusal::Unknown));
    assert_eq!(fact(Value::record([(Arc::from("a"), Value::Opaque(1))]), 1), Some(Refusal::Unknown));
    assert_eq!(fact(Value::None, FACT_ORDER_MAX), None);
    assert_eq!(fact(Value::None, FACT_ORDER_MAX + 1), Some(Refusal::Order));
    let mut set = Set::new(place("x", "m"));
    let last = Fact::new(at("k", "A"), text(0), Epoch(0), FACT_ORDER_MAX);
    set.insert(last.unwrap()).unwrap();
    assert_eq!(set.append(key("k"), text(0), device("A"), Epoch(0)).err(), Some(Refusal::Order));
}

#[test]
fn names_are_short_texts() {
    let long = "x".repeat(NAME_BYTES_MAX + 1);
    assert_eq!(Context::new(&long[1..]).map(|name| name.to_string()), Ok(long[1..].to_owned()));
    assert_eq!(Context::new(long.as_str()), Err(Misnomer::Long));
    assert_eq!(Context::new(""), Err(Misnomer::Empty));
    assert_eq!(Device::new("a\nb"), Err(Misnomer::Character));
    assert_eq!(Namespace::new("a/b"), Err(Misnomer::Character));
    let shown = |text: &str| Name::parse(text).map(|name| format!("{} {} {name}", name.namespace, name.key));
    assert_eq!(shown("approval/proposed"), Ok("approval proposed approval/proposed".to_owned()));
    assert_eq!(shown("approval/a/b"), Ok("approval a/b approval/a/b".to_owned()));
    assert_eq!(shown("approval"), Ok("approval  approval".to_owned()));
    assert_eq!(shown("/proposed"), Err(Misnomer::Empty));
}
