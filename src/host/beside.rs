//! What stands beside a protocol's file: its guard profile, its bindings, and the scripts and tokens that those name.
//!
//! Is not: a reader of settings (`config` is), nor a judge of what they mean together (`tools::guards::policy`).

use std::collections::BTreeMap;
use std::path::Path;

use crate::config::bindings::{self, Bindings};
use crate::config::guards::read;
use crate::config::script::{self, Script};
use crate::config::vocabulary::Vocabulary;
use crate::diag::Diagnostic;
use crate::diag::code::Code;
use crate::diag::source::{Sources, Span};
use crate::host::files;
use crate::tools::guards::Beside;
use crate::tools::guards::tokens::{Held, token_files};

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

/// The tokens that bindings name.
///
/// # Errors
/// What is wrong with their files: then nobody knows what roles may do.
fn held(file: &str, bindings: &Bindings) -> Result<Held, Vec<Diagnostic>> {
    let directory = Path::new(file).parent().unwrap_or(Path::new(""));
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

/// Bindings, and the script files that they name.
#[derive(Debug)]
pub struct Bound {
    /// The bindings.
    pub bindings: Bindings,
    /// The scripts, by the names that the bindings give them.
    pub scripts: BTreeMap<String, Script>,
}

/// Reads bindings; none if something is wrong. Of those for another protocol nothing more is read and nothing is said.
pub fn bound(path: &Path, words: &Vocabulary, sources: &mut Sources) -> (Option<Bound>, Vec<Diagnostic>) {
    let name = path.to_string_lossy();
    let text = match files::text(path) {
        Err(unread) => return (None, vec![unread.add(&name, sources).1]),
        Ok(text) => text,
    };
    let source = sources.add(name, text.as_str());
    let (bindings, mut said) = bindings::read(source, &text, Some(words));
    let Some(bindings) = bindings else { return (None, said) };
    let mut scripts = BTreeMap::new();
    if bindings.protocol != words.protocol {
        return (Some(Bound { bindings, scripts }), Vec::new());
    }
    let directory = path.parent().unwrap_or(Path::new(""));
    for file in bindings.files() {
        let (script, mut notes) = script_file(&directory.join(file), words, sources);
        said.append(&mut notes);
        match script {
            Some(script) => scripts.insert(file.to_owned(), script),
            None => return (None, said),
        };
    }
    (Some(Bound { bindings, scripts }), said)
}

/// Reads a script; none if something is wrong with it, which is said.
pub fn script_file(
    path: &Path,
    words: &Vocabulary,
    sources: &mut Sources,
) -> (Option<Script>, Vec<Diagnostic>) {
    let name = path.to_string_lossy();
    match files::text(path) {
        Err(unread) => (None, vec![unread.add(&name, sources).1]),
        Ok(text) => {
            let source = sources.add(name, text.as_str());
            script::read(source, &text, Some(words))
        }
    }
}
