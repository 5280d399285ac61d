//! Deployment: a directory becomes versions, all of it or nothing.
//!
//! Everything that can go wrong is done first, on the side ([`Prepared`]); then versions are moved by their table.
//! Is not: a reader of directories. The packages hold programs that were checked, and are verified here again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::base::limits::VERSIONS_MAX;
use crate::bytecode::codec;
use crate::config::bindings::Handler;
use crate::engine::effect::Trouble;
use crate::guard::{Policy, Table};
use crate::machine::Cast;
use crate::node::entry::{Deployment, Package, Version};
use crate::node::order::Reply;
use crate::node::state::Node;
use crate::node::version::{self, Cause, Edition, Life};

/// A deployment that can be had: verified and linked, so that a node has little left to do.
///
/// Whoever has it prepared elsewhere spares the node's thread the time; what comes of it is the same.
#[derive(Debug)]
pub struct Prepared {
    packages: Vec<Ready>,
    handlers: BTreeMap<String, Handler>,
}

/// A package that can be had.
#[derive(Debug)]
struct Ready {
    protocol: Arc<str>,
    package: Package,
    cast: Arc<Cast>,
    table: Table,
}

/// What a deployment has made useless: who drops it elsewhere spares the node's thread the time.
#[derive(Debug, Default)]
pub struct Waste {
    pub(super) editions: Vec<Edition>,
    pub(super) tables: Vec<Table>,
    packages: Vec<Package>,
}

/// The versions that a node has linked.
#[derive(Clone, Debug)]
pub struct Linked(BTreeMap<Version, Arc<Cast>>);

impl Prepared {
    /// Verifies and links what is new.
    ///
    /// # Errors
    /// Programs that the verifier refuses, or a profile that does not fit them.
    pub fn of(deployment: Deployment, linked_before: &Linked) -> Result<Self, Trouble> {
        let mut packages = Vec::with_capacity(deployment.packages.len());
        for (protocol, package) in deployment.packages {
            let cast = match linked_before.0.get(&package.version) {
                Some(cast) => cast.clone(),
                None => linked(&protocol, &package)?,
            };
            let table = guards(&cast, &package.policy).map_err(|reason| refused(&protocol, &reason))?;
            packages.push(Ready { protocol, package, cast, table });
        }
        Ok(Self { packages, handlers: deployment.handlers })
    }
}

impl Node {
    /// The handlers that may be asked: those of the directory, and those that versions and sessions began with.
    #[must_use]
    pub fn handlers(&self) -> BTreeMap<String, Handler> {
        let named = version::handlers(&self.lines, |edition| edition.life != Life::Retired);
        let asked = |name: &str| {
            self.described.contains(name) || named.contains(name) || self.own_players.contains_key(name)
        };
        self.handlers
            .iter()
            .filter(|(name, _)| asked(name))
            .map(|(name, one)| (name.clone(), one.clone()))
            .collect()
    }

    /// The same, with those of another directory.
    #[must_use]
    pub fn with_handlers(&self, mut handlers: BTreeMap<String, Handler>) -> BTreeMap<String, Handler> {
        for (name, handler) in self.handlers() {
            handlers.entry(name).or_insert(handler);
        }
        handlers
    }

    /// Takes the handlers of a directory; of those before it keeps what a version that is kept or a session names.
    fn describe(&mut self, handlers: BTreeMap<String, Handler>) {
        let named = version::handlers(&self.lines, |_| true);
        let before = std::mem::replace(&mut self.handlers, handlers);
        self.described = self.handlers.keys().cloned().collect();
        for (name, handler) in before {
            if named.contains(name.as_str()) || self.own_players.contains_key(name.as_str()) {
                self.handlers.entry(name).or_insert(handler);
            }
        }
    }

    /// The versions that are linked already, of all protocols.
    #[must_use]
    pub fn linked(&self) -> Linked {
        let all = self.lines.values().flat_map(|line| &line.editions);
        Linked(all.map(|edition| (edition.package.version, edition.cast.clone())).collect())
    }

    pub(super) fn deploy(&mut self, deployment: Deployment) -> Reply {
        match Prepared::of(deployment, &self.linked()) {
            Ok(prepared) => self.take_over(prepared),
            Err(trouble) => Reply::Refused(trouble),
        }
    }

    /// Makes a deployment what there is.
    pub(super) fn take_over(&mut self, prepared: Prepared) -> Reply {
        let packages = prepared.packages;
        let edition = |ready: &Ready| self.lines.get(&ready.protocol)?.edition(ready.package.version);
        let fresh = packages.iter().filter(|ready| edition(ready).is_none()).count();
        if self.casts.len() + fresh > VERSIONS_MAX {
            let reason = format!("there would be more than {VERSIONS_MAX} versions that have sessions");
            return Reply::Refused(Trouble { code: "E0514", role: None, place: None, reason });
        }
        let names: BTreeSet<Arc<str>> = packages.iter().map(|ready| ready.protocol.clone()).collect();
        for ready in packages {
            self.take(ready);
        }
        let gone = self.lines.iter().filter(|(name, line)| line.deployed.is_some() && !names.contains(*name));
        let gone: Vec<Arc<str>> = gone.map(|(name, _)| name.clone()).collect();
        for protocol in gone {
            if let Some(line) = self.lines.get_mut(&protocol) {
                line.deployed = None;
            }
            self.stop(&protocol);
        }
        self.describe(prepared.handlers);
        Reply::Done
    }

    /// Makes a package what its protocol is now.
    fn take(&mut self, ready: Ready) {
        let Ready { protocol, package, cast, table } = ready;
        let version = package.version;
        let line = self.lines.entry(protocol.clone()).or_default();
        let changed = line.deployed != Some(version);
        line.deployed = Some(version);
        let mut table = Some(table);
        match line.edition_mut(version) {
            // Most of a directory is as it was.
            Some(edition) if !changed && edition.package == package => {
                self.waste.packages.push(package);
                self.waste.tables.extend(table);
                return;
            }
            Some(edition) => {
                let place = edition.place.filter(|_| edition.package.policy != package.policy);
                if let Some((place, table)) = place.zip(table.take_if(|_| place.is_some())) {
                    self.engine.guard(place, table);
                }
                let before = std::mem::replace(&mut edition.package, package);
                self.waste.packages.push(before);
            }
            None => line.editions.push(Edition {
                package,
                life: Life::Retired,
                since: self.now,
                sessions: 0,
                cast,
                place: None,
            }),
        }
        if changed {
            self.raise(&protocol, version, table);
        }
        self.guard(&protocol, version);
    }

    /// New sessions of a protocol take this version.
    pub(super) fn activate(&mut self, protocol: &Arc<str>, version: Version) -> Reply {
        let known = self.lines.get(protocol).and_then(|line| line.edition(version)).is_some();
        if !known {
            let reason = format!("there is no version {version} of `{protocol}`");
            return Reply::Refused(Trouble { code: "E0608", role: None, place: None, reason });
        }
        self.raise(protocol, version, None);
        Reply::Done
    }

    /// A protocol takes no new sessions.
    pub(super) fn drain(&mut self, protocol: &Arc<str>) -> Reply {
        if !self.lines.contains_key(protocol) {
            let reason = format!("there is no protocol `{protocol}`");
            return Reply::Refused(Trouble { code: "E0606", role: None, place: None, reason });
        }
        self.stop(protocol);
        Reply::Done
    }

    /// Activates a version in the place of the one before, under the table of its policy where that was made already.
    fn raise(&mut self, protocol: &Arc<str>, version: Version, table: Option<Table>) {
        let Some(line) = self.lines.get_mut(protocol) else { return };
        if line.active().is_some_and(|edition| edition.package.version == version) {
            return;
        }
        let Some(edition) = line.edition_mut(version) else { return };
        if edition.place.is_none() {
            let table =
                table.unwrap_or_else(|| guards(&edition.cast, &edition.package.policy).unwrap_or_default());
            // What was prepared has room; what comes back takes the room of what goes.
            edition.place = self.engine.deploy_under(edition.cast.clone(), table);
            if let Some(place) = edition.place {
                self.casts.insert(place, (protocol.clone(), version));
            }
        }
        // The new one is active before the old one goes: what is over may be forgotten, and it is over until then.
        let Some(line) = self.lines.get_mut(protocol) else { return };
        let before = line.active().map(|edition| edition.package.version);
        line.move_on(version, Cause::Activate);
        if let Some(before) = before {
            line.move_on(before, Cause::Replace);
            self.retire(protocol, before);
        }
    }

    /// The active version of a protocol, if there is one, is no longer.
    fn stop(&mut self, protocol: &Arc<str>) {
        let Some(line) = self.lines.get_mut(protocol) else { return };
        let Some(active) = line.active().map(|edition| edition.package.version) else { return };
        line.move_on(active, Cause::Replace);
        self.retire(protocol, active);
    }

    /// Has all versions of a protocol that the engine has send under the policy of this one from now on. What annotations
    /// say stands in each version's own source.
    fn guard(&mut self, protocol: &Arc<str>, version: Version) {
        let Some(line) = self.lines.get_mut(protocol) else { return };
        let Some(at) = line.editions.iter().position(|edition| edition.package.version == version) else {
            return;
        };
        for other in (0..line.editions.len()).filter(|other| *other != at) {
            let Ok([said, edition]) = line.editions.get_disjoint_mut([at, other]) else { continue };
            let own = &mut edition.package.policy;
            let Policy { context, profile, grants: rights, annotations: _ } = &said.package.policy;
            if (&own.context, &own.profile, &own.grants) == (context, profile, rights) {
                continue;
            }
            (own.context, own.profile, own.grants) = (context.clone(), profile.clone(), rights.clone());
            if let (Some(place), Ok(table)) = (edition.place, guards(&edition.cast, own)) {
                self.engine.guard(place, table);
            }
        }
    }
}

/// The programs of a package, verified and linked.
pub(super) fn linked(protocol: &str, package: &Package) -> Result<Arc<Cast>, Trouble> {
    let programs: Result<Vec<_>, _> = package.programs.iter().map(|bytes| codec::decode(bytes)).collect();
    let programs = programs.map_err(|rejection| refused(protocol, &rejection.to_string()))?;
    let cast = Cast::link(programs).map_err(|rejection| refused(protocol, &rejection.to_string()))?;
    Ok(Arc::new(cast))
}

/// The table of a policy for these programs.
fn guards(cast: &Cast, policy: &Policy) -> Result<Table, String> {
    Table::new(cast.programs(), policy).map_err(|_| "its profile names too many capabilities".to_owned())
}

fn refused(protocol: &str, reason: &str) -> Trouble {
    Trouble {
        code: "E0609",
        role: None,
        place: None,
        reason: format!("`{protocol}` cannot be deployed: {reason}"),
    }
}
