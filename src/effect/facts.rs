//! The built-in `journal`: what a role says, and what was said in its context.
//!
//! In go a call and the facts of the session's context; out comes the answer. Names are as a protocol writes them
//! (`approval`, `approval/proposed`); a query gives the facts of such a name, oldest first, each as
//! `{ key, data, device, epoch, order }`. Roles stand for devices.
//! Invariant: the same calls over the same facts give the same answers.
//! Is not: a journal. The engine has one, in which the facts of guard profiles are too.

use std::sync::Arc;

use crate::base::builtin::{self, JOURNAL, Operation};
use crate::base::limits::FACTS_QUERIED_MAX;
use crate::base::value::Value;
use crate::effect::call::Answer;
use crate::effect::world::{Request, bind, fitting, permanent};
use crate::journal::{Fact, Key, Name, Set, View};

/// The facts that one role of one session reaches.
pub trait Facts {
    /// Adds what the role says.
    ///
    /// # Errors
    /// Why the journal does not take it, one line without the data.
    fn append(&mut self, name: Name, data: Value) -> Result<(), String>;

    /// The facts of the session's context; none where it has no context.
    fn view(&self) -> Option<View<'_>>;
}

/// Does one operation; none if it is not one of `journal`.
pub fn perform(facts: &mut dyn Facts, request: &Request<'_>) -> Option<Answer> {
    if request.effect != JOURNAL {
        return None;
    }
    let outcome = builtin::operation(request.effect, request.operation)
        .ok_or_else(|| format!("`{}` has no operation `{}`", request.effect, request.operation))
        .and_then(|operation| outcome(facts, operation, &bind(operation, request.args)?))
        .and_then(|value| fitting(value, request));
    Some(outcome.map_or_else(permanent, Answer::Value))
}

fn outcome(facts: &mut dyn Facts, operation: &Operation, args: &[Value]) -> Result<Value, String> {
    match (operation.name, args) {
        ("append", [Value::Text(text), data]) => {
            let name = parse("append", text)?;
            let refusal = |refusal| format!("`journal.append`: {refusal}");
            facts.append(name, data.clone()).map_err(refusal)?;
            Ok(Value::None)
        }
        ("query", [Value::Text(text)]) => query(facts, text),
        _ => Err(format!("E0420: `journal.{}` is not there yet", operation.name)),
    }
}

/// The facts of a namespace, or of one key of it.
fn query(facts: &dyn Facts, text: &str) -> Result<Value, String> {
    let name = parse("query", text)?;
    // Without a `/` the facts of every key are meant, and not those of the empty key.
    let key: Option<&Key> = text.contains('/').then_some(&name.key);
    let view = facts.view();
    let set = view.as_ref().and_then(|view| view.set(&name.namespace));
    let facts = set.into_iter().flat_map(Set::facts);
    let mut items = Vec::new();
    for fact in facts.filter(|fact| key.is_none_or(|key| fact.key() == key)) {
        if items.len() == FACTS_QUERIED_MAX {
            return Err(format!("`journal.query` gives {FACTS_QUERIED_MAX} facts at most; ask for one key"));
        }
        items.push(shown(fact));
    }
    Ok(Value::List(Arc::new(items)))
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
