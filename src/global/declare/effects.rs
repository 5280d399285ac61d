//! The operations of a declared effect.
//!
//! Is not: the built-in ones; those are a table of `builtin`.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::ty::Type;
use crate::global::builtin::Operation;
use crate::global::declare::index::twice;
use crate::global::declare::types::Types;
use crate::syntax::tree::{self, Repetition};

/// Reads the operations of an effect; one without a word about repetition is never issued twice.
pub(crate) fn operations(types: &mut Types<'_>, module: usize, effect: &tree::Effect) -> Vec<Operation> {
    let mut seen = BTreeMap::new();
    let mut operations = Vec::new();
    for operation in &effect.operations {
        if let Some(first) = seen.insert(operation.name.text.as_str(), operation.name.place.0) {
            types.say(twice("operation", &operation.name.text, operation.name.place.0, first));
            continue;
        }
        // In order, not sorted: arguments may be given by position.
        let params = operation.params.iter().map(|param| {
            let ty = param.ty.as_ref().map_or(Type::Any, |ty| types.read(module, ty));
            let ty =
                if param.optional || param.default.is_some() { Type::Optional(Arc::new(ty)) } else { ty };
            (Arc::from(param.name.text.as_str()), ty)
        });
        let params = params.collect();
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
