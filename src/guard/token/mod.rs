//! Capability tokens: what an authority lets the holder do, signed, narrowed by anybody, taken back by a fact.
//!
//! `bounds` is what a token says, as people give it; `biscuit` the token itself, a Biscuit (`biscuit-auth`): minted by an
//! authority's key, narrowed without one, verified against keys that the reader knows; `wallet` evaluates the tokens of a
//! device once per context, token set and epoch to a bit set; `revoked` is what facts say was taken back.
//! Invariants: a token that was narrowed never grants more; several tokens grant what all of them grant; what cannot be
//! read, verified or evaluated grants nothing.
//! Is not: asked when a message passes; the chain tests bits. Nor a source of randomness: who mints or narrows gives 32
//! secret bytes.

mod biscuit;
mod bounds;
mod revoked;
#[cfg(test)]
mod tests;
mod wallet;

pub use biscuit::{Authority, Block, Fault, Token, TokenId, Unverified};
pub use bounds::Bounds;
pub use revoked::{NAME, Revoked, fact_data};
pub use wallet::{Situation, Wallet};
