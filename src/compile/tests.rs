//! Automata to programs: what expressions give, and what a role does, as text.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use crate::base::id::{DecisionId, LaneId, MessageId, NestId, PayloadId, RoleId, StepId, VarId};
use crate::base::random::Random;
use crate::base::ty::Type;
use crate::base::value::Value;
use crate::bytecode::asm;
use crate::bytecode::op::Op;
use crate::bytecode::program::Program;
use crate::compile::draft::{Draft, NONE};
use crate::compile::programs;
use crate::diag::code::Code;
use crate::global::expr::{Binary, Each, Expr, Fold, Part, Unary};
use crate::global::graph::{Graph, Label};
use crate::global::protocol::{Decision, Lane, Message, Payload, Protocol, Role, Step, Var};
use crate::local::automaton::{Act, Automaton, Edge, Inside, Nest, State};
use crate::local::projection::{Bound, Liveness, Projection};
use crate::machine::question::Offer;
use crate::machine::world::{Taken, World};
use crate::machine::{AgentId, Cast, Session, Stop};

const X: VarId = VarId(0);
const ITEM: VarId = VarId(1);
const M: Label = Label::Message(MessageId(0));

/// A protocol of A and B with the message `M`, and the names `x` and `item`.
fn protocol() -> Protocol {
    let role = |name: &str| Role { name: name.into(), member: None, span: Default::default() };
    let var = |name: &str| Var { name: name.into(), ty: Type::Any };
    Protocol {
        name: "P".into(),
        roles: vec![role("A"), role("B")],
        vars: vec![var("x"), var("item")],
        messages: vec![Message { name: "M".into(), ty: Type::Any, span: Default::default() }],
        lanes: vec![Lane { parent: LaneId(0), name: "".into() }],
        ..Protocol::default()
    }
}

fn edge(act: Act, to: u32) -> Edge {
    Edge { act, to, sites: Vec::new() }
}

fn state(edges: Vec<Edge>) -> State {
    State { edges, may_end: false, stays: false, positions: Vec::new() }
}

fn send(lane: u16, var: Option<VarId>) -> Act {
    Act::Send { to: RoleId(1), lane: LaneId(lane), label: M, payload: PayloadId(0), var }
}

fn receive(lane: u16) -> Act {
    Act::Receive { from: RoleId(0), lane: LaneId(lane), label: M, var: None }
}

fn compiled(protocol: &Protocol, a: (Vec<State>, Vec<Nest>), b: (Vec<State>, Vec<Nest>)) -> Vec<Program> {
    let automata = [a, b].into_iter().enumerate().map(|(role, (states, nests))| Automaton {
        role: RoleId(role as u16),
        entry: 0,
        states,
        nests,
    });
    let bounds: BTreeMap<_, _> =
        (0..3).map(|lane| ((RoleId(0), RoleId(1), LaneId(lane)), Bound::Messages(2))).collect();
    let projection = Projection {
        graph: Graph::default(),
        automata: automata.collect(),
        selections: Vec::new(),
        bounds,
        liveness: Liveness::default(),
    };
    let (programs, diagnostics) = programs(protocol, &projection);
    assert_eq!(diagnostics, Vec::new(), "{programs:#?}");
    programs
}

/// What B receives, and how the session ended.
fn run(programs: Vec<Program>) -> (Vec<Value>, String) {
    #[derive(Default)]
    struct Ears(Vec<Value>);
    impl World for Ears {
        type Right = Infallible;

        fn clear(&mut self, _: &Offer<'_>) -> Option<Infallible> {
            None
        }

        fn received(&mut self, taken: Taken<'_>) {
            self.0.push(taken.payload.clone());
        }
    }
    let cast = Cast::link(programs).unwrap();
    let mut session = Session::new(&cast);
    let mut ears = Ears::default();
    for _ in 0..50 {
        for agent in cast.agents().collect::<Vec<AgentId>>() {
            if session.state(agent) != crate::machine::session::State::Ready {
                continue;
            }
            match session.run(&cast, agent, &mut 1_000, &mut ears) {
                Stop::Offers => session.send(&cast, agent, &mut ears),
                Stop::Fails(trouble) => return (ears.0, trouble.to_string()),
                _ => {}
            }
        }
    }
    (ears.0, if session.is_finished(&cast) { "finished".into() } else { "stuck".into() })
}

/// A sends the value of an expression, in which `x` is `[1, 2, 3]`.
#[expect(clippy::needless_pass_by_value, reason = "every case makes its expression for this call")]
fn check(expr: Expr, expected: &Value) {
    let mut protocol = protocol();
    let list = (1..4).map(|item| Expr::Const(Value::Int(item))).collect();
    protocol.steps = vec![Step::Let(X, Expr::List(list)), Step::Let(X, expr.clone())];
    protocol.payloads = vec![Payload::Expr(Expr::Var(X))];
    let a = vec![
        state(vec![edge(Act::Step(StepId(0)), 1)]),
        state(vec![edge(Act::Step(StepId(1)), 2)]),
        state(vec![edge(send(0, None), 3)]),
        state(vec![]),
    ];
    let b = vec![state(vec![edge(receive(0), 1)]), state(vec![])];
    let found = run(compiled(&protocol, (a, vec![]), (b, vec![])));
    assert_eq!(found, (vec![expected.clone()], "finished".to_owned()), "{expr:?}");
}

fn int(whole: i64) -> Expr {
    Expr::Const(Value::Int(whole))
}

fn b(expr: Expr) -> Box<Expr> {
    Box::new(expr)
}

fn truth(truth: bool) -> Expr {
    Expr::Const(Value::Bool(truth))
}

fn binary(op: Binary, left: Expr, right: Expr) -> Expr {
    Expr::Binary(op, b(left), b(right))
}

fn field(name: &str, expr: Expr) -> Part {
    Part::Field(name.into(), expr)
}

fn record(fields: &[(&str, i64)]) -> Value {
    Value::record(fields.iter().map(|(name, value)| (Arc::from(*name), Value::Int(*value))))
}

fn list(items: &[i64]) -> Value {
    Value::List(Arc::new(items.iter().copied().map(Value::Int).collect()))
}

#[test]
fn expressions() {
    let x = || Expr::Var(X);
    let whole = Value::Int;
    let point = || Expr::Record(vec![field("y", int(2)), field("x", int(1))]);
    check(int(7), &whole(7));
    check(Expr::Fold(Fold::Sum, b(x())), &whole(6));
    check(Expr::Index(b(x()), b(int(1))), &whole(2));
    check(Expr::Append(b(x()), b(int(4))), &list(&[1, 2, 3, 4]));
    check(Expr::List(vec![Expr::Fold(Fold::Len, b(x())), int(0)]), &list(&[3, 0]));
    check(point(), &record(&[("x", 1), ("y", 2)]));
    check(Expr::Field(b(point()), "y".into()), &whole(2));
    check(
        Expr::Record(vec![Part::Spread(point()), field("y", int(5)), field("y", int(6))]),
        &record(&[("x", 1), ("y", 6)]),
    );
    check(Expr::Record(vec![field("y", int(5)), Part::Spread(point())]), &record(&[("x", 1), ("y", 2)]));
    check(Expr::From(b(point()), 3), &record(&[("from", 3), ("x", 1), ("y", 2)]));
    let variant = || Expr::Variant("V".into(), vec![field("n", int(1))]);
    check(Expr::Is(b(variant()), "V".into()), &Value::Bool(true));
    check(Expr::FieldsOf(b(variant())), &record(&[("n", 1)]));
    check(Expr::Text(vec![Expr::Const(Value::text("x is ")), x()]), &Value::text("x is [1, 2, 3]"));
    check(Expr::Unary(Unary::Negate, b(int(1))), &whole(-1));
    check(binary(Binary::Greater, int(2), int(1)), &Value::Bool(true));
    check(binary(Binary::GreaterEqual, int(1), int(2)), &Value::Bool(false));
    check(Expr::If(b(binary(Binary::In, int(2), x())), b(int(1)), b(int(0))), &whole(1));
}

#[test]
fn what_the_left_side_decides_is_not_evaluated() {
    let fails = || binary(Binary::Divide, int(1), int(0));
    let none = || Expr::Const(Value::None);
    check(binary(Binary::And, truth(false), fails()), &Value::Bool(false));
    check(binary(Binary::Or, truth(true), fails()), &Value::Bool(true));
    check(binary(Binary::And, truth(true), truth(false)), &Value::Bool(false));
    check(binary(Binary::Otherwise, int(1), fails()), &Value::Int(1));
    check(binary(Binary::Otherwise, none(), int(2)), &Value::Int(2));
    let condition = Expr::Unary(Unary::Not, b(binary(Binary::And, truth(true), truth(false))));
    check(Expr::If(b(condition), b(int(1)), b(fails())), &Value::Int(1));
}

#[test]
fn lambdas() {
    let each = |each, body| Expr::Each(each, b(Expr::Var(X)), ITEM, b(body));
    let item = || Expr::Var(ITEM);
    let odd = || binary(Binary::Equal, binary(Binary::Remainder, item(), int(2)), int(1));
    check(each(Each::Map, binary(Binary::Multiply, item(), int(2))), &list(&[2, 4, 6]));
    check(each(Each::Map, item()), &list(&[1, 2, 3]));
    check(each(Each::Filter, odd()), &list(&[1, 3]));
    check(each(Each::Count, odd()), &Value::Int(2));
    check(each(Each::Any, odd()), &Value::Bool(true));
    check(each(Each::All, odd()), &Value::Bool(false));
    check(each(Each::All, binary(Binary::Less, item(), int(4))), &Value::Bool(true));
    // Every item beside every item: the inner lambda's item hides the outer one.
    let inner = each(Each::Count, binary(Binary::Less, item(), int(3)));
    check(each(Each::Map, inner), &list(&[2, 2, 2]));
    let kept = each(Each::Map, Expr::Record(vec![Part::Spread(Expr::Record(vec![field("n", item())]))]));
    check(Expr::Fold(Fold::Len, b(kept)), &Value::Int(3));
}

#[test]
fn a_counted_loop_counts() {
    let mut protocol = protocol();
    protocol.payloads = vec![Payload::Expr(Expr::Var(X))];
    let nest = |turn| Nest { id: NestId(0), inside: Inside::Count { count: int(3), turn, body: 2 } };
    let states = |act| {
        vec![state(vec![edge(Act::Nest(0), 1)]), state(vec![]), state(vec![edge(act, 3)]), state(vec![])]
    };
    let programs = compiled(
        &protocol,
        (states(send(0, None)), vec![nest(Some(X))]),
        (states(receive(0)), vec![nest(None)]),
    );
    let expected = (1..4).map(Value::Int).collect();
    assert_eq!(run(programs), (expected, "finished".to_owned()));
}

#[test]
fn branches_run_side_by_side() {
    let mut protocol = protocol();
    protocol.payloads = vec![Payload::Expr(int(5))];
    let nest = || Nest { id: NestId(0), inside: Inside::Par(vec![(LaneId(1), 2), (LaneId(2), 4)]) };
    let states = |first, second| {
        vec![
            state(vec![edge(Act::Nest(0), 1)]),
            state(vec![]),
            state(vec![edge(first, 3)]),
            state(vec![]),
            state(vec![edge(second, 3)]),
        ]
    };
    // Both bind `x`, and one reads it: each has its own.
    let a = states(send(1, Some(X)), send(2, Some(X)));
    let programs = compiled(&protocol, (a, vec![nest()]), (states(receive(1), receive(2)), vec![nest()]));
    assert_eq!(programs[0].threads, 3);
    assert_eq!(run(programs), (vec![Value::Int(5), Value::Int(5)], "finished".to_owned()));
}

#[test]
fn conditions_are_tried_in_order() {
    for (conditions, expected) in [
        ([Some(truth(false)), Some(truth(true))], "finished"),
        ([None, Some(truth(false))], "finished"),
        ([Some(truth(false)), Some(truth(false))], "no condition of the choice `` holds"),
    ] {
        let mut protocol = protocol();
        protocol.payloads = vec![Payload::Empty];
        protocol.decisions =
            vec![Decision::When { labels: vec!["a".into(), "b".into()], conditions: conditions.to_vec() }];
        let decide = |branch| edge(Act::Decide(DecisionId(0), branch), 1);
        let a = vec![state(vec![decide(0), decide(1)]), state(vec![edge(send(0, None), 2)]), state(vec![])];
        let b = vec![state(vec![edge(receive(0), 1)]), state(vec![])];
        let (_, ended) = run(compiled(&protocol, (a, vec![]), (b, vec![])));
        assert_eq!(ended, expected);
    }
}

#[test]
fn a_failure_ends_the_session() {
    let mut protocol = protocol();
    protocol.steps = vec![Step::Fail("late".into(), Some(int(1)))];
    let a = vec![state(vec![edge(Act::Step(StepId(0)), 1)]), state(vec![])];
    let b = vec![state(vec![])];
    let (_, ended) = run(compiled(&protocol, (a, vec![]), (b, vec![])));
    assert_eq!(ended, "the protocol failed: `late`");
}

#[test]
fn the_text_of_a_program() {
    let mut protocol = protocol();
    protocol.payloads = vec![Payload::Asked];
    let a = vec![state(vec![edge(send(0, None), 0)])];
    let b = vec![state(vec![edge(receive(0), 0)])];
    let programs = compiled(&protocol, (a, vec![]), (b, vec![]));
    let text = |program: &Program| {
        let text = asm::text(program, None);
        text.lines().filter(|line| !line.starts_with("hash")).collect::<Vec<_>>().join("\n")
    };
    let expected = "program P role A\nslots   1  threads 1\nchannel to B, holds 2\nL0:\n    produce      -> B, M, $0\n    send.take    -> B, M, $0\n    jump         L0";
    assert_eq!(text(&programs[0]), expected);
    let expected = "program P role B\nslots   0  threads 1\nchannel from A, holds 2\nL0:\n    receive\n      <- A: M => L0";
    assert_eq!(text(&programs[1]), expected);
    assert!(crate::machine::drive::drive(programs, &mut Random::new(1)));
}

#[test]
fn what_has_no_place_in_a_table_is_refused_and_not_taken_for_the_first() {
    let mut draft = Draft::new(1);
    draft.put(Op::End, NONE, NONE, NONE);
    assert_eq!(draft.known(Some(3)), 3);
    assert!(draft.finish(0).is_ok());
    draft.known(None::<usize>);
    assert_eq!(draft.finish(0).unwrap_err().code, Code::E0301);
}
