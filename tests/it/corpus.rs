//! The corpus: `tests/corpus/<subject>/<case>.choreo`, and beside each `<case>.out`, what `laban check` shows of it.
//!
//! A case may begin with `// laban:` and options: `--amend deny`, `--size W=4`, `--show locals` (what each role
//! does, after the findings) or `--show runs` (what `laban validate` says of every run). `UPDATE=1` rewrites what is expected: read the difference before it is kept. The
//! README.md of a subject says which module a failure accuses.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use laban::bytecode::program::Program;
use laban::diag::render::{Format, Style, render};
use laban::global::Sizes;
use laban::local::Amend;
use laban::pipeline::{Front, Options, Root, Unread};
use laban::tools::check::check;
use laban::tools::guards::Beside;
use laban::tools::project::project;
use laban::tools::validate::{Setup, show, validate};

/// Judges one text as `laban check` does; imports are looked for in `directory`.
pub(crate) fn judged(
    name: &str,
    text: &str,
    directory: &Path,
    options: &Options,
) -> (Front, String, Vec<String>) {
    let root = Root { name: name.to_owned(), text: Ok(text.to_owned()) };
    let front = Front::read(vec![root], &mut |path| {
        if path == name {
            return Ok(text.to_owned());
        }
        fs::read_to_string(directory.join(path))
            .map_err(|_| Unread::new(laban::diag::code::Code::E0053, "there is no such file"))
    });
    let findings = check(&front, options);
    let shown = render(Format::Human(Style::Plain), &front.sources, &findings.diagnostics);
    let codes = findings
        .diagnostics
        .iter()
        .map(|d| format!("{} {}", laban::diag::render::word(d.severity), d.code.name()))
        .collect();
    (front, shown, codes)
}

/// The options on the first line of a case.
fn options(text: &str) -> Options {
    let mut options = Options { sizes: Sizes::default(), amend: Amend::Auto };
    let Some(line) = text.lines().next().and_then(|line| line.strip_prefix("// laban:")) else {
        return options;
    };
    let words: Vec<&str> = line.split_whitespace().collect();
    for pair in words.chunks(2) {
        match pair {
            ["--show", "locals" | "runs"] => {}
            ["--amend", "deny"] => options.amend = Amend::Deny,
            ["--size", size] => {
                let (name, count) = size.split_once('=').unwrap();
                options.sizes.0.insert(name.to_owned(), count.parse().unwrap());
            }
            other => panic!("options that the corpus does not know: {other:?}"),
        }
    }
    options
}

/// What each role of each choreography does.
fn locals(front: &Front, options: &Options) -> String {
    let mut text = String::new();
    for which in &front.choreographies {
        let built = front.build(which, options);
        let (Some(protocol), Some(projection)) = (&built.protocol, &built.projection) else { continue };
        for automaton in &projection.automata {
            let local = project(protocol, automaton, &front.sources, laban::tools::project::Format::Text);
            write!(text, "\n{local}").unwrap();
        }
    }
    text
}

/// What holds of every run of each choreography.
fn runs(front: &Front, options: &Options) -> String {
    let mut fresh =
        |_: &str, _: &[Program]| Some((Beside::default(), "the profile of a fresh directory".into()));
    let rows = validate(front, options, &Setup::default(), &mut |_, _| None, &mut fresh, &mut |_, _| {});
    rows.iter().map(|row| format!("\n{}", show(row, 100))).collect()
}

/// Every case, sorted. A file `_name.choreo` is imported by others and no case itself.
fn cases() -> Vec<PathBuf> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut found: Vec<PathBuf> = fs::read_dir(corpus)
        .unwrap()
        .flat_map(|subject| fs::read_dir(subject.unwrap().path()).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "choreo"))
        .filter(|path| !path.file_name().unwrap().to_string_lossy().starts_with('_'))
        .collect();
    found.sort();
    found
}

#[test]
fn every_case_is_shown_as_expected() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut wrong = String::new();
    for case in cases() {
        let text = fs::read_to_string(&case).unwrap();
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let options = options(&text);
        let (front, shown, _) = judged(&name, &text, case.parent().unwrap(), &options);
        let mut shown = if shown.is_empty() { "nothing to say\n".to_owned() } else { shown };
        let shows = |what: &str| text.lines().next().is_some_and(|line| line.contains(what));
        if shows("--show locals") {
            shown.push_str(&locals(&front, &options));
        }
        if shows("--show runs") {
            shown.push_str(&runs(&front, &options));
        }
        let beside = case.with_extension("out");
        let expected = fs::read_to_string(&beside).unwrap_or_default();
        if shown != expected {
            if update {
                fs::write(&beside, &shown).unwrap();
            } else {
                let subject = case.parent().unwrap().file_name().unwrap().to_string_lossy();
                write!(wrong, "== {subject}/{name}\n--- expected\n{expected}--- shown\n{shown}").unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "UPDATE=1 rewrites what is expected\n{wrong}");
}

#[test]
fn every_expectation_has_its_case_and_every_subject_its_readme() {
    let cases = cases();
    let subjects: std::collections::BTreeSet<&Path> =
        cases.iter().map(|case| case.parent().unwrap()).collect();
    for subject in subjects {
        assert!(subject.join("README.md").is_file(), "{} has no README.md", subject.display());
        for entry in fs::read_dir(subject).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "out") {
                assert!(path.with_extension("choreo").is_file(), "{} has no case", path.display());
            }
        }
    }
}
