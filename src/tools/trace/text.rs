//! Text in columns: widths as terminals count them, cutting, and values in short.
//!
//! Is not: a format that anything reads back.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::base::json;
use crate::base::limits::NESTING_MAX;
use crate::base::value::{Field, Value};

/// How many columns a text takes.
#[must_use]
pub fn width(text: &str) -> usize {
    text.width()
}

/// The text in at most so many columns; what is cut is marked by `…`.
#[must_use]
pub fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 0;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used + 1 > columns {
            break;
        }
        kept.push(c);
    }
    if columns > 0 {
        kept.push('…');
    }
    kept
}

/// The name in at most so many columns, cut in its middle: names often differ only at their ends.
#[must_use]
pub fn cut_middle(name: &str, columns: usize) -> String {
    let total = width(name);
    if total <= columns || columns < 6 {
        return cut(name, columns);
    }
    let tail_columns = (columns - 1) / 3;
    let mut skipped = 0;
    let mut rest = name.chars();
    while total - skipped > tail_columns {
        skipped += rest.next().and_then(UnicodeWidthChar::width).unwrap_or(0);
    }
    format!("{}{}", cut(name, columns - (total - skipped)), rest.as_str())
}

/// The value in at most so many columns: `{amount: 5, who: "Ann", …}`; nothing for what carries nothing.
#[must_use]
pub fn brief(value: &Value, columns: usize) -> String {
    let nothing = match value {
        Value::None => true,
        Value::Record(fields) => fields.is_empty(),
        _ => false,
    };
    if nothing {
        return String::new();
    }
    let mut text = String::new();
    write(value, columns, 0, &mut text);
    cut(&text, columns)
}

/// Writes until the text is longer than anybody will see.
fn write(value: &Value, columns: usize, depth: usize, text: &mut String) {
    if text.len() > columns.saturating_mul(4) || depth > NESTING_MAX {
        text.push('…');
        return;
    }
    match value {
        Value::None => text.push_str("none"),
        Value::Decimal(number) => text.push_str(&number.to_string()),
        Value::Duration(span) => text.push_str(&span.to_string()),
        Value::Bytes(bytes) => {
            let shown = bytes.get(..bytes.len().min(columns)).unwrap_or_default();
            text.push_str("0x");
            text.push_str(&json::hex(shown));
        }
        Value::Text(long) => {
            let end = long.char_indices().nth(columns).map_or(long.len(), |(at, _)| at);
            text.push_str(&printable(&format!("{:?}", long.get(..end).unwrap_or_default())));
        }
        Value::List(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    text.push_str(", ");
                }
                write(item, columns, depth + 1, text);
                if text.len() > columns.saturating_mul(4) {
                    break;
                }
            }
            text.push(']');
        }
        Value::Record(fields) => write_fields(fields, columns, depth, text),
        Value::Opaque(_) => text.push('?'),
        Value::Variant(variant) => {
            text.push_str(&variant.0);
            if !variant.1.is_empty() {
                text.push(' ');
                write_fields(&variant.1, columns, depth, text);
            }
        }
        plain @ (Value::Bool(_) | Value::Int(_) | Value::Float(_)) => text.push_str(&json::to_text(plain)),
    }
}

fn write_fields(fields: &[Field], columns: usize, depth: usize, text: &mut String) {
    text.push('{');
    for (at, (name, value)) in fields.iter().enumerate() {
        if at > 0 {
            text.push_str(", ");
        }
        text.push_str(&printable(name));
        text.push_str(": ");
        write(value, columns, depth + 1, text);
        if text.len() > columns.saturating_mul(4) {
            break;
        }
    }
    text.push('}');
}

/// The text without what would move a terminal's cursor or colour it.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// A line that is filled place by place.
#[derive(Clone, Debug, Default)]
pub struct Canvas {
    /// One entry a column; a wide character leaves the next one empty.
    cells: Vec<String>,
}

impl Canvas {
    /// Writes a text from a column on, over what is there.
    pub fn put(&mut self, column: usize, text: &str) {
        let mut at = column;
        for c in text.chars() {
            let columns = c.width().unwrap_or(0);
            if columns == 0 {
                // A combining character belongs to the one before it.
                if let Some(cell) = at.checked_sub(1).and_then(|before| self.cells.get_mut(before)) {
                    cell.push(c);
                }
                continue;
            }
            if self.cells.len() < at + columns {
                self.cells.resize(at + columns, " ".to_owned());
            }
            for (offset, cell) in self.cells.iter_mut().skip(at).take(columns).enumerate() {
                *cell = if offset == 0 { c.to_string() } else { String::new() };
            }
            at += columns;
        }
    }

    /// The line, without spaces at its end.
    #[must_use]
    pub fn line(&self) -> String {
        self.cells.concat().trim_end().to_owned()
    }
}
