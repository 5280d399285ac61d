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
    E0051 Error "a source is not UTF-8 text"
    E0052 Error "a source is too large"
    E0053 Error "a source cannot be read"
    E0054 Error "an imported file cannot be found"
    E0055 Error "files import each other in a circle"

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
    E0119 Error "a jump out of a branch, a counted loop or a `try`"
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
    E0139 Warning "a message declared by its payload"
    E0140 Warning "a message named almost like another"
    E0141 Error "a cause that nobody can raise"
    E0142 Error "a cause that is taken twice"
    E0143 Error "a cause that carries nothing"
    E0144 Error "a time limit that is not shorter than the one around it"
    E0145 Warning "a time limit that covers a longer wait"
    E0146 Error "a `collect` of one, or at several"
    E0147 Warning "a `collect` without a time limit"
    E0148 Error "a condition on the branch `timeout`"
    E0149 Error "a time limit that leaves no time"
    E0150 Error "a `try` that nothing ends"

    E0201 Error "a role cannot tell two runs apart"
    E0202 Error "one message could overtake another"
    E0203 Error "a role would have to send and to wait"
    E0204 Error "one message under two names"
    E0205 Error "a role cannot see where a part ends"
    E0206 Error "a loop in which nothing happens"
    E0207 Error "too many positions"
    E0208 Error "a jump out of a branch or a turn"
    E0209 Error "too much to check"
    E0210 Note "a selection was inserted"
    E0211 Note "a role is released by the end of the session"
    E0212 Error "a role may wait for ever"
    E0213 Warning "a role may be postponed for ever"

    E0301 Error "damaged program"
    E0302 Error "unknown version of the encoding"
    E0303 Error "malformed program"
    E0304 Error "unset slot"
    E0305 Error "loop without communication"
    E0306 Error "threads that do not nest"
    E0307 Error "program too large"
    E0308 Error "programs that do not belong together"

    E0401 Error "a configuration file that is not YAML"
    E0402 Error "a configuration file that is too large"
    E0403 Error "an unknown setting"
    E0404 Error "a setting that is given twice"
    E0405 Error "a setting of the wrong kind"
    E0406 Error "a name that the protocol does not have"
    E0407 Error "a label that the choice does not have"
    E0408 Error "an answer that does not fit its type"
    E0409 Error "a missing setting"
    E0410 Error "an unknown handler"
    E0411 Note "a handler that `run` stands in for"
    E0412 Error "an input that cannot be used"
    E0413 Note "a setting that `run` does not use"
    E0420 Error "an operation that is not there yet"
    E0421 Error "a run that was stopped"
    E0422 Error "a run in which nothing is due"
    E0430 Error "a line of a scenario that cannot be read"
    E0431 Error "a line of a scenario in the wrong place"
    E0432 Error "an outcome that was not expected"
    E0433 Error "an action that cannot be done"
    E0440 Error "a guard profile that means no send"
    E0441 Error "a capability without a proper name"
    E0442 Error "two entries for one send"
    E0443 Error "a fact of what its message does not carry"
    E0444 Error "leakage limits out of order"
    E0445 Error "a number that no guard can use"
    E0446 Error "a fact without a proper name"
    E0447 Error "too many capabilities"
    E0448 Error "one send with two guard annotations"
    E0450 Error "a token that cannot be used"
    E0451 Warning "a token that was taken back"
    E0452 Error "a key that cannot be used"
    E0453 Error "revocations that cannot be read"

    E0501 Error "number out of range"
    E0502 Error "value of another kind"
    E0503 Error "value too large"
    E0504 Error "no branch applies"
    E0505 Error "protocol failed"
    E0506 Error "value that does not fit its type"
    E0507 Error "answer of another kind"
    E0508 Error "participant failed"
    E0509 Error "effect failed"
    E0510 Error "payload refused"
    E0511 Error "session cancelled"
    E0512 Error "session stuck"
    E0513 Error "opening that does not fit"
    E0514 Error "engine full"
    E0515 Error "message denied"
    E0516 Error "time is up"
    E0517 Error "session idle"
    E0518 Error "capability missing"
    E0519 Error "flow budget used up"
    E0520 Error "leakage budget used up"
    E0521 Error "send without a rule"
    E0522 Error "facts not written"
    E0523 Error "receipt not booked"
    E0524 Error "receipt not signed"
    E0530 Error "too many calls to a handler"

    E0601 Error "damaged log"
    E0602 Warning "torn end of a log"
    E0603 Error "log that cannot be written"
    E0604 Error "log of another format"
    E0605 Error "directory in use"
    E0606 Error "unknown protocol"
    E0607 Error "unknown session"
    E0608 Error "unknown version"
    E0609 Error "protocol that cannot be deployed"
    E0610 Error "request that is not allowed"
    E0611 Error "request that cannot be read"
    E0612 Error "engine busy"
    E0613 Error "version that breaks the one before"
    E0614 Warning "operation that nobody offers"
    E0615 Warning "damaged snapshot"

    E0620 Error "message without a receipt"
    E0621 Error "receipt that cannot be read"
    E0622 Error "receipt of something else"
    E0623 Error "receipt that its sender has not signed"
    E0624 Error "receipt out of its chain"
    E0625 Error "receipt that does not fit its message"
}

impl Code {
    /// The code written as `name`, in any case.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.name().eq_ignore_ascii_case(name))
    }
}
