//! Bytes to numbers, texts and lists.
//!
//! Lists grow as their items are read, so no length that is only claimed takes memory.

use std::sync::Arc;

use crate::base::limits;
use crate::bytecode::rejection::Rejection;
use crate::diag::code::Code;

/// What is left of some bytes.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

type Read<T> = Result<T, Rejection>;

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Read<Self> {
        if bytes.len() > limits::PROGRAM_BYTES_MAX {
            let reason = format!("{} bytes, at most {}", bytes.len(), limits::PROGRAM_BYTES_MAX);
            return Err(Rejection::new(Code::E0307, reason));
        }
        Ok(Self { rest: bytes })
    }

    pub(super) fn byte(&mut self) -> Read<u8> {
        let (byte, rest) = self.rest.split_first().ok_or_else(|| damaged("the program is cut off"))?;
        self.rest = rest;
        Ok(*byte)
    }

    pub(super) fn take(&mut self, count: usize) -> Read<&'a [u8]> {
        let (taken, rest) =
            self.rest.split_at_checked(count).ok_or_else(|| damaged("the program is cut off"))?;
        self.rest = rest;
        Ok(taken)
    }

    pub(super) fn expect(&mut self, bytes: &[u8]) -> Read<()> {
        let there = self.take(bytes.len()).is_ok_and(|found| found == bytes);
        if there { Ok(()) } else { Err(damaged("this is no program")) }
    }

    pub(super) fn end(&self) -> Read<()> {
        if self.rest.is_empty() { Ok(()) } else { Err(damaged("something follows the program")) }
    }

    pub(super) fn number(&mut self) -> Read<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(damaged("a number is too long"))
    }

    pub(super) fn signed(&mut self) -> Read<i64> {
        let number = self.number()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    pub(super) fn small(&mut self) -> Read<u16> {
        u16::try_from(self.number()?).map_err(|_| damaged("a number is out of range"))
    }

    pub(super) fn wide(&mut self) -> Read<u32> {
        u32::try_from(self.number()?).map_err(|_| damaged("a number is out of range"))
    }

    pub(super) fn raw(&mut self) -> Read<&'a [u8]> {
        let count = self.number()?;
        self.take(usize::try_from(count).unwrap_or(usize::MAX))
    }

    pub(super) fn text(&mut self) -> Read<Arc<str>> {
        let text = std::str::from_utf8(self.raw()?).map_err(|_| damaged("a text is not UTF-8"))?;
        Ok(Arc::from(text))
    }

    pub(super) fn list<T>(
        &mut self,
        most: usize,
        mut item: impl FnMut(&mut Self) -> Read<T>,
    ) -> Read<Vec<T>> {
        let count = self.number()?;
        if count > most as u64 {
            return Err(Rejection::new(Code::E0307, format!("a table of {count} entries, at most {most}")));
        }
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(item(self)?);
        }
        Ok(items)
    }

    pub(super) fn option<T>(&mut self, some: impl FnOnce(&mut Self) -> Read<T>) -> Read<Option<T>> {
        match self.byte()? {
            0 => Ok(None),
            1 => some(self).map(Some),
            _ => Err(damaged("a value is neither there nor not")),
        }
    }
}

/// Bytes that are no program.
pub(super) fn damaged(reason: &str) -> Rejection {
    Rejection::new(Code::E0301, reason)
}
