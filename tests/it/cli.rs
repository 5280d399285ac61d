//! The command: exit statuses, streams, formats, files that cannot be read.
//!
//! Runs the built binary. Is not: a test of what is judged; the corpus is.

use std::io::Read;
use std::process::Stdio;

use crate::command::Place;

const GOOD: &str = "\
choreography Greeting {
    roles: Alice, Bob

    Alice -> Bob: Hello
    Bob -> Alice: Welcome
}
";

const BAD: &str = "\
choreography Greeting {
    roles: Alice, Bob

    Alice -> Bop: Hello
}
";

/// The findings of `--format json`, after the schema.
#[track_caller]
fn diagnostics(text: &str) -> serde_json::Value {
    valid(text, include_str!("../../schemas/diagnostics.schema.json"))
}

/// The rows of `--report json`, after the schema.
#[track_caller]
fn rows(text: &str) -> serde_json::Value {
    valid(text, include_str!("../../schemas/report.schema.json"))
}

#[track_caller]
fn valid(text: &str, schema: &str) -> serde_json::Value {
    let value: serde_json::Value = serde_json::from_str(text).unwrap();
    let schema: serde_json::Value = serde_json::from_str(schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}\n{text}");
    value
}

#[test]
fn statuses_tell_fine_errors_and_usage_apart() {
    let place = Place::new("cli_statuses");
    place.write("good.choreo", GOOD).write("bad.choreo", BAD);
    place.laban("check good.choreo").status(0).prints("").talks("no mistakes in 1 file");
    place.laban("check bad.choreo").status(1).says("`Bop`").talks("1 error in 1 file");
    place.laban("check").status(1).talks("in 2 files");
    place.laban("check --nonsense").status(2).prints("");
    place.laban("").status(2);
    place.laban("chekc").status(2).talks("check");
    place.laban("check good.choreo --size Nobody=3").status(2).talks("no family is called `Nobody`");
    place.laban("check good.choreo --size Nobody").status(2);
    place.laban("--version").status(0).says("laban 0.");
    place.laban("--help").status(0).says("check");
}

#[test]
fn formats() {
    let place = Place::new("cli_formats");
    place.write("bad.choreo", BAD);
    place.laban("check bad.choreo").status(1).says("--> bad.choreo:4:14\n").says("^^^");
    place.laban("check bad.choreo --format short").status(1).says("bad.choreo:4:14: error[E0");
    place.laban("check bad.choreo --format github").status(1).says("::error file=bad.choreo,line=4,col=14,");
    let found = diagnostics(&place.laban("check bad.choreo --format json").status(1).out);
    let first = found.as_array().unwrap().iter().find(|one| one["severity"] == "error").unwrap();
    assert_eq!((&first["line"], &first["column"]), (&4.into(), &14.into()));
    place.write("good.choreo", GOOD);
    diagnostics(&place.laban("check good.choreo --format json").status(0).out);
}

#[test]
fn five_mistakes_are_five_findings() {
    let place = Place::new("cli_five");
    place.write(
        "five.choreo",
        "choreography P {\n    roles A, B, C\n\n    A -> : M\n    A -> X: N\n    B -> B: O\n    \
         A let y = 1 +\n    C -> A: R\n    continue Nowhere\n    B -> C: S\n    C -> A: T\n}\n",
    );
    let found = diagnostics(&place.laban("check five.choreo --format json").status(1).out);
    let lines: std::collections::BTreeSet<u64> = found
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["severity"] == "error")
        .map(|one| one["line"].as_u64().unwrap())
        .collect();
    assert!(lines.len() >= 5, "{lines:?}\n{found:#}");
}

#[test]
fn a_report_has_a_row_for_each_protocol() {
    let place = Place::new("cli_report");
    place.write("good.choreo", GOOD).write("torn.choreo", "choreography {{{").write(
        "told.choreo",
        "choreography Told {\n    roles A, B, C\n\n    choice at A {\n        yes: { A -> B: Yes B -> C: Go }\n        \
         no: { A -> B: No }\n    }\n}\n",
    );
    let ran = place.laban("check --report json").status(1).talks("torn.choreo");
    let found = rows(&ran.out);
    let found = found.as_array().unwrap();
    let row = |file: &str| found.iter().find(|row| row["file"] == file).unwrap();
    assert_eq!(row("good.choreo")["protocol"], "Greeting");
    assert_eq!(row("good.choreo")["coherent"], true);
    assert_eq!(row("good.choreo")["roles"], serde_json::json!(["Alice", "Bob"]));
    assert_eq!(row("good.choreo")["bounds"], serde_json::json!({"Alice->Bob": 1, "Bob->Alice": 1}));
    assert_eq!(row("torn.choreo")["coherent"], serde_json::Value::Null);
    assert!(!row("torn.choreo")["errors"].as_array().unwrap().is_empty());
    assert_eq!(row("told.choreo")["coherent"], true);
    let ran = place.laban("check --report json --format json").status(1);
    diagnostics(before_summary(&ran.err));
}

/// What stands before the last line, which is the summary.
fn before_summary(text: &str) -> &str {
    &text[..text.trim_end().rfind('\n').unwrap()]
}

#[test]
fn standard_input_is_a_file() {
    let place = Place::new("cli_stdin");
    place.laban_reading("check -", GOOD).status(0);
    place.laban_reading("check - --format short", BAD).status(1).says("-:4:14: error[");
}

#[test]
fn directories_are_searched() {
    let place = Place::new("cli_directories");
    place.write("a/b/one.choreo", BAD).write("a/two.choreo", BAD).write("a/.hidden/no.choreo", BAD);
    place.write("a/no.txt", BAD).write("x.choreo/three.choreo", BAD);
    let ran = place.laban("check --format short").status(1);
    let files: std::collections::BTreeSet<&str> =
        ran.out.lines().map(|line| line.split(':').next().unwrap()).collect();
    assert_eq!(
        files.into_iter().collect::<Vec<_>>(),
        ["a/b/one.choreo", "a/two.choreo", "x.choreo/three.choreo"]
    );
    let empty = Place::new("cli_empty_directory");
    empty.laban("check").status(0).prints("").talks("no *.choreo file");
}

#[test]
fn many_files() {
    let place = Place::new("cli_many");
    for number in 0..2_000 {
        place.write(&format!("{number}.choreo"), GOOD);
    }
    place.laban("check").status(0).talks("2000 files");
}

#[cfg(unix)]
#[test]
fn what_cannot_be_read_is_said() {
    use std::os::unix::fs::symlink;
    let place = Place::new("cli_unreadable");
    symlink("nowhere", place.path("broken.choreo")).unwrap();
    std::process::Command::new("mkfifo").arg(place.path("pipe.choreo")).status().unwrap();
    symlink(".", place.path("circle")).unwrap();
    place.write("good.choreo", GOOD);
    let ran = place.laban("check --format short").status(1);
    let mut lines = ran.out.lines();
    assert_eq!(
        lines.next(),
        Some("broken.choreo:1:1: error[E0053]: `broken.choreo` cannot be read: there is no such file")
    );
    assert_eq!(
        lines.next(),
        Some("pipe.choreo:1:1: error[E0053]: `pipe.choreo` cannot be read: it is not a regular file")
    );
    assert_eq!(lines.next(), None, "a circle of links is searched once");
    place.laban("check missing.choreo").status(1).says("E0053").says("there is no such file");
    place.laban("check /dev/null").status(1).says("E0053");
}

#[test]
fn imports_are_followed_and_told_once() {
    let place = Place::new("cli_imports");
    place.write("shared/messages.choreo", "message Hello { text: Int, text: Int }\n");
    let importing = |name: &str| {
        format!(
            "import \"../shared/messages.choreo\" as m\n\nchoreography {name} {{\n    roles A, B\n\n    A -> B: m::Hello\n}}\n"
        )
    };
    place.write("p/one.choreo", importing("One")).write("p/two.choreo", importing("Two"));
    let ran = place.laban("check p --format short").status(1);
    let told = ran.out.lines().filter(|line| line.starts_with("shared/messages.choreo")).count();
    assert_eq!(told, 1, "{}", ran.out);
    place.write("p/lost.choreo", "import \"nowhere.choreo\"\n");
    place.laban("check p/lost.choreo").status(1).says("E0054").says("`p/nowhere.choreo`");
    place.write("a.choreo", "import \"b.choreo\"\n").write("b.choreo", "import \"./p/../a.choreo\"\n");
    place.laban("check a.choreo").status(1).says("E0055").says("a.choreo → b.choreo → a.choreo");
}

#[test]
fn explain_prints_pages_and_near_codes() {
    let place = Place::new("cli_explain");
    place.laban("explain E0101").status(0).says("# E0101").says("## Use instead");
    place.laban("explain e0101").status(0).says("# E0101");
    place.laban("explain E0109999").status(2).prints("").talks("there is no code");
    place.laban("explain").status(0).says("E0101  ").says("E0055  ");
    place.laban("explain opcodes").status(0).says("| `send` | channel, message, get |");
}

#[test]
fn fmt_rewrites_in_place() {
    let place = Place::new("cli_fmt");
    let ugly = GOOD.replace("    ", " ").replace("\n\n", "\n");
    place.write("ugly.choreo", &ugly).write("torn.choreo", "choreography {").write("good.choreo", GOOD);
    place.laban("fmt --check good.choreo").status(0).prints("");
    place.laban("fmt --check ugly.choreo good.choreo").status(1).prints("ugly.choreo\n");
    assert_eq!(place.read("ugly.choreo"), ugly);
    place.laban("fmt ugly.choreo").status(0).prints("");
    assert_eq!(place.read("ugly.choreo"), GOOD);
    place.laban("fmt").status(1).says("torn.choreo");
    assert_eq!(place.read("torn.choreo"), "choreography {");
    place.laban_reading("fmt -", &ugly).status(0).prints(GOOD);
    place.laban_reading("fmt --check -", &ugly).status(1).prints("-\n");
}

#[cfg(unix)]
#[test]
fn fmt_keeps_permissions_and_links() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let place = Place::new("cli_fmt_permissions");
    place.write("ugly.choreo", GOOD.replace("    ", " "));
    std::fs::set_permissions(place.path("ugly.choreo"), std::fs::Permissions::from_mode(0o640)).unwrap();
    symlink("ugly.choreo", place.path("link.choreo")).unwrap();
    place.laban("fmt link.choreo").status(0);
    assert_eq!(place.read("ugly.choreo"), GOOD);
    assert!(place.path("link.choreo").is_symlink());
    let mode = std::fs::metadata(place.path("ugly.choreo")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    assert_eq!(std::fs::read_dir(place.path("")).unwrap().count(), 2, "nothing is left behind");
}

#[test]
fn a_reader_that_goes_away_is_no_trouble() {
    let place = Place::new("cli_pipe");
    for number in 0..300 {
        place.write(&format!("{number}.choreo"), BAD);
    }
    let mut child = place.command("check").stdout(Stdio::piped()).spawn().unwrap();
    let mut first = [0; 10];
    let mut out = child.stdout.take().unwrap();
    out.read_exact(&mut first).unwrap();
    drop(out);
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert!(!err.contains("panicked") && !err.contains("pipe"), "{err}");
}
