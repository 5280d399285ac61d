//! The guard chain: an intent to send becomes a cleared effect, or a denial.
//!
//! Nothing leaves unguarded, by type: the engine delivers and hands out only what a [`Cleared`] names, and only this
//! module can make one. `policy` puts profile, annotations and grants together, `table` makes of that what `chain` looks
//! at, `till` counts what is spent, `ledger` keeps what needs a receipt until `receipt` is asked for it, `state` shows all
//! of it; `budget` is the algebra of budgets that devices share, which the
//! tills do not use yet.
//! Not there yet: tokens (capabilities come from bindings), frames that carry receipts to other devices, a profile that is
//! loaded again while an engine runs.
//! Is not: an actor. It looks at what it is given and answers.

pub mod budget;
mod chain;
mod intent;
mod ledger;
pub mod policy;
pub mod receipt;
mod state;
mod table;
#[cfg(test)]
mod tests;
mod till;
mod view;

pub use chain::{Chain, Cleared, Denied, Kind, Rule};
pub use intent::Intent;
pub use policy::Policy;
pub use state::{Book, State};
pub use table::{Table, TooMany};
pub use till::Charge;
