//! Any text as a table of scenarios: read or refused, in bounded time; what is read is written and read again the same.
//! `cargo +nightly fuzz run scenario`
//!
//! Finds become cases of `src/config/scenario/tests.rs`.

#![no_main]

use laban::config::scenario::read;
use laban::diag::source::SourceId;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (table, said) = read(SourceId(0), text);
    assert!(table.is_some() || !said.is_empty(), "a refusal says why");
    if let Some(table) = table {
        let written = table.to_string();
        assert_eq!(read(SourceId(0), &written).0, Some(table), "{written}");
    }
});
