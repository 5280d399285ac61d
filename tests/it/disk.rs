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

use serde_json::json;

use crate::command::Place;
use crate::engine::{Engine, until};

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

#[test]
fn a_full_disk_is_said_and_when_there_is_room_everything_goes_on() {
    let place = Place::new("disk_full");
    place.write("ping.choreo", PING);
    let engine = Arc::new(Engine::of(&place, ".", behind(&place, &[], SMALL)));
    let (told, over) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
    let (starts, notes, stops) = (engine.clone(), told.clone(), over.clone());
    let starting = thread::spawn(move || {
        while !stops.load(Ordering::Relaxed) {
            // What is asked while the disk is full is refused, or answered when there is room.
            let answer = starts.post("/v1/sessions", &json!({ "protocol": "Ping" }));
            notes.lock().unwrap().extend(answer.json()["id"].as_u64());
        }
    });
    let full = until("a full disk", || Some(engine.get("/v1/status")).filter(|answer| answer.status != 200));
    assert!(full.refused(503, "E0603").contains("the log cannot be written: File too large"));
    place.laban("status").status(1).talks("E0603");
    assert!(engine.err().contains("the log cannot be written; it is tried again"), "{}", engine.err());
    assert!(engine.get("/metrics").body.contains("\nlaban_log_ok 0\n"));
    assert_eq!(engine.ask("GET", "/healthz", &[("Host", &engine.address)], &[]).status, 200);
    over.store(true, Ordering::Relaxed);
    let before = told.lock().unwrap().len();
    assert!(before > 3, "{before}");
    // Room again.
    let process = engine.process().to_string();
    let room = Command::new("prlimit").args(["--pid", &process, "--fsize=unlimited"]).status();
    assert!(room.is_ok_and(|room| room.success()), "`prlimit` (package util-linux) is needed here");
    starting.join().unwrap();
    assert!(engine.get("/metrics").body.contains("\nlaban_log_ok 1\n"));
    let told = told.lock().unwrap().clone();
    assert_eq!(told, (1..=told.len() as u64).collect::<Vec<_>>(), "what waited was done, and nothing twice");
    told.iter().for_each(|id| _ = engine.comes_to(*id, "completed"));
    engine.signal("KILL");
    drop(engine);
    place.laban("log check").status(0).says("all whole");
    let engine = Engine::start(&place);
    assert_eq!(engine.started(), told.len() as u64);
    told.iter().for_each(|id| assert_eq!(engine.session(*id)["state"], "completed"));
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
