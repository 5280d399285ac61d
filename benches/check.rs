//! How long it takes to judge large protocols, one line each. Run with `cargo bench --bench check`.
//!
//! Is not: a test; the numbers are for reading.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::allow_attributes,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a bench reads the clock and prints"
)]

#[path = "../tests/it/worlds/build.rs"]
mod build;

use std::time::Instant;

use build::World;
use laban::global::protocol::Protocol;
use laban::local::{Amend, project};

/// A name, and what makes the protocol.
type Case = (&'static str, fn() -> Protocol);

fn main() {
    let only = std::env::args().nth(1).filter(|arg| !arg.starts_with('-'));
    let cases: [Case; 8] = [
        ("load balancer, 200 workers", || balancer(200, false)),
        ("load balancer, 200 workers, logged", || balancer(100, true)),
        ("logging, 100 roles", || logging(100)),
        ("logging, 100 roles, one at a time", || logging_loop(100)),
        ("ring of 30", || ring(30, 1)),
        ("2,000 exchanges, 3 roles", || row(3, 2_000)),
        ("2,000 exchanges, 30 roles", || row(30, 2_000)),
        ("par for, 200 workers", || side_by_side(200)),
    ];
    for (name, make) in cases {
        if only.as_ref().is_some_and(|only| !name.contains(only.as_str())) {
            continue;
        }
        let protocol = make();
        let start = Instant::now();
        let (projection, diagnostics) = project(&protocol, Amend::Auto);
        let spent = start.elapsed().as_secs_f64() * 1e3;
        let told = projection.as_ref().map_or(0, |projection| projection.selections.len());
        let ok = projection.is_some();
        println!(
            "{name}: {spent:.1} ms, projected {ok}, {told} selections, {} diagnostics",
            diagnostics.len()
        );
    }
}

/// The first role chooses a worker for each request of the second.
fn balancer(workers: usize, logged: bool) -> Protocol {
    let mut w = World::new(workers + 3);
    let label = w.label();
    let mut branches: Vec<_> = (0..workers)
        .map(|at| {
            let mut block = vec![w.send(0, at + 3, "Work"), w.send(at + 3, 0, "Result")];
            if logged {
                block.push(w.send(at + 3, 2, "Entry"));
            }
            block.extend([w.send(0, 1, "Answer"), w.again(label)]);
            block
        })
        .collect();
    let mut last: Vec<_> = (0..workers).map(|at| w.send(0, at + 3, "Stop")).collect();
    last.push(w.send(0, 1, "Bye"));
    branches.push(last);
    let body = vec![w.send(1, 0, "Request"), w.choice(0, branches)];
    let body = vec![w.rec(label, body)];
    w.finish(body)
}

/// Everyone sends its entry to the first role, and is told when all is over.
fn logging(roles: usize) -> Protocol {
    let mut w = World::new(roles);
    let label = w.label();
    let mut turn: Vec<_> = (1..roles).map(|at| w.send(at, 0, "Entry")).collect();
    turn.extend((1..roles).map(|at| w.send(0, at, "Go")));
    turn.push(w.again(label));
    let over: Vec<_> = (1..roles).map(|at| w.send(0, at, "Over")).collect();
    let body = vec![w.choice(0, vec![turn, over])];
    let body = vec![w.rec(label, body)];
    w.finish(body)
}

/// The first role lets one of the others write an entry, again and again.
fn logging_loop(roles: usize) -> Protocol {
    let mut w = World::new(roles);
    let label = w.label();
    let mut branches: Vec<_> =
        (2..roles).map(|at| vec![w.send(1, at, "Do"), w.send(at, 0, "Entry"), w.again(label)]).collect();
    branches.push((2..roles).map(|at| w.send(1, at, "Over")).collect());
    let body = vec![w.choice(1, branches)];
    let body = vec![w.rec(label, body)];
    w.finish(body)
}

fn ring(roles: usize, turns: usize) -> Protocol {
    let mut w = World::new(roles);
    let mut body = Vec::new();
    for _ in 0..turns {
        body.extend((0..roles).map(|at| w.send(at, (at + 1) % roles, "Token")));
    }
    w.finish(body)
}

fn row(roles: usize, exchanges: usize) -> Protocol {
    let mut w = World::new(roles);
    let body = (0..exchanges)
        .map(|at| {
            let from = (at * 7) % roles;
            w.send(from, (from + 1 + at % (roles - 1)) % roles, &format!("M{}", at % 50))
        })
        .collect();
    w.finish(body)
}

fn side_by_side(workers: usize) -> Protocol {
    let mut w = World::new(workers + 1);
    let branches = (1..=workers).map(|at| vec![w.send(0, at, "Work"), w.send(at, 0, "Result")]).collect();
    let mut body = vec![w.par(branches)];
    body.extend((1..=workers).map(|at| w.send(0, at, "Thanks")));
    w.finish(body)
}
