//! Any text through the whole front end: findings or programs, in bounded time. `cargo +nightly fuzz run check`
//!
//! Finds become cases of `tests/corpus/sources`.

#![no_main]

use laban::diag::code::Code;
use laban::global::Sizes;
use laban::local::Amend;
use laban::pipeline::{Front, Options, Root, Unread};
use laban::tools::check::check;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let root = Root { name: "x.choreo".to_owned(), text: Ok(text.to_owned()) };
    let front = Front::read(vec![root], &mut |_| Err(Unread::new(Code::E0053, "there is no such file")));
    let _findings = check(&front, &Options { sizes: Sizes::default(), amend: Amend::Auto });
});
