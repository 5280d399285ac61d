//! Who takes part in a `try`, and who has to report to its owner that it is through.
//!
//! In: a body as it will run. Out: the same, with [`Stmt::Done`] at the end of each `try` and with the roles that its
//! owner tells how it ended. A role reports where its last act is not causally before the owner's end: the owner could
//! not know that the body is complete, and a cause could arise after it has decided.
//! Goes backwards with the set of roles whose acts so far are known to come before that end, on every way on.
//! Is not: a judge of whether roles can follow; what amendment tells later is not counted.

use std::collections::BTreeMap;

use fixedbitset::FixedBitSet;

use crate::base::id::{ChoiceId, RoleId, ScopeId, SiteId};
use crate::global::protocol::{Block, Ending, Label, Step, Stmt};
use crate::global::resolve::Resolver;

/// Passes over one body until the sets of its loops hold still; beyond it everybody reports, which is always right.
const PASSES_MAX: usize = 64;

impl<'d> Resolver<'d> {
    /// The block with the reports of every `try` in it.
    pub(super) fn reported(&mut self, block: Block) -> Block {
        block.into_iter().map(|stmt| self.reported_in(stmt)).collect()
    }

    fn reported_in(&mut self, stmt: Stmt) -> Stmt {
        match stmt {
            Stmt::Labelled(label, body) => Stmt::Labelled(label, self.reported(body)),
            Stmt::Choice { choice, decision, branches, site } => {
                let branches = branches.into_iter().map(|branch| self.reported(branch)).collect();
                Stmt::Choice { choice, decision, branches, site }
            }
            Stmt::Count { count, zero, turn, body, site } => {
                Stmt::Count { count, zero, turn, body: self.reported(body), site }
            }
            Stmt::Par(branches, site) => {
                let branches = branches.into_iter().map(|(lane, body)| (lane, self.reported(body)));
                Stmt::Par(branches.collect(), site)
            }
            Stmt::Scope { scope, body, ending: Some(ending), site } => {
                let mut body = self.reported(body);
                self.completed(scope, ending.choice, site, &mut body);
                let branches = ending.branches.into_iter().map(|branch| self.reported(branch)).collect();
                Stmt::Scope { scope, body, ending: Some(Ending { branches, ..ending }), site }
            }
            other => other,
        }
    }

    /// Says whom the owner tells, and adds the reports.
    fn completed(&mut self, scope: ScopeId, choice: ChoiceId, site: SiteId, body: &mut Block) {
        let Some(owner) = self.tables.scopes.get(scope.index()).map(|scope| scope.owner) else { return };
        let members = self.members(body);
        let late = self.late(body, owner, &members);
        if let Some(choice) = self.tables.choices.get_mut(choice.index()) {
            choice.told = members.ones().map(RoleId::at).filter(|role| *role != owner).collect();
        }
        body.extend(late.ones().map(|at| Stmt::Done { scope, role: RoleId::at(at), site }));
    }

    /// Everybody who does something in the block.
    fn members(&self, block: &[Stmt]) -> FixedBitSet {
        let mut busy = vec![false; self.tables.roles.len()];
        self.busy(block, &mut busy);
        busy.iter().enumerate().filter(|(_, busy)| **busy).map(|(at, _)| at).collect()
    }

    /// Who has to report that it is through.
    fn late(&self, body: &[Stmt], owner: RoleId, members: &FixedBitSet) -> FixedBitSet {
        let roles = self.tables.roles.len();
        let mut everybody = FixedBitSet::with_capacity(roles);
        everybody.insert_range(..);
        let mut end = FixedBitSet::with_capacity(roles);
        end.grow_and_insert(owner.index());
        let late = FixedBitSet::with_capacity(roles);
        let (starts, ends) = (BTreeMap::new(), BTreeMap::new());
        let mut walk = Backwards { resolver: self, everybody, starts, ends, changed: false, late };
        for _ in 0..PASSES_MAX {
            walk.changed = false;
            walk.before(body, end.clone());
            if !walk.changed {
                return walk.late;
            }
        }
        members.difference(&end).collect()
    }
}

/// The walk from the end of a body to its start.
struct Backwards<'r, 'd> {
    resolver: &'r Resolver<'d>,
    everybody: FixedBitSet,
    /// What holds at the start of each label's block, as far as it is known: it only shrinks.
    starts: BTreeMap<Label, FixedBitSet>,
    /// What holds behind each label's block.
    ends: BTreeMap<Label, FixedBitSet>,
    changed: bool,
    /// Who acts somewhere without being known to come before the end.
    late: FixedBitSet,
}

impl Backwards<'_, '_> {
    /// Who is known to come before the end at the start of the block, given who is behind it.
    fn before(&mut self, block: &[Stmt], after: FixedBitSet) -> FixedBitSet {
        block.iter().rev().fold(after, |known, stmt| self.stmt(stmt, known))
    }

    fn stmt(&mut self, stmt: &Stmt, mut known: FixedBitSet) -> FixedBitSet {
        match stmt {
            Stmt::Exchange { from, to, .. } => self.exchange(*from, *to, &mut known),
            // It waits for nobody and cannot fail for the scope.
            Stmt::Step { site, .. } if self.resolver.tables.silent.contains(site) => {}
            Stmt::Step { role, step, .. } => match self.resolver.tables.step_of(*step) {
                // The end is not reached from here.
                Some(Step::Fail(..)) => return self.everybody.clone(),
                _ => self.acts(*role, &known),
            },
            Stmt::Choice { choice, branches, .. } => return self.choice(*choice, branches, known),
            Stmt::Labelled(label, body) => {
                self.ends.insert(*label, known.clone());
                let start = self.before(body, known);
                if self.starts.get(label) != Some(&start) {
                    self.starts.insert(*label, start.clone());
                    self.changed = true;
                }
                return start;
            }
            Stmt::Continue(label, _) => {
                return self.starts.get(label).unwrap_or(&self.everybody).clone();
            }
            Stmt::Break(label, _) => return self.ends.get(label).unwrap_or(&self.everybody).clone(),
            Stmt::Count { .. } | Stmt::Par(..) => {
                let members = self.resolver.members(std::slice::from_ref(stmt));
                self.late.union_with(&members.difference(&known).collect());
            }
            Stmt::Scope { scope, body, ending, .. } => {
                if let Some(ending) = ending {
                    known = self.choice(ending.choice, &ending.branches, known);
                    let members = self.resolver.members(body);
                    self.late.union_with(&members.difference(&known).collect());
                }
                // Members of a `collect` are missed where they are late: only its owner's end counts.
                if let Some(scope) = self.resolver.tables.scopes.get(scope.index()) {
                    self.acts(scope.owner, &known);
                }
            }
            Stmt::Done { scope, role, .. } => {
                if let Some(scope) = self.resolver.tables.scopes.get(scope.index()) {
                    self.exchange(*role, scope.owner, &mut known);
                }
            }
        }
        known
    }

    /// A choice and what its owner tells of it: known is who is known on every branch.
    fn choice(&mut self, choice: ChoiceId, branches: &[Block], after: FixedBitSet) -> FixedBitSet {
        let Some(choice) = self.resolver.tables.choices.get(choice.index()) else { return after };
        let mut all: Option<FixedBitSet> = None;
        for branch in branches {
            let mut known = self.before(branch, after.clone());
            for to in choice.told.iter().rev() {
                self.exchange(choice.owner, *to, &mut known);
            }
            match &mut all {
                Some(all) => all.intersect_with(&known),
                None => all = Some(known),
            }
        }
        let known = all.unwrap_or(after);
        self.acts(choice.owner, &known);
        known
    }

    fn exchange(&mut self, from: RoleId, to: RoleId, known: &mut FixedBitSet) {
        self.acts(to, known);
        if known.contains(to.index()) {
            known.insert(from.index());
        }
        self.acts(from, known);
    }

    /// The role acts here.
    fn acts(&mut self, role: RoleId, known: &FixedBitSet) {
        if !known.contains(role.index()) {
            self.late.insert(role.index());
        }
    }
}
