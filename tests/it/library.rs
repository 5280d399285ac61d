//! The shipped protocols: each with what is expected of it beside it in `tests/library`.
//!
//! For `protocols/a/b.choreo` the file `tests/library/a/b.out` holds what `check` says, the row of its report, and
//! the run that seed 0 gives, drawn. `UPDATE=1` rewrites; read the difference before it is kept.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Every shipped protocol, by its path from the root.
pub(crate) fn shipped() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut left = vec![root.join("protocols")];
    while let Some(next) = left.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                left.push(path);
            } else if path.extension().is_some_and(|extension| extension == "choreo") {
                found.push(path.strip_prefix(root).unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

/// What the command prints of a protocol, with its exit status.
fn laban(arguments: &[&str]) -> (String, i32) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_laban"));
    let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments).output().unwrap();
    (String::from_utf8(output.stdout).unwrap(), output.status.code().unwrap_or(-1))
}

/// The protocols of a file.
fn names(path: &str) -> Vec<String> {
    let (report, _) = laban(&["check", path, "--report", "json"]);
    let rows: serde_json::Value = serde_json::from_str(&report).unwrap();
    rows.as_array().unwrap().iter().filter_map(|row| row["protocol"].as_str().map(str::to_owned)).collect()
}

/// Everything that is expected of a file; and what must hold of every shipped file does not, if anything.
fn shown(path: &str) -> (String, Option<String>) {
    let (said, status) = laban(&["check", path, "--format", "short"]);
    let (report, _) = laban(&["check", path, "--report", "json"]);
    let mut text = format!("== check: status {status}\n{said}== report\n{report}");
    let mut wrong = (status != 0).then(|| format!("{path} does not check"));
    for name in names(path) {
        let (run, status) = laban(&["run", path, "--protocol", &name, "--trace", "diagram"]);
        text.push_str(&format!("== run {name}: status {status}\n{run}"));
        if status != 0 {
            wrong = Some(format!("{path}: a session of {name} does not complete"));
        }
    }
    (text, wrong)
}

#[test]
fn shipped_protocols_check_run_and_look_as_expected() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut wrong = Vec::new();
    for path in shipped() {
        let name = path.to_string_lossy();
        let (text, trouble) = shown(&name);
        wrong.extend(trouble);
        let below = path.strip_prefix("protocols").unwrap().with_extension("out");
        let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/library").join(below);
        let expected = fs::read_to_string(&beside).unwrap_or_default();
        if expected != text {
            if update {
                fs::create_dir_all(beside.parent().unwrap()).unwrap();
                fs::write(&beside, &text).unwrap();
            } else {
                wrong.push(format!("{name} looks otherwise\n--- expected\n{expected}--- shown\n{text}"));
            }
        }
    }
    assert!(wrong.is_empty(), "UPDATE=1 rewrites what is expected\n{}", wrong.join("\n"));
}
