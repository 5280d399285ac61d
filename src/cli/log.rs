//! `laban log check` and `laban log repair`: what the log of a directory holds, and cutting it where it is damaged.
//!
//! Both are for a directory in which no engine works. Is not: the reader of logs; `host::log::examine` is.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};

use crate::cli::Exit;
use crate::cli::args::{LogAct, LogOf};
use crate::cli::terminal::Terminal;
use crate::diag::code::Code;
use crate::host::log::Trouble;
use crate::host::log::examine::{Behind, Finding, check, repair};
use crate::host::serve::own;

/// Looks at a log, or cuts it.
///
/// # Errors
/// There is no log, an engine is at work, or the system does not let it be used.
pub fn log(args: &LogOf, terminal: &mut Terminal) -> Result<Exit> {
    match &args.act {
        LogAct::Check(at) => checked(&at.directory, terminal),
        LogAct::Repair(at) => repaired(&at.directory, terminal),
    }
}

fn checked(directory: &Path, terminal: &mut Terminal) -> Result<Exit> {
    let found = check(&place(directory)).map_err(|trouble| refusal(directory, &trouble))?;
    terminal.data(&format!("{}\n", summary(&found)));
    for spare in &found.spare {
        terminal.data(&format!("{spare}; an engine starts without it\n"));
    }
    let Some(damage) = &found.damage else { return Ok(Exit::Fine) };
    terminal.data(&format!("{}\n", damage.trouble));
    if damage.trouble.code == Code::E0602 {
        terminal.data("if the machine stopped while they were written, nobody was told of what they held; the next start cuts them off and keeps them\n");
        return Ok(Exit::Fine);
    }
    terminal.data(&format!(
        "behind it: {}\n`laban log repair {}` cuts the log there, and keeps what it cuts beside it\n",
        lost(damage.behind),
        directory.display()
    ));
    Ok(Exit::Errors)
}

fn repaired(directory: &Path, terminal: &mut Terminal) -> Result<Exit> {
    let cut = repair(&place(directory)).map_err(|trouble| refusal(directory, &trouble))?;
    let Some(damage) = &cut.before.damage else {
        terminal.data(&format!("{}; nothing is cut\n", summary(&cut.before)));
        return Ok(Exit::Fine);
    };
    terminal.data(&format!("{}\n", damage.trouble));
    let kept: Vec<String> = cut.kept.iter().map(|path| format!("`{}`", path.display())).collect();
    terminal.data(&format!(
        "cut at byte {} of `{}`; what was cut is in {}\n",
        damage.at,
        damage.file.display(),
        kept.join(", ")
    ));
    let entries = counted(cut.left, "entry is kept", "entries are kept");
    let lost = match damage.trouble.code {
        Code::E0602 => "nothing that anybody was told of is lost".to_owned(),
        _ => format!("lost: {}", lost(damage.behind)),
    };
    terminal.data(&format!("{entries}; {lost}\n"));
    Ok(Exit::Fine)
}

/// Where the log of an engine's directory is.
fn place(directory: &Path) -> PathBuf {
    own(directory).join("log")
}

fn refusal(directory: &Path, trouble: &Trouble) -> anyhow::Error {
    match trouble.code {
        Code::E0605 => anyhow!("{trouble} (`laban status --dir {}` asks it how it is)", directory.display()),
        _ => anyhow!("{trouble}"),
    }
}

fn summary(found: &Finding) -> String {
    let entries = match found.damage {
        None => counted(found.entries, "entry, whole", "entries, all whole"),
        Some(_) => counted(found.entries, "entry is whole", "entries are whole"),
    };
    let files = counted(found.files as u64, "file", "files");
    let bytes = counted(found.bytes, "byte", "bytes");
    match found.snapshot {
        0 => format!("{entries} ({files}, {bytes})"),
        behind => format!("{entries} (a snapshot of {behind}; {files}, {bytes})"),
    }
}

/// What is lost behind damage.
fn lost(behind: Behind) -> String {
    let mut parts = Vec::new();
    if behind.damaged > 0 {
        parts.push(counted(behind.damaged, "entry that is damaged", "entries that are damaged"));
    }
    if behind.whole > 0 {
        parts.push(counted(behind.whole, "entry that is whole", "entries that are whole"));
    }
    match (parts.is_empty(), behind.more) {
        (true, true) => "an unknown number of entries".to_owned(),
        (true, false) => "no entry".to_owned(),
        (false, true) => format!("{}, and an unknown number more", parts.join(" and ")),
        (false, false) => parts.join(" and "),
    }
}

fn counted(number: u64, one: &str, several: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { several })
}
