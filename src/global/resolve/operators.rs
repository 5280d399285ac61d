//! Operators, fields and indices: which types they take, and which they give.
//!
//! Is not: their values; constants are folded in `fold`.

use std::sync::Arc;

use crate::base::ty::Type;
use crate::base::value::Value;
use crate::diag::code::Code;
use crate::diag::{Diagnostic, nearest};
use crate::global::declare::coerced;
use crate::global::expr::Expr;
use crate::global::fit::{fits, join, show};
use crate::global::resolve::{Resolver, Who};
use crate::global::spell;
use crate::syntax::tree::{self, Binary, Name, Unary};

impl<'d> Resolver<'d> {
    /// An operator before its operand.
    pub(super) fn unary(&mut self, who: Who, op: Unary, of: &'d tree::Expr) -> (Expr, Type) {
        let (value, ty) = self.expr(who, of);
        let gives = match (op, &ty) {
            (Unary::Not, _) => {
                self.expect(of, &ty, &Type::Bool);
                Type::Bool
            }
            (Unary::Negate, Type::Int(..)) => Type::INT,
            (Unary::Negate, Type::Float | Type::Decimal | Type::Any) => ty,
            (Unary::Negate, _) => {
                let message = format!("`-` takes a number, and this is `{}`", show(&ty));
                self.say(Diagnostic::new(Code::E0121, of.place.0, message));
                Type::Any
            }
        };
        (Expr::Unary(op, Box::new(value)), gives)
    }

    /// An operator between its operands. Both sides are judged before the operator is, so that each keeps its own mistakes.
    pub(super) fn binary(
        &mut self,
        who: Who,
        op: Binary,
        left: &'d tree::Expr,
        right: &'d tree::Expr,
    ) -> (Expr, Type) {
        let (mut a, mut x) = self.expr(who, left);
        let (mut b, mut y) = self.expr(who, right);
        exact(&mut a, &mut x, &y);
        exact(&mut b, &mut y, &x);
        let gives = match op {
            Binary::And | Binary::Or => {
                self.expect(left, &x, &Type::Bool);
                self.expect(right, &y, &Type::Bool);
                Some(Type::Bool)
            }
            Binary::Equal | Binary::NotEqual => {
                (fits(&x, &y) || fits(&y, &x) || numeric(&x, &y)).then_some(Type::Bool)
            }
            Binary::Less | Binary::LessEqual | Binary::Greater | Binary::GreaterEqual => {
                ordered(&x, &y).then_some(Type::Bool)
            }
            Binary::In => contains(&x, &y).then_some(Type::Bool),
            Binary::Otherwise => Some(match &x {
                Type::Optional(inner) if **inner == Type::Any => y.clone(),
                Type::Optional(inner) => join((**inner).clone(), &y),
                _ => join(x.clone(), &y),
            }),
            _ => arithmetic(op, &x, &y),
        };
        let gives = gives.unwrap_or_else(|| {
            self.unfit(op, (left, &x), (right, &y));
            Type::Any
        });
        (Expr::Binary(op, Box::new(a), Box::new(b)), gives)
    }

    /// Says that an operator does not take these two.
    fn unfit(&mut self, op: Binary, (left, x): (&tree::Expr, &Type), (right, y): (&tree::Expr, &Type)) {
        let sign = spell::operator(op).0;
        let span = left.place.0.to(right.place.0);
        let message = format!("`{sign}` does not take `{}` and `{}`", show(x), show(y));
        let mut said = Diagnostic::new(Code::E0121, span, message)
            .also(left.place.0, format!("of type `{}`", show(x)))
            .also(right.place.0, format!("of type `{}`", show(y)));
        if matches!(x, Type::Optional(_)) || matches!(y, Type::Optional(_)) {
            said = said.help("what may be `none` needs a default: `… ?? default`");
        } else if op == Binary::Add && (*x == Type::Text || *y == Type::Text) {
            said = said.help("write both into one text: `\"{a}{b}\"`");
        }
        self.say(said);
    }

    /// `a.b`: of a record, of a map by text, of what was never declared.
    pub(super) fn field(&mut self, who: Who, of: &'d tree::Expr, name: &'d Name) -> (Expr, Type) {
        if let Some(missing) = self.missing(who, of, name) {
            return missing;
        }
        let (value, ty) = self.expr(who, of);
        let expr = Expr::Field(Box::new(value), Arc::from(name.text.as_str()));
        let text = name.text.as_str();
        let (message, help) = match &ty {
            Type::Any => return (expr, Type::Any),
            Type::Map(item) => return (expr, Type::Optional(Arc::clone(item))),
            Type::Record(fields) => {
                if let Some(field) = fields.iter().find(|field| &*field.name == text) {
                    return (expr, field.ty.clone());
                }
                let names: Vec<&str> = fields.iter().map(|field| field.name.as_ref()).collect();
                let help = match (nearest(text, names.iter().copied()), names.is_empty()) {
                    (Some(near), _) => format!("write `{near}`"),
                    (None, false) => format!("use one of {}", crate::global::resolve::choice::quoted(&names)),
                    (None, true) => format!("give it the field where it is declared: `{text}: T`"),
                };
                (format!("`{}` has no field `{text}`", spell::expr(of)), help)
            }
            Type::Optional(_) => (
                format!("`{}` may be `none`, and `none` has no field `{text}`", spell::expr(of)),
                format!("say what it is then: `({} ?? …).{text}`", spell::expr(of)),
            ),
            Type::List(_) if text == "missing" => (
                format!("who is missing from `{}` is not known here", spell::expr(of)),
                "use it after a `collect`: what that gathered has `.missing`".to_owned(),
            ),
            Type::List(_) => (
                format!("`{}` is a list, and has no field `{text}`", spell::expr(of)),
                format!("take the field of each: `{}.map(x => x.{text})`", spell::expr(of)),
            ),
            Type::Enum(_) => (
                format!("`{}` may be of several variants", spell::expr(of)),
                "use `choice at R on …` with `as x` on the branches".to_owned(),
            ),
            other => (
                format!("`{}` is of type `{}`, and has no field `{text}`", spell::expr(of), show(other)),
                "take the field away".to_owned(),
            ),
        };
        self.say(Diagnostic::new(Code::E0108, name.place.0, message).help(help));
        (expr, Type::Any)
    }

    /// `a[i]`: of a list by number, which may fail at run time, or of a map by text, which may give `none`.
    pub(super) fn index(&mut self, who: Who, of: &'d tree::Expr, at: &'d tree::Expr) -> (Expr, Type) {
        let (value, ty) = self.expr(who, of);
        let (index, by) = self.expr(who, at);
        let gives = match &ty {
            Type::List(item) => {
                self.expect(at, &by, &Type::INT);
                (**item).clone()
            }
            Type::Map(item) => {
                self.expect(at, &by, &Type::Text);
                Type::Optional(Arc::clone(item))
            }
            Type::Any => Type::Any,
            other => {
                let message =
                    format!("`{}` is of type `{}`, and has no entries", spell::expr(of), show(other));
                self.say(Diagnostic::new(Code::E0121, of.place.0, message).help("take the index away"));
                Type::Any
            }
        };
        (Expr::Index(Box::new(value), Box::new(index)), gives)
    }
}

/// Makes a number as it is written a `Decimal` beside one.
fn exact(e: &mut Expr, ty: &mut Type, beside: &Type) {
    if *beside == Type::Decimal
        && let Expr::Const(value @ Value::Float(_)) = e
    {
        *value = coerced(std::mem::replace(value, Value::None), beside);
        *ty = Type::Decimal;
    }
}

/// Whether arithmetic takes it.
const fn number(ty: &Type) -> bool {
    matches!(ty, Type::Int(..) | Type::Float | Type::Decimal | Type::Any)
}

/// Whether the two can be compared as numbers, whatever their kinds.
const fn numeric(x: &Type, y: &Type) -> bool {
    number(x) && number(y)
}

/// Whether one of the two can come before the other.
fn ordered(x: &Type, y: &Type) -> bool {
    let plain = |ty: &Type| matches!(ty, Type::Text | Type::Uuid | Type::Time | Type::Duration | Type::Any);
    numeric(x, y) || (plain(x) && plain(y) && (fits(x, y) || fits(y, x)))
}

/// Whether `x in y` has a meaning.
fn contains(x: &Type, y: &Type) -> bool {
    match y {
        Type::Any => true,
        Type::List(item) => fits(x, item) || fits(item, x),
        Type::Map(_) | Type::Text => fits(x, &Type::Text),
        _ => false,
    }
}

/// What an arithmetic operator gives; none where it does not take these two.
fn arithmetic(op: Binary, x: &Type, y: &Type) -> Option<Type> {
    Some(match (op, x, y) {
        (Binary::Add, Type::Text, Type::Text) => Type::Text,
        (Binary::Add, Type::List(a), Type::List(b)) => Type::List(Arc::new(join((**a).clone(), b))),
        (Binary::Add | Binary::Subtract, Type::Duration, Type::Duration) => Type::Duration,
        (Binary::Add | Binary::Subtract, Type::Time, Type::Duration) => Type::Time,
        (Binary::Subtract, Type::Time, Type::Time) => Type::Duration,
        (Binary::Multiply | Binary::Divide, Type::Duration, Type::Int(..))
        | (Binary::Multiply, Type::Int(..), Type::Duration) => Type::Duration,
        (_, Type::Any, _) | (_, _, Type::Any) => Type::Any,
        (_, Type::Int(..), Type::Int(..)) => Type::INT,
        (_, Type::Decimal, Type::Int(..) | Type::Decimal) | (_, Type::Int(..), Type::Decimal) => {
            Type::Decimal
        }
        (_, Type::Float, Type::Int(..) | Type::Float) | (_, Type::Int(..), Type::Float) => Type::Float,
        _ => return None,
    })
}
