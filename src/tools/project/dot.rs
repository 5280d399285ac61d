//! A role's automaton as a graph for Graphviz: `laban project … --format dot | dot -Tsvg`.
//!
//! Insides of nests are joined to the state they belong to by dashed edges.
//! Is not: laid out.

use crate::tools::project::text::{act, end};
use crate::tools::project::view::{Act, Kind, Local};

/// The graph, with a line end.
#[must_use]
pub fn write(local: &Local) -> String {
    let mut out = format!("digraph {} {{\n", quoted(&format!("{} of {}", local.role, local.protocol)));
    out.push_str("    rankdir = LR\n    node [shape = circle, fontname = \"sans-serif\"]\n");
    out.push_str("    edge [fontname = \"sans-serif\", fontsize = 11]\n");
    out.push_str("    start [shape = point]\n    start -> 0\n");
    for (number, state) in local.states.iter().enumerate() {
        match state.kind {
            Kind::End => out.push_str(&format!("    {number} [shape = doublecircle]\n")),
            Kind::Join | Kind::Turn | Kind::Through | Kind::Stay => {
                out.push_str(&format!("    {number} [xlabel = {}]\n", quoted(end(state))));
            }
            Kind::Decide => out.push_str(&format!("    {number} [shape = diamond]\n")),
            Kind::Nest => out.push_str(&format!("    {number} [shape = box]\n")),
            _ if state.may_end => out.push_str(&format!("    {number} [peripheries = 2]\n")),
            _ => {}
        }
        for edge in &state.edges {
            let (label, insides) = match &edge.act {
                Act::Par(branches) => {
                    let insides = branches.iter().map(|(lane, entry)| (format!("∥{lane}"), *entry)).collect();
                    ("join".to_owned(), insides)
                }
                Act::Count { count, body, .. } => {
                    ("then".to_owned(), vec![(format!("{count} times"), *body)])
                }
                Act::Scope { name, body } => ("ended".to_owned(), vec![(name.clone(), *body)]),
                _ => (act(edge), Vec::new()),
            };
            for (label, entry) in insides {
                out.push_str(&format!(
                    "    {number} -> {entry} [label = {}, style = dashed]\n",
                    quoted(&label)
                ));
            }
            out.push_str(&format!("    {number} -> {} [label = {}]\n", edge.to, quoted(&label)));
        }
    }
    out.push_str("}\n");
    out
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
