//! Applies the safe fixes of diagnostics to a source.
//!
//! Two fixes whose edits overlap are not applied together: the first in the order of the text wins, and a second
//! round, after a new check, sees what is left. Is not: a chooser; only what its author called safe is applied.

use std::sync::Arc;

use crate::diag::source::{SourceId, Sources};
use crate::diag::{Applicability, Diagnostic, Edit, Fix};

/// A text with its fixes applied.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fixed {
    /// Which source.
    pub source: SourceId,
    /// The new text.
    pub text: String,
    /// How many fixes are in it.
    pub fixes: usize,
}

/// Every source that safe fixes change, with its new text.
#[must_use]
pub fn apply(sources: &Sources, diagnostics: &[Diagnostic]) -> Vec<Fixed> {
    let mut safe: Vec<(SourceId, &Fix)> = diagnostics
        .iter()
        .flat_map(|diagnostic| &diagnostic.fixes)
        .filter(|fix| fix.applicability == Applicability::Safe)
        .filter_map(|fix| one_source(fix).map(|source| (source, fix)))
        .collect();
    safe.sort_by_key(|(source, fix)| (*source, fix.edits.iter().map(|edit| edit.span.start).min()));
    let mut fixed: Vec<Fixed> = Vec::new();
    for group in safe.chunk_by(|a, b| a.0 == b.0) {
        let Some(source) = group.first().map(|first| first.0) else { continue };
        let Some(text) = sources.source(source).map(|source| Arc::clone(&source.text)) else { continue };
        let (edits, fixes) = apart(group.iter().map(|(_, fix)| *fix), &text);
        if fixes > 0 {
            fixed.push(Fixed { source, text: edited(&text, edits), fixes });
        }
    }
    fixed
}

/// The one source that a fix changes, if it is one.
fn one_source(fix: &Fix) -> Option<SourceId> {
    let first = fix.edits.first()?.span.source;
    fix.edits.iter().all(|edit| edit.span.source == first).then_some(first)
}

/// The edits of all fixes that touch no earlier one, sorted; and how many fixes these are.
fn apart<'a>(fixes: impl Iterator<Item = &'a Fix>, text: &str) -> (Vec<&'a Edit>, usize) {
    let mut taken: Vec<&Edit> = Vec::new();
    let mut count = 0;
    for fix in fixes {
        let fits = |edit: &Edit| text.get(edit.span.start as usize..edit.span.end as usize).is_some();
        let free = |edit: &Edit| taken.iter().all(|other| !overlap(edit, other));
        if fix.edits.iter().all(|edit| fits(edit) && free(edit)) {
            taken.extend(&fix.edits);
            count += 1;
        }
    }
    taken.sort_by_key(|edit| (edit.span.start, edit.span.end));
    (taken, count)
}

/// Whether two edits touch the same text; two insertions at one place do.
fn overlap(a: &Edit, b: &Edit) -> bool {
    let (a, b) = (a.span, b.span);
    (a.start < b.end && b.start < a.end) || a.start == b.start
}

/// The text with these edits, which are sorted and do not overlap.
fn edited(text: &str, edits: Vec<&Edit>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for edit in edits {
        out.push_str(text.get(at..edit.span.start as usize).unwrap_or(""));
        out.push_str(&edit.text);
        at = edit.span.end as usize;
    }
    out.push_str(text.get(at..).unwrap_or(""));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::code::Code;
    use crate::diag::source::Span;

    /// A fix: how sure it is, and its edits as start, end and new text.
    type Given<'a> = (Applicability, &'a [(u32, u32, &'a str)]);

    fn check(text: &str, fixes: &[Given<'_>], expected: &[(&str, usize)]) {
        let mut sources = Sources::default();
        let source = sources.add("x", text);
        let diagnostics: Vec<Diagnostic> = fixes
            .iter()
            .map(|(applicability, edits)| {
                let edit = |(start, end, text): &(u32, u32, &str)| Edit {
                    span: Span::new(source, *start, *end),
                    text: (*text).to_owned(),
                };
                Diagnostic::new(Code::E0001, Span::new(source, 0, 0), "m").fix(
                    "do",
                    *applicability,
                    edits.iter().map(edit).collect(),
                )
            })
            .collect();
        let found: Vec<(String, usize)> =
            apply(&sources, &diagnostics).into_iter().map(|fixed| (fixed.text, fixed.fixes)).collect();
        let expected: Vec<(String, usize)> =
            expected.iter().map(|(text, fixes)| ((*text).to_owned(), *fixes)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn safe_fixes_are_applied_and_others_are_not() {
        use Applicability::{Display, Safe, Unsafe};
        check("abc", &[(Safe, &[(0, 1, "x")])], &[("xbc", 1)]);
        check("abc", &[(Unsafe, &[(0, 1, "x")]), (Display, &[(1, 2, "y")])], &[]);
        check("abc", &[(Safe, &[(2, 3, "")]), (Safe, &[(0, 0, "<"), (1, 1, ">")])], &[("<a>b", 2)]);
        check("abc", &[], &[]);
    }

    #[test]
    fn overlapping_fixes_wait_for_the_next_round() {
        use Applicability::Safe;
        check("abc", &[(Safe, &[(0, 2, "x")]), (Safe, &[(1, 3, "y")])], &[("xc", 1)]);
        check("abc", &[(Safe, &[(1, 1, "x")]), (Safe, &[(1, 1, "y")])], &[("axbc", 1)]);
        check("abc", &[(Safe, &[(1, 9, "x")])], &[]);
        check("ä", &[(Safe, &[(1, 2, "x")])], &[]);
    }
}
