//! The effects that every engine has: one table of their operations, argument types and result types.
//!
//! The front end types calls by it, `effect::world` answers them. A file may declare an effect of the same name
//! with narrower types; then its declaration counts, and the answer is checked against it.
//! Is not: what the operations do.

use std::sync::Arc;

use crate::base::ty::Type;

/// An operation of a built-in effect.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Operation {
    /// Which effect.
    pub effect: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Names and types of its arguments, in order; a trailing optional one may be left out.
    pub params: &'static [(&'static str, Shape)],
    /// What it gives.
    pub result: Shape,
    /// What may be done with a call whose outcome was lost.
    pub repeat: Repeat,
    /// Whether it is there yet; one that is not answers with a permanent failure.
    pub there: bool,
}

/// What may be done with a call whose outcome was lost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Repeat {
    /// May be cached and run again.
    Pure,
    /// May be issued again with the same key.
    Idempotent,
    /// Never issued again.
    Once,
}

/// The types that the table needs, as constants.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "each is named as the type that it stands for")]
pub enum Shape {
    /// No value: the outcome is none.
    Nothing,
    Any,
    Bool,
    Int,
    Text,
    Uuid,
    Bytes,
    Time,
    Duration,
    OptionalAny,
    OptionalText,
    Texts,
    List,
}

impl Shape {
    /// The type.
    #[must_use]
    pub fn ty(self) -> Type {
        match self {
            Self::Nothing | Self::OptionalAny => Type::Optional(Arc::new(Type::Any)),
            Self::Any => Type::Any,
            Self::Bool => Type::Bool,
            Self::Int => Type::INT,
            Self::Text => Type::Text,
            Self::Uuid => Type::Uuid,
            Self::Bytes => Type::Bytes,
            Self::Time => Type::Time,
            Self::Duration => Type::Duration,
            Self::OptionalText => Type::Optional(Arc::new(Type::Text)),
            Self::Texts => Type::List(Arc::new(Type::Text)),
            Self::List => Type::List(Arc::new(Type::Any)),
        }
    }
}

macro_rules! table {
    ($($effect:ident . $name:ident ( $($param:ident : $shape:ident),* ) -> $result:ident : $repeat:ident $there:literal)+) => {
        /// Every operation, effect by effect.
        pub const OPERATIONS: &[Operation] = &[$(Operation {
            effect: stringify!($effect),
            name: stringify!($name),
            params: &[$((stringify!($param), Shape::$shape)),*],
            result: Shape::$result,
            repeat: Repeat::$repeat,
            there: $there,
        },)+];
    };
}

table! {
    time.now() -> Time : Idempotent true
    time.sleep(span: Duration) -> Nothing : Idempotent true
    time.deadline(span: Duration) -> Time : Idempotent true
    random.uuid() -> Uuid : Idempotent true
    random.bytes(count: Int) -> Bytes : Idempotent true
    random.int(below: Int) -> Int : Idempotent true
    console.log(text: Any) -> Nothing : Idempotent true
    storage.get(key: Text) -> OptionalAny : Idempotent true
    storage.put(key: Text, value: Any) -> Nothing : Idempotent true
    storage.delete(key: Text) -> Bool : Once true
    storage.list(prefix: OptionalText) -> Texts : Idempotent true
    storage.compare_and_swap(key: Text, expected: Any, value: Any) -> Bool : Once true
    crypto.hash(data: Any) -> Bytes : Pure true
    crypto.sign(data: Any) -> Bytes : Idempotent false
    crypto.verify(data: Any, signature: Bytes, key: Bytes) -> Bool : Pure false
    crypto.seal(data: Any, key: Bytes) -> Bytes : Once false
    crypto.open(data: Bytes) -> Any : Idempotent false
    journal.append(namespace: Text, data: Any) -> Nothing : Once true
    journal.query(namespace: Text) -> List : Idempotent true
}

/// The built-in effect whose operations the engine itself can answer: it holds the facts.
pub const JOURNAL: &str = "journal";

/// The operation of this name, if the effect is built in and has it.
#[must_use]
pub fn operation(effect: &str, name: &str) -> Option<&'static Operation> {
    OPERATIONS.iter().find(|operation| operation.effect == effect && operation.name == name)
}

/// The operations of an effect, in order; none if it is not built in.
pub fn operations(effect: &str) -> impl Iterator<Item = &'static Operation> {
    OPERATIONS.iter().filter(move |operation| operation.effect == effect)
}

/// The names of the effects, each once.
pub fn effects<'a>() -> impl Iterator<Item = &'a str> {
    let first = |at: usize| OPERATIONS.get(at.wrapping_sub(1)).map(|operation| operation.effect);
    OPERATIONS
        .iter()
        .enumerate()
        .filter(move |(at, operation)| first(*at) != Some(operation.effect))
        .map(|(_, operation)| operation.effect)
}

/// Whether an effect of this name is built in.
#[must_use]
pub fn is_effect(name: &str) -> bool {
    OPERATIONS.iter().any(|operation| operation.effect == name)
}
