//! Causes: what each statement may raise, the scope that takes it, and what a failure carries.
//!
//! A cause goes to the innermost scope around it that takes it, through branches of `par` and calls. What takes a cause
//! that nothing raises is a mistake, said when the whole protocol was walked: a body may be expanded several times.
//! Is not: the raising, which is done by the machine.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::base::cause::{Cause, EXHAUSTED, PARTICIPANT};
use crate::base::id::{RoleId, VarId};
use crate::base::ty::Type;
use crate::diag::code::Code;
use crate::diag::source::Span;
use crate::diag::{Diagnostic, nearest};
use crate::global::fit;
use crate::global::resolve::Resolver;
use crate::global::resolve::choice::quoted;
use crate::syntax::tree::{self, Handler};

/// A cause that a scope takes.
pub(super) struct Taken {
    pub cause: Cause,
    /// Where the source says so.
    pub span: Span,
    pub raised: bool,
    /// Failures that came here, where somebody wants what they carry.
    failures: Option<Vec<Failure>>,
}

/// A failure that came to a scope.
struct Failure {
    role: RoleId,
    span: Span,
    /// What it carries; nothing where it is no `fail … with`.
    carries: Option<Type>,
}

impl Taken {
    pub(super) fn new(cause: Cause, span: Span, wanted: bool) -> Self {
        let raised = cause == Cause::Cancelled;
        Self { cause, span, raised, failures: wanted.then(Vec::new) }
    }
}

/// Causes that the whole protocol was seen to raise or not to raise, by the place that takes them.
#[derive(Default)]
pub(super) struct Seen {
    raised: BTreeSet<Span>,
    not_raised: Vec<Diagnostic>,
}

impl<'d> Resolver<'d> {
    /// Something here may raise this cause at a role.
    pub(super) fn raises(&mut self, cause: &Cause, role: RoleId, span: Span) {
        self.raises_with(cause, role, span, None);
    }

    /// Like `raises`, with the type of what it carries.
    pub(super) fn raises_with(&mut self, cause: &Cause, role: RoleId, span: Span, carries: Option<Type>) {
        for scope in self.scopes.iter_mut().rev() {
            if scope.gathers {
                return;
            }
            if let Some(taken) = scope.takes.iter_mut().find(|taken| taken.cause.takes(cause)) {
                taken.raised = true;
                if let Some(failures) = &mut taken.failures
                    && !failures.iter().any(|have| have.span == span)
                {
                    failures.push(Failure { role, span, carries });
                }
                return;
            }
            if let Cause::Failed(Some(name)) = cause {
                scope.failures.insert(Arc::clone(name));
            }
        }
    }

    /// A message may raise what a guard, a receiver and a participant can say about it.
    pub(super) fn message_raises(&mut self, (from, to): (RoleId, RoleId), asked: bool, span: Span) {
        if self.scopes.is_empty() {
            return;
        }
        self.raises(&Cause::Denied, from, span);
        self.raises(&Cause::Refused, to, span);
        if asked {
            self.raises(&Cause::failed(PARTICIPANT), from, span);
        }
    }

    /// Judges the causes that a `try` takes, before its body is walked.
    pub(super) fn takes(&mut self, handlers: &'d [Handler]) -> Vec<Taken> {
        let mut all: Vec<Taken> = Vec::with_capacity(handlers.len());
        for handler in handlers {
            let (cause, span) = (cause(&handler.cause), span_of(handler));
            if let Some(first) = all.iter().find(|taken| taken.cause.takes(&cause)) {
                let (first, at) = (first.cause.to_string(), first.span);
                let message = if cause.to_string() == first {
                    format!("`{cause}` is taken twice")
                } else {
                    format!("`{cause}` is never taken here: `{first}` before it takes every failure")
                };
                let help = match &cause {
                    Cause::Failed(Some(_)) if first == "failed" => "move it before `on failed`",
                    _ => "take one of them away",
                };
                self.say(
                    Diagnostic::new(Code::E0142, span, message)
                        .also(at, "what takes it stands here")
                        .help(help),
                );
            }
            all.push(Taken::new(cause, span, handler.bind.is_some()));
        }
        all
    }

    /// Remembers which of these causes nothing raised; `failures` are the names of those that went outwards.
    pub(super) fn judge_taken(&mut self, takes: &[Taken], failures: &BTreeSet<Arc<str>>) {
        for taken in takes {
            if taken.raised {
                self.seen.raised.insert(taken.span);
                continue;
            }
            let names: Vec<&str> = failures.iter().map(AsRef::as_ref).collect();
            let (message, help) = match &taken.cause {
                Cause::Timeout => (
                    "no time limit inside can run out".to_owned(),
                    "give the `try` a limit: `try at R within 5s { … }`".to_owned(),
                ),
                Cause::Denied => {
                    ("nobody sends a message inside that a guard could deny".to_owned(), take_away(taken))
                }
                Cause::Refused => {
                    ("nobody receives a message inside that it could refuse".to_owned(), take_away(taken))
                }
                Cause::Failed(None) => ("nothing inside can fail".to_owned(), take_away(taken)),
                Cause::Failed(Some(name)) => {
                    let help = match (nearest(name, names.iter().copied()), names.is_empty()) {
                        (Some(near), _) => format!("write `failed {near}`"),
                        (None, false) => format!("use one of {}", quoted(&names)),
                        (None, true) => format!("raise it inside: `fail {name} at R`"),
                    };
                    (format!("nothing inside fails by the name `{name}`"), help)
                }
                Cause::Cancelled => continue,
            };
            let said = Diagnostic::new(Code::E0141, taken.span, message).here("never happens").help(help);
            self.seen.not_raised.push(said);
        }
    }

    /// Says which causes nobody can raise, however often their scopes were expanded.
    pub(super) fn never_raised(&mut self) {
        let seen = std::mem::take(&mut self.seen);
        // What is wrong elsewhere may be all that raises it.
        if self.failed() {
            return;
        }
        for said in seen.not_raised {
            if !seen.raised.contains(&said.primary.span) {
                self.say(said);
            }
        }
    }

    /// What the owner calls what a failure carried: all that may come here carry a value of one type, at the owner.
    pub(super) fn carried(&mut self, owner: RoleId, handler: &'d Handler, taken: &Taken) -> Option<VarId> {
        let name = handler.bind.as_ref()?;
        let span = name.place.0;
        let ty = self.carried_type(owner, span, &name.text, taken);
        Some(self.bind(owner, &name.text, &ty.unwrap_or(Type::Any), span))
    }

    fn carried_type(&mut self, owner: RoleId, span: Span, name: &str, taken: &Taken) -> Option<Type> {
        let cause = &taken.cause;
        if !matches!(cause, Cause::Failed(_)) {
            let message = format!("`{cause}` carries nothing that `{name}` could be");
            self.say(Diagnostic::new(Code::E0143, span, message).help(format!("take `as {name}` away")));
            return None;
        }
        let mut found: Option<Type> = None;
        for failure in taken.failures.iter().flatten() {
            let who = self.role_name(failure.role);
            let message = match &failure.carries {
                Some(ty) if failure.role == owner => match &found {
                    Some(before) if before != ty => {
                        format!("`{name}` would be `{}` or `{}`", fit::show(before), fit::show(ty))
                    }
                    _ => {
                        found = Some(ty.clone());
                        continue;
                    }
                },
                Some(_) => format!("what `{who}` raises it with does not reach `{}`", self.role_name(owner)),
                None => format!("`{cause}` may come here without anything for `{name}`"),
            };
            let help = match &failure.carries {
                Some(_) if failure.role != owner => {
                    format!(
                        "let `{who}` send it to `{0}` first, and raise it at `{0}`",
                        self.role_name(owner)
                    )
                }
                Some(_) => "give one of the failures another name".to_owned(),
                None => format!("take `as {name}` away, or name a failure that always carries a value"),
            };
            let said = Diagnostic::new(Code::E0143, span, message).also(failure.span, "raised here");
            self.say(said.help(help));
            return None;
        }
        found
    }

    /// A loop may turn too often.
    pub(super) fn exhausts(&mut self, role: RoleId, span: Span) {
        self.raises(&Cause::failed(EXHAUSTED), role, span);
    }
}

fn take_away(taken: &Taken) -> String {
    format!("take `on {}` away", taken.cause)
}

/// Where a handler says what it is for.
fn span_of(handler: &Handler) -> Span {
    let span = handler.place.0;
    let length = "on ".len() + cause(&handler.cause).to_string().len();
    let end = span.start.saturating_add(length as u32).min(handler.body.place.0.start);
    Span { end, ..span }
}

/// A cause as the source writes it.
pub(super) fn cause(written: &tree::Cause) -> Cause {
    match written {
        tree::Cause::Timeout => Cause::Timeout,
        tree::Cause::Denied => Cause::Denied,
        tree::Cause::Failed(name) => Cause::Failed(name.as_ref().map(|name| Arc::from(name.text.as_str()))),
        tree::Cause::Refused => Cause::Refused,
        tree::Cause::Cancelled => Cause::Cancelled,
    }
}
