//! What `laban new`, `laban bindings init` and `laban guards init` write: it is right, it runs, and it replaces nothing.
//!
//! Handlers are Python 3; where that is missing these tests fail and say so.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value as Json;

use crate::command::Place;
use crate::engine::{Engine, until};

#[track_caller]
fn python() {
    let found = Command::new("python3").arg("--version").output();
    assert!(
        found.is_ok_and(|ran| ran.status.success()),
        "these tests need `python3` on the path, and it is not there"
    );
}

/// Waits until an engine has said this.
#[track_caller]
fn says(engine: &Engine, words: &str) {
    until(words, || engine.out().contains(words).then_some(()));
}

/// Makes a directory from a template and does all with it that its page says.
#[track_caller]
fn check(template: &str, protocol: &str, handler: &str, holds: &str) {
    python();
    let place = Place::new(&format!("new-{template}"));
    let next = format!(
        "next: cd desk && laban serve; then, in a second terminal there: laban start {protocol} --watch"
    );
    let made = place.laban(&format!("new desk --template {template}")).status(0);
    assert_eq!(made.out.lines().last(), Some(next.as_str()));
    place.laban("check desk").status(0).prints("");
    place.laban("fmt --check desk").status(0);
    let file = format!("desk/{template}.choreo");
    place.laban(&format!("validate {file}")).status(0).says("the handlers offer all that is asked");
    place
        .laban(&format!("guards plan {file}"))
        .status(0)
        .says(&format!("{protocol} under desk/{template}.guards.yaml"));
    place.laban(&format!("run {file} --trace none")).status(0);
    let served = Engine::below(&place, "desk");
    says(&served, &format!("try: laban start {protocol}"));
    let started = place.laban(&format!("start {protocol} --dir desk --watch")).status(0);
    started.says("completed").says(holds);
    let ran = place.laban("handlers --dir desk --format json").status(0);
    let handlers: Json = serde_json::from_str(&ran.out).unwrap();
    let own = handlers.as_array().unwrap().iter().find(|one| one["name"] == handler).unwrap();
    assert!(own["calls"].as_u64() > own["failures"].as_u64(), "{own}");
    drop(served);
}

#[test]
fn a_quorum_runs_at_once() {
    check("quorum", "Quorum", "members", "◆ Chair#1: passed");
}

#[test]
fn a_request_runs_at_once() {
    check("request", "Request", "desk", "Answer ─");
}

#[test]
fn a_synchronisation_runs_at_once() {
    check("sync", "Sync", "store", "Kept ─");
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("new-sync/desk/kept/1.txt");
    assert_eq!(fs::read_to_string(kept).unwrap(), "apples\npears\nplums\n");
}

#[test]
fn what_is_there_stays_as_it_is() {
    let place = Place::new("new-nothing-replaced");
    place.write("desk/mine.txt", "mine").write("file", "a file");
    for taken in ["desk", "file", "."] {
        place.laban(&format!("new {taken}")).status(2).talks("is there already and stays as it is");
    }
    place.laban("new file/desk").status(2).talks("cannot be made");
    let mut names: Vec<_> =
        fs::read_dir(place.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["desk", "file"], "nothing half written stays");
    assert_eq!(place.read("desk/mine.txt"), "mine");
    place.laban("new a/b --template request").status(0).says("next: cd a/b && laban serve");
}

const LUNCH: &str = "choreography Lunch {
    roles Ann, Ben
    Ann -> Ben: Proposal(place: String)
    choice at Ben {
        come: Ben -> Ann: Yes
        stay: Ben -> Ann: No
    }
}
";

#[test]
fn settings_are_written_beside_a_protocol_and_hold() {
    let place = Place::new("init");
    place.write("lunch.choreo", LUNCH);
    place.laban("bindings init lunch.choreo").status(0).prints("").talks("`lunch.bindings.yaml` is written");
    place.laban("guards init lunch.choreo").status(0).prints("").talks("`lunch.guards.yaml` is written");
    for (file, schema) in [("lunch.bindings.yaml", "bindings"), ("lunch.guards.yaml", "guard-profile")] {
        let text = place.read(file);
        let json: Json = serde_yaml::from_str(&text).unwrap();
        let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("schemas/{schema}.schema.json"));
        let schema: Json = serde_json::from_str(&fs::read_to_string(schema).unwrap()).unwrap();
        let judge = jsonschema::validator_for(&schema).unwrap();
        let wrong: Vec<String> = judge.iter_errors(&json).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{wrong:?}\n{text}");
    }
    place.laban("check").status(0);
    place.laban("guards plan lunch.choreo").status(0).says("Lunch under lunch.guards.yaml");
    place.laban("validate lunch.choreo").status(0).says("the handlers offer all that is asked");
    place.laban("run lunch.choreo --trace none").status(0);
    let served = Engine::start(&place);
    place.laban("start Lunch --watch").status(0).says("completed");
    drop(served);
    // A second time nothing is written.
    let (bindings, guards) = (place.read("lunch.bindings.yaml"), place.read("lunch.guards.yaml"));
    place.laban("bindings init lunch.choreo").status(2).talks("is there already and stays as it is");
    place.laban("guards init lunch.choreo").status(2).talks("-o - prints what would be written");
    place.laban("guards init lunch.choreo -o lunch.choreo").status(2);
    place.laban("bindings init lunch.choreo -o -").status(0).prints(&bindings);
    place.laban("guards init lunch.choreo -o -").status(0).prints(&guards);
    assert_eq!(place.read("lunch.choreo"), LUNCH);
    place.laban_reading("guards init -", LUNCH).status(2).talks("name a file with -o FILE");
    place.laban_reading("guards init - -o -", LUNCH).status(0).says("protocol: Lunch");
}

#[test]
fn every_shipped_protocol_has_settings_that_deny_nothing() {
    let place = Place::new("init-all");
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("protocols");
    for path in fs::read_dir(from).unwrap().map(|entry| entry.unwrap().path()) {
        if path.extension().is_none_or(|extension| extension != "choreo") {
            continue;
        }
        let name = path.file_name().unwrap().to_str().unwrap();
        place.write(name, fs::read_to_string(&path).unwrap());
        place.laban(&format!("guards init {name}")).status(0);
        place.laban(&format!("bindings init {name}")).status(0);
        place.laban(&format!("guards plan {name}")).status(0);
        place.laban(&format!("run {name} --trace none")).status(0);
    }
    let served = Engine::start(&place);
    says(&served, "are deployed");
}
