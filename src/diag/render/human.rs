//! Diagnostics for people: excerpts of the source with carets, then notes, help and fixes.
//!
//! `annotate-snippets` draws. It is given only the lines that labels touch, so that the cost of a diagnostic does
//! not grow with its file, and only spans that lie on whole characters inside these lines.
//! Is not: a full view. Labels that are far apart get an excerpt each; very long lines are named, not shown.

use annotate_snippets::{AnnotationKind, Element, Group, Level, Origin, Patch, Renderer, Snippet};

use crate::diag::render::Style;
use crate::diag::source::{Source, SourceId, Sources, Span};
use crate::diag::{Diagnostic, Edit, Fix, Severity};

/// Lines between two labels of one excerpt, and lines of one label.
const LINES_MAX: usize = 60;
/// Bytes of a line that is shown.
const LINE_BYTES_MAX: usize = 2_000;

/// A label with its lines.
struct Mark<'a> {
    span: Span,
    text: &'a str,
    kind: AnnotationKind,
    lines: (usize, usize),
}

/// One diagnostic, ending with an empty line.
#[must_use]
pub fn one(sources: &Sources, diagnostic: &Diagnostic, style: Style) -> String {
    let renderer = match style {
        Style::Plain => Renderer::plain(),
        Style::Coloured => Renderer::styled(),
    };
    let title = level(diagnostic.severity).primary_title(&diagnostic.message).id(diagnostic.code.name());
    let mut main = Group::with_title(title);
    for marks in excerpts(sources, diagnostic) {
        main = main.elements(excerpt(sources, &marks));
    }
    for note in &diagnostic.notes {
        main = main.element(Level::NOTE.message(note));
    }
    // A fix that says the same shows how as well.
    if let Some(help) =
        diagnostic.help.as_ref().filter(|help| diagnostic.fixes.iter().all(|fix| fix.title != **help))
    {
        main = main.element(Level::HELP.message(help));
    }
    let fixes = diagnostic.fixes.iter().filter_map(|fix| repair(sources, fix));
    let report: Vec<Group<'_>> = std::iter::once(main).chain(fixes).collect();
    format!("{}\n\n", renderer.render(&report).trim_end())
}

/// How a severity is headed.
const fn level(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    }
}

/// The labels, those that fit in one excerpt together; the primary label's excerpt first.
fn excerpts<'a>(sources: &Sources, diagnostic: &'a Diagnostic) -> Vec<Vec<Mark<'a>>> {
    let mut order: Vec<SourceId> = Vec::new();
    let mut marks = Vec::new();
    let labels = std::iter::once((&diagnostic.primary, AnnotationKind::Primary))
        .chain(diagnostic.secondary.iter().map(|label| (label, AnnotationKind::Context)));
    for (label, kind) in labels {
        let Some(source) = sources.source(label.span.source) else { continue };
        if !order.contains(&label.span.source) {
            order.push(label.span.source);
        }
        marks.push(Mark { span: label.span, text: &label.text, kind, lines: lines(source, label.span) });
    }
    let place = |source: SourceId| order.iter().position(|id| *id == source);
    marks.sort_by_key(|mark| (place(mark.span.source), mark.lines));
    let mut groups: Vec<Vec<Mark<'a>>> = Vec::new();
    for mark in marks {
        match groups.last_mut() {
            Some(group) if group.last().is_some_and(|last| near(last, &mark)) => group.push(mark),
            _ => groups.push(vec![mark]),
        }
    }
    groups.sort_by_key(|group| group.iter().all(|mark| mark.kind != AnnotationKind::Primary));
    groups
}

/// Whether the later mark belongs in the excerpt of the earlier.
fn near(last: &Mark<'_>, mark: &Mark<'_>) -> bool {
    last.span.source == mark.span.source && mark.lines.0 <= last.lines.1.saturating_add(LINES_MAX)
}

/// First and last line of a span, from 1.
fn lines(source: &Source, span: Span) -> (usize, usize) {
    let bytes = source.clamp(span);
    let first = source.line_column(bytes.start as u32).0;
    let last = source.line_column(bytes.end.saturating_sub(1).max(bytes.start) as u32).0;
    (first, last.min(first + LINES_MAX))
}

/// Marks of one source, drawn; or named, where a line is too long or there is no text.
fn excerpt<'a>(sources: &'a Sources, marks: &[Mark<'a>]) -> Vec<Element<'a>> {
    let Some(source) = marks.first().and_then(|mark| sources.source(mark.span.source)) else {
        return Vec::new();
    };
    let Some(window) = Window::over(source, marks.iter().map(|mark| mark.lines)) else {
        return marks.iter().flat_map(|mark| named(source, mark)).collect();
    };
    let annotations = marks.iter().map(|mark| {
        let label = Some(mark.text).filter(|text| !text.is_empty());
        mark.kind.span(window.inside(source, mark.span)).label(label)
    });
    let snippet = Snippet::source(window.text).path(source.name.as_str()).line_start(window.first_line);
    vec![snippet.annotations(annotations).into()]
}

/// A place and its label without the text that stands there.
fn named<'a>(source: &'a Source, mark: &Mark<'a>) -> Vec<Element<'a>> {
    let origin = Origin::path(source.name.as_str());
    if source.text.is_empty() {
        return vec![origin.into()];
    }
    let (line, column) = source.line_column(source.clamp(mark.span).start as u32);
    let mut parts: Vec<Element<'a>> = vec![origin.line(line).char_column(column).into()];
    if !mark.text.is_empty() {
        parts.push(Level::NOTE.message(mark.text).into());
    }
    parts
}

/// A repair with the text as it would be.
fn repair<'a>(sources: &'a Sources, fix: &'a Fix) -> Option<Group<'a>> {
    let title = Level::HELP.secondary_title(&fix.title);
    let first = fix.edits.first()?;
    let source = sources.source(first.span.source)?;
    let here: Vec<&Edit> = fix.edits.iter().filter(|e| e.span.source == first.span.source).collect();
    match Window::over(source, here.iter().map(|edit| lines(source, edit.span))) {
        Some(window) => {
            let patches =
                here.iter().map(|edit| Patch::new(window.inside(source, edit.span), edit.text.as_str()));
            let snippet = Snippet::source(window.text).line_start(window.first_line);
            Some(title.element(snippet.patches(patches)))
        }
        None => Some(Group::with_title(title)),
    }
}

/// Whole lines of a source.
struct Window<'a> {
    text: &'a str,
    first_line: usize,
    start: usize,
}

impl<'a> Window<'a> {
    /// The lines from the first to the last of `ranges`; none where the text is empty or a line is too long.
    fn over(source: &'a Source, ranges: impl Iterator<Item = (usize, usize)> + Clone) -> Option<Self> {
        let first_line = ranges.clone().map(|(first, _)| first).min()?;
        let last_line = ranges.map(|(_, last)| last).max()?;
        let bytes = source.lines(first_line, last_line);
        let start = bytes.start;
        let text = source.text.get(bytes)?;
        let fits = !source.text.is_empty() && text.split('\n').all(|line| line.len() <= LINE_BYTES_MAX);
        fits.then_some(Self { text, first_line, start })
    }

    /// A span as a range of the window's text, cut to it.
    fn inside(&self, source: &Source, span: Span) -> std::ops::Range<usize> {
        let bytes = source.clamp(span);
        let cut = |at: usize| at.saturating_sub(self.start).min(self.text.len());
        cut(bytes.start)..cut(bytes.end)
    }
}
