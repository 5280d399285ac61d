//! Why a session cannot go on, as the machine finds it.
//!
//! Is not: an event; the engine says where it happened and tells the world. No payload is ever part of it.

use std::fmt;
use std::sync::Arc;

use crate::base::weight::Excess;

/// Why a session cannot go on.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Trouble {
    /// A number does not fit.
    OutOfRange(&'static str),
    /// A value is of another kind than the operation needs.
    Kind {
        /// What is needed.
        wanted: &'static str,
        /// What there is.
        found: &'static str,
    },
    /// A record has no such field.
    NoField(Arc<str>),
    /// A list has no such item.
    NoItem,
    /// A value is too large or too deep.
    TooLarge(Excess),
    /// No condition of the choice holds.
    NoBranch(Arc<str>),
    /// The protocol itself says so.
    Failed(Arc<str>),
}

impl Trouble {
    /// The code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::OutOfRange(_) => "E0501",
            Self::Kind { .. } | Self::NoField(_) | Self::NoItem => "E0502",
            Self::TooLarge(_) => "E0503",
            Self::NoBranch(_) => "E0504",
            Self::Failed(_) => "E0505",
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfRange(what) => write!(f, "{what}"),
            Self::Kind { wanted, found } => write!(f, "{wanted} is needed, and this is {found}"),
            Self::NoField(name) => write!(f, "there is no field `{name}`"),
            Self::NoItem => write!(f, "there is no such item"),
            Self::TooLarge(excess) => f.write_str(excess.sentence()),
            Self::NoBranch(choice) => write!(f, "no condition of the choice `{choice}` holds"),
            Self::Failed(cause) => write!(f, "the protocol failed: `{cause}`"),
        }
    }
}

impl From<Excess> for Trouble {
    fn from(excess: Excess) -> Self {
        Self::TooLarge(excess)
    }
}
