//! The guard chain: an intent to send becomes a cleared effect, or a denial.
//!
//! Nothing leaves unguarded, by type: the engine delivers and hands out only what a [`Cleared`] names, and only this
//! module can make one. `policy` puts profile, annotations and grants together, `table` makes of that what `chain` looks
//! at, once `installed`, and answers with what is cleared or `denied`; `till` keeps the ledgers of the devices, `granter`
//! says in facts what they may spend, `state` shows it; `budget` is the algebra of budgets, which devices share. `daybook`
//! keeps what needs a receipt until it is signed, `receipt` signs and judges, `view` is what a receiver compares receipts
//! with; `token` says what a device may do, before there is a table.
//! Not there yet: tokens that are evaluated again while an engine runs, frames that carry receipts to other devices.
//! Is not: an actor. It looks at what it is given and answers.

pub mod budget;
mod chain;
mod daybook;
mod denied;
mod granter;
mod installed;
mod intent;
pub mod policy;
pub mod receipt;
mod state;
mod table;
#[cfg(test)]
mod tests;
mod till;
pub mod token;
mod view;

pub use chain::{Chain, Cleared, Rule};
pub use denied::{Denied, Guard, Kind};
pub use intent::Intent;
pub use policy::Policy;
pub use state::{Book, State};
pub use table::{Table, TooMany};
pub use till::Charge;
