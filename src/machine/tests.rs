//! The machine: one case for each opcode.
