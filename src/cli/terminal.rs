//! Standard output and standard error: data and findings on the one, talk on the other.
//!
//! A reader that went away (`laban check | head`) ends the printing, not the program, and nothing is said of it.
//! Is not: a place for decisions; it only knows whether there is a terminal, and whether colour is wanted.

use std::io::{self, ErrorKind, IsTerminal, Write};

use crate::diag::render::Style;

/// Where a text goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stream {
    /// Data and findings.
    Out,
    /// Talk.
    Err,
}

/// The two streams of the process.
#[derive(Debug, Default)]
pub struct Terminal {
    failure: Option<io::Error>,
    closed: bool,
}

impl Terminal {
    /// Writes data or findings on standard output.
    pub fn data(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// Writes bytes on standard output.
    pub fn bytes(&mut self, bytes: &[u8]) {
        if self.closed {
            return;
        }
        let mut out = io::stdout().lock();
        if let Err(error) = out.write_all(bytes).and_then(|()| out.flush()) {
            self.closed = true;
            if error.kind() != ErrorKind::BrokenPipe {
                self.failure = Some(error);
            }
        }
    }

    /// Writes text on either stream.
    pub fn write(&mut self, stream: Stream, text: &str) {
        match stream {
            Stream::Out => self.data(text),
            Stream::Err => talk(text),
        }
    }

    /// Says a line on standard error.
    pub fn say(&mut self, line: &str) {
        talk(&format!("{line}\n"));
    }

    /// Why standard output took no more, unless its reader just went away.
    pub fn failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }
}

/// Whether text on this stream is coloured: on a terminal, unless `NO_COLOR` is set and not empty.
#[must_use]
pub fn style(stream: Stream) -> Style {
    let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    if wanted && is_terminal(stream) { Style::Coloured } else { Style::Plain }
}

/// How wide the terminal is, as far as `COLUMNS` says; 100 where it says nothing.
#[must_use]
pub fn columns() -> usize {
    let said = std::env::var_os("COLUMNS").and_then(|columns| columns.to_str()?.parse().ok());
    said.filter(|columns| *columns > 0).unwrap_or(100)
}

/// Whether a person reads this stream.
#[must_use]
pub fn is_terminal(stream: Stream) -> bool {
    match stream {
        Stream::Out => io::stdout().is_terminal(),
        Stream::Err => io::stderr().is_terminal(),
    }
}

/// Writes on standard error. Where that fails there is nobody left to tell.
fn talk(text: &str) {
    let mut err = io::stderr().lock();
    let _ = err.write_all(text.as_bytes());
}
