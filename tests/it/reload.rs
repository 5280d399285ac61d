//! Files change while sessions run: what is deployed, what stays, what drains, and that nobody is disturbed.
//!
//! Is not: a test of what is right in a file; the directory is judged by what `check` judges by.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use laban::base::limits::VERSIONS_KEPT;
use laban::node::version::{Cause, LIFE, Life};
use serde_json::{Value as Json, json};

use crate::command::Place;
use crate::engine::{Engine, rest, swap_in, until, worked};

/// A protocol that takes so long, and differs from others by a number.
fn waits(name: &str, span: &str, number: usize) -> String {
    format!(
        "message M {{ n: Int }}\nchoreography {name} {{\n    roles: A, B\n\n    A -> B: M with {{ n: {number} }}\n    \
         A does time.sleep({span})\n    A -> B: M with {{ n: {number} }}\n}}\n"
    )
}

/// Sends thousands of messages, one each 30 ms.
const TALKS: &str = "message M { n: Int }\nchoreography Talks {\n    roles: A, B\n\n    loop (count: 5000) {\n        \
                     A does time.sleep(30ms)\n        A -> B: M with { n: 1 }\n    }\n}\n";

/// The versions of a protocol, oldest first: each with its state and its sessions.
fn versions(engine: &Engine, protocol: &str) -> Vec<(String, String, u64)> {
    let all = engine.get(&format!("/v1/protocols/{protocol}/versions"));
    let text = |version: &Json, field: &str| version[field].as_str().unwrap().to_owned();
    let one = |version: &Json| {
        (text(version, "version"), text(version, "state"), version["sessions"].as_u64().unwrap())
    };
    all.json().as_array().into_iter().flatten().map(one).collect()
}

/// The states of the versions of a protocol, oldest first.
fn states(engine: &Engine, protocol: &str) -> Vec<(String, u64)> {
    versions(engine, protocol).into_iter().map(|(_, state, sessions)| (state, sessions)).collect()
}

fn active(engine: &Engine, protocol: &str) -> Option<String> {
    engine.get(&format!("/v1/protocols/{protocol}")).json()["active"].as_str().map(str::to_owned)
}

#[track_caller]
fn states_come_to(engine: &Engine, protocol: &str, expected: &[(&str, u64)]) {
    let expected: Vec<(String, u64)> =
        expected.iter().map(|(state, count)| ((*state).to_owned(), *count)).collect();
    until(&format!("{protocol} {expected:?}"), || (states(engine, protocol) == expected).then_some(()));
}

/// Waits until another version than this is active; which.
#[track_caller]
fn other_than(engine: &Engine, protocol: &str, before: &str) -> String {
    until(&format!("another version of {protocol}"), || active(engine, protocol).filter(|now| now != before))
}

/// Waits until the last look at the directory has found errors, or none.
#[track_caller]
fn comes_to_be(engine: &Engine, current: bool) {
    until(&format!("current {current}"), || {
        (engine.status()["deployed"]["current"] == current).then_some(())
    });
}

#[test]
fn versions_live_by_the_table() {
    let row = |(from, cause, to): (Life, Cause, Life)| format!("{} {cause:?} {}", from.word(), to.word());
    assert_eq!(
        LIFE.map(row),
        [
            "active Activate active",
            "active Replace draining",
            "draining Activate active",
            "draining Empty retired",
            "retired Activate active",
        ]
    );
    // No cause leads to two places, and what the table does not say stays.
    let pairs: BTreeSet<_> = LIFE.iter().map(|(from, cause, _)| (*from, *cause)).collect();
    assert_eq!(pairs.len(), LIFE.len());
    assert_eq!(Life::Active.after(Cause::Empty), Life::Active);
    assert_eq!(Life::Retired.after(Cause::Replace), Life::Retired);
}

#[test]
fn a_changed_file_is_a_new_version_and_sessions_stay_on_theirs() {
    let place = Place::new("reload_versions");
    place.write("long.choreo", waits("Long", "1h", 1)).write("short.choreo", waits("Short", "1500ms", 1));
    let engine = Engine::start(&place);
    let (first, short) = (engine.begin("Long"), engine.begin("Short"));
    let old = active(&engine, "Long").unwrap();
    place.write("long.choreo", waits("Long", "1h", 2)).write("short.choreo", waits("Short", "1500ms", 2));
    let new = other_than(&engine, "Long", &old);
    states_come_to(&engine, "Long", &[("draining", 1), ("active", 0)]);
    let second = engine.begin("Long");
    assert_eq!(engine.session(first)["version"], old);
    assert_eq!(engine.session(second)["version"], new);
    // The last session of a version ends, by itself or because somebody ends it: then the version is over.
    engine.comes_to(short, "completed");
    states_come_to(&engine, "Short", &[("retired", 0), ("active", 0)]);
    assert_eq!(engine.delete(&format!("/v1/sessions/{first}")).status, 200);
    states_come_to(&engine, "Long", &[("retired", 0), ("active", 1)]);
    assert_eq!(engine.session(first)["state"], "aborted");
    // What was there before comes back as what it was, and ends what it began.
    place.write("long.choreo", waits("Long", "1h", 1));
    assert_eq!(other_than(&engine, "Long", &new), old);
    states_come_to(&engine, "Long", &[("active", 0), ("draining", 1)]);
    assert_eq!(engine.session(second)["state"], "running");
    engine.stop();
}

#[test]
fn a_bad_file_leaves_what_runs_and_is_said_everywhere() {
    let place = Place::new("reload_bad");
    place.write("a.choreo", waits("A", "1h", 1)).write("b.choreo", waits("B", "1h", 1));
    let engine = Engine::start(&place);
    let id = engine.begin("A");
    let before = (active(&engine, "A"), active(&engine, "B"));
    place.laban("status").status(0);
    // One file is better, one is worse: nothing is deployed.
    place
        .write("a.choreo", waits("A", "1h", 2))
        .write("b.choreo", "choreography B {\n    roles: A, B\n    A -> C: X\n}\n");
    comes_to_be(&engine, false);
    assert_eq!((active(&engine, "A"), active(&engine, "B")), before);
    place.laban("status").status(1).says("b.choreo:3:10: error[E0").says("`C`").says("is not deployed");
    let found = engine.get("/v1/diagnostics").json();
    let code = found[0]["code"].as_str().unwrap().to_owned();
    assert!(found.to_string().contains("b.choreo"), "{found}");
    until("word in the log", || {
        let log = engine.err();
        (log.contains(&code) && log.contains("b.choreo") && log.contains("what ran before runs on"))
            .then_some(())
    });
    place.laban("deploy").status(1).talks(&format!("b.choreo:3:10: error[{code}]: "));
    assert_eq!(engine.ask("GET", "/readyz", &[("Host", &engine.address)], &[]).status, 200);
    let next = engine.begin("A");
    assert_eq!(engine.session(id)["version"], engine.session(next)["version"]);
    // A profile that is wrong is an error as well.
    place.write("b.choreo", waits("B", "1h", 1)).write("a.guards.yaml", "protocol: A\nmesages: {}\n");
    until("the profile", || engine.get("/v1/diagnostics").body.contains("a.guards.yaml").then_some(()));
    assert_eq!(active(&engine, "A"), before.0);
    // Mended, it goes on.
    fs::remove_file(place.path("a.guards.yaml")).unwrap();
    comes_to_be(&engine, true);
    until("the other A", || (active(&engine, "A") != before.0).then_some(()));
    assert_eq!(active(&engine, "B"), before.1);
    assert_eq!(engine.get("/v1/diagnostics").json().to_string().matches("\"error\"").count(), 0);
    place.laban("status").status(0);
    engine.stop();
}

#[test]
fn a_removed_file_drains_and_may_come_back() {
    let place = Place::new("reload_removed");
    place.write("a.choreo", waits("A", "1h", 1)).write("b.choreo", waits("B", "1h", 1));
    let engine = Engine::start(&place);
    let id = engine.begin("A");
    fs::remove_file(place.path("a.choreo")).unwrap();
    fs::remove_file(place.path("b.choreo")).unwrap();
    states_come_to(&engine, "A", &[("draining", 1)]);
    states_come_to(&engine, "B", &[("retired", 0)]);
    let said = engine.post("/v1/sessions", &json!({ "protocol": "A" })).refused(404, "E0606");
    assert!(said.contains("draining"), "{said}");
    assert_eq!(engine.session(id)["state"], "running");
    assert_eq!(engine.get(&format!("/v1/sessions/{id}/diagram")).status, 200);
    place.write("sub/a.choreo", waits("A", "1h", 1));
    states_come_to(&engine, "A", &[("active", 1)]);
    assert_eq!(engine.get("/v1/protocols/A").json()["file"], "sub/a.choreo");
    engine.stop();
}

#[test]
fn a_profile_counts_from_the_next_send_on() {
    let place = Place::new("reload_profile");
    let profile = |cost: u32, limit: u32| {
        format!(
            "protocol: Talks\ndefaults: {{ capabilities: [], flow_cost: {cost} }}\nbudgets: [{{ limit: {limit} }}]\n"
        )
    };
    place.write("talks.choreo", TALKS).write("talks.guards.yaml", profile(1, 100_000_000));
    let engine = Engine::start(&place);
    let before = active(&engine, "Talks");
    let id = engine.begin("Talks");
    let budget = |field: &str| engine.session(id)["budgets"][0][field].as_u64().unwrap_or(0);
    until("some messages", || (budget("spent") >= 3).then_some(()));
    assert_eq!(budget("limit"), 100_000_000);
    // A lower limit and another cost, at once and without a new version.
    swap_in(&place, "talks.guards.yaml", &profile(10_000, 50_000_000));
    until("the other limit", || (budget("limit") == 50_000_000).then_some(()));
    until("the other cost", || (budget("spent") > 10_000).then_some(()));
    swap_in(&place, "talks.guards.yaml", &profile(1_000, 1));
    let session = engine.comes_to(id, "aborted");
    assert_eq!(session["failure"]["code"], "E0519", "{session}");
    assert!(session["steps"].as_u64().unwrap() < 10_000, "{session}");
    assert_eq!(active(&engine, "Talks"), before);
    assert_eq!(states(&engine, "Talks"), [("active".to_owned(), 0)]);
    engine.stop();
}

#[test]
fn versions_are_moved_by_hand() {
    let place = Place::new("reload_verbs");
    place.write("a.choreo", waits("A", "1h", 1));
    let engine = Engine::start(&place);
    let old = active(&engine, "A").unwrap();
    place.laban("deploy").status(0).says("nothing has changed: generation 1");
    place.laban("rollback A").status(1).talks("E0608");
    swap_in(&place, "a.choreo", &waits("A", "1h", 2));
    // Whoever looks first deploys it; then it is.
    place.laban("deploy").status(0).says("generation 2");
    let new = other_than(&engine, "A", &old);
    let id = engine.begin("A");
    place
        .laban("rollback A")
        .status(0)
        .says(&format!("A: active {old}"))
        .says(&format!("{new} draining, 1 sessions"));
    // The file has not changed, so that it stays so, and over a start as well.
    swap_in(&place, "a.choreo", &waits("A", "1h", 2));
    place.laban("deploy").status(0);
    assert_eq!(active(&engine, "A").unwrap(), old);
    engine.stop();
    let engine = Engine::start(&place);
    assert_eq!(active(&engine, "A").unwrap(), old);
    assert_eq!(engine.session(id)["version"], new);
    place.laban(&format!("rollback A --version {new}")).status(0).says(&format!("A: active {new}"));
    place.laban("rollback A --version 0000000").status(1).talks("E0608").talks(&old);
    place.laban("drain A").status(0).says("A: active none").says("draining, 1 sessions");
    place.laban("start A").status(1).talks("E0606");
    place.laban("deploy").status(0);
    assert_eq!(active(&engine, "A"), None);
    place.laban("drain B").status(1).talks("E0606");
    place.laban("versions A").status(0).says(&format!("{old} retired")).says(&format!("{new} draining"));
    place.laban(&format!("rollback A --version {new}")).status(0);
    let after: Vec<_> = states(&engine, "A");
    assert_eq!(after, [("retired".to_owned(), 0), ("active".to_owned(), 1)]);
    engine.stop();
}

#[test]
fn the_oldest_version_that_is_kept_can_come_back() {
    let place = Place::new("reload_oldest");
    place.write("a.choreo", waits("A", "1h", 0));
    let engine = Engine::start(&place);
    for number in 1..=VERSIONS_KEPT + 2 {
        assert_eq!(engine.put("/v1/protocols/A", &waits("A", "1h", number)).status, 200);
    }
    let all = versions(&engine, "A");
    assert_eq!(all.len(), VERSIONS_KEPT + 1, "{all:?}");
    let oldest = all[0].0.clone();
    place.laban(&format!("rollback A --version {oldest}")).status(0).says(&format!("A: active {oldest}"));
    engine.begin("A");
    place.laban("rollback A").status(1).talks("E0608").talks("has no version before this one");
    let newest = all[VERSIONS_KEPT].0.clone();
    place.laban(&format!("rollback A --version {newest}")).status(0).says(&format!("A: active {newest}"));
    // By its file as well: the oldest has a session, the one after it is over.
    let second = all[1].0.clone();
    assert_eq!(engine.put("/v1/protocols/A", &waits("A", "1h", 3)).json()["active"], second);
    engine.stop();
}

#[test]
fn what_editors_do_disturbs_nobody() {
    let place = Place::new("reload_editors");
    place.write("a.choreo", waits("A", "100ms", 1));
    let engine = Engine::start(&place);
    let mut known: BTreeSet<String> = active(&engine, "A").into_iter().collect();
    let stop = AtomicBool::new(false);
    let (done, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let mut longest = Duration::ZERO;
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let answer = engine.post("/v1/sessions", &json!({ "protocol": "A", "wait": true }));
                    if answer.status == 404 {
                        refused.fetch_add(1, Ordering::Relaxed);
                        continue;
                    }
                    assert_eq!(answer.status, 200, "{answer:?}");
                    assert_eq!(answer.json()["state"], "completed", "{answer:?}");
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        // Half a file, then the whole one; nothing at all, then the whole one; gone, then there.
        let mut before = active(&engine, "A").unwrap();
        let pause = || rest(Duration::from_millis(120));
        for (number, way) in ["half", "empty", "gone", "backup", "swap"].into_iter().enumerate() {
            let text = waits("A", "100ms", number + 2);
            let path = place.path("a.choreo");
            let began = Instant::now();
            match way {
                "half" => {
                    place.write("a.choreo", &text[..text.len() / 2]);
                    pause();
                }
                "empty" => {
                    place.write("a.choreo", "");
                    pause();
                }
                "gone" => {
                    fs::remove_file(&path).unwrap();
                    pause();
                }
                "backup" => {
                    fs::rename(&path, place.path("a.choreo~")).unwrap();
                    pause();
                }
                _ => {
                    place.write(".a.choreo.swp", "b0VIM").write("#a.choreo#", &text[..9]).write("4913", "");
                    symlink("nobody@nowhere.1", place.path(".#a.choreo")).unwrap();
                    pause();
                    swap_in(&place, "a.choreo", &text);
                }
            }
            place.write("a.choreo", &text);
            longest = longest.max(began.elapsed());
            before = other_than(&engine, "A", &before);
            known.insert(before.clone());
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(done.load(Ordering::Relaxed) > 3);
    // What is gone for as long as that, because this machine stands still, is taken for gone.
    let refused = refused.load(Ordering::Relaxed);
    assert!(refused == 0 || longest >= Duration::from_millis(300), "{refused} refused, gone for {longest:?}");
    let seen: BTreeSet<String> = versions(&engine, "A").into_iter().map(|(version, ..)| version).collect();
    assert_eq!(seen, known);
    let log = engine.err();
    assert!(!log.contains("\"protocols\":0"), "{log}");
    engine.stop();
}

#[test]
fn links_are_followed_and_loops_of_them_end() {
    let place = Place::new("reload_links");
    place.write("out/real.choreo", waits("A", "1h", 1)).write("d/b.choreo", waits("B", "1h", 1));
    symlink("../out/real.choreo", place.path("d/a.choreo")).unwrap();
    // Two of them double at each level where somebody follows them.
    symlink(".", place.path("d/one")).unwrap();
    symlink(".", place.path("d/two")).unwrap();
    let engine = Engine::below(&place, "d");
    let old = active(&engine, "A").unwrap();
    // Nobody is told that what is elsewhere has changed, so somebody says it.
    swap_in(&place, "out/real.choreo", &waits("A", "1h", 2));
    engine.signal("HUP");
    let new = other_than(&engine, "A", &old);
    // Another link by the same name.
    place.write("out/other.choreo", waits("A", "1h", 3));
    symlink("../out/other.choreo", place.path("d/a.new")).unwrap();
    fs::rename(place.path("d/a.new"), place.path("d/a.choreo")).unwrap();
    let third = other_than(&engine, "A", &new);
    // What is put goes through the link, which stays one.
    assert_eq!(engine.put("/v1/protocols/A", &waits("A", "1h", 1)).status, 200);
    assert_eq!(other_than(&engine, "A", &third), old);
    assert!(fs::symlink_metadata(place.path("d/a.choreo")).unwrap().is_symlink());
    assert_eq!(place.read("out/other.choreo"), waits("A", "1h", 1));
    // A link to nowhere is a file that cannot be read.
    fs::remove_file(place.path("out/other.choreo")).unwrap();
    engine.signal("HUP");
    comes_to_be(&engine, false);
    assert_eq!(active(&engine, "A").unwrap(), old);
    engine.stop();
}

#[test]
fn a_directory_that_vanishes_leaves_what_runs_and_comes_back() {
    let place = Place::new("reload_vanish");
    place.write("d/a.choreo", waits("A", "1h", 1)).write("d/sub/b.choreo", waits("B", "1h", 1));
    let engine = Engine::below(&place, "d");
    let id = engine.begin("A");
    let old = active(&engine, "A").unwrap();
    fs::rename(place.path("d"), place.path("e")).unwrap();
    comes_to_be(&engine, false);
    assert_eq!(active(&engine, "A").unwrap(), old);
    let other = engine.begin("A");
    fs::rename(place.path("e"), place.path("d")).unwrap();
    comes_to_be(&engine, true);
    swap_in(&place, "d/a.choreo", &waits("A", "1h", 2));
    other_than(&engine, "A", &old);
    for id in [id, other] {
        assert_eq!(engine.session(id)["state"], "running");
    }
    // A directory below it, likewise.
    fs::rename(place.path("d/sub"), place.path("sub")).unwrap();
    states_come_to(&engine, "B", &[("retired", 0)]);
    fs::rename(place.path("sub"), place.path("d/sub")).unwrap();
    states_come_to(&engine, "B", &[("active", 0)]);
    // What was logged meanwhile is there.
    engine.stop();
    let engine = Engine::below(&place, "d");
    assert_eq!(engine.session(other)["state"], "running");
    engine.stop();
}

#[test]
fn ten_saves_a_second_of_two_files_that_must_agree() {
    let place = Place::new("reload_storm");
    let part = |turn: usize| format!("message M {{ f{}: Int }}\n", turn % 2);
    let main = |turn: usize| {
        format!(
            "import \"part.choreo\" as p\n\nchoreography Main {{\n    roles: A, B\n\n    A -> B: p::M with {{ f{0}: {0} }}\n    \
             A does time.sleep(50ms)\n    A -> B: p::M with {{ f{0}: {0} }}\n}}\n",
            turn % 2
        )
    };
    place.write("part.choreo", part(0)).write("main.choreo", main(0));
    let engine = Engine::start(&place);
    let first = active(&engine, "Main").unwrap();
    swap_in(&place, "part.choreo", &part(1));
    swap_in(&place, "main.choreo", &main(1));
    let both = BTreeSet::from([first.clone(), other_than(&engine, "Main", &first)]);
    let stop = AtomicBool::new(false);
    let done = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let answer = engine.post("/v1/sessions", &json!({ "protocol": "Main", "wait": true }));
                    assert_eq!(answer.status, 200, "{answer:?}");
                    let session = answer.json();
                    assert_eq!(session["state"], "completed", "{answer:?}");
                    assert!(both.contains(session["version"].as_str().unwrap()), "{answer:?}");
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                let now = active(&engine, "Main").unwrap();
                assert!(both.contains(&now), "{now}");
                rest(Duration::from_millis(5));
            }
        });
        let began = Instant::now();
        for turn in 0..40 {
            swap_in(&place, "part.choreo", &part(turn));
            if turn % 3 == 0 {
                rest(Duration::from_millis(45));
            }
            swap_in(&place, "main.choreo", &main(turn));
            rest(
                (began + Duration::from_millis(100) * (turn as u32 + 1))
                    .saturating_duration_since(Instant::now()),
            );
        }
        stop.store(true, Ordering::Relaxed);
    });
    comes_to_be(&engine, true);
    assert!(done.load(Ordering::Relaxed) > 20);
    let seen: BTreeSet<String> = versions(&engine, "Main").into_iter().map(|(version, ..)| version).collect();
    assert_eq!(seen, both);
    assert!(engine.status()["deployed"]["generation"].as_u64().unwrap() > 5);
    engine.stop();
}

#[test]
fn a_thousand_files_and_rest_afterwards() {
    let place = Place::new("reload_thousand");
    for number in 0..1000 {
        place.write(&format!("p{number}.choreo"), waits(&format!("P{number}"), "1h", number));
    }
    let began = Instant::now();
    let engine = Engine::start(&place);
    let started = began.elapsed();
    assert_eq!(engine.get("/v1/protocols").json().as_array().unwrap().len(), 1000);
    let id = engine.begin("P7");
    let old = active(&engine, "P999").unwrap();
    let began = Instant::now();
    swap_in(&place, "p999.choreo", &waits("P999", "1h", 1));
    other_than(&engine, "P999", &old);
    let changed = began.elapsed();
    let took = engine.status()["deployed"]["took"].as_u64().unwrap();
    assert_eq!(engine.session(id)["state"], "running");
    // Nobody changes anything: then nothing is looked for but from time to time.
    let before = worked(engine.process());
    rest(Duration::from_secs(2));
    let rest = worked(engine.process()) - before;
    eprintln!(
        "1000 files: start {started:?}, a change {changed:?}, of it until the swap {took} ms, two idle seconds {rest:?}"
    );
    assert!(rest < Duration::from_millis(600), "{rest:?}");
    engine.stop();
}

#[test]
fn what_runs_goes_on_at_the_next_start() {
    let place = Place::new("reload_stop");
    place.write("long.choreo", waits("Long", "1h", 1)).write("short.choreo", waits("Short", "1s", 1));
    let engine = Engine::start(&place);
    let (long, short) = (engine.begin("Long"), engine.begin("Short"));
    let old = active(&engine, "Short").unwrap();
    let before = (engine.session(long), engine.session(short));
    // Somebody listens, somebody waits: neither holds it up.
    let mut listener = engine.connect();
    let request = format!(
        "GET /v1/events HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\r\n",
        engine.address, engine.token
    );
    std::io::Write::write_all(&mut listener, request.as_bytes()).unwrap();
    let began = Instant::now();
    engine.stop();
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    assert!(!place.path(".laban/address").exists());
    // While nobody is there, the files change.
    place.write("short.choreo", waits("Short", "1s", 2));
    let engine = Engine::start(&place);
    assert_eq!((engine.session(long), engine.session(short)["version"].clone()), (before.0, json!(old)));
    let session = engine.comes_to(short, "completed");
    assert_eq!(session["version"], old);
    states_come_to(&engine, "Short", &[("retired", 0), ("active", 0)]);
    assert_eq!(engine.started(), 2);
    engine.stop();
    // The interrupt of a terminal is as good.
    let mut engine = Engine::start(&place);
    assert_eq!(engine.session(long)["state"], "running");
    engine.signal("INT");
    assert_eq!(engine.ended().code(), Some(0));
}

#[test]
fn a_source_is_put_only_if_the_whole_directory_is_right_with_it() {
    let place = Place::new("reload_put");
    place.write("a.choreo", waits("A", "1h", 1));
    let engine = Engine::start(&place);
    let old = active(&engine, "A").unwrap();
    let id = engine.begin("A");
    let answer = engine.put("/v1/protocols/A", &waits("A", "1h", 2));
    assert_eq!(answer.status, 200, "{answer:?}");
    let new = answer.json()["active"].as_str().unwrap().to_owned();
    assert_ne!(old, new);
    assert_eq!(place.read("a.choreo"), waits("A", "1h", 2));
    assert_eq!(engine.session(id)["version"], old);
    // What is wrong is said, and the file is as it was.
    let answer = engine.put("/v1/protocols/A", "choreography A {\n    roles: A, B\n    A -> C: X\n}\n");
    answer.refused(422, "E0609");
    assert!(answer.json()["diagnostics"][0]["message"].as_str().unwrap().contains("`C`"), "{answer:?}");
    assert_eq!(place.read("a.choreo"), waits("A", "1h", 2));
    // Another protocol of the same name elsewhere is wrong too.
    let two = waits("A", "1h", 3) + waits("B", "1h", 3).split_once('\n').unwrap().1;
    engine.put("/v1/protocols/B", &two).refused(422, "E0609");
    assert!(!place.path("B.choreo").exists());
    assert_eq!(active(&engine, "A").unwrap(), new);
    let answer = engine.put("/v1/protocols/B", &waits("B", "1h", 1));
    assert_eq!(answer.json()["file"], "B.choreo", "{answer:?}");
    engine.begin("B");
    // Two in one file stay two.
    let one = waits("One", "1h", 1);
    let both = one.clone() + waits("Two", "1h", 1).split_once('\n').unwrap().1;
    place.write("both.choreo", &both);
    until("two of one file", || active(&engine, "Two"));
    let said = engine.put("/v1/protocols/One", &one.replace("1h", "2h")).refused(400, "E0611");
    assert!(said.contains("`Two`"), "{said}");
    assert_eq!(engine.put("/v1/protocols/One", &both.replace("1h", "2h")).status, 200);
    assert_eq!(place.read("both.choreo"), both.replace("1h", "2h"));
    place.laban("status").status(0);
    engine.stop();
}

#[test]
fn a_start_with_errors_goes_on_with_what_the_log_knows() {
    let place = Place::new("reload_broken_start");
    place.write("a.choreo", waits("A", "1h", 1));
    let engine = Engine::start(&place);
    let id = engine.begin("A");
    engine.stop();
    place.write("b.choreo", "choreography B {");
    let engine = Engine::start(&place);
    until("the greeting", || engine.out().contains("1 protocols run on as they were before").then_some(()));
    assert_eq!(engine.ask("GET", "/readyz", &[("Host", &engine.address)], &[]).status, 200);
    assert_eq!(engine.session(id)["state"], "running");
    engine.begin("A");
    fs::remove_file(place.path("b.choreo")).unwrap();
    comes_to_be(&engine, true);
    assert_eq!(states(&engine, "A"), [("active".to_owned(), 2)]);
    engine.stop();
    // Where nothing was deployed ever, it is not ready.
    let place = Place::new("reload_broken_first");
    place.write("b.choreo", "choreography B {");
    let engine = Engine::start(&place);
    let ready = || engine.ask("GET", "/readyz", &[("Host", &engine.address)], &[]);
    ready().refused(503, "E0609");
    place.write("b.choreo", waits("B", "1h", 1));
    until("ready", || (ready().status == 200).then_some(()));
    engine.stop();
}

/// Takes a call, says so in a file, and does not answer.
const MUTE: &str =
    "import sys, time\nfor line in sys.stdin:\n    open('asked', 'a').write('.')\n    time.sleep(600)\n";

#[test]
fn a_second_word_to_stop_is_the_last() {
    let place = Place::new("reload_stop_twice");
    place.write("a.choreo", "choreography A {\n    roles: A, B\n    A -> B: M(n: Int)\n}\n");
    place.write("mute.py", MUTE).write(
        "a.bindings.yaml",
        "protocol: A\nroles: { A: { handler: mute } }\nhandlers: { mute: { kind: process, command: [python3, mute.py], deadline: 1h } }\n",
    );
    // A machine that stands still may be through with the first word before the second one is said.
    let in_between = (0..20).any(|_| {
        let _ = fs::remove_file(place.path("asked"));
        let mut engine = Engine::start(&place);
        let id = engine.begin("A");
        until("a call", || place.path("asked").exists().then_some(()));
        engine.signal("TERM");
        until("the first word", || engine.err().contains("stopping: ").then_some(()));
        engine.signal("TERM");
        assert_eq!(engine.ended().code(), Some(0), "{}", engine.err());
        let heard = engine.err().contains("nothing is waited for");
        // Who is through in order takes its address away.
        assert_eq!(heard, place.path(".laban/address").exists());
        assert!(id > 0);
        heard
    });
    assert!(in_between, "the second word was never heard");
    // What was taken is there.
    let engine = Engine::start(&place);
    assert_eq!(engine.session(1)["state"], "running");
    engine.signal("KILL");
}
