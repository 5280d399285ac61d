//! Functions: `count any all sum min max len first last`, and `map` and `filter`, with or without a lambda.
//!
//! Is not: a place for functions of the user; there are none.

use std::sync::Arc;

use crate::base::ty::Type;
use crate::diag::code::Code;
use crate::diag::{Diagnostic, nearest};
use crate::global::builtin;
use crate::global::expr::{Each, Expr, Fold};
use crate::global::fit::{fits, join, show, widened};
use crate::global::resolve::expr::wrong;
use crate::global::resolve::{Resolver, Who};
use crate::syntax::tree::{self, ExprKind, Name};

/// What a function does.
#[derive(Clone, Copy)]
enum Function {
    Fold(Fold),
    Each(Each),
}

/// The function of this name.
fn function(name: &str) -> Option<Function> {
    Some(match name {
        "sum" => Function::Fold(Fold::Sum),
        "min" => Function::Fold(Fold::Min),
        "max" => Function::Fold(Fold::Max),
        "len" => Function::Fold(Fold::Len),
        "first" => Function::Fold(Fold::First),
        "last" => Function::Fold(Fold::Last),
        "map" => Function::Each(Each::Map),
        "filter" => Function::Each(Each::Filter),
        "count" => Function::Each(Each::Count),
        "any" => Function::Each(Each::Any),
        "all" => Function::Each(Each::All),
        _ => return None,
    })
}

impl<'d> Resolver<'d> {
    /// `name(args)`, or `list.name(args)`, whose first argument is then the list.
    pub(super) fn apply(&mut self, who: Who, name: &'d Name, args: &'d [tree::Expr]) -> (Expr, Type) {
        let Some(function) = function(&name.text) else {
            return self.no_function(who, name, args);
        };
        self.apply_known(who, name, function, args)
    }

    /// Says that there is no such function; its arguments are judged all the same.
    fn no_function(&mut self, who: Who, name: &'d Name, args: &'d [tree::Expr]) -> (Expr, Type) {
        let message = format!("no function is called `{}`", name.text);
        let mut said = Diagnostic::new(Code::E0138, name.place.0, message);
        // `length` and `maximum` are slips of the mind: their beginning is meant.
        let begun = || builtin::FUNCTIONS.into_iter().find(|known| name.text.starts_with(known));
        said.help = Some(match nearest(&name.text, builtin::FUNCTIONS).or_else(begun) {
            Some(near) => format!("write `{near}`"),
            None => format!("use one of {}", crate::global::resolve::choice::quoted(&builtin::FUNCTIONS)),
        });
        self.say(said);
        for arg in args.iter().filter(|arg| !matches!(arg.kind, ExprKind::Lambda(..))) {
            self.expr(who, arg);
        }
        wrong()
    }

    /// A function with its arguments: a list, and for most a lambda.
    fn apply_known(
        &mut self,
        who: Who,
        name: &'d Name,
        function: Function,
        args: &'d [tree::Expr],
    ) -> (Expr, Type) {
        match (function, args) {
            (Function::Fold(fold), [list]) => {
                let (value, ty) = self.expr(who, list);
                self.fold(fold, list, value, &ty)
            }
            (Function::Fold(fold), [list, tree::Expr { kind: ExprKind::Lambda(param, body), .. }]) => {
                let (value, item) = self.items(who, list);
                let (var, body, ty) = self.lambda(who, param, body, &item);
                let mapped = Expr::Each(Each::Map, Box::new(value), var, Box::new(body));
                self.fold(fold, list, mapped, &Type::List(Arc::new(widened(ty))))
            }
            // `min(a, b)`: of these.
            (Function::Fold(fold @ (Fold::Min | Fold::Max | Fold::Sum)), [first, _, ..]) => {
                let (values, types): (Vec<Expr>, Vec<Type>) =
                    args.iter().map(|arg| self.expr(who, arg)).unzip();
                let item = types.iter().skip(1).fold(types.first().cloned().unwrap_or(Type::Any), join);
                self.fold(fold, first, Expr::List(values), &Type::List(Arc::new(widened(item))))
            }
            (Function::Each(each), [list, tree::Expr { kind: ExprKind::Lambda(param, body), .. }]) => {
                let (value, item) = self.items(who, list);
                let (var, made, ty) = self.lambda(who, param, body, &item);
                if !matches!(each, Each::Map) {
                    self.expect(body, &ty, &Type::Bool);
                }
                let gives = gives(each, item, ty);
                (Expr::Each(each, Box::new(value), var, Box::new(made)), gives)
            }
            (Function::Each(each @ (Each::Count | Each::Any | Each::All)), [list]) => {
                let (value, item) = self.items(who, list);
                if !fits(&item, &Type::Bool) {
                    let message = format!(
                        "`{}` counts what is true, and this is a list of `{}`",
                        name.text,
                        show(&item)
                    );
                    self.say(
                        Diagnostic::new(Code::E0121, list.place.0, message)
                            .help(format!("say what of each: `{}(…, x => x.ok)`, or use `len`", name.text)),
                    );
                }
                let var = self.lambda_var("it", &item);
                (
                    Expr::Each(each, Box::new(value), var, Box::new(Expr::Var(var))),
                    gives(each, item, Type::Bool),
                )
            }
            _ => {
                let message = format!("`{}` takes a list, and perhaps a function of its items", name.text);
                self.say(
                    Diagnostic::new(Code::E0121, name.place.0, message)
                        .help(format!("write `xs.{0}(x => …)`, or `{0}(xs)`", name.text)),
                );
                wrong()
            }
        }
    }

    /// One value of a list. The first and last of an empty list are `none`.
    fn fold(&mut self, fold: Fold, at: &tree::Expr, value: Expr, ty: &Type) -> (Expr, Type) {
        let item = match ty {
            Type::List(item) => (**item).clone(),
            Type::Any => Type::Any,
            Type::Text | Type::Bytes | Type::Map(_) if matches!(fold, Fold::Len) => Type::Any,
            other => {
                let message = format!("a list is wanted here, and this is `{}`", show(other));
                self.say(Diagnostic::new(Code::E0121, at.place.0, message));
                Type::Any
            }
        };
        let gives = match fold {
            Fold::Len => Type::Int(0, i64::MAX),
            Fold::First | Fold::Last => Type::Optional(Arc::new(item)),
            Fold::Sum => widened(item),
            Fold::Min | Fold::Max => item,
        };
        (Expr::Fold(fold, Box::new(value)), gives)
    }

    /// A list and the type of its items.
    fn items(&mut self, who: Who, list: &'d tree::Expr) -> (Expr, Type) {
        let (value, ty) = self.expr(who, list);
        match ty {
            Type::List(item) => (value, (*item).clone()),
            Type::Any => (value, Type::Any),
            other => {
                let message = format!("a list is wanted here, and this is `{}`", show(&other));
                self.say(Diagnostic::new(Code::E0121, list.place.0, message));
                (value, Type::Any)
            }
        }
    }

    /// The body of a lambda, judged with its parameter bound to one item.
    fn lambda(
        &mut self,
        who: Who,
        param: &'d Name,
        body: &'d tree::Expr,
        item: &Type,
    ) -> (crate::base::id::VarId, Expr, Type) {
        let var = self.lambda_var(&param.text, item);
        self.lambdas.push((&param.text, var, item.clone()));
        let (body, ty) = self.expr(who, body);
        self.lambdas.pop();
        (var, body, ty)
    }

    /// The variable of a lambda's item: told apart by depth alone, so that equal functions are equal.
    fn lambda_var(&mut self, name: &str, item: &Type) -> crate::base::id::VarId {
        let scope = u32::MAX - 1 - self.lambdas.len() as u32;
        let id = self.tables.name(scope, name);
        self.tables.var(id, self.lane, item)
    }
}

/// The type of what a function with a lambda gives.
fn gives(each: Each, item: Type, body: Type) -> Type {
    match each {
        Each::Map => Type::List(Arc::new(widened(body))),
        Each::Filter => Type::List(Arc::new(item)),
        Each::Count => Type::Int(0, i64::MAX),
        Each::Any | Each::All => Type::Bool,
    }
}
