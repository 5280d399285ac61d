//! Words of one line: names, texts in quotes, and values that stand to its end; each knows where it stands.
//!
//! Is not: the grammar; `read` says which words make a line.

use crate::config::scenario::Placed;
use crate::diag::source::{SourceId, Span};

/// What is left of a part of a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words<'a> {
    pub(super) source: SourceId,
    /// What is left.
    rest: &'a str,
    /// Where that begins in the source.
    at: u32,
}

impl<'a> Words<'a> {
    pub(super) fn new(source: SourceId, text: &'a str, at: usize) -> Self {
        Self { source, rest: text.trim_end(), at: at as u32 }.skip()
    }

    /// Without the spaces at its beginning.
    fn skip(mut self) -> Self {
        let trimmed = self.rest.trim_start();
        self.at += (self.rest.len() - trimmed.len()) as u32;
        self.rest = trimmed;
        self
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Where the rest stands; its beginning if nothing is left.
    pub(super) const fn here(&self) -> Span {
        Span::new(self.source, self.at, self.at + self.rest.len() as u32)
    }

    /// Takes so many bytes.
    fn take(&mut self, bytes: usize) -> Placed<&'a str> {
        let (word, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        let at = Span::new(self.source, self.at, self.at + word.len() as u32);
        *self = Self { rest, at: at.end, ..*self }.skip();
        Placed { it: word, at }
    }

    /// Everything that is left.
    pub(super) fn all(&mut self) -> Placed<&'a str> {
        self.take(self.rest.len())
    }

    /// The next word without taking it, quotes and all.
    pub(super) fn peek(&self) -> &'a str {
        self.rest.get(..self.length()).unwrap_or_default()
    }

    /// The next word, a text in quotes without them; none at the end.
    pub(super) fn word(&mut self) -> Option<Placed<String>> {
        if self.rest.is_empty() {
            return None;
        }
        let taken = self.take(self.length());
        let text = serde_json::from_str(taken.it).ok().filter(|_| taken.it.starts_with('"'));
        Some(Placed { it: text.unwrap_or_else(|| taken.it.to_owned()), at: taken.at })
    }

    /// The next word, without the mark that has to stand at its end or after it; none if it does not.
    pub(super) fn before(&mut self, mark: char) -> Option<Placed<String>> {
        let length = self.length();
        let bare = self.rest.get(..length)?;
        if !bare.starts_with('"')
            && let Some(name) = bare.strip_suffix(mark)
        {
            let taken = self.take(name.len());
            self.take(mark.len_utf8());
            return Some(Placed { it: taken.it.to_owned(), at: taken.at });
        }
        let word = self.word()?;
        self.rest.starts_with(mark).then(|| self.take(mark.len_utf8()))?;
        Some(word)
    }

    /// A part `name=value`, whose value ends where a space stands outside of brackets and quotes.
    pub(super) fn pair(&mut self) -> Option<(Placed<String>, Placed<&'a str>)> {
        let sign =
            self.rest.find(['=', ' ', '\t']).filter(|at| self.rest.as_bytes().get(*at) == Some(&b'='))?;
        let name = self.take(sign);
        // The sign itself; a space after it would end the value before it began.
        self.rest = self.rest.get(1..)?;
        self.at += 1;
        let mut open = 0usize;
        let end = outside_quotes(self.rest).find(|(_, c)| {
            open = match c {
                '[' | '{' => open + 1,
                ']' | '}' => open.saturating_sub(1),
                _ => open,
            };
            open == 0 && c.is_whitespace()
        });
        let value = self.take(end.map_or(self.rest.len(), |(at, _)| at));
        Some((Placed { it: name.it.to_owned(), at: name.at }, value))
    }

    /// Bytes of the next word.
    fn length(&self) -> usize {
        if self.rest.starts_with('"') {
            return closed(self.rest).unwrap_or(self.rest.len());
        }
        self.rest.find(char::is_whitespace).unwrap_or(self.rest.len())
    }
}

/// Where the text in quotes that begins here ends, quotes included; none where it does not.
fn closed(text: &str) -> Option<usize> {
    // What begins with a quote is not ended by it.
    let mut escaped = true;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// The characters that stand outside of quotes, with their places.
fn outside_quotes(text: &str) -> impl Iterator<Item = (usize, char)> {
    let mut inside = false;
    let mut escaped = false;
    text.char_indices().filter(move |(_, c)| {
        let was = inside;
        match c {
            _ if escaped => escaped = false,
            '\\' if inside => escaped = true,
            '"' => inside = !inside,
            _ => {}
        }
        !was && *c != '"'
    })
}

/// Whether a text in quotes does not end.
pub(super) fn is_open(text: &str) -> bool {
    let mut rest = text;
    while let Some(from) = rest.find('"').and_then(|at| rest.get(at..)) {
        match closed(from) {
            Some(length) => rest = from.get(length..).unwrap_or_default(),
            None => return true,
        }
    }
    false
}

/// The parts of a text between marks that stand outside of quotes, with the places where they begin; at most so many.
pub(super) fn split(text: &str, mark: char, most: usize) -> Vec<(usize, &str)> {
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, c) in outside_quotes(text) {
        if c == mark && parts.len() + 1 < most {
            parts.push((start, text.get(start..at).unwrap_or_default()));
            start = at + c.len_utf8();
        }
    }
    parts.push((start, text.get(start..).unwrap_or_default()));
    parts
}
