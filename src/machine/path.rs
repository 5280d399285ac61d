//! The path of instances: which instance of each scope around it something belongs to.
//!
//! One number a scope, each counted within the instance around it, outermost first, packed into one word so that an
//! order of paths is an order of words. (One flat counter would not do: roles that were interrupted at different
//! points would count differently.) Is not: a name of a scope; the lane says which scope.

use serde::{Deserialize, Serialize};

use crate::base::limits::SCOPES_NESTED_MAX;

/// Bits of one number.
const BITS: u32 = u128::BITS / SCOPES_NESTED_MAX as u32;
/// The largest number of an instance.
const LAST: u128 = (1 << BITS) - 1;

/// A path. Scopes that are not around it count as 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub(super) struct Path(u128);

impl Path {
    /// The number that stands behind those of all instances.
    pub(super) const PAST: u128 = LAST;
    /// Outside of all scopes.
    pub(super) const NONE: Self = Self(0);

    const fn shift(depth: u32) -> u32 {
        BITS * (SCOPES_NESTED_MAX as u32 - 1 - depth)
    }

    /// The part of the path that is around a scope of this depth.
    pub(super) const fn around(self, depth: u32) -> Self {
        if depth == 0 { Self::NONE } else { Self(self.0 >> Self::shift(depth - 1) << Self::shift(depth - 1)) }
    }

    /// The number of the instance at this depth.
    pub(super) const fn number(self, depth: u32) -> u128 {
        self.0 >> Self::shift(depth) & LAST
    }

    /// The path with another number at this depth, and none below.
    pub(super) const fn with(self, depth: u32, number: u128) -> Self {
        Self(self.around(depth).0 | number << Self::shift(depth))
    }

    /// The path with its number at this depth lowered; no path where that leaves no instance.
    pub(super) fn lowered(self, depth: u32, by: u128) -> Self {
        match self.number(depth) {
            LAST => self,
            number if number <= by => Self::NONE,
            _ => Self(self.0 - (by << Self::shift(depth))),
        }
    }

    /// The next instance of a scope of this depth in the instance `outer`, if `self` was the last one that was
    /// entered. Nothing where no number is left.
    pub(super) fn next(self, outer: Self, depth: u32) -> Option<Self> {
        let number = if self.around(depth) == outer.around(depth) { self.number(depth) } else { 0 };
        (number < LAST - 1).then(|| outer.with(depth, number + 1))
    }

    /// Behind every instance of a scope of this depth that stands in the instance `self`.
    pub(super) const fn past(self, depth: u32) -> Self {
        Self(self.around(depth).0 | ((1 << (Self::shift(depth) + BITS - 1)) - 1) << 1 | 1)
    }
}
