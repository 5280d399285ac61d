//! What a context may show to those who are not meant to read it: a budget per class of observers.
//!
//! Invariants: the three budgets are always of one epoch; external ≤ neighbor ≤ in-group limits; a charge is made at
//! all classes or at none.
//! Is not: a measure of what is shown. The profile says what a message leaks, in units that its author chose.

use serde::{Deserialize, Serialize};

use crate::guard::budget::account::{Budget, Shortfall};
use crate::guard::budget::counts::Seat;
use crate::journal::{Device, Epoch};

/// Who sees something of a message without being its receiver.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Observer {
    /// Whoever watches the network from outside.
    External,
    /// Those who carry traffic for the group.
    Neighbor,
    /// The other members of the group.
    InGroup,
}

impl Observer {
    /// Every class, from the strictest limit to the widest.
    pub const ALL: [Self; 3] = [Self::External, Self::Neighbor, Self::InGroup];

    /// The class as a profile writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::External => "external",
            Self::Neighbor => "neighbor",
            Self::InGroup => "in_group",
        }
    }
}

/// An amount for each class: what a message leaks, or a limit.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Leak {
    /// To whoever watches from outside.
    pub external: u64,
    /// To those who carry traffic.
    pub neighbor: u64,
    /// To the other members.
    pub in_group: u64,
}

impl Leak {
    /// These amounts, in the order of [`Observer::ALL`].
    #[must_use]
    pub const fn of([external, neighbor, in_group]: [u64; 3]) -> Self {
        Self { external, neighbor, in_group }
    }

    /// Whether nothing is shown to anybody.
    #[must_use]
    #[inline]
    pub const fn is_nothing(self) -> bool {
        self.external | self.neighbor | self.in_group == 0
    }

    /// The lesser of both amounts, class by class.
    #[must_use]
    pub fn least(self, other: Self) -> Self {
        Self::of(Observer::ALL.map(|observer| self.to(observer).min(other.to(observer))))
    }

    /// The amount for a class.
    #[must_use]
    pub const fn to(self, observer: Observer) -> u64 {
        match observer {
            Observer::External => self.external,
            Observer::Neighbor => self.neighbor,
            Observer::InGroup => self.in_group,
        }
    }
}

/// Limits that are not external ≤ neighbor ≤ in-group: who is closer may not see less.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Disorder;

/// The budgets of one context. [`Leakage::default`] is the neutral element: no limits, so nothing may be sent.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Leakage {
    external: Budget,
    neighbor: Budget,
    in_group: Budget,
}

impl Leakage {
    /// The budgets of an epoch in which nothing was shown.
    ///
    /// # Errors
    /// The limits are not external ≤ neighbor ≤ in-group.
    pub fn new(epoch: Epoch, limits: Leak) -> Result<Self, Disorder> {
        if limits.external > limits.neighbor || limits.neighbor > limits.in_group {
            return Err(Disorder);
        }
        let budget = |observer| Budget::new(epoch, limits.to(observer));
        Ok(Self {
            external: budget(Observer::External),
            neighbor: budget(Observer::Neighbor),
            in_group: budget(Observer::InGroup),
        })
    }

    /// The budget of a class.
    #[must_use]
    pub const fn budget(&self, observer: Observer) -> &Budget {
        match observer {
            Observer::External => &self.external,
            Observer::Neighbor => &self.neighbor,
            Observer::InGroup => &self.in_group,
        }
    }

    /// The epoch.
    #[must_use]
    pub const fn epoch(&self) -> Epoch {
        self.external.epoch()
    }

    /// Whether a replica may show this.
    ///
    /// # Errors
    /// The strictest class that allows less.
    pub fn review(&self, replica: &Device, leak: Leak) -> Result<(), (Observer, Shortfall)> {
        let judge = |observer| {
            let verdict = self.budget(observer).review(replica, leak.to(observer));
            verdict.map_err(|shortfall| (observer, shortfall))
        };
        Observer::ALL.into_iter().try_for_each(judge)
    }

    /// Charges a replica, which is this device, for showing this.
    ///
    /// # Errors
    /// The strictest class that allows less; then no class is charged.
    pub fn charge(&mut self, replica: &Device, leak: Leak) -> Result<(), (Observer, Shortfall)> {
        self.review(replica, leak)?;
        let seats = self.enter(replica);
        self.book(seats, leak)
    }

    /// Shows what was reviewed just before; what a class does not see is not booked there.
    pub(super) fn book(&mut self, seats: [Seat; 3], leak: Leak) -> Result<(), (Observer, Shortfall)> {
        for (observer, seat) in Observer::ALL.into_iter().zip(seats) {
            if leak.to(observer) > 0 {
                let charged = self.budget_mut(observer).book(seat, leak.to(observer));
                charged.map_err(|shortfall| (observer, shortfall))?;
            }
        }
        Ok(())
    }

    /// The seats of a replica, in the order of [`Observer::ALL`].
    pub(super) fn enter(&mut self, replica: &Device) -> [Seat; 3] {
        Observer::ALL.map(|observer| self.budget_mut(observer).enter(replica))
    }

    /// Takes in what another replica knows, or a new epoch.
    pub fn merge(&mut self, other: &Self) {
        for observer in Observer::ALL {
            self.budget_mut(observer).merge(other.budget(observer));
        }
    }

    const fn budget_mut(&mut self, observer: Observer) -> &mut Budget {
        match observer {
            Observer::External => &mut self.external,
            Observer::Neighbor => &mut self.neighbor,
            Observer::InGroup => &mut self.in_group,
        }
    }
}
