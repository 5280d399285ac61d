//! Every operation of the built-in effects, from its line in a protocol to its outcome in a run.
//!
//! Is not: a test of what the operations give; `effect` has those.

use laban::base::builtin::{OPERATIONS, Operation, Shape};

use crate::command::Place;

/// A protocol that calls the operation once.
fn calls(operation: &Operation) -> String {
    let value = |shape: &Shape| match shape {
        Shape::Int => "4",
        Shape::Duration => "5ms",
        Shape::Bytes => "key",
        Shape::Text | Shape::OptionalText => "\"k\"",
        _ => "{ n: 1 }",
    };
    let args: Vec<&str> = operation.params.iter().map(|(_, shape)| value(shape)).collect();
    format!(
        "choreography P {{\n    roles A, B\n\n    A does random.bytes(2) as key\n    A does {}.{}({}) as out\n    \
         A -> B: Out(out: Any) with {{ out }}\n}}\n",
        operation.effect,
        operation.name,
        args.join(", ")
    )
}

#[test]
fn every_operation_runs() {
    let place = Place::new("every_operation_runs");
    for operation in OPERATIONS {
        let name = format!("{}_{}.choreo", operation.effect, operation.name);
        place.write(&name, calls(operation));
        place.laban(&format!("check {name}")).status(0).prints("");
        let ran = place.laban(&format!("run {name} --trace json"));
        if operation.there {
            ran.status(0).says(&format!("{}.{}", operation.effect, operation.name));
        } else {
            ran.status(1).talks("is not there yet");
        }
    }
}

#[test]
fn a_member_out_of_range_says_which() {
    let place = Place::new("a_member_out_of_range_says_which");
    let text = "choreography P {\n    roles M, W[2]\n\n    M let i = 7\n    M -> W[i]: Job\n}\n";
    place.write("pick.choreo", text);
    place.laban("run pick.choreo").status(1).talks("E0504").talks("no condition of the choice `W[i]` holds");
}
