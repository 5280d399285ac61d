//! Ids: small numbers with a type each, so that a role is never mistaken for a lane.
//!
//! Is not: a name. Names live beside the table that an id points into.

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident($int:ty);)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        pub struct $name(pub $int);

        impl $name {
            /// The id as an index into the table that it points into.
            #[must_use]
            pub const fn index(self) -> usize {
                self.0 as usize
            }

            /// The id of the entry at `index`. Tables are bounded (`base::limits`) below the id's range.
            #[must_use]
            pub const fn at(index: usize) -> Self {
                Self(index as $int)
            }
        }
    )+};
}

ids! {
    /// One role, or one member of a family, in the order of declaration; families are expanded.
    RoleId(u16);
    /// A message type of a protocol.
    MessageId(u32);
    /// A branch of a `par`, or the inside of a scope: each has its own first-in-first-out queue per pair of roles. 0 is
    /// the trunk.
    LaneId(u16);
    /// A name that a role may know (a message, a `let`, a parameter, a loop's turn).
    VarId(u32);
    /// A local step of one role, interned by content: equal steps have equal ids.
    StepId(u32);
    /// The rule by which a payload is made, interned by content.
    PayloadId(u32);
    /// A choice in the source, with its labels; what a selection names.
    ChoiceId(u32);
    /// The rule by which a choice is decided, interned by content.
    DecisionId(u32);
    /// A `try` or a `collect`: a part of a protocol that its owner may end early.
    ScopeId(u16);
    /// A part of an automaton that is one state outside and an automaton inside: a `par`, a counted loop, a scope.
    NestId(u32);
    /// A state of the global automaton.
    StateId(u32);
    /// A place in the source that a transition came from.
    SiteId(u32);
}

impl LaneId {
    /// The lane outside every `par`.
    pub const TRUNK: Self = Self(0);
}
