//! Exchanges: one message to one role, to several, from a family, to everybody else.
//!
//! Members are taken in index order. What a family sends to one role is a list there, each entry with its `from`.
//! Is not: `collect`, which takes messages in the order of arrival.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::base::id::{MessageId, PayloadId, RoleId, SiteId, VarId};
use crate::base::ty::Type;
use crate::base::value::Value;
use crate::diag::Diagnostic;
use crate::diag::code::Code;
use crate::diag::source::Span;
use crate::global::declare::Message;
use crate::global::expr::Expr;
use crate::global::protocol::{Block, Payload, Step, Stmt};
use crate::global::resolve::Resolver;
use crate::global::resolve::collect::list_of;
use crate::global::resolve::roles::Target;
use crate::syntax::tree::{self, Exchange, Path, Receivers, RoleRef};

/// A message as the protocol knows it.
pub(super) struct Sent {
    pub id: MessageId,
    pub declared: Arc<Message>,
    /// Where the exchange names it.
    pub span: Span,
}

/// One end of an exchange: its members, and whether it may be more than one.
struct Ends {
    roles: Vec<(RoleId, usize)>,
    several: bool,
}

impl<'d> Resolver<'d> {
    /// An exchange of whatever ends.
    pub(super) fn exchange(&mut self, stmt: &'d tree::Stmt, exchange: &'d Exchange, out: &mut Block) {
        if let Some(collect) = &exchange.collect {
            self.collect(stmt, exchange, collect, out);
            return;
        }
        self.by_with(exchange);
        let message = self.message(&exchange.message);
        let from = self.target(&exchange.from);
        let (from, to) = match (from, self.receivers(exchange, out, stmt)) {
            (Some(from), Some(to)) => (from, to),
            (from, to) => {
                self.half(exchange, message.as_ref(), from.as_ref(), to.as_ref());
                return;
            }
        };
        let Some(message) = message else { return };
        match from {
            Target::One(one) => {
                let from = Ends { roles: vec![(one, 0)], several: false };
                self.all_pairs(stmt, exchange, &message, &from, &to, out);
            }
            Target::Many(many) => {
                let from = Ends { roles: many.into_iter().map(|role| (role, 0)).collect(), several: true };
                self.all_pairs(stmt, exchange, &message, &from, &to, out);
            }
            // Who receives says which member sends.
            Target::Picked(members, e) | Target::Among(members, e) => match to.roles.as_slice() {
                [(owner, _)] if matches!(exchange.from.selector, Some(tree::Selector::Index(_))) => {
                    self.picked(stmt, *owner, members, e, out, |walk, member, out| {
                        let from = Ends { roles: vec![(member, 0)], several: false };
                        walk.all_pairs(stmt, exchange, &message, &from, &to, out);
                    });
                }
                _ => {
                    let what = format!("nobody can pick the member of `{}`", exchange.from.name.text);
                    self.say(
                        Diagnostic::new(Code::E0125, exchange.from.place.0, what)
                            .also(e.place.0, "this is not a number before the session starts")
                            .help("send to one role, which then picks, or use a `for`"),
                    );
                }
            },
        }
    }

    /// An exchange with one wrong end: the payload is judged all the same, and whoever is there knows the message,
    /// so that nothing else is said for that reason.
    fn half(
        &mut self,
        exchange: &'d Exchange,
        message: Option<&Sent>,
        from: Option<&Target<'d>>,
        to: Option<&Ends>,
    ) {
        let Some(message) = message else { return };
        let (name, ty) = (&message.declared.name, &message.declared.ty);
        if let (Some(Target::One(from)), None) = (from, to)
            && self.failed()
        {
            self.payload(*from, message, exchange.with.as_ref());
            self.bind(*from, name, ty, message.span);
        }
        for (role, _) in to.into_iter().flat_map(|to| &to.roles) {
            self.bind(*role, name, ty, message.span);
        }
    }

    /// The receivers of an exchange. Where the sender picks them when the session runs, the exchange is written out
    /// here and nothing is given back.
    fn receivers(&mut self, exchange: &'d Exchange, out: &mut Block, stmt: &'d tree::Stmt) -> Option<Ends> {
        let listed = match &exchange.to {
            Receivers::Others => {
                let from = self.cast(&exchange.from)?.members;
                let from = if exchange.from.selector.is_some() { Vec::new() } else { from };
                let roles = self.everybody().into_iter().filter(|role| !from.contains(role));
                return Some(Ends { roles: roles.map(|role| (role, 0)).collect(), several: true });
            }
            Receivers::Listed(listed) => listed,
        };
        let mut ends = Ends { roles: Vec::new(), several: listed.len() > 1 };
        let mut picked = Vec::new();
        let mut wrong = false;
        for (at, role) in listed.iter().enumerate() {
            match self.target(role) {
                Some(Target::One(one)) => ends.roles.push((one, at)),
                Some(Target::Many(many)) => {
                    ends.several = true;
                    ends.roles.extend(many.into_iter().map(|one| (one, at)));
                }
                Some(target) => picked.push((target, at)),
                None => wrong = true,
            }
        }
        if wrong {
            return None;
        }
        if picked.is_empty() {
            return Some(ends);
        }
        let message = self.message(&exchange.message)?;
        let from = self.single(&exchange.from)?;
        let sender = Ends { roles: vec![(from, 0)], several: false };
        if !ends.roles.is_empty() {
            self.all_pairs(stmt, exchange, &message, &sender, &ends, out);
        }
        for (target, at) in picked {
            let mut send = |walk: &mut Self, member: RoleId, out: &mut Block| {
                let to = Ends { roles: vec![(member, at)], several: true };
                walk.all_pairs(stmt, exchange, &message, &sender, &to, out);
            };
            match target {
                Target::Picked(members, e) => self.picked(stmt, from, members, e, out, send),
                Target::Among(members, e) => self.among(stmt, from, &members, e, out, &mut send),
                _ => {}
            }
        }
        None
    }

    /// One exchange for each pair, in index order; nobody sends to itself.
    fn all_pairs(
        &mut self,
        stmt: &'d tree::Stmt,
        exchange: &'d Exchange,
        message: &Sent,
        from: &Ends,
        to: &Ends,
        out: &mut Block,
    ) {
        let written: &'d [RoleRef] = match &exchange.to {
            Receivers::Listed(listed) => listed,
            Receivers::Others => &[],
        };
        if !from.several && self.sends_to_itself(exchange, from, to) {
            return;
        }
        let gathers = from.several.then(|| self.gathers(message));
        let mut begun: BTreeSet<RoleId> = BTreeSet::new();
        for (sender, _) in &from.roles {
            let mut payload = None;
            for (receiver, at) in &to.roles {
                let to_ref = written.get(*at);
                if sender == receiver {
                    // `W[i] -> W[*]` leaves `W[i]` out; `A -> B, A` names it.
                    if let Some(role) = to_ref.filter(|role| !from.several && names(&exchange.from, role)) {
                        self.own_receiver(*sender, role.place.0);
                    }
                    continue;
                }
                let part = to_ref.map_or(0, |role| role.place.0.start);
                let behind = to_ref.map_or(&[][..], |role| &role.annotations);
                let groups = [&stmt.annotations[..], &exchange.from.annotations[..], behind];
                let site = self.site(stmt.place.0, part, groups);
                let payload =
                    *payload.get_or_insert_with(|| self.payload(*sender, message, exchange.with.as_ref()));
                let var = self.one(*sender, *receiver, message, payload, site, gathers.is_none(), out);
                if let Some((list, _)) = &gathers {
                    let index = self.index_in(&exchange.from, *sender);
                    let entry = Expr::From(Box::new(Expr::Var(var)), index);
                    // The list begins with its first entry, not before: its receiver may learn only by that
                    // message that it takes part at all.
                    let so_far = if begun.insert(*receiver) { nothing() } else { Expr::Var(*list) };
                    let longer = Expr::Append(Box::new(so_far), Box::new(entry));
                    self.silent_let(*receiver, *list, longer, stmt.place.0, out);
                }
            }
        }
        if let Some((list, ty)) = gathers {
            for (receiver, _) in &to.roles {
                let name = Arc::clone(&message.declared.name);
                let var = self.bind_list(*receiver, &name, &ty, message.span);
                let whole = if begun.contains(receiver) { Expr::Var(list) } else { nothing() };
                self.silent_let(*receiver, var, whole, stmt.place.0, out);
            }
        }
    }

    /// The index of a member in its family, as this choreography counts.
    pub(super) fn index_in(&self, family: &RoleRef, member: RoleId) -> u32 {
        let cast = self.frame.roles.get(family.name.text.as_str());
        cast.and_then(|cast| cast.members.iter().position(|role| *role == member)).unwrap_or(0) as u32
    }

    /// The list of what a family sends, as a variable and its type.
    fn gathers(&mut self, message: &Sent) -> (VarId, Type) {
        let ty = list_of(message);
        let list = self.hidden(&format!("{}$list", message.declared.name), &ty);
        (list, ty)
    }

    /// Gives the list of a family's messages the message's name, whatever the name was before.
    pub(super) fn bind_list(&mut self, role: RoleId, name: &str, ty: &Type, span: Span) -> VarId {
        let id = self.tables.name(self.frame.scope, name);
        self.knowledge.set((id, role), None);
        self.bind(role, name, ty, span)
    }

    /// One message; both ends know it from here on, unless the receiver gathers a list.
    #[expect(clippy::too_many_arguments, reason = "the parts of one message, each of its own type")]
    pub(super) fn one(
        &mut self,
        from: RoleId,
        to: RoleId,
        message: &Sent,
        payload: PayloadId,
        site: SiteId,
        receiver_knows: bool,
        out: &mut Block,
    ) -> VarId {
        let (name, ty) = (&message.declared.name, &message.declared.ty);
        let var = self.bind(from, name, ty, message.span);
        if receiver_knows {
            self.bind(to, name, ty, message.span);
        }
        let asked = matches!(self.tables.payload_of(payload), Some(Payload::Asked));
        self.message_raises((from, to), asked, message.span);
        out.push(Stmt::Exchange { from, to, message: message.id, payload, var, site });
        var
    }

    /// Whether the text lets one role send to itself, which is said.
    fn sends_to_itself(&mut self, exchange: &Exchange, from: &Ends, to: &Ends) -> bool {
        let ([(from, _)], [(to, at)]) = (from.roles.as_slice(), to.roles.as_slice()) else { return false };
        if from != to {
            return false;
        }
        let Receivers::Listed(listed) = &exchange.to else { return true };
        let Some(role) = listed.get(*at) else { return true };
        // `W[i] -> W[j]` with equal numbers is an exchange that does not happen; `A -> A` is a mistake.
        if names(&exchange.from, role) {
            self.own_receiver(*from, role.place.0);
        }
        true
    }

    /// Says that a role sends to itself.
    pub(super) fn own_receiver(&mut self, role: RoleId, span: Span) {
        let message = format!("`{}` sends to itself", self.role_name(role));
        self.say(
            Diagnostic::new(Code::E0112, span, message)
                .here("the sender is the receiver")
                .help("name another receiver, or use `let` for what one role keeps"),
        );
    }

    /// The message of a path; judged once, where messages are declared.
    pub(super) fn message(&mut self, path: &'d Path) -> Option<Sent> {
        let sent = self.message_of(path);
        self.faulty |= sent.is_none();
        sent
    }

    fn message_of(&mut self, path: &'d Path) -> Option<Sent> {
        let name = path.segments.last()?;
        let mut module = self.frame.module;
        if path.segments.len() > 1 {
            let alias = path.segments.first()?;
            module = (*self.declarations.tables.get(module)?.imports.get(&alias.text)?)?;
        }
        let declared = self.message_named(module, &name.text)?;
        self.sent(declared, name.place.0)
    }

    /// Adds a message to the protocol; said if it has another one of that name.
    pub(super) fn sent(&mut self, declared: Arc<Message>, span: Span) -> Option<Sent> {
        match self.tables.message(&declared.name, &declared.ty, declared.span) {
            Ok(id) => Some(Sent { id, declared, span }),
            Err(other) => {
                let message = format!("message `{}` is given two payloads in one protocol", declared.name);
                self.say(
                    Diagnostic::new(Code::E0115, span, message)
                        .also(
                            declared.span,
                            format!("here it carries `{}`", crate::global::fit::show(&declared.ty)),
                        )
                        .also(
                            other.span,
                            format!("here it carries `{}`", crate::global::fit::show(&other.ty)),
                        )
                        .help("give one of them another name"),
                );
                None
            }
        }
    }

    /// How the sender makes the payload.
    pub(super) fn payload(
        &mut self,
        from: RoleId,
        message: &Sent,
        with: Option<&'d tree::Expr>,
    ) -> PayloadId {
        let payload = match with {
            Some(e) => {
                let declared = Arc::clone(&message.declared);
                Payload::Expr(self.payload_expr(from, &declared, e))
            }
            None if message.declared.ty.is_empty_record() => Payload::Empty,
            None => Payload::Asked,
        };
        self.tables.payload(payload)
    }

    /// A step that nobody wrote: taken away again where nothing uses the name.
    pub(super) fn silent_let(&mut self, role: RoleId, var: VarId, e: Expr, span: Span, out: &mut Block) {
        let site = self.tables.silent_site(span);
        let step = self.tables.step(Step::Let(var, e));
        out.push(Stmt::Step { role, step, site });
    }
}

/// Whether both name the same one role, as far as the text says.
fn names(a: &RoleRef, b: &RoleRef) -> bool {
    a.name.text == b.name.text && a.selector == b.selector
}

/// The empty list.
fn nothing() -> Expr {
    Expr::Const(Value::List(Arc::new(Vec::new())))
}
