//! How long it takes to check large protocols, from their text to verified programs and the report: one line a
//! measure, and `target/check.json`.
//!
//! `cargo bench --bench check`, or with a word after `--` only the measures whose name has it. A line has the best
//! and the median of several runs, and the best of each stage. Is not: a test; the numbers are for reading.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench reads the clock and the environment, and prints"
)]

#[path = "check/texts.rs"]
mod texts;

use std::path::Path;
use std::time::Instant;

use laban::compile::programs;
use laban::diag::code::Code;
use laban::global::{Sizes, resolve};
use laban::local::{Amend, project};
use laban::pipeline::{Front, Options, Root, Unread};
use laban::tools::check::{check, report};
use serde_json::{Map, json};

/// Runs of a measure, at least and at most; between them it goes on for so long, because what else runs on a machine
/// only slows.
const RUNS: std::ops::Range<usize> = 9..100;
const SECONDS: f64 = 1.5;

/// A protocol to check.
struct Case {
    /// What the measure is called.
    name: &'static str,
    text: String,
    /// The size of its family, by the name `N`.
    size: Option<u32>,
    /// What it may take, in ms.
    goal: f64,
}

fn main() {
    let only = std::env::args().nth(1).filter(|arg| !arg.starts_with('-'));
    let mut table = Map::new();
    println!(
        "{:<34} {:>9} {:>9}   {:>9} {:>9} {:>9} {:>9}",
        "ms", "best", "median", "read", "resolve", "project", "compile"
    );
    for case in cases() {
        if only.as_ref().is_some_and(|only| !case.name.contains(only.as_str())) {
            continue;
        }
        let (mut runs, mut stages) = (Vec::new(), [f64::INFINITY; 4]);
        let start = Instant::now();
        while runs.len() < RUNS.start || (runs.len() < RUNS.end && start.elapsed().as_secs_f64() < SECONDS) {
            runs.push(whole(&case));
            for (stage, spent) in stages.iter_mut().zip(stages_of(&case)) {
                *stage = stage.min(spent);
            }
        }
        runs.sort_by(f64::total_cmp);
        let best = runs.first().copied().unwrap_or(0.0);
        let median = runs.get(runs.len() / 2).copied().unwrap_or(0.0);
        let [read, resolve, project, compile] = stages;
        println!(
            "{:<34} {best:>9.2} {median:>9.2}   {read:>9.2} {resolve:>9.2} {project:>9.2} {compile:>9.2}",
            case.name
        );
        let row = json!({
            "best_ms": best, "median_ms": median, "goal_ms": case.goal,
            "read_ms": read, "resolve_ms": resolve, "project_ms": project, "compile_ms": compile,
        });
        table.insert(case.name.to_owned(), row);
    }
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("target");
    let written = std::fs::create_dir_all(&target).and_then(|()| {
        std::fs::write(target.join("check.json"), format!("{:#}\n", serde_json::Value::Object(table)))
    });
    if let Err(error) = written {
        println!("target/check.json was not written: {error}");
        std::process::exit(1);
    }
}

fn cases() -> Vec<Case> {
    let case = |name, text: &str, size, goal| Case { name, text: text.to_owned(), size, goal };
    vec![
        case("load balancer, 200 workers", texts::LOAD_BALANCER, Some(200), 1_000.0),
        case("load balancer, 100 selections", texts::LOGGED, Some(100), 1_000.0),
        case("logging, 100 services", texts::LOGGING, Some(100), 1_000.0),
        case("2,000 exchanges, 3 roles", &texts::row(3, 2_000), None, 10.0),
        case("2,000 exchanges, 30 roles", &texts::row(30, 2_000), None, 30.0),
        case("ring of 30", texts::RING, Some(30), 10.0),
        case("par for, 200 workers", texts::SIDE_BY_SIDE, Some(200), 1_000.0),
        case("double buffering", texts::DOUBLE_BUFFERING, None, 10.0),
    ]
}

/// The whole way of `laban check --report json`, in ms.
fn whole(case: &Case) -> f64 {
    let start = Instant::now();
    let front = read(case);
    let findings = check(&front, &options(case));
    let report = report(&front.sources, &findings.rows);
    let spent = start.elapsed().as_secs_f64() * 1e3;
    if !report.contains("\"coherent\":true") {
        println!("{} does not check: {report}", case.name);
        std::process::exit(1);
    }
    spent
}

/// The time of each stage, in ms: reading, resolution, projection, compilation.
fn stages_of(case: &Case) -> [f64; 4] {
    let mut spent = [0.0; 4];
    let mut clock = Instant::now();
    let mut lap = || {
        let lap = clock.elapsed().as_secs_f64() * 1e3;
        clock = Instant::now();
        lap
    };
    let front = read(case);
    spent[0] = lap();
    for which in &front.choreographies {
        let (protocol, _) = resolve(&front.declarations, which, &options(case).sizes);
        spent[1] += lap();
        let Some(protocol) = protocol else { continue };
        let (projection, _) = project(&protocol, Amend::Auto);
        spent[2] += lap();
        let Some(projection) = projection else { continue };
        std::hint::black_box(programs(&protocol, &projection));
        spent[3] += lap();
    }
    spent
}

fn read(case: &Case) -> Front {
    let root = Root { name: "check.choreo".to_owned(), text: Ok(case.text.clone()) };
    Front::read(vec![root], &mut |_| Err(Unread::new(Code::E0053, "there is nothing to import")))
}

fn options(case: &Case) -> Options {
    let sizes = case.size.map(|size| ("N".to_owned(), size));
    Options { sizes: Sizes(sizes.into_iter().collect()), amend: Amend::Auto }
}
