//! Receipts under every kind of trouble: replayed, forged, foreign, truncated, out of their chain, out of their route; only
//! those that come in another order are believed.
//!
//! Each property runs 1,000 cases over random chains. What was refused must leave the receiver as it was, so the true
//! receipt is believed afterwards.

use proptest::prelude::*;

use crate::base::limits::{HOPS_MAX, RECEIPT_CHAINS_MAX, RECEIPT_WINDOW};
use crate::base::value::Value;
use crate::guard::receipt::{
    Booking, Charged, Directory, Fit, Frame, Full, Hash, Heads, Key, Keys, Public, Receipt, Receiver,
    Refusal, Signature, Signed, Unsigned, View, genesis, payload_hash, sign,
};
use crate::journal::{Context, Device, Epoch};

/// The view of everybody here: a message costs its length and may be sent by all, but `Secret` by nobody.
struct Lengths;

impl View for Lengths {
    fn fit(&self, receipt: &Receipt, _: &Value) -> Fit {
        match &*receipt.charge.label {
            "Secret" => Fit::Unable,
            label if label.len() as u64 == receipt.charge.cost => Fit::Fits,
            _ => Fit::Costs,
        }
    }
}

const LABELS: [&str; 4] = ["Ask", "Offer", "Accept", "Withdraw"];

fn context(at: usize) -> Context {
    Context::new(["home", "work"][at]).unwrap()
}

fn device(at: usize) -> Device {
    Device::new(format!("device {at}")).unwrap()
}

fn key(at: usize) -> Key {
    Key::from_seed(&[at as u8 + 1; 32])
}

fn keys(count: usize) -> Keys {
    let mut keys = Keys::default();
    (0..count).for_each(|at| keys.enter(device(at), key(at)));
    keys
}

fn directory(count: usize) -> Directory {
    let mut directory = Directory::new();
    (0..count).for_each(|at| directory.enter(device(at), key(at).public()));
    directory
}

/// A row of device 0 toward device 1.
fn row(context: &Context, nonce: u64, label: &str, payload: i64) -> Booking {
    let charge = Charged {
        context: context.clone(),
        src: device(0),
        dst: device(1),
        session: 7,
        label: label.into(),
        hop: 0,
        epoch: Epoch(3),
        cost: label.len() as u64,
        nonce,
    };
    Booking { charge, payload: Value::Int(payload) }
}

/// A row in which something else was charged.
fn but(row: &Booking, change: impl FnOnce(&mut Charged)) -> Booking {
    let mut other = row.clone();
    change(&mut other.charge);
    other
}

/// The rows of one chain, a label and a payload each.
fn rows(context: &Context, said: &[(usize, i64)]) -> Vec<Booking> {
    let of = |(at, (label, payload)): (usize, &(usize, i64))| {
        row(context, at as u64 + 1, LABELS[*label], *payload)
    };
    said.iter().enumerate().map(of).collect()
}

fn signed(rows: &[Booking]) -> Vec<Signed> {
    sign(rows, &mut Heads::default(), &keys(4)).unwrap()
}

/// Device 1, which knows what comes from device 0 in both contexts.
fn receiver() -> Receiver {
    let mut receiver = Receiver::new(device(1), directory(4));
    for at in 0..2 {
        receiver.open(&context(at), &device(0), &device(1), Epoch(3)).unwrap();
    }
    receiver
}

/// Shows a receiver a row's message with these bytes for its receipt.
fn show(receiver: &mut Receiver, row: &Booking, bytes: Vec<u8>) -> Result<(), Refusal> {
    let receipts = [bytes];
    let frame = Frame {
        context: &row.charge.context,
        origin: &row.charge.src,
        peer: &row.charge.src,
        session: row.charge.session,
        label: &row.charge.label,
        payload: &row.payload,
        receipts: &receipts,
    };
    receiver.take(&frame, &Lengths).map(|_| ())
}

/// How often a receiver has refused for this reason, and for any.
fn refused(receiver: &Receiver, wanted: Refusal) -> (u64, u64) {
    let of = |reason| receiver.refused().filter(|(have, _)| *have == reason).map(|(_, count)| count).sum();
    (of(wanted), receiver.refused().map(|(_, count)| count).sum())
}

fn said(most: usize) -> impl Strategy<Value = Vec<(usize, i64)>> {
    proptest::collection::vec((0..LABELS.len(), any::<i64>()), 1..most)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// What was signed is believed in any order in which nothing falls out of the window, and once.
    #[test]
    fn reordering_is_legal_and_replay_is_not(
        said in said(12),
        order in proptest::collection::vec(any::<u32>(), 12),
        again in any::<usize>(),
    ) {
        let rows = rows(&context(0), &said);
        let signed = signed(&rows);
        let mut places: Vec<usize> = (0..rows.len()).collect();
        places.sort_by_key(|at| order[*at]);
        let mut receiver = receiver();
        for (done, at) in places.iter().enumerate() {
            prop_assert_eq!(show(&mut receiver, &rows[*at], signed[*at].to_bytes()), Ok(()));
            let before = places[again % (done + 1)];
            let replayed = show(&mut receiver, &rows[before], signed[before].to_bytes());
            prop_assert_eq!(replayed, Err(Refusal::Replayed));
        }
        let count = rows.len() as u64;
        prop_assert_eq!(receiver.accepted(), count);
        prop_assert_eq!(refused(&receiver, Refusal::Replayed), (count, count));
    }

    /// A receipt of which anything was changed, or that another key has signed, is not believed.
    #[test]
    fn a_forged_receipt_is_refused(said in said(6), at in any::<usize>(), part in 0..12, by in 1_u64..1 << 40) {
        let rows = rows(&context(0), &said);
        let signed = signed(&rows);
        let at = at % rows.len();
        let mut row = rows[at].clone();
        let mut forged = signed[at].clone();
        let Receipt { charge, prev, payload } = &mut forged.receipt;
        let Charged { session, hop, epoch, cost, nonce, .. } = charge;
        match part {
            0 => *session += by,
            1 => *hop += 1,
            2 => *epoch = Epoch(epoch.0 + by),
            3 => *cost += by,
            4 => *nonce += by,
            5 => prev.0[by as usize % 32] ^= 1,
            6 => payload.0[by as usize % 32] ^= 1,
            7 => forged.receipt.charge.context = context(1),
            8 => forged.receipt.charge.label = "Else".into(),
            9 => forged.receipt.charge.dst = device(2),
            10 => forged.signature.0[by as usize % 64] ^= 1,
            // Somebody who is known, but not who the receipt says.
            _ => forged.signature = key(2).sign(&forged.receipt.bytes()),
        }
        // The forger says of the message what the receipt says.
        row.charge.context = forged.receipt.charge.context.clone();
        row.charge.session = forged.receipt.charge.session;
        row.charge.label = forged.receipt.charge.label.clone();
        let mut receiver = receiver();
        let verdict = show(&mut receiver, &row, forged.to_bytes());
        let expected = match part {
            1 => Refusal::Hops,
            2 => Refusal::Epoch,
            9 => Refusal::Foreign,
            _ => Refusal::Forged,
        };
        prop_assert_eq!(verdict, Err(expected));
        prop_assert_eq!(refused(&receiver, expected), (1, 1));
        prop_assert_eq!(show(&mut receiver, &rows[at], signed[at].to_bytes()), Ok(()));
    }

    /// A receipt is for one context, peer, receiver, session, message and payload.
    #[test]
    fn a_foreign_receipt_is_refused(said in said(6), at in any::<usize>(), part in 0..7, by in 1_u64..1 << 40) {
        let rows = rows(&context(0), &said);
        let signed = signed(&rows);
        let at = at % rows.len();
        let mut row = rows[at].clone();
        let mut receiver = receiver();
        let expected = match part {
            0 => { row.charge.context = context(1); Refusal::Foreign }
            1 => { row.charge.src = device(2); Refusal::Foreign }
            2 => { row.charge.session += by; Refusal::Foreign }
            3 => { row.charge.label = "Else".into(); Refusal::Foreign }
            4 => { row.payload = Value::text(&by.to_string()); Refusal::Payload }
            5 => {
                receiver = Receiver::new(device(2), directory(4));
                receiver.open(&context(0), &device(0), &device(1), Epoch(3)).unwrap();
                Refusal::Foreign
            }
            // A receiver that has not opened the relationship, though it knows the key.
            _ => { receiver = Receiver::new(device(1), directory(4)); Refusal::Foreign }
        };
        prop_assert_eq!(show(&mut receiver, &row, signed[at].to_bytes()), Err(expected));
        prop_assert_eq!(refused(&receiver, expected), (1, 1));
        if part < 5 {
            prop_assert_eq!(show(&mut receiver, &rows[at], signed[at].to_bytes()), Ok(()));
        }
    }

    /// Bytes that are not all there, or too many, are no receipt; a bit that fell over makes none that is believed.
    #[test]
    fn a_truncated_receipt_is_refused(said in said(4), cut in any::<usize>(), more in 1_usize..40, bit in any::<usize>()) {
        let rows = rows(&context(0), &said);
        let signed = signed(&rows);
        let mut receiver = receiver();
        for (row, signed) in rows.iter().zip(&signed) {
            let bytes = signed.to_bytes();
            prop_assert_eq!(Signed::read(&bytes), Ok(signed.clone()));
            let short = bytes[..cut % bytes.len()].to_vec();
            prop_assert_eq!(show(&mut receiver, row, short), Err(Refusal::Unreadable));
            let mut long = bytes.clone();
            long.resize(bytes.len() + more, 0);
            prop_assert_eq!(show(&mut receiver, row, long), Err(Refusal::Unreadable));
            let mut turned = bytes.clone();
            turned[bit / 8 % bytes.len()] ^= 1 << (bit % 8);
            prop_assert!(show(&mut receiver, row, turned).is_err());
            prop_assert_eq!(show(&mut receiver, row, bytes), Ok(()));
        }
    }

    /// Each chain begins at a place of its own and goes on by itself, however contexts take turns; a receipt that follows
    /// one of another context is refused though its own sender has signed it.
    #[test]
    fn chains_are_never_shared_across_contexts(
        said in proptest::collection::vec((0..LABELS.len(), any::<i64>(), 0_usize..2), 2..14),
    ) {
        let mut counts = [0; 2];
        let rows: Vec<Booking> = said.iter().map(|(label, payload, at)| {
            counts[*at] += 1;
            row(&context(*at), counts[*at], LABELS[*label], *payload)
        }).collect();
        let together = signed(&rows);
        for at in 0..2 {
            let own = |signed: &&Signed| signed.receipt.charge.context == context(at);
            let of: Vec<Signed> = together.iter().filter(own).cloned().collect();
            let alone: Vec<Booking> = rows.iter().filter(|row| row.charge.context == context(at)).cloned().collect();
            prop_assert_eq!(&of, &signed(&alone));
            let first = genesis(&context(at), &device(0), &device(1), Epoch(3));
            prop_assert_ne!(first, genesis(&context(1 - at), &device(0), &device(1), Epoch(3)));
            let mut before = first;
            for signed in &of {
                prop_assert_eq!(signed.receipt.prev, before);
                before = signed.receipt.hash();
            }
            let other = |signed: &&Signed| signed.receipt.charge.context == context(1 - at);
            let hashes: Vec<Hash> = together.iter().filter(other).map(|signed| signed.receipt.hash()).collect();
            prop_assert!(of.iter().all(|signed| !hashes.contains(&signed.receipt.prev)));
            // The sender carries the chain of the other context on here.
            if let (Some(mine), Some(hash)) = (of.first(), hashes.last()) {
                let receipt = Receipt { prev: *hash, ..mine.receipt.clone() };
                let crossed = Signed { signature: key(0).sign(&receipt.bytes()), receipt };
                let verdict = show(&mut receiver(), &alone[0], crossed.to_bytes());
                prop_assert_eq!(verdict, Err(Refusal::Chain));
            }
        }
    }

    /// However rows are cut into batches, the receipts are the same.
    #[test]
    fn signing_depends_on_rows_and_keys_only(said in said(14), cuts in proptest::collection::vec(1_usize..5, 14)) {
        let rows = rows(&context(0), &said);
        let (mut heads, mut parts) = (Heads::default(), Vec::new());
        let mut left = rows.as_slice();
        for cut in cuts {
            let (batch, rest) = left.split_at(cut.min(left.len()));
            parts.extend(sign(batch, &mut heads, &keys(4)).unwrap());
            left = rest;
        }
        let mut whole = Heads::default();
        prop_assert_eq!(sign(&rows, &mut whole, &keys(4)).unwrap(), parts);
        prop_assert_eq!(heads, whole);
    }

    /// Over several hops every receipt is there, in order, each from where the one before it went, and only once.
    #[test]
    fn a_route_is_believed_whole_or_not_at_all(hops in 1..=HOPS_MAX, payload in any::<i64>(), part in 0..6, at in any::<usize>()) {
        let rows: Vec<Booking> = (0..hops).map(|hop| {
            let (src, dst) = (device(hop), device(hop + 1));
            but(&row(&context(0), 1, "Offer", payload), |charge| (charge.src, charge.dst, charge.hop) = (src, dst, hop as u16))
        }).collect();
        let signed: Vec<Vec<u8>> =
            sign(&rows, &mut Heads::default(), &keys(hops)).unwrap().iter().map(Signed::to_bytes).collect();
        let mut receiver = Receiver::new(device(hops), directory(hops));
        for row in &rows {
            receiver.open(&row.charge.context, &row.charge.src, &row.charge.dst, Epoch(3)).unwrap();
        }
        let (origin, peer, context, payload) = (device(0), device(hops - 1), context(0), Value::Int(payload));
        let frame = |receipts| Frame { context: &context, origin: &origin, peer: &peer, session: 7, label: "Offer", payload: &payload, receipts };
        let mut broken = signed.clone();
        let at = at % hops;
        match part {
            0 => { broken.remove(at); }
            1 => broken.insert(at, broken[at].clone()),
            2 => broken.swap(at, (at + 1) % hops),
            3 => *broken[at].last_mut().unwrap() ^= 1,
            4 => broken.truncate(at),
            _ => broken.extend_from_within(at..),
        }
        if broken != signed {
            prop_assert!(receiver.take(&frame(&broken), &Lengths).is_err());
        }
        prop_assert_eq!(receiver.accepted(), 0);
        let hashes = receiver.take(&frame(&signed), &Lengths).map(|all| all.len());
        prop_assert_eq!(hashes, Ok(hops));
        prop_assert_eq!(receiver.take(&frame(&signed), &Lengths), Err(Refusal::Replayed));
    }
}

#[test]
fn hops_that_are_signed_but_not_joined_are_no_route() {
    let hop = |src: usize, dst: usize, hop| {
        let offer = row(&context(0), 1, "Offer", 4);
        but(&offer, |charge| (charge.src, charge.dst, charge.hop) = (device(src), device(dst), hop))
    };
    let check = |rows: &[Booking], origin: usize, expected| {
        let mut receiver = Receiver::new(device(3), directory(4));
        rows.iter().for_each(|row| {
            receiver.open(&row.charge.context, &row.charge.src, &row.charge.dst, Epoch(3)).unwrap();
        });
        let receipts: Vec<Vec<u8>> = signed(rows).iter().map(Signed::to_bytes).collect();
        let (origin, peer, context, payload) = (device(origin), device(2), context(0), Value::Int(4));
        let (context, origin, peer, payload) = (&context, &origin, &peer, &payload);
        let frame = Frame { context, origin, peer, session: 7, label: "Offer", payload, receipts: &receipts };
        assert_eq!(receiver.take(&frame, &Lengths).map(|_| ()), expected);
    };
    check(&[hop(0, 2, 0), hop(2, 3, 1)], 0, Ok(()));
    check(&[hop(0, 1, 0), hop(2, 3, 1)], 0, Err(Refusal::Hops));
    check(&[hop(0, 2, 0), hop(2, 3, 1)], 1, Err(Refusal::Hops));
    check(&[hop(0, 2, 0), hop(2, 3, 2)], 0, Err(Refusal::Hops));
    check(&[hop(2, 2, 0), hop(2, 3, 1)], 2, Err(Refusal::Hops));
}

#[test]
fn the_window_is_as_wide_as_it_says_and_remembers_no_more() {
    let said: Vec<(usize, i64)> = (0..2 * RECEIPT_WINDOW as i64).map(|at| (0, at)).collect();
    let rows = rows(&context(0), &said);
    let signed = signed(&rows);
    let mut receiver = receiver();
    let newest = RECEIPT_WINDOW + 3;
    assert_eq!(show(&mut receiver, &rows[newest], signed[newest].to_bytes()), Ok(()));
    // The oldest that is still in the window, and the one behind it.
    assert_eq!(show(&mut receiver, &rows[4], signed[4].to_bytes()), Ok(()));
    assert_eq!(show(&mut receiver, &rows[3], signed[3].to_bytes()), Err(Refusal::Replayed));
    // What leaves the window is not forgotten into being fresh.
    let last = rows.len() - 1;
    assert_eq!(show(&mut receiver, &rows[last], signed[last].to_bytes()), Ok(()));
    assert_eq!(show(&mut receiver, &rows[4], signed[4].to_bytes()), Err(Refusal::Replayed));
}

#[test]
fn a_chain_has_one_continuation() {
    let rows = rows(&context(0), &[(0, 1), (1, 2), (2, 3)]);
    let signed = signed(&rows);
    let mut receiver = receiver();
    for at in [0, 2] {
        assert_eq!(show(&mut receiver, &rows[at], signed[at].to_bytes()), Ok(()));
    }
    // The sender tells another story between two receipts that are known.
    let other = Booking { payload: Value::Int(9), ..rows[1].clone() };
    let receipt = Receipt { payload: payload_hash(&other.payload), ..signed[1].receipt.clone() };
    let forked = Signed { signature: key(0).sign(&receipt.bytes()), receipt };
    assert_eq!(show(&mut receiver, &other, forked.to_bytes()), Err(Refusal::Chain));
    assert_eq!(show(&mut receiver, &rows[1], signed[1].to_bytes()), Ok(()));
}

#[test]
fn a_new_epoch_begins_a_chain_and_an_old_one_does_not_come_back() {
    let old = rows(&context(0), &[(0, 1), (1, 2)]);
    let new = but(&row(&context(0), 1, "Ask", 5), |charge| charge.epoch = Epoch(4));
    let all = [&old[..], std::slice::from_ref(&new)].concat();
    let signed = signed(&all);
    let mut receiver = receiver();
    assert_eq!(show(&mut receiver, &old[0], signed[0].to_bytes()), Ok(()));
    assert_eq!(show(&mut receiver, &new, signed[2].to_bytes()), Err(Refusal::Epoch), "not begun yet");
    for epoch in [4, 3] {
        receiver.open(&context(0), &device(0), &device(1), Epoch(epoch)).unwrap();
    }
    assert_eq!(show(&mut receiver, &new, signed[2].to_bytes()), Ok(()));
    assert_eq!(show(&mut receiver, &old[1], signed[1].to_bytes()), Err(Refusal::Epoch));
    let mut heads = Heads::default();
    sign(&all, &mut heads, &keys(4)).unwrap();
    assert_eq!(sign(&[but(&old[0], |charge| charge.nonce = 3)], &mut heads, &keys(4)), Err(Unsigned::Gap));
}

#[test]
fn what_the_receiver_thinks_of_right_and_cost_counts() {
    let mut receiver = receiver();
    let check = |receiver: &mut Receiver, label, cost, expected| {
        let row = but(&row(&context(0), 1, label, 1), |charge| charge.cost = cost);
        let bytes = signed(std::slice::from_ref(&row))[0].to_bytes();
        assert_eq!(show(receiver, &row, bytes), expected);
    };
    check(&mut receiver, "Secret", 6, Err(Refusal::Capability));
    check(&mut receiver, "Ask", 2, Err(Refusal::Cost));
    check(&mut receiver, "Ask", 3, Ok(()));
}

#[test]
fn what_has_no_key_no_predecessor_or_no_room_is_not_signed() {
    let mut heads = Heads::default();
    let rows = rows(&context(0), &[(0, 1), (1, 2)]);
    let foreign = but(&rows[0], |charge| charge.src = device(9));
    let long = but(&rows[1], |charge| charge.label = "x".repeat(5_000).into());
    for (batch, why) in [
        (vec![rows[0].clone(), foreign], Unsigned::Key),
        (vec![rows[0].clone(), long], Unsigned::Large),
        (vec![rows[1].clone()], Unsigned::Gap),
        (vec![rows[0].clone(), rows[0].clone()], Unsigned::Gap),
    ] {
        assert_eq!(sign(&batch, &mut heads, &keys(4)), Err(why));
        assert_eq!(heads, Heads::default(), "nothing of the batch is signed");
    }
}

#[test]
fn a_receiver_needs_a_receipt_a_key_and_room() {
    let row = row(&context(0), 1, "Ask", 1);
    let bytes = signed(std::slice::from_ref(&row))[0].to_bytes();
    let mut receiver = Receiver::new(device(1), Directory::new());
    receiver.open(&context(0), &device(0), &device(1), Epoch(3)).unwrap();
    assert_eq!(show(&mut receiver, &row, bytes), Err(Refusal::Key));
    let (me, payload) = (device(0), Value::None);
    let bare = Frame {
        context: &context(0),
        origin: &me,
        peer: &me,
        session: 7,
        label: "Ask",
        payload: &payload,
        receipts: &[],
    };
    assert_eq!(receiver.take(&bare, &Lengths), Err(Refusal::Missing));
    for at in 1..RECEIPT_CHAINS_MAX {
        assert_eq!(receiver.open(&context(1), &device(at), &device(1), Epoch(1)), Ok(()));
    }
    assert_eq!(receiver.open(&context(0), &device(1), &device(1), Epoch(1)), Err(Full));
}

#[test]
fn keys_that_fit_every_text_are_none_and_secrets_are_not_shown() {
    let mut neutral = [0; 32];
    neutral[0] = 1;
    assert_eq!(Public::from_bytes(&neutral), None);
    let key = key(0);
    assert!(!key.public().verifies(b"text", &Signature([0; 64])));
    let shown = format!("{key:?}");
    assert!(!shown.contains("0101010101"), "{shown}");
}
