//! The pages of the codes of this layer: the example gives exactly its code, the other text gives nothing.

use crate::diag::code::Code;
use crate::syntax::tests::read;

/// The text of the first fence under a heading, if it is a protocol.
fn fence<'a>(page: &'a str, heading: &str) -> Option<&'a str> {
    let (_, section) = page.split_once(heading)?;
    let (section, _) = section.split_once("\n## ").unwrap_or((section, ""));
    Some(section.split_once("```choreo\n")?.1.split_once("```")?.0)
}

#[test]
fn examples_say_what_they_show() {
    for code in Code::ALL.iter().filter(|code| code.name() < "E0100") {
        let page = code.page();
        assert!(page.starts_with(&format!("# {}: {}\n", code.name(), code.title())), "{}", code.name());
        if let Some(example) = fence(page, "## Example") {
            let codes: Vec<_> = read(example).diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
            assert_eq!(codes, [*code], "{example}");
        }
        if let Some(instead) = fence(page, "## Use instead") {
            assert_eq!(read(instead).diagnostics, [], "{instead}");
        }
    }
}
