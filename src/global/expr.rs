//! Resolved expressions: names are variables, functions are known, types have been proved where they are known.
//!
//! Expressions are compared and hashed by content, so that equal steps of one role are one step.
//! Is not: evaluated here. `compile` turns them into code and `machine` runs it.

use std::sync::Arc;

use crate::base::id::VarId;
use crate::base::value::Value;
pub use crate::syntax::tree::{Binary, Unary};

/// An expression over what one role knows.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Expr {
    /// A constant.
    Const(Value),
    /// What the role knows under this name.
    Var(VarId),
    /// The parts, shown and joined.
    Text(Vec<Expr>),
    /// A list.
    List(Vec<Expr>),
    /// A record; later parts override earlier ones.
    Record(Vec<Part>),
    /// A variant of an enum.
    Variant(Arc<str>, Vec<Part>),
    /// `a.b`
    Field(Box<Expr>, Arc<str>),
    /// `a[i]`, of a list by number or of a map by text.
    Index(Box<Expr>, Box<Expr>),
    /// `-a`, `not a`
    Unary(Unary, Box<Expr>),
    /// `a + b`; `and`, `or` and `??` do not evaluate their right side when the left decides.
    Binary(Binary, Box<Expr>, Box<Expr>),
    /// `if c then a else b`
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    /// A function of a list: `sum(xs)`, `len(text)`.
    Fold(Fold, Box<Expr>),
    /// A function of a list and a lambda: the item is bound to the variable, the expression is the lambda's body.
    Each(Each, Box<Expr>, VarId, Box<Expr>),
    /// Whether an enum's value is of this variant.
    Is(Box<Expr>, Arc<str>),
    /// The fields of an enum's value, as a record.
    FieldsOf(Box<Expr>),
    /// The record with a field `from` added: which member of a family sent it.
    From(Box<Expr>, u32),
    /// The list with an item added at its end.
    Append(Box<Expr>, Box<Expr>),
}

/// A part of a record expression.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Part {
    /// `a: e`
    Field(Arc<str>, Expr),
    /// `..e`
    Spread(Expr),
}

/// A function of a list (`len` also of a text, bytes or a map).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[expect(missing_docs, reason = "named as in the language")]
pub enum Fold {
    Sum,
    Min,
    Max,
    Len,
    First,
    Last,
}

/// A function of a list and a lambda; without one in the source, the lambda is the item itself.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[expect(missing_docs, reason = "named as in the language")]
pub enum Each {
    Map,
    Filter,
    Count,
    Any,
    All,
}
