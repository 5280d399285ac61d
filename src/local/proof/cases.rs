//! Single protocols with known answers.

use super::worlds::build::World;
use crate::global::protocol::Protocol;
use crate::local::projection::Bound;
use crate::local::{Amend, project};

fn codes(protocol: &Protocol, amend: Amend) -> (bool, Vec<&'static str>, usize) {
    let (projection, diagnostics) = project(protocol, amend);
    let told = projection.as_ref().map_or(0, |projection| projection.selections.len());
    (projection.is_some(), diagnostics.iter().map(|d| d.code.name()).collect(), told)
}

fn with(roles: usize, make: impl FnOnce(&mut World) -> Vec<crate::global::protocol::Stmt>) -> Protocol {
    let mut world = World::new(roles);
    let body = make(&mut world);
    world.finish(body)
}

#[test]
fn an_exchange() {
    let protocol = with(2, |w| vec![w.send(0, 1, "M"), w.send(1, 0, "N")]);
    let (projection, diagnostics) = project(&protocol, Amend::Deny);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let projection = projection.unwrap();
    assert_eq!(projection.automata[0].states.len(), 3);
    assert!(projection.bounds.values().all(|bound| *bound == Bound::Messages(1)));
}

#[test]
fn an_uninformed_role_is_told() {
    let protocol = with(3, |w| {
        let one = vec![w.send(0, 1, "M"), w.send(2, 1, "X")];
        let two = vec![w.send(0, 1, "N")];
        vec![w.choice(0, vec![one, two])]
    });
    assert_eq!(codes(&protocol, Amend::Deny), (false, vec!["E0201"], 0));
    let (ok, codes, told) = codes(&protocol, Amend::Auto);
    assert!(ok && told == 1, "{codes:?} {told}");
    let (_, diagnostics) = project(&protocol, Amend::Deny);
    for d in diagnostics {
        println!("{d:#?}");
    }
}

#[test]
fn a_silent_loop() {
    let protocol = with(2, |w| {
        let label = w.label();
        let again = w.again(label);
        vec![w.rec(label, vec![again])]
    });
    assert_eq!(codes(&protocol, Amend::Auto), (false, vec!["E0206"], 0));
}

#[test]
fn a_par() {
    let protocol = with(3, |w| {
        let one = vec![w.send(0, 1, "M")];
        let two = vec![w.send(0, 1, "M"), w.send(1, 2, "N")];
        vec![w.par(vec![one, two]), w.send(0, 1, "M")]
    });
    assert_eq!(codes(&protocol, Amend::Deny), (true, vec![], 0));
}

#[test]
fn a_stream_has_no_bound() {
    let protocol = with(2, |w| {
        let label = w.label();
        let one = vec![w.send(0, 1, "D"), w.again(label)];
        let two = vec![w.send(0, 1, "E")];
        let choice = w.choice(0, vec![one, two]);
        vec![w.rec(label, vec![choice])]
    });
    let (projection, _) = project(&protocol, Amend::Deny);
    assert!(projection.unwrap().bounds.values().all(|bound| *bound == Bound::Unbounded));
}

#[test]
fn shown() {
    let Some(seed) = option_env!("SEED").and_then(|s| s.parse().ok()) else { return };
    let protocol = super::worlds::generate::protocol(seed);
    print_block(&protocol, &protocol.body, 0);
    let (projection, diagnostics) = project(&protocol, Amend::Auto);
    println!("{:?}", diagnostics.iter().map(|d| &d.message).collect::<Vec<_>>());
    for d in project(&protocol, Amend::Deny).1 {
        println!("{} {:?}", d.message, d.notes);
    }
    if let Some(projection) = projection {
        for a in &projection.automata {
            println!("role {:?} entry {} nests {:?}", a.role, a.entry, a.nests);
            for (i, s) in a.states.iter().enumerate() {
                println!(
                    "  {i} {} {:?}",
                    s.may_end,
                    s.edges.iter().map(|e| format!("{:?} -> {}", e.act, e.to)).collect::<Vec<_>>()
                );
            }
        }
    }
}

fn print_block(protocol: &Protocol, block: &[crate::global::protocol::Stmt], depth: usize) {
    use crate::global::protocol::Stmt;
    let pad = "  ".repeat(depth);
    for stmt in block {
        match stmt {
            Stmt::Exchange { from, to, message, .. } => println!(
                "{pad}{} -> {}: {}",
                protocol.roles[from.index()].name,
                protocol.roles[to.index()].name,
                protocol.messages[message.index()].name
            ),
            Stmt::Step { role, step, .. } => {
                println!("{pad}{} does {}", protocol.roles[role.index()].name, step.0)
            }
            Stmt::Choice { choice, branches, .. } => {
                println!("{pad}choice {} at {:?}", choice.0, protocol.choices[choice.index()].owner);
                for b in branches {
                    println!("{pad} branch");
                    print_block(protocol, b, depth + 1);
                }
            }
            Stmt::Labelled(label, b) => {
                println!("{pad}rec {}", label.0);
                print_block(protocol, b, depth + 1);
            }
            Stmt::Continue(label, _) => println!("{pad}continue {}", label.0),
            Stmt::Break(label, _) => println!("{pad}break {}", label.0),
            Stmt::Count { count, body, .. } => {
                println!("{pad}count {count:?}");
                print_block(protocol, body, depth + 1);
            }
            Stmt::Par(branches, _) => {
                println!("{pad}par");
                for b in branches {
                    println!("{pad} branch");
                    print_block(protocol, &b.1, depth + 1);
                }
            }
        }
    }
}
