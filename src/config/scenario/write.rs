//! The canonical form of a table: columns aligned, one space elsewhere, values as short YAML.
//!
//! Is not: lossy. What it writes is read back as what was written.

use std::fmt::{self, Display, Formatter};

use serde_json::Value as Json;

use crate::config::scenario::{
    Action, Event, Expected, Head, Motion, Name, Passage, Placed, Question, Reply, Row, Standing, Table,
};

/// Columns of the words that begin lines: the longest of them, and a space.
const VERB_COLUMNS: usize = 9;
/// Actions with more columns than this stand out of the column that the others make.
const ACTION_COLUMNS_MAX: usize = 80;

impl Display for Table {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut rest = self.rows.as_slice();
        while let Some((first, others)) = rest.split_first() {
            // The lines of a scenario are aligned by themselves.
            let count = others.iter().take_while(|row| !matches!(row.it, Row::Scenario(_))).count();
            let (block, after) = rest.split_at(count + 1);
            let width = block.iter().map(columns).max().unwrap_or(0);
            debug_assert!(
                std::ptr::eq(first, block.first().unwrap_or(first)),
                "a block begins where the rest does"
            );
            block.iter().try_for_each(|row| line(f, &row.it, width))?;
            rest = after;
        }
        Ok(())
    }
}

/// The columns that an action with an outcome takes, if it takes part in the alignment.
fn columns(row: &Placed<Row>) -> usize {
    match &row.it {
        Row::Act(action, expected) if !expected.is_empty() => {
            let columns = action.to_string().chars().count();
            if columns <= ACTION_COLUMNS_MAX { columns } else { 0 }
        }
        _ => 0,
    }
}

fn line(f: &mut Formatter<'_>, row: &Row, width: usize) -> fmt::Result {
    match row {
        Row::Blank => f.write_str("\n"),
        Row::Comment(text) if text.is_empty() => f.write_str("#\n"),
        Row::Comment(text) => writeln!(f, "# {text}"),
        Row::Head(head) => writeln!(f, "{head}"),
        Row::Scenario(name) => writeln!(f, "scenario {}", quoted(name)),
        Row::Act(action, expected) if expected.is_empty() => writeln!(f, "{action}"),
        Row::Act(action, expected) => {
            let expected: Vec<String> = expected.iter().map(|one| one.it.to_string()).collect();
            writeln!(f, "{:width$} | {}", action.to_string(), expected.join("; "))
        }
    }
}

impl Display for Head {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Protocol(file, name) => {
                verb(f, "protocol")?;
                name_of(f, file)?;
                name.iter().try_for_each(|name| write!(f, " {}", bare(&name.it)))
            }
            Self::Size(sizes) => {
                verb(f, "size")?;
                let sizes: Vec<String> =
                    sizes.iter().map(|(name, count)| format!("{}={count}", name.it)).collect();
                f.write_str(&sizes.join(" "))
            }
            Self::Seed(seed) => {
                verb(f, "seed")?;
                write!(f, "{seed}")
            }
            Self::Auto(names) => {
                verb(f, "auto")?;
                let names: Vec<String> = names.iter().map(|name| bare(&name.it)).collect();
                f.write_str(&names.join(" "))
            }
            Self::Idle(span) => {
                verb(f, "idle")?;
                write!(f, "{}", span.it)
            }
            Self::Manual => f.write_str("manual"),
        }
    }
}

impl Display for Action {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(params) if params.is_empty() => f.write_str("open"),
            Self::Open(params) => {
                verb(f, "open")?;
                let params: Vec<String> = params
                    .iter()
                    .map(|(name, value)| format!("{}={}", name.it, value_text(&value.it)))
                    .collect();
                f.write_str(&params.join(" "))
            }
            Self::Answer(role, question, reply) => {
                verb(f, "answer")?;
                write!(f, "{} {question} {}", bare(&role.it), reply.it)
            }
            Self::Fail(role, question, failure) => {
                verb(f, "fail")?;
                let kind = if failure.recoverable { "recoverable" } else { "permanent" };
                write!(f, "{} {question} {kind}", bare(&role.it))?;
                if failure.reason.is_empty() { Ok(()) } else { write!(f, " {}", quoted(&failure.reason)) }
            }
            Self::Deny(times, passage) => {
                verb(f, "deny")?;
                times_text(f, *times)?;
                write!(f, "{passage}")
            }
            Self::Cancel => f.write_str("cancel"),
            Self::Lose(role) => {
                verb(f, "lose")?;
                name_of(f, role)
            }
            Self::Tick(span) => {
                verb(f, "tick")?;
                write!(f, "{span}")
            }
            Self::Expect(standing) => {
                verb(f, "expect")?;
                write!(f, "{}", standing.it)
            }
            Self::Step(role, motion) => {
                verb(f, "step")?;
                name_of(f, role)?;
                write!(f, "{motion}")
            }
        }
    }
}

/// With a space before it, if it is anything.
impl Display for Motion {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Go => Ok(()),
            Self::Take(from) => write!(f, " take {}", bare(&from.it)),
            Self::Send => f.write_str(" send"),
            Self::Deny => f.write_str(" deny"),
            Self::Decide(label) => write!(f, " decide {}", bare(&label.it)),
            Self::Give(value) => write!(f, " give {}", value_text(&value.it)),
            Self::Accept => f.write_str(" accept"),
            Self::Refuse => f.write_str(" refuse"),
            Self::Fail(name) => write!(f, " fail {}", bare(&name.it)),
            Self::Suppose(value) => write!(f, " suppose {}", value_text(&value.it)),
            Self::Expire(scope) => write!(f, " expire {scope}"),
        }
    }
}

impl Display for Question {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if !self.word().is_empty() {
            write!(f, "{} ", self.word())?;
        }
        name_of(f, self.name())
    }
}

impl Display for Reply {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(value) => f.write_str(&value_text(value)),
            Self::Label(label) => f.write_str(&bare(label)),
            Self::Accept => f.write_str("accept"),
            Self::Refuse => f.write_str("refuse"),
        }
    }
}

impl Display for Passage {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> {}: {}", bare(&self.from.it), bare(&self.to.it), bare(&self.message.it))
    }
}

impl Display for Standing {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Completed => f.write_str("completed"),
            Self::Aborted(code, role) => aborted(f, code.as_ref(), role.as_ref()),
            Self::Open => f.write_str("open"),
            Self::Done(role) => write!(f, "done {}", bare(&role.it)),
            Self::Waits(role, None) => write!(f, "waits {}", bare(&role.it)),
            Self::Waits(role, Some(wanted)) => write!(f, "waits {} for {}", bare(&role.it), bare(&wanted.it)),
        }
    }
}

impl Display for Expected {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        times_text(f, self.times)?;
        write!(f, "{}", self.event)
    }
}

impl Display for Event {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let name = |name: &Name| bare(&name.it);
        match self {
            Self::Sent(passage, payload) => {
                write!(f, "{passage}")?;
                payload_text(f, payload.as_ref())
            }
            Self::Taken(Passage { from, to, message }) => {
                write!(f, "{} takes {} from {}", name(to), name(message), name(from))
            }
            Self::Told(from, to, label) => write!(f, "{} tells {} {}", name(from), name(to), name(label)),
            Self::Decided(role, choice, label) => {
                write!(f, "{} decides {} {}", name(role), name(choice), name(label))
            }
            Self::Performed(role, operation, outcome) => {
                write!(f, "{} does {}", name(role), name(operation))?;
                payload_text(f, outcome.as_ref())
            }
            Self::Logged(role, text) => write!(f, "{} logs {}", name(role), quoted(text)),
            Self::Asked(role, question) => write!(f, "{} asked {question}", name(role)),
            Self::Done(role) => write!(f, "{} done", name(role)),
            Self::Raised(role, cause) => write!(f, "{} raises {cause}", name(role)),
            Self::Completed => f.write_str("completed"),
            Self::Aborted(code, role) => aborted(f, code.as_ref(), role.as_ref()),
            Self::Nothing => f.write_str("nothing"),
        }
    }
}

fn aborted(f: &mut Formatter<'_>, code: Option<&Name>, role: Option<&Name>) -> fmt::Result {
    f.write_str("aborted")?;
    code.iter().try_for_each(|code| write!(f, " {}", code.it))?;
    role.iter().try_for_each(|role| write!(f, " at {}", bare(&role.it)))
}

fn verb(f: &mut Formatter<'_>, verb: &str) -> fmt::Result {
    write!(f, "{verb:VERB_COLUMNS$}")
}

fn name_of(f: &mut Formatter<'_>, name: &Name) -> fmt::Result {
    f.write_str(&bare(&name.it))
}

fn times_text(f: &mut Formatter<'_>, times: Option<u32>) -> fmt::Result {
    times.iter().try_for_each(|times| match times {
        1 => f.write_str("1 time "),
        times => write!(f, "{times} times "),
    })
}

fn payload_text(f: &mut Formatter<'_>, payload: Option<&Json>) -> fmt::Result {
    payload.iter().try_for_each(|payload| write!(f, " {}", value_text(payload)))
}

/// A name as it is read back: in quotes where a space or a mark of the language stands in it.
pub(super) fn bare(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_#.[]*/-<>=".contains(c);
    if !name.is_empty() && !name.starts_with('#') && name.chars().all(plain) {
        name.to_owned()
    } else {
        quoted(name)
    }
}

/// A text in quotes, in one line, without characters that YAML does not take.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c.is_control()
                || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}') =>
            {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A value in one line: `{amount: 5, who: "Ann"}`.
#[must_use]
pub(super) fn value_text(value: &Json) -> String {
    match value {
        Json::String(text) => quoted(text),
        Json::Array(items) => format!("[{}]", items.iter().map(value_text).collect::<Vec<_>>().join(", ")),
        Json::Object(fields) => {
            let field = |(name, value): (&String, &Json)| format!("{}: {}", key(name), value_text(value));
            format!("{{{}}}", fields.iter().map(field).collect::<Vec<_>>().join(", "))
        }
        plain => plain.to_string(),
    }
}

/// The name of a field, in quotes where YAML would take it for something else.
fn key(name: &str) -> String {
    let mut letters = name.chars();
    let plain = letters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && letters.all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !matches!(name.to_ascii_lowercase().as_str(), "null" | "true" | "false");
    if plain { name.to_owned() } else { quoted(name) }
}
