//! The operations of effects: of one that a file declares, and of the built-in ones as `base::builtin` has them.
//!
//! Is not: what an operation does.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::builtin::{self, Repeat};
use crate::base::ty::Type;
use crate::global::declare::Field;
use crate::global::declare::index::twice;
use crate::global::declare::types::Types;
use crate::syntax::tree::{self, Repetition};

/// An operation of an effect.
#[derive(Debug)]
pub(crate) struct Operation {
    /// `uuid`
    pub name: Arc<str>,
    /// What it takes, in order: arguments may be given by position.
    pub params: Vec<Field>,
    /// What it gives; `Any` where nothing says so.
    pub result: Type,
    /// What may be done when its outcome was lost.
    pub repetition: Repetition,
}

/// The operations of a built-in effect, or nothing if there is no such effect.
pub(crate) fn built_in(effect: &str) -> Option<Vec<Operation>> {
    let param = |(name, shape): &(&str, builtin::Shape)| Field {
        name: Arc::from(*name),
        ty: shape.ty(),
        default: None,
    };
    let operation = |operation: &builtin::Operation| Operation {
        name: Arc::from(operation.name),
        params: operation.params.iter().map(param).collect(),
        result: operation.result.ty(),
        repetition: match operation.repeat {
            Repeat::Pure => Repetition::Pure,
            Repeat::Idempotent => Repetition::Idempotent,
            Repeat::Once => Repetition::Once,
        },
    };
    builtin::is_effect(effect).then(|| builtin::operations(effect).map(operation).collect())
}

/// Reads the operations of an effect; one without a word about repetition is never issued twice.
pub(crate) fn operations(types: &mut Types<'_>, module: usize, effect: &tree::Effect) -> Vec<Operation> {
    let mut seen = BTreeMap::new();
    let mut operations = Vec::new();
    for operation in &effect.operations {
        if let Some(first) = seen.insert(operation.name.text.as_str(), operation.name.place.0) {
            types.say(twice("operation", &operation.name.text, operation.name.place.0, first));
            continue;
        }
        let params = types.fields_in_order(module, &operation.params);
        let result = operation.result.as_ref().map_or(Type::Any, |ty| types.read(module, ty));
        let repetition = operation.repetition.unwrap_or(Repetition::Once);
        operations.push(Operation {
            name: Arc::from(operation.name.text.as_str()),
            params,
            result,
            repetition,
        });
    }
    operations
}
