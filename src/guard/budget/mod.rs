//! Budgets: what a context may spend toward a peer, and what it may show to whom.
//!
//! `account` is one budget, `counts` what its replicas have spent, `escrow` their shares, `leakage` three budgets for the
//! classes of observers, `ledger` all budgets of one device, `grant` the facts that open a new epoch.
//! Invariants: on one device spent never exceeds the limit, and with shares not on all of them together; a budget
//! without a limit allows nothing.
//! Is not: the chain. Whoever reviews a message asks here; nothing here knows of messages.

mod account;
mod counts;
mod escrow;
pub(in crate::guard) mod grant;
mod leakage;
mod ledger;
#[cfg(test)]
mod tests;

pub use account::{Budget, Shortfall};
pub use escrow::Escrow;
pub use grant::{Grant, Subject, subject};
pub use leakage::{Disorder, Leak, Leakage, Observer};
pub use ledger::{Charge, FlowId, LeakageId, Ledger, Short};
