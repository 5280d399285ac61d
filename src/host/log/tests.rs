//! Logs of files: what is read back, what is cut off, what is refused.

#![expect(clippy::disallowed_methods, reason = "tests damage files on purpose")]

mod snapshot;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::base::json::hex;
use crate::base::time::Instant;
use crate::base::value::Value;
use crate::diag::code::Code;
use crate::effect::call::{Answer, CallId};
use crate::host::log::examine::{check, repair};
use crate::host::log::segments::{self, Held, Lengths, Segments, sum};
use crate::host::log::{Log, Trouble, encode, frame};
use crate::node::entry::{Entry, Start};

/// An empty directory.
fn place(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tmp/logs").join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

/// Batches of one to three entries, of these many bytes each.
fn written(directory: &Path, segment_bytes: u64, sizes: &[usize]) -> Vec<(u64, Vec<u8>)> {
    let (mut log, held) =
        Segments::open_with(directory, Lengths { bytes: segment_bytes, ..Lengths::default() }).unwrap();
    assert!(held.batches.is_empty() && held.torn.is_none());
    let mut next = 1;
    let mut all = Vec::new();
    for (at, size) in sizes.iter().enumerate() {
        let entries = at as u32 % 3 + 1;
        let batch = vec![at as u8; *size];
        log.append(next, entries, &batch).unwrap();
        all.push((next, batch));
        next += u64::from(entries);
    }
    assert_eq!(log.next(), next);
    all
}

fn opened(directory: &Path) -> Result<Held, Trouble> {
    Segments::open(directory).map(|(_, held)| held)
}

fn only_file(directory: &Path) -> PathBuf {
    directory.join("00000000000000000001.log")
}

#[test]
fn what_was_appended_is_read_back_whatever_the_length_of_files() {
    for segment_bytes in [1, 100, 1 << 20] {
        let directory = place(&format!("back-{segment_bytes}"));
        let all = written(&directory, segment_bytes, &[0, 10, 200, 3, 70]);
        let held = opened(&directory).unwrap();
        assert_eq!(held.batches, all);
        assert_eq!(held.torn, None);
    }
}

#[test]
fn a_log_goes_on_where_it_stopped() {
    let directory = place("on");
    written(&directory, 100, &[50, 50]);
    let (mut log, _) = Segments::open(&directory).unwrap();
    assert_eq!(log.next(), 4);
    log.append(4, 1, b"more").unwrap();
    drop(log);
    assert_eq!(opened(&directory).unwrap().batches.last().unwrap(), &(4, b"more".to_vec()));
}

#[test]
fn whatever_is_missing_at_the_end_only_the_last_batch_goes() {
    let directory = place("torn");
    let all = written(&directory, 1 << 20, &[30, 20, 40]);
    let bytes = fs::read(only_file(&directory)).unwrap();
    let last = bytes.len() - (frame::HEAD + 40);
    for keep in last..bytes.len() {
        fs::write(only_file(&directory), &bytes[..keep]).unwrap();
        let held = opened(&directory).unwrap();
        assert_eq!(held.batches, all[..2], "{keep} bytes");
        assert_eq!(held.torn.is_some(), keep > last, "{keep} bytes");
        // It was cut off, so that the next opening finds nothing torn.
        assert_eq!(opened(&directory).unwrap().torn, None);
    }
}

#[test]
fn a_changed_byte_is_found_and_told_with_its_place() {
    let directory = place("changed");
    let all = written(&directory, 1 << 20, &[30, 20, 40]);
    let bytes = fs::read(only_file(&directory)).unwrap();
    let last = bytes.len() - (frame::HEAD + 40);
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 0x40;
        fs::write(only_file(&directory), &changed).unwrap();
        match opened(&directory) {
            // Nobody can tell damage of the last batch from one that was never written whole.
            Ok(held) => {
                assert!(at >= last, "byte {at}");
                assert_eq!(held.batches, all[..2]);
                assert!(held.torn.is_some());
            }
            Err(trouble) => {
                assert!(at < last, "byte {at}: {trouble}");
                assert_eq!(trouble.code, Code::E0601, "byte {at}");
                let after = fs::read(only_file(&directory)).unwrap();
                assert_eq!(after, changed, "nothing is changed");
            }
        }
    }
}

#[test]
fn a_file_that_says_that_it_is_of_another_format_is_believed_if_it_is_whole() {
    let directory = place("format");
    written(&directory, 1 << 20, &[30]);
    let mut bytes = fs::read(only_file(&directory)).unwrap();
    let mark: [u8; 8] = bytes[12..20].try_into().unwrap();
    bytes[8..12].copy_from_slice(&7_u32.to_le_bytes());
    bytes[20..28].copy_from_slice(&sum(7, &mark));
    fs::write(only_file(&directory), bytes).unwrap();
    assert_eq!(opened(&directory).unwrap_err().code, Code::E0604);
}

#[test]
fn batches_that_are_gone_or_stand_elsewhere_are_told() {
    let directory = place("order");
    written(&directory, 1 << 20, &[30, 20, 40, 10]);
    let bytes = fs::read(only_file(&directory)).unwrap();
    let (start, frames) = bytes.split_at(28);
    let mut rest = frames;
    let mut frame = |len: usize| {
        let (frame, behind) = rest.split_at(frame::HEAD + len);
        rest = behind;
        frame
    };
    let [a, b, c, d] = [30, 20, 40, 10].map(&mut frame);
    for changed in [vec![a, c, d], vec![a, c, b, d], vec![a, b, b, c, d], vec![b, c, d], vec![a, b, c, d, a]]
    {
        let changed = [start, &changed.concat()].concat();
        fs::write(only_file(&directory), &changed).unwrap();
        assert_eq!(opened(&directory).unwrap_err().code, Code::E0601);
        let found = check(&directory).unwrap();
        assert_eq!(found.damage.unwrap().trouble.code, Code::E0601);
        assert_eq!(fs::read(only_file(&directory)).unwrap(), changed, "nothing is changed");
        let cut = repair(&directory).unwrap();
        assert_eq!(check(&directory).unwrap().damage, None);
        assert_eq!(
            fs::read(&cut.kept[0]).unwrap(),
            changed[changed.len() - fs::read(&cut.kept[0]).unwrap().len()..]
        );
    }
}

#[test]
fn files_that_have_changed_their_names_are_told() {
    let directory = place("names");
    written(&directory, 1, &[10, 10, 10]);
    let files: Vec<PathBuf> =
        segments::files(&directory, "log").unwrap().into_iter().map(|(_, path)| path).collect();
    fs::rename(&files[0], directory.join("x")).unwrap();
    fs::rename(&files[2], &files[0]).unwrap();
    fs::rename(directory.join("x"), &files[2]).unwrap();
    assert_eq!(opened(&directory).unwrap_err().code, Code::E0601);
    fs::copy(&files[1], directory.join("00000000000000000003.log")).unwrap();
    assert_eq!(opened(&directory).unwrap_err().code, Code::E0601);
}

#[test]
fn what_is_cut_off_at_the_end_is_kept() {
    let directory = place("kept");
    written(&directory, 1 << 20, &[30, 20]);
    let mut bytes = fs::read(only_file(&directory)).unwrap();
    let (last, end) = (bytes.len() - frame::HEAD - 20, bytes.len() - 3);
    for name in ["log.cut", "log.2.cut"] {
        bytes[end] ^= 1;
        fs::write(only_file(&directory), &bytes).unwrap();
        assert!(opened(&directory).unwrap().torn.is_some());
        assert_eq!(fs::read(only_file(&directory).with_extension(name)).unwrap(), bytes[last..]);
        bytes[end] ^= 2;
    }
}

#[test]
fn what_is_no_file_is_not_opened() {
    let directory = place("pipes");
    for name in ["00000000000000000009.log", "00000000000000000009.snapshot", "lock"] {
        let pipe = directory.join(name);
        let _ = fs::remove_file(&pipe);
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        assert_eq!(opened(&directory).unwrap_err().code, Code::E0603, "{name}");
        fs::remove_file(pipe).unwrap();
    }
}

#[test]
fn a_missing_file_is_told() {
    let directory = place("missing");
    written(&directory, 1, &[10, 10, 10]);
    let mut files: Vec<PathBuf> =
        fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "log"));
    files.sort();
    fs::remove_file(&files[1]).unwrap();
    assert_eq!(opened(&directory).unwrap_err().code, Code::E0601);
}

#[test]
fn a_directory_has_one_engine() {
    let directory = place("one");
    let first = Segments::open(&directory).unwrap();
    assert_eq!(opened(&directory).unwrap_err().code, Code::E0605);
    drop(first);
    assert!(opened(&directory).is_ok());
}

#[test]
fn a_place_that_is_no_directory_is_told() {
    let directory = place("file");
    fs::write(directory.join("log"), "").unwrap();
    assert_eq!(opened(&directory.join("log")).unwrap_err().code, Code::E0603);
}

#[test]
fn what_an_entry_is_in_bytes_is_the_format() {
    let start = Start {
        protocol: Arc::from("Lunch"),
        params: vec![(Arc::from("limit"), Value::Int(12))],
        players: Default::default(),
        key: None,
        idle_timeout: None,
    };
    let cases = [
        (Entry::Found { id: 1, seed: 2 }, "07000102"),
        (Entry::Start(start), "0702054c756e636801056c696d69740218000000"),
        (Entry::Answer { call: CallId(300), answer: Answer::Label(1) }, "0703ac020101"),
        (Entry::Cancel(5), "070405"),
        (Entry::Drain(Arc::from("Lunch")), "0706054c756e6368"),
        (Entry::Tick, "0707"),
        (Entry::Begun { run: 9 }, "070809"),
    ];
    for (entry, expected) in cases {
        let mut batch = Vec::new();
        encode::add(&mut batch, Instant(7), &entry).unwrap();
        assert_eq!(hex(&batch), expected, "{entry:?}");
        assert_eq!(encode::entries(&batch).unwrap(), [(Instant(7), entry)]);
    }
}

#[test]
fn bytes_of_something_else_are_no_entries() {
    for bytes in [
        &b"\x07\x63"[..],
        b"\x07",
        b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x07\x02\xff\xff\xff\xff\x0f",
    ] {
        assert!(encode::entries(bytes).is_err());
    }
}
