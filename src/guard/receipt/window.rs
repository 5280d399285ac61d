//! What a receiver remembers of one chain: the newest receipts, enough to tell a late one from a replay.
//!
//! Bounded: `limits::RECEIPT_WINDOW` places, each for the nonces that fall on it. Within the window receipts may come in any
//! order and leave gaps; each is linked to its neighbours where they are known.
//! Is not: a judge of signatures; only what was verified is entered.

use crate::base::limits::RECEIPT_WINDOW;
use crate::guard::receipt::content::Hash;

/// One receipt of the chain: its number, its hash, and the hash of the one before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Link {
    pub(super) nonce: u64,
    pub(super) hash: Hash,
    pub(super) prev: Hash,
}

/// The newest links of a chain.
#[derive(Clone, Debug)]
pub(super) struct Window {
    highest: u64,
    /// By nonce, modulo the number of places; nonce 0 means that nothing is there.
    links: Box<[Link; RECEIPT_WINDOW]>,
}

impl Default for Window {
    fn default() -> Self {
        Self { highest: 0, links: Box::new([Link::default(); RECEIPT_WINDOW]) }
    }
}

impl Window {
    /// Whether a nonce was not there yet, as far as anybody remembers: what is behind the window was.
    pub(super) fn is_fresh(&self, nonce: u64) -> bool {
        let behind = nonce.saturating_add(RECEIPT_WINDOW as u64) <= self.highest;
        nonce > 0 && !behind && self.link(nonce).is_none()
    }

    /// Whether a link fits those beside it that are known; the first one has to follow the chain's beginning.
    pub(super) fn fits(&self, link: &Link, genesis: Hash) -> bool {
        let before = match link.nonce {
            1 => Some(genesis),
            nonce => self.link(nonce - 1).map(|before| before.hash),
        };
        let after = link.nonce.checked_add(1).and_then(|next| self.link(next));
        before.is_none_or(|hash| hash == link.prev) && after.is_none_or(|after| after.prev == link.hash)
    }

    /// Enters a link that is fresh.
    pub(super) fn enter(&mut self, link: Link) {
        self.highest = self.highest.max(link.nonce);
        if let Some(place) = self.links.get_mut(place(link.nonce)) {
            *place = link;
        }
    }

    fn link(&self, nonce: u64) -> Option<&Link> {
        self.links.get(place(nonce)).filter(|link| nonce > 0 && link.nonce == nonce)
    }
}

const fn place(nonce: u64) -> usize {
    (nonce % RECEIPT_WINDOW as u64) as usize
}
