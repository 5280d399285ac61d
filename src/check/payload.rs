//! What nobody knows, by type: the few values that stand for all that a participant, an effect or an opening may give.
//!
//! A record is a record of unknown fields, an enum each of its variants, anything else one unknown value. Where that
//! would be too many, one unknown value stands for all of them.
//! Is not: a sample. What is unknown is decided only where a program branches on it.

use std::hash::Hash;
use std::sync::Arc;

use crate::base::ty::{FieldType, Type};
use crate::base::value::{Fields, Value};
use crate::machine::unknown::named;

/// Values that stand for one type, at most.
const ALTERNATIVES_MAX: usize = 16;
/// Records inside each other that are taken apart.
const DEPTH_MAX: usize = 4;

/// The values that stand for all of a type; `place` tells them from those of other places.
pub(super) fn abstracted(ty: &Type, place: &(impl Hash + Clone)) -> Vec<Value> {
    let mut path = Vec::new();
    at(ty, place, &mut path, 0)
}

fn at(ty: &Type, place: &(impl Hash + Clone), path: &mut Vec<Arc<str>>, depth: usize) -> Vec<Value> {
    let whole =
        |path: &[Arc<str>]| vec![named((place.clone(), path), !matches!(ty, Type::Any | Type::Optional(_)))];
    match ty {
        Type::Record(fields) if depth < DEPTH_MAX => {
            let all = records(fields, place, path, depth);
            let make = |fields: Fields| Value::Record(Arc::from(fields));
            all.map_or_else(|| whole(path), |all| all.into_iter().map(make).collect())
        }
        Type::Enum(of) if depth < DEPTH_MAX => {
            let mut found = Vec::new();
            for (name, fields) in &of.variants {
                path.push(name.clone());
                let all = records(fields, place, path, depth);
                path.pop();
                let Some(all) = all else { return whole(path) };
                found.extend(all.into_iter().map(|fields| Value::Variant(Arc::new((name.clone(), fields)))));
            }
            if found.len() > ALTERNATIVES_MAX { whole(path) } else { found }
        }
        _ => whole(path),
    }
}

/// Every combination of the fields; none if there are too many.
fn records(
    fields: &[FieldType],
    place: &(impl Hash + Clone),
    path: &mut Vec<Arc<str>>,
    depth: usize,
) -> Option<Vec<Fields>> {
    let mut all = vec![Fields::new()];
    for field in fields {
        path.push(field.name.clone());
        let values = at(&field.ty, place, path, depth + 1);
        path.pop();
        if all.len() * values.len() > ALTERNATIVES_MAX {
            return None;
        }
        let with = |fields: &Fields, value: Value| {
            let mut fields = fields.clone();
            fields.push((field.name.clone(), value));
            fields
        };
        all = all.iter().flat_map(|fields| values.iter().map(|value| with(fields, value.clone()))).collect();
    }
    Some(all)
}
