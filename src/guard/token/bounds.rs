//! Bounds: what a token grants, or to what it is narrowed.
//!
//! Each bound that is given is a check of the token; those that are not given bound nothing.
//! Is not: a judge of names; whoever reads them from a person is.

use std::collections::BTreeSet;

use biscuit_auth::builder::{BlockBuilder, Check, Fact, Term, fact, string};

use crate::guard::token::biscuit::Fault;

/// What a token grants, or to what it is narrowed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Bounds {
    /// Only these capabilities.
    pub capabilities: Option<BTreeSet<String>>,
    /// Only in these contexts.
    pub contexts: Option<BTreeSet<String>>,
    /// Only on these devices.
    pub devices: Option<BTreeSet<String>>,
    /// Up to this epoch.
    pub until: Option<u64>,
}

impl Bounds {
    /// What an authority says: a right for each capability. The other bounds are [`Self::checks`].
    pub(super) fn rights(&self) -> Result<Vec<Fact>, Fault> {
        let rights = self.capabilities.as_ref().filter(|names| !names.is_empty()).ok_or(Fault::Empty)?;
        Ok(rights.iter().map(|name| fact("right", &[string(name)])).collect())
    }

    /// A block that narrows to this.
    pub(super) fn block(&self) -> Result<BlockBuilder, Fault> {
        let capabilities = self
            .capabilities
            .as_ref()
            .map(|names| one_of("check if capability($name), {names}.contains($name)", names));
        let checks = capabilities.into_iter().chain(self.checks());
        let mut block = BlockBuilder::new();
        let mut any = false;
        for check in checks {
            block = block.check(check?)?;
            any = true;
        }
        any.then_some(block).ok_or(Fault::Empty)
    }

    /// The checks of everything but capabilities.
    pub(super) fn checks(&self) -> impl Iterator<Item = Result<Check, Fault>> {
        let contexts = self
            .contexts
            .as_ref()
            .map(|names| one_of("check if context($name), {names}.contains($name)", names));
        let devices = self
            .devices
            .as_ref()
            .map(|names| one_of("check if device($name), {names}.contains($name)", names));
        let until = self.until.map(|until| {
            let mut check = Check::try_from("check if epoch($now), $now <= {until}")?;
            check.set("until", epoch(until))?;
            Ok(check)
        });
        [contexts, devices, until].into_iter().flatten()
    }
}

/// An epoch as a term; those beyond what a whole number holds are one.
pub(super) fn epoch(of: u64) -> Term {
    Term::Integer(i64::try_from(of).unwrap_or(i64::MAX))
}

fn one_of(text: &str, names: &BTreeSet<String>) -> Result<Check, Fault> {
    if names.is_empty() {
        return Err(Fault::Empty);
    }
    let mut check = Check::try_from(text)?;
    check.set("names", Term::Set(names.iter().map(|name| string(name)).collect()))?;
    Ok(check)
}
