//! Text in, diagnostics or a resolved body out.

use crate::diag::Diagnostic;
use crate::diag::source::Sources;
use crate::global::{Module, Sizes, declare, dump, resolve};
use crate::syntax;

/// What was resolved of the first choreography of a text, and all that was said, as `line:column CODE message`.
fn run(text: &str) -> (Option<String>, Vec<String>) {
    let mut sources = Sources::default();
    let source = sources.add("test.choreo", text);
    let parsed = syntax::parse(source, text);
    let module = Module { source, path: "test.choreo".to_owned(), file: parsed.file, imports: vec![] };
    let (declarations, mut said) = declare(vec![module]);
    said.extend(parsed.diagnostics);
    let mut shown = None;
    for (at, choreography) in declarations.choreographies().enumerate() {
        let (protocol, more) = resolve(&declarations, &choreography, &Sizes::default());
        for one in more {
            if !said.contains(&one) {
                said.push(one);
            }
        }
        if at == 0 {
            shown = protocol.as_ref().map(dump::body);
        }
    }
    said.sort_by_key(|d| (d.primary.span, d.code));
    let show = |d: &Diagnostic| {
        let place = sources.source(d.primary.span.source).expect("a source");
        let (line, column) = place.line_column(d.primary.span.start);
        format!("{line}:{column} {} {}", d.code.name(), d.message)
    };
    (shown, said.iter().map(show).collect())
}

/// What the first choreography of a text becomes; nothing but warnings may be said.
#[track_caller]
fn becomes(text: &str, expected: &str) {
    let (body, said) = run(text);
    let body = body.unwrap_or_else(|| panic!("not resolved: {said:#?}"));
    let tidy = |text: &str| {
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        let indent = lines.iter().map(|line| line.len() - line.trim_start().len()).min().unwrap_or(0);
        lines.iter().map(|line| line[indent..].trim_end()).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(tidy(&body), tidy(expected), "{said:#?}");
}

/// What is said of a text.
#[track_caller]
fn says(text: &str, expected: &[&str]) {
    let (_, said) = run(text);
    assert_eq!(said, expected);
}

mod bounds;
mod imports;
mod meaning;
mod mistakes;
mod scopes;
mod seed;
mod variants;
