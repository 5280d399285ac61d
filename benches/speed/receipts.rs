//! What receipts cost: on the way of a message one row, away from it a hash, a signature, a judgement.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant as Clock;

use laban::base::time::Instant;
use laban::base::value::Value;
use laban::config::guards::read;
use laban::diag::source::SourceId;
use laban::engine::Engine;
use laban::engine::event::What;
use laban::engine::input::{Input, Opening};
use laban::guard::receipt::{
    Booking, Charged, Directory, Fit, Frame, Heads, Key, Keys, Receipt, Receiver, Signed, View, payload_hash,
    sign,
};
use laban::guard::{Policy, Table};
use laban::journal::{Context, Device, Epoch};
use laban::machine::Cast;

use crate::programs;

const ROUNDS: usize = 5;
/// Receipts of one round.
const COUNT: usize = 4_096;

/// Nanoseconds of each step.
pub(crate) struct Costs {
    /// A message of the ping-pong whose row is booked and taken, and one that needs none.
    pub(crate) booked: f64,
    pub(crate) plain: f64,
    /// The hash of a receipt, and of a small record as payload.
    pub(crate) hash: f64,
    /// Hashes, chain and signature.
    pub(crate) sign: f64,
    /// Everything a receiver looks at.
    pub(crate) judge: f64,
}

struct Any;

impl View for Any {
    fn fit(&self, _: &Receipt, _: &Value) -> Fit {
        Fit::Fits
    }
}

fn names() -> Option<(Context, Device, Device)> {
    Some((Context::new("local").ok()?, Device::new("Proposer").ok()?, Device::new("Guardian[1]").ok()?))
}

pub(crate) fn costs() -> Option<Costs> {
    let (context, src, dst) = names()?;
    let payload = Value::record([("id".into(), Value::text("p-17")), ("amount".into(), Value::Int(250))]);
    let row = |at: usize| {
        let charge = Charged {
            context: context.clone(),
            src: src.clone(),
            dst: dst.clone(),
            session: 1,
            label: Arc::from("ProposalRequest"),
            hop: 0,
            epoch: Epoch(0),
            cost: 10,
            nonce: at as u64 + 1,
        };
        Booking { charge, payload: payload.clone() }
    };
    let rows: Vec<Booking> = (0..COUNT).map(row).collect();
    let key = Key::stand_in(0, &src);
    let (mut keys, mut directory) = (Keys::default(), Directory::new());
    directory.enter(src.clone(), key.public());
    keys.enter(src.clone(), key);
    let signed = sign(&rows, &mut Heads::default(), &keys).ok()?;
    let bytes: Vec<[Vec<u8>; 1]> = signed.iter().map(|signed| [signed.to_bytes()]).collect();
    let hash = best(|| {
        for Signed { receipt, .. } in &signed {
            black_box((receipt.hash(), payload_hash(&payload)));
        }
    });
    let sign = best(|| {
        black_box(sign(&rows, &mut Heads::default(), &keys).is_ok());
    });
    let judge = best(|| {
        let mut receiver = Receiver::new(dst.clone(), directory.clone());
        black_box(receiver.open(&context, &src, &dst, Epoch(0)).is_ok());
        for (row, receipts) in rows.iter().zip(&bytes) {
            let Booking { charge: Charged { context, src, session, label, .. }, payload } = row;
            let frame =
                Frame { context, origin: src, peer: src, session: *session, label, payload, receipts };
            black_box(receiver.take(&frame, &Any).is_ok());
        }
        assert_eq!(receiver.accepted(), COUNT as u64);
    });
    let count = COUNT as f64;
    let plain = message("none")?;
    let booked = message("required")?;
    Some(Costs { booked, plain, hash: hash / count, sign: sign / count, judge: judge / count })
}

/// The best of a few rounds, in nanoseconds.
fn best(mut act: impl FnMut()) -> f64 {
    let once = |act: &mut dyn FnMut()| {
        let start = Clock::now();
        act();
        start.elapsed().as_secs_f64() * 1e9
    };
    (0..ROUNDS).map(|_| once(&mut act)).fold(f64::MAX, f64::min)
}

/// A message of the ping-pong under a profile, its row taken after each `handle` where it leaves one.
fn message(receipt: &str) -> Option<f64> {
    let text = format!(
        "protocol: PingPong\ndefaults: {{ capabilities: [], receipt: {receipt} }}\nbudgets: [{{ limit: 1000000000000000 }}]\n"
    );
    let policy = Policy { profile: read(SourceId(0), &text, None).0?, ..Policy::fresh() };
    let cast = programs::ping_pong();
    let each = sent(&cast, &policy)?;
    let mut engine = Engine::new();
    let number = engine.deploy_under(cast.clone(), Table::new(cast.programs(), &policy).ok()?)?;
    engine.handle(Instant(0), Input::Open(Opening::new(0, number)));
    let handles = 40;
    let took = best(|| {
        for _ in 0..handles {
            engine.handle(Instant(0), Input::Tick);
            while let Some(row) = engine.poll_booking() {
                black_box(row);
            }
        }
    });
    while let Some(effect) = engine.poll_effect() {
        black_box(effect);
    }
    Some(took / (each * f64::from(handles)))
}

/// The messages of one `handle`.
fn sent(cast: &Arc<Cast>, policy: &Policy) -> Option<f64> {
    let mut engine = Engine::new();
    engine.subscribe(true);
    let number = engine.deploy_under(cast.clone(), Table::new(cast.programs(), policy).ok()?)?;
    engine.handle(Instant(0), Input::Open(Opening::new(0, number)));
    while engine.poll_event().is_some() {}
    while engine.poll_booking().is_some() {}
    engine.handle(Instant(0), Input::Tick);
    let events = std::iter::from_fn(|| engine.poll_event());
    Some(events.filter(|event| matches!(event.what, What::Sent { .. })).count() as f64)
}
