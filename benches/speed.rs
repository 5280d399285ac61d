//! How fast sessions run, beside the peers: one line a measure, and `target/speed.json`.
//!
//! `cargo bench --bench speed`. The peers are built and run from `$LABAN_PEERS`, or from `../shared/peers` if it is
//! there; ratios are only to them, in the same run, because machines differ and drift.
//! Is not: a proof of anything but speed.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench reads the clock and the environment, and prints"
)]

#[path = "speed/heap.rs"]
mod heap;
#[path = "speed/measure.rs"]
mod measure;
#[path = "speed/peers.rs"]
mod peers;
#[path = "speed/programs.rs"]
mod programs;
#[path = "speed/receipts.rs"]
mod receipts;

use std::path::Path;

use serde_json::{Map, Value};

fn main() {
    if alone() {
        return;
    }
    let mut table = Map::new();
    let mut say = |name: &str, value: f64, shown: String| {
        println!("{name:<40} {shown}");
        table.insert(name.to_owned(), Value::from(value));
    };
    let ping = measure::ping_pong();
    say("ping_pong_messages_per_s", ping, rate(ping));
    let stream = measure::ready_value();
    say("ready_value_messages_per_s", stream, rate(stream));
    let typed = measure::ping_pong_of_records();
    say("ping_pong_records_per_s", typed, rate(typed));
    let guarded = measure::guarded();
    for (name, value) in guarded_rows(guarded) {
        say(name, value, rate(value));
    }
    for (name, more) in costs_more(guarded) {
        say(name, more, format!("{more:.1} ns"));
    }
    let sessions = measure::sessions();
    say("two_message_sessions_per_s", sessions, rate(sessions));
    let heap = measure::parked_heap();
    say("parked_session_heap_bytes", heap, format!("{heap:.0} B"));
    let (alone, beside) = measure::step_cost();
    say("step_alone_ns", alone, format!("{alone:.1} ns"));
    say("step_beside_million_ns", beside, format!("{beside:.1} ns"));
    say("step_cost_ratio_million", beside / alone, format!("{:.2}", beside / alone));
    if let Some(costs) = receipts::costs() {
        for (name, value) in receipt_rows(&costs) {
            say(name, value, format!("{value:.1} ns"));
        }
    }
    match peers::measure() {
        Some(peers) => {
            for (name, value) in &peers {
                say(name, *value, rate(*value));
            }
            let best = |wanted: &str| peers.iter().find(|(name, _)| name == wanted).map(|(_, value)| *value);
            for (name, own, peer) in [
                ("ping_pong_ratio_tokio", ping, "peer_tokio_mpsc_messages_per_s"),
                ("ping_pong_ratio_rumpsteak", ping, "peer_rumpsteak_messages_per_s"),
                ("sessions_ratio_tokio", sessions, "peer_tokio_oneshot_sessions_per_s"),
                ("sessions_ratio_rumpsteak", sessions, "peer_rumpsteak_sessions_per_s"),
            ] {
                if let Some(peer) = best(peer) {
                    say(name, own / peer, format!("{:.2}", own / peer));
                }
            }
        }
        None => println!("the peers were not found: set LABAN_PEERS to their directory"),
    }
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("target");
    let written = std::fs::create_dir_all(&target)
        .and_then(|()| std::fs::write(target.join("speed.json"), format!("{:#}\n", Value::Object(table))));
    if let Err(error) = written {
        println!("target/speed.json was not written: {error}");
        std::process::exit(1);
    }
}

/// For a profiler: one measure by its name, or so many messages without a clock; whether there was one.
fn alone() -> bool {
    let asked = |name: &str| std::env::args().any(|arg| arg == name);
    if asked("ping") {
        println!("{}", rate(measure::ping_pong()));
    } else if asked("guarded") {
        let guarded = measure::guarded();
        guarded_rows(guarded).iter().for_each(|(name, value)| println!("{name:<40} {}", rate(*value)));
        costs_more(guarded).iter().for_each(|(name, more)| println!("{name:<40} {more:.1} ns"));
    } else if let Some(which) =
        ["count-default", "count-words", "count-field"].iter().position(|name| asked(name))
    {
        println!("{:.0} messages", measure::count_guarded(which));
    } else if asked("count") {
        println!("{:.0} messages", measure::count());
    } else if asked("receipts") {
        for (name, value) in receipts::costs().iter().flat_map(receipt_rows) {
            println!("{name:<40} {value:.1} ns");
        }
    } else if asked("sessions") {
        println!("{}", rate(measure::sessions()));
    } else {
        return false;
    }
    true
}

fn guarded_rows([plain, words, field]: [f64; 3]) -> [(&'static str, f64); 3] {
    [
        ("records_default_profile_per_s", plain),
        ("records_full_profile_per_s", words),
        ("records_full_profile_with_field_per_s", field),
    ]
}

/// What a message costs more under a full profile than under the default one.
fn costs_more([plain, words, field]: [f64; 3]) -> [(&'static str, f64); 2] {
    let more = |full: f64| 1e9 / full - 1e9 / plain;
    [("full_profile_costs_more_ns", more(words)), ("full_profile_with_field_costs_more_ns", more(field))]
}

fn receipt_rows(costs: &receipts::Costs) -> [(&'static str, f64); 5] {
    [
        ("message_without_receipt_ns", costs.plain),
        ("message_with_row_for_receipt_ns", costs.booked),
        ("receipt_hash_and_payload_hash_ns", costs.hash),
        ("receipt_made_ns", costs.sign),
        ("receipt_judged_ns", costs.judge),
    ]
}

fn rate(per_second: f64) -> String {
    format!("{per_second:>14.0} /s  ({:.1} ns each)", 1e9 / per_second)
}
