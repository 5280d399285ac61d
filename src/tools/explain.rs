//! The page of a code, the table of all codes, and the table of all opcodes.
//!
//! Is not: written here. Pages are in `diag/pages`, one for each row of `diag::code`; opcodes are in `bytecode::op`.

use std::borrow::Cow;

use crate::bytecode::asm;
use crate::diag::code::Code;
use crate::diag::nearest;

/// A code that is in no row of the table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnknownCode {
    /// As given.
    pub given: String,
    /// Codes that look like it, best first; never more than three.
    pub near: Vec<Code>,
}

/// What is asked for instead of a code to have all opcodes.
pub const OPCODES: &str = "opcodes";

/// The page of the code written as `given`: `E0101`, `e0101` or `101`; of [`OPCODES`] the table of them.
///
/// # Errors
/// If no row has it, with the codes that are near.
pub fn page(given: &str) -> Result<Cow<'static, str>, UnknownCode> {
    if given == OPCODES {
        return Ok(Cow::Owned(asm::page()));
    }
    let code = Code::parse(given).or_else(|| Code::parse(&padded(given))).ok_or_else(|| unknown(given))?;
    Ok(Cow::Borrowed(code.page()))
}

/// Every code with its title, a line each.
#[must_use]
pub fn table() -> String {
    Code::ALL.iter().map(|code| format!("{}  {}\n", code.name(), code.title())).collect()
}

/// The code with a bare number written out: `101` is `E0101`.
fn padded(given: &str) -> String {
    let digits = given.trim_start_matches(['E', 'e']);
    format!("E{digits:0>4}")
}

/// The three codes nearest to what was given.
fn unknown(given: &str) -> UnknownCode {
    let wanted = padded(given).to_uppercase();
    let mut left: Vec<&str> = Code::ALL.iter().map(|code| code.name()).collect();
    let mut near = Vec::new();
    while near.len() < 3
        && let Some(name) = nearest(&wanted, left.iter().copied())
    {
        left.retain(|other| *other != name);
        near.extend(Code::parse(name));
    }
    UnknownCode { given: given.to_owned(), near }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_however_they_are_written() {
        for given in ["E0001", "e0001", "0001", "1", "E1"] {
            assert!(page(given).is_ok_and(|page| page.starts_with("# E0001")), "{given}");
        }
    }

    #[test]
    fn every_opcode_has_a_row() {
        let page = page(OPCODES).unwrap();
        for op in crate::bytecode::op::Op::ALL {
            assert!(page.contains(&format!("| `{}` |", op.mnemonic())), "{op:?}");
        }
    }

    #[test]
    fn near_codes_are_offered() {
        let unknown = page("E0059").unwrap_err();
        assert_eq!(unknown.near.len(), 3);
        assert!(unknown.near.contains(&Code::E0051));
        assert!(page("").is_err());
        assert!(page("nonsense and more").is_err_and(|unknown| unknown.near.is_empty()));
    }

    #[test]
    fn the_table_has_a_line_each() {
        assert_eq!(table().lines().count(), Code::ALL.len());
    }
}
