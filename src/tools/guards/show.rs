//! A plan for people: two tables, and a line for each thing that would be denied.
//!
//! Is not: a format that anything reads back.

use crate::config::guards::CLASSES;
use crate::guard::policy::Origin;
use crate::tools::guards::json::{on_denied, origin};
use crate::tools::guards::{Carries, Plan, Send, Total};
use crate::tools::trace::text::width;

/// The plan as text, `profile` being what its terms come from.
#[must_use]
pub fn show(plan: &Plan, profile: &str) -> String {
    let mut text = format!("{} under {profile}, context {}\n\n", plan.protocol, plan.context);
    let head = ["send", "cost", "capabilities", "leakage", "facts", "on denied", "by"];
    text.push_str(&table(&head, plan.sends.iter().map(cells).collect()));
    text.push('\n');
    let head = ["role and peer", "session", "each turn", "budget", "carries"];
    text.push_str(&table(&head, plan.totals.iter().map(totals).collect()));
    let mut lines = Vec::new();
    for (role, capability) in &plan.ungranted {
        lines.push(format!("denied: no binding grants `{capability}` to `{role}`"));
    }
    for send in plan.uncovered() {
        lines.push(format!("denied: no profile covers `{} -> {}: {}`", send.from, send.to, send.message));
    }
    for total in plan.totals.iter().filter(|total| total.carries() == Carries::No) {
        let Total { role, peer, worst, limit, .. } = total;
        let limit = limit.unwrap_or(0);
        lines.push(format!(
            "denied: `{role}` may have to spend {} toward `{peer}`, and has {limit}",
            worst.once
        ));
    }
    for shown in plan.exposures.iter().filter(|shown| shown.carries() == Carries::No) {
        let (role, observer, once) = (&shown.role, shown.observer, shown.worst.once);
        let limit = shown.limit.unwrap_or(0);
        lines.push(format!("denied: `{role}` may have to show {once} to `{observer}`, and may show {limit}"));
    }
    if !lines.is_empty() {
        text.push('\n');
        text.push_str(&lines.join("\n"));
        text.push('\n');
    }
    text
}

fn cells(send: &Send) -> Vec<String> {
    let Send { from, to, message, selection, looped, terms } = send;
    let message = if *selection { format!("⟨{message}⟩") } else { message.to_string() };
    let again = if *looped { " (again)" } else { "" };
    if terms.origin == Origin::Nothing {
        let name = format!("{from} -> {to}: {message}{again}");
        return vec![name, "denied".to_owned()]
            .into_iter()
            .chain((0..4).map(|_| "-".to_owned()))
            .chain([origin(&terms.origin)])
            .collect();
    }
    let cost = if terms.per_kib > 0 {
        format!("{}+{}/KiB", terms.cost, terms.per_kib)
    } else {
        terms.cost.to_string()
    };
    let leaks = CLASSES.iter().zip(terms.leakage).filter(|(_, amount)| *amount > 0);
    let leaks: Vec<String> = leaks.map(|(class, amount)| format!("{class} {amount}")).collect();
    let facts: Vec<String> =
        terms.facts.iter().map(|fact| format!("{}/{}", fact.namespace, fact.key)).collect();
    let capabilities: Vec<&str> = terms.capabilities.iter().map(AsRef::as_ref).collect();
    vec![
        format!("{from} -> {to}: {message}{again}"),
        cost,
        some(&capabilities.join(" ")),
        some(&leaks.join(" ")),
        some(&facts.join(" ")),
        on_denied(terms.on_denied),
        origin(&terms.origin),
    ]
}

fn totals(total: &Total) -> Vec<String> {
    let Total { role, peer, worst, limit, by_size } = total;
    let size = if *by_size { " and by size" } else { "" };
    vec![
        format!("{role} -> {peer}"),
        format!("{}{size}", worst.once),
        if worst.turn > 0 { format!("+{}", worst.turn) } else { "-".to_owned() },
        limit.map_or_else(|| "none".to_owned(), |limit| limit.to_string()),
        match total.carries() {
            Carries::Yes => "yes".to_owned(),
            Carries::No => "no".to_owned(),
            Carries::Turns(turns) => format!("{turns} turns"),
        },
    ]
}

fn some(text: &str) -> String {
    if text.is_empty() { "-".to_owned() } else { text.to_owned() }
}

/// Columns as wide as their widest cells.
fn table(head: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut all = vec![head.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()];
    all.extend(rows);
    let widths: Vec<usize> = (0..head.len())
        .map(|column| all.iter().filter_map(|row| row.get(column)).map(|cell| width(cell)).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for row in &all {
        let cells =
            row.iter().zip(&widths).map(|(cell, wide)| format!("{cell}{}", " ".repeat(wide - width(cell))));
        let line = cells.collect::<Vec<_>>().join("  ");
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
