//! `laban new`: a directory that runs at once, from a template.
//!
//! A template is a folder in `templates` here: a protocol, its guard profile, its bindings, a handler in Python and a page
//! that says what to try. The directory appears whole or not at all, and nothing that is there is touched.
//! Is not: a language of its own; templates are copied as they are.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};

use crate::cli::Exit;
use crate::cli::args::{New, Template};
use crate::cli::terminal::Terminal;
use crate::host::files;

/// What a directory begins with: its protocol, and its files by name.
struct Kit {
    protocol: &'static str,
    files: [(&'static str, &'static str); 5],
}

/// The files of a template, all of them named by its protocol, the handler apart.
macro_rules! kit {
    ($protocol:literal, $folder:literal, $handler:literal) => {
        Kit {
            protocol: $protocol,
            files: [
                (
                    concat!($folder, ".choreo"),
                    include_str!(concat!("templates/", $folder, "/", $folder, ".choreo")),
                ),
                (
                    concat!($folder, ".guards.yaml"),
                    include_str!(concat!("templates/", $folder, "/", $folder, ".guards.yaml")),
                ),
                (
                    concat!($folder, ".bindings.yaml"),
                    include_str!(concat!("templates/", $folder, "/", $folder, ".bindings.yaml")),
                ),
                (
                    concat!($handler, ".py"),
                    include_str!(concat!("templates/", $folder, "/", $handler, ".py")),
                ),
                ("README.md", include_str!(concat!("templates/", $folder, "/README.md"))),
            ],
        }
    };
}

impl Template {
    const fn kit(self) -> Kit {
        match self {
            Self::Quorum => kit!("Quorum", "quorum", "members"),
            Self::Request => kit!("Request", "request", "desk"),
            Self::Sync => kit!("Sync", "sync", "store"),
        }
    }
}

/// Makes a directory.
///
/// # Errors
/// It is there already, or cannot be made: then nothing of it is there.
pub fn new(args: &New, terminal: &mut Terminal) -> Result<Exit> {
    let directory = args.directory.as_path();
    let shown = directory.display();
    if directory.symlink_metadata().is_ok() {
        bail!("`{shown}` is there already and stays as it is; name a directory that is not there yet");
    }
    let kit = args.template.kit();
    made(directory, &kit).map_err(|error| anyhow!("`{shown}` cannot be made: {}", files::reason(&error)))?;
    let names: Vec<&str> = kit.files.iter().map(|(name, _)| *name).collect();
    terminal.data(&format!("`{shown}` is made: {}\n", names.join(", ")));
    terminal.data(&format!(
        "next: cd {} && laban serve; then, in a second terminal there: laban start {} --watch\n",
        quoted(directory),
        kit.protocol
    ));
    Ok(Exit::Fine)
}

/// Writes everything beside the place, and moves it there when it is whole.
fn made(directory: &Path, kit: &Kit) -> std::io::Result<()> {
    let above = directory.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(above)?;
    let beside: PathBuf = above.join(format!(".laban-new.{}.tmp", std::process::id()));
    fs::create_dir(&beside)?;
    let done = (|| {
        for (name, text) in kit.files {
            files::create(&beside.join(name), text.as_bytes())?;
        }
        // What has come there meanwhile is not replaced: a directory that is not empty, a file.
        fs::rename(&beside, directory)
    })();
    if done.is_err() {
        let _ = fs::remove_dir_all(&beside);
    }
    done
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '~');
    if text.chars().all(plain) { text.into_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}
