//! The signatures of choreographies, and a walk over every statement of one.
//!
//! Is not: resolution; nothing here looks a name up but for types.

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::source::Span;
use crate::global::declare::Signature;
use crate::global::declare::index::twice;
use crate::global::declare::types::{Types, record};
use crate::syntax::tree::{Block, Choreography, Stmt, StmtKind};

/// Adds the signature of a choreography at the top of a file, and those of the ones nested in it.
pub(crate) fn signatures(
    types: &mut Types<'_>,
    all: &mut Vec<Signature>,
    (module, item): (usize, usize),
    tree: &Choreography,
) {
    let top = all.len();
    let mut waiting = vec![(tree, vec![item], None)];
    while let Some((tree, path, parent)) = waiting.pop() {
        let id = all.len();
        all.push(signature(types, module, top, tree, path.clone(), parent));
        if let Some(parent) = parent {
            let outer: Option<&mut Signature> = all.get_mut(parent);
            if let Some(outer) = outer {
                outer.nested.entry(tree.name.text.clone()).or_insert(id);
            }
        }
        let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
        for nested in &tree.nested {
            if let Some(first) = seen.insert(&nested.name.text, nested.name.place.0) {
                types.say(twice("choreography", &nested.name.text, nested.name.place.0, first));
            }
        }
        for (at, nested) in tree.nested.iter().enumerate().rev() {
            let mut inner = path.clone();
            inner.push(at);
            waiting.push((nested, inner, Some(id)));
        }
    }
}

/// One signature; parameters and results are judged here, once.
fn signature(
    types: &mut Types<'_>,
    module: usize,
    top: usize,
    tree: &Choreography,
    path: Vec<usize>,
    parent: Option<usize>,
) -> Signature {
    let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
    let mut params = Vec::new();
    for param in &tree.params {
        if let Some(first) = seen.insert(&param.name.text, param.name.place.0) {
            types.say(twice("parameter", &param.name.text, param.name.place.0, first));
        }
        let ty = types.read(module, &param.ty);
        let default = param.default.as_ref().and_then(|e| types.default(e, &ty));
        params.push((ty, default));
    }
    let returns = tree.returns.as_ref().map(|fields| {
        let fields = types.fields(module, fields);
        record(&fields)
    });
    let mut binds: BTreeSet<String> = tree.params.iter().map(|param| param.name.text.clone()).collect();
    each(&tree.body, &mut |stmt| bound(stmt, &mut binds));
    Signature {
        module,
        path,
        parent,
        top,
        params,
        returns,
        nested: BTreeMap::new(),
        binds,
        messages: BTreeMap::new(),
        by_with: BTreeSet::new(),
    }
}

/// Calls `visit` for every statement of the block, inner ones included, in the order of the source.
pub(crate) fn each<'t>(block: &'t Block, visit: &mut impl FnMut(&'t Stmt)) {
    let mut waiting: Vec<&'t Stmt> = block.stmts.iter().rev().collect();
    while let Some(stmt) = waiting.pop() {
        visit(stmt);
        for block in inner(stmt).into_iter().rev() {
            waiting.extend(block.stmts.iter().rev());
        }
    }
}

/// The blocks of a statement, in order.
pub(crate) fn inner(stmt: &Stmt) -> Vec<&Block> {
    match &stmt.kind {
        StmtKind::Choice(choice) => choice.branches.iter().map(|branch| &branch.body).collect(),
        StmtKind::If(cond) => std::iter::once(&cond.then).chain(&cond.otherwise).collect(),
        StmtKind::Loop(turns) => vec![&turns.body],
        StmtKind::Rec(rec) => vec![&rec.body],
        StmtKind::For(each) => vec![&each.body],
        StmtKind::Par(par) => par.branches.iter().collect(),
        StmtKind::Sub(sub) => vec![&sub.body],
        StmtKind::Try(scope) => {
            std::iter::once(&scope.body).chain(scope.handlers.iter().map(|handler| &handler.body)).collect()
        }
        _ => Vec::new(),
    }
}

/// The names that a statement itself binds.
fn bound(stmt: &Stmt, names: &mut BTreeSet<String>) {
    let mut add = |name: Option<&str>| {
        if let Some(name) = name {
            names.insert(name.to_owned());
        }
    };
    match &stmt.kind {
        StmtKind::Exchange(exchange) => {
            add(exchange.message.segments.last().map(|name| name.text.as_str()));
            add(exchange.collect.as_ref().and_then(|c| c.bind.as_ref()).map(|name| name.text.as_str()));
        }
        StmtKind::Relay(relay) => {
            let message = relay.message.as_ref().and_then(|path| path.segments.last());
            add(message.map(|name| name.text.as_str()));
        }
        StmtKind::Does(does) => add(does.bind.as_ref().map(|name| name.text.as_str())),
        StmtKind::Let(binding) => add(Some(&binding.name.text)),
        StmtKind::Choice(choice) => {
            for branch in &choice.branches {
                add(branch.bind.as_ref().map(|name| name.text.as_str()));
            }
        }
        StmtKind::Loop(turns) => add(turns.turn.as_ref().map(|name| name.text.as_str())),
        StmtKind::Call(call) => add(call.bind.as_ref().map(|name| name.text.as_str())),
        StmtKind::Try(scope) => {
            for handler in &scope.handlers {
                add(handler.bind.as_ref().map(|name| name.text.as_str()));
            }
        }
        _ => {}
    }
}
