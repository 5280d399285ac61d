//! `laban guards plan`, and the guard profile beside a protocol, which `run` uses too.
//!
//! A profile is the `*.guards.yaml` beside the protocol's file, or the file that is named; what roles may do stands in the
//! `*.bindings.yaml` there. Is not: a reader of settings (`config::guards`), nor the plan (`tools::guards`).

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;

use crate::bytecode::program::Program;
use crate::cli::Exit;
use crate::cli::args::{Guards, GuardsAct, Plan, Verdicts};
use crate::cli::files;
use crate::cli::source::{Ready, built, show as findings};
use crate::cli::terminal::Terminal;
use crate::config::bindings::{self, Bindings};
use crate::config::guards::{Profile, read};
use crate::diag::code::Code;
use crate::diag::source::Span;
use crate::diag::{Diagnostic, Severity};
use crate::guard::{Policy, Table};
use crate::tools::guards::tokens::{hold, token_files};
use crate::tools::guards::{plan, policy, report, show};
use crate::tools::run::vocabulary;

/// What holds of a protocol's sends.
#[derive(Debug)]
pub struct Given {
    /// The policy.
    pub policy: Policy,
    /// Whether a profile was found beside the protocol, or named.
    pub beside: bool,
    /// The profile as shown.
    pub name: String,
}

/// Does what is wanted with guards.
///
/// # Errors
/// For wrong usage: no or several protocols.
pub fn guards(args: &Guards, terminal: &mut Terminal) -> Result<Exit> {
    let GuardsAct::Plan(args) = &args.act;
    planned(args, terminal)
}

fn planned(args: &Plan, terminal: &mut Terminal) -> Result<Exit> {
    let Some(mut ready) = built(&args.choose, terminal)? else { return Ok(Exit::Errors) };
    let Some(given) = given(args.guards.as_deref(), &mut ready, terminal)? else { return Ok(Exit::Errors) };
    if table(&given.policy, &ready, terminal).is_none() {
        return Ok(Exit::Errors);
    }
    let programs: Vec<&Program> = ready.programs.iter().collect();
    let plan = plan(&programs, &given.policy);
    terminal.data(&match args.format {
        Verdicts::Human => show(&plan, &given.name),
        Verdicts::Json => report(&plan),
    });
    Ok(if plan.is_fine() { Exit::Fine } else { Exit::Errors })
}

/// What holds of a protocol's sends; none if a file has errors, which have then been shown.
///
/// # Errors
/// If the file that was named cannot be read: wrong usage.
pub fn given(named: Option<&Path>, ready: &mut Ready, terminal: &mut Terminal) -> Result<Option<Given>> {
    let words = vocabulary(&ready.programs);
    let beside = Path::new(&ready.file).with_extension("guards.yaml");
    let path = named.or_else(|| beside.is_file().then_some(beside.as_path()));
    let mut profile: Option<Profile> = None;
    let mut name = "the profile of a fresh directory".to_owned();
    if let Some(path) = path {
        let shown = path.to_string_lossy().into_owned();
        let text = match files::text(path) {
            Ok(text) => text,
            Err(unread) => {
                let said = vec![unread.add(&shown, &mut ready.front.sources).1];
                findings(&ready.front.sources, said, terminal);
                return Ok(None);
            }
        };
        let source = ready.front.sources.add(shown.as_str(), text.as_str());
        let (read, mut said) = read(source, &text, Some(&words));
        if let Some(read) = &read
            && read.protocol != words.protocol
        {
            let message = format!("this profile is for `{}`, not for `{}`", read.protocol, words.protocol);
            if named.is_none() {
                terminal.say(&format!("{shown}: {message}, which runs as in a fresh directory"));
                return Ok(finish(None, name, ready, terminal));
            }
            said.push(Diagnostic::new(Code::E0440, Span::new(source, 0, 0), message));
        }
        if !said.is_empty() {
            findings(&ready.front.sources, said, terminal);
            return Ok(None);
        }
        (profile, name) = (read, shown);
    }
    Ok(finish(profile, name, ready, terminal))
}

/// Adds what annotations and bindings say.
fn finish(
    profile: Option<Profile>,
    name: String,
    ready: &mut Ready,
    terminal: &mut Terminal,
) -> Option<Given> {
    let beside = profile.is_some();
    let bindings = match grants(ready) {
        Ok(bindings) => bindings,
        Err(said) => {
            findings(&ready.front.sources, said, terminal);
            return None;
        }
    };
    let (mut policy, mut said) = policy(&ready.protocol, profile, bindings.as_ref());
    if let Some(bindings) = &bindings {
        match beside_bindings(ready, bindings) {
            Ok(files) => said.extend(hold(&mut policy, &ready.programs, bindings, &files)),
            Err(unread) => said.extend(unread),
        }
    }
    let stops = said.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    if !said.is_empty() {
        findings(&ready.front.sources, said, terminal);
    }
    if stops {
        return None;
    }
    Some(Given { policy, beside, name })
}

/// The table of a policy; none if it cannot be one, which has then been shown.
pub fn table(policy: &Policy, ready: &Ready, terminal: &mut Terminal) -> Option<Table> {
    let table = Table::new(&ready.programs, policy);
    if table.is_err() {
        let message = format!("`{}` needs more capabilities than one word has bits", ready.protocol.name);
        let said = vec![Diagnostic::new(Code::E0447, ready.protocol.span, message)];
        findings(&ready.front.sources, said, terminal);
    }
    table.ok()
}

/// The files that bindings name for tokens, by their names.
///
/// # Errors
/// Those that cannot be read.
fn beside_bindings(ready: &Ready, bindings: &Bindings) -> Result<BTreeMap<String, String>, Vec<Diagnostic>> {
    let directory = Path::new(&ready.file).parent().unwrap_or(Path::new(""));
    let mut texts = BTreeMap::new();
    let mut said = Vec::new();
    for (name, place) in token_files(bindings) {
        match files::text(&directory.join(name)) {
            Ok(text) => {
                texts.insert(name.to_owned(), text);
            }
            Err(unread) => {
                let message = format!("`{name}` cannot be read: {}", unread.reason);
                said.push(Diagnostic::new(unread.code, place, message));
            }
        }
    }
    if said.is_empty() { Ok(texts) } else { Err(said) }
}

/// The bindings beside a protocol, if there are any for it.
///
/// # Errors
/// What is wrong with their file: then nobody knows what roles may do.
fn grants(ready: &mut Ready) -> Result<Option<Bindings>, Vec<Diagnostic>> {
    let path = Path::new(&ready.file).with_extension("bindings.yaml");
    if !path.is_file() {
        return Ok(None);
    }
    let name = path.to_string_lossy().into_owned();
    let sources = &mut ready.front.sources;
    let text = files::text(&path).map_err(|unread| vec![unread.add(&name, sources).1])?;
    let source = sources.add(name.as_str(), text.as_str());
    match bindings::read(source, &text, Some(&vocabulary(&ready.programs))) {
        (Some(bindings), _) => Ok(Some(bindings).filter(|bindings| bindings.protocol == ready.protocol.name)),
        (None, said) => Err(said),
    }
}
