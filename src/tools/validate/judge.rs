//! Verdicts: what an exploration says of one protocol, with names and places of the source.
//!
//! Is not: the exploration; that is `check`.

use std::collections::BTreeMap;

use crate::base::id::RoleId;
use crate::bytecode::op::Op;
use crate::bytecode::program::Program;
use crate::check::graph::{Shape, shape};
use crate::check::replay::Run;
use crate::check::room::tight;
use crate::check::search::{Cut, Found, Progress, Violation, search};
use crate::check::watch::Abort;
use crate::diag::source::Sources;
use crate::global::protocol::Protocol;
use crate::local::projection::{Bound, Projection};
use crate::machine::Cast;
use crate::tools::trace::Stage;
use crate::tools::validate::Setup;
use crate::tools::validate::offers::Offers;

/// A place in a source.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Place {
    /// The file's path as shown.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// The text of the line.
    pub text: String,
}

/// A queue of messages between two roles on one lane.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "named by what they are")]
pub struct Queue {
    pub from: String,
    pub to: String,
    pub lane: String,
    /// The most messages that were seen in it.
    pub seen: usize,
    /// How many were computed to be possible.
    pub bound: Bound,
    /// Whether its sender had to wait for room.
    pub full: bool,
}

/// What was found of one protocol.
#[derive(Debug)]
pub struct Judged {
    /// States visited.
    pub states: usize,
    /// Moves followed.
    pub moves: usize,
    /// The longest of the shortest runs.
    pub depth: u32,
    /// Why not everything was explored; none if it was.
    pub cut: Option<Cut>,
    /// What is wrong: a sentence, and the shortest run that shows it.
    pub violation: Option<(Violation, String, Run)>,
    /// What goes wrong if values that nobody knows can be as a run supposes.
    pub possible: Vec<(Abort, String, Run)>,
    /// Roles that wait for ever while others go on, each with a run.
    pub starving: Vec<(String, Run)>,
    /// Whether some session ends while roles still wait, as the protocol allows.
    pub released: bool,
    /// Whether a loop turns as often as nobody knows, so that 0 to 2 turns stand for all.
    pub turns: bool,
    /// Where runs may go on for ever.
    pub endless: Vec<Place>,
    /// What no run reaches.
    pub unreached: Vec<Place>,
    /// The queues that held anything or were expected to.
    pub queues: Vec<Queue>,
    /// What the handlers beside the protocol do not offer; none where there are no handlers.
    pub missing: Option<Vec<String>>,
    /// The most messages that each role sends; none where there is no bound.
    pub sent_max: Vec<(String, Option<u64>)>,
    /// Names for the runs.
    pub stage: Stage,
}

impl Judged {
    /// Whether something is wrong.
    #[must_use]
    pub const fn is_wrong(&self) -> bool {
        self.violation.is_some() || !self.starving.is_empty()
    }

    /// Whether everything was explored.
    #[must_use]
    pub const fn is_exhausted(&self) -> bool {
        self.cut.is_none()
    }
}

/// One protocol that is to be judged.
#[derive(Clone, Copy, Debug)]
pub struct Trial<'a> {
    /// With its names resolved.
    pub protocol: &'a Protocol,
    /// Cut into roles.
    pub projection: &'a Projection,
    /// Where its text is.
    pub sources: &'a Sources,
    /// How far to go.
    pub setup: &'a Setup,
}

impl Trial<'_> {
    /// Explores the programs and judges them; none if they do not fit together.
    pub fn judge(
        &self,
        programs: Vec<Program>,
        offers: Option<&Offers>,
        tell: &mut dyn FnMut(Progress),
    ) -> Option<Judged> {
        let lanes = self.protocol.lanes.iter().map(|lane| lane.name.clone()).collect();
        let stage = Stage::new(&programs, lanes);
        let cast = Cast::link(tight(programs)).ok()?;
        let found = search(&cast, &self.setup.search(), tell);
        let shape = shape(&cast, &found);
        let name = |role: RoleId| stage.role(role).to_string();
        let violation = found
            .violation()
            .map(|violation| (violation.clone(), violation.sentence(&cast), found.run_of_violation(&cast)));
        let possible = |(abort, run): (Abort, Run)| {
            let sentence = format!("`{}`: {}: {}", name(abort.role), abort.trouble.code(), abort.trouble);
            (abort, sentence, run)
        };
        let whole = found.cut.is_none();
        let starving = shape.starving.iter().filter(|_| whole);
        let starving = starving.map(|(role, at)| (name(*role), found.run_to(&cast, *at))).collect();
        Some(Judged {
            states: found.states(),
            moves: found.moves(),
            depth: found.depth,
            cut: found.cut,
            violation,
            possible: found.troubles(&cast).into_iter().map(possible).collect(),
            starving,
            released: found.released,
            turns: found.turns,
            endless: self.endless(&cast, &shape),
            unreached: if whole { self.unreached(&cast, &found) } else { Vec::new() },
            queues: self.queues(&cast, &stage, &found),
            missing: offers.map(|offers| offers.missing(cast.programs())),
            sent_max: (0..).map(|at| name(RoleId(at))).zip(shape.sent_max.iter().copied()).collect(),
            stage,
        })
    }

    /// The place of an instruction.
    fn place(&self, cast: &Cast, role: RoleId, at: u32) -> Option<Place> {
        let span = cast.program(role)?.debug.span(at)?;
        let source = self.sources.source(span.source)?;
        let (line, _) = source.line_column(span.start);
        let text = source.text.lines().nth(line.saturating_sub(1)).unwrap_or_default().trim().to_owned();
        Some(Place { file: source.name.clone(), line, text })
    }

    fn endless(&self, cast: &Cast, shape: &Shape) -> Vec<Place> {
        let moves = shape.endless.iter();
        let mut places: Vec<Place> = moves.filter_map(|(role, at)| self.place(cast, *role, *at)).collect();
        places.sort();
        places.dedup();
        places
    }

    /// The lines of which no run reaches any instruction, at any role.
    fn unreached(&self, cast: &Cast, found: &Found) -> Vec<Place> {
        let mut lines: BTreeMap<Place, bool> = BTreeMap::new();
        for (role, reached) in found.reached.iter().enumerate() {
            for (at, reached) in reached.iter().enumerate() {
                let role = RoleId::at(role);
                let op = cast.program(role).and_then(|program| program.code.get(at)).map(|instr| instr.op);
                // What only leads elsewhere may stand behind any line.
                if matches!(op, Some(Op::Jump | Op::End | Op::Join | Op::Leave)) {
                    continue;
                }
                if let Some(place) = self.place(cast, role, at as u32) {
                    *lines.entry(place).or_default() |= *reached;
                }
            }
        }
        lines.into_iter().filter(|(_, reached)| !reached).map(|(place, _)| place).collect()
    }

    fn queues(&self, cast: &Cast, stage: &Stage, found: &Found) -> Vec<Queue> {
        let mut queues = Vec::new();
        let scoped = cast.programs().any(|program| !program.scopes.is_empty());
        for (at, seen) in found.longest.iter().enumerate() {
            let Some((from, to, lane, _)) = cast.mailbox(at) else { continue };
            let bound = self.projection.bounds.get(&(from, to, lane)).copied();
            let name = |role: RoleId| -> String { stage.role(role).to_string() };
            queues.push(Queue {
                from: name(from),
                to: name(to),
                lane: stage.lane(lane).to_string(),
                seen: *seen,
                bound: bound.unwrap_or(Bound::Messages(0)),
                // In a scope what is over may be in the way until its receiver hears of it.
                full: !scoped && found.full.get(at).copied().unwrap_or(false),
            });
        }
        queues
    }
}
