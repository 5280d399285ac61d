//! Deployment: a directory becomes versions, all of it or nothing.
//!
//! Everything that can go wrong is done first, on the side; then versions are moved by their table.
//! Is not: a reader of directories. The packages hold programs that were checked, and are verified here again.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::base::limits::VERSIONS_MAX;
use crate::bytecode::codec;
use crate::engine::effect::Trouble;
use crate::guard::{Policy, Table};
use crate::machine::Cast;
use crate::node::entry::{Deployment, Package, Version};
use crate::node::order::Reply;
use crate::node::state::Node;
use crate::node::version::{Cause, Edition, Life};

/// A package that can be had.
struct Ready {
    protocol: Arc<str>,
    package: Package,
    cast: Arc<Cast>,
}

impl Node {
    pub(super) fn deploy(&mut self, deployment: Deployment) -> Reply {
        let ready = match self.prepare(deployment) {
            Ok(ready) => ready,
            Err(trouble) => return Reply::Refused(trouble),
        };
        let names: BTreeSet<Arc<str>> = ready.iter().map(|ready| ready.protocol.clone()).collect();
        for one in ready {
            self.take(one);
        }
        let gone = self.lines.iter().filter(|(name, line)| line.deployed.is_some() && !names.contains(*name));
        let gone: Vec<Arc<str>> = gone.map(|(name, _)| name.clone()).collect();
        for protocol in gone {
            if let Some(line) = self.lines.get_mut(&protocol) {
                line.deployed = None;
            }
            self.stop(&protocol);
        }
        Reply::Done
    }

    /// Verifies and links what is new; nothing is changed yet.
    fn prepare(&self, deployment: Deployment) -> Result<Vec<Ready>, Trouble> {
        let mut ready = Vec::with_capacity(deployment.packages.len());
        let mut fresh = 0;
        for (protocol, package) in deployment.packages {
            let have = self.lines.get(&protocol).and_then(|line| line.edition(package.version));
            let cast = match have {
                Some(edition) => edition.cast.clone(),
                None => {
                    fresh += 1;
                    linked(&protocol, &package)?
                }
            };
            guards(&cast, &package.policy).map_err(|reason| refused(&protocol, &reason))?;
            ready.push(Ready { protocol, package, cast });
        }
        if self.casts.len() + fresh > VERSIONS_MAX {
            let reason = format!("there would be more than {VERSIONS_MAX} versions that have sessions");
            return Err(Trouble { code: "E0514", role: None, place: None, reason });
        }
        Ok(ready)
    }

    /// Makes a package what its protocol is now.
    fn take(&mut self, ready: Ready) {
        let Ready { protocol, package, cast } = ready;
        let version = package.version;
        let line = self.lines.entry(protocol.clone()).or_default();
        let changed = line.deployed != Some(version);
        line.deployed = Some(version);
        let policy = package.policy.clone();
        match line.edition_mut(version) {
            Some(edition) => edition.package = package,
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
            self.raise(&protocol, version);
        }
        self.guard(&protocol, &policy);
    }

    /// New sessions of a protocol take this version.
    pub(super) fn activate(&mut self, protocol: &Arc<str>, version: Version) -> Reply {
        let known = self.lines.get(protocol).and_then(|line| line.edition(version)).is_some();
        if !known {
            let reason = format!("there is no version {version} of `{protocol}`");
            return Reply::Refused(Trouble { code: "E0608", role: None, place: None, reason });
        }
        self.raise(protocol, version);
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

    /// Activates a version in the place of the one before.
    fn raise(&mut self, protocol: &Arc<str>, version: Version) {
        let Some(line) = self.lines.get_mut(protocol) else { return };
        if line.active().is_some_and(|edition| edition.package.version == version) {
            return;
        }
        let Some(edition) = line.edition_mut(version) else { return };
        if edition.place.is_none() {
            let table = guards(&edition.cast, &edition.package.policy).unwrap_or_default();
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

    /// Has all versions of a protocol that the engine has send under this policy from now on. What annotations say
    /// stands in each version's own source.
    fn guard(&mut self, protocol: &Arc<str>, policy: &Policy) {
        let Some(line) = self.lines.get_mut(protocol) else { return };
        for edition in &mut line.editions {
            let annotations = edition.package.policy.annotations.clone();
            let own = Policy { annotations, ..policy.clone() };
            if let (Some(place), Ok(table)) = (edition.place, guards(&edition.cast, &own)) {
                self.engine.guard(place, table);
            }
            edition.package.policy = own;
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
