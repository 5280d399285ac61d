//! The desk: what it was given prepared is what its log says, and a mistake of ours ends it instead of leaving it half done.
//!
//! Is not: a test of what entries do; `node` has those.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use laban::effect::world::Line;
use laban::global::Sizes;
use laban::host::desk::{Away, Desk, Habits, Outside, Threads, Told};
use laban::host::directory;
use laban::host::log::{Log, encode};
use laban::node::Node;
use laban::node::entry::{Deployment, Entry, Start};
use laban::node::order::{Order, Reply};

use crate::command::Place;
use crate::engine::PATIENCE;

/// A log that is read in the end.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Log for Kept {
    fn append(&mut self, _: u64, _: u32, batch: &[u8]) -> io::Result<()> {
        self.0.lock().unwrap().extend_from_slice(batch);
        Ok(())
    }
}

struct Nobody;

impl Outside for Nobody {
    fn order(&mut self, _: Order) {}

    fn news(&mut self, _: Told) {}

    fn said(&mut self, _: u64, _: Line) {}

    fn log_fails(&mut self, _: Option<String>) {}
}

fn desk(log: Kept) -> (Desk, Threads) {
    let habits = Habits { next: 1, each: false };
    Desk::start(Node::new(), Box::new(log), habits, Vec::new(), Box::new(Nobody), Box::new(|_, _| None))
}

/// Runs something, for a while at most: nothing here may hang.
fn on_tokio<T>(what: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let what = async { tokio::time::timeout(PATIENCE, what).await };
    runtime.block_on(what).unwrap_or_else(|_| panic!("it hangs"))
}

/// What a directory deploys in this turn: versions, profiles and annotations change, protocols come and go.
fn deployment(place: &Place, turn: usize) -> Deployment {
    for name in ["A", "B", "C"] {
        let text = format!(
            "choreography {name} {{\n    roles: X, Y\n    X[flow_cost = {}] -> Y: M(n: Int)\n    X does time.sleep({}ms)\n    \
             Y -> X: N(n: Int)\n}}\n",
            1 + turn % 2,
            10 + turn / 3
        );
        let text = if name == "C" && turn % 4 == 3 { String::new() } else { text };
        let profile = format!("protocol: {name}\nbudgets: [{{ limit: {} }}]\n", 1_000 + turn / 2);
        place.write(&format!("{name}.choreo"), text);
        place.write(&format!("{name}.guards.yaml"), profile);
    }
    let reading = directory::read(&place.path(""), &Sizes::default(), true, None);
    let deploys = reading.deploys.unwrap_or_else(|| panic!("{:?}", reading.said));
    deploys.deployment
}

#[test]
fn what_was_prepared_is_what_the_log_says() {
    let place = Place::new("desk_prepared");
    let log = Kept::default();
    let deployments: Vec<Deployment> = (0..24).map(|turn| deployment(&place, turn)).collect();
    let kept = log.clone();
    let node = on_tokio(async move {
        let (desk, threads) = desk(kept);
        desk.push(Entry::Found { id: 1, seed: 2 }).await.unwrap();
        for (turn, deployment) in deployments.into_iter().enumerate() {
            assert_eq!(desk.deploy(deployment).await, Ok(Reply::Done), "{turn}");
            for protocol in ["A", "B", "C"] {
                let start = Start {
                    protocol: protocol.into(),
                    params: Vec::new(),
                    players: BTreeMap::new(),
                    key: None,
                    idle_timeout: None,
                };
                let begun = desk.entry(Entry::Start(start)).await.unwrap();
                assert_eq!(
                    matches!(begun, Reply::Started(_)),
                    protocol != "C" || turn % 4 != 3,
                    "{turn} {begun:?}"
                );
            }
            // Some versions have sessions when the next comes, some have none any longer.
            tokio::time::sleep(Duration::from_millis(7 * (turn as u64 % 3))).await;
        }
        desk.stop().await;
        threads.join().unwrap()
    });
    let mut again = Node::new();
    encode::replay(&mut again, &log.0.lock().unwrap()).unwrap();
    assert!(node.lines().values().any(|line| line.editions.len() > 5));
    let kept = |node: &Node| postcard::to_allocvec(node).unwrap();
    assert!(kept(&node) == kept(&again), "another state");
}

#[test]
fn a_mistake_in_the_node_is_its_end_and_is_heard_of() {
    on_tokio(async {
        let (desk, threads) = desk(Kept::default());
        assert_eq!(desk.look(|node| node.started()).await, Ok(0));
        let seen = desk.look(|_| panic!("a test shows what a panic does")).await;
        assert_eq!(seen, Err::<(), _>(Away::Closed));
        // Whoever waits for that hears of it, so that the process ends and is started again from its log.
        desk.closed().await;
        assert_eq!(desk.entry(Entry::Tick).await, Err(Away::Closed));
        assert!(threads.join().is_none());
    });
}
