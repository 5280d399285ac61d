//! Configuration files and the diagnostics for their mistakes, side by side.

mod node;

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use crate::base::limits::{CONFIG_BYTES_MAX, CONFIG_VALUES_MAX};
use crate::base::ty::{FieldType, Type};
use crate::config::vocabulary::Vocabulary;
use crate::config::{bindings, guards, input, script, yaml};
use crate::diag::Diagnostic;
use crate::diag::code::Code;
use crate::diag::source::{SourceId, Sources};

pub(super) fn vocabulary() -> Vocabulary {
    let amount = FieldType { name: Arc::from("amount"), ty: Type::INT };
    let note = FieldType { name: Arc::from("note"), ty: Type::Optional(Arc::new(Type::Text)) };
    Vocabulary {
        protocol: "Vote".to_owned(),
        roles: ["Chair", "Member[0]", "Member[1]"].map(Arc::from).to_vec(),
        messages: BTreeMap::from([
            (Arc::from("Offer"), Type::Record(Arc::new(vec![amount, note]))),
            (Arc::from("Ballot"), Type::Any),
        ]),
        choices: BTreeMap::from([(Arc::from("Chair#1"), ["yes", "no"].map(Arc::from).to_vec())]),
        operations: BTreeMap::from([(Arc::from("desk.open"), Type::Bool)]),
        passes: [
            ("Chair", "Member[0]", "Offer"),
            ("Chair", "Member[1]", "Offer"),
            ("Member[0]", "Chair", "Ballot"),
        ]
        .map(|(from, to, message)| (Arc::from(from), Arc::from(to), Arc::from(message)))
        .into(),
    }
}

/// Whether a text, tags aside, is valid by a schema of `schemas/`.
pub(super) fn is_valid(schema: &str, text: &str) -> bool {
    let schema: serde_json::Value = serde_json::from_str(schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let json = yaml::Document::read(SourceId(0), text).unwrap().root.to_json();
    // An empty script is nothing in YAML.
    json.is_null() || validator.is_valid(&json)
}

const SCRIPT_SCHEMA: &str = include_str!("../../schemas/script.schema.json");
const BINDINGS_SCHEMA: &str = include_str!("../../schemas/bindings.schema.json");

#[test]
fn the_schemas_agree_about_answers() {
    let definition = |schema: &str, name: &str| {
        let schema: serde_json::Value = serde_json::from_str(schema).unwrap();
        schema["$defs"][name].clone()
    };
    for name in ["role", "answers", "verdict"] {
        assert!(definition(SCRIPT_SCHEMA, name).is_object());
        assert_eq!(definition(SCRIPT_SCHEMA, name), definition(BINDINGS_SCHEMA, name));
    }
}

#[test]
fn the_schemas_refuse_what_the_reader_refuses() {
    for text in ["rolls: {}", "roles: { A: { produces: {} } }", "otherwise: maybe", "3"] {
        assert!(!is_valid(SCRIPT_SCHEMA, text), "{text}");
    }
    for text in [
        "roles: {}",
        "protocol: V\nhandlers: { a: { kind: process } }",
        "protocol: V\nhandlers: { a: { kind: http, command: [x] } }",
        "protocol: V\nhandlers: { a: { kind: scripted, answers: {}, script: x } }",
        "protocol: V\nroles: { A: { deadline: soon } }",
        "protocol: V\nhandlers: { a: { kind: rust, concurrency: 0 } }",
        "protocol: V\nhandlers: { a: { kind: rust, breaker: { failures: 0 } } }",
        "protocol: V\nhandlers: { a: { kind: rust, authorize: x } }",
        "protocol: V\nhandlers: { a: { kind: process, command: [] } }",
        "protocol: V\nhandlers: { a: { kind: http, url: ftp://x } }",
        "protocol: V\nhandlers: { a: { kind: http, url: \"http://me:word@x/\" } }",
    ] {
        assert!(!is_valid(BINDINGS_SCHEMA, text), "{text}");
    }
}

/// One line a diagnostic: `line:column code message [text under it] (help)`.
pub(super) fn lines(text: &str, diagnostics: &[Diagnostic]) -> Vec<String> {
    let mut sources = Sources::default();
    let id = sources.add("file", text);
    assert_eq!(id, SourceId(0));
    diagnostics
        .iter()
        .map(|diagnostic| {
            let span = diagnostic.primary.span;
            let (line, column) = sources.source(id).unwrap().line_column(span.start);
            let help = diagnostic.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
            let under = sources.snippet(span);
            format!("{line}:{column} {} {} [{under}]{help}", diagnostic.code.name(), diagnostic.message)
        })
        .collect()
}

#[track_caller]
fn check_script(text: &str, expected: &[&str]) {
    let (script, diagnostics) = script::read(SourceId(0), text, Some(&vocabulary()));
    assert_eq!(lines(text, &diagnostics), expected, "{text}");
    assert!(!expected.is_empty() || is_valid(SCRIPT_SCHEMA, text), "{text}");
    assert_eq!(script.is_some(), diagnostics.is_empty());
}

#[track_caller]
fn check_bindings(text: &str, expected: &[&str]) {
    let (bindings, diagnostics) = bindings::read(SourceId(0), text, Some(&vocabulary()));
    assert_eq!(lines(text, &diagnostics), expected, "{text}");
    assert!(!expected.is_empty() || is_valid(BINDINGS_SCHEMA, text), "{text}");
    assert_eq!(bindings.is_some(), diagnostics.is_empty());
}

#[test]
fn scripts_without_mistakes_say_nothing() {
    check_script("", &[]);
    check_script("roles: {}\notherwise: fail\n", &[]);
    check_script(
        "roles:\n  Chair:\n    produce: { Offer: [{ amount: 1 }, { amount: 2, note: x }, !fail broke] }\n    \
         decide: { \"Chair#1\": [yes, no, true, false] }\n  Member[*]:\n    produce: { Ballot: { value: 3 } }\n    \
         observe: { Offer: [accept, refuse, true, false] }\neffects: { desk.open: true }\n",
        &[],
    );
}

#[test]
fn mistakes_of_scripts_are_said_at_their_place() {
    check_script("rolls: {}", &["1:1 E0403 a script has no setting `rolls` [rolls] (write `roles`)"]);
    check_script(
        "roles:\n  Chare: {}\n  Member[7]: {}\n",
        &[
            "2:3 E0406 `Vote` has no role `Chare` [Chare] (write `Chair`)",
            "3:3 E0406 `Vote` has no role `Member[7]` [Member[7]] (write `Member[*]`)",
        ],
    );
    check_script(
        "roles: { Chair: { produce: { Ofer: {} }, decide: { \"Chair#2\": yes } } }",
        &[
            "1:30 E0406 `Vote` has no message `Ofer` [Ofer] (write `Offer`)",
            "1:52 E0406 no participant is asked for a choice `Chair#2` [\"Chair#2\"] (write `Chair#1`)",
        ],
    );
    check_script(
        "roles:\n  Chair:\n    decide:\n      Chair#1: [yes, nope, [a]]\n",
        &[
            "4:22 E0407 `Chair#1` has no label `nope` [nope] (use one of `yes`, `no`)",
            "4:28 E0405 a label of `Chair#1` is text, not a list [[a]]",
        ],
    );
    check_script(
        "roles:\n  Chair:\n    produce:\n      Offer:\n        - amount: five\n        - { amont: 5 }\n        - amount: 1\n          note: 7\n        - {}\n",
        &[
            "5:19 E0408 an answer for `Offer` does not fit: `amount`: expected Int, found String [five]",
            "6:13 E0408 an answer for `Offer` does not fit: `amont`: no such field [amont] (write `amount`)",
            "8:17 E0408 an answer for `Offer` does not fit: `note`: expected String, found Int [7] (put it in quotes)",
            "9:11 E0408 an answer for `Offer` does not fit: `amount`: missing [{}]",
        ],
    );
    check_script(
        "effects:\n  desk.open: yes\n  desk.shut: 1\n",
        &[
            "2:14 E0408 an answer for `desk.open` does not fit: expected Bool, found String [yes] (write `true` or `false`: YAML reads `yes` and `no` as text)",
            "3:3 E0406 `Vote` does not use an operation `desk.shut` [desk.shut] (use one of `desk.open`)",
        ],
    );
    check_script("otherwise: maybe", &["1:12 E0405 `otherwise` is `generated` or `fail`, not text [maybe]"]);
    check_script(
        "roles: {Chair: {}, Chair: {}}",
        &["1:20 E0404 `Chair` is given twice [Chair] (keep one of them)"],
    );
}

#[test]
fn what_is_not_yaml_is_said_once() {
    check_script("roles: [", &["1:9 E0401 this is not YAML: did not find expected node content []"]);
    check_script("roles: *nobody", &["1:8 E0401 this is not YAML: unknown anchor [*nobody]"]);
    check_script(
        "a: 99999999999999999999",
        &["1:4 E0401 the number is beyond 64 bits [99999999999999999999]"],
    );
    check_script("a: .nan", &["1:4 E0401 numbers are finite here [.nan]"]);
    check_script("{[a]: 1}", &["1:1 E0401 a name is text here, not a list [{[a]: 1}]"]);
    check_script("3", &["1:1 E0405 a script is a map, not a number [3]"]);
}

#[test]
fn yaml_cannot_bloat_or_hang() {
    let mut bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n".to_owned();
    for (name, before) in ('b'..='i').zip('a'..) {
        bomb.push_str(&format!("{name}: &{name} [{}]\n", vec![format!("*{before}"); 9].join(",")));
    }
    let code =
        |text: &str| yaml::Document::read(SourceId(0), text).err().map(|diagnostic| diagnostic.code.name());
    assert_eq!(code(&bomb), Some("E0402"));
    assert_eq!(code(&"x".repeat(CONFIG_BYTES_MAX + 1)), Some("E0402"));
    assert_eq!(code(&format!("a: {}", "x".repeat(CONFIG_BYTES_MAX - 3))), None);
    assert_eq!(code(&"- 1\n".repeat(CONFIG_VALUES_MAX)), Some("E0402"));
    assert_eq!(code(&"- 1\n".repeat(CONFIG_VALUES_MAX - 1)), None);
    assert_eq!(code(&format!("{}{}", "[".repeat(65), "]".repeat(65))), Some("E0402"));
    assert_eq!(code(&format!("{}{}", "[".repeat(64), "]".repeat(64))), None);
    assert!(code(&"[".repeat(100_000)).is_some());
    assert!(code(&"{".repeat(100_000)).is_some());
    assert!(code("&a [*a]").is_some());
    // What hides a closing bracket from a careless eye leaves the text as nested as the reader finds it.
    let hidden = [
        "{ \"}\": ",
        "{? # ]\n",
        "# ]\n{? ",
        "{ \"}\": !t ",
        "[ ']', ",
        "[ \"\n]\n\", ",
        "[ x \" , \"]]]\", ",
        "[ \"\\\"]\", ",
        "[ a#]\n\n",
    ];
    for nested in hidden {
        assert!(code(&nested.repeat(CONFIG_BYTES_MAX / nested.len())).is_some(), "{nested}");
    }
    // Many brackets beside each other are fine, in any spelling.
    let beside = ["- {a: [b], c: \"]\"}\n", "- [\"{}\", '}'] # [\n", "- {\"a\":\"b\",\"c\":[1,\"]\"]}\n"];
    for line in beside {
        assert_eq!(code(&line.repeat(2_000)), None, "{line}");
    }
    assert_eq!(code(&"- don't [x]\n".repeat(400)), None);
    for nested in ["[", "{a: ", "- ", "? ", "[a,", "{"] {
        assert_eq!(code(&nested.repeat(CONFIG_BYTES_MAX / nested.len())), Some("E0402"), "{nested}");
    }
}

#[test]
fn bindings_of_every_kind_are_read() {
    let text = "protocol: Vote\nroles:\n  Chair: { handler: desk, capabilities: [\"vote:open\"], deadline: 2h }\n  \
                \"Member[*]\": { handler: people, config: { desk: \"{index}\" } }\nhandlers:\n  \
                desk: { kind: process, command: [python3, desk.py], concurrency: 8, breaker: { failures: 2, pause: 10s } }\n  \
                people: { kind: scripted, answers: { produce: { Ballot: { value: 1 } } } }\n  \
                far: { kind: http, url: \"http://localhost/\", authorize: far.secret, retry: { max: 3, backoff: 100ms }, breaker: {} }\n  \
                near: { kind: websocket }\n  ours: { kind: rust }\n  any: { kind: generated }\n  \
                file: { kind: scripted, script: people.script.yaml }\n";
    check_bindings(text, &[]);
    let (read, _) = bindings::read(SourceId(0), text, None);
    let (script, notes) = read.unwrap().script(&BTreeMap::new());
    assert_eq!(script.roles.len(), 1);
    assert_eq!(
        lines(text, &notes),
        [
            "3:3 E0411 handler `desk` is a process; `run` uses a generated stand-in [Chair]",
            "4:3 E0413 `run` does not use `config` of `Member[*]` [\"Member[*]\"]",
        ],
    );
}

#[test]
fn mistakes_of_bindings_are_said_at_their_place() {
    check_bindings(
        "roles: {}\n",
        &[
            "1:1 E0409 `protocol` is missing [roles] (add `protocol: NAME`, the protocol that these bindings are for)",
        ],
    );
    check_bindings(
        "protocol: Vote\nroles:\n  Chair: { handler: dsk, deadlin: 2h }\nhandlers:\n  desk: { kind: proces }\n  book: { kind: process }\n  pen: { command: [x] }\n  hat: { kind: http, url: 3, command: [x] }\n",
        &[
            "5:17 E0410 there is no kind of handler `proces` [proces] (write `process`)",
            "6:3 E0409 handler `book` has no `command` [book] (add `command:`)",
            "7:3 E0409 handler `pen` has no `kind` [pen] (add `kind:` with one of `scripted`, `generated`, `process`, `http`, `websocket`, `rust`)",
            "8:30 E0403 a handler of kind `http` has no setting `command` [command] (use one of `kind`, `deadline`, `concurrency`, `retry`, `breaker`, `url`, `authorize`)",
            "8:27 E0405 `url` is text, not a number [3] (put it in quotes)",
            "3:26 E0403 `Chair` has no setting `deadlin` [deadlin] (write `deadline`)",
            "3:21 E0410 no handler `dsk` is described under `handlers` [dsk] (write `desk`)",
        ],
    );
    check_bindings(
        "protocol: Vote\nhandlers:\n  a: { kind: rust, concurrency: 0, breaker: { failure: 2, pause: 3 } }\n  b: { kind: process, command: [] }\n  c: { kind: http, url: \"ftp://x\" }\n  d: { kind: http, url: \"http://me:word@x/\", breaker: { failures: 0 } }\n  e: { kind: rust, breakr: {} }\n",
        &[
            "3:33 E0405 `concurrency` is a whole number from 1, not 0 [0]",
            "3:47 E0403 `breaker` has no setting `failure` [failure] (write `failures`)",
            "3:66 E0405 `pause` is a span of time such as `250ms` or `2h`, not a number [3]",
            "4:32 E0405 `command` is a program and its arguments, not nothing [[]] (write the program first: `[python3, approvals.py]`)",
            "5:25 E0405 `url` begins with `http://` or `https://` and a host [\"ftp://x\"] (write it as `https://desk.example/calls`; what is secret goes into the file of `authorize`)",
            "6:67 E0405 `failures` is a whole number from 1, not 0 [0]",
            "6:25 E0405 `url` holds no name and no password [\"http://me:word@x/\"] (write it as `https://desk.example/calls`; what is secret goes into the file of `authorize`)",
            "7:20 E0403 a handler of kind `rust` has no setting `breakr` [breakr] (write `breaker`)",
        ],
    );
    check_bindings(
        "protocol: Vote\nroles: { Chair: { deadline: soon, capabilities: x } }\n",
        &[
            "2:29 E0405 `deadline` is a span of time such as `250ms` or `2h`, not text [soon]",
            "2:49 E0405 `capabilities` is a list of texts, not text [x]",
        ],
    );
}

#[test]
fn inputs_are_read_by_the_type_of_their_parameter() {
    let params: Vec<input::Param> = [("amount", Type::INT), ("who", Type::Text), ("wait", Type::Duration)]
        .map(|(name, ty)| input::Param { name: Arc::from(name), ty, optional: name == "wait" })
        .to_vec();
    let check = |text: &str, expected: &str| {
        let found = match input::read(SourceId(0), text, &params) {
            Ok((name, value)) => format!("{name}: {}", crate::base::json::to_text(&value)),
            Err(diagnostic) => lines(text, &[*diagnostic]).remove(0),
        };
        assert_eq!(found, expected);
    };
    check("amount=5", "amount: 5");
    check("who=\"Ann\"", "who: \"Ann\"");
    check("who=Ann", "who: \"Ann\"");
    check("wait=5s", "wait: \"5s\"");
    check("amount", "1:1 E0412 an input is a name, `=` and a value [amount] (write it as `amount=5`)");
    check("amont=5", "1:1 E0412 there is no parameter `amont` [amont] (write `amount`)");
    check("amount=\"5\"", "1:8 E0412 the value of `amount` does not fit: expected Int, found String [\"5\"]");
    check(
        "amount={",
        "1:8 E0412 the value of `amount` is not JSON: EOF while parsing an object [{] (quote texts twice on a command line: `'who=\"Ann\"'`)",
    );
    let missing: Vec<&str> =
        input::missing(&params, &BTreeMap::new()).map(|param| param.name.as_ref()).collect();
    assert_eq!(missing, ["amount", "who"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_text_is_read_or_refused(text in "(roles:|handlers:|A|kind|produce|[a-c0-9:!&*\\[\\]{},#|>'\"?%@~-]|\n| |\n  |: |- ){0,40}") {
        let words = vocabulary();
        for diagnostics in [
            script::read(SourceId(0), &text, Some(&words)).1,
            bindings::read(SourceId(0), &text, Some(&words)).1,
        ] {
            for diagnostic in diagnostics {
                let span = diagnostic.primary.span;
                prop_assert!(text.get(span.start as usize..span.end as usize).is_some(), "{:?}", span);
                prop_assert!(!diagnostic.message.contains(['\n', '\u{1}']), "{}", diagnostic.message);
            }
        }
    }
}

/// The `yaml` fence under a heading of a page.
fn fence<'a>(page: &'a str, heading: &str) -> Option<&'a str> {
    let (_, section) = page.split_once(&format!("\n## {heading}\n"))?;
    let section = section.split("\n## ").next()?;
    section.split_once("```yaml\n")?.1.split_once("```").map(|(text, _)| text)
}

#[test]
fn the_pages_show_what_they_say() {
    let field = |name: &str, ty| Type::Record(Arc::new(vec![FieldType { name: Arc::from(name), ty }]));
    let words = Vocabulary {
        protocol: "Fetch".to_owned(),
        roles: ["Client", "Server"].map(Arc::from).to_vec(),
        messages: BTreeMap::from([
            (Arc::from("Ask"), field("path", Type::Text)),
            (Arc::from("Offer"), field("amount", Type::INT)),
        ]),
        choices: BTreeMap::from([(Arc::from("Client#1"), ["again", "enough"].map(Arc::from).to_vec())]),
        passes: std::collections::BTreeSet::new(),
        operations: BTreeMap::new(),
    };
    let lunch = Vocabulary {
        protocol: "Lunch".to_owned(),
        roles: ["Ann", "Ben"].map(Arc::from).to_vec(),
        messages: BTreeMap::from([(Arc::from("Offer"), field("place", Type::Text))]),
        passes: [(Arc::from("Ann"), Arc::from("Ben"), Arc::from("Offer"))].into(),
        ..Vocabulary::default()
    };
    let codes = |code: &Code, text: &str| {
        let said = if code.name().starts_with("E044") {
            guards::read(SourceId(0), text, Some(&lunch)).1
        } else if text.starts_with("protocol:") {
            let (read, said) = bindings::read(SourceId(0), text, Some(&words));
            let notes = read.map(|read| read.script(&BTreeMap::new()).1).unwrap_or_default();
            [said, notes].concat()
        } else {
            script::read(SourceId(0), text, Some(&words)).1
        };
        said.iter().map(|diagnostic| diagnostic.code).collect::<Vec<_>>()
    };
    let pages = Code::ALL.iter().filter(|code| code.name().starts_with("E04"));
    let mut shown = 0;
    for code in pages {
        let (Some(bad), Some(good)) = (fence(code.page(), "Example"), fence(code.page(), "Use instead"))
        else {
            continue;
        };
        assert_eq!(codes(code, bad), [*code]);
        assert_eq!(codes(code, good), [], "{}", code.name());
        shown += 1;
    }
    assert_eq!(shown, 20);
}
