//! What a log holds and where it is damaged, told without changing anything; and cutting it there.
//!
//! In goes the directory of a log at which no engine works; out comes a [`Finding`]. [`repair`] cuts at the first damage
//! and keeps what it cuts beside the log (`….cut`), so that nothing is ever thrown away here.
//! Is not: a way to go on behind damage. What stands there may follow from what is lost.

use std::fs::{self, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::diag::code::Code;
use crate::host::log::segments::{self, End, Scan, follows, scan};
use crate::host::log::snapshot::{self, Newest};
use crate::host::log::{Trouble, encode, frame};

/// What a log holds.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Finding {
    /// Entries that a snapshot stands for.
    pub snapshot: u64,
    /// Snapshots that are damaged, and without which an engine starts as well.
    pub spare: Vec<Trouble>,
    /// How many files have the entries behind it.
    pub files: usize,
    /// How many bytes they are.
    pub bytes: u64,
    /// How many entries are whole and in order: those with which an engine starts.
    pub entries: u64,
    /// Where that ends before the log does.
    pub damage: Option<Damage>,
}

/// Where a log is not whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Damage {
    /// In which file.
    pub file: PathBuf,
    /// At which byte.
    pub at: u64,
    /// What is wrong: E0601; or E0602, an end that was never answered for and that the next start cuts off.
    pub trouble: Trouble,
    /// What stands behind it.
    pub behind: Behind,
}

/// What stands behind damage.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Behind {
    /// Entries that are whole.
    pub whole: u64,
    /// Entries that are certainly damaged or missing, because whole ones stand behind them.
    pub damaged: u64,
    /// Whether there may have been more, of which nobody can tell how many.
    pub more: bool,
}

/// What was cut off.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cut {
    /// How the log was.
    pub before: Finding,
    /// How many entries are left.
    pub left: u64,
    /// The files that hold what was cut off; none if nothing was.
    pub kept: Vec<PathBuf>,
}

/// Looks at the log in `directory`, and changes nothing.
///
/// # Errors
/// There is none (E0603), an engine is at work (E0605), a file is of another version (E0604), or the system does not let it
/// be read (E0603).
pub fn check(directory: &Path) -> Result<Finding, Trouble> {
    let lock = directory.join("lock");
    if let Ok(lock) = OpenOptions::new().read(true).open(lock)
        && matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock))
    {
        // It is let go at once: whoever wants to start meanwhile may.
        return Err(busy(directory));
    }
    Ok(Survey::of(directory)?.finding)
}

/// Cuts the log in `directory` at its first damage, and keeps what it cuts beside it.
///
/// # Errors
/// As those of [`check`], or the system does not let it be written (E0603). The log is then no worse than it was.
pub fn repair(directory: &Path) -> Result<Cut, Trouble> {
    if !directory.is_dir() {
        return Err(nothing(directory));
    }
    let lock = segments::locked(directory);
    let _lock =
        lock.map_err(|trouble| if trouble.code == Code::E0605 { busy(directory) } else { trouble })?;
    let first = Survey::of(directory)?;
    let (before, mut survey) = (first.finding.clone(), first);
    let mut kept = Vec::new();
    // What is left may begin at an older snapshot, in a file that did not matter before.
    while let Some(damage) = &survey.finding.damage {
        let done = cut(directory, &survey.cut, damage.at, &mut kept);
        done.map_err(|error| segments::unwritable(directory, &error))?;
        survey = Survey::of(directory)?;
    }
    Ok(Cut { before, left: survey.finding.entries, kept })
}

/// Cuts the first of these files at a byte, and moves those behind it aside. Wherever it is stopped, what is left has damage
/// that is found again.
fn cut(directory: &Path, files: &[(u64, PathBuf)], at: u64, kept: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut whole = files;
    if let Some(((_, path), behind)) = files.split_first().filter(|_| at > 0) {
        kept.extend(segments::keep_rest(path, at)?);
        let file = OpenOptions::new().write(true).open(path)?;
        file.set_len(at)?;
        file.sync_all()?;
        whole = behind;
    }
    for (_, path) in whole {
        let aside = segments::free(path);
        fs::rename(path, &aside)?;
        kept.push(aside);
    }
    segments::sync_directory(directory)
}

/// What a look gives.
struct Survey {
    finding: Finding,
    /// The files of the log from the damaged one on.
    cut: Vec<(u64, PathBuf)>,
}

impl Survey {
    fn of(directory: &Path) -> Result<Self, Trouble> {
        let system = |error: io::Error| segments::unwritable(directory, &error);
        if !directory.is_dir() {
            return Err(nothing(directory));
        }
        let Newest { found, damaged } = snapshot::newest(directory)?;
        let mut next = found.map_or(1, |found| found.next);
        let files = segments::between(directory, next, u64::MAX).map_err(system)?;
        let finding =
            Finding { files: files.len(), entries: next - 1, snapshot: next - 1, ..Finding::default() };
        let mut survey = Self { finding, cut: Vec::new() };
        if files.first().is_none_or(|(first, _)| *first > next)
            && next == 1
            && let Some((path, trouble)) = damaged.first()
        {
            // Nothing goes on without it; all of it is moved aside.
            let trouble = segments::needed(trouble);
            let behind = Behind { more: true, ..Behind::default() };
            survey.finding.damage = Some(Damage { file: path.clone(), at: 0, trouble, behind });
            let snapshots = segments::files(directory, snapshot::SNAPSHOT).map_err(system)?;
            survey.cut = snapshots.into_iter().chain(files).collect();
            return Ok(survey);
        }
        survey.finding.spare = damaged.into_iter().map(|(_, trouble)| trouble).collect();
        for (number, (first, path)) in files.iter().enumerate() {
            let bytes = segments::fs_read(path).map_err(system)?;
            survey.finding.bytes += bytes.len() as u64;
            if let Some(damage) = &mut survey.finding.damage {
                next = damage.behind.count(&bytes, &bytes, next);
                continue;
            }
            let begins = (path.as_path(), *first, (number, number + 1 == files.len()));
            let (after, damage) = looked(begins, &bytes, next)?;
            (survey.finding.entries, next) = (after - 1, after);
            if let Some(mut damage) = damage {
                let rest = bytes.get(damage.at as usize..).unwrap_or_default();
                next = damage.behind.count(&bytes, rest, next);
                survey.finding.damage = Some(damage);
                survey.cut = files.get(number..).unwrap_or_default().to_vec();
            }
        }
        Ok(survey)
    }
}

/// Looks at one file, its name's position, the how-manieth and whether the last it is, and what should come first in it. Gives the position
/// after what is whole, and where that ends.
fn looked(
    (path, first, (number, last)): (&Path, u64, (usize, bool)),
    bytes: &[u8],
    mut next: u64,
) -> Result<(u64, Option<Damage>), Trouble> {
    let Scan { frames, whole, end } = scan(bytes, first);
    let damage = |at: usize, trouble: Trouble| {
        Some(Damage { file: path.to_owned(), at: at as u64, trouble, behind: Behind::default() })
    };
    if let End::Format(have) = end {
        return Err(segments::other_format(path, have));
    }
    if !follows(number, first, next) {
        return Ok((next, damage(0, segments::gap(path, first, next))));
    }
    let mut at = whole - frames.iter().map(frame::Frame::len).sum::<usize>();
    for frame in &frames {
        if encode::entries(frame.batch).is_err() {
            let reason = format!(
                "`{}` cannot be read at byte {at}: its entries are none of this engine's",
                path.display()
            );
            return Ok((next, damage(at, Trouble::new(Code::E0601, reason))));
        }
        next = next.max(frame.first + u64::from(frame.entries));
        at += frame.len();
    }
    let rest = bytes.len() - whole;
    let found = match end {
        End::Whole | End::Format(_) => None,
        End::Begun if last => None,
        End::Begun | End::NoLog => damage(0, segments::no_log(path)),
        End::Torn if last => {
            let reason = format!("{rest} bytes at the end of `{}` are not whole", path.display());
            damage(whole, Trouble::new(Code::E0602, reason))
        }
        End::Torn | End::Damaged(_) => damage(whole, segments::damaged(path, whole)),
    };
    Ok((next, found))
}

impl Behind {
    /// Counts what is whole in some bytes of a file, behind damage; `next` is the position that comes next. Gives the one after them.
    fn count(&mut self, file: &[u8], mut bytes: &[u8], mut next: u64) -> u64 {
        let mark = segments::mark(file, encode::FORMAT);
        while let Some((mark, at)) = mark.and_then(|mark| Some((mark, frame::find(&mark, bytes)?))) {
            let Some(rest) = bytes.get(at..) else { break };
            let Some(frame) = frame::read(&mark, rest) else { break };
            let after = frame.first + u64::from(frame.entries);
            self.damaged += frame.first.saturating_sub(next);
            self.whole += after.saturating_sub(next.max(frame.first));
            next = next.max(after);
            // What was damaged before it is counted by positions.
            self.more = false;
            bytes = rest.get(frame.len()..).unwrap_or_default();
        }
        self.more |= !bytes.is_empty();
        next
    }
}

fn busy(directory: &Path) -> Trouble {
    let reason =
        format!("an engine is at work in `{}`; stop it before its log is looked at", directory.display());
    Trouble::new(Code::E0605, reason)
}

fn nothing(directory: &Path) -> Trouble {
    let reason =
        format!("there is no log in `{}`; an engine makes it at its first start", directory.display());
    Trouble::new(Code::E0603, reason)
}
