//! The page of every code: its example shows exactly that code, and what to use instead does not.
//!
//! Fences marked `choreo` are whole files. A code that no file can show has fences of another kind.

use std::path::Path;

use laban::diag::Severity;
use laban::diag::code::Code;
use laban::global::Sizes;
use laban::local::Amend;
use laban::pipeline::Options;

use crate::corpus::judged;

/// The `choreo` fences under a heading.
fn fences(page: &str, heading: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut here = false;
    let mut open: Option<(bool, String)> = None;
    for line in page.lines() {
        match &mut open {
            Some((wanted, text)) if line.trim_end() == "```" => {
                if *wanted {
                    found.push(std::mem::take(text));
                }
                open = None;
            }
            Some((_, text)) => {
                text.push_str(line);
                text.push('\n');
            }
            None if line.starts_with("```") => {
                open = Some((here && line.trim_end() == "```choreo", String::new()));
            }
            None if line.starts_with("## ") => here = line == heading,
            None => {}
        }
    }
    found
}

/// What `laban check` says of a text: severities with codes, and all of it for people.
fn said(text: &str) -> (Vec<String>, String) {
    let options = Options { sizes: Sizes::default(), amend: Amend::Auto };
    let (_, shown, codes) = judged("example.choreo", text, Path::new("/nowhere"), &options);
    (codes, shown)
}

#[test]
fn examples_show_their_code_and_no_other_error() {
    let mut wrong = String::new();
    for code in Code::ALL {
        for example in fences(code.page(), "## Example") {
            let (codes, shown) = said(&example);
            let has = codes.iter().any(|one| one.ends_with(code.name()));
            let other = codes.iter().any(|one| one.starts_with("error") && !one.ends_with(code.name()));
            if !has || other {
                wrong
                    .push_str(&format!("== {} example: {codes:?}\n{example}--- shown\n{shown}", code.name()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn what_to_use_instead_is_free_of_the_code_and_of_errors() {
    let mut wrong = String::new();
    for code in Code::ALL {
        for instead in fences(code.page(), "## Use instead") {
            let (codes, shown) = said(&instead);
            if codes.iter().any(|one| one.ends_with(code.name()) || one.starts_with("error")) {
                wrong
                    .push_str(&format!("== {} instead: {codes:?}\n{instead}--- shown\n{shown}", code.name()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn pages_of_the_language_have_examples_to_run() {
    // Sources that cannot be read, and what only a program or a session can do wrong, no file can show.
    let shown_elsewhere = |code: &Code| matches!(&code.name()[..3], "E03" | "E04" | "E05" | "E06");
    let unreadable = [Code::E0051, Code::E0052, Code::E0053];
    let bare: Vec<&str> = Code::ALL
        .iter()
        .filter(|code| !shown_elsewhere(code) && !unreadable.contains(code))
        .filter(|code| code.severity() == Severity::Error && fences(code.page(), "## Example").is_empty())
        .map(|code| code.name())
        .collect();
    assert!(bare.is_empty(), "pages without an example that runs: {bare:?}");
}
