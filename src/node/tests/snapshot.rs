//! A node that was taken from its snapshot goes on like the one that the snapshot was taken of.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use crate::base::json::hex;
use crate::base::time::{Duration, Instant};
use crate::config::bindings::{Handler, HandlerKind};
use crate::config::{guards, script};
use crate::diag::source::SourceId;
use crate::effect::call::{Ask, CallId};
use crate::node::entry::{Deployment, Entry, Package};
use crate::node::order::Order;
use crate::node::tests::{TEA, given, package, start};
use crate::node::{FORMAT, Node};

/// Storage, randomness, the journal and a console, by stand-ins alone.
const KITCHEN: &str = "choreography Kitchen {
    roles: Cook, Boy
    loop (count: 3) {
        Cook does random.int(10) as eggs
        Cook does storage.put(\"eggs\", eggs)
        Cook does journal.append(\"eggs/used\", { eggs })
        Cook does console.log(\"more\")
        Cook -> Boy: Beat(eggs: Int) with { eggs }
        Boy -> Cook: Beaten(well: Bool)
    }
}";
const APPROVAL: &str = include_str!("../../../protocols/threshold_approval.choreo");
const SYNC: &str = include_str!("../../../protocols/resilient_data_sync.choreo");

/// Facts, receipts, a budget that is soon used up and filled again.
const PROFILE: &str = "
defaults:
  capabilities: [execute:choreography_send]
  flow_cost: 3
  leakage: { neighbor: 1 }
  receipt: required
  on_denied: { retry: 3, backoff: 100ms }
  facts: [{ fact: spoken/once, data: { what: sent } }]
budgets: [{ context: '*', peer: '*', limit: 20, epoch: 1s }]
leakage_limits: { external: 9, neighbor: 1000, in_group: 1000 }
";

/// The first guardian hesitates twice before it answers.
const SCRIPT: &str = "
otherwise: generated
roles:
  Guardian[1]:
    produce: { ApprovalResponse: [!retry hm, !retry hm, { approved: true, reason: yes }] }
";

fn kept(node: &Node) -> Vec<u8> {
    postcard::to_allocvec(node).unwrap()
}

fn restored(node: &Node) -> Node {
    let bytes = kept(node);
    let (again, rest): (Node, _) = postcard::take_from_bytes(&bytes).unwrap();
    assert!(rest.is_empty());
    assert_eq!(hex(&kept(&again)), hex(&bytes));
    again
}

/// What a test knows of a node beside the node.
#[derive(Clone, Default)]
struct Driven {
    now: u64,
    asked: Vec<(CallId, Ask)>,
}

/// What a random driver does.
#[derive(Clone, Copy, Debug)]
enum Move {
    Start(usize),
    Answer(usize, bool),
    Cancel(u64),
    Wait(u64),
    Deploy(u8),
    Snapshot,
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        4 => (0..4_usize).prop_map(Move::Start),
        6 => (any::<usize>(), any::<bool>()).prop_map(|(which, fails)| Move::Answer(which, fails)),
        1 => (0..12_u64).prop_map(Move::Cancel),
        6 => (0..700_u64).prop_map(Move::Wait),
        1 => any::<u8>().prop_map(Move::Deploy),
        3 => Just(Move::Snapshot),
    ];
    proptest::collection::vec(one, 1..80)
}

/// The protocols; the bits say of which there is another version, or none, or another profile.
fn deployment(bits: u8) -> Entry {
    let bit = |at: u8| bits >> at & 1 == 1;
    let profile = if bit(0) { PROFILE.replace("limit: 20", "limit: 9") } else { PROFILE.to_owned() };
    let (profile, said) = guards::read(SourceId(0), &format!("protocol: P{profile}"), None);
    assert!(said.is_empty(), "{said:?}");
    let (script, said) = script::read(SourceId(0), SCRIPT, None);
    assert!(said.is_empty(), "{said:?}");
    let tea = if bit(1) { TEA.replace("1s", "2s") } else { TEA.to_owned() };
    let kitchen = if bit(2) { KITCHEN.replace("3", "4") } else { KITCHEN.to_owned() };
    let mut packages: BTreeMap<Arc<str>, Package> =
        [&tea, &kitchen, APPROVAL, SYNC].into_iter().map(package).collect();
    if bit(3) && bit(4) {
        packages.remove("Kitchen");
    }
    for (name, package) in &mut packages {
        package.policy.profile = profile.clone().unwrap();
        package.players.script = script.clone().unwrap();
        if **name != *"Tea" {
            package.players.roles.fill(None);
        }
    }
    let handler = || Handler {
        kind: HandlerKind::WebSocket,
        deadline: None,
        concurrency: Some(3),
        retry: None,
        breaker: None,
        program: None,
    };
    let handlers = [("ben", bit(5)), ("book", true), ("nobody", bit(0))];
    let handlers = handlers.into_iter().filter(|(_, wanted)| *wanted);
    let handlers = handlers.map(|(name, _)| (name.to_owned(), handler())).collect();
    Entry::Deploy(Deployment { packages, handlers })
}

/// The entry of a move, as the test and not the node decides it.
fn entry(driven: &mut Driven, one: Move) -> Entry {
    match one {
        Move::Start(which) => {
            let protocol = ["Tea", "Kitchen", "ThresholdApproval", "ResilientDataSync"][which % 4];
            start(protocol, None)
        }
        Move::Answer(which, fails) if !driven.asked.is_empty() => {
            let (call, ask) = driven.asked.remove(which % driven.asked.len());
            Entry::Answer { call, answer: given(&ask, which, fails) }
        }
        Move::Wait(ms) => {
            driven.now += ms * Duration::MS.0;
            Entry::Tick
        }
        Move::Cancel(session) => Entry::Cancel(session),
        Move::Deploy(bits) => deployment(bits),
        Move::Answer(..) | Move::Snapshot => Entry::Tick,
    }
}

/// Everything that comes of an entry, as text.
fn outcome(node: &mut Node, driven: &mut Driven, entry: Entry) -> String {
    let reply = node.apply(Instant(driven.now), entry);
    let mut said = format!("{reply:?}");
    while let Some(news) = node.poll_news() {
        said.push_str(&format!("{news:?}"));
    }
    while let Some(line) = node.poll_said() {
        said.push_str(&format!("{line:?}"));
    }
    while let Some(order) = node.poll_order() {
        said.push_str(&format!("{order:?}"));
        if let Order::Call(errand) = order {
            driven.asked.push((errand.call, errand.ask));
        }
    }
    said
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    /// Wherever a snapshot is taken, what comes of later entries is the same, and so is the state, down to the last bit.
    #[test]
    fn a_snapshot_goes_on_like_what_it_was_taken_of(moves in moves()) {
        let (mut live, mut other) = (Node::new(), Node::new());
        let (mut driven, mut beside) = (Driven::default(), Driven::default());
        let found = Entry::Found { id: 7, seed: 8 };
        let first = [found, deployment(0)];
        for entry in first {
            outcome(&mut live, &mut driven, entry.clone());
            outcome(&mut other, &mut beside, entry);
        }
        for one in moves {
            if matches!(one, Move::Snapshot) {
                other = restored(&other);
            }
            let entry = entry(&mut driven, one);
            beside.now = driven.now;
            let expected = outcome(&mut live, &mut driven, entry.clone());
            prop_assert_eq!(outcome(&mut other, &mut beside, entry), expected);
            prop_assert_eq!(live.poll_timeout(), other.poll_timeout());
        }
        prop_assert_eq!(kept(&live), kept(&other));
        prop_assert_eq!(format!("{:?}", live.unanswered()), format!("{:?}", other.unanswered()));
    }
}

/// The moves of a session of each protocol, far enough that every part of the state is in use.
fn busy() -> Node {
    let (mut node, mut driven) = (Node::new(), Driven::default());
    outcome(&mut node, &mut driven, Entry::Found { id: 7, seed: 8 });
    outcome(&mut node, &mut driven, deployment(0));
    let moves = [
        Move::Start(0),
        Move::Start(1),
        Move::Start(2),
        Move::Start(3),
        Move::Start(0),
        Move::Answer(0, false),
        Move::Wait(150),
        Move::Deploy(0b10),
        Move::Start(0),
        Move::Cancel(5),
    ];
    for one in moves {
        let entry = entry(&mut driven, one);
        outcome(&mut node, &mut driven, entry);
    }
    node
}

#[test]
fn what_a_node_is_in_bytes_is_the_format() {
    let node = busy();
    let hash = blake3::hash(&kept(&node)).to_hex().to_string();
    assert_eq!(
        (FORMAT, hash.as_str()),
        (1, "bffd2031588f5887793c59c07648194917b25fa1bdbb62e74ee26ff80437eec1"),
        "raise `node::FORMAT` where the state of a node has another form; where only its programs have, this hash alone"
    );
}

#[test]
fn names_in_what_happened_are_one_text_again() {
    let node = restored(&busy());
    let mut names: BTreeMap<Arc<str>, *const u8> = BTreeMap::new();
    for record in node.sessions().values() {
        for mut step in record.trail.iter().cloned() {
            step.names(&mut |name: &mut Arc<str>| {
                let place = *names.entry(name.clone()).or_insert(name.as_ptr());
                assert_eq!(place, name.as_ptr(), "`{name}`");
            });
        }
    }
    assert!(names.len() > 5, "{names:?}");
}

#[test]
fn bytes_of_something_else_are_no_node() {
    let bytes = kept(&busy());
    for cut in (0..bytes.len()).step_by(97) {
        assert!(postcard::from_bytes::<Node>(&bytes[..cut]).is_err(), "{cut} bytes");
    }
}
