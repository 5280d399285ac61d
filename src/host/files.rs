//! Files and directories: which sources a user means, their text, and rewriting them whole or not at all.
//!
//! What cannot be read is a value with a code (`pipeline::Unread`), never a crash and never skipped.
//! Is not: a judge of what is in the files.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use crate::base::limits::{NAME_BYTES_MAX, SOURCE_BYTES_MAX};
use crate::diag::code::Code;
use crate::pipeline::{Root, Unread};

/// Directories inside each other; a search goes no deeper.
const DEPTH_MAX: usize = 64;

/// The sources under these paths (the current directory if there are none), in order, each once, with their texts.
#[must_use]
pub fn roots(paths: &[PathBuf]) -> Vec<Root> {
    let here = [PathBuf::from(".")];
    let paths = if paths.is_empty() { &here } else { paths };
    let mut files = Vec::new();
    for path in paths {
        find(path, &mut files);
    }
    let mut seen = BTreeSet::new();
    files.retain(|file| seen.insert(file.clone()));
    files.iter().map(|file| Root { name: name(file), text: text(file) }).collect()
}

/// The text of a path; `-` is standard input. A byte order mark at its head is left out.
///
/// # Errors
/// With a code and a reason, if there is no text; or if it is a key or a token, which no excerpt may show.
pub fn text(path: &Path) -> Result<String, Unread> {
    let text = secret(path)?;
    if is_secret(&text) {
        return Err(Unread::new(Code::E0053, "it holds a key or a token".to_owned()));
    }
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

/// Whether a text is nothing but keys and tokens: words of 64 digits, or of more letters than a name has.
fn is_secret(text: &str) -> bool {
    let is_key = |word: &str| word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'=' | b'+' | b'/');
    let is_token = |word: &str| word.len() > NAME_BYTES_MAX / 2 && word.bytes().all(letter);
    let mut words = text.split_whitespace().peekable();
    words.peek().is_some() && words.all(|word| is_key(word) || is_token(word))
}

/// The text of a path as it is, for whoever shows nothing of it; `-` is standard input.
///
/// # Errors
/// With a code and a reason, if there is no text.
pub fn secret(path: &Path) -> Result<String, Unread> {
    let bytes = if is_stdin(path) { bounded(io::stdin().lock()) } else { regular(path) };
    let bytes = bytes.map_err(|error| Unread::new(Code::E0053, reason(&error)))?;
    if bytes.len() > SOURCE_BYTES_MAX {
        let most = SOURCE_BYTES_MAX >> 20;
        return Err(Unread::new(Code::E0052, format!("it is longer than {most} MiB")));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let shown = String::from_utf8_lossy(error.as_bytes()).into_owned();
        Unread { code: Code::E0051, reason: "it is not UTF-8 text".to_owned(), shown, at }
    })
}

/// Whether the path means standard input.
#[must_use]
pub fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Replaces a file whole or not at all: writes a new file beside it, with its permissions, and renames that.
///
/// # Errors
/// What the file system says. The file is then as it was.
pub fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    // A symbolic link stays one: what it points to is replaced.
    let path = fs::canonicalize(path)?;
    let mut beside = path.clone().into_os_string();
    beside.push(format!(".{}.tmp", std::process::id()));
    let beside = PathBuf::from(beside);
    let done = (|| {
        let mut file = fs::OpenOptions::new().write(true).create_new(true).open(&beside)?;
        file.write_all(text)?;
        file.set_permissions(fs::metadata(&path)?.permissions())?;
        file.sync_all()?;
        fs::rename(&beside, &path)
    })();
    if done.is_err() {
        let _ = fs::remove_file(&beside);
    }
    done
}

/// Writes a file, whether it is there or not.
///
/// # Errors
/// What the file system says.
#[expect(clippy::disallowed_methods, reason = "this is the layer that writes files")]
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    fs::write(path, bytes)
}

/// What an error of the file system means, in lower case.
#[must_use]
pub fn reason(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "there is no such file".to_owned(),
        ErrorKind::Unsupported if error.get_ref().is_some() => error.to_string(),
        kind if error.raw_os_error().is_some() && kind.to_string() != "uncategorized error" => {
            kind.to_string()
        }
        _ => error.to_string(),
    }
}

/// Adds the path, or every `*.choreo` under it; sorted by name; a directory met twice is searched once.
fn find(path: &Path, files: &mut Vec<PathBuf>) {
    if is_stdin(path) || !path.is_dir() {
        files.push(path.to_owned());
        return;
    }
    let mut seen = BTreeSet::new();
    let mut left = vec![(path.to_owned(), 0)];
    let mut found = Vec::new();
    while let Some((directory, depth)) = left.pop() {
        // The real path of a directory tells a loop of symbolic links.
        let real = fs::canonicalize(&directory).unwrap_or_else(|_| directory.clone());
        if depth > DEPTH_MAX || !seen.insert(real) {
            continue;
        }
        let Some(entries) = entries(&directory) else {
            found.push(directory);
            continue;
        };
        for entry in entries {
            if entry.is_dir() {
                left.push((entry, depth + 1));
            } else if entry.extension().is_some_and(|extension| extension == "choreo") {
                found.push(entry);
            }
        }
    }
    found.sort();
    files.extend(found);
}

/// What is in a directory, but for hidden names; none if it cannot be read.
#[expect(clippy::disallowed_methods, reason = "this is the layer that reads directories")]
fn entries(directory: &Path) -> Option<Vec<PathBuf>> {
    let shown =
        |path: &PathBuf| path.file_name().is_some_and(|name| !name.to_string_lossy().starts_with('.'));
    let mut entries: Vec<PathBuf> = fs::read_dir(directory)
        .ok()?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(shown)
        .collect();
    entries.sort();
    entries.reverse();
    Some(entries)
}

/// Replaces a file whole or not at all, or makes it.
///
/// # Errors
/// What the file system says. The file is then as it was.
pub fn put(path: &Path, text: &[u8]) -> io::Result<()> {
    if path.exists() { replace(path, text) } else { create(path, text) }
}

/// Makes a file that may not be there yet; where that fails it is not there.
///
/// # Errors
/// What the file system says; that it is there already, too.
pub fn create(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(path)?;
    let written = file.write_all(text).and_then(|()| file.sync_all());
    if written.is_err() {
        let _ = fs::remove_file(path);
    }
    written
}

/// How a path is shown: `./a/b` is `a/b`.
#[must_use]
pub fn name(path: &Path) -> String {
    let text = path.to_string_lossy();
    text.strip_prefix("./").filter(|rest| !rest.is_empty()).unwrap_or(&text).to_owned()
}

/// The bytes of a regular file, at most one more than a source may have.
#[expect(clippy::disallowed_methods, reason = "this is the layer that reads files")]
fn regular(path: &Path) -> io::Result<Vec<u8>> {
    // A pipe or a device could block for ever when opened: they are refused unopened.
    let kind = fs::metadata(path)?;
    if kind.is_dir() {
        return Err(io::Error::new(ErrorKind::Unsupported, "it is a directory"));
    }
    if !kind.is_file() {
        return Err(io::Error::new(ErrorKind::Unsupported, "it is not a regular file"));
    }
    bounded(fs::File::open(path)?)
}

/// Reads at most one byte more than a source may have.
fn bounded(reader: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(SOURCE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
