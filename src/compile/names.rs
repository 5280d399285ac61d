//! Names that programs of one protocol agree about: of messages, of selections, of choices, of scopes.
//!
//! Programs are linked by name, so two things never have the same one: where they would, their number is added.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::base::id::{ChoiceId, DecisionId, ScopeId};
use crate::base::ty::Type;
use crate::bytecode::program::{Kind, Message};
use crate::global::graph::Label;
use crate::global::protocol::{Decision, Protocol, Stmt};

/// The names of one protocol.
pub(super) struct Names<'a> {
    protocol: &'a Protocol,
    messages: Vec<Arc<str>>,
    choices: Vec<Arc<str>>,
    scopes: Vec<Arc<str>>,
    /// The choice that a decision is first made for.
    decided: BTreeMap<DecisionId, ChoiceId>,
    /// Choices that tell how a scope ended.
    endings: BTreeSet<ChoiceId>,
}

impl<'a> Names<'a> {
    pub(super) fn new(protocol: &'a Protocol) -> Self {
        Self {
            protocol,
            messages: unique(protocol.messages.iter().map(|message| &message.name)),
            choices: unique(protocol.choices.iter().map(|choice| &choice.name)),
            scopes: unique(protocol.scopes.iter().map(|scope| &scope.name)),
            decided: decided(protocol),
            endings: endings(protocol),
        }
    }

    /// A message or selection as programs have it.
    pub(super) fn message(&self, label: Label) -> Message {
        match label {
            Label::Message(id) => {
                let name = self.messages.get(id.index()).cloned().unwrap_or_default();
                let ty =
                    self.protocol.messages.get(id.index()).map_or(Type::Any, |message| message.ty.clone());
                Message { name, kind: Kind::Data, ty }
            }
            Label::Select(id, branch) => {
                let choice = self.choices.get(id.index()).cloned().unwrap_or_default();
                let labels = self.protocol.choices.get(id.index()).map(|choice| choice.labels.as_slice());
                let label =
                    labels.and_then(|labels| labels.get(usize::from(branch))).cloned().unwrap_or_default();
                let kind = if self.endings.contains(&id) { Kind::Control } else { Kind::Selection };
                Message { name: format!("{choice}.{label}").into(), kind, ty: Type::empty() }
            }
            Label::Done(scope) => self.word(scope, "through"),
            Label::Over(scope) => self.word(scope, "over"),
        }
    }

    /// A word about a scope.
    fn word(&self, scope: ScopeId, word: &str) -> Message {
        let name = self.scopes.get(scope.index()).map_or("", |name| name.as_ref());
        Message { name: format!("{name}.{word}").into(), kind: Kind::Control, ty: Type::empty() }
    }

    /// The name of the choice that a decision is made for.
    pub(super) fn choice(&self, decision: DecisionId) -> Arc<str> {
        let choice = self.decided.get(&decision).and_then(|id| self.protocol.choices.get(id.index()));
        choice.map(|choice| choice.name.clone()).unwrap_or_default()
    }
}

/// The names; one that was there before gets its number.
fn unique<'a>(names: impl Iterator<Item = &'a Arc<str>>) -> Vec<Arc<str>> {
    let mut seen = BTreeSet::new();
    names
        .enumerate()
        .map(
            |(at, name)| if seen.insert(name.clone()) { name.clone() } else { format!("{name}#{at}").into() },
        )
        .collect()
}

/// Which choice each decision is first made for.
fn decided(protocol: &Protocol) -> BTreeMap<DecisionId, ChoiceId> {
    let mut found = BTreeMap::new();
    let mut open: Vec<&Stmt> = protocol.body.iter().rev().collect();
    while let Some(stmt) = open.pop() {
        match stmt {
            Stmt::Choice { choice, decision, branches, .. } => {
                found.entry(*decision).or_insert(*choice);
                open.extend(branches.iter().flatten().rev());
            }
            Stmt::Labelled(_, body) | Stmt::Count { body, .. } => open.extend(body.iter().rev()),
            Stmt::Par(branches, _) => open.extend(branches.iter().flat_map(|(_, body)| body).rev()),
            Stmt::Scope { body, ending, .. } => {
                if let Some(ending) = ending {
                    found.entry(ending.decision).or_insert(ending.choice);
                    open.extend(ending.branches.iter().flatten().rev());
                }
                open.extend(body.iter().rev());
            }
            Stmt::Exchange { .. }
            | Stmt::Step { .. }
            | Stmt::Continue(..)
            | Stmt::Break(..)
            | Stmt::Done { .. } => {}
        }
    }
    found
}

/// The choices that tell how a scope ended: those that are decided by an outcome.
fn endings(protocol: &Protocol) -> BTreeSet<ChoiceId> {
    let outcome = |(decision, choice): (DecisionId, ChoiceId)| {
        matches!(protocol.decisions.get(decision.index()), Some(Decision::Outcome(_))).then_some(choice)
    };
    decided(protocol).into_iter().filter_map(outcome).collect()
}
