//! What changes a node: the entries that its log holds, and the time at which each was taken.
//!
//! Invariant: an entry says everything that its effect depends on. Texts of files, clocks and chance were read before.
//! Is not: trusted blindly. What does not fit the state of the node is refused when it is applied, the same each time.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::base::id::RoleId;
use crate::base::json;
use crate::base::time::Duration;
use crate::base::value::Value;
use crate::bytecode::codec::{self, ContentHash};
use crate::bytecode::program::Program;
use crate::config::bindings::Handler;
use crate::config::script::Script;
use crate::effect::call::{Answer, CallId};
use crate::guard::Policy;

/// One entry.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Entry {
    /// The first one: who this node is.
    Found {
        /// Tells nodes apart, and so the keys of their calls.
        id: u64,
        /// What decides everything random in the built-in effects and the stand-ins.
        seed: u64,
    },
    /// The directory as it is now.
    Deploy(Deployment),
    /// Begins a session.
    Start(Start),
    /// What came back from a call.
    Answer {
        /// Which call.
        call: CallId,
        /// What came back.
        answer: Answer,
    },
    /// Ends a session from outside, by its number.
    Cancel(u64),
    /// New sessions of a protocol take this version.
    Activate {
        /// The protocol.
        protocol: Arc<str>,
        /// A version that is kept.
        version: Version,
    },
    /// A protocol takes no new sessions.
    Drain(Arc<str>),
    /// Time has passed.
    Tick,
    /// The engine has started on this log. What was under way is asked again, and calls from now on have other keys than all
    /// those that a lost end of the log may have held.
    Begun {
        /// Tells this run of the engine from all others.
        run: u64,
    },
}

/// What a version is: the hash of the programs of all roles.
pub type Version = ContentHash;

/// The version of some programs, in the order of their roles.
#[must_use]
pub fn version<'a>(programs: impl IntoIterator<Item = &'a Program>) -> Version {
    let mut hasher = blake3::Hasher::new();
    for program in programs {
        hasher.update(&codec::hash(program).0);
    }
    ContentHash(*hasher.finalize().as_bytes())
}

/// All protocols of a directory; one that is missing drains.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Deployment {
    /// By name.
    pub packages: BTreeMap<Arc<str>, Package>,
    /// The handlers that the bindings describe, by name.
    pub handlers: BTreeMap<String, Handler>,
}

/// One protocol, with all that its sessions need.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Package {
    /// Which version it is.
    pub version: Version,
    /// The file that it stands in.
    pub file: Arc<str>,
    /// The bytes of one program a role, in the order of roles.
    pub programs: Vec<Vec<u8>>,
    /// The names of its lanes, for diagrams.
    pub lanes: Vec<Arc<str>>,
    /// What its sends need and cost.
    pub policy: Policy,
    /// Who answers for its roles.
    pub players: Players,
}

/// Who answers for the roles of a protocol.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Players {
    /// By role: a handler, or none where a stand-in plays.
    pub roles: Vec<Option<Player>>,
    /// Handlers of effects that are not built in, by effect.
    pub effects: BTreeMap<Arc<str>, Arc<str>>,
    /// What stand-ins answer; what it leaves out is generated.
    pub script: Script,
}

/// A role that a handler plays.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Player {
    /// The handler's name.
    pub handler: Arc<str>,
    /// What the handler is told of the role.
    #[serde(with = "json::as_text")]
    pub config: Json,
    /// How long an answer may take, if the role says so.
    pub deadline: Option<Duration>,
    /// Whether it sees what the role receives, and may refuse it.
    pub observes: bool,
}

/// How a session begins.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Start {
    /// The protocol.
    pub protocol: Arc<str>,
    /// Parameters by name.
    pub params: Vec<(Arc<str>, Value)>,
    /// Other players than those of the bindings, by role.
    pub players: BTreeMap<RoleId, Player>,
    /// A start with the key of one before gives that session again.
    pub key: Option<Key>,
    /// How long nothing may happen in it before it is given up.
    pub idle_timeout: Option<Duration>,
}

/// What tells a start from another one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Key {
    /// The key, as whoever starts gives it.
    pub text: Arc<str>,
    /// The hash of what was asked with it: the same key for something else is a mistake.
    pub asked: [u8; 32],
}
