//! What happens in a session, with names: the values that a table's last column is held against.
//!
//! Is not: an event of an engine, which numbers what is named here.

use std::fmt::{self, Display, Formatter};
use std::sync::Arc;

use crate::base::json::to_json;
use crate::base::value::Value;
use crate::config::scenario::{Event, Name, Passage, Placed, Question};
use crate::diag::source::Span;

/// One thing that happened.
#[derive(Clone, PartialEq, Debug)]
pub enum Happening {
    /// A message has left its sender.
    Sent {
        /// The sender.
        from: Arc<str>,
        /// The receiver.
        to: Arc<str>,
        /// The message.
        message: Arc<str>,
        /// What it carries.
        payload: Value,
    },
    /// A message was taken by its receiver.
    Taken {
        /// The sender.
        from: Arc<str>,
        /// The receiver.
        to: Arc<str>,
        /// The message.
        message: Arc<str>,
    },
    /// A selection has left the role that decided.
    Told {
        /// The decider.
        from: Arc<str>,
        /// Who is told.
        to: Arc<str>,
        /// `choice.label`
        label: Arc<str>,
    },
    /// A role has decided.
    Decided {
        /// Who.
        role: Arc<str>,
        /// The choice.
        choice: Arc<str>,
        /// What was chosen.
        label: Arc<str>,
    },
    /// An operation has given its outcome.
    Performed {
        /// Who.
        role: Arc<str>,
        /// `effect.operation`
        operation: Arc<str>,
        /// The outcome.
        outcome: Value,
    },
    /// A role has logged a line.
    Logged {
        /// Who.
        role: Arc<str>,
        /// What.
        text: String,
    },
    /// A role is asked something that stays open until it is answered.
    Asked {
        /// Who.
        role: Arc<str>,
        /// What.
        question: Question,
    },
    /// A cause was raised, and a scope takes it.
    Raised {
        /// At which role.
        role: Arc<str>,
        /// Which: `timeout`, `failed store`.
        cause: String,
    },
    /// A role has come to its end.
    Done {
        /// Who.
        role: Arc<str>,
    },
    /// The session is complete.
    Completed,
    /// The session has failed, or could not be opened.
    Aborted {
        /// At which role, if at one.
        role: Option<Arc<str>>,
        /// The code.
        code: String,
        /// What happened, one line.
        reason: String,
    },
}

impl Happening {
    /// Whether nothing can happen any more.
    #[must_use]
    pub const fn is_end(&self) -> bool {
        matches!(self, Self::Completed | Self::Aborted { .. })
    }

    /// The event of a table that means exactly this.
    #[must_use]
    pub fn event(&self) -> Event {
        let passage = |from, to, message| Passage { from: name(from), to: name(to), message: name(message) };
        match self {
            Self::Sent { from, to, message, payload } => {
                Event::Sent(passage(from, to, message), carried(payload))
            }
            Self::Taken { from, to, message } => Event::Taken(passage(from, to, message)),
            Self::Told { from, to, label } => Event::Told(name(from), name(to), name(label)),
            Self::Decided { role, choice, label } => Event::Decided(name(role), name(choice), name(label)),
            Self::Performed { role, operation, outcome } => {
                Event::Performed(name(role), name(operation), carried(outcome))
            }
            Self::Logged { role, text } => Event::Logged(name(role), text.clone()),
            Self::Asked { role, question } => Event::Asked(name(role), question.clone()),
            Self::Raised { role, cause } => Event::Raised(name(role), cause.clone()),
            Self::Done { role } => Event::Done(name(role)),
            Self::Completed => Event::Completed,
            Self::Aborted { role, code, .. } => {
                Event::Aborted(Some(name(code)), role.as_ref().map(|role| name(role)))
            }
        }
    }
}

/// As the last column of a table says it; of a failure, with its reason.
impl Display for Happening {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.event())?;
        match self {
            Self::Aborted { reason, .. } => write!(f, " ({reason})"),
            _ => Ok(()),
        }
    }
}

fn name(text: &str) -> Name {
    Placed { it: text.to_owned(), at: Span::default() }
}

/// What a message carries, unless that is nothing.
fn carried(value: &Value) -> Option<serde_json::Value> {
    match value {
        Value::None => None,
        Value::Record(fields) if fields.is_empty() => None,
        value => Some(to_json(value)),
    }
}
