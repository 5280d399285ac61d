//! `laban guards`, and the guard profile beside a protocol, which `run` uses too.
//!
//! A profile is the `*.guards.yaml` beside the protocol's file, or the file that is named; what roles may do stands in the
//! `*.bindings.yaml` there. Is not: a reader of settings (`config::guards`), nor the plan (`tools::guards`).

use std::path::Path;

use anyhow::Result;

use crate::bytecode::program::Program;
use crate::cli::Exit;
use crate::cli::args::{Guards, GuardsAct, Plan, Verdicts};
use crate::cli::init;
use crate::cli::source::{Ready, built, show as findings};
use crate::cli::terminal::Terminal;
use crate::guard::{Policy, Table};
use crate::host::beside::beside;
use crate::tools::guards::{self, plan, policy, report, show};
use crate::tools::run::vocabulary;

/// What holds of a protocol's sends.
#[derive(Debug)]
pub struct Given {
    /// The policy.
    pub policy: Policy,
    /// Whether a profile was found beside the protocol, or named.
    pub beside: bool,
    /// The profile as shown.
    pub name: String,
}

/// Does what is wanted with guards.
///
/// # Errors
/// For wrong usage: no or several protocols.
pub fn guards(args: &Guards, terminal: &mut Terminal) -> Result<Exit> {
    match &args.act {
        GuardsAct::Plan(args) => planned(args, terminal),
        GuardsAct::Init(args) => init::guards(args, terminal),
    }
}

fn planned(args: &Plan, terminal: &mut Terminal) -> Result<Exit> {
    let Some(mut ready) = built(&args.choose, terminal)? else { return Ok(Exit::Errors) };
    let Some(given) = given(args.guards.as_deref(), &mut ready, terminal) else { return Ok(Exit::Errors) };
    if table(&given.policy, &ready, terminal).is_none() {
        return Ok(Exit::Errors);
    }
    let programs: Vec<&Program> = ready.programs.iter().collect();
    let plan = plan(&programs, &given.policy);
    terminal.data(&match args.format {
        Verdicts::Human => show(&plan, &given.name),
        Verdicts::Json => report(&plan),
    });
    Ok(if plan.is_fine() { Exit::Fine } else { Exit::Errors })
}

/// What holds of a protocol's sends; none if a file has errors, which have then been shown.
pub fn given(named: Option<&Path>, ready: &mut Ready, terminal: &mut Terminal) -> Option<Given> {
    let words = vocabulary(&ready.programs);
    let mut say = |line: &str| terminal.say(line);
    let read = beside(named, &ready.file, &words, &mut ready.front.sources, &mut say);
    let judged = read.and_then(|(beside, name)| {
        let (policy, said) = policy(&ready.protocol, &ready.projection, &beside);
        let given = Given { policy, beside: beside.profile.is_some(), name };
        if said.is_empty() { Ok(given) } else { Err(said) }
    });
    judged.map_err(|said| findings(&ready.front.sources, said, terminal)).ok()
}

/// The table of a policy; none if it cannot be one, which has then been shown.
pub fn table(policy: &Policy, ready: &Ready, terminal: &mut Terminal) -> Option<Table> {
    let made = guards::table(policy, &ready.protocol, &ready.programs);
    made.map_err(|said| findings(&ready.front.sources, vec![*said], terminal)).ok()
}
