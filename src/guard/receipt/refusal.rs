//! Why a receipt is not believed.
//!
//! Is not: told to the session. It is counted, and whoever keeps the node sees the count.

use std::fmt;

macro_rules! refusals {
    ($($(#[doc = $doc:literal])+ $name:ident $code:literal $word:literal;)+) => {
        /// Why a message's receipts are not believed. Carries neither payload nor peer.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum Refusal {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Refusal {
            /// Every reason.
            pub const ALL: [Self; [$($word),+].len()] = [$(Self::$name),+];

            /// The code of the reason.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// The reason in a word.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }
        }
    };
}

refusals! {
    /// There is none.
    Missing "E0620" "missing";
    /// Its bytes are none of a receipt: too short, too long, no names.
    Unreadable "E0621" "unreadable";
    /// It is for another context, peer, receiver, session or message, or of a relationship that is not known.
    Foreign "E0622" "foreign";
    /// The receipts of several hops do not go from the sender to the receiver, each from where the one before it went.
    Hops "E0622" "hops";
    /// The directory has no key of its sender.
    Key "E0623" "key";
    /// Its sender has not signed it.
    Forged "E0623" "forged";
    /// Its epoch is not the current one.
    Epoch "E0624" "epoch";
    /// It was there before, or is too old for anybody to know.
    Replayed "E0624" "replayed";
    /// It does not follow the receipt before it, or the one after it does not follow it.
    Chain "E0624" "chain";
    /// It is for another payload.
    Payload "E0625" "payload";
    /// Its sender may not send the message.
    Capability "E0625" "capability";
    /// The message costs something else.
    Cost "E0625" "cost";
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: a receipt is refused: {}", self.code(), self.word())
    }
}
