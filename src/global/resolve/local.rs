//! What one role does by itself: `let`, `does`, `fail`.
//!
//! Is not: an exchange.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::base::builtin;
use crate::base::cause::{Cause, UNCERTAIN};
use crate::base::id::RoleId;
use crate::base::ty::Type;
use crate::base::value::Value;
use crate::diag::code::Code;
use crate::diag::{Diagnostic, nearest};
use crate::global::declare::Field;
use crate::global::declare::effects::{self, Operation};
use crate::global::expr::Expr;
use crate::global::fit;
use crate::global::protocol::{Block, Step, Stmt};
use crate::global::resolve::Resolver;
use crate::syntax::tree::{self, Does, Fail, Let, Repetition};

/// The arguments of an operation, named.
type Args = Vec<(Arc<str>, Expr)>;

impl<'d> Resolver<'d> {
    /// `R let x = e`. A whole number is bound as any whole number, so that it can be bound anew.
    pub(super) fn binding(&mut self, stmt: &'d tree::Stmt, binding: &'d Let, out: &mut Block) {
        let role = self.single(&binding.role);
        let Some(role) = role else { return };
        let (value, ty) = self.expr(Some(role), &binding.value);
        let var = self.bind(role, &binding.name.text, &fit::widened(ty), binding.name.place.0);
        self.step(stmt, role, Step::Let(var, value), out);
    }

    /// `fail x at R`: nothing follows it.
    pub(super) fn fail(&mut self, stmt: &'d tree::Stmt, fail: &'d Fail, out: &mut Block) {
        let role = self.single(&fail.at);
        if let Some(role) = role {
            let with = fail.with.as_ref().map(|e| self.expr(Some(role), e));
            let (value, ty) =
                with.map_or((None, None), |(value, ty)| (Some(value), Some(fit::widened_inside(&ty))));
            self.raises_with(&Cause::failed(&fail.name.text), role, stmt.place.0, ty);
            self.step(stmt, role, Step::Fail(Arc::from(fail.name.text.as_str()), value), out);
        }
        self.reachable = false;
    }

    /// `R does effect.operation(…)`: declared here, built in, or looked for at deployment.
    pub(super) fn does(&mut self, stmt: &'d tree::Stmt, does: &'d Does, out: &mut Block) {
        let Some(role) = self.single(&does.role) else { return };
        let declared = self.declarations.tables.get(self.frame.module);
        let declared = declared.and_then(|table| table.effects.get(&does.effect.text));
        let built_in = if declared.is_none() { effects::built_in(&does.effect.text) } else { None };
        let operations: Option<&[Operation]> = declared.map(Vec::as_slice).or(built_in.as_deref());
        let (args, result, repetition) = match operations {
            None => {
                self.undeclared_effect(does);
                (self.loose_args(role, does), Type::Any, Repetition::Once)
            }
            Some(operations) => {
                match operations.iter().find(|operation| *operation.name == *does.operation.text) {
                    Some(operation) => {
                        let args = self.args(role, does, operation);
                        (args, operation.result.clone(), operation.repetition)
                    }
                    None => {
                        self.unknown_operation(does, operations);
                        (self.loose_args(role, does), Type::Any, Repetition::Once)
                    }
                }
            }
        };
        let bind = does.bind.as_ref().map(|name| self.bind(role, &name.text, &result, name.place.0));
        self.raises(&Cause::failed(&does.effect.text), role, stmt.place.0);
        if repetition == Repetition::Once {
            self.raises(&Cause::failed(UNCERTAIN), role, stmt.place.0);
        }
        let step = Step::Does {
            effect: Arc::from(does.effect.text.as_str()),
            operation: Arc::from(does.operation.text.as_str()),
            args,
            result,
            bind,
            repetition,
        };
        self.step(stmt, role, step, out);
    }

    /// Adds a step that somebody wrote.
    fn step(&mut self, stmt: &'d tree::Stmt, role: RoleId, step: Step, out: &mut Block) {
        let step = self.tables.step(step);
        let site = self.site(stmt.place.0, 0, [&stmt.annotations, &[], &[]]);
        out.push(Stmt::Step { role, step, site });
    }

    /// Arguments of an operation that nobody declared.
    fn loose_args(&mut self, role: RoleId, does: &'d Does) -> Args {
        let mut args = Vec::new();
        for (at, arg) in does.args.iter().enumerate() {
            let name = arg.name.as_ref().map_or_else(|| format!("_{at}"), |name| name.text.clone());
            args.push((Arc::from(name), self.expr(Some(role), &arg.value).0));
        }
        args
    }

    /// Arguments by name or in order, each once, each fitting; what is left out is its default, or none.
    fn args(&mut self, role: RoleId, does: &'d Does, operation: &Operation) -> Args {
        let mut args: Args = Vec::new();
        let mut given: BTreeSet<&str> = BTreeSet::new();
        let names = || operation.params.iter().map(|param| param.name.as_ref());
        for (at, arg) in does.args.iter().enumerate() {
            let param = match &arg.name {
                Some(name) => operation.params.iter().find(|param| *param.name == *name.text),
                None => operation.params.get(at),
            };
            let Some(Field { name, ty, .. }) = param else {
                self.expr(Some(role), &arg.value);
                let (span, text) = match &arg.name {
                    Some(name) => (name.place.0, format!("no parameter `{}`", name.text)),
                    None => (arg.value.place.0, format!("only {} parameters", operation.params.len())),
                };
                let message = format!("`{}.{}` has {text}", does.effect.text, does.operation.text);
                let mut said = Diagnostic::new(Code::E0122, span, message);
                let near = arg.name.as_ref().and_then(|name| nearest(&name.text, names()));
                said.help =
                    Some(near.map_or_else(|| "take it away".to_owned(), |near| format!("write `{near}`")));
                self.say(said);
                continue;
            };
            if !given.insert(name) {
                let message = format!("parameter `{name}` is given twice");
                self.say(Diagnostic::new(Code::E0122, arg.value.place.0, message).help("take one away"));
            }
            let value = self.fitting(Some(role), &arg.value, ty);
            args.push((Arc::clone(name), value));
        }
        let mut missing: Vec<&str> = Vec::new();
        for Field { name, ty, default } in &operation.params {
            if given.contains(name.as_ref()) {
                continue;
            }
            match (default, ty) {
                (Some(default), _) => args.push((Arc::clone(name), Expr::Const(default.clone()))),
                (None, Type::Optional(_)) => args.push((Arc::clone(name), Expr::Const(Value::None))),
                (None, _) => missing.push(name),
            }
        }
        args.sort_by_key(|(name, _)| operation.params.iter().position(|param| param.name == *name));
        if !missing.is_empty() {
            let message = format!(
                "`{}.{}` also takes {}",
                does.effect.text,
                does.operation.text,
                crate::global::resolve::choice::quoted(&missing)
            );
            self.say(
                Diagnostic::new(Code::E0122, does.operation.place.0, message).help("give every parameter"),
            );
        }
        args
    }

    /// Warns of an effect that nobody declared, with the declaration to write.
    fn undeclared_effect(&mut self, does: &'d Does) {
        let (effect, operation) = (&does.effect.text, &does.operation.text);
        let message = format!("effect `{effect}` is not declared, and is looked for when it is deployed");
        let mut said = Diagnostic::new(Code::E0106, does.effect.place.0, message);
        let declared = self.declarations.tables.get(self.frame.module);
        let known = declared.into_iter().flat_map(|table| table.effects.keys().map(String::as_str));
        let params: Vec<String> = (0..does.args.len())
            .map(|at| match does.args.get(at).and_then(|arg| arg.name.as_ref()) {
                Some(name) => format!("{}: Any", name.text),
                None => format!("_{at}: Any"),
            })
            .collect();
        let declaration = format!("effect {effect} {{ {operation}({}) -> Any }}", params.join(", "));
        said.help = Some(match nearest(effect, known.chain(builtin::effects())) {
            Some(near) => format!("write `{near}`, or declare it: `{declaration}`"),
            None => format!("declare it: `{declaration}`"),
        });
        self.say(said);
    }

    /// Says that an effect has no such operation.
    fn unknown_operation(&mut self, does: &'d Does, operations: &[Operation]) {
        let (effect, operation) = (&does.effect.text, &does.operation.text);
        let message = format!("effect `{effect}` has no operation `{operation}`");
        let mut said = Diagnostic::new(Code::E0107, does.operation.place.0, message);
        let names: Vec<&str> = operations.iter().map(|operation| operation.name.as_ref()).collect();
        said.help = Some(match nearest(operation, names.iter().copied()) {
            Some(near) => format!("write `{near}`"),
            None => format!("use one of {}", crate::global::resolve::choice::quoted(&names)),
        });
        self.say(said);
    }
}
