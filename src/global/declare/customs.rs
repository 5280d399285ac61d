//! Conditions written as text, `loop (custom: "…")`, read as expressions where they are some.
//!
//! Is not: a judge of their names; what nothing defines is asked for by its text.

use std::collections::BTreeMap;

use crate::diag::source::{SourceId, Span};
use crate::global::declare::scan;
use crate::syntax;
use crate::syntax::tree::{
    self, Choreography, Entry, Expr, ExprKind, Item, LoopHead, Place, StmtKind, TextPart,
};

/// Reads the texts of a choreography and of those nested in it, by where they stand.
pub(crate) fn read(source: SourceId, top: &Choreography, out: &mut BTreeMap<Span, Expr>) {
    let mut waiting = vec![top];
    while let Some(choreography) = waiting.pop() {
        scan::each(&choreography.body, &mut |stmt| {
            if let StmtKind::Loop(turns) = &stmt.kind
                && let LoopHead::Custom(text, place) = &turns.head
                && let Some(e) = expression(source, text, *place)
            {
                out.insert(place.0, e);
            }
        });
        waiting.extend(&choreography.nested);
    }
}

/// The text as an expression, every part of which stands where the text does.
fn expression(source: SourceId, text: &str, place: Place) -> Option<Expr> {
    let parsed = syntax::parse(source, &format!("const condition = {text}"));
    let file = parsed.file;
    let mut items = file.items.into_iter();
    let (Some(Item::Const(item)), None, true) = (items.next(), items.next(), parsed.diagnostics.is_empty())
    else {
        return None;
    };
    let mut e = item.value;
    put(&mut e, place);
    Some(e)
}

/// Puts an expression and its parts at a place. Depth is bounded by the parser.
fn put(e: &mut Expr, place: Place) {
    e.place = place;
    let name = |name: &mut tree::Name| name.place = place;
    match &mut e.kind {
        ExprKind::Name(of) => name(of),
        ExprKind::Text(parts) => {
            for part in parts {
                if let TextPart::Hole(e) = part {
                    put(e, place);
                }
            }
        }
        ExprKind::List(items) => items.iter_mut().for_each(|e| put(e, place)),
        ExprKind::Apply(of, args, _) => {
            name(of);
            args.iter_mut().for_each(|e| put(e, place));
        }
        ExprKind::Variant(path, entries) => {
            path.place = place;
            path.segments.iter_mut().for_each(name);
            entries.iter_mut().flatten().for_each(|entry| put_entry(entry, place));
        }
        ExprKind::Record(entries) => entries.iter_mut().for_each(|entry| put_entry(entry, place)),
        ExprKind::Field(of, field) => {
            name(field);
            put(of, place);
        }
        ExprKind::Unary(_, of) => put(of, place),
        ExprKind::Lambda(param, body) => {
            name(param);
            put(body, place);
        }
        ExprKind::Index(a, b) | ExprKind::Binary(_, a, b) => {
            put(a, place);
            put(b, place);
        }
        ExprKind::If(a, b, c) => {
            put(a, place);
            put(b, place);
            put(c, place);
        }
        ExprKind::Int(_)
        | ExprKind::Float(_)
        | ExprKind::Duration(_)
        | ExprKind::Bool(_)
        | ExprKind::None
        | ExprKind::Damaged => {}
    }
}

/// Puts an entry of a record at a place.
fn put_entry(entry: &mut Entry, place: Place) {
    match entry {
        Entry::Field(name, e) => {
            name.place = place;
            put(e, place);
        }
        Entry::Short(name) => name.place = place,
        Entry::Spread(e) => put(e, place),
    }
}
