//! A journal as a snapshot keeps it: its sets, and in each set every heading once and its facts in their order.
//!
//! In goes what [`Serialize`] wrote; out comes the same journal, whose facts share their headings again.
//! Is not: for peers. Facts of others are merged (`set`), and looked at one by one.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::base::value::Value;
use crate::journal::fact::{Epoch, Fact, Heading, Place};
use crate::journal::name::{Device, Key};
use crate::journal::set::Set;
use crate::journal::store::Journal;

/// A set: its place, its headings, and its facts by the number of their heading.
type Kept<P, K, D, V> = (P, Vec<(K, D)>, Vec<(u32, V, Epoch, u64)>);

impl Serialize for Set {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut numbers: BTreeMap<(&Key, &Device), u32> = BTreeMap::new();
        let mut headings = Vec::new();
        let facts = self.facts().map(|fact| {
            let of = (fact.key(), fact.device());
            let number = *numbers.entry(of).or_insert_with(|| {
                headings.push(of);
                headings.len() as u32 - 1
            });
            (number, fact.data(), fact.epoch(), fact.order())
        });
        let facts = facts.collect();
        let kept: Kept<&Place, &Key, &Device, &Value> = (self.place(), headings, facts);
        kept.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Set {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (place, headings, facts): Kept<Place, Key, Device, Value> = Kept::deserialize(deserializer)?;
        let place = Arc::new(place);
        let heading = |(key, device)| Arc::new(Heading::new(place.clone(), key, device));
        let headings: Vec<_> = headings.into_iter().map(heading).collect();
        let mut set = Self::new(place);
        for (number, data, epoch, order) in facts {
            let heading = headings.get(number as usize).ok_or_else(|| D::Error::custom("no such heading"))?;
            let fact = Fact::new(heading.clone(), data, epoch, order).map_err(D::Error::custom)?;
            set.insert(fact).map_err(D::Error::custom)?;
        }
        Ok(set)
    }
}

impl Serialize for Journal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.sets().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Journal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self::of_sets)
    }
}
