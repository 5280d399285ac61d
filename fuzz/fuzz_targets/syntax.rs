//! Any text: read, and where nothing is wrong, printed and read again. `cargo +nightly fuzz run syntax`
//!
//! Finds become cases of `src/syntax/tests`.

#![no_main]

use laban::diag::source::SourceId;
use laban::syntax::{format, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let parsed = parse(SourceId(0), text);
    let once = format(&parsed);
    if parsed.diagnostics.is_empty() {
        let again = parse(SourceId(0), &once);
        assert!(again.diagnostics.is_empty(), "the canonical text can be read");
        assert!(again.file == parsed.file, "the canonical text has the same tree");
        assert_eq!(format(&again), once, "the canonical text is its own");
    }
});
