//! Scenarios: every shipped one goes as expected, and what does not go as expected is said with its line.
//!
//! Is not: a test of the form of tables; `config::scenario` has those.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{Place, Ran};

/// Every shipped table, by its path from the root.
fn shipped() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut left = vec![root.join("protocols"), root.join("examples")];
    while let Some(next) = left.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                left.push(path);
            } else if path.extension().is_some_and(|extension| extension == "scn") {
                found.push(path.strip_prefix(root).unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

#[test]
fn shipped_scenarios_go_as_expected() {
    let all = shipped();
    assert!(all.len() >= 3, "{all:?}");
    let mut wrong = String::new();
    for path in all {
        let mut command = Command::new(env!("CARGO_BIN_EXE_laban"));
        let ran = command.current_dir(env!("CARGO_MANIFEST_DIR")).arg("run").arg(&path).output().unwrap();
        if ran.status.code() != Some(0) {
            wrong.push_str(&format!("== {}\n{}", path.display(), String::from_utf8_lossy(&ran.stdout)));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

const SALE: &str = "\
choreography Sale(limit: Int = 10 at Seller) {
    roles: Buyer, Seller

    Buyer -> Seller: Offer(price: Int)
    choice at Seller {
        accept: {
            Seller does time.sleep(1s)
            Seller -> Buyer: Accept
        }
        refuse: {
            Seller -> Buyer: Refuse(reason: String)
        }
    }
}
";

fn place(name: &str) -> Place {
    let place = Place::new(name);
    place.write("sale.choreo", SALE);
    place
}

/// Runs one table about the sale, without the line that names the protocol.
#[track_caller]
fn run(place: &Place, table: &str) -> Ran {
    place.write("sale.scn", format!("protocol sale.choreo\n{table}"));
    place.laban("run sale.scn")
}

#[test]
fn lines_act_and_are_held_against_what_happens() {
    let place = place("scenarios_act");
    let refuse = "\
open                                          | Buyer asked produce Offer
answer Buyer produce Offer {price: 3}         | Buyer -> Seller: Offer {price: 3}; Seller takes Offer from Buyer
answer Seller decide Seller#1 refuse          | Seller decides Seller#1 refuse
answer Seller produce Refuse {reason: little} | Seller -> Buyer: Refuse {reason: little}; Buyer takes Refuse from Seller; completed
expect completed
expect done Buyer
";
    run(&place, refuse).status(0).says("as expected").talks("1 scenario, all as expected");
    let accept = "\
open
answer Seller decide Seller#1 accept | 0 times Seller -> Buyer: Accept
tick   999ms                         | nothing
expect waits Buyer for Accept
expect open
tick   1ms                           | Seller does time.sleep; Seller -> Buyer: Accept; completed
";
    run(&place, accept).status(0);
    run(&place, "auto none\nopen\nexpect waits Buyer for Offer\ntick 1h | nothing\n").status(0);
    run(&place, "open\nanswer Seller observe Offer refuse | aborted E0510 at Seller\n").status(0);
    run(&place, "open\nfail Seller decide Seller#1 permanent closed | aborted E0508 at Seller\n").status(0);
    run(&place, "deny Buyer -> Seller: Offer\nopen | aborted E0515 at Buyer\n").status(0);
    run(&place, "auto none\nopen\ncancel | aborted E0511\nexpect aborted E0511\n").status(0);
    run(
        &place,
        "auto none\nopen\nlose Buyer | nothing\ntick 1h\nexpect waits Seller for Offer\nexpect open\n",
    )
    .status(0);
    // Whoever is left waits for one that is gone; only a limit on silence ends that.
    run(
        &place,
        "auto none\nidle 90s\nopen\nlose Buyer | nothing\ntick 89s | nothing\ntick 1s | aborted E0517\n",
    )
    .status(0);
    let busy = "\
open
fail   Buyer produce Offer recoverable busy | 0 times Buyer -> Seller: Offer
tick   99ms                                 | nothing
tick   26ms                                 | Buyer asked produce Offer
answer Buyer produce Offer {price: 1}       | Buyer -> Seller: Offer
";
    run(&place, busy).status(0);
    // What is given stands: the protocol on the command line, several scenarios, a size that is none.
    place.write("two.scn", "scenario one\nopen\nscenario two\nauto none\nopen\nexpect open\n");
    place.laban("run sale.choreo --scenario two.scn").status(0).says("one\n").says("two\n");
    place.laban("run two.scn").status(1).says("E0409");
    place
        .laban("run sale.choreo --scenario two.scn --trace diagram")
        .status(0)
        .says("Buyer")
        .says("completed after");
}

#[test]
fn what_differs_is_said_with_its_line() {
    let place = place("scenarios_differ");
    let ran = run(&place, "open\nanswer Seller decide Seller#1 refuse | Seller -> Buyer: Accept\n").status(1);
    assert!(ran.out.contains("differs"), "{}", ran.out);
    ran.says("error[E0432]: expected `Seller -> Buyer: Accept`, and it did not happen")
        .says("sale.scn:3:40")
        .says("found Seller decides Seller#1 refuse")
        .says("found completed");
    run(&place, "open | 2 times Buyer -> Seller: Offer\n").status(1).says("and it happened once");
    run(&place, "open | nothing\n").status(1).says("and something happened");
    run(&place, "open | completed; Buyer -> Seller: Offer\n")
        .status(1)
        .says("what stands before it did happen");
    run(&place, "open | Buyer -> Seller: Offer {price: 3000}\n")
        .status(1)
        .says("found Buyer -> Seller: Offer {price: ");
    run(&place, "auto none\nopen\nexpect completed\n").status(1).says("Buyer is asked produce Offer");
    run(&place, "open\nanswer Seller decide Seller#1 refuse\ntick 1s\n")
        .status(1)
        .says("E0433")
        .says("the session is over: completed");
    run(&place, "auto none\nopen\nanswer Seller decide Seller#1 refuse\n")
        .status(1)
        .says("error[E0433]: `Seller` is not asked to decide `Seller#1`")
        .says("Buyer is asked produce Offer");
    run(&place, "opn\n").status(1).says("E0430");
    run(&place, "open\nlose Byer\n").status(1).says("E0406");
    run(&place, "size Guest=3\nopen\n")
        .status(1)
        .says("error[E0406]: no family is called `Guest`; there is none")
        .says("sale.scn:2:6");
    place.write("none.scn", "");
    place.laban("run none.scn").status(1).says("error[E0431]: there is no scenario here");
    run(&place, "").status(1).says("error[E0431]: nothing is done in this scenario");
    place.laban("run sale.choreo --scenario nowhere.scn").status(1).says("E0053");
    place.laban("run sale.scn --play Buyer").status(2);
}

#[test]
fn in_a_manual_scenario_every_move_is_a_line() {
    let place = place("scenarios_manual");
    let moves = "\
manual
open
step Buyer give {price: 3}        | nothing
step Buyer send                   | Buyer -> Seller: Offer {price: 3}
step Seller                       | Seller takes Offer from Buyer
step Seller decide refuse         | Seller decides Seller#1 refuse
step Seller give {reason: little}
step Seller send                  | Seller -> Buyer: Refuse {reason: little}
step Buyer                        | completed
";
    run(&place, moves).status(0);
    run(&place, "manual\nopen\nstep Buyer fail participant | aborted E0508 at Buyer\n").status(0);
    run(&place, "manual\nopen\nstep Buyer send\n")
        .status(1)
        .says("`Buyer: send` cannot be done now; what can be done: `Buyer: give");
    run(&place, "manual\nopen\ntick 1s\n").status(1).says("there is no clock in a `manual` scenario");
}

/// Time is up for A while its threads run; B, who takes that, says how the part ends.
const HALTED: &str = "\
choreography P {
    roles: A, B, C
    try at B within 60s {
        try at A within 5s {
            par {
                { A -> C: M }
                { C -> A: N }
            }
        } on denied { A -> C: Denied }
        A -> B: Rest
    } on timeout { B -> A: Late }
    A -> C: Bye
}
";

#[test]
fn who_has_raised_a_cause_waits_for_the_word_though_its_threads_end() {
    let place = Place::new("scenarios_halted");
    place.write("p.choreo", HALTED);
    let moves = "protocol p.choreo\nmanual\nopen\nstep A expire 1 | A raises timeout\nstep A/1 send\nstep C/2 send\n\
                 step A/2\nstep C/1\nstep C send\n";
    place.write("p.scn", format!("{moves}step A\n"));
    place.laban("run p.scn").status(1).says("`A: step` cannot be done now");
    place.write("p.scn", format!("{moves}step B send | B tells A \"B.try#1.timeout\"\n"));
    place.laban("run p.scn").status(0);
}

#[test]
fn whose_device_is_gone_does_nothing_about_a_cancellation() {
    let place = Place::new("scenarios_gone");
    place.write(
        "p.choreo",
        "choreography P {\n    roles: A, B\n    try at A { A -> B: M(n: Int) } on cancelled { A -> B: Stop }\n}\n",
    );
    let table = |lost: &str, end: &str| {
        format!("protocol p.choreo\nauto none\nopen\nlose {lost} | nothing\ncancel | {end}\n")
    };
    place.write("p.scn", table("A", "aborted E0511"));
    place.laban("run p.scn").status(0);
    place.write("p.scn", table("B", "A -> B: Stop"));
    place.laban("run p.scn").status(0);
}

#[test]
fn programs_read_a_report() {
    let place = place("scenarios_report");
    place.write(
        "sale.scn",
        "protocol sale.choreo\nscenario fine\nopen | Buyer -> Seller: Offer\nscenario other\nopen\ncancel | nothing\n",
    );
    let ran = place.laban("run sale.scn --report json").status(1).talks("error[E043");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/scenarios.schema.json");
    let schema: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let errors: Vec<String> = jsonschema::validator_for(&schema)
        .unwrap()
        .iter_errors(&report)
        .map(|error| error.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:?}\n{report}");
    assert_eq!(report["scenarios"][0]["outcome"], "as expected");
    assert_eq!(report["scenarios"][1]["difference"]["line"], 6);
}

#[test]
fn the_canonical_form_is_written_in_place() {
    let place = place("scenarios_fmt");
    place.write("sale.scn", "open|completed\n cancel\n");
    place.laban("fmt --check sale.scn").status(1).prints("sale.scn\n");
    place.laban("fmt sale.scn").status(0);
    assert_eq!(std::fs::read_to_string(place.path("sale.scn")).unwrap(), "open | completed\ncancel\n");
    place.laban("fmt --check sale.scn").status(0);
    place.write("sale.scn", "opn\n");
    place.laban("fmt sale.scn").status(1).says("E0430");
}
