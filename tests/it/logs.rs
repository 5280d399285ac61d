//! `laban log check` and `laban log repair`: on logs that an engine has written, whole and damaged in every way.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::PathBuf;

use crate::command::Place;
use crate::engine::{Engine, until};

const FIRST: &str = ".laban/log/00000000000000000001.log";
/// The beginning of a frame, and no more of it, behind its mark.
const TORN: &[u8] = b" and then the power went";
const PING: &str = "choreography Ping {\n    roles Ann, Ben\n\n    Ann -> Ben: Hello with {}\n    Ben -> Ann: Hello with {}\n}\n";

/// A directory whose engine has run a few sessions and was killed.
fn ran(name: &str) -> Place {
    let place = Place::new(name);
    place.write("ping.choreo", PING);
    let served = Engine::start(&place);
    for _ in 0..5 {
        place.laban("start Ping --wait").status(0).says("completed");
    }
    drop(served);
    place
}

/// How many entries `log check` finds to be whole.
fn whole(place: &Place, status: i32) -> u64 {
    let ran = place.laban("log check").status(status);
    ran.out.split(' ').next().unwrap().parse().unwrap()
}

fn bytes(place: &Place) -> Vec<u8> {
    fs::read(place.path(FIRST)).unwrap()
}

/// Where the frames of a log begin.
fn frames(bytes: &[u8]) -> Vec<usize> {
    let mark = &bytes[12..20];
    let marks = bytes.windows(8).enumerate().filter(|(at, window)| *window == mark && *at > 12);
    marks.map(|(at, _)| at).collect()
}

fn spoil(place: &Place, at: usize) {
    let file = OpenOptions::new().write(true).open(place.path(FIRST)).unwrap();
    file.write_at(b"????", at as u64).unwrap();
}

#[test]
fn a_whole_log_is_counted_and_not_touched() {
    let place = ran("log-whole");
    let before = bytes(&place);
    place.laban("log check .").status(0).says("entries, all whole (1 file, ");
    assert!(whole(&place, 0) > 5);
    place.laban("log repair .").status(0).says("nothing is cut");
    assert_eq!(bytes(&place), before);
}

#[test]
fn a_torn_end_is_no_loss() {
    let place = ran("log-torn");
    let (before, entries) = (bytes(&place), whole(&place, 0));
    let torn = [&before[12..20], TORN].concat();
    fs::write(place.path(FIRST), [&before[..], &torn[..]].concat()).unwrap();
    let said = format!("E0602: {} bytes at the end of", torn.len());
    let found = place.laban("log check").status(0).says(&said);
    found.says("the next start cuts them off");
    assert_eq!(whole(&place, 0), entries);
    place.laban("log repair").status(0).says("nothing that anybody was told of is lost");
    assert_eq!(bytes(&place), before);
    let cut = fs::read(place.path(&format!("{FIRST}.cut"))).unwrap();
    assert_eq!(cut, torn);
}

#[test]
fn a_damaged_middle_is_cut_and_what_is_cut_is_kept() {
    let place = ran("log-middle");
    let (before, entries) = (bytes(&place), whole(&place, 0));
    let at = frames(&before)[4];
    spoil(&place, at + 40);
    let damaged = bytes(&place);
    let found = place.laban("log check").status(1);
    assert!(found.out.contains(&format!("is damaged at byte {at},")), "{}", found.out);
    // An engine does not start, and changes nothing.
    place.laban("serve . --listen 127.0.0.1:0").status(2).talks("E0601");
    assert_eq!(bytes(&place), damaged);
    let kept = whole(&place, 1);
    let said = place.laban("log repair").status(0).says(&format!("cut at byte {at} of"));
    // All that was there is counted: kept, damaged, whole.
    let last = said.out.lines().last().unwrap().to_owned();
    let numbers: Vec<u64> = last.split(' ').filter_map(|word| word.parse().ok()).collect();
    assert_eq!((numbers[0], numbers.iter().sum::<u64>(), numbers.len()), (kept, entries, 3), "{last}");
    assert!(!last.contains("unknown"), "{last}");
    let cut = fs::read(place.path(&format!("{FIRST}.cut"))).unwrap();
    assert_eq!([&bytes(&place)[..at], &cut[..]].concat(), damaged, "not a byte is thrown away");
    assert_eq!(whole(&place, 0), kept);
    let served = Engine::start(&place);
    place.laban("start Ping --wait").status(0).says("completed");
    drop(served);
    assert!(whole(&place, 0) > kept);
    // A second cut has a name of its own.
    spoil(&place, at - 4);
    place.laban("log repair").status(0).says(".log.2.cut");
}

#[test]
fn a_missing_file_and_one_that_is_no_log_are_moved_aside() {
    let place = ran("log-missing");
    let entries = whole(&place, 0);
    let later = |number: u64| format!(".laban/log/{number:020}.log");
    // The frames of one batch, as a second file with nothing between.
    let head = bytes(&place)[..28].to_vec();
    place.write(&later(entries + 4), &head);
    let gap = format!("but entry {} is missing before it", entries + 1);
    place.laban("log check").status(1).says(&gap);
    place.laban("log repair").status(0).says("are kept");
    assert!(!place.path(&later(entries + 4)).exists());
    assert!(place.path(&format!("{}.cut", later(entries + 4))).exists());
    assert_eq!(whole(&place, 0), entries);
    spoil(&place, 0);
    place
        .laban("log check")
        .status(1)
        .says("is damaged at byte 0")
        .says(&format!("{entries} entries that are whole"));
    place.laban("log repair").status(0).says("0 entries are kept");
    assert!(!place.path(FIRST).exists());
    place.laban("log check").status(0).says("0 entries, all whole (0 files");
}

#[test]
fn a_log_of_another_format_is_left_alone() {
    let place = ran("log-format");
    let mut other = bytes(&place);
    other[8] = 99;
    let sum = *blake3::hash(&other[..20]).as_bytes();
    other[20..28].copy_from_slice(&sum[..8]);
    place.write(FIRST, &other);
    for verb in ["check", "repair"] {
        place.laban(&format!("log {verb}")).status(2).talks("E0604").talks("is of format 99");
    }
    assert_eq!(bytes(&place), other);
}

#[test]
fn an_engine_at_work_is_not_disturbed() {
    let place = ran("log-busy");
    let served = Engine::start(&place);
    for verb in ["check", "repair"] {
        let ran =
            place.laban(&format!("log {verb}")).status(2).talks("E0605").talks("an engine is at work in");
        ran.talks("laban status --dir .");
    }
    place.laban("start Ping --wait").status(0).says("completed");
    drop(served);
    place.laban("log check").status(0);
}

#[test]
fn where_no_engine_was_there_is_no_log() {
    let place = Place::new("log-none");
    for verb in ["check", "repair"] {
        place.laban(&format!("log {verb} .")).status(2).talks("there is no log in `./.laban/log`");
    }
    let made: PathBuf = place.path(".laban");
    assert!(!made.exists(), "looking makes nothing");
}

/// The snapshots of a log, the newest last.
fn snapshots(place: &Place) -> Vec<PathBuf> {
    let files = fs::read_dir(place.path(".laban/log")).unwrap().map(|file| file.unwrap().path());
    let mut found: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|of| of == "snapshot")).collect();
    found.sort();
    found
}

#[test]
fn a_start_is_from_the_newest_snapshot_that_is_whole() {
    let place = Place::new("log-snapshots");
    place.write("ping.choreo", PING).write("laban.yaml", "snapshot_every: 4\n");
    let served = Engine::start(&place);
    let mut sessions = 0;
    until("two snapshots", || {
        served.begin("Ping");
        sessions += 1;
        (snapshots(&place).len() == 2 && !place.path(FIRST).exists()).then_some(())
    });
    drop(served);
    let [_, newest] = &snapshots(&place)[..] else { panic!() };
    place.laban("log check").status(0).says("all whole (a snapshot of ");
    fs::write(newest, "no snapshot").unwrap();
    let entries = whole(&place, 0);
    place.laban("log check").status(0).says("E0615: the snapshot `").says("an engine starts without it");
    let served = Engine::start(&place);
    assert!(served.err().contains("E0615"), "{}", served.err());
    assert_eq!(served.started(), sessions);
    assert_eq!(served.session(sessions)["state"], "completed");
    drop(served);
    assert!(whole(&place, 0) >= entries);
    // Without any, nothing of the log has a beginning; it is kept, and a new one begun.
    for snapshot in snapshots(&place) {
        fs::write(snapshot, "no snapshot").unwrap();
    }
    place.laban("serve . --listen 127.0.0.1:0").status(2).talks("E0601").talks(".snapshot` is damaged");
    place.laban("log check").status(1).says("E0601").says("an unknown number of entries");
    place.laban("log repair").status(0).says(".snapshot.cut").says(".log.cut").says("0 entries are kept");
    let served = Engine::start(&place);
    assert_eq!(served.started(), 0);
}

#[test]
fn where_each_entry_is_written_by_itself_it_has_a_frame_of_its_own() {
    let place = Place::new("log-each");
    place.write("ping.choreo", PING).write("laban.yaml", "durability: each\n");
    let served = Engine::start(&place);
    (0..20).for_each(|_| _ = served.begin("Ping"));
    drop(served);
    assert_eq!(frames(&bytes(&place)).len() as u64, whole(&place, 0));
}

#[test]
fn what_a_log_holds_is_its_owners() {
    let place = ran("log-modes");
    let mode = |name: &str| fs::metadata(place.path(name)).unwrap().permissions().mode() & 0o777;
    fs::set_permissions(place.path(".laban"), fs::Permissions::from_mode(0o755)).unwrap();
    drop(Engine::start(&place));
    assert_eq!((mode(".laban"), mode(FIRST)), (0o700, 0o600));
    spoil(&place, frames(&bytes(&place))[2] + 40);
    place.laban("log repair").status(0);
    assert_eq!(mode(&format!("{FIRST}.cut")), 0o600);
}

#[test]
fn an_engine_that_keeps_nothing_has_its_directory_for_itself_too() {
    let place = ran("log-none-durable");
    let before = bytes(&place);
    place.write("laban.yaml", "durability: none\n");
    let served = Engine::start(&place);
    assert!(served.err().contains("the log of this directory is not read"), "{}", served.err());
    place.laban("serve . --listen 127.0.0.1:0").status(2).talks("E0605");
    place.laban("log check").status(2).talks("E0605");
    place.laban("start Ping --wait").status(0).says("completed");
    drop(served);
    assert_eq!(bytes(&place), before);
}
