//! Traces as texts: events in a small notation, and the lines that they give.
//!
//! The notation: `A>B M {json}` sent, `A<B M` received by A, `A~B c.l` selected, `A?c.l` decided, `A!e.op {json}`
//! performed, `A#text` logged, `A.` finished, `end`, `fail A text`, `stop text`; `@n` before it names the lane.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::base::id::{LaneId, RoleId};
use crate::base::json::from_text;
use crate::base::ty::Type;
use crate::base::value::Value;
use crate::engine::event::What;
use crate::tools::trace::stage::selection;
use crate::tools::trace::text::{brief, cut, width};
use crate::tools::trace::{Stage, Trace, diagram::Diagram, json::Lines, list::List};

fn played(roles: &[&str], lanes: &[&str], script: &str, make: fn(Stage) -> Box<dyn Trace>) -> String {
    let id = |name: &str| RoleId::at(roles.iter().position(|role| *role == name).unwrap());
    let mut stage = Stage {
        roles: roles.iter().map(|name| Arc::from(*name)).collect(),
        lanes: lanes.iter().map(|name| Arc::from(*name)).collect(),
        messages: BTreeSet::new(),
    };
    let mut steps: Vec<Result<What, (&str, &str)>> = Vec::new();
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (lane, line) = match line.strip_prefix('@') {
            Some(rest) => (LaneId(rest[..1].parse().unwrap()), rest[1..].trim()),
            None => (LaneId(0), line),
        };
        let (head, json) =
            line.split_once(" {").map_or((line, None), |(head, rest)| (head, Some(format!("{{{rest}"))));
        let payload = json.map_or(Value::None, |json| from_text(&json, &Type::Any).unwrap());
        let what = if head == "end" {
            What::Completed
        } else if let Some(rest) = head.strip_prefix("fail ") {
            let (role, reason) = rest.split_once(' ').unwrap();
            What::Aborted { role: Some(id(role)), code: "E0501", reason: reason.to_owned() }
        } else if head.starts_with("stop ") || head.contains('#') && !head.contains(['~', '?']) {
            let (who, text) = head.split_once(['#', ' ']).unwrap();
            steps.push(Err((who, text)));
            continue;
        } else if let Some((from, rest)) = head.split_once('>') {
            let (to, label) = rest.split_once(' ').unwrap();
            stage.messages.insert((id(from), id(to), Arc::from(label)));
            What::Sent { from: id(from), to: id(to), lane, label: Arc::from(label), payload }
        } else if let Some((to, rest)) = head.split_once('<') {
            let (from, label) = rest.split_once(' ').unwrap();
            What::Received { from: id(from), to: id(to), lane, label: Arc::from(label), payload }
        } else if let Some((from, rest)) = head.split_once('~') {
            let (to, label) = rest.split_once(' ').unwrap();
            stage.messages.insert((id(from), id(to), selection(label)));
            What::Selected { from: id(from), to: id(to), lane, label: Arc::from(label) }
        } else if let Some((role, rest)) = head.split_once('?') {
            let (choice, label) = rest.split_once('.').unwrap();
            What::Decided { role: id(role), choice: Arc::from(choice), label: Arc::from(label) }
        } else if let Some((role, operation)) = head.split_once('!') {
            What::Performed { role: id(role), operation: Arc::from(operation), outcome: payload }
        } else {
            What::Finished { role: id(head.trim_end_matches('.')) }
        };
        steps.push(Ok(what));
    }
    let mut trace = make(stage);
    let mut text = String::new();
    let mut out = |line: &str| {
        text.push_str(line);
        text.push('\n');
    };
    trace.begin(&mut out);
    for step in steps {
        match step {
            Ok(what) => trace.event(&what, &mut out),
            Err(("stop", reason)) => trace.stopped(reason, &mut out),
            Err((role, line)) => trace.logged(&Arc::from(role), line, &mut out),
        }
    }
    text
}

#[track_caller]
fn check(found: &str, expected: &str) {
    assert!(
        found.trim_end() == expected.trim_matches('\n').trim_end(),
        "found:\n{found}\nexpected:\n{expected}"
    );
}

const DIAGRAM: fn(Stage) -> Box<dyn Trace> = |stage| Box::new(Diagram::new(stage, 100));

#[test]
fn two_roles_and_a_choice() {
    let script = r#"
        Client>Server Ask {"path": "/a"}
        Server<Client Ask {"path": "/a"}
        Server!storage.get {"size": 3}
        Server#looked it up
        Server?Server#1.found
        Server>Client Answer {"size": 3, "name": "a fairly long text that will not fit into what is left of the line"}
        Server.
        Client.
        end
    "#;
    check(
        &played(&["Client", "Server"], &[""], script, DIAGRAM),
        r#"
Client     Server
   │         │
"#,
    );
}
