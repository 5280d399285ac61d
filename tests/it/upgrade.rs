//! Versions that take the place of active ones: how they compare is said everywhere, and refused where that is wanted.
//!
//! Is not: a test of the judge; `breaking` is.

use std::fs;

use serde_json::Value as Json;

use crate::command::Place;
use crate::engine::{Engine, swap_in, until};

/// A protocol that sends this, waits for an hour and sends it again.
fn talks(message: &str, number: u32) -> String {
    format!(
        "message M {{ n: Int }}\nmessage W {{ n: Int }}\nchoreography P {{\n    roles: A, B\n\n    \
         A -> B: {message} with {{ n: {number} }}\n    A does time.sleep(1h)\n    \
         A -> B: {message} with {{ n: {number} }}\n}}\n"
    )
}

/// So many members whose votes come in any order: more than a comparison at deployment explores.
fn votes(number: u32) -> String {
    format!(
        "choreography V {{\n    roles: M, W[7]\n\n    M -> W[*]: Ask\n    W[*] -> M: Vote(n: Int) collect until (len(votes) >= 2) \
         within 5s as votes\n    M -> W[*]: Result(n: Int) with {{ n: {number} }}\n}}\n"
    )
}

const REQUIRED: &str = "deploy: { require_compatible: true }\n";
const BREAKS: &str = "`A` new, all others old: `A` sends `W` to `B`, which does not know it";

fn active(engine: &Engine, protocol: &str) -> String {
    let shown = engine.get(&format!("/v1/protocols/{protocol}")).json();
    shown["active"].as_str().unwrap_or_default().to_owned()
}

/// Waits until the active version of a protocol was compared with this one; how.
#[track_caller]
fn compared(engine: &Engine, protocol: &str, with: &str) -> Json {
    until(&format!("a comparison with {with}"), || {
        let compared = engine.status()["deployed"]["compared"][protocol].clone();
        (compared["with"] == with && compared["verdict"] != "comparing").then_some(compared)
    })
}

#[test]
fn a_deployment_says_how_it_compares() {
    let place = Place::new("upgrade_said");
    place.write("p.choreo", talks("M", 1));
    let engine = Engine::start(&place);
    // What comes first has nothing to be compared with.
    assert_eq!(engine.status()["deployed"]["compared"], serde_json::json!({}));
    let first = active(&engine, "P");
    swap_in(&place, "p.choreo", &talks("M", 2));
    let verdict = compared(&engine, "P", &first);
    assert_eq!(verdict["verdict"], "compatible", "{verdict}");
    let second = active(&engine, "P");
    assert_eq!(verdict["version"], second);
    place
        .laban("versions P")
        .status(0)
        .says(&format!("{second} active, 0 sessions, compatible with {first}"));
    // It is swapped in all the same if it breaks what was there; sessions are pinned.
    swap_in(&place, "p.choreo", &talks("W", 2));
    let verdict = compared(&engine, "P", &second);
    assert_eq!((&verdict["verdict"], &verdict["role"]), (&"incompatible".into(), &"A".into()));
    assert!(verdict["trace"].to_string().contains("─ W ─"), "{verdict}");
    let line = format!("P {}: incompatible with {second}: {BREAKS}", active(&engine, "P"));
    place.laban("status").status(0).says(&line).says("─ W ─").says("stopped: `A` sends `W`");
    place.laban("deploy").status(0).says(&line).says("─ W ─");
    let shown = engine.get("/v1/protocols/P/versions").json();
    assert_eq!(shown[2]["compared"]["verdict"], "incompatible");
    assert_eq!(shown[0].get("compared"), None);
    until("word in the log", || {
        let log = engine.err();
        (log.contains("the versions are compared") && log.contains("which does not know it")).then_some(())
    });
    // What comes back after it was gone has nothing to be compared with, and the word of before stays.
    fs::remove_file(place.path("p.choreo")).unwrap();
    until("P to be gone", || active(&engine, "P").is_empty().then_some(()));
    swap_in(&place, "p.choreo", &talks("M", 7));
    until("P to be back", || (!active(&engine, "P").is_empty()).then_some(()));
    assert_eq!(engine.status()["deployed"]["compared"]["P"]["with"], second);
    engine.stop();
}

#[test]
fn what_breaks_the_active_version_is_refused_where_that_is_wanted() {
    let place = Place::new("upgrade_required");
    place.write("laban.yaml", REQUIRED).write("p.choreo", talks("M", 1)).write("other.choreo", votes(1));
    let engine = Engine::start(&place);
    let (first, other) = (active(&engine, "P"), active(&engine, "V"));
    let id = engine.begin("P");
    place.write("more.choreo", talks("M", 1).replace("choreography P", "choreography More"));
    swap_in(&place, "p.choreo", &talks("W", 1));
    until("the refusal", || (engine.status()["deployed"]["current"] == false).then_some(()));
    // Nothing of the directory is deployed, and what ran runs on.
    assert_eq!((active(&engine, "P"), active(&engine, "More")), (first.clone(), String::new()));
    let next = engine.begin("P");
    assert_eq!(engine.session(next)["version"], first);
    assert_eq!(engine.session(id)["state"], "running");
    let found = engine.get("/v1/diagnostics").json();
    assert_eq!((&found[0]["code"], &found[0]["line"]), (&"E0613".into(), &3.into()), "{found}");
    assert!(found[0]["file"].as_str().unwrap().ends_with("p.choreo"));
    assert_eq!(found[0]["message"], format!("`P` breaks its active version {first}: {BREAKS}"));
    assert!(found[0]["notes"][0].as_str().unwrap().contains("─ W ─"), "{found}");
    place
        .laban("status")
        .status(1)
        .says("p.choreo:3:14: error[E0613]: `P` breaks")
        .says("─ W ─")
        .says("is not deployed");
    place.laban("deploy").status(1).talks("error[E0613]: `P` breaks its active version").talks("─ W ─");
    assert!(engine.err().contains("E0613"));
    let answer = engine.put("/v1/protocols/P", &talks("W", 3));
    answer.refused(422, "E0609");
    assert!(answer.body.contains("E0613"), "{answer:?}");
    // What is compatible goes live, and what is new with it.
    swap_in(&place, "p.choreo", &talks("M", 2));
    assert_eq!(compared(&engine, "P", &first)["verdict"], "compatible");
    until("More", || (!active(&engine, "More").is_empty()).then_some(()));
    // So does what has no version before it.
    fs::remove_file(place.path("p.choreo")).unwrap();
    until("P to be gone", || active(&engine, "P").is_empty().then_some(()));
    swap_in(&place, "p.choreo", &talks("W", 1));
    until("P to be back", || (!active(&engine, "P").is_empty()).then_some(()));
    // What takes too long to be explored is not proved, and that is not enough.
    swap_in(&place, "other.choreo", &votes(2));
    let word = until("the other refusal", || {
        let found = engine.get("/v1/diagnostics").json();
        found[0]["message"].as_str().map(str::to_owned)
    });
    assert!(
        word.contains(&format!("`V` is not proved compatible with its active version {other}: `M` new")),
        "{word}"
    );
    engine.stop();
    // At the next start the requirement is gone.
    place.write("laban.yaml", "deploy: {}\n");
    let engine = Engine::start(&place);
    assert_eq!(compared(&engine, "V", &other)["verdict"], "not proved");
    place
        .laban("status")
        .status(0)
        .says(&format!("not proved compatible with {other}: `M` new, all others old: "));
    engine.stop();
}

#[test]
fn the_requirement_is_a_setting_like_others() {
    let place = Place::new("upgrade_setting");
    let schema = include_str!("../../schemas/laban.schema.json");
    let validator = jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap();
    assert!(validator.is_valid(&serde_json::json!({ "deploy": { "require_compatible": true } })));
    for (text, json) in [
        (
            "deploy: { require_compatibel: true }\n",
            serde_json::json!({ "deploy": { "require_compatibel": true } }),
        ),
        ("deploy: { require_compatible: 5 }\n", serde_json::json!({ "deploy": { "require_compatible": 5 } })),
        ("deploy: true\n", serde_json::json!({ "deploy": true })),
    ] {
        assert!(!validator.is_valid(&json), "{json}");
        place.write("laban.yaml", text);
        place.laban("serve . --listen 127.0.0.1:0").status(1).says("error[E04").says("laban.yaml:1");
    }
}
