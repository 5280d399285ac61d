//! Versions compared with those before them when they are deployed, off the node's thread.
//!
//! [`pairs`] finds what a deployment changes, [`compare`] judges one pair in bounded time, [`Comparisons`] keeps the
//! newest verdict on each protocol for whoever asks, while it is being made too.
//! Is not: a refusal; `generation` refuses, where settings want that.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::watch;

use crate::base::limits::{COMPARED_BYTES_MAX, COMPARED_STATES_MAX};
use crate::bytecode::codec;
use crate::bytecode::program::Program;
use crate::host::desk::{Away, Desk};
use crate::host::shape::short;
use crate::machine::Cast;
use crate::node::Node;
use crate::node::entry::{Deployment, Package, Version};
use crate::tools::breaking::{self, Outcome, Side};

/// Columns of a diagram.
const WIDTH: usize = 100;

/// A version that takes the place of an active one.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The protocol.
    pub protocol: Arc<str>,
    before: Version,
    cast: Arc<Cast>,
    lanes: Vec<Arc<str>>,
    after: Package,
}

/// A version, compared with the one that was active before it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Compared {
    /// The generation that brought it; 0 if it was refused.
    pub generation: u64,
    /// Which version it is.
    pub version: String,
    /// The one that was active.
    pub with: String,
    /// `comparing`, `compatible`, `incompatible`, `not proved`
    pub verdict: &'static str,
    /// The first role whose new program does not fit the old ones of all others; none where it is not one role's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Arc<str>>,
    /// Why it is not compatible, one line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The shortest run that shows it, drawn, line by line. Its values are made up.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trace: Vec<String>,
}

impl Compared {
    /// Why it is not compatible, with the role whose program is new.
    #[must_use]
    pub fn why(&self) -> String {
        let reason = self.reason.as_deref().unwrap_or("nobody knows why");
        match &self.role {
            Some(role) => format!("`{role}` new, all others old: {reason}"),
            None => reason.to_owned(),
        }
    }
}

/// What a deployment changes of versions that are active.
///
/// # Errors
/// The node cannot be reached.
pub async fn pairs(desk: &Desk, deployment: &Deployment) -> Result<Vec<Pair>, Away> {
    let versions: Vec<(Arc<str>, Version)> =
        deployment.packages.iter().map(|(name, package)| (name.clone(), package.version)).collect();
    let changed = desk.look(move |node: &Node| {
        let mut changed = Vec::new();
        for (name, version) in versions {
            let active = node.lines().get(&name).and_then(|line| line.active());
            if let Some(active) = active.filter(|active| active.package.version != version) {
                changed.push((
                    name,
                    active.package.version,
                    active.cast.clone(),
                    active.package.lanes.clone(),
                ));
            }
        }
        changed
    });
    let pair = |(protocol, before, cast, lanes): (Arc<str>, Version, Arc<Cast>, Vec<Arc<str>>)| {
        let after = deployment.packages.get(&protocol)?.clone();
        Some(Pair { protocol, before, cast, lanes, after })
    };
    Ok(changed.await?.into_iter().filter_map(pair).collect())
}

/// Compares both versions of a pair; some tenths of a second, if there is much to be explored.
#[must_use]
pub fn compare(pair: &Pair) -> Compared {
    let old: Vec<Program> = pair.cast.programs().cloned().collect();
    let new = pair.after.programs.iter().map(|bytes| codec::decode(bytes));
    let new: Vec<Program> = match new.collect() {
        Ok(programs) => programs,
        Err(why) => {
            return Compared {
                verdict: "not proved",
                reason: Some(format!("its programs cannot be read: {why}")),
                ..pair.begun(0)
            };
        }
    };
    let mut limits = breaking::limits();
    (limits.states, limits.bytes) = (COMPARED_STATES_MAX, COMPARED_BYTES_MAX);
    let (old, new) =
        (Side { programs: &old, lanes: &pair.lanes }, Side { programs: &new, lanes: &pair.after.lanes });
    let Outcome { word, role, reason, trace } = breaking::compared(&old, &new, &limits, WIDTH);
    Compared { verdict: word, role, reason, trace, ..pair.begun(0) }
}

impl Pair {
    /// Before it is compared.
    fn begun(&self, generation: u64) -> Compared {
        Compared {
            generation,
            version: short(self.after.version),
            with: short(self.before),
            verdict: "comparing",
            role: None,
            reason: None,
            trace: Vec::new(),
        }
    }

    /// Compares it where blocking is allowed.
    pub async fn compared(self) -> Compared {
        let broken = Compared {
            verdict: "not proved",
            reason: Some("the comparison did not come to its end".to_owned()),
            ..self.begun(0)
        };
        tokio::task::spawn_blocking(move || compare(&self)).await.unwrap_or(broken)
    }
}

/// The newest comparison of each protocol.
#[derive(Debug)]
pub struct Comparisons {
    newest: Mutex<BTreeMap<Arc<str>, Compared>>,
    /// How many are under way.
    under_way: watch::Sender<usize>,
}

impl Default for Comparisons {
    fn default() -> Self {
        Self { newest: Mutex::default(), under_way: watch::Sender::new(0) }
    }
}

impl Comparisons {
    /// The newest of all protocols.
    #[must_use]
    pub fn newest(&self) -> BTreeMap<Arc<str>, Compared> {
        self.held().clone()
    }

    /// Notes what a generation is known to be.
    pub fn note(&self, protocol: &Arc<str>, generation: u64, compared: Compared) {
        let mut held = self.held();
        if held.get(protocol).is_none_or(|have| have.generation <= generation) {
            let Compared { version, with, verdict, .. } = &compared;
            match &compared.reason {
                None => tracing::info!(
                    protocol = &**protocol,
                    version,
                    with,
                    verdict,
                    "the versions are compared"
                ),
                Some(_) => {
                    let why = compared.why();
                    tracing::warn!(
                        protocol = &**protocol,
                        version,
                        with,
                        verdict,
                        why,
                        "the versions are compared"
                    );
                }
            }
            held.insert(protocol.clone(), Compared { generation, ..compared });
        }
    }

    /// Compares what a generation has changed, one after another, while everything else goes on.
    pub fn begin(self: &Arc<Self>, generation: u64, pairs: Vec<Pair>) {
        for pair in &pairs {
            self.held().insert(pair.protocol.clone(), pair.begun(generation));
        }
        self.under_way.send_modify(|count| *count += pairs.len());
        let own = self.clone();
        tokio::spawn(async move {
            for pair in pairs {
                let protocol = pair.protocol.clone();
                // What a newer generation has replaced meanwhile nobody asks about.
                let newer = own.held().get(&protocol).is_some_and(|have| have.generation > generation);
                if !newer {
                    own.note(&protocol, generation, pair.compared().await);
                }
                own.under_way.send_modify(|count| *count -= 1);
            }
        });
    }

    /// Waits until none is under way, but not for longer than this.
    pub async fn settled(&self, patience: Duration) {
        let mut under_way = self.under_way.subscribe();
        let _ = tokio::time::timeout(patience, under_way.wait_for(|count| *count == 0)).await;
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, Compared>> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
