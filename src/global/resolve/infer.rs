//! Messages that nothing declares but a payload: `A -> B: M with { x: 1 }` gives `M` the field `x: Int`.
//!
//! Is not: a judge of the payload. The first payload declares; the later ones are judged by it.

use std::sync::Arc;

use crate::base::id::RoleId;
use crate::base::ty::{FieldType, Type};
use crate::diag::Diagnostic;
use crate::diag::code::Code;
use crate::global::declare::{Field, Message};
use crate::global::fit::{show, widened_inside};
use crate::global::resolve::Resolver;
use crate::global::resolve::roles::Target;
use crate::syntax::tree::{Entry, Exchange, Expr, ExprKind};

impl<'d> Resolver<'d> {
    /// Gives the message of an exchange the fields of its payload, where nothing else does; said at the first one.
    pub(super) fn by_with(&mut self, exchange: &'d Exchange) {
        let ([name], Some(with)) = (exchange.message.segments.as_slice(), &exchange.with) else { return };
        let signature = |id: usize| self.declarations.choreographies.get(id);
        let Some(top) = signature(self.frame.choreography).map(|signature| signature.top) else { return };
        let key = (top, name.text.clone());
        if !signature(top).is_some_and(|top| top.by_with.contains(&name.text))
            || !self.met.insert(key.clone())
        {
            return;
        }
        let (sender, _) = self.quietly(|walk| walk.target(&exchange.from));
        let Some(sender) = sender.and_then(|target| first(&target)) else {
            self.met.remove(&key);
            return;
        };
        let ((_, ty), _) = self.quietly(|walk| walk.expr(Some(sender), with));
        let ty = widened_inside(&ty);
        let message =
            Message { name: Arc::from(name.text.as_str()), fields: fields(&ty), ty, span: name.place.0 };
        let text = format!("message `{}` is not declared, and this payload declares it", name.text);
        self.say(Diagnostic::new(Code::E0139, name.place.0, text).help(format!(
            "declare it: `message {} {}`",
            name.text,
            written(&message.ty, with)
        )));
        self.inferred.insert(key, Arc::new(message));
    }
}

/// One of the roles.
fn first(target: &Target<'_>) -> Option<RoleId> {
    match target {
        Target::One(role) => Some(*role),
        Target::Many(roles) | Target::Picked(roles, _) | Target::Among(roles, _) => roles.first().copied(),
    }
}

/// The fields of a record; none where it may be anything.
fn fields(ty: &Type) -> Option<Vec<Field>> {
    let Type::Record(of) = ty else { return None };
    let field =
        |field: &FieldType| Field { name: Arc::clone(&field.name), ty: field.ty.clone(), default: None };
    Some(of.iter().map(field).collect())
}

/// The fields as a declaration writes them, in the order of the payload.
fn written(ty: &Type, with: &Expr) -> String {
    let Type::Record(fields) = ty else { return "{ … }".to_owned() };
    let place = |field: &FieldType| match &with.kind {
        ExprKind::Record(entries) => entries.iter().position(|entry| match entry {
            Entry::Field(name, _) | Entry::Short(name) => *name.text == *field.name,
            Entry::Spread(_) => false,
        }),
        _ => None,
    };
    let mut ordered: Vec<&FieldType> = fields.iter().collect();
    ordered.sort_by_key(|field| place(field));
    let shown = ordered.into_iter().map(|field| match &field.ty {
        Type::Optional(of) if **of == Type::Any => format!("{}: Any?", field.name),
        ty => format!("{}: {}", field.name, show(ty)),
    });
    format!("{{ {} }}", shown.collect::<Vec<_>>().join(", "))
}
