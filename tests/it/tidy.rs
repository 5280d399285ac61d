//! What a reader relies on, held by a test: layers, headers, sizes, codes with their pages, no loose ends.
//!
//! Reads the text of the source, nothing else. Is not: a judge of style beyond what a line of text shows.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use laban::diag::code::Code;
use laban::tools::fmt::{Formatted, format};

/// Lines of a file, at most.
const FILE_LINES_MAX: usize = 700;
/// Half of the files are shorter than this.
const FILE_LINES_MEDIAN: usize = 200;
/// Lines of a function's body, at most.
const FUNCTION_LINES_MAX: usize = 70;
/// The headings of a page, in order, after its title.
const HEADINGS: [&str; 5] =
    ["## What it says", "## Why it matters", "## Example", "## Use instead", "## See also"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every file under `directory` with this extension: its path from the root, and its text.
fn files(directory: &str, extension: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut left = vec![root().join(directory)];
    while let Some(next) = left.pop() {
        let Ok(entries) = fs::read_dir(&next) else { continue };
        for path in entries.map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                left.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                let name = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// The Rust of this project.
fn rust() -> Vec<(String, String)> {
    ["src", "tests", "benches", "examples"].iter().flat_map(|directory| files(directory, "rs")).collect()
}

fn none(found: &[String], rule: &str) {
    assert!(found.is_empty(), "{rule}:\n  {}", found.join("\n  "));
}

/// The rows of the table in `src/lib.rs`: a layer, and what it may import.
fn layers() -> Vec<(String, BTreeSet<String>)> {
    let text = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let table = text.lines().skip_while(|line| !line.starts_with("//! name ")).skip(1);
    table
        .take_while(|line| *line != "//! ```")
        .map(|line| {
            let mut cells = line.trim_start_matches("//! ").split('|');
            let name = cells.next().unwrap().trim().to_owned();
            let imports = cells.next().unwrap().split_whitespace().map(str::to_owned).collect();
            (name, imports)
        })
        .collect()
}

/// The layer of a file under `src/`; none for `lib.rs` and `main.rs`.
fn layer(name: &str) -> Option<&str> {
    let rest = name.strip_prefix("src/")?;
    let first = rest.split('/').next()?;
    let layer = first.strip_suffix(".rs").unwrap_or(first);
    (!["lib", "main"].contains(&layer)).then_some(layer)
}

/// What follows `crate::` in a text: one name, or the names of a list in braces.
fn crate_names(text: &str) -> BTreeSet<String> {
    let word = |text: &str| -> String {
        text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    let mut names = BTreeSet::new();
    for (_, rest) in text.match_indices("crate::").map(|(at, found)| (at, &text[at + found.len()..])) {
        match rest.strip_prefix('{') {
            Some(list) => {
                let mut depth = 1;
                for item in list.split_inclusive(['{', '}', ',']) {
                    if depth == 1 {
                        names.insert(word(item));
                    }
                    depth += item.matches('{').count();
                    depth -= item.matches('}').count();
                    if depth == 0 {
                        break;
                    }
                }
            }
            None => {
                names.insert(word(rest));
            }
        }
    }
    names.remove("");
    names
}

/// The text without comments: what is said there imports nothing.
fn code(text: &str) -> String {
    text.lines()
        .map(|line| line.find("//").filter(|at| !line[..*at].contains('"')).map_or(line, |at| &line[..at]))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn rows_name_earlier_rows() {
    let mut earlier = BTreeSet::new();
    for (name, imports) in layers() {
        let later: Vec<_> = imports.difference(&earlier).collect();
        assert!(later.is_empty(), "row `{name}` names {later:?}, which stand on no earlier row");
        earlier.insert(name);
    }
    assert!(earlier.len() > 10, "the table in src/lib.rs was not found");
}

#[test]
fn layers_import_what_their_row_names() {
    let rows: BTreeMap<_, _> = layers().into_iter().collect();
    let mut found = Vec::new();
    for (name, text) in files("src", "rs") {
        // Unit tests may look further than what they test.
        let Some(layer) = layer(&name).filter(|_| !is_test(&name)) else { continue };
        let Some(allowed) = rows.get(layer) else {
            found.push(format!("{name}: `{layer}` has no row"));
            continue;
        };
        for import in crate_names(&code(&text)) {
            if import != layer && !allowed.contains(&import) && rows.contains_key(&import) {
                found.push(format!("{name}: imports `{import}`"));
            }
        }
    }
    none(&found, "imports that the table in src/lib.rs does not allow");
}

#[test]
fn absences_that_matter() {
    let rows: BTreeMap<_, _> = layers().into_iter().collect();
    let language = ["syntax", "global", "local", "compile", "pipeline"];
    for layer in ["engine", "machine", "guard", "effect"] {
        let met: Vec<_> = language.iter().filter(|name| rows[layer].contains(**name)).collect();
        assert!(met.is_empty(), "`{layer}` must not know the language, and imports {met:?}");
    }
    assert!(!rows["bytecode"].contains("compile"), "programs must load when the compiler changes");
}

#[test]
fn only_cli_and_host_touch_the_world() {
    let outside = [
        "std::fs",
        "std::io::stdout",
        "std::io::stderr",
        "std::io::stdin",
        "std::env",
        "std::net",
        "std::process",
        "std::thread",
        "println!",
        "eprintln!",
        "print!(",
        "SystemTime",
        "std::time::Instant",
    ];
    let mut found = Vec::new();
    for (name, text) in files("src", "rs") {
        if name.starts_with("src/cli/")
            || name.starts_with("src/host/")
            || name == "src/main.rs"
            || is_test(&name)
        {
            continue;
        }
        let text = code(&text);
        found.extend(
            outside.iter().filter(|word| text.contains(**word)).map(|word| format!("{name}: {word}")),
        );
    }
    none(&found, "files, streams, threads and clocks outside `cli` and `host`");
}

#[test]
fn nom_stays_in_syntax() {
    let mut found = Vec::new();
    for (name, text) in files("src", "rs") {
        if !name.starts_with("src/syntax/") && code(&text).contains("nom::") {
            found.push(name);
        }
    }
    none(&found, "files that use nom");
}

#[test]
fn every_file_has_a_header() {
    let bare: Vec<String> =
        rust().into_iter().filter(|(_, text)| !text.starts_with("//! ")).map(|(name, _)| name).collect();
    none(&bare, "files that do not begin with `//!`");
}

#[test]
fn files_are_of_one_thought() {
    let all = rust();
    let long: Vec<String> = all
        .iter()
        .map(|(name, text)| (name, text.lines().count()))
        .filter(|(_, lines)| *lines > FILE_LINES_MAX)
        .map(|(name, lines)| format!("{name}: {lines} lines"))
        .collect();
    none(&long, &format!("files of more than {FILE_LINES_MAX} lines"));
    let mut lines: Vec<usize> = all.iter().map(|(_, text)| text.lines().count()).collect();
    lines.sort_unstable();
    let median = lines[lines.len() / 2];
    assert!(median < FILE_LINES_MEDIAN, "half of the files have {median} lines or more");
}

#[test]
fn functions_are_short() {
    let mut found = Vec::new();
    for (name, text) in rust() {
        let mut open: Option<(usize, String, String)> = None;
        let mut excused = false;
        for (number, line) in text.lines().enumerate() {
            let indent: String = line.chars().take_while(|c| *c == ' ').collect();
            let rest = line.trim_start();
            match &open {
                // rustfmt puts the closing brace of a function under its first line.
                Some((start, at, head)) if indent == *at && rest.starts_with('}') => {
                    if number - start > FUNCTION_LINES_MAX && !excused {
                        found.push(format!("{name}:{}: {} lines: {head}", start + 1, number - start));
                    }
                    (open, excused) = (None, false);
                }
                None if is_function(rest) && !rest.ends_with('}') => {
                    open = Some((number, indent, rest.to_owned()));
                }
                _ => {}
            }
            // An exception says so above the function, with its reason.
            excused |= rest.starts_with("#[expect(clippy::too_many_lines");
            if open.as_ref().is_some_and(|(start, ..)| *start == number) && rest.ends_with(';') {
                (open, excused) = (None, false);
            } else if open.is_none() && is_function(rest) {
                // It begins and ends on this line.
                excused = false;
            }
        }
    }
    none(&found, &format!("functions of more than {FUNCTION_LINES_MAX} lines"));
}

/// Whether a line begins a function.
fn is_function(line: &str) -> bool {
    let mut words =
        line.split_whitespace().take_while(|word| !word.contains('(') || word.starts_with("pub("));
    words.any(|word| word == "fn")
}

#[test]
fn no_loose_ends() {
    let words = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
    let attributes = [
        concat!("#[ig", "nore"),
        concat!("#[should", "_panic"),
        concat!("#[al", "low("),
        concat!("#![al", "low("),
    ];
    let mut found = Vec::new();
    for (name, text) in rust() {
        for (number, line) in text.lines().enumerate() {
            let word = words
                .iter()
                .find(|word| line.split(|c: char| !c.is_alphanumeric()).any(|part| part == **word));
            let attribute = attributes.iter().find(|attribute| line.trim_start().starts_with(**attribute));
            if let Some(loose) = word.or(attribute) {
                found.push(format!("{name}:{}: {loose}", number + 1));
            }
            // Time is an argument, but for those who wait for a disk, a process or another thread: one place each.
            let waits = ["src/host/clock.rs", "tests/it/engine.rs", "tests/it/tidy.rs", "benches/durable.rs"];
            if line.contains("thread::sleep") && !waits.contains(&name.as_str()) {
                found.push(format!("{name}:{}: sleeps", number + 1));
            }
        }
    }
    none(&found, "loose ends");
}

#[test]
fn names_say_what_a_thing_is() {
    let vague = ["utils", "util", "helpers", "helper", "manager", "common", "misc"];
    let mut found = Vec::new();
    for (name, text) in files("src", "rs") {
        let stem = Path::new(&name).file_stem().unwrap().to_string_lossy().into_owned();
        if vague.contains(&stem.as_str()) || name.split('/').any(|part| vague.contains(&part)) {
            found.push(name.clone());
        }
        if code(&text).contains("fn get_") {
            found.push(format!("{name}: a `get_`"));
        }
    }
    none(&found, "names that say nothing");
}

#[test]
fn every_code_has_a_page_and_every_page_a_code() {
    let mut found = Vec::new();
    for code in Code::ALL {
        let lines: Vec<&str> = code.page().lines().collect();
        let title = format!("# {}: {}", code.name(), code.title());
        if lines.first() != Some(&title.as_str()) {
            found.push(format!(
                "{}: the page begins with {:?}, not with {title:?}",
                code.name(),
                lines.first()
            ));
        }
        let mut in_fence = false;
        let headings: Vec<&str> = lines
            .iter()
            .copied()
            .filter(|line| {
                in_fence ^= line.starts_with("```");
                !in_fence && line.starts_with("## ")
            })
            .collect();
        if headings != HEADINGS {
            found.push(format!("{}: headings {headings:?}", code.name()));
        }
    }
    for (name, _) in files("src/diag/pages", "md") {
        let stem = Path::new(&name).file_stem().unwrap().to_string_lossy().into_owned();
        if Code::parse(&stem).is_none() {
            found.push(format!("{name}: no such code"));
        }
    }
    none(&found, "codes and pages");
}

#[test]
fn codes_are_in_order_and_in_use() {
    assert!(Code::ALL.is_sorted_by(|a, b| a.name() < b.name()), "codes are in order, each once");
    let source: String = files("src", "rs")
        .into_iter()
        .filter(|(name, _)| name != "src/diag/code.rs" && !is_test(name))
        .map(|(_, text)| text)
        .collect();
    let idle: Vec<String> = Code::ALL
        .iter()
        .map(|code| code.name())
        .filter(|name| !source.contains(name))
        .map(str::to_owned)
        .collect();
    none(&idle, "codes that nothing gives");
}

#[test]
fn shipped_scenarios_are_in_the_canonical_form() {
    let all: Vec<(String, String)> =
        ["protocols", "examples"].iter().flat_map(|directory| files(directory, "scn")).collect();
    let rough = all.iter().filter(|(name, text)| !matches!(format(name, text), Formatted::Same));
    let rough: Vec<String> = rough.map(|(name, _)| name.clone()).collect();
    none(&rough, "scenarios that `laban fmt` would change");
}

#[test]
fn shipped_protocols_are_in_the_canonical_form() {
    let rough: Vec<String> = ["protocols", "examples", "src/cli/new/templates"]
        .iter()
        .flat_map(|directory| files(directory, "choreo"))
        // The seed is kept word for word, and the mistakes are kept as they were made.
        .filter(|(name, _)| !name.starts_with("protocols/seed/") && !name.starts_with("examples/mistakes/"))
        .filter(|(name, text)| !matches!(format(name, text), Formatted::Same))
        .map(|(name, _)| name)
        .collect();
    none(&rough, "protocols that `laban fmt` would change");
}

/// Whether a file holds unit tests only.
fn is_test(name: &str) -> bool {
    name.ends_with("/tests.rs") || name.contains("/tests/") || name.contains("/proof/")
}
