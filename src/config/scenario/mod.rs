//! Scenarios: tables of what is done to a session, one action a line, with what comes of it in the last column.
//!
//! ```text
//! protocol two_phase_commit.choreo
//! size     Store=2
//!
//! scenario "a store that is not ready stops all"
//! open                                             | 2 times Coordinator -> Store[*]: Prepare
//! answer   Store[0] produce Vote {ready: true}     | Store[0] -> Coordinator: Vote
//! answer   Store[1] produce Vote {ready: false}    | 2 times Coordinator -> Store[*]: Rollback
//! expect   completed                               |
//! ```
//!
//! In goes a text; `read` makes a [`Table`] of it, or diagnostics; `judge` holds its names against a protocol's;
//! its `Display` (`write`) is the canonical form, columns aligned. Lines before the first `scenario` hold for all.
//! Invariant: the table of what a table prints is the table; places are no part of equality.
//! Is not: a run. `tools::scenario` does what a table says.

mod judge;
mod outcome;
mod read;
#[cfg(test)]
mod tests;
mod words;
mod write;

pub use judge::judge;
pub use read::read;

use serde_json::Value as Json;

use crate::base::time::Duration;
use crate::diag::source::Span;

/// Something that stands at a place of the text. The place is no part of what it is.
#[derive(Clone, Copy, Debug)]
pub struct Placed<T> {
    /// What.
    pub it: T,
    /// Where.
    pub at: Span,
}

impl<T: PartialEq> PartialEq for Placed<T> {
    fn eq(&self, other: &Self) -> bool {
        self.it == other.it
    }
}

/// A name with its place.
pub type Name = Placed<String>;

/// A file of scenarios, line by line.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Table {
    /// Its lines.
    pub rows: Vec<Placed<Row>>,
}

/// One line.
#[derive(Clone, PartialEq, Debug)]
pub enum Row {
    /// Nothing.
    Blank,
    /// `# words for people`, without the mark.
    Comment(String),
    /// What holds for the scenario, or for all of them.
    Head(Head),
    /// A scenario begins.
    Scenario(String),
    /// An action, and what is to come of it, in order. Nothing is asserted where nothing stands.
    Act(Action, Vec<Placed<Expected>>),
}

/// What a scenario begins with.
#[derive(Clone, PartialEq, Debug)]
pub enum Head {
    /// Which protocol: a file, relative to the table's, and a name where the file has several.
    Protocol(Name, Option<Name>),
    /// Members of families.
    Size(Vec<(Name, u32)>),
    /// What decides everything that is left open.
    Seed(u64),
    /// The roles that are answered for where no line answers: `all`, `none`, or their names.
    Auto(Vec<Name>),
    /// How long nothing may happen before the session is given up.
    Idle(Placed<Duration>),
    /// Nothing moves by itself; each `step` is one move.
    Manual,
}

/// One thing that is done to a session.
#[derive(Clone, PartialEq, Debug)]
pub enum Action {
    /// Begins the session, with these parameters.
    Open(Vec<(Name, Placed<Json>)>),
    /// Answers what a role is asked.
    Answer(Name, Question, Placed<Reply>),
    /// What a role is asked fails.
    Fail(Name, Question, Failure),
    /// A guard denies messages from now on: so many of them, or all.
    Deny(Option<u32>, Passage),
    /// The session is ended from outside.
    Cancel,
    /// The device of a role is gone: it does nothing any more, and nothing reaches it.
    Lose(Name),
    /// Time passes.
    Tick(Duration),
    /// How things stand is looked at.
    Expect(Placed<Standing>),
    /// One move of one thread of a role: `Worker[0]` for its trunk, `Worker[0]/1` for another thread.
    Step(Name, Motion),
}

/// What a thread does in one move, or what is done to it.
#[derive(Clone, PartialEq, Debug)]
pub enum Motion {
    /// It goes on until it needs something.
    Go,
    /// It takes the first message of this sender.
    Take(Name),
    /// What it offers is sent.
    Send,
    /// What it offers is denied, for good.
    Deny,
    /// It is answered with this label.
    Decide(Name),
    /// It is answered with this value.
    Give(Placed<Json>),
    /// What it is shown is accepted.
    Accept,
    /// What it is shown is refused.
    Refuse,
    /// What it asks fails for good, by this name.
    Fail(Name),
    /// What it branches on, and what nobody knows, is this.
    Suppose(Placed<Json>),
    /// The time of the scope of this number, which it is in, is up.
    Expire(u16),
}

/// A message on its way.
#[derive(Clone, PartialEq, Debug)]
pub struct Passage {
    /// The sender, or a family: `Guardian[*]`.
    pub from: Name,
    /// The receiver, or a family.
    pub to: Name,
    /// Which message.
    pub message: Name,
}

/// What a role is asked.
#[derive(Clone, PartialEq, Debug)]
pub enum Question {
    /// The payload of a message.
    Produce(Name),
    /// A label of a choice.
    Decide(Name),
    /// Whether a message is accepted.
    Observe(Name),
    /// The outcome of `effect.operation`.
    Perform(Name),
}

impl Question {
    /// The message, choice or operation.
    #[must_use]
    pub const fn name(&self) -> &Name {
        match self {
            Self::Produce(name) | Self::Decide(name) | Self::Observe(name) | Self::Perform(name) => name,
        }
    }

    /// The word that stands before the name; none for an operation.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Produce(_) => "produce",
            Self::Decide(_) => "decide",
            Self::Observe(_) => "observe",
            Self::Perform(_) => "",
        }
    }
}

/// The answer to a question.
#[derive(Clone, PartialEq, Debug)]
pub enum Reply {
    /// A payload or an outcome.
    Value(Json),
    /// A label.
    Label(String),
    /// The message is accepted.
    Accept,
    /// The message is refused.
    Refuse,
}

/// Why an answer does not come.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// Whether trying again can help.
    pub recoverable: bool,
    /// In words.
    pub reason: String,
}

/// How things stand.
#[derive(Clone, PartialEq, Debug)]
pub enum Standing {
    /// The session is complete.
    Completed,
    /// The session has failed: with this code, at this role, where they are given.
    Aborted(Option<Name>, Option<Name>),
    /// The session is not over.
    Open,
    /// A role has come to its end.
    Done(Name),
    /// A role waits: for this message, decision or operation, where one is given.
    Waits(Name, Option<Name>),
}

/// Something that is to happen: so many times, where a number is given.
#[derive(Clone, PartialEq, Debug)]
pub struct Expected {
    /// Exactly so often, or once and more may follow.
    pub times: Option<u32>,
    /// What.
    pub event: Event,
}

/// What may happen. Roles may be families; of payloads only what is written is compared.
#[derive(Clone, PartialEq, Debug)]
pub enum Event {
    /// `A -> B: M {…}`: a message leaves its sender.
    Sent(Passage, Option<Json>),
    /// `B takes M from A`
    Taken(Passage),
    /// `A tells B "choice.label"`: a selection leaves its decider.
    Told(Name, Name, Name),
    /// `A decides CHOICE label`
    Decided(Name, Name, Name),
    /// `A does effect.op value`
    Performed(Name, Name, Option<Json>),
    /// `A logs "text"`
    Logged(Name, String),
    /// `A asked produce M`
    Asked(Name, Question),
    /// `A done`
    Done(Name),
    /// `A raises timeout`
    Raised(Name, String),
    /// `completed`
    Completed,
    /// `aborted E0508 at A`
    Aborted(Option<Name>, Option<Name>),
    /// `nothing`
    Nothing,
}

/// One scenario of a table: its name and its own lines after those of the table's head.
#[derive(Clone, Debug)]
pub struct Scenario<'a> {
    /// Its name; empty where the table has no `scenario` line.
    pub name: &'a str,
    /// Where it begins.
    pub at: Span,
    /// What it begins with, of two of a kind the later one.
    pub head: Vec<&'a Head>,
    /// What is done.
    pub acts: Vec<Act<'a>>,
}

/// An action of a scenario.
#[derive(Clone, Copy, Debug)]
pub struct Act<'a> {
    /// Its line.
    pub at: Span,
    /// What is done.
    pub action: &'a Action,
    /// What is to come of it.
    pub expected: &'a [Placed<Expected>],
}

impl Table {
    /// The scenarios, in order. A table without a `scenario` line is one.
    #[must_use]
    pub fn scenarios(&self) -> Vec<Scenario<'_>> {
        let named = self.rows.iter().any(|row| matches!(row.it, Row::Scenario(_)));
        let mut shared: Vec<&Head> = Vec::new();
        let mut all: Vec<Scenario<'_>> = Vec::new();
        if let Some(first) = self.rows.first().filter(|_| !named) {
            all.push(Scenario { name: "", at: first.at, head: Vec::new(), acts: Vec::new() });
        }
        for row in &self.rows {
            match (&row.it, all.last_mut()) {
                (Row::Scenario(name), _) => {
                    all.push(Scenario { name, at: row.at, head: shared.clone(), acts: Vec::new() });
                }
                (Row::Head(head), Some(scenario)) => scenario.head.push(head),
                (Row::Head(head), None) => shared.push(head),
                (Row::Act(action, expected), Some(scenario)) => {
                    scenario.acts.push(Act { at: row.at, action, expected });
                }
                _ => {}
            }
        }
        all
    }
}

impl<'a> Scenario<'a> {
    /// Which protocol, where it says so.
    #[must_use]
    pub fn protocol(&self) -> Option<(&'a Name, Option<&'a Name>)> {
        self.head.iter().rev().find_map(|head| match head {
            Head::Protocol(file, name) => Some((file, name.as_ref())),
            _ => None,
        })
    }

    /// The members of families; a later line comes before an earlier one.
    #[must_use]
    pub fn sizes(&self) -> Vec<(&'a Name, u32)> {
        let mut sizes: Vec<(&Name, u32)> = Vec::new();
        for head in &self.head {
            if let Head::Size(given) = head {
                for (name, count) in given {
                    sizes.retain(|(have, _)| have.it != name.it);
                    sizes.push((name, *count));
                }
            }
        }
        sizes
    }

    /// What decides everything that is left open.
    #[must_use]
    pub fn seed(&self) -> u64 {
        let seeds = self.head.iter().rev();
        seeds
            .copied()
            .find_map(|head| if let Head::Seed(seed) = head { Some(*seed) } else { None })
            .unwrap_or(0)
    }

    /// How long nothing may happen before the session is given up; no limit where none is given.
    #[must_use]
    pub fn idle(&self) -> Option<Placed<Duration>> {
        let last = |head: &&'a Head| if let Head::Idle(span) = head { Some(*span) } else { None };
        self.head.iter().rev().find_map(last)
    }

    /// Whether nothing moves by itself.
    #[must_use]
    pub fn is_manual(&self) -> bool {
        self.head.iter().any(|head| matches!(head, Head::Manual))
    }

    /// Which roles are answered for: the names as they are written, `all` where none are.
    #[must_use]
    pub fn auto(&self) -> Vec<&'a str> {
        let last = self.head.iter().rev().copied().find_map(|head| match head {
            Head::Auto(names) => Some(names.iter().map(|name| name.it.as_str()).collect()),
            _ => None,
        });
        last.unwrap_or_else(|| vec!["all"])
    }
}
