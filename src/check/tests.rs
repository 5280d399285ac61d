//! Runs that are made again: to the same end as the search has seen.

use std::sync::Arc;

use crate::base::cause::Cause;
use crate::base::id::{LaneId, RoleId};
use crate::base::time::Duration;
use crate::base::value::Value;
use crate::bytecode::op::Op;
use crate::bytecode::program::{Handler, Scope, ScopeKind};
use crate::bytecode::sample::{END, half, op, wait, wide};
use crate::check::redo::{End, Redo};
use crate::check::search::{Options, Orders, Violation, search};
use crate::check::turn::Free;
use crate::machine::Cast;

/// A waits in its scope for what B never sends, and B for how the scope ended.
fn stuck_in_a_scope() -> Arc<Cast> {
    let scope = |owns: bool| Scope {
        name: "A.try#1".into(),
        lane: LaneId(2),
        parent: None,
        owner: RoleId(0),
        kind: ScopeKind::Try,
        control: (!owns).then_some(0),
        exit: (!owns).then_some(2),
        handlers: vec![Handler { cause: Cause::Timeout, to: owns.then_some(5), slot: None }],
        members: Vec::new(),
    };
    let limit = wide(Op::Const, 0, 2);
    let (enter, leave, receive) =
        (op(Op::EnterFor, 0, 0, 0), op(Op::Leave, 0, 0, 0), op(Op::Receive, 0, 0, 0));
    let mut a = half(0, vec![limit, enter, receive, leave, END, END], vec![wait(&[(2, 0, None, 3)])]);
    a.constants.push(Value::Duration(Duration(1_000)));
    a.scopes = vec![scope(true)];
    let code = vec![op(Op::Enter, 0, 0, 0), leave, receive, END];
    let mut b = half(1, code, vec![wait(&[(0, 0, None, 3)])]);
    b.scopes = vec![scope(false)];
    Arc::new(Cast::link(vec![a, b]).unwrap())
}

#[test]
fn time_alone_is_no_way_out_of_a_run_that_is_made_again() {
    let cast = stuck_in_a_scope();
    let options = Options { states: 100, bytes: 1 << 20, depth: 100, orders: Orders::Few, free: Free::ALL };
    let found = search(&cast, &options, &mut |_| {});
    let stuck = Violation::Deadlock(vec![RoleId(0), RoleId(1)]);
    assert_eq!(found.violation(), Some(&stuck));
    let run = found.run_of_violation(&cast);
    assert!(run.moves.is_empty());
    let (_, end) = Redo::open(cast, &run.params);
    assert_eq!(end, Some(End::Stuck(Some(RoleId(0)))));
}
