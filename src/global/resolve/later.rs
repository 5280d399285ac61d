//! What the language has and the machine has not yet: `try`, `collect`, a choice with `within`.
//!
//! Names inside are judged, so that mistakes show; the statement itself is an error and is left out.
//! Is not: here for ever.

use crate::base::ty::Type;
use crate::diag::Diagnostic;
use crate::diag::code::Code;
use crate::diag::source::Span;
use crate::global::resolve::Resolver;
use crate::global::resolve::roles::Target;
use crate::syntax::tree::{self, Choice, Collect, Exchange, Receivers};

impl<'d> Resolver<'d> {
    /// `choice … within …`
    pub(super) fn choice_within(&mut self, stmt: &'d tree::Stmt, choice: &'d Choice) {
        let owner = self.single(&choice.owner);
        if let Some((within, waiting)) = &choice.within {
            let waiting = waiting.as_ref().map_or(owner, |role| self.single(role));
            self.fitting(waiting, within, &Type::Duration);
        }
        if let Some(on) = &choice.on {
            self.expr(owner, on);
        }
        let mut ways = self.part();
        for branch in &choice.branches {
            if let (Some(when), Some(owner)) = (&branch.when, owner) {
                self.condition(owner, when);
            }
            if let (Some(name), Some(owner)) = (&branch.bind, owner) {
                self.bind(owner, &name.text, &Type::Any, name.place.0);
            }
            self.block(&branch.body);
            self.way_ends(&mut ways);
        }
        self.meet(&ways);
        self.later(keyword(stmt.place.0, "choice"), "a choice with `within`", "leave `within …` out");
    }

    /// An exchange with `collect`.
    pub(super) fn collect(&mut self, exchange: &'d Exchange, collect: &'d Collect) {
        let message = self.message(&exchange.message);
        let from = self.target(&exchange.from);
        if let (Some(Target::Many(members)), Some(message)) = (&from, &message)
            && let Some(first) = members.first()
        {
            self.payload(*first, message, exchange.with.as_ref());
        }
        let to = match &exchange.to {
            Receivers::Listed(to) => to.first().and_then(|role| self.single(role)),
            Receivers::Others => None,
        };
        if let (Some(to), Some(message)) = (to, &message) {
            let bound = collect.bind.as_ref().map(|name| name.text.as_str());
            for name in std::iter::once(&*message.declared.name).chain(bound) {
                let id = self.tables.name(self.frame.scope, name);
                self.knowledge.set((id, to), None);
                self.bind(to, name, &Type::Any, collect.place.0);
            }
            if let Some(until) = &collect.until {
                self.fitting(Some(to), until, &Type::Bool);
            }
            if let Some(within) = &collect.within {
                self.fitting(Some(to), within, &Type::Duration);
            }
        }
        self.later(
            keyword(collect.place.0, "collect"),
            "`collect`",
            "leave `collect` out, to wait for every member",
        );
    }

    /// Says that something cannot run yet.
    fn later(&mut self, span: Span, what: &str, help: &str) {
        self.say(
            Diagnostic::new(Code::E0190, span, format!("{what} cannot run yet"))
                .here("checked, but not run by this version")
                .help(help),
        );
    }
}

/// The first word of a place.
fn keyword(span: Span, word: &str) -> Span {
    Span { end: span.end.min(span.start.saturating_add(word.len() as u32)), ..span }
}
