//! The options of verbs that write files to begin with.
//!
//! Is not: judged here; what is there already the verbs find out.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::cli::args::Choose;

/// `laban new`
#[derive(Args, Debug)]
#[command(after_help = NEW_EXAMPLES)]
pub struct New {
    /// The directory to make
    pub directory: PathBuf,
    /// What to begin with
    #[arg(long, value_enum, default_value_t = Template::Quorum)]
    pub template: Template,
}

/// What a directory begins with.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub enum Template {
    /// Members vote on a proposal; enough of them decide, in time
    Quorum,
    /// A client asks, a server looks the answer up
    Request,
    /// A primary hands items to a backup, again where that fails
    Sync,
}

/// `laban bindings`
#[derive(Args, Debug)]
pub struct Bindings {
    /// What to do.
    #[command(subcommand)]
    pub act: BindingsAct,
}

/// What `laban bindings` does.
#[derive(Subcommand, Debug)]
pub enum BindingsAct {
    /// Write the bindings of a protocol beside it: every role, with what it will be asked
    Init(Init),
}

/// `laban bindings init`, `laban guards init`
#[derive(Args, Debug)]
#[command(after_help = INIT_EXAMPLES)]
pub struct Init {
    /// Which protocol.
    #[command(flatten)]
    pub choose: Choose,
    /// The file to write, which may not be there yet, or - for standard output; beside the protocol if not given
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

const NEW_EXAMPLES: &str = "\
Examples:
  laban new vote
  laban new desk --template request";
const INIT_EXAMPLES: &str = "\
Examples:
  laban bindings init lunch.choreo        writes lunch.bindings.yaml
  laban guards init lunch.choreo          writes lunch.guards.yaml
  laban guards init lunch.choreo -o -     only prints it";
