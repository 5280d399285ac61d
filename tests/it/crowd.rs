//! Many at once, and those who are slow: what is bounded at the control interface, and that there is room again.
//!
//! Is not: a test of load, which lasts; `load` has that.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use laban::base::limits::{
    BODY_SECONDS_MAX, CONNECTIONS_MAX, HEADER_SECONDS_MAX, LISTENERS_MAX, REQUESTS_MAX,
};
use serde_json::{Value as Json, json};

use crate::api::engine;
use crate::engine::{Answer, Engine, PATIENCE, rest, until};

/// How often something that needs a quick machine is tried again on one that stands still meanwhile.
const ROUNDS: usize = 20;

#[test]
fn whoever_is_slow_is_shown_the_door() {
    let (_place, engine) = engine("api_slow");
    let began = Instant::now();
    let most = Duration::from_secs(HEADER_SECONDS_MAX) + PATIENCE;
    let mut lines: Vec<TcpStream> = (0..3).map(|_| engine.connect()).collect();
    // One says nothing, one stops in the middle, one goes on for ever, a letter at a time.
    lines[1].write_all(b"GET /healthz HTTP/1.1\r\nHo").unwrap();
    lines[2].write_all(b"GET /healthz HTTP/1.1\r\nX: ").unwrap();
    let mut drip = lines[2].try_clone().unwrap();
    thread::spawn(move || {
        while drip.write_all(b"x").is_ok() {
            rest(Duration::from_millis(300));
        }
    });
    for line in &mut lines {
        line.set_read_timeout(Some(most.saturating_sub(began.elapsed()) + Duration::from_millis(1))).unwrap();
        let mut said = Vec::new();
        let ended = line.read_to_end(&mut said);
        let in_time = !ended.is_err_and(|error| {
            matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut)
        });
        assert!(in_time && began.elapsed() < most, "{:?}", began.elapsed());
        assert!([0, 408].contains(&Answer::of(&String::from_utf8_lossy(&said)).status));
    }
    engine.stop();
}

#[test]
fn thousands_of_connections_are_bounded_and_leave_room_again() {
    let (_place, engine) = engine("api_crowd");
    let id = engine.begin("Slow");
    let counted = || {
        let metrics = engine.get("/metrics");
        assert_eq!(metrics.status, 200, "{metrics:?}");
        let line =
            metrics.body.lines().find_map(|line| line.strip_prefix("laban_connections_refused_total "));
        line.unwrap().parse::<usize>().unwrap()
    };
    assert_eq!(counted(), 0);
    // Whoever says nothing is shown the door after a while, so that a slow crowd may find room, and another one comes.
    let turned_away = (0..ROUNDS).find_map(|_| {
        let began = Instant::now();
        let crowd: Vec<TcpStream> =
            (0..2 * CONNECTIONS_MAX).filter_map(|_| TcpStream::connect(&engine.address).ok()).collect();
        assert!(crowd.len() > CONNECTIONS_MAX, "{}", crowd.len());
        // Beyond the bound one sees at once that nobody answers.
        let ended = crowd.iter().filter(|stream| has_ended(stream)).count();
        let quick = began.elapsed() < Duration::from_secs(HEADER_SECONDS_MAX);
        drop(crowd);
        until("room again", || {
            (engine.ask("GET", "/healthz", &[("Host", &engine.address)], &[]).status == 200).then_some(())
        });
        (ended > 0 && quick).then_some(ended)
    });
    let turned_away = turned_away.expect("nobody was turned away");
    assert!(counted() >= turned_away, "{} of {turned_away} are counted", counted());
    assert_eq!(engine.session(id)["state"], "running");
    engine.stop();
}

/// Whether the other side has ended a connection on which nothing was said.
fn has_ended(mut stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    match stream.read(&mut [0]) {
        Ok(count) => count == 0,
        Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
    }
}

/// Sends many requests at once, each on a connection of its own; the connections, which have not been read.
fn crowd(engine: &Engine, count: usize, request: &str) -> Vec<TcpStream> {
    let one = |_| {
        let mut stream = engine.connect();
        stream.write_all(request.as_bytes()).unwrap();
        stream
    };
    (0..count).map(one).collect()
}

/// The head of the answer on a connection, and perhaps some of its body.
fn first_words(stream: &mut TcpStream) -> Answer {
    let mut said = vec![0; 4096];
    let count = stream.read(&mut said).unwrap();
    Answer::of(&String::from_utf8_lossy(&said[..count]))
}

#[test]
fn a_start_may_wait_and_not_too_many_at_once() {
    let (_place, engine) = engine("api_wait");
    let start = |body: Json| {
        let began = Instant::now();
        let answer = engine.post("/v1/sessions", &body);
        (answer.status, answer.json()["state"].as_str().unwrap().to_owned(), began.elapsed())
    };
    let (status, state, _) = start(json!({ "protocol": "Quick", "wait": true }));
    assert_eq!((status, state.as_str()), (200, "completed"));
    let (status, state, took) = start(json!({ "protocol": "Slow", "wait": "400ms" }));
    assert_eq!((status, state.as_str()), (201, "running"));
    assert!(took >= Duration::from_millis(400) && took < Duration::from_secs(10), "{took:?}");
    // As many as may wait do; the others hear it at once, and have started nothing.
    let body = r#"{"protocol":"Slow","wait":"4s"}"#;
    let request = format!(
        "POST /v1/sessions HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
        engine.address,
        engine.token,
        body.len()
    );
    let mut begun = 2;
    let refused = (0..ROUNDS).any(|_| {
        let mut waiting = crowd(&engine, REQUESTS_MAX + 40, &request);
        let answers: Vec<u16> = waiting.iter_mut().map(|stream| first_words(stream).status).collect();
        let of = |status: u16| answers.iter().filter(|one| **one == status).count();
        assert_eq!(of(201) + of(503), answers.len(), "{answers:?}");
        assert!(of(201) >= REQUESTS_MAX, "{}", of(201));
        begun += of(201) as u64;
        assert_eq!(engine.started(), begun);
        // Where so many could not be sent while the first ones wait, nobody was in anybody's way.
        of(503) > 0
    });
    assert!(refused, "nobody was refused");
    engine.stop();
}

#[test]
fn so_many_listen_and_no_more() {
    let (_place, engine) = engine("api_listeners");
    let request = format!(
        "GET /v1/events HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\r\n",
        engine.address, engine.token
    );
    let mut listeners = crowd(&engine, LISTENERS_MAX, &request);
    assert!(listeners.iter_mut().all(|stream| first_words(stream).status == 200));
    engine.get("/v1/events").refused(503, "E0612");
    // One that leaves makes room; that is seen when something is to be said to it.
    listeners.pop();
    until("room for a listener", || {
        engine.begin("Quick");
        let mut one = crowd(&engine, 1, &request);
        (first_words(&mut one[0]).status == 200).then_some(())
    });
    engine.stop();
}

#[test]
fn a_body_that_does_not_come_is_not_waited_for() {
    let (_place, engine) = engine("api_drip");
    let began = Instant::now();
    let most = Duration::from_secs(BODY_SECONDS_MAX) + PATIENCE;
    let body = br#"{"protocol":"Slow"}"#;
    let head = format!(
        "POST /v1/sessions HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Content-Length: 4000\r\n\r\n",
        engine.address, engine.token
    );
    let mut lines: Vec<TcpStream> = (0..3).map(|_| engine.connect()).collect();
    lines.iter_mut().for_each(|line| line.write_all(head.as_bytes()).unwrap());
    // One says nothing more, one stops in the middle, one goes on a byte at a time.
    lines[1].write_all(body).unwrap();
    let mut drip = lines[2].try_clone().unwrap();
    thread::spawn(move || {
        while drip.write_all(b" ").is_ok() {
            rest(Duration::from_millis(100));
        }
    });
    for line in &mut lines {
        line.set_read_timeout(Some(most.saturating_sub(began.elapsed()) + Duration::from_millis(1))).unwrap();
        let answer = first_words(line);
        let said = answer.refused(408, "E0611");
        assert!(said.contains(&format!("{BODY_SECONDS_MAX} seconds")), "{said}");
        assert!(answer.head.contains("connection: close"), "{answer:?}");
    }
    assert!(began.elapsed() >= Duration::from_secs(BODY_SECONDS_MAX), "{:?}", began.elapsed());
    // A body that stops is no body.
    let mut line = engine.connect();
    line.write_all(head.as_bytes()).unwrap();
    line.shutdown(std::net::Shutdown::Write).unwrap();
    let mut said = Vec::new();
    let _ = line.read_to_end(&mut said);
    assert!([0, 400].contains(&Answer::of(&String::from_utf8_lossy(&said)).status));
    assert_eq!(engine.started(), 0);
    engine.stop();
}
