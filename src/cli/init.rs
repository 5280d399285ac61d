//! `laban bindings init` and `laban guards init`: settings beside a protocol, to be filled in.
//!
//! Nothing is ever overwritten. Is not: where the settings are made; `tools::init` is.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::bytecode::program::Program;
use crate::cli::Exit;
use crate::cli::args::{Bindings, BindingsAct, Init};
use crate::cli::guards::given;
use crate::cli::source::{Ready, built, show};
use crate::cli::terminal::Terminal;
use crate::host::files;
use crate::tools::guards::{Beside, policy};
use crate::tools::init;

/// Writes the bindings of a protocol.
///
/// # Errors
/// For wrong usage: no or several protocols, a file that is there already.
pub fn bindings(args: &Bindings, terminal: &mut Terminal) -> Result<Exit> {
    let BindingsAct::Init(args) = &args.act;
    let Some(mut ready) = built(&args.choose, terminal)? else { return Ok(Exit::Errors) };
    let place = place(args, &ready, "bindings.yaml")?;
    let Some(given) = given(None, &mut ready, terminal) else { return Ok(Exit::Errors) };
    let programs: Vec<&Program> = ready.programs.iter().collect();
    let next = format!("laban run {} --trace diagram", ready.file);
    write(place.as_deref(), &init::bindings(&programs, &given.policy), &next, terminal)
}

/// Writes the guard profile of a protocol.
///
/// # Errors
/// For wrong usage: no or several protocols, a file that is there already.
pub fn guards(args: &Init, terminal: &mut Terminal) -> Result<Exit> {
    let Some(ready) = built(&args.choose, terminal)? else { return Ok(Exit::Errors) };
    let place = place(args, &ready, "guards.yaml")?;
    let (policy, said) = policy(&ready.protocol, &ready.projection, &Beside::default());
    if !said.is_empty() {
        show(&ready.front.sources, said, terminal);
        return Ok(Exit::Errors);
    }
    let programs: Vec<&Program> = ready.programs.iter().collect();
    let next = format!("laban guards plan {}", ready.file);
    write(place.as_deref(), &init::guards(&programs, &policy), &next, terminal)
}

/// Where the settings go; none for standard output.
fn place(args: &Init, ready: &Ready, extension: &str) -> Result<Option<PathBuf>> {
    let place = match &args.output {
        Some(output) if output.as_os_str() == "-" => return Ok(None),
        Some(output) => output.clone(),
        None if files::is_stdin(&args.choose.path) => {
            bail!("standard input has no place beside it; name a file with -o FILE, or print with -o -")
        }
        None => Path::new(&ready.file).with_extension(extension),
    };
    if place.exists() {
        bail!(
            "`{}` is there already and stays as it is; -o - prints what would be written, -o FILE writes it elsewhere",
            place.display()
        );
    }
    Ok(Some(place))
}

fn write(place: Option<&Path>, text: &str, next: &str, terminal: &mut Terminal) -> Result<Exit> {
    match place {
        None => terminal.data(text),
        Some(place) => {
            let written = files::create(place, text.as_bytes());
            written
                .map_err(|error| anyhow::anyhow!("{}", files::reason(&error)))
                .with_context(|| format!("`{}` cannot be written", place.display()))?;
            terminal.say(&format!("`{}` is written; next: {next}", place.display()));
        }
    }
    Ok(Exit::Fine)
}
