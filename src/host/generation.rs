//! Generations of a directory: it is read as a whole, judged, and then swapped in by one entry, or not at all.
//!
//! Whoever thinks that something has changed says [`Generations::look_again`]; that nothing has, is found by comparing
//! contents. What is wrong is kept for whoever asks, and the generation before stays.
//! Is not: a watcher. Looks do not overlap; the building is done off the node's thread.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use serde_json::Value as Json;

use crate::base::time::Instant;
use crate::config::bindings::Handler;
use crate::diag::render::{Count, Format, arrange, cap, json, render};
use crate::global::Sizes;
use crate::host::clock;
use crate::host::desk::{Away, Desk};
use crate::host::directory::{self, Deploys, Overlay, Programs, Reading};
use crate::host::shape::millis;
use crate::node::entry::Deployment;
use crate::node::order::Reply;
use crate::node::version::handlers as handlers_of;

/// Files that change while they are read are read again so often; then whoever changes them says so once more.
const TRIES: u32 = 5;
/// How long a protocol must be gone from its directory before it is taken away. Editors rename a file before they write
/// the new one, and empty it before they fill it.
const GONE: Duration = Duration::from_millis(300);

/// Has handlers be those of a deployment.
pub type Apply = Box<dyn Fn(&BTreeMap<String, Handler>) + Send + Sync>;

/// The directory, and what became of it.
pub struct Generations {
    directory: PathBuf,
    sizes: Sizes,
    /// Whether roles may be played by stand-ins that make answers up.
    stand_ins: bool,
    desk: Desk,
    apply: Apply,
    /// Held by whoever looks.
    looking: tokio::sync::Mutex<Seen>,
    status: Mutex<Status>,
}

impl std::fmt::Debug for Generations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Generations").field("directory", &self.directory).finish_non_exhaustive()
    }
}

/// What was seen last.
#[derive(Debug, Default)]
struct Seen {
    fingerprint: Option<[u8; 32]>,
    /// The programs of handlers that the last reading has named: they belong to the fingerprint.
    programs: Programs,
    deployed: Option<Deployment>,
    handlers: BTreeMap<String, Handler>,
}

/// How a directory stands.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Status {
    /// Counts what was swapped in, from 1; 0 if nothing was.
    pub generation: u64,
    /// When that was, in milliseconds since 1970.
    pub since: u64,
    /// When the directory was read last.
    pub read: u64,
    /// Milliseconds that the last reading took, up to the swap.
    pub took: u64,
    /// Whether what is read now is what runs.
    pub current: bool,
    /// Errors of the last reading; then the generation before runs.
    pub errors: usize,
    /// What was said of the last reading.
    #[serde(skip)]
    pub diagnostics: Vec<Json>,
    /// The same for people.
    #[serde(skip)]
    pub text: String,
    /// Who is played by stand-ins that make their answers up, by protocol.
    pub stand_ins: BTreeMap<Arc<str>, Vec<String>>,
}

/// What came of a look.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Look {
    /// Nothing has changed.
    Same,
    /// A new generation runs.
    Swapped,
    /// Something is wrong; see the status.
    Wrong,
    /// Files change while they are read, again and again: nothing was judged.
    Restless,
}

impl Seen {
    /// Whether a protocol that is deployed would be gone.
    fn loses_by(&self, reading: &Reading) -> bool {
        let (Some(have), Some(read)) = (&self.deployed, &reading.deploys) else { return false };
        have.packages.keys().any(|name| !read.deployment.packages.contains_key(name))
    }
}

impl Generations {
    /// Of a directory of which nothing runs yet.
    #[must_use]
    pub fn new(directory: PathBuf, sizes: Sizes, stand_ins: bool, desk: Desk, apply: Apply) -> Self {
        let (looking, status) = (tokio::sync::Mutex::default(), Mutex::default());
        Self { directory, sizes, stand_ins, desk, apply, looking, status }
    }

    /// How the directory stands.
    #[must_use]
    pub fn status(&self) -> Status {
        self.held().clone()
    }

    /// Where it is.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Reads the directory, if it has changed since, and swaps it in, if nothing is wrong.
    ///
    /// # Errors
    /// The node cannot be reached; then it is as if nobody had looked.
    pub async fn look_again(&self) -> Result<Look, Away> {
        let mut seen = self.looking.lock().await;
        let began = clock::now();
        let (mut tries, mut waited) = (0, false);
        let (fingerprint, reading) = loop {
            let before = self.fingerprint(&seen.programs).await;
            if seen.fingerprint == Some(before) {
                return Ok(Look::Same);
            }
            let mut reading = self.read(None).await;
            tries += 1;
            // Other programs than before are read once more, now that it is known which they are.
            let named = std::mem::take(&mut reading.programs);
            let others = named != seen.programs;
            if others || before != self.fingerprint(&seen.programs).await {
                seen.programs = named;
                // What was read may be half of something.
                if tries >= TRIES {
                    return Ok(Look::Restless);
                }
            } else if !waited && seen.loses_by(&reading) {
                waited = true;
                tokio::time::sleep(GONE).await;
            } else {
                break (before, reading);
            }
        };
        let look = match self.judged(reading, began) {
            Some(deploys) => self.swap(deploys, &mut seen, began).await?,
            None => Look::Wrong,
        };
        seen.fingerprint = Some(fingerprint);
        Ok(look)
    }

    /// What would be said if this were the text of that file. Nothing is changed.
    pub async fn rehearse(&self, file: PathBuf, text: String) -> Reading {
        self.read(Some(Overlay { file, text })).await
    }

    async fn fingerprint(&self, programs: &Programs) -> [u8; 32] {
        let (directory, programs) = (self.directory.clone(), programs.clone());
        let done = tokio::task::spawn_blocking(move || directory::fingerprint(&directory, &programs)).await;
        done.unwrap_or_default()
    }

    async fn read(&self, overlay: Option<Overlay>) -> Reading {
        let (directory, sizes, stand_ins) = (self.directory.clone(), self.sizes.clone(), self.stand_ins);
        let read = move || directory::read(&directory, &sizes, stand_ins, overlay.as_ref());
        tokio::task::spawn_blocking(read).await.unwrap_or_else(|_| Reading::broken())
    }

    /// Notes what is said; what to deploy, if nothing is wrong.
    fn judged(&self, reading: Reading, began: Instant) -> Option<Deploys> {
        let Reading { sources, mut said, deploys, programs: _ } = reading;
        arrange(&sources, &mut said);
        cap(&mut said);
        let count = Count::of(&said);
        let diagnostics = said.iter().map(|one| serde_json::to_value(json::shown(&sources, one)));
        let mut status = self.held();
        status.read = millis(began);
        status.errors = count.errors;
        status.diagnostics = diagnostics.filter_map(Result::ok).collect();
        status.text = render(Format::Short, &sources, &said);
        status.current &= deploys.is_some();
        for line in status.text.lines() {
            if count.errors > 0 {
                tracing::error!("{line}");
            } else {
                tracing::warn!("{line}");
            }
        }
        if deploys.is_none() {
            tracing::error!(
                generation = status.generation,
                "the directory is not deployed; what ran before runs on"
            );
        }
        deploys
    }

    async fn swap(&self, deploys: Deploys, seen: &mut Seen, began: Instant) -> Result<Look, Away> {
        if seen.deployed.as_ref() == Some(&deploys.deployment)
            && deploys.handlers.iter().all(|(name, handler)| seen.handlers.get(name) == Some(handler))
        {
            let mut status = self.held();
            (status.current, status.stand_ins) = (true, deploys.stand_ins);
            return Ok(Look::Same);
        }
        let mut handlers = deploys.handlers.clone();
        // Versions that drain still name the handlers that they began with.
        let named = self.desk.look(|node| handlers_of(node.lines())).await?;
        let kept = seen.handlers.iter().filter(|(name, _)| named.contains(name.as_str()));
        for (name, handler) in kept {
            handlers.entry(name.clone()).or_insert_with(|| handler.clone());
        }
        (self.apply)(&handlers);
        let protocols = deploys.deployment.packages.len();
        let reply = self.desk.deploy(deploys.deployment.clone()).await;
        if !matches!(reply, Ok(Reply::Done)) {
            (self.apply)(&seen.handlers);
        }
        let reply = reply.inspect_err(|_| self.held().current = false)?;
        let now = clock::now();
        let mut status = self.held();
        status.took = clock::between(began, now).as_millis() as u64;
        if let Reply::Refused(trouble) = reply {
            tracing::error!(code = trouble.code, reason = trouble.reason, "the directory is not deployed");
            (status.current, status.errors) = (false, status.errors + 1);
            status.text = format!("{}: {}\n", trouble.code, trouble.reason);
            status.diagnostics = vec![serde_json::json!({ "code": trouble.code, "message": trouble.reason })];
            return Ok(Look::Wrong);
        }
        seen.handlers = handlers;
        status.generation += 1;
        status.current = true;
        status.since = millis(now);
        status.stand_ins = deploys.stand_ins;
        tracing::info!(
            generation = status.generation,
            protocols,
            ms = status.took,
            "the directory is deployed"
        );
        seen.deployed = Some(deploys.deployment);
        Ok(Look::Swapped)
    }

    fn held(&self) -> MutexGuard<'_, Status> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
