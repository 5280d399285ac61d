//! `choice at R within d at O`: a decision that somebody waits for only so long.
//!
//! It is a `try` at O around nothing but R's decision, of which O is told and which it keeps; when that is complete, O
//! chooses by what it has kept, and tells R. The branch `timeout` is what happens when time is up.
//! Is not: a limit on what the branches do.

use std::sync::Arc;

use crate::base::cause::{COMPLETED, Cause};
use crate::base::id::{ChoiceId, RoleId, VarId};
use crate::base::ty::Type;
use crate::base::value::Value;
use crate::diag::Diagnostic;
use crate::diag::code::Code;
use crate::diag::source::Span;
use crate::global::expr::Expr;
use crate::global::protocol::{Block, Decision, Handler, ScopeKind, Step, Stmt};
use crate::global::resolve::Resolver;
use crate::global::resolve::causes::Taken;
use crate::global::resolve::choice::{Rule, Ways};
use crate::global::resolve::scope::{self, Begun};
use crate::syntax::tree::{self, Binary, Branch, Choice, Expr as Written, RoleRef};

/// The label that is taken when time is up.
const TIMEOUT: &str = "timeout";

/// Who decides and who waits.
#[derive(Clone, Copy)]
struct Parties {
    decides: RoleId,
    waits: RoleId,
}

impl<'d> Resolver<'d> {
    /// `choice … within …`
    pub(super) fn choice_within(
        &mut self,
        stmt: &'d tree::Stmt,
        choice: &'d Choice,
        (within, at): (&'d Written, Option<&'d RoleRef>),
        out: &mut Block,
    ) {
        let span = stmt.place.0;
        let decides = self.single(&choice.owner);
        let waits = at.map_or(decides, |role| self.single(role));
        let limit = (self.fitting(waits, within, &Type::Duration), within.place.0);
        let (late, labelled): (Vec<&Branch>, Vec<&Branch>) =
            choice.branches.iter().partition(|branch| branch.label.text == TIMEOUT);
        for branch in &late {
            self.only_by_time(branch);
        }
        if labelled.is_empty() {
            self.offers_nothing(span);
            return;
        }
        let (Some(decides), Some(waits)) = (decides, waits) else {
            self.judge_branches(choice);
            return;
        };
        let parties = Parties { decides, waits };
        let ids = [(); 3].map(|()| self.open_choice(span));
        let [outcome, decided, after] = ids;
        let takes =
            late.iter().map(|branch| Taken::new(Cause::Timeout, branch.label.place.0, false)).collect();
        let begun =
            Begun { owner: waits, within: Some(limit), word: "choice", kind: ScopeKind::Try(Vec::new()) };
        let Some(entered) = self.begin(begun, span) else { return };
        let mut rule = None;
        let (body, _) = self.within(entered, takes, span, |walk, out| {
            rule = Some(walk.decided(choice, &labelled, parties, decided, span, out));
        });
        let mut ways = self.part();
        let mut taken = Vec::new();
        if let Some((kept, rule)) = rule {
            self.kept(&labelled, parties, (after, kept, rule), (span, &mut ways), &mut taken);
        }
        let mut ended = scope::Ways {
            handlers: Vec::new(),
            labels: vec![(COMPLETED.to_owned(), span)],
            branches: vec![taken],
        };
        if let Some(branch) = late.first() {
            ended.branches.push(self.block(&branch.body));
            self.way_ends(&mut ways);
            ended.labels.push((TIMEOUT.to_owned(), branch.label.place.0));
            ended.handlers.push(Handler { cause: Cause::Timeout, bind: None });
        }
        self.meet(&ways);
        self.end(entered.id, outcome, body, ended, span, out);
    }

    /// The decision, of which the one who waits is told; where it keeps which, and what was decided about.
    fn decided(
        &mut self,
        choice: &'d Choice,
        branches: &[&'d Branch],
        Parties { decides, waits }: Parties,
        id: ChoiceId,
        span: Span,
        out: &mut Block,
    ) -> (VarId, Rule<'d>) {
        let rule = self.rule(decides, choice, branches, span, out);
        let kept = self.hidden(&format!("{}.kept", rule.name), &Type::INT);
        let site = self.plain_site(span);
        let keep = |walk: &mut Self, at: usize| {
            let step = walk.tables.step(Step::Let(kept, Expr::Const(Value::Int(at as i64))));
            vec![Stmt::Step { role: waits, step, site }]
        };
        let blocks = (0..branches.len()).map(|at| keep(self, at)).collect();
        self.close_choice(id, rule.name.clone(), decides, &rule.labels);
        self.tell(id, decides, waits);
        self.decide(id, rule.decision.clone(), blocks, span, out);
        (kept, rule)
    }

    /// The branch of what was decided; who decided is told that it is taken.
    fn kept(
        &mut self,
        branches: &[&'d Branch],
        Parties { decides, waits }: Parties,
        (id, kept, rule): (ChoiceId, VarId, Rule<'d>),
        (span, ways): (Span, &mut Ways),
        out: &mut Block,
    ) {
        let (mut blocks, mut conditions) = (Vec::new(), Vec::new());
        for (at, branch) in branches.iter().enumerate() {
            blocks.push(self.branch_block(decides, rule.on.as_ref(), branch));
            self.way_ends(ways);
            let number = Expr::Const(Value::Int(at as i64));
            let is = Expr::Binary(Binary::Equal, Box::new(Expr::Var(kept)), Box::new(number));
            conditions.push((at + 1 < branches.len()).then_some(is));
        }
        let name = Arc::from(format!("{}.kept", rule.name));
        let labels = self.close_choice(id, name, waits, &rule.labels);
        self.tell(id, waits, decides);
        self.decide(id, Decision::When { labels, conditions }, blocks, span, out);
    }

    /// Lets the owner of a choice tell another role of every branch.
    fn tell(&mut self, id: ChoiceId, owner: RoleId, to: RoleId) {
        if let Some(choice) = self.tables.choices.get_mut(id.index()).filter(|_| owner != to) {
            choice.told.push(to);
        }
    }

    /// Says that the branch for the end of time is taken by nothing else and binds nothing.
    fn only_by_time(&mut self, branch: &'d Branch) {
        if let Some(when) = &branch.when {
            self.say(
                Diagnostic::new(
                    Code::E0148,
                    when.place.0,
                    "the branch `timeout` is taken when time is up, and has no condition",
                )
                .help("take `when …` away, or give the branch another label"),
            );
        }
        if let Some(name) = &branch.bind {
            let message = format!("`timeout` carries nothing that `{}` could be", name.text);
            self.say(
                Diagnostic::new(Code::E0143, name.place.0, message)
                    .help(format!("take `as {}` away", name.text)),
            );
        }
    }
}
