//! A refusal: which guard, with which code, whether time heals it, and what follows.
//!
//! Is not: a message for a peer. It carries neither payload nor peer, and leaves the engine only as an event.

use crate::config::guards::OnDenied;
use crate::guard::budget::Short;
use crate::guard::table::Row;
use crate::journal::Refusal;

macro_rules! guards {
    ($($(#[$doc:meta])* $name:ident $word:literal)+) => {
        /// The guards, in the order in which they are asked.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Guard {
            $($(#[$doc])* $name,)+
        }

        impl Guard {
            /// Every guard.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// What traces and reasons call it.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }
        }
    };
}

guards! {
    /// A scenario says no. It is no guard of a profile, and no event tells of it.
    Rule "rule"
    /// What the sender may do.
    Capability "capability"
    /// What may be spent toward the receiver.
    Flow "flow"
    /// What observers may see.
    Leakage "leakage"
    /// What is written down with the message: facts, and a row for a receipt.
    Commit "commit"
}

/// Whether time can heal a denial.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// It may be allowed later: a budget is used up.
    Recoverable,
    /// It will not be allowed.
    Permanent,
}

impl Kind {
    /// `recoverable`, `permanent`
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Recoverable => "recoverable",
            Self::Permanent => "permanent",
        }
    }

    const fn of(heals: bool) -> Self {
        if heals { Self::Recoverable } else { Self::Permanent }
    }
}

/// A guard has refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Denied {
    /// Which.
    pub guard: Guard,
    /// The code of the refusal.
    pub code: &'static str,
    /// Whether time can heal it.
    pub kind: Kind,
    /// What follows.
    pub then: OnDenied,
}

impl Denied {
    /// The sender may not.
    #[cold]
    pub(super) const fn capability(row: &Row) -> Self {
        Self { guard: Guard::Capability, code: "E0518", kind: Kind::Permanent, then: row.on_denied }
    }

    /// A budget does not allow it. What has no budget at all, or one that is never enough, no time heals.
    #[cold]
    pub(super) const fn short(short: Short, row: &Row) -> Self {
        let (guard, code, why) = match short {
            Short::Flow(why) => (Guard::Flow, "E0519", why),
            Short::Leakage(_, why) => (Guard::Leakage, "E0520", why),
        };
        Self { guard, code, kind: Kind::of(why.is_recoverable()), then: row.on_denied }
    }

    /// The journal does not take what the message says. Where it is full there may be room again; a fact that is too
    /// large stays so.
    #[cold]
    pub(super) const fn unwritten(refusal: Refusal, row: &Row) -> Self {
        Self {
            guard: Guard::Commit,
            code: "E0522",
            kind: Kind::of(refusal.is_of_room()),
            then: row.on_denied,
        }
    }

    /// There is no room for the row of a receipt now; or there never is, because names are too long.
    #[cold]
    pub(super) const fn unbooked(row: &Row) -> Self {
        Self { guard: Guard::Commit, code: "E0523", kind: Kind::of(row.signable), then: row.on_denied }
    }

    /// No profile says anything of this message.
    #[cold]
    pub(super) const fn uncovered() -> Self {
        Self { guard: Guard::Capability, code: "E0521", kind: Kind::Permanent, then: OnDenied::Raise }
    }

    /// A scenario says no.
    #[cold]
    pub(super) const fn ruled() -> Self {
        Self { guard: Guard::Rule, code: "E0515", kind: Kind::Permanent, then: OnDenied::Raise }
    }
}
