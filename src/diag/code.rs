//! The table of codes: every mistake that Laban names, once.
//!
//! `E00xx` syntax, `E01xx` names and types, `E02xx` projection, `E03xx` programs, `E04xx` configuration and guards,
//! `E05xx` sessions, `E06xx` log, deployment and wire. A code is never reused. Each has a page `pages/CODE.md`.

use crate::diag::Severity;

macro_rules! codes {
    ($($code:ident $severity:ident $title:literal)+) => {
        /// A code of the table.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Code {
            $(#[doc = $title] $code,)+
        }

        impl Code {
            /// Every code, in order.
            pub const ALL: &'static [Self] = &[$(Self::$code,)+];

            /// The code as it is written: `E0201`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$code => stringify!($code),)+ }
            }

            /// What the code means, in a few words.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$code => $title,)+ }
            }

            /// How bad it is, unless a diagnostic says otherwise.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $(Self::$code => Severity::$severity,)+ }
            }

            /// The page that `laban explain` prints.
            #[must_use]
            pub const fn page(self) -> &'static str {
                match self { $(Self::$code => include_str!(concat!("pages/", stringify!($code), ".md")),)+ }
            }
        }
    };
}

codes! {
    E0001 Error "unexpected token"
    E0002 Error "unknown character"
    E0003 Error "text not closed"
    E0004 Error "comment not closed"
    E0005 Error "nested too deeply"
    E0006 Error "block not closed"
    E0007 Error "unknown escape"
    E0008 Error "hole in a fixed text"
    E0009 Error "unknown unit of time"
    E0010 Error "number too large"
    E0011 Error "misspelt keyword"
    E0012 Error "mixed spellings of `par`"
    E0013 Error "choreography without roles"
    E0014 Error "file too large"
    E0015 Error "file is not UTF-8"

    E0101 Error "unknown name"
    E0102 Error "a name is declared twice"
    E0103 Error "unknown role"
    E0104 Error "unknown choreography"
    E0105 Warning "undeclared type"
    E0106 Warning "undeclared effect"
    E0107 Error "unknown operation of an effect"
    E0108 Error "unknown field"
    E0109 Error "unknown enum or variant"
    E0110 Error "unknown loop label"
    E0111 Error "unknown import"
    E0112 Error "a role sends to itself"
    E0113 Error "an empty choice"
    E0114 Error "equal labels in one choice"
    E0115 Error "one message with two payloads"
    E0116 Error "a loop turn in which nothing happens"
    E0117 Error "an unreachable statement"
    E0118 Warning "a role takes part in nothing"
    E0119 Error "a jump out of a branch or a counted loop"
    E0120 Error "a role uses what it does not know"
    E0121 Error "types that do not fit"
    E0122 Error "a payload that does not fit its message"
    E0123 Error "a choice that misses a variant"
    E0124 Error "a family index out of range"
    E0125 Error "one role is needed, not several"
    E0126 Error "an endless call"
    E0127 Error "a call that does not fit its choreography"
    E0128 Error "a protocol that is too large"
    E0129 Warning "a condition that nothing defines"
    E0130 Error "nobody decides"
    E0131 Warning "unknown annotation"
    E0132 Warning "a schema that is not checked yet"
    E0133 Error "a name bound in two ways"
    E0134 Error "a declaration that needs itself"
    E0135 Warning "unknown attribute"
    E0136 Warning "a bare exchange as a branch"
    E0137 Warning "a capability without a namespace"
    E0138 Error "unknown function"
    E0190 Error "cannot run yet"

    E0201 Error "a role cannot tell two runs apart"
}

impl Code {
    /// The code written as `name`, in any case.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.name().eq_ignore_ascii_case(name))
    }
}
