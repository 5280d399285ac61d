//! How fast an engine is whose log is on a disk: one line a measure, and `target/durable.json`.
//!
//! `cargo bench --bench durable`. Every message needs one answer from outside, so every message is one entry of the log.
//! The raw disk and `redb` then write the same batches, in the same run; ratios are only to them.
//! Is not: a proof of anything but speed.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a bench reads the clock and files, starts threads, and prints; one that cannot go on ends"
)]

#[path = "speed/heap.rs"]
mod heap;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use laban::base::value::Value;
use laban::bytecode::codec;
use laban::config::bindings::{Handler, read as bindings};
use laban::config::node::Settings;
use laban::diag::source::SourceId;
use laban::effect::call::{Answer, Ask, CallId};
use laban::effect::world::Line;
use laban::engine::event::What;
use laban::guard::Policy;
use laban::host::desk::{Desk, Habits, Outside, Told};
use laban::host::handlers::{Asked, Handlers, Pace};
use laban::host::log::segments::Segments;
use laban::host::log::{Log, encode};
use laban::host::serve;
use laban::local::Amend;
use laban::node::Node;
use laban::node::entry::{Deployment, Entry, Package, Player, Players, Start, version};
use laban::node::order::{Order, Reply};
use laban::pipeline::{Front, Options, Root};
use serde_json::{Map, Value as Json};

/// Sessions that run at once.
const SESSIONS: u64 = 1_000;
/// Entries that are measured.
const ENTRIES: u64 = 1_000_000;
/// Sessions that wait.
const PARKED: u64 = 100_000;

const PING: &str = "choreography Ping {
    roles: Ann, Ben
    loop {
        Ann -> Ben: Ping(number: Int)
        Ben -> Ann: Pong(number: Int)
    }
}";

fn main() {
    let mut table = Map::new();
    let mut say = |name: &str, value: f64, unit: &str| {
        println!("{name:<40} {value:.1} {unit}");
        table.insert(name.to_owned(), Json::from(value));
    };
    let place = place();
    let (rate, batches) = durable(&place.join("log"));
    say("durable_messages_per_s", rate, "messages/s");
    say("entries_per_batch", ENTRIES as f64 / batches.len() as f64, "entries");
    let ours = written(&batches, Segments::open(&place.join("ours")).unwrap().0);
    let raw = written(&batches, Raw(fs::File::create(place.join("raw")).unwrap()));
    let redb = written(&batches, Redb(redb::Database::create(place.join("redb")).unwrap()));
    say("log_time_to_append_and_fdatasync", ours / raw, "times");
    say("redb_time_to_append_and_fdatasync", redb / raw, "times");
    say("messages_to_raw_batches", raw / (ENTRIES as f64 / rate), "of the speed of append + fdatasync");
    say("recovery_of_a_million_entries", recovered(&place.join("log")), "s");
    say("parked_session_bytes", parked(), "B");
    let [half, most] = through_the_interface(&place.join("api"));
    say("session_through_the_interface_p50", half, "ms");
    say("session_through_the_interface_p99", most, "ms");
    say("calls_to_a_process_per_s", calls_to_a_process(&place), "calls/s");
    let _ = fs::remove_dir_all(&place);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/durable.json");
    fs::write(path, Json::from(table).to_string()).unwrap();
}

/// An empty directory on the disk of the build.
fn place() -> PathBuf {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tmp/durable");
    let _ = fs::remove_dir_all(&place);
    fs::create_dir_all(&place).unwrap();
    place
}

/// The deployment of the ping-pong, both roles played from outside.
fn deployment() -> Deployment {
    let front = Front::read(vec![Root { name: "p".into(), text: Ok(PING.into()) }], &mut |_| unreachable!());
    let options = Options { sizes: Default::default(), amend: Amend::Auto };
    let programs = front.build(&front.choreographies[0], &options).programs;
    let player = Player { handler: "all".into(), config: Json::Null, deadline: None, observes: false };
    let package = Package {
        version: version(&programs),
        file: "p".into(),
        programs: programs.iter().map(codec::encode).collect(),
        lanes: Vec::new(),
        policy: Policy::fresh(),
        players: Players { roles: vec![Some(player.clone()), Some(player)], ..Players::default() },
    };
    Deployment { packages: BTreeMap::from([("Ping".into(), package)]), ..Deployment::default() }
}

fn start() -> Entry {
    Entry::Start(Start {
        protocol: "Ping".into(),
        params: Vec::new(),
        players: BTreeMap::new(),
        key: None,
        idle_timeout: None,
    })
}

fn pong() -> Answer {
    Answer::Value(Value::record([("number".into(), Value::Int(1))]))
}

/// Hands calls to the thread that answers them, and counts messages.
struct Answered {
    calls: mpsc::Sender<CallId>,
    messages: Arc<AtomicU64>,
}

impl Outside for Answered {
    fn order(&mut self, order: Order) {
        if let Order::Call(errand) = order {
            let _ = self.calls.send(errand.call);
        }
    }

    fn news(&mut self, told: Told) {
        if matches!(told.news.what, What::Sent { .. }) {
            self.messages.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn said(&mut self, _: u64, _: Line) {}

    fn log_fails(&mut self, reason: Option<String>) {
        panic!("{reason:?}");
    }
}

/// A log that notes the sizes of its batches.
struct Noted(Segments, Arc<Mutex<Vec<(u32, usize)>>>);

impl Log for Noted {
    fn append(&mut self, first: u64, entries: u32, batch: &[u8]) -> io::Result<()> {
        self.1.lock().unwrap().push((entries, batch.len()));
        self.0.append(first, entries, batch)
    }
}

/// Messages a second, each durable before its receiver's answer is asked for; and the batches that were written.
fn durable(directory: &Path) -> (f64, Vec<(u32, usize)>) {
    let sizes = Arc::new(Mutex::new(Vec::new()));
    let log = Noted(Segments::open(directory).unwrap().0, sizes.clone());
    let (calls, asked) = mpsc::channel();
    let messages = Arc::new(AtomicU64::new(0));
    let outside = Answered { calls, messages: messages.clone() };
    let habits = Habits { next: 1, each: false };
    let (desk, threads) =
        Desk::start(Node::new(), Box::new(log), habits, Vec::new(), Box::new(outside), Box::new(|_, _| None));
    let over = Arc::new(AtomicBool::new(false));
    let (answers, stops) = (desk.clone(), over.clone());
    let answering = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        while !stops.load(Ordering::Relaxed) {
            let Ok(call) = asked.recv_timeout(Duration::from_millis(20)) else { continue };
            runtime.block_on(answers.push(Entry::Answer { call, answer: pong() })).unwrap();
        }
    });
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        desk.push(Entry::Found { id: 1, seed: 1 }).await.unwrap();
        desk.push(Entry::Deploy(deployment())).await.unwrap();
        for _ in 0..SESSIONS {
            desk.push(start()).await.unwrap();
        }
    });
    let begun = (Instant::now(), messages.load(Ordering::Relaxed));
    while messages.load(Ordering::Relaxed) < ENTRIES {
        thread::sleep(Duration::from_millis(1));
    }
    let rate = (messages.load(Ordering::Relaxed) - begun.1) as f64 / begun.0.elapsed().as_secs_f64();
    over.store(true, Ordering::Relaxed);
    answering.join().unwrap();
    runtime.block_on(desk.stop());
    threads.join().unwrap();
    (rate, std::mem::take(&mut sizes.lock().unwrap()))
}

/// Append and `fdatasync`, and nothing else.
struct Raw(fs::File);

impl Log for Raw {
    fn append(&mut self, _: u64, _: u32, batch: &[u8]) -> io::Result<()> {
        self.0.write_all(batch)?;
        self.0.sync_data()
    }
}

/// One value of `redb` for each batch, committed.
struct Redb(redb::Database);

impl Log for Redb {
    fn append(&mut self, first: u64, _: u32, batch: &[u8]) -> io::Result<()> {
        let table = redb::TableDefinition::<u64, &[u8]>::new("log");
        let write = self.0.begin_write().map_err(io::Error::other)?;
        write.open_table(table).map_err(io::Error::other)?.insert(first, batch).map_err(io::Error::other)?;
        write.commit().map_err(io::Error::other)
    }
}

/// Seconds that a log takes for these batches.
fn written(batches: &[(u32, usize)], mut log: impl Log) -> f64 {
    let bytes = vec![7; batches.iter().map(|(_, size)| *size).max().unwrap_or(0)];
    let began = Instant::now();
    let mut first = 1;
    for (entries, size) in batches {
        log.append(first, *entries, &bytes[..*size]).unwrap();
        first += u64::from(*entries);
    }
    began.elapsed().as_secs_f64()
}

/// Seconds to read the log that was just written, and to replay it, for a million entries.
fn recovered(directory: &Path) -> f64 {
    let began = Instant::now();
    let (log, held) = Segments::open(directory).unwrap();
    let mut node = Node::new();
    for (_, batch) in &held.batches {
        for (now, entry) in encode::entries(batch).unwrap() {
            node.apply(now, entry);
            while node.poll_order().is_some() || node.poll_news().is_some() {}
        }
    }
    assert_eq!(node.engine().sessions() as u64, SESSIONS);
    began.elapsed().as_secs_f64() / (log.next() - 1) as f64 * 1e6
}

/// Bytes of heap of a session of two roles that waits for an answer, its record included.
fn parked() -> f64 {
    let mut node = Node::new();
    let now = laban::base::time::Instant(0);
    node.apply(now, Entry::Deploy(deployment()));
    let before = heap::in_use();
    for _ in 0..PARKED {
        assert!(matches!(node.apply(now, start()), Reply::Started(_)));
        while node.poll_order().is_some() || node.poll_news().is_some() {}
    }
    (heap::in_use() - before) as f64 / PARKED as f64
}

/// Milliseconds from the request that starts a session to the answer that it is completed: half of them, 99 of 100.
fn through_the_interface(directory: &Path) -> [f64; 2] {
    fs::create_dir_all(directory).unwrap();
    let source = "choreography Hello {\n    roles: Ann, Ben\n    Ann -> Ben: Hi(number: Int)\n    Ben -> Ann: Ho(number: Int)\n}\n";
    fs::write(directory.join("hello.choreo"), source).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let settings = Settings { listen: ([127, 0, 0, 1], 0).into(), ..Settings::default() };
    let engine =
        runtime.block_on(serve::start(directory, &settings, Handlers::new(Pace::default()))).unwrap();
    let token = fs::read_to_string(directory.join(".laban/token")).unwrap();
    let mut stream = TcpStream::connect(engine.address).unwrap();
    stream.set_nodelay(true).unwrap();
    let body = r#"{"protocol":"Hello","wait":true}"#;
    let request = format!(
        "POST /v1/sessions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        token.trim(),
        body.len()
    );
    let mut times = Vec::new();
    for _ in 0..2_000 {
        let began = Instant::now();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"}") {
            let mut some = [0; 4096];
            let count = stream.read(&mut some).unwrap();
            answer.extend_from_slice(&some[..count]);
        }
        assert!(String::from_utf8_lossy(&answer).contains("\"state\":\"completed\""));
        times.push(began.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    runtime.block_on(engine.stop());
    [times[times.len() / 2], times[times.len() * 99 / 100]]
}

/// A program in Python that answers every line.
const ANSWERS: &str = "import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    if 'id' in asked:
        print(json.dumps({'jsonrpc': '2.0', 'id': asked['id'], 'result': {'number': 1}}), flush=True)
";

/// Calls a second to one process, 64 at once.
fn calls_to_a_process(place: &Path) -> f64 {
    fs::write(place.join("answers.py"), ANSWERS).unwrap();
    let text =
        "protocol: P\nhandlers: { a: { kind: process, command: [python3, answers.py], concurrency: 64 } }\n";
    let wanted: BTreeMap<String, Handler> = bindings(SourceId(0), text, None).0.unwrap().handlers;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let handlers = Handlers::new(Pace::default());
        handlers.apply(&wanted, place);
        let asked = Asked {
            key: "k".into(),
            handler: "a".into(),
            protocol: "P".into(),
            session: 1,
            role: "Ann".into(),
            config: Json::Null,
            deadline: None,
            ask: Ask::Produce { message: "Ping".into(), to: "Ben".into(), ty: laban::base::ty::Type::Any },
        };
        assert!(matches!(handlers.call(asked.clone()).await, Answer::Value(_)));
        let began = Instant::now();
        let callers = (0..64).map(|_| {
            let (handlers, asked) = (handlers.clone(), asked.clone());
            tokio::spawn(async move {
                for _ in 0..500 {
                    assert!(matches!(handlers.call(asked.clone()).await, Answer::Value(_)));
                }
            })
        });
        for caller in callers.collect::<Vec<_>>() {
            caller.await.unwrap();
        }
        let rate = 64.0 * 500.0 / began.elapsed().as_secs_f64();
        handlers.close(Duration::from_secs(1)).await;
        rate
    })
}
