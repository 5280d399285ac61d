//! A table of things with generations: a place is used again, an id never is.
//!
//! Is not: ordered. Ids are as deterministic as the inputs that made them.

use serde::{Deserialize, Serialize};

/// A place that is free or taken.
#[derive(Debug, Serialize, Deserialize)]
struct Place<T> {
    generation: u32,
    thing: Option<T>,
    /// The free place after this one, if this is free.
    next: u32,
}

/// Things by place and generation.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Table<T> {
    places: Vec<Place<T>>,
    /// The first free place, or [`NOWHERE`].
    free: u32,
    len: usize,
}

const NOWHERE: u32 = u32::MAX;

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { places: Vec::new(), free: NOWHERE, len: 0 }
    }
}

impl<T> Table<T> {
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// Puts a thing into a place; gives the place and its generation.
    pub(super) fn insert(&mut self, thing: T) -> (u32, u32) {
        self.len += 1;
        if let Some(place) = self.places.get_mut(self.free as usize) {
            let at = self.free;
            self.free = place.next;
            place.thing = Some(thing);
            return (at, place.generation);
        }
        self.places.push(Place { generation: 0, thing: Some(thing), next: NOWHERE });
        (self.places.len() as u32 - 1, 0)
    }

    #[inline]
    pub(super) fn find(&mut self, at: u32, generation: u32) -> Option<&mut T> {
        let place = self.places.get_mut(at as usize)?;
        if place.generation == generation { place.thing.as_mut() } else { None }
    }

    pub(super) fn look(&self, at: u32, generation: u32) -> Option<&T> {
        let place = self.places.get(at as usize)?;
        if place.generation == generation { place.thing.as_ref() } else { None }
    }

    /// The places that are taken, in order, with their generations.
    pub(super) fn keys(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        let places = self.places.iter().enumerate().filter(|(_, place)| place.thing.is_some());
        places.map(|(at, place)| (at as u32, place.generation))
    }

    pub(super) fn remove(&mut self, at: u32, generation: u32) -> Option<T> {
        let place = self.places.get_mut(at as usize)?;
        if place.generation != generation {
            return None;
        }
        let thing = place.thing.take()?;
        self.len -= 1;
        // A place whose generations are used up is not used again.
        if let Some(next) = place.generation.checked_add(1) {
            place.generation = next;
            place.next = self.free;
            self.free = at;
        }
        Some(thing)
    }
}
