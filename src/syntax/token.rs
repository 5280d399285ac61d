//! Tokens: what the lexer makes and the parser reads; spans into the text, never copies of it.
//!
//! Is not: visible outside `syntax`.
//! Invariants: the last token of a text is `End`; `pair` of a matched bracket is the index of its partner, and of
//! every other token the token's own index, so that a jump to `pair` never goes back.

/// A token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Token {
    /// What it is.
    pub(super) kind: Kind,
    /// Whether nothing but white space and comments stands before it on its line.
    pub(super) first: bool,
    /// First byte.
    pub(super) start: u32,
    /// One past the last byte.
    pub(super) end: u32,
    /// The index of the bracket that closes or opens this one.
    pub(super) pair: u32,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident $text:literal)+) => {
        /// What a token is.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(super) enum Kind {
            $($(#[$doc])* $name,)+
        }

        impl Kind {
            /// The token as a message speaks of it.
            pub(super) const fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }
        }
    };
}

kinds! {
    /// A word; which ones are keywords depends on the place.
    Name "a name"
    Int "a number"
    Float "a number"
    Duration "a duration"
    /// The quote that opens a text.
    TextOpen "a text"
    /// Characters of a text, escapes unresolved.
    Chunk "a text"
    HoleOpen "`{`"
    HoleClose "`}`"
    /// The quote that closes a text.
    TextClose "`\"`"
    /// What no token begins with; the lexer has reported it.
    Unknown "an unknown character"
    End "the end of the file"
    BraceOpen "`{`"
    BraceClose "`}`"
    ParenOpen "`(`"
    ParenClose "`)`"
    BracketOpen "`[`"
    BracketClose "`]`"
    /// Opens annotations; never an index.
    Annotate "`[@`"
    /// Opens an attribute.
    Attribute "`#[`"
    Arrow "`->`"
    ArrowAll "`->*`"
    Swap "`<->`"
    FatArrow "`=>`"
    Colon "`:`"
    PathSep "`::`"
    Semicolon "`;`"
    Comma "`,`"
    Dot "`.`"
    Range "`..`"
    Question "`?`"
    Otherwise "`??`"
    Pipe "`|`"
    Or "`||`"
    And "`&&`"
    Not "`!`"
    Assign "`=`"
    Equal "`==`"
    NotEqual "`!=`"
    Less "`<`"
    LessEqual "`<=`"
    Greater "`>`"
    GreaterEqual "`>=`"
    Plus "`+`"
    Minus "`-`"
    Star "`*`"
    Power "`**`"
    Slash "`/`"
    Percent "`%`"
    At "`@`"
}

/// A comment that the lexer met.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Met {
    /// First byte.
    pub(super) start: u32,
    /// One past the last byte, without the line's end.
    pub(super) end: u32,
    /// The index of the token that follows it.
    pub(super) before: u32,
    /// Whether it is `///`, and so documents what follows it if anything can be documented there.
    pub(super) doc: bool,
}
