//! A role's automaton as a table: a number, what the role does there, and where that leads.
//!
//! ```text
//! Client of Fetch: 4 states
//!
//!   0  ! Server: Ask      → 1
//!   1  ? Server: Found    → 2
//!      ? Server: Missing  → 2
//!   2  ◆ Client#1: again  → 0
//!      ◆ Client#1: enough → 3
//!   3  end
//! ```
//!
//! `!` sends, `?` receives, `◆` decides, `∥` names a branch of a `par`, `⟨choice.label⟩` is a selection.
//! Is not: read by programs; `json` is.

use crate::tools::project::view::{Act, Edge, Kind, Local, State};
use crate::tools::trace::text::{cut, width};

/// What stands left of an arrow is at most so wide.
const ACT_COLUMNS_MAX: usize = 80;

/// The table, with a line end.
#[must_use]
pub fn write(local: &Local) -> String {
    let count = local.states.len();
    let states = if count == 1 { "state" } else { "states" };
    let mut out = format!("{} of {}: {count} {states}\n\n", local.role, local.protocol);
    let digits = count.saturating_sub(1).to_string().len();
    let acts = local.states.iter().flat_map(|state| &state.edges).map(|edge| width(&act(edge)));
    let column = acts.max().unwrap_or(0);
    for (number, state) in local.states.iter().enumerate() {
        for (at, edge) in state.edges.iter().enumerate() {
            let name = if at == 0 { number.to_string() } else { String::new() };
            let act = act(edge);
            let gap = " ".repeat(column - width(&act));
            let may_end = if at == 0 && state.may_end { ", or the session ends" } else { "" };
            out.push_str(&format!("  {name:>digits$}  {act}{gap} → {}{may_end}\n", edge.to));
        }
        if state.edges.is_empty() {
            out.push_str(&format!("  {number:>digits$}  {}\n", end(state)));
        }
    }
    out
}

/// How a state without edges is called.
pub(super) const fn end(state: &State) -> &'static str {
    match state.kind {
        Kind::Join => "end of branch",
        Kind::Turn => "end of turn",
        Kind::Through => "end of scope",
        Kind::Stay => "waits for the end of what is around",
        _ => "end",
    }
}

/// What happens on an edge.
pub(super) fn act(edge: &Edge) -> String {
    let whole = match &edge.act {
        Act::Message { sends, peer, label, selection, lane, .. } => {
            let label = if *selection { format!("⟨{label}⟩") } else { label.clone() };
            let sign = if *sends { '!' } else { '?' };
            let lane = if lane.is_empty() { String::new() } else { format!(" ∥{lane}") };
            format!("{sign} {peer}: {label}{lane}")
        }
        Act::Step(step) => step.clone(),
        Act::Decide { choice, label } => format!("◆ {choice}: {label}"),
        Act::Par(branches) => {
            let branches: Vec<String> =
                branches.iter().map(|(lane, entry)| format!("∥{lane} from {entry}")).collect();
            format!("par {}", branches.join(", "))
        }
        Act::Count { count, turn, body } => {
            let turn = turn.as_ref().map(|turn| format!(" as {turn}")).unwrap_or_default();
            format!("loop (count: {count}){turn} from {body}")
        }
        Act::Scope { name, body } => format!("{name} from {body}"),
    };
    cut(&whole, ACT_COLUMNS_MAX)
}
