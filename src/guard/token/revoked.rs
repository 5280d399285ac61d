//! What was taken back: facts `token/revoked` with `{ id }`, of one context, said by whom the reader believes.
//!
//! Is not: a list that anybody keeps; the facts are.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::base::value::Value;
use crate::guard::token::biscuit::{Token, TokenId};
use crate::journal::{Device, Name, Set, View};

/// The facts of this name take tokens back.
pub const NAME: &str = "token/revoked";

/// The data of a fact that takes back a block, and with it every token that holds the block.
#[must_use]
pub fn fact_data(id: &TokenId) -> Value {
    Value::record([(Arc::from("id"), Value::text(&id.to_string()))])
}

/// The ids that were taken back in a context.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Revoked(BTreeSet<TokenId>);

impl Revoked {
    /// What the facts of a context say, as far as these devices say it.
    #[must_use]
    pub fn of(facts: &View<'_>, granters: &BTreeSet<Device>) -> Self {
        let Ok(Name { namespace, key }) = Name::parse(NAME) else { return Self::default() };
        let said = facts.set(&namespace).into_iter().flat_map(Set::facts);
        let said = said.filter(|fact| *fact.key() == key && granters.contains(fact.device()));
        let id = |data: &Value| match data {
            Value::Record(fields) => fields.iter().find_map(|(name, value)| match value {
                Value::Text(text) if **name == *"id" => TokenId::parse(text),
                _ => None,
            }),
            _ => None,
        };
        Self(said.filter_map(|fact| id(fact.data())).collect())
    }

    /// Whether a token, or one that it was made of, was taken back.
    #[must_use]
    pub fn has(&self, token: &Token) -> bool {
        token.ids().iter().any(|id| self.0.contains(id))
    }
}
