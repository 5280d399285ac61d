//! Automata to programs: one verified-to-be program per role.
//!
//! Is not: a judge of protocols; what comes in is coherent.

use crate::bytecode::program::Program;
use crate::diag::Diagnostic;
use crate::global::protocol::Protocol;
use crate::local::projection::Projection;

/// The programs of all roles, in their order; none where a diagnostic is an error.
#[must_use]
pub fn programs(protocol: &Protocol, projection: &Projection) -> (Vec<Program>, Vec<Diagnostic>) {
    let _ = (protocol, projection);
    (Vec::new(), Vec::new())
}
