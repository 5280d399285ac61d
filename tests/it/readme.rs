//! The README: its commands are run in order, as a newcomer would type them, and each of them works.
//!
//! `laban serve` goes on in the background, which is the first terminal; a fence that follows it is the second one. Installing is
//! left out, and `cargo run --release --` is the built command.
//! Is not: a judge of what they print, but for the words here.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::command::Place;
use crate::engine::Engine;

/// A fence of the README: its language and its lines.
fn fences(text: &str) -> Vec<(String, Vec<String>)> {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    let mut open = false;
    for line in text.lines() {
        match (line.strip_prefix("```"), open) {
            (Some(_), true) => open = false,
            (Some(language), false) => {
                open = true;
                found.push((language.to_owned(), Vec::new()));
            }
            (None, true) => found.last_mut().unwrap().1.push(line.to_owned()),
            (None, false) => {}
        }
    }
    found
}

/// The words of a shell line, its comment left out; quotes hold words together.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '\'' => quoted = !quoted,
            '#' if !quoted => break,
            ' ' if !quoted => words.push(String::new()),
            _ => words.last_mut().unwrap().push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        if entry.file_name() == ".laban" {
            continue;
        }
        if path.is_dir() {
            copy(&path, &to);
        } else {
            fs::copy(&path, &to).unwrap();
        }
    }
}

/// What a newcomer has typed so far.
struct Typed {
    place: Place,
    /// Where the terminal is, below the place.
    at: PathBuf,
    served: Option<Engine>,
    /// How many commands have run.
    ran: usize,
}

impl Typed {
    fn line(&mut self, line: &str) {
        let words = words(line);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            [] | ["cargo", "install", ..] => {}
            // The second terminal opens where the first one did.
            ["cd", directory] => self.at = PathBuf::from(directory),
            ["laban", "serve", rest @ ..] | ["cargo", "run", "--release", "--", "serve", rest @ ..] => {
                let directory = self.at.join(rest.first().copied().unwrap_or("."));
                self.served = None;
                self.served = Some(Engine::below(&self.place, directory.to_str().unwrap()));
                self.ran += 1;
            }
            ["laban", rest @ ..] | ["cargo", "run", "--release", "--", rest @ ..] => self.laban(line, rest),
            _ => panic!("the README has a command that nobody runs: {line}"),
        }
    }

    fn laban(&mut self, line: &str, arguments: &[&str]) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_laban"));
        command.current_dir(self.place.path("").join(&self.at)).args(arguments).stdin(Stdio::null());
        let ran = command.output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
        // Nobody answers for Ann here, and so her session cannot be complete.
        let plays = arguments.contains(&"--play");
        assert!(ran.status.success() || plays, "`{line}` fails\n--- out\n{out}\n--- err\n{err}");
        assert!(!arguments.contains(&"--watch") || out.contains("completed"), "`{line}`:\n{out}\n{err}");
        self.ran += 1;
    }
}

#[test]
fn the_commands_of_the_readme_work_in_their_order() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let place = Place::new("readme");
    copy(&root.join("protocols"), &place.path("protocols"));
    let mut typed = Typed { place, at: PathBuf::new(), served: None, ran: 0 };
    let upto = readme.find("When something is wrong").unwrap();
    for (language, lines) in fences(&readme[..upto]) {
        match language.as_str() {
            "sh" => lines.iter().for_each(|line| typed.line(line)),
            "choreo" => {
                let file = typed.at.join("lunch.choreo");
                typed.place.write(file.to_str().unwrap(), lines.join("\n") + "\n");
                // A save is noticed by itself; whoever is told to look has looked when it answers.
                typed.laban("laban deploy", &["deploy"]);
            }
            _ => {}
        }
    }
    assert!(typed.ran > 18, "only {} commands of the README were run", typed.ran);
}
