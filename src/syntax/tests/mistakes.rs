//! Mistakes: each with its code and place, drawn as carets under the faulty line.

use crate::syntax::tests::read;

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
