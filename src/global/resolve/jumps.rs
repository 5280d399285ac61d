//! Jumps: `continue` and `break`, and what they may not cross.
//!
//! Is not: `return`, which is part of calls.

use crate::diag::code::Code;
use crate::diag::source::Span;
use crate::diag::{Diagnostic, nearest};
use crate::global::protocol::{Block, Stmt};
use crate::global::resolve::Resolver;
use crate::global::resolve::frame::Kind;
use crate::syntax::tree::{self, Name};

/// What stands between a jump and its aim.
#[derive(Clone, Copy)]
pub(super) struct Border {
    pub span: Span,
    pub what: &'static str,
}

impl<'d> Resolver<'d> {
    /// `continue` or `break`.
    pub(super) fn jump(
        &mut self,
        stmt: &'d tree::Stmt,
        name: Option<&'d Name>,
        again: bool,
        out: &mut Block,
    ) {
        let span = stmt.place.0;
        let Some((at, border)) = self.aim(name) else {
            // What follows is judged as if nothing stood here.
            self.no_aim(span, name, again);
            return;
        };
        let counted = self.jumps.get(at).is_some_and(|jump| matches!(jump.kind, Kind::Counted));
        // The end of a counted turn is the next turn; nothing leaves it early.
        let border = match (counted, again, self.jumps.get(at)) {
            (true, false, Some(jump)) => border.or(Some(Border { span: jump.span, what: "a counted loop" })),
            _ => border,
        };
        if let Some(border) = border {
            self.crosses(span, if again { "continue" } else { "break" }, border);
            return;
        }
        let site = self.plain_site(span);
        if let Some(jump) = self.jumps.get_mut(at) {
            jump.used = true;
            if again && !counted {
                out.push(Stmt::Continue(jump.label, site));
            } else {
                jump.exits.push(self.knowledge.delta(jump.mark));
                out.push(Stmt::Break(jump.label, site));
            }
        }
        self.reachable = false;
    }

    /// The block that a jump aims at, and the border it would have to cross.
    fn aim(&self, name: Option<&'d Name>) -> Option<(usize, Option<Border>)> {
        let mut border = None;
        for (at, jump) in self.jumps.iter().enumerate().rev() {
            let named = name.is_none_or(|name| jump.name == Some(name.text.as_str()));
            match jump.kind {
                Kind::Call => return None,
                Kind::Turns if named => return Some((at, border)),
                Kind::Counted if named => return Some((at, border)),
                Kind::Counted => border = border.or(Some(Border { span: jump.span, what: "a counted loop" })),
                Kind::Lane => border = border.or(Some(Border { span: jump.span, what: "a branch of `par`" })),
                Kind::Scope => border = border.or(Some(Border { span: jump.span, what: "a `try`" })),
                Kind::Turns => {}
            }
        }
        None
    }

    /// Says what a jump may not leave.
    pub(super) fn crosses(&mut self, span: Span, word: &str, border: Border) {
        let help = match border.what {
            "a counted loop" => "use `loop (max: …)`, which `break` may leave",
            "a `try`" => "let the `try` end, and decide after it",
            _ => "end the branch, and decide after the `par`",
        };
        self.say(
            Diagnostic::new(Code::E0119, span, format!("`{word}` may not leave {}", border.what))
                .also(border.span, "it would leave this")
                .help(help),
        );
    }

    /// Says that there is nothing to jump to.
    fn no_aim(&mut self, span: Span, name: Option<&'d Name>, again: bool) {
        let word = if again { "continue" } else { "break" };
        let Some(name) = name else {
            self.say(
                Diagnostic::new(Code::E0110, span, format!("no loop stands around this `{word}`"))
                    .help("put it into a `loop` or a `rec`"),
            );
            return;
        };
        let message = format!("no loop around this is called `{}`", name.text);
        let mut said = Diagnostic::new(Code::E0110, name.place.0, message);
        let inner = self.jumps.iter().rev().take_while(|jump| !matches!(jump.kind, Kind::Call));
        let known: Vec<&str> = inner.filter_map(|jump| jump.name).collect();
        said.help = Some(match nearest(&name.text, known.iter().copied()) {
            Some(near) => format!("write `{near}`"),
            None => format!("give the loop that name: `loop {0}` or `rec {0}`", name.text),
        });
        self.say(said);
    }
}
