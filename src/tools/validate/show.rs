//! Verdicts as text for people: one line a verdict, and a diagram of what shows that something is wrong.
//!
//! Is not: a format that anything reads back.

use crate::check::replay::Run;
use crate::check::search::{Cut, Violation};
use crate::local::projection::Bound;
use crate::tools::guards::{Carries, show as plan_text};
use crate::tools::trace::{self, Stage};
use crate::tools::validate::{Guarded, Judged, Place, Row};

/// Places that are listed; the rest is counted.
const PLACES_MAX: usize = 5;

/// One protocol, as lines.
#[must_use]
pub fn show(row: &Row, width: usize) -> String {
    let name = row.protocol.as_deref().unwrap_or("not understood");
    let Some(judged) = &row.judged else {
        return format!("{}: {name}: not validated, it has errors\n", row.file);
    };
    let mut text = format!("{}: {name}: {}\n", row.file, extent(judged));
    for (verdict, line) in verdicts(judged) {
        text.push_str(&format!("  {verdict:<12} {line}\n"));
    }
    text.push_str(&guards(row));
    if let Some((_, sentence, run)) = &judged.violation {
        text.push_str(&format!("\n  {sentence}:\n"));
        draw(run, &judged.stage, width, sentence, &mut text);
    }
    for (role, run) in &judged.starving {
        let sentence = format!("from here on `{role}` waits for ever");
        text.push_str(&format!("\n  {sentence}:\n"));
        draw(run, &judged.stage, width, &sentence, &mut text);
    }
    for (_, sentence, run) in &judged.possible {
        text.push_str(&format!(
            "\n  this can happen if nothing outside the protocol rules it out: {sentence}:\n"
        ));
        draw(run, &judged.stage, width, sentence, &mut text);
    }
    text
}

/// What guards will ask: a line, and the plan where somebody has said anything of it.
fn guards(row: &Row) -> String {
    let line = |text: &str| format!("  {:<12} {text}\n", "guards");
    let Some(Guarded { plan, name, said }) = &row.guarded else {
        return line("not known, the files beside it have errors");
    };
    let sends = plan.sends.len();
    let turns = plan.carried().filter_map(|carries| match carries {
        Carries::Turns(most) => Some(most),
        _ => None,
    });
    let verdict = match turns.min() {
        _ if !plan.is_fine() => "warning: see below".to_owned(),
        Some(most) => format!("nothing is denied while loops turn no more than {most} times in all"),
        None => "nothing is denied, budgets carry a session".to_owned(),
    };
    let mut text = line(&format!("{verdict}: {sends} kinds of sends under {name}"));
    if *said || !plan.is_fine() {
        let plan = plan_text(plan, name);
        // The first line says what the line above says.
        plan.lines().skip(1).for_each(|line| text.push_str(&format!("    {line}\n")));
    }
    text
}

/// How much was explored.
fn extent(judged: &Judged) -> String {
    let Judged { states, moves, depth, cut, .. } = judged;
    let whole = match cut {
        None => "every run explored",
        Some(Cut::States) => "not exhausted, --states allows more",
        Some(Cut::Bytes) => "not exhausted, the memory allowed for it is used up",
        Some(Cut::Depth) => "not exhausted, --depth allows more",
        Some(Cut::Violation) => "stopped where something is wrong",
    };
    let turns = if judged.turns { "; where nobody knows how often a loop turns: up to twice" } else { "" };
    format!("{whole}: {states} states, {moves} moves, depth {depth}{turns}")
}

/// Each verdict's name and its line.
fn verdicts(judged: &Judged) -> Vec<(&'static str, String)> {
    let wrong = judged.violation.as_ref().map(|(violation, sentence, _)| (violation, sentence));
    let (mut safe, mut goes_on) = (None, None);
    match wrong {
        Some((Violation::Deadlock(_), sentence)) => goes_on = Some(sentence),
        Some((_, sentence)) => safe = Some(sentence),
        None => {}
    }
    let seen = |good: &str| match judged.cut {
        None => good.to_owned(),
        Some(_) => format!("{good}, as far as explored"),
    };
    let verdict = |wrong: Option<&String>, good: &str| match wrong {
        Some(sentence) => format!("violated: {sentence}"),
        None => seen(good),
    };
    let mut lines = vec![
        ("safety", verdict(safe, "no message is unexpected or left over, nobody fails")),
        ("progress", verdict(goes_on, "nobody gets stuck")),
    ];
    lines.push(("liveness", liveness(judged)));
    lines.push((
        "termination",
        match judged.endless.as_slice() {
            [] => seen("all runs end"),
            places => format!("a run may go on for ever: {}", listed(places)),
        },
    ));
    lines.push((
        "reachability",
        match (judged.cut, judged.unreached.as_slice()) {
            (Some(_), _) => "not known".to_owned(),
            (None, []) => "some run reaches every line".to_owned(),
            (None, places) => format!("no run reaches {}", listed(places)),
        },
    ));
    lines.push(("bounds", bounds(judged)));
    match &judged.missing {
        None => lines.push(("effects", "no handlers beside the protocol to compare with".to_owned())),
        Some(missing) if missing.is_empty() => {
            lines.push(("effects", "the handlers offer all that is asked".to_owned()));
        }
        Some(missing) => lines.extend(missing.iter().map(|line| ("effects", format!("warning: {line}")))),
    }
    let most = judged.sent_max.iter().map(|(role, most)| match most {
        Some(_) if judged.turns => format!("{role} as often as loops turn"),
        Some(most) => format!("{role} {most}"),
        None => format!("{role} unbounded"),
    });
    lines.push(("messages", format!("at most, in one run: {}", most.collect::<Vec<_>>().join(", "))));
    lines
}

fn liveness(judged: &Judged) -> String {
    let names: Vec<String> = judged.starving.iter().map(|(role, _)| format!("`{role}`")).collect();
    match (judged.cut, names.as_slice()) {
        (Some(_), _) => "not known".to_owned(),
        (None, []) if judged.released => {
            "every role comes to its end, or waits where the session may end".to_owned()
        }
        (None, []) => "every role comes to its end, or round again".to_owned(),
        (None, names) => format!("violated: {} may wait for ever while others go on", names.join(", ")),
    }
}

fn bounds(judged: &Judged) -> String {
    let longest = judged.queues.iter().map(|queue| queue.seen).max().unwrap_or(0);
    let unbounded = judged.queues.iter().filter(|queue| queue.bound == Bound::Unbounded).count();
    let short = |queue: &&crate::tools::validate::Queue| queue.full && queue.bound != Bound::Unbounded;
    let mut line = format!("the longest queue held {longest}");
    match judged.queues.iter().find(short) {
        Some(queue) => line.push_str(&format!(
            "; warning: {} had to wait for room to {}, whose bound was computed",
            queue.from, queue.to
        )),
        None => line.push_str(", none more than computed"),
    }
    if unbounded > 0 {
        line.push_str(&format!("; {unbounded} have no bound, their senders wait"));
    }
    line
}

fn listed(places: &[Place]) -> String {
    let shown = places.iter().take(PLACES_MAX);
    let mut lines: Vec<String> =
        shown.map(|place| format!("line {} (`{}`)", place.line, place.text)).collect();
    if places.len() > PLACES_MAX {
        lines.push(format!("{} more", places.len() - PLACES_MAX));
    }
    lines.join(", ")
}

/// Draws a run below what is said of it.
fn draw(run: &Run, stage: &Stage, width: usize, last: &str, text: &mut String) {
    let mut out = |line: &str| text.push_str(&format!("    {line}\n"));
    trace::draw(run, stage, width.saturating_sub(4), last, &mut out);
}
