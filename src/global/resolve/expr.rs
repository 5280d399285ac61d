//! Expressions: names become variables or constants, types are judged, constants are folded.
//!
//! An expression is judged for the role that evaluates it, over what that role knows at this point. After a mistake
//! the type is `Any`, so that one mistake is said once.
//! Is not: evaluation at run time.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::limits::NESTING_MAX;
use crate::base::time::Duration;
use crate::base::ty::Type;
use crate::base::value::Value;
use crate::diag::code::Code;
use crate::diag::source::Span;
use crate::diag::{Diagnostic, nearest};
use crate::global::declare::coerced;
use crate::global::expr::Expr;
use crate::global::fit::{self, fits, show};
use crate::global::resolve::fold::{self, weigh};
use crate::global::resolve::knowledge::Parting;
use crate::global::resolve::{Resolver, Who};
use crate::syntax::tree::{self, Const, ExprKind, Item, Name, TextPart};

/// What stands for an expression with a mistake.
pub(super) fn wrong() -> (Expr, Type) {
    (Expr::Const(Value::None), Type::Any)
}

impl<'d> Resolver<'d> {
    /// The expression and its type, for this role; for none, only what has a value before any session.
    pub(super) fn expr(&mut self, who: Who, e: &'d tree::Expr) -> (Expr, Type) {
        if self.nesting >= 4 * NESTING_MAX {
            self.too_large(e.place.0, "an expression nests too deeply");
            return wrong();
        }
        self.nesting += 1;
        let (value, ty) = self.kind(who, e);
        self.nesting -= 1;
        let folded = fold::folded(value);
        let ty = match &folded {
            Expr::Const(Value::Int(n)) if matches!(ty, Type::Int(..)) => Type::Int(*n, *n),
            _ => ty,
        };
        (folded, ty)
    }

    /// The expression by its kind; mistakes inside are said there.
    fn kind(&mut self, who: Who, e: &'d tree::Expr) -> (Expr, Type) {
        let constant = |value, ty| (Expr::Const(value), ty);
        match &e.kind {
            ExprKind::Int(n) => constant(Value::Int(*n), Type::Int(*n, *n)),
            ExprKind::Float(x) => constant(Value::Float(*x), Type::Float),
            ExprKind::Duration(ns) => constant(Value::Duration(Duration(*ns)), Type::Duration),
            ExprKind::Bool(b) => constant(Value::Bool(*b), Type::Bool),
            // What it is was said when it was read; what it would be, nobody knows.
            ExprKind::Damaged => wrong(),
            ExprKind::None => constant(Value::None, Type::Optional(Arc::new(Type::Any))),
            ExprKind::Text(parts) => self.text(who, parts),
            ExprKind::List(items) => self.list(who, items),
            ExprKind::Record(entries) => self.record(who, entries),
            ExprKind::Name(name) => self.name(who, name),
            ExprKind::Variant(path, entries) => self.variant(who, path, entries.as_deref()),
            ExprKind::Field(of, name) => self.field(who, of, name),
            ExprKind::Index(of, at) => self.index(who, of, at),
            ExprKind::Unary(op, of) => self.unary(who, *op, of),
            ExprKind::Binary(op, left, right) => self.binary(who, *op, left, right),
            ExprKind::If(condition, yes, no) => {
                let condition = self.fitting(who, condition, &Type::Bool);
                let (yes, a) = self.expr(who, yes);
                let (no, b) = self.expr(who, no);
                (Expr::If(Box::new(condition), Box::new(yes), Box::new(no)), fit::join(a, &b))
            }
            ExprKind::Apply(name, args, _) => self.apply(who, name, args),
            ExprKind::Lambda(..) => {
                self.say(
                    Diagnostic::new(Code::E0121, e.place.0, "a function stands only as an argument")
                        .help("give it to `map`, `filter`, `count`, `any` or `all`"),
                );
                wrong()
            }
        }
    }

    /// The expression where this type is wanted; said if it does not fit.
    pub(super) fn fitting(&mut self, who: Who, e: &'d tree::Expr, want: &Type) -> Expr {
        if let (ExprKind::Record(entries), Type::Record(fields)) = (&e.kind, want) {
            return self.record_for(who, e.place.0, entries, fields);
        }
        match self.expr(who, e) {
            (Expr::Const(value), ty) => {
                let value = coerced(value, want);
                // A number as it is written is exact: `12.50` is a `Decimal` where one is wanted.
                if !matches!(value, Value::Decimal(_)) {
                    self.expect(e, &ty, want);
                }
                Expr::Const(value)
            }
            (value, ty) => {
                self.expect(e, &ty, want);
                value
            }
        }
    }

    /// Says so if a type does not fit.
    pub(super) fn expect(&mut self, e: &tree::Expr, have: &Type, want: &Type) {
        if fits(have, want) {
            return;
        }
        let found = match (have, want) {
            // The range is the trouble, not the kind: the number says more than its type.
            (Type::Int(low, high), Type::Int(..)) if low == high => low.to_string(),
            _ => show(have),
        };
        let message = format!("`{}` is wanted here, and this is `{found}`", show(want));
        let mut said = Diagnostic::new(Code::E0121, e.place.0, message);
        if let Type::Optional(inner) = have
            && fits(inner, want)
        {
            said = said.here("it may be `none`").help("say what it is then: `… ?? default`");
        }
        self.say(said);
    }

    /// Judges something without saying anything; what it gives, and the count of what it would have said.
    pub(super) fn quietly<T>(&mut self, judge: impl FnOnce(&mut Self) -> T) -> (T, usize) {
        let before = std::mem::take(&mut self.complaints);
        self.quiet += 1;
        let value = judge(self);
        self.quiet -= 1;
        (value, std::mem::replace(&mut self.complaints, before))
    }

    /// A text with holes; every value can be shown.
    fn text(&mut self, who: Who, parts: &'d [TextPart]) -> (Expr, Type) {
        let parts: Vec<Expr> = parts
            .iter()
            .map(|part| match part {
                TextPart::Str(text) => Expr::Const(Value::text(text)),
                TextPart::Hole(e) => self.expr(who, e).0,
            })
            .collect();
        match parts.as_slice() {
            [] => (Expr::Const(Value::text("")), Type::Text),
            [Expr::Const(Value::Text(text))] => (Expr::Const(Value::Text(Arc::clone(text))), Type::Text),
            _ => (Expr::Text(parts), Type::Text),
        }
    }

    /// A list; the type of its items is what all of them have.
    fn list(&mut self, who: Who, items: &'d [tree::Expr]) -> (Expr, Type) {
        let mut of: Option<Type> = None;
        let items = items.iter().map(|item| {
            let (value, ty) = self.expr(who, item);
            of = Some(match of.take() {
                Some(before) => fit::join(before, &ty),
                None => ty,
            });
            value
        });
        let items: Vec<Expr> = items.collect();
        (Expr::List(items), Type::List(Arc::new(of.map_or(Type::Any, fit::widened))))
    }

    /// A name: of a lambda, of something known before any session, of what the role knows, of a constant.
    pub(super) fn name(&mut self, who: Who, name: &'d Name) -> (Expr, Type) {
        let text = name.text.as_str();
        if let Some((_, var, ty)) = self.lambdas.iter().rev().find(|(have, ..)| *have == text) {
            return (Expr::Var(*var), ty.clone());
        }
        if let Some(number) = self.static_of(text) {
            return (Expr::Const(Value::Int(number)), Type::Int(number, number));
        }
        let id = self.tables.known_name(self.frame.scope, text);
        if let (Some(id), Some(role)) = (id, who)
            && let Some(known) = self.knowledge.of(id, role)
        {
            return (Expr::Var(known.var), self.tables.type_of(known.var));
        }
        let elsewhere = id.is_some_and(|id| self.knowledge.who(id).next().is_some());
        if !elsewhere && let Some(found) = self.constant(self.frame.module, text) {
            return found;
        }
        if let (Some(id), Some(role)) = (id, who) {
            self.not_known(id, role, name);
            return wrong();
        }
        if who.is_some() && self.defined(text) {
            let message = format!("`{text}` is used before anything gives it a value");
            self.say(
                Diagnostic::new(Code::E0120, name.place.0, message)
                    .help(format!("receive `{text}`, or bind it with `let`, before this")),
            );
            return wrong();
        }
        self.unknown_name(name, who);
        wrong()
    }

    /// Says that a role does not know a name, and who does.
    fn not_known(
        &mut self,
        id: crate::global::resolve::tables::NameId,
        role: crate::base::id::RoleId,
        name: &Name,
    ) {
        let who = self.role_name(role);
        let message = format!("`{who}` does not know `{}` here", name.text);
        let mut said = Diagnostic::new(Code::E0120, name.place.0, message);
        let others: Vec<(String, Span)> = self
            .knowledge
            .who(id)
            .take(3)
            .map(|(other, known)| (self.role_name(other), known.span))
            .collect();
        if let Some((span, parting)) = self.knowledge.lost(id, role) {
            let (only, help) = match parting {
                Parting::Branches => {
                    ("in one branch only", "let every branch bind it, or use it inside that branch")
                }
                Parting::Try => (
                    "on one way out of the `try` only",
                    "let every way out of the `try` bind it, or leave: `return`, `break`, `fail`",
                ),
            };
            said = said.also(span, format!("`{who}` learns `{}` here, {only}", name.text)).help(help);
        } else if let Some((first, _)) = others.first() {
            let help = format!("let `{first}` send it: `{first} -> {who}: …`");
            let mut places: BTreeMap<Span, Vec<String>> = BTreeMap::new();
            for (other, span) in &others {
                places.entry(*span).or_default().push(format!("`{other}`"));
            }
            for (span, names) in places {
                let know = if names.len() == 1 { "knows" } else { "know" };
                said = said.also(span, format!("{} {know} it from here", names.join(" and ")));
            }
            said = said.help(help);
        } else {
            said = said.help(format!("receive `{}`, or bind it with `let`, before this", name.text));
        }
        self.say(said);
    }

    /// Says that nothing is called so, with the nearest name that is.
    fn unknown_name(&mut self, name: &Name, who: Who) {
        let text = &name.text;
        let (message, place) = match who {
            Some(_) => (format!("nothing here is called `{text}`"), name.place.0),
            None => (format!("`{text}` has no value before the session starts"), name.place.0),
        };
        let mut said = Diagnostic::new(Code::E0101, place, message);
        let declarations = self.declarations;
        let binds = declarations.choreographies.get(self.frame.choreography).map(|s| s.binds.iter());
        let consts = declarations.tables.get(self.frame.module).map(|table| table.consts.keys());
        let known = binds.into_iter().flatten().chain(consts.into_iter().flatten()).map(String::as_str);
        let known = known.chain(self.frame.statics.iter().map(|(name, _)| *name));
        said.help = Some(match nearest(text, known.filter(|known| known != text)) {
            Some(near) => format!("write `{near}`"),
            None => format!("bind it before this: `R let {text} = …`, or receive it in a message"),
        });
        self.say(said);
    }

    /// The value of a constant of a module; none if there is none of that name.
    pub(super) fn constant(&mut self, module: usize, name: &str) -> Option<(Expr, Type)> {
        let declarations = self.declarations;
        let (name, item) = declarations.tables.get(module)?.consts.get_key_value(name)?;
        let Item::Const(item) = declarations.modules.get(module)?.file.items.get(*item)? else { return None };
        match self.consts.get(&(module, name.as_str())) {
            Some(Some((value, ty))) => {
                let copy = (value.clone(), ty.clone());
                return Some(self.copied(name, item, copy, false));
            }
            Some(None) => {
                let message = format!("constant `{name}` needs itself");
                self.say(
                    Diagnostic::new(Code::E0134, item.name.place.0, message)
                        .help("give it a value of its own"),
                );
                return Some(wrong());
            }
            None => {}
        }
        self.consts.insert((module, name), None);
        let (outer, lambdas) = (self.frame.module, std::mem::take(&mut self.lambdas));
        let scope = std::mem::replace(&mut self.frame.scope, u32::MAX);
        let statics = std::mem::take(&mut self.frame.statics);
        self.frame.module = module;
        let done = self.expr(None, &item.value);
        self.frame.module = outer;
        self.frame.scope = scope;
        self.frame.statics = statics;
        self.lambdas = lambdas;
        let done = self.copied(name, item, done, true);
        self.consts.insert((module, name), Some(done.clone()));
        Some(done)
    }

    /// The value of a constant once more, unless all copies together are too large: constants may double others.
    fn copied(&mut self, name: &str, item: &Const, value: (Expr, Type), first: bool) -> (Expr, Type) {
        if !first && matches!(value.0, Expr::Const(_)) || weigh(&value.0, &mut self.copies_left).is_some() {
            return value;
        }
        if std::mem::take(&mut self.copies_left) == 0 && self.copies_over {
            return wrong();
        }
        self.copies_over = true;
        let message = format!("with constant `{name}`, the values of constants are too large");
        self.say(
            Diagnostic::new(Code::E0128, item.name.place.0, message).help("make it smaller, or use it less"),
        );
        wrong()
    }
}
