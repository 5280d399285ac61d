//! The built-in `journal`: facts of one run, in a context of its own.
//!
//! In go names as a protocol writes them (`approval`, `approval/proposed`) and data; out come the run's facts of such
//! a name, oldest first, each as `{ key, data, device, epoch, order }`. Roles stand for devices.
//! Invariant: the same calls in the same order give the same answers; nothing is known from before the run.
//! Is not: durable, nor connected to other runs.

use std::sync::Arc;

use crate::base::limits::FACTS_QUERIED_MAX;
use crate::base::value::Value;
use crate::journal::{Context, Device, Epoch, Fact, Journal, Key, Misnomer, Name, Place};

/// The context of a run, which has no other.
const CONTEXT: &str = "run";

/// The facts of one run.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts(Journal);

impl Facts {
    /// Adds what a role says.
    ///
    /// # Errors
    /// The name is no name of facts, or the journal does not take it.
    pub(super) fn append(&mut self, role: &Arc<str>, name: &str, data: Value) -> Result<Value, String> {
        let name = parse("append", name)?;
        let misnomer = |misnomer: Misnomer| format!("`journal.append`: {misnomer}");
        let device = Device::new(role.clone()).map_err(misnomer)?;
        let context = Context::new(CONTEXT).map_err(misnomer)?;
        let refusal = |refusal| format!("`journal.append`: {refusal}");
        let set = self.0.open(&Place { context, namespace: name.namespace }).map_err(refusal)?;
        self.0.append(set, name.key, data, device, Epoch::default()).map_err(refusal)?;
        Ok(Value::None)
    }

    /// The facts of a namespace, or of one key of it.
    ///
    /// # Errors
    /// The name is no name of facts, or there are more than `limits::FACTS_QUERIED_MAX`.
    pub(super) fn query(&self, text: &str) -> Result<Value, String> {
        let name = parse("query", text)?;
        let context = Context::new(CONTEXT).map_err(|misnomer| format!("`journal.query`: {misnomer}"))?;
        // Without a `/` the facts of every key are meant, and not those of the empty key.
        let key: Option<&Key> = text.contains('/').then_some(&name.key);
        let set = self.0.of(&context).set(&name.namespace);
        let facts = set.map_or(&[][..], |set| set.facts()).iter();
        let mut items = Vec::new();
        for fact in facts.filter(|fact| key.is_none_or(|key| fact.key() == key)) {
            if items.len() == FACTS_QUERIED_MAX {
                return Err(format!(
                    "`journal.query` gives {FACTS_QUERIED_MAX} facts at most; ask for one key"
                ));
            }
            items.push(shown(fact));
        }
        Ok(Value::List(Arc::new(items)))
    }
}

fn parse(operation: &str, text: &str) -> Result<Name, String> {
    Name::parse(text).map_err(|misnomer| {
        format!("`journal.{operation}` needs a name such as `approval` or `approval/proposed`: {misnomer}")
    })
}

fn shown(fact: &Fact) -> Value {
    let number = |number: u64| Value::Int(i64::try_from(number).unwrap_or(i64::MAX));
    let field = |name: &str, value| (Arc::from(name), value);
    Value::record([
        field("key", Value::Text(fact.key().text().clone())),
        field("data", fact.data().clone()),
        field("device", Value::Text(fact.device().text().clone())),
        field("epoch", number(fact.epoch().0)),
        field("order", number(fact.order())),
    ])
}
