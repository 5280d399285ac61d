//! An engine that is offered ten times what it takes, for a minute: it refuses with codes, its memory stays flat, and what
//! it has accepted comes to its proper end.
//!
//! Everything that it can be burdened with at once: starts without end, more requests and connections than may, a slow
//! handler with a queue before it, listeners that do not read, sessions that park, sessions that are cancelled.
//! Is not: a benchmark; what it takes is set by the handler's pace.
#![expect(clippy::print_stdout, reason = "what was measured is for whoever asks with `--nocapture`")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use laban::base::limits::SESSIONS_KEPT;
use laban::base::time::Instant as Moment;
use laban::bytecode::codec;
use laban::guard::Policy;
use laban::local::Amend;
use laban::node::Node;
use laban::node::entry::{Deployment, Entry, Package, Players, Start, version};
use laban::node::order::Reply;
use laban::pipeline::{Front, Options, Root};
use serde_json::Value as Json;

use crate::command::Place;
use crate::engine::{Engine, PATIENCE, rest, until};

/// How long the load lasts.
const MINUTE: Duration = Duration::from_secs(60);
/// Of it, the part after which memory is looked at.
const SETTLED: Duration = Duration::from_secs(10);
/// How much memory may grow in the rest of the minute, by the line through all samples. A leak of a hundred bytes for each
/// offer, or of a kilobyte for each session, is more.
const GROWTH_KIB_MAX: f64 = 6.0 * 1024.0;
/// What the handler takes for a call during that time, of which it has [`AT_ONCE`] at once: eighty sessions a second.
const SLOW: Duration = Duration::from_millis(100);
const AT_ONCE: u32 = 8;
/// Sessions that wait for an hour from the beginning on.
const PARKED: usize = 100;
/// What the engine is allowed.
const SETTINGS: &str = "limits: { sessions: 400, requests: 32, connections: 128 }\n";

const WORK: &str = "message Receipt { page: Int }

effect ledger { book(amount: Int) -> Int : once }

choreography Work {
    roles: A, B
    A does ledger.book(7) as page
    A -> B: Receipt with { page }
}
";
const PARKS: &str = "message M { n: Int }
choreography Parks {
    roles: A, B
    A does time.sleep(1h)
    A -> B: M with { n: 1 }
}
";

/// The ledger: how it works, and what it was asked, by key: the session, and how often.
#[derive(Default)]
struct Ledger {
    slow: AtomicBool,
    asked: Mutex<BTreeMap<String, (u64, u64)>>,
}

impl Ledger {
    fn open(listener: TcpListener) -> Arc<Self> {
        let ledger = Arc::new(Self::default());
        let opened = ledger.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let ledger = opened.clone();
                thread::spawn(move || ledger.answer(&stream));
            }
        });
        ledger
    }

    /// Answers what is asked on one connection, until that ends.
    fn answer(&self, mut stream: &TcpStream) -> Option<()> {
        let mut reader = BufReader::new(stream.try_clone().ok()?);
        loop {
            let (_, body) = message(&mut reader)?;
            let asked: Json = serde_json::from_slice(&body).ok()?;
            let (key, session) = (asked["key"].as_str()?.to_owned(), asked["session"].as_u64()?);
            let page = {
                let mut all = self.asked.lock().unwrap();
                all.entry(key).or_insert((session, 0)).1 += 1;
                all.len().to_string()
            };
            if self.slow.load(Ordering::Relaxed) {
                rest(SLOW);
            }
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", page.len());
            stream.write_all(format!("{head}{page}").as_bytes()).ok()?;
        }
    }
}

/// The next message of a connection: its first line and its body.
fn message(reader: &mut impl BufRead) -> Option<(String, Vec<u8>)> {
    let mut line = || {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|count| *count > 0)?;
        Some(line.trim().to_owned())
    };
    let (first, mut length) = (line()?, 0);
    loop {
        let line = line()?.to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(given) = line.strip_prefix("content-length:") {
            length = given.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((first, body))
}

/// Somebody who asks one thing after another on a connection, and connects anew where that has ended.
struct Client<'a> {
    engine: &'a Engine,
    stream: Option<(TcpStream, BufReader<TcpStream>)>,
}

impl<'a> Client<'a> {
    fn new(engine: &'a Engine) -> Self {
        Self { engine, stream: None }
    }

    /// The status and the body; none if nobody answers, because there is no room for this connection.
    fn ask(&mut self, method: &str, path: &str, body: &str) -> Option<(u16, Json)> {
        let said = self.try_to_ask(method, path, body);
        if said.is_none() {
            self.stream = None;
        }
        said
    }

    fn try_to_ask(&mut self, method: &str, path: &str, body: &str) -> Option<(u16, Json)> {
        let (address, token) = (&self.engine.address, &self.engine.token);
        if self.stream.is_none() {
            let stream = TcpStream::connect(address).ok()?;
            stream.set_read_timeout(Some(PATIENCE)).ok()?;
            stream.set_nodelay(true).ok()?;
            self.stream = Some((stream.try_clone().ok()?, BufReader::new(stream)));
        }
        let (stream, reader) = self.stream.as_mut()?;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes()).ok()?;
        let (first, body) = message(reader)?;
        let status = first.split(' ').nth(1)?.parse().ok()?;
        Some((status, serde_json::from_slice(&body).unwrap_or_default()))
    }
}

/// What came of all that was offered.
#[derive(Default)]
struct Tally {
    offered: AtomicU64,
    /// Sessions of `Work` that were acknowledged.
    taken: Mutex<BTreeSet<u64>>,
    /// Refusals, by status and code.
    refused: Mutex<BTreeMap<(u16, String), u64>>,
    /// Offers that nobody has answered.
    unheard: AtomicU64,
}

impl Tally {
    /// Offers one start of `Work`; the number of the session that was begun.
    fn offer(&self, client: &mut Client<'_>, body: &str) -> Option<u64> {
        self.offered.fetch_add(1, Ordering::Relaxed);
        match client.ask("POST", "/v1/sessions", body) {
            Some((200 | 201, session)) => {
                let id = session["id"].as_u64().unwrap();
                assert!(self.taken.lock().unwrap().insert(id), "session {id} was begun twice");
                Some(id)
            }
            Some((status, refusal)) => {
                let code = refusal["code"].as_str().unwrap_or_default().to_owned();
                *self.refused.lock().unwrap().entry((status, code)).or_insert(0) += 1;
                None
            }
            None => {
                self.unheard.fetch_add(1, Ordering::Relaxed);
                None
            }
        }
    }

    fn taken(&self) -> BTreeSet<u64> {
        std::mem::take(&mut *self.taken.lock().unwrap())
    }
}

/// What a process holds in memory, in KiB.
fn resident(process: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// By how much something grows in a second, by the line that is nearest to all samples.
fn slope(samples: &[(f64, f64)]) -> f64 {
    let count = samples.len() as f64;
    let mean = |of: &dyn Fn(&(f64, f64)) -> f64| samples.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(&|sample| sample.0), mean(&|sample| sample.1));
    let over: f64 = samples.iter().map(|sample| (sample.0 - x) * (sample.1 - y)).sum();
    over / samples.iter().map(|sample| (sample.0 - x).powi(2)).sum::<f64>()
}

/// Starts `Work` until as many sessions are over as the engine remembers, so that its memory of them is full.
fn warm_up(engine: &Engine, tally: &Tally) {
    let began = Instant::now();
    let done = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut client = Client::new(engine);
                while done.load(Ordering::Relaxed) < SESSIONS_KEPT as u64 + 1_000 {
                    assert!(began.elapsed() < 3 * PATIENCE, "{done:?} sessions in {:?}", began.elapsed());
                    if tally.offer(&mut client, r#"{"protocol":"Work"}"#).is_some() {
                        done.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    println!("{} sessions before the minute, in {:?}", done.into_inner(), began.elapsed());
}

/// Parks a session and cancels it, some twenty times a second.
fn come_and_go(engine: &Engine) {
    let mut client = Client::new(engine);
    if let Some((201, session)) = client.ask("POST", "/v1/sessions", r#"{"protocol":"Parks"}"#) {
        // A cancellation may be refused like any request, and then the session waits on.
        let path = format!("/v1/sessions/{}", session["id"]);
        until("a cancellation", || client.ask("DELETE", &path, "").filter(|(status, _)| *status == 200));
    }
    rest(Duration::from_millis(50));
}

/// Asks how the engine is, on a connection that it has from the beginning; the longest that it took.
fn health(engine: &Engine, over: &AtomicBool) -> (u64, Duration) {
    let (mut client, mut count, mut longest) = (Client::new(engine), 0, Duration::ZERO);
    while !over.load(Ordering::Relaxed) {
        let began = Instant::now();
        let said = client.ask("GET", "/healthz", "").map(|(status, _)| status);
        assert_eq!(said, Some(200), "after {count} answers");
        (count, longest) = (count + 1, longest.max(began.elapsed()));
        rest(Duration::from_millis(100));
    }
    (count, longest)
}

/// Everything at once, for a minute; samples of the engine's memory.
fn storm(engine: &Engine, tally: &Tally) -> Vec<(f64, f64)> {
    let over = AtomicBool::new(false);
    let until_over = |mut act: Box<dyn FnMut() + Send + '_>| {
        while !over.load(Ordering::Relaxed) {
            act();
        }
    };
    thread::scope(|scope| {
        let asked = scope.spawn(|| health(engine, &over));
        // So that it has its connection before there is none.
        rest(Duration::from_millis(500));
        for _ in 0..4 {
            let mut client = Client::new(engine);
            scope.spawn(move || {
                until_over(Box::new(move || {
                    tally.offer(&mut client, r#"{"protocol":"Work"}"#);
                }));
            });
        }
        // More wait for an end than may.
        for _ in 0..48 {
            let mut client = Client::new(engine);
            let body = r#"{"protocol":"Work","wait":"1s"}"#;
            scope.spawn(move || {
                until_over(Box::new(move || {
                    if tally.offer(&mut client, body).is_none() {
                        rest(Duration::from_millis(20));
                    }
                }));
            });
        }
        scope.spawn(|| until_over(Box::new(|| come_and_go(engine))));
        // More connect than may, and say nothing.
        scope.spawn(|| {
            until_over(Box::new(|| {
                let crowd: Vec<_> =
                    (0..200).filter_map(|_| TcpStream::connect(&engine.address).ok()).collect();
                rest(Duration::from_millis(300));
                drop(crowd);
                rest(Duration::from_millis(700));
            }));
        });
        let (began, mut samples) = (Instant::now(), Vec::new());
        while began.elapsed() < MINUTE {
            rest(Duration::from_millis(250));
            samples.push((began.elapsed().as_secs_f64(), resident(engine.process())));
        }
        over.store(true, Ordering::Relaxed);
        let (count, longest) = asked.join().unwrap();
        println!("{count} times well, the slowest answer in {longest:?}");
        samples
    })
}

/// The states of all sessions that the engine knows, by number.
fn states(engine: &Engine) -> BTreeMap<u64, (String, String)> {
    let (mut all, mut after) = (BTreeMap::new(), 0);
    loop {
        let page = engine.get(&format!("/v1/sessions?after={after}")).json();
        for session in page.as_array().unwrap() {
            after = session["id"].as_u64().unwrap();
            let text = |name: &str| session[name].as_str().unwrap().to_owned();
            all.insert(after, (text("protocol"), text("state")));
        }
        if page.as_array().unwrap().is_empty() {
            return all;
        }
    }
}

fn metric(engine: &Engine, name: &str) -> u64 {
    let metrics = engine.get("/metrics").body;
    let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap().parse().unwrap()
}

#[test]
fn ten_times_over_capacity_for_a_minute() {
    let place = Place::new("load");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let bindings = format!(
        "protocol: Work\nhandlers: {{ ledger: {{ kind: http, url: 'http://{}/', concurrency: {AT_ONCE}, deadline: 10m }} }}\n",
        listener.local_addr().unwrap()
    );
    place.write("work.choreo", WORK).write("work.bindings.yaml", bindings).write("parks.choreo", PARKS);
    place.write("laban.yaml", SETTINGS);
    let ledger = Ledger::open(listener);
    let engine = Engine::start(&place);
    let tally = Tally::default();
    warm_up(&engine, &tally);
    let before = tally.taken();
    let parked: Vec<u64> = (0..PARKED).map(|_| until("room to park", || park(&engine))).collect();
    // They listen, and never read.
    let request = format!(
        "GET /v1/events HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\r\n",
        engine.address, engine.token
    );
    let mut listeners: Vec<TcpStream> = (0..8).map(|_| engine.connect()).collect();
    listeners.iter_mut().for_each(|stream| stream.write_all(request.as_bytes()).unwrap());
    ledger.slow.store(true, Ordering::Relaxed);
    let offered = tally.offered.load(Ordering::Relaxed);
    tally.refused.lock().unwrap().clear();
    let samples = storm(&engine, &tally);
    let (offered, taken) = (tally.offered.load(Ordering::Relaxed) - offered, tally.taken());
    let refused = tally.refused.lock().unwrap().clone();
    println!(
        "{offered} starts offered, {} taken, refused {refused:?}, {:?} unheard",
        taken.len(),
        tally.unheard
    );
    assert!(taken.len() > 500, "{}", taken.len());
    assert!(offered >= 10 * taken.len() as u64, "{offered} offered, {} taken", taken.len());
    for (status, code) in [(503, "E0514"), (503, "E0612")] {
        assert!(refused.contains_key(&(status, code.to_owned())), "no {code}: {refused:?}");
    }
    assert!(refused.keys().all(|(status, code)| *status == 503 && code.starts_with('E')), "{refused:?}");
    flat(&samples);
    drop(listeners);
    ledger.slow.store(false, Ordering::Relaxed);
    until("room again", || Client::new(&engine).ask("GET", "/healthz", "").map(drop));
    assert!(metric(&engine, "laban_connections_refused_total") > 0);
    until("the end of what was begun", || (metric(&engine, "laban_sessions") <= PARKED as u64).then_some(()));
    ends_are_proper(&engine, &ledger, &(before, taken, parked));
    engine.stop();
}

fn park(engine: &Engine) -> Option<u64> {
    let (status, session) = Client::new(engine).ask("POST", "/v1/sessions", r#"{"protocol":"Parks"}"#)?;
    (status == 201).then(|| session["id"].as_u64().unwrap())
}

/// Checks that memory does not grow, once what is kept is full.
fn flat(samples: &[(f64, f64)]) {
    let settled: Vec<(f64, f64)> =
        samples.iter().filter(|(at, _)| *at >= SETTLED.as_secs_f64()).copied().collect();
    let growth = slope(&settled) * (MINUTE - SETTLED).as_secs_f64();
    let (first, last) = (settled[0].1, settled[settled.len() - 1].1);
    println!(
        "memory: {first} KiB after {SETTLED:?}, {last} KiB at the end; by the line {growth:.0} KiB of growth"
    );
    assert!(growth < GROWTH_KIB_MAX, "{growth:.0} KiB: {settled:?}");
}

/// Checks that every session that was acknowledged is completed, that what parks still does, and that the ledger was asked
/// once for each session.
fn ends_are_proper(
    engine: &Engine,
    ledger: &Ledger,
    (before, taken, parked): &(BTreeSet<u64>, BTreeSet<u64>, Vec<u64>),
) {
    let states = states(engine);
    let state = |id: &u64| states.get(id).map(|(protocol, state)| (protocol.as_str(), state.as_str()));
    for id in taken {
        assert_eq!(state(id), Some(("Work", "completed")), "session {id}");
    }
    for id in before {
        // The oldest are forgotten.
        assert!([None, Some(("Work", "completed"))].contains(&state(id)), "session {id}: {:?}", state(id));
    }
    for id in parked {
        assert_eq!(state(id), Some(("Parks", "running")), "session {id}");
    }
    assert!(states.values().all(|(protocol, state)| protocol != "Work" || state == "completed"));
    let asked = ledger.asked.lock().unwrap();
    let mut sessions = BTreeSet::new();
    for (key, (session, count)) in &*asked {
        assert_eq!(*count, 1, "`{key}` of session {session}");
        assert!(sessions.insert(*session), "session {session} has asked with two keys");
    }
    assert!(before.iter().chain(taken).all(|id| sessions.contains(id)), "a session has not asked");
    println!("{} sessions have asked, each once", sessions.len());
}

/// Sessions that wait, each for an answer that is due in an hour.
const SLEEPERS: u64 = 100_000;

#[test]
fn sessions_that_wait_are_cancelled_without_looking_at_the_others() {
    let front = Front::read(vec![Root { name: "p".into(), text: Ok(PARKS.into()) }], &mut |_| unreachable!());
    let options = Options { sizes: Default::default(), amend: Amend::Auto };
    let programs = front.build(&front.choreographies[0], &options).programs;
    let package = Package {
        version: version(&programs),
        file: "p".into(),
        programs: programs.iter().map(codec::encode).collect(),
        lanes: Vec::new(),
        policy: Policy::fresh(),
        players: Players { roles: vec![None, None], ..Players::default() },
    };
    let deployment =
        Deployment { packages: BTreeMap::from([("Parks".into(), package)]), ..Deployment::default() };
    let mut node = Node::new();
    let mut apply = |entry| {
        let reply = node.apply(Moment(0), entry);
        while node.poll_order().is_some() || node.poll_news().is_some() {}
        (reply, node.poll_timeout())
    };
    apply(Entry::Deploy(deployment));
    let start = Entry::Start(Start {
        protocol: "Parks".into(),
        params: Vec::new(),
        players: BTreeMap::new(),
        key: None,
        idle_timeout: None,
    });
    for id in 1..=SLEEPERS {
        assert_eq!(apply(start.clone()).0, Reply::Started(id));
    }
    let began = Instant::now();
    let mut next = None;
    // The newest first: whoever looks from the oldest on would meet all of them.
    for id in (1..=SLEEPERS).rev() {
        let (reply, due) = apply(Entry::Cancel(id));
        assert_eq!(reply, Reply::Done);
        next = due;
    }
    // Nothing is left that would come to nothing in an hour.
    assert_eq!(next, None);
    println!("{SLEEPERS} sessions that wait are cancelled in {:?}", began.elapsed());
    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
}
