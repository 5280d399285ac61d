//! The run that shows what is wrong, as a scenario that makes it again, move by move.
//!
//! Is not: a format of its own; `config::scenario` is, and `tools::scenario::manual` writes moves in it.

use std::sync::Arc;

use crate::check::replay::Run;
use crate::check::search::Violation;
use crate::config::scenario::{Name, Placed, Standing};
use crate::diag::source::Span;
use crate::tools::scenario::manual::{Kept, table};
use crate::tools::validate::{Judged, Row};

/// The table of the first thing that is wrong; none if nothing is. `file` gives the path by which the table names the
/// file of a protocol.
#[must_use]
pub fn saved(rows: &[Row], sizes: &[(String, u32)], file: &dyn Fn(&str) -> String) -> Option<String> {
    rows.iter().find_map(|row| {
        let judged = row.judged.as_ref()?;
        let (name, run, standing) = shown(judged)?;
        let kept = Kept {
            name,
            file: &file(&row.file),
            protocol: row.protocol.as_deref()?,
            sizes,
            params: &run.params,
            moves: &run.moves,
            standing: Some(&standing),
        };
        Some(table(&kept).to_string())
    })
}

/// What is wrong, the run that shows it, and how things stand then.
fn shown(judged: &Judged) -> Option<(&str, &Run, Standing)> {
    let name = |text: &str| -> Name { Placed { it: text.to_owned(), at: Span::default() } };
    let role = |role| -> Arc<str> { judged.stage.role(role) };
    if let Some((violation, sentence, run)) = &judged.violation {
        let standing = match violation {
            Violation::Deadlock(_) => Standing::Aborted(Some(name("E0512")), None),
            Violation::LeftOver(..) | Violation::Unexpected(..) => Standing::Open,
            Violation::Trouble(at, trouble) => {
                Standing::Aborted(Some(name(trouble.code())), Some(name(&role(*at))))
            }
        };
        return Some((sentence, run, standing));
    }
    if let Some((starving, run)) = judged.starving.first() {
        return Some(("a role waits for ever", run, Standing::Waits(name(starving), None)));
    }
    let (abort, sentence, run) = judged.possible.first()?;
    let code = name(abort.trouble.code());
    Some((sentence, run, Standing::Aborted(Some(code), Some(name(&role(abort.role))))))
}
