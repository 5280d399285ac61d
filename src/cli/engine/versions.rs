//! `laban status`, `deploy`, `versions`, `rollback`, `drain`, `handlers`: what an engine runs, and who answers.
//!
//! Is not: the building of a version; the engine reads its directory itself.

use anyhow::Result;
use hyper::Method;
use serde_json::{Value as Json, json};

use crate::cli::Exit;
use crate::cli::args::{At, Named, Rollback};
use crate::cli::engine::remote::Remote;
use crate::cli::engine::sessions::{finding, print, text};
use crate::cli::terminal::Terminal;

/// Says how the engine is, and how its directory stands. A directory with errors is one too.
///
/// # Errors
/// No engine can be reached.
pub fn status(at: &At, terminal: &mut Terminal) -> Result<Exit> {
    let remote = Remote::find(&at.directory)?;
    let said = remote.ask(Method::GET, "/v1/status", None, None)?;
    let found = remote.ask(Method::GET, "/v1/diagnostics", None, None)?;
    let found: Json = if found.is_refusal() { Json::Null } else { found.read()? };
    let exit = print(&said, at, terminal, &|status| {
        let deployed = &status["deployed"];
        let mut lines = vec![format!(
            "engine {} at http://{}: generation {}, {} sessions, {} calls",
            text(status, "node"),
            text(status, "listen"),
            deployed["generation"],
            status["sessions"],
            status["calls"]
        )];
        lines.extend(status["protocols"].as_array().into_iter().flatten().flat_map(protocol));
        lines.extend(compared(deployed, None));
        for (protocol, names) in deployed["stand_ins"].as_object().into_iter().flatten() {
            let names = names.as_array().into_iter().flatten().filter_map(Json::as_str);
            let names: Vec<&str> = names.collect();
            lines.push(format!("stand-ins of {protocol} make their answers up: {}", names.join(", ")));
        }
        for one in found.as_array().into_iter().flatten() {
            lines.extend(finding(one));
        }
        for one in status["unoffered"].as_array().into_iter().flatten() {
            let (protocol, handler) = (text(one, "protocol"), text(one, "handler"));
            let operation = text(one, "operation");
            lines.push(format!(
                "E0614: `{protocol}` asks the handler `{handler}` for `{operation}`, which it does not offer"
            ));
        }
        if deployed["current"] == json!(false) {
            lines.push("the directory has errors and is not deployed; what ran before runs on".to_owned());
        }
        lines
    })?;
    let current =
        said.read::<Json>().is_ok_and(|status| status.pointer("/deployed/current") == Some(&json!(true)));
    Ok(if current { exit } else { Exit::Errors })
}

/// A protocol, a line for it and one for each version.
fn protocol(protocol: &Json) -> Vec<String> {
    let active = protocol["active"].as_str().unwrap_or("none");
    let mut lines = vec![format!("{}: active {active}", text(protocol, "name"))];
    let versions = protocol["versions"].as_array().into_iter().flatten();
    lines.extend(versions.map(|one| format!("  {}", version(one))));
    lines
}

fn version(version: &Json) -> String {
    let mut line =
        format!("{} {}, {} sessions", text(version, "version"), text(version, "state"), version["sessions"]);
    if let Some(compared) = version.get("compared") {
        line.push_str(&format!(", {}", verdict(compared)));
    }
    line
}

/// How a version compares with the one before it.
fn verdict(compared: &Json) -> String {
    let with = text(compared, "with");
    let why = || match compared["role"].as_str() {
        Some(role) => format!("`{role}` new, all others old: {}", text(compared, "reason")),
        None => text(compared, "reason").to_owned(),
    };
    match compared["verdict"].as_str() {
        Some("comparing") => format!("is being compared with {with}"),
        Some("compatible") => format!("compatible with {with}"),
        Some("incompatible") => format!("incompatible with {with}: {}", why()),
        _ => format!("not proved compatible with {with}: {}", why()),
    }
}

/// The protocols whose versions were compared, each with its verdict and the run that shows what is wrong.
fn compared(deployed: &Json, generation: Option<&Json>) -> Vec<String> {
    let mut lines = Vec::new();
    for (protocol, compared) in deployed["compared"].as_object().into_iter().flatten() {
        if generation.is_some_and(|wanted| *wanted != compared["generation"]) {
            continue;
        }
        lines.push(format!("{protocol} {}: {}", text(compared, "version"), verdict(compared)));
        let trace = compared["trace"].as_array().into_iter().flatten().filter_map(Json::as_str);
        lines.extend(trace.map(|line| format!("    {line}")));
    }
    lines
}

/// Has the engine look at its directory now.
///
/// # Errors
/// No engine can be reached.
pub fn deploy(at: &At, terminal: &mut Terminal) -> Result<Exit> {
    let remote = Remote::find(&at.directory)?;
    let said = remote.ask(Method::POST, "/v1/deploy", None, None)?;
    print(&said, at, terminal, &|deployed| {
        let what = if deployed["swapped"] == json!(true) { "deployed" } else { "nothing has changed" };
        let mut lines = vec![format!("{what}: generation {}", deployed["generation"])];
        lines.extend(compared(deployed, Some(&deployed["generation"])));
        lines
    })
}

/// Lists the versions of a protocol.
///
/// # Errors
/// No engine can be reached.
pub fn versions(args: &Named, terminal: &mut Terminal) -> Result<Exit> {
    let remote = Remote::find(&args.at.directory)?;
    let path = format!("/v1/protocols/{}/versions", args.protocol);
    let said = remote.ask(Method::GET, &path, None, None)?;
    let lines = |all: &Json| all.as_array().into_iter().flatten().map(version).collect();
    print(&said, &args.at, terminal, &lines)
}

/// Has new sessions take a version from before.
///
/// # Errors
/// No engine can be reached.
pub fn rollback(args: &Rollback, terminal: &mut Terminal) -> Result<Exit> {
    let remote = Remote::find(&args.at.directory)?;
    let path = format!("/v1/protocols/{}/rollback", args.protocol);
    let said = remote.ask(Method::POST, &path, Some(&json!({ "version": args.version })), None)?;
    print(&said, &args.at, terminal, &protocol)
}

/// Has a protocol take no new sessions.
///
/// # Errors
/// No engine can be reached.
pub fn drain(args: &Named, terminal: &mut Terminal) -> Result<Exit> {
    let remote = Remote::find(&args.at.directory)?;
    let path = format!("/v1/protocols/{}/drain", args.protocol);
    let said = remote.ask(Method::POST, &path, None, None)?;
    print(&said, &args.at, terminal, &protocol)
}

/// Lists handlers and how they do.
///
/// # Errors
/// No engine can be reached.
pub fn handlers(at: &At, terminal: &mut Terminal) -> Result<Exit> {
    let remote = Remote::find(&at.directory)?;
    let said = remote.ask(Method::GET, "/v1/handlers", None, None)?;
    print(&said, at, terminal, &|all| match all.as_array() {
        Some(all) if all.is_empty() => {
            vec!["no bindings name a handler; stand-ins play all roles".to_owned()]
        }
        all => all.into_iter().flatten().map(handler).collect(),
    })
}

fn handler(handler: &Json) -> String {
    let mut line = format!(
        "{} ({}): {}, {} calls, {} failures, {} under way, {} waiting",
        text(handler, "name"),
        text(handler, "kind"),
        text(handler, "state"),
        handler["calls"],
        handler["failures"],
        handler["in_flight"],
        handler["waiting"]
    );
    if let Some(trouble) = handler["last_trouble"].as_str() {
        line.push_str(&format!("; last trouble: {trouble}"));
    }
    line
}
