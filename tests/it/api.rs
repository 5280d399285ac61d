//! The control interface from outside: what it answers is what its document says, and what it refuses changes nothing.
//!
//! Is not: a test of sessions or of versions; `reload` has those.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::thread;

use laban::base::limits::REQUEST_BYTES_MAX;
use laban::host::api::ROUTES;
use serde_json::{Value as Json, json};

use crate::command::Place;
use crate::engine::{Answer, Engine};

const QUICK: &str = "message Q { n: Int }\nchoreography Quick(limit: Int = 3 at A) {\n    roles: A, B\n\n    \
                     A -> B: Q with { n: limit }\n}\n";
const SLOW: &str = "message M { n: Int }\nchoreography Slow {\n    roles: A, B\n\n    A -> B: M with { n: 1 }\n    \
                    A does time.sleep(1h)\n    A -> B: M with { n: 2 }\n}\n";

/// An engine with a protocol that is over at once, and one that waits.
pub(crate) fn engine(name: &str) -> (Place, Engine) {
    let place = Place::new(name);
    place.write("quick.choreo", QUICK).write("slow.choreo", SLOW);
    let engine = Engine::start(&place);
    (place, engine)
}

fn document() -> Json {
    serde_json::from_str(include_str!("../../schemas/openapi.json")).unwrap()
}

/// Checks that an answer is one that the document describes for this path.
#[track_caller]
fn fits(document: &Json, method: &str, path: &str, answer: &Answer) {
    let described =
        &document["paths"][path][method.to_ascii_lowercase()]["responses"][answer.status.to_string()];
    assert!(described.is_object(), "{method} {path} may not answer {answer:?}");
    let described = match described["$ref"].as_str() {
        Some(name) => document.pointer(name.trim_start_matches('#')).unwrap(),
        None => described,
    };
    let content = described["content"].as_object().unwrap();
    let said = answer.head.lines().find_map(|line| line.strip_prefix("content-type: ")).unwrap_or_default();
    let Some((kind, content)) = content.iter().find(|(kind, _)| said.starts_with(kind.as_str())) else {
        panic!("{method} {path} may not answer with `{said}`");
    };
    if kind != "application/json" {
        return;
    }
    let schema = json!({ "components": document["components"], "allOf": [content["schema"]] });
    let validator = jsonschema::validator_for(&schema).unwrap();
    let json = answer.json();
    let errors: Vec<String> = validator.iter_errors(&json).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{method} {path}: {errors:?}\n{}", answer.body);
}

#[test]
fn the_document_has_the_routes_and_no_others() {
    let document = document();
    let mut described = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let open = operation.get("security").is_some_and(|security| *security == json!([]));
            described.insert((method.clone(), path.clone(), !open));
            let holes = path.matches('{').count();
            let params = operation["parameters"].as_array().into_iter().flatten();
            assert_eq!(params.filter(|param| param["in"] == "path").count(), holes, "{method} {path}");
            assert_eq!(operation["responses"].get("401").is_some(), !open, "{method} {path}");
        }
    }
    let routes =
        ROUTES.iter().map(|(method, path, token, _)| ((*method).to_owned(), (*path).to_owned(), *token));
    assert_eq!(described, routes.collect());
    assert_eq!(document["security"], json!([{ "bearer": [] }]));
    // Every reference leads somewhere.
    let text = document.to_string();
    for (_, rest) in
        text.split("\"$ref\":\"#").skip(1).map(|rest| rest.split_once('"').unwrap()).map(|(a, b)| (b, a))
    {
        assert!(document.pointer(rest).is_some(), "{rest}");
    }
}

#[test]
fn answers_are_as_the_document_says() {
    let (place, engine) = engine("api_answers");
    let document = document();
    let mut unseen: BTreeSet<(&str, &str)> =
        ROUTES.iter().map(|(method, path, ..)| (*method, *path)).collect();
    let mut check = |method: &str, route: &'static str, path: &str, kind: &str, body: &str, status: u16| {
        let answer = engine.may(method, path, kind, body.as_bytes());
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
        fits(&document, method, route, &answer);
        unseen.retain(|(known, path)| *known != method.to_ascii_lowercase() || *path != route);
        answer
    };
    let (none, json) = ("", "application/json");
    let sessions = "/v1/sessions";
    check("POST", sessions, sessions, json, r#"{"protocol":"Quick","wait":true}"#, 200);
    check("POST", sessions, sessions, json, r#"{"protocol":"Slow"}"#, 201);
    check("POST", sessions, sessions, json, r#"{"protocol":"Slow","wait":"1ms"}"#, 201);
    check("POST", sessions, sessions, json, r#"{"protocol":"Quik"}"#, 404);
    check("POST", sessions, sessions, json, "{", 400);
    check("GET", sessions, "/v1/sessions?state=running&limit=1", none, "", 200);
    check("GET", sessions, "/v1/sessions?state=lost", none, "", 400);
    check("GET", "/v1/sessions/{id}", "/v1/sessions/2", none, "", 200);
    check("DELETE", "/v1/sessions/{id}", "/v1/sessions/3", none, "", 200);
    check("DELETE", "/v1/sessions/{id}", "/v1/sessions/3", none, "", 409);
    check("GET", "/v1/sessions/{id}", "/v1/sessions/3", none, "", 200);
    check("GET", "/v1/sessions/{id}", "/v1/sessions/77", none, "", 404);
    check("GET", "/v1/sessions/{id}/diagram", "/v1/sessions/1/diagram?columns=60", none, "", 200);
    for route in
        ["/v1/status", "/v1/protocols", "/v1/handlers", "/v1/budgets", "/v1/journal", "/v1/diagnostics"]
    {
        check("GET", route, route, none, "", 200);
    }
    for route in ["/healthz", "/readyz", "/metrics"] {
        let answer = engine.ask("GET", route, &[("Host", &engine.address)], &[]);
        assert_eq!(answer.status, 200, "{answer:?}");
        check("GET", route, route, none, "", 200);
    }
    let name = "/v1/protocols/{name}";
    check("GET", name, "/v1/protocols/Quick", none, "", 200);
    check("GET", name, "/v1/protocols/%ff", none, "", 400);
    let text = "text/plain; charset=utf-8";
    check("PUT", name, "/v1/protocols/Quick", text, &QUICK.replace("= 3", "= 4"), 200);
    check("PUT", name, "/v1/protocols/Quick", text, "choreography Quick {", 422);
    let versions = "/v1/protocols/{name}/versions";
    check("GET", versions, "/v1/protocols/Quick/versions", none, "", 200);
    let rollback = "/v1/protocols/{name}/rollback";
    check("POST", rollback, "/v1/protocols/Quick/rollback", json, "{}", 200);
    check("POST", rollback, "/v1/protocols/Quick/rollback", json, r#"{"version":"zz"}"#, 404);
    let drain = "/v1/protocols/{name}/drain";
    check("POST", drain, "/v1/protocols/Slow/drain", none, "", 200);
    check("POST", sessions, sessions, json, r#"{"protocol":"Slow"}"#, 404);
    check("POST", "/v1/deploy", "/v1/deploy", none, "", 200);
    place.write("bad.choreo", "choreography");
    check("POST", "/v1/deploy", "/v1/deploy", none, "", 422);
    check("GET", "/v1/diagnostics", "/v1/diagnostics", none, "", 200);
    check("GET", "/v1/status", "/v1/status", none, "", 200);
    check("GET", "/v1/handlers/connect", "/v1/handlers/connect", none, "", 426);
    // Events have a test of their own.
    unseen.remove(&("get", "/v1/events"));
    assert!(unseen.is_empty(), "{unseen:?}");
    engine.stop();
}

#[test]
fn events_are_as_the_document_says() {
    let (_place, engine) = engine("api_events");
    let document = document();
    let token = format!("Bearer {}", engine.token);
    let mut stream = engine.connect();
    write!(stream, "GET /v1/events HTTP/1.1\r\nHost: {}\r\nAuthorization: {token}\r\n\r\n", engine.address)
        .unwrap();
    let mut said = String::new();
    let mut bytes = [0; 4096];
    let mut begun = false;
    while !said.contains("\"completed\"") {
        let count = stream.read(&mut bytes).unwrap();
        said.push_str(&String::from_utf8_lossy(&bytes[..count]));
        if !begun && said.contains("\r\n\r\n") {
            begun = true;
            engine.begin("Quick");
        }
    }
    let schema = json!({ "components": document["components"], "$ref": "#/components/schemas/Told" });
    let validator = jsonschema::validator_for(&schema).unwrap();
    let events: Vec<Json> = said
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(events.len() >= 4 && events.iter().all(|event| validator.is_valid(event)), "{said}");
    engine.stop();
}

#[test]
fn who_may_not_come_in_changes_nothing() {
    let (_place, engine) = engine("api_door");
    let before = engine.status();
    let address = engine.address.as_str();
    let token = format!("Bearer {}", engine.token);
    let start = br#"{"protocol":"Slow"}"#.as_slice();
    let kind = ("Content-Type", "application/json");
    let basic = format!("Basic {}", engine.token);
    let cut = format!("Bearer {}", &engine.token[1..]);
    let wrong = format!("Bearer {}", engine.token.replace(|digit: char| digit != '0', "0"));
    // Who does not come in.
    for bad in ["", "Bearer", "Bearer ", wrong.as_str(), cut.as_str(), basic.as_str(), "Bearer \u{e9}"] {
        let answer =
            engine.ask("POST", "/v1/sessions", &[("Host", address), ("Authorization", bad), kind], start);
        answer.refused(401, "E0610");
    }
    engine.ask("POST", "/v1/sessions", &[("Host", address), kind], start).refused(401, "E0610");
    engine.ask("GET", "/v1/nothing", &[("Host", address)], &[]).refused(401, "E0610");
    for bad in
        ["example.org", "example.org:80", "127.0.0.1.example.org", "10.0.0.1:7411", "", "localhost.evil:1"]
    {
        let headers = [("Host", bad), ("Authorization", token.as_str()), kind];
        engine.ask("POST", "/v1/sessions", &headers, start).refused(403, "E0610");
        engine.ask("GET", "/healthz", &headers[..1], &[]).refused(403, "E0610");
    }
    engine.ask("POST", "/v1/sessions", &[("Authorization", &token), kind], start).refused(403, "E0610");
    unchanged(&engine, &before);
    engine.stop();
}

#[test]
fn what_is_refused_changes_nothing() {
    let (place, engine) = engine("api_refusals");
    let before = engine.status();
    let logged = || {
        let log = fs::read_dir(place.path(".laban/log")).unwrap();
        log.map(|file| file.unwrap().metadata().unwrap().len()).sum::<u64>()
    };
    let log = logged();
    let address = engine.address.as_str();
    let token = format!("Bearer {}", engine.token);
    let start = br#"{"protocol":"Slow"}"#.as_slice();
    let kind = ("Content-Type", "application/json");
    // What cannot be read.
    let post = |body: &str| engine.may("POST", "/v1/sessions", "application/json", body.as_bytes());
    for body in ["", "{", "nonsense", "{\"protocol\":\"Slow\"", "\u{0}", "{\"protocol\":\"Slow\"}}"] {
        post(body).refused(400, "E0611");
    }
    let deep = format!(
        "{{\"protocol\":\"Slow\",\"input\":{{\"x\":{}{}}}}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    post(&deep).refused(400, "E0611");
    for (body, place) in [
        (r#"{"protocol":"Slow","prio":"hush"}"#, "prio"),
        (r#"{"protocol":"Slow","input":"hush"}"#, "input"),
        (r#"{"protocol":"Slow","wait":["hush"]}"#, "wait"),
        (r#"{"protocol":["hush"]}"#, "protocol"),
        (r#"{"input":{"limit":"hush"}}"#, "protocol"),
        (r#"{"protocol":"Slow","roles":{"A":["hush"]}}"#, "roles.A"),
        (r#"{"protocol":"Slow","roles":{"A":{"handler":"x","colour":"hush"}}}"#, "roles.A"),
    ] {
        let said = post(body).refused(422, "E0611");
        assert!(said.contains(place) && !said.contains("hush"), "{said}");
        assert!(said.starts_with(|first: char| !first.is_uppercase()), "{said}");
    }
    for (body, place) in [
        (r#"{"protocol":"Quick","input":{"limit":"hush"}}"#, "`limit`"),
        (r#"{"protocol":"Quick","input":{"limt":"hush"}}"#, "did you mean `limit`?"),
        (r#"{"protocol":"Quick","roles":{"C":"hush"}}"#, "`C`"),
        (r#"{"protocol":"Slow","wait":"hush"}"#, "`wait`"),
        (r#"{"protocol":"Slow","wait":"61s"}"#, "`60s`"),
        (r#"{"protocol":"Slow","idle_timeout":"hush"}"#, "`idle_timeout`"),
        (r#"{"protocol":"Slow","roles":{"A":{"handler":"x","deadline":"hush"}}}"#, "`deadline`"),
    ] {
        let said = post(body).refused(400, "E0611");
        assert!(said.contains(place) && !said.contains("hush"), "{said}");
    }
    // Nothing of that has come as far as the log.
    assert_eq!(logged(), log);
    let said = post(r#"{"protocol":"Slo"}"#).refused(404, "E0606");
    assert!(said.contains("did you mean `Slow`?"), "{said}");
    engine.may("POST", "/v1/sessions", "text/plain", start).refused(415, "E0611");
    engine.may("POST", "/v1/sessions", "", start).refused(415, "E0611");
    let key = [("Host", address), ("Authorization", token.as_str()), kind, ("Idempotency-Key", "")];
    engine.ask("POST", "/v1/sessions", &key, start).refused(400, "E0611");
    unchanged(&engine, &before);
    engine.stop();
}

#[test]
fn what_is_not_there_is_refused_by_its_name() {
    let (_place, engine) = engine("api_absent");
    let before = engine.status();
    engine.get("/v1/nothing").refused(404, "E0611");
    engine.get("/").refused(404, "E0611");
    engine.may("PATCH", "/v1/sessions", "", &[]).refused(405, "E0611");
    engine.delete("/v1/status").refused(405, "E0611");
    for id in ["0", "-1", "1", "x", "18446744073709551616", "1.5", "%20", "%ff", "1%00"] {
        engine.get(&format!("/v1/sessions/{id}")).refused(404, "E0607");
        engine.get(&format!("/v1/sessions/{id}/diagram")).refused(404, "E0607");
        engine.delete(&format!("/v1/sessions/{id}")).refused(404, "E0607");
    }
    for query in ["state=lost", "after=-1", "limit=x", "colour=red", "after=1&after=2"] {
        engine.get(&format!("/v1/sessions?{query}")).refused(400, "E0611");
    }
    for (method, path) in [("POST", "rollback"), ("POST", "drain"), ("GET", "versions")] {
        let path = format!("/v1/protocols/Quik/{path}");
        let said = engine.may(method, &path, "application/json", b"{}").refused(404, "E0606");
        assert!(said.contains("Qui"), "{said}");
    }
    for name in ["..%2f..%2fx", "a.b", "%2e%2e", "7", "a%00b", "\u{fc}"] {
        engine.put(&format!("/v1/protocols/{name}"), QUICK).refused(400, "E0611");
    }
    let said = engine.put("/v1/protocols/Other", &QUICK.replace("Quick", "Another")).refused(400, "E0611");
    assert!(said.contains("choreography Other"), "{said}");
    unchanged(&engine, &before);
    engine.stop();
}

/// Checks that the engine is as it was.
#[track_caller]
fn unchanged(engine: &Engine, before: &Json) {
    let mut after = engine.status();
    assert_eq!(after["started"], 0);
    after["deployed"]["read"] = before["deployed"]["read"].clone();
    assert_eq!(*before, after);
}

#[test]
fn a_body_may_be_as_large_as_a_source_and_no_larger() {
    let (_place, engine) = engine("api_large");
    let head = |length: usize| {
        format!(
            "PUT /v1/protocols/Big HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: text/plain\r\n\
             Connection: close\r\nContent-Length: {length}\r\n\r\n",
            engine.address, engine.token
        )
    };
    // That much is read, and found to be no protocol.
    let mut most = head(REQUEST_BYTES_MAX).into_bytes();
    most.resize(most.len() + REQUEST_BYTES_MAX, b'\n');
    Answer::of(&engine.raw(&most)).refused(400, "E0611");
    // One more is not, nor is anything that only says that it is larger.
    for length in [REQUEST_BYTES_MAX + 1, usize::MAX >> 1] {
        Answer::of(&engine.raw(head(length).as_bytes())).refused(413, "E0611");
    }
    // Nor without a length.
    let mut chunked = head(0).replace("Content-Length: 0", "Transfer-Encoding: chunked").into_bytes();
    for _ in 0..=REQUEST_BYTES_MAX >> 16 {
        chunked.extend_from_slice(b"10000\r\n");
        chunked.resize(chunked.len() + (1 << 16), b'\n');
        chunked.extend_from_slice(b"\r\n");
    }
    chunked.extend_from_slice(b"0\r\n\r\n");
    let mut stream = engine.connect();
    let _ = stream.write_all(&chunked);
    let mut said = vec![0; 1 << 16];
    let count = stream.read(&mut said).unwrap_or(0);
    if count > 0 {
        assert_eq!(Answer::of(&String::from_utf8_lossy(&said[..count])).status, 413);
    }
    assert_eq!(engine.status()["protocols"].as_array().unwrap().len(), 2);
    engine.stop();
}

#[test]
fn bytes_that_are_no_request_are_answered_or_dropped() {
    let (_place, engine) = engine("api_garbage");
    let (address, token) = (engine.address.as_str(), engine.token.as_str());
    let noise: Vec<u8> = (0..100_000u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for bytes in [
        noise.as_slice(),
        b"\r\n\r\n\r\n\r\n",
        b"\0\0\0\0\0\0\0\0\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /healthz\r\n\r\n",
        b"GET /healthz HTTP/9.9\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: 127.0.0.1\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcd",
        b"POST /v1/sessions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n",
    ] {
        let mut stream = engine.connect();
        let _ = stream.write_all(bytes);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut said = Vec::new();
        let _ = stream.read_to_end(&mut said);
        let answer = Answer::of(&String::from_utf8_lossy(&said));
        assert!(answer.status == 0 || answer.status >= 400, "{answer:?}");
    }
    // Headers without end.
    let huge = format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\nX: {}\r\n\r\n", "x".repeat(1 << 20));
    assert!([0, 431].contains(&Answer::of(&engine.raw(huge.as_bytes())).status));
    let many = format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\n{}\r\n", "X: y\r\n".repeat(10_000));
    assert!([0, 431].contains(&Answer::of(&engine.raw(many.as_bytes())).status));
    // The protocol of yesterday names no host; if it does, it is answered.
    let said = engine.raw(b"GET /healthz HTTP/1.0\r\n\r\n");
    Answer::of(&said).refused(403, "E0610");
    let said = engine.raw(format!("GET /healthz HTTP/1.0\r\nHost: {address}\r\n\r\n").as_bytes());
    assert_eq!(Answer::of(&said).status, 200, "{said}");
    // Requests behind each other are answered in their order, each judged by itself.
    let request = |path: &str, token: &str, last: &str| {
        format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n{last}\r\n")
    };
    let line = request("/healthz", "", "")
        + &request("/v1/status", token, "")
        + &request("/v1/status", "x", "")
        + &request("/v1/handlers", token, "Connection: close\r\n");
    let said = engine.raw(line.as_bytes());
    let statuses: Vec<&str> = said.match_indices("HTTP/1.1 ").map(|(at, _)| &said[at + 9..at + 12]).collect();
    assert_eq!(statuses, ["200", "200", "401", "200"], "{said}");
    assert_eq!(engine.started(), 0);
    engine.stop();
}

#[test]
fn a_key_starts_one_session() {
    let (place, engine) = engine("api_key");
    let token = format!("Bearer {}", engine.token);
    let headers = |key: &'static str| {
        [
            ("Host".to_owned(), engine.address.clone()),
            ("Authorization".to_owned(), token.clone()),
            ("Content-Type".to_owned(), "application/json".to_owned()),
            ("Idempotency-Key".to_owned(), key.to_owned()),
        ]
    };
    let start = |key: &'static str| {
        let headers = headers(key);
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let answer = engine.ask("POST", "/v1/sessions", &headers, br#"{"protocol":"Slow"}"#);
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.json()["id"].as_u64().unwrap()
    };
    let first = start("one");
    let same: Vec<u64> = thread::scope(|scope| {
        let all: Vec<_> = (0..8).map(|_| scope.spawn(|| start("one"))).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(same.iter().all(|id| *id == first), "{same:?}");
    let second = start("two");
    assert_ne!(first, second);
    assert_eq!(engine.started(), 2);
    assert_eq!(engine.session(first)["key"], "one");
    // A key is known at the next start too.
    engine.stop();
    let engine = Engine::start(&place);
    let said = place.laban("start Slow --key one --format json").status(0);
    let said: Json = serde_json::from_str(&said.out).unwrap();
    assert_eq!(said["id"], first);
    assert_eq!(engine.started(), 2);
    engine.stop();
}

#[test]
fn a_key_is_for_one_thing() {
    let (_place, engine) = engine("api_key_again");
    let token = format!("Bearer {}", engine.token);
    let start = |body: Json| {
        let kind = ("Content-Type", "application/json");
        let own = [("Host", engine.address.as_str()), ("Authorization", token.as_str())];
        let headers = [own[0], own[1], kind, ("Idempotency-Key", "k")];
        engine.ask("POST", "/v1/sessions", &headers, body.to_string().as_bytes())
    };
    let first = start(json!({ "protocol": "Quick", "input": { "limit": 5 }, "wait": true }));
    assert_eq!(first.status, 200, "{first:?}");
    let id = first.json()["id"].clone();
    // However long one waits for it, it is the same.
    assert_eq!(start(json!({ "input": { "limit": 5 }, "protocol": "Quick" })).json()["id"], id);
    for other in [
        json!({ "protocol": "Quick", "input": { "limit": 6 } }),
        json!({ "protocol": "Quick" }),
        json!({ "protocol": "Slow", "input": { "limit": 5 } }),
        json!({ "protocol": "Quick", "input": { "limit": 5 }, "idle_timeout": "1h" }),
    ] {
        let said = start(other).refused(422, "E0611");
        assert!(said.contains("session 1 was started with this key"), "{said}");
    }
    // What was begun is given again, also where nobody could begin it now.
    assert_eq!(engine.put("/v1/protocols/Quick", &QUICK.replace("limit", "most")).status, 200);
    let again = json!({ "protocol": "Quick", "input": { "limit": 5 } });
    engine.post("/v1/sessions", &again).refused(400, "E0611");
    assert_eq!(start(again).json()["id"], id);
    assert_eq!(engine.started(), 1);
    engine.stop();
}

#[test]
fn what_is_over_is_not_cancelled() {
    let (_place, engine) = engine("api_over");
    let (quick, slow) = (engine.begin("Quick"), engine.begin("Slow"));
    engine.comes_to(quick, "completed");
    let cancel = |id: u64| engine.delete(&format!("/v1/sessions/{id}"));
    assert!(cancel(quick).refused(409, "E0607").contains("completed"));
    assert_eq!(cancel(slow).json()["state"], "aborted");
    assert!(cancel(slow).refused(409, "E0607").contains("aborted"));
    cancel(3).refused(404, "E0607");
    engine.stop();
}

#[test]
fn no_more_sessions_run_than_the_settings_allow() {
    let place = Place::new("api_full");
    place.write("slow.choreo", SLOW).write("laban.yaml", "limits: { sessions: 2 }\n");
    let engine = Engine::start(&place);
    let first = engine.begin("Slow");
    place.laban("start Slow --key k").status(0);
    for _ in 0..3 {
        let said = engine.post("/v1/sessions", &json!({ "protocol": "Slow" })).refused(503, "E0514");
        assert!(said.contains("2 sessions run"), "{said}");
    }
    // What runs already takes no room.
    place.laban("start Slow --key k").status(0).says("session 2 ");
    assert_eq!(engine.delete(&format!("/v1/sessions/{first}")).status, 200);
    assert_eq!(engine.begin("Slow"), 3);
    assert_eq!(engine.started(), 3);
    engine.stop();
}

#[test]
fn the_token_is_its_owners() {
    let (place, engine) = engine("api_token");
    let mode = |name: &str| fs::metadata(place.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(".laban/token"), 0o600);
    assert_eq!(engine.token.len(), 64);
    let first = engine.token.clone();
    // Whatever is asked wrongly or in detail, the token is not in it; what was said is looked at when the engine goes.
    let answers =
        [engine.get("/v1/status"), engine.get("/metrics"), engine.get("/v1/journal"), engine.get("/v1/x")];
    assert!(answers.iter().all(|answer| !answer.head.contains(&first) && !answer.body.contains(&first)));
    engine.get(&format!("/v1/protocols/{first}"));
    place.laban("status --format json").status(0);
    engine.stop();
    // It stays the same.
    let engine = Engine::start(&place);
    assert_eq!(engine.token, first);
    // Only one engine is at work in a directory.
    let second = place.laban("serve --listen 127.0.0.1:0");
    let second = second.status(2).talks("E0605");
    assert!(!second.err.contains(&first) && !second.out.contains(&first));
    assert_eq!(engine.get("/v1/status").status, 200);
    place.laban("status").status(0);
    engine.stop();
    place.laban("status").status(2).talks("no engine is at work");
}
