//! Tokens: narrowing only narrows, several grant what all grant, what is not in order grants nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;

use crate::base::limits::{TOKEN_BLOCKS_MAX, TOKEN_TEXT_MAX};
use crate::base::value::Value;
use crate::guard::receipt::Public;
use crate::guard::token::{
    Authority, Bounds, Fault, NAME, Revoked, Situation, Token, Unverified, Wallet, fact_data,
};
use crate::journal::{Context, Device, Epoch, Journal, Name, Place};

const NAMES: [&str; 4] = ["a:one", "a:two", "b:one", "b:two:more"];
const CONTEXTS: [&str; 2] = ["home", "work"];
const DEVICES: [&str; 2] = ["Ann", "Bob"];

fn authority(at: u8) -> Authority {
    Authority::from_secret(&[at; 32]).unwrap()
}

fn public(at: u8) -> Public {
    authority(at).public().unwrap()
}

/// The names of a table at which a bit stands.
fn chosen(names: &[&str], bits: u8) -> BTreeSet<String> {
    let of = names.iter().enumerate().filter(|(at, _)| bits & (1 << at) != 0);
    of.map(|(_, name)| (*name).to_owned()).collect()
}

fn rights(bits: u8) -> Bounds {
    Bounds { capabilities: Some(chosen(&NAMES, bits)), ..Bounds::default() }
}

fn mint(bounds: &Bounds) -> Unverified {
    authority(1).mint(bounds, &[2; 32]).unwrap()
}

fn verified(token: &Unverified) -> Token {
    token.verify(&[public(1)]).unwrap()
}

fn wallet(tokens: &[Token]) -> Wallet {
    let mut wallet = Wallet::new(NAMES.map(Arc::from));
    for device in DEVICES {
        wallet.hold(&Device::new(device).unwrap(), tokens.to_vec());
    }
    wallet
}

fn bits(wallet: &mut Wallet, context: &str, device: &str, epoch: u64) -> u128 {
    let (context, device) = (Context::new(context).unwrap(), Device::new(device).unwrap());
    wallet.bits(&Situation { context: &context, device: &device, epoch: Epoch(epoch) })
}

/// What tokens grant in every situation.
fn everywhere(tokens: &[Token]) -> Vec<u128> {
    let mut wallet = wallet(tokens);
    let mut all = Vec::new();
    for context in CONTEXTS {
        for device in DEVICES {
            all.extend((0..3).map(|epoch| bits(&mut wallet, context, device, epoch)));
        }
    }
    all
}

/// Bounds as bits; what is 0 bounds nothing.
type Shape = (u8, u8, u8, Option<u64>);

fn bounds((names, contexts, devices, until): Shape) -> Bounds {
    let of = |table: &[&str], bits: u8| Some(chosen(table, bits)).filter(|set| !set.is_empty());
    Bounds {
        capabilities: of(&NAMES, names),
        contexts: of(&CONTEXTS, contexts),
        devices: of(&DEVICES, devices),
        until,
    }
}

/// What bounds let through, told from their meaning alone.
fn meant((names, contexts, devices, until): Shape) -> Vec<u128> {
    let open = |bits: u8, at: usize| bits == 0 || bits & (1 << at) != 0;
    let mut all = Vec::new();
    for context in 0..CONTEXTS.len() {
        for device in 0..DEVICES.len() {
            for epoch in 0..3 {
                let fits = open(contexts, context)
                    && open(devices, device)
                    && until.is_none_or(|last| epoch <= last);
                let names = (0..NAMES.len()).filter(|at| fits && open(names, *at));
                all.push(names.fold(0, |all, at| all | 1 << at));
            }
        }
    }
    all
}

fn shape() -> impl Strategy<Value = Shape> {
    (0_u8..16, 0_u8..4, 0_u8..4, proptest::option::of(0_u64..3))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// Each narrowing grants in every situation a part of what was granted before, and exactly what both allow; several
    /// tokens grant what all of them grant.
    #[test]
    fn attenuation_only_narrows(first in shape(), steps in proptest::collection::vec(shape(), 0..3), other in 1_u8..16) {
        let first = (first.0.max(1), first.1, first.2, first.3);
        let mut token = mint(&bounds(first));
        let mut expected = meant(first);
        let mut before = everywhere(&[verified(&token)]);
        prop_assert_eq!(&before, &expected);
        for (at, step) in steps.into_iter().enumerate() {
            let bounds = bounds(step);
            match token.narrow(&bounds, &[at as u8 + 3; 32]) {
                Ok(narrowed) => token = Unverified::read(&narrowed.text().unwrap()).unwrap(),
                Err(fault) => {
                    prop_assert_eq!((fault, bounds), (Fault::Empty, Bounds::default()));
                    continue;
                }
            }
            expected = expected.iter().zip(meant(step)).map(|(have, next)| have & next).collect();
            let now = everywhere(&[verified(&token)]);
            prop_assert!(now.iter().zip(&before).all(|(now, before)| now & !before == 0));
            prop_assert_eq!(&now, &expected);
            before = now;
        }
        let both = everywhere(&[verified(&token), verified(&mint(&rights(other)))]);
        let wanted: Vec<u128> = expected.iter().map(|bits| bits & u128::from(other)).collect();
        prop_assert_eq!(both, wanted);
    }

    /// A token of which a character was changed, or that is not whole, is none that anybody has signed; or else, where only its
    /// wrapping was changed, it is the same token and grants the same.
    #[test]
    fn what_was_changed_grants_nothing_else(at in any::<usize>(), by in 1_usize..64, cut in any::<usize>()) {
        const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let held = mint(&rights(5)).narrow(&rights(1), &[9; 32]).unwrap();
        let (held, whole) = (verified(&held), held.text().unwrap());
        let digits: Vec<usize> = (0..whole.len()).filter(|at| whole.as_bytes()[*at] != b'=').collect();
        let at = digits[at % digits.len()];
        let mut text = whole.clone().into_bytes();
        let digit = DIGITS.iter().position(|digit| *digit == text[at]).unwrap();
        text[at] = DIGITS[(digit + by) % DIGITS.len()];
        let read = |text: &str| Unverified::read(text).and_then(|token| token.verify(&[public(1)]));
        if let Ok(same) = read(&String::from_utf8(text).unwrap()) {
            prop_assert_eq!(same.ids(), held.ids());
            prop_assert_eq!(everywhere(&[same]), everywhere(&[held]));
        }
        prop_assert!(read(&whole[..digits[cut % digits.len()]]).is_err());
    }
}

#[test]
fn a_token_is_not_shown() {
    let token = mint(&rights(5));
    let shown = format!("{token:?} {:?} {:?}", verified(&token), wallet(&[verified(&token)]));
    assert!(!shown.contains("[2, 2, 2") && !shown.contains("Secret"), "{shown}");
}

#[test]
fn an_authority_that_is_not_known_grants_nothing() {
    let token = mint(&rights(1));
    assert_eq!(token.verify(&[public(7)]).err(), Some(Fault::Unsigned));
    assert_eq!(token.verify(&[]).err(), Some(Fault::Unsigned));
    assert!(token.verify(&[public(7), public(1)]).is_ok());
}

#[test]
fn a_device_without_tokens_may_do_nothing() {
    assert_eq!(bits(&mut wallet(&[]), "home", "Ann", 0), 0);
    assert_eq!(bits(&mut Wallet::new(NAMES.map(Arc::from)), "home", "Ann", 0), 0);
}

#[test]
fn tokens_are_evaluated_once_for_each_situation() {
    let mut wallet = wallet(&[verified(&mint(&rights(3)))]);
    for _ in 0..5 {
        assert_eq!(bits(&mut wallet, "home", "Ann", 0), 3);
    }
    assert_eq!(wallet.evaluations(), 1);
    bits(&mut wallet, "home", "Ann", 1);
    bits(&mut wallet, "work", "Ann", 0);
    assert_eq!(wallet.evaluations(), 3);
    let ann = Device::new("Ann").unwrap();
    wallet.hold(&ann, vec![verified(&mint(&rights(1)))]);
    assert_eq!(bits(&mut wallet, "home", "Ann", 0), 1);
    let (context, epoch) = (Context::new("home").unwrap(), Epoch(0));
    let names: Vec<Arc<str>> = wallet.granted(&Situation { context: &context, device: &ann, epoch });
    assert_eq!(names, [Arc::from("a:one")]);
}

/// A journal in which somebody takes a block of a token back, in the context `home`.
fn taken_back(token: &Token, block: usize, by: &str) -> (Journal, BTreeSet<Device>) {
    let name = Name::parse(NAME).unwrap();
    let place = Place { context: Context::new("home").unwrap(), namespace: name.namespace };
    let mut journal = Journal::new();
    let set = journal.open(&place).unwrap();
    let data = fact_data(&token.ids()[block]);
    journal.append(set, name.key.clone(), data, Device::new(by).unwrap(), Epoch(0)).unwrap();
    journal.append(set, name.key, Value::Int(3), Device::new("Ann").unwrap(), Epoch(0)).unwrap();
    (journal, [Device::new("Ann").unwrap()].into())
}

#[test]
fn a_fact_takes_back_a_token_and_what_was_made_of_it_in_its_context() {
    let whole = mint(&rights(3));
    let narrowed = whole.narrow(&rights(1), &[4; 32]).unwrap();
    let home = Context::new("home").unwrap();
    let check = |held: &Unverified, block: usize, by: &str, expected: [u128; 2]| {
        let (journal, granters) = taken_back(&verified(&narrowed), block, by);
        let mut wallet = wallet(&[verified(held)]);
        bits(&mut wallet, "home", "Ann", 0);
        wallet.revoke(&home, Revoked::of(&journal.of(&home), &granters));
        assert_eq!(CONTEXTS.map(|context| bits(&mut wallet, context, "Ann", 0)), expected);
    };
    check(&narrowed, 0, "Ann", [0, 1]);
    check(&narrowed, 1, "Ann", [0, 1]);
    check(&whole, 0, "Ann", [0, 3]);
    // The block that narrows is not in the whole token.
    check(&whole, 1, "Ann", [3, 3]);
    // Nobody asks Bob.
    check(&whole, 0, "Bob", [3, 3]);
}

#[test]
fn limits_and_nothing_are_refused() {
    assert_eq!(authority(1).mint(&Bounds::default(), &[2; 32]).err(), Some(Fault::Empty));
    assert_eq!(authority(1).mint(&rights(0), &[2; 32]).err(), Some(Fault::Empty));
    let mut token = mint(&rights(1));
    for at in 1..TOKEN_BLOCKS_MAX {
        token = token.narrow(&rights(1), &[at as u8; 32]).unwrap();
    }
    assert_eq!(token.narrow(&rights(1), &[99; 32]).err(), Some(Fault::Sealed));
    assert_eq!(Unverified::read(&"A".repeat(TOKEN_TEXT_MAX + 1)).err(), Some(Fault::Unreadable));
    assert!(!format!("{:?}", authority(1)).contains(&"01".repeat(8)));
}

/// Rules that a stranger writes cost no more than the limits allow, and grant nothing.
#[test]
fn a_token_that_is_too_costly_grants_nothing() {
    use biscuit_auth::builder::{Algorithm, BiscuitBuilder};
    use biscuit_auth::{KeyPair, PrivateKey};
    let key = KeyPair::from(&PrivateKey::from_bytes(&[1; 32], Algorithm::Ed25519).unwrap());
    let many: String = (0..40).map(|at| format!("n({at}); ")).collect();
    let code = format!("right(\"a:one\"); {many} pair($a, $b) <- n($a), n($b);");
    let built = BiscuitBuilder::new().code(code).unwrap().build(&key).unwrap();
    let token = verified(&Unverified::read(&built.to_base64().unwrap()).unwrap());
    let (context, device) = (Context::new("home").unwrap(), Device::new("Ann").unwrap());
    let situation = Situation { context: &context, device: &device, epoch: Epoch(0) };
    assert_eq!(token.evaluate(&situation, NAMES.into_iter()), Err(Fault::Costly));
    assert_eq!(bits(&mut wallet(&[token]), "home", "Ann", 0), 0);
}
