//! Tokens as users meet them: made, narrowed, looked at, taken back, and what a run makes of them.
//!
//! Runs the built binary. Is not: a test of what tokens grant (`src/guard/token/tests.rs`).

use std::fs;
use std::path::Path;

use laban::guard::token::{Bounds, Unverified};
use serde_json::Value;

use crate::command::{Place, Ran};
use crate::guards::{TALK, lines};

/// A directory with the talk, a key, and a token for all that it needs; bindings that believe the key.
fn talk(name: &str) -> Place {
    let place = Place::new(name);
    place.write("talk.choreo", TALK);
    let public = place.laban("token key talk.key").status(0).out;
    let mint =
        "token mint --key talk.key --capability talk:begin --capability execute:choreography_send -o a.token";
    place.laban(mint).status(0).prints("");
    bind(&place, &public, "tokens: [a.token]", "");
    place
}

fn bind(place: &Place, public: &str, role: &str, more: &str) {
    let text =
        format!("protocol: Talk\nauthorities: [\"{}\"]\n{more}roles:\n  A: {{ {role} }}\n", public.trim());
    place.write("talk.bindings.yaml", text);
}

/// The public key that the bindings believe.
fn public(place: &Place) -> String {
    let text = place.read("talk.bindings.yaml");
    text.split('"').nth(1).unwrap().to_owned()
}

fn run(place: &Place) -> Ran {
    let ran = place.laban("run talk.choreo --trace json");
    for secret in ["talk.key", "a.token", "less.token"] {
        if place.path(secret).is_file() {
            let text = place.read(secret);
            let shown = ran.out.contains(text.trim()) || ran.err.contains(text.trim());
            assert!(!shown, "{secret} is shown");
        }
    }
    ran
}

/// The code of the first denial.
fn denied(ran: &Ran) -> Option<String> {
    let line = ran.out.lines().find(|line| line.contains("\"denied\""))?;
    let line: Value = serde_json::from_str(line).unwrap();
    line["code"].as_str().map(str::to_owned)
}

#[cfg(unix)]
#[test]
fn keys_and_tokens_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let place = talk("tokens_owner");
    for file in ["talk.key", "a.token"] {
        let mode = fs::metadata(place.path(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    let before = place.read("talk.key");
    place.laban("token key talk.key").status(2).talks("cannot be written");
    assert_eq!(place.read("talk.key"), before);
    fs::set_permissions(place.path("talk.key"), fs::Permissions::from_mode(0o640)).unwrap();
    place.laban("token mint --key talk.key --capability a:b").status(2).talks("E0452");
}

#[test]
fn a_run_is_allowed_what_tokens_grant_and_no_more() {
    let place = talk("tokens_run");
    assert_eq!(denied(&run(&place).status(0)), None);
    place.laban("guards plan talk.choreo").status(0);
    place.laban("token attenuate a.token --capability talk:begin -o less.token").status(0);
    let key = public(&place);
    bind(&place, &key, "tokens: [less.token]", "");
    assert_eq!(denied(&run(&place).status(1)).as_deref(), Some("E0518"));
    // Several tokens grant what all of them grant, and bindings can only take away.
    bind(&place, &key, "tokens: [a.token, less.token]", "");
    assert_eq!(denied(&run(&place).status(1)).as_deref(), Some("E0518"));
    bind(&place, &key, "tokens: [a.token], capabilities: [\"talk:begin\"]", "");
    assert_eq!(denied(&run(&place).status(1)).as_deref(), Some("E0518"));
    bind(&place, &key, "tokens: []", "");
    assert_eq!(denied(&run(&place).status(1)).as_deref(), Some("E0518"));
    for narrowed in ["--context elsewhere", "--device B"] {
        let _ = fs::remove_file(place.path("less.token"));
        place.laban(&format!("token attenuate a.token {narrowed} -o less.token")).status(0);
        bind(&place, &key, "tokens: [less.token]", "");
        assert_eq!(denied(&run(&place).status(1)).as_deref(), Some("E0518"), "{narrowed}");
    }
    fs::remove_file(place.path("less.token")).unwrap();
    place.laban("token attenuate a.token --context local --device A --until 0 -o less.token").status(0);
    assert_eq!(denied(&run(&place).status(0)), None);
}

#[test]
fn a_token_that_was_taken_back_grants_nothing() {
    let place = talk("tokens_revoked");
    place.laban("token attenuate a.token --context local -o less.token").status(0);
    let key = public(&place);
    let bound = |token: &str| bind(&place, &key, &format!("tokens: [{token}]"), "revoked: talk.facts\n");
    // In another context, and only what was made of it.
    place.laban("token revoke a.token --to talk.facts --context elsewhere").status(0);
    place.laban("token revoke less.token --to talk.facts").status(0);
    bound("a.token");
    run(&place).status(0);
    bound("less.token");
    let ran = run(&place).status(1).talks("E0451");
    assert_eq!(denied(&ran).as_deref(), Some("E0518"));
    place.laban("token revoke less.token --block 0 --to talk.facts").status(0);
    bound("a.token");
    run(&place).status(1).talks("E0451");
    place.laban("token revoke less.token --block 9 --to talk.facts").status(2);
}

#[test]
fn what_a_token_says_can_be_looked_at() {
    let place = talk("tokens_inspect");
    let key = public(&place);
    let ran = place.laban(&format!("token inspect a.token --authority {key} --format json")).status(0);
    let shown = lines(&ran, "token.schema.json").remove(0);
    assert_eq!(shown["verified"], true);
    assert_eq!(shown["blocks"][0]["says"][0], "right(\"execute:choreography_send\");");
    let other = place.laban("token key other.key").status(0).out;
    place.laban(&format!("token inspect a.token --authority {other}")).status(1).says("has not signed it");
    place.laban("token inspect a.token").status(0).says("right(\"talk:begin\")");
    place.laban("token inspect a.token --authority 12").status(2).talks("E0452");
    place.laban("token inspect talk.choreo").status(2).talks("E0450");
    place.laban("token inspect none.token").status(2).talks("there is no such file");
    place.laban("token mint --key talk.key --capability Talk").status(2).talks("E0441");
    place.laban("token mint --key talk.key").status(2).talks("it says nothing");
    place.laban("token attenuate a.token").status(2).talks("it says nothing");
    place.laban("token mint --key a.token --capability a:b").status(2).talks("E0452");
}

#[test]
fn what_bindings_say_wrongly_of_tokens_stops_a_run() {
    let place = talk("tokens_wrong");
    let key = public(&place);
    let other = place.laban("token key other.key").status(0).out;
    bind(&place, &other, "tokens: [a.token]", "");
    run(&place).status(1).talks("E0450");
    bind(&place, &key, "tokens: [none.token]", "");
    run(&place).status(1).talks("E0053");
    bind(&place, &key, "tokens: [a.token]", "revoked: talk.choreo\n");
    run(&place).status(1).talks("E0453");
    bind(&place, "abc", "tokens: [a.token]", "");
    run(&place).status(1).talks("E0452");
    bind(&place, &key, "tokens: 3", "");
    run(&place).status(1).talks("E0405");
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    let schema = fs::read_to_string(directory.join("bindings.schema.json")).unwrap();
    assert!(
        schema.contains("\"authorities\"") && schema.contains("\"tokens\"") && schema.contains("\"revoked\"")
    );
}

#[test]
fn what_is_no_file_of_facts_stays_as_it_is_and_a_line_without_an_end_gets_one() {
    let place = talk("tokens_facts");
    let key = place.read("talk.key");
    place.laban("token revoke a.token --to talk.key").status(2).talks("is no file of facts");
    assert_eq!(place.read("talk.key"), key);
    place.laban("token revoke a.token --to r.facts").status(0);
    place.write("r.facts", place.read("r.facts").trim_end());
    place.laban("token revoke a.token --to r.facts").status(0);
    assert_eq!(place.read("r.facts").lines().count(), 2);
}

#[test]
fn what_a_token_says_cannot_move_the_cursor() {
    let place = talk("tokens_cursor");
    // The command makes no such token, but anybody can.
    place.laban("token attenuate a.token --device x\u{1b}[31m").status(2).talks("no name of a device");
    let device = "x\ny\u{1b}[31m".to_owned();
    let bounds = Bounds { devices: Some([device].into()), ..Bounds::default() };
    let token = Unverified::read(&place.read("a.token")).unwrap().narrow(&bounds, &[7; 32]).unwrap();
    place.write("less.token", token.text().unwrap());
    let shown = place.laban("token inspect less.token").status(0).out;
    assert!(shown.contains("x\\ny\\u{1b}[31m"), "{shown}");
    assert!(!shown.contains('\u{1b}'), "{shown}");
}

/// A secret that is given where a text is expected is in no excerpt.
#[test]
fn what_looks_like_a_secret_is_not_shown_when_it_is_taken_for_something_else() {
    let place = talk("tokens_shown");
    for secret in ["talk.key", "a.token"] {
        let text = place.read(secret);
        let of = |verb: String| {
            let ran = place.laban(&verb);
            assert_ne!(ran.status, 0, "{verb}");
            let part = &text[8..40];
            assert!(!ran.out.contains(part) && !ran.err.contains(part), "{verb} shows {secret}");
            let said =
                [&ran.out, &ran.err].into_iter().any(|text| text.contains("it holds a key or a token"));
            assert!(said, "{verb}: {}{}", ran.out, ran.err);
        };
        of(format!("run talk.choreo --guards {secret}"));
        of(format!("run talk.choreo --script {secret}"));
        of(format!("guards plan talk.choreo --guards {secret}"));
        of(format!("check {secret}"));
        place.write("other.choreo", TALK);
        place.write("other.guards.yaml", &text);
        of("guards plan other.choreo".to_owned());
    }
}

#[test]
fn a_token_goes_to_standard_output_where_that_is_said() {
    let place = talk("tokens_output");
    let mint = "token mint --key talk.key --capability talk:begin";
    let token = place.laban(&format!("{mint} -o -")).status(0).out;
    place.write("b.token", &token);
    place.laban("token inspect b.token").status(0).says("talk:begin");
    assert!(!place.path("-").is_file());
}

#[test]
fn names_in_tokens_are_names() {
    let place = talk("tokens_names");
    let mint = "token mint --key talk.key --capability talk:begin";
    let long = "x".repeat(300);
    place.laban(&format!("{mint} --context {long}")).status(2).talks("that is no name of a context");
    place.laban(&format!("{mint} --device {long}")).status(2).talks("that is no name of a device");
    place.laban(&format!("token attenuate a.token --device {long}")).status(2).talks("no name of a");
    place
        .laban(&format!("token revoke a.token --to r.facts --context {long}"))
        .status(2)
        .talks("no name of a");
    place.laban(&format!("{mint} --context home --device A -o b.token")).status(0);
}
