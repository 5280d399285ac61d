//! What follows a denial: the message is offered again later, the protocol hears of it, or the session is over.
//!
//! Is not: a guard. That a message was denied, and what its profile wants then, the chain has said.

use crate::base::cause::Cause;
use crate::base::time::Duration;
use crate::config::guards::OnDenied;
use crate::engine::core::aborted;
use crate::engine::effect::Outcome;
use crate::engine::live::Live;
use crate::engine::schedule::Ears;
use crate::guard::Kind;
use crate::machine::{AgentId, Cast};

/// The wait doubles at most so often, so that it stays a number.
const DOUBLINGS_MAX: u32 = 16;

/// What follows a denial.
pub(super) enum Verdict {
    /// It is offered again after this wait.
    Later(Duration),
    /// A scope has taken the cause.
    Taken,
    /// The session is over.
    Over(Outcome),
}

/// Judges what an agent offers and was denied, `denials` times in a row before.
#[cold]
pub(super) fn judge(
    cast: &Cast,
    live: &mut Live,
    agent: AgentId,
    ears: &mut Ears<'_>,
    denials: u32,
) -> Verdict {
    let Some((denied, label)) = ears.denied.take() else {
        return Verdict::Over(aborted("E0515", (cast, live, agent), String::new()));
    };
    // What was denied before is counted only while nothing else was sent.
    let denials = if ears.cleared { 0 } else { denials };
    let over = |live: &Live| {
        let reason = format!("the guard `{}` denied `{label}`", denied.guard.word());
        Verdict::Over(aborted(denied.code, (cast, live, agent), reason))
    };
    match (denied.then, denied.kind) {
        (OnDenied::Abort, _) => return over(live),
        (OnDenied::Retry { max, backoff }, Kind::Recoverable) if denials < max => {
            live.note_denial(agent, denials + 1);
            let wait = backoff.0.saturating_mul(1 << denials.min(DOUBLINGS_MAX));
            return Verdict::Later(Duration(wait));
        }
        _ => {}
    }
    let verdict = over(live);
    if live.raise(cast, agent, &Cause::Denied, ears) { Verdict::Taken } else { verdict }
}
