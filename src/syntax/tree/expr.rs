//! The tree of expressions: one type per production, in the canonical form.
//!
//! Parentheses and spellings of operators are gone; what the tree needs of them, `format` writes again.
//! Is not: typed. Names are text, and any expression may stand wherever one may.

use crate::syntax::tree::{Name, Path, Place};

/// An expression.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Expr {
    /// What it computes.
    pub kind: ExprKind,
    /// Where.
    pub place: Place,
}

/// What an expression computes.
#[derive(Clone, PartialEq, Debug)]
pub enum ExprKind {
    /// Text with holes, in order; adjacent `Str` parts do not occur.
    Text(Vec<TextPart>),
    /// A whole number.
    Int(i64),
    /// A number with a point or an exponent.
    Float(f64),
    /// A span of time, in nanoseconds.
    Duration(u64),
    /// `true`, `false`
    Bool(bool),
    /// `none`
    None,
    /// A number that is none, which was said where it was read.
    Damaged,
    /// `[a, b]`
    List(Vec<Expr>),
    /// `{ a: e, b, ..c }`
    Record(Vec<Entry>),
    /// A name.
    Name(Name),
    /// `Enum::Variant { … }`, or `alias::CONST`; at least two segments.
    Variant(Path, Option<Vec<Entry>>),
    /// `a.b`
    Field(Box<Expr>, Name),
    /// `a[i]`
    Index(Box<Expr>, Box<Expr>),
    /// `-a`, `not a`
    Unary(Unary, Box<Expr>),
    /// `a + b`
    Binary(Binary, Box<Expr>, Box<Expr>),
    /// `if c then a else b`
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    /// `count(xs)`, or `xs.map(x => e)`, whose first argument is then `xs` and whose second the lambda.
    Apply(Name, Vec<Expr>, Spelling),
    /// `x => e`, as an argument of an `Apply` only.
    Lambda(Name, Box<Expr>),
}

impl Eq for ExprKind {}

/// How a function was written; both mean the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Spelling {
    /// `count(xs)`
    Function,
    /// `xs.map(x => e)`
    Method,
}

/// A part of a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TextPart {
    /// These characters, escapes resolved.
    Str(String),
    /// `{e}`
    Hole(Expr),
}

/// An entry of a record expression.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Entry {
    /// `a: e`
    Field(Name, Expr),
    /// `a`, short for `a: a`
    Short(Name),
    /// `..e`
    Spread(Expr),
}

/// An operator before its operand.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Unary {
    /// `-`
    Negate,
    /// `not`, also written `!`
    Not,
}

/// An operator between its operands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[expect(missing_docs, reason = "the operators are named as everywhere")]
pub enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Power,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    In,
    And,
    Or,
    /// `??`: the left side unless it is none.
    Otherwise,
}

impl Binary {
    /// The operator as it is written.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
            Self::Power => "**",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::In => "in",
            Self::And => "and",
            Self::Or => "or",
            Self::Otherwise => "??",
        }
    }
}
