//! `laban run`: one session of a protocol, all roles in this process, with its trace on standard output.
//!
//! Roles answer as the script says, or as the bindings beside the file say, or generated from the seed; a person
//! may play one of them. Is not: the run; `tools::run` is, on a virtual clock.

use std::collections::BTreeMap;
use std::io::{self, BufReader};
use std::sync::Arc;

use anyhow::{Result, bail};

use crate::base::json;
use crate::base::value::Value;
use crate::cli::Exit;
use crate::cli::answers::participant;
use crate::cli::args::{Run, Trace as Wanted};
use crate::cli::guards;
use crate::cli::play::Person;
use crate::cli::scenario::{self, is_table};
use crate::cli::source::{Ready, built, one_of_roles};
use crate::cli::terminal::{Stream, Terminal, columns, is_terminal, style};
use crate::config::input;
use crate::diag::Diagnostic;
use crate::diag::code::Code;
use crate::diag::render::{Format, render};
use crate::diag::source::Span;
use crate::effect::participant::Participant;
use crate::engine::effect::Trouble;
use crate::host::files::is_stdin;
use crate::machine::cast::Cast;
use crate::tools::run::{
    Ending, STEPS_MAX_DEFAULT, Setup, invent_missing, outside_effects, params, run as drive,
};
use crate::tools::trace::json::Lines;
use crate::tools::trace::{Silent, Stage, Trace, for_people};

/// Runs a session and says how it ended.
///
/// # Errors
/// For wrong usage: no or several protocols, an unknown role or input.
pub fn run(args: &Run, terminal: &mut Terminal) -> Result<Exit> {
    let own = Some(args.choose.path.as_path()).filter(|path| is_table(path));
    if let Some(table) = args.scenario.as_deref().or(own) {
        return scenario::run(args, table, terminal);
    }
    if args.play.is_some() && is_stdin(&args.choose.path) {
        bail!("standard input cannot be both the protocol and the person who plays a role");
    }
    let Some(mut ready) = built(&args.choose, terminal)? else { return Ok(Exit::Errors) };
    if args.play.is_some() {
        one_of_roles(&ready.protocol, args.play.as_deref())?;
    }
    let lanes = ready.protocol.lanes.iter().map(|lane| lane.name.clone()).collect();
    let stage = Stage::new(&ready.programs, lanes);
    let Some(given) = guards::given(args.guards.as_deref(), &mut ready, terminal) else {
        return Ok(Exit::Errors);
    };
    let Some(table) = guards::table(&given.policy, &ready, terminal) else { return Ok(Exit::Errors) };
    let cast = match Cast::link(std::mem::take(&mut ready.programs)) {
        Ok(cast) => Arc::new(cast),
        Err(rejection) => {
            bail!("the programs do not fit together, which is a mistake of Laban: {rejection:?}")
        }
    };
    let Some(inputs) = inputs(args, &mut ready, &cast, terminal) else { return Ok(Exit::Usage) };
    let Some(others) = participant(args, &mut ready, &cast, terminal) else { return Ok(Exit::Errors) };
    for effect in outside_effects(cast.programs()) {
        terminal.say(&format!("`{effect}` is not built in: its outcomes are scripted or generated"));
    }
    let mut players: Box<dyn Participant> = match &args.play {
        Some(role) => {
            let input = BufReader::new(io::stdin());
            Box::new(Person { role: role.clone(), input, output: io::stderr(), others })
        }
        None => others,
    };
    let steps_max = args.max_steps.unwrap_or(STEPS_MAX_DEFAULT);
    let (guards, charges) = (Some(table), given.beside);
    let setup =
        Setup { cast, inputs, seed: args.seed, steps_max, idle_timeout: args.idle_timeout, guards, charges };
    let mut trace = trace(wanted(args), stage);
    let report =
        drive(&setup, players.as_mut(), trace.as_mut(), &mut |line| terminal.data(&format!("{line}\n")));
    Ok(match report.ending {
        Ending::Completed => {
            terminal.say(&format!(
                "{} completed: seed {}, {} steps",
                ready.protocol.name, args.seed, report.steps
            ));
            Exit::Fine
        }
        Ending::Aborted(trouble) => {
            let role = trouble.role.and_then(|role| ready.protocol.roles.get(role.index()));
            let at = role.map_or_else(String::new, |role| format!(", at `{}`", role.name));
            let Trouble { code, reason, place, .. } = trouble;
            let place = place.and_then(|place| ready.front.sources.place(place));
            let place = place.map_or_else(String::new, |place| format!(", {place}"));
            let name = &ready.protocol.name;
            terminal.say(&format!(
                "{name} aborted: {code}: {reason}{at}{place}; `laban explain {code}` says more"
            ));
            Exit::Errors
        }
        Ending::Stopped(steps) => {
            let name = &ready.protocol.name;
            terminal.say(&format!("{name} was stopped after {steps} steps; --max-steps allows more"));
            Exit::Errors
        }
    })
}

/// What is shown of a run: as asked, or a diagram for a terminal and JSON for everything else.
fn wanted(args: &Run) -> Wanted {
    match args.trace {
        Some(wanted) => wanted,
        None if is_terminal(Stream::Out) => Wanted::Diagram,
        None => Wanted::Json,
    }
}

/// What writes the session down.
pub(super) fn trace(wanted: Wanted, stage: Stage) -> Box<dyn Trace> {
    match wanted {
        Wanted::Diagram => for_people(stage, columns()),
        Wanted::Json => Box::new(Lines::new(stage)),
        Wanted::None => Box::new(Silent),
    }
}

/// The session's parameters: given, or invented and told; none if one cannot be used, which has then been said.
fn inputs(
    args: &Run,
    ready: &mut Ready,
    cast: &Cast,
    terminal: &mut Terminal,
) -> Option<Vec<(Arc<str>, Value)>> {
    let params = params(cast.programs());
    let mut values = BTreeMap::new();
    let mut wrong = Vec::new();
    for given in &args.inputs {
        let source = ready.front.sources.add("--input", given.as_str());
        match input::read(source, given, &params) {
            Ok((name, value)) => {
                if values.insert(name.clone(), value).is_some() {
                    let place = Span::new(source, 0, name.len() as u32);
                    let twice = Diagnostic::new(Code::E0412, place, format!("`{name}` is given twice"));
                    wrong.push(twice.help("keep one of them"));
                }
            }
            Err(diagnostic) => wrong.push(*diagnostic),
        }
    }
    if !wrong.is_empty() {
        let format = Format::Human(style(Stream::Err));
        terminal.write(Stream::Err, &render(format, &ready.front.sources, &wrong));
        return None;
    }
    for name in invent_missing(&params, &mut values, args.seed) {
        let value = values.get(&name).map_or_else(String::new, json::to_text);
        terminal.say(&format!("`{name}` is not given and was made up: --input '{name}={value}'"));
    }
    Some(values.into_iter().collect())
}
