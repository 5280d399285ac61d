//! Keys of devices: Ed25519, a secret half that signs and a public half that is known by a directory.
//!
//! Signing draws no random numbers: one key and one text have one signature.
//! Is not: a source of keys. Whoever has randomness, or a file, gives 32 bytes.

use std::collections::BTreeMap;
use std::fmt;

use ed25519_dalek::{Signer, SigningKey, VerifyingKey};

use crate::journal::Device;

/// The secret key of a device. It is wiped when dropped, and never shown.
#[derive(Clone)]
pub struct Key(SigningKey);

impl Key {
    /// The key of 32 secret bytes.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The key of a device that only stands in for one, in runs and tests: everybody can make it.
    #[must_use]
    pub fn stand_in(seed: u64, device: &Device) -> Self {
        let mut secret = blake3::Hasher::new_derive_key("laban 2026-11 key of a device that stands in");
        secret.update(&seed.to_le_bytes());
        secret.update(device.as_str().as_bytes());
        Self::from_seed(secret.finalize().as_bytes())
    }

    /// The half that others may know.
    #[must_use]
    pub fn public(&self) -> Public {
        Public(self.0.verifying_key())
    }

    /// Signs bytes.
    #[must_use]
    pub fn sign(&self, bytes: &[u8]) -> Signature {
        Signature(self.0.sign(bytes).to_bytes())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key of {:?}", self.public())
    }
}

/// The public key of a device.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Public(VerifyingKey);

impl Public {
    /// The key of 32 bytes; none where they are no point of the curve, or one of those that fit any text.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 32]) -> Option<Self> {
        VerifyingKey::from_bytes(bytes).ok().filter(|key| !key.is_weak()).map(Self)
    }

    /// The key as bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// Whether the holder of the secret half has signed these bytes.
    #[must_use]
    pub fn verifies(&self, bytes: &[u8], signature: &Signature) -> bool {
        // Strict: a signature has one form, and no key fits every text.
        self.0.verify_strict(bytes, &ed25519_dalek::Signature::from_bytes(&signature.0)).is_ok()
    }
}

/// The key as 64 digits.
impl fmt::Display for Public {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Public {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A signature.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Signature(pub [u8; Self::BYTES]);

impl Signature {
    /// Its length.
    pub const BYTES: usize = 64;
}

/// Whose key is whose.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Directory(BTreeMap<Device, Public>);

impl Directory {
    /// A directory of nobody.
    #[must_use]
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Says whose key this is, instead of what was said before.
    pub fn enter(&mut self, device: Device, key: Public) {
        self.0.insert(device, key);
    }

    /// The key of a device.
    #[must_use]
    pub fn key(&self, device: &Device) -> Option<&Public> {
        self.0.get(device)
    }
}
