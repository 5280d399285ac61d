//! The verifier: what it accepts, and one program for each rule that it refuses.

use crate::base::id::{LaneId, RoleId};
use crate::base::limits;
use crate::base::value::Value;
use crate::bytecode::instr::Instr;
use crate::bytecode::op::{Op, Operand};
use crate::bytecode::program::{Branch, Program, Receive, Scope, ScopeKind};
use crate::bytecode::sample::{END, every_op, half, op, wait, wide};
use crate::bytecode::verify::verify;

/// What becomes of a program of these instructions.
fn check(code: Vec<Instr>, receives: Vec<Receive>, change: impl FnOnce(&mut Program), expected: &str) {
    let mut program = half(0, code, receives);
    change(&mut program);
    let found = verify(&program).map_or_else(|rejection| rejection.to_string(), |_| "fine".to_owned());
    assert_eq!(found, expected, "{:?}", program.code);
}

fn code(code: Vec<Instr>, expected: &str) {
    check(code, Vec::new(), |_| {}, expected);
}

#[test]
fn every_opcode_can_be_accepted() {
    let programs = every_op();
    for program in &programs {
        verify(program).unwrap();
    }
    for wanted in Op::ALL {
        assert!(programs[0].code.iter().any(|instr| instr.op == *wanted), "{wanted:?} is not in the sample");
    }
}

#[test]
fn the_table_of_opcodes_is_sound() {
    for (at, op) in Op::ALL.iter().enumerate() {
        assert_eq!(*op as usize, at);
        assert!(op.sentence().ends_with('.') && !op.mnemonic().is_empty());
        let [a, _, c] = op.operands();
        let wide = [Operand::WideConstant, Operand::Jump, Operand::Branches, Operand::Fork];
        assert!(!wide.contains(&a) && !wide.contains(&c), "only the second operand is wide: {op:?}");
    }
}

#[test]
fn control_stays_inside() {
    code(vec![END], "fine");
    code(vec![], "E0303: control runs out of the program (instruction 0)");
    code(vec![wide(Op::Const, 0, 0)], "E0303: control runs out of the program (instruction 1)");
    code(vec![wide(Op::Jump, 0, 1), END], "fine");
    code(vec![wide(Op::Jump, 0, 2), END], "E0303: an operand of `jump` is out of range (instruction 0)");
    check(
        vec![op(Op::Receive, 0, 0, 0), END],
        vec![wait(&[(0, 0, None, 2)])],
        |_| {},
        "E0303: a table leads outside of the program",
    );
}

#[test]
fn operands_are_in_range() {
    code(vec![op(Op::SendConst, 0, 0, 1), END], "fine");
    for (bad, name) in [
        (op(Op::SendConst, 4, 0, 0), "send.const"),
        (op(Op::SendConst, 0, 3, 0), "send.const"),
        (op(Op::SendConst, 0, 2, 0), "send.const"),
        (op(Op::SendConst, 0, 0, 2), "send.const"),
        (op(Op::Select, 0, 0, 0), "select"),
        (op(Op::Receive, 0, 0, 0), "receive"),
        (op(Op::Fail, 0, 0, 0), "fail"),
        (wide(Op::Const, 4, 0), "const"),
        (op(Op::List, 0, 3, 2), "list"),
        (op(Op::End, 1, 0, 0), "end"),
    ] {
        code(vec![bad, END], &format!("E0303: an operand of `{name}` is out of range (instruction 0)"));
    }
}

#[test]
fn no_slot_is_read_unset() {
    let set = wide(Op::Const, 0, 0);
    let copy = op(Op::Copy, 1, 0, 0);
    code(vec![set, copy, END], "fine");
    code(vec![copy, END], "E0304: slot 0 is read and may be unset (instruction 0)");
    code(
        vec![set, op(Op::Move, 2, 0, 0), copy, END],
        "E0304: slot 0 is read and may be unset (instruction 2)",
    );
    // Set on one way only.
    let may = vec![set, wide(Op::JumpSome, 0, 3), wide(Op::Const, 1, 0), op(Op::Copy, 2, 1, 0), END];
    code(may, "E0304: slot 1 is read and may be unset (instruction 3)");
    // A parameter is set; a case that binds nothing sets nothing.
    let two = vec![wait(&[(0, 0, Some(0), 1), (0, 1, None, 1)])];
    check(
        vec![op(Op::Receive, 0, 0, 0), copy, END],
        two,
        |_| {},
        "E0304: slot 0 is read and may be unset (instruction 1)",
    );
}

#[test]
fn a_loop_gives_others_their_turn() {
    code(vec![wide(Op::Jump, 0, 0)], "E0305: a loop gives nobody else a turn (instruction 0)");
    code(vec![op(Op::SendConst, 0, 0, 0), wide(Op::Jump, 0, 0)], "fine");
    let free = vec![wide(Op::Const, 0, 0), wide(Op::JumpSome, 0, 0), END];
    code(free, "E0305: a loop gives nobody else a turn (instruction 0)");
}

#[test]
fn threads_nest() {
    let fork = |threads: u16, branches: Vec<(u16, u32)>| {
        move |program: &mut Program| {
            program.threads = threads;
            program.forks =
                vec![branches.iter().map(|(thread, to)| Branch { thread: *thread, to: *to }).collect()];
        }
    };
    let join = op(Op::Join, 0, 0, 0);
    let start = wide(Op::Fork, 0, 0);
    let none = Vec::new;
    check(vec![start, END, join, join], none(), fork(3, vec![(1, 2), (2, 3)]), "fine");
    check(
        vec![start, END, join],
        none(),
        fork(3, vec![(1, 2), (2, 2)]),
        "E0306: an instruction belongs to two threads (instruction 2)",
    );
    check(
        vec![start, END, END],
        none(),
        fork(2, vec![(1, 2)]),
        "E0306: a branch ends the role (instruction 2)",
    );
    check(vec![start, join, join], none(), fork(2, vec![(1, 2)]), "E0306: the trunk joins (instruction 1)");
    check(
        vec![start, END, join],
        none(),
        fork(1, vec![(1, 2)]),
        "E0303: a fork starts a thread that is none",
    );
    // What a thread sets is set after the join; what two threads touch, neither may write.
    let set = wide(Op::Const, 0, 0);
    let after = vec![start, op(Op::Copy, 1, 0, 0), END, set, join];
    check(after, none(), fork(2, vec![(1, 3)]), "fine");
    let race = vec![start, END, set, join, set, join];
    check(
        race,
        none(),
        fork(3, vec![(1, 2), (2, 4)]),
        "E0306: two threads touch a slot that one of them writes",
    );
    let shared = vec![start, END, op(Op::SendConst, 0, 0, 0), join, op(Op::SendConst, 0, 0, 0), join];
    check(
        shared,
        none(),
        fork(3, vec![(1, 2), (2, 4)]),
        "E0306: a channel belongs to two threads (instruction 4)",
    );
}

#[test]
fn a_scope_is_left_by_the_thread_that_enters_it() {
    let scope = |lane| Scope {
        name: "A.collect#1".into(),
        lane: LaneId(lane),
        parent: None,
        owner: RoleId(1),
        kind: ScopeKind::Collect,
        control: Some(3),
        exit: Some(2),
        handlers: Vec::new(),
        members: Vec::new(),
    };
    let (enter, leave) = (op(Op::Enter, 0, 0, 0), op(Op::Leave, 0, 0, 0));
    let none = Vec::new;
    let one = |program: &mut Program| program.scopes = vec![scope(3)];
    check(vec![enter, leave, END], none(), one, "fine");
    check(
        vec![enter, END, leave],
        none(),
        |program| {
            one(program);
            program.scopes[0].exit = Some(1);
        },
        "E0306: a scope ends where it begins (instruction 0)",
    );
    let send = op(Op::SendConst, 0, 0, 0);
    check(
        vec![enter, wide(Op::Fork, 0, 0), END, leave, send, wide(Op::Jump, 0, 4)],
        none(),
        |program| {
            one(program);
            program.threads = 2;
            program.forks = vec![vec![Branch { thread: 1, to: 3 }]];
        },
        "E0306: a scope is left or heard by a thread that is started inside (instruction 3)",
    );
    check(
        vec![END],
        none(),
        |program| program.scopes = (0..=limits::SCOPES_MAX as u16).map(|lane| scope(lane + 1)).collect(),
        "E0307: 4097 scopes, at most 4096",
    );
}

#[test]
fn tables_are_sane() {
    type Change = fn(&mut Program);
    let cases: [(Change, &str); 8] = [
        (|program| program.role = 2, "E0303: the role is none of the roles"),
        (|program| program.threads = 0, "E0303: there is no trunk"),
        (|program| program.outgoing[0].capacity = 0, "E0303: a mailbox is too small or too large"),
        (|program| program.outgoing[0].peer.0 = 0, "E0303: a channel leads to its own role"),
        (|program| program.outgoing.swap(0, 1), "E0303: channels are not sorted"),
        (|program| program.receives = vec![wait(&[])], "E0303: a place of waiting waits for nothing"),
        (
            |program| program.shapes = vec![vec!["b".into(), "a".into()]],
            "E0303: the names of a record are not sorted",
        ),
        (|program| program.branches = vec![vec![9]], "E0303: a table leads outside of the program"),
    ];
    for (change, expected) in cases {
        check(vec![END], Vec::new(), change, expected);
    }
}

#[test]
fn limits_hold_at_and_beyond() {
    let most = limits::MAILBOX_MAX;
    check(vec![END], Vec::new(), |program| program.outgoing[0].capacity = most, "fine");
    check(
        vec![END],
        Vec::new(),
        |program| program.outgoing[0].capacity = most + 1,
        "E0303: a mailbox is too small or too large",
    );
    let slots = limits::SLOTS_MAX as u16;
    check(vec![END], Vec::new(), |program| program.slots = slots, "fine");
    check(vec![END], Vec::new(), |program| program.slots = slots + 1, "E0307: 16385 slots, at most 16384");
    let constants = limits::TABLE_MAX;
    check(vec![END], Vec::new(), |program| program.constants.resize(constants, Value::None), "fine");
    check(
        vec![END],
        Vec::new(),
        |program| program.constants.resize(constants + 1, Value::None),
        "E0307: 65536 constants, at most 65535",
    );
}

#[test]
fn what_is_set_before_ways_part_is_set_where_they_meet() {
    let set = wide(Op::Const, 0, 0);
    code(vec![set, wide(Op::JumpSome, 0, 3), wide(Op::Const, 1, 0), op(Op::Copy, 2, 0, 0), END], "fine");
    code(vec![set, wide(Op::JumpSome, 0, 3), op(Op::Copy, 0, 0, 0), op(Op::Copy, 2, 0, 0), END], "fine");
    let whole = vec![
        set,
        wide(Op::Const, 1, 0),
        wide(Op::JumpUnless, 0, 5),
        wide(Op::Const, 2, 0),
        op(Op::Divide, 0, 1, 2),
        op(Op::Send, 0, 0, 0),
        END,
    ];
    code(whole, "fine");
}
