//! A run that an exploration found, drawn like a session that ran.
//!
//! Is not: a run by itself; what happened is what `check::replay` heard.

use crate::bytecode::program::Kind;
use crate::check::replay::Run;
use crate::check::watch::Heard;
use crate::engine::event::What;
use crate::tools::trace::{Out, Stage, for_people};

/// Draws a run that ends with this sentence.
pub fn draw(run: &Run, stage: &Stage, width: usize, last: &str, out: Out<'_>) {
    let mut trace = for_people(stage.clone(), width);
    trace.begin(out);
    for heard in &run.heard {
        trace.event(&what(heard), out);
    }
    trace.stopped(last, out);
}

/// What happened, as traces know it.
fn what(heard: &Heard) -> What {
    match heard.clone() {
        Heard::Sent { from, to, lane, label, kind: Kind::Data, payload } => {
            What::Sent { from, to, lane, label, payload }
        }
        Heard::Sent { from, to, lane, label, .. } => What::Selected { from, to, lane, label },
        Heard::Received { from, to, lane, label, payload } => {
            What::Received { from, to, lane, label, payload }
        }
        Heard::Decided { role, choice, label } => What::Decided { role, choice, label },
        Heard::Performed { role, operation, outcome } => What::Performed { role, operation, outcome },
        Heard::Finished { role } => What::Finished { role },
        Heard::Raised { role, scope, cause } => What::Raised { role, scope, cause },
    }
}
