//! Hostile neighbours: programs with damaged bytes, and worlds that answer anything at any time.
//!
//! Over every program of `protocols/`. Whatever comes in is refused or handled, and the same inputs give the same
//! events. Is not: a test of what a session does when its world behaves.

use std::path::Path;
use std::sync::Arc;

use laban::base::random::Random;
use laban::base::time::Instant;
use laban::base::value::Value;
use laban::bytecode::codec::{decode, encode};
use laban::bytecode::program::Program;
use laban::effect::call::{Answer, Call, CallId, Failure, FailureKind, SessionId};
use laban::effect::generated::Generated;
use laban::effect::participant::answer;
use laban::engine::Engine;
use laban::engine::effect::Effect;
use laban::engine::input::{CastId, Input, Opening};
use laban::global::Sizes;
use laban::local::Amend;
use laban::machine::Cast;
use laban::pipeline::Options;

use crate::corpus::judged;
use crate::library::shipped;

/// Changed bytes of one program; all of them in a short one.
const CHANGES: usize = 600;
/// Inputs of one engine.
const INPUTS: usize = 150;

/// The programs of every shipped protocol, with its name.
fn casts() -> Vec<(String, Vec<Program>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let options = Options { sizes: Sizes::default(), amend: Amend::Auto };
    let mut found = Vec::new();
    for path in shipped() {
        let text = std::fs::read_to_string(root.join(&path)).unwrap();
        let (front, ..) = judged("shipped.choreo", &text, root, &options);
        for which in &front.choreographies {
            found.push((which.name.clone(), front.build(which, &options).programs));
        }
    }
    found
}

/// Some value, of no kind in particular.
fn value(random: &mut Random) -> Value {
    match random.below(6) {
        0 => Value::None,
        1 => Value::Bool(random.below(2) == 0),
        2 => Value::Int(random.bits() as i64),
        3 => Value::text("x"),
        4 => Value::List(Arc::new(vec![Value::Int(1), Value::None])),
        _ => Value::record(Vec::new()),
    }
}

/// Some answer to a call: often the right one.
fn some_answer(call: &Call, random: &mut Random) -> Answer {
    let kind = if random.below(2) == 0 { FailureKind::Recoverable } else { FailureKind::Permanent };
    match random.below(12) {
        0 => Answer::Value(value(random)),
        1 => Answer::Label(random.below(5) as u16),
        2 => Answer::Accepted,
        3 => Answer::Failed(Failure { kind, reason: "no".to_owned() }),
        _ => answer(&mut Generated::new(random.bits()), call),
    }
}

/// An engine with these programs under inputs that a seed decides: everything that it gave, as text.
fn driven(programs: &[Program], seed: u64) -> Vec<String> {
    let Ok(cast) = Cast::link(programs.to_vec()) else { return Vec::new() };
    let mut random = Random::new(seed);
    let mut engine = Engine::new();
    engine.subscribe(true);
    let cast = engine.deploy(Arc::new(cast)).unwrap();
    let (mut calls, mut sessions): (Vec<Call>, Vec<SessionId>) = Default::default();
    let mut given = Vec::new();
    for _ in 0..INPUTS {
        let now = Instant(random.below(1 << 40) as _);
        let pick = random.bits() as usize;
        let input = match random.below(10) {
            0 | 1 => {
                let mut opening = Opening::new(random.below(9), cast);
                if random.below(8) == 0 {
                    opening.cast = CastId(random.below(3) as u32);
                    opening.params.push(("nothing".into(), value(&mut random)));
                }
                Input::Open(opening)
            }
            2 => Input::Tick,
            3 if random.below(4) == 0 => Input::Consult(CallId(random.below(40))),
            3 if random.below(4) == 0 && !sessions.is_empty() => {
                Input::Cancel(sessions[pick % sessions.len()])
            }
            4 => {
                let call = CallId(random.below(40));
                Input::Answer { call, answer: Answer::Value(value(&mut random)) }
            }
            _ if !calls.is_empty() => {
                // Calls stay in the list: some are answered twice.
                let call = &calls[pick % calls.len()];
                Input::Answer { call: call.id, answer: some_answer(call, &mut random) }
            }
            _ => Input::Tick,
        };
        engine.handle(now, input);
        while let Some(effect) = engine.poll_effect() {
            given.push(format!("{effect:?}"));
            match effect {
                Effect::Call(call) => calls.push(call),
                Effect::Opened { session, .. } => sessions.push(session),
                _ => {}
            }
        }
        while let Some(event) = engine.poll_event() {
            given.push(format!("{event:?}"));
        }
    }
    given
}

#[test]
fn any_world_is_handled_and_the_same_inputs_give_the_same() {
    let mut ended = 0;
    for (name, programs) in casts() {
        for seed in 0..6 {
            let first = driven(&programs, seed);
            assert_eq!(first, driven(&programs, seed), "{name}, seed {seed}");
            ended += first.iter().filter(|line| line.contains("Closed")).count();
        }
    }
    assert!(ended > 100, "only {ended} sessions came to an end: nothing was tested");
}

#[test]
fn damaged_programs_are_refused_or_run() {
    let mut random = Random::new(0);
    let (mut refused, mut taken) = (0, 0);
    for (name, programs) in casts() {
        for (role, program) in programs.iter().enumerate() {
            let bytes = encode(program);
            assert_eq!(decode(&bytes).as_ref(), Ok(program), "{name}, role {role}");
            for _ in 0..20 {
                let to = random.below(bytes.len() as u64) as usize;
                assert!(decode(&bytes[..to]).is_err(), "{name}, role {role}: cut at {to}");
            }
            let step = bytes.len().div_ceil(CHANGES).max(1);
            for at in (random.below(step as u64) as usize..bytes.len()).step_by(step) {
                let mut damaged = bytes.clone();
                damaged[at] ^= 1 << random.below(8);
                let Ok(changed) = decode(&damaged) else {
                    refused += 1;
                    continue;
                };
                taken += 1;
                let mut others = programs.clone();
                others[role] = changed;
                driven(&others, at as u64);
            }
        }
    }
    assert!(refused > 1_000 && taken > 100, "{refused} refused, {taken} taken");
}
