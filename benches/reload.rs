//! How fast a directory of a hundred protocols is swapped, and for how long nothing else happens meanwhile; one line a
//! measure, and `target/reload.json`.
//!
//! `cargo bench --bench reload`. The protocols are those that are shipped, again and again under other names. The pause is the
//! longest time in which the node's thread does not look up while a generation is swapped in.
//! Is not: a proof of anything but speed.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a bench reads the clock and files, starts threads, and prints; one that cannot go on ends"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use laban::effect::world::Line;
use laban::global::Sizes;
use laban::host::desk::{Desk, Habits, Outside, Told};
use laban::host::directory;
use laban::host::generation::{Anew, Generations, Look, Rules};
use laban::host::log::segments::Segments;
use laban::node::entry::Entry;
use laban::node::order::{Order, Reply};
use laban::node::{Node, Prepared};
use serde_json::{Map, Value as Json};
use tokio::runtime::Builder;

/// Protocols of the directory.
const PROTOCOLS: usize = 100;
/// Generations that are swapped in for each measure.
const TURNS: usize = 20;

fn main() {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("reload_bench");
    let _ = fs::remove_dir_all(&place);
    fs::create_dir_all(place.join("protocols")).unwrap();
    let sources = sources();
    let write = |at: usize, turn: usize| {
        let text = renamed(&sources[at % sources.len()], at, turn);
        fs::write(place.join(format!("protocols/p{at}.choreo")), text).unwrap();
    };
    (0..PROTOCOLS).for_each(|at| write(at, 0));
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (log, _) = Segments::open(&place.join("log")).unwrap();
    let habits = Habits { next: 1, each: false };
    let (desk, threads) =
        Desk::start(Node::new(), Box::new(log), habits, Vec::new(), Box::new(Nobody), Box::new(|_, _| None));
    runtime.block_on(desk.push(Entry::Found { id: 1, seed: 1 })).unwrap();
    let apply = Box::new(|_: &_| {});
    let rules = Rules { sizes: Sizes::default(), stand_ins: true, require_compatible: false };
    let generations = Generations::new(place.join("protocols"), rules, desk.clone(), apply);
    let watch = Watch::start(&desk);
    let swap = |what: &dyn Fn()| {
        what();
        watch.longest();
        let began = Instant::now();
        let look = runtime.block_on(generations.look_again(Anew::No)).unwrap();
        assert_eq!(look, Look::Swapped, "{}", generations.status().text);
        (began.elapsed().as_secs_f64() * 1e3, watch.longest().as_secs_f64() * 1e3)
    };
    let mut table = Map::new();
    let mut say = |name: &str, mut of: Vec<(f64, f64)>| {
        for (what, of) in [
            ("to_the_swap_ms", of.iter().map(|one| one.0).collect::<Vec<_>>()),
            ("pause_ms", of.drain(..).map(|one| one.1).collect()),
        ] {
            let mut of = of;
            of.sort_by(f64::total_cmp);
            for (part, value) in [("p50", of[of.len() / 2]), ("max", of[of.len() - 1])] {
                let name = format!("{name}_{what}_{part}");
                println!("{name:<40} {value:.2} ms");
                table.insert(name, Json::from(value));
            }
        }
    };
    say("first", vec![swap(&|| {})]);
    say(
        "all_change",
        (1..=TURNS).map(|turn| swap(&|| (0..PROTOCOLS).for_each(|at| write(at, turn)))).collect(),
    );
    say("one_changes", (1..=TURNS).map(|turn| swap(&|| write(turn, turn + 1_000))).collect());
    for (what, changes) in [("all_change", PROTOCOLS), ("one_changes", 1)] {
        let mut times = alone(&place.join("protocols"), changes, &write);
        times.sort_by(f64::total_cmp);
        for (part, value) in [("p50", times[times.len() / 2]), ("max", times[times.len() - 1])] {
            let name = format!("{what}_on_the_node_ms_{part}");
            println!("{name:<40} {value:.2} ms");
            table.insert(name, Json::from(value));
        }
    }
    // So long it does not look up where nothing is deployed.
    watch.longest();
    thread::park_timeout(Duration::from_secs(1));
    let idle = watch.longest().as_secs_f64() * 1e3;
    println!("{:<40} {idle:.2} ms", "idle_pause_ms_max");
    table.insert("idle_pause_ms_max".to_owned(), Json::from(idle));
    watch.stop();
    runtime.block_on(desk.stop());
    let _ = threads.join();
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().map_or_else(PathBuf::new, Path::to_owned);
    fs::write(path.join("reload.json"), serde_json::to_string_pretty(&table).unwrap()).unwrap();
}

/// Milliseconds that a node takes for generations in which so many protocols change: what its thread does, and nothing of
/// the machine around it.
fn alone(directory: &Path, changes: usize, write: &dyn Fn(usize, usize)) -> Vec<f64> {
    let mut node = Node::new();
    let one = |turn: usize| {
        (0..changes).for_each(|at| write(at, 2_000 + turn));
        let reading = directory::read(directory, &Sizes::default(), true, None);
        let prepared = Prepared::of(reading.deploys.unwrap().deployment, &node.linked()).unwrap();
        let began = Instant::now();
        let reply = node.apply_prepared(laban::base::time::Instant(turn as u64), prepared);
        let waste = node.take_waste();
        let took = began.elapsed().as_secs_f64() * 1e3;
        assert_eq!(reply, Reply::Done);
        drop(waste);
        took
    };
    // The first one has everything to take.
    (0..=TURNS).map(one).skip(1).collect()
}

/// Notes for how long the node's thread does not look up.
struct Watch {
    longest: Arc<Mutex<(Instant, Duration)>>,
    over: Arc<AtomicBool>,
    asking: Vec<thread::JoinHandle<()>>,
}

impl Watch {
    /// Looks are on the desk all the time, so that the thread would do the next one at once.
    fn start(desk: &Desk) -> Self {
        let longest = Arc::new(Mutex::new((Instant::now(), Duration::ZERO)));
        let over = Arc::new(AtomicBool::new(false));
        let ask = |_| {
            let (desk, longest, over) = (desk.clone(), longest.clone(), over.clone());
            thread::spawn(move || {
                let runtime = Builder::new_current_thread().build().unwrap();
                while !over.load(Ordering::Relaxed) {
                    let longest = longest.clone();
                    let look = move |_: &Node| {
                        let now = Instant::now();
                        let mut longest = longest.lock().unwrap();
                        *longest = (now, longest.1.max(now - longest.0));
                    };
                    runtime.block_on(desk.look(look)).unwrap();
                    // Often enough for what is measured, and seldom enough to leave the machine to it.
                    thread::park_timeout(Duration::from_micros(100));
                }
            })
        };
        let asking = (0..2).map(ask).collect();
        Self { longest, over, asking }
    }

    /// The longest time since this was asked last.
    fn longest(&self) -> Duration {
        std::mem::take(&mut self.longest.lock().unwrap().1)
    }

    fn stop(self) {
        self.over.store(true, Ordering::Relaxed);
        self.asking.into_iter().for_each(|one| one.join().unwrap());
    }
}

/// The shipped protocols, which stand by themselves.
fn sources() -> Vec<String> {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("protocols");
    let mut files: Vec<PathBuf> = fs::read_dir(shipped).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "choreo"));
    files.sort();
    files.iter().map(|path| fs::read_to_string(path).unwrap()).collect()
}

/// A protocol under another name, and its first message as well, so that each turn is another version.
fn renamed(source: &str, at: usize, turn: usize) -> String {
    let word = |after: &str| {
        let rest = source.split_once(after).unwrap().1;
        rest.trim_start().split(|letter: char| !letter.is_alphanumeric()).next().unwrap().to_owned()
    };
    let name = word("\nchoreography ");
    let body = source.split_once("\n    roles:").unwrap().1;
    let message = body.split_once(" -> ").unwrap().1.split_once(": ").unwrap().1;
    let message = message.split(|letter: char| !letter.is_alphanumeric()).next().unwrap().to_owned();
    let source = replaced(source, &name, &format!("{name}N{at}"));
    replaced(&source, &message, &format!("{message}T{turn}"))
}

/// A text with one word in the place of another.
fn replaced(text: &str, word: &str, other: &str) -> String {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(word) {
        let (before, after) = (&rest[..at], &rest[at + word.len()..]);
        let whole = !before.ends_with(is_part) && !after.starts_with(is_part);
        out.push_str(before);
        out.push_str(if whole { other } else { word });
        rest = after;
    }
    out + rest
}

/// Takes what leaves, and drops it.
struct Nobody;

impl Outside for Nobody {
    fn order(&mut self, _: Order) {}

    fn news(&mut self, _: Told) {}

    fn said(&mut self, _: u64, _: Line) {}

    fn log_fails(&mut self, _: Option<String>) {}
}
