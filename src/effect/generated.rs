//! The generated participant: payloads that fit their types, choices from the seed, and loops that end.
//!
//! Each role has a stream of its own, made of the seed and the role's name, so that what one role is asked does
//! not change what another answers.
//! Invariant: of a choice asked again and again, every label is taken in the end: after [`FREE_TURNS`] decisions
//! the label taken least often is preferred.
//! Is not: an adversary. It accepts every payload and fails only where no value of a type can be made.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::random::Random;
use crate::base::ty::Type;
use crate::base::value::Value;
use crate::effect::call::Answer;
use crate::effect::participant::Participant;
use crate::effect::payload::invent;
use crate::effect::world::{Request, permanent};

/// How many decisions of one choice of one role are free before labels taken least often are preferred.
pub const FREE_TURNS: u32 = 3;

/// Answers from a seed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Generated {
    seed: u64,
    streams: BTreeMap<Arc<str>, Random>,
    /// How often each label was taken, by role and choice.
    taken: BTreeMap<(Arc<str>, Arc<str>), Vec<u32>>,
}

impl Generated {
    /// The participant of `seed`, for any number of roles.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { seed, streams: BTreeMap::new(), taken: BTreeMap::new() }
    }

    fn stream(&mut self, role: &Arc<str>) -> &mut Random {
        let seed = self.seed;
        self.streams.entry(role.clone()).or_insert_with(|| Random::new(seed ^ fingerprint(role)))
    }
}

impl Participant for Generated {
    fn produce(&mut self, role: &Arc<str>, message: &str, _to: &str, ty: &Type) -> Answer {
        let invented = invent(ty, self.stream(role)).map(|value| match ty {
            // A message is a record, also one whose fields nobody declared.
            Type::Any => Value::record([(Arc::from("value"), value)]),
            _ => value,
        });
        invented.map_or_else(
            || permanent(format!("no payload of `{message}` is small enough to be generated")),
            Answer::Value,
        )
    }

    fn decide(&mut self, role: &Arc<str>, choice: &str, labels: &[Arc<str>]) -> Answer {
        let number = self.stream(role).bits();
        let taken = self.taken.entry((role.clone(), Arc::from(choice))).or_default();
        taken.resize(labels.len().max(taken.len()), 0);
        let least = if taken.iter().map(|count| u64::from(*count)).sum::<u64>() < u64::from(FREE_TURNS) {
            u32::MAX
        } else {
            taken.iter().take(labels.len()).copied().min().unwrap_or(0)
        };
        let open: Vec<usize> =
            (0..labels.len()).filter(|at| taken.get(*at).is_some_and(|count| *count <= least)).collect();
        let pick = ((u128::from(number) * open.len() as u128) >> 64) as usize;
        let Some(chosen) = open.get(pick).copied() else {
            return permanent(format!("`{choice}` has no labels to choose from"));
        };
        if let Some(count) = taken.get_mut(chosen) {
            *count = count.saturating_add(1);
        }
        Answer::Label(chosen as u16)
    }

    fn perform(&mut self, request: &Request<'_>) -> Answer {
        let invented = invent(request.result, self.stream(request.role));
        let call = || format!("no outcome of `{}.{}` is small enough", request.effect, request.operation);
        invented.map_or_else(|| permanent(call()), Answer::Value)
    }
}

/// A number that a name decides: FNV-1a, which is the same everywhere and for ever.
fn fingerprint(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
