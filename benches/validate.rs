//! How long it takes to explore every run of a protocol's compiled programs: one line a measure, and
//! `target/validate.json`.
//!
//! `cargo bench --bench validate`, or with a word after `--` only the measures whose name has it. Measured is the
//! search and what is read off it, from linked programs; best and median of several runs. The three shapes are those of
//! the literature (k-MC needs 3.1 s, 45.6 s and 1.8 s for them). Is not: a test; the numbers are for reading.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench reads the clock and files, and prints"
)]

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use laban::bytecode::program::Program;
use laban::check::graph::shape;
use laban::check::search::search;
use laban::diag::code::Code;
use laban::global::Sizes;
use laban::local::Amend;
use laban::machine::Cast;
use laban::pipeline::{Front, Options, Root, Unread};
use laban::tools::validate::Setup;
use serde_json::{Map, json};

/// Runs of a measure.
const RUNS: usize = 7;

fn main() {
    let only = std::env::args().nth(1).filter(|arg| !arg.starts_with('-'));
    let mut cases: Vec<(String, Vec<Program>, f64)> = vec![
        ("ring of 30".to_owned(), programs(&ring(30)), 100.0),
        ("nested choice, 5 levels".to_owned(), programs(&nested(5)), 100.0),
        ("double buffering, 100 times".to_owned(), programs(&buffering(100)), 100.0),
    ];
    for path in shipped() {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let name = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap_or(&path).display().to_string();
        cases.push((name, programs(&text), 1_000.0));
    }
    let mut table = Map::new();
    println!("{:<48} {:>9} {:>9} {:>9} {:>9}", "ms", "best", "median", "goal", "states");
    for (name, programs, goal) in cases {
        if only.as_ref().is_some_and(|only| !name.contains(only.as_str())) {
            continue;
        }
        let Ok(cast) = Cast::link(programs) else {
            println!("{name}: its programs do not link");
            std::process::exit(1);
        };
        let options = Setup::default().search();
        let (mut runs, mut states) = (Vec::new(), 0);
        for _ in 0..RUNS {
            let start = Instant::now();
            let found = search(&cast, &options, &mut |_| {});
            std::hint::black_box(shape(&cast, &found));
            runs.push(start.elapsed().as_secs_f64() * 1e3);
            states = found.states();
            if found.cut.is_some() || found.violation().is_some() {
                println!("{name}: {:?} {:?}", found.cut, found.violation());
                std::process::exit(1);
            }
        }
        runs.sort_by(f64::total_cmp);
        let best = runs.first().copied().unwrap_or(0.0);
        let median = runs.get(runs.len() / 2).copied().unwrap_or(0.0);
        println!("{name:<48} {best:>9.2} {median:>9.2} {goal:>9.0} {states:>9}");
        let row = json!({ "best_ms": best, "median_ms": median, "goal_ms": goal, "states": states });
        table.insert(name, row);
    }
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("target");
    let written = std::fs::create_dir_all(&target).and_then(|()| {
        std::fs::write(target.join("validate.json"), format!("{:#}\n", serde_json::Value::Object(table)))
    });
    if let Err(error) = written {
        println!("target/validate.json was not written: {error}");
        std::process::exit(1);
    }
}

/// Every shipped protocol.
fn shipped() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut left = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("protocols")];
    while let Some(next) = left.pop() {
        let Ok(entries) = std::fs::read_dir(next) else { continue };
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                left.push(path);
            } else if path.extension().is_some_and(|extension| extension == "choreo") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The programs of the first protocol of a text.
fn programs(text: &str) -> Vec<Program> {
    let root = Root { name: "bench.choreo".to_owned(), text: Ok(text.to_owned()) };
    let front = Front::read(vec![root], &mut |_| Err(Unread::new(Code::E0053, "there is nothing to import")));
    let options = Options { sizes: Sizes::default(), amend: Amend::Auto };
    let built = front.choreographies.first().map(|which| front.build(which, &options));
    let programs = built.map(|built| built.programs).unwrap_or_default();
    if programs.is_empty() {
        println!("a protocol of the bench does not compile:\n{text}");
        std::process::exit(1);
    }
    programs
}

/// A message that goes round for ever.
fn ring(roles: usize) -> String {
    let names: Vec<String> = (0..roles).map(|at| format!("R{at}")).collect();
    let mut text =
        format!("message M {{}}\nchoreography Ring {{\n    roles: {}\n    rec again {{\n", names.join(", "));
    for at in 0..roles {
        let _ = writeln!(text, "        R{at} -> R{}: M", (at + 1) % roles);
    }
    text.push_str("        continue again\n    }\n}\n");
    text
}

/// Each role in turn chooses one of three labels, in each branch anew.
fn nested(levels: usize) -> String {
    fn level(at: usize, text: &mut String) {
        if at == 0 {
            return;
        }
        let (from, to) = if at.is_multiple_of(2) { ("A", "B") } else { ("B", "A") };
        let _ = writeln!(text, "choice at {from} {{");
        for label in ["X", "Y", "Z"] {
            let _ = writeln!(text, "{}: {{\n{from} -> {to}: {label}", label.to_lowercase());
            level(at - 1, text);
            text.push_str("}\n");
        }
        text.push_str("}\n");
    }
    let mut text =
        "message X {}\nmessage Y {}\nmessage Z {}\nchoreography Nested {\n    roles: A, B\n".to_owned();
    level(levels, &mut text);
    text.push_str("}\n");
    text
}

/// Source, kernel and sink with two buffers, so many times.
fn buffering(times: usize) -> String {
    let mut text =
        "message Ready {}\nmessage Copy {}\nchoreography Buffering {\n    roles: Source, Kernel, Sink\n"
            .to_owned();
    for _ in 0..times {
        for _ in 0..2 {
            text.push_str("    Kernel -> Source: Ready\n    Source -> Kernel: Copy\n");
            text.push_str("    Sink -> Kernel: Ready\n    Kernel -> Sink: Copy\n");
        }
    }
    text.push_str("}\n");
    text
}
