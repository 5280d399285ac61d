//! Services that connect, and everything that they do wrong. They speak WebSocket themselves here.

use std::sync::Arc;
use std::time::Duration as Span;

use futures_util::{SinkExt as _, StreamExt as _};
use laban::base::limits::{HANDLER_MESSAGE_BYTES_MAX, HANDLER_OFFERS_MAX};
use laban::bytecode::program::Repetition;
use laban::host::handlers::{Admission, Asked, Handlers, Offer, Pace, State};
use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::handlers::vault::listen;
use crate::handlers::{asked, described, on_tokio, opened, pace, perform, produce, shown, status, until};

type Socket = WebSocketStream<TcpStream>;

const GUARDIAN: &str = "  desk: { kind: websocket, deadline: 5s, retry: { max: 2, backoff: 1ms } }\n";

async fn socket(address: &str) -> Socket {
    let host = address.trim_start_matches("ws://").split('/').next().unwrap();
    let stream = TcpStream::connect(host).await.unwrap();
    client_async(address, stream).await.unwrap().0
}

async fn say(socket: &mut Socket, message: Json) {
    socket.send(Message::text(message.to_string())).await.unwrap();
}

/// The next message that is JSON; none at the end.
async fn hear(socket: &mut Socket) -> Option<Json> {
    loop {
        match socket.next().await?.ok()? {
            Message::Text(text) => return Some(serde_json::from_str(&text).unwrap()),
            Message::Close(_) => return None,
            _ => {}
        }
    }
}

/// A service that offers `desk`.
async fn service(address: &str) -> Socket {
    let mut socket = socket(address).await;
    say(&mut socket, json!({ "offer": { "handler": "desk" } })).await;
    let offered = hear(&mut socket).await.unwrap();
    assert_eq!(offered, json!({ "offered": { "handler": "desk", "described": true } }));
    socket
}

/// Answers everything with this, until the end; how much it was asked.
fn serve(mut socket: Socket, result: Json) -> tokio::task::JoinHandle<usize> {
    tokio::spawn(async move {
        let mut count = 0;
        while let Some(request) = hear(&mut socket).await {
            if request.get("id").is_some() {
                count += 1;
                say(&mut socket, json!({ "id": request["id"], "result": result })).await;
            }
        }
        count
    })
}

fn call(handlers: &Handlers, session: u64) -> tokio::task::JoinHandle<String> {
    let handlers = handlers.clone();
    let asked = Asked { session, ..asked("desk", produce()) };
    tokio::spawn(async move { shown(&handlers.call(asked).await) })
}

#[test]
fn several_services_share_the_calls() {
    on_tokio(async {
        let handlers = opened(GUARDIAN);
        let address = listen(&handlers, Admission::Granted).await;
        let (mut slow, fast) = (service(&address).await, service(&address).await);
        until(|| status(&handlers, "desk").instances == 2).await;
        let held = call(&handlers, 1);
        let first = hear(&mut slow).await.unwrap();
        assert_eq!((&first["method"], &first["params"]["session"]), (&json!("produce"), &json!(1)));
        let fast = serve(fast, json!(6));
        // While one has a call, the other has fewer.
        for _ in 0..5 {
            assert_eq!(call(&handlers, 2).await.unwrap(), "6");
        }
        say(&mut slow, json!({ "jsonrpc": "2.0", "id": first["id"], "result": 5 })).await;
        assert_eq!(held.await.unwrap(), "5");
        // With equal loads they take turns.
        let slow = serve(slow, json!(5));
        let mut answers = Vec::new();
        for _ in 0..10 {
            answers.push(call(&handlers, 3).await.unwrap());
        }
        assert_eq!(answers.iter().filter(|answer| *answer == "5").count(), 5);
        handlers.close(Span::from_secs(5)).await;
        assert_eq!((slow.await.unwrap(), fast.await.unwrap()), (5, 10));
    });
}

#[test]
fn who_leaves_makes_calls_wait_and_then_fail() {
    on_tokio(async {
        let handlers =
            opened("  desk: { kind: websocket, deadline: 1500ms, retry: { max: 3, backoff: 1ms } }\n");
        let address = listen(&handlers, Admission::Granted).await;
        let mut first = service(&address).await;
        let waits = call(&handlers, 1);
        hear(&mut first).await.unwrap();
        first.close(None).await.unwrap();
        // It was asked before, and nobody comes to be asked again.
        assert_eq!(waits.await.unwrap(), "recoverable: `desk` was away for 1500ms");
        assert_eq!(status(&handlers, "desk").state, State::Away);
        let waits = call(&handlers, 2);
        let second = serve(service(&address).await, json!(5));
        assert_eq!(waits.await.unwrap(), "5");
        second.abort();
        until(|| status(&handlers, "desk").instances == 0).await;
        // A connection that breaks without a word is the same.
        let mut third = service(&address).await;
        let other = handlers.clone();
        let once =
            tokio::spawn(async move { shown(&other.call(asked("desk", perform(Repetition::Once))).await) });
        hear(&mut third).await.unwrap();
        drop(third);
        let expected = "uncertain: uncertain: `desk.open` may have been done, and is not asked twice: `desk`: it went before it answered";
        assert_eq!(once.await.unwrap(), expected);
    });
}

#[test]
fn offers_are_declared_and_taken_back() {
    on_tokio(async {
        let handlers = opened(&format!(
            "{GUARDIAN}  book: {{ kind: websocket, deadline: 50ms }}\n  code: {{ kind: rust }}\n"
        ));
        let address = listen(&handlers, Admission::Granted).await;
        assert_eq!(handlers.offers("desk", "produce"), Offer::Unknown);
        let mut socket = socket(&address).await;
        let offer =
            |name: &str, operations: Json| json!({ "offer": { "handler": name, "operations": operations } });
        for (name, described) in [("desk", true), ("book", true), ("code", false), ("nobody", false)] {
            say(&mut socket, offer(name, json!(["decide", 3, "desk.open"]))).await;
            let told = hear(&mut socket).await.unwrap();
            assert_eq!(told, json!({ "offered": { "handler": name, "described": described } }));
        }
        assert_eq!(handlers.offers("desk", "desk.open"), Offer::Offered);
        assert_eq!(handlers.offers("desk", "produce"), Offer::NotOffered);
        // Nobody here takes this operation, so nobody is asked.
        let away = handlers.call(asked("book", produce())).await;
        assert_eq!(shown(&away), "recoverable: `book` was away for 50ms");
        let waits = call(&handlers, 1);
        say(&mut socket, offer("desk", json!(["produce"]))).await;
        hear(&mut socket).await.unwrap();
        let asked = hear(&mut socket).await.unwrap();
        say(&mut socket, json!({ "leave": { "handler": "desk" } })).await;
        until(|| status(&handlers, "desk").instances == 0).await;
        // What it was asked before it left is still waited for.
        say(&mut socket, json!({ "id": asked["id"], "result": 5 })).await;
        assert_eq!(waits.await.unwrap(), "5");
        handlers.apply(&described(GUARDIAN), std::path::Path::new(""));
    });
}

#[test]
fn a_call_that_nobody_waits_for_is_withdrawn() {
    on_tokio(async {
        let handlers = opened(GUARDIAN);
        let address = listen(&handlers, Admission::Granted).await;
        let mut socket = service(&address).await;
        let waits = call(&handlers, 1);
        let request = hear(&mut socket).await.unwrap();
        waits.abort();
        let told = hear(&mut socket).await.unwrap();
        assert_eq!((&told["method"], &told["params"]), (&json!("withdraw"), &json!({ "key": "k-1" })));
        assert!(told.get("id").is_none());
        say(&mut socket, json!({ "id": request["id"], "result": 5 })).await;
        assert_eq!(status(&handlers, "desk").in_flight, 0);
        let socket = serve(socket, json!(6));
        assert_eq!(call(&handlers, 2).await.unwrap(), "6");
        drop(socket);
    });
}

#[test]
fn only_who_says_the_token_is_heard() {
    on_tokio(async {
        let handlers = opened(GUARDIAN);
        let address = listen(&handlers, Admission::Token("a secret".into())).await;
        for first in [
            json!({ "token": "another" }),
            json!({ "token": "" }),
            json!({ "token": ["a secret"] }),
            json!({ "offer": { "handler": "desk" } }),
            json!("a secret"),
            json!(null),
        ] {
            let mut socket = socket(&address).await;
            say(&mut socket, first).await;
            drop(socket.send(Message::text(json!({ "offer": { "handler": "desk" } }).to_string())).await);
            assert_eq!(hear(&mut socket).await, None);
        }
        // Silence is no token either.
        assert_eq!(hear(&mut socket(&address).await).await, None);
        assert_eq!(status(&handlers, "desk").instances, 0);
        let mut good = socket(&address).await;
        say(&mut good, json!({ "token": "a secret" })).await;
        say(&mut good, json!({ "offer": { "handler": "desk" } })).await;
        assert!(hear(&mut good).await.is_some());
        let empty = listen(&handlers, Admission::Token(Arc::from(""))).await;
        let mut socket = socket(&empty).await;
        say(&mut socket, json!({ "token": "" })).await;
        assert_eq!(hear(&mut socket).await, None, "an empty token lets nobody in");
    });
}

#[test]
fn who_breaks_the_rules_is_left() {
    on_tokio(async {
        let handlers = opened(GUARDIAN);
        let address = listen(&handlers, Admission::Granted).await;
        let ends = |messages: Vec<Message>| {
            let address = address.clone();
            async move {
                let mut socket = service(&address).await;
                for message in messages {
                    if socket.send(message).await.is_err() {
                        break;
                    }
                }
                while hear(&mut socket).await.is_some() {}
            }
        };
        ends(vec![Message::text("noise"); 100]).await;
        ends(vec![Message::text(" ".repeat(HANDLER_MESSAGE_BYTES_MAX + 1))]).await;
        ends(vec![Message::text("{\"offer\": 3}")]).await;
        let offer = |at| Message::text(json!({ "offer": { "handler": format!("h{at}") } }).to_string());
        ends((0..HANDLER_OFFERS_MAX).map(offer).collect()).await;
        ends(vec![Message::text(json!({ "offer": { "handler": "x".repeat(300) } }).to_string())]).await;
        until(|| status(&handlers, "desk").instances == 0).await;
        // Bytes that are no frame.
        let host = address.trim_start_matches("ws://").split('/').next().unwrap();
        let mut stream = TcpStream::connect(host).await.unwrap();
        let head = "GET /v1/handlers/connect HTTP/1.1\r\nhost: x\r\nconnection: keep-alive, Upgrade\r\nupgrade: websocket\r\n\
                    sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&[0xff; 64]).await.unwrap();
        let mut said = Vec::new();
        drop(stream.read_to_end(&mut said).await);
        let said = String::from_utf8_lossy(&said).to_lowercase();
        assert!(said.starts_with("http/1.1 101 "), "{said}");
        assert!(said.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=\r\n"), "{said}");
    });
}

#[test]
fn requests_that_are_no_sockets_are_refused() {
    on_tokio(async {
        let handlers = opened(GUARDIAN);
        let address = listen(&handlers, Admission::Granted).await;
        let host = address.trim_start_matches("ws://").split('/').next().unwrap().to_owned();
        let good = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: eA==\r\n";
        for (method, headers, status) in [
            ("POST", good.to_owned(), 405),
            ("GET", String::new(), 426),
            ("GET", good.replace("upgrade: websocket", "upgrade: h2c"), 426),
            ("GET", good.replace(": 13", ": 8"), 400),
            ("GET", good.replace("sec-websocket-key", "x"), 400),
        ] {
            let mut stream = TcpStream::connect(&host).await.unwrap();
            let request = format!(
                "{method} /v1/handlers/connect HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n{headers}\r\n"
            );
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut said = [0; 12];
            stream.read_exact(&mut said).await.unwrap();
            assert_eq!(String::from_utf8_lossy(&said), format!("HTTP/1.1 {status}"), "{headers}");
        }
    });
}

#[test]
fn who_is_silent_is_left_and_who_pongs_stays() {
    on_tokio(async {
        let quick = Pace { ping: Span::from_millis(20), silence: Span::from_millis(1500), ..pace() };
        let handlers = Handlers::new(quick);
        handlers.apply(&described(GUARDIAN), std::path::Path::new(""));
        let address = listen(&handlers, Admission::Granted).await;
        let alive = serve(service(&address).await, json!(5));
        // It is connected, and reads nothing, so it never pongs.
        let mute = service(&address).await;
        assert_eq!(status(&handlers, "desk").instances, 2);
        until(|| status(&handlers, "desk").instances == 1).await;
        tokio::time::sleep(Span::from_millis(1600)).await;
        assert_eq!(status(&handlers, "desk").instances, 1);
        assert_eq!(call(&handlers, 1).await.unwrap(), "5");
        drop((alive, mute));
    });
}
