//! `laban start`, `sessions`, `show`, `cancel`, `events`: sessions of an engine.
//!
//! Is not: a player; who answers for roles is said in bindings.

use anyhow::Result;
use hyper::Method;
use serde_json::{Map, Value as Json, json};

use crate::cli::Exit;
use crate::cli::args::{At, Cancel, Events, List, Show, Start, Verdicts};
use crate::cli::engine::remote::{Remote, Said, refusal};
use crate::cli::terminal::{Terminal, columns};

/// Starts a session.
///
/// # Errors
/// No engine can be reached.
pub fn start(args: &Start, terminal: &mut Terminal) -> Result<Exit> {
    let remote = Remote::find(&args.at.directory)?;
    let mut input = Map::new();
    for given in &args.inputs {
        let Some((name, value)) = given.split_once('=') else {
            anyhow::bail!("an input is a name, `=` and a value: `--input amount=5`");
        };
        let value = serde_json::from_str(value).unwrap_or_else(|_| Json::from(value));
        if input.insert(name.to_owned(), value).is_some() {
            anyhow::bail!("the input `{name}` is given twice");
        }
    }
    let wait = json!(args.wait || args.watch);
    let body = json!({ "protocol": args.protocol, "input": input, "wait": wait });
    let said = remote.ask(Method::POST, "/v1/sessions", Some(&body), args.key.as_deref())?;
    if said.is_refusal() {
        return refused(&said, &args.at, terminal);
    }
    let session: Json = said.read()?;
    if args.watch && args.at.format == Verdicts::Human {
        return shown(&remote, &session, terminal);
    }
    print(&said, &args.at, terminal, &|session| vec![line(session)])
}

/// Lists sessions.
///
/// # Errors
/// No engine can be reached.
pub fn list(args: &List, terminal: &mut Terminal) -> Result<Exit> {
    let remote = Remote::find(&args.at.directory)?;
    let mut query = vec![format!("after={}", args.after), format!("limit={}", args.limit)];
    query.extend(args.state.as_ref().map(|state| format!("state={state}")));
    query.extend(args.protocol.as_ref().map(|protocol| format!("protocol={protocol}")));
    let said = remote.ask(Method::GET, &format!("/v1/sessions?{}", query.join("&")), None, None)?;
    print(&said, &args.at, terminal, &|sessions| match sessions.as_array() {
        Some(all) if all.is_empty() => vec!["there are no such sessions".to_owned()],
        Some(all) => all.iter().map(line).collect(),
        None => Vec::new(),
    })
}

/// Shows one session: the diagram so far, where each role waits, what was spent.
///
/// # Errors
/// No engine can be reached.
pub fn show(args: &Show, terminal: &mut Terminal) -> Result<Exit> {
    let remote = Remote::find(&args.at.directory)?;
    let said = remote.ask(Method::GET, &format!("/v1/sessions/{}", args.id), None, None)?;
    if said.is_refusal() {
        return refused(&said, &args.at, terminal);
    }
    match args.at.format {
        Verdicts::Json => print(&said, &args.at, terminal, &|_| Vec::new()),
        Verdicts::Human => shown(&remote, &said.read()?, terminal),
    }
}

/// Cancels a session.
///
/// # Errors
/// No engine can be reached.
pub fn cancel(args: &Cancel, terminal: &mut Terminal) -> Result<Exit> {
    let remote = Remote::find(&args.at.directory)?;
    let said = remote.ask(Method::DELETE, &format!("/v1/sessions/{}", args.id), None, None)?;
    print(&said, &args.at, terminal, &|session| vec![line(session)])
}

/// Prints what happens, as it happens, until it is interrupted or the session is over.
///
/// # Errors
/// No engine can be reached.
pub fn events(args: &Events, terminal: &mut Terminal) -> Result<Exit> {
    let remote = Remote::find(&args.directory)?;
    let path = args.session.map_or_else(|| "/v1/events".to_owned(), |id| format!("/v1/events?session={id}"));
    remote.listen(&path, &mut |line| {
        terminal.data(&format!("{line}\n"));
        let over = ["completed", "aborted"].iter().any(|end| line.contains(&format!("\"event\":\"{end}\"")));
        args.session.is_none() || !over
    })?;
    Ok(Exit::Fine)
}

/// One session, for people.
fn shown(remote: &Remote, session: &Json, terminal: &mut Terminal) -> Result<Exit> {
    let id = &session["id"];
    let diagram =
        remote.ask(Method::GET, &format!("/v1/sessions/{id}/diagram?columns={}", columns()), None, None)?;
    if !diagram.is_refusal() {
        terminal.data(&diagram.body);
    }
    terminal.data(&format!("{}\n", line(session)));
    for waiting in session["waiting"].as_array().into_iter().flatten() {
        let wanted = waiting["for"].as_array().into_iter().flatten().filter_map(Json::as_str);
        let wanted: Vec<&str> = wanted.collect();
        let wanted = if wanted.is_empty() { String::new() } else { format!(": {}", wanted.join(", ")) };
        terminal.data(&format!(
            "  {} waits for {}{wanted}\n",
            text(waiting, "role"),
            waits(text(waiting, "waits"))
        ));
    }
    for spent in session["budgets"].as_array().into_iter().flatten() {
        let (from, to) = (text(spent, "from"), text(spent, "to"));
        terminal.data(&format!("  {from} has spent {} of {} toward {to}\n", spent["spent"], spent["limit"]));
    }
    Ok(if text(session, "state") == "aborted" { Exit::Errors } else { Exit::Fine })
}

/// What a thread waits for, in words.
fn waits(word: &str) -> &str {
    match word {
        "message" => "a message",
        "answer" => "an answer",
        "guard" => "a guard",
        "turn" => "its turn",
        "room" => "room in a mailbox",
        "threads" => "its own branches",
        _ => "the owner of its scope",
    }
}

/// A session in one line.
fn line(session: &Json) -> String {
    let mut line = format!(
        "session {} of {} (version {}): {}, {} steps",
        session["id"],
        text(session, "protocol"),
        text(session, "version"),
        text(session, "state"),
        session["steps"]
    );
    if let Some(failure) = session.get("failure") {
        let at = failure
            .get("role")
            .and_then(Json::as_str)
            .map_or_else(String::new, |role| format!(", at `{role}`"));
        line.push_str(&format!("; {}: {}{at}", text(failure, "code"), text(failure, "reason")));
    }
    line
}

/// Prints an answer: as it came, or in lines for people.
pub(super) fn print(
    said: &Said,
    at: &At,
    terminal: &mut Terminal,
    lines: &dyn Fn(&Json) -> Vec<String>,
) -> Result<Exit> {
    if said.is_refusal() {
        return refused(said, at, terminal);
    }
    match at.format {
        Verdicts::Json => terminal.data(&format!("{}\n", said.body.trim_end())),
        Verdicts::Human => {
            for line in lines(&said.read()?) {
                terminal.data(&format!("{line}\n"));
            }
        }
    }
    Ok(Exit::Fine)
}

/// Shows why the engine has refused.
pub(super) fn refused(said: &Said, at: &At, terminal: &mut Terminal) -> Result<Exit> {
    if at.format == Verdicts::Json {
        terminal.data(&format!("{}\n", said.body.trim_end()));
    }
    let json: Json = serde_json::from_str(&said.body).unwrap_or_default();
    for found in json.get("diagnostics").and_then(Json::as_array).into_iter().flatten() {
        finding(found).iter().for_each(|line| terminal.say(line));
    }
    terminal.say(&refusal(said));
    Ok(Exit::Errors)
}

/// What is wrong in a directory, in a line like those of `laban check --format short`, and what explains it below.
pub(super) fn finding(found: &Json) -> Vec<String> {
    let (code, message) = (text(found, "code"), text(found, "message"));
    let first = match (found["file"].as_str(), found["line"].as_u64(), found["column"].as_u64()) {
        (Some(file), Some(line), Some(column)) => {
            format!("{file}:{line}:{column}: {}[{code}]: {message}", text(found, "severity"))
        }
        _ => format!("{code}: {message}"),
    };
    let notes = found["notes"].as_array().into_iter().flatten().filter_map(Json::as_str);
    std::iter::once(first).chain(notes.flat_map(str::lines).map(|line| format!("    {line}"))).collect()
}

pub(super) fn text<'a>(json: &'a Json, name: &str) -> &'a str {
    json.get(name).and_then(Json::as_str).unwrap_or("?")
}
