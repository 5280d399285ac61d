//! Diagnostics: sources, spans, codes, and what is said of a mistake.
//!
//! A diagnostic is a value: code, severity, message, labels, help, fixes. How it looks is decided elsewhere.
//! Is not: a report of the world's failures at run time (those are values with a code), nor of our own bugs.

pub mod code;
pub mod render;
pub mod source;

use crate::diag::code::Code;
use crate::diag::source::Span;

/// How bad it is. Only an error changes an exit status.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Severity {
    /// It cannot be accepted.
    Error,
    /// It works, and is probably not what was meant.
    Warning,
    /// Something that a reader should know, such as an inserted selection.
    Note,
}

/// A place and what is to be said there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What is here; lower case, no full stop; may be empty.
    pub text: String,
}

/// How sure a fix is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Applicability {
    /// Keeps or restores what was meant; `check --fix` applies it.
    Safe,
    /// Probably right, but changes the meaning; shown, never applied unasked.
    Unsafe,
    /// An example with parts to fill in.
    Display,
}

/// A change of source text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Edit {
    /// What is replaced; empty for an insertion.
    pub span: Span,
    /// The new text.
    pub text: String,
}

/// A repair.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fix {
    /// What it does, as an imperative.
    pub title: String,
    /// How sure it is.
    pub applicability: Applicability,
    /// The changes, which do not overlap.
    pub edits: Vec<Edit>,
}

/// One thing said of a source.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    /// Which rule.
    pub code: Code,
    /// How bad.
    pub severity: Severity,
    /// One line, lower case, no full stop, user's names in backticks.
    pub message: String,
    /// What is here.
    pub primary: Label,
    /// Why it conflicts.
    pub secondary: Vec<Label>,
    /// Further lines, such as the two runs that a role cannot tell apart.
    pub notes: Vec<String>,
    /// One imperative.
    pub help: Option<String>,
    /// Repairs.
    pub fixes: Vec<Fix>,
}

impl Diagnostic {
    /// A diagnostic of `code` at `span`, with the severity that the code's table row gives.
    #[must_use]
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity(),
            message: message.into(),
            primary: Label { span, text: String::new() },
            secondary: Vec::new(),
            notes: Vec::new(),
            help: None,
            fixes: Vec::new(),
        }
    }

    /// Says what is at the primary place.
    #[must_use]
    pub fn here(mut self, text: impl Into<String>) -> Self {
        self.primary.text = text.into();
        self
    }

    /// Adds a second place.
    #[must_use]
    pub fn also(mut self, span: Span, text: impl Into<String>) -> Self {
        self.secondary.push(Label { span, text: text.into() });
        self
    }

    /// Adds a line of explanation.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Says the way out.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// Adds a repair.
    #[must_use]
    pub fn fix(mut self, title: impl Into<String>, applicability: Applicability, edits: Vec<Edit>) -> Self {
        self.fixes.push(Fix { title: title.into(), applicability, edits });
        self
    }
}

/// Names of more bytes have no near ones.
const NAME_BYTES_MAX: usize = 256;

/// The name among `known` that is nearest to `given`, if it is near enough to be a slip of the hand.
#[must_use]
pub fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let reach = match given.chars().count() {
        0..=3 => 1,
        4..=5 => 2,
        _ => 3,
    };
    known
        .into_iter()
        .map(|name| (if swapped(given, name) { 1 } else { distance(given, name) }, name))
        .filter(|(steps, name)| *steps <= reach && *steps < name.chars().count())
        .min()
        .map(|(_, name)| name)
}

/// What is said behind a name that is not known: `; did you mean …?`, or nothing where no known name is near.
#[must_use]
pub fn did_you_mean<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(given, known).map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}

/// The name of `known` that `given` is most likely a slip of. Stricter than `nearest`, for names that need not be
/// known at all: short names, and names that differ in a number, are what they are.
#[must_use]
pub fn slip<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let reach = match given.chars().count() {
        0..=4 => return None,
        5 => 1,
        _ => 2,
    };
    // `Answered` is another word, not a slip of `Answer`.
    let longer = |a: &str, b: &str| a.len() > b.len() + 1 && a.starts_with(b);
    let letters = |name: &str| name.to_lowercase().replace(|c: char| c.is_ascii_digit(), "");
    known
        .into_iter()
        .filter(|name| letters(name) != letters(given) || name.eq_ignore_ascii_case(given))
        .filter(|name| !longer(name, given) && !longer(given, name))
        .map(|name| (distance(given, name), name))
        .filter(|(steps, _)| *steps <= reach)
        .min()
        .map(|(_, name)| name)
}

/// Whether both have the same letters in another order, as fast fingers type them.
fn swapped(a: &str, b: &str) -> bool {
    let letters = |text: &str| {
        let mut letters: Vec<char> = text.to_lowercase().chars().collect();
        letters.sort_unstable();
        letters
    };
    a.len() == b.len() && a.len() <= 8 && a != b && letters(a) == letters(b)
}

/// Edits (insert, delete, replace one character, ignoring case) that lead from `a` to `b`.
fn distance(a: &str, b: &str) -> usize {
    // The work is the product of their lengths.
    if a.len().max(b.len()) > NAME_BYTES_MAX {
        return usize::MAX;
    }
    let b: Vec<char> = b.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.to_lowercase().chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (slot, y) in row.iter_mut().skip(1).zip(&b) {
            let cost = (diagonal + usize::from(x != *y)).min(*slot + 1).min(left + 1);
            diagonal = *slot;
            *slot = cost;
            left = cost;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}
