//! Relays: `A -> B -> C`, and `A <-> B`, which is there and back.
//!
//! A relay with a message passes on what it got; without one, hop n of `Sub` is the message `Sub_n`.
//! Is not: a message to several at once.

use std::sync::Arc;

use crate::base::id::RoleId;
use crate::base::ty::Type;
use crate::diag::source::Span;
use crate::global::declare::Message;
use crate::global::expr::Expr;
use crate::global::protocol::{Block, Payload};
use crate::global::resolve::Resolver;
use crate::global::resolve::exchange::Sent;
use crate::syntax::tree::{self, Relay, RoleRef};

impl<'d> Resolver<'d> {
    pub(super) fn relay(&mut self, stmt: &'d tree::Stmt, relay: &'d Relay, out: &mut Block) {
        let mut hops: Vec<(&'d RoleRef, Option<RoleId>)> =
            relay.hops.iter().map(|role| (role, self.single(role))).collect();
        if relay.swap
            && let Some(first) = hops.first().copied()
        {
            hops.push(first);
        }
        let named = relay.message.as_ref().map(|path| self.message(path));
        for (at, pair) in hops.windows(2).enumerate() {
            let [(from_ref, from), (to_ref, to)] = pair else { continue };
            // A hop counts even where its roles are wrong, so that the others keep their names.
            let span = from_ref.place.0.to(to_ref.place.0);
            let message = match &named {
                Some(Some(sent)) => {
                    Some(Sent { id: sent.id, declared: Arc::clone(&sent.declared), span: sent.span })
                }
                Some(None) => None,
                None => self.next_hop(span),
            };
            let (Some(from), Some(to), Some(message)) = (*from, *to, message) else { continue };
            if from == to {
                self.own_receiver(from, to_ref.place.0);
                continue;
            }
            let payload = if named.is_some() && at > 0 {
                let name = self.tables.name(self.frame.scope, &message.declared.name);
                match self.knowledge.of(name, from) {
                    Some(known) => self.tables.payload(Payload::Expr(Expr::Var(known.var))),
                    None => self.payload(from, &message, None),
                }
            } else {
                self.payload(from, &message, None)
            };
            let groups = [&stmt.annotations[..], &from_ref.annotations[..], &to_ref.annotations[..]];
            let site = self.site(span_of_hop(relay, stmt, span), at as u32 + 1, groups);
            self.one(from, to, &message, payload, site, true, out);
        }
    }

    /// The message of the next hop without a name.
    fn next_hop(&mut self, span: Span) -> Option<Sent> {
        let (sub, count) = self.frame.hops.last_mut()?;
        *count += 1;
        let name = format!("{sub}_{count}");
        let declared = self.message_named(self.frame.module, &name).unwrap_or_else(|| {
            let name = Arc::from(name.as_str());
            Arc::new(Message { name, ty: Type::empty(), fields: Some(Vec::new()), span })
        });
        self.sent(declared, span)
    }
}

/// The two ends of a hop in the text; of `<->`, the whole statement, since its way back stands nowhere.
fn span_of_hop(relay: &Relay, stmt: &tree::Stmt, hop: Span) -> Span {
    if relay.swap { stmt.place.0 } else { hop }
}
