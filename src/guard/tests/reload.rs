//! Tables that come and go while budgets, facts and rows stay; and journals that stay small, or are shared fairly.

use super::*;
use crate::base::limits::{CONTEXT_BYTES_MAX, FACT_BYTES_MAX};
use crate::guard::budget::Grant;
use crate::journal::Name;

const MINUTE: u64 = 60_000_000_000;

fn profile(cost: u64, limit: u64, epoch: &str) -> String {
    format!("protocol: P\ndefaults: {{ flow_cost: {cost} }}\nbudgets: [{{ limit: {limit}{epoch} }}]\n")
}

/// What is spent of which limit.
fn spent(chain: &mut Chain) -> Option<(u64, u64)> {
    chain.state(0, 0).budgets.first().map(|(.., spent, limit)| (*spent, *limit))
}

#[test]
fn a_table_that_is_installed_again_counts_from_the_next_send_on() {
    let mut chain = chain(&profile(6, 20, ""), None);
    assert_eq!(refused(&mut chain, 0), None);
    assert_eq!(spent(&mut chain), Some((6, 20)));
    assert!(chain.reinstall(0, table(&profile(2, 20, ""), None)));
    assert_eq!(spent(&mut chain), Some((6, 20)), "what was spent stays spent");
    assert_eq!(refused(&mut chain, 0), None);
    assert_eq!(spent(&mut chain), Some((8, 20)));
    // Capabilities are those of the new table too.
    let need = "protocol: P\ndefaults: { capabilities: [p:may] }\nbudgets: [{ limit: 20 }]\n";
    assert!(chain.reinstall(0, table(need, Some(&[]))));
    assert_eq!(refused(&mut chain, 0), Some(("capability", "E0518", Heals::Permanent)));
    assert_eq!(spent(&mut chain), Some((8, 20)));
    assert!(!chain.reinstall(1, Table::fresh([&program()])), "there is no such cast");
}

#[test]
fn a_lower_limit_counts_at_once_and_a_higher_one_from_the_next_epoch_on() {
    let mut chain = chain(&profile(1, 20, ", epoch: 1m"), None);
    assert_eq!(refused(&mut chain, 0), None);
    chain.reinstall(0, table(&profile(1, 5, ", epoch: 1m"), None));
    assert_eq!(spent(&mut chain), Some((1, 5)));
    chain.reinstall(0, table(&profile(1, 30, ", epoch: 1m"), None));
    assert_eq!(spent(&mut chain), Some((1, 5)));
    chain.pass(Instant(MINUTE));
    assert_eq!(spent(&mut chain), Some((0, 30)));
}

#[test]
fn a_cast_that_is_uninstalled_sends_nothing_and_wants_nothing() {
    let mut chain = chain(&profile(1, 5, ", epoch: 1m"), None);
    chain.install(table(&profile(1, 50, ", epoch: 1m"), None));
    assert_eq!(refused(&mut chain, 0), None);
    assert_eq!(spent(&mut chain), Some((1, 5)), "the least of both");
    assert!(chain.uninstall(0).is_some() && chain.uninstall(0).is_none() && chain.uninstall(2).is_none());
    for at in 0..4 {
        assert_eq!(refused(&mut chain, at), Some(("capability", "E0521", Heals::Permanent)));
    }
    let said = chain.append(0, 0, RoleId(0), Name::parse("p/x").unwrap(), Value::None);
    assert!(said.is_err());
    assert_eq!(spent(&mut chain), None);
    chain.pass(Instant(MINUTE));
    // The other cast of the context has its own limit now.
    assert!(chain.reinstall(0, table(&profile(1, 50, ", epoch: 1m"), None)));
    assert_eq!(spent(&mut chain), Some((0, 50)));
    assert_eq!(refused(&mut chain, 0), None);
    // Where nobody wants anything, no epoch opens.
    let facts = granted(&chain, "local");
    assert!(chain.uninstall(0).is_some() && chain.uninstall(1).is_some());
    chain.pass(Instant(9 * MINUTE));
    assert_eq!(granted(&chain, "local"), facts);
    assert!(chain.reinstall(0, table(&profile(1, 50, ", epoch: 1m"), None)));
    assert_eq!(spent(&mut chain), Some((1, 50)), "what was spent stays spent until an epoch opens");
    chain.pass(Instant(10 * MINUTE));
    assert_eq!(spent(&mut chain), Some((0, 50)));
}

#[test]
fn rows_of_a_table_that_is_gone_still_get_their_receipts() {
    let text = "protocol: P\ndefaults: { receipt: required }\nbudgets: [{ limit: 20 }]\n";
    for again in [false, true] {
        let mut chain = chain(text, None);
        offer(&mut chain, 0, &Value::Int(1)).unwrap();
        chain.uninstall(0);
        if again {
            let policy = Policy { context: Arc::from("other"), ..Policy::fresh() };
            chain.reinstall(0, Table::new([&program()], &policy).unwrap());
        }
        let row = chain.poll_booking().unwrap();
        assert_eq!((row.charge.context.as_str(), row.charge.src.as_str()), ("local", "A"));
        assert_eq!(judged(&table(text, None), &[row]).len(), 1);
        assert_eq!(chain.poll_booking(), None);
    }
}

/// Months of short periods leave one fact of each budget.
#[test]
fn grants_that_are_over_are_forgotten() {
    let text = "protocol: P\ndefaults: { leakage: { neighbor: 1 } }\nbudgets: [{ limit: 1, epoch: 1m }]\n\
                leakage_limits: { external: 0, neighbor: 1, in_group: 1 }\n";
    let mut chain = chain(text, None);
    for period in 0..5_000 {
        chain.pass(Instant(period * MINUTE));
        assert_eq!(refused(&mut chain, 0), None, "the budget is filled again");
        assert!(granted(&chain, "local").len() <= 2);
    }
    assert_eq!(chain.newest().epoch, Epoch(4_999));
    // Whoever is installed later knows what stands.
    chain.install(table(text, None));
    assert_eq!(refused(&mut chain, 0).map(|(_, code, _)| code), Some("E0519"));
}

/// Who writes much down fills the share of its context: others write on, and budgets are filled again.
#[test]
fn a_context_has_a_share_of_the_journal() {
    let text = profile(1, 1, ", epoch: 1m");
    let mut chain = chain(&text, None);
    chain.keep_books(false);
    let policy = |context: &str| {
        let profile = read(SourceId(0), &text, None).0.unwrap();
        Policy { profile, context: Arc::from(context), ..Policy::fresh() }
    };
    for context in ["one", "two", "three", "four"] {
        chain.install(Table::new([&program()], &policy(context)).unwrap());
    }
    let large = Value::text(&"x".repeat(FACT_BYTES_MAX - 200));
    let fill = |chain: &mut Chain, cast: u32| {
        let name = || Name::parse("budget/flow").unwrap();
        (0_usize..).find_map(|count| {
            let said = chain.append(cast, 0, RoleId(0), name(), large.clone());
            said.err().map(|why| (count, why))
        })
    };
    let share = |why: &str| why == "E0522: the context has used up its share of the journal";
    let (count, why) = fill(&mut chain, 0).unwrap();
    assert!(share(&why) && count * FACT_BYTES_MAX > CONTEXT_BYTES_MAX * 9 / 10, "{count} {why}");
    for cast in 1..4 {
        assert!(fill(&mut chain, cast).unwrap().0 > 0, "another context writes on");
    }
    let (_, why) = fill(&mut chain, 4).unwrap();
    assert_eq!(why, "E0522: the journal is full");
    for minute in 0..3 {
        chain.pass(Instant(minute * MINUTE));
        assert_eq!(refused(&mut chain, 0), None);
        assert_eq!(refused(&mut chain, 0).map(|(_, code, _)| code), Some("E0519"));
    }
}

#[test]
fn what_no_epoch_heals_is_permanent() {
    let check = |limit, epoch: &str, kind| {
        let mut chain = chain(&profile(6, limit, epoch), None);
        while refused(&mut chain, 2).is_none() {}
        assert_eq!(refused(&mut chain, 0), Some(("flow", "E0519", kind)), "{limit}");
    };
    check(0, ", epoch: 1m", Heals::Permanent);
    check(5, ", epoch: 1m", Heals::Permanent);
    check(6, ", epoch: 1m", Heals::Recoverable);
    // A full journal may have room again; what can be no fact stays so.
    let text = "protocol: P\ndefaults: {}\nbudgets: [{ limit: 9 }]\nmessages:\n  Ask:\n    facts: [{ fact: p/x, data: { n: \"{Ask.n}\" } }]\n";
    let mut chain = chain(text, None);
    let many = (0..FACT_BYTES_MAX / 16).map(|at| (Arc::from(format!("key {at}")), Value::None));
    let payload = Value::record([(Arc::from("n"), Value::record(many))]);
    let denied = offer(&mut chain, 0, &payload).unwrap_err();
    assert_eq!((denied.guard, denied.code, denied.kind), (Guard::Commit, "E0522", Heals::Permanent));
}

/// A receipt that would be too long to be signed is never booked.
#[test]
fn a_receipt_that_would_be_too_long_denies_its_message() {
    let text = "protocol: P\ndefaults: { receipt: required }\nbudgets: [{ limit: 20 }]\n";
    let mut long = program();
    long.messages[0].name = "x".repeat(5_000).into();
    let policy = Policy { profile: read(SourceId(0), text, None).0.unwrap(), ..Policy::fresh() };
    let mut chain = Chain::default();
    chain.install(Table::new([&long], &policy).unwrap());
    assert_eq!(refused(&mut chain, 0), Some(("commit", "E0523", Heals::Permanent)));
    assert_eq!((refused(&mut chain, 1), chain.booked()), (None, 1));
}

/// A grant for every peer, by facts alone.
#[test]
fn a_cast_finds_what_facts_grant_to_every_peer() {
    let grant = Grant::Flow { peer: None, limit: 3 };
    let mut chain = chain(&profile(1, 20, ""), None);
    let said = chain.append(0, 0, RoleId(0), grant.name().unwrap(), grant.data());
    assert_eq!(said, Ok(()));
    chain.reinstall(0, table(&profile(1, 20, ""), None));
    assert_eq!(spent(&mut chain), Some((0, 20)), "a role grants nothing");
}
