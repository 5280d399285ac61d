//! Choices and conditions: who decides, by which rule, and what is known after the branches.
//!
//! Is not: how others learn what was decided; that is `local`.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::cause::{Cause, PARTICIPANT};
use crate::base::id::{ChoiceId, RoleId};
use crate::base::ty::{EnumType, Type};
use crate::base::value::Value;
use crate::diag::code::Code;
use crate::diag::source::Span;
use crate::diag::{Diagnostic, nearest};
use crate::global::expr::Expr;
use crate::global::fit;
use crate::global::protocol::{self, Block, Decision, Stmt};
use crate::global::resolve::Resolver;
use crate::global::resolve::conditions::Condition;
use crate::global::resolve::knowledge::{Delta, Mark, Parting};
use crate::global::spell;
use crate::syntax::tree::{self, Binary, Branch, Choice, If};

/// The ways that part at a choice and meet after it.
pub(super) struct Ways {
    pub mark: Mark,
    exits: Vec<Delta>,
}

/// The value of `on`, and its enum if that is known.
pub(super) type On = (Expr, Option<Arc<EnumType>>);

/// How a choice is decided.
pub(super) struct Rule<'d> {
    pub name: Arc<str>,
    pub on: Option<On>,
    pub labels: Vec<(&'d str, Span)>,
    pub decision: Decision,
}

impl<'d> Resolver<'d> {
    /// Begins a choice.
    pub(super) fn part(&self) -> Ways {
        Ways { mark: self.knowledge.mark(), exits: Vec::new() }
    }

    /// Ends one branch, and goes back to where it began.
    pub(super) fn way_ends(&mut self, ways: &mut Ways) {
        if self.reachable {
            ways.exits.push(self.knowledge.delta(ways.mark));
        }
        self.knowledge.undo(ways.mark);
        self.reachable = true;
    }

    /// Goes on after the branches with what all of them know.
    pub(super) fn meet(&mut self, ways: &Ways) {
        self.reachable = !ways.exits.is_empty();
        self.knowledge.merge(&ways.exits, Parting::Branches);
    }

    /// Goes on after a `try` with what all ways out of it know.
    pub(super) fn meet_after_try(&mut self, ways: &Ways) {
        self.reachable = !ways.exits.is_empty();
        self.knowledge.merge(&ways.exits, Parting::Try);
    }

    /// Adds a choice to the protocol, in the order of the source; its labels and owner may come later.
    pub(super) fn open_choice(&mut self, span: Span) -> ChoiceId {
        self.tables.choice(protocol::Choice {
            name: Arc::from(""),
            owner: RoleId(0),
            labels: Vec::new(),
            branches: Vec::new(),
            told: Vec::new(),
            depth: self.loops,
            span,
        })
    }

    /// Completes a choice: name, owner, and label and place of each branch.
    pub(super) fn close_choice(
        &mut self,
        id: ChoiceId,
        name: Arc<str>,
        owner: RoleId,
        labels: &[(&str, Span)],
    ) -> Vec<Arc<str>> {
        let texts: Vec<Arc<str>> = labels.iter().map(|(label, _)| Arc::from(*label)).collect();
        if let Some(choice) = self.tables.choices.get_mut(id.index()) {
            choice.name = name;
            choice.owner = owner;
            choice.labels.clone_from(&texts);
            choice.branches = labels.iter().map(|(_, span)| *span).collect();
        }
        texts
    }

    /// `choice at R { … }`, by question, by conditions, or by the variant of an enum.
    pub(super) fn choice(&mut self, stmt: &'d tree::Stmt, choice: &'d Choice, out: &mut Block) {
        if let Some((within, at)) = &choice.within {
            self.choice_within(stmt, choice, (within, at.as_ref()), out);
            return;
        }
        let owner = self.single(&choice.owner);
        if choice.branches.is_empty() {
            self.offers_nothing(stmt.place.0);
            return;
        }
        let branches: Vec<&Branch> = choice.branches.iter().collect();
        let id = self.open_choice(stmt.place.0);
        let Some(owner) = owner else {
            self.judge_branches(choice);
            return;
        };
        // Before the branches, so that numbers follow the source.
        let rule = self.rule(owner, choice, &branches, stmt.place.0, out);
        let mut ways = self.part();
        let mut blocks = Vec::new();
        for branch in branches {
            blocks.push(self.branch_block(owner, rule.on.as_ref(), branch));
            self.way_ends(&mut ways);
        }
        self.meet(&ways);
        self.close_choice(id, rule.name, owner, &rule.labels);
        self.decide(id, rule.decision, blocks, stmt.place.0, out);
    }

    /// How a choice is decided, judged.
    pub(super) fn rule(
        &mut self,
        owner: RoleId,
        choice: &'d Choice,
        branches: &[&'d Branch],
        span: Span,
        out: &mut Block,
    ) -> Rule<'d> {
        self.labels(&choice.branches, branches, choice.on.is_some());
        let on = choice.on.as_ref().and_then(|e| self.on(owner, e, branches));
        let conditions: Vec<Option<Expr>> =
            branches.iter().map(|branch| self.when(owner, branch, on.as_ref(), out)).collect();
        let name: Arc<str> = match &choice.on {
            Some(e) => Arc::from(spell::expr(e)),
            None => self.tables.choice_name(owner, span),
        };
        let labels: Vec<(&str, Span)> =
            branches.iter().map(|branch| (branch.label.text.as_str(), branch.label.place.0)).collect();
        let texts: Vec<Arc<str>> = labels.iter().map(|(label, _)| Arc::from(*label)).collect();
        let asked = conditions.iter().all(Option::is_none);
        let decision = if asked {
            Decision::Asked { name: Arc::clone(&name), labels: texts }
        } else {
            Decision::When { labels: texts, conditions }
        };
        Rule { name, on, labels, decision }
    }

    /// What happens in a branch; of a variant, its fields have a name.
    pub(super) fn branch_block(&mut self, owner: RoleId, on: Option<&On>, branch: &'d Branch) -> Block {
        let mut block = Vec::new();
        if let (Some(name), Some(on)) = (&branch.bind, on) {
            let ty = fields_of(on, &branch.label.text);
            let var = self.bind(owner, &name.text, &ty, name.place.0);
            let fields = Expr::FieldsOf(Box::new(on.0.clone()));
            self.silent_let(owner, var, fields, name.place.0, &mut block);
        }
        self.statements(&branch.body.stmts, &mut block);
        block
    }

    /// The branches of a choice whose owner is wrong, which has been said: judged for the mistakes inside.
    pub(super) fn judge_branches(&mut self, choice: &'d Choice) {
        let mut ways = self.part();
        for branch in &choice.branches {
            self.block(&branch.body);
            self.way_ends(&mut ways);
        }
        self.meet(&ways);
    }

    /// Says that a choice has no branches.
    pub(super) fn offers_nothing(&mut self, span: Span) {
        self.say(
            Diagnostic::new(Code::E0113, span, "this choice offers nothing to choose from")
                .help("give it at least one branch: `label: { … }`"),
        );
    }

    /// Adds the statement of a choice.
    pub(super) fn decide(
        &mut self,
        choice: ChoiceId,
        decision: Decision,
        branches: Vec<Block>,
        span: Span,
        out: &mut Block,
    ) {
        let owner = self.tables.choices.get(choice.index()).map(|choice| choice.owner);
        if let (Decision::Asked { .. }, Some(owner)) = (&decision, owner) {
            self.raises(&Cause::failed(PARTICIPANT), owner, span);
        }
        let decision = self.tables.decision(decision);
        let site = self.plain_site(span);
        out.push(Stmt::Choice { choice, decision, branches, site });
    }

    /// Says which labels stand twice, and which of the branches that are decided come too late.
    fn labels(&mut self, all: &'d [Branch], branches: &[&'d Branch], on: bool) {
        let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
        for branch in all {
            if let Some(first) = seen.insert(&branch.label.text, branch.label.place.0) {
                let message = format!("two branches are called `{}`", branch.label.text);
                self.say(
                    Diagnostic::new(Code::E0114, branch.label.place.0, message)
                        .here("this label stands twice")
                        .also(first, "it stands here first")
                        .help("give one of them another label"),
                );
            }
        }
        let guarded = !on && branches.iter().any(|branch| branch.when.is_some());
        let Some((last, rest)) = branches.split_last() else { return };
        for branch in rest.iter().filter(|branch| guarded && branch.when.is_none()) {
            let message = format!("branch `{}` has no `when`, and is not the last", branch.label.text);
            self.say(
                Diagnostic::new(Code::E0117, branch.label.place.0, message)
                    .also(last.label.place.0, "the branch that is taken when no condition holds stands last")
                    .help("move it to the end, or give it a condition"),
            );
        }
    }

    /// The condition of a branch.
    fn when(&mut self, owner: RoleId, branch: &'d Branch, on: Option<&On>, out: &mut Block) -> Option<Expr> {
        let when = branch.when.as_ref().map(|e| self.settled(owner, e, out));
        let is =
            on.map(|(value, _)| Expr::Is(Box::new(value.clone()), Arc::from(branch.label.text.as_str())));
        match (is, when) {
            (Some(is), Some(when)) => Some(Expr::Binary(Binary::And, Box::new(is), Box::new(when))),
            (is, when) => is.or(when),
        }
    }

    /// The value whose variant decides; every variant has a branch, and every branch a variant.
    fn on(&mut self, owner: RoleId, e: &'d tree::Expr, branches: &[&'d Branch]) -> Option<On> {
        let (value, ty) = self.expr(Some(owner), e);
        let of = match ty {
            Type::Any => return Some((value, None)),
            Type::Enum(of) => of,
            other => {
                let message = format!(
                    "`on` takes an enum, and `{}` is of type `{}`",
                    spell::expr(e),
                    fit::show(&other)
                );
                self.say(
                    Diagnostic::new(Code::E0121, e.place.0, message)
                        .help("use `when` on the branches for other conditions"),
                );
                return None;
            }
        };
        let names: Vec<&str> = of.variants.iter().map(|(name, _)| name.as_ref()).collect();
        for branch in branches {
            let label = branch.label.text.as_str();
            if !names.contains(&label) {
                let message = format!("enum `{}` has no variant `{label}`", of.name);
                let mut said = Diagnostic::new(Code::E0109, branch.label.place.0, message);
                said.help = Some(match nearest(label, names.iter().copied()) {
                    Some(near) => format!("write `{near}`"),
                    None => format!("use one of {}", quoted(&names)),
                });
                self.say(said);
            }
        }
        let covers = |name: &&&str| {
            !branches.iter().any(|branch| branch.label.text == **name && branch.when.is_none())
        };
        let missing: Vec<&str> = names.iter().filter(covers).copied().collect();
        if !missing.is_empty() {
            let message = format!("this choice on `{}` misses {}", spell::expr(e), quoted(&missing));
            self.say(
                Diagnostic::new(Code::E0123, e.place.0, message)
                    .here(format!("of type `{}`", of.name))
                    .help(format!("add a branch for {}", quoted(&missing))),
            );
        }
        Some((value, Some(of)))
    }

    /// `if`: a choice of two, unless it is known before the session.
    pub(super) fn cond(&mut self, stmt: &'d tree::Stmt, cond: &'d If, out: &mut Block) {
        if self.is_static(&cond.condition)
            && let Some(taken) = self.static_bool(&cond.condition)
        {
            // Known before the session starts, such as `i < N`: not a choice.
            if let Some(block) = if taken { Some(&cond.then) } else { cond.otherwise.as_ref() } {
                self.statements(&block.stmts, out);
            }
            return;
        }
        let id = self.open_choice(stmt.place.0);
        let mut ways = self.part();
        let then = self.block(&cond.then);
        self.way_ends(&mut ways);
        let otherwise = cond.otherwise.as_ref().map_or_else(Vec::new, |block| self.block(block));
        self.way_ends(&mut ways);
        let owner = match &cond.at {
            Some(role) => self.single(role),
            None => self.first_sender(&then).or_else(|| self.first_sender(&otherwise)),
        };
        let Some(owner) = owner else {
            if cond.at.is_none() {
                self.nobody(stmt.place.0, "condition", "if … at R");
            }
            self.meet(&ways);
            return;
        };
        let decision = self.condition(owner, &cond.condition);
        self.meet(&ways);
        let otherwise_at = cond.otherwise.as_ref().map_or(stmt.place.0, |block| block.place.0);
        let labels = [("yes", cond.then.place.0), ("no", otherwise_at)];
        self.two_way(
            id,
            (owner, spell::expr(&cond.condition), decision),
            labels,
            [then, otherwise],
            stmt.place.0,
            out,
        );
    }

    /// Adds a choice of two branches: the first if the condition holds.
    pub(super) fn two_way(
        &mut self,
        id: ChoiceId,
        (owner, text, condition): (RoleId, String, Condition),
        labels: [(&str, Span); 2],
        branches: [Block; 2],
        span: Span,
        out: &mut Block,
    ) {
        let name: Arc<str> = Arc::from(text);
        let [(_, yes_at), (_, no_at)] = labels;
        let labels = match condition {
            Condition::Asked => [("yes", yes_at), ("no", no_at)],
            Condition::Expr(_) => labels,
        };
        let labels = self.close_choice(id, Arc::clone(&name), owner, &labels);
        let decision = match condition {
            Condition::Asked => Decision::Asked { name, labels },
            Condition::Expr(e) => Decision::When { labels, conditions: vec![Some(e), None] },
        };
        self.decide(id, decision, branches.into(), span, out);
    }

    /// A choice among members by an index that only the session knows; the owner evaluates it.
    pub(super) fn picked(
        &mut self,
        stmt: &'d tree::Stmt,
        owner: RoleId,
        members: Vec<RoleId>,
        e: &'d tree::Expr,
        out: &mut Block,
        mut each: impl FnMut(&mut Self, RoleId, &mut Block),
    ) {
        let (index, ty) = self.expr(Some(owner), e);
        self.expect(e, &ty, &Type::INT);
        let member = members.first().and_then(|role| self.tables.roles.get(role.index())?.member.clone());
        let family = member.map_or_else(|| Arc::from(""), |(family, _)| family);
        let id = self.open_choice(stmt.place.0);
        let mut ways = self.part();
        let (mut branches, mut names, mut conditions) = (Vec::new(), Vec::new(), Vec::new());
        for (at, member) in members.into_iter().enumerate() {
            let mut block = Vec::new();
            each(self, member, &mut block);
            self.way_ends(&mut ways);
            branches.push(block);
            names.push(self.role_name(member));
            let number = Expr::Const(Value::Int(at as i64));
            conditions.push(Some(Expr::Binary(Binary::Equal, Box::new(index.clone()), Box::new(number))));
        }
        self.meet(&ways);
        let labels: Vec<(&str, Span)> = names.iter().map(|name| (name.as_str(), stmt.place.0)).collect();
        let name = format!("{family}[{}]", spell::expr(e));
        let labels = self.close_choice(id, Arc::from(name), owner, &labels);
        self.decide(id, Decision::When { labels, conditions }, branches, stmt.place.0, out);
    }

    /// For each member a choice: whether its index is in a list that only the session knows.
    pub(super) fn among(
        &mut self,
        stmt: &'d tree::Stmt,
        owner: RoleId,
        members: &[RoleId],
        e: &'d tree::Expr,
        out: &mut Block,
        each: &mut impl FnMut(&mut Self, RoleId, &mut Block),
    ) {
        let (list, ty) = self.expr(Some(owner), e);
        self.expect(e, &ty, &Type::List(Arc::new(Type::INT)));
        for (at, member) in members.iter().enumerate() {
            let id = self.open_choice(stmt.place.0);
            let mut ways = self.part();
            let mut block = Vec::new();
            each(self, *member, &mut block);
            self.way_ends(&mut ways);
            self.way_ends(&mut ways);
            self.meet(&ways);
            let number = Expr::Const(Value::Int(at as i64));
            let within = Expr::Binary(Binary::In, Box::new(number), Box::new(list.clone()));
            let text = format!("{at} in {}", spell::expr(e));
            let labels = [("yes", stmt.place.0), ("no", stmt.place.0)];
            let decision = (owner, text, Condition::Expr(within));
            self.two_way(id, decision, labels, [block, Vec::new()], stmt.place.0, out);
        }
    }

    /// Says that nobody is there to decide, unless something before it is wrong anyway.
    pub(super) fn nobody(&mut self, span: Span, what: &str, write: &str) {
        if self.failed() {
            return;
        }
        let message = format!("nobody decides this {what}");
        self.say(
            Diagnostic::new(Code::E0130, span, message)
                .here("no message inside, so no first sender to decide")
                .help(format!("say who decides: `{write}`")),
        );
    }
}

/// The type of the fields of a variant.
fn fields_of(on: &On, variant: &str) -> Type {
    let found = on.1.as_ref().and_then(|of| of.variants.iter().find(|(name, _)| &**name == variant));
    found.map_or(Type::Any, |(_, fields)| Type::Record(Arc::new(fields.clone())))
}

/// Names as a list for people.
pub(super) fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
