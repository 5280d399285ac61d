//! The command: arguments, files, terminal, exit status.
//!
//! Exit status: 0 fine (warnings and notes too), 1 errors found or a session that did not complete, 2 wrong usage.
//! Data and findings go to standard output, talk to standard error. Is not: where anything is decided of protocols.

pub mod answers;
pub mod args;
pub mod breaking;
pub mod check;
pub mod compile;
pub mod engine;
pub mod explain;
pub mod fmt;
pub mod guards;
pub mod init;
pub mod log;
pub mod new;
pub mod play;
pub mod project;
pub mod run;
pub mod scenario;
pub mod source;
pub mod terminal;
pub mod token;
pub mod validate;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::args::{Laban, Verb};
use crate::cli::terminal::Terminal;
use crate::host::files::reason;

/// How a verb ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// Nothing is wrong.
    Fine,
    /// Errors were found, or a session did not complete.
    Errors,
    /// The command was not used rightly, or the machine did not let it work.
    Usage,
}

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let laban = Laban::parse();
    let mut terminal = Terminal::default();
    let done = match &laban.verb {
        Verb::New(args) => new::new(args, &mut terminal),
        Verb::Check(args) => check::check(args, &mut terminal),
        Verb::Fmt(args) => fmt::fmt(args, &mut terminal),
        Verb::Project(args) => project::project(args, &mut terminal),
        Verb::Compile(args) => compile::compile(args, &mut terminal),
        Verb::Validate(args) => validate::validate(args, &mut terminal),
        Verb::Breaking(args) => breaking::breaking(args, &mut terminal),
        Verb::Run(args) => run::run(args, &mut terminal),
        Verb::Log(args) => log::log(args, &mut terminal),
        Verb::Bindings(args) => init::bindings(args, &mut terminal),
        Verb::Guards(args) => guards::guards(args, &mut terminal),
        Verb::Token(args) => token::token(args, &mut terminal),
        Verb::Serve(args) => engine::serve::serve(args, &mut terminal),
        Verb::Start(args) => engine::sessions::start(args, &mut terminal),
        Verb::Sessions(args) => engine::sessions::list(args, &mut terminal),
        Verb::Show(args) => engine::sessions::show(args, &mut terminal),
        Verb::Cancel(args) => engine::sessions::cancel(args, &mut terminal),
        Verb::Events(args) => engine::sessions::events(args, &mut terminal),
        Verb::Status(at) => engine::versions::status(at, &mut terminal),
        Verb::Deploy(at) => engine::versions::deploy(at, &mut terminal),
        Verb::Versions(args) => engine::versions::versions(args, &mut terminal),
        Verb::Rollback(args) => engine::versions::rollback(args, &mut terminal),
        Verb::Drain(args) => engine::versions::drain(args, &mut terminal),
        Verb::Handlers(at) => engine::versions::handlers(at, &mut terminal),
        Verb::Explain(args) => Ok(explain::explain(args, &mut terminal)),
    };
    let mut exit = done.unwrap_or_else(|error: anyhow::Error| {
        terminal.say(&format!("laban: {error:#}"));
        Exit::Usage
    });
    if let Some(failure) = terminal.failure() {
        terminal.say(&format!("laban: standard output takes no more: {}", reason(&failure)));
        exit = Exit::Errors;
    }
    match exit {
        Exit::Fine => ExitCode::SUCCESS,
        Exit::Errors => ExitCode::from(1),
        Exit::Usage => ExitCode::from(2),
    }
}
