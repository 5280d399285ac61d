//! The bytes of entries: each with its time, in `postcard`, one after another.
//!
//! The order of the fields and variants of `node::entry` is the format; a test holds it, and changing it makes a new
//! [`FORMAT`].

use crate::base::time::Instant;
use crate::node::Node;
use crate::node::entry::Entry;

/// The version of what logs hold.
pub const FORMAT: u32 = 1;

/// Adds an entry to a batch.
///
/// # Errors
/// What the serializer says; the batch is as it was.
pub fn add(batch: &mut Vec<u8>, now: Instant, entry: &Entry) -> Result<(), postcard::Error> {
    let before = batch.len();
    let done = postcard::to_io(&(now, entry), &mut *batch);
    if let Err(error) = done {
        batch.truncate(before);
        return Err(error);
    }
    Ok(())
}

/// The bytes of an entry without its time, for [`add_encoded`].
///
/// # Errors
/// What the serializer says.
pub fn encoded(entry: &Entry) -> Result<Vec<u8>, postcard::Error> {
    postcard::to_allocvec(entry)
}

/// Adds an entry that was encoded before.
///
/// # Errors
/// What the serializer says.
pub fn add_encoded(batch: &mut Vec<u8>, now: Instant, encoded: &[u8]) -> Result<(), postcard::Error> {
    postcard::to_io(&now, &mut *batch)?;
    batch.extend_from_slice(encoded);
    Ok(())
}

/// The entries of a batch.
///
/// # Errors
/// The bytes are of something else.
pub fn entries(mut batch: &[u8]) -> Result<Vec<(Instant, Entry)>, postcard::Error> {
    let mut entries = Vec::new();
    while !batch.is_empty() {
        let (entry, rest) = postcard::take_from_bytes(batch)?;
        entries.push(entry);
        batch = rest;
    }
    Ok(entries)
}

/// Has a node take the entries of a batch, and drops what comes of them: it has left before. Gives their number.
///
/// # Errors
/// The bytes are of something else; the node has taken nothing.
pub fn replay(node: &mut Node, batch: &[u8]) -> Result<u64, postcard::Error> {
    let entries = entries(batch)?;
    let count = entries.len() as u64;
    for (now, entry) in entries {
        let _ = node.apply(now, entry);
        while node.poll_order().is_some() || node.poll_news().is_some() || node.poll_said().is_some() {}
    }
    Ok(count)
}
