//! The node: what entries do, that a log replays to the same state, the life of versions.

mod snapshot;

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use crate::base::time::{Duration, Instant};
use crate::base::value::Value;
use crate::bytecode::codec;
use crate::effect::call::{Answer, Ask, CallId, Failure, FailureKind};
use crate::guard::Policy;
use crate::local::Amend;
use crate::node::Node;
use crate::node::entry::{Deployment, Entry, Key, Package, Player, Players, Start, Version, version};
use crate::node::order::{Order, Reply};
use crate::node::session::Standing;
use crate::node::version::{Cause, LIFE, Life};
use crate::pipeline::{Front, Options, Root};

/// Ben decides; what he is asked goes to a handler. Ann waits a second and notes it once.
pub(crate) const TEA: &str = "effect book { note(text: String) -> Int : once }
choreography Tea {
    roles: Ann, Ben
    Ann -> Ben: Offer(cups: Int)
    choice at Ben {
        yes: Ben -> Ann: Yes
        no: Ben -> Ann: No
    }
    Ann does time.sleep(1s)
    Ann does book.note(\"tea\") as page
    Ann -> Ben: Noted with { page }
}";

/// The package of a source's only protocol; Ben and the book are handlers.
fn package(source: &str) -> (Arc<str>, Package) {
    let front =
        Front::read(vec![Root { name: "t".into(), text: Ok(source.into()) }], &mut |_| unreachable!());
    let options = Options { sizes: Default::default(), amend: Amend::Auto };
    let built = front.build(&front.choreographies[0], &options);
    assert!(!built.programs.is_empty(), "{:?} {:?}", front.diagnostics, built.diagnostics);
    let player = |handler: &str| Player {
        handler: handler.into(),
        config: serde_json::Value::Null,
        deadline: None,
        observes: false,
    };
    let players = Players {
        roles: vec![None, Some(player("ben"))],
        effects: BTreeMap::from([(Arc::from("book"), Arc::from("book"))]),
        script: Default::default(),
    };
    let package = Package {
        version: version(&built.programs),
        file: "t".into(),
        programs: built.programs.iter().map(codec::encode).collect(),
        lanes: Vec::new(),
        policy: Policy::fresh(),
        players,
    };
    (built.protocol.unwrap().name.into(), package)
}

pub(crate) fn deployed(sources: &[&str]) -> Entry {
    let packages = sources.iter().map(|source| package(source)).collect();
    Entry::Deploy(Deployment { packages, ..Deployment::default() })
}

pub(crate) fn start(protocol: &str, key: Option<&str>) -> Entry {
    Entry::Start(Start {
        protocol: protocol.into(),
        params: Vec::new(),
        players: BTreeMap::new(),
        key: key.map(|key| Key { text: key.into(), asked: *blake3::hash(protocol.as_bytes()).as_bytes() }),
        idle_timeout: None,
    })
}

fn node(sources: &[&str]) -> Node {
    let mut node = Node::new();
    assert_eq!(node.apply(Instant(0), Entry::Found { id: 7, seed: 8 }), Reply::Done);
    assert_eq!(node.apply(Instant(0), deployed(sources)), Reply::Done);
    node
}

/// The calls that leave, and everything else that waits to leave forgotten.
fn calls(node: &mut Node) -> Vec<(CallId, Ask)> {
    while node.poll_news().is_some() || node.poll_said().is_some() {}
    let orders: Vec<Order> = std::iter::from_fn(|| node.poll_order()).collect();
    let call = |order| match order {
        Order::Call(errand) => Some((errand.call, errand.ask)),
        _ => None,
    };
    orders.into_iter().filter_map(call).collect()
}

/// Answers a call as it likes.
fn answer(node: &mut Node, at: u64, (call, ask): &(CallId, Ask)) {
    let answer = match ask {
        Ask::Decide { .. } => Answer::Label(0),
        _ => Answer::Value(Value::Int(3)),
    };
    node.apply(Instant(at), Entry::Answer { call: *call, answer });
}

fn lives(node: &Node, protocol: &str) -> Vec<(Life, u64)> {
    node.lines()[protocol].editions.iter().map(|edition| (edition.life, edition.sessions)).collect()
}

#[test]
fn a_session_goes_through_its_handlers_and_its_sleep() {
    let mut node = node(&[TEA]);
    assert_eq!(node.apply(Instant(0), start("Tea", None)), Reply::Started(1));
    let asked = calls(&mut node);
    assert!(matches!(&asked[..], [(_, Ask::Decide { .. })]));
    answer(&mut node, 5, &asked[0]);
    assert!(calls(&mut node).is_empty(), "Ann sleeps");
    assert_eq!(node.poll_timeout(), Some(Instant(5).after(Duration(1_000 * Duration::MS.0))));
    node.apply(node.poll_timeout().unwrap(), Entry::Tick);
    let asked = calls(&mut node);
    assert!(matches!(&asked[..], [(_, Ask::Perform { .. })]));
    answer(&mut node, 2_000_000_000, &asked[0]);
    assert_eq!(node.sessions()[&1].standing, Standing::Completed);
    assert_eq!(node.calls(), 0);
}

#[test]
fn a_second_start_with_the_key_of_the_first_gives_its_session() {
    let mut node = node(&[TEA]);
    assert_eq!(node.apply(Instant(0), start("Tea", Some("k"))), Reply::Started(1));
    assert_eq!(node.apply(Instant(0), start("Tea", Some("k"))), Reply::Started(1));
    assert_eq!(node.apply(Instant(0), start("Tea", Some("l"))), Reply::Started(2));
    // For something else it is a mistake.
    let reply = node.apply(Instant(0), start("Coffee", Some("k")));
    assert!(matches!(&reply, Reply::Refused(trouble) if trouble.code == "E0611"), "{reply:?}");
    assert_eq!(node.sessions().len(), 2);
}

#[test]
fn what_is_refused_changes_nothing_and_says_why() {
    let mut node = node(&[TEA]);
    let mut refused = |entry: Entry| match node.apply(Instant(0), entry) {
        Reply::Refused(trouble) => format!("{}: {}", trouble.code, trouble.reason),
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(start("Te", None)), "E0606: there is no protocol `Te`; did you mean `Tea`?");
    assert_eq!(refused(Entry::Cancel(3)), "E0607: there is no session 3");
    let nothing = codec::ContentHash([0; 32]);
    let activate = Entry::Activate { protocol: "Tea".into(), version: nothing };
    assert!(refused(activate).starts_with("E0608: there is no version 00"));
    let (name, mut broken) = package(TEA);
    (broken.version, broken.programs[0][5]) = (nothing, 0xff);
    let packages = BTreeMap::from([(name, broken), package(&TEA.replace("Tea", "Tee"))]);
    assert!(
        refused(Entry::Deploy(Deployment { packages, ..Deployment::default() }))
            .starts_with("E0609: `Tea` cannot be deployed")
    );
    assert_eq!(node.lines().len(), 1, "the other protocol is not there either");
    assert!(node.sessions().is_empty());
}

#[test]
fn versions_live_by_their_table() {
    use Life::{Active, Draining, Retired};
    let second = TEA.replace("1s", "2s");
    let mut node = node(&[TEA]);
    let first: Version = package(TEA).1.version;
    node.apply(Instant(0), start("Tea", None));
    let waiting = calls(&mut node);
    node.apply(Instant(1), deployed(&[&second]));
    assert_eq!(lives(&node, "Tea"), [(Draining, 1), (Active, 0)]);
    // The session ends on the version that it began with.
    answer(&mut node, 2, &waiting[0]);
    node.apply(Instant(2_000_000_000), Entry::Tick);
    let waiting = calls(&mut node);
    answer(&mut node, 2_000_000_000, &waiting[0]);
    assert_eq!(node.sessions()[&1].version, first);
    assert_eq!(lives(&node, "Tea"), [(Retired, 0), (Active, 0)]);
    // Back to the first, which comes out of retirement; the second has no sessions.
    node.apply(Instant(3), Entry::Activate { protocol: "Tea".into(), version: first });
    assert_eq!(lives(&node, "Tea"), [(Active, 0), (Retired, 0)]);
    // The directory still holds the second: saving it again does not undo the rollback.
    node.apply(Instant(3), deployed(&[&second]));
    assert_eq!(lives(&node, "Tea"), [(Active, 0), (Retired, 0)]);
    node.apply(Instant(4), deployed(&[]));
    assert_eq!(lives(&node, "Tea"), [(Retired, 0), (Retired, 0)]);
    assert!(matches!(node.apply(Instant(4), start("Tea", None)), Reply::Refused(_)));
}

#[test]
fn the_life_of_a_version() {
    let table: Vec<String> = LIFE
        .iter()
        .map(|(from, cause, to)| format!("{} --{cause:?}--> {}", from.word(), to.word()))
        .collect();
    let expected = [
        "active --Activate--> active",
        "active --Replace--> draining",
        "draining --Activate--> active",
        "draining --Empty--> retired",
        "retired --Activate--> active",
    ];
    assert_eq!(table, expected);
    assert_eq!(
        Life::Retired.after(Cause::Empty),
        Life::Retired,
        "what the table does not say changes nothing"
    );
}

#[test]
fn an_operation_that_is_declared_once_is_not_asked_again() {
    let mut node = node(&[TEA]);
    node.apply(Instant(0), start("Tea", None));
    let asked = calls(&mut node);
    let unanswered = node.unanswered();
    assert_eq!(unanswered.again.iter().map(|errand| errand.call).collect::<Vec<_>>(), [asked[0].0]);
    assert_eq!(
        unanswered.again[0].key,
        format!("0000000000000007-0-{:x}", asked[0].0.0),
        "node, run and call"
    );
    answer(&mut node, 1, &asked[0]);
    node.apply(Instant(2_000_000_000), Entry::Tick);
    let asked = calls(&mut node);
    let unanswered = node.unanswered();
    assert!(unanswered.again.is_empty());
    assert!(matches!(&unanswered.over[..], [(call, Answer::Failed(_))] if *call == asked[0].0));
}

#[test]
fn a_start_takes_up_what_was_under_way() {
    let mut node = node(&[TEA]);
    node.apply(Instant(0), start("Tea", None));
    let asked = calls(&mut node);
    let keys = |node: &Node| -> Vec<String> {
        node.unanswered().again.into_iter().map(|errand| errand.key).collect()
    };
    let before = keys(&node);
    node.apply(Instant(0), Entry::Begun { run: 9 });
    assert_eq!(calls(&mut node), asked, "it is asked again");
    assert_eq!(keys(&node), before, "with the key that it had");
    node.apply(Instant(0), start("Tea", None));
    assert!(keys(&node)[1].starts_with("0000000000000007-9-"), "{:?}", keys(&node));
    // What is declared `once` is over.
    calls(&mut node);
    answer(&mut node, 1, &asked[0]);
    node.apply(Instant(2_000_000_000), Entry::Tick);
    assert_eq!(calls(&mut node).len(), 1);
    node.apply(Instant(2_000_000_000), Entry::Begun { run: 10 });
    assert!(matches!(node.sessions()[&1].standing, Standing::Aborted(_)), "{:?}", node.sessions()[&1]);
}

#[test]
fn whoever_was_asked_and_is_no_longer_bound_has_failed() {
    let mut node = node(&[TEA]);
    node.apply(Instant(0), start("Tea", None));
    let asked = calls(&mut node);
    let (name, mut other) = package(TEA);
    other.players.roles.fill(None);
    let packages = BTreeMap::from([(name, other)]);
    node.apply(Instant(0), Entry::Deploy(Deployment { packages, ..Deployment::default() }));
    let unanswered = node.unanswered();
    assert!(unanswered.again.is_empty() && unanswered.over[0].0 == asked[0].0);
    node.apply(Instant(0), Entry::Begun { run: 9 });
    assert!(node.unanswered().over.is_empty(), "nothing waits for ever");
}

/// What a handler answers, or that it has failed.
fn given(ask: &Ask, which: usize, fails: bool) -> Answer {
    match ask {
        _ if fails => Answer::Failed(Failure { kind: FailureKind::Permanent, reason: "no".to_owned() }),
        Ask::Decide { .. } => Answer::Label((which % 2) as u16),
        _ => Answer::Value(Value::Int(1)),
    }
}

/// What a random driver does.
#[derive(Clone, Debug)]
enum Move {
    Start(bool),
    Answer(usize, bool),
    Cancel(u64),
    Wait(u64),
    Deploy(usize),
    Drain,
    Roll(bool),
    Begin(u64),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        4 => any::<bool>().prop_map(Move::Start),
        6 => (any::<usize>(), any::<bool>()).prop_map(|(which, fails)| Move::Answer(which, fails)),
        1 => (0..12_u64).prop_map(Move::Cancel),
        3 => (0..2_000_u64).prop_map(Move::Wait),
        1 => (0..3_usize).prop_map(Move::Deploy),
        1 => Just(Move::Drain),
        1 => any::<bool>().prop_map(Move::Roll),
        1 => any::<u64>().prop_map(Move::Begin),
    ];
    proptest::collection::vec(one, 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// The log is the truth: what was live and what is replayed are equal, down to the last field, at every moment.
    #[test]
    fn a_log_replays_to_the_same_state(moves in moves()) {
        let sources = [TEA.to_owned(), TEA.replace("1s", "2s"), TEA.replace("Offer", "Cup")];
        let versions: Vec<Version> = sources.iter().map(|source| package(source).1.version).collect();
        let mut live = Node::new();
        let mut log = Vec::new();
        let mut under_way: Vec<(CallId, Ask)> = Vec::new();
        let mut now = Instant(0);
        let take = |live: &mut Node, now: Instant, entry: Entry, log: &mut Vec<(Instant, Entry)>| {
            log.push((now, entry.clone()));
            live.apply(now, entry);
            calls(live)
        };
        take(&mut live, now, Entry::Found { id: 7, seed: 8 }, &mut log);
        take(&mut live, now, deployed(&[&sources[0]]), &mut log);
        for one in moves {
            let entry = match one {
                Move::Start(keyed) => start("Tea", keyed.then_some("key")),
                Move::Answer(which, fails) if !under_way.is_empty() => {
                    let (call, ask) = under_way.remove(which % under_way.len());
                    Entry::Answer { call, answer: given(&ask, which, fails) }
                }
                Move::Answer(..) => Entry::Tick,
                Move::Cancel(session) => Entry::Cancel(session),
                Move::Wait(ms) => {
                    now = now.after(Duration(ms * Duration::MS.0));
                    Entry::Tick
                }
                Move::Deploy(which) => deployed(&[&sources[which]]),
                Move::Begin(run) => {
                    // What is under way is asked again.
                    under_way.clear();
                    Entry::Begun { run }
                }
                Move::Drain => Entry::Drain("Tea".into()),
                Move::Roll(which) => {
                    Entry::Activate { protocol: "Tea".into(), version: versions[usize::from(which)] }
                }
            };
            under_way.extend(take(&mut live, now, entry, &mut log));
        }
        let mut replayed = Node::new();
        for (now, entry) in log {
            replayed.apply(now, entry);
            calls(&mut replayed);
        }
        prop_assert_eq!(format!("{live:?}"), format!("{replayed:?}"));
        let again: Vec<CallId> = live.unanswered().again.iter().map(|errand| errand.call).collect();
        prop_assert!(again.iter().all(|call| under_way.iter().any(|(of, _)| of == call)));
    }
}
