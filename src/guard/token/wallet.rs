//! The tokens of devices, evaluated once for each situation to a set of capabilities.
//!
//! A set is a word of bits over the names that a table asks for (`guard::Table`), so that the chain tests a mask. It is
//! remembered per device, context and epoch, and forgotten when tokens or revocations change.
//! Is not: the local policy; whoever has one intersects.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::limits::{CAPABILITIES_MAX, TOKEN_SETS_MAX};
use crate::guard::token::biscuit::Token;
use crate::guard::token::revoked::Revoked;
use crate::journal::{Context, Device, Epoch};

/// Where a token is to grant something.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// The relationship.
    pub context: &'a Context,
    /// Who holds the token.
    pub device: &'a Device,
    /// The epoch.
    pub epoch: Epoch,
}

/// The tokens of devices.
#[derive(Clone, Debug, Default)]
pub struct Wallet {
    names: Vec<Arc<str>>,
    tokens: BTreeMap<Device, Vec<Token>>,
    revoked: BTreeMap<Context, Revoked>,
    sets: BTreeMap<(Context, Device, Epoch), u128>,
    evaluations: u64,
}

impl Wallet {
    /// A wallet without tokens, for these capabilities: bit `n` is the `n`th of them. Those beyond
    /// `limits::CAPABILITIES_MAX` are never granted.
    #[must_use]
    pub fn new(names: impl IntoIterator<Item = Arc<str>>) -> Self {
        Self { names: names.into_iter().take(CAPABILITIES_MAX).collect(), ..Self::default() }
    }

    /// The names of the bits.
    #[must_use]
    pub fn names(&self) -> &[Arc<str>] {
        &self.names
    }

    /// Has a device hold these tokens, instead of those before.
    pub fn hold(&mut self, device: &Device, tokens: Vec<Token>) {
        self.tokens.insert(device.clone(), tokens);
        self.sets.retain(|(_, of, _), _| of != device);
    }

    /// Has these ids taken back in a context, instead of those before.
    pub fn revoke(&mut self, context: &Context, revoked: Revoked) {
        self.revoked.insert(context.clone(), revoked);
        self.sets.retain(|(of, ..), _| of != context);
    }

    /// What all tokens of a device grant together, as bits. A device without tokens may do nothing; one token that was
    /// taken back, or cannot be evaluated, takes everything with it.
    pub fn bits(&mut self, situation: &Situation<'_>) -> u128 {
        let key = (situation.context.clone(), situation.device.clone(), situation.epoch);
        if let Some(bits) = self.sets.get(&key) {
            return *bits;
        }
        let tokens = self.tokens.get(situation.device).map_or(&[][..], Vec::as_slice);
        let revoked = self.revoked.get(situation.context);
        let mut bits = if tokens.is_empty() { 0 } else { u128::MAX };
        for token in tokens {
            let taken_back = revoked.is_some_and(|revoked| revoked.has(token));
            let names = self.names.iter().map(AsRef::as_ref);
            bits &= if taken_back { 0 } else { token.evaluate(situation, names).unwrap_or(0) };
            self.evaluations += 1;
        }
        if self.sets.len() >= TOKEN_SETS_MAX {
            self.sets.clear();
        }
        self.sets.insert(key, bits);
        bits
    }

    /// What all tokens of a device grant together, by name.
    pub fn granted(&mut self, situation: &Situation<'_>) -> Vec<Arc<str>> {
        let bits = self.bits(situation);
        let granted = self.names.iter().enumerate().filter(|(at, _)| bits & (1 << at) != 0);
        granted.map(|(_, name)| name.clone()).collect()
    }

    /// How many tokens were evaluated so far, for who wants to know that it is done once.
    #[must_use]
    pub const fn evaluations(&self) -> u64 {
        self.evaluations
    }
}
