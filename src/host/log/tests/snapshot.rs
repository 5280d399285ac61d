//! Snapshots: they stand for what came before, whatever happens to one of them, and the log behind them goes.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use crate::base::time::Instant;
use crate::base::value::Value;
use crate::diag::code::Code;
use crate::effect::call::{Answer, CallId};
use crate::host::log::examine::{check, repair};
use crate::host::log::keeper::{Keeper, keep};
use crate::host::log::segments::{Lengths, Segments, files};
use crate::host::log::tests::place;
use crate::host::log::{Log, encode};
use crate::node::Node;
use crate::node::entry::Entry;
use crate::node::tests::{TEA, deployed, start};

/// Entries of one file.
const LENGTHS: Lengths = Lengths { bytes: 1 << 20, entries: 40 };

/// What a node takes at a position: a deployment, and then sessions that wait for their handler.
fn entry(position: u64) -> Entry {
    match position {
        1 => Entry::Found { id: 3, seed: 4 },
        2 => deployed(&[TEA]),
        position if position % 3 == 0 => start("Tea", None),
        position if position % 7 == 0 => Entry::Cancel(position / 7),
        position if position % 2 == 0 => Entry::Tick,
        // Nobody asked, so that it is in the log and in no state.
        _ => Entry::Answer {
            call: CallId(u64::MAX - 1),
            answer: Answer::Value(Value::Text("noise".repeat(200).into())),
        },
    }
}

/// Appends entries, some in a batch, up to before a position.
fn append(log: &mut Segments, until: u64) {
    while log.next() < until {
        let first = log.next();
        let after = until.min(first + 20);
        let mut batch = Vec::new();
        for position in first..after {
            encode::add(&mut batch, Instant(position), &entry(position)).unwrap();
        }
        log.append(first, (after - first) as u32, &batch).unwrap();
    }
}

/// The state that a log leads to; and where its snapshot stands, 1 if it has none.
fn state(directory: &Path) -> (Vec<u8>, u64) {
    let (_, held) = Segments::open_with(directory, LENGTHS).unwrap();
    let (mut node, from) = held.snapshot.map_or_else(|| (Node::new(), 1), |held| (held.node, held.next));
    for (_, batch) in held.batches {
        encode::replay(&mut node, &batch).unwrap();
    }
    (postcard::to_allocvec(&node).unwrap(), from)
}

/// The state before a position that no log was needed for.
fn expected(until: u64) -> Vec<u8> {
    let mut node = Node::new();
    for position in 1..until {
        let _ = node.apply(Instant(position), entry(position));
        while node.poll_order().is_some() || node.poll_news().is_some() {}
    }
    postcard::to_allocvec(&node).unwrap()
}

/// Snapshots are made at once, of all files that are not written to.
fn kept(directory: &Path) {
    let until = files(directory, "log").unwrap().pop().unwrap().0;
    keep(directory, until, &AtomicBool::new(false)).unwrap();
}

/// A log after some rounds, a snapshot after each.
fn written(directory: &Path, rounds: u64) -> u64 {
    let (mut log, _) = Segments::open_with(directory, LENGTHS).unwrap();
    for round in 1..=rounds {
        // Many times as many as the round before, so that there is more than what the snapshot before has.
        append(&mut log, 40 * (1 << (2 * round)) + 2);
        kept(directory);
    }
    log.next()
}

fn positions(directory: &Path, extension: &str) -> Vec<u64> {
    files(directory, extension).unwrap().into_iter().map(|(position, _)| position).collect()
}

#[test]
fn a_log_with_snapshots_leads_where_it_leads_without() {
    let directory = place("snapshots");
    let next = written(&directory, 3);
    let snapshots = positions(&directory, "snapshot");
    assert_eq!(snapshots.len(), 2);
    assert_eq!(positions(&directory, "log").first(), snapshots.first(), "what none needs is removed");
    assert_eq!(state(&directory), (expected(next), snapshots[1]));
    // It goes on where it stopped.
    let (mut log, _) = Segments::open_with(&directory, LENGTHS).unwrap();
    assert_eq!(log.next(), next);
    append(&mut log, next + 100);
    drop(log);
    assert_eq!(state(&directory).0, expected(next + 100));
}

#[test]
fn a_snapshot_waits_until_as_much_has_come_as_the_one_before_has() {
    let directory = place("snapshots-wait");
    written(&directory, 1);
    let (mut log, _) = Segments::open_with(&directory, LENGTHS).unwrap();
    let next = log.next();
    append(&mut log, next + 41);
    kept(&directory);
    assert_eq!(positions(&directory, "snapshot").len(), 1);
}

#[test]
fn a_damaged_snapshot_is_told_and_moved_aside_and_nothing_is_lost() {
    let directory = place("snapshots-damaged");
    let next = written(&directory, 2);
    let [older, newer] = positions(&directory, "snapshot")[..] else { panic!() };
    let path = snapshot(&directory, newer);
    let whole = fs::read(&path).unwrap();
    // The head, the state, the checksum; nothing at all.
    let damages = [0, 13, 25, whole.len() / 2, whole.len() - 1].map(|at| {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        damaged
    });
    for damaged in damages.into_iter().chain([whole[..whole.len() - 9].to_vec(), Vec::new()]) {
        fs::write(&path, &damaged).unwrap();
        let (_, held) = Segments::open_with(&directory, LENGTHS).unwrap();
        assert_eq!(held.damaged.iter().map(|trouble| trouble.code).collect::<Vec<_>>(), [Code::E0615]);
        assert_eq!(state(&directory), (expected(next), older), "the second opening has nothing to tell");
        let aside = directory.join(format!("{newer:020}.snapshot.cut"));
        assert!(fs::read(&aside).unwrap() == damaged);
        fs::remove_file(aside).unwrap();
    }
}

#[test]
fn where_no_snapshot_is_whole_the_opening_stops_and_changes_nothing() {
    let directory = place("snapshots-none");
    written(&directory, 2);
    for position in positions(&directory, "snapshot") {
        fs::write(snapshot(&directory, position), b"LabanNod").unwrap();
    }
    let before = names(&directory);
    for _ in 0..2 {
        let trouble = Segments::open_with(&directory, LENGTHS).unwrap_err();
        assert_eq!(trouble.code, Code::E0601, "{trouble}");
        assert!(trouble.reason.contains(".snapshot` is damaged"), "{trouble}");
        assert_eq!(names(&directory), before);
    }
}

#[test]
fn a_damaged_snapshot_without_a_log_is_no_empty_log() {
    let directory = place("snapshots-alone");
    written(&directory, 1);
    for position in positions(&directory, "log") {
        fs::remove_file(directory.join(format!("{position:020}.log"))).unwrap();
    }
    fs::write(snapshot(&directory, positions(&directory, "snapshot")[0]), b"LabanNod").unwrap();
    assert_eq!(Segments::open_with(&directory, LENGTHS).unwrap_err().code, Code::E0601);
    assert_eq!(check(&directory).unwrap().damage.unwrap().trouble.code, Code::E0601);
}

#[test]
fn what_is_left_by_a_repair_is_whole() {
    let directory = place("snapshots-repair");
    written(&directory, 1);
    // The files before and behind the snapshot begin like none.
    for (_, path) in files(&directory, "log").unwrap() {
        let mut bytes = fs::read(&path).unwrap();
        bytes[0] ^= 1;
        fs::write(&path, bytes).unwrap();
    }
    repair(&directory).unwrap();
    assert_eq!(check(&directory).unwrap().damage, None);
    assert!(Segments::open_with(&directory, LENGTHS).is_ok());
}

#[test]
fn a_snapshot_of_another_format_is_left_alone() {
    let directory = place("snapshots-format");
    written(&directory, 1);
    let path = snapshot(&directory, positions(&directory, "snapshot")[0]);
    let mut bytes = fs::read(&path).unwrap();
    bytes[8] += 1;
    let end = bytes.len() - 32;
    let sum = *blake3::hash(&bytes[..end]).as_bytes();
    bytes[end..].copy_from_slice(&sum);
    fs::write(&path, &bytes).unwrap();
    assert_eq!(Segments::open_with(&directory, LENGTHS).unwrap_err().code, Code::E0604);
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[test]
fn a_snapshot_that_was_only_begun_is_none() {
    let directory = place("snapshots-begun");
    let next = written(&directory, 1);
    fs::write(directory.join("00000000000000000500.new"), b"LabanNod").unwrap();
    assert_eq!(state(&directory).0, expected(next));
    assert!(!directory.join("00000000000000000500.new").exists(), "it only takes room");
}

#[test]
fn a_damaged_file_makes_no_snapshot_and_is_not_removed() {
    let directory = place("snapshots-of-damage");
    let (mut log, _) = Segments::open_with(&directory, LENGTHS).unwrap();
    append(&mut log, 90);
    let first = files(&directory, "log").unwrap()[0].1.clone();
    let mut bytes = fs::read(&first).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&first, &bytes).unwrap();
    let trouble = keep(&directory, 81, &AtomicBool::new(false)).unwrap_err();
    assert_eq!(trouble.code, Code::E0601, "{trouble}");
    assert!(positions(&directory, "snapshot").is_empty() && fs::read(&first).unwrap() == bytes);
}

#[test]
fn a_keeper_makes_them_while_the_log_is_written_and_ends_with_it() {
    let directory = place("snapshots-kept");
    let (mut log, _) = Segments::open_with(&directory, LENGTHS).unwrap();
    let keeper = Keeper::start(directory.clone(), log.sealed());
    append(&mut log, 4_000);
    drop(log);
    keeper.stop();
    let (again, from) = state(&directory);
    assert!(again == expected(4_000) && from > 1, "{from}");
}

fn snapshot(directory: &Path, position: u64) -> PathBuf {
    directory.join(format!("{position:020}.snapshot"))
}

fn names(directory: &Path) -> Vec<PathBuf> {
    let mut names: Vec<PathBuf> = fs::read_dir(directory).unwrap().map(|file| file.unwrap().path()).collect();
    names.sort();
    names
}
