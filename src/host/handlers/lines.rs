//! Lines of bounded length out of a stream.
//!
//! Is not: a judge of what they say.

use std::io;

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _};

/// What was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Line {
    /// A line, or what stood at the end without one.
    Whole,
    /// The beginning of a line that is longer; what follows is its rest.
    Cut,
    /// Nothing: the stream has ended.
    End,
}

/// Reads the next line into `line`, at most `most` bytes of it, without the mark at its end.
///
/// # Errors
/// Those of the stream.
pub(super) async fn next<R: AsyncBufRead + Unpin>(
    reader: &mut R,
    line: &mut Vec<u8>,
    most: usize,
) -> io::Result<Line> {
    line.clear();
    loop {
        let available = reader.fill_buf().await?;
        if available.is_empty() {
            return Ok(if line.is_empty() { Line::End } else { Line::Whole });
        }
        let end = available.iter().position(|byte| *byte == b'\n');
        let part = available.get(..end.unwrap_or(available.len())).unwrap_or_default();
        let room = most.saturating_sub(line.len());
        if part.len() > room {
            line.extend_from_slice(part.get(..room).unwrap_or_default());
            reader.consume(room);
            return Ok(Line::Cut);
        }
        line.extend_from_slice(part);
        let used = part.len() + usize::from(end.is_some());
        reader.consume(used);
        if end.is_some() {
            return Ok(Line::Whole);
        }
    }
}
