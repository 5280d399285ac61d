//! Exchanges, relays, local steps, calls, roles and annotations in canonical form.

use crate::syntax::format::doc::Doc;
use crate::syntax::format::expr::path_text;
use crate::syntax::format::printer::Printer;
use crate::syntax::tree::{
    Annotation, Arg, Call, Collect, Declares, Does, Exchange, Name, Place, Receivers, Relay, RoleRef,
    Selector,
};

impl Printer<'_> {
    pub(super) fn exchange(&mut self, exchange: &Exchange) -> Doc {
        let mut parts = vec![self.role(&exchange.from)];
        match &exchange.to {
            Receivers::Others => parts.push(Doc::text(" ->* : ")),
            Receivers::Listed(to) => {
                for (index, role) in to.iter().enumerate() {
                    parts.extend([Doc::text(if index == 0 { " -> " } else { ", " }), self.role(role)]);
                }
                parts.push(Doc::text(": "));
            }
        }
        parts.push(Doc::text(path_text(&exchange.message)));
        parts.push(self.declares(exchange.declares.as_ref()));
        parts.push(self.with(exchange.with.as_ref()));
        if let Some(collect) = &exchange.collect {
            parts.push(Doc::all([Doc::Line, self.collect(collect)]).indent().group());
        }
        Doc::All(parts)
    }

    fn declares(&mut self, declares: Option<&Declares>) -> Doc {
        match declares {
            None => Doc::nothing(),
            Some(Declares::Fields(fields)) => self.fields(("(", ")"), fields),
            Some(Declares::Of(path)) => Doc::text(format!(" of {}", path_text(path))),
            Some(Declares::Types(types, names)) => {
                let types = self.list(("<", ">"), types, |ty| ty.place, Self::ty);
                if names.is_empty() {
                    return types;
                }
                let name = |_: &mut Self, name: &Name| Doc::text(&name.text);
                Doc::all([types, self.list(("(", ")"), names, |name| name.place, name)])
            }
        }
    }

    fn collect(&mut self, collect: &Collect) -> Doc {
        let mut parts = vec![Doc::text("collect")];
        if let Some(until) = &collect.until {
            parts.extend([Doc::text(" until ("), self.expr(until), Doc::text(")")]);
        }
        if let Some(within) = &collect.within {
            parts.extend([Doc::text(" within "), self.expr(within)]);
        }
        parts.push(bind(collect.bind.as_ref()));
        Doc::All(parts)
    }

    pub(super) fn relay(&mut self, relay: &Relay) -> Doc {
        let arrow = if relay.swap { " <-> " } else { " -> " };
        let mut parts = Vec::new();
        let ends = relay.hops.len().checked_sub(1).filter(|_| relay.message.is_none());
        for (index, hop) in relay.hops.iter().enumerate() {
            let hop = if ends == Some(index) { self.last_role(hop) } else { self.role(hop) };
            parts.extend([Doc::text(if index == 0 { "" } else { arrow }), hop]);
        }
        if let Some(message) = &relay.message {
            parts.push(Doc::text(format!(": {}", path_text(message))));
            parts.push(self.declares(relay.declares.as_ref()));
        }
        Doc::All(parts)
    }

    pub(super) fn does(&mut self, does: &Does) -> Doc {
        let role = self.role(&does.role);
        let place = |arg: &Arg| {
            let value = arg.value.place.0;
            Place(arg.name.as_ref().map_or(value, |name| name.place.0.to(value)))
        };
        let args = self.list(("(", ")"), &does.args, place, |printer, arg| {
            let name = arg.name.as_ref().map_or(String::new(), |name| format!("{}: ", name.text));
            Doc::all([Doc::text(name), printer.expr(&arg.value)])
        });
        let call = Doc::text(format!(" does {}.{}", does.effect.text, does.operation.text));
        Doc::all([role, call, args, bind(does.bind.as_ref())])
    }

    pub(super) fn call(&mut self, call: &Call) -> Doc {
        let mut parts = vec![Doc::text(format!("call {}", path_text(&call.path)))];
        if !call.roles.is_empty() || !call.args.is_empty() {
            let mut inside = vec![Doc::Soft];
            for (index, (name, role)) in call.roles.iter().enumerate() {
                inside.extend(if index == 0 { vec![] } else { vec![Doc::text(","), Doc::Line] });
                let ends = index + 1 == call.roles.len() && !call.args.is_empty();
                let role = if ends { self.last_role(role) } else { self.role(role) };
                inside.extend([Doc::text(format!("{} = ", name.text)), role]);
            }
            for (index, (name, value)) in call.args.iter().enumerate() {
                match (index, call.roles.is_empty()) {
                    (0, true) => inside.push(Doc::text("; ")),
                    (0, false) => inside.extend([Doc::text(";"), Doc::Line]),
                    _ => inside.extend([Doc::text(","), Doc::Line]),
                }
                inside.extend([Doc::text(format!("{} = ", name.text)), self.expr(value)]);
            }
            parts.push(
                Doc::all([Doc::text("("), Doc::All(inside).indent(), Doc::Soft, Doc::text(")")]).group(),
            );
        }
        parts.push(bind(call.bind.as_ref()));
        Doc::All(parts)
    }

    /// A role with its selector and annotations.
    pub(super) fn role(&mut self, role: &RoleRef) -> Doc {
        self.noted(role, "[@")
    }

    /// A role with which its statement may end: there `[@` would begin the annotations of the next one.
    pub(super) fn last_role(&mut self, role: &RoleRef) -> Doc {
        let valued = role.annotations.first().is_some_and(|first| first.value.is_some());
        self.noted(role, if valued { "[" } else { "[@" })
    }

    /// A role whose annotations begin so.
    fn noted(&mut self, role: &RoleRef, opens: &'static str) -> Doc {
        let mut parts = vec![Doc::text(&role.name.text)];
        let selector = match &role.selector {
            None => Doc::nothing(),
            Some(Selector::All) => Doc::text("[*]"),
            Some(Selector::Index(at)) => Doc::all([Doc::text("["), self.expr(at), Doc::text("]")]),
            Some(Selector::In(of)) => Doc::all([Doc::text("[in "), self.expr(of), Doc::text("]")]),
            Some(Selector::Range(from, to)) => {
                let from = self.expr(from);
                Doc::all([Doc::text("["), from, Doc::text(".."), self.expr(to), Doc::text("]")])
            }
        };
        parts.push(selector);
        parts.push(self.opened(opens, &role.annotations));
        Doc::All(parts)
    }

    /// `[@name = value, …]`, or nothing.
    pub(super) fn annotations(&mut self, annotations: &[Annotation]) -> Doc {
        self.opened("[@", annotations)
    }

    /// The same behind `[@` or `[`.
    fn opened(&mut self, opens: &'static str, annotations: &[Annotation]) -> Doc {
        if annotations.is_empty() {
            return Doc::nothing();
        }
        let place = |one: &Annotation| {
            let name = one.name.place.0;
            Place(one.value.as_ref().map_or(name, |value| name.to(value.place.0)))
        };
        // `[@` is one token, so the first `@` stays with its bracket where the list is broken.
        let mut at = "";
        self.list((opens, "]"), annotations, place, |printer, one| {
            let name = Doc::text(format!("{at}{}", one.name.text));
            at = opens.trim_start_matches('[');
            match &one.value {
                None => name,
                Some(value) => Doc::all([name, Doc::text(" = "), printer.expr(value)]),
            }
        })
    }
}

/// ` as name`
fn bind(name: Option<&Name>) -> Doc {
    name.map_or(Doc::nothing(), |name| Doc::text(format!(" as {}", name.text)))
}
