//! An expression of the tree as one line of text: what a condition is called when it is asked for.
//!
//! Is not: the formatter; a file is written by `syntax`.

use crate::base::limits::NESTING_MAX;
use crate::base::time::Duration;
use crate::syntax::tree::{Binary, Entry, Expr, ExprKind, Name, Spelling, TextPart, Unary};

/// The expression on one line.
pub(crate) fn expr(e: &Expr) -> String {
    let mut out = String::new();
    write(e, 0, 0, &mut out);
    out
}

/// How an operator is written, and how tightly it binds.
pub(crate) const fn operator(op: Binary) -> (&'static str, u8) {
    match op {
        Binary::Otherwise => ("??", 1),
        Binary::Or => ("or", 2),
        Binary::And => ("and", 3),
        Binary::Equal => ("==", 4),
        Binary::NotEqual => ("!=", 4),
        Binary::Less => ("<", 4),
        Binary::LessEqual => ("<=", 4),
        Binary::Greater => (">", 4),
        Binary::GreaterEqual => (">=", 4),
        Binary::In => ("in", 4),
        Binary::Add => ("+", 5),
        Binary::Subtract => ("-", 5),
        Binary::Multiply => ("*", 6),
        Binary::Divide => ("/", 6),
        Binary::Remainder => ("%", 6),
        Binary::Power => ("**", 8),
    }
}

/// Writes `e` in a place that binds as tightly as `around`.
fn write(e: &Expr, around: u8, depth: usize, out: &mut String) {
    if depth > 4 * NESTING_MAX {
        out.push('…');
        return;
    }
    let depth = depth + 1;
    match &e.kind {
        ExprKind::Int(n) => out.push_str(&n.to_string()),
        ExprKind::Float(x) => out.push_str(&format!("{x:?}")),
        ExprKind::Duration(ns) => out.push_str(&Duration(*ns).to_string()),
        ExprKind::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        ExprKind::None => out.push_str("none"),
        ExprKind::Damaged => out.push('…'),
        ExprKind::Name(name) => out.push_str(&name.text),
        ExprKind::Text(parts) => text(parts, depth, out),
        ExprKind::List(items) => list(items, "[", "]", depth, out),
        ExprKind::Record(entries) => record(entries, depth, out),
        ExprKind::Variant(path, entries) => {
            out.push_str(&joined(&path.segments));
            if let Some(entries) = entries {
                out.push(' ');
                record(entries, depth, out);
            }
        }
        ExprKind::Field(of, name) => {
            write(of, 9, depth, out);
            out.push('.');
            out.push_str(&name.text);
        }
        ExprKind::Index(of, at) => {
            write(of, 9, depth, out);
            out.push('[');
            write(at, 0, depth, out);
            out.push(']');
        }
        ExprKind::Apply(name, args, spelling) => apply(name, args, *spelling, depth, out),
        ExprKind::Unary(..) | ExprKind::Binary(..) | ExprKind::If(..) | ExprKind::Lambda(..) => {
            operation(e, around, depth, out);
        }
    }
}

/// What may need parentheses.
fn operation(e: &Expr, around: u8, depth: usize, out: &mut String) {
    let own = match &e.kind {
        ExprKind::Binary(op, ..) => operator(*op).1,
        ExprKind::Unary(..) => 7,
        _ => 0,
    };
    let wrapped = around > own;
    if wrapped {
        out.push('(');
    }
    match &e.kind {
        ExprKind::Unary(op, of) => {
            out.push_str(match op {
                Unary::Negate => "-",
                Unary::Not => "not ",
            });
            write(of, 7, depth, out);
        }
        ExprKind::Binary(op, left, right) => {
            let (sign, tight) = operator(*op);
            write(left, tight, depth, out);
            out.push(' ');
            out.push_str(sign);
            out.push(' ');
            write(right, tight + 1, depth, out);
        }
        ExprKind::If(condition, yes, no) => {
            out.push_str("if ");
            write(condition, 0, depth, out);
            out.push_str(" then ");
            write(yes, 0, depth, out);
            out.push_str(" else ");
            write(no, 0, depth, out);
        }
        ExprKind::Lambda(param, body) => {
            out.push_str(&param.text);
            out.push_str(" => ");
            write(body, 0, depth, out);
        }
        _ => {}
    }
    if wrapped {
        out.push(')');
    }
}

/// A function as it was written.
fn apply(name: &Name, args: &[Expr], spelling: Spelling, depth: usize, out: &mut String) {
    match (spelling, args.split_first()) {
        (Spelling::Method, Some((of, rest))) => {
            write(of, 9, depth, out);
            out.push('.');
            out.push_str(&name.text);
            list(rest, "(", ")", depth, out);
        }
        _ => {
            out.push_str(&name.text);
            list(args, "(", ")", depth, out);
        }
    }
}

/// A text in quotes, with its holes.
fn text(parts: &[TextPart], depth: usize, out: &mut String) {
    out.push('"');
    for part in parts {
        match part {
            TextPart::Str(s) => out.extend(s.escape_default()),
            TextPart::Hole(e) => {
                out.push('{');
                write(e, 0, depth, out);
                out.push('}');
            }
        }
    }
    out.push('"');
}

/// Items between two brackets.
fn list(items: &[Expr], open: &str, close: &str, depth: usize, out: &mut String) {
    out.push_str(open);
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        write(item, 0, depth, out);
    }
    out.push_str(close);
}

/// Entries in braces.
fn record(entries: &[Entry], depth: usize, out: &mut String) {
    if entries.is_empty() {
        out.push_str("{}");
        return;
    }
    out.push_str("{ ");
    for (i, entry) in entries.iter().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        match entry {
            Entry::Field(name, e) => {
                out.push_str(&name.text);
                out.push_str(": ");
                write(e, 0, depth, out);
            }
            Entry::Short(name) => out.push_str(&name.text),
            Entry::Spread(e) => {
                out.push_str("..");
                write(e, 0, depth, out);
            }
        }
    }
    out.push_str(" }");
}

/// `alias::Name`
pub(crate) fn joined(segments: &[Name]) -> String {
    segments.iter().map(|name| name.text.as_str()).collect::<Vec<_>>().join("::")
}

/// The expression as a setting is written: a text without its quotes.
pub(crate) fn plain(e: &Expr) -> String {
    match &e.kind {
        ExprKind::Text(parts) => match parts.as_slice() {
            [] => String::new(),
            [TextPart::Str(text)] => text.clone(),
            _ => expr(e),
        },
        _ => expr(e),
    }
}
