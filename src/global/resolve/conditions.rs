//! Conditions: what decides, or what is asked because nothing defines its names.
//!
//! Is not: the choice made by it.

use std::sync::Arc;

use crate::base::id::RoleId;
use crate::base::ty::Type;
use crate::base::value::Value;
use crate::diag::Diagnostic;
use crate::diag::code::Code;
use crate::global::expr::Expr;
use crate::global::protocol::{Block, Decision, Stmt};
use crate::global::resolve::Resolver;
use crate::global::spell;
use crate::syntax::tree::{self, Entry, ExprKind, Name, TextPart};

/// How a condition is found.
pub(super) enum Condition {
    /// The owner evaluates it.
    Expr(Expr),
    /// The owner's participant is asked by its text.
    Asked,
}

impl<'d> Resolver<'d> {
    /// The condition as its owner finds it.
    pub(super) fn condition(&mut self, owner: RoleId, e: &'d tree::Expr) -> Condition {
        if let Some(name) = self.undefined(e) {
            let message = format!(
                "nothing defines `{}`, so `{}` is asked of `{}`",
                name.text,
                spell::expr(e),
                self.role_name(owner)
            );
            self.say(
                Diagnostic::new(Code::E0129, e.place.0, message)
                    .here("a yes-or-no decision of its participant")
                    .help(format!(
                        "define it: `{} let {} = …`, or receive it in a message",
                        self.role_name(owner),
                        name.text
                    )),
            );
            return Condition::Asked;
        }
        let (condition, ty) = self.expr(Some(owner), e);
        self.expect(e, &ty, &Type::Bool);
        Condition::Expr(condition)
    }

    /// The condition as an expression; one that must be asked is asked just before.
    pub(super) fn settled(&mut self, owner: RoleId, e: &'d tree::Expr, out: &mut Block) -> Expr {
        match self.condition(owner, e) {
            Condition::Expr(condition) => condition,
            Condition::Asked => {
                let text = spell::expr(e);
                let answer = self.hidden(&format!("{text}?"), &Type::Bool);
                let id = self.open_choice(e.place.0);
                let sides = [true, false].map(|value| {
                    let mut block = Vec::new();
                    let value = Expr::Const(Value::Bool(value));
                    let step = self.tables.step(crate::global::protocol::Step::Let(answer, value));
                    let site = self.plain_site(e.place.0);
                    block.push(Stmt::Step { role: owner, step, site });
                    block
                });
                let name: Arc<str> = Arc::from(text);
                let labels = [("yes", e.place.0), ("no", e.place.0)];
                let labels = self.close_choice(id, Arc::clone(&name), owner, &labels);
                self.decide(id, Decision::Asked { name, labels }, sides.into(), e.place.0, out);
                Expr::Var(answer)
            }
        }
    }

    /// The first name of an expression that nothing gives a meaning.
    pub(super) fn undefined(&self, e: &'d tree::Expr) -> Option<&'d Name> {
        let mut bound: Vec<&str> = Vec::new();
        let mut names = Vec::new();
        names_of(e, &mut bound, &mut names);
        names.into_iter().find(|name| !self.defined(&name.text))
    }

    /// Whether the expression has a value before any session: numbers, indices, sizes, constants.
    pub(super) fn is_static(&self, e: &'d tree::Expr) -> bool {
        let mut names = Vec::new();
        names_of(e, &mut Vec::new(), &mut names);
        let consts = self.declarations.tables.get(self.frame.module).map(|table| &table.consts);
        let known = |name: &Name| {
            let shadowed = self.tables.known_name(self.frame.scope, &name.text);
            let bound = shadowed.is_some_and(|id| self.knowledge.who(id).next().is_some());
            self.static_of(&name.text).is_some()
                || (!bound && consts.is_some_and(|consts| consts.contains_key(&name.text)))
        };
        names.into_iter().all(known)
    }

    /// The value of a condition that `is_static`.
    pub(super) fn static_bool(&mut self, e: &'d tree::Expr) -> Option<bool> {
        match self.expr(None, e) {
            (Expr::Const(Value::Bool(value)), _) => Some(value),
            _ => None,
        }
    }

    /// The value of a number that must be known before any session; said if it is not.
    pub(super) fn static_int(&mut self, e: &'d tree::Expr) -> Option<i64> {
        match self.expr(None, e) {
            (Expr::Const(Value::Int(value)), _) => Some(value),
            (_, ty) => {
                if ty != Type::Any {
                    self.expect(e, &ty, &Type::INT);
                    let message = format!("`{}` is not a number before the session starts", spell::expr(e));
                    self.say(
                        Diagnostic::new(Code::E0125, e.place.0, message)
                            .help("use numbers, indices of `for`, sizes of families and constants"),
                    );
                }
                None
            }
        }
    }
}

/// The names in an expression that it does not bind itself.
fn names_of<'t>(e: &'t tree::Expr, bound: &mut Vec<&'t str>, out: &mut Vec<&'t Name>) {
    match &e.kind {
        ExprKind::Name(name) => {
            if !bound.contains(&name.text.as_str()) {
                out.push(name);
            }
        }
        ExprKind::Text(parts) => {
            for part in parts {
                if let TextPart::Hole(e) = part {
                    names_of(e, bound, out);
                }
            }
        }
        ExprKind::List(items) => items.iter().for_each(|e| names_of(e, bound, out)),
        ExprKind::Apply(_, args, _) => args.iter().for_each(|e| names_of(e, bound, out)),
        ExprKind::Record(entries) | ExprKind::Variant(_, Some(entries)) => {
            for entry in entries {
                match entry {
                    Entry::Field(_, e) | Entry::Spread(e) => names_of(e, bound, out),
                    Entry::Short(name) => {
                        if !bound.contains(&name.text.as_str()) {
                            out.push(name);
                        }
                    }
                }
            }
        }
        ExprKind::Field(of, _) | ExprKind::Unary(_, of) => names_of(of, bound, out),
        ExprKind::Index(a, b) | ExprKind::Binary(_, a, b) => {
            names_of(a, bound, out);
            names_of(b, bound, out);
        }
        ExprKind::If(a, b, c) => {
            for e in [a, b, c] {
                names_of(e, bound, out);
            }
        }
        ExprKind::Lambda(param, body) => {
            bound.push(&param.text);
            names_of(body, bound, out);
            bound.pop();
        }
        ExprKind::Int(_)
        | ExprKind::Float(_)
        | ExprKind::Duration(_)
        | ExprKind::Bool(_)
        | ExprKind::None
        | ExprKind::Damaged
        | ExprKind::Variant(_, None) => {}
    }
}
