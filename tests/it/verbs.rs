//! The verbs that need a protocol: project, compile, run, and a person who plays a role.
//!
//! Runs the built binary. Is not: a test of projection, programs or sessions themselves.

use std::path::Path;

use laban::bytecode::codec::decode;

use crate::command::{Place, Ran};

const SALE: &str = "\
choreography Sale(limit: Int = 10) {
    roles: Buyer, Seller

    Buyer -> Seller: Offer(price: Int, note: String?)
    choice at Seller {
        accept: {
            Seller -> Buyer: Accept
        }
        refuse: {
            Seller -> Buyer: Refuse(reason: String)
        }
    }
}
";

const TWO: &str = "\
choreography One {
    roles: A, B

    A -> B: M
}

choreography Two {
    roles: A, W[N]

    A -> W[*]: M
}
";

fn place(name: &str) -> Place {
    let place = Place::new(name);
    place
        .write("sale.choreo", SALE)
        .write("two.choreo", TWO)
        .write("bad.choreo", SALE.replace("Buyer:", "Byer:"));
    place
}

/// The lines of a trace as JSON, each after the schema.
#[track_caller]
fn trace(ran: &Ran) -> Vec<serde_json::Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/trace.schema.json");
    let schema: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let lines: Vec<serde_json::Value> =
        ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for line in &lines {
        let errors: Vec<String> = validator.iter_errors(line).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}\n{line}");
    }
    lines
}

#[test]
fn one_protocol_is_needed() {
    let place = place("verbs_one");
    for verb in ["project", "compile", "run"] {
        place.laban(&format!("{verb} two.choreo")).status(2).prints("").talks("`One`, `Two`");
        place.laban(&format!("{verb} two.choreo --protocol Tow")).status(2).talks("did you mean `Two`?");
        place.laban(&format!("{verb} two.choreo --protocol One")).status(0);
        place.laban(&format!("{verb} bad.choreo")).status(1).says("no role is called `Byer`");
        place.laban(&format!("{verb} missing.choreo")).status(1).says("E0053");
        place.laban(verb).status(2);
        place.laban(&format!("{verb} two.choreo --protocol Two --size X=4")).status(2).talks("`X`");
        place.laban_reading(&format!("{verb} -"), SALE).status(0);
    }
    let empty = Place::new("verbs_none");
    empty.write("none.choreo", "message M { x: Int }\n");
    empty.laban("run none.choreo").status(2).talks("there is no protocol here");
}

#[test]
fn project_shows_roles() {
    let place = place("verbs_project");
    place.laban("project sale.choreo").status(0).says("Buyer of Sale").says("Seller of Sale");
    let one = place.laban("project sale.choreo --role Seller").status(0);
    assert!(!one.out.contains("Buyer of"), "{}", one.out);
    place.laban("project sale.choreo --role Seler").status(2).talks("did you mean `Seller`?");
    place.laban("project sale.choreo --format dot --role Buyer").status(0).says("digraph");
    let all = place.laban("project sale.choreo --format json").status(0);
    let all: serde_json::Value = serde_json::from_str(&all.out).unwrap();
    assert_eq!(all.as_array().unwrap().len(), 2);
    let family = place.laban("project two.choreo --protocol Two --size N=4 --role W[*]").status(0);
    assert_eq!(family.out.matches(" of Two").count(), 4, "{}", family.out);
}

#[test]
fn compile_gives_text_and_bytes() {
    let place = place("verbs_compile");
    place.laban("compile sale.choreo").status(0).says("Buyer").says("Seller");
    place.laban("compile sale.choreo --emit binary").status(2).talks("`Buyer`, `Seller`");
    place.laban("compile sale.choreo --emit binary --role Seller -o seller.laban").status(0).prints("");
    let bytes = std::fs::read(place.path("seller.laban")).unwrap();
    let program = decode(&bytes).unwrap();
    assert_eq!(program.role_name(), "Seller");
    place.laban("compile sale.choreo -o nowhere/x").status(2).talks("`nowhere/x` cannot be written");
}

#[test]
fn run_is_decided_by_its_seed() {
    let place = place("verbs_run");
    let first = place.laban("run sale.choreo").status(0).talks("Sale completed");
    let lines = trace(&first);
    assert_eq!(lines[0]["event"], "sent");
    assert_eq!(lines[0]["label"], "Offer");
    assert_eq!(lines.last().unwrap()["event"], "completed");
    assert_eq!(place.laban("run sale.choreo --seed 0").status(0).out, first.out);
    let others =
        (1..20).any(|seed| place.laban(&format!("run sale.choreo --seed {seed}")).status(0).out != first.out);
    assert!(others, "no seed changes anything");
    place.laban("run sale.choreo --trace none").status(0).prints("");
    place.laban("run sale.choreo --trace diagram").status(0).says("Buyer").says("Offer");
}

#[test]
fn run_stops_and_fails_with_status_one() {
    let place = place("verbs_run_ends");
    place.write(
        "endless.choreo",
        "choreography Endless {\n    roles: A, B\n\n    loop {\n        A -> B: Ping\n        B -> A: Pong\n    }\n}\n",
    );
    place.laban("run endless.choreo --max-steps 7").status(1).talks("stopped after 7 steps");
    place.write(
        "busy.choreo",
        "choreography Busy {\n    roles: A, B\n\n    loop (count: 1000000000000) {\n        A let x = 1\n    }\n    A -> B: M\n}\n",
    );
    place.laban("run busy.choreo").status(1).talks("Busy was stopped");
    place.write(
        "slow.choreo",
        "choreography Slow {\n    roles: A, B\n\n    A does time.sleep(1h)\n    A -> B: M\n}\n",
    );
    place.laban("run slow.choreo --idle-timeout 2h").status(0);
    place.laban("run slow.choreo --idle-timeout 30m").status(1).talks("E0517: nothing has happened for 30m");
    place.laban("run slow.choreo --idle-timeout soon").status(2).talks("a span of time is written like");
    place.write("fail.yaml", "roles:\n  Seller:\n    decide: {}\n");
    let failed = place.laban("run sale.choreo --script fail.yaml").status(1);
    failed.talks("Sale aborted: E0508").talks(", at `Seller`, sale.choreo:5:5; `laban explain E0508`");
    place.write("torn.yaml", "roles: [");
    place.laban("run sale.choreo --script torn.yaml").status(1).says("E0401");
    place.laban("run sale.choreo --script none.yaml").status(1).says("E0053");
    place.laban("run sale.choreo --input limit=many").status(2).talks("E0412");
    place.laban("run sale.choreo --input limt=3").status(2).talks("`limt`");
    place.laban("run sale.choreo --input limit=3").status(0);
    place.laban("run sale.choreo --input limit=3 --input limit=4").status(2).talks("`limit` is given twice");
}

#[test]
fn scripts_and_bindings_answer() {
    let place = place("verbs_scripts");
    place.write(
        "answers.yaml",
        "roles:\n  Seller:\n    decide:\n      Seller#1: refuse\n    produce:\n      Refuse: { reason: too little }\n",
    );
    place.laban("run sale.choreo --script answers.yaml").status(0).says("too little");
    // Without a script, the bindings beside the file answer, from a script file or in place.
    let bindings = |handler: &str| {
        format!(
            "protocol: Sale\nroles:\n  Seller: {{ handler: shop }}\nhandlers:\n  shop: {{ kind: scripted, {handler} }}\n"
        )
    };
    let refusal = |ran: &Ran| trace(ran).iter().any(|line| line["payload"]["reason"] == "too little");
    assert!(!refusal(&place.laban("run sale.choreo").status(0)), "the stand-in must not say this by itself");
    place.write("sale.bindings.yaml", bindings("script: answers.yaml"));
    assert!(refusal(&place.laban("run sale.choreo").status(0)));
    let answers = "answers: { decide: { Seller#1: refuse }, produce: { Refuse: { reason: too little } } }";
    place.write("sale.bindings.yaml", bindings(answers));
    assert!(refusal(&place.laban("run sale.choreo").status(0)));
    place.write("sale.bindings.yaml", bindings(&answers.replace("#1: refuse", "#1: accept")));
    assert!(!refusal(&place.laban("run sale.choreo").status(0)), "the answer is the one that is bound");
    place.write("sale.bindings.yaml", bindings("script: nowhere.yaml"));
    place.laban("run sale.choreo").status(1).says("E0053");
}

#[test]
fn bindings_say_how_calls_are_made_again() {
    let place = place("verbs_retry");
    place.write(
        "desk.choreo",
        "effect desk { open() -> Int : idempotent }\nchoreography Desk {\n    roles: A, B\n\n    A does desk.open() as n\n    \
         A does console.log(\"open\")\n    A -> B: M(n: Int) with { n }\n}\n",
    );
    let bindings = |retry: &str| {
        format!(
            "protocol: Desk\nroles:\n  A: {{ handler: desk }}\nhandlers:\n  desk:\n    kind: scripted\n    answers: \
             {{ effects: {{ desk.open: [!retry busy, !retry busy, 7] }} }}\n{retry}"
        )
    };
    place.write("desk.bindings.yaml", bindings(""));
    let lines = trace(&place.laban("run desk.choreo").status(0));
    assert!(lines.iter().any(|line| line["payload"]["n"] == 7), "{lines:?}");
    assert!(
        lines.contains(&serde_json::json!({"event": "logged", "role": "A", "text": "open"})),
        "{lines:?}"
    );
    place.write("desk.bindings.yaml", bindings("    retry: { max: 1, backoff: 1s }\n"));
    place.laban("run desk.choreo").status(1).says("busy");
    place.write("desk.bindings.yaml", bindings(""));
    let once = "effect desk { open() -> Int : once }\nchoreography Desk {\n    roles: A, B\n\n    A does desk.open() as n\n    \
                A -> B: M(n: Int) with { n }\n}\n";
    let idempotent = place.read("desk.choreo");
    place.write("desk.choreo", once);
    place.laban("run desk.choreo").status(1).says("busy");
    place.write("desk.choreo", idempotent);
    place.write("desk.bindings.yaml", bindings("    deadline: 5s\n"));
    place.laban("run desk.choreo").status(0).talks("note[E0413]: `run` does not use `deadline` of `A`");
}

#[test]
fn a_person_plays_a_role() {
    let place = place("verbs_play");
    let ran = place.laban_reading("run sale.choreo --play Seller", "9\n2\nfar too little\n").status(0);
    assert!(
        ran.err.contains("Seller decides `Seller#1`") && ran.err.contains("  1 accept\n  2 refuse\n"),
        "{}",
        ran.err
    );
    let lines = trace(&ran);
    assert!(lines.iter().any(|line| line["payload"]["reason"] == "far too little"), "{}", ran.out);
    place.laban_reading("run sale.choreo --play Seller", "").status(1).talks("the input ended");
    place.laban_reading("run sale.choreo --play Buyer", "many\n12\n\n").status(0).says("\"price\":12");
    place.laban("run sale.choreo --play Nobody").status(2).talks("no role is called `Nobody`");
    place.laban_reading("run - --play Seller", SALE).status(2).talks("standard input cannot be both");
}
