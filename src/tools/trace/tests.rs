//! Traces as texts: events in a small notation, and the lines that they give.
//!
//! The notation: `A>B M {json}` sent, `A<B M` received by A, `A~B c.l` selected, `A?c.l` decided, `A!e.op {json}`
//! performed, `A#text` logged, `A.` finished, `end`, `fail A text`, `stop text`; `@n` before it names the lane.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::base::id::{LaneId, RoleId};
use crate::base::json::from_text;
use crate::base::ty::Type;
use crate::base::value::Value;
use crate::engine::event::What;
use crate::tools::trace::stage::selection;
use crate::tools::trace::text::{brief, cut, cut_middle, width};
use crate::tools::trace::{Stage, Trace, diagram::Diagram, json::Lines, list::List};

fn played(roles: &[&str], lanes: &[&str], script: &str, make: fn(Stage) -> Box<dyn Trace>) -> String {
    let id = |name: &str| RoleId::at(roles.iter().position(|role| *role == name).unwrap());
    let mut stage = Stage {
        roles: roles.iter().map(|name| Arc::from(*name)).collect(),
        lanes: lanes.iter().map(|name| Arc::from(*name)).collect(),
        messages: BTreeSet::new(),
    };
    let mut steps: Vec<Result<What, (&str, &str)>> = Vec::new();
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (lane, line) = match line.strip_prefix('@') {
            Some(rest) => (LaneId(rest[..1].parse().unwrap()), rest[1..].trim()),
            None => (LaneId(0), line),
        };
        let (head, json) =
            line.split_once(" {").map_or((line, None), |(head, rest)| (head, Some(format!("{{{rest}"))));
        let payload = json.map_or(Value::None, |json| from_text(&json, &Type::Any).unwrap());
        let what = if head == "end" {
            What::Completed
        } else if let Some(rest) = head.strip_prefix("fail ") {
            let (role, reason) = rest.split_once(' ').unwrap();
            What::Aborted { role: Some(id(role)), code: "E0501", reason: reason.to_owned() }
        } else if head.starts_with("stop ") || head.contains('#') && !head.contains(['~', '?']) {
            let (who, text) = head.split_once(['#', ' ']).unwrap();
            steps.push(Err((who, text)));
            continue;
        } else if let Some((from, rest)) = head.split_once('>') {
            let (to, label) = rest.split_once(' ').unwrap();
            stage.messages.insert((id(from), id(to), Arc::from(label)));
            What::Sent { from: id(from), to: id(to), lane, label: Arc::from(label), payload }
        } else if let Some((to, rest)) = head.split_once('<') {
            let (from, label) = rest.split_once(' ').unwrap();
            What::Received { from: id(from), to: id(to), lane, label: Arc::from(label), payload }
        } else if let Some((from, rest)) = head.split_once('~') {
            let (to, label) = rest.split_once(' ').unwrap();
            stage.messages.insert((id(from), id(to), selection(label)));
            What::Selected { from: id(from), to: id(to), lane, label: Arc::from(label) }
        } else if let Some((role, rest)) = head.split_once('?') {
            let (choice, label) = rest.split_once('.').unwrap();
            What::Decided { role: id(role), choice: Arc::from(choice), label: Arc::from(label) }
        } else if let Some((role, operation)) = head.split_once('!') {
            What::Performed { role: id(role), operation: Arc::from(operation), outcome: payload }
        } else {
            What::Finished { role: id(head.trim_end_matches('.')) }
        };
        steps.push(Ok(what));
    }
    let mut trace = make(stage);
    let mut text = String::new();
    let mut out = |line: &str| {
        text.push_str(line);
        text.push('\n');
    };
    trace.begin(&mut out);
    for step in steps {
        match step {
            Ok(what) => trace.event(&what, &mut out),
            Err(("stop", reason)) => trace.stopped(reason, &mut out),
            Err((role, line)) => trace.logged(&Arc::from(role), line, &mut out),
        }
    }
    text
}

#[track_caller]
fn check(found: &str, expected: &str) {
    assert!(
        found.trim_end() == expected.trim_matches('\n').trim_end(),
        "found:\n{found}\nexpected:\n{expected}"
    );
}

type Make = fn(Stage) -> Box<dyn Trace>;
const DIAGRAM: Make = |stage| Box::new(Diagram::new(stage, 100));
const LIST: Make = |stage| Box::new(List::new(stage, 60));
const JSON: Make = |stage| Box::new(Lines::new(stage));

const ROYALS: [&str; 6] =
    ["KingOfHearts", "QueenOfHearts", "JackOfSpades", "KingOfSpades", "QueenOfSpades", "JackOfDiamonds"];

fn court() -> String {
    let [king, queen, jack, .., last] = ROYALS;
    format!(
        "{king}>{last} AcrossEverybody {{\"x\": 1}}\n{jack}>{queen} AMessageWithALongName {{\"x\": 1}}\n{queen}?A quite long question.answer\nend"
    )
}

const CHOICE: &str = r#"
    Client>Server Ask {"path": "/a"}
    Server<Client Ask {"path": "/a"}
    Server!storage.get {"size": 3}
    Server#looked it up
    Server?Server#1.found
    Server>Client Answer {"size": 3, "name": "a fairly long text that will not fit into what is left of the line"}
    Server.
    Client.
    end
"#;

const THRESHOLD: &str = r#"
    Proposer>Guardian1 ProposalRequest {"id": 1}
    Proposer>Guardian2 ProposalRequest {"id": 1}
    Proposer>Guardian3 ProposalRequest {"id": 1}
    Guardian1>Proposer ApprovalResponse {"approved": true}
    Guardian3>Proposer ApprovalResponse {"approved": false}
    Guardian2>Proposer ApprovalResponse
    Proposer?Proposer#1.denied
    Proposer~Guardian1 Proposer#1.denied
    Guardian1.
    Proposer>Guardian3 ThresholdFailure
    fail Proposer the budget is spent
"#;

const PAR: &str = r#"
    @1 A>B Left
    @2 A>C Right
    @2 C>A Reply
    @3 B>A ReplyFromTheInnerBranchOfTheProtocol {"n": 1}
    A.
    @0 B>C Last
    stop 12 steps were made
"#;

const WIDE: &str = r#"
    客户>サーバ 要求 {"名": "値"}
    サーバ>客户 réponse
    end
"#;

#[test]
fn two_roles_and_a_choice() {
    check(
        &played(&["Client", "Server"], &[""], CHOICE, DIAGRAM),
        r##"
Client        Server
   │             │
   ├─ Ask ──────▶│   {path: "/a"}
   │             ○ storage.get = {size: 3}
   │             » looked it up
   │             ◆ Server#1: found
   │◀─── Answer ─┤   {name: "a fairly long text that will not fit into what is left of the line", s…
   ╵             ╵
completed after 2 messages
"##,
    );
}

#[test]
fn roles_that_stand_between_are_crossed_and_ended_roles_are_not() {
    check(
        &played(&["Proposer", "Guardian1", "Guardian2", "Guardian3"], &[""], THRESHOLD, DIAGRAM),
        r##"
Proposer                   Guardian1   Guardian2   Guardian3
    │                          │           │           │
    ├─ ProposalRequest ───────▶│           │           │   {id: 1}
    ├─ ProposalRequest ────────┼──────────▶│           │   {id: 1}
    ├─ ProposalRequest ────────┼───────────┼──────────▶│   {id: 1}
    │◀────── ApprovalResponse ─┤           │           │   {approved: true}
    │◀─────────────────────────┼──── ApprovalResponse ─┤   {approved: false}
    │◀────────────────── ApprovalResponse ─┤           │
    ◆ Proposer#1: denied       │           │           │
    ├╌ ⟨Proposer#1.denied⟩ ╌╌╌▷│           │           │
    ├─ ThresholdFailure ───────┴───────────┼──────────▶│
    ✗                                      │           │
    ╵                                      ╵           ╵
aborted at Proposer: E0501 the budget is spent
"##,
    );
}

#[test]
fn branches_of_a_par_are_named_on_the_left() {
    check(
        &played(&["A", "B", "C"], &["", "1", "2", "1.1"], PAR, DIAGRAM),
        r##"
       A                                       B           C
       │                                       │           │
∥1     ├─ Left ───────────────────────────────▶│           │
∥2     ├─ Right ───────────────────────────────┼──────────▶│
∥2     │◀──────────────────────────────────────┼─── Reply ─┤
∥1.1   │◀─ ReplyFromTheInnerBranc…TheProtocol ─┤           │   ReplyFromTheInnerBranchOfTheProtocol  {n: 1}
       ╵                                       ├─ Last ───▶│
stopped: 12 steps were made
"##,
    );
}

#[test]
fn wide_characters_keep_the_columns() {
    check(
        &played(&["客户", "サーバ"], &[""], WIDE, DIAGRAM),
        r##"
客户          サーバ
  │              │
  ├─ 要求 ──────▶│   {名: "値"}
  │◀─── réponse ─┤
  ╵              ╵
completed after 2 messages
"##,
    );
}

#[test]
fn names_are_cut_where_columns_are_narrow() {
    check(
        &played(&ROYALS, &[""], &court(), DIAGRAM),
        r##"
 KingOfH…rts QueenOf…rts JackOfS…des KingOfS…des QueenOf…des JackOfD…nds
      │           │           │           │           │           │
      ├─ AcrossEverybody ─────┼───────────┼───────────┼──────────▶│   {x: 1}
      │           │◀─ AMes…e ─┤           │           │           │   AMessageWithALongName  {x: 1}
      │           ◆ A quite long question: answer     │           │
      ╵           ╵           ╵           ╵           ╵           ╵
completed after 2 messages
"##,
    );
}

#[test]
fn a_list_has_a_line_a_message() {
    check(
        &played(&["A", "B", "C"], &["", "1", "2", "1.1"], PAR, LIST),
        r##"
A → B: Left  ∥1
A → C: Right  ∥2
C → A: Reply  ∥2
B → A: ReplyFromTheInnerBranchOfTheProtocol  {n: 1}  ∥1.1
B → C: Last
stopped: 12 steps were made
"##,
    );
}

#[test]
fn a_list_shows_decisions_and_effects() {
    check(
        &played(&["Client", "Server"], &[""], CHOICE, LIST),
        r##"
Client → Server: Ask  {path: "/a"}
Server ○ storage.get = {size: 3}
Server » looked it up
Server ◆ Server#1: found
Server → Client: Answer  {name: "a fairly long text th…
completed after 2 messages
"##,
    );
}

#[test]
fn json_lines_of_a_choice() {
    check(
        &played(&["Client", "Server"], &[""], CHOICE, JSON),
        r##"
{"event":"sent","from":"Client","to":"Server","label":"Ask","lane":"","payload":{"path":"/a"}}
{"event":"received","from":"Client","to":"Server","label":"Ask","lane":"","payload":{"path":"/a"}}
{"event":"effect","role":"Server","label":"storage.get","payload":{"size":3}}
{"event":"logged","role":"Server","text":"looked it up"}
{"event":"decided","role":"Server","choice":"Server#1","label":"found"}
{"event":"sent","from":"Server","to":"Client","label":"Answer","lane":"","payload":{"name":"a fairly long text that will not fit into what is left of the line","size":3}}
{"event":"completed"}
"##,
    );
}

#[test]
fn json_lines_of_a_par() {
    check(
        &played(&["A", "B", "C"], &["", "1", "2", "1.1"], PAR, JSON),
        r##"
{"event":"sent","from":"A","to":"B","label":"Left","lane":"1","payload":null}
{"event":"sent","from":"A","to":"C","label":"Right","lane":"2","payload":null}
{"event":"sent","from":"C","to":"A","label":"Reply","lane":"2","payload":null}
{"event":"sent","from":"B","to":"A","label":"ReplyFromTheInnerBranchOfTheProtocol","lane":"1.1","payload":{"n":1}}
{"event":"sent","from":"B","to":"C","label":"Last","lane":"","payload":null}
{"event":"aborted","code":"E0421","reason":"12 steps were made"}
"##,
    );
}

#[test]
fn json_lines_of_a_failure() {
    check(
        &played(&["Proposer", "Guardian1", "Guardian2", "Guardian3"], &[""], THRESHOLD, JSON),
        r##"
{"event":"sent","from":"Proposer","to":"Guardian1","label":"ProposalRequest","lane":"","payload":{"id":1}}
{"event":"sent","from":"Proposer","to":"Guardian2","label":"ProposalRequest","lane":"","payload":{"id":1}}
{"event":"sent","from":"Proposer","to":"Guardian3","label":"ProposalRequest","lane":"","payload":{"id":1}}
{"event":"sent","from":"Guardian1","to":"Proposer","label":"ApprovalResponse","lane":"","payload":{"approved":true}}
{"event":"sent","from":"Guardian3","to":"Proposer","label":"ApprovalResponse","lane":"","payload":{"approved":false}}
{"event":"sent","from":"Guardian2","to":"Proposer","label":"ApprovalResponse","lane":"","payload":null}
{"event":"decided","role":"Proposer","choice":"Proposer#1","label":"denied"}
{"event":"selected","from":"Proposer","to":"Guardian1","label":"Proposer#1.denied","lane":""}
{"event":"sent","from":"Proposer","to":"Guardian3","label":"ThresholdFailure","lane":"","payload":null}
{"event":"aborted","role":"Proposer","code":"E0501","reason":"the budget is spent"}
"##,
    );
}

#[test]
fn json_lines_are_valid_by_their_schema() {
    let schema = include_str!("../../../schemas/trace.schema.json");
    let validator = jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap();
    let texts = [
        played(&["Client", "Server"], &[""], CHOICE, JSON),
        played(&["A", "B", "C"], &["", "1", "2", "1.1"], PAR, JSON),
        played(&["Proposer", "Guardian1", "Guardian2", "Guardian3"], &[""], THRESHOLD, JSON),
    ];
    for line in texts.iter().flat_map(|text| text.lines()) {
        assert!(validator.is_valid(&serde_json::from_str(line).unwrap()), "{line}");
    }
    for line in [r#"{"event":"sent"}"#, r#"{"event":"lost"}"#, r#"{"event":"completed","role":"A"}"#] {
        assert!(!validator.is_valid(&serde_json::from_str(line).unwrap()), "{line}");
    }
}

#[test]
fn texts_are_cut_by_columns() {
    for (text, columns, expected) in [
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("日本語", 4, "日…"),
        ("日本語", 6, "日本語"),
        ("x", 0, ""),
        ("e\u{301}a", 2, "e\u{301}a"),
    ] {
        assert_eq!(cut(text, columns), expected);
        assert!(width(&cut(text, columns)) <= columns);
    }
}

#[test]
fn names_are_cut_in_the_middle() {
    for (name, columns, expected) in [
        ("OnboardingFinalization_1", 17, "OnboardingF…ion_1"),
        ("Ask", 6, "Ask"),
        ("Guardians", 5, "Guar…"),
        ("日本語日本語日本語", 10, "日本語…語"),
    ] {
        assert_eq!(cut_middle(name, columns), expected);
        assert!(width(&cut_middle(name, columns)) <= columns);
    }
}

#[test]
fn values_are_short_and_harmless_on_a_terminal() {
    let check = |json: &str, expected: &str| {
        assert_eq!(brief(&from_text(json, &Type::Any).unwrap(), 20), expected);
    };
    check("null", "");
    check("{}", "");
    check(r#"{"a": [1, true, "x"]}"#, r#"{a: [1, true, "x"]}"#);
    check(r#"{"a": [1, true, "xy"]}"#, r#"{a: [1, true, "xy"]}"#);
    check(r#"{"a": [1, true, "xyz"]}"#, r#"{a: [1, true, "xyz"…"#);
    check("\"\\u001b[31m\"", "\"\\u{1b}[31m\"");
    let long = Value::List(Arc::new(vec![Value::Int(1); 1_000_000]));
    assert_eq!(width(&brief(&long, 20)), 20);
}

#[test]
fn twenty_roles_are_drawn_and_more_are_listed() {
    for (count, drawn) in [(1, true), (20, true), (21, false)] {
        let stage = Stage { roles: vec![Arc::from("R"); count], ..Stage::default() };
        let mut first = String::new();
        super::for_people(stage, 100).begin(&mut |line| first.push_str(line));
        assert_eq!(first.contains('│'), drawn, "{count}");
    }
}
