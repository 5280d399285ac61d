//! What no file may do: crash the front end, hang it, or make it eat the machine. Each has a coded refusal.
//!
//! Times are far above what is measured (milliseconds in release), so that a slow machine does not fail the test,
//! and far below what an exponential or quadratic step would take.

use std::time::{Duration, Instant};

use crate::command::Place;

/// The longest that any refusal may take in a debug build.
const PATIENCE: Duration = Duration::from_secs(20);

/// Checks a file with these bytes: the exit status is 1, and the code is among the findings.
#[track_caller]
fn refused(name: &str, text: impl AsRef<[u8]>, code: &str) {
    let place = Place::new(&format!("limits_{name}"));
    place.write("x.choreo", text);
    let start = Instant::now();
    let ran = place.laban("check x.choreo --format short").status(1);
    let took = start.elapsed();
    let found = ran.out.contains(&format!("error[{code}]"));
    assert!(found, "no {code}:\n{}", &ran.out[..ran.out.len().min(3_000)]);
    assert!(ran.out.len() < 100_000, "{} bytes of findings", ran.out.len());
    assert!(took < PATIENCE, "{took:?}");
}

/// A protocol with this body.
fn protocol(roles: &str, body: &str) -> String {
    format!("choreography P {{\n    roles: {roles}\n\n    {body}\n}}\n")
}

#[test]
fn bytes_that_are_not_utf8() {
    refused("latin1", b"choreography Gr\xfc\xdfe { roles A, B }", "E0051");
    refused("binary", [0xff; 5_000], "E0051");
    refused("truncated", b"// \xe6\xbc", "E0051");
}

#[test]
fn large_files() {
    refused("ten_megabytes", vec![b'x'; 10 << 20], "E0052");
    refused("ten_megabytes_of_nothing", vec![0; 10 << 20], "E0052");
    // Just below the bound a file is read, and refused for what it says.
    refused("four_megabytes_of_braces", "{".repeat(4 << 20), "E0001");
    refused("four_megabytes_of_names", "a ".repeat(2 << 20), "E0001");
}

#[test]
fn deep_nesting() {
    refused("open_braces", "{".repeat(100_000), "E0001");
    refused("open_blocks", protocol("A, B", &"loop { ".repeat(100_000)), "E0005");
    refused("open_parentheses", protocol("A, B", &format!("A let x = {}", "(".repeat(100_000))), "E0005");
    refused("open_lists", protocol("A, B", &format!("A let x = {}", "[".repeat(100_000))), "E0005");
    refused("negations", protocol("A, B", &format!("A let x = {}1", "-".repeat(100_000))), "E0005");
    refused(
        "nested_types",
        format!("type T = {}Int{}", "List<".repeat(100_000), ">".repeat(100_000)),
        "E0005",
    );
    refused("open_comment", "/*".repeat(100_000), "E0004");
}

#[test]
fn many_roles() {
    let roles: Vec<String> = (0..10_000).map(|n| format!("R{n}")).collect();
    refused("roles", protocol(&roles.join(", "), "R0 -> R1: M"), "E0128");
    refused("family", protocol("A, W[10000]", "A -> W[*]: M"), "E0128");
    refused("huge_family", protocol("A, W[4000000000]", "A -> W[*]: M"), "E0128");
}

#[test]
fn many_scopes() {
    refused(
        "nested_scopes",
        protocol("A, B", &format!("{}A -> B: M{}", "try at A { ".repeat(5), " }".repeat(5))),
        "E0128",
    );
    refused("scopes", protocol("A, B", &"try at A within 5s { A -> B: M }\n".repeat(4_097)), "E0128");
}

#[test]
fn calls_without_end() {
    // A call at the end begins again, like a loop; with more to do after it, it never ends.
    refused("itself", protocol("A, B", "A -> B: M\n    call P\n    B -> A: N"), "E0126");
    refused("itself_at_once", protocol("A, B", "call P"), "E0116");
    let each_other = "choreography P {\n    roles A, B\n    A -> B: M\n    call Q\n    A -> B: N\n}\n\
                      choreography Q {\n    roles A, B\n    B -> A: M\n    call P\n    B -> A: N\n}\n";
    refused("each_other", each_other, "E0126");
}

#[test]
fn calls_that_double() {
    let mut text = String::from("choreography P0 { roles A, B A -> B: M }\n");
    for n in 1..40 {
        let before = n - 1;
        text.push_str(&format!("choreography P{n} {{ roles A, B call P{before} call P{before} }}\n"));
    }
    let place = Place::new("limits_doubling");
    place.write("x.choreo", text);
    let start = Instant::now();
    let ran = place.laban("check x.choreo --format short");
    assert!([0, 1].contains(&ran.status), "{}", ran.err);
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
}

#[test]
fn constants_that_double() {
    for with in ["X{} + X{}", "[X{}, X{}]", "{ a: X{}, b: X{} }", "\"{X{}}{X{}}\""] {
        let mut text = String::from("const X0 = \"ten bytes.\"\n");
        for n in 1..60 {
            let doubled = with.replace("X{}", &format!("X{}", n - 1));
            text.push_str(&format!("const X{n} = {doubled}\n"));
        }
        refused("doubled_constants", text, "E0128");
    }
    let sum: String = (1..20_000).map(|n| format!("const X{n} = X{} + 1\n", n - 1)).collect();
    refused("chained_constants", format!("const X0 = 1\n{sum}"), "E0128");
}

/// Checks that a protocol is judged, whatever the judgement, before patience is over.
#[track_caller]
fn judged(name: &str, text: String) {
    let place = Place::new(&format!("limits_{name}"));
    place.write("x.choreo", text);
    let start = Instant::now();
    let ran = place.laban("check x.choreo --format short");
    assert!([0, 1].contains(&ran.status), "{}", ran.err);
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
}

#[test]
fn many_choices_in_a_row() {
    let ifs = "if x at A { A -> B: M }\n".repeat(400);
    judged("ifs", protocol("A, B, C", &format!("A let x = true\n{ifs} B -> C: Z")));
    let branches = |n| format!("choice at A {{ a{n}: {{ A -> B: M  A -> C: M }} b{n}: {{ A -> B: N }} }}\n");
    judged("choices", protocol("A, B, C", &(0..400).map(branches).collect::<String>()));
}

#[test]
fn many_loops_side_by_side() {
    let branch = |n| format!("{{ loop (decides: A) {{ A -> B: M{n} B -> C: N{n} C -> A: O{n} }} }}\n");
    let all: String = (0..150).map(branch).collect();
    judged("loops", protocol("A, B, C", &format!("par {{ {all} }}")));
    let (open, close) = ("loop (count: 10) { ".repeat(6), " }".repeat(6));
    judged("counts", protocol("A, B", &format!("{open}A -> B: M{close}")));
}

#[test]
fn long_names_have_no_near_ones() {
    let long = "a".repeat(90_000);
    refused("near_name", protocol(&format!("A{long}, B"), &format!("A{long}b -> B: M")), "E0103");
}

#[test]
fn silent_circles() {
    refused("loop", protocol("A, B", "loop { }\n    A -> B: M"), "E0116");
    refused("rec", protocol("A, B", "A -> B: M\n    rec L { continue L }"), "E0116");
}

#[test]
fn texts_and_names_without_end() {
    refused("open_text", format!("const X = \"{}", "x".repeat(1 << 20)), "E0003");
    refused("long_name", protocol(&format!("A, {}", "B".repeat(1 << 20)), "A -> C: M"), "E0103");
    refused("many_mistakes", protocol("A, B", &"A -> : \n    ".repeat(20_000)), "E0001");
    refused("holes", format!("const X = \"{}\"", "{".repeat(50_001)), "E0003");
}

#[test]
fn empty_files_are_fine() {
    let place = Place::new("limits_empty");
    place.write("empty.choreo", "").write("comment.choreo", "// nothing\n").write("bom.choreo", "\u{feff}");
    place.laban("check").status(0);
}
