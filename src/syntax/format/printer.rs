//! The printer: lines so far, and the comments still to be placed.
//!
//! Nodes are printed in the order of the source. Before a node, the comments before it get lines of their own;
//! behind it, those that stand on its last line, or inside it where no line ends, follow it on its line. So no
//! comment is lost, and a second pass finds each where the first has put it.
//! Invariant: comments are taken in order, each once.

use crate::syntax::Comment;
use crate::syntax::format::doc::{Doc, STEP, set};
use crate::syntax::tree::{Docs, Place};

/// Lines so far, and what is still to be placed.
pub(super) struct Printer<'a> {
    text: &'a str,
    comments: &'a [Comment],
    out: String,
    indent: usize,
    /// Whether nothing stands yet in this block.
    fresh: bool,
    /// Whether an empty line must come next.
    blank: bool,
    /// Above 0, no comments are taken: what is printed must stay on one line.
    pub(super) quiet: usize,
}

impl<'a> Printer<'a> {
    pub(super) fn new(text: &'a str, comments: &'a [Comment]) -> Self {
        Self { text, comments, out: String::new(), indent: 0, fresh: true, blank: false, quiet: 0 }
    }

    pub(super) fn finish(mut self) -> String {
        self.leading(u32::MAX);
        self.out
    }

    /// The source between two offsets; empty for a tree that has no source.
    pub(super) fn source(&self, start: u32, end: u32) -> &'a str {
        self.text.get(start as usize..end as usize).unwrap_or("")
    }

    /// Wants an empty line before whatever comes next in this block.
    pub(super) fn paragraph(&mut self) {
        self.blank = true;
    }

    /// Whether a comment stands before `end`.
    pub(super) fn comment_before(&self, end: u32) -> bool {
        self.quiet == 0 && self.comments.first().is_some_and(|next| next.place.0.start < end)
    }

    /// The next comment, if it stands before `end`.
    pub(super) fn take_before(&mut self, end: u32) -> Option<&'a Comment> {
        if !self.comment_before(end) {
            return None;
        }
        let (next, rest) = self.comments.split_first()?;
        self.comments = rest;
        Some(next)
    }

    /// The next comment, if it stands on the line that `end` ends, with nothing but separators between.
    pub(super) fn take_beside(&mut self, end: u32) -> Option<&'a Comment> {
        self.take_over(end, " \t;,")
    }

    /// The next comment, if nothing but separators stands between `end` and it.
    pub(super) fn take_behind(&mut self, end: u32) -> Option<&'a Comment> {
        self.take_over(end, " \t\r\n;,")
    }

    fn take_over(&mut self, end: u32, separators: &str) -> Option<&'a Comment> {
        let next = self.comments.first()?.place.0.start;
        let near = next >= end && self.source(end, next).chars().all(|c| separators.contains(c));
        if near { self.take_before(u32::MAX) } else { None }
    }

    /// Gives the comments before `at` lines of their own.
    pub(super) fn leading(&mut self, at: u32) {
        while let Some(comment) = self.take_before(at) {
            self.begin(comment.place.0.start);
            self.out.push_str(&comment_text(comment));
            self.out.push('\n');
        }
    }

    /// Prints the line of a node that spans `place`, with its documentation and the comments around it.
    pub(super) fn line(&mut self, docs: &Docs, place: Place, doc: &Doc) {
        self.open_line(docs, place.0.start, doc);
        self.end_line(place.0.end);
    }

    /// Prints comments, documentation and the first line of a node that begins at `start`, without ending it.
    pub(super) fn open_line(&mut self, docs: &Docs, start: u32, doc: &Doc) {
        self.leading(start);
        let first = if docs.is_empty() { start } else { self.docs_start(start) };
        for (index, line) in docs.iter().enumerate() {
            self.begin(if index == 0 { first } else { 0 });
            self.out.push_str("///");
            if !line.is_empty() {
                self.out.push(' ');
                self.out.push_str(line);
            }
            self.out.push('\n');
        }
        self.begin(if docs.is_empty() { first } else { 0 });
        set(doc, self.indent, &mut self.out);
    }

    /// Goes on on the line that stands open.
    pub(super) fn more(&mut self, text: &str) {
        self.out.push_str(text);
    }

    /// Goes on on the line that stands open with a document.
    pub(super) fn more_doc(&mut self, doc: &Doc) {
        set(doc, self.indent, &mut self.out);
    }

    /// Ends the line of a node that ends at `end`, with the comments inside and beside it.
    pub(super) fn end_line(&mut self, end: u32) {
        let mut end = end;
        let mut ended = false;
        while let Some(comment) = self.take_before(end).or_else(|| self.take_beside(end)) {
            self.aside(comment, &mut ended);
            end = end.max(comment.place.0.end);
        }
        if !ended {
            self.out.push('\n');
        }
    }

    /// Opens a block on the line that stands open, whose contents begin at `first`; `head` is where the last thing
    /// before the contents ends.
    pub(super) fn open(&mut self, head: u32, first: u32) {
        self.out.push_str(" {");
        self.open_bare(head, first);
    }

    /// Opens a block whose `{` has been printed.
    pub(super) fn open_bare(&mut self, head: u32, first: u32) {
        let mut head = head;
        let mut ended = false;
        self.indent += STEP;
        self.fresh = true;
        while self.comment_before(first) {
            let beside = self.comments.first().is_some_and(|next| {
                next.place.0.start < head || !self.source(head, next.place.0.start).contains('\n')
            });
            if !beside {
                break;
            }
            if let Some(comment) = self.take_before(first) {
                self.aside(comment, &mut ended);
                head = head.max(comment.place.0.end);
            }
        }
        if !ended {
            self.out.push('\n');
        }
    }

    /// Closes the block that ends at `end`, leaving the line open.
    pub(super) fn close(&mut self, end: u32) {
        self.leading(end.saturating_sub(1));
        self.indent = self.indent.saturating_sub(STEP);
        self.blank = false;
        self.fresh = true;
        self.begin(0);
        self.out.push('}');
    }

    /// A comment behind the open line; once a comment has ended that line, each further one has its own.
    fn aside(&mut self, comment: &Comment, ended: &mut bool) {
        if *ended {
            self.begin(0);
        } else {
            self.out.push(' ');
        }
        self.out.push_str(&comment_text(comment));
        *ended |= comment.text.starts_with("//");
        if *ended {
            self.out.push('\n');
            self.fresh = false;
        }
    }

    /// Begins a line for what stands at `at` in the source, behind an empty one if it stands so there.
    fn begin(&mut self, at: u32) {
        if !self.fresh && (self.blank || self.gap(at)) {
            self.out.push('\n');
        }
        self.fresh = false;
        self.blank = false;
        self.out.extend(std::iter::repeat_n(' ', self.indent));
    }

    /// Whether an empty line stands before `at` in the source.
    fn gap(&self, at: u32) -> bool {
        let before = self.source(0, at);
        let space = before.get(before.trim_end().len()..).unwrap_or("");
        space.matches('\n').count() > 1
    }

    /// Whether the first item of a list begins a line, directly behind the bracket that opens the list.
    pub(super) fn begins_line(&self, open: &str, at: u32) -> bool {
        let before = self.source(0, at);
        let head = before.trim_end();
        head.ends_with(open) && before.get(head.len()..).is_some_and(|space| space.contains('\n'))
    }

    /// Where the documentation before `start` begins.
    fn docs_start(&self, start: u32) -> u32 {
        let mut first = start as usize;
        loop {
            let before = self.source(0, first as u32).trim_end();
            let line = before.rfind('\n').map_or(0, |at| at + 1);
            let text = before.get(line..).unwrap_or("").trim_start();
            if !text.starts_with("///") {
                return first as u32;
            }
            first = before.len() - text.len();
        }
    }
}

/// A comment as it is printed: one that was meant to document something, but stands where nothing can be, is an
/// ordinary one, so that it documents nothing where it is moved to.
pub(super) fn comment_text(comment: &Comment) -> String {
    match comment.text.strip_prefix("///") {
        Some(rest) if !rest.starts_with('/') => format!("//{rest}"),
        _ => comment.text.clone(),
    }
}
