//! Names of other files.

use crate::diag::source::Sources;
use crate::global::{Module, Sizes, declare, dump, resolve};
use crate::syntax;

/// The first choreography of the first text, where the second is imported as `lib`.
fn with_library(main: &str, library: &str) -> (Option<String>, Vec<String>) {
    let mut sources = Sources::default();
    let modules = [("main.choreo", main), ("lib.choreo", library)].map(|(path, text)| {
        let source = sources.add(path, text);
        let parsed = syntax::parse(source, text);
        assert!(parsed.diagnostics.is_empty(), "{:#?}", parsed.diagnostics);
        let imports = if path == "main.choreo" { vec![Some(1)] } else { vec![] };
        Module { source, path: path.to_owned(), file: parsed.file, imports }
    });
    let (declarations, mut said) = declare(modules.into());
    let first = declarations.choreographies().next().expect("a choreography");
    let (protocol, more) = resolve(&declarations, &first, &Sizes::default());
    said.extend(more);
    let said = said.iter().map(|d| format!("{} {}", d.code.name(), d.message)).collect();
    (protocol.as_ref().map(dump::body), said)
}

#[test]
fn names_of_another_file() {
    let (body, said) = with_library(
        "import \"lib.choreo\"
         choreography P { roles A, B  A -> B: lib::Offer with { price: lib::FLOOR + 1, of: lib::Kind::Book }
           B let c = lib::LIMIT  call lib::Ask(X = A, Y = B; n = Offer.price) as r  A let z = r.back }",
        "message Offer { price: lib_money, of: Kind }  type lib_money = Int  enum Kind { Book, Pen }
         const FLOOR = 40  const LIMIT = FLOOR * 2
         choreography Ask(n: Int at X) returns { back: Int } { roles X, Y
           X -> Y: Q(n: Int) with { n }  Y -> X: Back(n: Int)  return { back: Back.n } }",
    );
    assert_eq!(said, Vec::<String>::new());
    let body = body.expect("resolved");
    assert!(body.contains("A -> B: Offer <- {of: Book{}, price: 41}"), "{body}");
    assert!(body.contains("B let c = 80"), "{body}");
    assert!(body.contains("A let r = {back: Back.n}"), "{body}");
}

#[test]
fn names_that_are_not_there() {
    let (_, said) = with_library(
        "import \"lib.choreo\" as lib
         choreography P { roles A, B  A -> B: lib::Ofer  A let x = lib::LIMIT  call lib::Ask  A -> B: libb::M }",
        "message Offer { price: Int }",
    );
    assert_eq!(
        said,
        [
            "E0101 message `Ofer` is not declared there",
            "E0111 nothing is imported as `libb`",
            "E0101 `lib` declares no constant `LIMIT`",
            "E0104 no choreography is called `Ask`",
        ]
    );
}
