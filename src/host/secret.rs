//! Secrets of a directory: files that only their owner can read, made at the first start.
//!
//! Is not: shown. Nothing here ever comes into a log line or a message.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use crate::base::json::hex;

/// Bytes of a token.
const TOKEN_BYTES: usize = 32;

/// A token that lets in. It is not shown, not even by `Debug`.
#[derive(Clone)]
pub struct Token(Arc<str>);

impl Token {
    /// The token of this text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Arc::from(text))
    }

    /// Whether this is it; how long that takes says nothing of where it differs.
    #[must_use]
    pub fn is(&self, given: &str) -> bool {
        blake3::hash(given.as_bytes()) == blake3::hash(self.0.as_bytes())
    }

    /// Its text, for whoever compares it elsewhere.
    #[must_use]
    pub fn text(&self) -> Arc<str> {
        self.0.clone()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

/// The token of the control interface; made if it is not there.
///
/// # Errors
/// What the system says, or that the file holds none.
pub fn token(path: &Path) -> io::Result<String> {
    match read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let token = hex(&drawn::<TOKEN_BYTES>()?);
            write(path, &token)?;
            Ok(token)
        }
        read => read,
    }
}

/// The text of a secret file.
///
/// # Errors
/// What the system says, or that there is nothing in it.
pub fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    OpenOptions::new().read(true).open(path)?.take(4096).read_to_string(&mut text)?;
    let text = text.trim().to_owned();
    if text.is_empty() {
        Err(io::Error::new(io::ErrorKind::InvalidData, "the file is empty"))
    } else {
        Ok(text)
    }
}

/// Bytes that nobody can guess.
///
/// # Errors
/// What the system says.
pub fn drawn<const COUNT: usize>() -> io::Result<[u8; COUNT]> {
    let mut bytes = [0; COUNT];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes)
}

/// Writes a secret: beside, for its owner alone, then by its name.
fn write(path: &Path, secret: &str) -> io::Result<()> {
    let beside = path.with_extension("tmp");
    let _ = fs::remove_file(&beside);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    writeln!(file, "{secret}")?;
    file.sync_all()?;
    fs::rename(&beside, path)
}
