//! Texts that nobody wrote: whatever they say, reading ends soon, on a small stack, and says something.

use proptest::prelude::*;

use crate::base::limits::{DIAGNOSTICS_MAX, NESTING_MAX, SOURCE_BYTES_MAX};
use crate::diag::code::Code;
use crate::syntax::tests::{ITEMS, SEED, STATEMENTS, around, check_format, read};
use crate::syntax::{format, parse};

/// Reads on a stack of 1.5 MB, which is less than a thread has, and tells the codes.
fn codes(text: String) -> Vec<Code> {
    let read = move || read(&text).diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
    let thread = std::thread::Builder::new().stack_size(3 << 19).spawn(read);
    thread.unwrap().join().unwrap()
}

#[test]
fn depth_is_bounded() {
    let deep =
        ["{", "(", "[", "par {", "if x {", "choice at A { a: ", "try at A {", "loop {", "sub_protocol X {"];
    for open in deep {
        for before in ["", "A let x = ", "A -> B: M(a: "] {
            let text = around(&format!("{before}{}", open.repeat(100_000)));
            let codes = codes(text);
            assert!(!codes.is_empty() && codes.len() <= 3, "{before}{open}: {codes:?}");
        }
    }
    for open in ["not ", "-", "!", "(", "f(", "[", "{ a: ", "if ", "x => ", "\"{", "a + (", "a ?? ", "a ** "]
    {
        let codes = codes(around(&format!("A let x = {}", open.repeat(100_000))));
        assert!(codes.len() == 1 || open == "\"{" || open == "x => ", "{open}: {codes:?}");
    }
    for open in ["List<", "{ a: ", "Map<String, "] {
        assert_eq!(codes(format!("type T = {}", open.repeat(100_000))), [Code::E0005], "{open}");
    }
    for more in [" + a", ".a", "[0]", " and a", "??a", ".f()", " ** a", " == a"] {
        assert_eq!(codes(around(&format!("A let x = a{}", more.repeat(100_000)))), [Code::E0005], "{more}");
    }
    assert_eq!(codes(format!("type T = Int{}", "?".repeat(100_001))), [Code::E0005]);
    assert_eq!(codes(around(&format!("if a {{}}{}", " else if a {}".repeat(100_000)))), [Code::E0005]);
}

#[test]
fn what_is_allowed_is_allowed() {
    let nested = |open: &str, inner: &str, close: &str, count: usize| {
        around(&format!("{}{inner}{}", open.repeat(count), close.repeat(count)))
    };
    let fits = NESTING_MAX - 2;
    for (open, close) in
        [("loop { ", "break }"), ("sub_protocol X { ", "}"), ("if x { ", "} else { A -> B: M }")]
    {
        check_format(&nested(open, "", close, fits));
        assert_eq!(codes(nested(open, "", close, NESTING_MAX)), [Code::E0005]);
    }
    check_format(&around(&format!("A let x = {}1{}", "(".repeat(fits - 2), ")".repeat(fits - 2))));
    check_format(&around(&format!("A let x = 1{}", " + 1".repeat(fits - 2))));
    check_format(&around(&format!("A{}: M", " -> B -> A".repeat(10_000))));
}

#[test]
fn size_is_bounded() {
    let pieces = [
        "x", "{", "}", "(", ")", "[@", "]", "\"", "/*", "a -> ", "a[", "#[", "é", "§", "|", "\n", ":",
        "// \n",
    ];
    let more = [
        "choice at A {a:",
        "par {",
        "x[@a]",
        "A[@a]",
        "a b\n",
        "A -> B: M\n",
        "/// d\n",
        "*/",
        "\\",
        "([",
        "])",
        "a: ",
    ];
    for piece in pieces.iter().chain(&more) {
        let text = piece.repeat((SOURCE_BYTES_MAX / 32) / piece.len());
        for text in [text.clone(), around(&text)] {
            assert!(codes(text).len() <= DIAGNOSTICS_MAX, "{piece}");
        }
    }
    assert_eq!(codes(" ".repeat(SOURCE_BYTES_MAX)), []);
    assert_eq!(codes(" ".repeat(SOURCE_BYTES_MAX + 1)), [Code::E0014]);
}

/// Pieces of which texts of the right words are made.
fn words() -> Vec<&'static str> {
    let mut words: Vec<&str> = "A B W x l M of with collect until within as at on when choice if else loop rec break \
        continue for par parallel in call sub_protocol try fail return does let roles choreography protocol message \
        type enum effect import const and or not then none true returns timeout failed count : :: , ; . .. ? ?? | || \
        && ! = == != < <= > >= + - * ** / % -> ->* <-> => ( ) [ ] { } [@ #[ @ 1 2.5 5s \"t\" \"{x}\" // /* */ ///"
        .split_whitespace()
        .collect();
    words.push("\n");
    words
}

/// Reads, and where nothing is wrong, formats and reads again.
fn survives(text: &str) {
    let parsed = read(text);
    let _ = format(&parsed);
    if parsed.diagnostics.is_empty() {
        check_format(text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_characters(text in any::<String>()) {
        survives(&text);
    }

    #[test]
    fn random_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        survives(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn random_words(words in proptest::collection::vec(proptest::sample::select(words()), 0..40)) {
        survives(&words.join(" "));
        survives(&around(&words.join(" ")));
    }

    #[test]
    fn mutated_texts(
        which in 0_usize..SEED.len() + ITEMS.len() + STATEMENTS.len(),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), 0_usize..4, proptest::sample::select(words())), 1..4),
    ) {
        let text = SEED.iter().chain(ITEMS).map(|text| (*text).to_owned()).chain(STATEMENTS.iter().map(|stmt| around(stmt)));
        let mut text = text.clone().nth(which).unwrap();
        for (at, length, word) in edits {
            let mut start = at.index(text.len() + 1);
            while !text.is_char_boundary(start) {
                start -= 1;
            }
            let end = text[start..].char_indices().nth(length).map_or(text.len(), |(at, _)| start + at);
            text.replace_range(start..end, word);
        }
        survives(&text);
    }

    #[test]
    fn comments_anywhere(
        which in 0_usize..SEED.len() + ITEMS.len() + STATEMENTS.len(),
        places in proptest::collection::vec(
            (any::<prop::sample::Index>(), proptest::sample::select(vec!["// c\n", "/* c */", "/* c\n d */", "/// c\n", "\n\n", "\n"])),
            1..6,
        ),
    ) {
        let text = SEED.iter().chain(ITEMS).map(|text| (*text).to_owned()).chain(STATEMENTS.iter().map(|stmt| around(stmt)));
        let mut text = text.clone().nth(which).unwrap();
        for (at, comment) in places {
            // Between two words, where white space is: a comment may stand there.
            let spaces: Vec<usize> = text.match_indices([' ', '\n']).map(|(at, _)| at).collect();
            if !spaces.is_empty() {
                text.insert_str(spaces[at.index(spaces.len())] + 1, comment);
            }
        }
        survives(&text);
    }
}

#[test]
fn two_thousand_exchanges_are_read_in_linear_time() {
    let text = around(&"A -> B: Message(amount: Int, reason: String?)\n    B -> A: Answer\n".repeat(1_000));
    assert_eq!(parse(crate::diag::source::SourceId(0), &text).diagnostics, []);
}
