//! Guard profiles and the diagnostics for their mistakes, side by side; what is accepted is valid by the schema.

use crate::base::value::Value;
use crate::config::guards::pattern::Pattern;
use crate::config::guards::{Grants, OnDenied, Profile, annotation, read};
use crate::config::tests::{is_valid, lines, vocabulary};
use crate::diag::code::Code;
use crate::diag::source::{SourceId, Span};

const SCHEMA: &str = include_str!("../../../schemas/guard-profile.schema.json");

/// What is said of a profile; one without mistakes is valid by the schema.
#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let (profile, diagnostics) = read(SourceId(0), text, Some(&vocabulary()));
    assert_eq!(lines(text, &diagnostics), expected, "{text}");
    assert!(!expected.is_empty() || is_valid(SCHEMA, text), "{text}");
    assert_eq!(profile.is_some(), diagnostics.is_empty());
}

const WHOLE: &str = "protocol: Vote
defaults: { capabilities: [execute:choreography_send], flow_cost: 1, facts: [], on_denied: raise }
messages:
  Offer:
    capabilities: [vote:offer]
    flow_cost: 10
    per_kib: 1
    leakage: { neighbor: 2 }
    facts: [{ fact: vote/offered, data: { amount: \"{Offer.amount}\", text: \"{Offer.amount} of {Offer.note}\", n: 3 } }]
    receipt: required
    on_denied: { retry: 3, backoff: 100ms }
  \"Member* -> Chair: Ballot\": { capabilities: [vote:cast], on_denied: abort }
  \"Member[7] -> *: *\": {}
budgets:
  - { context: \"*\", peer: \"*\", limit: 1000, epoch: 1h }
  - { peer: \"Member[*]\", limit: 0 }
leakage_limits: { external: 1, neighbor: 2, in_group: 2 }
";

#[test]
fn a_whole_profile_is_read() {
    check(&WHOLE.replace("  \"Member[7] -> *: *\": {}\n", ""), &[]);
    check("protocol: Vote\n", &[]);
    let (profile, said) = read(SourceId(0), WHOLE, None);
    assert!(said.is_empty(), "{said:?}");
    let profile = profile.unwrap();
    assert_eq!(profile.entries.len(), 3);
    let offer = &profile.entries[0].setting;
    assert_eq!((offer.flow_cost, offer.leakage), (Some(10), [None, Some(2), None]));
    let payload = Value::record([("amount".into(), Value::Int(5)), ("note".into(), Value::text("b"))]);
    let data = offer.facts.as_ref().unwrap()[0].of(&payload);
    assert_eq!(data.field("amount"), Some(&Value::Int(5)));
    assert_eq!(data.field("text"), Some(&Value::text("5 of b")));
    assert_eq!(profile.entries[1].setting.on_denied, Some(OnDenied::Abort));
    assert_eq!(profile.budget("local", "Chair").unwrap().limit, 1000);
    assert_eq!(profile.budget("local", "Member[3]").unwrap().limit, 0);
}

#[test]
fn what_a_fresh_directory_has_is_data_that_reads() {
    let fresh = Profile::fresh();
    let defaults = fresh.defaults.as_ref().unwrap();
    assert_eq!(defaults.flow_cost, Some(1));
    assert!(fresh.budget("local", "Anybody").unwrap().limit >= 1_000_000_000);
    let grants = Grants::fresh();
    let needed = defaults.capabilities.as_ref().unwrap();
    assert!(
        !needed.is_empty() && needed.iter().all(|name| grants.of("Anybody[3]").contains(&name.to_string()))
    );
    assert!(is_valid(SCHEMA, include_str!("default.guards.yaml")));
    // Without a profile at all nothing may be spent.
    assert!(Profile::default().budget("local", "Anybody").is_none());
}

#[test]
fn names_that_the_protocol_does_not_have_are_said() {
    check(
        "protocol: Vote\nmessages:\n  Ofer: { flow_cost: 2 }\n  \"Chiar -> Member*: Offer\": {}\n  \"Member* -> Chair: Offer\": {}\n  \"a -> b\": {}\n",
        &[
            "3:3 E0440 `Vote` has no message `Ofer` [Ofer] (write `Offer`)",
            "4:3 E0440 `Vote` has no role `Chiar` [\"Chiar -> Member*: Offer\"] (write `Chair`)",
            "5:3 E0440 no send of `Vote` is meant by `Member* -> Chair: Offer` [\"Member* -> Chair: Offer\"] (write `Chair -> Member[0]: Offer`)",
            "6:3 E0440 `a -> b` is no message and no pattern [\"a -> b\"] (write `Message`, or `\"Sender -> Receiver: Message\"`, `*` at the end of a name)",
        ],
    );
    check(
        "protocol: Vote\nbudgets: [{ peer: Chare, limit: 3 }]\n",
        &["2:19 E0440 `Vote` has no role `Chare` [Chare] (write `Chair`)"],
    );
}

#[test]
fn names_of_capabilities_and_facts_are_said() {
    check(
        "protocol: Vote\ndefaults: { capabilities: [send, \"Vote:Cast\", \"a::b\", \"x:\", ok:fine] }\n",
        &[
            "2:28 E0441 `send` is no name of a capability [send] (write it with a namespace, such as `app:send`)",
            "2:34 E0441 `Vote:Cast` is no name of a capability [\"Vote:Cast\"] (write `vote:cast`)",
            "2:47 E0441 `a::b` is no name of a capability [\"a::b\"] (write it with a namespace, such as `app:a__b`)",
            "2:55 E0441 `x:` is no name of a capability [\"x:\"] (write it with a namespace, such as `app:x`)",
        ],
    );
    check(
        "protocol: Vote\nmessages:\n  Offer: { facts: [{ fact: offered }, { data: {} }] }\n",
        &[
            "3:28 E0446 `offered` is no name of a fact [offered] (write `namespace/key` with letters from a to z, digits, `_`, `-` and `:`)",
            "3:39 E0409 a fact has no name [{ data: {} }] (add `fact: namespace/key`)",
        ],
    );
}

#[test]
fn facts_say_only_what_their_message_carries() {
    let of = |data: &str| {
        format!(
            "protocol: Vote\nmessages:\n  Offer: {{ facts: [{{ fact: a/b, data: {{ x: \"{data}\" }} }}] }}\n"
        )
    };
    check(&of("{Offer.amount} {Offer.note}"), &[]);
    check(
        &of("{Offer.amont}"),
        &["3:44 E0443 there is no `Offer.amont` [\"{Offer.amont}\"] (write `amount`)"],
    );
    check(&of("{Offer.amount.x}"), &["3:44 E0443 there is no `Offer.amount.x` [\"{Offer.amount.x}\"]"]);
    check(
        &of("{Ballot.x}"),
        &[
            "3:44 E0443 `{Ballot.x}` is not of `Offer`, which causes the fact [\"{Ballot.x}\"] (write `{Offer.field}`)",
        ],
    );
    check(
        &of("{Offer"),
        &["3:44 E0443 `{Offer` is no field of a message [\"{Offer\"] (write `{Message.field}`)"],
    );
    check(
        "protocol: Vote\ndefaults: { facts: [{ fact: a/b, data: { x: \"{Offer.amount}\" } }] }\n",
        &[
            "2:45 E0443 `{Offer.amount}` is of no message: several are meant here [\"{Offer.amount}\"] (name one message, or write a text without `{`)",
        ],
    );
}

#[test]
fn entries_that_mean_one_send_are_said() {
    check(
        "protocol: Vote\nmessages:\n  Offer: {}\n  \"Offer \": {}\n  \"Chair -> Member[*]: Offer\": {}\n  \"Chair -> Member: Offer\": {}\n",
        &[
            "4:3 E0442 `Offer` and `Offer` mean the same send [\"Offer \"] (keep one of them, or let one name more)",
            "6:3 E0442 `Chair -> Member[*]: Offer` and `Chair -> Member: Offer` mean the same send [\"Chair -> Member: Offer\"] (keep one of them, or let one name more)",
        ],
    );
}

#[test]
fn numbers_and_settings_are_said() {
    check(
        "protocol: Vote\ndefaults: { flow_cost: 0, per_kib: -1, leakage: { outside: 3 }, receipt: maybe, on_denied: { retry: 3 } }\n",
        &[
            "2:24 E0445 `flow_cost` is from 1 to 1000000000000000, not 0 [0] (write 1, the least a message costs)",
            "2:36 E0445 `per_kib` is from 0 to 1000000000000000, not -1 [-1]",
            "2:51 E0403 `leakage` has no setting `outside` [outside] (use one of `external`, `neighbor`, `in_group`)",
            "2:74 E0405 `receipt` is `none` or `required`, not `maybe` [maybe] (use one of `none`, `required`)",
            "2:92 E0409 `on_denied` needs `retry` and `backoff` [{ retry: 3 }] (write `{ retry: 3, backoff: 100ms }`, `raise` or `abort`)",
        ],
    );
}

#[test]
fn two_budgets_for_one_peer_are_said() {
    check(
        "protocol: Vote\nbudgets:\n  - { peer: Chair, limit: 5 }\n  - { limit: 5 }\n  - { context: \"*\", peer: Chair, limit: 9 }\n",
        &[
            "5:5 E0404 context `*` and peer `Chair` have two budgets [{ context: \"*\", peer: Chair, limit: 9 }] (keep one of them)",
        ],
    );
}

#[test]
fn ranges_are_said() {
    check(
        "protocol: Vote\ndefaults: { on_denied: { retry: -1, backoff: 1s } }\nbudgets: [{ limit: 1, epoch: -1h }]\n\
         leakage_limits: { external: 0, neighbor: 0, in_group: 0, epoch: 0s }\n",
        &[
            "2:33 E0445 `retry` is from 0 to 1000, not -1 [-1]",
            "3:30 E0445 `epoch` is a span of time such as `250ms` or `2h`, not `-1h` [-1h]",
            "4:65 E0445 `epoch` is longer than `0s` [0s] (leave it out where it has no end)",
        ],
    );
}

#[test]
fn limits_out_of_order_are_said() {
    check(
        "protocol: Vote\nleakage_limits: { external: 3, neighbor: 2, in_group: 5 }\nbudgets: [{ peer: Chair }]\n",
        &[
            "3:11 E0409 a budget has no `limit` [{ peer: Chair }] (add `limit:`; 0 where nothing may be spent)",
            "2:17 E0444 `leakage_limits` is not in order: external 3, neighbor 2, in_group 5 [{ external: 3, neighbor: 2, in_group: 5 }] (give `external` at most what `neighbor` has, and that at most what `in_group` has)",
        ],
    );
}

#[test]
fn patterns_mean_what_they_name_and_those_that_name_more_count_more() {
    let rank = |pattern: &str| Pattern::read(pattern).unwrap().rank("Member[1]", "Chair", "Ballot");
    let ordered = [
        "*",
        "* -> *: *",
        "Ballot",
        "* -> Chair: Ballot",
        "Member -> Chair: Ballot",
        "Member[1] -> Chair: Ballot",
    ];
    let ranks: Vec<_> = ordered.iter().map(|pattern| rank(pattern).unwrap()).collect();
    assert!(ranks.is_sorted() && ranks.windows(2).all(|pair| pair[0] < pair[1]), "{ranks:?}");
    for other in ["Offer", "Chair -> *: Ballot", "Member[2] -> Chair: Ballot", "Mem -> Chair: Ballot"] {
        assert_eq!(rank(other), None, "{other}");
    }
    assert_eq!(rank("Member* -> Ch*: Bal*"), rank("Mem* -> Chai*: B*"));
    for none in ["", "a -> b", "-> : x", "a b", "a* b*", "x -> y: "] {
        assert_eq!(Pattern::read(none), None, "{none}");
    }
}

#[test]
fn annotations_are_settings() {
    let pairs = |list: &[(&str, &str)]| -> Vec<(String, String)> {
        list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let place = Span::new(SourceId(0), 0, 0);
    let good = [
        ("guard_capability", "chat:send"),
        ("flow_cost", "50"),
        ("leak", "external"),
        ("journal_facts", "sent"),
    ];
    let (setting, said) = annotation("Chat", place, &pairs(&good));
    let setting = setting.unwrap();
    assert!(said.is_empty());
    assert_eq!((setting.flow_cost, setting.leakage), (Some(50), [Some(1), Some(0), Some(0)]));
    assert_eq!(setting.facts.unwrap()[0].namespace.as_ref(), "chat");
    assert_eq!(annotation("Chat", place, &pairs(&[("priority", "3")])), (None, Vec::new()));
    let bad =
        [("guard_capability", "Chat:Send"), ("flow_cost", "0"), ("leak", "outside"), ("journal_facts", "A")];
    let (_, said) = annotation("Chat", place, &pairs(&bad));
    let codes: Vec<Code> = said.iter().map(|said| said.code).collect();
    assert_eq!(codes, [Code::E0441, Code::E0445, Code::E0445, Code::E0446]);
}
