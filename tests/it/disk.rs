//! Disks that refuse, because they are full or must not be written: that is said, nothing is answered for that is not
//! kept, and when there is room again everything goes on.
//!
//! What a disk refuses is brought about by a limit on the size of files, and by a directory that is mounted read-only.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::command::Place;
use crate::engine::{Answer, Engine, rest, until};

const PING: &str = "choreography Ping {\n    roles Ann, Ben\n\n    Ann -> Ben: Hello with {}\n    Ben -> Ann: Hello with {}\n}\n";
/// Of half a KiB each, what a file may be long. A program that ignores the signal is told by the write.
const SMALL: &str = "trap '' XFSZ && ulimit -S -f 64";
const READ_ONLY: &str = "mount --bind . . && mount -o remount,bind,ro . && cd \"$PWD\"";

/// The engine's command in a shell that does something before; `with` is what runs the shell.
fn behind(place: &Place, with: &[&str], before: &str) -> Command {
    let shell = ["sh", "-c"];
    let mut all = with.iter().chain(&shell);
    let mut command = Command::new(all.next().unwrap());
    command.args(all).arg(format!("{before} && exec \"$0\" serve . --listen 127.0.0.1:0"));
    command.arg(env!("CARGO_BIN_EXE_laban")).current_dir(place.path("."));
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).stdin(Stdio::null());
    command
}

fn too_large(answer: &Answer) {
    assert!(answer.refused(503, "E0603").contains("the log cannot be written: File too large"));
}

#[test]
fn a_full_disk_is_said_and_when_there_is_room_everything_goes_on() {
    let place = Place::new("disk_full");
    place.write("ping.choreo", PING);
    let engine = Arc::new(Engine::of(&place, ".", behind(&place, &[], SMALL)));
    let (told, over) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
    let (starts, notes, stops) = (engine.clone(), told.clone(), over.clone());
    let starting = thread::spawn(move || {
        while !stops.load(Ordering::Relaxed) {
            // What was taken is done when there is room; what is asked while the disk is known to be full is not taken.
            let answer = starts.post("/v1/sessions", &json!({ "protocol": "Ping" }));
            match answer.status {
                503 => too_large(&answer),
                _ => notes.lock().unwrap().push(answer.json()["id"].as_u64()),
            }
            rest(Duration::from_millis(1));
        }
    });
    // Also what is asked before the disk is known to be full is told when it is.
    let full = until("a full disk", || Some(engine.get("/v1/status")).filter(|answer| answer.status != 200));
    too_large(&full);
    too_large(&engine.post("/v1/deploy", &json!({})));
    place.laban("status").status(1).talks("E0603");
    until("a word of it", || {
        engine.err().contains("the log cannot be written; it is tried again").then_some(())
    });
    assert!(engine.get("/metrics").body.contains("\nlaban_log_ok 0\n"));
    assert_eq!(engine.ask("GET", "/healthz", &[("Host", &engine.address)], &[]).status, 200);
    over.store(true, Ordering::Relaxed);
    // Room again.
    let process = engine.process().to_string();
    let room = Command::new("prlimit").args(["--pid", &process, "--fsize=unlimited"]).status();
    assert!(room.is_ok_and(|room| room.success()), "`prlimit` (package util-linux) is needed here");
    starting.join().unwrap();
    until("room", || engine.get("/metrics").body.contains("\nlaban_log_ok 1\n").then_some(()));
    let told = told.lock().unwrap().clone();
    let all = told.len() as u64;
    assert!(all > 3, "{all}");
    // The last may have waited for so long that it was not told of its outcome; it is done all the same.
    let told: Vec<u64> = told.into_iter().flatten().collect();
    assert!(told.iter().copied().eq(1..=all) || told.iter().copied().eq(1..all), "{told:?}");
    (1..=all).for_each(|id| _ = engine.comes_to(id, "completed"));
    engine.signal("KILL");
    drop(engine);
    place.laban("log check").status(0).says("all whole");
    let engine = Engine::start(&place);
    assert_eq!(engine.started(), all, "what waited was done, and nothing twice");
    (1..=all).for_each(|id| assert_eq!(engine.session(id)["state"], "completed"));
    engine.stop();
}

#[test]
fn a_directory_that_cannot_be_written_is_said_and_stays_as_it_is() {
    let place = Place::new("disk_read_only");
    place.write("ping.choreo", PING);
    let refused = |what: &str| {
        let ran = behind(&place, &["unshare", "--mount", "--map-root-user"], READ_ONLY).output();
        let ran = ran.expect("`unshare` (package util-linux) is needed here");
        let said = String::from_utf8(ran.stderr).unwrap();
        assert_eq!(ran.status.code(), Some(2), "{said}");
        assert!(said.contains("E0603") && said.contains(what) && said.contains("Read-only"), "{said}");
    };
    refused("cannot be made");
    let engine = Engine::start(&place);
    let id = engine.begin("Ping");
    engine.comes_to(id, "completed");
    engine.stop();
    let files = || -> Vec<(PathBuf, Vec<u8>)> {
        let files = fs::read_dir(place.path(".laban/log")).unwrap().map(|file| file.unwrap().path());
        files.map(|path| (path.clone(), fs::read(path).unwrap())).collect()
    };
    let before = files();
    refused(".laban");
    assert_eq!(files(), before);
    let engine = Engine::start(&place);
    assert_eq!(engine.session(id)["state"], "completed");
    engine.stop();
}
