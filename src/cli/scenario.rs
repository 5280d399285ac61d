//! `laban run --scenario`: every scenario of a file, each in a session of its own.
//!
//! The protocol is the one given on the command line, or the one that the scenario names, beside its own file.
//! Is not: the run of a scenario; `tools::scenario` is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use anyhow::{Result, bail};

use crate::cli::args::{Choose, Report, Run};
use crate::cli::source::{built, front, show, summary};
use crate::cli::terminal::{Stream, Terminal, style};
use crate::cli::{Exit, guards, run};
use crate::config::scenario::{self, Scenario};
use crate::diag::Diagnostic;
use crate::diag::code::Code;
use crate::diag::render::{Format, render};
use crate::diag::source::{Sources, Span};
use crate::guard::Table;
use crate::host::files;
use crate::machine::cast::Cast;
use crate::tools::choose::families;
use crate::tools::run::{params, vocabulary};
use crate::tools::scenario::stepper::Setup;
use crate::tools::scenario::{About, Manual, Played, Stepper, play, report};
use crate::tools::trace::Stage;

/// Whether a path is one of a file of scenarios.
#[must_use]
pub fn is_table(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "scn")
}

/// Runs the scenarios of a file and says which of them went as expected.
///
/// # Errors
/// For wrong usage: a protocol that is not clear, a family that is not there.
pub fn run(args: &Run, file: &Path, terminal: &mut Terminal) -> Result<Exit> {
    if args.script.is_some() || args.play.is_some() || !args.inputs.is_empty() {
        bail!("a scenario says itself what is answered; --script, --play and --input are for other runs");
    }
    let mut sources = Sources::default();
    let name = file.to_string_lossy();
    let name = name.strip_prefix("./").unwrap_or(&name);
    let text = match files::text(file) {
        Ok(text) => text,
        Err(unread) => {
            let (sources, said) = unread.said(name);
            show(&sources, said, terminal);
            return Ok(Exit::Errors);
        }
    };
    let source = sources.add(name, text.as_str());
    let (table, said) = scenario::read(source, &text);
    let Some(table) = table else {
        show(&sources, said, terminal);
        return Ok(Exit::Errors);
    };
    let scenarios = table.scenarios();
    if scenarios.is_empty() {
        let nothing = Diagnostic::new(Code::E0431, Span::new(source, 0, 0), "there is no scenario here");
        show(&sources, vec![nothing.help("begin with `protocol FILE` and `open`")], terminal);
        return Ok(Exit::Errors);
    }
    let mut theatre = Theatre { args, file, stages: BTreeMap::new() };
    let mut wrong = Vec::new();
    let mut ready = Vec::new();
    for scenario in &scenarios {
        match theatre.stage(scenario, terminal)? {
            Found::Missing(diagnostic) => wrong.push(*diagnostic),
            // What is wrong with a protocol has been shown.
            Found::Broken => return Ok(Exit::Errors),
            Found::Ready(play) => {
                wrong.extend(scenario::judge(scenario, &play.about.words, &play.about.params));
                ready.push(play);
            }
        }
    }
    if !wrong.is_empty() {
        show(&sources, wrong, terminal);
        return Ok(Exit::Errors);
    }
    let played: Vec<Played> = scenarios
        .iter()
        .zip(&ready)
        .map(|(scenario, ready)| perform(args, scenario, ready, terminal))
        .collect();
    Ok(told(args, name, &played, &sources, terminal))
}

/// A protocol that is ready to be played.
struct Ready {
    cast: Arc<Cast>,
    stage: Stage,
    guards: Table,
    about: About,
}

/// What was found of a scenario's protocol.
enum Found {
    Ready(Rc<Ready>),
    Broken,
    Missing(Box<Diagnostic>),
}

/// Protocols by path, name and sizes, each built once.
struct Theatre<'a> {
    args: &'a Run,
    file: &'a Path,
    stages: BTreeMap<String, Rc<Ready>>,
}

impl Theatre<'_> {
    fn stage(&mut self, scenario: &Scenario<'_>, terminal: &mut Terminal) -> Result<Found> {
        let given = &self.args.choose;
        let named = scenario.protocol();
        let path = if is_table(&given.path) {
            let Some((file, _)) = named else {
                let message = "the scenario does not say which protocol it is about";
                let missing = Diagnostic::new(Code::E0409, scenario.at, message);
                let missing =
                    missing.help("begin with `protocol FILE`, or name the file before `--scenario`");
                return Ok(Found::Missing(Box::new(missing)));
            };
            beside(self.file, &file.it)
        } else {
            given.path.clone()
        };
        let protocol = given.protocol.clone().or_else(|| Some(named?.1?.it.clone()));
        if let Some(missing) = no_family(&path, scenario) {
            return Ok(Found::Missing(Box::new(missing)));
        }
        let mut sizes: Vec<(String, u32)> =
            scenario.sizes().into_iter().map(|(name, count)| (name.it.clone(), count)).collect();
        sizes.extend(given.sizes.iter().cloned());
        let key = format!("{path:?} {protocol:?} {sizes:?}");
        if let Some(ready) = self.stages.get(&key) {
            return Ok(Found::Ready(ready.clone()));
        }
        let Some(mut ready) = built(&Choose { path, protocol, sizes }, terminal)? else {
            return Ok(Found::Broken);
        };
        let held = guards::given(self.args.guards.as_deref(), &mut ready, terminal);
        let Some(guards) = held.and_then(|given| guards::table(&given.policy, &ready, terminal)) else {
            return Ok(Found::Broken);
        };
        let lanes = ready.protocol.lanes.iter().map(|lane| lane.name.clone()).collect();
        let stage = Stage::new(&ready.programs, lanes);
        let cast = match Cast::link(ready.programs) {
            Ok(cast) => Arc::new(cast),
            Err(rejection) => {
                bail!("the programs do not fit together, which is a mistake of Laban: {rejection:?}")
            }
        };
        let about = About { words: vocabulary(cast.programs()), params: params(cast.programs()) };
        let ready = Rc::new(Ready { cast, stage, guards, about });
        self.stages.insert(key, ready.clone());
        Ok(Found::Ready(ready))
    }
}

/// What is wrong with the sizes of a scenario.
fn no_family(path: &PathBuf, scenario: &Scenario<'_>) -> Option<Diagnostic> {
    let sizes = scenario.sizes();
    if sizes.is_empty() {
        return None;
    }
    let front = front(std::slice::from_ref(path));
    sizes.into_iter().find_map(|(name, _)| {
        let wrong = families(&front, [name.it.as_str()]).err()?;
        Some(Diagnostic::new(Code::E0406, name.at, wrong.to_string()))
    })
}

/// A path as the file of scenarios writes it: beside that file.
fn beside(file: &Path, path: &str) -> PathBuf {
    file.parent().unwrap_or(Path::new("")).join(path)
}

/// Plays one scenario, with its trace if one is wanted.
fn perform(args: &Run, scenario: &Scenario<'_>, ready: &Ready, terminal: &mut Terminal) -> Played {
    let mut trace = run::trace(args.trace.unwrap_or(crate::cli::args::Trace::None), ready.stage.clone());
    let mut out = |line: &str| terminal.data(&format!("{line}\n"));
    let (cast, stage) = (ready.cast.clone(), ready.stage.clone());
    if scenario.is_manual() {
        return play(scenario, &ready.about, &mut Manual::new(cast, stage));
    }
    let auto = scenario.auto().into_iter().map(str::to_owned).collect();
    let guards = Some(ready.guards.clone());
    let idle_timeout = scenario.idle().map(|idle| idle.it).or(args.idle_timeout);
    let setup = Setup { cast, stage, seed: scenario.seed(), auto, idle_timeout, guards };
    let mut driver = Stepper::new(setup, trace.as_mut(), &mut out);
    play(scenario, &ready.about, &mut driver)
}

/// Prints what came of them.
fn told(args: &Run, name: &str, played: &[Played], sources: &Sources, terminal: &mut Terminal) -> Exit {
    let differences: Vec<Diagnostic> = played.iter().filter_map(|one| one.difference.clone()).collect();
    if args.report == Some(Report::Json) {
        terminal.data(&format!("{}\n", report::json(name, played, sources)));
        let format = Format::Human(style(Stream::Err));
        terminal.write(Stream::Err, &render(format, sources, &differences));
    } else {
        terminal.data(&report::human(name, played));
        terminal.data(&render(Format::Human(style(Stream::Out)), sources, &differences));
    }
    terminal.say(&report::summary(name, played));
    if differences.is_empty() {
        return Exit::Fine;
    }
    summary(&differences, 1, terminal);
    Exit::Errors
}
