//! A role's automaton as JSON, described by `schemas/local.schema.json`.
//!
//! Is not: an interchange of programs (`bytecode` encodes those); the format has a version of its own.

use serde::Serialize;

use crate::tools::project::view::{Act, Edge, Kind, Local, State};

/// The version of the format.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct LocalJson<'a> {
    version: u32,
    protocol: &'a str,
    role: &'a str,
    entry: usize,
    states: Vec<StateJson<'a>>,
}

#[derive(Serialize)]
struct StateJson<'a> {
    state: usize,
    kind: &'static str,
    may_end: bool,
    edges: Vec<EdgeJson<'a>>,
}

#[derive(Serialize)]
struct EdgeJson<'a> {
    #[serde(flatten)]
    act: ActJson<'a>,
    lines: &'a [usize],
    next: usize,
}

#[derive(Serialize)]
#[serde(tag = "act", rename_all = "lowercase")]
enum ActJson<'a> {
    Send { peer: &'a str, label: &'a str, selection: bool, lane: &'a str, payload: &'a str },
    Receive { peer: &'a str, label: &'a str, selection: bool, lane: &'a str },
    Step { step: &'a str },
    Decide { choice: &'a str, label: &'a str },
    Par { branches: Vec<BranchJson<'a>> },
    Count { count: &'a str, turn: Option<&'a str>, body: usize },
    Scope { name: &'a str, body: usize },
}

#[derive(Serialize)]
struct BranchJson<'a> {
    lane: &'a str,
    entry: usize,
}

/// The automaton as indented JSON, with a line end.
#[must_use]
pub fn write(local: &Local) -> String {
    let states = local.states.iter().enumerate().map(|(number, state)| state_json(number, state)).collect();
    let json = LocalJson { version: VERSION, protocol: &local.protocol, role: &local.role, entry: 0, states };
    // Only maps with other names than text could fail, and there are none.
    let mut text = serde_json::to_string_pretty(&json).unwrap_or_default();
    text.push('\n');
    text
}

fn state_json(number: usize, state: &State) -> StateJson<'_> {
    let kind = match state.kind {
        Kind::Send => "send",
        Kind::Receive => "receive",
        Kind::Decide => "decide",
        Kind::Step => "step",
        Kind::Nest => "nest",
        Kind::End => "end",
        Kind::Join => "join",
        Kind::Turn => "turn",
        Kind::Through => "through",
        Kind::Stay => "stay",
    };
    StateJson {
        state: number,
        kind,
        may_end: state.may_end,
        edges: state.edges.iter().map(edge_json).collect(),
    }
}

fn edge_json(edge: &Edge) -> EdgeJson<'_> {
    let act = match &edge.act {
        Act::Message { sends: true, peer, label, selection, lane, payload } => {
            ActJson::Send { peer, label, selection: *selection, lane, payload: payload.unwrap_or("empty") }
        }
        Act::Message { peer, label, selection, lane, .. } => {
            ActJson::Receive { peer, label, selection: *selection, lane }
        }
        Act::Step(step) => ActJson::Step { step },
        Act::Decide { choice, label } => ActJson::Decide { choice, label },
        Act::Par(branches) => ActJson::Par {
            branches: branches.iter().map(|(lane, entry)| BranchJson { lane, entry: *entry }).collect(),
        },
        Act::Count { count, turn, body } => ActJson::Count { count, turn: turn.as_deref(), body: *body },
        Act::Scope { name, body } => ActJson::Scope { name, body: *body },
    };
    EdgeJson { act, lines: &edge.lines, next: edge.to }
}
