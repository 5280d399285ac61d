//! What all files declare, judged once: types, messages, effects, constants, choreographies and their signatures.
//!
//! Trees in, tables and diagnostics out. A message that nobody declares is declared by the first use that gives it
//! fields, for the choreography at the top of the file in which it stands, nested ones included.
//! Is not: a judge of what choreographies do; that is `resolve`. Import cycles are found by whoever loads files.

mod customs;
pub(crate) mod effects;
mod index;
mod literal;
mod messages;
mod scan;
mod types;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::base::ty::Type;
use crate::base::value::Value;
use crate::diag::Diagnostic;
use crate::diag::source::{SourceId, Span};
use crate::global::declare::effects::Operation;
use crate::global::declare::index::Index;
use crate::global::declare::types::Types;
use crate::global::resolve;
use crate::syntax::tree;

pub(crate) use crate::global::declare::literal::coerced;

/// A file that takes part in a build.
#[derive(Clone, Debug)]
pub struct Module {
    /// Its text.
    pub source: SourceId,
    /// Its path, as whoever loads calls it.
    pub path: String,
    /// Its tree.
    pub file: tree::File,
    /// For each import of the file, in order, the index of the module; none if it could not be loaded.
    pub imports: Vec<Option<usize>>,
}

/// The declarations of all modules.
#[derive(Debug, Default)]
pub struct Declarations {
    pub(crate) modules: Vec<Module>,
    pub(crate) tables: Vec<Table>,
    pub(crate) choreographies: Vec<Signature>,
    /// Conditions written as text, by where the text stands.
    pub(crate) customs: BTreeMap<Span, tree::Expr>,
}

/// A choreography at the top of a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChoreographyRef {
    /// The index of its module.
    pub module: usize,
    /// Its name.
    pub name: String,
    /// Where its name stands.
    pub span: Span,
    /// Its place among the signatures.
    pub(crate) id: usize,
}

/// What one module declares.
#[derive(Debug, Default)]
pub(crate) struct Table {
    /// The item of each constant.
    pub consts: BTreeMap<String, usize>,
    pub messages: BTreeMap<String, Arc<Message>>,
    pub types: BTreeMap<String, Type>,
    pub enums: BTreeMap<String, Enum>,
    pub effects: BTreeMap<String, Vec<Operation>>,
    /// Alias to module; none if it could not be loaded.
    pub imports: BTreeMap<String, Option<usize>>,
    /// Choreographies at the top.
    pub choreographies: BTreeMap<String, usize>,
}

/// An enum, and the fields of its variants with their defaults.
#[derive(Debug)]
pub(crate) struct Enum {
    pub ty: Type,
    pub variants: BTreeMap<String, Fields>,
}

/// A message: what it carries, and the fields if these are known.
#[derive(PartialEq, Debug)]
pub(crate) struct Message {
    pub name: Arc<str>,
    pub ty: Type,
    /// None where it may carry anything.
    pub fields: Option<Fields>,
    pub span: Span,
}

/// Fields sorted by name.
pub(crate) type Fields = Vec<Field>;

/// A field of a message, variant or operation.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Field {
    pub name: Arc<str>,
    pub ty: Type,
    pub default: Option<Value>,
}

/// What a choreography takes and gives, and what it declares inside.
#[derive(Debug)]
pub(crate) struct Signature {
    pub module: usize,
    /// The item, then the index among nested ones at each level.
    path: Vec<usize>,
    pub parent: Option<usize>,
    /// The choreography at the top of the file.
    pub top: usize,
    /// Types and defaults of its parameters, in order.
    pub params: Vec<(Type, Option<Value>)>,
    pub returns: Option<Type>,
    pub nested: BTreeMap<String, usize>,
    /// Every name that something in its body binds.
    pub binds: BTreeSet<String>,
    /// Of a choreography at the top: messages that no item declares.
    pub messages: BTreeMap<String, Arc<Message>>,
    /// Of a choreography at the top: those of these whose fields only a `with` says.
    pub by_with: BTreeSet<String>,
}

impl Declarations {
    /// The choreographies at the top of the files, in order.
    pub fn choreographies(&self) -> impl Iterator<Item = ChoreographyRef> {
        let top = self.choreographies.iter().enumerate().filter(|(_, signature)| signature.parent.is_none());
        top.filter_map(|(id, signature)| {
            let name = &self.tree(id)?.name;
            let span = name.place.0;
            Some(ChoreographyRef { module: signature.module, name: name.text.clone(), span, id })
        })
    }

    /// The tree of a choreography.
    pub(crate) fn tree(&self, id: usize) -> Option<&tree::Choreography> {
        let signature = self.choreographies.get(id)?;
        let (item, inner) = signature.path.split_first()?;
        let tree::Item::Choreography(top) = self.modules.get(signature.module)?.file.items.get(*item)? else {
            return None;
        };
        inner.iter().try_fold(top, |outer, nested| outer.nested.get(*nested))
    }
}

/// Reads the declarations of all modules, and says what is wrong with them.
#[must_use]
pub fn declare(modules: Vec<Module>) -> (Declarations, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let indices: Vec<Index<'_>> = modules.iter().map(|module| Index::new(module, &mut diagnostics)).collect();
    let mut types = Types::new(&indices, diagnostics);
    let mut tables: Vec<Table> = (0..modules.len()).map(|at| index::table(&mut types, at)).collect();
    let (mut choreographies, mut customs) = (Vec::new(), BTreeMap::new());
    for (module, table) in tables.iter_mut().enumerate() {
        for (item, tree) in index::choreographies(&modules, module) {
            let id = choreographies.len();
            table.choreographies.entry(tree.name.text.clone()).or_insert(id);
            customs::read(tree.place.0.source, tree, &mut customs);
            scan::signatures(&mut types, &mut choreographies, (module, item), tree);
        }
    }
    messages::by_use(&mut types, &tables, &mut choreographies, &modules);
    let mut diagnostics = types.into_diagnostics();
    let declarations = Declarations { modules, tables, choreographies, customs };
    diagnostics.extend(resolve::constants(&declarations));
    diagnostics.sort_by_key(|d| (d.primary.span, d.code));
    (declarations, diagnostics)
}
