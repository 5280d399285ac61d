//! A directory of protocols, read as a whole: what it would deploy, or what is wrong with it.
//!
//! Every `*.choreo` below it with the profile, bindings, scripts and tokens beside it; hidden names and the engine's own
//! files are passed over, and so is a directory below that has a `laban.yaml` of its own. Whoever watches compares
//! [`fingerprint`]s, which change exactly if one of these files does.
//! Is not: in use yet. A directory with an error in one file deploys nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::base::builtin;
use crate::base::limits::{DIRECTORY_DEPTH_MAX, DIRECTORY_FILES_MAX, SOURCE_BYTES_MAX};
use crate::bytecode::codec;
use crate::bytecode::op::Op;
use crate::bytecode::program::Program;
use crate::config::bindings::{Bindings, Handler, HandlerKind};
use crate::config::script::Script;
use crate::config::vocabulary::{indexed, means};
use crate::diag::code::Code;
use crate::diag::source::{Sources, Span};
use crate::diag::{Diagnostic, Severity};
use crate::global::ChoreographyRef;
use crate::global::Sizes;
use crate::host::beside;
use crate::host::files;
use crate::local::Amend;
use crate::node::entry::{Deployment, Package, Player, Players, version};
use crate::pipeline::{Built, Front, Options, Root, has_errors};
use crate::tools::guards as plan;
use crate::tools::run::{outside_effects, vocabulary};

/// What a directory says.
#[derive(Debug)]
pub struct Reading {
    /// The texts, for what is said of them.
    pub sources: Sources,
    /// What is said: errors, warnings and notes.
    pub said: Vec<Diagnostic>,
    /// What it deploys; none if there is an error.
    pub deploys: Option<Deploys>,
    /// The programs that its handlers are.
    pub programs: Programs,
    /// Where each protocol stands.
    pub places: BTreeMap<Arc<str>, Span>,
}

/// What a directory deploys.
#[derive(Clone, Debug, Default)]
pub struct Deploys {
    /// Its protocols.
    pub deployment: Deployment,
    /// The roles and effects that stand-ins play, by protocol.
    pub stand_ins: BTreeMap<Arc<str>, Vec<String>>,
}

/// The programs of handlers, by their places in a directory: a change of one changes what the directory deploys.
pub type Programs = BTreeSet<PathBuf>;

impl Reading {
    /// A reading that did not come to its end, which is a mistake of ours.
    #[must_use]
    pub fn broken() -> Self {
        let mut sources = Sources::default();
        let source = sources.add("", "");
        let message = "the directory could not be read to its end";
        let said = vec![Diagnostic::new(Code::E0422, Span::new(source, 0, 0), message)];
        Self { sources, said, deploys: None, programs: Programs::new(), places: BTreeMap::new() }
    }
}

/// A text that stands for a file's.
#[derive(Clone, Debug)]
pub struct Overlay {
    /// The file, which may not be there.
    pub file: PathBuf,
    /// Its text.
    pub text: String,
}

/// What the whole of a directory's files is: their names and contents. Those of programs belong to it.
#[must_use]
pub fn fingerprint(directory: &Path, programs: &Programs) -> [u8; 32] {
    let mut files = relevant(directory);
    files.extend(programs.iter().cloned());
    digest(&files)
}

/// What some files are: their names and contents.
fn digest<'a>(files: impl IntoIterator<Item = &'a PathBuf>) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    for path in files {
        let name = path.to_string_lossy();
        hasher.update(&(name.len() as u64).to_le_bytes());
        hasher.update(name.as_bytes());
        // What cannot be read is told when the directory is; here it is only unlike what can.
        let content = content(path);
        hasher.update(&[u8::from(content.is_some())]);
        let content = content.unwrap_or_default();
        hasher.update(&(content.len() as u64).to_le_bytes());
        hasher.update(&content);
    }
    *hasher.finalize().as_bytes()
}

/// Reads a directory. `sizes` are those of families; whether roles may be played by stand-ins that make answers up is a
/// setting; an overlay is read in place of its file.
#[must_use]
pub fn read(directory: &Path, sizes: &Sizes, stand_ins: bool, overlay: Option<&Overlay>) -> Reading {
    let mut roots = files::roots(&[directory.to_owned()]);
    roots.retain(|root| !is_apart(directory, Path::new(&root.name)));
    if let Some(overlay) = overlay {
        let name = files::name(&overlay.file);
        let text = Ok(overlay.text.clone());
        match roots.iter_mut().find(|root| root.name == name) {
            Some(root) => root.text = text,
            None => roots.push(Root { name, text }),
        }
    }
    let front = Front::read(roots, &mut |path| files::text(Path::new(path)));
    let mut reader = Reader {
        deploys: Deploys::default(),
        said: Vec::new(),
        sources: Sources::default(),
        places: BTreeMap::new(),
        directory: directory.to_owned(),
        programs: Programs::new(),
        unbound: BTreeMap::new(),
    };
    let mut said = front.diagnostics.clone();
    let options = Options { sizes: sizes.clone(), amend: Amend::Auto };
    let mut packages = Vec::new();
    for which in &front.choreographies {
        let mut built = front.build(which, &options);
        said.append(&mut built.diagnostics);
        packages.push((which.clone(), built));
    }
    reader.sources = front.sources.clone();
    reader.said = said;
    if !has_errors(&reader.said) {
        for (which, built) in packages {
            reader.package(&front, &which, built);
        }
    }
    reader.judge_stand_ins(stand_ins);
    let Reader { deploys, said, sources, programs, places, .. } = reader;
    let deploys = (!has_errors(&said)).then_some(deploys);
    Reading { sources, said, deploys, programs, places }
}

struct Reader {
    deploys: Deploys,
    said: Vec<Diagnostic>,
    sources: Sources,
    /// Where each protocol stands.
    places: BTreeMap<Arc<str>, Span>,
    directory: PathBuf,
    programs: Programs,
    /// What of the stand-ins is likely to be forgotten: effects, and roles beside others that are bound.
    unbound: BTreeMap<Arc<str>, Vec<String>>,
}

impl Reader {
    fn package(&mut self, front: &Front, which: &ChoreographyRef, built: Built) {
        let (Some(protocol), Some(projection)) = (built.protocol, built.projection) else { return };
        let programs = built.programs;
        let name: Arc<str> = Arc::from(protocol.name.as_str());
        let file = front.files.get(which.module).map_or_else(String::new, |file| file.name.clone());
        if let Some(other) = self.places.get(&name) {
            let message = format!("`{name}` is there twice");
            let said = Diagnostic::new(Code::E0609, which.span, message).also(*other, "here too");
            self.said.push(said.help("give one of them another name"));
            return;
        }
        self.places.insert(name.clone(), which.span);
        let words = vocabulary(&programs);
        let note = &mut |line: &str| tracing::warn!("{line}");
        let found = beside::beside(None, &file, &words, &mut self.sources, note);
        let beside = match found {
            Ok((beside, _)) => beside,
            Err(mut wrong) => return self.said.append(&mut wrong),
        };
        let (policy, mut wrong) = plan::policy(&protocol, &projection, &beside);
        self.said.append(&mut wrong);
        if let Err(wrong) = plan::table(&policy, &protocol, &programs) {
            return self.said.push(*wrong);
        }
        let players = self.players(&name, &file, &programs);
        let package = Package {
            version: version(&programs),
            file: Arc::from(file.as_str()),
            programs: programs.iter().map(codec::encode).collect(),
            lanes: protocol.lanes.iter().map(|lane| lane.name.clone()).collect(),
            policy,
            players,
        };
        self.deploys.deployment.packages.insert(name, package);
    }

    /// Who plays, by the bindings beside the file.
    fn players(&mut self, protocol: &Arc<str>, file: &str, programs: &[Program]) -> Players {
        let words = vocabulary(programs);
        let names: Vec<Arc<str>> = words.roles.clone();
        let path = Path::new(file).with_extension("bindings.yaml");
        let bound = if path.is_file() {
            let (bound, mut wrong) = beside::bound(&path, &words, &mut self.sources);
            self.said.append(&mut wrong);
            bound.filter(|bound| bound.bindings.protocol == words.protocol)
        } else {
            None
        };
        let mut players = Players { roles: vec![None; names.len()], ..Players::default() };
        let mut script = Script::default();
        if let Some(bound) = &bound {
            script = bound.bindings.script(&bound.scripts).0;
            for (role, name) in players.roles.iter_mut().zip(&names) {
                *role = player(&bound.bindings, name)
                    .map(|player| Player { config: indexed(&player.config, name), ..player });
            }
            for effect in outside_effects(programs) {
                if let Some(handler) = bound.bindings.handlers.get(effect.as_ref())
                    && handler.kind.is_elsewhere()
                {
                    players.effects.insert(effect.clone(), effect);
                }
            }
            self.handlers(&bound.bindings, &path);
        }
        self.stand_ins(protocol, &names, &players, &script, programs);
        players.script = script;
        players
    }

    /// Takes the handlers of one file; those of one name must be one handler.
    fn handlers(&mut self, bindings: &Bindings, path: &Path) {
        for (name, handler) in &bindings.handlers {
            if !handler.kind.is_elsewhere() {
                continue;
            }
            match self.deploys.deployment.handlers.get(name) {
                Some(other) if (Handler { program: None, ..other.clone() }) != *handler => {
                    let place = bindings.roles.iter().find(|role| role.handler.as_ref() == Some(name));
                    let place = place.map_or(Span::default(), |role| role.place);
                    let message =
                        format!("the handler `{name}` of `{}` is another one elsewhere", path.display());
                    let said = Diagnostic::new(Code::E0410, place, message);
                    self.said.push(
                        said.help("give one of them another name; handlers of a directory share their names"),
                    );
                }
                Some(_) => {}
                None => {
                    let files = self.files(handler);
                    let program = (!files.is_empty()).then(|| digest(&files));
                    self.programs.extend(files);
                    let handler = Handler { program, ..handler.clone() };
                    self.deploys.deployment.handlers.insert(name.clone(), handler);
                }
            }
        }
    }

    /// The files of the directory that the command of a handler names.
    fn files(&self, handler: &Handler) -> Programs {
        let HandlerKind::Process(command) = &handler.kind else { return Programs::new() };
        let below = |path: &PathBuf| {
            let real = fs::canonicalize(path).ok().zip(fs::canonicalize(&self.directory).ok());
            path.is_file() && real.is_some_and(|(path, directory)| path.starts_with(directory))
        };
        command.iter().map(|word| self.directory.join(word)).filter(below).collect()
    }

    /// Says of the roles and effects that nobody plays that it is a mistake; or, where stand-ins may play, of those that
    /// were probably forgotten, that answers are made up.
    fn judge_stand_ins(&mut self, may_play: bool) {
        let missing = if may_play { &self.unbound } else { &self.deploys.stand_ins };
        for (protocol, names) in missing {
            let place = self.places.get(protocol).copied().unwrap_or_default();
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            let so = if may_play { "a stand-in makes the answers up" } else { "`stand_ins` is `false`" };
            let message = format!("no handler plays {} of `{protocol}`, and {so}", names.join(", "));
            let mut said = Diagnostic::new(Code::E0614, place, message);
            if !may_play {
                said.severity = Severity::Error;
            }
            self.said.push(said.help("bind them in the `*.bindings.yaml` beside the file"));
        }
    }

    /// Notes who is played by a stand-in that makes answers up.
    fn stand_ins(
        &mut self,
        protocol: &Arc<str>,
        names: &[Arc<str>],
        players: &Players,
        script: &Script,
        programs: &[Program],
    ) {
        let asked = |at: usize| {
            let program = programs.get(at);
            program.is_some_and(|program| {
                !program.decisions.is_empty()
                    || program
                        .code
                        .iter()
                        .any(|instr| matches!(instr.op, Op::Produce | Op::Decide | Op::Perform))
            })
        };
        let mut made_up: Vec<String> = Vec::new();
        for (at, (name, role)) in names.iter().zip(&players.roles).enumerate() {
            if role.is_none() && script.role(name).is_none() && asked(at) {
                made_up.push(name.to_string());
            }
        }
        // A role without a handler is what one begins with; beside others that have one, it was forgotten.
        let mut unbound =
            if players.roles.iter().any(Option::is_some) { made_up.clone() } else { Vec::new() };
        let effects = outside_effects(programs).into_iter().filter(|effect| !builtin::is_effect(effect));
        let effects =
            effects.filter(|effect| !players.effects.contains_key(effect) && !script.has_effect(effect));
        for effect in effects {
            made_up.push(effect.to_string());
            unbound.push(effect.to_string());
        }
        if !unbound.is_empty() {
            self.unbound.insert(protocol.clone(), unbound);
        }
        if !made_up.is_empty() {
            self.deploys.stand_ins.insert(protocol.clone(), made_up);
        }
    }
}

/// The handler that plays a role: that of its own entry, or of its family's.
fn player(bindings: &Bindings, role: &str) -> Option<Player> {
    let own = bindings.roles.iter().find(|binding| binding.role == role);
    let binding = own.or_else(|| bindings.roles.iter().find(|binding| means(&binding.role, role)))?;
    let name = binding.handler.as_ref()?;
    bindings.handlers.get(name).filter(|handler| handler.kind.is_elsewhere())?;
    Some(Player {
        handler: Arc::from(name.as_str()),
        config: binding.config.clone(),
        deadline: binding.deadline,
        observes: binding.observes,
    })
}

/// What the settings of an engine are called; a directory that holds them is an engine's own.
const SETTINGS: &str = "laban.yaml";

/// Whether a file stands below another engine's directory, which this one has nothing to do with.
fn is_apart(directory: &Path, file: &Path) -> bool {
    let directory = PathBuf::from(files::name(directory));
    let below = file.strip_prefix(&directory).unwrap_or(file);
    let between = below.ancestors().skip(1).filter(|path| !path.as_os_str().is_empty());
    between.into_iter().any(|path| directory.join(path).join(SETTINGS).is_file())
}

/// The files whose change may change what a directory deploys, sorted.
fn relevant(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let mut left = vec![(directory.to_owned(), 0)];
    while let Some((directory, depth)) = left.pop() {
        // The real path of a directory tells a loop of symbolic links.
        let real = fs::canonicalize(&directory).unwrap_or_else(|_| directory.clone());
        if !seen.insert(real) {
            continue;
        }
        for path in entries(&directory) {
            if path.is_dir() {
                if depth < DIRECTORY_DEPTH_MAX && !path.join(SETTINGS).is_file() {
                    left.push((path, depth + 1));
                }
            } else if found.len() < DIRECTORY_FILES_MAX {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Directories that hold other people's files by the thousand.
const PASSED_OVER: [&str; 3] = ["node_modules", "target", "__pycache__"];

/// What is in a directory and may matter: not what is hidden, nor what editors and package managers leave behind.
#[expect(clippy::disallowed_methods, reason = "this is the layer that reads directories")]
fn entries(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let matters = |path: &PathBuf| {
        let name = path.file_name().map(OsStr::to_string_lossy).unwrap_or_default();
        let extension = path.extension().and_then(OsStr::to_str).unwrap_or_default();
        !name.starts_with('.')
            && !PASSED_OVER.contains(&&*name)
            && (path.is_dir() || ["choreo", "yaml", "yml", "json", "token", "facts"].contains(&extension))
    };
    entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).filter(matters).collect()
}

#[expect(clippy::disallowed_methods, reason = "this is the layer that reads files")]
fn content(path: &Path) -> Option<Vec<u8>> {
    // A pipe or a device could block for ever when read.
    if !fs::metadata(path).ok()?.is_file() {
        return None;
    }
    // Of a file that is too long to be read, its beginning and its length tell whether it has changed.
    let file = fs::File::open(path).ok()?;
    let mut bytes = file.metadata().ok()?.len().to_le_bytes().to_vec();
    file.take(SOURCE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}
