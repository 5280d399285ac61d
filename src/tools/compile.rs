//! The programs of a protocol as text for people or as bytes for nodes.
//!
//! In come programs; out comes their text, or the bytes of one.
//! Is not: compilation (`compile`), nor the encoding (`bytecode`).

use crate::bytecode::asm;
use crate::bytecode::codec::encode;
use crate::bytecode::program::Program;
use crate::diag::source::Sources;

/// The programs as text, with an empty line between them.
#[must_use]
pub fn text(programs: &[&Program], sources: &Sources) -> String {
    let texts: Vec<String> = programs.iter().map(|program| asm::text(program, Some(sources))).collect();
    texts.join("\n")
}

/// The program as bytes.
#[must_use]
pub fn binary(program: &Program) -> Vec<u8> {
    encode(program)
}
