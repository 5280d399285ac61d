//! The log of a directory: files of frames, and a lock that one process holds.
//!
//! `log/00000000000000000001.log` holds the entries from position 1 on. A new file is begun when one is long enough. A last
//! frame that is not whole was never answered for, and is cut off and told; damage before it stops the opening with its
//! place.
//! Is not: read while it is written.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use crate::base::limits::{LOG_SEGMENT_BYTES, SNAPSHOT_ENTRIES};
use crate::diag::code::Code;
use crate::host::log::encode::FORMAT;
use crate::host::log::frame::Mark;
use crate::host::log::snapshot::{self, Newest, Snapshot};
use crate::host::log::{Log, Trouble, frame};
use crate::host::secret;

/// What every file of a log begins with; the version of the format, the mark of its frames and a checksum are behind it.
const MAGIC: &[u8; 8] = b"LabanLog";
/// Bytes before the first frame of a file.
pub(super) const START: usize = 8 + 4 + frame::MARK + SUM;
/// Bytes of the checksum of those.
const SUM: usize = 8;
/// What a file of entries is called.
pub(super) const SEGMENT: &str = "log";

/// The log of a directory, open for appending.
#[derive(Debug)]
pub struct Segments {
    directory: PathBuf,
    /// Held, and so is the lock.
    lock: Arc<File>,
    file: File,
    /// The mark of its frames.
    mark: Mark,
    /// Bytes of the file that are whole.
    len: u64,
    /// The position of the first entry of the file.
    first: u64,
    /// The position after the last entry.
    next: u64,
    lengths: Lengths,
    sealed: Option<Sender<u64>>,
}

/// Tells which files are no longer written to. The directory stays locked while somebody has this.
#[derive(Debug)]
pub struct Sealed {
    pub(super) told: Receiver<u64>,
    _lock: Arc<File>,
}

/// When another file is begun.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lengths {
    /// A file has so many bytes,
    pub bytes: u64,
    /// or so many entries.
    pub entries: u64,
}

impl Default for Lengths {
    fn default() -> Self {
        Self { bytes: LOG_SEGMENT_BYTES, entries: SNAPSHOT_ENTRIES }
    }
}

/// What a directory held when its log was opened.
#[derive(Debug, Default)]
pub struct Held {
    /// What the entries before those of the batches have led to.
    pub snapshot: Option<Snapshot>,
    /// Batches: the position of their first entry, and their bytes.
    pub batches: Vec<(u64, Vec<u8>)>,
    /// What was cut off at the end, to be told.
    pub torn: Option<String>,
    /// Snapshots that are damaged, and were moved aside.
    pub damaged: Vec<Trouble>,
}

impl Segments {
    /// Opens the log in `directory`, which is made if it is not there.
    ///
    /// # Errors
    /// Another process has it (E0605), it is damaged before its end (E0601), it is of another version (E0604), or the
    /// system does not let it be read or written (E0603).
    pub fn open(directory: &Path) -> Result<(Self, Held), Trouble> {
        Self::open_with(directory, Lengths::default())
    }

    /// The same with files of another length.
    ///
    /// # Errors
    /// As those of [`Self::open`].
    pub fn open_with(directory: &Path, lengths: Lengths) -> Result<(Self, Held), Trouble> {
        let system = |error: io::Error| unwritable(directory, &error);
        fs::create_dir_all(directory).map_err(system)?;
        let lock = locked(directory)?;
        for (_, begun) in files(directory, snapshot::BEGUN).map_err(system)? {
            fs::remove_file(begun).map_err(system)?;
        }
        let Newest { found, damaged } = snapshot::newest(directory)?;
        let mut next = found.as_ref().map_or(1, |found| found.next);
        let mut held = Held { snapshot: found, ..Held::default() };
        let files = between(directory, next, u64::MAX).map_err(system)?;
        let mut open = None;
        for (number, (first, path)) in files.iter().enumerate() {
            let bytes = fs_read(path).map_err(system)?;
            let last = number + 1 == files.len();
            let read = read_segment(path, &bytes, (*first, last))?;
            if !follows(number, *first, next) {
                return Err(damaged
                    .first()
                    .map_or_else(|| gap(path, *first, next), |(_, trouble)| needed(trouble)));
            }
            for frame in &read.frames {
                if frame.first < next {
                    continue;
                }
                let after = frame.first + u64::from(frame.entries);
                held.batches.push((frame.first, frame.batch.to_vec()));
                next = after;
            }
            if last {
                held.torn = read.torn;
                open = Some((path.clone(), *first, read.whole));
            }
        }
        if let Some((_, trouble)) = damaged.first().filter(|_| next == 1) {
            return Err(needed(trouble));
        }
        let (Open { file, mark, len }, first) = match open {
            Some((path, first, whole)) => (reopened(&path, whole).map_err(system)?, first),
            None => (begun(directory, next).map_err(system)?, next),
        };
        for (path, trouble) in damaged {
            fs::rename(&path, free(&path)).map_err(system)?;
            held.damaged.push(trouble);
        }
        let directory = directory.to_owned();
        let segments =
            Self { directory, lock: Arc::new(lock), file, mark, len, first, next, lengths, sealed: None };
        Ok((segments, held))
    }

    /// Tells from which position on entries go to another file, each time that one is begun; and now.
    pub fn sealed(&mut self) -> Sealed {
        let (tell, told) = channel();
        let _ = tell.send(self.first);
        self.sealed = Some(tell);
        Sealed { told, _lock: self.lock.clone() }
    }

    /// The position that the next entry has.
    #[must_use]
    pub const fn next(&self) -> u64 {
        self.next
    }

    /// Writes one frame and waits until it is on the disk.
    fn write(&mut self, first: u64, entries: u32, batch: &[u8]) -> io::Result<()> {
        self.file.write_all(&frame::head(&self.mark, first, entries, batch))?;
        self.file.write_all(batch)?;
        self.file.sync_data()
    }
}

impl Log for Segments {
    fn append(&mut self, first: u64, entries: u32, batch: &[u8]) -> io::Result<()> {
        if self.len >= self.lengths.bytes || first - self.first >= self.lengths.entries {
            Open { file: self.file, mark: self.mark, len: self.len } = begun(&self.directory, first)?;
            self.first = first;
            if let Some(sealed) = &self.sealed {
                let _ = sealed.send(first);
            }
        }
        if let Err(error) = self.write(first, entries, batch) {
            // What was begun is taken back, so that the next try stands where this one stood.
            let _ = self.file.set_len(self.len);
            let _ = io::Seek::seek(&mut self.file, io::SeekFrom::Start(self.len));
            return Err(error);
        }
        self.len += (frame::HEAD + batch.len()) as u64;
        self.next = first + u64::from(entries);
        Ok(())
    }
}

/// What one file holds.
struct Read<'a> {
    frames: Vec<frame::Frame<'a>>,
    /// Bytes that are whole.
    whole: u64,
    torn: Option<String>,
}

/// What the bytes of one file are, before anything is said of it.
pub(super) struct Scan<'a> {
    /// What is whole at its beginning.
    pub(super) frames: Vec<frame::Frame<'a>>,
    /// Bytes that are whole.
    pub(super) whole: usize,
    pub(super) end: End,
}

/// How what is whole in a file ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum End {
    /// With the file.
    Whole,
    /// The file was begun, and nothing was said in it.
    Begun,
    /// It does not begin as a log does.
    NoLog,
    /// It is of another format.
    Format(u32),
    /// Bytes follow that are no frame; and nothing behind them is one.
    Torn,
    /// Bytes follow that are no frame, and whole ones behind them: the first is so many bytes further.
    Damaged(usize),
}

/// Whether a file that begins with this entry can be the so-manieth, where that entry is to come. Only the first one may
/// have entries that a snapshot stands for.
pub(super) const fn follows(number: usize, first: u64, next: u64) -> bool {
    first == next || (number == 0 && first < next)
}

/// Looks at the bytes of the file whose first entry has this position.
pub(super) fn scan(bytes: &[u8], first: u64) -> Scan<'_> {
    let mut scan = Scan { frames: Vec::new(), whole: 0, end: End::Whole };
    if bytes.len() < START && MAGIC.iter().zip(bytes).all(|(expected, have)| expected == have) {
        scan.end = End::Begun;
        return scan;
    }
    let format = bytes.strip_prefix(MAGIC).and_then(|rest| rest.first_chunk::<4>());
    let format = format.map(|format| u32::from_le_bytes(*format));
    // Only a head that is whole says which format it is.
    let mark = match format {
        Some(format) if format != FORMAT && mark(bytes, format).is_some() => {
            scan.end = End::Format(format);
            return scan;
        }
        Some(FORMAT) => mark(bytes, FORMAT),
        _ => None,
    };
    let Some(mark) = mark else {
        scan.end = End::NoLog;
        return scan;
    };
    scan.whole = START;
    let mut next = first;
    while let Some(rest) = bytes.get(scan.whole..).filter(|rest| !rest.is_empty()) {
        if let Some(frame) = frame::read(&mark, rest) {
            if frame.first != next {
                // Whole, and not where it belongs.
                scan.end = End::Damaged(0);
                break;
            }
            next += u64::from(frame.entries);
            scan.whole += frame.len();
            scan.frames.push(frame);
            continue;
        }
        let behind = rest.get(1..).and_then(|rest| frame::find(&mark, rest));
        scan.end = behind.map_or(End::Torn, |at| End::Damaged(at + 1));
        break;
    }
    scan
}

fn read_segment<'a>(path: &Path, bytes: &'a [u8], (first, last): (u64, bool)) -> Result<Read<'a>, Trouble> {
    let Scan { frames, whole, end } = scan(bytes, first);
    let read = Read { frames, whole: whole as u64, torn: None };
    let shown = path.display();
    match end {
        End::Whole => Ok(read),
        End::Begun if last => Ok(read),
        End::Begun | End::NoLog => Err(no_log(path)),
        End::Format(have) => Err(other_format(path, have)),
        End::Torn if last => {
            let rest = bytes.len() - whole;
            let torn = Some(format!(
                "{rest} bytes at the end of `{shown}` are not whole, and were cut off and kept beside it"
            ));
            Ok(Read { torn, ..read })
        }
        End::Torn | End::Damaged(_) => Err(damaged(path, whole)),
    }
}

/// A file that does not begin as a log does.
pub(super) fn no_log(path: &Path) -> Trouble {
    let reason = format!("`{}` is damaged at byte 0: it does not begin as a log does", path.display());
    Trouble::new(Code::E0601, reason)
}

/// A file of another version.
pub(super) fn other_format(path: &Path, have: u32) -> Trouble {
    let reason = format!("`{}` is of format {have}; this engine reads format {FORMAT}", path.display());
    Trouble::new(Code::E0604, reason)
}

/// A file that is damaged behind so many bytes.
pub(super) fn damaged(path: &Path, at: usize) -> Trouble {
    let reason = format!(
        "`{}` is damaged at byte {at}, and what stands behind it was answered for; `laban log check` says what can be saved",
        path.display()
    );
    Trouble::new(Code::E0601, reason)
}

/// Entries that are missing before a file.
pub(super) fn gap(path: &Path, first: u64, next: u64) -> Trouble {
    let shown = path.display();
    let reason = match first > next {
        true => format!("`{shown}` begins with entry {first}, but entry {next} is missing before it"),
        false => format!("`{shown}` begins with entry {first}, which stands before it too"),
    };
    Trouble::new(Code::E0601, reason)
}

/// A path with more behind its name.
fn beside(path: &Path, more: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(more);
    PathBuf::from(name)
}

/// A damaged snapshot without which the log has no beginning.
pub(super) fn needed(trouble: &Trouble) -> Trouble {
    let reason = format!("{}, and the entries before it are in no file any more", trouble.reason);
    Trouble::new(Code::E0601, reason)
}

/// The files that have entries from one position to before another, in order.
pub(super) fn between(directory: &Path, from: u64, until: u64) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut files = files(directory, SEGMENT)?;
    let before = files.partition_point(|(first, _)| *first <= from).saturating_sub(1);
    files.drain(..before);
    files.retain(|(first, _)| *first < until);
    Ok(files)
}

/// Files of a directory that are named by a position and have this extension, in order.
#[expect(clippy::disallowed_methods, reason = "this is the layer that reads the log's directory")]
pub(super) fn files(directory: &Path, extension: &str) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let position = path.file_stem().and_then(OsStr::to_str).and_then(|stem| stem.parse().ok());
        if let Some(position) = position.filter(|_| path.extension() == Some(OsStr::new(extension))) {
            found.push((position, path));
        }
    }
    found.sort();
    Ok(found)
}

#[expect(clippy::disallowed_methods, reason = "this is the layer that reads the log")]
pub(super) fn fs_read(path: &Path) -> io::Result<Vec<u8>> {
    regular(path)?;
    fs::read(path)
}

/// A pipe or a device could block for ever when it is opened.
fn regular(path: &Path) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(data) if !data.is_file() => {
            Err(io::Error::new(io::ErrorKind::InvalidInput, format!("`{}` is no file", path.display())))
        }
        _ => Ok(()),
    }
}

/// Locks the log of a directory, which is made if it is not there; whether it holds something.
pub(super) fn hold(directory: &Path) -> Result<(File, bool), Trouble> {
    let system = |error: io::Error| unwritable(directory, &error);
    fs::create_dir_all(directory).map_err(system)?;
    let lock = locked(directory)?;
    Ok((lock, !files(directory, SEGMENT).map_err(system)?.is_empty()))
}

pub(super) fn locked(directory: &Path) -> Result<File, Trouble> {
    let path = directory.join("lock");
    regular(&path).map_err(|error| unwritable(directory, &error))?;
    let lock = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
    let lock = lock.map_err(|error| unwritable(directory, &error))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(fs::TryLockError::WouldBlock) => {
            let reason = format!("another engine is at work in `{}`", directory.display());
            Err(Trouble::new(Code::E0605, reason))
        }
        Err(fs::TryLockError::Error(error)) => Err(unwritable(directory, &error)),
    }
}

/// A file that is appended to.
struct Open {
    file: File,
    mark: Mark,
    len: u64,
}

/// The mark of the frames of a file of this format; none where its head is damaged there.
pub(super) fn mark(bytes: &[u8], format: u32) -> Option<Mark> {
    let rest = bytes.get(START - SUM - frame::MARK..)?;
    let (mark, rest) = rest.split_first_chunk::<{ frame::MARK }>()?;
    (rest.first_chunk::<SUM>()? == &sum(format, mark)).then_some(*mark)
}

/// The checksum of the head of a file with this mark.
pub(super) fn sum(format: u32, mark: &Mark) -> [u8; SUM] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(MAGIC).update(&format.to_le_bytes()).update(mark);
    let mut sum = [0; SUM];
    hasher.finalize_xof().fill(&mut sum);
    sum
}

/// A file whose end is cut off at what is whole, to be appended to.
fn reopened(path: &Path, whole: u64) -> io::Result<Open> {
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    if whole < START as u64 {
        file.set_len(0)?;
        return started(file);
    }
    let mut head = [0; START];
    file.read_exact(&mut head)?;
    let mark = mark(&head, FORMAT).ok_or(io::ErrorKind::InvalidData)?;
    keep_rest(path, whole)?;
    file.set_len(whole)?;
    file.sync_all()?;
    io::Seek::seek(&mut file, io::SeekFrom::End(0))?;
    Ok(Open { file, mark, len: whole })
}

/// Keeps what stands behind so many bytes of a file beside it; where, if there is something.
pub(super) fn keep_rest(path: &Path, whole: u64) -> io::Result<Option<PathBuf>> {
    let bytes = fs_read(path)?;
    let Some(rest) = bytes.get(whole as usize..).filter(|rest| !rest.is_empty()) else { return Ok(None) };
    let aside = free(path);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
    file.write_all(rest)?;
    file.sync_all()?;
    if let Some(directory) = path.parent() {
        sync_directory(directory)?;
    }
    Ok(Some(aside))
}

/// A name for what is cut off of a file: one that nothing has.
pub(super) fn free(path: &Path) -> PathBuf {
    let name = |number: u32| match number {
        1 => beside(path, ".cut"),
        _ => beside(path, &format!(".{number}.cut")),
    };
    let names = (1..u32::MAX).map(name);
    names.into_iter().find(|name| !name.exists()).unwrap_or_else(|| name(1))
}

/// A new file whose first entry will have this position.
fn begun(directory: &Path, first: u64) -> io::Result<Open> {
    let path = directory.join(format!("{first:020}.log"));
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    let started = started(file)?;
    sync_directory(directory)?;
    Ok(started)
}

fn started(mut file: File) -> io::Result<Open> {
    let mark = secret::drawn::<{ frame::MARK }>()?;
    file.write_all(MAGIC)?;
    file.write_all(&FORMAT.to_le_bytes())?;
    file.write_all(&mark)?;
    file.write_all(&sum(FORMAT, &mark))?;
    file.sync_all()?;
    Ok(Open { file, mark, len: START as u64 })
}

/// Has the names in a directory be on the disk.
#[expect(clippy::disallowed_methods, reason = "this is the layer that writes the log's directory")]
pub(super) fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

pub(super) fn unwritable(directory: &Path, error: &io::Error) -> Trouble {
    Trouble::new(Code::E0603, format!("the log in `{}` cannot be used: {error}", directory.display()))
}
