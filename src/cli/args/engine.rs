//! The options of verbs that are an engine, or talk to one.
//!
//! Is not: judged here; the engine says what it refuses.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use tracing::Level;

use crate::cli::args::Verdicts;

/// Which engine, and how its answer is shown.
#[derive(Args, Debug)]
pub struct At {
    /// The directory in which the engine is at work
    #[arg(long = "dir", value_name = "DIR", default_value = ".")]
    pub directory: PathBuf,
    /// How the answer is shown
    #[arg(long, value_enum, default_value_t = Verdicts::Human)]
    pub format: Verdicts,
}

/// `laban serve`
#[derive(Args, Debug)]
#[command(after_help = SERVE_EXAMPLES)]
pub struct Serve {
    /// The directory of protocols; its settings are in laban.yaml (schemas/laban.schema.json), all of them optional
    #[arg(default_value = ".")]
    pub directory: PathBuf,
    /// Where the control interface listens; 127.0.0.1:7411 if neither this nor laban.yaml says so
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
    /// How much is logged; what roles log is shown with debug
    #[arg(long, value_enum, default_value_t = Log::Info)]
    pub log: Log,
}

/// `laban start`
#[derive(Args, Debug)]
#[command(after_help = START_EXAMPLES)]
pub struct Start {
    /// The protocol
    pub protocol: String,
    /// A parameter of the session, its value as JSON or as plain text
    #[arg(long = "input", value_name = "NAME=JSON")]
    pub inputs: Vec<String>,
    /// Wait for the end of the session, a minute at most, and show it
    #[arg(long)]
    pub watch: bool,
    /// Wait for the end of the session, a minute at most
    #[arg(long)]
    pub wait: bool,
    /// A second start with this key gives the session of the first one
    #[arg(long, value_name = "TEXT")]
    pub key: Option<String>,
    /// Which engine.
    #[command(flatten)]
    pub at: At,
}

/// `laban sessions`
#[derive(Args, Debug)]
pub struct List {
    /// Only these: running, completed or aborted
    #[arg(long)]
    pub state: Option<String>,
    /// Only those of this protocol
    #[arg(long, value_name = "NAME")]
    pub protocol: Option<String>,
    /// Only those with a greater number
    #[arg(long, value_name = "ID", default_value_t = 0)]
    pub after: u64,
    /// So many, at most
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub limit: usize,
    /// Which engine.
    #[command(flatten)]
    pub at: At,
}

/// `laban show`
#[derive(Args, Debug)]
pub struct Show {
    /// The session's number
    pub id: u64,
    /// Which engine.
    #[command(flatten)]
    pub at: At,
}

/// `laban cancel`
#[derive(Args, Debug)]
pub struct Cancel {
    /// The session's number
    pub id: u64,
    /// Which engine.
    #[command(flatten)]
    pub at: At,
}

/// `laban events`
#[derive(Args, Debug)]
pub struct Events {
    /// Only those of this session; ends with it
    #[arg(long, value_name = "ID")]
    pub session: Option<u64>,
    /// The directory in which the engine is at work
    #[arg(long = "dir", value_name = "DIR", default_value = ".")]
    pub directory: PathBuf,
}

/// `laban versions`, `laban drain`
#[derive(Args, Debug)]
pub struct Named {
    /// The protocol
    pub protocol: String,
    /// Which engine.
    #[command(flatten)]
    pub at: At,
}

/// `laban rollback`
#[derive(Args, Debug)]
pub struct Rollback {
    /// The protocol
    pub protocol: String,
    /// The beginning of the version; the newest that is not active if not given
    #[arg(long, value_name = "VERSION")]
    pub version: Option<String>,
    /// Which engine.
    #[command(flatten)]
    pub at: At,
}

/// `laban log`
#[derive(Args, Debug)]
pub struct LogOf {
    /// What to do.
    #[command(subcommand)]
    pub act: LogAct,
}

/// What `laban log` does.
#[derive(Subcommand, Debug)]
pub enum LogAct {
    /// Say how many entries it holds, and where it is damaged if it is; changes nothing
    Check(LogAt),
    /// Cut it where it is damaged first; what is cut is kept beside it
    Repair(LogAt),
}

/// Whose log.
#[derive(Args, Debug)]
pub struct LogAt {
    /// The directory of an engine that does not run
    #[arg(value_name = "DIR", default_value = ".")]
    pub directory: PathBuf,
}

/// How much is logged.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
#[expect(missing_docs, reason = "named as on the command line")]
pub enum Log {
    Error,
    Warn,
    Info,
    Debug,
}

impl Log {
    /// As the log knows it.
    #[must_use]
    pub const fn level(self) -> Level {
        match self {
            Self::Error => Level::ERROR,
            Self::Warn => Level::WARN,
            Self::Info => Level::INFO,
            Self::Debug => Level::DEBUG,
        }
    }
}

const SERVE_EXAMPLES: &str = "\
Examples:
  laban serve                                     the protocols of this directory
  laban serve protocols --listen 127.0.0.1:7412
Signals: TERM and INT stop it (a second one at once), HUP has it look at its directory again.";
const START_EXAMPLES: &str = "\
Examples:
  laban start Lunch --watch
  laban start Lunch --input 'limit=12' --key order-17 --dir protocols --format json";
