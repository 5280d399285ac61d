//! Snapshots: what the entries before a position have led to, in a file that is whole or not there.
//!
//! `log/00000000000000001234.snapshot` is the state of a node before it takes entry 1234: a head, the state in `postcard`, a
//! checksum of both. Two are kept, so that a damaged one costs a longer start and nothing else.
//! Is not: the truth. That is the log; a snapshot is only what a start would find anyway.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::diag::code::Code;
use crate::host::log::Trouble;
use crate::host::log::segments::{files, fs_read, sync_directory, unwritable};
use crate::node::{FORMAT, Node};

/// What every snapshot begins with, the version of the format behind it.
const MAGIC: &[u8; 8] = b"LabanNod";
/// Bytes before the state: mark, format, position.
const HEAD: usize = 8 + 4 + 8;
/// Bytes of the checksum at the end.
const SUM: usize = 32;

/// What a snapshot is called.
pub(super) const SNAPSHOT: &str = "snapshot";
/// What it is called while it is written.
pub(super) const BEGUN: &str = "new";

/// A node before it takes an entry.
#[derive(Debug)]
pub struct Snapshot {
    /// The position of that entry.
    pub next: u64,
    /// The node.
    pub node: Node,
}

/// The newest snapshot of a directory that is whole, and what is wrong with newer ones.
#[derive(Debug, Default)]
pub(super) struct Newest {
    pub(super) found: Option<Snapshot>,
    pub(super) damaged: Vec<(PathBuf, Trouble)>,
}

/// Writes a snapshot; gives its bytes. One that cannot be written takes no room.
pub(super) fn write(directory: &Path, next: u64, node: &Node) -> io::Result<u64> {
    let path = directory.join(format!("{next:020}.{SNAPSHOT}"));
    let new = path.with_extension(BEGUN);
    let written = begun(&new, next, node);
    if written.is_err() {
        let _ = fs::remove_file(&new);
    }
    let bytes = written?;
    fs::rename(&new, &path)?;
    sync_directory(directory)?;
    Ok(bytes)
}

fn begun(new: &Path, next: u64, node: &Node) -> io::Result<u64> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(new)?;
    let mut out = Summed { file: BufWriter::new(file), sum: blake3::Hasher::new(), bytes: 0 };
    out.write_all(&head(next))?;
    postcard::to_io(node, &mut out).map_err(io::Error::other)?;
    let sum = *out.sum.finalize().as_bytes();
    out.write_all(&sum)?;
    out.file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    Ok(out.bytes)
}

/// Whether a snapshot is on the disk as it was written.
pub(super) fn is_whole(path: &Path) -> io::Result<bool> {
    let bytes = fs_read(path)?;
    Ok(bytes.split_last_chunk::<SUM>().is_some_and(|(whole, sum)| blake3::hash(whole).as_bytes() == sum))
}

/// Reads a snapshot: E0615 if it is damaged, E0604 if it is of another format, E0603 if the system does not let it be read.
pub(super) fn read(path: &Path, next: u64) -> Result<Snapshot, Trouble> {
    let shown = path.display();
    let bytes = fs_read(path);
    let bytes = bytes.map_err(|error| {
        Trouble::new(Code::E0603, format!("the snapshot `{shown}` cannot be read: {error}"))
    })?;
    let damaged =
        |what: &str| Trouble::new(Code::E0615, format!("the snapshot `{shown}` is damaged: {what}"));
    // Only what is whole says which format it is.
    let (whole, sum) = bytes.split_last_chunk::<SUM>().ok_or_else(|| damaged("it is too short"))?;
    if blake3::hash(whole).as_bytes() != sum {
        return Err(damaged("its checksum is another one"));
    }
    let format = bytes.strip_prefix(MAGIC).and_then(|rest| rest.first_chunk::<4>());
    let format = format.map(|format| u32::from_le_bytes(*format));
    if let Some(format) = format.filter(|format| *format != FORMAT) {
        let reason =
            format!("the snapshot `{shown}` is of format {format}; this engine reads format {FORMAT}");
        return Err(Trouble::new(Code::E0604, reason));
    }
    let state = whole.strip_prefix(&head(next)[..]).ok_or_else(|| damaged("it is of another position"))?;
    let node = postcard::from_bytes(state).map_err(|error| damaged(&error.to_string()))?;
    Ok(Snapshot { next, node })
}

/// The newest snapshot of a directory that can be read.
///
/// # Errors
/// One that is newer is of another format (E0604), or the system does not let it be read (E0603).
pub(super) fn newest(directory: &Path) -> Result<Newest, Trouble> {
    let all = files(directory, SNAPSHOT);
    let all = all.map_err(|error| unwritable(directory, &error))?;
    let mut newest = Newest::default();
    for (next, path) in all.into_iter().rev() {
        match read(&path, next) {
            Ok(snapshot) => {
                newest.found = Some(snapshot);
                break;
            }
            Err(trouble) if trouble.code == Code::E0615 => newest.damaged.push((path, trouble)),
            Err(trouble) => return Err(trouble),
        }
    }
    Ok(newest)
}

fn head(next: u64) -> [u8; HEAD] {
    let mut head = [0; HEAD];
    let parts: [&[u8]; 3] = [MAGIC, &FORMAT.to_le_bytes(), &next.to_le_bytes()];
    head.iter_mut().zip(parts.into_iter().flatten()).for_each(|(to, from)| *to = *from);
    head
}

/// A file that is hashed while it is written.
struct Summed {
    file: BufWriter<File>,
    sum: blake3::Hasher,
    bytes: u64,
}

impl Write for Summed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes)?;
        self.sum.update(bytes.get(..count).unwrap_or_default());
        self.bytes += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
