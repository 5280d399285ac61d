//! Bindings at an engine that runs: programs that change, members that are told who they are, handlers that are missing.
//!
//! Is not: a test of handlers; `handlers` drives them without an engine.

use std::fs;
use std::io::{Read, Write};

use serde_json::{Value as Json, json};

use crate::command::Place;
use crate::engine::{Engine, swap_in, until};

/// What every program here begins with: it answers what `result` gives, and writes down what it was asked.
const PRELUDE: &str = "import json, sys, time
def note(what): open('asked', 'a').write(json.dumps(what) + '\\n')
def say(message): print(json.dumps(message), flush=True)
def serve(result):
    for line in sys.stdin:
        asked = json.loads(line)
        if 'id' in asked:
            note([VERSION, asked['method'], asked['params']['role'], asked['params']['config']])
            say({'id': asked['id'], 'result': result(asked)})
    note([VERSION, 'over'])
";

fn program(version: u32, rest: &str) -> String {
    format!("VERSION = {version}\n{PRELUDE}{rest}")
}

/// What programs have written down, in their order.
fn notes(place: &Place) -> Vec<Json> {
    let text = fs::read_to_string(place.path("asked")).unwrap_or_default();
    text.lines().map_while(|line| serde_json::from_str(line).ok()).collect()
}

#[test]
fn a_program_that_changes_is_started_anew_and_ends_what_it_began() {
    let place = Place::new("bound_program");
    let gate = "def result(asked):\n    while not os.path.exists('open'): time.sleep(0.01)\n    return {'n': VERSION}\n";
    let text = |version, wait: bool| {
        let result =
            if wait { format!("import os\n{gate}") } else { "result = lambda _: {'n': VERSION}\n".into() };
        program(version, &format!("{result}serve(result)\n"))
    };
    place.write("a.choreo", "choreography A {\n    roles: A, B\n    A -> B: M(n: Int)\n}\n");
    place.write("tools/desk.py", text(1, true));
    place.write(
        "a.bindings.yaml",
        "protocol: A\nroles: { A: { handler: desk } }\nhandlers: { desk: { kind: process, command: [python3, tools/desk.py], deadline: 10m } }\n",
    );
    let engine = Engine::start(&place);
    let generation = || engine.status()["deployed"]["generation"].as_u64().unwrap();
    let (first, before) = (engine.begin("A"), generation());
    until("the first call", || notes(&place).contains(&json!([1, "produce", "A", null])).then_some(()));
    // Saved by an editor; nobody says that something has changed.
    swap_in(&place, "tools/desk.py", &text(2, false));
    until("another generation", || (generation() > before).then_some(()));
    let second = engine.begin("A");
    engine.comes_to(second, "completed");
    assert_eq!(notes(&place).last(), Some(&json!([2, "produce", "A", null])));
    // What the first one was asked it still answers; then it is let go.
    assert_eq!(engine.session(first)["state"], "running");
    place.write("open", "");
    engine.comes_to(first, "completed");
    until("the end of the first program", || notes(&place).contains(&json!([1, "over"])).then_some(()));
    let asked: Vec<Json> = notes(&place).into_iter().filter(|note| note[1] == "produce").collect();
    assert_eq!(asked.len(), 2, "{asked:?}");
    // The same text again is no change; another file beside it is not the program.
    let generation = engine.status()["deployed"]["generation"].clone();
    swap_in(&place, "tools/desk.py", &text(2, false));
    swap_in(&place, "tools/other.py", &text(3, false));
    place.laban("deploy").status(0).says("nothing has changed");
    assert_eq!(engine.status()["deployed"]["generation"], generation);
    engine.stop();
}

#[test]
fn members_of_a_family_are_told_which_they_are() {
    let place = Place::new("bound_index");
    place.write(
        "a.choreo",
        "choreography A {\n    roles: Chair, Guardian[3]\n    Guardian[*] -> Chair: Vote(n: Int)\n}\n",
    );
    place.write("desk.py", program(1, "serve(lambda asked: {'n': 1})\n"));
    place.write(
        "a.bindings.yaml",
        "protocol: A\nroles:\n  \"Guardian[*]\": { handler: desk, config: { desk: \"{index}\", name: \"desk {index} of {all}\", \
         all: [\"{index}\", 7] } }\nhandlers: { desk: { kind: process, command: [python3, desk.py] } }\n",
    );
    let engine = Engine::start(&place);
    let id = engine.begin("A");
    engine.comes_to(id, "completed");
    let told = |notes: &[Json]| {
        let mut told: Vec<(String, Json)> =
            notes.iter().map(|note| (note[2].as_str().unwrap().to_owned(), note[3].clone())).collect();
        told.sort_by(|a, b| a.0.cmp(&b.0));
        told
    };
    let expected = |index: u32| {
        let config = json!({ "desk": index, "name": format!("desk {index} of {{all}}"), "all": [index, 7] });
        (format!("Guardian[{index}]"), config)
    };
    let members: Vec<(String, Json)> = told(&notes(&place));
    let first: u32 = if members[0].0 == "Guardian[0]" { 0 } else { 1 };
    assert_eq!(members, (first..first + 3).map(expected).collect::<Vec<_>>());
    // Who names other players for one session means the same.
    fs::remove_file(place.path("asked")).unwrap();
    let body = json!({ "protocol": "A", "roles": { "Guardian[*]": { "handler": "desk", "config": { "desk": "{index}" } } } });
    let id = engine.post("/v1/sessions", &body).json()["id"].as_u64().unwrap();
    engine.comes_to(id, "completed");
    let desks: Vec<Json> =
        told(&notes(&place)).into_iter().map(|(_, config)| config["desk"].clone()).collect();
    assert_eq!(desks, [json!(first), json!(first + 1), json!(first + 2)]);
    engine.stop();
}

#[test]
fn what_a_handler_does_not_offer_is_said_when_it_is_known() {
    let place = Place::new("bound_offers");
    place.write(
        "a.choreo",
        "effect desk { open(day: Int) -> Int : once }\nchoreography A {\n    roles: A, B\n    A does desk.open(3) as day\n    \
         A -> B: M(n: Int)\n}\n",
    );
    let offers = |operations: &str| {
        program(1, &format!("say({{'offer': {{'operations': [{operations}]}}}})\nserve(lambda _: 5)\n"))
    };
    place.write("desk.py", offers("'decide', 'desk.open'"));
    place.write(
        "a.bindings.yaml",
        "protocol: A\nroles: { A: { handler: clerk } }\nhandlers:\n  clerk: { kind: process, command: [python3, desk.py] }\n  \
         desk: { kind: process, command: [python3, desk.py] }\n",
    );
    let engine = Engine::start(&place);
    let unoffered = || engine.status()["unoffered"].clone();
    let expected = json!([{ "protocol": "A", "handler": "clerk", "operation": "produce" }]);
    until("what the program says of itself", || (unoffered() == expected).then_some(()));
    place
        .laban("status")
        .status(0)
        .says("E0614: `A` asks the handler `clerk` for `produce`, which it does not offer");
    swap_in(&place, "desk.py", &offers("'produce'"));
    let other = json!([{ "protocol": "A", "handler": "desk", "operation": "desk.open" }]);
    until("what the other program says", || (unoffered() == other).then_some(()));
    engine.stop();
}

#[test]
fn what_was_forgotten_in_bindings_is_a_warning_or_a_mistake() {
    let place = Place::new("bound_forgotten");
    place.write(
        "a.choreo",
        "effect desk { open(day: Int) -> Int : once }\nchoreography A {\n    roles: A, B\n    A does desk.open(3) as day\n    \
         A -> B: M(n: Int)\n    B -> A: N(n: Int)\n}\n",
    );
    place.write("b.choreo", "choreography B {\n    roles: A, B\n    A -> B: M(n: Int)\n}\n");
    let engine = Engine::start(&place);
    // Without bindings only the effect is missing: roles without a handler are what one begins with.
    let warning = |names: &str, so: &str| format!("[E0614]: no handler plays {names} of `A`, and {so}");
    let so = "a stand-in makes the answers up";
    let said = || place.laban("status").out;
    assert!(said().contains(&format!("a.choreo:2:14: warning{}", warning("`desk`", so))), "{}", said());
    assert!(!said().contains("of `B`, and"), "{}", said());
    // Beside a role that is bound, another one was forgotten.
    let bindings =
        "protocol: A\nroles: { A: { handler: clerk } }\nhandlers: { clerk: { kind: websocket } }\n";
    place.write("a.bindings.yaml", bindings);
    until("the other warning", || said().contains(&warning("`B`, `desk`", so)).then_some(()));
    // It is only a warning: what is there runs.
    assert_eq!(engine.status()["deployed"]["current"], true);
    place.laban("status").status(0);
    engine.stop();
    place.write("laban.yaml", "stand_ins: false\n");
    let engine = Engine::start(&place);
    let so = "`stand_ins` is `false`";
    assert!(engine.out().contains(&format!("error{}", warning("`B`, `desk`", so))), "{}", engine.out());
    place.laban("status").status(1).says("no handler plays `A` of `B`");
    engine.stop();
}

#[test]
fn a_service_connects_through_the_door() {
    let place = Place::new("bound_service");
    place.write("a.choreo", "choreography A {\n    roles: A, B\n    A -> B: M(n: Int)\n}\n");
    let bindings =
        "protocol: A\nroles: { A: { handler: clerk } }\nhandlers: { clerk: { kind: websocket } }\n";
    place.write("a.bindings.yaml", bindings);
    let engine = Engine::start(&place);
    let state = || engine.get("/v1/handlers").json()[0]["state"].clone();
    assert_eq!(state(), "away");
    let mut socket = engine.connect();
    let head = format!(
        "GET /v1/handlers/connect HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        engine.address, engine.token
    );
    socket.write_all(head.as_bytes()).unwrap();
    let mut said = [0; 512];
    let count = socket.read(&mut said).unwrap();
    assert!(said[..count].starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&said[..count]));
    // One text frame, masked by nothing.
    let offer = br#"{"offer":{"handler":"clerk"}}"#;
    let mut frame = vec![0x81, 0x80 | offer.len() as u8, 0, 0, 0, 0];
    frame.extend_from_slice(offer);
    socket.write_all(&frame).unwrap();
    until("a service that is ready", || (state() == "ready").then_some(()));
    drop(socket);
    until("a service that is away", || (state() == "away").then_some(()));
    engine.stop();
}

/// Answers what it is asked when the file `now` is there.
const LATE: &str = "import json, os, sys, time
for line in sys.stdin:
    asked = json.loads(line)
    while not os.path.exists('now'):
        time.sleep(0.01)
    print(json.dumps({'jsonrpc': '2.0', 'id': asked.get('id'), 'result': {'number': 1}}), flush=True)
";

#[test]
fn handlers_of_sessions_are_those_of_the_log_where_the_directory_says_nothing() {
    let place = Place::new("reload_handlers");
    place
        .write("late.py", LATE)
        .write("h.choreo", "choreography H {\n    roles Ann, Ben\n    Ann -> Ben: Hi(number: Int)\n}\n");
    let bindings = "protocol: H\nroles: { Ann: { handler: late } }\nhandlers: { late: { kind: process, command: [python3, late.py] } }\n";
    place.write("h.bindings.yaml", bindings);
    let engine = Engine::start(&place);
    let first = engine.begin("H");
    // The version of the second session has a handler of another name.
    place.write("h.choreo", "choreography H {\n    roles Ann, Ben\n    Ann -> Ben: Ho(number: Int)\n}\n");
    place.write(
        "h.bindings.yaml",
        bindings.replace("late:", "later:").replace("handler: late", "handler: later"),
    );
    until("the second version", || (engine.status()["deployed"]["generation"] == 2).then_some(()));
    let second = engine.begin("H");
    engine.signal("KILL");
    drop(engine);
    place.write("broken.choreo", "choreography B {");
    let engine = Engine::start(&place);
    place.write("now", "");
    engine.comes_to(first, "completed");
    engine.comes_to(second, "completed");
    engine.stop();
}

/// Answers with the number that it was started with.
const NAMED: &str = "import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps({'jsonrpc': '2.0', 'id': asked.get('id'), 'result': {'number': int(sys.argv[1])}}), flush=True)
";

#[test]
fn a_version_that_comes_back_has_its_handlers_and_so_has_a_session_that_named_its_own() {
    let place = Place::new("bound_rollback");
    let text = |message: &str| {
        format!(
            "choreography H {{\n    roles Ann, Ben\n    Ann -> Ben: {message}(number: Int)\n    Ben does time.sleep(1h)\n    Ann -> Ben: {message}(number: Int)\n}}\n"
        )
    };
    let handler = |name: &str| format!("  {name}: {{ kind: process, command: [python3, named.py, '1'] }}\n");
    let bindings = |who: &str, more: &str| {
        format!("protocol: H\nroles: {{ Ann: {{ handler: {who} }} }}\nhandlers:\n{}{more}", handler(who))
    };
    place.write("named.py", NAMED).write("h.choreo", text("One"));
    place.write("h.bindings.yaml", bindings("one", ""));
    let engine = Engine::start(&place);
    let names = || -> Vec<String> {
        let handlers = engine.get("/v1/handlers").json();
        handlers.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    let is = |wanted: &[&str]| until(&format!("{wanted:?}"), || (names() == wanted).then_some(()));
    is(&["one"]);
    for (message, who) in [("Two", "two"), ("Three", "three")] {
        // Bindings first: until the text is there too, the version is the one before with another handler.
        swap_in(&place, "h.bindings.yaml", &bindings(who, ""));
        until(who, || names().contains(&who.to_owned()).then_some(()));
        swap_in(&place, "h.choreo", &text(message));
        until("the next version", || {
            let shown = engine.get("/v1/protocols/H").json();
            (shown["versions"].as_array().unwrap().len() == if who == "two" { 2 } else { 3 }).then_some(())
        });
    }
    swap_in(&place, "h.bindings.yaml", &bindings("three", &handler("own")));
    is(&["own", "three"]);
    let own = engine.post("/v1/sessions", &json!({ "protocol": "H", "roles": { "Ann": "own" } }));
    let own = own.json()["id"].as_u64().unwrap();
    swap_in(&place, "h.bindings.yaml", &bindings("three", ""));
    let without = || {
        let handlers = engine.get("/v1/status").json()["deployed"]["generation"].as_u64();
        handlers.filter(|generation| *generation >= 7)
    };
    until("the directory without it", without);
    assert_eq!(names(), ["own", "three"], "a session that runs has named it");
    // The first version was bound to the second handler when the second version came.
    place.laban("rollback H").status(0);
    assert_eq!(names(), ["own", "three"]);
    place.laban("rollback H").status(0);
    is(&["own", "three", "two"]);
    let id = engine.begin("H");
    until("a message of the first version", || {
        engine.session(id).to_string().contains("\"One\"").then_some(())
    });
    engine.delete(&format!("/v1/sessions/{own}"));
    engine.stop();
}
