//! The instances of scopes, counted again from 1: a scope in a loop is entered without end, and yet only the order of
//! the instances that somebody still holds tells one state from another.
//!
//! A scope's numbers are lowered together, at every role, in every message under way and in every report, by as much as
//! the least of them allows; so an order between two of them stays. What is older than all that roles are in counts as 0.
//! Is not: needed by a session that runs once.

use crate::machine::cast::Cast;
use crate::machine::path::Path;
use crate::machine::session::Session;

impl Session {
    /// Counts the instances of scopes from 1 again, where every role has come further.
    pub fn renumber(&mut self, cast: &Cast) {
        let Some(scopes) = self.scopes.as_deref_mut() else { return };
        let mut order: Vec<_> = cast
            .parts
            .iter()
            .flat_map(|part| part.program.scopes.iter().zip(&part.scopes))
            .map(|(code, linked)| (linked.depth, code.lane))
            .collect();
        order.sort_unstable();
        order.dedup();
        for (depth, lane) in order {
            let mut own = Vec::new();
            let mut all = Vec::new();
            for part in &cast.parts {
                for (at, _) in part.program.scopes.iter().enumerate().filter(|(_, code)| code.lane == lane) {
                    let region = part.first_region + at as u32;
                    own.push(scopes.region(region).path);
                    all.push(region);
                    let inner = part.scopes.get(at).map_or(&[][..], |linked| &linked.inner);
                    all.extend(inner.iter().map(|inner| part.first_region + u32::from(*inner)));
                }
            }
            let Some(less) = excess(&own, depth) else { continue };
            let lower = |path: &mut Path| {
                if *path != Path::NONE {
                    *path = path.reduced(depth, less);
                }
            };
            for region in &all {
                if let Some(region) = scopes.regions.get_mut(*region as usize) {
                    lower(&mut region.path);
                }
            }
            for (tags, channel) in scopes.tags.iter_mut().zip(&cast.channels) {
                if all.contains(&channel.to_region) {
                    tags.iter_mut().for_each(lower);
                }
            }
            scopes
                .reports
                .iter_mut()
                .filter(|report| all.contains(&report.region))
                .for_each(|report| lower(&mut report.path));
        }
    }
}

/// By how much the numbers at this depth can be lowered: all stand in one instance of the scope around, and beyond 1.
fn excess(paths: &[Path], depth: u32) -> Option<u128> {
    let first = paths.first()?;
    if paths.iter().any(|path| path.around(depth) != first.around(depth) || path.is_past(depth)) {
        return None;
    }
    let least = paths.iter().map(|path| path.number(depth)).min()?;
    least.checked_sub(1).filter(|excess| *excess > 0)
}
