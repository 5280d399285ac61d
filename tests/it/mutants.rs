//! Mutated texts: the corpus and the shipped protocols with parts cut out, doubled, swapped and made up.
//!
//! Whatever comes out, the front end gives findings or programs, in bounded time, and never panics. Everything is
//! decided by a seed, so that a failure can be had again. What is found becomes a case of the corpus.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use laban::base::random::Random;
use laban::global::Sizes;
use laban::local::Amend;
use laban::pipeline::Options;

use crate::corpus::judged;

/// Mutants of one run of the test.
const MUTANTS: u64 = 1_500;
/// The longest that judging one small mutant may take in a debug build.
const PATIENCE: Duration = Duration::from_secs(5);
/// What is put in: words of the grammar, and what no word is.
const WORDS: [&str; 48] = [
    "choreography",
    "roles",
    "choice",
    "at",
    "loop",
    "rec",
    "continue",
    "break",
    "par",
    "for",
    "in",
    "call",
    "if",
    "else",
    "let",
    "does",
    "with",
    "as",
    "when",
    "try",
    "on",
    "timeout",
    "within",
    "collect",
    "until",
    "return",
    "message",
    "enum",
    "effect",
    "import",
    "->",
    "->*",
    "<->",
    ":",
    ",",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "[*]",
    "..",
    "\"",
    "0",
    "5s",
    "\u{0}",
    "漢",
];

/// Every protocol of the project.
fn texts() -> Vec<String> {
    let mut found = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut left: Vec<PathBuf> = vec![root.join("tests/corpus"), root.join("protocols")];
    while let Some(next) = left.pop() {
        let Ok(entries) = fs::read_dir(&next) else { continue };
        for path in entries.map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                left.push(path);
            } else if path.extension().is_some_and(|extension| extension == "choreo") {
                found.push(path);
            }
        }
    }
    found.sort();
    found.iter().map(|path| fs::read_to_string(path).unwrap()).collect()
}

/// The text as words and what stands between them.
fn pieces(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut last = None;
    for c in text.chars() {
        let kind = (c.is_alphanumeric() || c == '_', c.is_whitespace());
        match found.last_mut() {
            Some(piece) if last == Some(kind) => piece.push(c),
            _ => found.push(c.to_string()),
        }
        last = Some(kind);
    }
    found
}

/// A text with one to four parts changed.
fn mutant(texts: &[String], random: &mut Random) -> String {
    let pick = |random: &mut Random, length: usize| random.below(length.max(1) as u64) as usize;
    let mut text = pieces(&texts[pick(random, texts.len())]);
    for _ in 0..=random.below(4) {
        let at = pick(random, text.len());
        let end = (at + 1 + pick(random, 8)).min(text.len());
        match random.below(5) {
            0 => drop(text.drain(at..end)),
            1 => {
                let doubled: Vec<String> = text[at..end].to_vec();
                text.splice(at..at, doubled);
            }
            2 => text.insert(at, format!(" {} ", WORDS[pick(random, WORDS.len())])),
            3 => {
                let other = pieces(&texts[pick(random, texts.len())]);
                let from = pick(random, other.len());
                let to = (from + 1 + pick(random, 20)).min(other.len());
                text.splice(at..end, other[from..to].iter().cloned());
            }
            _ => {
                let other = pick(random, text.len());
                if !text.is_empty() {
                    text.swap(at, other);
                }
            }
        }
    }
    text.concat()
}

#[test]
fn mutants_are_judged_and_nothing_breaks() {
    let texts = texts();
    let options = Options { sizes: Sizes::default(), amend: Amend::Auto };
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/sources");
    for seed in 0..MUTANTS {
        let text = mutant(&texts, &mut Random::new(seed));
        let start = Instant::now();
        let judged = std::panic::catch_unwind(|| judged("mutant.choreo", &text, &directory, &options));
        assert!(judged.is_ok(), "seed {seed} breaks it:\n{text}");
        assert!(start.elapsed() < PATIENCE, "seed {seed} takes {:?}:\n{text}", start.elapsed());
    }
}
