//! Fingerprints: 128 bits that stand for a state, so that a state need not be kept to be known again.
//!
//! Two lanes of multiplication and rotation over the same words, with different constants, each finished by a mixing
//! that spreads every bit. With ten million states the odds of one mistaken for another are below one in 10^24.
//! Is not: safe against somebody who makes collisions on purpose; nobody here gains from one.

use std::hash::{Hash, Hasher};

/// What stands for a state.
pub(super) type Print = u128;

/// The fingerprint of a value, by what it hashes.
pub(super) fn print(of: &impl Hash) -> Print {
    let mut lanes = Lanes { a: 0x243f_6a88_85a3_08d3, b: 0x1319_8a2e_0370_7344 };
    of.hash(&mut lanes);
    u128::from(mixed(lanes.a ^ lanes.b.rotate_left(32))) << 64 | u128::from(mixed(lanes.b))
}

struct Lanes {
    a: u64,
    b: u64,
}

impl Lanes {
    #[inline]
    const fn word(&mut self, word: u64) {
        self.a = (self.a ^ word).wrapping_mul(0x9fb2_1c65_1e98_df25).rotate_left(29);
        self.b = (self.b.rotate_left(25) ^ word).wrapping_mul(0xd6e8_feb8_6659_fd93) ^ (self.b >> 31);
    }
}

const fn mixed(word: u64) -> u64 {
    let word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ word >> 31
}

impl Hasher for Lanes {
    fn finish(&self) -> u64 {
        mixed(self.a ^ self.b)
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let word = chunk.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
            self.word(word);
        }
        self.word(bytes.len() as u64);
    }

    fn write_u8(&mut self, word: u8) {
        self.word(u64::from(word));
    }

    fn write_u16(&mut self, word: u16) {
        self.word(u64::from(word));
    }

    fn write_u32(&mut self, word: u32) {
        self.word(u64::from(word));
    }

    fn write_u64(&mut self, word: u64) {
        self.word(word);
    }

    fn write_usize(&mut self, word: usize) {
        self.word(word as u64);
    }

    fn write_isize(&mut self, word: isize) {
        self.word(word as u64);
    }
}
