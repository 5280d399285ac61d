//! Validation bites: programs of the shipped protocols with one thing wrong, each of which has to be noticed.
//!
//! A mutant is refused by the verifier or the linker, or breaks a verdict, or shows another verdict than the original
//! (lines that no run reaches), or is explored exactly as the original is: then it is equivalent, and counted as that.
//! What is none of these behaves otherwise without breaking anything that holds of all protocols; such mutants are
//! printed, and there may be none among those that touch communication.

use std::collections::BTreeMap;
use std::path::Path;

use laban::base::id::LaneId;
use laban::bytecode::instr::Instr;
use laban::bytecode::op::{Op, Operand};
use laban::bytecode::program::{Kind, Program};
use laban::check::graph::{Shape, shape};
use laban::check::search::{Options as Search, Orders, search};
use laban::check::turn::Free;
use laban::global::Sizes;
use laban::local::Amend;
use laban::machine::Cast;
use laban::pipeline::{Front, Options, Root};

use crate::library::shipped;

/// States of one exploration.
const STATES_MAX: usize = 20_000;
/// Mutants of one kind of one protocol.
const OF_A_KIND_MAX: usize = 12;
/// Protocols with more states than this are left to the benches.
const SMALL: usize = 2_000;

/// Protocols with scopes and with selections: those of the library are large, or have none.
const SCOPES: [&str; 3] = [
    "message Ask {}\nmessage Give {}\nmessage Sorry {}\nchoreography Told {\n    roles: A, B, C\n    choice at A {\n yes: {\n A -> B: Ask\n\
     C -> B: Give\n }\n no: {\n A -> B: Sorry\n }\n }\n}\n",
    "message Ask {}\nmessage Answer {}\nmessage Give {}\nmessage Sorry {}\nchoreography Timed {\n    roles: A, B, C\n\
     try at A within 5s {\n A -> B: Ask\n B -> C: Give\n C -> A: Answer\n } on timeout {\n A -> B: Sorry\n B -> C: Sorry\n }\n\
     A -> C: Give\n}\n",
    "message Task {}\nmessage Done {}\nmessage Sorry {}\nchoreography Twice {\n    roles: A, B\n\
     loop (count: 2) {\n try at A within 5s {\n A -> B: Task\n B -> A: Done\n } on timeout {\n A -> B: Sorry\n } on denied {\n } }\n\
     B -> A: Done\n}\n",
];

fn read(name: &str, text: String) -> Front {
    let load =
        &mut |path: &str| -> Result<String, laban::pipeline::Unread> { panic!("{name} imports {path}") };
    Front::read(vec![Root { name: name.to_owned(), text: Ok(text) }], load)
}

/// The programs of every protocol of a text.
fn programs(name: &str, text: String) -> Vec<Vec<Program>> {
    let front = read(name, text);
    let options = Options { sizes: Sizes::default(), amend: Amend::Auto };
    let all: Vec<_> = front.choreographies.iter().map(|which| front.build(which, &options)).collect();
    for built in &all {
        assert!(!built.programs.is_empty(), "{name}: {:?}", built.diagnostics);
    }
    all.into_iter().map(|built| built.programs).collect()
}

/// What an exploration shows.
#[derive(PartialEq, Debug)]
struct Shown {
    wrong: bool,
    possible: usize,
    states: usize,
    moves: usize,
    ends: usize,
    longest: Vec<usize>,
    unreached: Vec<usize>,
    shape: Shape,
}

/// Explores with everything that may happen, and with nothing: a time-out is not to hide what is stuck.
fn explored(programs: &[Program]) -> Option<[Shown; 2]> {
    let cast = Cast::link(programs.to_vec()).ok()?;
    Some([Free::NONE, Free::ALL].map(|free| {
        let options =
            Search { states: STATES_MAX, bytes: 1 << 30, depth: 100_000, orders: Orders::Few, free };
        let found = search(&cast, &options, &mut |_| {});
        let shape = shape(&cast, &found);
        let starving = found.cut.is_none() && !shape.starving.is_empty();
        let unreached = found.reached.iter().map(|code| code.iter().filter(|at| !**at).count()).collect();
        Shown {
            wrong: found.violation().is_some() || starving,
            possible: found.troubles(&cast).len(),
            states: found.states(),
            moves: found.moves(),
            ends: found.ends,
            longest: found.longest,
            unreached,
            // Where a loop stands in the code is no behaviour.
            shape: Shape { endless: Vec::new(), ..shape },
        }
    }))
}

/// A mutation: what it is called, and what it makes.
type Mutant = (&'static str, String, Vec<Program>);

/// Every mutant of one cast.
fn mutants(programs: &[Program]) -> Vec<Mutant> {
    let mut all: Vec<Mutant> = Vec::new();
    for role in 0..programs.len() {
        let code = programs[role].code.clone();
        let with = |change: &mut dyn FnMut(&mut Program)| -> Vec<Program> {
            let mut programs = programs.to_vec();
            change(&mut programs[role]);
            programs
        };
        for (at, instr) in code.iter().enumerate() {
            let place = format!("{} {at} {}", programs[role].role_name(), instr.op.mnemonic());
            let skip = with(&mut |p| p.code[at] = Instr::with_wide(Op::Jump, 0, at as u32 + 1));
            match instr.op {
                Op::Send | Op::SendTake | Op::SendConst => all.push(("drop a send", place.clone(), skip)),
                Op::Select => {
                    let kind = programs[role].messages[usize::from(instr.b)].kind;
                    let name = if kind == Kind::Control { "skip a notice" } else { "drop a selection" };
                    all.push((name, place.clone(), skip));
                }
                Op::Leave | Op::Enter | Op::EnterFor => all.push(("skip a border", place.clone(), skip)),
                _ => {}
            }
            let wide = instr.op.operands().contains(&Operand::Jump);
            for to in [instr.wide().wrapping_add(1), instr.wide().wrapping_sub(1)] {
                if wide {
                    let mutant = with(&mut |p| p.code[at] = Instr::with_wide(instr.op, instr.a, to));
                    all.push(("off by one", place.clone(), mutant));
                }
            }
            if instr.op == Op::Receive {
                let next = (usize::from(instr.a) + 1) % programs[role].receives.len();
                let mutant = with(&mut |p| p.code[at].a = next as u16);
                all.push(("swap two receives", place.clone(), mutant));
            }
        }
        all.extend(of_tables(programs, role));
    }
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    all.retain(|(kind, ..)| {
        let count = kinds.entry(kind).or_default();
        *count += 1;
        *count <= OF_A_KIND_MAX
    });
    all
}

/// The mutants of the tables of one role.
fn of_tables(programs: &[Program], role: usize) -> Vec<Mutant> {
    let mut all: Vec<Mutant> = Vec::new();
    let with = |change: &mut dyn FnMut(&mut Program)| -> Vec<Program> {
        let mut programs = programs.to_vec();
        change(&mut programs[role]);
        programs
    };
    for (at, receive) in programs[role].receives.iter().enumerate() {
        for case in 0..receive.cases.len() {
            let place = format!("{} receive table {at} case {case}", programs[role].role_name());
            let last = receive.cases.len() - 1;
            if case < last {
                let mutant = with(&mut |p| {
                    let to = p.receives[at].cases[last].to;
                    p.receives[at].cases[last].to = std::mem::replace(&mut p.receives[at].cases[case].to, to);
                });
                all.push(("swap two cases", place.clone(), mutant));
            }
            all.push(("off by one", place.clone(), with(&mut |p| p.receives[at].cases[case].to += 1)));
            let mutant = with(&mut |p| {
                p.receives[at].cases.remove(case);
            });
            all.push(("drop a receive", place, mutant));
        }
    }
    for at in 0..programs[role].outgoing.len() {
        let place = format!("{} outgoing {at}", programs[role].role_name());
        if programs[role].outgoing[at].lane != LaneId::TRUNK {
            let mutant = with(&mut |p| p.outgoing[at].lane = LaneId::TRUNK);
            all.push(("forget the lane", place.clone(), mutant));
        }
        let peers = programs.len() as u16;
        let mutant = with(&mut |p| p.outgoing[at].peer.0 = (p.outgoing[at].peer.0 + 1) % peers);
        all.push(("send elsewhere", place, mutant));
    }
    all
}

/// How many mutants of a kind were noticed, and how.
#[derive(Default, Debug)]
struct Tally {
    refused: usize,
    wrong: usize,
    unreached: usize,
    equivalent: usize,
    otherwise: usize,
}

#[test]
fn every_mutant_that_behaves_otherwise_is_noticed() {
    let mut casts: Vec<(String, Vec<Program>)> = Vec::new();
    for path in shipped() {
        let name = path.to_string_lossy().into_owned();
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&path)).unwrap();
        casts.extend(programs(&name, text).into_iter().map(|programs| (name.clone(), programs)));
    }
    for text in SCOPES {
        casts.extend(
            programs("scopes.choreo", text.to_owned()).into_iter().map(|p| (p[0].protocol.to_string(), p)),
        );
    }
    let mut tallies: BTreeMap<&str, Tally> = BTreeMap::new();
    let mut otherwise = Vec::new();
    for (name, programs) in &casts {
        let original = explored(programs).unwrap();
        assert!(original.iter().all(|shown| !shown.wrong), "{name} is wrong as it is");
        if original.iter().any(|shown| shown.states > SMALL) {
            continue;
        }
        for (kind, place, mutant) in mutants(programs) {
            let tally = tallies.entry(kind).or_default();
            let Some(shown) = explored(&mutant) else {
                tally.refused += 1;
                continue;
            };
            let worse = |at: usize| shown[at].wrong || shown[at].possible > original[at].possible;
            // Instructions of the mutated kind aside, the original reaches everything that it can.
            let lost: usize = shown[1].unreached.iter().sum();
            if worse(0) || worse(1) {
                tally.wrong += 1;
            } else if shown == original {
                tally.equivalent += 1;
            } else if lost > original[1].unreached.iter().sum() {
                tally.unreached += 1;
            } else {
                tally.otherwise += 1;
                otherwise.push(format!("{kind}: {name}: {place}"));
            }
        }
    }
    for (kind, tally) in &tallies {
        println!("{kind:<18} {tally:?}");
    }
    println!("otherwise:\n{}", otherwise.join("\n"));
    let sum = |of: fn(&Tally) -> usize| tallies.values().map(of).sum::<usize>();
    let noticed = sum(|t| t.refused) + sum(|t| t.wrong) + sum(|t| t.unreached);
    println!("{noticed} noticed, {} equivalent, {} otherwise", sum(|t| t.equivalent), otherwise.len());
    assert!(sum(|t| t.wrong) > 300, "{tallies:?}");
    assert!(otherwise.len() * 50 < noticed, "{otherwise:?}");
    for kind in ["drop a send", "drop a selection", "skip a notice", "swap two cases", "forget the lane"] {
        let tally = tallies.get(kind);
        assert!(tally.is_some_and(|tally| tally.otherwise == 0), "{kind}: {tally:?}");
    }
}
