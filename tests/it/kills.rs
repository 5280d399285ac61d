//! An engine that is killed, again and again, at moments of its own work: nothing that it has answered for is lost, and
//! nothing that has left it is done twice.
//!
//! The handler of all roles is an HTTP service of this test, which lives on and remembers every call by its key.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::command::Place;
use crate::engine::{Engine, rest, until};

/// How often the engine is killed.
const KILLS: usize = 200;
/// Sessions that are wanted between two kills, at most.
const SESSIONS: usize = 3;

const PURCHASE: &str = "message Order { item: Int }
message Offer { price: Int }
message Receipt { page: Int }
message Doubt { price: Int }

effect shop { price(item: Int) -> Int : idempotent }
effect ledger { book(amount: Int) -> Int : once }

choreography Purchase {
    roles: Buyer, Seller

    Buyer -> Seller: Order
    Seller does shop.price(Order.item) as price
    Seller -> Buyer: Offer with { price }
    try at Buyer {
        Buyer does ledger.book(Offer.price) as page
        Buyer -> Seller: Receipt with { page }
    } on failed ledger {
        Buyer -> Seller: Doubt with { price: Offer.price }
    }
}
";

const GUARDS: &str = "protocol: Purchase
defaults: { capabilities: [execute:choreography_send], flow_cost: 1 }
messages:
  Offer: { flow_cost: 1000, facts: [ { fact: shop/offered, data: { price: \"{Offer.price}\" } } ] }
  Receipt: { flow_cost: 1000, facts: [ { fact: done/booked, data: { page: \"{Receipt.page}\" } } ] }
  Doubt: { flow_cost: 1000, facts: [ { fact: done/doubted, data: { price: \"{Doubt.price}\" } } ] }
budgets: [ { context: \"*\", peer: \"*\", limit: 1000000000 } ]
leakage_limits: { external: 0, neighbor: 0, in_group: 0 }
";

/// What the service has seen.
#[derive(Default)]
struct Seen {
    /// By key: what was asked, and how often.
    calls: BTreeMap<String, (String, u64)>,
    /// Pages of the ledger, by key.
    pages: BTreeMap<String, i64>,
}

/// Answers calls until the test is over.
fn service(listener: &TcpListener, seen: &Arc<Mutex<Seen>>) {
    for stream in listener.incoming().map_while(Result::ok) {
        let seen = seen.clone();
        thread::spawn(move || {
            let _ = answer(&stream, &seen);
        });
    }
}

/// One request and its answer; none if who asked was killed meanwhile.
fn answer(mut stream: &TcpStream, seen: &Mutex<Seen>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|count| *count > 0)?;
        let line = line.trim().to_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(given) = line.strip_prefix("content-length:") {
            length = given.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let asked: Json = serde_json::from_slice(&body).ok()?;
    let text = |name: &str| asked[name].as_str().unwrap_or("").to_owned();
    let (key, method) = (text("key"), text("method"));
    let result = {
        let mut seen = seen.lock().unwrap();
        let what = format!("{} {} {method} {}", asked["session"], text("role"), text("message"));
        seen.calls.entry(key.clone()).or_insert((what, 0)).1 += 1;
        match method.as_str() {
            "produce" => json!({ "item": 7 }),
            "ledger.book" => {
                let page = seen.pages.len() as i64 + 1;
                json!(*seen.pages.entry(key).or_insert(page))
            }
            _ => json!(5),
        }
    };
    let body = result.to_string();
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n";
    stream.write_all(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes()).ok()
}

/// Starts a session, if the engine lives long enough to say so; its number.
fn begin(address: &str, token: &str, key: &str) -> Option<u64> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    let body = json!({ "protocol": "Purchase" }).to_string();
    let head = format!(
        "POST /v1/sessions HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\
         Idempotency-Key: {key}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).ok()?;
    let mut said = String::new();
    stream.read_to_string(&mut said).ok()?;
    let (_, body) = said.split_once("\r\n\r\n")?;
    serde_json::from_str::<Json>(body).ok()?["id"].as_u64()
}

fn bindings(address: &str) -> String {
    let handler = format!("{{ kind: http, url: 'http://{address}/', retry: {{ max: 20, backoff: 20ms }} }}");
    format!(
        "protocol: Purchase\nroles:\n  Buyer: {{ handler: clerk }}\n  Seller: {{ handler: clerk }}\nhandlers:\n  clerk: \
         {handler}\n  shop: {handler}\n  ledger: {handler}\n  nobody: {{ kind: websocket }}\n"
    )
}

#[test]
fn nothing_is_lost_and_nothing_is_done_twice_however_often_it_is_killed() {
    let place = Place::new("kills");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    place.write("purchase.choreo", PURCHASE).write("purchase.guards.yaml", GUARDS);
    place.write("purchase.bindings.yaml", bindings(&address));
    // So few that most starts are from a snapshot, and that many a kill comes while one is written.
    place.write("laban.yaml", "snapshot_every: 20\n");
    let seen: Arc<Mutex<Seen>> = Arc::default();
    let remembers = seen.clone();
    thread::spawn(move || service(&listener, &remembers));

    let mut acknowledged = BTreeMap::new();
    let mut moment = 0x2545_f491_u32;
    for round in 0..KILLS {
        let mut engine = Engine::start(&place);
        let (address, token) = (engine.address.clone(), engine.token.clone());
        let load = thread::spawn(move || {
            let key = |number| format!("{round}-{number}");
            let begun = (0..SESSIONS).map(|number| (key(number), begin(&address, &token, &key(number))));
            begun.filter_map(|(key, id)| Some((key, id?))).collect::<Vec<_>>()
        });
        // From before the first request is read to after the last call was answered.
        moment = moment.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        rest(Duration::from_micros(u64::from(moment >> 16) % 12_000));
        engine.signal("KILL");
        engine.ended();
        acknowledged.extend(load.join().unwrap());
    }

    let engine = Engine::start(&place);
    for (key, id) in &acknowledged {
        let session = engine.comes_to(*id, "completed");
        assert_eq!(session["key"], **key, "the session of this number is the one that was told");
    }
    until("the end of all sessions", || {
        let running = engine.get("/v1/sessions?state=running").json();
        running.as_array().is_some_and(Vec::is_empty).then_some(())
    });
    let started = engine.started();
    assert!(started >= acknowledged.len() as u64 && acknowledged.len() > KILLS / 4, "{started} sessions");
    assert_eq!(engine.get("/v1/sessions?state=aborted").json(), json!([]));
    calls_were_made_once(&seen.lock().unwrap(), started);
    charges_and_facts_are_those_of_the_sessions(&engine, started, seen.lock().unwrap().pages.len() as u64);
    assert!(
        !place.path(".laban/log/00000000000000000001.log").exists(),
        "snapshots stand for the first entries"
    );
    println!("{KILLS} kills, {started} sessions, {} of them told", acknowledged.len());
    engine.stop();
}

/// One key for everything that was asked, and what is declared `once` was asked with it once.
fn calls_were_made_once(seen: &Seen, started: u64) {
    let mut known = BTreeSet::new();
    let mut again = 0;
    for (key, (what, count)) in &seen.calls {
        assert!(known.insert(what.clone()), "`{what}` was asked with two keys");
        assert!(*count == 1 || !what.contains("ledger.book"), "`{what}` was asked {count} times with {key}");
        again += u64::from(*count > 1);
    }
    assert!(again > 0, "no kill came between a call and its answer, so this test shows nothing");
    let orders = known.iter().filter(|what| what.ends_with("produce Order")).count();
    assert_eq!(orders as u64, started);
}

fn charges_and_facts_are_those_of_the_sessions(engine: &Engine, started: u64, pages: u64) {
    let facts = |namespace: &str| engine.get(&format!("/v1/journal?namespace={namespace}")).json();
    let of = |facts: &Json, key: &str| {
        let facts = facts.as_array().unwrap().iter();
        facts.filter(|fact| fact["key"] == key).count() as u64
    };
    assert!(started < 1_000, "the interface shows no more facts than that");
    assert_eq!(of(&facts("shop"), "offered"), started);
    let done = facts("done");
    let (booked, doubted) = (of(&done, "booked"), of(&done, "doubted"));
    assert_eq!(booked + doubted, started);
    assert!(booked <= pages && pages <= started, "{booked} booked, {pages} pages, {doubted} in doubt");
    let waits = engine
        .post("/v1/sessions", &json!({ "protocol": "Purchase", "roles": { "Buyer": "nobody" } }))
        .json();
    let budgets = engine.session(waits["id"].as_u64().unwrap())["budgets"].clone();
    let spent = |from: &str| {
        let rows = budgets.as_array().unwrap().iter();
        rows.filter(|row| row["from"] == from).map(|row| row["spent"].as_u64().unwrap() / 1_000).sum::<u64>()
    };
    assert_eq!(spent("Seller"), started, "every offer was charged once: {budgets}");
    // What the seller was sent beside costs less than a thousandth each, in all.
    assert!(spent("Buyer") >= started && spent("Buyer") <= started + started / 200 + 1, "{budgets}");
}
