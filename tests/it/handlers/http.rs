//! Handlers that are HTTP services, and everything that servers do wrong. The servers here write bytes of their own.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration as Span;

use laban::base::limits::HANDLER_MESSAGE_BYTES_MAX;
use laban::bytecode::program::Repetition;
use laban::effect::call::Ask;
use laban::host::handlers::{Offer, State};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::handlers::{asked, described, on_tokio, opened, perform, produce, shown, status};

/// A server that gives one response a connection, the last one for ever, and what it was sent.
async fn server(responses: Vec<Vec<u8>>) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let requests = Arc::new(Mutex::new(Vec::new()));
    let seen = requests.clone();
    tokio::spawn(async move {
        for at in 0.. {
            let (mut stream, _) = listener.accept().await.unwrap();
            let response = responses[at.min(responses.len() - 1)].clone();
            let seen = seen.clone();
            tokio::spawn(async move {
                let mut request = Vec::new();
                // The body is an object, and ends as one.
                while !request.ends_with(b"}") {
                    if stream.read_buf(&mut request).await.unwrap_or(0) == 0 {
                        return;
                    }
                }
                seen.lock().unwrap().push(String::from_utf8(request).unwrap());
                drop(stream.write_all(&response).await);
                if response.is_empty() {
                    return;
                }
                drop(stream.shutdown().await);
                tokio::time::sleep(Span::from_millis(50)).await;
            });
        }
    });
    (format!("http://{address}/calls?desk=1"), requests)
}

fn response(status: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
        .into_bytes()
}

#[track_caller]
fn check(responses: &[Vec<u8>], ask: Ask, expected: &str, requests: usize) -> Vec<String> {
    on_tokio(async {
        let (url, seen) = server(responses.to_vec()).await;
        let retry = "retry: { max: 2, backoff: 1ms }, deadline: 2s";
        let handlers = opened(&format!("  desk: {{ kind: http, url: '{url}', {retry} }}\n"));
        assert_eq!(shown(&handlers.call(asked("desk", ask)).await), expected);
        let seen = seen.lock().unwrap().clone();
        assert_eq!(seen.len(), requests, "{seen:?}");
        seen
    })
}

#[test]
fn a_service_is_sent_the_call_with_its_key() {
    let seen = check(&[response("200 OK", "5")], perform(Repetition::Once), "5", 1);
    let (head, body) = seen[0].split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /calls?desk=1 HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("\r\nidempotency-key: k-1\r\n"), "{head}");
    assert!(head.contains("\r\ncontent-type: application/json"), "{head}");
    assert!(!head.contains("authorization"), "{head}");
    let expected = "{\"method\":\"desk.open\",\"key\":\"k-1\",\"protocol\":\"Talk\",\"session\":7,\"role\":\"Guardian[1]\",\
                    \"config\":{\"desk\":1},\"args\":{\"day\":3}}";
    assert_eq!(body, expected);
}

#[test]
fn a_response_says_whether_trying_again_can_help() {
    let good = response("200 OK", "5");
    let again = |status: &str| [response(status, "hidden"), good.clone()];
    for status in ["409 Conflict", "425 Too Early", "429 Too Many Requests", "500 Oh", "503 Later"] {
        check(&again(status), produce(), "5", 2);
        check(&again(status), perform(Repetition::Idempotent), "5", 2);
    }
    for (status, code) in [("400 Bad", 400), ("401 Who", 401), ("404 None", 404), ("302 There", 302)] {
        let expected = format!("permanent: it has answered with HTTP {code}");
        check(&again(status), produce(), &expected, 1);
    }
    let redirect =
        b"HTTP/1.1 307 There\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n".to_vec();
    check(&[redirect], produce(), "permanent: it has answered with HTTP 307", 1);
    check(&[response("429 Busy", "")], produce(), "recoverable: it has answered with HTTP 429", 3);
    check(&[response("503 Busy", "")], produce(), "recoverable: `desk`: it has answered with HTTP 503", 3);
    check(&again("429 Busy"), perform(Repetition::Once), "recoverable: it has answered with HTTP 429", 1);
    let uncertain = "uncertain: uncertain: `desk.open` may have been done, and is not asked twice: `desk`: ";
    let lost = format!("{uncertain}it has answered with HTTP 502");
    check(&again("502 Gone"), perform(Repetition::Once), &lost, 1);
    let broken = format!("{uncertain}the connection broke before it answered");
    check(&[Vec::new(), good.clone()], perform(Repetition::Once), &broken, 1);
    check(&[Vec::new(), good], produce(), "5", 2);
}

#[test]
fn responses_that_are_none() {
    check(
        &[response("200 OK", "hidden")],
        produce(),
        "permanent: it has answered with something else than JSON",
        1,
    );
    let misfit = "permanent: the payload of `Vote` does not fit: expected Int, found String";
    check(&[response("200 OK", "\"hidden\"")], produce(), misfit, 1);
    let noise = "recoverable: `desk`: the connection broke before it answered";
    check(&[b"SSH-2.0-hidden\r\n".to_vec()], produce(), noise, 3);
    check(&[vec![b'x'; 1 << 20]], produce(), noise, 3);
    let headers = [b"HTTP/1.1 200 OK\r\n".to_vec(), b"a: b\r\n".repeat(1 << 17)].concat();
    check(&[headers], produce(), noise, 3);
    let short = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n5".to_vec();
    check(&[short], produce(), "recoverable: `desk`: the connection broke in its answer", 3);
    let large = response("200 OK", &" ".repeat(HANDLER_MESSAGE_BYTES_MAX + 1));
    check(&[large], produce(), "permanent: it has answered with more than 8388608 bytes", 1);
    let exact = response("200 OK", &format!("{}5", " ".repeat(HANDLER_MESSAGE_BYTES_MAX - 1)));
    check(&[exact], produce(), "5", 1);
}

#[test]
fn who_cannot_be_reached_was_not_asked() {
    on_tokio(async {
        let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = gone.local_addr().unwrap();
        drop(gone);
        let handlers = opened(&format!(
            "  desk: {{ kind: http, url: 'http://{address}/', retry: {{ max: 50, backoff: 5ms }} }}\n  \
             safe: {{ kind: http, url: 'https://{address}/', retry: {{ max: 0 }} }}\n"
        ));
        let other = handlers.clone();
        let call =
            tokio::spawn(async move { shown(&other.call(asked("desk", perform(Repetition::Once))).await) });
        tokio::time::sleep(Span::from_millis(20)).await;
        // What is declared `once` waits for the service to come, for nobody has seen it.
        let listener = TcpListener::bind(address).await.unwrap();
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = vec![0; 1 << 10];
        assert!(stream.read(&mut request).await.unwrap() > 0);
        stream.write_all(&response("200 OK", "5")).await.unwrap();
        assert_eq!(call.await.unwrap(), "5");
        drop(listener);
        let safe = shown(&handlers.call(asked("safe", produce())).await);
        let known = [
            "recoverable: `safe`: it cannot be reached",
            "permanent: this system has no certificates to know it by",
        ];
        assert!(known.contains(&safe.as_str()), "{safe}");
        assert_eq!(handlers.offers("desk", "produce"), Offer::Unknown);
        assert_eq!(status(&handlers, "desk").state, State::Ready);
    });
}

#[test]
fn who_is_silent_ends_by_the_deadline() {
    on_tokio(async {
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", silent.local_addr().unwrap());
        let handlers = opened(&format!("  desk: {{ kind: http, url: '{url}', deadline: 500ms }}\n"));
        let said = shown(&handlers.call(asked("desk", produce())).await);
        assert_eq!(said, "recoverable: `desk` did not answer within 500ms");
        let once = shown(&handlers.call(asked("desk", perform(Repetition::Once))).await);
        assert!(once.starts_with("uncertain: "), "{once}");
    });
}

#[test]
fn the_secret_of_a_service_is_sent_and_never_said() {
    on_tokio(async {
        let (url, seen) = server(vec![response("200 OK", "5"), response("401 Who", "")]).await;
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("handlers_secret");
        std::fs::create_dir_all(&directory).unwrap();
        drop(std::fs::remove_file(directory.join("desk.secret")));
        let handlers = opened("");
        let settings = "authorize: desk.secret, retry: { max: 0 }";
        let bound = described(&format!("  desk: {{ kind: http, url: '{url}', {settings} }}\n"));
        handlers.apply(&bound, &directory);
        let call = || async { shown(&handlers.call(asked("desk", produce())).await) };
        let unread = "recoverable: `desk`: the file of `authorize` cannot be read, or holds no header";
        assert_eq!(call().await, unread);
        for bad in ["line\nline".to_owned(), "x".repeat(9 << 10)] {
            std::fs::write(directory.join("desk.secret"), bad).unwrap();
            assert_eq!(call().await, unread);
        }
        assert_eq!(seen.lock().unwrap().len(), 0);
        std::fs::write(directory.join("desk.secret"), "Bearer s3cret\n").unwrap();
        assert_eq!(call().await, "5");
        assert!(seen.lock().unwrap()[0].contains("\r\nauthorization: Bearer s3cret\r\n"));
        let refused = call().await;
        assert_eq!(refused, "permanent: it has answered with HTTP 401");
        assert!(!format!("{:?}", status(&handlers, "desk")).contains("s3cret"));
    });
}
