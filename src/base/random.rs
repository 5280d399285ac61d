//! Randomness from a seed: the same seed gives the same numbers on every machine and in every version.
//!
//! Is not: fit for keys. Secrets come from the operating system, in `host`.

use rand_xoshiro::Xoshiro256StarStar;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

/// A stream of numbers that its seed decides.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Random(Xoshiro256StarStar);

impl Random {
    /// The stream of `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Xoshiro256StarStar::seed_from_u64(seed))
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `bound`, near enough to uniform for tests and stand-ins; 0 where `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(bound)) >> 64) as u64
    }
}
