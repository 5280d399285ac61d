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

    E0101 Error "unknown name"

    E0201 Error "a role cannot tell two runs apart"

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
    E0420 Error "an operation that is not there yet"
    E0421 Error "a run that was stopped"
    E0422 Error "a run in which nothing is due"

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
}

impl Code {
    /// The code written as `name`, in any case.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.name().eq_ignore_ascii_case(name))
    }
}
