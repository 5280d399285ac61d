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
    let notes = &diagnostics.first().unwrap().notes;
    assert!(notes[0].contains("A → B: M"), "{notes:?}");
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

/// The codes of a protocol judged as written, and amended, with the number of selections.
fn check(
    roles: usize,
    make: impl FnOnce(&mut World) -> Vec<crate::global::protocol::Stmt>,
    denied: &[&str],
    told: usize,
) {
    let protocol = with(roles, make);
    assert_eq!(codes(&protocol, Amend::Deny).1, denied);
    let (projected, found, selections) = codes(&protocol, Amend::Auto);
    assert!(projected, "{found:?}");
    assert_eq!(selections, told, "{found:?}");
}

#[test]
fn a_race() {
    let make = |w: &mut World| {
        let one = vec![w.send(0, 1, "One"), w.send(0, 2, "Go"), w.send(2, 1, "Two")];
        let two = vec![w.send(0, 2, "Go"), w.send(2, 1, "Two"), w.send(0, 1, "One")];
        vec![w.choice(0, vec![one, two])]
    };
    check(3, make, &["E0202"], 1);
}

#[test]
fn to_act_or_to_wait() {
    let make = |w: &mut World| {
        let one = vec![w.send(1, 0, "Offer")];
        let two = vec![w.send(0, 1, "Order")];
        vec![w.choice(0, vec![one, two])]
    };
    check(2, make, &["E0203"], 1);
}

#[test]
fn a_turn_that_cannot_be_counted() {
    let make = |w: &mut World| {
        let one = vec![w.send(0, 1, "Data")];
        let choice = w.choice(0, vec![one, vec![]]);
        vec![w.count(3, vec![choice])]
    };
    check(2, make, &["E0205"], 1);
}

#[test]
fn who_acts_by_itself_is_told_that_the_session_did_not_fail() {
    let make = |w: &mut World| {
        let fails = vec![w.fail(0)];
        let choice = w.choice(0, vec![fails, vec![]]);
        vec![choice, w.step(1, "s"), w.send(1, 0, "M")]
    };
    check(2, make, &["E0201"], 1);
}

#[test]
fn a_jump_out_of_a_turn() {
    let protocol = with(2, |w| {
        let label = w.label();
        let body = vec![w.send(0, 1, "M"), w.out(label)];
        let count = w.count(3, body);
        vec![w.rec(label, vec![count])]
    });
    assert_eq!(codes(&protocol, Amend::Auto), (false, vec!["E0208"], 0));
}

#[test]
fn liveness() {
    let released = |w: &mut World| {
        let one = vec![w.send(0, 1, "Go"), w.send(1, 2, "Go")];
        let two = vec![w.send(0, 1, "Stop")];
        vec![w.choice(0, vec![one, two])]
    };
    check(3, released, &["E0211"], 0);
    let starving = |w: &mut World| {
        let one = vec![w.send(0, 1, "Serve"), w.send(1, 2, "Here")];
        let label = w.label();
        let turn = vec![w.send(0, 1, "Ping"), w.send(1, 0, "Pong"), w.again(label)];
        let two = vec![w.send(0, 1, "Never"), w.rec(label, turn)];
        vec![w.choice(0, vec![one, two])]
    };
    check(3, starving, &["E0212"], 0);
    let unfair = |w: &mut World| {
        let label = w.label();
        let one = vec![w.send(0, 1, "Data"), w.send(1, 0, "Ok"), w.again(label)];
        let two = vec![w.send(0, 1, "Done"), w.send(1, 2, "Total")];
        let choice = w.choice(0, vec![one, two]);
        vec![w.rec(label, vec![choice])]
    };
    check(3, unfair, &["E0213"], 0);
}

#[test]
fn turns_beyond_all_bounds() {
    let protocol = with(2, |w| {
        let mut body = vec![w.send(0, 1, "M"), w.send(1, 0, "N")];
        for _ in 0..30 {
            body = vec![w.count(2, body)];
        }
        body
    });
    assert_eq!(codes(&protocol, Amend::Auto), (false, vec!["E0209"], 0));
}

#[test]
fn branches_have_channels_of_their_own() {
    let protocol = with(2, |w| {
        let one = vec![w.send(0, 1, "M"), w.send(0, 1, "M")];
        let two = vec![w.send(0, 1, "M"), w.send(1, 0, "N"), w.send(0, 1, "M")];
        vec![w.par(vec![one, two])]
    });
    let bounds: Vec<Bound> = project(&protocol, Amend::Deny).0.unwrap().bounds.into_values().collect();
    assert_eq!(bounds, [Bound::Messages(2), Bound::Messages(1), Bound::Messages(1)]);
}

#[test]
fn the_same_every_time() {
    for seed in 0..50 {
        let protocol = super::worlds::generate::protocol(seed);
        let (one, other) = (project(&protocol, Amend::Auto), project(&protocol, Amend::Auto));
        assert_eq!(one.1, other.1);
        let parts =
            |p: Option<crate::local::projection::Projection>| p.map(|p| (p.automata, p.selections, p.bounds));
        assert_eq!(parts(one.0), parts(other.0));
    }
}
