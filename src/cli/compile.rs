//! `laban compile`: the programs of the roles, to standard output or into a file.
//!
//! Bytes are of one role: a file holds one program. Is not: the compiler.

use anyhow::{Context, Result, bail};

use crate::bytecode::program::Program;
use crate::cli::Exit;
use crate::cli::args::{Compile, Emit};
use crate::cli::source::{built, one_of_roles};
use crate::cli::terminal::{Stream, Terminal, is_terminal};
use crate::host::files;
use crate::tools::compile::{binary, text};

/// Writes the programs of one role, or of all.
///
/// # Errors
/// For wrong usage: no or several protocols, an unknown role, bytes of several roles; and if the file cannot be
/// written.
pub fn compile(args: &Compile, terminal: &mut Terminal) -> Result<Exit> {
    let Some(ready) = built(&args.choose, terminal)? else { return Ok(Exit::Errors) };
    let wanted = one_of_roles(&ready.protocol, args.role.as_deref())?;
    let programs: Vec<&Program> = wanted.iter().filter_map(|role| ready.programs.get(role.index())).collect();
    let bytes = match (args.emit, programs.as_slice()) {
        (Emit::Asm, programs) => text(programs, &ready.front.sources).into_bytes(),
        (Emit::Binary, [one]) => binary(one),
        (Emit::Binary, _) => {
            let names: Vec<String> =
                programs.iter().map(|program| format!("`{}`", program.role_name())).collect();
            bail!("a binary holds the program of one role; choose with --role: {}", names.join(", "))
        }
    };
    match &args.output {
        Some(path) => {
            files::write(path, &bytes).with_context(|| format!("`{}` cannot be written", path.display()))?;
        }
        None if args.emit == Emit::Binary && is_terminal(Stream::Out) => {
            bail!("a program is bytes, not text; write it into a file with -o FILE");
        }
        None => terminal.bytes(&bytes),
    }
    Ok(Exit::Fine)
}
