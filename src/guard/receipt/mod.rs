//! Receipts: what a device signs for what it has spent toward another one, and what a receiver believes of it.
//!
//! `content` is what a receipt says and its bytes; `key` who signs, and the directory that says whose key is whose;
//! `sign` makes receipts of the rows that a commit has booked; `window` remembers what came; `receive` judges what comes
//! with a message, over one hop or several; `refusal` is why not.
//! Invariants: receipts are chained per context, sender, receiver and epoch, and a chain never leaves its context; the same
//! rows and keys give the same bytes; what is refused changes nothing but a count.
//! Is not: on the way of a message. A commit books a row; hashing and signing are done later, in batches.

mod content;
mod key;
mod receive;
mod refusal;
mod sign;
#[cfg(test)]
mod tests;
mod window;

pub(in crate::guard) use content::fits;
pub use content::{Charged, Hash, Receipt, Signed, genesis, payload_hash};
pub use key::{Directory, Key, Public, Signature};
pub use receive::{Fit, Frame, Full, Receiver, View};
pub use refusal::Refusal;
pub use sign::{Booking, Heads, Keys, Unsigned, sign};
