//! The measures: each the best of a few rounds, because what else runs on a machine only slows.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant as Clock;

use laban::base::limits;
use laban::base::time::Instant;
use laban::engine::Engine;
use laban::engine::effect::Effect;
use laban::engine::input::{CastId, Input, Opening};
use laban::guard::Table;
use laban::machine::Cast;

use crate::heap;
use crate::programs;

const ROUNDS: usize = 5;
/// Messages of one engine whose every message is a fact.
const FACTS_PER_ROUND: u32 = 400_000;
const NOW: Instant = Instant(0);

fn engine(cast: Arc<Cast>) -> (Engine, CastId) {
    let mut engine = Engine::new();
    match engine.deploy(cast) {
        Some(cast) => (engine, cast),
        None => std::process::exit(1),
    }
}

fn drain(engine: &mut Engine) {
    while let Some(effect) = engine.poll_effect() {
        black_box(effect);
    }
}

/// The messages that an endless ping-pong exchanges in so many calls of `handle`.
///
/// A paced instruction is a send or a receive; each message has one of each, and each receive is tried once more when
/// its message is there. So the messages are counted, not assumed: by a subscribed engine that does the same.
fn messages_per_handle(cast: &Arc<Cast>, warm: u32) -> f64 {
    let (mut engine, cast) = engine(cast.clone());
    engine.subscribe(true);
    engine.handle(NOW, Input::Open(Opening::new(0, cast)));
    let mut sent = 0;
    for _ in 0..warm {
        while engine.poll_event().is_some() {}
        engine.handle(NOW, Input::Tick);
        while let Some(event) = engine.poll_event() {
            sent += u32::from(matches!(event.what, laban::engine::event::What::Sent { .. }));
        }
    }
    f64::from(sent) / f64::from(warm)
}

fn exchange(program: Arc<Cast>) -> f64 {
    let each = messages_per_handle(&program, 10);
    let (mut engine, cast) = engine(program);
    engine.handle(NOW, Input::Open(Opening::new(0, cast)));
    drain(&mut engine);
    let handles = 200;
    let mut best = 0.0_f64;
    for _ in 0..ROUNDS {
        let start = Clock::now();
        for _ in 0..handles {
            engine.handle(NOW, Input::Tick);
        }
        best = best.max(each * f64::from(handles) / start.elapsed().as_secs_f64());
    }
    best
}

/// Messages of records per second under the guards of a fresh directory, and under profiles by which every message needs
/// a capability, costs, shows something and is written down: always the same words, and a field of the message. A journal
/// holds only so many facts, so each round has an engine of its own.
pub(crate) fn guarded() -> [f64; 3] {
    let cast = programs::ping_pong_of_records();
    let each = messages_per_handle(&cast, 10);
    let handles = (f64::from(FACTS_PER_ROUND) / each) as u32;
    let once = |guards: &Table| {
        let (mut engine, start) = (begun(&cast, guards), Clock::now());
        for _ in 0..handles {
            engine.handle(NOW, Input::Tick);
        }
        let seconds = start.elapsed().as_secs_f64();
        black_box(engine.journal());
        each * f64::from(handles) / seconds
    };
    let tables = guards(&cast);
    let mut best = [0.0_f64; 3];
    // By turns, so that a machine that is busy for a while slows all of them.
    for _ in 0..ROUNDS {
        for (best, guards) in best.iter_mut().zip(&tables) {
            *best = best.max(once(guards));
        }
    }
    best
}

fn guards(cast: &Cast) -> [Table; 3] {
    let full = programs::Said::ALL.map(|said| programs::guarded(cast, said));
    let [words, field] = full;
    [Table::fresh(cast.programs()), words, field]
}

/// An engine in which the ping-pong of records has been opened under these guards.
fn begun(cast: &Arc<Cast>, guards: &Table) -> Engine {
    let mut engine = Engine::new();
    let Some(at) = engine.deploy_under(cast.clone(), guards.clone()) else { std::process::exit(1) };
    engine.handle(NOW, Input::Open(Opening::new(0, at)));
    drain(&mut engine);
    engine
}

/// Some messages of the guarded ping-pong, for a profiler that counts instructions; `which` is one of the three.
pub(crate) fn count_guarded(which: usize) -> f64 {
    let cast = programs::ping_pong_of_records();
    let each = messages_per_handle(&cast, 1);
    let tables = guards(&cast);
    let Some(guards) = tables.get(which) else { std::process::exit(1) };
    let mut engine = begun(&cast, guards);
    for _ in 0..5 {
        engine.handle(NOW, Input::Tick);
    }
    black_box(engine.journal());
    // The opening runs as many as a tick, and so does who counts them.
    7.0 * each
}

pub(crate) fn ping_pong() -> f64 {
    exchange(programs::ping_pong())
}

/// Some messages of the ping-pong, for a profiler that counts instructions; each takes four units of the budget: a
/// turn, a send, and a receive that is tried twice.
pub(crate) fn count() -> f64 {
    let (mut engine, cast) = engine(programs::ping_pong());
    engine.handle(NOW, Input::Open(Opening::new(0, cast)));
    drain(&mut engine);
    for _ in 1..10 {
        engine.handle(NOW, Input::Tick);
    }
    10.0 * f64::from(limits::STEPS_PER_HANDLE) / 4.0
}

pub(crate) fn ready_value() -> f64 {
    exchange(programs::ready_value())
}

pub(crate) fn ping_pong_of_records() -> f64 {
    exchange(programs::ping_pong_of_records())
}

/// Open, run, finish; one session after the other.
pub(crate) fn sessions() -> f64 {
    let (mut engine, cast) = engine(programs::request_response());
    let n = 300_000_u32;
    let mut best = 0.0_f64;
    for _ in 0..ROUNDS {
        let start = Clock::now();
        let mut closed = 0_u32;
        for request in 0..n {
            engine.handle(NOW, Input::Open(Opening::new(u64::from(request), cast)));
            while let Some(effect) = engine.poll_effect() {
                closed += u32::from(matches!(effect, Effect::Closed { .. }));
            }
        }
        assert_eq!(closed, n);
        best = best.max(f64::from(n) / start.elapsed().as_secs_f64());
    }
    best
}

/// Opens sessions that wait for their first payload.
fn park(engine: &mut Engine, cast: CastId, n: u32) {
    for request in 0..n {
        engine.handle(NOW, Input::Open(Opening::new(u64::from(request), cast)));
        drain(engine);
    }
}

/// Bytes of heap for each of many parked sessions of two roles, everything that the engine keeps for them included.
pub(crate) fn parked_heap() -> f64 {
    let (mut engine, cast) = engine(programs::parked());
    park(&mut engine, cast, 1);
    let n = 100_000;
    let before = heap::in_use();
    park(&mut engine, cast, n);
    let bytes = (heap::in_use() - before) as f64 / f64::from(n);
    black_box(&engine);
    bytes
}

/// Nanoseconds of a paced instruction of one busy session, alone and beside a million parked ones.
pub(crate) fn step_cost() -> (f64, f64) {
    let alone = step(0);
    let beside = step(1_000_000);
    (alone, beside)
}

fn step(parked: u32) -> f64 {
    let (mut engine, waiting) = engine(programs::parked());
    park(&mut engine, waiting, parked);
    let Some(busy) = engine.deploy(programs::ping_pong()) else { std::process::exit(1) };
    engine.handle(NOW, Input::Open(Opening::new(0, busy)));
    drain(&mut engine);
    let handles = 100;
    let mut best = f64::MAX;
    for _ in 0..ROUNDS {
        let start = Clock::now();
        for _ in 0..handles {
            engine.handle(NOW, Input::Tick);
        }
        let steps = f64::from(handles) * f64::from(limits::STEPS_PER_HANDLE);
        best = best.min(start.elapsed().as_secs_f64() * 1e9 / steps);
    }
    black_box(&engine);
    best
}
