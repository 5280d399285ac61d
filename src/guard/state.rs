//! What budgets and facts look like at one moment, for traces and reports.
//!
//! Is not: what a chain decides by.

use std::sync::Arc;

use crate::base::id::RoleId;
use crate::base::value::Value;

/// A fact that a send has caused.
#[derive(Clone, PartialEq, Debug)]
pub struct Book {
    /// The cast.
    pub cast: u32,
    /// The session, by the number that its intents carried.
    pub session: u64,
    /// Who said it.
    pub role: RoleId,
    /// The namespace.
    pub namespace: Arc<str>,
    /// The name within it.
    pub key: Arc<str>,
    /// What it says.
    pub data: Value,
}

/// The budgets of a cast, and the facts of a session.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct State {
    /// Sender, receiver, what is spent of which limit.
    pub budgets: Vec<(RoleId, RoleId, u64, u64)>,
    /// Sender, class of observers, what was shown of which limit; only where something was.
    pub leakage: Vec<(RoleId, &'static str, u64, u64)>,
    /// In the order of the sends.
    pub facts: Vec<Book>,
}
