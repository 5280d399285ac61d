//! The receiver's side: whether the receipts that came with a message are to be believed.
//!
//! In go a message as it came and the bytes of its receipts, one for each hop; out come the receipts, or a [`Refusal`]. What
//! the receipts claim is compared with what the receiver knows by itself: its own name, its peers and their epochs, the
//! keys of a directory, and its own view of the profile.
//! Invariants: a key is never taken from a receipt; a refusal changes nothing but its count; memory is bounded by the
//! chains that the receiver itself has opened.
//! Is not: a way to tell the sender why.

use std::collections::BTreeMap;

use crate::base::limits::{HOPS_MAX, RECEIPT_CHAINS_MAX};
use crate::base::value::Value;
use crate::guard::receipt::content::{Charged, Receipt, Signed, genesis, hash_of, payload_hash};
use crate::guard::receipt::key::Directory;
use crate::guard::receipt::refusal::Refusal;
use crate::guard::receipt::window::{Link, Window};
use crate::journal::{Context, Device, Epoch};

/// A message as it has come.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// The relationship in which it came.
    pub context: &'a Context,
    /// Who has said it first: whom the session knows as the player of the sending role.
    pub origin: &'a Device,
    /// From whom it came: whom the connection has proved to be at its other end.
    pub peer: &'a Device,
    /// The session.
    pub session: u64,
    /// The message.
    pub label: &'a str,
    /// What it carries.
    pub payload: &'a Value,
    /// The bytes of a receipt for each hop, the first one first.
    pub receipts: &'a [Vec<u8>],
}

/// How a receipt fits the receiver's own view.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fit {
    /// Its sender may send it, at this cost.
    Fits,
    /// Its sender may not send it, or nothing is known of such a message.
    Unable,
    /// It costs something else.
    Costs,
}

/// What a receiver knows by itself of what messages need and cost.
pub trait View {
    /// Whether a receipt's sender may send its message, and at its cost.
    fn fit(&self, receipt: &Receipt, payload: &Value) -> Fit;
}

/// As many chains are open as `limits::RECEIPT_CHAINS_MAX`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Full;

/// Context, sender, receiver.
type Ends = (Context, Device, Device);

/// What one device knows of the receipts that come to it.
#[derive(Clone, Debug)]
pub struct Receiver {
    me: Device,
    directory: Directory,
    chains: BTreeMap<Ends, Chain>,
    accepted: u64,
    refused: [u64; Refusal::ALL.len()],
}

/// The current epoch of a chain, and what came of it.
#[derive(Clone, Debug)]
struct Chain {
    epoch: Epoch,
    window: Window,
}

impl Receiver {
    /// The receiver on a device, which knows no relationship yet.
    #[must_use]
    pub const fn new(me: Device, directory: Directory) -> Self {
        let refused = [0; Refusal::ALL.len()];
        Self { me, directory, chains: BTreeMap::new(), accepted: 0, refused }
    }

    /// Takes receipts of one device toward another in a context from now on, in this epoch; in a new epoch the chain begins
    /// again. An epoch that is over changes nothing.
    ///
    /// # Errors
    /// There are `limits::RECEIPT_CHAINS_MAX` others.
    pub fn open(&mut self, context: &Context, src: &Device, dst: &Device, epoch: Epoch) -> Result<(), Full> {
        let ends = (context.clone(), src.clone(), dst.clone());
        let full = self.chains.len() >= RECEIPT_CHAINS_MAX;
        match self.chains.get_mut(&ends) {
            Some(chain) if chain.epoch >= epoch => {}
            Some(chain) => *chain = Chain { epoch, window: Window::default() },
            None if full => return Err(Full),
            None => {
                self.chains.insert(ends, Chain { epoch, window: Window::default() });
            }
        }
        Ok(())
    }

    /// Judges the receipts of a message; those that are believed are remembered, so that they count once.
    ///
    /// # Errors
    /// The first reason not to believe them; the sender may be told nothing of it.
    pub fn take(&mut self, frame: &Frame<'_>, view: &dyn View) -> Result<Vec<Receipt>, Refusal> {
        match self.judge(frame, view) {
            Ok(hops) => {
                self.accepted += 1;
                let enter = |(receipt, link): (Receipt, Link)| {
                    if let Some(chain) = self.chains.get_mut(&ends(&receipt)) {
                        chain.window.enter(link);
                    }
                    receipt
                };
                Ok(hops.into_iter().map(enter).collect())
            }
            Err(refusal) => {
                if let Some(count) = self.refused.get_mut(refusal as usize) {
                    *count += 1;
                }
                Err(refusal)
            }
        }
    }

    /// How many messages came with receipts that were believed.
    #[must_use]
    pub const fn accepted(&self) -> u64 {
        self.accepted
    }

    /// How many messages were refused, by reason.
    pub fn refused(&self) -> impl Iterator<Item = (Refusal, u64)> {
        Refusal::ALL.into_iter().zip(self.refused)
    }

    fn judge(&self, frame: &Frame<'_>, view: &dyn View) -> Result<Vec<(Receipt, Link)>, Refusal> {
        if frame.receipts.is_empty() {
            return Err(Refusal::Missing);
        }
        if frame.receipts.len() > HOPS_MAX {
            return Err(Refusal::Hops);
        }
        let read = frame.receipts.iter().map(|bytes| Signed::read(bytes));
        let hops: Vec<Signed> = read.collect::<Result<_, _>>()?;
        self.route(frame, &hops)?;
        let payload = payload_hash(frame.payload);
        let mut believed = Vec::with_capacity(hops.len());
        for Signed { receipt, signature } in hops {
            let chain = self.chains.get(&ends(&receipt)).ok_or(Refusal::Foreign)?;
            if receipt.charge.epoch != chain.epoch {
                return Err(Refusal::Epoch);
            }
            if !chain.window.is_fresh(receipt.charge.nonce) {
                return Err(Refusal::Replayed);
            }
            let bytes = receipt.bytes();
            let key = self.directory.key(&receipt.charge.src).ok_or(Refusal::Key)?;
            if !key.verifies(&bytes, &signature) {
                return Err(Refusal::Forged);
            }
            if receipt.payload != payload {
                return Err(Refusal::Payload);
            }
            match view.fit(&receipt, frame.payload) {
                Fit::Fits => {}
                Fit::Unable => return Err(Refusal::Capability),
                Fit::Costs => return Err(Refusal::Cost),
            }
            let link = Link { nonce: receipt.charge.nonce, hash: hash_of(&bytes), prev: receipt.prev };
            let first = genesis(
                &receipt.charge.context,
                &receipt.charge.src,
                &receipt.charge.dst,
                receipt.charge.epoch,
            );
            if !chain.window.fits(&link, first) {
                return Err(Refusal::Chain);
            }
            believed.push((receipt, link));
        }
        Ok(believed)
    }

    /// Whether the receipts are of this message, and go hop by hop from its origin to this device.
    fn route(&self, frame: &Frame<'_>, hops: &[Signed]) -> Result<(), Refusal> {
        let claims = || hops.iter().map(|signed| &signed.receipt.charge);
        let own = |claim: &Charged| {
            claim.context == *frame.context && claim.session == frame.session && *claim.label == *frame.label
        };
        let last = claims().next_back();
        if !claims().all(own) || last.is_none_or(|last| last.src != *frame.peer || last.dst != self.me) {
            return Err(Refusal::Foreign);
        }
        let numbered = claims().enumerate().all(|(at, claim)| usize::from(claim.hop) == at);
        let joined = claims().zip(claims().skip(1)).all(|(hop, next)| hop.dst == next.src);
        // Nobody passes on what came from itself, so no chain is met twice in one message.
        let again =
            claims().enumerate().any(|(at, hop)| claims().take(at).any(|before| before.src == hop.src));
        let begins = claims().next().is_some_and(|first| first.src == *frame.origin);
        if numbered && joined && !again && begins { Ok(()) } else { Err(Refusal::Hops) }
    }
}

fn ends(receipt: &Receipt) -> Ends {
    (receipt.charge.context.clone(), receipt.charge.src.clone(), receipt.charge.dst.clone())
}
