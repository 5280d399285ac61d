//! Sources to verified programs, or diagnostics: the front end as one piece.
//!
//! `Front::read` parses sources, follows their imports through a loader that the caller gives, and judges all
//! declarations once; `Front::build` takes one choreography from there to its programs. What is said of a mistake
//! is said once, however many files import it.
//! Is not: a reader of files. It knows paths as text only, with `/` between the parts.

use std::collections::{BTreeMap, BTreeSet};

use crate::bytecode::program::Program;
use crate::compile;
use crate::diag::code::Code;
use crate::diag::source::{SourceId, Sources, Span};
use crate::diag::{Diagnostic, Severity};
use crate::global;
use crate::global::protocol::Protocol;
use crate::global::{ChoreographyRef, Declarations, Module, Sizes};
use crate::local;
use crate::local::Amend;
use crate::local::projection::Projection;
use crate::syntax;
use crate::syntax::tree::{Choreography, File, Import, Item, Size};

/// A source that the user named.
#[derive(Clone, Debug)]
pub struct Root {
    /// Its path as shown, or `-`.
    pub name: String,
    /// Its text, or why there is none.
    pub text: Result<String, Unread>,
}

/// Why a source could not be had.
#[derive(Clone, Debug)]
pub struct Unread {
    /// One of E0051 to E0053.
    pub code: Code,
    /// What is wrong with it: `it is not UTF-8 text`.
    pub reason: String,
    /// As much of the text as can be shown; may be empty.
    pub shown: String,
    /// Where in what is shown the trouble is, in bytes.
    pub at: usize,
}

impl Unread {
    /// A source of which nothing can be shown.
    #[must_use]
    pub fn new(code: Code, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into(), shown: String::new(), at: 0 }
    }

    /// The diagnostic of a source called `name`, as the only one of `sources`.
    #[must_use]
    pub fn said(&self, name: &str) -> (Sources, Vec<Diagnostic>) {
        let mut sources = Sources::default();
        let (_, diagnostic) = self.add(name, &mut sources);
        (sources, vec![diagnostic])
    }

    /// Adds what can be shown to the sources, and says what is wrong with it.
    pub fn add(&self, name: &str, sources: &mut Sources) -> (SourceId, Diagnostic) {
        let source = sources.add(name, self.shown.as_str());
        let first = self.shown.get(self.at..).and_then(|rest| rest.chars().next());
        let at = self.at as u32;
        let span = Span::new(source, at, at + first.map_or(0, |c| c.len_utf8() as u32));
        let message = format!("`{name}` cannot be read: {}", self.reason);
        (source, Diagnostic::new(self.code, span, message))
    }
}

/// Gives the text of an imported path, which is relative to what the roots are relative to.
pub type Loader<'a> = dyn FnMut(&str) -> Result<String, Unread> + 'a;

/// What all protocols of a run are built with.
#[derive(Clone, Debug)]
pub struct Options {
    /// The sizes of families; 3 where none is given.
    pub sizes: Sizes,
    /// What is done where a role has to be told of a choice.
    pub amend: Amend,
}

/// Sources, read, with their declarations judged.
#[derive(Debug)]
pub struct Front {
    /// Every text that was read.
    pub sources: Sources,
    /// All declarations of all files.
    pub declarations: Declarations,
    /// What was said so far: of sources, syntax, imports and declarations.
    pub diagnostics: Vec<Diagnostic>,
    /// The files, roots first, in the order of their modules.
    pub files: Vec<FileState>,
    /// The choreographies at the top of the roots.
    pub choreographies: Vec<ChoreographyRef>,
    /// The names that a size can be given by: families and their sizes.
    pub families: BTreeSet<String>,
}

/// What became of one file.
#[derive(Clone, Debug)]
pub struct FileState {
    /// Its path as shown.
    pub name: String,
    /// Its text.
    pub source: SourceId,
    /// Whether the user named it, rather than an import.
    pub root: bool,
    /// Whether all of it was understood; meaning is not judged where it was not.
    pub whole: bool,
}

/// One choreography, as far as it came.
#[derive(Debug)]
pub struct Built {
    /// With its names resolved.
    pub protocol: Option<Protocol>,
    /// Cut into roles.
    pub projection: Option<Projection>,
    /// One verified program a role, in the order of roles; empty unless nothing is wrong.
    pub programs: Vec<Program>,
    /// What was said of it.
    pub diagnostics: Vec<Diagnostic>,
}

impl Front {
    /// Reads the roots and all that they import.
    #[must_use]
    pub fn read(roots: Vec<Root>, load: &mut Loader<'_>) -> Self {
        let mut reading = Reading::default();
        for root in roots {
            reading.root(root);
        }
        reading.follow(load);
        reading.refuse_circles();
        let Reading { sources, mut diagnostics, files, modules, .. } = reading;
        let mut families = BTreeSet::new();
        for module in &modules {
            for item in &module.file.items {
                if let Item::Choreography(choreography) = item {
                    sizes(choreography, &mut families);
                }
            }
        }
        let (declarations, said) = global::declare(modules);
        diagnostics.extend(said.into_iter().filter(|d| judged(&files, d)));
        let choreographies = declarations
            .choreographies()
            .filter(|one| files.get(one.module).is_some_and(|file| file.root))
            .collect();
        Self { sources, declarations, diagnostics, files, choreographies, families }
    }

    /// Takes one choreography to its programs, or to the diagnostics that say why not.
    #[must_use]
    pub fn build(&self, which: &ChoreographyRef, options: &Options) -> Built {
        let mut built =
            Built { protocol: None, projection: None, programs: Vec::new(), diagnostics: Vec::new() };
        let (protocol, mut said) = global::resolve(&self.declarations, which, &options.sizes);
        if has_errors(&said) || has_errors(&self.diagnostics) {
            // Where a name is wrong, what it was meant for looks idle.
            said.retain(|diagnostic| diagnostic.code != Code::E0118);
        }
        built.diagnostics.extend(said.into_iter().filter(|d| judged(&self.files, d)));
        let whole = self.files.get(which.module).is_some_and(|file| file.whole);
        let Some(protocol) = protocol.filter(|_| whole) else { return built };
        let (projection, said) = local::project(&protocol, options.amend);
        built.diagnostics.extend(said);
        if let Some(projection) = &projection
            && !has_errors(&built.diagnostics)
        {
            let (programs, said) = compile::programs(&protocol, projection);
            built.programs = programs;
            built.diagnostics.extend(said);
        }
        built.protocol = Some(protocol);
        built.projection = projection;
        built
    }
}

/// Whether anything among them is an error.
#[must_use]
pub fn has_errors(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
}

/// Whether a finding of meaning counts: in a file that was not understood as a whole, what the parser left out may
/// be all that is missing, so only errors are kept there.
fn judged(files: &[FileState], diagnostic: &Diagnostic) -> bool {
    diagnostic.severity == Severity::Error
        || files.iter().all(|file| file.whole || file.source != diagnostic.primary.span.source)
}

/// Files on their way in. The index of a file is that of its module.
#[derive(Default)]
struct Reading {
    sources: Sources,
    diagnostics: Vec<Diagnostic>,
    files: Vec<FileState>,
    modules: Vec<Module>,
    by_path: BTreeMap<String, usize>,
}

impl Reading {
    /// Adds a file that the user named.
    fn root(&mut self, root: Root) {
        let path = normal(&root.name);
        match root.text {
            Ok(text) => {
                let module = self.add(&root.name, path, &text);
                if let Some(file) = self.files.get_mut(module) {
                    file.root = true;
                }
            }
            Err(unread) => {
                let (source, said) = unread.add(&root.name, &mut self.sources);
                self.diagnostics.push(said);
                self.files.push(FileState { name: root.name, source, root: true, whole: false });
                self.modules.push(Module { source, path, file: File::default(), imports: Vec::new() });
            }
        }
    }

    /// Parses a text and keeps it; the module's index.
    fn add(&mut self, name: &str, path: String, text: &str) -> usize {
        let index = self.files.len();
        let source = self.sources.add(name, text);
        let parsed = syntax::parse(source, text);
        let whole = !has_errors(&parsed.diagnostics);
        self.diagnostics.extend(parsed.diagnostics);
        self.by_path.insert(path.clone(), index);
        self.files.push(FileState { name: name.to_owned(), source, root: false, whole });
        self.modules.push(Module { source, path, file: parsed.file, imports: Vec::new() });
        index
    }

    /// Loads what the files import, and what that imports, until nothing new is named.
    fn follow(&mut self, load: &mut Loader<'_>) {
        let mut next = 0;
        while let Some(module) = self.modules.get(next) {
            let wanted: Vec<(String, Span)> = imports(&module.file)
                .map(|import| (joined(&module.path, &import.path), import.path_place.0))
                .collect();
            let found: Vec<Option<usize>> =
                wanted.into_iter().map(|(path, place)| self.import(path, place, load)).collect();
            if let Some(module) = self.modules.get_mut(next) {
                module.imports = found;
            }
            next += 1;
        }
    }

    /// The module of an imported path, read now if it was not yet.
    fn import(&mut self, path: String, place: Span, load: &mut Loader<'_>) -> Option<usize> {
        if let Some(known) = self.by_path.get(&path) {
            return Some(*known);
        }
        match load(&path) {
            Ok(text) => Some(self.add(&path.clone(), path, &text)),
            Err(unread) => {
                let message = format!("`{path}` cannot be imported: {}", unread.reason);
                let help = "write the path relative to this file, or remove the import";
                self.diagnostics.push(Diagnostic::new(Code::E0054, place, message).help(help));
                None
            }
        }
    }

    /// Says and cuts every import that closes a circle: a walk in depth, without recursion.
    fn refuse_circles(&mut self) {
        let mut done = vec![false; self.modules.len()];
        for start in 0..self.modules.len() {
            let mut path: Vec<(usize, usize)> = vec![(start, 0)];
            while let Some((module, import)) = path.last().copied() {
                let target = self.modules.get(module).and_then(|m| m.imports.get(import)).copied();
                if let Some(last) = path.last_mut() {
                    last.1 += 1;
                }
                match target {
                    None => {
                        if let Some(flag) = done.get_mut(module) {
                            *flag = true;
                        }
                        path.pop();
                    }
                    Some(Some(to)) if path.iter().any(|(on, _)| *on == to) => {
                        self.refuse_circle(&path, to, import);
                    }
                    Some(Some(to)) if done.get(to) == Some(&false) => path.push((to, 0)),
                    Some(_) => {}
                }
            }
        }
    }

    /// Says that the last module of `path` leads back to module `to` by its import number `import`, and cuts it.
    fn refuse_circle(&mut self, path: &[(usize, usize)], to: usize, import: usize) {
        let names: Vec<&str> = path
            .iter()
            .skip_while(|(on, _)| *on != to)
            .chain(std::iter::once(&(to, 0)))
            .filter_map(|(on, _)| self.files.get(*on).map(|file| file.name.as_str()))
            .collect();
        let circle = names.join(" → ");
        let Some(module) = path.last().and_then(|(last, _)| self.modules.get_mut(*last)) else { return };
        if let Some(slot) = module.imports.get_mut(import) {
            *slot = None;
        }
        let Some(place) = imports(&module.file).nth(import).map(|import| import.path_place.0) else { return };
        let to = self.files.get(to).map_or("", |file| file.name.as_str());
        let message = format!("importing `{to}` here goes round in a circle");
        let said = Diagnostic::new(Code::E0055, place, message)
            .note(format!("the circle: {circle}"))
            .help("move what both need into a file that imports neither");
        self.diagnostics.push(said);
    }
}

/// Adds the names that the sizes of a choreography's families can be given by.
fn sizes(choreography: &Choreography, known: &mut BTreeSet<String>) {
    for role in &choreography.roles {
        if let Some(size) = &role.size {
            known.insert(role.name.text.clone());
            if let Size::Named(name) = size {
                known.insert(name.text.clone());
            }
        }
    }
    for nested in &choreography.nested {
        sizes(nested, known);
    }
}

/// The imports of a file, in order.
fn imports(file: &File) -> impl Iterator<Item = &Import> {
    file.items.iter().filter_map(|item| match item {
        Item::Import(import) => Some(import),
        _ => None,
    })
}

/// The path `import` as seen from the file at `from`.
fn joined(from: &str, import: &str) -> String {
    match from.rsplit_once('/') {
        _ if import.starts_with('/') => normal(import),
        Some((directory, _)) => normal(&format!("{directory}/{import}")),
        None => normal(import),
    }
}

/// The path without `.` and, where that is possible, without `..`: two spellings of one file are one.
fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if path.starts_with('/') => {}
            _ => parts.push(part),
        }
    }
    let joined = parts.join("/");
    if path.starts_with('/') { format!("/{joined}") } else { joined }
}
