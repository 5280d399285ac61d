//! Comparisons as text for people: a line a role, and a diagram of what shows that something is wrong.
//!
//! Is not: a format that anything reads back.

use crate::check::upgrade::{Clash, Replaced, Verdict};
use crate::tools::breaking::{Row, Said, verdict_word};
use crate::tools::trace::draw;

/// One protocol, as lines.
#[must_use]
pub fn show(row: &Row, width: usize) -> String {
    let mut text = format!("{}: {}: {}\n", row.file, row.protocol, row.word());
    let (compared, stage) = match &row.said {
        Said::Removed | Said::Added => return text,
        Said::Compared(compared, stage) => (compared, stage),
    };
    if let Some(clash) = &compared.whole {
        text.push_str(&format!("  {}\n", clash.sentence));
        return text;
    }
    let column = compared.roles.iter().map(|one| one.role.chars().count()).max().unwrap_or(0);
    for one in &compared.roles {
        text.push_str(&format!("  {:<column$}  {}\n", one.role, line(one)));
    }
    for one in &compared.roles {
        let Verdict::Incompatible(Clash { sentence, run: Some(run) }) = &one.verdict else { continue };
        text.push_str(&format!("\n  `{}` new, all others old: {sentence}:\n", one.role));
        let mut out = |line: &str| text.push_str(&format!("    {line}\n"));
        draw(run, stage, width.saturating_sub(4), sentence, &mut out);
    }
    text
}

fn line(one: &Replaced) -> String {
    let turns = if one.turns { "; where nobody knows how often a loop turns: up to twice" } else { "" };
    let word = verdict_word(&one.verdict);
    match &one.verdict {
        Verdict::Compatible if one.same => "does the same".to_owned(),
        Verdict::Compatible => {
            format!("{word}: nothing goes wrong with the others as they were: {} states{turns}", one.states)
        }
        Verdict::Incompatible(clash) => format!("{word}: {}", clash.sentence),
        Verdict::NotProved(why) => format!("{word}: {why}"),
    }
}
