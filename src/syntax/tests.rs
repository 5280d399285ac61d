//! Tests of the whole layer: every production of the grammar in every spelling, and the seed's protocols.

mod generate;
mod hostile;
mod mistakes;

use crate::diag::source::SourceId;
use crate::syntax::{Parsed, format, parse};

fn read(text: &str) -> Parsed {
    parse(SourceId(0), text)
}

/// The seed's protocols, word for word.
const SEED: [&str; 4] = [
    include_str!("../../protocols/seed/simple_request_response.choreo"),
    include_str!("../../protocols/seed/threshold_approval.choreo"),
    include_str!("../../protocols/seed/resilient_data_sync.choreo"),
    include_str!("../../protocols/seed/device_onboarding.choreo"),
];

/// Statements, in the canonical spelling and in every accepted one.
const STATEMENTS: &[&str] = &[
    "A -> B: M",
    "A -> B: M;",
    "A -> B, C: M",
    "A ->* : M",
    "A -> *: M",
    "A -> B: M<String, List<Int>>",
    "A -> B: M<T>(data)",
    "A -> B: M(field: T)",
    "A -> B: M(field: Option<Vec<u8>>, other?: Int = 3, bare)",
    "A -> B: M of types::Order",
    "A -> B: M with { a: 1, b, ..c }",
    "W[*] -> A: R collect until (count(R) >= 2) within 5s as answers",
    "W[*] -> A: R collect",
    "A -> W[0]: M",
    "A -> W[i + 1]: M",
    "A -> W[0..2]: M",
    "A -> W[in chosen]: M",
    "A -> B -> C -> D",
    "A -> B -> C: M",
    "A <-> B",
    "A <-> B: M;",
    "A -> B",
    "[@cost = 100, @critical] A -> B: M",
    "[@cost = 100, critical] A -> B: M",
    "A[@timeout = 1000] -> B[@cost = 50]: M",
    "A -> B\n[@cost = 3] C -> D: M",
    r#"A[guard_capability = "chat:send", flow_cost = 50, journal_facts = "sent", leak = "external"] -> B: M"#,
    "A does storage.put(key: \"k\", 3) as old",
    "A does console.log(\"hello {name} {{x}} {a.b[0]}\")",
    "A let x = a ?? b or not c and d in [1, 2]",
    "W[i] let x = 1",
    "choice at A { a: { A -> B: M } b: { A -> B: N } }",
    "choice A { a: { A -> B: M } b: A -> B: N; c: }",
    "choice at A { a: A -> B: M A -> C: M b when (x > 3): A -> B: N }",
    "choice at A on answer within 5s at B { yes as y: { A -> B: M } timeout: { } }",
    "choice at { a: {} }",
    "choice at A within d { a: {} }",
    "if retry { A -> B: M }",
    "if x > 3 and y at A { A -> B: M } else { A -> B: N }",
    "if a { } else if b { } else { }",
    "if e == Color::Red { A -> B: M }",
    "loop { break }",
    "loop (count: 5) { A -> B: M }",
    "loop (count: n + 1) as i { A -> B: M }",
    "loop (decides: A) { A -> B: M }",
    "loop (while: x < 3 at A) { A -> B: M }",
    "loop (custom: \"has more\") { A -> B: M }",
    "loop L (max: 10) as n { continue L }",
    "rec L { A -> B: M continue L }",
    "rec L { A -> B: M; continue L; }",
    "for i in W { A -> W[i]: M }",
    "for i in W[0..2] { A -> W[i]: M }",
    "par for i in W[*] { A -> W[i]: M }",
    "par { { A -> B: M } { C -> D: M } }",
    "par { A -> B: M | C -> D: M C -> D: N }",
    "parallel { A -> B: M | C -> D: M }",
    "parallel { A -> B: M C -> D: M }",
    "par { A -> B: M C -> D: M }",
    "par { sub_protocol X { A -> B } sub_protocol Y { A <-> B } }",
    "call Other",
    "call lib::Other(A = B, C = W[0]; x = 1, y = a + b) as r",
    "call Other(; x = 1)",
    "sub_protocol X { A <-> B; }",
    "try at A within 5s { A -> B: M } on timeout { } on failed x as e { } on failed as e { } on denied { fail y at A }",
    "try at A { A -> B: M } on refused { } on cancelled { }",
    "fail broken with { why: \"x\" } at A",
    "fail broken at A",
    "return { x, y: 1 }",
    "A let at = type A -> B: on A -> loop: choice",
    "choice -> loop: M loop -> choice: on",
    "A let x = if a then b else c",
    "A let x = -1 ** 2 * (3 + 4) % 5",
    "A let x = xs.map(x => x.a).filter(y => y > 3)",
    "A let x = count(xs, x => x > 3) + sum(xs)",
    "A let x = Enum::Variant { a: 1 }",
    "A let x = alias::CONST",
    "A let x = !a && b || c",
    "A let x = !a && let || does",
    "A let x = 1_000 + 1.5e3 + 250ms",
    "A let x = -9223372036854775808",
    "/// what it is for\nA -> B: M",
    "A -> B\n[cost = 3] C -> D: M",
    "A -> B[cost = 3, kept][leak = 2]\n[@kept] C -> D: M",
    "A -> B [@kept] let -> B: M",
    "fail broken at A[cost = 3] A -> B: M",
    "call Other(x = A[cost = 3], y = B[leak = 1]; n = 1)",
    "choice at A[cost = 3] on x { a: A -> B: M }",
    "choice at A[cost = 3] within 5s { a: A -> B: M }",
    "try at A[cost = 3] within 5s { A -> B: M } on timeout { }",
    "if at or b at A { A -> B: M }",
    "if at in xs at A { A -> B: M }",
    "if at at A { A -> B: M }",
];

const ITEMS: &[&str] = &[
    "import \"lib/common.choreo\" as common",
    "import \"common.choreo\";",
    "const N = 3",
    "message M { a: String, b?: Int = 3, c: { d: Bool }, }",
    "message M = schema \"m.json\"",
    "type T = List<Map<String, Int>?>",
    "type T = schema \"t.json\"",
    "type T = Int??",
    "enum E { A, B { x: Int }, }",
    "effect E { now() -> Time : pure put(key: String, value: Any) : idempotent; log(x: String) }",
    "choreography P { roles: A, B[3], C[N], D[*] }",
    "choreography P { roles A, B; A -> B: M }",
    "choreography P(x: Int = 3 at A, y: String) returns { z: Int } { roles: A, }",
    "protocol P { roles: A, B, A -> B: M }",
    "choreography! { protocol P { roles: A; } }",
    "choreography! { #[namespace = \"x\"] P { roles: A } }",
    "#[namespace = \"x\"] choreography! { P { roles: A } }",
    "#[namespace = \"x\"]\n#[amend = \"deny\"]\nchoreography P { roles: A }",
    "choreography P { roles: A, B protocol Q { roles: A, B A -> B: M } call Q }",
];

/// The canonical text keeps the tree and the comments, and is its own canonical text.
fn check_format(text: &str) -> String {
    let parsed = read(text);
    let once = format(&parsed);
    let again = read(&once);
    assert_eq!(again.diagnostics, [], "{text}\n-- gave --\n{once}");
    assert_eq!(again.file, parsed.file, "{text}\n-- gave --\n{once}");
    let texts = |parsed: &Parsed| {
        let mut texts: Vec<_> =
            parsed.comments.iter().map(|comment| comment.text.trim_start_matches('/').to_owned()).collect();
        texts.sort();
        texts
    };
    assert_eq!(texts(&again), texts(&parsed), "{text}\n-- gave --\n{once}");
    assert_eq!(format(&again), once, "{text}\n-- gave --\n{once}");
    once
}

/// A file around a statement.
fn around(stmt: &str) -> String {
    format!("choreography P {{\n    roles: A, B, C, D, W[3]\n\n    {stmt}\n    A -> B: Last\n}}\n")
}

#[test]
fn every_spelling_has_a_canonical_form() {
    for text in SEED.iter().chain(ITEMS) {
        check_format(text);
    }
    for stmt in STATEMENTS {
        check_format(&around(stmt));
    }
}

#[test]
fn every_spelling_is_read() {
    for text in SEED.iter().chain(ITEMS) {
        assert_eq!(read(text).diagnostics, [], "{text}");
    }
    for stmt in STATEMENTS {
        let text = around(stmt);
        let parsed = read(&text);
        let diagnostics: Vec<_> = parsed.diagnostics.iter().map(|d| (&d.message, d.primary.span)).collect();
        assert!(diagnostics.is_empty(), "{text}\n{diagnostics:?}");
    }
}
