//! The program of one role: opcode table, tables, encoding, verifier, disassembler.
//!
//! `op` is the one table of opcodes, `instr` an instruction, `program` everything around the instructions; `codec`
//! is its bytes, `verify` the judge that every program passes before it runs, `asm` its text.
//! Is not: a compiler (programs of yesterday load when `compile` changes), and nothing here executes.

pub mod asm;
pub mod codec;
pub mod instr;
pub mod op;
pub mod program;
pub mod rejection;
#[cfg(test)]
pub(crate) mod sample;
pub mod verify;
