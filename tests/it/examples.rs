//! The examples: each of them runs, and prints what its README shows.
//!
//! A README shows a command as `$ laban …` in a `console` fence, with what it prints on standard output below it.
//! `UPDATE=1` rewrites; read the difference before it is kept.

use std::fs;
use std::path::Path;
use std::process::Command;

#[path = "../../examples/embed.rs"]
mod embed;

/// The README of an example with every output as the command gives it now.
fn replayed(directory: &Path, readme: &str) -> String {
    let mut out = String::new();
    let mut lines = readme.lines().peekable();
    let mut console = false;
    while let Some(line) = lines.next() {
        out.push_str(line);
        out.push('\n');
        if line.starts_with("```") {
            console = line == "```console";
        }
        if let Some(arguments) = line.strip_prefix("$ laban ").filter(|_| console) {
            while lines.next_if(|line| !line.starts_with("$ ") && !line.starts_with("```")).is_some() {}
            let mut command = Command::new(env!("CARGO_BIN_EXE_laban"));
            let ran = command.current_dir(directory).args(arguments.split(' ')).output().unwrap();
            let printed = String::from_utf8_lossy(&ran.stdout);
            assert!(!printed.trim().is_empty(), "`{line}` prints nothing: {ran:?}");
            out.push_str(printed.trim_end());
            out.push('\n');
        }
    }
    out
}

#[track_caller]
fn check(example: &str) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(example);
    let path = directory.join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    assert!(readme.contains("\n$ laban "), "{example} shows no command");
    let now = replayed(&directory, &readme);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, now).unwrap();
    } else {
        assert!(now == readme, "{example}: the README shows\n{readme}\nand it is now\n{now}");
    }
}

#[test]
fn the_approval_runs_as_shown() {
    check("approval");
}

#[test]
fn the_guarded_approval_is_allowed_and_denied_as_shown() {
    check("guarded-approval");
}

#[test]
fn the_vault_runs_as_shown() {
    check("handlers");
}

#[test]
fn the_mistakes_are_said_as_shown() {
    check("mistakes");
}

#[test]
fn the_crate_runs_inside_a_program() {
    let mut lines = Vec::new();
    embed::session(&mut |line| lines.push(line.to_owned())).unwrap();
    let text = lines.join("\n");
    assert!(text.contains("Proposal") && text.contains("{place: \"Noodle bar\", price: 12}"), "{text}");
    assert!(text.contains("Ben#1: come") && text.ends_with("Completed in 3 steps"), "{text}");
    embed::main().unwrap();
}
