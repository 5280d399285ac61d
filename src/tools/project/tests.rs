//! One hand-made automaton in every format.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use crate::base::id::{
    ChoiceId, DecisionId, LaneId, MessageId, NestId, PayloadId, RoleId, SiteId, StepId, VarId,
};
use crate::base::ty::Type;
use crate::base::value::Value;
use crate::diag::source::{Sources, Span};
use crate::global::expr::{Binary, Each, Expr, Fold, Part};
use crate::global::graph::Label;
use crate::global::protocol::{Choice, Decision, Lane, Message, Payload, Protocol, Role, Site, Step, Var};
use crate::local::automaton::{Act, Automaton, Edge, Inside, Nest, State};
use crate::syntax::tree::Repetition;
use crate::tools::project::{Format, expr, project};

fn protocol(sources: &mut Sources) -> Protocol {
    let source = sources.add("fetch.choreo", "line one\nline two\nline three\n");
    let span = Span::new(source, 0, 1);
    let arcs = |names: &[&str]| names.iter().map(|name| Arc::from(*name)).collect::<Vec<Arc<str>>>();
    let role = |name: &str| Role { name: name.to_owned(), member: None, span };
    let message = |name: &str| Message { name: name.into(), ty: Type::Any, span };
    let site = |start| Site { span: Span::new(source, start, start + 1), annotations: Vec::new() };
    let lane = |name: &str| Lane { parent: LaneId(0), name: name.into() };
    let more =
        Expr::Binary(Binary::Less, Box::new(Expr::Var(VarId(0))), Box::new(Expr::Const(Value::Int(3))));
    let size = Part::Field("size".into(), Expr::Fold(Fold::Len, Box::new(Expr::Var(VarId(1)))));
    Protocol {
        name: "Fetch".to_owned(),
        roles: vec![role("Client"), role("Server"), role("Log")],
        vars: ["n", "found"].map(|name| Var { name: name.into(), ty: Type::Any }).to_vec(),
        messages: vec![message("Ask"), message("Found"), message("Missing"), message("Note")],
        payloads: vec![Payload::Asked, Payload::Expr(Expr::Record(vec![size])), Payload::Empty],
        steps: vec![Step::Does {
            effect: "storage".into(),
            operation: "get".into(),
            args: vec![("key".into(), Expr::Var(VarId(0)))],
            result: Type::Any,
            bind: Some(VarId(1)),
            repetition: Repetition::Once,
        }],
        choices: vec![Choice {
            name: "Client#1".into(),
            owner: RoleId(0),
            labels: arcs(&["again", "enough"]),
            branches: vec![span, span],
            told: Vec::new(),
            depth: 0,
            span,
        }],
        decisions: vec![
            Decision::Asked { name: "Client#1".into(), labels: arcs(&["again", "enough"]) },
            Decision::When { labels: arcs(&["more", "done"]), conditions: vec![Some(more), None] },
        ],
        lanes: vec![lane(""), lane("1"), lane("2")],
        sites: vec![site(0), site(9), site(18)],
        ..Protocol::default()
    }
}

fn edge(act: Act, to: u32, sites: &[u32]) -> Edge {
    Edge { act, to, sites: sites.iter().map(|site| SiteId(*site)).collect() }
}

fn state(edges: Vec<Edge>) -> State {
    State { edges, may_end: false, stays: false, positions: Vec::new() }
}

fn send(to: u16, lane: u16, label: Label, payload: u32) -> Act {
    Act::Send { to: RoleId(to), lane: LaneId(lane), label, payload: PayloadId(payload), var: None }
}

fn receive(from: u16, message: u32) -> Act {
    Act::Receive { from: RoleId(from), lane: LaneId(0), label: Label::Message(MessageId(message)), var: None }
}

/// Asks, gets an answer or none, decides whether again; then a loop, a `par`, and the end. Numbers are shuffled.
fn automaton() -> Automaton {
    let message = |message| Label::Message(MessageId(message));
    Automaton {
        role: RoleId(0),
        entry: 9,
        states: vec![
            state(vec![]),
            state(vec![
                edge(Act::Decide(DecisionId(0), 0), 2, &[1]),
                edge(Act::Decide(DecisionId(0), 1), 3, &[1]),
            ]),
            state(vec![edge(send(2, 0, Label::Select(ChoiceId(0), 0), 2), 9, &[])]),
            state(vec![edge(Act::Step(StepId(0)), 4, &[2])]),
            state(vec![edge(Act::Nest(0), 5, &[2])]),
            state(vec![edge(Act::Nest(1), 0, &[2])]),
            state(vec![edge(send(2, 1, message(3), 1), 7, &[2])]),
            state(vec![]),
            State {
                may_end: true,
                ..state(vec![edge(receive(1, 1), 1, &[0, 1]), edge(receive(1, 2), 1, &[1])])
            },
            state(vec![edge(send(1, 0, message(0), 0), 8, &[0])]),
            state(vec![
                edge(Act::Decide(DecisionId(1), 0), 11, &[2]),
                edge(Act::Decide(DecisionId(1), 1), 11, &[2]),
            ]),
            state(vec![]),
        ],
        nests: vec![
            Nest {
                id: NestId(0),
                inside: Inside::Count { count: Expr::Const(Value::Int(3)), turn: Some(VarId(0)), body: 10 },
            },
            Nest { id: NestId(1), inside: Inside::Par(vec![(LaneId(1), 6), (LaneId(2), 6)]) },
        ],
    }
}

#[track_caller]
fn check(format: Format, expected: &str) {
    let mut sources = Sources::default();
    let protocol = protocol(&mut sources);
    let found = project(&protocol, &automaton(), &sources, format);
    assert!(found == expected.trim_start_matches('\n'), "found:\n{found}\nexpected:\n{expected}");
}

#[test]
fn an_automaton_as_text() {
    check(
        Format::Text,
        r##"
Client of Fetch: 12 states

   0  ! Server: Ask                     → 1
   1  ? Server: Found                   → 2, or the session ends
      ? Server: Missing                 → 2
   2  ◆ Client#1: again                 → 3
      ◆ Client#1: enough                → 4
   3  ! Log: ⟨Client#1.again⟩           → 0
   4  does storage.get(key: n) as found → 5
   5  loop (count: 3) as n from 6       → 8
   6  ◆ when n < 3: more                → 7
      ◆ otherwise: done                 → 7
   7  end of turn
   8  par ∥1 from 9, ∥2 from 9          → 11
   9  ! Log: Note ∥1                    → 10
  10  end of branch
  11  end
"##,
    );
}

#[test]
fn an_automaton_as_a_graph() {
    check(
        Format::Dot,
        r##"
digraph "Client of Fetch" {
    rankdir = LR
    node [shape = circle, fontname = "sans-serif"]
    edge [fontname = "sans-serif", fontsize = 11]
    start [shape = point]
    start -> 0
    0 -> 1 [label = "! Server: Ask"]
    1 [peripheries = 2]
    1 -> 2 [label = "? Server: Found"]
    1 -> 2 [label = "? Server: Missing"]
    2 [shape = diamond]
    2 -> 3 [label = "◆ Client#1: again"]
    2 -> 4 [label = "◆ Client#1: enough"]
    3 -> 0 [label = "! Log: ⟨Client#1.again⟩"]
    4 -> 5 [label = "does storage.get(key: n) as found"]
    5 [shape = box]
    5 -> 6 [label = "3 times", style = dashed]
    5 -> 8 [label = "then"]
    6 [shape = diamond]
    6 -> 7 [label = "◆ when n < 3: more"]
    6 -> 7 [label = "◆ otherwise: done"]
    7 [xlabel = "end of turn"]
    8 [shape = box]
    8 -> 9 [label = "∥1", style = dashed]
    8 -> 9 [label = "∥2", style = dashed]
    8 -> 11 [label = "join"]
    9 -> 10 [label = "! Log: Note ∥1"]
    10 [xlabel = "end of branch"]
    11 [shape = doublecircle]
}
"##,
    );
}

/// The places of the JSON that a reader cannot guess from the text.
#[test]
fn an_automaton_as_json() {
    let mut sources = Sources::default();
    let protocol = protocol(&mut sources);
    let json: Json = serde_json::from_str(&project(&protocol, &automaton(), &sources, Format::Json)).unwrap();
    let schema = include_str!("../../../schemas/local.schema.json");
    let validator = jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap();
    assert!(validator.is_valid(&json), "{:?}", validator.iter_errors(&json).next());
    let check = |place: &str, expected: Json| assert_eq!(json.pointer(place), Some(&expected), "{place}");
    check("/version", json!(1));
    check("/role", json!("Client"));
    check("/states/1/may_end", json!(true));
    check("/states/2/kind", json!("decide"));
    check(
        "/states/0/edges/0",
        json!({ "act": "send", "peer": "Server", "label": "Ask", "selection": false, "lane": "",
                "payload": "asked", "lines": [1], "next": 1 }),
    );
    check("/states/1/edges/0/lines", json!([1, 2]));
    check(
        "/states/3/edges/0",
        json!({ "act": "send", "peer": "Log", "label": "Client#1.again", "selection": true, "lane": "",
                "payload": "empty", "lines": [], "next": 0 }),
    );
}

#[test]
fn expressions_are_written_as_the_language_does() {
    let mut sources = Sources::default();
    let protocol = protocol(&mut sources);
    let check = |expr: Expr, expected: &str| assert_eq!(expr::text(&protocol, &expr), expected);
    let n = || Box::new(Expr::Var(VarId(0)));
    let one = || Expr::Const(Value::Int(1));
    let sum = || Expr::Binary(Binary::Add, n(), Box::new(one()));
    check(Expr::Binary(Binary::Multiply, Box::new(sum()), Box::new(one())), "(n + 1) * 1");
    check(Expr::Text(vec![Expr::Const(Value::text("to ")), sum()]), "\"to {n + 1}\"");
    check(Expr::List(vec![one(), Expr::Const(Value::None)]), "[1, none]");
    check(Expr::Each(Each::Map, n(), VarId(1), Box::new(Expr::Var(VarId(1)))), "n.map(found => found)");
    check(
        Expr::Variant("Late".into(), vec![Part::Field("by".into(), one()), Part::Spread(*n())]),
        "Late { by: 1, ..n }",
    );
    check(Expr::If(n(), Box::new(one()), Box::new(sum())), "if n then 1 else n + 1");
    check(Expr::Index(Box::new(Expr::Field(n(), "a".into())), Box::new(one())), "n.a[1]");
    let mut deep = one();
    for _ in 0..100_000 {
        deep = Expr::Unary(crate::syntax::tree::Unary::Not, Box::new(deep));
    }
    assert!(expr::text(&protocol, &deep).ends_with("not …"));
    // Dropping so deep a tree would need a deep stack; no tree that was read is so deep.
    std::mem::forget(deep);
}
