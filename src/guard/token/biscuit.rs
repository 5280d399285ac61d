//! Tokens as Biscuits: minted, narrowed, read, verified, asked.
//!
//! In go keys, bounds and bytes; out come tokens, or a [`Fault`] that repeats nothing of them. A token is text: the Biscuit
//! in URL-safe base64.
//! Is not: in need of the token's own word for who has signed it; the reader's keys decide.

use std::fmt;
use std::time::Duration;

use biscuit_auth::builder::{Algorithm, BiscuitBuilder, Policy, fact, string};
use biscuit_auth::datalog::SymbolTable;
use biscuit_auth::error;
use biscuit_auth::{
    AuthorizerBuilder, AuthorizerLimits, Biscuit, KeyPair, PrivateKey, PublicKey, UnverifiedBiscuit,
};

use crate::base::json::{hex, unhex};
use crate::base::limits::{
    TOKEN_BLOCKS_MAX, TOKEN_FACTS_MAX, TOKEN_ROUNDS_MAX, TOKEN_TEXT_MAX, TOKEN_TIME_MS_MAX,
};
use crate::guard::receipt::Public;
use crate::guard::token::bounds::{Bounds, epoch};
use crate::guard::token::wallet::Situation;

/// Why there is no token. Repeats nothing of its text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// It is no token, or longer than `limits` allow.
    Unreadable,
    /// No key that the reader knows has signed it, or it was changed since.
    Unsigned,
    /// It would grant nothing, or narrow nothing.
    Empty,
    /// It may not be narrowed any more.
    Sealed,
    /// Its evaluation takes more than `limits` allow.
    Costly,
    /// A key is not 32 bytes of one.
    Key,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreadable => "it is no token, or too long for one",
            Self::Unsigned => "no authority that is known here has signed it",
            Self::Empty => "it says nothing",
            Self::Sealed => "it may not be narrowed any more",
            Self::Costly => "its evaluation takes too long",
            Self::Key => "that is no key",
        })
    }
}

impl From<error::Token> for Fault {
    fn from(of: error::Token) -> Self {
        match of {
            error::Token::AppendOnSealed | error::Token::AlreadySealed => Self::Sealed,
            error::Token::RunLimit(_) => Self::Costly,
            _ => Self::Unreadable,
        }
    }
}

/// The secret key of who grants. It is wiped when dropped, and never shown.
pub struct Authority(KeyPair);

impl Authority {
    /// The authority of 32 secret bytes.
    ///
    /// # Errors
    /// They are no key.
    pub fn from_secret(secret: &[u8; 32]) -> Result<Self, Fault> {
        pair(secret).map(Self)
    }

    /// The half that others may know.
    ///
    /// # Errors
    /// None for a key that was made of random bytes.
    pub fn public(&self) -> Result<Public, Fault> {
        let bytes = <[u8; 32]>::try_from(self.0.public().to_bytes()).map_err(|_| Fault::Key)?;
        Public::from_bytes(&bytes).ok_or(Fault::Key)
    }

    /// A token that grants `bounds.capabilities` within the other bounds. The secret bytes must be new: whoever knows them
    /// could pretend to have narrowed the token.
    ///
    /// # Errors
    /// It would grant nothing.
    pub fn mint(&self, bounds: &Bounds, secret: &[u8; 32]) -> Result<Unverified, Fault> {
        let mut builder = BiscuitBuilder::new();
        for right in bounds.rights()? {
            builder = builder.fact(right)?;
        }
        for check in bounds.checks() {
            builder = builder.check(check?)?;
        }
        let token = builder.build_with_key_pair(&self.0, SymbolTable::default(), &pair(secret)?)?;
        Unverified::read(&token.to_base64()?)
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authority {}", hex(&self.0.public().to_bytes()))
    }
}

fn pair(secret: &[u8; 32]) -> Result<KeyPair, Fault> {
    let key = PrivateKey::from_bytes(secret, Algorithm::Ed25519).map_err(|_| Fault::Key)?;
    Ok(KeyPair::from(&key))
}

/// What one block of a token is called where it is taken back: the signature of the block.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct TokenId(Vec<u8>);

impl TokenId {
    /// The id written as hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        unhex(text).filter(|bytes| !bytes.is_empty()).map(Self)
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

/// One block of a token, to be looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Block {
    /// What it says, as Datalog.
    pub source: String,
    /// What it is called where it is taken back.
    pub id: TokenId,
}

/// A token of which nobody knows yet who has signed it.
#[derive(Clone)]
pub struct Unverified(UnverifiedBiscuit);

impl fmt::Debug for Unverified {
    // What is inside shows the secret that lets its holder narrow it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Unverified token of {} blocks", self.0.block_count())
    }
}

impl Unverified {
    /// Reads the text of a token.
    ///
    /// # Errors
    /// [`Fault::Unreadable`]
    pub fn read(text: &str) -> Result<Self, Fault> {
        let text = text.trim();
        if text.len() > TOKEN_TEXT_MAX {
            return Err(Fault::Unreadable);
        }
        let read = UnverifiedBiscuit::from_base64(text)?;
        if read.block_count() > TOKEN_BLOCKS_MAX {
            return Err(Fault::Unreadable);
        }
        Ok(Self(read))
    }

    /// The text of the token. Who has it may do what it says.
    ///
    /// # Errors
    /// None that was met; the library has one.
    pub fn text(&self) -> Result<String, Fault> {
        Ok(self.0.to_base64()?)
    }

    /// The token narrowed to these bounds; needs no key but new secret bytes.
    ///
    /// # Errors
    /// There are no bounds, as many blocks as there may be, or the token is sealed.
    pub fn narrow(&self, bounds: &Bounds, secret: &[u8; 32]) -> Result<Self, Fault> {
        if self.0.block_count() >= TOKEN_BLOCKS_MAX {
            return Err(Fault::Sealed);
        }
        Ok(Self(self.0.append_with_keypair(&pair(secret)?, bounds.block()?)?))
    }

    /// Its blocks, the authority's first.
    ///
    /// # Errors
    /// A block cannot be read.
    pub fn blocks(&self) -> Result<Vec<Block>, Fault> {
        let ids = self.0.revocation_identifiers().into_iter().map(TokenId);
        ids.enumerate().map(|(at, id)| Ok(Block { source: self.0.print_block_source(at)?, id })).collect()
    }

    /// The token, if one of these authorities has signed it.
    ///
    /// # Errors
    /// [`Fault::Unsigned`]
    pub fn verify(&self, authorities: &[Public]) -> Result<Token, Fault> {
        let by = |key: &Public| {
            let key = PublicKey::from_bytes(&key.to_bytes(), Algorithm::Ed25519).ok()?;
            self.0.clone().verify(key).ok()
        };
        let token = authorities.iter().find_map(by).ok_or(Fault::Unsigned)?;
        let ids = token.revocation_identifiers().into_iter().map(TokenId).collect();
        Ok(Token { token, ids })
    }
}

/// A token that an authority has signed.
#[derive(Clone)]
pub struct Token {
    token: Biscuit,
    ids: Vec<TokenId>,
}

impl fmt::Debug for Token {
    // What is inside shows the secret that lets its holder narrow it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token of {} blocks", self.ids.len())
    }
}

impl Token {
    /// What its blocks are called, the authority's first: whoever takes one back takes back all that was made of it.
    #[must_use]
    pub fn ids(&self) -> &[TokenId] {
        &self.ids
    }

    /// Which of these capabilities it grants in a situation, bit by bit.
    ///
    /// # Errors
    /// Its evaluation takes more than the limits allow.
    pub(super) fn evaluate<'a>(
        &self,
        situation: &Situation<'_>,
        names: impl Iterator<Item = &'a str>,
    ) -> Result<u128, Fault> {
        let limits = AuthorizerLimits {
            max_facts: TOKEN_FACTS_MAX,
            max_iterations: TOKEN_ROUNDS_MAX,
            max_time: Duration::from_millis(TOKEN_TIME_MS_MAX),
        };
        // Only what the authority says is a right; what narrows can only check.
        let asked = AuthorizerBuilder::new()
            .fact(fact("context", &[string(situation.context.as_str())]))?
            .fact(fact("device", &[string(situation.device.as_str())]))?
            .fact(fact("epoch", &[epoch(situation.epoch.0)]))?
            .policy(Policy::try_from("allow if capability($name), right($name)")?)?
            .set_limits(limits);
        let mut bits = 0;
        for (at, name) in names.enumerate().take(u128::BITS as usize) {
            let mut authorizer =
                asked.clone().fact(fact("capability", &[string(name)]))?.build(&self.token)?;
            match authorizer.authorize() {
                Ok(_) => bits |= 1 << at,
                Err(error::Token::FailedLogic(_)) => {}
                Err(other) => return Err(other.into()),
            }
        }
        Ok(bits)
    }
}
