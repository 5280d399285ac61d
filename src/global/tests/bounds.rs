//! Large and odd texts: answers in bounded time, without a crash.

use std::fmt::Write;

use super::{run, says};

#[test]
fn two_thousand_exchanges() {
    let mut text = "choreography P { roles A, B\n".to_owned();
    for at in 0..2_000 {
        writeln!(text, "A -> B: M{}(n: Int) with {{ n: {at} }}", at % 50).expect("a string grows");
    }
    text.push('}');
    let (body, said) = run(&text);
    assert_eq!((body.map(|body| body.lines().count()), said.len()), (Some(2_000), 0));
}

#[test]
fn two_hundred_workers() {
    let text = "choreography P { roles LB, C, W[200]
        loop (decides: C) { C -> LB: Request(n: Int)  LB let i = Request.n % 200
          LB -> W[i]: Job(n: Int) with { n: Request.n }  LB -> W[*]: Tick  W[*] -> LB: Tock(ok: Bool)
          LB let ok = all(Tock, t => t.ok) } }";
    let (body, said) = run(text);
    assert!(said.is_empty(), "{said:#?}");
    assert!(body.is_some());
}

#[test]
fn types_and_calls_that_grow_without_end() {
    let mut text = String::new();
    for at in 0..40 {
        writeln!(text, "type T{at} = {{ a: T{next}, b: T{next} }}", next = at + 1).expect("a string grows");
    }
    text.push_str("type T40 = Int\nchoreography P { roles A, B  A -> B: M(t: T0) }");
    assert!(run(&text).1.iter().any(|line| line.contains("E0128")));
    let mut text = String::new();
    for at in 0..40 {
        let next = at + 1;
        writeln!(text, "choreography C{at} {{ roles A, B  call C{next}  call C{next} }}")
            .expect("a string grows");
    }
    text.push_str("choreography C40 { roles A, B  A -> B: M }");
    assert!(run(&text).1.iter().any(|line| line.contains("E0128")));
}

#[test]
fn a_long_chain_of_types_and_calls() {
    let mut text = String::new();
    for at in 0..3_000 {
        writeln!(text, "type T{at} = T{}", at + 1).expect("a string grows");
        writeln!(text, "choreography C{at} {{ roles A, B  call C{} }}", at + 1).expect("a string grows");
    }
    text.push_str("type T3000 = Int\nchoreography C3000 { roles A, B  A -> B: M(t: T0) }");
    assert!(run(&text).1.iter().any(|line| line.contains("E0128")));
}

#[test]
fn ten_thousand_roles() {
    says(
        "choreography P { roles A, W[10000]  A -> W[*]: M }",
        &["1:27 E0128 with `W` the protocol has more than 1024 roles"],
    );
}

#[test]
fn loops_of_members_that_multiply() {
    let text = "choreography P { roles W[300]
        for i in W { for j in W { for k in W { W[i] -> W[j]: M } } } }";
    assert!(run(text).1.iter().any(|line| line.contains("E0128")));
}
