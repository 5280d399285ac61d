//! Any text as a script and as bindings: read or refused, in bounded time. `cargo +nightly fuzz run config`
//!
//! Finds become cases of `src/config/tests.rs`.

#![no_main]

use laban::config::{bindings, script};
use laban::diag::source::SourceId;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (script, said) = script::read(SourceId(0), text, None);
    assert!(script.is_some() || !said.is_empty(), "a refusal says why");
    let (bindings, said) = bindings::read(SourceId(0), text, None);
    assert!(bindings.is_some() || !said.is_empty(), "a refusal says why");
});
