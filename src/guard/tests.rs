//! The chain: what it allows, what it denies and in which order, and that a denial leaves no trace.

mod reload;

use std::sync::Arc;

use proptest::prelude::*;

use crate::base::id::{LaneId, RoleId};
use crate::base::limits::DAYBOOK_ROWS_MAX;
use crate::base::time::Instant;
use crate::base::ty::Type;
use crate::base::value::Value;
use crate::bytecode::instr::Instr;
use crate::bytecode::op::Op;
use crate::bytecode::program::{Channel, Kind, Message, Program, Role};
use crate::config::bindings::RoleBinding;
use crate::config::guards::{Grants, OnDenied, Profile, read};
use crate::diag::source::{SourceId, Span};
use crate::guard::budget::{Budget, Leakage, Ledger};
use crate::guard::receipt::{
    Booking, Charged, Directory, Fit, Frame, Heads, Key, Keys, Receipt, Receiver, Signed, View, sign,
};
use crate::guard::{Chain, Denied, Guard, Intent, Kind as Heals, Policy, Rule, State, Table};
use crate::journal::{Context, Device, Epoch, Fact, Namespace};

/// A program of role `A`, which sends `Ask`, `Tell`, a selection and a word about a scope to `B`, in this order.
fn program() -> Program {
    let role = |name: &str| Role { name: name.into(), member: None };
    let message = |name: &str, kind| Message { name: name.into(), kind, ty: Type::Any };
    let send = |op, b| Instr { op, a: 0, b, c: 0 };
    Program {
        protocol: "P".into(),
        roles: vec![role("A"), role("B")],
        messages: vec![
            message("Ask", Kind::Data),
            message("Tell", Kind::Data),
            message("A#1.yes", Kind::Selection),
            message("A.try#1", Kind::Control),
        ],
        outgoing: vec![Channel { peer: RoleId(1), lane: LaneId(0), capacity: 1 }],
        code: vec![send(Op::Send, 0), send(Op::SendTake, 1), send(Op::Select, 2), send(Op::Select, 3)],
        ..Program::default()
    }
}

fn chain(profile: &str, capabilities: Option<&[&str]>) -> Chain {
    let mut chain = Chain::default();
    chain.keep_books(true);
    chain.install(table(profile, capabilities));
    chain
}

fn table(profile: &str, capabilities: Option<&[&str]>) -> Table {
    let (profile, said) = read(SourceId(0), profile, None);
    assert!(said.is_empty(), "{said:?}");
    let binding = RoleBinding {
        role: "A".to_owned(),
        place: Span::new(SourceId(0), 0, 0),
        handler: None,
        config: serde_json::Value::Null,
        deadline: None,
        observes: false,
        capabilities: capabilities.map(|names| names.iter().map(|name| (*name).to_owned()).collect()),
        tokens: None,
    };
    let policy =
        Policy { profile: profile.unwrap(), grants: Grants::fresh().with(&[binding]), ..Policy::fresh() };
    Table::new([&program()], &policy).unwrap()
}

/// Offers what stands at an instruction of the program.
fn offer(chain: &mut Chain, at: u32, payload: &Value) -> Result<(RoleId, RoleId, LaneId), Denied> {
    let program = program();
    let message = &program.messages[at as usize];
    let (from, to, lane) = (RoleId(0), RoleId(1), LaneId(3));
    let intent = Intent { cast: 0, session: 0, from, to, lane, at, message, payload };
    chain.review(&intent).map(|cleared| (cleared.from(), cleared.to(), cleared.lane()))
}

fn refused(chain: &mut Chain, at: u32) -> Option<(&'static str, &'static str, Heals)> {
    offer(chain, at, &Value::None).err().map(|denied| (denied.guard.word(), denied.code, denied.kind))
}

const LARGE: &str = "protocol: P\ndefaults: { capabilities: [execute:choreography_send], flow_cost: 1 }\n\
                     budgets: [{ limit: 1000 }]\n";

#[test]
fn clears_the_channel_that_was_asked_for() {
    let mut chain = Chain::default();
    chain.install(Table::fresh([&program()]));
    for at in 0..4 {
        assert_eq!(offer(&mut chain, at, &Value::None), Ok((RoleId(0), RoleId(1), LaneId(3))));
    }
    // Three messages of cost 1; the word about a scope costs nothing.
    assert_eq!(chain.state(0, 0).budgets, [(RoleId(0), RoleId(1), 3, 1_000_000_000)]);
}

#[test]
fn what_is_not_known_is_denied() {
    let uncovered = Some(("capability", "E0521", Heals::Permanent));
    assert_eq!(refused(&mut Chain::default(), 0), uncovered, "no table");
    assert_eq!(refused(&mut chain("protocol: P\nbudgets: [{ limit: 9 }]\n", None), 0), uncovered, "no rule");
    let no_budget = "protocol: P\ndefaults: {}\n";
    assert_eq!(refused(&mut chain(no_budget, None), 0), Some(("flow", "E0519", Heals::Permanent)));
    let no_limits = "protocol: P\ndefaults: { leakage: { external: 1 } }\nbudgets: [{ limit: 9 }]\n";
    assert_eq!(refused(&mut chain(no_limits, None), 0), Some(("leakage", "E0520", Heals::Permanent)));
    assert_eq!(refused(&mut chain(LARGE, Some(&[])), 0), Some(("capability", "E0518", Heals::Permanent)));
    assert_eq!(refused(&mut chain(LARGE, Some(&[])), 3), None, "words about scopes pass");
}

#[test]
fn the_entry_that_names_more_counts_field_by_field() {
    let text = "protocol: P\ndefaults: { flow_cost: 2, on_denied: abort }\nmessages:\n  Ask: { flow_cost: 30 }\n  \
                \"A -> B: *\": { flow_cost: 7, on_denied: raise }\nbudgets: [{ limit: 40 }]\n";
    let mut chain = chain(text, None);
    for (at, left) in [(0, 10), (1, 3), (2, 2)] {
        offer(&mut chain, at, &Value::None).unwrap();
        assert_eq!(chain.newest().headroom, left);
    }
    assert_eq!(offer(&mut chain, 0, &Value::None).unwrap_err().then, OnDenied::Raise);
}

#[test]
fn size_costs_where_the_profile_says_so() {
    let text = "protocol: P\ndefaults: { flow_cost: 1, per_kib: 5 }\nbudgets: [{ limit: 100 }]\n";
    let mut chain = chain(text, None);
    offer(&mut chain, 0, &Value::text(&"x".repeat(1500))).unwrap();
    assert_eq!(chain.newest().cost, 11);
}

#[test]
fn facts_are_written_with_the_send_and_all_or_none() {
    let text = "protocol: P\ndefaults: {}\nbudgets: [{ limit: 10 }]\nmessages:\n  Ask:\n    facts:\n      \
                - { fact: p/asked, data: { n: \"{Ask.n}\" } }\n      - { fact: q/asked, data: { n: \"{Ask.n}\" } }\n";
    let mut chain = chain(text, None);
    let carrying = |value| Value::record([("n".into(), value)]);
    offer(&mut chain, 0, &carrying(Value::Int(7))).unwrap();
    let state = chain.state(0, 0);
    assert_eq!(state.facts.len(), 2);
    assert_eq!(state.facts[0].data, carrying(Value::Int(7)));
    // The second fact is as large as the first, so both are refused; nothing of it stays.
    let denied = offer(&mut chain, 0, &carrying(Value::Opaque(3))).unwrap_err();
    assert_eq!((denied.guard, denied.code, denied.kind), (Guard::Commit, "E0522", Heals::Permanent));
    assert_eq!(chain.state(0, 0), state);
}

#[test]
fn an_epoch_of_time_fills_a_budget_again() {
    let text = "protocol: P\ndefaults: { flow_cost: 6 }\nbudgets: [{ limit: 10, epoch: 1m }]\n";
    let mut chain = chain(text, None);
    assert_eq!([refused(&mut chain, 0).is_none(), refused(&mut chain, 0).is_none()], [true, false]);
    chain.pass(Instant(59_999_999_999));
    assert!(refused(&mut chain, 0).is_some());
    chain.pass(Instant(60_000_000_000));
    assert_eq!([refused(&mut chain, 0).is_none(), refused(&mut chain, 0).is_none()], [true, false]);
}

/// The facts of the namespace `budget` in a context: who says which key in which epoch.
fn granted(chain: &Chain, at: &str) -> Vec<(String, String, u64)> {
    let context = Context::new(at).unwrap();
    let view = chain.journal().of(&context);
    let said = |fact: &Fact| (fact.device().to_string(), fact.key().to_string(), fact.epoch().0);
    view.set(&Namespace::new("budget").unwrap()).map_or_else(Vec::new, |set| set.facts().map(said).collect())
}

#[test]
fn epochs_are_opened_by_facts() {
    let text = "protocol: P\ndefaults: { flow_cost: 6, leakage: { neighbor: 1 } }\nbudgets: [{ limit: 10, epoch: 1m }]\n\
                leakage_limits: { external: 0, neighbor: 1, in_group: 1 }\n";
    let mut chain = chain(text, None);
    let said = |key: &str, epoch| ("@engine".to_owned(), key.to_owned(), epoch);
    assert_eq!(granted(&chain, "local"), [said("leakage", 0), said("flow", 0)]);
    assert_eq!(
        [refused(&mut chain, 0), refused(&mut chain, 0).map(|_| ("", "", Heals::Recoverable))],
        [None, Some(("", "", Heals::Recoverable))]
    );
    // Several periods later one epoch more is open, for flow and for leakage; what it makes void is forgotten.
    chain.pass(Instant(200_000_000_000));
    assert_eq!(granted(&chain, "local"), [said("leakage", 1), said("flow", 1)]);
    assert_eq!(refused(&mut chain, 0), None);
    assert_eq!(chain.newest().epoch, Epoch(1));
    assert_eq!(chain.state(0, 0).leakage, [(RoleId(0), "neighbor", 1, 1)]);
    // Nothing is said before the next period.
    chain.pass(Instant(239_999_999_999));
    assert_eq!(granted(&chain, "local").len(), 2);
    assert_eq!(refused(&mut chain, 0), Some(("flow", "E0519", Heals::Recoverable)));
}

#[test]
fn leakage_may_have_a_length_of_its_own() {
    let text = "protocol: P\ndefaults: { leakage: { neighbor: 1 } }\nbudgets: [{ limit: 10, epoch: 1m }]\n\
                leakage_limits: { external: 0, neighbor: 1, in_group: 1, epoch: 1h }\n";
    let mut chain = chain(text, None);
    assert_eq!(refused(&mut chain, 0), None);
    chain.pass(Instant(60_000_000_000));
    assert_eq!(refused(&mut chain, 0), Some(("leakage", "E0520", Heals::Recoverable)));
    chain.pass(Instant(3_600_000_000_000));
    assert_eq!(refused(&mut chain, 0), None);
}

#[test]
fn a_role_grants_itself_nothing() {
    let text = "protocol: P\ndefaults: {}\nbudgets: [{ limit: 1 }]\nmessages:\n  Ask:\n    facts:\n      \
                - { fact: budget/flow, data: { peer: B, limit: 9 } }\n";
    let mut chain = chain(text, None);
    assert_eq!(refused(&mut chain, 0), None);
    assert_eq!(granted(&chain, "local").len(), 2);
    chain.install(Table::fresh([&program()]));
    assert_eq!(refused(&mut chain, 0), Some(("flow", "E0519", Heals::Recoverable)));
}

#[test]
fn sessions_and_casts_of_one_context_spend_from_one_budget() {
    let text = "protocol: P\ndefaults: { flow_cost: 6 }\nbudgets: [{ limit: 10 }]\n";
    let mut chain = chain(text, None);
    let policy = Policy { profile: read(SourceId(0), text, None).0.unwrap(), ..Policy::fresh() };
    chain.install(Table::new([&program()], &policy).unwrap());
    offer(&mut chain, 0, &Value::None).unwrap();
    let program = program();
    let (from, to, lane) = (RoleId(0), RoleId(1), LaneId(0));
    let message = &program.messages[0];
    let other = Intent { cast: 1, session: 8, from, to, lane, at: 0, message, payload: &Value::None };
    assert_eq!(chain.review(&other).unwrap_err().code, "E0519");
}

#[test]
fn a_rule_denies_what_it_names_and_as_often_as_it_says() {
    let mut chain = Chain::default();
    chain.install(Table::fresh([&program()]));
    chain.deny(Rule { from: RoleId(0), to: RoleId(1), message: "Ask".into(), left: Some(2) });
    chain.deny(Rule { from: RoleId(0), to: RoleId(1), message: "Tell".into(), left: None });
    let asks: Vec<bool> = (0..4).map(|_| refused(&mut chain, 0).is_some()).collect();
    assert_eq!(asks, [true, true, false, false]);
    assert!((0..4).all(|_| refused(&mut chain, 1) == Some(("rule", "E0515", Heals::Permanent))));
    assert_eq!(chain.state(0, 0).budgets[0].2, 2, "what a rule denies is not charged");
}

/// A random profile: costs, limits, leakage, what is needed and what is granted.
type Shape = ([u64; 2], u64, [u64; 2], u64, [bool; 2], bool);

fn shaped((costs, limit, leaks, seen, needs, granted): &Shape) -> Chain {
    let entry = |name: &str, at: usize| {
        let need = if needs[at] { "p:may" } else { "execute:choreography_send" };
        format!(
            "  {name}: {{ flow_cost: {}, capabilities: [\"{need}\"], leakage: {{ neighbor: {} }}, facts: [{{ fact: p/x }}] }}\n",
            costs[at], leaks[at]
        )
    };
    let text = format!(
        "protocol: P\nmessages:\n{}{}budgets: [{{ limit: {limit} }}]\nleakage_limits: {{ external: 0, neighbor: {seen}, in_group: {seen} }}\n",
        entry("Ask", 0),
        entry("Tell", 1)
    );
    let all = ["execute:choreography_send", "p:may"];
    chain(&text, Some(if *granted { &all } else { &all[..1] }))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// Charge before send; no send bypasses capability; spent never exceeds limit; a denial leaves no trace.
    #[test]
    fn what_is_charged_is_what_was_cleared(
        shape in ([1_u64..9, 1..9], 0_u64..60, [0_u64..3, 0..3], 0_u64..12, any::<[bool; 2]>(), any::<bool>()),
        offers in proptest::collection::vec(0_u32..3, 0..40),
    ) {
        let mut chain = shaped(&shape);
        let (costs, limit, leaks, seen, needs, granted) = shape;
        let (mut spent, mut shown, mut facts) = (0, 0, 0);
        for at in offers {
            // Places 0 and 1 are messages, 2 is taken for the word about a scope.
            let at = if at == 2 { 3 } else { at };
            let before: State = chain.state(0, 0);
            let verdict = offer(&mut chain, at, &Value::None);
            if at == 3 {
                prop_assert!(verdict.is_ok());
                prop_assert_eq!(&chain.state(0, 0), &before);
                continue;
            }
            let at = at as usize;
            let expected = if needs[at] && !granted {
                Some("E0518")
            } else if spent + costs[at] > limit {
                Some("E0519")
            } else if shown + leaks[at] > seen {
                Some("E0520")
            } else {
                None
            };
            prop_assert_eq!(verdict.as_ref().err().map(|denied| denied.code), expected);
            match verdict {
                Ok(_) => {
                    (spent, shown, facts) = (spent + costs[at], shown + leaks[at], facts + 1);
                    prop_assert_eq!(chain.newest().cost, costs[at]);
                    prop_assert_eq!(chain.newest().headroom, limit - spent);
                }
                Err(_) => prop_assert_eq!(&chain.state(0, 0), &before),
            }
            let now = chain.state(0, 0);
            prop_assert_eq!(&now.budgets, &vec![(RoleId(0), RoleId(1), spent, limit)]);
            prop_assert!(spent <= limit && shown <= seen);
            prop_assert_eq!(now.facts.len(), facts);
            let booked: u64 = now.leakage.iter().map(|(.., spent, _)| spent).sum();
            prop_assert_eq!(booked, shown);
        }
    }
}

/// Judges what was booked and signed, as the receiver that `B` is.
fn judged(view: &Table, rows: &[Booking]) -> Vec<Receipt> {
    let device = |name: &str| Device::new(name).unwrap();
    let key = Key::stand_in(0, &device("A"));
    let (mut keys, mut directory) = (Keys::default(), Directory::new());
    directory.enter(device("A"), key.public());
    keys.enter(device("A"), key);
    let mut receiver = Receiver::new(device("B"), directory);
    let mut believed = Vec::new();
    for (row, signed) in rows.iter().zip(sign(rows, &mut Heads::default(), &keys).unwrap()) {
        let Booking { charge, payload } = row;
        let Charged { context, src, dst, session, label, epoch, .. } = charge;
        receiver.open(context, src, dst, *epoch).unwrap();
        let receipts = &[Signed::to_bytes(&signed)];
        let frame = Frame { context, origin: src, peer: src, session: *session, label, payload, receipts };
        believed.extend(receiver.take(&frame, view).unwrap());
    }
    believed
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// Sum of charges = sum of receipts, epoch by epoch; what is denied, or needs no receipt, leaves no row; every receipt is
    /// believed by a receiver with the same profile.
    #[test]
    fn what_is_charged_is_what_receipts_say(
        costs in [1_u64..9, 1..9],
        required in any::<[bool; 2]>(),
        limit in 0_u64..40,
        acts in proptest::collection::vec(0_usize..5, 0..30),
    ) {
        let word = |required| if required { "required" } else { "none" };
        let text = format!(
            "protocol: P\nmessages:\n  Ask: {{ flow_cost: {}, receipt: {} }}\n  Tell: {{ flow_cost: {}, receipt: {} }}\n\
             budgets: [{{ limit: {limit}, epoch: 1m }}]\n",
            costs[0], word(required[0]), costs[1], word(required[1])
        );
        let mut chain = chain(&text, None);
        let (mut now, mut charged) = (Instant(0), Vec::new());
        for act in acts {
            // Places 0 and 1 are the messages; a third of the rest lets a part of an epoch pass.
            match act {
                0..4 => {
                    if offer(&mut chain, act as u32 % 2, &Value::Int(act as i64)).is_ok() && required[act % 2] {
                        charged.push((now.0 / 60_000_000_000, costs[act % 2]));
                    }
                }
                _ => {
                    now = Instant(now.0 + 25_000_000_000);
                    chain.pass(now);
                }
            }
        }
        prop_assert_eq!(chain.booked(), charged.len());
        let rows: Vec<Booking> = std::iter::from_fn(|| chain.poll_booking()).collect();
        let receipts = judged(&table(&text, None), &rows);
        let said: Vec<(u64, u64)> = receipts.iter().map(|receipt| (receipt.charge.epoch.0, receipt.charge.cost)).collect();
        prop_assert_eq!(said, charged);
        if required == [true; 2] {
            let newest = |receipt: &&Receipt| receipt.charge.epoch.0 == now.0 / 60_000_000_000;
            let sum: u64 = receipts.iter().filter(newest).map(|receipt| receipt.charge.cost).sum();
            prop_assert_eq!(chain.state(0, 0).budgets[0].2, sum);
        }
    }
}

#[test]
fn a_full_daybook_denies_what_needs_a_receipt_and_nothing_else() {
    let text = "protocol: P\ndefaults: {}\nmessages: { Ask: { receipt: required, facts: [{ fact: p/asked }] } }\n\
                budgets: [{ limit: 1000000 }]\n";
    let mut chain = chain(text, None);
    chain.keep_books(false);
    for _ in 0..DAYBOOK_ROWS_MAX {
        offer(&mut chain, 0, &Value::None).unwrap();
    }
    let spent = chain.state(0, 0);
    assert_eq!(refused(&mut chain, 0), Some(("commit", "E0523", Heals::Recoverable)));
    assert_eq!(chain.state(0, 0), spent);
    assert_eq!(refused(&mut chain, 1), None);
    chain.poll_booking().unwrap();
    assert_eq!(refused(&mut chain, 0), None);
}

#[test]
fn a_receiver_with_another_profile_sees_another_cost_or_no_right() {
    let text = |cost, need: &str| {
        format!(
            "protocol: P\ndefaults: {{ flow_cost: {cost}, capabilities: [{need}], receipt: required }}\nbudgets: [{{ limit: 9 }}]\n"
        )
    };
    let (own, may) = (text(2, "p:may"), Some(&["p:may"][..]));
    let mut chain = chain(&own, may);
    offer(&mut chain, 0, &Value::Int(1)).unwrap();
    let row = chain.poll_booking().unwrap();
    let receipt = judged(&table(&own, may), std::slice::from_ref(&row)).remove(0);
    let fit = |view: &Table| view.fit(&receipt, &row.payload);
    assert_eq!(fit(&table(&own, may)), Fit::Fits);
    assert_eq!(fit(&table(&text(3, "p:may"), may)), Fit::Costs);
    assert_eq!(fit(&table(&own, Some(&[]))), Fit::Unable);
    assert_eq!(fit(&Table::default()), Fit::Unable);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// Replenishment is a pure function of journal facts: who reads them later, without a clock, has the same epochs
    /// and limits as the chain that has lived through them.
    #[test]
    fn budgets_are_what_facts_say(
        limit in 0_u64..30,
        period in 1_u64..5,
        acts in proptest::collection::vec(prop_oneof![Just(None), (1_u64..9).prop_map(Some)], 1..40),
    ) {
        let text = format!(
            "protocol: P\ndefaults: {{ flow_cost: 7, leakage: {{ neighbor: 7 }} }}\nbudgets: [{{ limit: {limit}, epoch: {period}s }}]\n\
             leakage_limits: {{ external: 0, neighbor: {limit}, in_group: {limit} }}\n"
        );
        let mut chain = chain(&text, None);
        let (at, granters) = (Context::new("local").unwrap(), [Device::new("@engine").unwrap()].into());
        let (mut now, mut spent, mut seen) = (0_u64, 0, Epoch(0));
        for act in acts {
            if let Some(seconds) = act {
                now += seconds * 1_000_000_000;
                chain.pass(Instant(now));
            }
            let mut ledger = Ledger::new(Device::new("A").unwrap());
            let flow = ledger.open_flow(&at, &Device::new("B").unwrap(), &Budget::default()).unwrap();
            let shown = ledger.open_leakage(&at, &Leakage::default()).unwrap();
            ledger.replenish(chain.journal(), &granters);
            let flow = ledger.flow_budget(flow).unwrap();
            prop_assert_eq!((flow.limit(), flow.epoch()), (Some(limit), ledger.leakage_budgets(shown).unwrap().epoch()));
            if flow.epoch() != seen {
                prop_assert!(flow.epoch().0 == seen.0 + 1 && act.is_some(), "one period, one epoch");
                (spent, seen) = (0, flow.epoch());
            }
            let allowed = offer(&mut chain, 0, &Value::None).is_ok();
            prop_assert_eq!(allowed, spent + 7 <= limit);
            if allowed {
                spent += 7;
                prop_assert_eq!(chain.newest().epoch, seen);
            }
        }
    }
}

#[test]
fn a_profile_of_nothing_allows_nothing() {
    let policy = Policy { profile: Profile::default(), context: Arc::from("x"), ..Policy::fresh() };
    let mut chain = Chain::default();
    chain.install(Table::new([&program()], &policy).unwrap());
    assert!((0..3).all(|at| refused(&mut chain, at).is_some()));
}
