//! The policy of a protocol: the profile and the bindings beside it, and the annotations in it.
//!
//! Is not: a reader of files.

use std::sync::Arc;

use crate::config::bindings::Bindings;
use crate::config::guards::{Grants, Profile, annotation};
use crate::diag::Diagnostic;
use crate::global::protocol::Protocol;
use crate::guard::Policy;
use crate::guard::policy::CONTEXT;

/// The policy of a protocol, and what of its annotations no guard can use. Without a profile that of a fresh directory
/// holds; without bindings its roles may do what a fresh directory grants.
#[must_use]
pub fn policy(
    protocol: &Protocol,
    profile: Option<Profile>,
    bindings: Option<&Bindings>,
) -> (Policy, Vec<Diagnostic>) {
    let mut policy = Policy {
        context: Arc::from(CONTEXT),
        profile: profile.unwrap_or_else(Profile::fresh),
        grants: Grants::fresh().with(bindings.map_or(&[], |bindings| bindings.roles.as_slice())),
        annotations: std::collections::BTreeMap::new(),
    };
    let mut said = Vec::new();
    for site in &protocol.sites {
        let (setting, mut mistakes) = annotation(&protocol.name, site.span, &site.annotations);
        mistakes.retain(|mistake| !said.contains(mistake));
        said.append(&mut mistakes);
        if let Some(setting) = setting {
            policy.annotations.insert(site.span, setting);
        }
    }
    (policy, said)
}
