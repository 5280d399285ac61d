//! Handlers as a host drives them: real processes, real sockets, and everything that they do wrong.
//!
//! Python 3 and Node.js play handlers here. Where one of them is missing, its tests fail and say so.
//! Is not: a test of the host; a few lines here drive an engine instead.

mod http;
mod process;
mod socket;
mod vault;

use std::collections::BTreeMap;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};
use std::time::Duration as Span;

use laban::base::limits::HANDLER_CALLS_MAX;
use laban::base::ty::Type;
use laban::base::value::Value;
use laban::bytecode::program::Repetition;
use laban::config::bindings;
use laban::diag::source::SourceId;
use laban::effect::call::{Answer, Ask, Failure, FailureKind};
use laban::host::handlers::{Answering, Asked, Handler, Handlers, Offer, Pace, State, Status};

/// Runs something on two threads, for two minutes at most: nothing here may hang, and a machine may be slow.
fn on_tokio<T>(what: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).enable_all().build().unwrap();
    let what = async { tokio::time::timeout(Span::from_secs(120), what).await };
    runtime.block_on(what).unwrap_or_else(|_| panic!("it hangs"))
}

/// Fast enough for a test.
fn pace() -> Pace {
    Pace {
        restart: Span::from_millis(10),
        restart_most: Span::from_millis(80),
        stop: Span::from_millis(500),
        greeting: Span::from_secs(2),
        ..Pace::default()
    }
}

/// Handlers as bindings describe them under `handlers`.
fn described(handlers: &str) -> BTreeMap<String, bindings::Handler> {
    let text = format!("protocol: Talk\nhandlers:\n{handlers}");
    let (bindings, said) = bindings::read(SourceId(0), &text, None);
    assert_eq!(said, [], "{text}");
    bindings.unwrap().handlers
}

fn opened(handlers: &str) -> Handlers {
    let all = Handlers::new(pace());
    all.apply(&described(handlers), Path::new(env!("CARGO_TARGET_TMPDIR")));
    all
}

fn asked(handler: &str, ask: Ask) -> Asked {
    Asked {
        key: "k-1".to_owned(),
        handler: handler.into(),
        protocol: "Talk".into(),
        session: 7,
        role: "Guardian[1]".into(),
        config: serde_json::json!({ "desk": 1 }),
        deadline: None,
        ask,
    }
}

fn produce() -> Ask {
    Ask::Produce { message: "Vote".into(), to: "Chair".into(), ty: Type::INT }
}

fn perform(repetition: Repetition) -> Ask {
    Ask::Perform {
        effect: "desk".into(),
        operation: "open".into(),
        args: vec![("day".into(), Value::Int(3))],
        result: Type::INT,
        repetition,
    }
}

/// `5`, `label 1`, `accepted`, or `recoverable: why`.
fn shown(answer: &Answer) -> String {
    match answer {
        Answer::Value(value) => laban::base::json::to_text(value),
        Answer::Label(label) => format!("label {label}"),
        Answer::Accepted => "accepted".to_owned(),
        Answer::Failed(failure) => {
            let kind = match failure.kind {
                FailureKind::Recoverable => "recoverable",
                FailureKind::Permanent => "permanent",
                FailureKind::Uncertain => "uncertain",
            };
            format!("{kind}: {}", failure.reason)
        }
    }
}

fn status(handlers: &Handlers, name: &str) -> Status {
    handlers.list().into_iter().find(|one| *one.name == *name).unwrap()
}

/// Waits until something holds.
async fn until(what: impl Fn() -> bool) {
    while !what() {
        tokio::time::sleep(Span::from_millis(2)).await;
    }
}

/// Code that fails recoverably so often, then answers 5; it counts its calls, and how many it has at once.
#[derive(Default)]
struct Desk {
    fails: usize,
    takes: Span,
    calls: AtomicUsize,
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Handler for Desk {
    fn call<'a>(&'a self, _: &'a Asked) -> Answering<'a> {
        Box::pin(async {
            let so_far = self.calls.fetch_add(1, Ordering::SeqCst);
            let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(now, Ordering::SeqCst);
            tokio::time::sleep(self.takes).await;
            self.now.fetch_sub(1, Ordering::SeqCst);
            if so_far < self.fails {
                let reason = "busy".to_owned();
                return Answer::Failed(Failure { kind: FailureKind::Recoverable, reason });
            }
            Answer::Value(Value::Int(5))
        })
    }

    fn operations(&self) -> Option<Vec<String>> {
        Some(vec!["produce".to_owned()])
    }
}

#[test]
fn failures_are_tried_again_as_the_rule_says() {
    let check = |fails, ask: Ask, expected: &str, calls| {
        on_tokio(async {
            let handlers = opened("  desk: { kind: rust, retry: { max: 2, backoff: 1ms } }\n");
            let desk = Arc::new(Desk { fails, ..Desk::default() });
            handlers.register("desk", desk.clone());
            assert_eq!(shown(&handlers.call(asked("desk", ask)).await), expected);
            assert_eq!(desk.calls.load(Ordering::SeqCst), calls);
        });
    };
    check(0, produce(), "5", 1);
    check(2, produce(), "5", 3);
    check(3, produce(), "recoverable: busy", 3);
    check(2, perform(Repetition::Idempotent), "5", 3);
    check(2, perform(Repetition::Pure), "5", 3);
    check(1, perform(Repetition::Once), "recoverable: busy", 1);
}

#[test]
fn what_takes_too_long_ends_by_its_deadline() {
    on_tokio(async {
        let handlers = opened("  desk: { kind: rust, deadline: 30ms }\n");
        let desk = Desk { takes: Span::from_secs(60), ..Desk::default() };
        handlers.register("desk", Arc::new(desk));
        let ask = |ask, deadline: Option<u64>| {
            let deadline = deadline.map(|ms| laban::base::time::Duration(ms * 1_000_000));
            handlers.call(Asked { deadline, ..asked("desk", ask) })
        };
        let plain = ask(produce(), None).await;
        assert_eq!(shown(&plain), "recoverable: `desk` did not answer within 30ms");
        let own = ask(produce(), Some(20)).await;
        assert_eq!(shown(&own), "recoverable: `desk` did not answer within 20ms");
        let once = ask(perform(Repetition::Once), None).await;
        assert_eq!(
            shown(&once),
            "uncertain: uncertain: `desk.open` may have been done, and is not asked twice: `desk`: it did not answer within 30ms"
        );
        let nobody = handlers.call(Asked {
            deadline: Some(laban::base::time::Duration(20_000_000)),
            ..asked("book", produce())
        });
        assert_eq!(shown(&nobody.await), "recoverable: nobody has described a handler `book` for 20ms");
        assert_eq!((status(&handlers, "desk").calls, status(&handlers, "desk").failures), (3, 3));
        assert_eq!(status(&handlers, "desk").in_flight, 0);
    });
}

#[test]
fn who_is_away_is_waited_for() {
    on_tokio(async {
        let handlers = opened("  desk: { kind: rust, deadline: 20ms }\n");
        assert_eq!(status(&handlers, "desk").state, State::Away);
        let away = handlers.call(asked("desk", perform(Repetition::Once))).await;
        assert_eq!(shown(&away), "recoverable: `desk` was away for 20ms");
        handlers.apply(&described("  desk: { kind: rust }\n"), Path::new(""));
        let other = handlers.clone();
        let call = tokio::spawn(async move { other.call(asked("desk", produce())).await });
        until(|| status(&handlers, "desk").in_flight == 1).await;
        handlers.register("desk", Arc::new(Desk::default()));
        assert_eq!(shown(&call.await.unwrap()), "5");
        assert_eq!(status(&handlers, "desk").state, State::Ready);
        assert_eq!(handlers.offers("desk", "produce"), Offer::Offered);
        assert_eq!(handlers.offers("desk", "decide"), Offer::NotOffered);
        assert_eq!(handlers.offers("disk", "decide"), Offer::NoHandler);
    });
}

/// Code with a mistake.
struct Broken;

impl Handler for Broken {
    fn call<'a>(&'a self, _: &'a Asked) -> Answering<'a> {
        Box::pin(async { panic!("a test shows what a panic does") })
    }
}

#[test]
fn code_that_panics_ends_its_call_and_nothing_else() {
    on_tokio(async {
        let handlers = opened("  desk: { kind: rust, retry: { max: 0 } }\n");
        handlers.register("desk", Arc::new(Broken));
        let plain = handlers.call(asked("desk", produce())).await;
        assert_eq!(shown(&plain), "recoverable: `desk`: its code has panicked");
        let once = shown(&handlers.call(asked("desk", perform(Repetition::Once))).await);
        assert!(once.starts_with("uncertain: "), "{once}");
        handlers.register("desk", Arc::new(Desk::default()));
        assert_eq!(shown(&handlers.call(asked("desk", produce())).await), "5");
    });
}

#[test]
fn no_more_calls_at_once_than_allowed() {
    on_tokio(async {
        let handlers = opened("  desk: { kind: rust, concurrency: 3 }\n");
        let desk = Arc::new(Desk { takes: Span::from_millis(5), ..Desk::default() });
        handlers.register("desk", desk.clone());
        let calls: Vec<_> = (0..20)
            .map(|_| {
                let handlers = handlers.clone();
                tokio::spawn(async move { handlers.call(asked("desk", produce())).await })
            })
            .collect();
        for call in calls {
            assert_eq!(shown(&call.await.unwrap()), "5");
        }
        assert_eq!(desk.most.load(Ordering::SeqCst), 3);
    });
}

#[test]
fn calls_beyond_the_bound_are_refused_with_a_code() {
    on_tokio(async {
        let handlers = opened("  desk: { kind: rust }\n");
        let mut waiting: Vec<_> =
            (0..HANDLER_CALLS_MAX).map(|_| Box::pin(handlers.call(asked("desk", produce())))).collect();
        for call in &mut waiting {
            assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
        assert_eq!(status(&handlers, "desk").in_flight, 64);
        assert_eq!(status(&handlers, "desk").waiting, HANDLER_CALLS_MAX - 64);
        let refused = shown(&handlers.call(asked("desk", produce())).await);
        assert!(refused.starts_with("recoverable: E0530: "), "{refused}");
        drop(waiting);
        assert_eq!((status(&handlers, "desk").in_flight, status(&handlers, "desk").waiting), (0, 0));
    });
}

#[test]
fn who_keeps_failing_is_left_alone() {
    on_tokio(async {
        let handlers =
            opened("  desk: { kind: rust, retry: { max: 0 }, breaker: { failures: 3, pause: 50ms } }\n");
        let desk = Arc::new(Desk { fails: 4, ..Desk::default() });
        handlers.register("desk", desk.clone());
        let call = || async { shown(&handlers.call(asked("desk", produce())).await) };
        for _ in 0..3 {
            assert_eq!(call().await, "recoverable: busy");
        }
        assert_eq!(status(&handlers, "desk").state, State::Broken);
        assert_eq!(call().await, "recoverable: `desk` has failed too often and is left alone for 1 s");
        assert_eq!(desk.calls.load(Ordering::SeqCst), 3);
        until(|| status(&handlers, "desk").state == State::Ready).await;
        assert_eq!(call().await, "recoverable: busy");
        assert_eq!(status(&handlers, "desk").state, State::Broken);
        until(|| status(&handlers, "desk").state == State::Ready).await;
        assert_eq!(call().await, "5");
        assert_eq!(call().await, "5");
    });
}

#[test]
fn calls_move_to_who_comes_after_and_end_where_they_are_in_flight() {
    on_tokio(async {
        let handlers = opened("  desk: { kind: rust, concurrency: 1 }\n");
        let desk = Arc::new(Desk { takes: Span::from_millis(40), ..Desk::default() });
        handlers.register("desk", desk.clone());
        let call = || {
            let handlers = handlers.clone();
            tokio::spawn(async move { shown(&handlers.call(asked("desk", produce())).await) })
        };
        let in_flight = call();
        until(|| desk.calls.load(Ordering::SeqCst) == 1).await;
        let waiting = call();
        until(|| status(&handlers, "desk").waiting == 1).await;
        handlers.apply(&BTreeMap::new(), Path::new(""));
        assert_eq!(handlers.list(), []);
        assert_eq!(in_flight.await.unwrap(), "5");
        assert!(!waiting.is_finished());
        handlers.apply(&described("  desk: { kind: rust }\n"), Path::new(""));
        assert_eq!(waiting.await.unwrap(), "5");
        assert_eq!(desk.calls.load(Ordering::SeqCst), 2);
    });
}
