//! The trace as a sequence diagram in text: roles are columns, time goes down, one line a message.
//!
//! ```text
//! Client           Server
//!    │                │
//!    ├─ Ask ─────────▶│   {path: "/a"}
//!    │                ◆ Server#1: found
//!    │◀───── Answer ──┤   {size: 3}
//!    ╵                ╵
//! completed after 2 messages
//! ```
//!
//! A selection is a dashed arrow, a decision `◆`, an effect `○`, a console line `»`, the role that failed `✗`. Lines
//! of a `par` begin with the name of their branch. A role's line ends where the role does.
//! Invariants: every line of one diagram has the roles in the same columns; what does not fit is cut with `…`.
//! Is not: a picture of delays; a message is drawn where it was sent.

use std::sync::Arc;

use crate::base::id::{LaneId, RoleId};
use crate::engine::event::What;
use crate::tools::trace::list::{aborted, completed};
use crate::tools::trace::stage::selection;
use crate::tools::trace::text::{Canvas, brief, cut, cut_middle, printable, width};
use crate::tools::trace::{Out, Stage, Trace};

/// More roles than this are written as a list.
pub const ROLES_MAX: usize = 20;

/// The names of the roles are drawn again after so many lines.
const HEADER_EVERY: u32 = 40;
/// The widest space between two roles; tried in this order until the diagram is as wide as the screen.
const GAPS: [usize; 9] = [40, 34, 29, 25, 21, 18, 15, 12, 10];
/// Columns kept free for payloads, right of the roles.
const MARGIN: usize = 24;

/// Draws a diagram.
#[derive(Clone, Debug)]
pub struct Diagram {
    stage: Stage,
    /// The column of each role's line.
    columns: Vec<usize>,
    /// How far each role's line is.
    life: Vec<Life>,
    /// Columns on the right for payloads.
    margin: usize,
    /// Lines since the names of the roles.
    lines: u32,
    messages: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Life {
    Alive,
    /// The next line shows its end.
    Ending,
    Over,
}

/// An arrow's parts: sender's side to the right, to the left, its line, its heads to the right and to the left.
struct Arrow {
    line: &'static str,
    cross: &'static str,
    right: &'static str,
    left: &'static str,
}

const SOLID: Arrow = Arrow { line: "─", cross: "┼", right: "▶", left: "◀" };
const DASHED: Arrow = Arrow { line: "╌", cross: "┊", right: "▷", left: "◁" };

impl Diagram {
    /// For sessions on this stage, on a screen of so many columns. More columns are used where the roles need them.
    #[must_use]
    pub fn new(stage: Stage, screen: usize) -> Self {
        let gutter = stage
            .lanes
            .iter()
            .map(|lane| width(lane))
            .max()
            .map_or(0, |lane| if lane > 0 { lane + 3 } else { 0 });
        let mut columns = Vec::new();
        for gap in GAPS {
            columns = layout(&stage, gutter, gap);
            if columns.last().is_none_or(|last| last + MARGIN <= screen) {
                break;
            }
        }
        let used = columns.last().copied().unwrap_or(0);
        let life = vec![Life::Alive; stage.roles.len()];
        let margin = screen.saturating_sub(used + 4).max(MARGIN);
        Self { stage, columns, life, margin, lines: 0, messages: 0 }
    }

    fn column(&self, role: RoleId) -> usize {
        self.columns.get(role.index()).copied().unwrap_or(0)
    }

    /// A line with the roles' lines and nothing on them.
    fn lifelines(&mut self) -> Canvas {
        let mut canvas = Canvas::default();
        for (life, column) in self.life.iter_mut().zip(&self.columns) {
            match life {
                Life::Alive => canvas.put(*column, "│"),
                Life::Ending => canvas.put(*column, "╵"),
                Life::Over => {}
            }
            if *life == Life::Ending {
                *life = Life::Over;
            }
        }
        canvas
    }

    fn draw(&mut self, canvas: &Canvas, out: Out<'_>) {
        out(&canvas.line());
        self.lines += 1;
        if self.lines >= HEADER_EVERY {
            self.header(out);
        }
    }

    fn header(&mut self, out: Out<'_>) {
        let mut canvas = Canvas::default();
        let count = self.stage.roles.len();
        for (at, name) in self.stage.roles.iter().enumerate() {
            let here = self.columns.get(at).copied().unwrap_or(0);
            let before = at.checked_sub(1).and_then(|at| self.columns.get(at)).copied();
            let after = self.columns.get(at + 1).copied();
            let room = match (before, after) {
                (Some(before), Some(after)) => (here - before).min(after - here),
                (Some(before), None) => here - before,
                (None, Some(after)) => after - here,
                (None, None) => usize::MAX,
            };
            let name = if count > 1 { cut_middle(name, room.saturating_sub(1)) } else { name.to_string() };
            canvas.put(here.saturating_sub(width(&name) / 2), &name);
        }
        out(&canvas.line());
        self.lines = 0;
    }

    fn arrow(
        &mut self,
        ends: (RoleId, RoleId),
        lane: LaneId,
        label: &str,
        payload: &str,
        arrow: &Arrow,
    ) -> Canvas {
        let (from, to) = (self.column(ends.0), self.column(ends.1));
        let crossed: Vec<(usize, Life)> =
            self.columns.iter().copied().zip(self.life.iter().copied()).collect();
        let mut canvas = self.lifelines();
        let (low, high) = (from.min(to), from.max(to));
        for column in low + 1..high {
            canvas.put(column, arrow.line);
        }
        for (column, life) in crossed {
            match life {
                Life::Alive if low < column && column < high => canvas.put(column, arrow.cross),
                Life::Ending if low < column && column < high => canvas.put(column, "┴"),
                _ => {}
            }
        }
        // Between sender and head: a stroke, a space, the label, a space, a stroke.
        let room = (high - low).saturating_sub(6);
        let shown = cut_middle(label, room);
        if from < to {
            canvas.put(from, "├");
            canvas.put(to - 1, arrow.right);
            canvas.put(from + 2, &format!(" {shown} "));
        } else {
            canvas.put(from, "┤");
            canvas.put(to + 1, arrow.left);
            canvas.put(from.saturating_sub(3 + width(&shown)), &format!(" {shown} "));
        }
        let lane = self.stage.lane(lane);
        if !lane.is_empty() {
            canvas.put(0, &format!("∥{lane}"));
        }
        let aside = if shown == label { payload.to_owned() } else { format!("{label}  {payload}") };
        canvas.put(
            self.columns.last().copied().unwrap_or(0) + 4,
            &cut(&aside, self.margin.max(width(label) + MARGIN / 2)),
        );
        canvas
    }

    /// A mark on a role's line with a text right of it.
    fn mark(&mut self, role: RoleId, mark: &str, text: &str, out: Out<'_>) {
        let column = self.column(role);
        let mut canvas = self.lifelines();
        let room = self.columns.last().copied().unwrap_or(0) + 4 + self.margin - column;
        canvas.put(column, mark);
        canvas.put(column + 1, &format!(" {} ", cut(&printable(text), room)));
        self.draw(&canvas, out);
    }

    /// The last lines: every role's line ends.
    fn close(&mut self, last: &str, out: Out<'_>) {
        let alive = |life: &mut Life| if *life == Life::Alive { Life::Ending } else { *life };
        self.life = self.life.iter_mut().map(alive).collect();
        let line = self.lifelines().line();
        if !line.is_empty() {
            out(&line);
        }
        out(last);
    }
}

impl Trace for Diagram {
    fn begin(&mut self, out: Out<'_>) {
        self.header(out);
        let canvas = self.lifelines();
        self.draw(&canvas, out);
    }

    fn event(&mut self, what: &What, out: Out<'_>) {
        match what {
            What::Sent { from, to, lane, label, payload } => {
                self.messages += 1;
                let payload = brief(payload, self.margin);
                let canvas = self.arrow((*from, *to), *lane, label, &payload, &SOLID);
                self.draw(&canvas, out);
            }
            What::Selected { from, to, lane, label } => {
                let canvas = self.arrow((*from, *to), *lane, &selection(label), "", &DASHED);
                self.draw(&canvas, out);
            }
            What::Decided { role, choice, label } => {
                self.mark(*role, "◆", &format!("{choice}: {label}"), out);
            }
            What::Raised { role, scope, cause } => {
                self.mark(*role, "✗", &format!("{scope}: {cause}"), out);
            }
            What::Performed { role, operation, outcome } => {
                let text = match brief(outcome, self.margin) {
                    outcome if outcome.is_empty() => operation.to_string(),
                    outcome => format!("{operation} = {outcome}"),
                };
                self.mark(*role, "○", &text, out);
            }
            What::Denied { role, label, guard, code, .. } => {
                self.mark(*role, "⊘", &format!("{label}: {}, {code}", guard.word()), out);
            }
            What::Received { .. } | What::Cleared { .. } | What::Accounts(_) => {}
            What::Finished { role } => {
                if let Some(life) = self.life.get_mut(role.index()) {
                    *life = Life::Ending;
                }
            }
            What::Completed => self.close(&completed(self.messages), out),
            What::Aborted { role, code, reason } => {
                if let Some(role) = role {
                    self.mark(*role, "✗", "", out);
                }
                let name = role.map(|role| self.stage.role(role));
                self.close(&aborted(name.as_deref(), code, reason), out);
            }
        }
    }

    fn logged(&mut self, role: &Arc<str>, line: &str, out: Out<'_>) {
        if let Some(at) = self.stage.roles.iter().position(|name| name == role) {
            self.mark(RoleId::at(at), "»", line, out);
        }
    }

    fn stopped(&mut self, reason: &str, out: Out<'_>) {
        out(&format!("stopped: {reason}"));
    }
}

/// The roles' columns: far enough apart for their names and for the labels between them, and at most `gap_max`.
fn layout(stage: &Stage, gutter: usize, gap_max: usize) -> Vec<usize> {
    let names: Vec<usize> = stage.roles.iter().map(|name| width(name)).collect();
    let mut gaps: Vec<usize> = names
        .windows(2)
        .map(|pair| pair.iter().sum::<usize>().div_ceil(2) + 3)
        .map(|gap| gap.clamp(8, gap_max))
        .collect();
    let mut needs: Vec<(usize, usize, usize)> = stage
        .messages
        .iter()
        .map(|(from, to, label)| {
            (from.index().min(to.index()), from.index().max(to.index()), width(label) + 8)
        })
        .collect();
    needs.sort_by_key(|(low, high, _)| (high - low, *low));
    for (low, high, need) in needs {
        let have: usize = gaps.get(low..high).unwrap_or_default().iter().sum();
        // A label between distant roles widens the last space on its way.
        if let Some(gap) = high.checked_sub(1).and_then(|last| gaps.get_mut(last)) {
            *gap = (*gap + need.saturating_sub(have)).min(gap_max.max(*gap));
        }
    }
    let mut at = gutter + names.first().map_or(0, |name| name.min(&gap_max) / 2).max(1);
    let mut columns = vec![at];
    for gap in gaps {
        at += gap;
        columns.push(at);
    }
    columns.truncate(names.len());
    columns
}
