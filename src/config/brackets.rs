//! Whether a text opens too many brackets inside each other for the YAML reader, which takes time for each token and
//! each bracket that is open.
//!
//! In: a text, before it is read as YAML. Out: yes or no. What stands in quotes and comments is passed over where
//! there is no doubt that these are quotes and comments; from the first doubt on, no bracket is taken for closed.
//! Is not: a YAML reader. It may only ever think a text more nested than it is.

use std::iter::Peekable;
use std::str::Chars;

use crate::base::limits::NESTING_MAX;

/// Brackets inside each other: far above what any text needs, far below what takes long.
const OPEN_MAX: usize = 8 * NESTING_MAX;

/// Whether the text must not be read.
pub(super) fn too_many(text: &str) -> bool {
    let dashes = |line: &str| {
        line.bytes().take_while(|byte| b" -?:".contains(byte)).filter(|byte| *byte != b' ').count()
    };
    let mut scan = Scan { rest: text.chars().peekable(), open: 0, most: 0, before: '\n', last: START };
    text.lines().any(|line| dashes(line) > OPEN_MAX) || scan.deepest() > OPEN_MAX
}

/// Before the first character that is no space.
const START: char = '\u{2}';
/// After a quoted text.
const QUOTED: char = '\u{3}';

/// After a quoted name and its colon, which may stand close to its value.
const NAMED: char = '\u{4}';

struct Scan<'a> {
    rest: Peekable<Chars<'a>>,
    /// Brackets that are open here.
    open: usize,
    /// Most brackets that were open.
    most: usize,
    /// The character before this one.
    before: char,
    /// The last one that is no space; a line's end outside of brackets.
    last: char,
}

impl Scan<'_> {
    /// How many brackets are open inside each other, at most; too many rather than too few.
    fn deepest(&mut self) -> usize {
        while let Some(c) = self.rest.next() {
            let sure = match c {
                '[' | '{' => {
                    let sure = self.open > 0 || self.begins() || self.last == START;
                    self.opened(1);
                    sure
                }
                ']' | '}' => {
                    self.open = self.open.saturating_sub(1);
                    true
                }
                '"' | '\'' => self.quote(c),
                '#' => self.comment(),
                '|' | '>' => self.open > 0 || !self.begins(),
                _ => true,
            };
            if !sure {
                let left = self.rest.by_ref().filter(|c| matches!(c, '[' | '{')).count();
                self.opened(left);
                break;
            }
            if matches!(c, '"' | '\'') {
                continue;
            }
            if !c.is_whitespace() || (c == '\n' && self.open == 0) {
                self.last = if c == ':' && self.last == QUOTED && self.open > 0 { NAMED } else { c };
            }
            self.before = c;
        }
        self.most
    }

    fn opened(&mut self, more: usize) {
        self.open += more;
        self.most = self.most.max(self.open);
    }

    /// Whether a value begins here, for sure.
    fn begins(&self) -> bool {
        let spaced = self.before.is_whitespace();
        match self.last {
            '[' | '{' | ',' | NAMED => self.open > 0,
            ':' => spaced,
            '-' => spaced && self.open == 0,
            _ => false,
        }
    }

    /// A quote: passes over the text in it, or over nothing if it stands in a word. Whether there is no doubt.
    fn quote(&mut self, quote: char) -> bool {
        let in_word = self.open == 0 && (self.before.is_alphanumeric() || self.before == '\'');
        if in_word {
            self.before = quote;
            return true;
        }
        let line_start = self.open == 0 && matches!(self.last, '\n' | START);
        if !self.begins() && !line_start {
            return false;
        }
        let mut inside = 0usize;
        while let Some(c) = self.rest.next() {
            match c {
                '\\' if quote == '"' => drop(self.rest.next()),
                '\'' if quote == '\'' && self.rest.peek() == Some(&'\'') => drop(self.rest.next()),
                '[' | '{' => inside += 1,
                ']' | '}' => inside = inside.saturating_sub(1),
                '\n' if self.open == 0 => {
                    self.opened(inside);
                    return false;
                }
                _ if c == quote => {
                    (self.before, self.last) = (QUOTED, QUOTED);
                    self.opened(inside);
                    return true;
                }
                _ => {}
            }
        }
        self.opened(inside);
        false
    }

    /// A `#`: passes over the comment, if it begins one. Whether there is no doubt.
    fn comment(&mut self) -> bool {
        if self.before.is_whitespace() || matches!(self.last, '[' | '{' | ',') {
            while self.rest.next_if(|c| *c != '\n').is_some() {}
            return true;
        }
        self.open == 0 || self.before.is_alphanumeric()
    }
}
