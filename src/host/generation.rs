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

use crate::base::limits::COMPARED_SECONDS_MAX;
use crate::base::time::Instant;
use crate::config::bindings::Handler;
use crate::diag::Diagnostic;
use crate::diag::code::Code;
use crate::diag::render::{Count, Format, arrange, cap, json, render};
use crate::diag::source::Span;
use crate::global::Sizes;
use crate::host::clock;
use crate::host::compare::{Compared, Comparisons, pairs};
use crate::host::desk::{Away, Desk};
use crate::host::directory::{self, Deploys, Overlay, Programs, Reading};
use crate::host::shape::{Protocol, millis};
use crate::node::Node;
use crate::node::entry::Deployment;
use crate::node::order::Reply;
use crate::pipeline::has_errors;

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
    rules: Rules,
    desk: Desk,
    apply: Apply,
    comparisons: Arc<Comparisons>,
    /// Held by whoever looks.
    looking: tokio::sync::Mutex<Seen>,
    status: Mutex<Status>,
}

impl std::fmt::Debug for Generations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Generations").field("directory", &self.directory).finish_non_exhaustive()
    }
}

/// What a directory is read and judged by.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// Members of families.
    pub sizes: Sizes,
    /// Whether roles may be played by stand-ins that make answers up.
    pub stand_ins: bool,
    /// Whether a version that is not proved compatible with the active one is refused.
    pub require_compatible: bool,
}

/// Whether to judge again what was judged before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Anew {
    /// Only if contents have changed.
    No,
    /// Also what was wrong and has not changed: what was in its way may be gone.
    Yes,
}

/// What was seen last.
#[derive(Debug, Default)]
struct Seen {
    fingerprint: Option<[u8; 32]>,
    /// Whether that was wrong.
    wrong: bool,
    /// The programs of handlers that the last reading has named: they belong to the fingerprint.
    programs: Programs,
    deployed: Option<Deployment>,
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
    /// How each version that was swapped in for another compares with that one, by protocol, the newest.
    pub compared: BTreeMap<Arc<str>, Compared>,
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
    pub fn new(directory: PathBuf, rules: Rules, desk: Desk, apply: Apply) -> Self {
        let (looking, status) = (tokio::sync::Mutex::default(), Mutex::default());
        Self { directory, rules, desk, apply, comparisons: Arc::default(), looking, status }
    }

    /// How the directory stands.
    #[must_use]
    pub fn status(&self) -> Status {
        Status { compared: self.comparisons.newest(), ..self.held().clone() }
    }

    /// The same, when versions that were swapped in are compared with those before, or that takes too long.
    pub async fn settled(&self) -> Status {
        self.comparisons.settled(Duration::from_secs(COMPARED_SECONDS_MAX)).await;
        self.status()
    }

    /// A protocol as it is shown, with how its versions compare.
    #[must_use]
    pub fn with_comparisons(&self, mut protocol: Protocol) -> Protocol {
        let compared = self.comparisons.newest().remove(&protocol.name);
        for version in &mut protocol.versions {
            version.compared = compared.clone().filter(|compared| compared.version == version.version);
        }
        protocol
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
    pub async fn look_again(&self, anew: Anew) -> Result<Look, Away> {
        let mut seen = self.looking.lock().await;
        let began = clock::now();
        let (mut tries, mut waited) = (0, false);
        let (fingerprint, reading) = loop {
            let before = self.fingerprint(&seen.programs).await;
            if seen.fingerprint == Some(before) && !(seen.wrong && anew == Anew::Yes) {
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
        let (reading, compared) = self.required(reading).await?;
        let look = match self.judged(reading, began) {
            Some(deploys) => self.swap((deploys, compared), &mut seen, began).await?,
            None => Look::Wrong,
        };
        (seen.fingerprint, seen.wrong) = (Some(fingerprint), look == Look::Wrong);
        Ok(look)
    }

    /// What would be said if this were the text of that file. Nothing is changed.
    ///
    /// # Errors
    /// The node cannot be reached.
    pub async fn rehearse(&self, file: PathBuf, text: String) -> Result<Reading, Away> {
        let reading = self.read(Some(Overlay { file, text })).await;
        Ok(self.required(reading).await?.0)
    }

    /// Refuses what breaks versions that are active, where that is wanted; with how all versions compare.
    async fn required(&self, mut reading: Reading) -> Result<(Reading, Vec<(Arc<str>, Compared)>), Away> {
        let mut all = Vec::new();
        let Some(deploys) = reading.deploys.as_ref().filter(|_| self.rules.require_compatible) else {
            return Ok((reading, all));
        };
        for pair in pairs(&self.desk, &deploys.deployment).await? {
            let protocol = pair.protocol.clone();
            let compared = pair.compared().await;
            if compared.verdict != "compatible" {
                let place = reading.places.get(&protocol).copied().unwrap_or_default();
                reading.said.push(breaks(&protocol, place, &compared));
            }
            all.push((protocol, compared));
        }
        if has_errors(&reading.said) {
            reading.deploys = None;
        }
        Ok((reading, all))
    }

    async fn fingerprint(&self, programs: &Programs) -> [u8; 32] {
        let (directory, programs) = (self.directory.clone(), programs.clone());
        let done = tokio::task::spawn_blocking(move || directory::fingerprint(&directory, &programs)).await;
        done.unwrap_or_default()
    }

    async fn read(&self, overlay: Option<Overlay>) -> Reading {
        let (directory, rules) = (self.directory.clone(), self.rules.clone());
        let read = move || directory::read(&directory, &rules.sizes, rules.stand_ins, overlay.as_ref());
        tokio::task::spawn_blocking(read).await.unwrap_or_else(|_| Reading::broken())
    }

    /// Notes what is said; what to deploy, if nothing is wrong.
    fn judged(&self, reading: Reading, began: Instant) -> Option<Deploys> {
        let Reading { sources, mut said, deploys, .. } = reading;
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

    /// Has handlers be those that versions and sessions of the node name by now.
    pub async fn handlers_changed(&self) {
        if let Ok(handlers) = self.desk.look(|node| node.handlers()).await {
            (self.apply)(&handlers);
        }
    }

    /// Has the node take it; what was not compared before is compared afterwards.
    async fn swap(
        &self,
        (deploys, compared): (Deploys, Vec<(Arc<str>, Compared)>),
        seen: &mut Seen,
        began: Instant,
    ) -> Result<Look, Away> {
        if seen.deployed.as_ref() == Some(&deploys.deployment) {
            let mut status = self.held();
            (status.current, status.stand_ins) = (true, deploys.stand_ins);
            return Ok(Look::Same);
        }
        let wanted = deploys.deployment.handlers.clone();
        // Those that are gone stay until nobody can ask them any more.
        let both = move |node: &Node| (node.handlers(), node.with_handlers(wanted));
        let (before, both) = self.desk.look(both).await?;
        let changed = pairs(&self.desk, &deploys.deployment).await?;
        (self.apply)(&both);
        let protocols = deploys.deployment.packages.len();
        let reply = self.desk.deploy(deploys.deployment.clone()).await;
        if !matches!(reply, Ok(Reply::Done)) {
            (self.apply)(&before);
        }
        let reply = reply.inspect_err(|_| self.held().current = false)?;
        self.handlers_changed().await;
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
        status.generation += 1;
        status.current = true;
        status.since = millis(now);
        status.stand_ins = deploys.stand_ins;
        if self.rules.require_compatible {
            for (protocol, compared) in compared {
                self.comparisons.note(&protocol, status.generation, compared);
            }
        } else {
            self.comparisons.begin(status.generation, changed);
        }
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

/// What is said of a version that does not fit the active one.
fn breaks(protocol: &str, place: Span, compared: &Compared) -> Diagnostic {
    let Compared { with, verdict, trace, .. } = compared;
    let why = compared.why();
    let what = if *verdict == "incompatible" { "breaks" } else { "is not proved compatible with" };
    let message = format!("`{protocol}` {what} its active version {with}: {why}");
    let mut said = Diagnostic::new(Code::E0613, place, message);
    if !trace.is_empty() {
        said = said.note(format!("the shortest run that shows it:\n{}", trace.join("\n")));
    }
    said.help("give the changed protocol another name, or set `require_compatible: false` in `laban.yaml`")
}
