//! Resolved expressions as the language would write them, for people to recognise.
//!
//! In goes a protocol, for its names, and an expression; out comes one line, deep parts cut to `…`.
//! Is not: a printer that anything reads back (`syntax::format` is, for trees).

use crate::base::id::VarId;
use crate::base::json;
use crate::base::limits::NESTING_MAX;
use crate::base::value::Value;
use crate::global::expr::{Each, Expr, Fold, Part, Unary};
use crate::global::protocol::Protocol;

/// The expression as text.
#[must_use]
pub fn text(protocol: &Protocol, expr: &Expr) -> String {
    let mut out = String::new();
    Writer { protocol, out: &mut out }.expr(expr, 0);
    out
}

/// What the source calls a variable.
#[must_use]
pub fn var(protocol: &Protocol, var: VarId) -> String {
    protocol.vars.get(var.index()).map_or_else(|| "?".to_owned(), |var| var.name.to_string())
}

struct Writer<'a> {
    protocol: &'a Protocol,
    out: &'a mut String,
}

impl Writer<'_> {
    fn expr(&mut self, expr: &Expr, depth: usize) {
        if depth > NESTING_MAX || self.out.len() > 400 {
            self.out.push('…');
            return;
        }
        let deeper = depth + 1;
        match expr {
            Expr::Const(value) => self.out.push_str(&constant(value)),
            Expr::Var(id) => self.out.push_str(&var(self.protocol, *id)),
            Expr::Text(parts) => self.list("\"", parts, "", "\"", deeper),
            Expr::List(items) => self.list("[", items, ", ", "]", deeper),
            Expr::Record(parts) => self.parts(parts, deeper),
            Expr::Variant(name, parts) => {
                self.out.push_str(name);
                if !parts.is_empty() {
                    self.out.push(' ');
                    self.parts(parts, deeper);
                }
            }
            Expr::Field(of, name) => {
                self.expr(of, deeper);
                self.out.push('.');
                self.out.push_str(name);
            }
            Expr::Index(of, at) => {
                self.expr(of, deeper);
                self.around("[", at, "]", deeper);
            }
            Expr::Unary(Unary::Negate, of) => self.around("-", of, "", deeper),
            Expr::Unary(Unary::Not, of) => self.around("not ", of, "", deeper),
            Expr::Binary(operator, left, right) => {
                self.operand(left, deeper);
                self.out.push_str(&format!(" {} ", operator.symbol()));
                self.operand(right, deeper);
            }
            Expr::If(condition, then, otherwise) => {
                self.around("if ", condition, " then ", deeper);
                self.around("", then, " else ", deeper);
                self.expr(otherwise, deeper);
            }
            Expr::Fold(fold, of) => self.around(&format!("{}(", fold_name(*fold)), of, ")", deeper),
            Expr::Each(each, of, item, body) => {
                self.operand(of, deeper);
                self.out.push_str(&format!(".{}({} => ", each_name(*each), var(self.protocol, *item)));
                self.around("", body, ")", deeper);
            }
            Expr::Is(of, name) => self.around("", of, &format!(" is {name}"), deeper),
            // What these add is of no interest to a reader: the fields of a variant, who sent it.
            Expr::FieldsOf(of) | Expr::From(of, _) => self.expr(of, deeper),
            Expr::Append(list, item) => {
                self.operand(list, deeper);
                self.around(" + [", item, "]", deeper);
            }
        }
    }

    /// An operand of an operator, in brackets where it has one of its own.
    fn operand(&mut self, expr: &Expr, depth: usize) {
        if matches!(expr, Expr::Binary(..) | Expr::If(..)) {
            self.around("(", expr, ")", depth);
        } else {
            self.expr(expr, depth);
        }
    }

    fn around(&mut self, before: &str, expr: &Expr, after: &str, depth: usize) {
        self.out.push_str(before);
        self.expr(expr, depth);
        self.out.push_str(after);
    }

    fn list(&mut self, before: &str, items: &[Expr], between: &str, after: &str, depth: usize) {
        self.out.push_str(before);
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.out.push_str(between);
            }
            match item {
                // Inside of a text, texts stand bare and everything else in holes.
                Expr::Const(Value::Text(text)) if before == "\"" => self.out.push_str(text),
                item if before == "\"" => self.around("{", item, "}", depth),
                item => self.expr(item, depth),
            }
        }
        self.out.push_str(after);
    }

    fn parts(&mut self, parts: &[Part], depth: usize) {
        self.out.push('{');
        for (at, part) in parts.iter().enumerate() {
            self.out.push_str(if at > 0 { ", " } else { " " });
            match part {
                Part::Field(name, value) => self.around(&format!("{name}: "), value, "", depth),
                Part::Spread(value) => self.around("..", value, "", depth),
            }
        }
        self.out.push_str(" }");
    }
}

fn constant(value: &Value) -> String {
    match value {
        Value::None => "none".to_owned(),
        Value::Duration(span) => span.to_string(),
        Value::Decimal(number) => number.to_string(),
        value => json::to_text(value),
    }
}

const fn fold_name(fold: Fold) -> &'static str {
    match fold {
        Fold::Sum => "sum",
        Fold::Min => "min",
        Fold::Max => "max",
        Fold::Len => "len",
        Fold::First => "first",
        Fold::Last => "last",
    }
}

const fn each_name(each: Each) -> &'static str {
    match each {
        Each::Map => "map",
        Each::Filter => "filter",
        Each::Count => "count",
        Each::Any => "any",
        Each::All => "all",
    }
}
