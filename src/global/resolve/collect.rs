//! `collect`: one message from each member of a family, in the order of arrival, until there is enough.
//!
//! The owner knows the list under the message's name and under the name of `as`; the list's `.missing` says who has not
//! come, and why. No member's trouble leaves a `collect`.
//! Is not: `W[*] -> P: M` without `collect`, which waits for every member in index order.

use std::sync::Arc;

use crate::base::id::{RoleId, VarId};
use crate::base::ty::{FieldType, Type};
use crate::base::value::Value;
use crate::diag::Diagnostic;
use crate::diag::code::Code;
use crate::diag::source::Span;
use crate::global::expr::Expr;
use crate::global::protocol::{self, Block, ScopeKind, Stmt};
use crate::global::resolve::exchange::Sent;
use crate::global::resolve::knowledge::Known;
use crate::global::resolve::roles::Target;
use crate::global::resolve::scope::Begun;
use crate::global::resolve::{Resolver, Who};
use crate::syntax::tree::{self, Collect, Exchange, Name, Receivers};

/// What a `collect` gathers, resolved.
struct Gathered {
    owner: RoleId,
    members: Vec<RoleId>,
    message: Sent,
}

impl<'d> Resolver<'d> {
    /// An exchange with `collect`.
    pub(super) fn collect(
        &mut self,
        stmt: &'d tree::Stmt,
        exchange: &'d Exchange,
        collect: &'d Collect,
        out: &mut Block,
    ) {
        self.by_with(exchange);
        let message = self.message(&exchange.message);
        let members = self.senders(exchange);
        let owner = self.gatherer(exchange);
        let (Some(message), Some(owner)) = (message, owner) else { return };
        let within = collect.within.as_ref();
        let within = within.map(|e| (self.fitting(Some(owner), e, &Type::Duration), e.place.0));
        let (list, missing) = self.lists(owner, &message, collect);
        let until = collect.until.as_ref().map(|e| self.fitting(Some(owner), e, &Type::Bool));
        if let Some(mut members) = members {
            members.retain(|member| *member != owner);
            self.waits_for_ever(collect, within.is_some());
            let numbers = members.iter().map(|member| self.index_in(&exchange.from, *member)).collect();
            let id = message.id;
            let kind =
                protocol::Collect { members: members.clone(), numbers, message: id, until, list, missing };
            let begun = Begun { owner, within, word: "collect", kind: ScopeKind::Collect(kind) };
            let gathered = Gathered { owner, members, message };
            if gathered.members.is_empty() {
                for var in [list, missing] {
                    let nobody = Expr::Const(Value::List(Arc::new(Vec::new())));
                    self.silent_let(owner, var, nobody, stmt.place.0, out);
                }
            } else {
                self.gathering(stmt, exchange, &gathered, begun, out);
            }
            self.name_lists(&gathered, collect, (list, missing), out);
        } else {
            // Who comes is wrong, which was said; the names are there all the same.
            let gathered = Gathered { owner, members: Vec::new(), message };
            self.name_lists(&gathered, collect, (list, missing), out);
        }
    }

    /// The members of a family who send; said if it is not a family.
    fn senders(&mut self, exchange: &'d Exchange) -> Option<Vec<RoleId>> {
        let from = &exchange.from;
        let (message, help) = match self.target(from)? {
            Target::Many(members) => return Some(members),
            Target::One(_) => (
                format!("`collect` gathers from several members, and `{}` is one role", from.name.text),
                match from.selector {
                    Some(_) => format!("write `{}[*]`", from.name.text),
                    None => "leave `collect` out; for a time limit put a `try` around".to_owned(),
                },
            ),
            Target::Picked(..) | Target::Among(..) => (
                "whom a `collect` gathers from is known before the session starts".to_owned(),
                format!(
                    "gather from `{}[*]`, and let the members send what tells them apart",
                    from.name.text
                ),
            ),
        };
        self.say(Diagnostic::new(Code::E0146, from.place.0, message).help(help));
        None
    }

    /// The one role that gathers.
    fn gatherer(&mut self, exchange: &'d Exchange) -> Option<RoleId> {
        let (span, several) = match &exchange.to {
            Receivers::Listed(to) => match to.as_slice() {
                [to] if matches!(to.selector, None | Some(tree::Selector::Index(_))) => {
                    return self.single(to);
                }
                [to, ..] => (to.place.0, "several roles"),
                [] => return None,
            },
            Receivers::Others => (exchange.from.place.0, "all others"),
        };
        let message = format!("one role gathers, and this sends to {several}");
        self.say(
            Diagnostic::new(Code::E0146, span, message)
                .help("gather at one role, and let it send the list to the others"),
        );
        None
    }

    /// The list and who is missing, as variables; the names mean the list from here on.
    fn lists(&mut self, owner: RoleId, message: &Sent, collect: &'d Collect) -> (VarId, VarId) {
        let ty = list_of(message);
        let name: &str = collect.bind.as_ref().map_or(&message.declared.name, |name| &name.text);
        let span = collect.bind.as_ref().map_or(message.span, |name| name.place.0);
        let list = self.bind_list(owner, name, &ty, span);
        if &*message.declared.name != name {
            let id = self.tables.name(self.frame.scope, &message.declared.name);
            self.knowledge.set((id, owner), Some(Known { var: list, span }));
        }
        let id = self.tables.name(self.frame.scope, &missing_of(name));
        let missing = self.tables.var(id, self.var_lane(id), &missing_type());
        (list, missing)
    }

    /// One message a member, on the lane of the scope.
    fn gathering(
        &mut self,
        stmt: &'d tree::Stmt,
        exchange: &'d Exchange,
        gathered: &Gathered,
        begun: Begun,
        out: &mut Block,
    ) {
        let span = stmt.place.0;
        let Some(entered) = self.begin(begun, span) else { return };
        let site = self.site(span, 0, [&stmt.annotations, &exchange.from.annotations, &[]]);
        let message = &gathered.message;
        let (body, _) = self.within(entered, Vec::new(), span, |walk, out| {
            // A member that does not come may not know its own message: nobody has a name for it.
            let name = format!("{}$sent", message.declared.name);
            let var = walk.hidden(&name, &message.declared.ty);
            for member in &gathered.members {
                let payload = walk.payload(*member, message, exchange.with.as_ref());
                let (from, to, message) = (*member, gathered.owner, message.id);
                out.push(Stmt::Exchange { from, to, message, payload, var, site });
            }
        });
        out.push(Stmt::Scope { scope: entered.id, body, ending: None, site });
    }

    /// Both names mean the list, and both lists know who is missing.
    fn name_lists(
        &mut self,
        gathered: &Gathered,
        collect: &'d Collect,
        (list, missing): (VarId, VarId),
        out: &mut Block,
    ) {
        let (owner, message) = (gathered.owner, &gathered.message);
        let ty = self.tables.type_of(list);
        let own = message.declared.name.as_ref();
        let bound = collect.bind.as_ref().map_or(own, |name| name.text.as_str());
        let mut names = vec![bound];
        if own != bound {
            let var = self.bind_list(owner, own, &ty, message.span);
            self.silent_let(owner, var, Expr::Var(list), message.span, out);
            names.push(own);
        }
        for name in names {
            let of = self.tables.name(self.frame.scope, name);
            let text = missing_of(name);
            let id = self.tables.name(self.frame.scope, &text);
            let var = self.tables.var(id, self.var_lane(id), &missing_type());
            if var != missing {
                self.silent_let(owner, var, Expr::Var(missing), message.span, out);
            }
            self.knowledge.set((id, owner), Some(Known { var, span: message.span }));
            self.tables.missing.insert(of, id);
        }
    }

    /// Warns of a `collect` that one silent member holds up until the session is given up.
    fn waits_for_ever(&mut self, collect: &Collect, limited: bool) {
        if limited || self.scopes.iter().any(|scope| scope.limited) {
            return;
        }
        let span = collect.place.0;
        let end = span.end.min(span.start.saturating_add("collect".len() as u32));
        self.say(
            Diagnostic::new(
                Code::E0147,
                Span { end, ..span },
                "one silent member can hold this `collect` for ever",
            )
            .here("waits without a time limit")
            .help("give it a limit, such as `within 30s`: who is late is in `.missing`"),
        );
    }

    /// `x.missing`, where `x` was collected.
    pub(super) fn missing(&self, who: Who, of: &tree::Expr, field: &Name) -> Option<(Expr, Type)> {
        let tree::ExprKind::Name(name) = &of.kind else { return None };
        if field.text != "missing" || self.lambdas.iter().any(|(have, ..)| *have == name.text) {
            return None;
        }
        let of = self.tables.known_name(self.frame.scope, &name.text)?;
        let missing = *self.tables.missing.get(&of)?;
        self.knowledge.of(of, who?)?;
        let known = self.knowledge.of(missing, who?)?;
        Some((Expr::Var(known.var), self.tables.type_of(known.var)))
    }
}

/// The name under which the list of those who are missing is kept.
fn missing_of(name: &str) -> String {
    format!("{name}.missing")
}

/// `{ from: Int, cause: String }`, several.
fn missing_type() -> Type {
    let field = |name: &str, ty| FieldType { name: Arc::from(name), ty };
    let fields = vec![field("cause", Type::Text), field("from", Type::Int(0, i64::from(u32::MAX)))];
    Type::List(Arc::new(Type::Record(Arc::new(fields))))
}

/// The type of a family's messages as a list.
pub(super) fn list_of(message: &Sent) -> Type {
    let entry = match &message.declared.ty {
        Type::Record(fields) => {
            let mut fields: Vec<FieldType> =
                fields.iter().filter(|field| &*field.name != "from").cloned().collect();
            fields.push(FieldType { name: Arc::from("from"), ty: Type::Int(0, i64::from(u32::MAX)) });
            fields.sort_by(|a, b| a.name.cmp(&b.name));
            Type::Record(Arc::new(fields))
        }
        _ => Type::Any,
    };
    Type::List(Arc::new(entry))
}
