//! What comes out is read without a finding, and denies nothing.

use crate::bytecode::program::Program;
use crate::config::guards::read as read_guards;
use crate::config::{bindings as config, guards as profiles};
use crate::diag::source::SourceId;
use crate::global::Sizes;
use crate::local::Amend;
use crate::pipeline::{Front, Options, Root};
use crate::tools::guards::{Beside, plan, policy};
use crate::tools::init::{bindings, guards, scalar};
use crate::tools::run::vocabulary;

/// Both texts for a protocol, after they were read and found to change nothing.
fn both(text: &str) -> (String, String) {
    let root = Root { name: "p.choreo".to_owned(), text: Ok(text.to_owned()) };
    let front = Front::read(vec![root], &mut |_| unreachable!("nothing is imported"));
    let options = Options { sizes: Sizes::default(), amend: Amend::Auto };
    let built = front.build(&front.choreographies[0], &options);
    let (protocol, projection) = (built.protocol.unwrap(), built.projection.unwrap());
    let programs: Vec<&Program> = built.programs.iter().collect();
    let words = vocabulary(&built.programs);
    let (before, said) = policy(&protocol, &projection, &Beside::default());
    assert_eq!(said, []);
    let shown = (bindings(&programs, &before), guards(&programs, &before));
    let (profile, said) = read_guards(SourceId(0), &shown.1, Some(&words));
    assert_eq!(said, [], "{}", shown.1);
    let (bound, said) = config::read(SourceId(0), &shown.0, Some(&words));
    assert_eq!(said, [], "{}", shown.0);
    let beside = Beside { profile, bindings: bound, ..Beside::default() };
    let after = policy(&protocol, &projection, &beside).0;
    let (before, after) = (plan(&programs, &before), plan(&programs, &after));
    let costs = |plan: &crate::tools::guards::Plan| -> Vec<u64> {
        plan.sends.iter().map(|send| send.terms.cost).collect()
    };
    assert_eq!(costs(&before), costs(&after), "{}", shown.1);
    assert!(after.ungranted.is_empty(), "{:?}\n{}", after.ungranted, shown.0);
    assert!(profiles::Profile::fresh().budgets.len() == 1 && after.uncovered().next().is_none());
    shown
}

#[test]
fn a_role_says_what_it_will_be_asked() {
    let (bindings, _) = both(
        "effect ledger { book(amount: Int) -> String : once }
         choreography Pay { roles: Clerk, Guardian[N]
             Clerk -> Guardian[0]: Request(amount: Int)
             choice at Guardian[0] {
                 approve: { Guardian[0] -> Clerk: Yes(by: String) Clerk does ledger.book(Request.amount) as receipt }
                 refuse: { Guardian[0] -> Clerk: No }
             }
         }",
    );
    for line in [
        "protocol: Pay",
        "  #   produce Request for Guardian[*]: { amount: Int }",
        "  #   perform ledger.book(amount) -> String : once",
        "  #   decide Guardian[0]#1: approve or refuse",
        "  # With `observe: true` its handler sees Request from Clerk.",
        "  \"Guardian[*]\":",
        "    capabilities: [execute:choreography_send]",
        "    kind: generated",
        "  # A handler called `ledger` does, for whichever role calls it:",
    ] {
        assert!(bindings.lines().any(|have| have == line), "no {line:?} in\n{bindings}");
    }
}

#[test]
fn an_entry_stands_for_every_message_that_a_role_sends() {
    let (bindings, guards) = both(
        "choreography Talk { roles: Ann, Ben
             Ann[flow_cost = 7, guard_capability = \"talk:begin\"] -> Ben: Hello(text: String)
             loop (count: 3) { Ben -> Ann: Word }
         }",
    );
    let hello =
        "  # { text: String }\n  \"Ann -> Ben: Hello\":\n    capabilities: [talk:begin]\n    flow_cost: 7\n";
    assert!(guards.contains(hello), "{guards}");
    assert!(
        guards.contains("  \"Ben -> Ann: Word\":\n    capabilities: [execute:choreography_send]\n"),
        "{guards}"
    );
    assert!(guards.contains("#   Ann spends 7 toward Ben in a session\n"), "{guards}");
    assert!(bindings.contains("capabilities: [execute:choreography_send, talk:begin]"), "{bindings}");
}

#[test]
fn annotations_that_differ_stay_in_force() {
    let (_, guards) = both(
        "choreography Talk { roles: Ann, Ben
             Ann[flow_cost = 7] -> Ben: Word
             Ben -> Ann: Word
             Ann[flow_cost = 9] -> Ben: Word
         }",
    );
    assert!(guards.contains("# Its annotations say what it costs, 7 or 9;"), "{guards}");
    assert!(guards.contains("\"Ben -> Ann: Word\":\n"), "{guards}");
}

#[test]
fn words_that_yaml_takes_for_something_else_are_in_quotes() {
    let check = |text: &str, expected: &str| assert_eq!(scalar(text), expected);
    check("Pay", "Pay");
    check("execute:choreography_send", "execute:choreography_send");
    check("No", "\"No\"");
    check("null", "\"null\"");
    check("12:30", "\"12:30\"");
    check("Guardian[*]", "\"Guardian[*]\"");
    check("*", "\"*\"");
}
