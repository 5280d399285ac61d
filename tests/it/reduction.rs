//! Leaving orders out changes no verdict: what the search shows with few orders it shows with all of them.
//!
//! Small protocols from seeds, as they are and with a send left out or sent twice, and protocols with scopes under
//! every cause. The plain exploration of `explore` agrees where no cause is involved.

use laban::base::value::Value;
use laban::bytecode::instr::Instr;
use laban::bytecode::op::Op;
use laban::bytecode::program::Program;
use laban::check::graph::shape;
use laban::check::search::{Options, Orders, Violation, search};
use laban::check::turn::Free;
use laban::compile::programs;
use laban::global::Sizes;
use laban::local::{Amend, project};
use laban::machine::Cast;
use laban::machine::question::{Question, Reply};
use laban::pipeline::{Front, Options as Build, Root, Unread};

use crate::explore::{Bounds, explore};
use crate::worlds::generate::protocol;

const SEEDS: u64 = 400;
const STATES_MAX: usize = 6_000;
/// Messages that a channel without a bound holds here.
const ROOM: u32 = 2;

/// What a search says, as far as the order in which it looks does not matter.
#[derive(PartialEq, Debug)]
struct Said {
    violation: Option<&'static str>,
    starving: Vec<u16>,
    endless: bool,
    sent_max: Vec<Option<u64>>,
    reached: Vec<Vec<bool>>,
}

fn options(orders: Orders, free: Free) -> Options {
    Options { states: STATES_MAX, bytes: 1 << 30, depth: 100_000, orders, free }
}

/// None if not everything could be looked at.
fn said(cast: &Cast, orders: Orders, free: Free) -> Option<(Said, usize)> {
    let found = search(cast, &options(orders, free), &mut |_| {});
    let violation = found.violation().map(|violation| match violation {
        // One flaw may be met as any of these, by what is looked at first.
        Violation::Deadlock(_) | Violation::LeftOver(_) | Violation::Unexpected(_) => "stuck",
        Violation::Trouble(..) => "trouble",
    });
    if violation.is_none() && found.cut.is_some() {
        return None;
    }
    let states = found.states();
    let whole = violation.is_none();
    let shape = shape(cast, &found);
    let mut starving: Vec<u16> = shape.starving.iter().map(|(role, _)| role.0).collect();
    starving.sort_unstable();
    Some((
        Said {
            violation,
            starving: if whole { starving } else { Vec::new() },
            endless: whole && !shape.endless.is_empty(),
            sent_max: if whole { shape.sent_max } else { Vec::new() },
            reached: if whole { found.reached } else { Vec::new() },
        },
        states,
    ))
}

fn tight(mut programs: Vec<Program>) -> Vec<Program> {
    for program in &mut programs {
        for channel in program.outgoing.iter_mut().chain(&mut program.incoming) {
            channel.capacity = channel.capacity.min(ROOM);
        }
    }
    programs
}

fn oracle(question: &Question<'_>) -> Vec<Reply> {
    match question {
        Question::Decide(decision) => (0..decision.labels.len() as u16).map(Reply::Label).collect(),
        Question::Observe { .. } => vec![Reply::Accepted],
        Question::Produce { .. } | Question::Perform(..) => vec![Reply::Value(Value::None)],
    }
}

/// The cast as it is, and with a send left out.
fn casts(seed: u64) -> Vec<Cast> {
    let protocol = protocol(seed);
    let (projection, _) = project(&protocol, Amend::Auto);
    let Some(projection) = projection else { return Vec::new() };
    let (code, _) = programs(&protocol, &projection);
    let code = tight(code);
    let mut all = vec![code.clone()];
    for (role, program) in code.iter().enumerate() {
        let send = program.code.iter().position(|i| matches!(i.op, Op::SendConst | Op::Send | Op::Select));
        if let Some(at) = send {
            let mut broken = code.clone();
            broken[role].code[at] = Instr::with_wide(Op::Jump, 0, at as u32 + 1);
            all.push(broken);
        }
    }
    all.into_iter().filter_map(|programs| Cast::link(programs).ok()).collect()
}

#[test]
fn few_orders_say_what_all_orders_say() {
    let (mut compared, mut broken, mut few_states, mut all_states) = (0, 0, 0, 0);
    for seed in 0..SEEDS {
        for cast in casts(seed) {
            let few = said(&cast, Orders::Few, Free::NONE);
            let all = said(&cast, Orders::All, Free::NONE);
            let (Some((few, less)), Some((all, more))) = (few, all) else { continue };
            assert_eq!(few, all, "seed {seed}");
            let plain = explore(&cast, (), Bounds { states: 50_000 }, oracle);
            if plain.exhausted || plain.flaw.is_some() {
                assert_eq!(plain.flaw.is_some(), few.violation.is_some(), "seed {seed}: {:?}", plain.flaw);
            }
            compared += 1;
            broken += usize::from(few.violation.is_some());
            few_states += less;
            all_states += more;
        }
    }
    println!("{compared} compared, {broken} broken, {few_states} states instead of {all_states}");
    assert!(compared > 500 && broken > 100 && few_states * 2 < all_states);
}

const SCOPES: [&str; 3] = [
    "message M {}\nmessage N {}\nchoreography P {\n    roles: A, B, C\n    try at A within 5s {\n A -> B: M\n B -> C: M\n\
     C -> A: N\n } on timeout {\n A -> B: N\n } on denied {\n }\n A -> C: M\n}\n",
    "message M {}\nmessage N {}\nchoreography P {\n    roles: A, B\n    loop (count: 2) {\n try at A within 5s {\n A -> B: M\n\
     B -> A: N\n } on timeout {\n A -> B: N\n } on cancelled {\n } }\n}\n",
    "message M { n: Int }\nmessage N {}\nchoreography P {\n    roles: A, B, C\n    try at A {\n A -> B: M\n B -> C: N\n C -> A: N\n\
     } on failed {\n A -> B: N\n } on denied {\n A -> C: N\n }\n}\n",
];

#[test]
fn few_orders_say_what_all_orders_say_of_scopes() {
    for text in SCOPES {
        let root = Root { name: "p.choreo".to_owned(), text: Ok(text.to_owned()) };
        let front = Front::read(vec![root], &mut |path| panic!("{path}: {:?}", None::<Unread>));
        let build = Build { sizes: Sizes::default(), amend: Amend::Auto };
        let built = front.build(&front.choreographies[0], &build);
        assert!(!built.programs.is_empty(), "{:?}", built.diagnostics);
        let mut whole = vec![built.programs.clone()];
        for (role, program) in built.programs.iter().enumerate() {
            for at in 0..program.code.len() {
                if matches!(program.code[at].op, Op::Send | Op::SendTake | Op::SendConst | Op::Select) {
                    let mut broken = built.programs.clone();
                    broken[role].code[at] = Instr::with_wide(Op::Jump, 0, at as u32 + 1);
                    whole.push(broken);
                }
            }
        }
        let mut compared = 0;
        for (which, programs) in whole.into_iter().enumerate() {
            let Ok(cast) = Cast::link(programs) else { continue };
            for free in [Free::NONE, Free::ALL] {
                let few = said(&cast, Orders::Few, free);
                let all = said(&cast, Orders::All, free);
                let (Some((few, _)), Some((all, _))) = (few, all) else { continue };
                assert_eq!(few, all, "{which} {free:?} of\n{text}");
                compared += 1;
            }
        }
        assert!(compared > 6, "{compared}");
    }
}
