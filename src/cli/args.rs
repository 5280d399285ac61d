//! The command line: verbs and their options, read by `clap`.
//!
//! Wrong usage ends the program with status 2 and a sentence on standard error.
//! Is not: judged further here; what needs the files to be judged (is there such a family?) the verbs judge.

mod engine;
mod made;

pub use self::engine::{
    At, Cancel, Events, List, Log, LogAct, LogAt, LogOf, Named, Rollback, Serve, Show, Start,
};
pub use self::made::{Bindings, BindingsAct, Init, New, Template};

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::base::json;
use crate::base::time::Duration;
use crate::guard::policy::CONTEXT;

/// Checks, formats, explains, projects, compiles and runs choreographies
#[derive(Parser, Debug)]
#[command(name = "laban", version, disable_help_subcommand = true)]
pub struct Laban {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What to do.
#[derive(Subcommand, Debug)]
pub enum Verb {
    /// Write a directory that runs at once: a protocol, its guards, who answers for its roles, a handler to edit
    New(New),
    /// Say what is wrong with protocols, or nothing
    Check(Check),
    /// Rewrite files in the canonical form
    Fmt(Fmt),
    /// Print the page of a code, or the table of all codes
    Explain(Explain),
    /// Show what each role does
    Project(Project),
    /// Make the programs of the roles
    Compile(Compile),
    /// Explore every run of compiled protocols, and say what holds of all of them
    Validate(Validate),
    /// Compare two versions of protocols: whether roles of the new one can stand in sessions of the old one
    Breaking(Breaking),
    /// Run one session of a protocol, all roles in this process
    Run(Run),
    /// Run an engine in a directory: it loads the protocols, watches them, and keeps sessions whatever happens
    Serve(Serve),
    /// Start a session on an engine
    Start(Start),
    /// List the sessions of an engine
    Sessions(List),
    /// Show a session: the diagram so far, where each role waits, what was spent
    Show(Show),
    /// End a session from outside
    Cancel(Cancel),
    /// Print what happens on an engine as it happens, a line of JSON each
    Events(Events),
    /// Show how an engine and its directory stand
    Status(At),
    /// Have an engine look at its directory now, and say what is wrong with it
    Deploy(At),
    /// List the versions of a protocol
    Versions(Named),
    /// Have new sessions of a protocol take a version from before
    Rollback(Rollback),
    /// Have a protocol take no new sessions
    Drain(Named),
    /// List handlers, and how they do
    Handlers(At),
    /// Say what the log of a directory holds and whether it is whole, or cut it where it is not
    Log(LogOf),
    /// Write who answers for the roles of a protocol, to be filled in
    Bindings(Bindings),
    /// Show what each message needs and costs, or write it down to be changed
    Guards(Guards),
    /// Make, narrow, look at and take back tokens that say what a role may do
    Token(Token),
}

/// `laban check`
#[derive(Args, Debug)]
#[command(after_help = CHECK_EXAMPLES)]
pub struct Check {
    /// Files, directories (searched for *.choreo), or - for standard input; the current directory if none is given
    pub paths: Vec<PathBuf>,
    /// How findings are shown
    #[arg(long, value_enum, default_value_t = Form::Human)]
    pub format: Form,
    /// Print a report of every protocol on standard output; findings go to standard error
    #[arg(long, value_enum)]
    pub report: Option<Report>,
    /// What to do where a role has to be told of a choice
    #[arg(long, value_enum, default_value_t = Amend::Auto)]
    pub amend: Amend,
    /// How many members a family has, by the name of the family or of its size; 3 where not given
    #[arg(long = "size", value_name = "FAMILY=N", value_parser = size)]
    pub sizes: Vec<(String, u32)>,
    /// Apply the safe fixes, then check again
    #[arg(long)]
    pub fix: bool,
}

/// `laban fmt`
#[derive(Args, Debug)]
#[command(after_help = FMT_EXAMPLES)]
pub struct Fmt {
    /// Files (*.scn too), directories (searched for *.choreo), or - to read standard input and write standard output
    pub paths: Vec<PathBuf>,
    /// Change nothing; list the files that would change, and end with status 1 if there are any
    #[arg(long)]
    pub check: bool,
}

/// `laban explain`
#[derive(Args, Debug)]
#[command(after_help = EXPLAIN_EXAMPLES)]
pub struct Explain {
    /// A code such as E0201, or `opcodes` for those of programs; without one, the table of all codes
    pub code: Option<String>,
}

/// Which protocol, of which sizes.
#[derive(Args, Debug)]
pub struct Choose {
    /// A file, a directory, or - for standard input
    pub path: PathBuf,
    /// Which protocol, where there are several
    #[arg(long, value_name = "NAME")]
    pub protocol: Option<String>,
    /// How many members a family has, by the name of the family or of its size; 3 where not given
    #[arg(long = "size", value_name = "FAMILY=N", value_parser = size)]
    pub sizes: Vec<(String, u32)>,
}

/// `laban project`
#[derive(Args, Debug)]
#[command(after_help = PROJECT_EXAMPLES)]
pub struct Project {
    /// Which protocol.
    #[command(flatten)]
    pub choose: Choose,
    /// Only this role
    #[arg(long, value_name = "ROLE")]
    pub role: Option<String>,
    /// How automata are shown
    #[arg(long, value_enum, default_value_t = Drawing::Text)]
    pub format: Drawing,
}

/// `laban compile`
#[derive(Args, Debug)]
#[command(after_help = COMPILE_EXAMPLES)]
pub struct Compile {
    /// Which protocol.
    #[command(flatten)]
    pub choose: Choose,
    /// Only this role
    #[arg(long, value_name = "ROLE")]
    pub role: Option<String>,
    /// Text for people, or bytes for nodes (of one role)
    #[arg(long, value_enum, default_value_t = Emit::Asm)]
    pub emit: Emit,
    /// Where to write; standard output if not given
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// `laban validate`
#[derive(Args, Debug)]
#[command(after_help = VALIDATE_EXAMPLES)]
pub struct Validate {
    /// A file, a directory (searched for *.choreo), or - for standard input
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
    /// How many members a family has, by the name of the family or of its size; 3 where not given
    #[arg(long = "size", value_name = "FAMILY=N", value_parser = size)]
    pub sizes: Vec<(String, u32)>,
    /// Moves in a row, at most; 100000 if not given
    #[arg(long, value_name = "N")]
    pub depth: Option<u32>,
    /// States of one protocol, at most; 1000000 if not given
    #[arg(long, value_name = "N")]
    pub states: Option<usize>,
    /// The guard profile (schemas/guard-profile.schema.json) of the protocol that it names; otherwise the *.guards.yaml
    /// beside each
    #[arg(long, value_name = "FILE")]
    pub guards: Option<PathBuf>,
    /// What does not happen
    #[arg(long, value_enum, value_name = "WHAT", value_delimiter = ',')]
    pub without: Vec<Without>,
    /// How verdicts are shown
    #[arg(long, value_enum, default_value_t = Verdicts::Human)]
    pub format: Verdicts,
    /// Keep the run that shows the first thing that is wrong, as a scenario that `run` plays again
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,
}

/// `laban breaking`
#[derive(Args, Debug)]
#[command(after_help = BREAKING_EXAMPLES)]
pub struct Breaking {
    /// The version before: a file, or a directory (searched for *.choreo)
    pub old: PathBuf,
    /// The version that takes its place; protocols are matched by name
    pub new: PathBuf,
    /// How many members a family has, by the name of the family or of its size; 3 where not given
    #[arg(long = "size", value_name = "FAMILY=N", value_parser = size)]
    pub sizes: Vec<(String, u32)>,
    /// States of one protocol, at most, all its roles together; 1000000 if not given
    #[arg(long, value_name = "N")]
    pub states: Option<usize>,
    /// How verdicts are shown
    #[arg(long, value_enum, default_value_t = Verdicts::Human)]
    pub format: Verdicts,
}

/// `laban run`
#[derive(Args, Debug)]
#[command(after_help = RUN_EXAMPLES)]
pub struct Run {
    /// Which protocol.
    #[command(flatten)]
    pub choose: Choose,
    /// A parameter of the session, its value as JSON; those left out are made up from the seed
    #[arg(long = "input", value_name = "NAME=JSON")]
    pub inputs: Vec<String>,
    /// Answers for the roles, as YAML (schemas/script.schema.json); otherwise the *.bindings.yaml beside the protocol
    #[arg(long, value_name = "FILE", conflicts_with = "play")]
    pub script: Option<PathBuf>,
    /// What messages need and cost (schemas/guard-profile.schema.json); otherwise the *.guards.yaml beside the protocol,
    /// and without one the profile of a fresh directory
    #[arg(long, value_name = "FILE")]
    pub guards: Option<PathBuf>,
    /// Run the scenarios of this file and compare what happens; PATH may also be such a file (*.scn) itself
    #[arg(long, value_name = "FILE", conflicts_with_all = ["play", "script", "inputs", "guards"])]
    pub scenario: Option<PathBuf>,
    /// Print a report of the scenarios on standard output; findings go to standard error
    #[arg(long, value_enum)]
    pub report: Option<Report>,
    /// Answer for this role in the terminal
    #[arg(long, value_name = "ROLE")]
    pub play: Option<String>,
    /// What decides everything that is left open
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Stop after so many messages, decisions and outcomes; 10000 if not given
    #[arg(long, value_name = "N")]
    pub max_steps: Option<u64>,
    /// Give the session up when nothing has happened in it for so long: 90s, 2h
    #[arg(long, value_name = "SPAN", value_parser = span)]
    pub idle_timeout: Option<Duration>,
    /// What is shown of the run; a diagram on a terminal and JSON elsewhere if not given
    #[arg(long, value_enum)]
    pub trace: Option<Trace>,
}

/// `laban guards`
#[derive(Args, Debug)]
pub struct Guards {
    /// What to do.
    #[command(subcommand)]
    pub act: GuardsAct,
}

/// What `laban guards` does.
#[derive(Subcommand, Debug)]
pub enum GuardsAct {
    /// For each send its capabilities, cost, leakage and facts; what a session spends at most; what would be denied
    Plan(Plan),
    /// Write the profile of a protocol beside it: every message that is sent, with what it needs and costs
    Init(Init),
}

/// `laban guards plan`
#[derive(Args, Debug)]
#[command(after_help = PLAN_EXAMPLES)]
pub struct Plan {
    /// Which protocol.
    #[command(flatten)]
    pub choose: Choose,
    /// The guard profile (schemas/guard-profile.schema.json); otherwise the *.guards.yaml beside the protocol
    #[arg(long, value_name = "FILE")]
    pub guards: Option<PathBuf>,
    /// How the plan is shown
    #[arg(long, value_enum, default_value_t = Verdicts::Human)]
    pub format: Verdicts,
}

/// `laban token`
#[derive(Args, Debug)]
#[command(after_help = TOKEN_EXAMPLES)]
pub struct Token {
    /// What to do.
    #[command(subcommand)]
    pub act: TokenAct,
}

/// What `laban token` does.
#[derive(Subcommand, Debug)]
pub enum TokenAct {
    /// Make the secret key of an authority, and print its public half
    Key(NewKey),
    /// Make a token that grants capabilities
    Mint(Mint),
    /// Make a token that grants less than another one; needs no key
    Attenuate(Attenuate),
    /// Print what a token says
    Inspect(Inspect),
    /// Write down the fact that takes a token back, and with it all that were made of it
    Revoke(Revoke),
}

/// `laban token key`
#[derive(Args, Debug)]
pub struct NewKey {
    /// Where the secret key goes: a new file that only its owner can read
    pub file: PathBuf,
}

/// What a token grants, or to what it is narrowed.
#[derive(Args, Debug)]
pub struct Granted {
    /// A capability, such as `approval:vote`; may be given several times
    #[arg(long = "capability", value_name = "NAME")]
    pub capabilities: Vec<String>,
    /// Only in this context; may be given several times
    #[arg(long = "context", value_name = "NAME")]
    pub contexts: Vec<String>,
    /// Only on this device, which in a run is a role; may be given several times
    #[arg(long = "device", value_name = "NAME")]
    pub devices: Vec<String>,
    /// Up to this epoch
    #[arg(long, value_name = "EPOCH")]
    pub until: Option<u64>,
}

/// `laban token mint`
#[derive(Args, Debug)]
pub struct Mint {
    /// The file of the authority's secret key
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// What it grants.
    #[command(flatten)]
    pub granted: Granted,
    /// Where the token goes: a new file that only its owner can read; standard output if not given, or -
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// `laban token attenuate`
#[derive(Args, Debug)]
pub struct Attenuate {
    /// The file of the token, or - for standard input
    pub token: PathBuf,
    /// What it grants at most.
    #[command(flatten)]
    pub granted: Granted,
    /// Where the token goes: a new file that only its owner can read; standard output if not given, or -
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// `laban token inspect`
#[derive(Args, Debug)]
pub struct Inspect {
    /// The file of the token, or - for standard input
    pub token: PathBuf,
    /// The public key of the authority that should have signed it
    #[arg(long, value_name = "KEY")]
    pub authority: Option<String>,
    /// How it is shown
    #[arg(long, value_enum, default_value_t = Verdicts::Human)]
    pub format: Verdicts,
}

/// `laban token revoke`
#[derive(Args, Debug)]
pub struct Revoke {
    /// The file of the token, or - for standard input
    pub token: PathBuf,
    /// The file to which the fact is added, a line; bindings name it as `revoked`
    #[arg(long, value_name = "FILE")]
    pub to: PathBuf,
    /// In which context
    #[arg(long, value_name = "NAME", default_value = CONTEXT)]
    pub context: String,
    /// Which block, counted from 0: every token with it is taken back. The last one if not given, which is this token
    #[arg(long, value_name = "N")]
    pub block: Option<usize>,
}

// What stands below the options of each verb.
const CHECK_EXAMPLES: &str = "\
Examples:
  laban check                                      everything below this directory
  laban check lunch.choreo --fix                   apply the safe fixes first
  laban check protocols --format short --size Worker=8
  laban check lunch.choreo --report json           roles, selections and bounds, for programs";
const FMT_EXAMPLES: &str = "\
Examples:
  laban fmt                    everything below this directory, in place
  laban fmt --check protocols  only say what would change
  laban fmt - < lunch.choreo   to standard output";
const EXPLAIN_EXAMPLES: &str = "\
Examples:
  laban explain E0201
  laban explain        every code, one a line";
const PROJECT_EXAMPLES: &str = "\
Examples:
  laban project lunch.choreo --role Ann
  laban project lunch.choreo --format dot | dot -Tsvg > lunch.svg";
const COMPILE_EXAMPLES: &str = "\
Examples:
  laban compile lunch.choreo --role Ann                          the program, to be read
  laban compile lunch.choreo --role Ann --emit binary -o ann.bin";
const VALIDATE_EXAMPLES: &str = "\
Examples:
  laban validate lunch.choreo
  laban validate protocols --size Worker=4 --without timeouts
  laban validate lunch.choreo --format json";
const BREAKING_EXAMPLES: &str = "\
Examples:
  laban breaking lunch.choreo new/lunch.choreo
  laban breaking protocols new/protocols --format json

Status 0: all compatible, or not proved to be otherwise. Status 1: something is incompatible or removed.";
const RUN_EXAMPLES: &str = "\
Examples:
  laban run lunch.choreo --trace diagram
  laban run lunch.choreo --seed 7 --input 'limit=12' --size Guest=4
  laban run lunch.choreo --script answers.yaml --trace json
  laban run lunch.choreo --play Ann
  laban run lunch.scn                                            every scenario of the file
  laban run lunch.choreo --scenario late.scn --trace diagram";

const TOKEN_EXAMPLES: &str = "\
Examples:
  laban token key lunch.key                                        a new key; its public half goes to `authorities` of bindings
  laban token mint --key lunch.key --capability lunch:order -o ann.token
  laban token attenuate ann.token --context local -o less.token
  laban token inspect less.token
  laban token revoke ann.token --to lunch.facts";

const PLAN_EXAMPLES: &str = "\
Examples:
  laban guards plan lunch.choreo
  laban guards plan lunch.choreo --guards strict.guards.yaml --format json";

/// How findings are shown.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
#[expect(missing_docs, reason = "named as on the command line")]
pub enum Form {
    Human,
    Short,
    Json,
    Github,
}

/// In which form a report is printed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
#[expect(missing_docs, reason = "named as on the command line")]
pub enum Report {
    Json,
}

/// What to do where a role has to be told of a choice.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub enum Amend {
    /// Insert selections and say so
    Auto,
    /// Judge the protocol as written
    Deny,
}

/// How automata are shown.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
#[expect(missing_docs, reason = "named as on the command line")]
pub enum Drawing {
    Text,
    Dot,
    Json,
}

/// What a compilation gives.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
#[expect(missing_docs, reason = "named as on the command line")]
pub enum Emit {
    Asm,
    Binary,
}

/// What does not happen while a protocol is validated.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
#[expect(missing_docs, reason = "named as on the command line")]
pub enum Without {
    Timeouts,
    Failures,
    Denials,
    Cancellations,
}

/// How verdicts are shown.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
#[expect(missing_docs, reason = "named as on the command line")]
pub enum Verdicts {
    Human,
    Json,
}

/// What is shown of a run.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
#[expect(missing_docs, reason = "named as on the command line")]
pub enum Trace {
    Diagram,
    Json,
    None,
}

/// Reads `Family=3`.
fn size(given: &str) -> Result<(String, u32), String> {
    match given.split_once('=') {
        Some((name, count)) if !name.trim().is_empty() => {
            let members =
                count.trim().parse().map_err(|_| format!("`{count}` is not a number of members"))?;
            Ok((name.trim().to_owned(), members))
        }
        _ => Err("expected a family and a number, as in `Worker=3`".to_owned()),
    }
}

/// A span of time as the language writes it.
fn span(text: &str) -> Result<Duration, String> {
    json::duration(text).ok_or_else(|| "a span of time is written like `250ms` or `2h`".to_owned())
}
