//! The bytes of a program: a version, everything that is hashed, then the debug map.
//!
//! Numbers are little-endian base 128, signed ones zigzag; texts and lists begin with their length. A program has one
//! encoding: what decodes, encodes to the same bytes. The order of fields here is the format; changing it makes a new
//! version.
//! Is not: trusting. No bytes make the decoder panic or take more memory than a multiple of their length.

mod decode;
mod encode;
mod reader;
mod value;
mod writer;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::bytecode::codec::reader::Reader;
use crate::bytecode::codec::writer::Writer;
use crate::bytecode::program::Program;
use crate::bytecode::rejection::Rejection;
use crate::bytecode::verify;
use crate::diag::code::Code;

/// What every program begins with.
const MAGIC: &[u8; 4] = b"LABN";
/// The version of the encoding.
const VERSION: u64 = 2;

/// What a program is called by those who must mean the same: the hash of what it does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct ContentHash(pub [u8; 32]);

impl std::fmt::Display for ContentHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The bytes of a program, its debug map included.
#[must_use]
pub fn encode(program: &Program) -> Vec<u8> {
    let mut out = body(program);
    encode::debug(&program.debug, &mut out);
    out.bytes
}

/// BLAKE3 of the bytes without the debug map: a changed comment changes nothing.
#[must_use]
pub fn hash(program: &Program) -> ContentHash {
    ContentHash(*blake3::hash(&body(program).bytes).as_bytes())
}

/// The program of some bytes, verified.
///
/// # Errors
/// Bytes that are no program, of a version that is unknown, or of a program that the verifier refuses.
pub fn decode(bytes: &[u8]) -> Result<Program, Rejection> {
    let mut reader = Reader::new(bytes)?;
    reader.expect(MAGIC)?;
    match reader.number()? {
        VERSION => {}
        other => {
            let reason = format!("the program has version {other}, and version {VERSION} is known");
            return Err(Rejection::new(Code::E0302, reason));
        }
    }
    let program = decode::program(&mut reader)?;
    reader.end()?;
    if encode(&program) != bytes {
        return Err(Rejection::new(Code::E0301, "the program is not encoded as this version does it"));
    }
    verify::verify(&program)?;
    Ok(program)
}

/// Everything but the debug map.
fn body(program: &Program) -> Writer {
    let mut out = Writer { bytes: MAGIC.to_vec() };
    out.number(VERSION);
    encode::program(program, &mut out);
    out
}
