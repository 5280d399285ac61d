//! The trace as a list, one line a message: for sessions with more roles than a screen has columns for.
//!
//! ```text
//! Manager → Worker[17]: Task  {n: 3}
//! Manager ◆ Manager#1: more
//! ```
//!
//! Is not: aligned; names stand where they stand.

use std::sync::Arc;

use crate::engine::event::What;
use crate::tools::trace::text::{brief, cut, printable};
use crate::tools::trace::{Out, Stage, Trace};

/// Writes a list.
#[derive(Clone, Debug)]
pub struct List {
    stage: Stage,
    width: usize,
    messages: u64,
}

impl List {
    /// For sessions on this stage, on a screen of so many columns.
    #[must_use]
    pub const fn new(stage: Stage, width: usize) -> Self {
        Self { stage, width, messages: 0 }
    }
}

impl Trace for List {
    fn event(&mut self, what: &What, out: Out<'_>) {
        let name = |role| self.stage.role(role);
        let lane = |lane| match self.stage.lane(lane) {
            lane if lane.is_empty() => String::new(),
            lane => format!("  ∥{lane}"),
        };
        let line = match what {
            What::Sent { from, to, lane: on, label, payload } => {
                self.messages += 1;
                let payload = brief(payload, self.width / 2);
                let gap = if payload.is_empty() { "" } else { "  " };
                format!("{} → {}: {label}{gap}{payload}{}", name(*from), name(*to), lane(*on))
            }
            What::Selected { from, to, lane: on, label } => {
                format!("{} ⇢ {}: ⟨{label}⟩{}", name(*from), name(*to), lane(*on))
            }
            What::Decided { role, choice, label } => format!("{} ◆ {choice}: {label}", name(*role)),
            What::Raised { role, scope, cause } => format!("{} ✗ {scope}: {cause}", name(*role)),
            What::Performed { role, operation, outcome } => match brief(outcome, self.width / 2) {
                outcome if outcome.is_empty() => format!("{} ○ {operation}", name(*role)),
                outcome => format!("{} ○ {operation} = {outcome}", name(*role)),
            },
            What::Denied { role, label, guard, code, .. } => denied(&name(*role), label, guard.word(), code),
            What::Received { .. } | What::Finished { .. } | What::Cleared { .. } | What::Accounts(_) => {
                return;
            }
            What::Completed => completed(self.messages),
            What::Aborted { role, code, reason } => aborted(role.map(name).as_deref(), code, reason),
        };
        out(&line);
    }

    fn logged(&mut self, role: &Arc<str>, line: &str, out: Out<'_>) {
        out(&format!("{role} » {}", cut(&printable(line), self.width)));
    }

    fn stopped(&mut self, reason: &str, out: Out<'_>) {
        out(&format!("stopped: {reason}"));
    }
}

/// A message that a guard has refused.
fn denied(role: &str, label: &str, guard: &str, code: &str) -> String {
    format!("{role} ⊘ {label}: {guard}, {code}")
}

/// The last line of a session that is complete.
pub(super) fn completed(messages: u64) -> String {
    match messages {
        1 => "completed after 1 message".to_owned(),
        messages => format!("completed after {messages} messages"),
    }
}

/// The last line of a session that has failed.
pub(super) fn aborted(role: Option<&str>, code: &str, reason: &str) -> String {
    let at = role.map(|role| format!(" at {role}")).unwrap_or_default();
    format!("aborted{at}: {code} {}", printable(reason))
}
