//! What contexts, devices, namespaces and keys are called: short texts with a type each.
//!
//! In goes text of a file, a program or a peer; out comes a name, or a [`Misnomer`] that does not repeat it.
//! Is not: an identity. That a device is who it says is proved by keys, elsewhere.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::limits::NAME_BYTES_MAX;

/// Why a text is no name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Misnomer {
    /// It is empty.
    Empty,
    /// It has more than `limits::NAME_BYTES_MAX` bytes.
    Long,
    /// It has a character that this kind of name may not have: a control character, or `/` in a namespace.
    Character,
}

impl fmt::Display for Misnomer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("a name is empty"),
            Self::Long => write!(f, "a name is longer than {NAME_BYTES_MAX} bytes"),
            Self::Character => f.write_str("a name has a character that it may not have"),
        }
    }
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident: $least:literal, $forbidden:expr;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name written as `text`.
            ///
            /// # Errors
            /// It is empty where it may not be, longer than `limits::NAME_BYTES_MAX`, or has a character that it may
            /// not have.
            pub fn new(text: impl Into<Arc<str>>) -> Result<Self, Misnomer> {
                let text = text.into();
                judge(&text, $least, $forbidden)?;
                Ok(Self(text))
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The name as shared text.
            #[must_use]
            pub const fn text(&self) -> &Arc<str> {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

names! {
    /// A long-lived relationship in which protocols run: facts, budgets and receipts belong to one and never leave it.
    Context: 1, char::is_control;
    /// A device: who makes facts, and who spends (a *replica* of what several devices share).
    Device: 1, char::is_control;
    /// A kind of facts within a context, such as `approval`; without `/`.
    Namespace: 1, |c| c.is_control() || c == '/';
    /// What a fact is about within its namespace, such as `proposed`; may be empty.
    Key: 0, char::is_control;
}

/// The name of facts as it is written: `approval/proposed`, or `approval` with an empty key.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Name {
    /// Before the first `/`.
    pub namespace: Namespace,
    /// After it.
    pub key: Key,
}

impl Name {
    /// The name written as `text`.
    ///
    /// # Errors
    /// One of its parts is no name.
    pub fn parse(text: &str) -> Result<Self, Misnomer> {
        let (namespace, key) = text.split_once('/').unwrap_or((text, ""));
        Ok(Self { namespace: Namespace::new(namespace)?, key: Key::new(key)? })
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slash = if self.key.as_str().is_empty() { "" } else { "/" };
        write!(f, "{}{slash}{}", self.namespace, self.key)
    }
}

fn judge(text: &str, least: usize, forbidden: impl Fn(char) -> bool) -> Result<(), Misnomer> {
    match text.len() {
        bytes if bytes < least => Err(Misnomer::Empty),
        bytes if bytes > NAME_BYTES_MAX => Err(Misnomer::Long),
        _ if text.contains(forbidden) => Err(Misnomer::Character),
        _ => Ok(()),
    }
}
