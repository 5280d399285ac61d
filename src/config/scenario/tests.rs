//! Tables and the diagnostics for their mistakes, side by side; and tables that are written and read again.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use crate::base::limits::CONFIG_BYTES_MAX;
use crate::base::ty::{FieldType, Type};
use crate::config::input::Param;
use crate::config::scenario::{Table, judge, read};
use crate::config::vocabulary::Vocabulary;
use crate::diag::Diagnostic;
use crate::diag::code::Code;
use crate::diag::source::{SourceId, Sources};

const EVERYTHING: &str = r#"# Every line that there is.
protocol "a file.choreo" Fetch
size     Worker=3 Guest=1
seed     7
auto     Client Worker[*]
idle     90s

scenario "by itself"
open     limit=5 who="Ann B." what={a: [1, 2.5, null], "b c": true} | 2 times Client -> Server: Ask {path: "/a"}
answer   Client produce Ask {path: "a | b; c"}                      | Server takes Ask from Client; nothing
answer   Client decide Client#1 again
answer   Client decide "x > 1" again
answer   Client observe Reply accept
answer   Client observe Reply refuse
answer   Server desk.open {n: 1}                                    | Server does desk.open {n: 1}; Server does desk.open
fail     Client produce Ask permanent "the desk is closed"
fail     Client produce Ask recoverable
deny     Client -> Server: Ask
deny     1 time Client -> Server: Ask
deny     3 times Client -> Worker[*]: Ask
cancel                                                              | Client raises failed store
lose     Worker[0]
tick     30s                                                        | Client decides Client#1 again; Client tells Server "x > 1.again"
tick     250ms                                                      | Client logs "a \"b\" \u0000"; Client asked produce Ask
expect   completed
expect   aborted
expect   aborted E0508
expect   aborted E0508 at Client
expect   aborted at Client
expect   open
expect   done Worker[1]
expect   waits Client
expect   waits Client for Reply                                     | completed; aborted E0508 at Client; Client done
answer   Client produce SomethingWithQuiteALongName {text: "a rather long text indeed"} | Client asked desk.open

scenario "move by move"
manual
open
step     Client
step     Client/1 take Server
step     Client send
step     Client deny
step     Client decide again
step     Client give {path: "/a"}
step     Client accept
step     Client refuse
step     Client fail participant
step     Client suppose true
step     Client expire 0
"#;

/// The findings, one a line: place, code, message, help.
fn shown(text: &str, said: &[Diagnostic]) -> String {
    let mut sources = Sources::default();
    sources.add("x.scn", text);
    let line = |one: &Diagnostic| {
        let span = one.primary.span;
        let (line, column) = sources.source(SourceId(0)).unwrap().line_column(span.start);
        let help = one.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
        format!("{line}:{column} {} {}{help}\n", one.code.name(), one.message)
    };
    said.iter().map(line).collect()
}

#[track_caller]
fn table(text: &str) -> Table {
    let (table, said) = read(SourceId(0), text);
    table.unwrap_or_else(|| panic!("{}", shown(text, &said)))
}

#[test]
fn the_canonical_form_is_read_and_written_as_it_stands() {
    assert_eq!(table(EVERYTHING).to_string(), EVERYTHING);
}

#[test]
fn columns_are_aligned_and_spaces_do_not_matter() {
    let rough = "open  |  A -> B : M\n\n\n answer   A   produce   M   { x : 1 }|B->C\n";
    let (_, said) = read(SourceId(0), rough);
    assert_eq!(shown(rough, &said), "4:43 E0430 `->` or what the role does should stand here\n");
    let rough =
        "open  |  A -> B : M\n\n answer   A   produce   M   { x : 1 }|completed;A → B: M\n  # end  \n\n";
    let neat = "open                        | A -> B: M\n\nanswer   A produce M {x: 1} | completed; A -> B: M\n# end\n";
    assert_eq!(table(rough).to_string(), neat);
    assert_eq!(table(neat), table(rough), "places are no part of a table");
}

#[test]
fn scenarios_begin_with_what_stands_before_the_first() {
    let table = table(
        "protocol a.choreo\nsize W=2 V=4\nseed 3\nscenario one\nopen\ncancel\nscenario two\nprotocol b.choreo Two\n\
         size W=3\nauto none\nmanual\nopen\n",
    );
    let all = table.scenarios();
    let [one, two] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!((one.name, one.acts.len(), one.seed(), one.is_manual()), ("one", 2, 3, false));
    assert_eq!(one.protocol().unwrap().0.it, "a.choreo");
    assert_eq!(one.auto(), ["all"]);
    assert_eq!((two.name, two.acts.len(), two.seed(), two.is_manual()), ("two", 1, 3, true));
    assert_eq!(
        two.protocol().map(|(file, name)| (file.it.as_str(), name.unwrap().it.as_str())),
        Some(("b.choreo", "Two"))
    );
    assert_eq!(two.auto(), ["none"]);
    let sizes: Vec<(&str, u32)> =
        two.sizes().iter().map(|(name, count)| (name.it.as_str(), *count)).collect();
    assert_eq!(sizes, [("V", 4), ("W", 3)]);
    let bare = self::table("open\n");
    assert_eq!(bare.scenarios().len(), 1, "a table without names is one scenario");
    assert!(self::table("").scenarios().is_empty());
}

/// Each line by itself, and what is said of it.
#[test]
fn every_mistake_has_its_place() {
    let cases = [
        ("anser A produce M 1", "1:1 E0430 no line of a scenario begins with `anser`; write `answer`"),
        ("walk", "1:1 E0430 no line of a scenario begins with `walk`"),
        ("answer", "1:7 E0430 a role should stand here"),
        ("answer A", "1:9 E0430 `produce`, `decide`, `observe` or an operation should stand here"),
        (
            "answer A prodce M 1",
            "1:10 E0430 `produce`, `decide`, `observe` or an operation should stand here; write `produce`",
        ),
        ("answer A produce M", "1:19 E0430 a value should stand here"),
        ("answer A produce M {a: [1}", "1:2"),
        ("answer A decide C", "1:18 E0430 a label should stand here"),
        ("answer A decide C yes no", "1:23 E0430 this is too much after `answer`; put a text into quotes"),
        ("answer A observe M acept", "1:20 E0430 `accept` or `refuse` should stand here; write `accept`"),
        ("fail A produce M \"closed", "1:1 E0430 a text in quotes does not end; write `\"` at its end"),
        ("deny A B: M", "1:8 E0430 `->` should stand here"),
        ("deny A -> B M", "1:11 E0430 a receiver and `:` should stand here; write it as `A -> B: Message`"),
        ("deny A -> B:", "1:13 E0430 a message should stand here"),
        ("tick soon", "1:6 E0430 `soon` is no span of time; write it as `30s` or `250ms`"),
        ("tick", "1:5 E0430 a span of time should stand here"),
        ("idle soon", "1:6 E0430 `soon` is no span of time; write it as `30s` or `250ms`"),
        (
            "open | 99999999999999999999 times A -> B: M",
            "1:8 E0430 nothing happens 99999999999999999999 times; write a number up to 4294967295",
        ),
        ("deny 4294967296 times A -> B: M", "1:6 E0430 nothing happens 4294967296 times"),
        ("size W", "1:6 E0430 a family and its members should stand here; write it as `Worker=3`"),
        ("size W=many", "1:6 E0430 a family and its members should stand here; write it as `Worker=3`"),
        ("seed x", "1:6 E0430 a number should stand here"),
        ("open 5", "1:6 E0430 a parameter and its value should stand here; write it as `amount=5`"),
        ("open a=1 a=2", "1:10 E0404 `a` is given twice; keep one of them"),
        ("open a=", "1:8 E0430 a value should stand here"),
        ("expect done", "1:12 E0430 a role should stand here"),
        (
            "expect complete",
            "1:8 E0430 `completed`, `aborted`, `open`, `done`, `waits` should stand here; write `completed`",
        ),
        ("expect aborted E9999", "1:16 E0430 `E9999` is no code"),
        ("step A walk", "1:8 E0430 no move is called `walk`"),
        ("step A expire first", "1:15 E0430 the number of a scope should stand here"),
        ("open | A -> B", "1:13 E0430 a receiver and `:` should stand here; write it as `A -> B: Message`"),
        ("open | A sends M", "1:10 E0430 a role does not `sends`"),
        ("open | A decids C yes", "1:10 E0430 a role does not `decids`; write `decides`"),
        ("open | completed;", "1:18 E0430 what happens should stand here"),
        ("open | nothing much", "1:16 E0430 a role does not `much`"),
        ("seed 1 | completed", "1:10 E0430 `seed` is no action, and nothing comes of it"),
        ("scenario", "1:9 E0430 a name should stand here"),
        ("tick 3s", "1:1 E0431 nothing can be done before `open`"),
        ("open\nopen", "2:1 E0431 the session is open already"),
        ("open\nseed 3", "2:1 E0431 this belongs before the first action of its scenario"),
        ("open\nscenario one\nopen", "1:1 E0431 an action belongs to a scenario, below its `scenario` line"),
        ("open\nstep A", "2:1 E0431 only in a `manual` scenario is a step an action"),
    ];
    for (text, expected) in cases {
        let (table, said) = read(SourceId(0), text);
        let shown = shown(text, &said);
        assert!(table.is_none(), "`{text}` is taken");
        assert!(shown.starts_with(expected), "`{text}`: expected {expected}, said {shown}");
        assert_eq!(said.len(), 1, "`{text}`: {shown}");
    }
    let (_, said) = read(SourceId(0), "walk\nopen\nanswer\n\ntick soon");
    assert_eq!(said.len(), 3, "every mistake is said in one go");
}

fn vocabulary() -> (Vocabulary, Vec<Param>) {
    let record = |name: &str, ty| Type::Record(Arc::new(vec![FieldType { name: Arc::from(name), ty }]));
    let words = Vocabulary {
        protocol: "Fetch".to_owned(),
        roles: ["Client", "Server", "Worker[0]", "Worker[1]"].map(Arc::from).to_vec(),
        messages: BTreeMap::from([
            (Arc::from("Ask"), record("path", Type::Text)),
            (Arc::from("Reply"), record("n", Type::INT)),
        ]),
        choices: BTreeMap::from([(Arc::from("Client#1"), ["again", "enough"].map(Arc::from).to_vec())]),
        passes: std::collections::BTreeSet::new(),
        operations: BTreeMap::from([(Arc::from("desk.open"), Type::Bool)]),
    };
    (words, vec![Param { name: Arc::from("limit"), ty: Type::INT, optional: true }])
}

#[track_caller]
fn judged(text: &str) -> Vec<Diagnostic> {
    let (words, params) = vocabulary();
    table(text).scenarios().iter().flat_map(|scenario| judge(scenario, &words, &params)).collect()
}

#[test]
fn names_and_values_are_those_of_the_protocol() {
    let cases = [
        ("answer Clint produce Ask {path: x}", "2:8 E0406 `Fetch` has no role `Clint`; write `Client`"),
        ("answer Worker[2] produce Ask {path: x}", "2:8 E0406 `Fetch` has no role `Worker[2]`"),
        ("answer Client produce Aks {path: x}", "2:23 E0406 `Fetch` has no message `Aks`; write `Ask`"),
        ("answer Client produce Ask {path: 1}", "2:27 E0408 the payload of `Ask` does not fit"),
        ("answer Client produce Reply {m: 1}", "2:29 E0408 the payload of `Reply` does not fit"),
        (
            "answer Client decide Client#2 again",
            "2:22 E0406 `Fetch` has no choice `Client#2`; write `Client#1`",
        ),
        ("answer Client decide Client#1 agian", "2:31 E0407 `Client#1` has no label `agian`; write `again`"),
        (
            "answer Client desk.opn true",
            "2:15 E0406 `Fetch` does not use an operation `desk.opn`; write `desk.open`",
        ),
        ("answer Client desk.open 3", "2:25 E0408 the outcome of `desk.open` does not fit"),
        ("fail Client observe Rply", "2:21 E0406 `Fetch` has no message `Rply`; write `Reply`"),
        ("deny Client -> Servr: Ask", "2:16 E0406 `Fetch` has no role `Servr`; write `Server`"),
        ("lose Wroker[0]", "2:6 E0406 `Fetch` has no role `Wroker[0]`; write `Worker[0]`"),
        (
            "expect waits Client for Rely",
            "2:25 E0406 `Fetch` has nothing called `Rely` to wait for; write `Reply`",
        ),
        ("cancel | Client tells Sever x", "2:23 E0406 `Fetch` has no role `Sever`; write `Server`"),
        (
            "cancel | Client decides Client#1 enuogh",
            "2:34 E0407 `Client#1` has no label `enuogh`; write `enough`",
        ),
        ("cancel | Client -> Worker[*]: Asks", "2:31 E0406 `Fetch` has no message `Asks`; write `Ask`"),
    ];
    for (line, expected) in cases {
        let text = format!("open\n{line}\n");
        let shown = shown(&text, &judged(&text));
        assert!(shown.starts_with(expected), "`{line}`: expected {expected}, said {shown}");
        assert_eq!(shown.lines().count(), 1, "`{line}`: {shown}");
    }
    for (line, expected) in [
        ("manual\nidle 3s\nopen", "2:6 E0431 there is no clock in a `manual` scenario; leave `idle` out"),
        ("# to come", "1:1 E0431 nothing is done in this scenario; begin with `open`"),
        ("open limt=3", "1:6 E0412 there is no parameter `limt`; write `limit`"),
        ("open limit=many", "1:12 E0412 the value of `limit` does not fit"),
        ("auto Clint\nopen", "1:6 E0406 `Fetch` has no role `Clint`; write `Client`"),
    ] {
        let shown = shown(line, &judged(line));
        assert!(shown.starts_with(expected), "`{line}`: expected {expected}, said {shown}");
    }
    let fine = "auto Worker[*] Client\nopen limit=3\nanswer Worker[*] produce Ask {path: x} | Worker[1] -> Server: Ask\n\
                answer Client decide Client#1 again\nanswer Client desk.open true\nexpect waits Client for Reply\n";
    assert_eq!(shown(fine, &judged(fine)), "");
}

/// The `scn` fence under a heading of a page.
fn fence<'a>(page: &'a str, heading: &str) -> Option<&'a str> {
    let (_, section) = page.split_once(&format!("\n## {heading}\n"))?;
    section.split("\n## ").next()?.split_once("```scn\n")?.1.split_once("```").map(|(text, _)| text)
}

#[test]
fn the_pages_show_what_they_say() {
    let codes = |text: &str| read(SourceId(0), text).1.iter().map(|one| one.code).collect::<Vec<_>>();
    for code in [Code::E0430, Code::E0431] {
        assert_eq!(codes(fence(code.page(), "Example").unwrap()), [code]);
        assert_eq!(codes(fence(code.page(), "Use instead").unwrap()), []);
    }
    for code in [Code::E0432, Code::E0433] {
        // What these say is seen when a scenario is run; the lines themselves are fine.
        assert_eq!(codes(fence(code.page(), "Example").unwrap()), []);
        assert_eq!(codes(fence(code.page(), "Use instead").unwrap()), []);
    }
}

#[test]
fn what_is_too_large_is_refused_at_once() {
    let long = format!("# {}\n", "x".repeat(CONFIG_BYTES_MAX));
    assert_eq!(read(SourceId(0), &long).1.first().unwrap().code, Code::E0402);
    // Lines that are short and stand for much: only the first of them is followed.
    let many = format!("{{a: &a [{}], b: [{}]}}", "1,".repeat(200), "*a,".repeat(200));
    let bombs = format!("open\n{}", format!("answer A produce M {many}\n").repeat(400));
    let (table, said) = read(SourceId(0), &bombs);
    assert!(table.is_none() && said.iter().any(|one| one.code == Code::E0402), "{}", said.len());
    let deep = format!("open a={}\n", "[".repeat(50_000));
    assert_eq!(read(SourceId(0), &deep).1.first().unwrap().code, Code::E0402);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// Lines made of parts of lines: refused with places in the text, or read, written and read again the same.
    #[test]
    fn whatever_is_read_is_written_and_read_again(parts in proptest::collection::vec(
        prop_oneof![
            4 => proptest::sample::select(EVERYTHING.lines().collect::<Vec<_>>()).prop_map(|line| format!("\n{line}")),
            2 => proptest::sample::select(vec![
                "\n", " ", "|", ";", "\"", "{", "}", "[", "]", ":", "->", "#", "=", "open", "expect", "3 times", "a: b",
                "\\", "\u{85}", "\t", "nothing", "tick 1s", "scenario x", "*a", "&a 1", "!t 2", "'", "1.0", "e5", "\r\n",
            ]).prop_map(str::to_owned),
            1 => "\\PC{0,6}",
        ],
        0..24,
    )) {
        let text = parts.concat();
        let (table, said) = read(SourceId(0), &text);
        prop_assert!(table.is_some() || !said.is_empty());
        for one in &said {
            let span = one.primary.span;
            prop_assert!(text.get(span.start as usize..span.end as usize).is_some(), "{:?} {:?}", span, one);
            prop_assert!(!one.message.contains('\n'), "{}", one.message);
        }
        if let Some(table) = table {
            let written = table.to_string();
            let (again, said) = read(SourceId(0), &written);
            prop_assert_eq!(Some(&table), again.as_ref(), "{}\n{}", written, shown(&written, &said));
            prop_assert_eq!(again.unwrap().to_string(), written);
        }
    }
}
