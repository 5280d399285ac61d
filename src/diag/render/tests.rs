//! Tests of the renderings.

use proptest::prelude::*;

use crate::diag::Applicability;
use crate::diag::Diagnostic;
use crate::diag::Edit;
use crate::diag::Severity;
use crate::diag::code::Code;
use crate::diag::render::{Count, Format, Style, arrange, cap, render};
use crate::diag::source::{SourceId, Sources, Span};

const FORMATS: [Format; 5] = [
    Format::Human(Style::Plain),
    Format::Human(Style::Coloured),
    Format::Short,
    Format::Json,
    Format::Github,
];

fn span(source: u32, start: u32, end: u32) -> Span {
    Span::new(SourceId(source), start, end)
}

fn check(format: Format, text: &str, diagnostic: Diagnostic, expected: &str) {
    let mut sources = Sources::default();
    sources.add("a,b.choreo", text);
    let found = render(format, &sources, &[diagnostic]);
    assert_eq!(found, expected, "\n--- found\n{found}\n--- expected\n{expected}");
}

#[test]
fn people_see_carets() {
    let diagnostic = Diagnostic::new(Code::E0101, span(0, 18, 21), "no role is called `Bop`")
        .here("not declared")
        .also(span(0, 6, 9), "the roles are declared here")
        .note("roles are declared once")
        .help("write `Bob`")
        .fix("write `Bob`", Applicability::Safe, vec![Edit { span: span(0, 18, 21), text: "Bob".into() }]);
    check(
        Format::Human(Style::Plain),
        "roles Bob, Alice\n\tBop -> Alice: Hi\n",
        diagnostic,
        "\
error[E0101]: no role is called `Bop`
 --> a,b.choreo:2:2
  |
1 | roles Bob, Alice
  |       --- the roles are declared here
2 |     Bop -> Alice: Hi
  |     ^^^ not declared
  |
  = note: roles are declared once
help: write `Bob`
  |
2 -     Bop -> Alice: Hi
2 +     Bob -> Alice: Hi
  |

",
    );
}

#[test]
fn short_is_one_line() {
    let diagnostic = Diagnostic::new(Code::E0001, span(0, 5, 6), "expected a name");
    check(Format::Short, "ä\nxy:z", diagnostic, "a,b.choreo:2:3: error[E0001]: expected a name\n");
}

#[test]
fn github_escapes() {
    let diagnostic = Diagnostic::new(Code::E0001, span(0, 0, 1), "100% wrong").help("go\nhome");
    check(
        Format::Github,
        "x",
        diagnostic,
        "::error file=a%2Cb.choreo,line=1,col=1,endLine=1,endColumn=2,title=E0001 unexpected token::100%25 wrong%0Ago%0Ahome\n",
    );
}

#[test]
fn json_has_places_in_lines_and_bytes() {
    let mut sources = Sources::default();
    sources.add("x", "ä b");
    let diagnostic = Diagnostic::new(Code::E0001, span(0, 3, 4), "m");
    let found: serde_json::Value =
        serde_json::from_str(&render(Format::Json, &sources, &[diagnostic])).unwrap();
    assert_eq!(found[0]["column"], 3);
    assert_eq!(found[0]["start"], 3);
    assert_eq!(found[0]["end_column"], 4);
    assert_eq!(found[0]["help"], serde_json::Value::Null);
    assert_eq!(render(Format::Json, &sources, &[]), "[]\n");
}

#[test]
fn arranged_by_file_place_and_severity() {
    let mut sources = Sources::default();
    sources.add("b", "xxxx");
    sources.add("a", "xxxx");
    let at = |source, start| Diagnostic::new(Code::E0001, span(source, start, start + 1), "m");
    let mut all = vec![at(0, 2), at(0, 1), at(1, 3), at(0, 2)];
    arrange(&sources, &mut all);
    let places: Vec<_> = all.iter().map(|d| (d.primary.span.source.0, d.primary.span.start)).collect();
    assert_eq!(places, [(1, 3), (0, 1), (0, 2)]);
}

#[test]
fn errors_are_kept_before_others() {
    let at = |source, start, code: Code| Diagnostic {
        severity: if start % 2 == 0 { Severity::Warning } else { Severity::Error },
        ..Diagnostic::new(code, span(source, start, start), "m")
    };
    let mut all: Vec<Diagnostic> = (0..180).map(|n| at(0, n, Code::E0001)).collect();
    all.extend((0..10).map(|n| at(1, n, Code::E0001)));
    assert_eq!(cap(&mut all), 80);
    let count = Count::of(&all);
    assert_eq!((count.errors, count.warnings), (95, 15));
}

#[test]
fn summary_counts() {
    let count = |errors, warnings, notes| Count { errors, warnings, notes };
    assert_eq!(count(2, 1, 0).summary(3), "2 errors, 1 warning in 3 files");
    assert_eq!(count(0, 0, 1).summary(1), "1 note in 1 file");
    assert_eq!(count(0, 0, 0).summary(0), "no mistakes in 0 files");
}

#[test]
fn far_labels_and_long_lines_stay_small() {
    let mut sources = Sources::default();
    sources.add("far", "line\n".repeat(100_000));
    sources.add("long", "x".repeat(1_000_000));
    let diagnostic = Diagnostic::new(Code::E0001, span(0, 0, 499_999), "m")
        .also(span(0, 400_000, 400_001), "far away")
        .also(span(1, 500_000, 500_001), "in a long line");
    let found = render(Format::Human(Style::Plain), &sources, &[diagnostic]);
    assert!(found.len() < 5_000, "{}", found.len());
    assert!(found.contains("far:80001:1"), "{found}");
    assert!(found.contains("long:1:500001"), "{found}");
}

proptest! {
    /// Spans at the end of the text, in line breaks, inside characters, backwards: text comes out, in every format.
    #[test]
    fn no_span_and_no_text_crashes(
        text in "([a-z{}\t\r\n ü漢\u{301}\u{1b}\u{0}])*",
        places in proptest::collection::vec((0u32..60, 0u32..60), 1..4),
        replacement in "[a\n\r ]{0,4}",
    ) {
        let mut sources = Sources::default();
        sources.add("x", text);
        let mut all = places.iter().map(|(a, b)| span(0, *a, *b));
        let first = all.next().unwrap();
        let edit = Edit { span: span(0, first.start, first.end.max(first.start)), text: replacement };
        let mut diagnostic = Diagnostic::new(Code::E0001, first, "m")
            .here("here")
            .fix("do", Applicability::Safe, vec![edit]);
        for other in all {
            diagnostic = diagnostic.also(other, "there");
        }
        for format in FORMATS {
            prop_assert!(!render(format, &sources, std::slice::from_ref(&diagnostic)).is_empty());
        }
    }
}
