//! Budgets: what is spent never exceeds what may be, whoever hears of it when.
//!
//! What is random: a few replicas, epochs and limits, so that they often meet; what replicas do, and who hears from
//! whom in between.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::prelude::*;

use crate::base::value::Value;
use crate::guard::budget::grant::Granted;
use crate::guard::budget::subject;
use crate::guard::budget::{
    Budget, Charge, Disorder, Grant, Leak, Leakage, Ledger, Observer, Short, Shortfall,
};
use crate::journal::tests::{context, device};
use crate::journal::{Device, Epoch, Fact, Journal, Key, Name, Namespace, Place, Set};

/// Cases of each named invariant.
const CASES: u32 = 2_000;
/// Replicas of one budget.
const REPLICAS: [&str; 3] = ["A", "B", "C"];

fn replica(at: usize) -> Device {
    device(REPLICAS[at])
}

/// What happens to the copies of one budget.
#[derive(Clone, Debug)]
enum Act {
    /// A replica spends.
    Charge(usize, u64),
    /// A replica moves a part of its share to another.
    Move(usize, usize, u64),
    /// A replica hears what another knows.
    Hear(usize, usize),
}

fn acts(costs: u64) -> impl Strategy<Value = Vec<Act>> {
    let at = || 0..REPLICAS.len();
    let act = prop_oneof![
        3 => (at(), 0..=costs).prop_map(|(at, cost)| Act::Charge(at, cost)),
        1 => (at(), at(), 0..=costs).prop_map(|(from, to, amount)| Act::Move(from, to, amount)),
        2 => (at(), at()).prop_map(|(to, from)| Act::Hear(to, from)),
    ];
    prop::collection::vec(act, 0..24)
}

/// Does one act on the copies; gives what was spent.
fn act(copies: &mut [Budget], act: &Act) -> u64 {
    match *act {
        Act::Charge(at, cost) => {
            let before = copies[at].clone();
            match copies[at].charge(&replica(at), cost) {
                Ok(()) => return cost,
                Err(_) => assert_eq!(copies[at], before),
            }
        }
        Act::Move(from, to, amount) => {
            let before = copies[from].clone();
            if copies[from].move_share(&replica(from), &replica(to), amount).is_err() {
                assert_eq!(copies[from], before);
            }
        }
        Act::Hear(to, from) => {
            let other = copies[from].clone();
            copies[to].merge(&other);
        }
    }
    0
}

/// An opening: nothing known, a limit, or shares.
fn openings() -> impl Strategy<Value = Budget> {
    let amounts = || prop_oneof![8 => 0..120_u64, 1 => Just(u64::MAX), 1 => (u64::MAX - 50)..u64::MAX];
    let shares = prop::collection::btree_map((0..REPLICAS.len()).prop_map(replica), 0..80_u64, 0..4);
    prop_oneof![
        1 => Just(Budget::default()),
        3 => (0..3_u64, amounts()).prop_map(|(epoch, limit)| Budget::new(Epoch(epoch), limit)),
        3 => (0..3_u64, shares).prop_map(|(epoch, shares)| Budget::shared(Epoch(epoch), shares).unwrap()),
    ]
}

/// A budget as some replica may know it, after copies were opened differently and have acted.
fn budgets() -> impl Strategy<Value = Budget> {
    let opened = prop::collection::vec(openings(), REPLICAS.len());
    (opened, acts(60)).prop_map(|(mut copies, acts)| {
        acts.iter().for_each(|one| _ = act(&mut copies, one));
        copies.swap_remove(0)
    })
}

fn leaks() -> impl Strategy<Value = Leak> {
    (0..40_u64, 0..40_u64, 0..40_u64).prop_map(|(external, neighbor, in_group)| Leak {
        external,
        neighbor,
        in_group,
    })
}

/// Leakage of an epoch, of which something was shown by one replica.
fn leakages() -> impl Strategy<Value = Leakage> {
    let shown = prop::collection::vec((0..REPLICAS.len(), leaks()), 0..6);
    (0..3_u64, leaks(), shown).prop_map(|(epoch, extra, shown)| {
        let Leak { external, neighbor, in_group } = extra;
        let limits =
            Leak { external, neighbor: external + neighbor, in_group: external + neighbor + in_group };
        let mut leakage = Leakage::new(Epoch(epoch), limits).unwrap();
        for (at, leak) in shown {
            let _ = leakage.charge(&replica(at), leak);
        }
        leakage
    })
}

fn merged(a: &Budget, b: &Budget) -> Budget {
    let mut joined = a.clone();
    joined.merge(b);
    joined
}

fn joined(a: &Leakage, b: &Leakage) -> Leakage {
    let mut joined = a.clone();
    joined.merge(b);
    joined
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn merges_of_budgets_are_associative_commutative_idempotent(
        a in budgets(), b in budgets(), c in budgets()
    ) {
        prop_assert_eq!(merged(&a, &merged(&b, &c)), merged(&merged(&a, &b), &c));
        prop_assert_eq!(merged(&a, &b), merged(&b, &a));
        prop_assert_eq!(merged(&a, &a), a);
    }

    #[test]
    fn merges_of_leakage_are_associative_commutative_idempotent(
        a in leakages(), b in leakages(), c in leakages()
    ) {
        prop_assert_eq!(joined(&a, &joined(&b, &c)), joined(&joined(&a, &b), &c));
        prop_assert_eq!(joined(&a, &b), joined(&b, &a));
        prop_assert_eq!(joined(&a, &a), a);
    }

    #[test]
    fn the_neutral_element_changes_nothing(budget in budgets(), leakage in leakages()) {
        prop_assert_eq!(merged(&budget, &Budget::default()), budget.clone());
        prop_assert_eq!(merged(&Budget::default(), &budget), budget);
        prop_assert_eq!(joined(&leakage, &Leakage::default()), leakage.clone());
        prop_assert_eq!(joined(&Leakage::default(), &leakage), leakage);
    }

    #[test]
    fn a_stale_merge_does_not_undo_an_epoch(old in budgets(), ahead in 1..3_u64, limit in 0..200_u64) {
        let new = Budget::new(Epoch(old.epoch().0 + ahead), limit);
        prop_assert_eq!(merged(&old, &new), new.clone());
        // The renewed one is spent from, and then hears of the old epoch again.
        let mut renewed = merged(&old, &new);
        let spent = limit.min(7);
        renewed.charge(&replica(0), spent).unwrap();
        let stale = merged(&renewed, &old);
        prop_assert_eq!(&stale, &renewed);
        prop_assert_eq!((stale.spent(), stale.limit()), (spent, Some(limit)));
    }

    /// On one device, with or without shares: the sum of what was allowed is what is spent, and within the limit.
    #[test]
    fn spent_never_exceeds_limit(opening in openings(), costs in prop::collection::vec(
        prop_oneof![8 => 0..60_u64, 1 => Just(u64::MAX), 1 => (u64::MAX - 60)..u64::MAX], 0..24
    )) {
        let mut budget = opening;
        let mut allowed = 0_u64;
        for cost in costs {
            let (before, headroom) = (budget.clone(), budget.headroom(&replica(0)));
            let verdict = budget.charge(&replica(0), cost);
            prop_assert_eq!(before.review(&replica(0), cost), verdict);
            prop_assert_eq!(verdict.is_ok(), before.limit().is_some() && cost <= headroom);
            match verdict {
                Ok(()) => allowed = allowed.checked_add(cost).unwrap(),
                Err(_) => prop_assert_eq!(&budget, &before),
            }
            prop_assert_eq!(budget.spent(), allowed);
            prop_assert!(budget.spent() <= budget.limit().unwrap_or(0));
            if cost <= headroom {
                prop_assert_eq!(budget.headroom(&replica(0)), headroom - cost);
            }
        }
    }

    /// With shares the limit holds over all replicas, whoever has heard what.
    #[test]
    fn spent_never_exceeds_a_shared_limit(shares in prop::collection::vec(0..80_u64, 3), acts in acts(50)) {
        let limit: u64 = shares.iter().sum();
        let shares: BTreeMap<_, _> = shares.into_iter().enumerate().map(|(at, of)| (replica(at), of)).collect();
        let mut copies = vec![Budget::shared(Epoch(1), shares).unwrap(); REPLICAS.len()];
        let mut allowed = 0;
        for one in &acts {
            allowed += act(&mut copies, one);
            prop_assert!(allowed <= limit, "{} of {} after {:?}", allowed, limit, one);
        }
        let all = copies.iter().fold(Budget::default(), |all, copy| merged(&all, copy));
        prop_assert_eq!((all.spent(), all.limit()), (allowed, Some(limit)));
        let shares: Option<u64> = (0..REPLICAS.len()).map(|at| all.escrow().share(&replica(at))).sum();
        prop_assert_eq!(shares, Some(limit));
        let left: u64 = (0..REPLICAS.len()).map(|at| all.headroom(&replica(at))).sum();
        prop_assert_eq!(left, limit - allowed);
    }

    /// Without shares replicas that do not hear of each other spend too much; what is seen says so, and all stop.
    #[test]
    fn what_others_have_spent_is_seen(limit in 0..120_u64, acts in acts(60)) {
        let mut copies = vec![Budget::new(Epoch(1), limit); REPLICAS.len()];
        let allowed: u64 = acts.iter().map(|one| act(&mut copies, one)).sum();
        let all = copies.iter().fold(Budget::default(), |all, copy| merged(&all, copy));
        prop_assert_eq!(all.spent(), allowed);
        prop_assert_eq!(all.headroom(&replica(0)), limit.saturating_sub(allowed));
        if allowed >= limit {
            let why = if limit == 0 { Shortfall::Whole } else { Shortfall::Limit };
            prop_assert_eq!(all.clone().charge(&replica(0), 1), Err(why));
        }
    }

    #[test]
    fn leakage_is_charged_at_all_classes_or_none(leakage in leakages(), other in leakages(), leak in leaks()) {
        let mut leakage = joined(&leakage, &other);
        let limit = |leakage: &Leakage, observer| leakage.budget(observer).limit().unwrap();
        let [external, neighbor, in_group] = Observer::ALL.map(|observer| limit(&leakage, observer));
        prop_assert!(external <= neighbor && neighbor <= in_group);
        prop_assert!(Observer::ALL.iter().all(|of| leakage.budget(*of).epoch() == leakage.epoch()));
        let before = leakage.clone();
        let room = Observer::ALL.iter().all(|of| leak.to(*of) <= before.budget(*of).headroom(&replica(0)));
        prop_assert_eq!(leakage.charge(&replica(0), leak).is_ok(), room);
        for of in Observer::ALL {
            let more = if room { leak.to(of) } else { 0 };
            prop_assert_eq!(leakage.budget(of).spent(), before.budget(of).spent() + more);
        }
    }

    #[test]
    fn a_charge_is_made_whole_or_not_at_all(
        limit in 0..60_u64, leakage in leakages(), charges in prop::collection::vec((0..30_u64, leaks()), 1..8)
    ) {
        let mut ledger = Ledger::new(replica(0));
        let flow = ledger.open_flow(&context("x"), &device("P"), &Budget::new(Epoch(1), limit)).unwrap();
        let leakage = ledger.open_leakage(&context("x"), &leakage).unwrap();
        for (cost, leak) in charges {
            let charge = Charge { flow, cost, leakage: Some(leakage), leak };
            let before = (ledger.flow_budget(flow).cloned(), ledger.leakage_budgets(leakage).cloned());
            let reviewed = ledger.review(&charge);
            let (flow_before, leakage_before) = (before.0.clone().unwrap(), before.1.clone().unwrap());
            let expected = match flow_before.review(&replica(0), cost) {
                Err(why) => Err(Short::Flow(why)),
                Ok(()) => leakage_before.review(&replica(0), leak).map_err(|(at, why)| Short::Leakage(at, why)),
            };
            prop_assert_eq!(reviewed, expected);
            prop_assert_eq!(ledger.charge(&charge), expected);
            if expected.is_err() {
                let after = (ledger.flow_budget(flow).cloned(), ledger.leakage_budgets(leakage).cloned());
                prop_assert_eq!(after, before);
            } else {
                prop_assert_eq!(ledger.flow_budget(flow).unwrap().spent(), flow_before.spent() + cost);
            }
        }
    }

    /// What newer grants make void may be forgotten, before a merge and after it: the facts that stay are the same, and
    /// so is what they open.
    #[test]
    fn what_is_void_may_be_forgotten(
        here in prop::collection::vec(grants(), 0..10), there in prop::collection::vec(grants(), 0..10),
        third in prop::collection::vec(grants(), 0..6),
    ) {
        let granters: BTreeSet<Device> = [device("A"), device("B")].into();
        let set = |said: &[Said]| {
            let said: Vec<Said> = said.iter().filter(|said| said.context == "x").cloned().collect();
            let at = Place { context: context("x"), namespace: Namespace::new("budget").unwrap() };
            journal_of(&said).of(&context("x")).set(&at.namespace).cloned().unwrap_or_else(|| Set::new(Arc::new(at)))
        };
        let short = |mut set: Set| { let free = set.bytes(); let gone = set.supersede(subject); assert_eq!(free - gone, set.bytes()); set };
        let both = |a: &Set, b: &Set| { let mut all = a.clone(); all.merge(b).unwrap(); all };
        let merged = |a: &Set, b: &Set| short(both(a, b));
        let (a, b, c) = (set(&here), set(&there), set(&third));
        let (x, y, z) = (short(a.clone()), short(b.clone()), short(c));
        prop_assert_eq!(&merged(&x, &merged(&y, &z)), &merged(&merged(&x, &y), &z));
        prop_assert_eq!(&merged(&x, &y), &merged(&y, &x));
        prop_assert_eq!(&merged(&x, &x), &x);
        prop_assert_eq!(&merged(&x, &y), &merged(&a, &b));
        let opened = |set: &Set| set.reduce((Granted::default(), granters.clone()), |(mut granted, granters), fact| {
            granted.heed(fact, &granters);
            (granted, granters)
        }).0;
        let peers = ["P", "Q", "R"].map(device);
        let all = |set: &Set| { let opened = opened(set); (peers.each_ref().map(|peer| opened.flow(peer)), opened.leakage().clone()) };
        prop_assert_eq!(all(&merged(&x, &y)), all(&both(&a, &b)));
        // What stays of one subject is of one epoch.
        let left = merged(&x, &y);
        let epochs: BTreeSet<_> = left.facts().filter_map(|fact| Some((subject(fact)?, fact.epoch()))).collect();
        let subjects: BTreeSet<_> = left.facts().filter_map(subject).collect();
        prop_assert_eq!(epochs.len(), subjects.len());
    }

    /// Replenishment is a pure function of journal facts: of the row's own context, by granters, in any order.
    #[test]
    fn replenishment_is_a_pure_function_of_facts(
        (grants, shuffled) in prop::collection::vec(grants(), 0..10)
            .prop_flat_map(|grants| (Just(grants.clone()), Just(grants).prop_shuffle())),
        spent in 0..20_u64,
    ) {
        let granters: BTreeSet<Device> = [device("A"), device("B")].into();
        let opened_by = |grants: &[Said], read: &dyn Fn(&mut Ledger, &Journal)| {
            let mut ledger = Ledger::new(replica(0));
            let start = Budget::new(Epoch(0), 20);
            let row = ledger.open_flow(&context("x"), &device("P"), &start).unwrap();
            let limits = Leak { external: 1, neighbor: 2, in_group: 3 };
            let shown = ledger.open_leakage(&context("x"), &Leakage::new(Epoch(0), limits).unwrap()).unwrap();
            ledger.charge(&Charge { flow: row, cost: spent, leakage: Some(shown), leak: Leak::default() }).unwrap();
            let journal = journal_of(grants);
            read(&mut ledger, &journal);
            let once = (ledger.flow_budget(row).cloned().unwrap(), ledger.leakage_budgets(shown).cloned().unwrap());
            ledger.replenish(&journal, &granters);
            let twice = (ledger.flow_budget(row).cloned().unwrap(), ledger.leakage_budgets(shown).cloned().unwrap());
            assert_eq!(once, twice);
            once
        };
        let opened = |grants: &[Said]| opened_by(grants, &|ledger, journal| ledger.replenish(journal, &granters));
        // Fact by fact, as an engine reads them when it says them.
        let heeded = opened_by(&shuffled, &|ledger, journal| {
            let contexts = [context("x"), context("y")];
            let views = contexts.each_ref().map(|context| journal.of(context));
            let facts = views.iter().flat_map(|view| view.sets()).flat_map(|set| set.facts());
            let mut granted = Granted::default();
            let here = |fact: &&Fact| fact.place().context == context("x");
            facts.filter(here).for_each(|fact| granted.heed(fact, &granters));
            ledger.open_flow(&context("x"), &device("P"), &granted.flow(&device("P"))).unwrap();
            ledger.open_leakage(&context("x"), granted.leakage()).unwrap();
        });
        prop_assert_eq!(&heeded, &opened(&grants));
        let (flow, leakage) = opened(&grants);
        prop_assert_eq!((&flow, &leakage), (&opened(&shuffled).0, &opened(&shuffled).1));
        // What counts, said in another way: the newest epoch of the grants that are for this row, and its least limit.
        let mine = grants.iter().filter(|said| said.context == "x" && granters.contains(&device(&said.by)));
        let limits: Vec<(u64, u64)> = mine.filter_map(|said| Some((said.epoch, said.toward("P")?))).collect();
        let newest = limits.iter().map(|(epoch, _)| *epoch).max().unwrap_or(0);
        let least = limits.iter().filter(|(epoch, _)| *epoch == newest).map(|(_, limit)| *limit).min();
        let least = if newest == 0 { Some(least.unwrap_or(20).min(20)) } else { least };
        prop_assert_eq!((flow.epoch(), flow.limit()), (Epoch(newest), least));
        prop_assert_eq!(flow.spent(), if newest == 0 { spent } else { 0 });
    }
}

/// A grant and who says it where.
#[derive(Clone, Debug)]
struct Said {
    context: String,
    by: String,
    epoch: u64,
    grant: Grant,
}

impl Said {
    /// The limit that it opens toward a peer.
    fn toward(&self, name: &str) -> Option<u64> {
        let fits = |peer: &Option<Device>| peer.as_ref().is_none_or(|peer| peer.as_str() == name);
        match &self.grant {
            Grant::Flow { peer, limit } if fits(peer) => Some(*limit),
            Grant::Shared { peer, shares } if fits(peer) => Some(shares.values().sum()),
            _ => None,
        }
    }
}

fn grants() -> impl Strategy<Value = Said> {
    let peer = || prop_oneof![Just(None), Just(Some(device("P"))), Just(Some(device("Q")))];
    // All shares of one epoch are alike, as whoever opens it says them.
    let shared = |(peer, share)| Grant::Shared { peer, shares: [(device("A"), share)].into() };
    let grant = prop_oneof![
        2 => (peer(), 0..90_u64).prop_map(|(peer, limit)| Grant::Flow { peer, limit }),
        1 => (peer(), 0..90_u64).prop_map(shared),
        1 => leaks().prop_map(Grant::Leakage),
    ];
    ("[xy]", "[ABC]", 0..4_u64, grant).prop_map(|(context, by, epoch, grant)| Said {
        context,
        by,
        epoch,
        grant,
    })
}

/// The journal in which these are said, in this order.
fn journal_of(grants: &[Said]) -> Journal {
    let mut journal = Journal::new();
    for Said { context: at, by, epoch, grant } in grants {
        let Name { namespace, key } = grant.name().unwrap();
        let set = journal.open(&Place { context: context(at), namespace }).unwrap();
        let fact = journal.append(set, key, grant.data(), device(by), Epoch(*epoch)).unwrap();
        assert_eq!(Grant::read(fact).as_ref(), Some(grant));
    }
    journal
}

#[test]
fn two_replicas_that_charge_60_against_100_end_at_120_seen() {
    let (a, b) = (replica(0), replica(1));
    let open = Budget::new(Epoch(1), 100);
    let (mut here, mut there) = (open.clone(), open);
    assert_eq!((here.charge(&a, 60), there.charge(&b, 60)), (Ok(()), Ok(())));
    here.merge(&there);
    assert_eq!((here.spent(), here.headroom(&a)), (120, 0));
    assert_eq!(here.charge(&a, 1), Err(Shortfall::Limit));
    assert_eq!(here.charge(&a, 0), Ok(()), "what costs nothing brings nobody further beyond the limit");

    let open = Budget::shared(Epoch(1), [(a.clone(), 50), (b.clone(), 50)].into()).unwrap();
    let (mut here, mut there) = (open.clone(), open);
    there.move_share(&b, &a, 10).unwrap();
    assert_eq!(here.charge(&a, 60), Err(Shortfall::Share), "it has not heard that it was given more");
    here.merge(&there);
    assert_eq!((here.charge(&a, 60), there.charge(&b, 60)), (Ok(()), Err(Shortfall::Share)));
    here.merge(&there);
    assert_eq!((here.spent(), here.headroom(&a), here.headroom(&b)), (60, 0, 40));
    assert_eq!(there.move_share(&b, &a, 41), Err(Shortfall::Share));
}

#[test]
fn what_is_missing_allows_nothing() {
    let me = replica(0);
    assert_eq!(Budget::default().charge(&me, 0), Err(Shortfall::Missing));
    assert_eq!(Budget::default().headroom(&me), 0);
    assert_eq!(Budget::new(Epoch(0), 0).charge(&me, 1), Err(Shortfall::Whole));
    assert_eq!(Budget::new(Epoch(0), 0).charge(&me, 0), Ok(()));
    assert_eq!(Budget::new(Epoch(0), 9).move_share(&me, &replica(1), 0), Err(Shortfall::Missing));
    let none = Leakage::default().charge(&me, Leak::default());
    assert_eq!(none, Err((Observer::External, Shortfall::Missing)));
    let unordered = Leak { external: 2, neighbor: 1, in_group: 3 };
    assert_eq!(Leakage::new(Epoch(0), unordered), Err(Disorder));
    let too_much = [(replica(0), u64::MAX), (replica(1), 1)].into();
    assert_eq!(Budget::shared(Epoch(0), too_much), Err(Shortfall::Overflow));
    let ledger = Ledger::new(me);
    assert_eq!((ledger.flow(&context("x"), &replica(1)), ledger.leakage(&context("x"))), (None, None));
}

#[test]
fn replicas_of_one_owner_merge_one_context_at_a_time() {
    let ledger = |at: usize, cost| {
        let mut ledger = Ledger::new(replica(at));
        for name in ["x", "y"] {
            let flow = ledger.open_flow(&context(name), &device("P"), &Budget::new(Epoch(1), 100)).unwrap();
            let limits = Leak { external: 9, neighbor: 9, in_group: 9 };
            let leakage = Leakage::new(Epoch(1), limits).unwrap();
            let leakage = ledger.open_leakage(&context(name), &leakage).unwrap();
            let leak = Leak { external: 1, ..Leak::default() };
            ledger.charge(&Charge { flow, cost, leakage: Some(leakage), leak }).unwrap();
        }
        ledger
    };
    let (mut here, there) = (ledger(0, 10), ledger(1, 20));
    here.merge(&there, &context("x")).unwrap();
    let spent: Vec<_> = here.flows().map(|(at, _, budget)| (at.to_string(), budget.spent())).collect();
    assert_eq!(spent, [("x".to_owned(), 30), ("y".to_owned(), 10)]);
    let shown: Vec<_> =
        here.leakages().map(|(_, leakage)| leakage.budget(Observer::External).spent()).collect();
    assert_eq!(shown, [2, 1]);
}

#[test]
fn what_is_no_grant_grants_nothing() {
    let mut journal = Journal::new();
    let peer = device("P");
    let mut say = |name: &str, fields: &[(&str, Value)]| {
        let name = Name::parse(name).unwrap();
        let set = journal.open(&Place { context: context("x"), namespace: name.namespace }).unwrap();
        let data = Value::record(fields.iter().map(|(name, value)| ((*name).into(), value.clone())));
        Grant::read(journal.append(set, name.key, data, device("A"), Epoch(1)).unwrap())
    };
    assert_eq!(say("budget/flow", &[("limit", Value::Int(-1))]), None);
    assert_eq!(say("budget/flow", &[]), None);
    assert_eq!(say("budget/flow", &[("limit", Value::Int(1)), ("peer", Value::Int(1))]), None);
    assert_eq!(say("budget/flow", &[("limit", Value::Int(1)), ("shares", Value::record([]))]), None);
    assert_eq!(say("budget/flow", &[("shares", Value::record([("A".into(), Value::None)]))]), None);
    assert_eq!(say("budget/leakage", &[("external", Value::Int(1))]), None);
    assert_eq!(say("budget", &[("limit", Value::Int(1))]), None);
    assert_eq!(say("budgets/flow", &[("limit", Value::Int(1))]), None);
    let granters = [device("A")].into();
    let mut ledger = Ledger::new(replica(0));
    let row = ledger.open_flow(&context("x"), &peer, &Budget::default()).unwrap();
    ledger.replenish(&journal, &granters);
    assert_eq!(ledger.flow_budget(row).unwrap().limit(), None);
    let set =
        journal.open(&Place { context: context("x"), namespace: Name::parse("budget").unwrap().namespace });
    let grant = Grant::Flow { peer: None, limit: 7 };
    let key = Key::new("flow").unwrap();
    journal.append(set.unwrap(), key, grant.data(), device("A"), Epoch(1)).unwrap();
    ledger.replenish(&journal, &granters);
    assert_eq!(ledger.flow_budget(row).unwrap().limit(), Some(7));
}
