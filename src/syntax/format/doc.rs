//! Layout: a document of texts and possible line breaks, set to a width.
//!
//! A group stands on one line if it fits, else each of its breaks is a new line; groups inside decide for
//! themselves (Wadler, *A prettier printer*, 2003; Lindig, *Strictly pretty*, 2000).

/// A document.
#[derive(Clone, Debug)]
pub(super) enum Doc {
    /// Characters. A text with a line break in it (a comment) never fits.
    Text(String),
    /// A space, or a new line where the group is broken.
    Line,
    /// Nothing, or a new line where the group is broken.
    Soft,
    /// This text where the group is broken, else nothing.
    Broken(&'static str),
    /// A new line; breaks every group around it.
    Hard,
    /// Nothing; breaks every group around it.
    Force,
    /// One step further in.
    Indent(Box<Doc>),
    /// On one line if it fits.
    Group(Box<Doc>),
    /// In order.
    All(Vec<Doc>),
}

/// Columns of a line.
pub(super) const WIDTH: usize = 100;
/// Columns of a step further in.
pub(super) const STEP: usize = 4;

impl Doc {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        Self::All(parts.into_iter().collect())
    }

    pub(super) fn group(self) -> Self {
        Self::Group(Box::new(self))
    }

    pub(super) fn indent(self) -> Self {
        Self::Indent(Box::new(self))
    }

    /// Nothing.
    pub(super) const fn nothing() -> Self {
        Self::All(Vec::new())
    }

    /// All of it on one line.
    pub(super) fn flat(&self) -> String {
        let mut out = String::new();
        flatten(self, &mut out);
        out
    }
}

fn flatten(doc: &Doc, out: &mut String) {
    match doc {
        Doc::Text(text) => out.push_str(text),
        Doc::Line | Doc::Hard => out.push(' '),
        Doc::Soft | Doc::Broken(_) | Doc::Force => {}
        Doc::Indent(doc) | Doc::Group(doc) => flatten(doc, out),
        Doc::All(docs) => docs.iter().for_each(|doc| flatten(doc, out)),
    }
}

/// Sets a document, which begins at the end of `out`, `indent` columns in.
pub(super) fn set(doc: &Doc, indent: usize, out: &mut String) {
    let mut column = indent;
    let mut rest = vec![(indent, false, doc)];
    while let Some((indent, flat, doc)) = rest.pop() {
        match doc {
            Doc::Text(text) => {
                out.push_str(text);
                let last = text.rsplit('\n').next().unwrap_or(text);
                column = if last.len() < text.len() { 0 } else { column } + last.chars().count();
            }
            Doc::Line if flat => {
                out.push(' ');
                column += 1;
            }
            Doc::Force => {}
            Doc::Soft | Doc::Broken(_) if flat => {}
            Doc::Broken(text) => out.push_str(text),
            Doc::Line | Doc::Soft | Doc::Hard => {
                trim(out);
                out.push('\n');
                out.extend(std::iter::repeat_n(' ', indent));
                column = indent;
            }
            Doc::Indent(doc) => rest.push((indent + STEP, flat, doc)),
            Doc::Group(doc) => {
                let flat = flat || fits(WIDTH.saturating_sub(column), doc, &rest);
                rest.push((indent, flat, doc));
            }
            Doc::All(docs) => rest.extend(docs.iter().rev().map(|doc| (indent, flat, doc))),
        }
    }
    trim(out);
}

/// Whether a group fits into `room` columns on one line, with what follows it up to the next possible break.
fn fits(room: usize, group: &Doc, behind: &[(usize, bool, &Doc)]) -> bool {
    let mut room = room;
    let mut behind = behind.iter().rev();
    let mut rest = vec![(true, group)];
    loop {
        let Some((flat, doc)) = rest.pop() else {
            match behind.next() {
                Some((_, flat, doc)) => rest.push((*flat, doc)),
                None => return true,
            }
            continue;
        };
        let width = match doc {
            Doc::Text(text) if text.contains('\n') => return false,
            Doc::Text(text) => text.chars().count(),
            Doc::Line if flat => 1,
            Doc::Soft | Doc::Broken(_) if flat => 0,
            Doc::Force if !flat => 0,
            Doc::Hard | Doc::Force => return !flat,
            Doc::Line | Doc::Soft => return true,
            Doc::Broken(text) => text.len(),
            Doc::Indent(doc) => {
                rest.push((flat, doc));
                0
            }
            Doc::Group(doc) => {
                rest.push((flat, doc));
                0
            }
            Doc::All(docs) => {
                rest.extend(docs.iter().rev().map(|doc| (flat, doc)));
                0
            }
        };
        match room.checked_sub(width) {
            Some(left) => room = left,
            None => return false,
        }
    }
}

/// Takes the spaces away that end a text.
fn trim(out: &mut String) {
    out.truncate(out.trim_end_matches(' ').len());
}
