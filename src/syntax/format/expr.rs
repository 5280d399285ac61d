//! Expressions in canonical form: words for operators, parentheses only where the tree needs them.

use crate::base::time::Duration;
use crate::syntax::format::doc::Doc;
use crate::syntax::format::printer::Printer;
use crate::syntax::parse::expr::{COMPARISON, LOOSEST, NEGATE, NOT, POWER, binding};
use crate::syntax::parse::number::value;
use crate::syntax::token::Kind;
use crate::syntax::tree::{Binary, Entry, Expr, ExprKind, Name, Path, Place, Spelling, TextPart, Unary};

/// How tight atoms bind.
const ATOM: u8 = POWER + 1;

impl Printer<'_> {
    /// An expression.
    pub(super) fn expr(&mut self, expr: &Expr) -> Doc {
        self.tight(expr, 0, false)
    }

    /// An expression before a block.
    pub(super) fn head(&mut self, expr: &Expr) -> Doc {
        self.tight(expr, 0, true)
    }

    /// An expression where only what binds at least as tight as `least` may stand bare.
    fn tight(&mut self, expr: &Expr, least: u8, head: bool) -> Doc {
        let braces = matches!(expr.kind, ExprKind::Record(_) | ExprKind::Variant(_, Some(_)));
        if tightness(&expr.kind) >= least && !(head && braces) {
            return self.bare(expr, head);
        }
        let inner = self.bare(expr, false);
        Doc::all([Doc::text("("), inner, Doc::text(")")])
    }

    fn bare(&mut self, expr: &Expr, head: bool) -> Doc {
        match &expr.kind {
            ExprKind::Text(parts) => self.text(parts),
            ExprKind::Int(number) => self.number(expr, Kind::Int, || number.to_string()),
            ExprKind::Float(number) => self.number(expr, Kind::Float, || format!("{number:?}")),
            ExprKind::Duration(ns) => self.number(expr, Kind::Duration, || Duration(*ns).to_string()),
            ExprKind::Bool(truth) => Doc::text(truth.to_string()),
            ExprKind::None => Doc::text("none"),
            // What has mistakes is not printed.
            ExprKind::Damaged => Doc::text("…"),
            ExprKind::Name(name) => Doc::text(&name.text),
            ExprKind::List(items) => self.list(("[", "]"), items, |item| item.place, Self::expr),
            ExprKind::Record(entries) => self.entries(entries),
            ExprKind::Variant(path, None) => Doc::text(path_text(path)),
            ExprKind::Variant(path, Some(entries)) => {
                Doc::all([Doc::text(path_text(path) + " "), self.entries(entries)])
            }
            ExprKind::Field(of, name) => {
                Doc::all([self.tight(of, ATOM, head), Doc::text(format!(".{}", name.text))])
            }
            ExprKind::Index(of, at) => {
                Doc::all([self.tight(of, ATOM, head), Doc::text("["), self.expr(at), Doc::text("]")])
            }
            ExprKind::Unary(Unary::Not, of) => {
                Doc::all([Doc::text("not "), self.tight(of, COMPARISON, head)])
            }
            ExprKind::Unary(Unary::Negate, of) => Doc::all([Doc::text("-"), self.tight(of, POWER, head)]),
            ExprKind::Binary(operator, left, right) => self.binary(*operator, left, right, head),
            ExprKind::If(condition, then, other) => Doc::all([
                Doc::text("if "),
                self.tight(condition, 0, head),
                Doc::text(" then "),
                self.tight(then, 0, head),
                Doc::text(" else "),
                self.tight(other, 0, head),
            ]),
            ExprKind::Apply(name, args, spelling) => self.apply(name, args, *spelling, head),
            ExprKind::Lambda(name, body) => {
                Doc::all([Doc::text(format!("{} => ", name.text)), self.tight(body, 0, false)])
            }
        }
    }

    fn binary(&mut self, operator: Binary, left: &Expr, right: &Expr, head: bool) -> Doc {
        let (tight, to_the_right) = binding(operator);
        let (of_left, of_right) = if to_the_right { (tight + 1, tight) } else { (tight, tight + 1) };
        let left = self.tight(left, of_left, head);
        let right = self.tight(right, of_right, head);
        let right = Doc::all([Doc::Line, Doc::text(format!("{} ", operator.symbol())), right]).indent();
        Doc::all([left, right]).group()
    }

    fn apply(&mut self, name: &Name, args: &[Expr], spelling: Spelling, head: bool) -> Doc {
        match (spelling, args.split_first()) {
            (Spelling::Method, Some((of, args))) => Doc::all([
                self.tight(of, ATOM, head),
                Doc::text(format!(".{}", name.text)),
                self.list(("(", ")"), args, |arg| arg.place, Self::expr),
            ]),
            _ => Doc::all([Doc::text(&name.text), self.list(("(", ")"), args, |arg| arg.place, Self::expr)]),
        }
    }

    /// `{ a: e, b, ..c }`
    pub(super) fn entries(&mut self, entries: &[Entry]) -> Doc {
        self.list(("{", "}"), entries, entry_place, |printer, entry| match entry {
            Entry::Field(name, value) => {
                Doc::all([Doc::text(format!("{}: ", name.text)), printer.expr(value)])
            }
            Entry::Short(name) => Doc::text(&name.text),
            Entry::Spread(of) => Doc::all([Doc::text(".."), printer.expr(of)]),
        })
    }

    /// A number as the source spells it, if that is what it says.
    fn number(&self, expr: &Expr, kind: Kind, plain: impl FnOnce() -> String) -> Doc {
        let spelled = self.source(expr.place.0.start, expr.place.0.end);
        let same = spelled.starts_with(|c: char| c.is_ascii_digit())
            && value(spelled, kind).is_some_and(|value| value == expr.kind);
        Doc::text(if same { spelled.to_owned() } else { plain() })
    }

    /// A text with its holes, which stay on one line.
    fn text(&mut self, parts: &[TextPart]) -> Doc {
        let mut text = String::from("\"");
        self.quiet += 1;
        for part in parts {
            match part {
                TextPart::Str(piece) => escape(piece, &mut text),
                TextPart::Hole(hole) => {
                    let hole = self.expr(hole).flat();
                    // Two braces in a row would be an escape.
                    text.push_str(if hole.starts_with('{') { "{ " } else { "{" });
                    text.push_str(&hole);
                    text.push('}');
                }
            }
        }
        self.quiet -= 1;
        text.push('"');
        Doc::Text(text)
    }
}

/// A text without holes, in quotes.
pub(super) fn quoted(plain: &str) -> String {
    let mut text = String::from("\"");
    escape(plain, &mut text);
    text.push('"');
    text
}

fn escape(piece: &str, text: &mut String) {
    for c in piece.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '{' => text.push_str("{{"),
            '}' => text.push_str("}}"),
            '\n' => text.push_str("\\n"),
            '\t' => text.push_str("\\t"),
            '\r' => text.push_str("\\r"),
            '\0' => text.push_str("\\0"),
            c => text.push(c),
        }
    }
}

/// `a::b`
pub(super) fn path_text(path: &Path) -> String {
    path.segments.iter().map(|segment| segment.text.as_str()).collect::<Vec<_>>().join("::")
}

fn entry_place(entry: &Entry) -> Place {
    match entry {
        Entry::Field(name, value) => Place(name.place.0.to(value.place.0)),
        Entry::Short(name) => name.place,
        Entry::Spread(of) => of.place,
    }
}

fn tightness(kind: &ExprKind) -> u8 {
    match kind {
        ExprKind::If(..) | ExprKind::Lambda(..) => 0,
        ExprKind::Binary(operator, ..) => binding(*operator).0.max(LOOSEST),
        ExprKind::Unary(Unary::Not, _) => NOT,
        ExprKind::Unary(Unary::Negate, _) => NEGATE,
        ExprKind::Int(number) if *number < 0 => NEGATE,
        ExprKind::Float(number) if number.is_sign_negative() => NEGATE,
        _ => ATOM,
    }
}
