//! Automata to programs: one for each role.
//!
//! `survey` finds what a role's automaton uses, `slots` gives its names a place, `layout` puts its states in a row,
//! `acts`, `nests` and `scopes` turn what a role does into instructions, `expr` and `each` do so for expressions, `draft` holds
//! the code until every jump is known.
//! Is not: a judge of protocols: what comes in is coherent, and what goes out is verified when it is linked.

mod acts;
mod draft;
mod each;
mod expr;
mod fold;
mod layout;
mod names;
mod nests;
mod scopes;
mod slots;
mod survey;

#[cfg(test)]
mod tests;

use crate::base::id::RoleId;
use crate::bytecode::program::Program;
use crate::bytecode::verify;
use crate::compile::layout::Layout;
use crate::compile::names::Names;
use crate::diag::Diagnostic;
use crate::global::protocol::Protocol;
use crate::local::projection::Projection;

/// The programs of all roles, in their order. None where a role's program would be larger than a program may be, or
/// could not run; the diagnostics say why.
#[must_use]
pub fn programs(protocol: &Protocol, projection: &Projection) -> (Vec<Program>, Vec<Diagnostic>) {
    let names = Names::new(protocol);
    let mut programs = Vec::with_capacity(projection.automata.len());
    let mut diagnostics = Vec::new();
    for automaton in &projection.automata {
        let layout = Layout::new(protocol, projection, automaton, &names);
        let judged = layout.program().and_then(|program| verify::verify(&program).map(|_| program));
        match judged {
            Ok(program) => programs.push(program),
            Err(rejection) => {
                let message =
                    format!("`{}` cannot be compiled: {}", role(protocol, automaton.role), rejection.reason);
                diagnostics.push(Diagnostic::new(rejection.code, protocol.span, message));
            }
        }
    }
    if !diagnostics.is_empty() {
        programs.clear();
    }
    (programs, diagnostics)
}

fn role(protocol: &Protocol, role: RoleId) -> &str {
    protocol.roles.get(role.index()).map_or("", |role| role.name.as_str())
}
