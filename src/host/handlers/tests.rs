//! Pieces of handlers, each by itself: the breaker, lines, the calls of a connection, the JSON of strangers.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::task::{Context, Poll, Waker};
use std::time::Duration as Span;

use proptest::prelude::*;
use tokio::time::Instant;

use crate::base::limits::{HANDLER_GARBAGE_MAX, VALUE_PARTS_MAX};
use crate::base::ty::Type;
use crate::config::bindings::Breaker as Rule;
use crate::effect::call::Ask;
use crate::host::handlers::breaker::Breaker;
use crate::host::handlers::counts::Counts;
use crate::host::handlers::exchange::{Exchange, Taken};
use crate::host::handlers::lines::{self, Line};
use crate::host::handlers::{Asked, bounded, wire};

/// What a future gives that waits for nothing.
fn now<T>(what: impl Future<Output = T>) -> Option<T> {
    match pin!(what).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

fn asked() -> Asked {
    Asked {
        key: "k".to_owned(),
        handler: "desk".into(),
        protocol: "Talk".into(),
        session: 1,
        role: "A".into(),
        config: serde_json::Value::Null,
        deadline: None,
        ask: Ask::Produce { message: "Vote".into(), to: "B".into(), ty: Type::INT },
    }
}

#[test]
fn a_breaker_opens_rests_and_tries_once() {
    let begin = Instant::now();
    let at = |seconds| begin + Span::from_secs(seconds);
    let pause = crate::base::time::Duration(10_000_000_000);
    let mut breaker = Breaker::new(Some(Rule { failures: 2, pause }));
    for (second, worked) in [(0, false), (0, true), (0, false), (0, false)] {
        assert_eq!(breaker.admit(at(second)), Ok(()));
        breaker.settle(at(second), Some(worked));
    }
    assert!(breaker.rests(at(9)));
    assert_eq!(breaker.admit(at(4)), Err(Span::from_secs(6)));
    // One call tries, others wait for how it ends; one whose asker goes leaves the next one to try.
    assert_eq!(breaker.admit(at(10)), Ok(()));
    assert_eq!(breaker.admit(at(10)), Err(Span::ZERO));
    breaker.settle(at(10), None);
    assert_eq!(breaker.admit(at(11)), Ok(()));
    breaker.settle(at(11), Some(false));
    assert_eq!(breaker.admit(at(12)), Err(Span::from_secs(9)));
    assert_eq!(breaker.admit(at(21)), Ok(()));
    breaker.settle(at(21), Some(true));
    assert_eq!(breaker.admit(at(21)), Ok(()));
    assert!(!breaker.rests(at(21)));
    // Without a rule nothing opens.
    let mut none = Breaker::new(None);
    for _ in 0..100 {
        assert_eq!(none.admit(begin), Ok(()));
        none.settle(begin, Some(false));
    }
}

#[test]
fn lines_are_cut_where_they_are_too_long() {
    let read = |text: &str, most| {
        let mut reader = text.as_bytes();
        let mut line = Vec::new();
        let mut all = Vec::new();
        loop {
            match now(lines::next(&mut reader, &mut line, most)).unwrap().unwrap() {
                Line::End => return all.join("|"),
                Line::Cut => all.push(format!("{}+", String::from_utf8_lossy(&line))),
                Line::Whole => all.push(String::from_utf8_lossy(&line).into_owned()),
            }
        }
    };
    assert_eq!(read("ab\n\ncd", 2), "ab||cd");
    assert_eq!(read("abc\nd\n", 2), "ab+|c|d");
    assert_eq!(read("abcde", 2), "ab+|cd+|e");
    assert_eq!(read("", 2), "");
}

#[test]
fn a_call_that_nobody_waits_for_leaves_nothing_behind() {
    let exchange = Exchange::new(Arc::new(Counts::default()));
    let handed = || Arc::new(AtomicBool::new(false));
    let call = asked();
    // Never written: not even queued any longer.
    {
        let first = handed();
        let mut asking = pin!(exchange.ask(&call, &first));
        assert!(asking.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        assert_eq!(exchange.load(), 1);
    }
    assert_eq!(exchange.load(), 0);
    assert_eq!(now(exchange.next()), None);
    // Written: the other side is told.
    {
        let second = handed();
        let mut asking = pin!(exchange.ask(&call, &second));
        assert!(asking.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        // An answer before the question is a guess.
        assert_eq!(exchange.take(br#"{"id": 2, "result": 7}"#), Taken::Done);
        assert_eq!(exchange.noise(), (1, 0));
        assert_eq!(now(exchange.next()).unwrap(), wire::request(2, &call));
    }
    assert_eq!(now(exchange.next()).unwrap(), wire::withdrawal("k"));
    assert_eq!(exchange.take(br#"{"id": 2, "result": 7}"#), Taken::Done);
    assert_eq!((exchange.load(), exchange.noise()), (0, (2, 0)));
}

#[test]
fn noise_in_a_row_is_enough_at_some_time() {
    let exchange = Exchange::new(Arc::new(Counts::default()));
    for _ in 1..HANDLER_GARBAGE_MAX {
        assert_eq!(exchange.take(b"noise"), Taken::Done);
    }
    assert_eq!(exchange.take(b"noise"), Taken::Enough);
}

#[test]
fn messages_of_too_many_parts_are_none() {
    let list = |count: usize| format!("[{}1]", "{},".repeat(count - 1));
    assert!(bounded::read(list(VALUE_PARTS_MAX).as_bytes()).is_some());
    assert!(bounded::read(list(VALUE_PARTS_MAX + 64).as_bytes()).is_none());
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(bounded::read(deep.as_bytes()).is_none());
    assert!(bounded::read(b"1 2").is_none());
}

proptest! {
    #[test]
    fn bounded_json_is_json(text in r#"([\[\]{},:0-9.eE+-]|"a"|"\\u00e9"|null|true| ){0,12}"#) {
        prop_assert_eq!(bounded::read(text.as_bytes()), serde_json::from_str(&text).ok());
    }

    #[test]
    fn whatever_is_said_is_taken(message in proptest::collection::vec(any::<u8>(), 0..40)) {
        let exchange = Exchange::new(Arc::new(Counts::default()));
        prop_assert_ne!(exchange.take(&message), Taken::Enough);
        prop_assert_eq!(exchange.load(), 0);
    }

    #[test]
    fn a_reason_is_one_short_line(text in any::<String>()) {
        let line = wire::line(&text);
        prop_assert!(!line.chars().any(char::is_control));
        prop_assert!(line.chars().count() <= 201);
    }
}
