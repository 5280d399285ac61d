//! A node as a snapshot keeps it: its state between two entries, from which it goes on as if nothing had been.
//!
//! Out go the fields of [`Node`] and all that they reach, in their order; in come the same, and casts are linked again from
//! the programs of their versions. The order of fields and variants is the format: a test holds it.
//! Is not: what happens in between. Orders and news have left before, and nothing is under way but what is in the state.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::node::deploy::linked;
use crate::node::state::Node;

/// The version of the form of a node's state.
pub const FORMAT: u32 = 1;

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut node = Self::deserialize(deserializer)?;
        node.link().map_err(D::Error::custom)?;
        node.share();
        node.engine.subscribe(true);
        Ok(node)
    }
}

impl Node {
    /// Links the programs of all versions, and gives the engine those that it has at work.
    fn link(&mut self) -> Result<(), String> {
        let mut casts = Vec::with_capacity(self.casts.len());
        for (protocol, line) in &mut self.lines {
            for edition in &mut line.editions {
                edition.cast = linked(protocol, &edition.package).map_err(|trouble| trouble.reason)?;
                casts.extend(edition.place.map(|place| (place, edition.cast.clone())));
            }
        }
        self.engine.recast(casts);
        Ok(())
    }

    /// Has names that are the same be one text again: a session's trail has many.
    fn share(&mut self) {
        let mut names: BTreeSet<Arc<str>> = BTreeSet::new();
        let mut one = |name: &mut Arc<str>| match names.get(name) {
            Some(have) => *name = have.clone(),
            None => _ = names.insert(name.clone()),
        };
        for record in self.records.values_mut() {
            one(&mut record.protocol);
            record.trail.iter_mut().for_each(|step| step.names(&mut one));
        }
    }
}
