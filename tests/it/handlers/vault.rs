//! The shipped example: a Python process and a Node.js service play a session of `vault.choreo` to its end.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::routing::any;
use laban::base::id::RoleId;
use laban::base::time::Instant;
use laban::config::bindings::{self, Bindings};
use laban::diag::source::SourceId;
use laban::effect::call::{Call, CallId};
use laban::engine::Engine;
use laban::engine::effect::{Effect, Outcome};
use laban::engine::event::What;
use laban::engine::input::{Input, Opening};
use laban::global::Sizes;
use laban::host::handlers::{Admission, Asked, Handlers, Offer, State, connect};
use laban::local::Amend;
use laban::machine::cast::Cast;
use laban::pipeline::{Front, Options, Root};
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::sync::mpsc;

use crate::handlers::{on_tokio, pace, status, until};

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/handlers")
}

fn cast() -> Cast {
    let text = fs::read_to_string(example().join("vault.choreo")).unwrap();
    let root = Root { name: "vault.choreo".to_owned(), text: Ok(text) };
    let front = Front::read(vec![root], &mut |path| unreachable!("{path}"));
    let built =
        front.build(&front.choreographies[0], &Options { sizes: Sizes::default(), amend: Amend::Auto });
    Cast::link(built.programs).unwrap()
}

fn bound(amount: u32) -> Bindings {
    let text = fs::read_to_string(example().join("vault.bindings.yaml")).unwrap();
    let text = text.replace("amount: 120", &format!("amount: {amount}"));
    bindings::read(SourceId(0), &text, None).0.unwrap()
}

/// Serves `GET /v1/handlers/connect` on a port of its own: the address.
pub(super) async fn listen(handlers: &Handlers, admission: Admission) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let handlers = handlers.clone();
    let route = any(move |request: Request| async move { connect(&handlers, admission, request) });
    let app = Router::new().route("/v1/handlers/connect", route);
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("ws://{address}/v1/handlers/connect")
}

/// One session, its calls answered by handlers: what happened, and how it ended.
async fn session(handlers: &Handlers, bindings: &Bindings, cast: Cast) -> (Vec<String>, Outcome) {
    let guardian = RoleId::at(1);
    let mut engine = Engine::new();
    engine.subscribe(true);
    let cast = engine.deploy(Arc::new(cast)).unwrap();
    let mut opening = Opening::new(0, cast);
    opening.observers = vec![guardian];
    let (answered, mut answers) = mpsc::unbounded_channel();
    let mut told = Vec::new();
    engine.handle(Instant(0), Input::Open(opening));
    loop {
        while let Some(event) = engine.poll_event() {
            if let What::Sent { label, payload, .. } = &event.what {
                told.push(format!("{label} {}", laban::base::json::to_text(payload)));
            }
        }
        while let Some(effect) = engine.poll_effect() {
            match effect {
                Effect::Call(call) => ask(handlers, bindings, call, &answered),
                Effect::Closed { outcome, .. } => return (told, outcome),
                _ => {}
            }
        }
        let (call, answer) = answers.recv().await.unwrap();
        engine.handle(Instant(0), Input::Answer { call, answer });
    }
}

fn ask(
    handlers: &Handlers,
    bindings: &Bindings,
    call: Call,
    answered: &mpsc::UnboundedSender<(CallId, laban::effect::call::Answer)>,
) {
    let role = bindings.roles.iter().find(|role| *role.role == *call.role_name).unwrap();
    let asked = Asked {
        key: format!("vault-1-{}", call.id.0),
        handler: role.handler.as_deref().unwrap().into(),
        protocol: "Vault".into(),
        session: 1,
        role: call.role_name.clone(),
        config: role.config.clone(),
        deadline: role.deadline,
        ask: call.ask,
    };
    let (handlers, answered) = (handlers.clone(), answered.clone());
    tokio::spawn(async move { answered.send((call.id, handlers.call(asked).await)) });
}

/// Node.js with a `WebSocket`; those before version 22 have it behind a flag.
async fn node(script: &Path) -> Command {
    let version = Command::new("node").arg("--version").output().await;
    let version =
        version.unwrap_or_else(|_| panic!("Node.js is needed for this test: there is no `node` here"));
    let version = String::from_utf8(version.stdout).unwrap();
    let major: u32 = version.trim_start_matches('v').split('.').next().unwrap().parse().unwrap();
    let mut command = Command::new("node");
    if major < 22 {
        command.arg("--experimental-websocket");
    }
    command
        .arg(script)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .kill_on_drop(true);
    command
}

#[test]
fn a_process_in_python_and_a_service_in_node_play_the_vault() {
    on_tokio(async {
        let python = Command::new("python3").arg("--version").output().await;
        python.unwrap_or_else(|_| panic!("Python 3 is needed for this test: there is no `python3` here"));
        let handlers = Handlers::new(pace());
        let small = bound(120);
        handlers.apply(&small.handlers, &example());
        let address = listen(&handlers, Admission::Token("a secret".into())).await;
        assert_eq!(status(&handlers, "guardian").state, State::Away);
        // The session begins before the guardian is there: its calls wait.
        let other = handlers.clone();
        let first = tokio::spawn(async move { session(&other, &bound(120), cast()).await });
        let mut command = node(&example().join("guardian.mjs")).await;
        let mut guardian = command.arg(&address).env("LABAN_TOKEN", "a secret").spawn().unwrap();
        let (told, outcome) = first.await.unwrap();
        let approved = format!("Approved {{\"by\":\"guardian {}\"}}", guardian.id().unwrap());
        let expected = [
            "Request {\"amount\":120,\"to\":\"Basel\"}",
            &approved,
            "Booked {\"receipt\":\"receipt 1 for Basel\"}",
        ];
        let sent = |told: &[String]| -> Vec<String> {
            told.iter()
                .filter(|line| !line.starts_with("approve") && !line.starts_with("refuse"))
                .cloned()
                .collect()
        };
        assert_eq!((sent(&told), outcome), (expected.map(str::to_owned).to_vec(), Outcome::Completed));
        let (told, outcome) = session(&handlers, &bound(900), cast()).await;
        let expected = [
            "Request {\"amount\":900,\"to\":\"Basel\"}",
            "Refused {\"why\":\"more than 500 is for the board\"}",
        ];
        assert_eq!((sent(&told), outcome), (expected.map(str::to_owned).to_vec(), Outcome::Completed));
        assert_eq!(handlers.offers("approvals", "ledger.book"), Offer::Offered);
        assert_eq!(handlers.offers("approvals", "decide"), Offer::NotOffered);
        assert_eq!(handlers.offers("guardian", "decide"), Offer::Offered);
        let all: Vec<_> = handlers.list().iter().map(|one| (one.kind, one.state, one.failures)).collect();
        assert_eq!(all, [("process", State::Ready, 0), ("websocket", State::Ready, 0)]);
        guardian.kill().await.unwrap();
        until(|| status(&handlers, "guardian").state == State::Away).await;
        handlers.close(std::time::Duration::from_secs(5)).await;
    });
}

#[test]
fn a_service_with_a_wrong_token_offers_nothing() {
    on_tokio(async {
        let handlers = Handlers::new(pace());
        handlers.apply(&bound(1).handlers, &example());
        let address = listen(&handlers, Admission::Token("a secret".into())).await;
        let mut command = node(&example().join("guardian.mjs")).await;
        let _guardian = command.arg(&address).env("LABAN_TOKEN", "another").spawn().unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(600)).await;
        assert_eq!(status(&handlers, "guardian").instances, 0);
    });
}
