//! Scopes as they are resolved: who reports, who is told, and which variable holds what.

use super::{becomes, run, says};

/// Who reports to A that it is through a `try` of A with this body.
#[track_caller]
fn reports(body: &str, expected: &str) {
    let text = format!("choreography P {{ roles A, B, C, D, W[2]  try at A {{ {body} }} }}");
    let (shown, said) = run(&text);
    let shown = shown.unwrap_or_else(|| panic!("not resolved: {said:#?}"));
    let through: Vec<&str> =
        shown.lines().filter_map(|line| line.trim().strip_suffix(" is through A.try#1")).collect();
    assert_eq!(through.join(" "), expected, "{shown}");
}

#[test]
fn who_reports_that_it_is_through() {
    let table = [
        // In a row.
        ("A -> B: M", "B"),
        ("B -> A: M", ""),
        ("A -> B: M  B -> A: N", ""),
        ("A -> B: M  A -> C: N  C -> A: O", "B"),
        ("A -> B: M  B -> C: N  C -> A: O", ""),
        ("A -> B: M  B -> C: N", "B C"),
        ("B -> C: M  C -> A: N", ""),
        ("C -> A: N  B -> C: M", "B C"),
        // Steps.
        ("B -> A: M  B let x = 1", "B"),
        ("B let x = 1  B -> A: M", ""),
        ("A -> B: M  A let x = 1", "B"),
        // Choices: on every branch.
        ("choice at A { a: B -> A: M  b: { } }", ""),
        ("choice at B { a: B -> A: M  b: { } }", "B"),
        ("choice at B { a: B -> A: M  b: B -> A: N }", ""),
        ("choice at B { a: B -> A: M  b: B -> C: N }", "B C"),
        ("choice at B { a: B -> A: M  b: { B -> C: N  C -> A: O } }", ""),
        ("A -> C: L  choice at B { a: { B -> C: M  C -> A: M2 } b: B -> A: N }", "C"),
        ("choice at A { a: { A -> B: M  fail x at A } b: B -> A: N }", ""),
        // Loops.
        ("loop { A -> B: M  choice at B { on: B -> A: More  off: { B -> A: Off  break } } }", ""),
        ("loop { A -> B: M  choice at A { on: A -> C: More  off: { A -> C: Off  break } } }", "B C"),
        (
            "loop { choice at A { on: { A -> B: More  B -> C: N } off: { A -> B: Off  B -> A: K  break } } }",
            "C",
        ),
        (
            "loop { choice at A { on: { A -> B: More  B -> C: N } off: { A -> B: Off  B -> C: K  C -> A: L  break } } }",
            "",
        ),
        ("choice at A { on: { loop { A -> B: M } } off: B -> A: N }", ""),
        ("rec L { A -> B: M  choice at B { on: { B -> C: X  continue L } off: B -> A: Y } }", "C"),
        ("loop (count: 2) { A -> B: M  B -> A: N }", "B"),
        ("loop (count: 2) { A -> B: M  B -> A: N }  B -> A: Over", ""),
        // Parts in which everybody acts to the end.
        ("par { { A -> B: M  B -> A: N } { A -> C: O } }", "B C"),
        ("par { { A -> B: M } { A -> C: O } }  B -> C: X  C -> A: Y", ""),
        // Scopes inside: their owners tell their members at the end.
        ("try at B { B -> C: M }", "B C"),
        ("try at B { B -> C: M }  C -> A: N", ""),
        ("try at C { B -> A: M }", "B C"),
        ("try at A { B -> C: M }", "B C"),
        ("W[*] -> A: V collect within 1s", ""),
        ("W[*] -> B: V collect within 1s", "B"),
        ("A -> W[0]: Ask  W[*] -> A: V collect within 1s", "W[0]"),
    ];
    for (body, expected) in table {
        reports(body, expected);
    }
}

#[test]
fn a_handler_finds_names_as_they_were() {
    becomes(
        "choreography P { roles A, B
           A let n = 1
           try at A within 5s { A let n = n + 1  A let k = n  A -> B: M } on timeout { A let k = n }
           A -> B: K(n: Int, k: Int) with { n: n, k: k } }",
        "
        A let n = 1
        scope A.try#1 at A within 5s
          A let n = (n + 1)
          A let k = n
          A -> B: M
          B is through A.try#1
        ended, told B
          completed:
            A let n = n
          timeout:
            A let k = n
        A -> B: K <- {k: k, n: n}
        ",
    );
}

#[test]
fn a_collect_binds_both_names() {
    becomes(
        "message Vote { ok: Bool }
         choreography P { roles A, W[2]
           W[*] -> A: Vote collect until (count(vs, v => v.ok) >= 1) within 1s as vs
           A let late = vs.missing
           A let all = len(Vote) }",
        "
        scope A.collect#1 at A within 1s
          until (count(vs, v => v.ok) >= 1)
          W[0] -> A: Vote <- ask
          W[1] -> A: Vote <- ask
        A let Vote = vs
        A let late = vs.missing
        A let all = len(Vote)
        ",
    );
}

#[test]
fn a_choice_in_time_is_kept_by_who_waits() {
    becomes(
        "choreography P { roles A, B
           choice at A within 2s at B { a: A -> B: X  b: B -> A: Y  timeout: B -> A: Z } }",
        "
        scope B.choice#1 at B within 2s
          choice A#1 at A
            a <- ask:
              B let A#1.kept = 0
            b <- ask:
              B let A#1.kept = 1
        ended, told A
          completed:
            choice A#1.kept at B
              a when (A#1.kept == 0):
                A -> B: X
              b:
                B -> A: Y
          timeout:
            B -> A: Z
        ",
    );
}

#[test]
fn wrong_owners_are_said_once() {
    says(
        "choreography P { roles A, B
           try at X within 5s { A -> B: M  B let x = nope } on failed y as e { A let z = e }
           choice at Y within 2s { a: A -> B: X  timeout: A -> B: Y }
           Z[*] -> A: R(ok: Bool) collect within 1h as rs
           A let n = len(rs) + len(rs.missing) }",
        &[
            "2:19 E0103 no role is called `X`",
            "2:54 E0101 nothing here is called `nope`",
            "3:22 E0103 no role is called `Y`",
            "4:12 E0103 no role is called `Z`",
        ],
    );
}
