//! From a resolved body to the global automaton: positions are made statement by statement, silent ones vanish.
//!
//! In: a protocol and the selections to insert. Out: its automaton, or the diagnostics that say why it has none.
//! A worklist of blocks, each with the position before and after it, replaces recursion: what follows a statement
//! is one position, however many ways lead there. Is not: a judge of roles. Every state has the acts of one
//! statement, so it has one sender and is deterministic by construction.

use std::collections::{BTreeMap, BTreeSet};

use fixedbitset::FixedBitSet;

use crate::base::id::{ChoiceId, DecisionId, LaneId, NestId, PayloadId, RoleId, SiteId, StateId};
use crate::base::limits::STATES_MAX;
use crate::diag::Diagnostic;
use crate::diag::code::Code;
use crate::global::graph::merge;
use crate::global::graph::rough::{Raw, Rough};
use crate::global::graph::{Act, Edge, End, Graph, Inside, Label, Nest, Tellings};
use crate::global::protocol;
use crate::global::protocol::{Block, Ending, Protocol, ScopeKind, Stmt};

/// A block to be laid out between two positions.
#[derive(Clone, Copy)]
struct Task<'a> {
    block: &'a Block,
    entry: StateId,
    next: StateId,
    lane: LaneId,
    /// Which inside of a nest this is; 0 is outside of all.
    region: u32,
}

/// Where a label's block begins, what follows it, and the region it stands in.
struct Target {
    start: StateId,
    after: StateId,
    region: u32,
}

struct Builder<'a> {
    protocol: &'a Protocol,
    tellings: &'a Tellings,
    raw: Vec<Raw>,
    nests: Vec<Nest>,
    regions: u32,
    labels: BTreeMap<protocol::Label, Target>,
    tasks: Vec<Task<'a>>,
    diagnostics: Vec<Diagnostic>,
    /// For each choice that ends a scope the choices inside of the scope.
    inside: BTreeMap<ChoiceId, Vec<ChoiceId>>,
}

/// The automaton of `protocol` with these selections inserted. Errors: a loop in which nothing happens (`E0206`),
/// too many positions (`E0207`), a jump out of a branch of a `par` or out of a counted turn (`E0208`).
#[must_use]
pub fn build(protocol: &Protocol, tellings: &Tellings) -> (Option<Graph>, Vec<Diagnostic>) {
    let mut builder = Builder {
        protocol,
        tellings,
        raw: Vec::new(),
        nests: Vec::new(),
        regions: 0,
        labels: BTreeMap::new(),
        tasks: Vec::new(),
        diagnostics: Vec::new(),
        inside: BTreeMap::new(),
    };
    if !tellings.is_empty() {
        builder.look_inside(&protocol.body, &mut Vec::new());
    }
    let entry = builder.place();
    let done = builder.end(End::Done);
    builder.tasks.push(Task { block: &protocol.body, entry, next: done, lane: LaneId::TRUNK, region: 0 });
    while let Some(task) = builder.tasks.pop() {
        builder.lay(task);
        if builder.raw.len() > STATES_MAX {
            let message = format!("`{}` has more than {STATES_MAX} positions", protocol.name);
            let too_many = Diagnostic::new(Code::E0207, protocol.span, message)
                .help("split the protocol, or give its families and loops smaller sizes");
            return (None, vec![too_many]);
        }
    }
    let graph = builder.finish(entry);
    (graph, builder.diagnostics)
}

impl<'a> Builder<'a> {
    /// Notes which choices stand inside of which scopes; `around` are the choices that end the scopes around.
    fn look_inside(&mut self, block: &Block, around: &mut Vec<ChoiceId>) {
        let note = |inside: &mut BTreeMap<ChoiceId, Vec<ChoiceId>>, choice: ChoiceId, around: &[ChoiceId]| {
            for outer in around {
                inside.entry(*outer).or_default().push(choice);
            }
        };
        for stmt in block {
            match stmt {
                Stmt::Choice { choice, branches, .. } => {
                    note(&mut self.inside, *choice, around);
                    branches.iter().for_each(|branch| self.look_inside(branch, around));
                }
                Stmt::Scope { body, ending, .. } => {
                    if let Some(ending) = ending {
                        note(&mut self.inside, ending.choice, around);
                        ending.branches.iter().for_each(|branch| self.look_inside(branch, around));
                        around.push(ending.choice);
                        self.look_inside(body, around);
                        around.pop();
                    }
                }
                Stmt::Labelled(_, body) | Stmt::Count { body, .. } => self.look_inside(body, around),
                Stmt::Par(branches, _) => {
                    branches.iter().for_each(|(_, body)| self.look_inside(body, around));
                }
                Stmt::Exchange { .. }
                | Stmt::Step { .. }
                | Stmt::Continue(..)
                | Stmt::Break(..)
                | Stmt::Done { .. } => {}
            }
        }
    }

    /// A new position, to be set by whoever asked for it.
    fn place(&mut self) -> StateId {
        self.end(End::Done)
    }

    fn end(&mut self, end: End) -> StateId {
        self.raw.push(Raw::End(end));
        StateId::at(self.raw.len() - 1)
    }

    fn set(&mut self, at: StateId, raw: Raw) {
        if let Some(slot) = self.raw.get_mut(at.index()) {
            *slot = raw;
        }
    }

    fn set_edge(&mut self, at: StateId, act: Act, to: StateId, site: SiteId) {
        self.set(at, Raw::Edges(vec![Edge { act, to, site }]));
    }

    /// Lays the statements of a block out in a row; what stands behind a jump is left out.
    fn lay(&mut self, task: Task<'a>) {
        let Some((last, init)) = task.block.split_last() else {
            self.set(task.entry, Raw::Silent(task.next, None));
            return;
        };
        let mut entry = task.entry;
        for stmt in init {
            let next = self.place();
            if !self.stmt(stmt, Task { entry, next, ..task }) {
                return;
            }
            entry = next;
        }
        self.stmt(last, Task { entry, ..task });
    }

    /// Lays out one statement between `task.entry` and `task.next`; whether what follows it can be reached.
    fn stmt(&mut self, stmt: &'a Stmt, task: Task<'a>) -> bool {
        let Task { entry, next, lane, region, .. } = task;
        match stmt {
            Stmt::Exchange { from, to, message, payload, var, site } => {
                let (label, payload) = (Label::Message(*message), *payload);
                let act = Act::Exchange { from: *from, to: *to, label, payload, var: Some(*var), lane };
                self.set_edge(entry, act, next, *site);
            }
            Stmt::Step { role, step, site } => {
                let fails = matches!(self.protocol.steps.get(step.index()), Some(protocol::Step::Fail(..)));
                let to = if fails { self.end(End::Aborted) } else { next };
                self.set_edge(entry, Act::Step { role: *role, step: *step, lane }, to, *site);
                return !fails;
            }
            Stmt::Choice { choice, decision, branches, site } => {
                self.choice(task, (*choice, *decision), branches, *site);
            }
            Stmt::Labelled(label, block) => {
                self.labels.insert(*label, Target { start: entry, after: next, region });
                // The block has an entry of its own, so that an empty one is seen as such.
                let inner = self.place();
                self.set(entry, Raw::Silent(inner, None));
                self.tasks.push(Task { block, entry: inner, ..task });
            }
            Stmt::Continue(label, site) => return self.jump(*label, *site, task, true),
            Stmt::Break(label, site) => return self.jump(*label, *site, task, false),
            Stmt::Count { count, zero, turn, body, site } => {
                let body = self.inside(body, lane);
                let inside = Inside::Count { count: count.clone(), zero: *zero, turn: *turn, body };
                self.nest(task, inside, *site);
            }
            Stmt::Par(branches, site) => {
                let branches =
                    branches.iter().map(|(lane, block)| (*lane, self.inside(block, *lane))).collect();
                self.nest(task, Inside::Par(branches), *site);
            }
            Stmt::Scope { scope, body, ending, site } => {
                let Some(found) = self.protocol.scopes.get(scope.index()) else { return true };
                let lane = found.lane;
                let body = self.inside(body, lane);
                let after = if ending.is_some() { self.place() } else { next };
                let inside = Inside::Scope { scope: *scope, lane, timed: found.within.is_some(), body };
                self.nest(Task { next: after, ..task }, inside, *site);
                if let Some(nest) = self.nests.last_mut() {
                    nest.members.grow_and_insert(found.owner.index());
                }
                if let Some(Ending { choice, decision, branches }) = ending {
                    self.choice(Task { entry: after, ..task }, (*choice, *decision), branches, *site);
                }
            }
            Stmt::Done { scope, role, site } => {
                let Some(found) = self.protocol.scopes.get(scope.index()) else { return true };
                let (label, payload) = (Label::Done(*scope), PayloadId(0));
                let act = Act::Exchange { from: *role, to: found.owner, label, payload, var: None, lane };
                self.set_edge(entry, act, next, *site);
            }
        }
        true
    }

    /// A choice: one edge a branch, and then the selections that tell of it, in the order of the roles told.
    fn choice(
        &mut self,
        task: Task<'a>,
        (choice, decision): (ChoiceId, DecisionId),
        branches: &'a [Block],
        site: SiteId,
    ) {
        let Some(owner) = self.protocol.choices.get(choice.index()).map(|choice| choice.owner) else {
            return;
        };
        let mut edges = Vec::with_capacity(branches.len());
        for (branch, block) in branches.iter().enumerate() {
            let branch = branch as u16;
            let to = self.place();
            edges.push(Edge {
                act: Act::Decide { role: owner, choice, decision, branch, lane: task.lane },
                to,
                site,
            });
            let entry = self.selections(to, owner, (choice, branch), task.lane, site);
            self.tasks.push(Task { block, entry, ..task });
        }
        if edges.is_empty() {
            self.set(task.entry, Raw::Silent(task.next, None));
        } else {
            self.set(task.entry, Raw::Edges(edges));
        }
    }

    fn selections(
        &mut self,
        mut at: StateId,
        from: RoleId,
        (choice, branch): (ChoiceId, u16),
        lane: LaneId,
        site: SiteId,
    ) -> StateId {
        for to in self.told(choice, branch, from) {
            let next = self.place();
            let label = Label::Select(choice, branch);
            let payload = PayloadId(0);
            self.set_edge(at, Act::Exchange { from, to, label, payload, var: None, lane }, next, site);
            at = next;
        }
        at
    }

    /// Who hears of a branch: whoever takes part in the scope that the choice ends, also because of a selection
    /// inside, and who is told by a selection.
    fn told(&self, choice: ChoiceId, branch: u16, owner: RoleId) -> BTreeSet<RoleId> {
        let always = self.protocol.choices.get(choice.index()).map_or(&[][..], |choice| &choice.told);
        let range = (choice, branch, RoleId(0))..=(choice, branch, RoleId(u16::MAX));
        let mut told: BTreeSet<RoleId> = always.iter().copied().collect();
        told.extend(self.tellings.range(range).map(|(_, _, to)| *to));
        for inside in self.inside.get(&choice).into_iter().flatten() {
            let range = (*inside, 0, RoleId(0))..=(*inside, u16::MAX, RoleId(u16::MAX));
            told.extend(self.tellings.range(range).map(|(_, _, to)| *to));
        }
        told.remove(&owner);
        told
    }

    fn jump(&mut self, label: protocol::Label, site: SiteId, task: Task<'a>, again: bool) -> bool {
        match self.labels.get(&label) {
            Some(target) if target.region == task.region => {
                let to = if again { target.start } else { target.after };
                self.set(task.entry, Raw::Silent(to, Some(site)));
            }
            _ => {
                let span = self.span(site);
                let message = "a jump leads out of a branch of a `par` or out of a counted turn";
                let found = Diagnostic::new(Code::E0208, span, message)
                    .here("leaves the part that it stands in")
                    .help("let the branch or the turn run to its end, and decide after it");
                self.diagnostics.push(found);
            }
        }
        false
    }

    /// The entry of an inside that a block makes.
    fn inside(&mut self, block: &'a Block, lane: LaneId) -> StateId {
        self.regions += 1;
        let entry = self.place();
        let next = self.end(End::Done);
        self.tasks.push(Task { block, entry, next, lane, region: self.regions });
        entry
    }

    fn nest(&mut self, task: Task<'a>, inside: Inside, site: SiteId) {
        let id = NestId::at(self.nests.len());
        let (members, lane) = (FixedBitSet::new(), task.lane);
        self.nests.push(Nest { inside, members, lane, parent: None, completes: true, endless: false });
        self.set_edge(task.entry, Act::Nest(id), task.next, site);
    }

    fn span(&self, site: SiteId) -> crate::diag::source::Span {
        self.protocol.sites.get(site.index()).map_or(self.protocol.span, |site| site.span)
    }

    /// Removes what is silent, and merges what is bisimilar.
    fn finish(&mut self, entry: StateId) -> Option<Graph> {
        if !self.diagnostics.is_empty() {
            return None;
        }
        let weak =
            |scope: &protocol::Scope| matches!(scope.kind, ScopeKind::Collect(_)).then_some(scope.lane);
        let weak = self.protocol.scopes.iter().filter_map(weak).map(LaneId::index).collect();
        let rough = Rough { raw: std::mem::take(&mut self.raw), nests: std::mem::take(&mut self.nests) };
        match rough.finish(self.protocol.roles.len(), entry) {
            Ok(graph) => Some(merge::bisimilar(Graph { weak, ..graph })),
            Err(jump) => {
                self.silent_cycle(jump);
                None
            }
        }
    }

    fn silent_cycle(&mut self, jump: Option<SiteId>) {
        let span = jump.map_or(self.protocol.span, |site| self.span(site));
        let found =
            Diagnostic::new(Code::E0206, span, "a turn of this loop can pass without anything happening")
                .here("starts again, and nothing has been sent or done since")
                .help("let every way through the loop send a message or decide something");
        self.diagnostics.push(found);
    }
}
