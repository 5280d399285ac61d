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
use crate::config::guards::read;
use crate::config::vocabulary::Vocabulary;
use crate::diag::Diagnostic;
use crate::diag::code::Code;
use crate::diag::source::{SourceId, Sources, Span};
use crate::guard::{Policy, Table};
use crate::tools::guards::tokens::{Held, token_files};
use crate::tools::guards::{self, Beside, plan, policy, report, show};
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
    let Some(given) = given(args.guards.as_deref(), &mut ready, terminal) else { return Ok(Exit::Errors) };
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
pub fn given(named: Option<&Path>, ready: &mut Ready, terminal: &mut Terminal) -> Option<Given> {
    let words = vocabulary(&ready.programs);
    let mut say = |line: &str| terminal.say(line);
    let read = beside(named, &ready.file, &words, &mut ready.front.sources, &mut say);
    let judged = read.and_then(|(beside, name)| {
        let (policy, said) = policy(&ready.protocol, &ready.projection, &beside);
        let given = Given { policy, beside: beside.profile.is_some(), name };
        if said.is_empty() { Ok(given) } else { Err(said) }
    });
    judged.map_err(|said| findings(&ready.front.sources, said, terminal)).ok()
}

/// The profile and the bindings beside a protocol, or the profile that is named; and what the profile is called.
///
/// # Errors
/// What is wrong with a file.
pub fn beside(
    named: Option<&Path>,
    file: &str,
    words: &Vocabulary,
    sources: &mut Sources,
    say: &mut dyn FnMut(&str),
) -> Result<(Beside, String), Vec<Diagnostic>> {
    let bindings = grants(file, words, sources)?;
    let held = bindings.as_ref().map_or(Ok(Held::default()), |bindings| held(file, bindings))?;
    for role in held.taken_back() {
        let code = Code::E0451;
        say(&format!("{}: a token of `{role}` was taken back, so its tokens grant nothing", code.name()));
    }
    let mut all = Beside { profile: None, bindings, held };
    let fresh = "the profile of a fresh directory".to_owned();
    let own = Path::new(file).with_extension("guards.yaml");
    let Some(path) = named.or_else(|| own.is_file().then_some(own.as_path())) else {
        return Ok((all, fresh));
    };
    let shown = path.to_string_lossy().into_owned();
    let text = files::text(path).map_err(|unread| vec![unread.add(&shown, sources).1])?;
    let source = sources.add(shown.as_str(), text.as_str());
    let (profile, mut said) = read(source, &text, Some(words));
    if let Some(profile) = &profile
        && profile.protocol != words.protocol
    {
        let message = format!("this profile is for `{}`, not for `{}`", profile.protocol, words.protocol);
        if named.is_none() {
            say(&format!("{shown}: {message}, which runs as in a fresh directory"));
            return Ok((all, fresh));
        }
        said.push(Diagnostic::new(Code::E0440, Span::new(source, 0, 0), message));
    }
    all.profile = profile;
    if said.is_empty() { Ok((all, shown)) } else { Err(said) }
}

/// The protocol that a profile is for; none where the file does not say so.
#[must_use]
pub fn meant(profile: &Path) -> Option<String> {
    let text = files::text(profile).ok()?;
    read(SourceId(0), &text, None).0.map(|profile| profile.protocol)
}

/// The table of a policy; none if it cannot be one, which has then been shown.
pub fn table(policy: &Policy, ready: &Ready, terminal: &mut Terminal) -> Option<Table> {
    let made = guards::table(policy, &ready.protocol, &ready.programs);
    made.map_err(|said| findings(&ready.front.sources, vec![*said], terminal)).ok()
}

/// The tokens that bindings name.
///
/// # Errors
/// What is wrong with their files: then nobody knows what roles may do.
fn held(file: &str, bindings: &Bindings) -> Result<Held, Vec<Diagnostic>> {
    let directory = Path::new(file).parent().unwrap_or(Path::new(""));
    let mut texts = BTreeMap::new();
    let mut said = Vec::new();
    for (name, place) in token_files(bindings) {
        match files::secret(&directory.join(name)) {
            Ok(text) => {
                texts.insert(name.to_owned(), text);
            }
            Err(unread) => {
                let message = format!("`{name}` cannot be read: {}", unread.reason);
                said.push(Diagnostic::new(unread.code, place, message));
            }
        }
    }
    if said.is_empty() { Held::read(bindings, &texts) } else { Err(said) }
}

/// The bindings beside a protocol, if there are any for it.
///
/// # Errors
/// What is wrong with their file: then nobody knows what roles may do.
fn grants(
    file: &str,
    words: &Vocabulary,
    sources: &mut Sources,
) -> Result<Option<Bindings>, Vec<Diagnostic>> {
    let path = Path::new(file).with_extension("bindings.yaml");
    if !path.is_file() {
        return Ok(None);
    }
    let name = path.to_string_lossy().into_owned();
    let text = files::text(&path).map_err(|unread| vec![unread.add(&name, sources).1])?;
    let source = sources.add(name.as_str(), text.as_str());
    match bindings::read(source, &text, Some(words)) {
        (Some(bindings), _) => Ok(Some(bindings).filter(|bindings| bindings.protocol == words.protocol)),
        (None, said) => Err(said),
    }
}
