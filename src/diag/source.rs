//! Sources and spans: the texts that were read, and places in them.
//!
//! Is not: a file reader. Whoever has the text adds it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// One source of a [`Sources`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct SourceId(pub u32);

/// A range of bytes in a source.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Span {
    /// Which source.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The range `start..end` of `source`.
    #[must_use]
    pub const fn new(source: SourceId, start: u32, end: u32) -> Self {
        Self { source, start, end }
    }

    /// The smallest range that covers both, which lie in one source.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { source: self.source, start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// A text and the name to show for it.
#[derive(Clone, Debug)]
pub struct Source {
    /// The path as the user gave it, or `-`.
    pub name: String,
    /// The whole text.
    pub text: Arc<str>,
    /// Where each line begins, in bytes.
    line_starts: Vec<u32>,
}

impl Source {
    /// Line and column of a byte, both from 1; columns count characters.
    #[must_use]
    pub fn line_column(&self, at: u32) -> (usize, usize) {
        let line = self.line_starts.partition_point(|start| *start <= at).max(1);
        let start = self.line_starts.get(line - 1).copied().unwrap_or(0) as usize;
        let column = self.text.get(start..at as usize).map_or(0, |before| before.chars().count());
        (line, column + 1)
    }

    /// The bytes of lines `first..=last`, numbered from 1, the last line's end included; cut to the text.
    #[must_use]
    pub fn lines(&self, first: usize, last: usize) -> std::ops::Range<usize> {
        let end = self.text.len();
        let start_of = |line: usize| self.line_starts.get(line - 1).map_or(end, |at| *at as usize);
        start_of(first.max(1))..start_of(last.max(1) + 1)
    }

    /// The bytes of `span`, moved outwards to whole characters and cut to the text.
    #[must_use]
    pub fn clamp(&self, span: Span) -> std::ops::Range<usize> {
        let end = self.text.len();
        let mut from = (span.start as usize).min(end);
        while !self.text.is_char_boundary(from) {
            from -= 1;
        }
        let mut to = (span.end as usize).clamp(from, end);
        while !self.text.is_char_boundary(to) {
            to += 1;
        }
        from..to
    }
}

/// All texts of one run of a verb.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    sources: Vec<Source>,
}

impl Sources {
    /// Adds a text and gives its id.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<Arc<str>>) -> SourceId {
        let text: Arc<str> = text.into();
        let line_starts =
            std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at as u32 + 1)).collect();
        self.sources.push(Source { name: name.into(), text, line_starts });
        SourceId(self.sources.len() as u32 - 1)
    }

    /// The source of an id that this value gave.
    #[must_use]
    pub fn source(&self, id: SourceId) -> Option<&Source> {
        self.sources.get(id.0 as usize)
    }

    /// Where a span begins: `file:line:column`; none for a source that is not there.
    #[must_use]
    pub fn place(&self, span: Span) -> Option<String> {
        let source = self.source(span.source)?;
        let (line, column) = source.line_column(span.start);
        Some(format!("{}:{line}:{column}", source.name))
    }

    /// The text under a span.
    #[must_use]
    pub fn snippet(&self, span: Span) -> &str {
        self.source(span.source)
            .and_then(|source| source.text.get(span.start as usize..span.end as usize))
            .unwrap_or("")
    }
}
