//! Whose tokens are believed, and which of them were taken back: the settings `authorities` and `revoked` of bindings.
//!
//! Is not: a verification; `guard::token` does that.

use crate::base::json::unhex;
use crate::config::reader::Reader;
use crate::config::yaml::{Kind, Node};
use crate::diag::code::Code;

/// Whose tokens are believed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Trust {
    /// The public keys of authorities.
    pub authorities: Vec<[u8; 32]>,
    /// The file of the facts that take tokens back, relative to the bindings.
    pub revoked: Option<String>,
}

impl Trust {
    pub(super) fn read<'a>(
        reader: &mut Reader<'a>,
        authorities: Option<&'a Node>,
        revoked: Option<&'a Node>,
    ) -> Self {
        let mut trust = Self::default();
        if let Some(node) = authorities {
            match &node.kind {
                Kind::List(items) => {
                    trust.authorities.extend(items.iter().filter_map(|item| key(reader, item)));
                }
                _ => reader.wrong(node, "`authorities`", "a list of keys"),
            }
        }
        trust.revoked = revoked.and_then(|node| reader.text(node, "`revoked`")).map(str::to_owned);
        trust
    }
}

fn key<'a>(reader: &mut Reader<'a>, node: &'a Node) -> Option<[u8; 32]> {
    let text = reader.text(node, "an authority")?;
    let key = unhex(text).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    if key.is_none() {
        reader.say(Code::E0452, node.number, "that is no public key of an authority", |diagnostic| {
            diagnostic.help("write the 64 digits that `laban token key` shows, in quotes")
        });
    }
    key
}
