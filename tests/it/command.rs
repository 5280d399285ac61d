//! The built command, run as a user runs it, in a directory of its own.
//!
//! Is not: a test. Paths in what it prints are relative to the directory, so that expectations are exact.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A fresh directory below the target directory, for one test.
pub(crate) struct Place(PathBuf);

/// What a run of the command gave.
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Place {
    /// The empty directory of the test called `name`.
    pub(crate) fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// The path of a file in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes a file in it, with the directories on the way.
    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> &Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// The text of a file in it.
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Runs the command here; arguments are split at spaces.
    pub(crate) fn laban(&self, arguments: &str) -> Ran {
        self.laban_reading(arguments, "")
    }

    /// Runs the command here with this on its standard input.
    pub(crate) fn laban_reading(&self, arguments: &str, input: &str) -> Ran {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // The command may refuse before it has read everything.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        Ran::of(&child.wait_with_output().unwrap())
    }

    /// The command, ready to be started.
    pub(crate) fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_laban"));
        command.current_dir(&self.0).args(arguments.split_whitespace());
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).stdin(Stdio::null());
        command
    }
}

impl Ran {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Self {
            // No status: a signal ended it, which is a crash.
            status: output.status.code().unwrap_or(-1),
            out: text(&output.stdout),
            err: text(&output.stderr),
        }
    }

    /// Checks the exit status; shows everything if it is another.
    #[track_caller]
    pub(crate) fn status(self, expected: i32) -> Self {
        assert_eq!(self.status, expected, "\n--- out\n{}\n--- err\n{}", self.out, self.err);
        self
    }

    /// Checks that standard output holds this.
    #[track_caller]
    pub(crate) fn says(self, expected: &str) -> Self {
        assert!(self.out.contains(expected), "no {expected:?}\n--- out\n{}\n--- err\n{}", self.out, self.err);
        self
    }

    /// Checks that standard error holds this.
    #[track_caller]
    pub(crate) fn talks(self, expected: &str) -> Self {
        assert!(self.err.contains(expected), "no {expected:?}\n--- out\n{}\n--- err\n{}", self.out, self.err);
        self
    }

    /// Checks that standard output is exactly this.
    #[track_caller]
    pub(crate) fn prints(self, expected: &str) -> Self {
        assert_eq!(self.out, expected, "\n--- err\n{}", self.err);
        self
    }
}
