//! Mistakes: each with its code and place, drawn as carets under the faulty line.

use crate::diag::Applicability;
use crate::syntax::tests::{around, read};

/// The text with a line of carets, code and message under each line that a diagnostic is about.
fn drawn(text: &str) -> String {
    let parsed = read(text);
    let mut out = String::new();
    let mut start = 0;
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    for (index, line) in lines.iter().enumerate() {
        out += line;
        let end = start + line.len() as u32 as usize;
        for diagnostic in &parsed.diagnostics {
            let span = diagnostic.primary.span;
            let at = span.start as usize;
            if (start..end).contains(&at) || (at == end && index + 1 == lines.len()) {
                let before = text[start..at].chars().count();
                let carets = text[at..(span.end as usize).min(end)].trim_end().chars().count().max(1);
                out += &format!(
                    "{}{} {} {}\n",
                    " ".repeat(before),
                    "^".repeat(carets),
                    diagnostic.code.name(),
                    diagnostic.message
                );
            }
        }
        start = end;
    }
    out
}

/// Texts with what is said of them, separated by lines of `---`; each stands between `head` and `tail`.
fn check(cases: &str, head: &str, tail: &str) {
    let mut got = Vec::new();
    for case in cases.split("---\n") {
        let plain: String =
            case.split_inclusive('\n').filter(|line| !line.trim_start().starts_with('^')).collect();
        let all = drawn(&format!("{head}{plain}{tail}"));
        let body = all.strip_prefix(head).unwrap_or(&all);
        // What is said of the last line of `tail` belongs to the case as well.
        got.push(match body.split_once(&format!("\n{tail}")).filter(|_| !tail.is_empty()) {
            Some((body, behind)) => format!("{body}\n{behind}"),
            None => body.to_owned(),
        });
    }
    let got = got.join("---\n");
    assert!(got == cases, "expected:\n{cases}\ngot:\n{got}");
}

#[test]
fn in_statements() {
    check(include_str!("mistakes/statements.txt"), "choreography P {\n    roles: A, B, C, W[3]\n", "}\n");
}

#[test]
fn in_files() {
    check(include_str!("mistakes/files.txt"), "", "");
}

/// The text with the safe fixes of its diagnostics applied.
fn repaired(text: &str) -> String {
    let diagnostics = read(text).diagnostics;
    let fixes = diagnostics.iter().flat_map(|diagnostic| &diagnostic.fixes);
    let safe = fixes.filter(|fix| fix.applicability == Applicability::Safe);
    let mut edits: Vec<_> = safe.flat_map(|fix| fix.edits.clone()).collect();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.span.start));
    edits.into_iter().fold(text.to_owned(), |mut text, edit| {
        text.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.text);
        text
    })
}

#[test]
fn safe_fixes_repair() {
    let broken =
        "A -> B M\n A => B: M\n A - > B: M\n A > B: M\n choice at A { a { A -> B: M } } A let x = 'text'";
    let broken = around(broken);
    assert_eq!(read(&broken).diagnostics.len(), 6);
    let text = repaired(&broken);
    assert_eq!(read(&text).diagnostics, [], "{text}");
}

#[test]
fn safe_fixes_repair_habits() {
    for broken in [
        "if x { A -> B: M\n else { A -> B: N }",
        "if x { A -> B: M } elif y { A -> C: M } else { A -> B: N }",
        "if x = 3 { A -> B: M }",
        "choice at A { a when x > 3: A -> B: M  b when not y: A -> B: N  c: A -> B: K }",
        "A -> B: M { x: 3 }",
        "A -> B: M with { x = 3 }",
        "A -> B: M(x: Int y: Int)",
        "A does time.now as t",
        "A → B: M # and so on\n B -> A: M",
        "choice at A { a: { call X } }\n protocol Y { roles { A, B } A -> B: M }",
    ] {
        let broken = around(broken);
        assert_ne!(read(&broken).diagnostics, [], "{broken}");
        let text = repaired(&broken);
        assert_eq!(read(&text).diagnostics, [], "{text}");
    }
    let roles = "message M { a Int b: Int }\nchoreography P {\n roles A B[3] C\n A -> C: M\n}";
    assert_eq!(read(roles).diagnostics.len(), 4);
    assert_eq!(read(&repaired(roles)).diagnostics, []);
}

#[test]
fn near_words_are_suggested() {
    for (broken, near) in [("chioce at A { a: {} }", "choice"), ("try at A {} on timout {}", "timeout")] {
        let parsed = read(&around(broken));
        let titles: Vec<_> =
            parsed.diagnostics.iter().flat_map(|one| &one.fixes).map(|fix| &fix.title).collect();
        assert_eq!(titles, [&format!("write `{near}`")]);
    }
}
