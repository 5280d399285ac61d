//! Handlers that are programs, and everything that programs do wrong. Python 3 plays them all.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration as Span;

use laban::base::limits::{HANDLER_GARBAGE_MAX, HANDLER_MESSAGE_BYTES_MAX};
use laban::base::ty::{EnumType, FieldType, Type};
use laban::bytecode::program::Repetition;
use laban::effect::call::Ask;
use laban::host::handlers::{Asked, Handlers, Offer, Pace, State};

use crate::handlers::{asked, described, on_tokio, opened, pace, perform, produce, shown, status, until};

/// What every program here begins with: `requests()` gives what is asked, `say` writes a line, `answer` a result.
const PRELUDE: &str = "\
import json, os, sys, time
def requests():
    for line in sys.stdin:
        request = json.loads(line)
        if 'id' in request: yield request
def say(message): print(message if isinstance(message, str) else json.dumps(message), flush=True)
def answer(request, result): say({'jsonrpc': '2.0', 'id': request['id'], 'result': result})
";

/// A program in a file of its own; what it is called in bindings.
pub(super) fn program(text: &str) -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let name = format!("handler_{}_{}.py", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, format!("{PRELUDE}{text}")).unwrap();
    path
}

fn bound(text: &str, settings: &str) -> String {
    format!("  desk: {{ kind: process, command: [python3, '{}'], {settings} }}\n", program(text).display())
}

/// What a call gives that is made to a program with these settings.
#[track_caller]
fn check(text: &str, settings: &str, ask: Ask, expected: &str) -> laban::host::handlers::Status {
    on_tokio(async {
        let handlers = opened(&bound(text, settings));
        let answer = shown(&handlers.call(asked("desk", ask)).await);
        let status = status(&handlers, "desk");
        assert_eq!(answer, expected, "{status:?}");
        handlers.close(Span::from_secs(5)).await;
        status
    })
}

#[test]
fn a_program_is_told_of_a_call_and_answers() {
    let echo = "for r in requests():\n    p = r['params']\n    \
                answer(r, json.dumps([r['method'], sorted(p), p['key'], p['config'], p['session'], p['role']]))\n";
    let text = |ask: Ask| match ask {
        Ask::Produce { message, to, .. } => Ask::Produce { message, to, ty: Type::Text },
        other => other,
    };
    check(
        echo,
        "",
        text(produce()),
        r#""[\"produce\", [\"config\", \"key\", \"message\", \"protocol\", \"role\", \"session\", \"to\"], \"k-1\", {\"desk\": 1}, 7, \"Guardian[1]\"]""#,
    );
    check("for r in requests(): answer(r, r['params']['args']['day'])\n", "", perform(Repetition::Once), "3");
    let decide = Ask::Decide { choice: "c".into(), labels: vec!["no".into(), "yes".into()] };
    check("for r in requests(): answer(r, r['params']['labels'][1])\n", "", decide.clone(), "label 1");
    check("for r in requests(): answer(r, True)\n", "", decide.clone(), "label 1");
    check(
        "for r in requests(): answer(r, 'hidden')\n",
        "",
        decide.clone(),
        "permanent: the choice `c` has no such label",
    );
    check("for r in requests(): answer(r, 3)\n", "", decide, "permanent: a label of `c` is text, not Int");
    let observe = || Ask::Observe {
        message: "Vote".into(),
        from: "Chair".into(),
        payload: laban::base::value::Value::Int(9),
    };
    check("for r in requests(): answer(r, r['params']['payload'] == 9)\n", "", observe(), "accepted");
    check("for r in requests(): answer(r, False)\n", "", observe(), "permanent: the handler refuses it");
    check(
        "for r in requests(): answer(r, {'refused': 'too\\nmuch'})\n",
        "",
        observe(),
        "permanent: too much",
    );
    check(
        "for r in requests(): answer(r, 'yes')\n",
        "",
        observe(),
        "permanent: `Vote` is answered by `true`, `false` or `{\"refused\": why}`, not by String",
    );
}

#[test]
fn misfits_name_places_and_no_payload() {
    let field = |name: &str, ty| FieldType { name: name.into(), ty };
    let of = EnumType { name: "Kind".into(), variants: vec![("Big".into(), vec![field("size", Type::INT)])] };
    let kinds = Type::Map(std::sync::Arc::new(Type::Enum(std::sync::Arc::new(of))));
    let ty = Type::Record(std::sync::Arc::new(vec![field("amount", Type::INT), field("kinds", kinds)]));
    let check = |payload: &str, expected: &str| {
        let ask = Ask::Produce { message: "Vote".into(), to: "Chair".into(), ty: ty.clone() };
        let text = format!("for r in requests(): answer(r, {payload})\n");
        check(&text, "", ask, &format!("permanent: the payload of `Vote` does not fit: {expected}"));
    };
    check("{'amount': 'hidden', 'kinds': {}}", "`amount`: expected Int, found String");
    check("{'amount': 1, 'kinds': {'hidden': {'Hidden': {}}}}", "`kinds.…`: no such variant");
    check(
        "{'amount': 1, 'kinds': {'hidden': {'Big': {'size': 'hidden'}}}}",
        "`kinds.….Big.size`: expected Int, found String",
    );
    check("{'amount': 1, 'kinds': {}, 'hidden': 1}", "a field that its type does not have");
    check("'hidden'", "expected record, found String");
}

#[test]
fn errors_say_whether_trying_again_can_help() {
    let error = |data: &str| {
        format!(
            "n = 0\nfor r in requests():\n    n += 1\n    if n == 3: answer(r, n)\n    \
             else: say({{'jsonrpc': '2.0', 'id': r['id'], 'error': {{'code': 1, 'message': 'busy ' * 99{data}}}}})\n"
        )
    };
    let long = "busy ".repeat(40);
    let settings = "retry: { max: 3, backoff: 1ms }";
    check(&error(", 'data': {'kind': 'recoverable'}"), settings, produce(), "3");
    check(&error(", 'data': {'kind': 'permanent'}"), settings, produce(), &format!("permanent: {long}…"));
    check(&error(""), settings, produce(), &format!("permanent: {long}…"));
    let once = format!("recoverable: {long}…");
    check(&error(", 'data': {'kind': 'recoverable'}"), settings, perform(Repetition::Once), &once);
    let silent = "for r in requests(): say({'id': r['id'], 'error': {'code': -32601}})\n";
    check(silent, "", produce(), "permanent: the handler has no such operation");
    let empty = "for r in requests(): say({'id': r['id'], 'error': {}})\n";
    check(empty, "", produce(), "permanent: the handler does not say why");
}

#[test]
fn noise_is_counted_and_passed_over() {
    let status = check(
        "for r in requests():\n    say('hello')\n    say('{')\n    say('[1]')\n    say('')\n    say({'id': 99, 'result': 1})\n    \
         say({'id': 'x', 'result': 1})\n    say({'id': None, 'error': {}})\n    say({'jsonrpc': '2.0', 'method': 'm', 'id': 1})\n    \
         say({'id': r['id']})\n    print('loud', file=sys.stderr, flush=True)\n    answer(r, 5)\n    answer(r, 6)\n    \
         answer(r, 7)\n    os.write(2, b'x' * 100000)\n",
        "",
        produce(),
        "5",
    );
    // `null` answers what needed no answer.
    assert_eq!((status.garbage, status.failures, status.restarts), (7, 0, 0), "{status:?}");
}

#[test]
fn answers_that_come_twice_or_late_are_counted() {
    on_tokio(async {
        let text = "for r in requests():\n    answer(r, 5)\n    answer(r, 6)\n";
        let handlers = opened(&bound(text, ""));
        for _ in 0..5 {
            assert_eq!(shown(&handlers.call(asked("desk", produce())).await), "5");
        }
        until(|| status(&handlers, "desk").strays == 5).await;
        assert_eq!(status(&handlers, "desk").garbage, 0);
    });
}

#[test]
fn who_makes_nothing_but_noise_is_started_again() {
    // It says too much; writes one line without end; closes its output; closes its input; ends; cannot be started.
    let flood = format!("for n in range({HANDLER_GARBAGE_MAX}): say('noise')\ntime.sleep(60)\n");
    let endless = format!(
        "data = b'x' * {}\nwhile data: data = data[os.write(1, data):]\ntime.sleep(60)\n",
        HANDLER_MESSAGE_BYTES_MAX + 1
    );
    for (text, trouble) in [
        (flood.as_str(), "it says too much that is no answer"),
        (&endless, "it has written a line of more than 8388608 bytes"),
        ("os.close(1)\ntime.sleep(60)\n", "it has closed its standard output"),
        ("sys.exit(3)\n", "it has ended with status 3"),
        ("os.kill(os.getpid(), 9)\n", "it was ended by a signal"),
        ("x = [\n", "it has ended with status 1"),
    ] {
        on_tokio(async {
            let handlers = opened(&bound(text, ""));
            until(|| status(&handlers, "desk").restarts > 0).await;
            let last = status(&handlers, "desk").last_trouble.unwrap_or_default();
            assert!(
                last == trouble || last == "it said something that is no answer of JSON-RPC",
                "{last}: {text}"
            );
            handlers.close(Span::from_secs(5)).await;
        });
    }
    on_tokio(async {
        let handlers = opened("  desk: { kind: process, command: [no_such_program_anywhere] }\n");
        until(|| status(&handlers, "desk").restarts > 1).await;
        let status = status(&handlers, "desk");
        assert_eq!(status.last_trouble.as_deref(), Some("it cannot be started: entity not found"));
        assert_eq!(status.state, State::Away);
    });
}

#[test]
fn who_ends_at_once_is_started_ever_more_slowly() {
    on_tokio(async {
        let slow = Pace { restart: Span::from_millis(20), restart_most: Span::from_secs(9), ..pace() };
        let handlers = Handlers::new(slow);
        let begun = std::time::Instant::now();
        handlers.apply(&described("  desk: { kind: process, command: [no_such_program] }\n"), Path::new(""));
        until(|| status(&handlers, "desk").restarts == 4).await;
        assert!(begun.elapsed() >= Span::from_millis(20 + 40 + 80 + 160), "{:?}", begun.elapsed());
    });
}

/// A program that ends before it answers, the first time that it is asked; then it answers.
fn fragile() -> String {
    let mark = program("");
    format!(
        "mark = '{}.asked'\nfor r in requests():\n    if os.path.exists(mark): answer(r, 5)\n    \
         else:\n        open(mark, 'w').close()\n        sys.exit(1)\n",
        mark.display()
    )
}

#[test]
fn a_call_whose_program_ends_is_made_again_unless_it_is_once() {
    let settings = "retry: { max: 3, backoff: 1ms }";
    assert_eq!(check(&fragile(), settings, produce(), "5").restarts, 1);
    check(&fragile(), settings, perform(Repetition::Idempotent), "5");
    check(
        &fragile(),
        settings,
        perform(Repetition::Once),
        "uncertain: uncertain: `desk.open` may have been done, and is not asked twice: `desk`: it went before it answered",
    );
    check(&fragile(), "retry: { max: 0 }", produce(), "recoverable: `desk`: it went before it answered");
    // What ends after its last word is heard to the end.
    check(
        "for r in requests():\n    answer(r, 5)\n    os._exit(0)\n",
        settings,
        perform(Repetition::Once),
        "5",
    );
}

#[test]
fn who_never_answers_ends_by_the_deadline_and_is_told() {
    on_tokio(async {
        // It answers what is asked second, with what it was told of the first.
        let text = "seen = []\nfor line in sys.stdin:\n    r = json.loads(line)\n    seen.append(r['method'])\n    \
                    if 'id' in r and len(seen) > 1: answer(r, len(seen) if seen[1] == 'withdraw' else 0)\n";
        let handlers = opened(&bound(text, "deadline: 300ms"));
        let first = handlers.call(asked("desk", produce())).await;
        assert_eq!(shown(&first), "recoverable: `desk` did not answer within 300ms");
        // The program may have begun only now.
        let deadline = Some(laban::base::time::Duration(60 * 1_000_000_000));
        let second = handlers.call(Asked { deadline, ..asked("desk", produce()) }).await;
        assert_eq!(shown(&second), "3");
    });
}

#[test]
fn who_does_not_read_holds_nobody_up() {
    on_tokio(async {
        let handlers = opened(&bound("time.sleep(60)\n", "deadline: 200ms, concurrency: 4"));
        let mut large = asked("desk", produce());
        large.config = serde_json::Value::from("x".repeat(1 << 20));
        let calls: Vec<_> = (0..12)
            .map(|_| {
                let (handlers, large) = (handlers.clone(), large.clone());
                tokio::spawn(async move { shown(&handlers.call(large).await) })
            })
            .collect();
        for call in calls {
            let said = call.await.unwrap();
            let known = ["did not answer within 200ms", "was away for 200ms", "had no room for 200ms"];
            assert!(known.iter().any(|end| said.ends_with(end)), "{said}");
        }
        assert_eq!(status(&handlers, "desk").in_flight, 0);
        handlers.close(Span::from_secs(5)).await;
        assert_eq!(handlers.list(), []);
    });
}

#[test]
fn a_thousand_calls_side_by_side_get_their_own_answers() {
    on_tokio(async {
        // It answers in reverse order, ten at a time.
        let text = "batch = []\nfor r in requests():\n    batch.append(r)\n    if len(batch) == 10:\n        \
                    for one in reversed(batch): answer(one, one['params']['session'])\n        batch = []\n";
        let handlers = opened(&bound(text, "concurrency: 50"));
        let calls: Vec<_> = (0..1_000)
            .map(|session| {
                let handlers = handlers.clone();
                let asked = Asked { session, ..asked("desk", produce()) };
                tokio::spawn(async move { shown(&handlers.call(asked).await) })
            })
            .collect();
        for (session, call) in calls.into_iter().enumerate() {
            assert_eq!(call.await.unwrap(), session.to_string());
        }
    });
}

#[test]
fn what_is_said_last_is_heard_to_its_end() {
    let long = "for r in requests():\n    say(' ' * 3000000 + json.dumps({'id': r['id'], 'result': 5}))\n    os._exit(0)\n";
    for _ in 0..3 {
        check(long, "", perform(Repetition::Once), "5");
    }
}

/// Answers, or ends, says noise, is silent, fails or answers twice, as luck will have it; it writes down what it is asked.
const LUCKY: &str = "import random
log = open(sys.argv[0] + '.log', 'a', buffering=1)
for r in requests():
    log.write(r['method'] + ' ' + r['params']['key'] + '\\n')
    luck = random.random()
    if luck < 0.02: os._exit(1)
    if luck < 0.05: continue
    if luck < 0.10: say('noise')
    if luck < 0.15: answer(r, 'hidden')
    elif luck < 0.25: say({'id': r['id'], 'error': {'data': {'kind': 'recoverable'}}})
    else: answer(r, 5)
    if luck > 0.9: answer(r, 6)
";

#[test]
fn under_load_a_bad_program_does_nothing_twice_that_is_once() {
    const CALLS: u64 = 400;
    on_tokio(async {
        let path = program(LUCKY);
        let settings = "concurrency: 16, deadline: 8s, retry: { max: 9, backoff: 1ms }, breaker: { failures: 40, pause: 20ms }";
        let handlers = opened(&format!(
            "  desk: {{ kind: process, command: [python3, '{}'], {settings} }}\n",
            path.display()
        ));
        let calls: Vec<_> = (0..CALLS)
            .map(|at| {
                let ask = if at % 2 == 0 { produce() } else { perform(Repetition::Once) };
                let asked = Asked { key: format!("k-{at}"), ..asked("desk", ask) };
                let handlers = handlers.clone();
                tokio::spawn(async move { shown(&handlers.call(asked).await) })
            })
            .collect();
        let mut counts = std::collections::BTreeMap::new();
        for call in calls {
            let said = call.await.unwrap();
            let kind = said.split(':').next().unwrap().to_owned();
            assert!(["5", "permanent", "recoverable", "uncertain"].contains(&kind.as_str()), "{said}");
            *counts.entry(kind).or_insert(0) += 1;
        }
        let after = status(&handlers, "desk");
        assert!(counts["5"] > CALLS / 8, "{counts:?} {after:?}");
        assert_eq!((after.in_flight, after.waiting, after.calls), (0, 0, CALLS), "{after:?}");
        assert!(after.restarts > 0 && after.garbage > 0 && after.strays > 0, "{after:?}");
        handlers.close(Span::from_secs(5)).await;
        let log = std::fs::read_to_string(format!("{}.log", path.display())).unwrap();
        let mut once: Vec<&str> = log.lines().filter(|line| line.starts_with("desk.open")).collect();
        let asked = once.len();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), asked, "an operation was asked twice");
        assert!(log.lines().filter(|line| line.starts_with("produce")).count() > CALLS as usize / 8);
    });
}

#[test]
fn what_is_the_same_stays_and_what_is_gone_ends_gently() {
    on_tokio(async {
        let mark = program("");
        let text = format!(
            "say({{'offer': {{'operations': ['produce', 'desk.open']}}}})\nfor r in requests():\n    \
             open('{0}.seen', 'a').write('.')\n    time.sleep(0.1)\n    answer(r, os.getpid())\nopen('{0}.ended', 'w').close()\n",
            mark.display()
        );
        let seen = || std::fs::metadata(format!("{}.seen", mark.display())).map_or(0, |file| file.len());
        let one = bound(&text, "concurrency: 2");
        let handlers = opened(&one);
        let call = || async { shown(&handlers.call(asked("desk", produce())).await) };
        let first = call().await;
        assert_eq!(handlers.offers("desk", "desk.open"), Offer::Offered);
        assert_eq!(handlers.offers("desk", "desk.shut"), Offer::NotOffered);
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
        handlers.apply(&described(&one), directory);
        assert_eq!(call().await, first, "the same bindings keep the program");
        handlers.apply(&described(&one.replace("concurrency: 2", "concurrency: 1")), directory);
        assert_eq!(call().await, first, "other limits keep the program");
        let (other, before) = (handlers.clone(), seen());
        let in_flight = tokio::spawn(async move { shown(&other.call(asked("desk", produce())).await) });
        until(|| seen() > before).await;
        handlers.apply(&described(&bound("for r in requests(): answer(r, 5)\n", "")), directory);
        assert_eq!(call().await, "5");
        assert_eq!(in_flight.await.unwrap(), first, "a call in flight ends where it began");
        // Its input was closed, so it has come to its own end.
        until(|| Path::new(&format!("{}.ended", mark.display())).exists()).await;
        handlers.close(Span::from_secs(5)).await;
    });
}

#[test]
fn who_does_not_end_is_killed() {
    on_tokio(async {
        let mark = program("");
        let text = format!(
            "open('{}.pid', 'w').write(str(os.getpid()))\nsay({{'offer': {{'operations': []}}}})\nwhile True: time.sleep(60)\n",
            mark.display()
        );
        let handlers = opened(&bound(&text, ""));
        until(|| handlers.offers("desk", "x") == Offer::NotOffered).await;
        let pid = std::fs::read_to_string(format!("{}.pid", mark.display())).unwrap();
        let begun = std::time::Instant::now();
        handlers.close(Span::from_secs(60)).await;
        assert!(begun.elapsed() < Span::from_secs(50));
        assert!(!Path::new(&format!("/proc/{pid}")).exists() || !Path::new("/proc").exists());
    });
}
